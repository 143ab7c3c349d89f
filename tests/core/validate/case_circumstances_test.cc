#include "core/validate/case_circumstances.h"

#include <gtest/gtest.h>

#include <string>

#include "core/config/config_codec.h"
#include "core/validate/validation.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Json JsonOfText(std::string_view text) {
  Result<Json> json = Json::Parse(text, "case");
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

Config Taken(std::string_view text) {
  const Json item = JsonOfText(text);
  const Result<DecodedConfig> decoded = DecodeConfigJson(*item.Find("config"));
  EXPECT_TRUE(decoded.ok());
  Config config = decoded.ok() ? decoded->config : Config();
  TakeCircumstances(item, &config);
  return config;
}

std::string Release(std::string_view engine, std::string_view notes) {
  return Taken(R"({"config":{"model":"qwq-32b","engine":")" + std::string(engine) + R"("},"notes":")" +
               std::string(notes) + R"("})")
      .engine_version;
}

TEST(CaseCircumstances, TheDayOfALogNamesItsRelease) {
  EXPECT_EQ(Release("sglang", "2025-03; graphs: 13 batch sizes"), "2025-03-15") << "some day of the month";
  EXPECT_EQ(Release("sglang", "2025-03-02"), "2025-03-02");
  EXPECT_EQ(Release("sglang", "0.5.17; card not seen"), "0.5.17");
  EXPECT_EQ(Release("llama.cpp", "2026-02, Windows"), "2026-02-15");
}

TEST(CaseCircumstances, OtherNumbersAreNoRelease) {
  for (const char* notes : {"", "27.5 GiB free", "2 x 24 GB", "graphs", "2025", "b4589", "1.2.3.x", "..."}) {
    EXPECT_EQ(Release("sglang", notes), "") << notes;
  }
  EXPECT_EQ(Release("sglang", "2024-01; before there was one"), "");
  const Config told =
      Taken(R"({"config":{"model":"qwq-32b","engine":"sglang","engine_version":"0.5.9"},"notes":"2025-03"})");
  EXPECT_EQ(told.engine_version, "0.5.9") << "what the configuration says stands";
}

Config WithDevices(std::string_view config, std::string_view detail) {
  return Taken(R"({"config":{"model":"llama-3.1-70b","engine":"llama.cpp","gpu":"rtx-a6000",)" +
               std::string(config) + R"(},"detail":)" + std::string(detail) + "}");
}

TEST(CaseCircumstances, DevicesBehindRpcAreNodes) {
  const char* two_far = R"({"kv":{"RPC0":656,"RPC1":624},"compute":{"RPC0":588,"CPU":28}})";
  Config config = WithDevices(R"("gpus":2)", two_far);
  EXPECT_EQ(config.nodes, 2);
  EXPECT_EQ(config.gpus, 1);
  config = WithDevices(R"("gpus":2)", R"({"model":{"CUDA0":1,"RPC0":1,"CPU":1},"compute":{"CUDA_Host":1}})");
  EXPECT_EQ(config.nodes, 2);

  // Two cards here and one far away are no nodes of equal size; a log of another number of cards is not this one's.
  config = WithDevices(R"("gpus":3)", R"({"model":{"CUDA0":1,"CUDA1":1,"RPC0":1}})");
  EXPECT_FALSE(config.nodes.has_value());
  EXPECT_EQ(config.gpus, 3);
  EXPECT_FALSE(WithDevices(R"("gpus":4)", two_far).nodes.has_value());
  EXPECT_FALSE(WithDevices(R"("gpus":2)", R"({"model":{"CUDA0":1,"CUDA1":1}})").nodes.has_value());
  EXPECT_EQ(WithDevices(R"("gpus":2,"nodes":1)", two_far).nodes, 1);
}

TEST(CaseCircumstances, DevicesAreNamedByTheirBackend) {
  EXPECT_EQ(WithDevices(R"("gpus":1)", R"({"kv":{"Vulkan1":160,"CPU":96}})").backend, "vulkan");
  EXPECT_EQ(WithDevices(R"("gpus":1)", R"({"compute":{"ROCm0":1,"ROCm_Host":2}})").backend, "hip");
  EXPECT_EQ(WithDevices(R"("gpus":1)", R"({"compute":{"CUDA0":1,"Vulkan_Host":2}})").backend, "")
      << "a card's own backend is its default, and buffers in RAM are no devices";
  EXPECT_EQ(WithDevices(R"("backend":"cuda")", R"({"kv":{"Vulkan0":160}})").backend, "cuda");
}

