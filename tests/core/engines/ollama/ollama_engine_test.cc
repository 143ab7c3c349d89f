#include "core/engines/ollama/ollama_engine.h"

#include <gtest/gtest.h>

#include "core/engines/registry.h"
#include "core/estimate/verdict.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

std::string With(const std::string& keys) {
  return R"({"model":"llama-3.1-8b","format":"gguf-q4_k_m","engine":"ollama","gpu":"rtx-4090",)" + keys + "}";
}

TEST(OllamaEngine, IsAnEngineOfItsOwn) {
  EXPECT_EQ(FindEngine("ollama"), &OllamaEngine());
  const EstimatedCase answer = EstimateText(With(R"("engine_version":"0.32.14")"));
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.resolved.engine->name, "Ollama");
  EXPECT_EQ(answer.resolved.version.text, "0.32.14");
}

TEST(OllamaEngine, TheContextIsOneSlots) {
  const EstimatedCase one = EstimateText(With(R"("max_model_len":8192)"));
  const EstimatedCase four = EstimateText(With(R"("max_model_len":8192,"max_num_seqs":4)"));
  EXPECT_EQ(one.report.per_gpu[0].kv_cache, GiB(1));
  EXPECT_EQ(four.report.per_gpu[0].kv_cache, GiB(4)) << "num_ctx is multiplied, not divided";
  EXPECT_EQ(four.report.kv.max_concurrency, 4);
  EXPECT_EQ(four.resolved.max_model_len, 8192);
}

TEST(OllamaEngine, TheDefaultContext) {
  EXPECT_EQ(EstimateText(With(R"("engine_version":"0.32.14")")).resolved.max_model_len, 32768);
  EXPECT_EQ(EstimateText(With(R"("engine_version":"0.12.0")")).resolved.max_model_len, 4096);
  EXPECT_EQ(EstimateText(With(R"("gpus":4)")).resolved.max_model_len, 131072)
      << "262,144, cut at the trained";
  const EstimatedCase cut = EstimateText(With(R"("max_model_len":200000)"));
  EXPECT_EQ(cut.resolved.max_model_len, 131072);
  EXPECT_TRUE(cut.Has("context_beyond_model"));
}

TEST(OllamaEngine, CacheTypesNeedFlashAttentionBefore030) {
  const std::string q8 = R"("kv_cache_dtype":"q8_0","max_model_len":8192,"engine_version":)";
  const EstimatedCase ignored = EstimateText(With(q8 + R"("0.11.4")"));
  EXPECT_TRUE(ignored.Has("cache_type_ignored"));
  EXPECT_EQ(ignored.resolved.kv_cache_dtype.k, KvType::kFp16);
  EXPECT_EQ(EstimateText(With(q8 + R"("0.11.4","flash_attention":true)")).resolved.kv_cache_dtype.k,
            KvType::kQ8_0);
  EXPECT_EQ(EstimateText(With(q8 + R"("0.32.14")")).resolved.kv_cache_dtype.k, KvType::kQ8_0);
}

TEST(OllamaEngine, OptionsOfLlamaServerReachItFrom030) {
  EXPECT_TRUE(
      EstimateText(With(R"("tensor_split":[1],"engine_version":"0.24.0")")).Has("option_newer_than_engine"));
  EXPECT_FALSE(
      EstimateText(With(R"("tensor_split":[1],"engine_version":"0.30.0")")).Has("option_newer_than_engine"));
}

TEST(OllamaEngine, SaysWhyLayersAreInRam) {
  const EstimatedCase answer = EstimateText(
      R"({"model":"llama-3.3-70b","format":"gguf-q4_k_m","engine":"ollama","gpu":"rtx-4090","engine_version":"0.6.8"})");
  ASSERT_TRUE(answer.Has("layers_in_ram"));
  for (const Diagnostic& diagnostic : answer.report.diagnostics) {
    if (diagnostic.code != "layers_in_ram") continue;
    EXPECT_NE(diagnostic.message.find("this release reckons with"), std::string::npos) << diagnostic.message;
  }
  EXPECT_NE(HeadlineText(answer.resolved, answer.report).find("layers in RAM"), std::string::npos);
  EXPECT_FALSE(EstimateText(With(R"("n_gpu_layers":10)")).report.diagnostics.empty());
}

TEST(OllamaEngine, RamIsJudgedWhereItsSizeIsKnown) {
  const std::string base =
      R"({"model":"llama-3.3-70b","format":"gguf-q4_k_m","engine":"ollama","gpu":"rtx-3060-12gb","max_model_len":4096,"ram_gib":)";
  EXPECT_TRUE(EstimateText(base + "64}").report.fits());
  const EstimatedCase small = EstimateText(base + "16}");
  EXPECT_FALSE(small.report.fits());
  EXPECT_TRUE(small.Has("ram_short"));
}

TEST(OllamaEngine, AsLongAsFits) {
  const EstimatedCase answer = EstimateText(
      R"({"model":"qwen3-32b","format":"gguf-q4_k_m","engine":"ollama","gpu":"rtx-3090","max_model_len":-1})");
  EXPECT_EQ(answer.error, "");
  EXPECT_GT(answer.resolved.max_model_len, 1024);
  EXPECT_LT(answer.resolved.max_model_len, 40960);
  EXPECT_EQ(answer.report.layers_on_cards, answer.report.layers);
}

TEST(OllamaEngine, RamAlone) {
  const EstimatedCase answer =
      EstimateText(R"({"model":"llama-3.2-3b","format":"gguf-q4_k_m","engine":"ollama","gpus":0})");
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.resolved.max_model_len, 4096);
  EXPECT_EQ(answer.report.listed_on_cards, Bytes(0));
  EXPECT_GT(answer.report.listed, GiB(2));
}

TEST(OllamaEngine, NewerReleasesAreAnsweredAsTheLastKnown) {
  EXPECT_TRUE(EstimateText(With(R"("engine_version":"0.34.3")")).Has("release_not_known"));
  EXPECT_FALSE(EstimateText(With(R"("engine_version":"0.32.15")")).Has("release_not_known"));
}

// Whatever the model, card and release: an answer, in bounds.
TEST(OllamaEngine, EveryReleaseAnswers) {
  for (const char* release :
       {"0.3.14", "0.5.7", "0.6.8", "0.9.6", "0.11.4", "0.12.3", "0.14.0", "0.24.0", "0.30.0", "0.32.15"}) {
    for (const char* model : {"llama-3.1-8b", "gemma-3-27b", "gpt-oss-20b", "qwen3.5-35b-a3b",
                              "deepseek-v2-lite", "nemotron-3-nano-30b-a3b"}) {
      for (const char* card : {"rtx-4060", "rx-7900-xtx", "apple-m4-max", "h100-sxm"}) {
        const EstimatedCase answer =
            EstimateText(std::string(R"({"engine":"ollama","format":"gguf-q4_k_m","engine_version":")") +
                         release + R"(","model":")" + model + R"(","gpu":")" + card + "\"}");
        ASSERT_EQ(answer.error, "") << release << " " << model << " " << card;
        EXPECT_NE(answer.report.verdict, Verdict::kInvalid) << release << " " << model << " " << card;
        EXPECT_LE(answer.report.layers_on_cards, answer.report.layers);
        EXPECT_LE(answer.report.listed_on_cards, answer.report.listed);
      }
    }
  }
}

}  // namespace
}  // namespace plimsoll
