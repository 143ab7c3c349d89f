#include "core/arch/engram_families.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(EngramFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("engram"), 1); }

// Four layers make compressed keys: three of them one for two tokens, one for each token. A row is 512 wide;
// with its index key of 128 bytes and a scale it is 1,024 + 132 bytes, two and a half times per token.
TEST(EngramFamilies, FewLayersKeepKeys) {
  const Architecture v41 = ReadCase("deepseek-v4.1-flash");
  EXPECT_EQ(KvBytesPerToken(v41, {KvType::kBf16, KvType::kBf16}).count(), (1024 + 132) * 5 / 2);
  int64_t sources = 0, searching = 0;
  for (const LayerGroup& group : v41.groups) {
    sources += group.shape.attention.compress_ratio > 0 ? group.count : 0;
    searching += group.shape.attention.index_heads > 0 ? group.count : 0;
  }
  EXPECT_EQ(sources, 4);
  EXPECT_EQ(searching, 8);
}

// The tables are most of what is stored beside the experts, and a token reads one row of each of their columns.
TEST(EngramFamilies, TablesAreLookedUp) {
  const Architecture v41 = ReadCase("deepseek-v4.1-flash");
  int64_t rows = 0;
  for (const Tensor& tensor : v41.tensors) {
    if (tensor.name.find("engram.embed") == std::string::npos) continue;
    EXPECT_EQ(tensor.role, TensorRole::kEmbedding);
    EXPECT_EQ(tensor.sharding, Sharding::kVocab);
    rows += tensor.rows;
  }
  EXPECT_EQ(rows, 384006168 + 384016682);
  const ParameterCounts counts = CountParameters(v41);
  EXPECT_GT(counts.text, int64_t{700} * 1000 * 1000 * 1000);
  EXPECT_LT(counts.active, int64_t{20} * 1000 * 1000 * 1000);
}

// A source that compresses nothing, layers that are not there, tables without their sizes.
TEST(EngramFamilies, RefusesListsThatDoNotMatch) {
  const auto with = [](const char* key, const char* value) {
    const Json whole = *CaseConfig("deepseek-v4.1-flash");
    Json text = *whole.Find("text_config");
    text.Set(key, *Json::Parse(value, "value"));
    return ReadCaseWith("deepseek-v4.1-flash", "text_config", text.Dump());
  };
  for (const auto& [key, value] :
       {std::pair("kv_source_layer_ids", "[0]"), std::pair("index_source_layer_ids", "[40]"),
        std::pair("engram_num_embeddings", "[1]"), std::pair("compress_ratios", "[0, 2]"),
        std::pair("o_groups", "7")}) {
    const Result<Architecture> read = with(key, value);
    ASSERT_FALSE(read.ok()) << key;
    EXPECT_EQ(read.error().field, "model.text_config." + std::string(key));
  }
}

}  // namespace
}  // namespace plimsoll
