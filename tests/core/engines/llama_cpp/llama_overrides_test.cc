#include "core/engines/llama_cpp/llama_overrides.h"

#include <gtest/gtest.h>

#include <string>

#include "core/estimate/estimate.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/resolved.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

const Architecture& Shipped(const char* id) { return TestCatalog().FindModel(id)->architecture(); }

int64_t Moved(const TensorOverrides& overrides, int32_t card) {
  int64_t count = 0;
  for (const TensorOverrides::Move& move : overrides.moves) count += move.card == card ? 1 : 0;
  return count;
}

Result<TensorOverrides> Read(std::string_view text, const Architecture& architecture, int64_t cards) {
  Steps steps(Inquiry::kMostPatternSteps);
  return ReadTensorOverrides(text, architecture, cards, &steps);
}

// What people paste, with the number of tensors that std::regex_search finds in the names of the GGUF.
TEST(LlamaOverrides, MatchesWhatPeopleWrite) {
  const Architecture& moe = Shipped("qwen3-30b-a3b");  // 48 layers, three stacks of experts in each
  struct Case {
    const char* text;
    int64_t host;
  };
  for (const Case& c :
       {Case{"exps=CPU", 144}, Case{".ffn_.*_exps.=CPU", 144}, Case{R"(\.ffn_(up|down)_exps\.=CPU)", 96},
        Case{R"(blk\.(1[0-9]|2[0-9])\.ffn.*_exps=CPU)", 60}, Case{R"(blk\.[0-9]\.ffn_gate_exps=CPU)", 10},
        Case{R"(blk\.(?:4[0-7])\..*_exps\.weight$=CPU)", 24}, Case{R"(blk.2.\.ffn_up_exps=CPU)", 10},
        Case{R"(^output\.weight=CPU)", 1}, Case{R"(blk\.\d{2}\.ffn_up_exps=CPU)", 38}}) {
    const Result<TensorOverrides> overrides = Read(c.text, moe, 2);
    ASSERT_TRUE(overrides.ok()) << c.text << ": " << overrides.error().Message();
    EXPECT_EQ(Moved(*overrides, -1), c.host) << c.text;
    EXPECT_TRUE(overrides->unmatched.empty()) << c.text;
  }
  const Architecture& dense = Shipped("llama-3.1-8b");
  const Result<TensorOverrides> overrides = Read(R"(blk\.(1[0-9]|2[0-9])\.ffn.*=CPU)", dense, 1);
  ASSERT_TRUE(overrides.ok());
  EXPECT_EQ(Moved(*overrides, -1), 20 * 4) << "gate, up, down and the norm";
}

TEST(LlamaOverrides, TheFirstPatternThatMatchesDecides) {
  const Result<TensorOverrides> overrides =
      Read(R"(blk\.[0-3]\.ffn_.*_exps=CUDA1,exps=CPU,ffn_up_exps=CUDA0)", Shipped("qwen3-30b-a3b"), 2);
  ASSERT_TRUE(overrides.ok());
  EXPECT_EQ(Moved(*overrides, 1), 12);
  EXPECT_EQ(Moved(*overrides, -1), 132);
  EXPECT_EQ(Moved(*overrides, 0), 0);
  ASSERT_EQ(overrides->unmatched.size(), 1u);
  EXPECT_EQ(overrides->unmatched[0], "ffn_up_exps");
  EXPECT_NEAR(overrides->host_experts, 44.0 / 48, 1e-9);
  EXPECT_EQ(overrides->host_dense, 0);
}

TEST(LlamaOverrides, ErrorsNameThePartThatIsNotUnderstood) {
  struct Case {
    const char* text;
    const char* given;
  };
  for (const Case& c :
       {Case{"exps=CPU,attn", "\"attn\""}, Case{"exps=", "\"\""}, Case{"exps=CUDA2", "\"CUDA2\""},
        Case{"exps=GPU", "\"GPU\""}, Case{"(exps=CPU", "\"(exps\""}, Case{"=CPU", "\"=CPU\""},
        Case{R"(ffn\b=CPU)", R"("ffn\b")"}, Case{"exps=CUDA99999999999", "\"CUDA99999999999\""}}) {
    const Result<TensorOverrides> overrides = Read(c.text, Shipped("qwen3-30b-a3b"), 2);
    ASSERT_FALSE(overrides.ok()) << c.text;
    EXPECT_EQ(overrides.error().field, "override_tensor");
    EXPECT_EQ(overrides.error().given, c.given) << c.text;
    EXPECT_FALSE(overrides.error().accepted.empty());
  }
}

