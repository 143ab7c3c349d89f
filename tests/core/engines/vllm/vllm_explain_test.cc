#include "core/engines/vllm/vllm_explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

const Term* Find(const std::vector<Term>& terms, std::string_view name, int depth = -1) {
  for (const Term& term : terms) {
    if (term.name == name && (depth < 0 || term.depth == depth)) return &term;
  }
  return nullptr;
}

std::vector<std::string> Lines(const EstimatedCase& c) { return ExpectedVllmLog(c.resolved, c.report); }

bool Prints(const EstimatedCase& c, std::string_view part) {
  const std::vector<std::string> lines = Lines(c);
  return std::any_of(lines.begin(), lines.end(),
                     [part](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST(VllmExplain, TermsSayWhereTheirNumbersComeFrom) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"h100-sxm","gpus":2,"max_model_len":16384,
          "max_num_seqs":256,"max_num_batched_tokens":8192,"engine_version":"0.24.0"})");
  const std::vector<Term> terms = ExplainVllm(c.resolved, c.report);
  const Term* weights = Find(terms, "Weights");
  ASSERT_NE(weights, nullptr);
  EXPECT_EQ(weights->substituted.substr(0, 17), "70.6B parameters,");
  EXPECT_NE(weights->substituted.find("bits on average, over 2 cards"), std::string::npos)
      << weights->substituted;
  EXPECT_EQ(weights->bytes, c.report.per_gpu[0].weights);
  EXPECT_EQ(weights->depth, 0);
  const Term* activation = Find(terms, "Activation peak");
  ASSERT_NE(activation, nullptr);
  EXPECT_EQ(activation->substituted, "8,192 tokens in a step, 256 sequences");
  EXPECT_EQ(Find(terms, "MLP", 1)->substituted, "56.4B parameters, int4 g128");
  // Phases do not add up, so their size stands in the text: 2 B x 8192 x (3 x 14336 + 4 x 8192).
  EXPECT_EQ(Find(terms, "MLP", 2)->substituted, "8,192 tokens, intermediate 28,672, hidden 8,192 = 1.16 GiB");
  EXPECT_EQ(Find(terms, "Non-torch memory")->substituted, "2 cards");
  const Term* pool = Find(terms, "KV cache pool");
  ASSERT_NE(pool, nullptr);
  EXPECT_EQ(pool->substituted, "79.10 GiB x 0.92 - the above");
  EXPECT_EQ(pool->formula, "capacity x utilization - weights - activation - non-torch - graphs");
  // 1024 blocks of 16 tokens, of 80 layers x 4 heads x 128 x 2 x 2 bytes.
  const Term* sequence = Find(terms, "One sequence of max_model_len");
  EXPECT_EQ(sequence->substituted, "1,024 x 2,621,440 B, 16,384 tokens");
  EXPECT_EQ(sequence->bytes, Bytes(2621440) * 1024);
  EXPECT_EQ(sequence->depth, 2);
}

TEST(VllmExplain, AFixedPoolIsSaidAsGiven) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":4096,"kv_cache_memory_bytes":4294967296})");
  const std::vector<Term> terms = ExplainVllm(c.resolved, c.report);
  EXPECT_EQ(Find(terms, "KV cache pool")->formula, "kv_cache_memory_bytes");
  EXPECT_EQ(Find(terms, "KV cache pool")->substituted, "4.00 GiB");
}

TEST(VllmExplain, PartsOfTheWeightsAddUp) {
  for (const char* config :
       {R"({"model":"deepseek-v3","format":"fp8-block","gpu":"h200","gpus":8,"max_model_len":8192})",
        R"({"model":"gpt-oss-20b","gpu":"rtx-4090","max_model_len":8192})",
        R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"cpu_offload_gb":3})"}) {
    const EstimatedCase c = EstimateText(config);
    Bytes sum;
    for (const Term& term : ExplainVllm(c.resolved, c.report)) {
      if (term.depth == 1) sum += term.bytes;
    }
    EXPECT_EQ(sum, c.report.per_gpu[0].weights) << config;
  }
  const EstimatedCase offload =
      EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"cpu_offload_gb":3})");
  EXPECT_EQ(Find(ExplainVllm(offload.resolved, offload.report), "Kept in RAM")->bytes, Bytes(0) - GiB(3));
}

