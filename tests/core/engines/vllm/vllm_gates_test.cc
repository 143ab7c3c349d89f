#include "core/engines/vllm/vllm_gates.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

struct GateCase {
  const char* config;
  const char* code;
  Severity severity;
};

const Diagnostic* Find(const EstimatedCase& c, std::string_view code) {
  for (const Diagnostic& diagnostic : c.report.diagnostics) {
    if (diagnostic.code == code) return &diagnostic;
  }
  return nullptr;
}

TEST(VllmGates, NamesWhatKeepsTheEngineFromStarting) {
  const GateCase cases[] = {
      {R"({"model":"qwen2.5-72b","format":"gptq-int8","gpu":"rtx-4090","gpus":3})",
       "tp_does_not_divide_heads", Severity::kError},
      {R"({"model":"qwen3-235b-a22b","format":"awq-int4","gpu":"rtx-4090","gpus":6})",
       "tp_does_not_divide_kv_heads", Severity::kError},
      {R"({"model":"qwen3-235b-a22b","format":"fp8-block","gpu":"h100-sxm","gpus":8})",
       "tp_breaks_quantization_groups", Severity::kError},
      {R"({"model":"llama-3.1-8b","format":"nvfp4","gpu":"h100-sxm","engine_version":"0.7.3"})",
       "format_newer_than_engine", Severity::kWarning},
      {R"({"model":"llama-3.1-8b","gpu":"t4","engine_version":"0.8.5"})", "bfloat16_needs_ampere",
       Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":"t4"})", "bfloat16_needs_ampere", Severity::kWarning},
      {R"({"model":"llama-3.1-8b","format":"fp8","gpu":"v100-32gb"})", "format_needs_newer_card",
       Severity::kError},
      {R"({"model":"llama-3.1-8b","format":"awq-int4","gpu":"v100-32gb"})", "format_needs_newer_card",
       Severity::kError},
      {R"({"model":"llama-3.1-8b","format":"fp8","gpu":"rtx-3090"})", "weight_only_kernels", Severity::kInfo},
      {R"({"model":"llama-3.1-8b","format":"fp16","gpu":"t4","kv_cache_dtype":"fp8"})",
       "fp8_cache_needs_newer_card", Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":"a100-sxm-80gb","kv_cache_dtype":"fp8"})",
       "fp8_cache_without_fp8_units", Severity::kWarning},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","kv_cache_dtype":"q8_0"})", "kv_type_not_in_vllm",
       Severity::kError},
      {R"({"model":"qwen3-8b","gpu":"l40s","max_model_len":100000})", "context_beyond_model",
       Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","max_num_batched_tokens":64,"max_num_seqs":128})",
       "fewer_batched_tokens_than_sequences", Severity::kError},
      {R"({"model":"qwen3.5-35b-a3b","gpu":"h100-sxm","gpus":4,"speculative":
           {"method":"draft","model":"qwen2.5-7b","num_tokens":5}})",
       "draft_vocabulary_differs", Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","speculative":{"method":"mtp","num_tokens":1}})",
       "no_mtp_layers", Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":"apple-m4-max"})", "card_not_supported", Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":"p40"})", "compute_capability_too_low", Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":["rtx-4090","rtx-3060-12gb"]})", "smallest_card_decides",
       Severity::kWarning},
      {R"({"model":"qwen3-8b","gpu":"l40s","engine_version":"0.6.3"})", "model_newer_than_engine",
       Severity::kWarning},
      {R"({"model":"qwen3.5-35b-a3b","format":"gptq-int4","gpu":"t4","gpus":4})", "kv_heads_replicated",
       Severity::kInfo},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","gpus":2,"expert_parallel":true})",
       "expert_parallel_without_experts", Severity::kInfo},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","gpus":64,"tp":1,"pp":64})", "more_stages_than_layers",
       Severity::kError},
      {R"({"model":"llama-3.1-8b","format":"fp16","gpu":"v100-32gb","engine_version":"0.21.0"})",
       "release_left_card_out", Severity::kError},
      {R"({"model":"llama-3.1-8b","gpu":"rtx-5090","engine_version":"0.8.5"})", "release_older_than_card",
       Severity::kWarning},
      {R"({"model":"llama-3.1-8b","gpu":"gb10-dgx-spark","engine_version":"0.10.2"})",
       "release_older_than_card", Severity::kWarning},
      {R"({"model":"deepseek-v2-lite","gpu":"l40s","kv_cache_dtype":"fp8","engine_version":"0.11.0"})",
       "fp8_cache_without_mla_kernel", Severity::kError},
      {R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2,"enable_prefix_caching":true,"engine_version":"0.11.0"})",
       "prefix_caching_without_states", Severity::kWarning},
      {R"({"model":"gpt-oss-20b","gpu":"h100-sxm","engine_version":"0.11.0"})", "mxfp4_layout_depends",
       Severity::kInfo},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","max_model_len":-1,"engine_version":"0.11.0"})",
       "auto_length_not_in_release", Severity::kWarning},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","kv_cache_memory_bytes":9000000000,"engine_version":"0.9.2"})",
       "option_newer_than_engine", Severity::kWarning},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","engine":"llama.cpp","format":"gguf-q4_k_m","override_tensor":"ffn=CPU","engine_version":"b4500"})",
       "option_newer_than_engine", Severity::kWarning},
      {R"({"model":"glm-5","gpu":"b200","gpus":8,"engine_version":"0.12.0"})", "model_newer_than_engine",
       Severity::kWarning},
  };
  for (const GateCase& c : cases) {
    const EstimatedCase answer = EstimateText(c.config);
    ASSERT_EQ(answer.error, "") << c.config;
    const Diagnostic* found = Find(answer, c.code);
    ASSERT_NE(found, nullptr) << c.code << " " << c.config;
    EXPECT_EQ(found->severity, c.severity) << c.config;
    EXPECT_FALSE(found->message.empty());
    if (c.severity == Severity::kError) {
      EXPECT_FALSE(found->fix.empty()) << c.code;
      EXPECT_EQ(answer.report.verdict, Verdict::kInvalid) << c.config;
      EXPECT_EQ(answer.report.failure, FailureStage::kInvalid) << c.config;
    }
  }
}

