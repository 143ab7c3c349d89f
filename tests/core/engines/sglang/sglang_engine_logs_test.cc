// SGLang's pools held against published startup logs. The bounds are those that the project promises.
#include <gtest/gtest.h>

#include "core/estimate/estimate.h"
#include "core/validate/validation.h"
#include "tests/support/case_files.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

TEST(EngineSglangLogs, WithinTheBounds) {
  const ErrorBound bounds[] = {
      {"weights_gib_per_gpu", 7, 0.01, 0.05},
      {"kv_cache_gib_per_gpu", 8, 0.03, 0.08},
      {"kv_cache_tokens", 8, 0.03, 0.08},
      {"kv_cache_tokens_given_pool", 8, 0.001, 0.005},
      {"outcome", 7, 0, 0},
  };
  ExpectWithin(Validate(ReadCaseFile("sglang_logs.json"), TestCatalog()), bounds);
}

}  // namespace
}  // namespace plimsoll
