#include "core/engines/engine_options.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

constexpr EngineOption kOptions[] = {
    {.names = "--max-model-len", .key = "max_model_len"},
    {.names = "--max-num-seqs", .key = "max_num_seqs"},
    {.names = "--enforce-eager", .value = OptionValue::kNone, .key = "enforce_eager"},
    {.names = "--mmap -mm", .negated = "--no-mmap", .value = OptionValue::kNone, .key = "mmap"},
    {.names = "-O", .key = "enforce_eager"},
};
constexpr OptionTable kTable = {kOptions, "--api-key,API_KEY= --swap-space=@-0.16.0>--nothing --names*",
                                "--x.y --old=@0.2-<0.5 SOME_VARIABLE="};
constexpr OptionSyntax kLoose = {
    .equals = true, .underscores = true, .prefixes = true, .negates = true, .dotted = true, .bundles = true};
constexpr OptionSyntax kStrict = {};

TEST(EngineOptions, NamesAreFoundAsTheEngineSpells) {
  EXPECT_TRUE(FindOption(kTable, kLoose, "--max_model_len"));
  EXPECT_TRUE(FindOption(kTable, kLoose, "--max-model"));
  EXPECT_FALSE(FindOption(kTable, kLoose, "--max"));
  EXPECT_FALSE(FindOption(kTable, kStrict, "--max_model_len"));
  EXPECT_FALSE(FindOption(kTable, kStrict, "--max-model"));
  EXPECT_FALSE(FindOption(kTable, kStrict, "--max-model-len=3"));
  const auto equal = FindOption(kTable, kLoose, "--max-model-len=3");
  ASSERT_TRUE(equal);
  EXPECT_TRUE(equal->has_value);
  EXPECT_EQ(equal->use.value, "3");
}

TEST(EngineOptions, FlagsAreNegated) {
  const auto off = FindOption(kTable, kLoose, "--no-enforce-eager");
  ASSERT_TRUE(off);
  EXPECT_TRUE(off->use.negated);
  EXPECT_FALSE(FindOption(kTable, kStrict, "--no-enforce-eager"));
  EXPECT_TRUE(FindOption(kTable, kStrict, "--no-mmap")->use.negated);
}

TEST(EngineOptions, DotsAndBundles) {
  const auto dotted = FindOption(kTable, kLoose, "--max-num-seqs.member=x");
  ASSERT_TRUE(dotted);
  EXPECT_EQ(dotted->use.path, "member");
  const auto bundle = FindOption(kTable, kLoose, "-O3");
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->use.value, "3");
}

TEST(EngineOptions, TextRowsSayTheirKindAndSpan) {
  const auto swap = FindOption(kTable, kLoose, "--swap-space");
  ASSERT_TRUE(swap);
  EXPECT_EQ(swap->option.value, OptionValue::kOne);
  EXPECT_EQ(swap->option.effect, OptionEffect::kFree);
  EXPECT_EQ(swap->option.until, "0.16.0");
  EXPECT_EQ(swap->option.instead, "--nothing");
  EXPECT_EQ(FindOption(kTable, kLoose, "--names")->option.value, OptionValue::kMany);
  const auto old = FindOption(kTable, kLoose, "--old");
  ASSERT_TRUE(old);
  EXPECT_EQ(AgeAt(old->option, {"0.1.0", 1, 0}), OptionAge::kNotYet);
  EXPECT_EQ(AgeAt(old->option, {"0.2.1", 1, 0}), OptionAge::kKnown);
  EXPECT_EQ(AgeAt(old->option, {"0.5.0", 1, 0}), OptionAge::kGone);
}

TEST(EngineOptions, VariablesAreFoundByName) {
  EXPECT_TRUE(FindVariable(kTable, "API_KEY"));
  EXPECT_TRUE(FindVariable(kTable, "SOME_VARIABLE"));
  EXPECT_FALSE(FindVariable(kTable, "OTHER"));
  EXPECT_FALSE(FindVariable(kTable, "--api-key"));
}

TEST(EngineOptions, ReleasesCompareByNumber) {
  EXPECT_LT(CompareReleases("0.9.2", "0.10.0"), 0);
  EXPECT_EQ(CompareReleases("v0.10.0", "0.10"), 0);
  EXPECT_GT(CompareReleases("b6325", "b4000"), 0);
  EXPECT_GT(CompareReleases("0.8.5.post1", "0.8.5"), 0);
}

TEST(EngineOptions, AMistypedNameHasANearestOne) {
  EXPECT_EQ(NearestOption(kTable, "--max-modl-len"), "--max-model-len");
  EXPECT_EQ(NearestOption(kTable, "--zzzz"), "");
}

TEST(EngineOptions, ListsOfNames) {
  EXPECT_TRUE(HasName("--a -b", "-b"));
  EXPECT_FALSE(HasName("--a -b", "-"));
  EXPECT_EQ(FirstName("--a,-b"), "--a");
}

}  // namespace
}  // namespace plimsoll