TEST(VllmGates, QuietWhenNothingIsWrong) {
  for (const char* config :
       {R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"h100-sxm","gpus":2,"max_model_len":16384})",
        R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm","gpus":4})",
        R"({"model":"qwen3-235b-a22b","format":"fp8-block","gpu":"h200","gpus":4,"expert_parallel":true})",
        R"({"model":"gpt-oss-20b","gpu":"h100-sxm"})"}) {
    const EstimatedCase c = EstimateText(config);
    EXPECT_TRUE(c.report.diagnostics.empty()) << config << ": " << c.report.diagnostics[0].code;
    EXPECT_EQ(c.report.verdict, Verdict::kFits) << config;
  }
}

// The same shard is legal again when whole experts are dealt out.
TEST(VllmGates, ExpertParallelismMendsGroups) {
  const EstimatedCase cut =
      EstimateText(R"({"model":"qwen3-235b-a22b","format":"fp8-block","gpu":"h200","gpus":8})");
  const EstimatedCase dealt = EstimateText(
      R"({"model":"qwen3-235b-a22b","format":"fp8-block","gpu":"h200","gpus":8,"expert_parallel":true})");
  EXPECT_NE(Find(cut, "tp_breaks_quantization_groups"), nullptr);
  EXPECT_EQ(Find(dealt, "tp_breaks_quantization_groups"), nullptr);
}

TEST(VllmGates, ModelsThatItDoesNotHave) {
  const EstimatedCase rwkv = EstimateText(
      R"({"model":{"architectures":["RWKV7ForCausalLM"],"hidden_size":1024,"num_hidden_layers":24,"vocab_size":65536},
          "gpu":"rtx-4090"})");
  ASSERT_EQ(rwkv.error, "");
  ASSERT_NE(Find(rwkv, "model_not_in_vllm"), nullptr);
  EXPECT_EQ(Find(rwkv, "model_not_in_vllm")->severity, Severity::kError);
  const std::string mllama =
      R"({"model":{"architectures":["MllamaForConditionalGeneration"],"text_config":{"hidden_size":4096,
          "num_hidden_layers":8,"num_attention_heads":32,"num_key_value_heads":8,"intermediate_size":14336,
          "vocab_size":128256,"cross_attention_layers":[3]},"vision_config":{"image_size":560}},
          "gpu":"h100-sxm","engine_version":")";
  EXPECT_NE(Find(EstimateText(mllama + "0.11.0\"}"), "model_left_vllm"), nullptr);
  EXPECT_EQ(Find(EstimateText(mllama + "0.10.2\"}"), "model_left_vllm"), nullptr);
  const std::string bart =
      R"({"model":{"architectures":["BartForConditionalGeneration"],"d_model":768,"encoder_layers":6,
          "decoder_layers":6,"encoder_attention_heads":12,"decoder_attention_heads":12,"encoder_ffn_dim":3072,
          "decoder_ffn_dim":3072,"vocab_size":50265,"max_position_embeddings":1024},
          "gpu":"rtx-4090","engine_version":")";
  EXPECT_EQ(Find(EstimateText(bart + "0.10.2\"}"), "model_not_in_vllm"), nullptr);
  const EstimatedCase gone = EstimateText(bart + "0.11.0\"}");
  ASSERT_NE(Find(gone, "model_not_in_vllm"), nullptr);
  EXPECT_EQ(Find(gone, "model_not_in_vllm")->fix, "");  // llama.cpp has it no more than vLLM
}

}  // namespace
}  // namespace plimsoll
