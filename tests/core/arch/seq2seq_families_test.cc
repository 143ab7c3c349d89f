#include "core/arch/seq2seq_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

constexpr KvTypes k16{KvType::kBf16, KvType::kBf16};

TEST(Seq2SeqFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("seq2seq"), 15); }

// 24 decoder layers of 32 heads of 64 keep keys and values of their own tokens and of 512 of the encoder's.
TEST(Seq2SeqFamilies, TheDecoderAloneCaches) {
  const Architecture xl = ReadCase("flan-t5-xl");
  EXPECT_EQ(xl.layers, 48);
  const int64_t layer = 2 * 32 * 64 * 2;
  EXPECT_EQ(KvBytesPerToken(xl, k16).count(), 24 * layer);
  EXPECT_EQ(KvBytesPerSequence(xl, k16, 100).count(), 24 * layer * (100 + 512));
}

TEST(Seq2SeqFamilies, EncodersAloneHaveNoHeadAndNoCache) {
  const Result<Architecture> encoder = ReadCaseWith("flan-t5-xl", "architectures", R"(["T5EncoderModel"])");
  ASSERT_TRUE(encoder.ok()) << encoder.error().Message();
  // 1,222,758,400 + 256 of the decoder's table of positions: what the whole model holds less the decoder and the head.
  const int64_t d = 2048, layer = 4 * d * d + 3 * d * 5120 + 2 * d;
  EXPECT_EQ(CountParameters(*encoder).total, 32128 * d + 24 * layer + 32 * 32 + d);
  EXPECT_EQ(KvBytesPerSequence(*encoder, k16, 512).count(), 0);
}

// LED reads 16,384 tokens and writes 1,024: six decoder layers keep 12 heads of 64 of each.
TEST(Seq2SeqFamilies, LedReadsMoreThanItWrites) {
  const Architecture led = ReadCase("led-base-16384");
  EXPECT_EQ(led.max_positions, 1024);
  const int64_t layer = 2 * 12 * 64 * 2;
  EXPECT_EQ(KvBytesPerSequence(led, k16, 1024).count(), 6 * layer * (1024 + 16384));
}

// Without the summaries LongT5 is T5: a norm in each of twelve layers and a table of 32 x 12 fewer.
TEST(Seq2SeqFamilies, LongT5WithLocalAttentionAlone) {
  const Result<Architecture> local =
      ReadCaseWith("long-t5-tglobal-base", "encoder_attention_type", R"("local")");
  ASSERT_TRUE(local.ok()) << local.error().Message();
  EXPECT_EQ(CountParameters(*local).total, CountParameters(ReadCase("flan-t5-base")).total);
  EXPECT_FALSE(ReadCaseWith("long-t5-tglobal-base", "encoder_attention_type", R"("full")").ok());
}

// Layers of the encoder stand under the encoder's name.
TEST(Seq2SeqFamilies, SidesHaveTheirOwnNames) {
  int encoders = 0, decoders = 0;
  for (const Tensor& tensor : ReadCase("bart-large-cnn").tensors) {
    encoders += tensor.name.find("model.encoder.layers.{}.") == 0 ? 1 : 0;
    decoders += tensor.name.find("model.decoder.layers.{}.") == 0 ? 1 : 0;
  }
  // q, k, v, o, fc1, fc2 and two norms; the decoder has four more and a norm, each with a bias.
  EXPECT_EQ(encoders, 16);
  EXPECT_EQ(decoders, 26);
}

// UMT5 has positions in every layer: 24 + 24 tables for the two that T5 shares.
TEST(Seq2SeqFamilies, Umt5HasPositionsInEachLayer) {
  const Result<Architecture> umt5 =
      ReadCaseWith("flan-t5-xl", "architectures", R"(["UMT5ForConditionalGeneration"])");
  ASSERT_TRUE(umt5.ok());
  EXPECT_EQ(CountParameters(*umt5).total - CountParameters(ReadCase("flan-t5-xl")).total, 46 * 32 * 32);
}

// The encoder of T5Gemma 9B-2B is wider than the decoder, which crosses over to it.
TEST(Seq2SeqFamilies, SidesMayDiffer) {
  const Result<Architecture> wide = ReadCaseWith(
      "t5gemma-2b-2b", "encoder",
      R"({"hidden_size":3584,"intermediate_size":14336,"num_hidden_layers":42,"num_attention_heads":16,
          "num_key_value_heads":8,"head_dim":256,"vocab_size":256000})");
  ASSERT_TRUE(wide.ok()) << wide.error().Message();
  const int64_t e = 3584, d = 2304;
  const int64_t encoder = 256000 * e + e + 42 * (2 * e * 16 * 256 + 2 * e * 8 * 256 + 3 * e * 14336 + 4 * e);
  const int64_t self = 2 * d * 2048 + 2 * d * 1024, cross = 2 * d * 2048 + 2 * e * 1024;
  EXPECT_EQ(CountParameters(*wide).total,
            encoder + 256000 * d + d + 26 * (self + cross + 3 * d * 9216 + 6 * d));
}

TEST(Seq2SeqFamilies, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(ReadCaseWith("bart-large-cnn", "encoder_attention_heads", "8").ok());
  EXPECT_FALSE(ReadCaseWith("t5gemma-2b-2b", "encoder", "null").ok());
  EXPECT_FALSE(ReadCaseWith("t5-small", "d_ff", "null").ok());
}

}  // namespace
}  // namespace plimsoll
