#include "core/engines/ollama/ollama_placement.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// Qwen3.8 27B in Q8_0 as ollama 0.32.14 saw it: 65 blocks, 4 KV heads, 5120 / 24 elements each.
TEST(OllamaPlacement, ThePredictionCountsEveryBlockIn16Bits) {
  OllamaModel model;
  model.layers.resize(65);
  model.embedding = 5120;
  model.heads = 24;
  model.fewest_kv_heads = 4;
  model.file = GiB(26);
  const Bytes predicted = PredictedMemory(model, 262144);
  EXPECT_EQ(predicted, GiB(26) + Bytes(2 * 65 * 4 * 213 * 2) * 262144);
  EXPECT_NEAR(predicted.gib(), 80.1, 0.1);
}

TEST(OllamaPlacement, TheBatchGoesByContextAndRoom) {
  BatchSituation s;
  s.context = 262144;
  s.predicted = GiBFromDouble(80.7);
  s.available = GiB(75);
  EXPECT_EQ(AutomaticBatch(s), 512);
  s.available = GiB(150);
  EXPECT_EQ(AutomaticBatch(s), 2048);
  s.available = GiB(130);
  EXPECT_EQ(AutomaticBatch(s), 1024) << "62 % is too much for the largest";
  s.context = 32768;
  s.available = GiB(150);
  EXPECT_EQ(AutomaticBatch(s), 1024);
  s.context = 4096;
  EXPECT_EQ(AutomaticBatch(s), 512);
  // What a larger batch takes more must fit, too.
  s.context = 8192;
  s.predicted = MiB(7500);
  s.available = MiB(10000);
  EXPECT_EQ(AutomaticBatch(s), 512) << "7500 + 768 is above four fifths";
  s.predicted = MiB(7200);
  EXPECT_EQ(AutomaticBatch(s), 1024);
}

TEST(OllamaPlacement, WithoutFlashAttentionCudaKeepsToSmallBatches) {
  BatchSituation s;
  s.context = 65536;
  s.predicted = GiB(1);
  s.available = GiB(80);
  s.flash_attention = false;
  EXPECT_EQ(AutomaticBatch(s), 2048) << "other cards do not";
  s.cuda = true;
  EXPECT_EQ(AutomaticBatch(s), 512);
  s.small_cuda = true;
  EXPECT_EQ(AutomaticBatch(s), 256);
  s.context = 4096;
  EXPECT_EQ(AutomaticBatch(s), 512);
}

TEST(OllamaPlacement, OneCardWhenFourFifthsOfItSuffice) {
  const EstimatedCase one = EstimateText(
      R"({"model":"llama-3.1-8b","format":"gguf-q4_k_m","engine":"ollama","gpu":["rtx-3060-12gb","rtx-3090"],"max_model_len":8192})");
  EXPECT_EQ(one.report.per_gpu[0].total, Bytes(0)) << "the roomier card takes it; the other is not opened";
  EXPECT_GT(one.report.per_gpu[1].weights, GiB(4));
  const EstimatedCase both = EstimateText(
      R"({"model":"qwen3-32b","format":"gguf-q6_k","engine":"ollama","gpu":"rtx-3090","gpus":2,"max_model_len":8192})");
  EXPECT_GT(both.report.per_gpu[0].weights, GiB(8));
  EXPECT_GT(both.report.per_gpu[1].weights, GiB(8));
  EXPECT_TRUE(both.report.fits());
}

TEST(OllamaPlacement, CardsOfOneLibraryWorkTogether) {
  const EstimatedCase mixed = EstimateText(
      R"({"model":"qwen3-32b","format":"gguf-q6_k","engine":"ollama","gpu":["rx-7900-xtx","rtx-3090","rtx-3090"],"max_model_len":8192})");
  EXPECT_EQ(mixed.report.per_gpu[0].total, Bytes(0));
  EXPECT_GT(mixed.report.per_gpu[1].weights, Bytes(0));
  EXPECT_GT(mixed.report.per_gpu[2].weights, Bytes(0));
}

TEST(OllamaPlacement, LayersGoToRamUntilAGibIsFree) {
  const EstimatedCase large = EstimateText(
      R"({"model":"llama-3.3-70b","format":"gguf-q4_k_m","engine":"ollama","gpu":"rtx-4090","max_model_len":8192})");
  EXPECT_TRUE(large.report.fits());
  EXPECT_LT(large.report.layers_on_cards, 81);
  EXPECT_GT(large.report.layers_on_cards, 30);
  EXPECT_GE(large.report.per_gpu[0].headroom, GiB(1));
  EXPECT_LT(large.report.per_gpu[0].headroom, GiB(2)) << "another layer would not fit";
  EXPECT_TRUE(large.Has("layers_in_ram"));
  const EstimatedCase small = EstimateText(
      R"({"model":"llama-3.1-8b","format":"gguf-q4_k_m","engine":"ollama","gpu":"rtx-4090","max_model_len":8192})");
  EXPECT_EQ(small.report.layers_on_cards, small.report.layers);
  EXPECT_FALSE(small.Has("layers_in_ram"));
}

TEST(OllamaPlacement, FourSlotsWhereTheyFitElseOne) {
  const std::string base =
      R"({"model":"llama-3.1-8b","format":"gguf-q4_k_m","engine":"ollama","engine_version":"0.5.7",)";
  EXPECT_EQ(EstimateText(base + R"("gpu":"rtx-3090","max_model_len":4096})").resolved.max_num_seqs, 4);
  EXPECT_EQ(EstimateText(base + R"("gpu":"rtx-4060","max_model_len":8192})").resolved.max_num_seqs, 1);
  EXPECT_EQ(
      EstimateText(base + R"("gpu":"rtx-4060","max_model_len":8192,"max_num_seqs":3})").resolved.max_num_seqs,
      3);
}

TEST(OllamaPlacement, TheVisionTowerMayStayInRam) {
  const std::string base =
      R"({"model":"gemma-3-4b","format":"gguf-q4_k_m","engine":"ollama","max_model_len":4096,"gpu_memory_mib":)";
  EXPECT_GT(EstimateText(base + R"(16000,"gpu":"rtx-3090"})").report.per_gpu[0].activation, MiB(500));
  EXPECT_EQ(EstimateText(base + R"(1500,"gpu":"rtx-3090"})").report.per_gpu[0].activation, Bytes(0));
  EXPECT_EQ(EstimateText(base + R"(10000,"gpu":"rtx-3090","engine_version":"0.30.5"})")
                .report.per_gpu[0]
                .activation,
            Bytes(0))
      << "up to 10 GiB in the first releases with a server";
}

}  // namespace
}  // namespace plimsoll
