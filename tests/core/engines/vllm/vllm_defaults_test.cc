#include "core/engines/vllm/vllm_defaults.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

TEST(VllmDefaults, DefaultsByReleaseAndCard) {
  const struct {
    const char* config;
    int64_t tokens, sequences;
    double share;
    bool chunked;
  } cases[] = {
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})", 8192, 1024, 0.92, true},
      {R"({"model":"llama-3.1-8b","gpu":"a100-sxm-80gb"})", 2048, 256, 0.92, true},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.20.0"})", 2048, 256, 0.9, true},
      {R"({"model":"llama-3.1-8b","gpu":"b200"})", 16384, 1024, 0.92, true},
      {R"({"model":"llama-3.1-8b","gpu":"b200","engine_version":"0.19.0"})", 8192, 1024, 0.9, true},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.8.2"})", 2048, 1024, 0.9, true},
      {R"({"model":"llama-3-8b","gpu":"l40s","engine_version":"0.7.0"})", 8192, 256, 0.9, false},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.7.0"})", 2048, 256, 0.9, true},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.7.0","max_model_len":512})", 2048, 256,
       0.9, false},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","max_num_seqs":1,"max_model_len":1000})", 1000, 1, 0.92, true},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_num_batched_tokens":512})", 512, 512, 0.92, true},
  };
  for (const auto& c : cases) {
    const EstimatedCase answer = EstimateText(c.config);
    ASSERT_EQ(answer.error, "") << c.config;
    EXPECT_EQ(answer.resolved.max_num_batched_tokens, c.tokens) << c.config;
    EXPECT_EQ(answer.resolved.max_num_seqs, c.sequences) << c.config;
    EXPECT_DOUBLE_EQ(answer.resolved.gpu_memory_utilization, c.share) << c.config;
    EXPECT_EQ(answer.resolved.enable_chunked_prefill, c.chunked) << c.config;
  }
}

TEST(VllmDefaults, KernelsByName) {
  const auto asked = [](const std::string& rest, const std::string& model = "gpt-oss-20b") {
    return EstimateText(R"({"model":")" + model + R"(","gpu":"h100-sxm","engine_version":"0.24.0",)" + rest +
                        "}");
  };
  EXPECT_EQ(asked(R"("attention_backend":"triton-attn")").resolved.attention_backend, "TRITON_ATTN");
  EXPECT_EQ(asked(R"("moe_backend":"auto")").resolved.moe_backend, "");
  EXPECT_NE(asked(R"("attention_backend":"triton")").error.find("TRITON_ATTN"), std::string::npos);
  EXPECT_NE(asked(R"("moe_backend":"marlim")").error.find("marlin"), std::string::npos);
  // Marlin pads gpt-oss's 2880 to 2944 and 3072, Hopper's own kernels less.
  EXPECT_GT(asked(R"("moe_backend":"marlin")").report.per_gpu[0].weights,
            asked(R"("max_num_seqs":256)").report.per_gpu[0].weights + MiB(100));
  EXPECT_EQ(asked(R"("attention_backend":"CUTLASS_MLA")", "deepseek-v2-lite").resolved.block_size, 128);
  EXPECT_EQ(asked(R"("attention_backend":"TRITON_MLA")", "deepseek-v2-lite").resolved.block_size, 16);
}

}  // namespace
}  // namespace plimsoll