TEST(LlamaOverrides, WorkIsBounded) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "(a|b|.)*{0}(x?){60}y=CPU,";
  const Result<TensorOverrides> over = Read(text, Shipped("deepseek-v3"), 1);
  if (!over.ok()) {
    EXPECT_NE(over.error().given.find("(a|b|.)*{0}"), std::string::npos);
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += "exps=CPU,";
  EXPECT_FALSE(Read(many, Shipped("qwen3-30b-a3b"), 1).ok());
}

// The same experts by -ot and by --n-cpu-moe hold the same bytes on the card and in RAM.
TEST(LlamaOverrides, SaysTheSameAsExpertsOfTheFirstLayers) {
  const std::string base =
      R"("model":"qwen3-30b-a3b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-3090","max_model_len":8192)";
  const EstimatedCase by_count = EstimateText("{" + base + R"(,"n_cpu_moe":13})");
  const EstimatedCase by_name = EstimateText(
      "{" + base + R"(,"override_tensor":"blk\\.([0-9]|1[0-2])\\.ffn_(up|down|gate)_exps=CPU"})");
  ASSERT_EQ(by_count.error, "");
  ASSERT_EQ(by_name.error, "");
  EXPECT_EQ(by_name.report.per_gpu[0].weights, by_count.report.per_gpu[0].weights);
  EXPECT_EQ(by_name.report.per_gpu[0].compute_buffer, by_count.report.per_gpu[0].compute_buffer);
  EXPECT_EQ(by_name.report.host.weights, by_count.report.host.weights);
  EXPECT_NEAR(by_name.report.speed.decode_tokens_per_s, by_count.report.speed.decode_tokens_per_s, 1e-6);
}

// Nothing is lost or counted twice, wherever tensors go.
TEST(LlamaOverrides, EveryTensorIsSomewhereOnce) {
  Bytes sum;
  for (const char* text : {"", "exps=CPU", "exps=CUDA1", "attn=CPU,ffn=CUDA0", R"(token_embd=CUDA1)",
                           "output=CPU", R"(blk\\.[13579]\\.=CUDA1,blk\\.[02468]\\.=CPU)"}) {
    for (const char* mode : {"layer", "row"}) {
      const EstimatedCase c = EstimateText(
          std::string(
              R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-3090",)") +
          R"("gpus":2,"max_model_len":8192,"split_mode":")" + mode + "\"" +
          (*text ? std::string(R"(,"override_tensor":")") + text + "\"" : "") + "}");
      ASSERT_EQ(c.error, "") << text;
      Bytes held = c.report.host.weights;
      for (const GpuReport& gpu : c.report.per_gpu) {
        EXPECT_GE(gpu.weights, Bytes(0)) << text;
        held += gpu.weights;
      }
      if (sum == Bytes(0)) sum = held;
      // Shares of rows are rounded to bytes.
      EXPECT_NEAR(static_cast<double>(held.count()), static_cast<double>(sum.count()), 4) << text << mode;
    }
  }
}

TEST(LlamaOverrides, ProportionsDecideOverFreeMemory) {
  const std::string base =
      R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q8_0","gpu":"rtx-3090","gpus":2,"max_model_len":8192)";
  const EstimatedCase even = EstimateText(base + "}");
  const EstimatedCase most = EstimateText(base + R"(,"tensor_split":[3,1]})");
  const EstimatedCase zeros = EstimateText(base + R"(,"tensor_split":[0,0]})");
  const EstimatedCase first = EstimateText(base + R"(,"tensor_split":[1]})");
  // 33 places, three quarters of them: layers 0 to 24 lie below 24.75.
  EXPECT_EQ(most.report.per_gpu[1].kv_cache.count() * 25, most.report.per_gpu[0].kv_cache.count() * 7);
  EXPECT_EQ(zeros.report.per_gpu[0].weights, even.report.per_gpu[0].weights);
  EXPECT_EQ(first.report.per_gpu[1].weights, Bytes(0));
  EXPECT_NE(EstimateText(base + R"(,"tensor_split":[1,1,1]})").error, "");
}

}  // namespace
}  // namespace plimsoll
