#include "core/arch/rwkv_families.h"

#include <gtest/gtest.h>

#include <string>

#include "core/arch/kv_cache.h"
#include "core/weights/read_architecture.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(RwkvFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("rwkv"), 5); }

TEST(RwkvFamilies, AMatrixPerHeadAndTheLastInputs) {
  const Architecture a = ReadCase("rwkv7-1.5b");
  EXPECT_EQ(ConvolutionElements(a.groups[0].shape.recurrent), 2 * 2048);
  EXPECT_EQ(StateElements(a.groups[0].shape.recurrent), 2048 * 64);
  ASSERT_EQ(a.groups.size(), 2u) << "the first layer mixes no values";
  EXPECT_EQ(a.groups[0].count, 1);
}

// 4 keeps three numbers per channel, 5 a matrix per head; both the last inputs of the two halves.
TEST(RwkvFamilies, StatesOfOlderGenerations) {
  const Architecture four = ReadCase("rwkv-4-169m-pile");
  EXPECT_EQ(StateElements(four.groups[0].shape.recurrent), 3 * 768);
  EXPECT_EQ(ConvolutionElements(four.groups[0].shape.recurrent), 2 * 768);
  const Architecture five = ReadCase("rwkv-5-world-3b");
  EXPECT_EQ(StateElements(five.groups[0].shape.recurrent), 2560 * 64);
  EXPECT_EQ(five.groups[0].shape.mlp.intermediate, 8960) << "seven halves of the width";
  EXPECT_FALSE(five.tied_embeddings) << "whatever its config says";
}

// Low ranks are twice as wide where the layers are 4096: 912 D L instead of 464 D L.
TEST(RwkvFamilies, FinchOfTheWidestModelHasWiderRanks) {
  Json config = *CaseConfig("rwkv-6-world-1.6b");
  config.Set("hidden_size", Json(int64_t{4096}));
  EXPECT_FALSE(ReadArchitecture(config, "model").ok()) << "the attention's width must follow";
  config.Set("attention_hidden_size", Json(int64_t{4096}));
  const Result<Architecture> wide = ReadArchitecture(config, "model");
  ASSERT_TRUE(wide.ok()) << wide.error().Message();
  const int64_t d = 4096, l = 24;
  EXPECT_EQ(CountParameters(*wide).total, 13 * d * d * l + 912 * d * l + 4 * d + 2 * d * 65536);
}

TEST(RwkvFamilies, GenerationsThatNobodyDescribesAreRefused) {
  const Result<Architecture> read = ReadCaseWith("rwkv-5-world-3b", "model_version", R"("5_1")");
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().Message().find("5_2"), std::string::npos) << read.error().Message();
}

TEST(RwkvFamilies, HeadsMustFit) { EXPECT_FALSE(ReadCaseWith("rwkv7-1.5b", "head_dim", "60").ok()); }

}  // namespace
}  // namespace plimsoll
