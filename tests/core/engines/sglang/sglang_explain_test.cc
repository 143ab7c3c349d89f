#include "core/engines/sglang/sglang_explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase With(const char* model, const char* gpu, const std::string& more = "") {
  return EstimateText(std::string(R"({"engine":"sglang","model":")") + model + R"(","gpu":")" + gpu + "\"" +
                      more + "}");
}

std::string LineWith(const EstimatedCase& c, std::string_view part) {
  for (const std::string& line : ExpectedSglangLog(c.resolved, c.report)) {
    if (line.find(part) != std::string::npos) return line;
  }
  return "";
}

TEST(SglangExplain, TermsAddUpToTheFullestCard) {
  for (const char* more :
       {"", R"(,"gpus":2,"reserved_mib":[500,3000])", R"(,"speculative":{"method":"eagle","num_tokens":3})",
        R"(,"cpu_offload_gb":3,"lora":{"max_loras":4,"max_rank":16})", R"(,"enforce_eager":true)"}) {
    for (const char* model : {"llama-3.1-8b", "qwen3.6-27b", "gemma-4-12b", "gpt-oss-20b"}) {
      const EstimatedCase c = With(model, "h100-sxm", more);
      ASSERT_TRUE(c.error.empty()) << c.error;
      const auto fullest =
          std::min_element(c.report.per_gpu.begin(), c.report.per_gpu.end(),
                           [](const GpuReport& a, const GpuReport& b) { return a.headroom < b.headroom; });
      Bytes sum;
      for (const Term& term : ExplainSglang(c.resolved, c.report)) {
        if (term.depth != 0) continue;
        sum += term.bytes;
        EXPECT_FALSE(term.source.empty()) << term.name;
      }
      EXPECT_EQ(sum, fullest->total + fullest->reserved) << model << more;
    }
  }
}

// As a B200 with Qwen3-8B printed it in April 2026, but for the last digits: 15.28, 162.30, 992896.
TEST(SglangExplain, TheLogOfAStart) {
  const EstimatedCase c = With("qwen3-8b", "b200", R"(,"engine_version":"0.5.10")");
  EXPECT_NE(LineWith(c, "Load weight end").find("type=Qwen3ForCausalLM, dtype=torch.bfloat16"),
            std::string::npos);
  EXPECT_NE(LineWith(c, "Load weight end").find("mem usage=15.28 GB."), std::string::npos);
  EXPECT_NE(LineWith(c, "KV Cache is allocated.").find("#tokens: 99"), std::string::npos);
  EXPECT_NE(LineWith(c, "KV Cache is allocated.").find("K size: 68.2"), std::string::npos);
  EXPECT_NE(LineWith(c, "max_total_num_tokens=").find("max_running_requests=4096, context_len=40960"),
            std::string::npos);
  EXPECT_EQ(LineWith(c, "Init torch distributed"), "") << "one card has nothing to tell";
}

TEST(SglangExplain, LinesByRelease) {
  const EstimatedCase old = With("llama-3.1-8b", "h100-sxm", R"(,"engine_version":"0.4.1")");
  EXPECT_EQ(LineWith(old, "mem usage="), "");
  EXPECT_EQ(LineWith(old, "available_gpu_mem"), "");
  EXPECT_NE(LineWith(old, "max_running_requests=2049"), "");
  const EstimatedCase latest = With("llama-3.1-8b", "h100-sxm");
  EXPECT_NE(LineWith(latest, "dtype: torch.bfloat16, #tokens:"), "");
  EXPECT_NE(LineWith(latest, "Capture target decode CUDA graph begin"), "");
  EXPECT_NE(
      LineWith(With("llama-3.1-8b", "h100-sxm", R"(,"gpus":2)"), "Init torch distributed ends. mem usage="),
      "");
}

TEST(SglangExplain, PoolsOfTheirOwnKinds) {
  EXPECT_NE(LineWith(With("qwen3.6-27b", "h100-sxm"), "Mamba Cache is allocated. max_mamba_cache_size: "),
            "");
  const EstimatedCase gemma = With("gemma-4-12b", "h100-sxm");
  EXPECT_NE(LineWith(gemma, "Use sliding window memory pool. full_layer_tokens="), "");
  const EstimatedCase latent = With("deepseek-v2-lite", "h100-sxm");
  EXPECT_NE(LineWith(latent, ", KV size: "), "");
}

TEST(SglangExplain, HowItFails) {
  EXPECT_NE(LineWith(With("llama-3.1-70b", "h100-sxm"), "CUDA out of memory"), "");
  EXPECT_NE(LineWith(With("qwen3-8b", "rtx-4090", R"(,"mem_fraction_static":0.5,"engine_version":"0.5.6")"),
                     "Please try to increase --mem-fraction-static"),
            "");
  EXPECT_NE(LineWith(With("qwen3-8b", "rtx-4090", R"(,"mem_fraction_static":0.5)"), "leave no GPU memory"),
            "");
  const EstimatedCase capture = With("llama-3.1-8b", "rtx-4090", R"(,"mem_fraction_static":0.99)");
  EXPECT_NE(LineWith(capture, "Capture cuda graph failed"), "");
  EXPECT_EQ(LineWith(capture, "max_total_num_tokens="), "");
}

}  // namespace
}  // namespace plimsoll
