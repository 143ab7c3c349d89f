#include "core/arch/encoder_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(EncoderFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("encoder"), 26); }

TEST(EncoderFamilies, NothingIsCached) {
  const Architecture a = ReadCase("bge-m3");
  ASSERT_EQ(a.groups.size(), 1u);
  EXPECT_EQ(a.groups[0].shape.attention.kind, AttentionKind::kBidirectional);
  EXPECT_EQ(KvBytesPerSequence(a, {KvType::kFp16, KvType::kFp16}, 8192), Bytes(0));
  EXPECT_EQ(a.max_positions, 8192) << "of 8194 positions the first two stand for padding";
  for (const Tensor& tensor : a.tensors) EXPECT_NE(tensor.role, TensorRole::kHead) << tensor.name;
}

TEST(EncoderFamilies, ModernBertStartsWithoutANorm) {
  const Architecture a = ReadCase("modernbert-base");
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(a.groups[0].count, 1);
  EXPECT_EQ(a.groups[0].shape.norms, 1);
  for (const Tensor& tensor : a.tensors) {
    if (tensor.name == "layers.{}.mlp.Wi.weight") {
      EXPECT_EQ(tensor.sharding, Sharding::kReplicated);
    }
  }
}

TEST(EncoderFamilies, AClassifierFollowsTheNameOfTheClass) {
  const int64_t pooled = CountParameters(ReadCase("all-minilm-l6-v2")).total;
  const Result<Architecture> two =
      ReadCaseWith("all-minilm-l6-v2", "architectures", R"(["BertForSequenceClassification"])");
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(CountParameters(*two).total, pooled + 2 * 384 + 2);
  const Result<Architecture> tokens =
      ReadCaseWith("all-minilm-l6-v2", "architectures", R"(["BertForTokenClassification"])");
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(CountParameters(*tokens).total, pooled - (384 * 384 + 384) + 2 * 384 + 2) << "no pooler";
}

// DeBERTa-v2 XLarge has a convolution beside its first layer; without shared keys positions have matrices of their own.
TEST(EncoderFamilies, DebertaByItsKeys) {
  const int64_t shared = CountParameters(ReadCase("llama-prompt-guard-2-22m")).total;
  const Result<Architecture> own = ReadCaseWith("llama-prompt-guard-2-22m", "share_att_key", "false");
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(CountParameters(*own).total - shared, 12 * 2 * (384 * 384 + 384));
  const Result<Architecture> convolved = ReadCaseWith("llama-prompt-guard-2-22m", "conv_kernel_size", "3");
  ASSERT_TRUE(convolved.ok());
  EXPECT_EQ(CountParameters(*convolved).total - shared, 3 * 384 * 384 + 384 + 2 * 384);
  const Result<Architecture> placed =
      ReadCaseWith("llama-prompt-guard-2-22m", "position_biased_input", "true");
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ(CountParameters(*placed).total - shared, 512 * 384);
  EXPECT_FALSE(ReadCaseWith("llama-prompt-guard-2-22m", "embedding_size", "128").ok());
}

TEST(EncoderFamilies, RefusesWhatItDoesNotKnow) {
  const Result<Architecture> relative =
      ReadCaseWith("all-minilm-l6-v2", "position_embedding_type", R"("relative_key")");
  ASSERT_FALSE(relative.ok());
  EXPECT_EQ(relative.error().field, "model.position_embedding_type");
  for (const Family& family : EncoderFamilies()) EXPECT_NE(family.name, "LlamaForCausalLM");
}

// NV-Embed's latents attend in the full width of eight heads; the layers below are Mistral's without a head.
TEST(EncoderFamilies, NvEmbedIsMistralAndALatentAttention) {
  const Architecture a = ReadCase("nv-embed-v2");
  int64_t latent = 0;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.name.rfind("latent_attention_model.", 0) == 0)
      latent += tensor.rows * tensor.columns * tensor.times;
  }
  const int64_t h = 4096;
  EXPECT_EQ(latent, 512 * h + 6 * h + 4 * h * 8 * h + 8 * h * h + 8 * h + 4 * h * h + h);
  EXPECT_EQ(CountParameters(a).total - latent, 7241732096 - 32000 * h);
  EXPECT_FALSE(ReadCaseWith("nv-embed-v2", "latent_attention_config", "null").ok());
}

}  // namespace
}  // namespace plimsoll
