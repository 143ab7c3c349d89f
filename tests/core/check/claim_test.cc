#include "core/check/claim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "core/check/check.h"
#include "core/check/claim_answer.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// The codes of what is said: "claim_right", or "claim_wrong" and the mistake.
std::string Judged(std::string_view text) {
  const Result<CheckResult> result = Check(text, ShippedCatalog());
  if (!result.ok()) return "(refused)";
  if (result->kind != CheckKind::kClaim) return "(no claim)";
  std::string codes;
  for (const CheckProblem& problem : result->problems) codes += (codes.empty() ? "" : " ") + problem.code;
  return codes;
}

TEST(Claim, WhatIsRightIsRight) {
  EXPECT_EQ(Judged("Llama 3.1 8B takes 16 GB in bf16"), "claim_right");
  EXPECT_EQ(Judged("llama-3.1-70b needs 141 GB"), "claim_right");
  EXPECT_EQ(Judged("Qwen3 32B AWQ takes 19.3 GB."), "claim_right");
  EXPECT_EQ(Judged("Llama 3.1 8B Q4_K_M is 4.6 GiB"), "claim_right");
  EXPECT_EQ(Judged("the KV cache of Llama 3.1 8B takes 4.3 GB at 32k"), "claim_right");
  EXPECT_EQ(Judged("Llama 3.1 8B fits on a 4090 with 8k context"), "claim_right");
  EXPECT_EQ(Judged("Llama 3.1 70B does not fit in 24 GB"), "claim_right");
}

TEST(Claim, ClassicMistakesAreNamed) {
  EXPECT_EQ(Judged("70B AWQ takes 17 GB"), "claim_wrong bits_for_bytes");
  EXPECT_EQ(Judged("Llama 3.1 70B AWQ needs 35 GB"), "claim_wrong name_of_the_codebook");
  EXPECT_EQ(Judged("Qwen3 30B A3B takes 6.7 GB in bf16"), "claim_wrong active_parameters");
  EXPECT_EQ(Judged("DeepSeek-V3 needs 37 GB"), "claim_wrong active_parameters");
  EXPECT_EQ(Judged("Llama 3.1 8B takes 15 GB in bf16"), "claim_wrong gb_and_gib");
  EXPECT_EQ(Judged("KV cache of Llama 3.1 8B takes 17.2 GB at 32k"), "claim_wrong heads_for_kv_heads");
  EXPECT_EQ(Judged("KV cache of Llama 3.1 8B takes 134 MB at 32k"), "claim_wrong one_layer");
  EXPECT_EQ(Judged("Qwen3 32B AWQ takes 65 GB"), "claim_wrong sixteen_bits");
  EXPECT_EQ(Judged("Llama 3.1 70B AWQ fits in 24 GB with 32k"), "claim_wrong");
}

// 80 layers, keys and values, 8 heads of 128, two bytes: 327,680; with all 64 heads 2.6 MB.
TEST(Claim, ACacheIsSaidPerToken) {
  EXPECT_EQ(Judged("Llama 3.1 70B KV cache is 328 KB per token"), "claim_right");
  EXPECT_EQ(Judged("the KV cache of Llama 3.1 70B takes 320 KiB/token"), "claim_right");
  EXPECT_EQ(Judged("Llama 3.1 70B KV cache is 2.6 MB per token"), "claim_wrong heads_for_kv_heads");
  EXPECT_EQ(Judged("Llama 3.1 70B needs 164 KB for each token"), "claim_wrong keys_alone");
}

// "Runs" without a length is true where a useful one has room, and the length is said.
TEST(Claim, WithoutAContextALengthThatFitsIsEnough) {
  EXPECT_EQ(Judged("gpt-oss-120b runs on a single H100"), "claim_right");
  EXPECT_EQ(Judged("Qwen3 8B does not fit on a 4090"), "claim_wrong");
  EXPECT_EQ(Judged("Llama 3.1 70B runs on a single H100"), "claim_wrong");
  const Result<CheckResult> result = Check("Llama 3.1 8B runs on an RTX 4090", ShippedCatalog());
  ASSERT_TRUE(result.ok());
  EXPECT_NE(result->problems[0].message.find("tokens of context"), std::string::npos);
}

