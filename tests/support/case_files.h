// Measured cases of tests/data/ and what becomes of them.
#ifndef PLIMSOLL_TESTS_SUPPORT_CASE_FILES_H_
#define PLIMSOLL_TESTS_SUPPORT_CASE_FILES_H_

#include <span>
#include <string>
#include <string_view>

#include "core/validate/validation.h"

namespace plimsoll {

// A file of cases in tests/data/, such as "vllm_logs.json". Ends the test program when it holds none.
CaseFile ReadCaseFile(const std::string& name);

// What the errors of one metric have to stay within, over cases of high and medium confidence.
struct ErrorBound {
  const char* metric;
  int64_t least_n;     // so that no case gets lost
  double median, p90;  // of the absolute relative errors
};

// Every case is answered, and the errors stay within the bounds.
void ExpectWithin(const Validation& validation, std::span<const ErrorBound> bounds);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_CASE_FILES_H_
