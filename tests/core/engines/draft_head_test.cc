#include "core/engines/draft_head.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/vllm/vllm_kv_cache.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase Drafting(const char* method) {
  return EstimateText(std::string(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,)") +
                      R"("speculative":{"method":")" + method + R"(","num_tokens":3}})");
}

// Llama-3.1-8B: the published EAGLE-3 head has 3 x 4096 inputs joined to 4096, attention over 2 x 4096, an
// MLP of 14336 and a head of 32000 rows.
TEST(DraftHead, Eagle3IsALayerAndAHeadOfItsOwn) {
  const EstimatedCase c = Drafting("eagle3");
  const int64_t joined = int64_t{3} * 4096 * 4096;
  const int64_t layer = int64_t{2} * 4096 * (4096 + 2048) + 4096 * (4096 + 3 * int64_t{14336});
  EXPECT_EQ(DraftHeadBytes(*c.resolved.architecture, SpeculativeMethod::kEagle3, 1).count(),
            2 * (joined + layer + int64_t{32000} * 4096));
}

TEST(DraftHead, EachMethodKeepsTheCacheOfItsLayers) {
  const auto block = [](const char* method) {
    const EstimatedCase c = Drafting(method);
    return LayOutCache(c.resolved, RulesFor(c.resolved), {0, 32}, true).block_bytes;
  };
  const int64_t layer = 16 * 2 * 8 * 128 * 2;
  EXPECT_EQ(block("ngram"), 32 * layer);
  EXPECT_EQ(block("eagle"), 33 * layer);
  EXPECT_EQ(block("eagle3"), 33 * layer);
  EXPECT_EQ(block("dflash"), 37 * layer);
  const Bytes plain = Drafting("ngram").report.per_gpu[0].weights;
  EXPECT_GT(Drafting("eagle3").report.per_gpu[0].weights, plain);
  EXPECT_GT(Drafting("dflash").report.per_gpu[0].weights, Drafting("eagle3").report.per_gpu[0].weights);
}

}  // namespace
}  // namespace plimsoll
