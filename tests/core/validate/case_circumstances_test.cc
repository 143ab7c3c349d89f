#include "core/validate/case_circumstances.h"

#include <gtest/gtest.h>

#include <string>

#include "core/config/config_codec.h"
#include "core/validate/validation.h"
#include "tests/support/json_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

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

// A serving run says in its detail when it was; the words before it go first.
TEST(CaseCircumstances, TheDayOfARunNamesItsRelease) {
  const auto release = [](std::string_view notes, std::string_view day) {
    return Taken(R"({"config":{"model":"qwq-32b","engine":"sglang"},"notes":")" + std::string(notes) +
                 R"(","detail":{"measured_on":")" + std::string(day) + R"("}})")
        .engine_version;
  };
  EXPECT_EQ(release("closed loop, 8 in flight", "2026-03-29"), "2026-03-29");
  EXPECT_EQ(release("0.5.9; closed loop", "2026-03-29"), "0.5.9");
  EXPECT_EQ(release("closed loop", "spring"), "");
  EXPECT_EQ(release("closed loop", "2024-01-01"), "") << "before there was one";
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

// Collectors write down the column of llama-bench, or say it in words; CUDA's is the card's own.
TEST(CaseCircumstances, ABackendIsToldInWords) {
  const auto backend = [](const std::string& engine, const std::string& rest) {
    return Taken(R"({"config":{"model":"qwq-32b",)" + engine + "}," + rest + "}").backend;
  };
  const std::string llama = R"("engine":"llama.cpp")";
  EXPECT_EQ(backend(llama, R"("detail":{"backend":"ROCm"})"), "hip");
  EXPECT_EQ(backend(llama, R"("detail":{"backend":"vulkan"})"), "vulkan");
  EXPECT_EQ(backend(llama, R"("detail":{"backend":"hip"})"), "hip");
  EXPECT_EQ(backend(llama, R"("detail":{"backend":"CUDA"})"), "");
  EXPECT_EQ(backend(llama, R"("notes":"llama-bench pp512 tg128, backend ROCm. -fa 1")"), "hip");
  EXPECT_EQ(backend(llama, R"("notes":"community; backend rocm; x","detail":{"backend":"Vulkan"})"),
            "vulkan");
  EXPECT_EQ(backend(llama, R"("notes":"community submission; llama-bench on ROCm (hip-radeon); tg128")"),
            "hip");
  EXPECT_EQ(backend(llama, R"("notes":"backend unknown; ROCm is a guess")"), "");
  EXPECT_EQ(backend(llama, R"("notes":"nothing","detail":7)"), "");
  EXPECT_EQ(backend(llama + R"(,"backend":"vulkan")", R"("detail":{"backend":"ROCm"})"), "vulkan");
  EXPECT_EQ(backend(R"("engine":"vllm")", R"("detail":{"backend":"ROCm"})"), "");
}

// QwQ 32B on four 24 GB cards, March 2025, whose share the release decides: told the month, the case is answered by the
// release of that time, not by the newest.
TEST(CaseCircumstances, AreWhatACaseIsAnsweredUnder) {
  const auto predicted = [](std::string_view rest) {
    const std::string text =
        R"([{"id":"a","config":{"model":"qwq-32b","gpu":"rtx-4090","gpus":4,"tp":4,"engine":"sglang")" +
        std::string(rest) + R"(,"measured":{"kv_cache_tokens":1}}])";
    const Result<CaseFile> file = ReadCases(JsonOfText(text));
    EXPECT_TRUE(file.ok());
    for (const ScoredMetric& scored : Validate(*file, ShippedCatalog()).comparisons) {
      if (scored.metric == "kv_cache_tokens") return scored.predicted;
    }
    return 0.0;
  };
  const double then = predicted(R"(},"notes":"2025-03; graphs: 13 batch sizes")");
  EXPECT_GT(then, 0);
  EXPECT_EQ(then, predicted(R"(,"engine_version":"2025-03-15"})"));
  EXPECT_NE(then, predicted("}"));
}

