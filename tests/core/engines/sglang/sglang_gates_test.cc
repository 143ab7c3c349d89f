#include "core/engines/sglang/sglang_gates.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

struct Gated {
  std::vector<Diagnostic> said;
  bool starts = false;
  bool Has(std::string_view code) const {
    for (const Diagnostic& diagnostic : said) {
      if (diagnostic.code == code) return true;
    }
    return false;
  }
};

Gated Check(const char* model, const char* gpu, const std::string& more = "") {
  const EstimatedCase c = EstimateText(std::string(R"({"engine":"sglang","model":")") + model +
                                       R"(","gpu":")" + gpu + "\"" + more + "}");
  EXPECT_TRUE(c.error.empty()) << c.error;
  Gated gated;
  gated.starts = CheckSglangGates(c.resolved, &gated.said);
  EXPECT_EQ(gated.starts, c.report.verdict != Verdict::kInvalid);
  return gated;
}

TEST(SglangGates, APlainModelPasses) {
  const Gated gated = Check("llama-3.1-8b", "h100-sxm");
  EXPECT_TRUE(gated.starts);
  EXPECT_TRUE(gated.said.empty());
}

TEST(SglangGates, Shapes) {
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"gpus":3)").Has("tp_does_not_divide_heads"));
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"gpus":16)").Has("kv_heads_replicated"));
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"gpus":33,"pp":33)").Has("more_stages_than_layers"));
  EXPECT_TRUE(Check("deepseek-r1", "h200", R"(,"gpus":16,"tp":16,"dp":3,"enable_dp_attention":true)")
                  .Has("dp_does_not_divide_tp"));
  EXPECT_TRUE(Check("deepseek-r1", "h200", R"(,"gpus":8)").Has("latent_on_every_rank"));
}

TEST(SglangGates, Experts) {
  EXPECT_FALSE(
      Check("qwen3-30b-a3b", "h100-sxm", R"(,"gpus":4,"expert_parallel":true)").Has("experts_uneven"));
  EXPECT_TRUE(Check("gpt-oss-20b", "h100-sxm", R"(,"gpus":64,"expert_parallel":true)").Has("experts_uneven"));
}

TEST(SglangGates, CardsAndTypes) {
  EXPECT_TRUE(Check("llama-3.1-8b", "apple-m4-max").Has("card_not_supported"));
  EXPECT_TRUE(Check("llama-3.1-8b", "v100-32gb").Has("compute_capability_too_low"));
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"kv_cache_dtype":"q8_0")").Has("kv_type_not_supported"));
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"kv_cache_dtype":{"k":"fp8","v":"bf16"})")
                  .Has("kv_types_differ"));
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"format":"bnb-int8")").Has("format_not_supported"));
}

TEST(SglangGates, MemoriesMustBeAlike) {
  EXPECT_TRUE(
      Check("llama-3.1-8b", "h100-sxm", R"(,"gpus":2,"reserved_mib":[0,9000])").Has("memory_unbalanced"));
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"gpus":2,"reserved_mib":[0,7000])").starts);
}

TEST(SglangGates, ReleasesAndDrafts) {
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"gpus":2,"pp":2,"engine_version":"0.4.5")")
                  .Has("pipeline_needs_newer_release"));
  EXPECT_TRUE(Check("llama-3.1-8b", "h100-sxm", R"(,"speculative":{"method":"mtp","num_tokens":1})")
                  .Has("no_mtp_layers"));
}

TEST(SglangGates, FormatsAndCardsByRelease) {
  const auto runs = [](const char* gpu, const char* format, const char* version = "0.5.18") {
    const EstimatedCase c =
        EstimateText(std::string(R"({"model":"qwen3-4b","max_model_len":2048,"engine":"sglang","gpu":")") +
                     gpu + R"(","format":")" + format + R"(","engine_version":")" + version + "\"}");
    EXPECT_EQ(c.error, "");
    return c.report.verdict != Verdict::kInvalid;
  };
  EXPECT_FALSE(runs("rtx-a6000", "nvfp4", "0.5.9"));
  EXPECT_TRUE(runs("rtx-a6000", "nvfp4", "0.5.10"));
  EXPECT_TRUE(runs("b200", "nvfp4", "0.5.9"));
  EXPECT_FALSE(runs("mi300x", "nvfp4"));
  EXPECT_TRUE(runs("mi300x", "fp8"));
  EXPECT_FALSE(runs("t4", "fp8"));
  EXPECT_TRUE(runs("t4", "awq-int4"));
  for (const char* gpu : {"mi210", "rx-7900-xtx", "gaudi3", "apple-m4-max"})
    EXPECT_FALSE(runs(gpu, "bf16")) << gpu;
  EXPECT_TRUE(runs("mi355x", "bf16"));
}

}  // namespace
}  // namespace plimsoll
