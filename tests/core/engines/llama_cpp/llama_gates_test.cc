#include "core/engines/llama_cpp/llama_gates.h"

#include <gtest/gtest.h>

#include <string>

#include "core/formats/format_ids.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

WeightFormat Format(const char* id) { return *FormatOfId(id, ""); }

TEST(LlamaGates, TheGgufNearestInSize) {
  const struct {
    const char* format;
    const char* nearest;
  } cases[] = {{"bf16", "gguf-bf16"},      {"fp8", "gguf-q8_0"},         {"fp8-block", "gguf-q8_0"},
               {"int8", "gguf-q8_0"},      {"bnb-int8", "gguf-q8_0"},    {"mxfp4", "gguf-mxfp4_moe"},
               {"gptq-int8", "gguf-q8_0"}, {"gptq-int4", "gguf-q4_k_m"}, {"awq-int4", "gguf-q4_k_m"},
               {"nvfp4", "gguf-q4_k_m"},   {"bnb-nf4", "gguf-q4_k_m"}};
  for (const auto& c : cases) EXPECT_EQ(NearestGguf(Format(c.format)), c.nearest) << c.format;
}

TEST(LlamaGates, ReadsGgufAndWhatConverts) {
  for (const char* id : {"gguf-q4_k_m", "gguf-mxfp4_moe", "bf16", "fp32"})
    EXPECT_TRUE(LlamaReads(Format(id))) << id;
  for (const char* id : {"fp8", "awq-int4", "mxfp4", "bnb-nf4"}) EXPECT_FALSE(LlamaReads(Format(id))) << id;
}

TEST(LlamaGates, NamesWhatItRefusesOrIgnores) {
  const struct {
    const char* rest;
    const char* code;
    Severity severity;
  } cases[] = {
      {R"("model":"llama-3.1-8b","format":"awq-int4")", "format_not_gguf", Severity::kError},
      {R"("model":"llama-3.1-8b","kv_cache_dtype":"fp8")", "kv_type_not_in_llama_cpp", Severity::kError},
      {R"("model":"llama-3.1-8b","kv_cache_dtype":"q8_0","flash_attention":false)",
       "quantized_v_needs_flash_attention", Severity::kError},
      {R"("model":"llama-3.1-8b","max_model_len":200000)", "context_beyond_model", Severity::kWarning},
      {R"("model":"qwen3-8b","engine_version":"b5091")", "engine_too_old_for_model", Severity::kWarning},
      {R"("model":"gpt-oss-20b","format":"gguf-mxfp4_moe","engine_version":"b6095")",
       "format_newer_than_engine", Severity::kError},
      {R"("model":"llama-3.1-8b","kv_unified":true,"engine_version":"b5912")", "option_newer_than_engine",
       Severity::kWarning},
      {R"("model":"qwen3-30b-a3b","n_cpu_moe":3,"engine_version":"b6087")", "option_newer_than_engine",
       Severity::kWarning},
      {R"("model":"llama-3.1-8b","engine_version":"ik")", "ik_fork", Severity::kInfo},
      {R"("model":"llama-3.1-8b","gpu":"apple-m2-ultra")", "unified_memory_limit", Severity::kInfo},
  };
  for (const auto& c : cases) {
    const std::string rest = c.rest;
    std::string config = R"({"engine":"llama.cpp",)" + rest;
    if (rest.find("\"gpu\"") == std::string::npos) config += R"(,"gpu":"rtx-4090")";
    if (rest.find("\"format\"") == std::string::npos) config += R"(,"format":"gguf-q4_k_m")";
    const EstimatedCase answer = EstimateText(config + "}");
    ASSERT_EQ(answer.error, "") << config;
    const Diagnostic* found = nullptr;
    for (const Diagnostic& diagnostic : answer.resolved.diagnostics) {
      if (diagnostic.code == c.code) found = &diagnostic;
    }
    ASSERT_NE(found, nullptr) << c.code;
    EXPECT_EQ(found->severity, c.severity) << c.code;
    EXPECT_TRUE(c.severity != Severity::kError || !found->fix.empty()) << c.code;
  }
}

