#include "core/formats/format_ids.h"

#include <gtest/gtest.h>

#include <set>

namespace plimsoll {
namespace {

TEST(FormatIds, EveryIdIsReadAsItself) {
  std::set<std::string_view> seen;
  for (const std::string_view id : FormatIds()) {
    EXPECT_TRUE(seen.insert(id).second) << id;
    const Result<WeightFormat> format = FormatOfId(id, "format");
    ASSERT_TRUE(format.ok()) << id;
    EXPECT_EQ(format->id, id);
  }
  EXPECT_EQ(seen.size(), 3u + 11u + 35u + 18u) << "plain, quantised, llama.cpp's types, publishers' mixtures";
}

// AutoAWQ, GPTQModel and llm-compressor group by 128; the number formats fix 16, 32 and 64.
TEST(FormatIds, WhatTheToolsTakeWhenNothingIsSaid) {
  const struct {
    const char* id;
    FormatFamily family;
    int32_t bits;
    int64_t group;
    bool symmetric;
  } cases[] = {
      {"fp8", FormatFamily::kFp8, 8, 0, true},          {"fp8-block", FormatFamily::kFp8Block, 8, 0, true},
      {"int8", FormatFamily::kInt8, 8, 0, true},        {"gptq-int8", FormatFamily::kGptq, 8, 128, true},
      {"gptq-int4", FormatFamily::kGptq, 4, 128, true}, {"awq-int4", FormatFamily::kAwq, 4, 128, false},
      {"w4a16", FormatFamily::kPacked, 4, 128, true},   {"nvfp4", FormatFamily::kNvfp4, 4, 16, true},
      {"mxfp4", FormatFamily::kMxfp4, 4, 32, true},     {"bnb-nf4", FormatFamily::kBnbNf4, 4, 64, true},
      {"bnb-int8", FormatFamily::kBnbInt8, 8, 0, true}};
  for (const auto& c : cases) {
    const Result<WeightFormat> format = FormatOfId(c.id, "");
    ASSERT_TRUE(format.ok());
    ASSERT_EQ(format->schemes.size(), 1u) << c.id;
    const WeightScheme& scheme = format->schemes[0];
    EXPECT_EQ(scheme.family, c.family) << c.id;
    EXPECT_EQ(scheme.bits, c.bits) << c.id;
    EXPECT_EQ(scheme.group_size, c.group) << c.id;
    EXPECT_EQ(scheme.symmetric, c.symmetric) << c.id;
    EXPECT_EQ(scheme.per_channel, c.family == FormatFamily::kFp8) << c.id;
    EXPECT_EQ(scheme.static_activations, c.family == FormatFamily::kNvfp4) << c.id;
    EXPECT_EQ(IdOf(c.family, c.bits), c.id);
  }
}

TEST(FormatIds, CaseDoesNotMatterAndOtherSpellingsMeanOne) {
  EXPECT_EQ(FormatOfId("AWQ-INT4", "")->id, "awq-int4");
  EXPECT_EQ(FormatOfId("gguf-Q4_K", "")->id, "gguf-q4_k_m");
  EXPECT_EQ(FormatOfId("gguf-fp16", "")->id, "gguf-f16");
}

TEST(FormatIds, AFamilyInOtherBitsKeepsItsHabits) {
  const WeightFormat three = MakeFormat(FormatFamily::kGptq, 3);
  ASSERT_EQ(three.schemes.size(), 1u);
  EXPECT_EQ(three.schemes[0].bits, 3);
  EXPECT_EQ(three.schemes[0].group_size, 128);
  EXPECT_EQ(IdOf(FormatFamily::kGptq, 3), "gptq-int4") << "the nearest width of the family";
  EXPECT_EQ(IdOf(FormatFamily::kGptq, 2), "gptq-int4");
}

TEST(FormatIds, PublishersMixtures) {
  const Result<WeightFormat> wide = FormatOfId("gguf-q4_k_l", "");
  EXPECT_TRUE(wide->wide_ends);
  EXPECT_EQ(wide->average.factor, 0) << "exact";
  const Result<WeightFormat> dynamic = FormatOfId("gguf-ud-q2_k_xl", "");
  EXPECT_FALSE(dynamic->wide_ends);
  EXPECT_TRUE(dynamic->importance_matrix);
  EXPECT_LT(dynamic->average.low, dynamic->average.factor);
  EXPECT_GT(dynamic->average.high, dynamic->average.factor);
  EXPECT_TRUE(dynamic->approximate());
}

TEST(FormatIds, WhatIsUnknownIsRefusedWithWhatIsAccepted) {
  for (const std::string& id : {std::string("awq-int3"), std::string("gguf-"), std::string(65, 'a')}) {
    const Result<WeightFormat> format = FormatOfId(id, "speculative.format");
    ASSERT_FALSE(format.ok()) << id;
    EXPECT_EQ(format.error().field, "speculative.format");
    EXPECT_NE(format.error().accepted.find("awq-int4"), std::string::npos);
    EXPECT_NE(format.error().accepted.find("q4_k_m"), std::string::npos);
  }
}

// A page writes no id where a name is wanted.
TEST(FormatIds, EachButGgufHasAName) {
  for (const std::string_view id : FormatIds())
    EXPECT_EQ(NameOfFormat(id).empty(), id.substr(0, 5) == "gguf-") << id;
  EXPECT_EQ(NameOfFormat("awq-int4"), "AWQ int4");
  EXPECT_EQ(NameOfFormat("no-such"), "");
}

}  // namespace
}  // namespace plimsoll