TEST(Claim, BitsAndColonsAreRead) {
  EXPECT_EQ(Judged("Llama 3.1 8B at 4 bits: 4 GB"), "claim_wrong name_of_the_codebook");
  EXPECT_EQ(Judged("Qwen3 32B AWQ: 19.3 GB"), "claim_right");
  EXPECT_EQ(Judged("Gemma 3 27B QAT needs 16 GB"), "claim_right");
}

TEST(Claim, ABareSizeIsSaidToBeAStandIn) {
  const Result<CheckResult> result = Check("70B AWQ takes 17 GB", ShippedCatalog());
  ASSERT_TRUE(result.ok());
  EXPECT_NE(result->understood[0].note.find("stands for"), std::string::npos);
  EXPECT_NE(result->problems[0].message.find("too little"), std::string::npos);
}

TEST(Claim, QuestionsAndNotesAreAnswered) {
  EXPECT_EQ(Judged("Can I run Mixtral 8x7B Q4 on 2x 3090?"), "claim_right");
  EXPECT_EQ(Judged("llama 3 70b int4 on a single 4090 at 8k"), "claim_wrong");
  EXPECT_EQ(Judged("is 24GB enough for qwen3 30b a3b q4?"), "claim_right");
  EXPECT_EQ(Judged("13B in 8-bit needs 26GB"), "claim_wrong sixteen_bits");
  const std::optional<Claim> claim = ReadClaim("Can I run Mixtral 8x7B Q4 on 2x 3090?", ShippedCatalog());
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->config.format.AsString(), "gguf-q4_k_m");
  EXPECT_EQ(claim->config.gpus, 2);
}

TEST(Claim, AModelThatNobodyKnowsIsNotTakenForAnother) {
  const Result<CheckResult> result = Check("Qwen9 32B Q4 needs 20 GB", ShippedCatalog());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->kind, CheckKind::kClaim);
  ASSERT_EQ(result->problems.size(), 1U);
  EXPECT_EQ(result->problems[0].code, "model_unknown");
  EXPECT_NE(result->problems[0].fix.find("Qwen3 32B"), std::string::npos) << result->problems[0].fix;
  EXPECT_EQ(result->not_understood, std::vector<std::string>{"Qwen9 32B"});
  // A bare size still stands for a model of that size.
  EXPECT_EQ(Judged("a 70B AWQ takes 17 GB"), "claim_wrong bits_for_bytes");
}

TEST(Claim, TakesTheSentenceApart) {
  const std::optional<Claim> claim =
      ReadClaim("Qwen3-32B Q4_K_M fits on two RTX 3090 with 32k", ShippedCatalog());
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->kind, ClaimKind::kFits);
  EXPECT_EQ(claim->config.model, "qwen3-32b");
  EXPECT_EQ(claim->config.format.AsString(), "gguf-q4_k_m");
  EXPECT_EQ(claim->config.gpu, std::vector<std::string>{"rtx-3090"});
  EXPECT_EQ(claim->config.gpus, 2);
  EXPECT_EQ(claim->config.max_model_len, 32768);
}

TEST(Claim, WhatIsNoClaimIsLeftToOthers) {
  for (const char* text : {"", "hello", "it fits", "takes 17 GB", "Qwen3 32B", "vllm serve Qwen/Qwen3-32B",
                           "fits in 24 GB", "is is is is", "70B", "Qwen3 32B is nice"})
    EXPECT_FALSE(ReadClaim(text, ShippedCatalog())) << text;
  EXPECT_FALSE(ReadClaim(std::string(1 << 20, 'x'), ShippedCatalog()));
}

TEST(Claim, AnySentenceIsRead) {
  const std::vector<std::string> words = {"70B",   "takes", "fits", "in",  "on",    "a",   "17",   "GB",
                                          "1e999", "-3",    "32k",  "AWQ", "Qwen3", "32B", "4090", "not",
                                          "KV",    "cache", "\xff", "GiB", "2x",    "0",   "with"};
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    std::string text;
    for (int i = 0; i < 8; ++i) text += words[random() % words.size()] + " ";
    ReadClaimText(text, ShippedCatalog());
  }
}

}  // namespace
}  // namespace plimsoll
