#include "core/arch/audio_tower.h"

#include <gtest/gtest.h>

#include "core/base/units.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

int64_t AudioElements(const Architecture& a) {
  int64_t sum = 0;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.role == TensorRole::kAudio) sum += tensor.elements() * tensor.times;
  }
  return sum;
}

TEST(AudioTower, GemmaTotals) { EXPECT_EQ(ExpectPublishedTotals("gemma"), 4); }

TEST(AudioTower, TheConformerOfGemma3n) { EXPECT_EQ(AudioElements(ReadCase("gemma-3n-e4b")), 681348640); }

TEST(AudioTower, ComesFromTransformersAndIsWholeOnEveryRank) {
  for (const Tensor& tensor : ReadCase("gemma-4-e4b").tensors) {
    if (tensor.role == TensorRole::kAudio) {
      EXPECT_EQ(tensor.sharding, Sharding::kReplicated) << tensor.name;
    }
  }
}

TEST(AudioTower, AnEmptyAudioConfigIsNone) {
  const Result<Architecture> deaf = ReadCaseWith("gemma-4-e2b", "audio_config", "null");
  ASSERT_TRUE(deaf.ok());
  EXPECT_EQ(AudioElements(*deaf), 0);
  EXPECT_FALSE(Remarks(*deaf, "audio"));
  EXPECT_TRUE(Remarks(ReadCase("gemma-4-e2b"), "audio encoder"));
}

// A Whisper encoder of 1280: 636,968,960 with its positions, which Omni computes.
TEST(AudioTower, WhisperEncoders) {
  EXPECT_EQ(AudioElements(ReadCase("voxtral-mini-3b")), 636968960);
  EXPECT_EQ(AudioElements(ReadCase("qwen2.5-omni-thinker-7b")), 636968960 - 1500 * 1280);
}

}  // namespace
}  // namespace plimsoll
