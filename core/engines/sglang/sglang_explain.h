// Where SGLang's bytes come from, and the lines that it is expected to print at start.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_EXPLAIN_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_EXPLAIN_H_

#include <string>
#include <vector>

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

std::vector<Term> ExplainSglang(const Resolved& resolved, const Report& report);
std::vector<std::string> ExpectedSglangLog(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_EXPLAIN_H_