// The first build that knows it says nothing.
TEST(LlamaGates, QuietFromTheBuildThatHasIt) {
  const char* configs[] = {
      R"({"model":"qwen3-8b","engine_version":"b5092"})",
      R"({"model":"gpt-oss-20b","format":"gguf-mxfp4_moe","engine_version":"b6096"})",
      R"({"model":"llama-3.1-8b","kv_unified":true,"engine_version":"b5913"})",
      R"({"model":"qwen3-30b-a3b","n_cpu_moe":3,"engine_version":"b6088"})",
      R"({"model":"llama-3.1-8b","kv_cache_dtype":"q8_0","flash_attention":true})",
      R"({"model":"llama-3.1-8b","max_model_len":131072})",
  };
  for (std::string config : configs) {
    config.insert(1, R"("engine":"llama.cpp","gpu":"rtx-4090",)");
    if (config.find("\"format\"") == std::string::npos) config.insert(1, R"("format":"gguf-q4_k_m",)");
    const EstimatedCase answer = EstimateText(config);
    ASSERT_EQ(answer.error, "") << config;
    for (const Diagnostic& diagnostic : answer.resolved.diagnostics) {
      EXPECT_EQ(diagnostic.code, "ram_assumed") << config;
    }
  }
}

// Builds for Radeons differ: what is taken without a word is said, and by which key to change it.
TEST(LlamaGates, SaysWhoseBuildForARadeonIsTaken) {
  const auto said = [](const std::string& rest) {
    const EstimatedCase answer =
        EstimateText(R"({"model":"llama-3.1-8b","format":"gguf-q4_k_m","max_model_len":4096,)" + rest + "}");
    EXPECT_EQ(answer.error, "") << rest;
    for (const Diagnostic& diagnostic : answer.resolved.diagnostics) {
      if (diagnostic.code == "backend_assumed") return diagnostic.message;
    }
    return std::string();
  };
  EXPECT_NE(said(R"("engine":"llama.cpp","gpu":"rx-7900-xtx")").find("a build for HIP"), std::string::npos);
  EXPECT_NE(said(R"("engine":"llama.cpp","gpu":"ryzen-ai-max-395")").find("a build for Vulkan"),
            std::string::npos);
  EXPECT_EQ(said(R"("engine":"llama.cpp","gpu":"rx-7900-xtx","backend":"vulkan")"), "");
  EXPECT_EQ(said(R"("engine":"llama.cpp","gpu":"rx-6800-xt")"), "The buffers are those of a build for HIP.");
  EXPECT_NE(said(R"("engine":"ollama","gpu":"rx-7900-xtx")").find("lies between"), std::string::npos);
  EXPECT_EQ(said(R"("engine":"llama.cpp","gpu":"rtx-4090")"), "");
  EXPECT_EQ(said(R"("engine":"llama.cpp","gpu":"mi300x")"), "");
  EXPECT_EQ(said(R"("engine":"llama.cpp","gpu":"rx-7900-xtx","gpus":0)"), "");
}

// Heads of 80 (Phi-2's kind) do not divide into blocks of 32.
TEST(LlamaGates, BlocksThatDoNotDivideAHead) {
  const std::string config =
      R"({"engine":"llama.cpp","format":"gguf-q4_0","gpu":"rtx-4090","flash_attention":true,"kv_cache_dtype":"q8_0","model":
          {"architectures":["LlamaForCausalLM"],"hidden_size":320,"num_attention_heads":4,"num_hidden_layers":2,
           "vocab_size":1000,"intermediate_size":640,"max_position_embeddings":4096)";
  const EstimatedCase bad = EstimateText(config + "}}");
  ASSERT_EQ(bad.error, "");
  bool said = false;
  for (const Diagnostic& diagnostic : bad.resolved.diagnostics)
    said |= diagnostic.code == "kv_block_does_not_divide_head";
  EXPECT_TRUE(said);
  const EstimatedCase good = EstimateText(config + R"(,"head_dim":96}})");
  for (const Diagnostic& diagnostic : good.resolved.diagnostics)
    EXPECT_NE(diagnostic.code, "kv_block_does_not_divide_head");
}

}  // namespace
}  // namespace plimsoll
