#include "core/arch/speech_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

constexpr KvTypes k16{KvType::kFp16, KvType::kFp16};

TEST(SpeechFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("speech"), 12); }

TEST(SpeechFamilies, WhisperKeepsTheEncodersFrames) {
  const Architecture a = ReadCase("whisper-large-v3");
  ASSERT_EQ(a.groups.size(), 1u);
  EXPECT_EQ(a.groups[0].shape.cross.source_tokens, 1500);
  // 1500 frames beside the text, keys and values of 1280 in each of 32 layers: 245.8 MB.
  EXPECT_EQ(KvBytesPerSequence(a, k16, 0), Bytes(245760000));
  EXPECT_EQ(KvBytesPerSequence(a, k16, 448), Bytes(245760000) + KvBytesPerToken(a, k16) * 448);
  EXPECT_EQ(a.max_positions, 448);
  EXPECT_TRUE(a.has_vision) << "the encoder is loaded";
}

TEST(SpeechFamilies, WhisperKeysHaveNoBias) {
  int64_t biases = 0, keys = 0;
  for (const Tensor& tensor : ReadCase("whisper-small").tensors) {
    const bool key = tensor.name.find("k_proj") != std::string::npos;
    keys += key;
    biases += key && tensor.name.find(".bias") != std::string::npos;
  }
  EXPECT_EQ(keys, 3);  // the encoder's, the decoder's own and its view of the encoder
  EXPECT_EQ(biases, 0);
}

TEST(SpeechFamilies, TheTalkerIsStoredAndNotLoaded) {
  const Architecture whole = ReadCase("qwen3-omni-30b-a3b");
  EXPECT_EQ(CountParameters(whole).text, CountParameters(ReadCase("qwen3-omni-30b-a3b-thinker")).text);
  int64_t unloaded = 0;
  for (const Tensor& tensor : whole.tensors) unloaded += tensor.duplicate ? tensor.elements() : 0;
  EXPECT_EQ(unloaded, 3183026176 + 141570304 + 216016577);
  EXPECT_TRUE(Remarks(whole, "talker"));
  EXPECT_FALSE(Remarks(ReadCase("qwen3-omni-30b-a3b-thinker"), "talker"));
}

TEST(SpeechFamilies, RefusesAThinkerWithoutText) {
  const Result<Architecture> read =
      ReadCaseWith("qwen3-asr-1.7b", "thinker_config", R"({"audio_config":{}})");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "model.thinker_config.text_config");
}

// What fixie-ai's file holds: two bytes for each weight of the encoder and the projector, and a header of some 38 kB.
TEST(SpeechFamilies, UltravoxNamesItsTextModel) {
  const Architecture a = ReadCase("ultravox-v0.5-llama-3.2-1b");
  const ParameterCounts counts = CountParameters(a);
  EXPECT_EQ(counts.text, 1235814400);
  EXPECT_NEAR(static_cast<double>(2 * (counts.total - counts.text)), 1366275264, 50000);
  EXPECT_TRUE(Remarks(a, "a repository of its own"));
  const Result<Architecture> alone = ReadCaseWith("ultravox-v0.5-llama-3.2-1b", "text_config", "null");
  ASSERT_FALSE(alone.ok());
  EXPECT_NE(alone.error().accepted.find("meta-llama/Llama-3.2-1B-Instruct"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
