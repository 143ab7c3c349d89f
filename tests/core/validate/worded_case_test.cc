#include "core/validate/worded_case.h"

#include <gtest/gtest.h>

#include "core/validate/validation.h"
#include "tests/support/json_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

WordedConfig Read(const char* text) {
  const Json item = JsonOfText(text);
  EXPECT_TRUE(IsWorded(item));
  const Result<WordedConfig> read = ReadWordedConfig(item, ShippedCatalog());
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().Message());
  return read.ok() ? *read : WordedConfig{};
}

std::string ErrorOf(const char* text) {
  const Result<WordedConfig> read = ReadWordedConfig(JsonOfText(text), ShippedCatalog());
  return read.ok() ? "" : read.error().Message();
}

TEST(WordedCase, ToolCardAndModelInWords) {
  const WordedConfig read =
      Read(R"x({"tool_version":"ollama 0.21.0 (vendored b7437)","gpu":"RX 7900 XT 20 GB (ROCm)",
      "model":"qwen2.5:72b Q4_K_M","config":{"num_ctx":4096,"num_parallel":2,"kv_cache_type":"q8_0",
      "flash_attention":1},"measured":{"layers":"29/81","available_gib":18.5}})x");
  EXPECT_EQ(read.config.engine, "ollama");
  EXPECT_EQ(read.config.engine_version, "0.21.0");
  EXPECT_EQ(read.config.gpu, std::vector<std::string>{"rx-7900-xt"});
  EXPECT_EQ(read.config.gpu_memory_mib, std::vector<double>{18944});
  EXPECT_EQ(read.config.backend, "hip");
  EXPECT_EQ(read.config.model, "qwen2.5-72b");
  EXPECT_EQ(read.config.format.AsString(), "gguf-q4_k_m");
  EXPECT_EQ(read.config.max_model_len, 4096);
  EXPECT_EQ(read.config.max_num_seqs, 2);
  EXPECT_EQ(read.config.flash_attention, true);
  ASSERT_TRUE(read.config.kv_cache_dtype.has_value());
  EXPECT_EQ(read.config.kv_cache_dtype->k, KvType::kQ8_0);
  EXPECT_FALSE(read.stand_in);
}

TEST(WordedCase, SeveralCardsAndWhatIsFree) {
  const WordedConfig read = Read(R"({"tool_version":"ollama 0.6.x","gpu":"2 x 24 GB, 23.3 GiB available each",
      "model":"Qwen3-32B Q6_K","config":{"num_ctx":"default"},"measured":{}})");
  EXPECT_EQ(read.config.gpus, 2);
  ASSERT_EQ(read.config.gpu_memory_mib.size(), 1u);
  EXPECT_NEAR(read.config.gpu_memory_mib[0], 23.3 * 1024, 0.01);
  EXPECT_TRUE(read.stand_in);
  EXPECT_FALSE(read.config.max_model_len.has_value());
  EXPECT_EQ(Read(R"({"tool_version":"ollama 0.31+","gpu":"no card","model":"llama3.2:3b Q4_K_M",
      "config":{"layers":"0/29"},"measured":{}})")
                .config.gpus,
            0);
}

TEST(WordedCase, WhatIsNotNamedIsNotGuessed) {
  EXPECT_NE(
      ErrorOf(R"({"tool_version":"ollama 0.3x","gpu":"RTX 3090","model":"qwen3:8b"})").find("tool_version"),
      std::string::npos);
  EXPECT_NE(
      ErrorOf(R"({"tool_version":"abacus 3","gpu":"RTX 3090","model":"qwen3:8b"})").find("tool_version"),
      std::string::npos);
  EXPECT_NE(ErrorOf(R"({"tool_version":"ollama","gpu":"Vulkan card","model":"qwen3:8b"})").find("gpu"),
            std::string::npos);
  EXPECT_NE(ErrorOf(R"({"tool_version":"ollama","gpu":"RTX 3090","model":"70B-class model"})").find("model"),
            std::string::npos);
  EXPECT_NE(ErrorOf(R"({"tool_version":"ollama","gpu":"RTX 3090","model":"qwen3:8b","config":{"wings":2}})")
                .find("wings"),
            std::string::npos);
  EXPECT_FALSE(IsWorded(JsonOfText(R"({"config":{"model":"qwen3-8b"}})")));
}

TEST(WordedCase, FiguresInTheirUnits) {
  const auto figure = [](const char* metric, const char* value) {
    const WordedMetric* found = FindWordedMetric(metric);
    EXPECT_NE(found, nullptr) << metric;
    return found ? ReadWordedFigure(*found, JsonOfText(value)) : std::nullopt;
  };
  EXPECT_EQ(figure("layers", "\"29/81\"")->value, 29);
  EXPECT_EQ(figure("kv_gib", "1.5")->value, 1536);
  EXPECT_EQ(figure("model_mib", "[12730.5, 13241.75]")->value, 25972.25) << "cards add up";
  EXPECT_EQ(figure("compute_mib", "[100, 300, 200]")->value, 300) << "the largest of the cards";
  EXPECT_EQ(figure("ollama_ps", "\"44 GB, 100% GPU\"")->value, 44);
  EXPECT_EQ(figure("ollama_ps", "\"44 GB, 100% GPU\"")->step, 1) << "ten and more are cut";
  EXPECT_EQ(figure("ollama_ps", "\"3.4 GB\"")->step, 0);
  EXPECT_NEAR(figure("ollama_ps", "\"393 MB\"")->value, 0.393, 1e-12);
  EXPECT_FALSE(figure("ollama_ps", "\"48%/52% CPU/GPU\"").has_value());
  EXPECT_EQ(FindWordedMetric("available_gib"), nullptr) << "given, not predicted";
}

TEST(WordedCase, IsAnsweredAsTheSameConfigurationIs) {
  const Json cases = JsonOfText(
      R"x([{"id":"words","tool_version":"ollama 0.21.0","gpu":"RX 7900 XT 20 GB (ROCm)",
      "model":"qwen2.5:72b Q4_K_M","config":{"num_ctx":4096},
      "measured":{"layers":"29/81","kv_gpu_mib":464,"kv_cpu_mib":816,"available_gib":18.5}}])x");
  const Result<CaseFile> file = ReadCases(cases);
  ASSERT_TRUE(file.ok());
  const Validation validation = Validate(*file, ShippedCatalog());
  ASSERT_EQ(validation.comparisons.size(), 3u);
  for (const ScoredMetric& scored : validation.comparisons) {
    EXPECT_EQ(scored.relative_error, 0) << scored.metric << " " << scored.predicted;
  }
}

}  // namespace
}  // namespace plimsoll
