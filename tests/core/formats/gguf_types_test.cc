#include "core/formats/gguf_types.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace plimsoll {
namespace {

TEST(GgufTypes, BlocksAsGgmlDefinesThem) {
  // Elements and bytes of a block from the structs of ggml-common.h: scales plus packed numbers.
  EXPECT_EQ(GgmlBytes(GgmlType::kQ4_0, 32, 1), Bytes(2 + 16));
  EXPECT_EQ(GgmlBytes(GgmlType::kQ5_1, 32, 1), Bytes(4 + 4 + 16));
  EXPECT_EQ(GgmlBytes(GgmlType::kQ8_0, 32, 1), Bytes(2 + 32));
  EXPECT_EQ(GgmlBytes(GgmlType::kQ2K, 256, 1), Bytes(16 + 64 + 4));
  EXPECT_EQ(GgmlBytes(GgmlType::kQ3K, 256, 1), Bytes(32 + 64 + 12 + 2));
  EXPECT_EQ(GgmlBytes(GgmlType::kQ4K, 256, 1), Bytes(4 + 12 + 128));
  EXPECT_EQ(GgmlBytes(GgmlType::kQ5K, 256, 1), Bytes(4 + 12 + 32 + 128));
  EXPECT_EQ(GgmlBytes(GgmlType::kQ6K, 256, 1), Bytes(128 + 64 + 16 + 2));
  EXPECT_EQ(GgmlBytes(GgmlType::kIq4Xs, 256, 1), Bytes(2 + 2 + 4 + 128));
  EXPECT_EQ(GgmlBytes(GgmlType::kIq1S, 256, 1), Bytes(2 + 32 + 16));
  EXPECT_EQ(GgmlBytes(GgmlType::kTq1_0, 256, 1), Bytes(2 + 48 + 4));
  EXPECT_EQ(GgmlBytes(GgmlType::kMxfp4, 32, 1), Bytes(1 + 16));
  EXPECT_EQ(GgmlBytes(GgmlType::kF32, 7, 3), Bytes(84));
  EXPECT_EQ(GgmlBytes(GgmlType::kBf16, 7, 3), Bytes(42));
}

TEST(GgufTypes, WholeTensors) {
  EXPECT_EQ(GgmlBytes(GgmlType::kQ6K, 4096, 128256), Bytes(128256LL * 16 * 210));
  // A row that does not fill its last block still takes it.
  EXPECT_EQ(GgmlBytes(GgmlType::kQ8_0, 33, 2), Bytes(2 * 2 * 34));
}

TEST(GgufTypes, HugeShapesSaturate) {
  EXPECT_EQ(GgmlBytes(GgmlType::kF64, int64_t{1} << 62, int64_t{1} << 62), Bytes(internal::kInt64Max));
}

TEST(GgufTypes, IdsAreUniqueAndFound) {
  std::set<int> ids;
  for (int i = 0; i < kGgmlTypes; ++i) {
    const GgmlTypeInfo& info = Info(static_cast<GgmlType>(i));
    EXPECT_TRUE(ids.insert(info.ggml_id).second) << info.name;
    GgmlType found = GgmlType::kF32;
    ASSERT_TRUE(FindGgmlType(static_cast<uint32_t>(info.ggml_id), &found));
    EXPECT_EQ(found, static_cast<GgmlType>(i));
  }
  GgmlType type = GgmlType::kF32;
  EXPECT_FALSE(FindGgmlType(4, &type));  // Q4_2, gone since 2023
  EXPECT_FALSE(FindGgmlType(0xffffffffU, &type));
}

TEST(GgufTypes, FileTypes) {
  for (int i = 0; i < kGgufFileTypes; ++i) {
    EXPECT_EQ(FindGgufFileType(Info(static_cast<GgufFileType>(i)).id), i);
  }
  EXPECT_EQ(FindGgufFileType("q4_k"), static_cast<int>(GgufFileType::kQ4KM));
  EXPECT_EQ(FindGgufFileType("q4_k_xl"), -1);
  EXPECT_EQ(FindGgufFileType(""), -1);
  EXPECT_EQ(Info(GgufFileType::kIq2S).default_type, GgmlType::kIq2Xs);
  EXPECT_EQ(Info(GgufFileType::kIq2M).default_type, GgmlType::kIq2S);
}

// llama.h: LLAMA_FTYPE_MOSTLY_*; a file says one of them.
TEST(GgufTypes, NumbersAsFilesWriteThem) {
  std::set<int> numbers;
  for (int i = 0; i < kGgufFileTypes; ++i) {
    const GgufFileTypeInfo& info = Info(static_cast<GgufFileType>(i));
    EXPECT_TRUE(numbers.insert(info.llama_ftype).second) << info.id << " has another one's number";
  }
  EXPECT_EQ(Info(GgufFileType::kQ4KM).llama_ftype, 15);
  EXPECT_EQ(Info(GgufFileType::kQ5KS).llama_ftype, 16);
  EXPECT_EQ(Info(GgufFileType::kQ5KM).llama_ftype, 17);
}

TEST(GgufTypes, MixturesOfPublishers) {
  std::set<std::string_view> ids;
  for (int i = 0; i < kGgufMixtures; ++i) {
    const GgufMixture& mixture = Mixture(i);
    EXPECT_TRUE(ids.insert(mixture.id).second) << mixture.id;
    EXPECT_EQ(FindGgufMixture(mixture.id), i);
    EXPECT_EQ(FindGgufFileType(mixture.id), -1) << mixture.id;
    EXPECT_LE(mixture.low, mixture.factor) << mixture.id;
    EXPECT_GE(mixture.high, mixture.factor) << mixture.id;
    EXPECT_EQ(mixture.wide_ends, mixture.id.substr(0, 3) != "ud-") << mixture.id;
    EXPECT_EQ(mixture.high > mixture.low, !mixture.wide_ends) << mixture.id;
  }
  EXPECT_EQ(FindGgufMixture("q4_k_m"), -1);
}

TEST(GgufTypes, Names) {
  GgmlType type = GgmlType::kF32;
  for (int i = 0; i < kGgmlTypes; ++i) {
    std::string lower;
    for (const char c : Info(static_cast<GgmlType>(i)).name)
      lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    ASSERT_TRUE(FindGgmlTypeName(lower, &type)) << lower;
    EXPECT_EQ(type, static_cast<GgmlType>(i));
  }
  EXPECT_FALSE(FindGgmlTypeName("q4", &type));
  EXPECT_FALSE(FindGgmlTypeName("", &type));
}

}  // namespace
}  // namespace plimsoll
