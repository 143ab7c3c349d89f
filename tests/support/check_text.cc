#include "tests/support/check_text.h"

#include <gtest/gtest.h>

#include "core/check/check.h"
#include "core/config/config_url.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {

CheckResult Checked(std::string_view text) {
  Result<CheckResult> result = Check(text, ShippedCatalog());
  EXPECT_TRUE(result.ok()) << text << "\n" << (result.ok() ? "" : result.error().Message());
  return result.ok() ? std::move(*result) : CheckResult();
}

std::string ConfigIn(std::string_view text) { return EncodeConfigUrl(Checked(text).config); }

bool HasProblem(const CheckResult& result, std::string_view code, std::string_view option) {
  for (const CheckProblem& problem : result.problems) {
    if (problem.code == code && (option.empty() || problem.option == option)) return true;
  }
  return false;
}

}  // namespace plimsoll