TEST(CaseCircumstances, OptionsThatALogRepeats) {
  const Config config = Taken(
      R"({"config":{"model":"qwen3.6-27b","engine":"sglang","chunked_prefill_size":4096},"detail":{
      "mem_fraction_static":0.7,"max_mamba_cache_size":360,"chunked_prefill_size":2048,"max_running_requests":72}})");
  EXPECT_EQ(config.mem_fraction_static, 0.7);
  EXPECT_EQ(config.max_mamba_cache_size, 360);
  EXPECT_EQ(config.chunked_prefill_size, 4096) << "what the configuration says stands";
  EXPECT_FALSE(config.max_running_requests.has_value()) << "what it came to, not what was asked for";
  EXPECT_FALSE(
      Taken(R"({"config":{"model":"qwen3-8b","engine":"vllm"},"detail":{"mem_fraction_static":0.7}})")
          .mem_fraction_static.has_value());
  EXPECT_FALSE(
      Taken(R"({"config":{"model":"qwen3-8b","engine":"sglang"},"detail":{"mem_fraction_static":70}})")
          .mem_fraction_static.has_value())
      << "no share";
}

TEST(CaseCircumstances, WhatWasFreeBeforeTheWeights) {
  const auto read = [](std::string_view text) { return ReadCardCircumstances(JsonOfText(text)); };
  EXPECT_EQ(read(R"({"detail":{"avail_before":21.63,"avail_after_weights":6}})").free_before, 21.63);
  const CardCircumstances added =
      read(R"({"detail":{"avail_after_weights":16},"measured":{"weights_gib_per_gpu":7.5}})");
  EXPECT_EQ(added.free_before, 23.5) << "what the weights took is what is free less than before";
  const CardCircumstances moved =
      read(R"({"detail":{"avail_after_weights":62,"weights_with_cpu_experts":16.5},"measured":{}})");
  EXPECT_EQ(moved.weights_on_card, 16.5);
  EXPECT_EQ(moved.free_before, 78.5);
  EXPECT_EQ(read(R"({"detail":{"avail_after_weights":62},"measured":{}})").free_before, 0);
  EXPECT_EQ(read(R"({"detail":{"avail_before":-3}})").free_before, 0);
  EXPECT_EQ(read(R"({"detail":{"avail_before":1e300}})").free_before, 0);
}

Report CardReport(double capacity, double driver, double others, double weights) {
  Report report;
  GpuReport gpu;
  gpu.capacity = GiBFromDouble(capacity);
  gpu.driver = GiBFromDouble(driver);
  gpu.others = GiBFromDouble(others);
  gpu.weights = GiBFromDouble(weights);
  report.per_gpu.push_back(gpu);
  return report;
}

TEST(CaseCircumstances, TheCardIsMadeToBeAsFreeAsItWas) {
  Config config;
  config.engine = "sglang";
  const Report report = CardReport(24, 0.5, 0, 15);
  const auto less = UnderCircumstances({22.5, 0}, config, report);  // 23.5 are free by ourselves
  ASSERT_TRUE(less.has_value());
  EXPECT_EQ(less->reserved_mib, std::vector<double>{1024.0});
  const auto more = UnderCircumstances({24, 0}, config, report);
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->gpu_memory_mib, std::vector<double>{24.5 * 1024});
  EXPECT_FALSE(UnderCircumstances({23.5, 0}, config, report).has_value()) << "as it is";
  EXPECT_FALSE(UnderCircumstances({}, config, report).has_value()) << "nothing is told";
  const auto offloaded = UnderCircumstances({0, 5}, config, report);
  ASSERT_TRUE(offloaded.has_value());
  EXPECT_EQ(offloaded->cpu_offload_gb, 10);
  config.engine = "vllm";
  EXPECT_FALSE(UnderCircumstances({22.5, 5}, config, report).has_value())
      << "its share is one of the card, whatever is free";
}

// Llama-3.1-8B on a 24 GB card that a desktop shares, July 2025: 22.39 GiB were free, the pool had 4.66 GiB and
// 38,141 tokens. The same case without its circumstances is answered for the newest release and a free card.
TEST(CaseCircumstances, AreWhatACaseIsAnsweredUnder) {
  const std::string head =
      R"([{"id":"a","config":{"model":"llama-3.1-8b","gpu":"rtx-4090","engine":"sglang"},
      "measured":{"weights_gib_per_gpu":15.02,"kv_cache_gib_per_gpu":4.66,"kv_cache_tokens":38141})";
  const auto error = [&head](std::string_view rest) {
    const Result<CaseFile> file = ReadCases(JsonOfText(head + std::string(rest) + "}]"));
    EXPECT_TRUE(file.ok());
    const Validation validation = Validate(*file, ShippedCatalog());
    for (const ScoredMetric& scored : validation.comparisons) {
      if (scored.metric == "kv_cache_tokens") return scored.relative_error;
    }
    return 1.0;
  };
  EXPECT_NEAR(error(R"(,"notes":"2025-07","detail":{"avail_after_weights":7.37})"), 0, 0.005);
  EXPECT_GT(error(R"(,"notes":"2025-07")"), 0.1);
  EXPECT_LT(error(""), -0.05);
}

}  // namespace
}  // namespace plimsoll
