#include "core/arch/mamba_families.h"

#include <gtest/gtest.h>

#include <string>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(MambaFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("mamba"), 9); }

// The blocks' weights stand once, but each layer that runs one has a cache of its own.
TEST(MambaFamilies, ZambasBlocksAreSharedAndTheirCachesAreNot) {
  const Architecture a = ReadCase("zamba2-7b");
  int64_t stacks = 0;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.name == "model.blocks.{}.self_attn.q_proj.weight") stacks = tensor.times;
  }
  EXPECT_EQ(stacks, 2);
  EXPECT_EQ(KvBytesPerToken(a, {KvType::kBf16, KvType::kBf16}), Bytes(13 * 2 * 7168 * 2));
}

TEST(MambaFamilies, FalconsInnerNormsHaveNoWeights) {
  for (const Tensor& tensor : ReadCase("falcon-mamba-7b").tensors) {
    EXPECT_EQ(tensor.name.find("dt_layernorm"), std::string::npos) << tensor.name;
  }
}

TEST(MambaFamilies, ZambasTwoWaysOfSayingWhichLayersMustAgree) {
  std::string named = "[";
  for (int layer = 0; layer < 38; ++layer) {
    named += std::string(layer > 0 ? "," : "") + (layer % 6 == 5 && layer < 36 ? "\"hybrid\"" : "\"mamba\"");
  }
  EXPECT_TRUE(ReadCaseWith("zamba2-1.2b", "layers_block_type", named + "]").ok());
  const Result<Architecture> other = ReadCaseWith("zamba2-1.2b", "hybrid_layer_ids", "[6]");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->groups.size(), 2u);
  named.replace(named.rfind("mamba"), 5, "hybrid");
  const Result<Architecture> torn = ReadCaseWith("zamba2-1.2b", "layers_block_type", named + "]");
  ASSERT_FALSE(torn.ok());
  EXPECT_EQ(torn.error().field, "model.layers_block_type");
}

TEST(MambaFamilies, HeadsMustDivideTheInnerWidth) {
  const Result<Architecture> read = ReadCaseWith("codestral-mamba", "num_heads", "127");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "model.num_heads");
}

}  // namespace
}  // namespace plimsoll
