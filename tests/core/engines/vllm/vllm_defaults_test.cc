#include "core/engines/vllm/vllm_defaults.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace plimsoll