// A list that its collector supposed is none: RedHatAI's NVFP4 of Qwen3.6 35B-A3B loads 21.86 GiB, as what quantisers of
// the format leave alone does. A list that is known stays.
TEST(CaseCircumstances, SupposedExceptionsAreNone) {
  const auto format = [](std::string_view notes) {
    return Taken(
               R"({"config":{"model":"qwen3.6-35b-a3b","engine":"vllm","format":{"id":"nvfp4","group_size":16,)"
               R"("unquantized":["lm_head","self_attn"]}},"notes":")" +
               std::string(notes) + R"("})")
        .format;
  };
  for (const char* notes : {"RedHatAI checkpoint (modules assumed); WSL", "checkpoint exceptions unknown"}) {
    EXPECT_FALSE(format(notes).Has("unquantized")) << notes;
    EXPECT_EQ(format(notes).Find("id")->AsString(), "nvfp4");
    EXPECT_TRUE(format(notes).Has("group_size"));
  }
  EXPECT_TRUE(format("exceptions from its config.json").Has("unquantized"));
  const Result<CaseFile> file = ReadCases(JsonOfText(
      R"([{"id":"a","config":{"model":"qwen3.6-35b-a3b","format":{"id":"nvfp4","unquantized":["lm_head","self_attn"]},)"
      R"("engine":"vllm","engine_version":"0.20.0","gpu":"rtx-5090","multimodal":true},)"
      R"("notes":"modules assumed","measured":{"weights_gib_per_gpu":21.86}}])"));
  ASSERT_TRUE(file.ok());
  const Validation validation = Validate(*file, ShippedCatalog());
  ASSERT_EQ(validation.comparisons.size(), 1u);
  EXPECT_NEAR(validation.comparisons[0].relative_error, 0, 0.001);
}

std::string Card(std::string gpu, std::string_view inferred) {
  Config config;
  config.gpu = {std::move(gpu)};
  TakePossibleCard(inferred, ShippedCatalog(), &config);
  return config.gpu[0];
}

// A B300 has 268 GiB.
TEST(CaseCircumstances, ACardHasWhatWasFree) {
  EXPECT_EQ(Card("b300", "283.6 GiB free before: MI355X or B300"), "mi355x");
  EXPECT_EQ(Card("b300", "283.6 GiB free before: B300 or MI355X"), "mi355x");
  EXPECT_EQ(Card("b300", "260.1 GiB free before: MI355X or B300"), "b300") << "it may have been";
  EXPECT_EQ(Card("b300", "283.6 GiB free before: A10G or B300"), "b300") << "none of them can have been";
  EXPECT_EQ(Card("b300", "283.6 GiB free before"), "b300");
  EXPECT_EQ(Card("b300", "placeholder: MI355X or B300"), "b300");
}

std::string RanWith(std::string_view engine, std::string_view rest) {
  const Json item = JsonOfText(R"({"config":{"model":"qwen3-30b-a3b"},)" + std::string(rest) + "}");
  Config config;
  config.engine = engine;
  return RanWithAnother(item, config);
}

TEST(CaseCircumstances, ExpertsInRamAreAnotherProgram) {
  for (const char* tells :
       {R"("notes":"experts in RAM")", R"("source":"kvcache-ai/KTransformers#1969")",
        R"("notes":"served with kt-kernel")", R"("detail":{"weights_with_cpu_experts":16.4})"}) {
    EXPECT_NE(RanWith("sglang", tells).find("ktransformers"), std::string::npos) << tells;
    EXPECT_EQ(RanWith("llama.cpp", tells), "") << "which keeps them there itself";
  }
  EXPECT_EQ(RanWith("sglang", R"("notes":"128 experts, 8 at once; 512 GiB of RAM","detail":{"experts":128})"),
            "");
}

// What such a case tells of the model and of bytes per token stands; what its card held does not.
TEST(CaseCircumstances, WhatAnotherProgramHeldIsNotScored) {
  const Result<CaseFile> file = ReadCases(JsonOfText(
      R"([{"id":"kt","config":{"model":"qwen3-30b-a3b","gpu":"h100-sxm","engine":"sglang"},"notes":"experts in RAM",
           "measured":{"kv_cache_gib_per_gpu":50.28,"kv_cache_tokens":549277}}])"));
  ASSERT_TRUE(file.ok());
  const Validation validation = Validate(*file, ShippedCatalog());
  ASSERT_EQ(validation.comparisons.size(), 1u);
  EXPECT_EQ(validation.comparisons[0].metric, "kv_cache_tokens_given_pool");
  EXPECT_NEAR(validation.comparisons[0].relative_error, 0, 0.001);
  ASSERT_EQ(validation.unanswered.size(), 2u);
  for (const Unanswered& item : validation.unanswered) {
    EXPECT_NE(item.reason.find("ktransformers"), std::string::npos) << item.metric;
  }
}

}  // namespace
}  // namespace plimsoll
