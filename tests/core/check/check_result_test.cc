#include "core/check/check_result.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(CheckResult, KindsAreNamedAsTheContractNamesThem) {
  EXPECT_EQ(CheckKindName(CheckKind::kCommand), "command");
  EXPECT_EQ(CheckKindName(CheckKind::kLog), "log");
  EXPECT_EQ(CheckKindName(CheckKind::kConfig), "config");
  EXPECT_EQ(CheckKindName(CheckKind::kLink), "link");
  EXPECT_EQ(CheckKindName(CheckKind::kHardware), "hardware");
  EXPECT_EQ(CheckKindName(CheckKind::kClaim), "claim");
}

}  // namespace
}  // namespace plimsoll