TEST(VllmExplain, GraphsAndDriver) {
  const auto text = [](const char* version, const char* name) {
    const EstimatedCase c = EstimateText(
        std::string(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"max_num_seqs":256,)") +
        R"("engine_version":")" + version + "\"}");
    const std::vector<Term> terms = ExplainVllm(c.resolved, c.report);
    const Term* term = Find(terms, name);
    return term == nullptr ? std::string("none") : term->substituted;
  };
  EXPECT_EQ(text("0.28.0", "CUDA graphs"), "none") << "runner V2 estimates none";
  EXPECT_EQ(text("0.24.0", "CUDA graphs"), "51 graphs of parts of a step, 35 of whole steps, 32 layers");
  EXPECT_EQ(text("0.12.0", "CUDA graphs, outside the budget"),
            "51 graphs of parts of a step, 35 of whole steps, 32 layers");
  EXPECT_EQ(text("0.10.0", "CUDA graphs, outside the budget"),
            "67 graphs of parts of a step, 0 of whole steps, 32 layers");
  EXPECT_EQ(text("0.20.0", "Driver"), "CUDA 13.0: driver 580");
  EXPECT_EQ(text("0.19.0", "Driver"), "CUDA 12.8: driver 570, or 525 with compatibility");
  EXPECT_EQ(text("0.9.0", "Driver"), "CUDA 12.8: driver 570, or 525 with compatibility");
  EXPECT_EQ(text("0.8.5", "Driver"), "CUDA 12.1 to 12.4: driver 525");
}

TEST(VllmExplain, LinesOfEachEngine) {
  const EstimatedCase v1 = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"engine_version":"0.12.0"})");
  EXPECT_EQ(Lines(v1)[0], "Model loading took 14.9888 GiB");
  EXPECT_TRUE(Prints(v1, "Available KV cache memory: "));
  EXPECT_TRUE(Prints(v1, "Maximum concurrency for 8,192 tokens per request: "));
  EXPECT_TRUE(Prints(v1, "(beside the budget)"));
  EXPECT_TRUE(Prints(v1, "MiB under load"));
  const EstimatedCase early = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"engine_version":"0.8.5"})");
  EXPECT_EQ(Lines(early)[0], "Model loading took 14.99 GB") << "two places and no unit of two";
  EXPECT_FALSE(Prints(early, "Available KV cache memory"));
  const EstimatedCase v0 = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"engine_version":"0.6.3"})");
  EXPECT_EQ(Lines(v0)[0], "Loading model weights took 14.9888 GB");
  EXPECT_TRUE(Prints(v0, "# GPU blocks: "));
  EXPECT_FALSE(Prints(v0, "model weights take")) << "the table came with 0.6.5";
  const EstimatedCase table = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"engine_version":"0.6.6"})");
  EXPECT_TRUE(Prints(table, "model weights take 14.99GiB; non_torch_memory takes "));
  EXPECT_TRUE(Prints(table, "total_gpu_memory (79.10GiB) x gpu_memory_utilization (0.90) = 71.19GiB"));
}

TEST(VllmExplain, ErrorsByTheStageAndTheRelease) {
  const auto last = [](const char* config) {
    const EstimatedCase c = EstimateText(config);
    const std::vector<std::string> lines = ExpectedVllmLog(c.resolved, c.report);
    return lines.empty() ? std::string() : lines.back();
  };
  EXPECT_EQ(last(R"({"model":"llama-3.1-70b","gpu":"rtx-4090","max_model_len":4096})").substr(0, 44),
            "torch.OutOfMemoryError: CUDA out of memory. ");
  const std::string cache = last(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","engine_version":"0.12.0"})");
  EXPECT_NE(cache.find("the models's max seq len (131072), (16.00 GiB KV cache is needed"), std::string::npos)
      << cache;
  EXPECT_NE(cache.find("the estimated maximum model length is "), std::string::npos) << cache;
  EXPECT_EQ(cache.find("docs.vllm.ai"), std::string::npos) << cache;
  const std::string recent = last(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","engine_version":"0.22.0"})");
  EXPECT_NE(recent.find("the model's max seq len (131072), (16.0 GiB KV cache"), std::string::npos) << recent;
  EXPECT_NE(recent.find("docs.vllm.ai"), std::string::npos) << recent;
  const std::string v0 = last(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","engine_version":"0.7.3"})");
  EXPECT_EQ(v0.substr(0, 47), "ValueError: The model's max seq len (131072) is") << v0;
  EXPECT_TRUE(last(R"({"model":"llama-3.1-8b","gpu":"apple-m4-max"})").empty()) << "it does not start at all";
}

}  // namespace
}  // namespace plimsoll
