#include "core/check/claim_answer.h"

#include <gtest/gtest.h>

#include <string>

#include "core/check/check.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

CheckResult Answered(std::string_view text) {
  const Result<CheckResult> result = Check(text, ShippedCatalog());
  EXPECT_TRUE(result.ok()) << text;
  return result.ok() ? *result : CheckResult();
}

std::string Codes(const CheckResult& result) {
  std::string codes;
  for (const CheckProblem& problem : result.problems) codes += (codes.empty() ? "" : " ") + problem.code;
  return codes;
}

std::string Judged(std::string_view text) { return Codes(Answered(text)); }

bool Says(const CheckResult& result, std::string_view words) {
  for (const CheckProblem& problem : result.problems) {
    if ((problem.message + " " + problem.fix).find(words) != std::string::npos) return true;
  }
  return false;
}

// 46.7 thousand million, of which a token takes 12.9: eight experts of 7B would be 56.
TEST(ClaimAnswer, AProductInANameIsNoSize) {
  EXPECT_EQ(Judged("8x7B = 56B params"), "claim_wrong name_multiplied");
  EXPECT_EQ(Judged("Mixtral 8x7B has 56 billion parameters"), "claim_wrong name_multiplied");
  EXPECT_EQ(Judged("Mixtral 8x7B has 46.7B parameters"), "claim_right");
  EXPECT_EQ(Judged("Mixtral 8x7B has 13B active parameters"), "claim_right");
  EXPECT_EQ(Judged("Mixtral 8x7B has 13B parameters"), "claim_wrong active_parameters");
}

TEST(ClaimAnswer, HeadsAndLayersAreCounted) {
  EXPECT_EQ(Judged("Llama 3.1 8B has 32 KV heads"), "claim_wrong heads_for_kv_heads");
  EXPECT_EQ(Judged("Llama 3.1 8B has 8 KV heads"), "claim_right");
  EXPECT_EQ(Judged("Llama 3.1 8B has 32 attention heads"), "claim_right");
  EXPECT_EQ(Judged("Llama 3.1 70B has 80 layers"), "claim_right");
  EXPECT_EQ(Judged("Llama 3.1 70B has 32 layers"), "claim_wrong");
}

TEST(ClaimAnswer, ActiveParametersAreNamedInAnyNumberOfBits) {
  EXPECT_EQ(Judged("Qwen3-30B-A3B runs in 3GB"), "claim_wrong active_parameters");
  EXPECT_EQ(Judged("Qwen3-30B-A3B only needs 3GB because only 3B are active"),
            "claim_wrong active_parameters");
  EXPECT_EQ(Judged("Qwen3-30B-A3B needs 61 GB"), "claim_right");
}

TEST(ClaimAnswer, WhatFitsInAnotherEngineOrFewerBitsIsSaid) {
  const CheckResult other = Answered("gpt-oss 20b runs within 16GB of memory");
  EXPECT_EQ(Codes(other), "claim_right");
  EXPECT_TRUE(Says(other, "gguf-mxfp4_moe"));
  EXPECT_EQ(other.config.format.AsString(), "gguf-mxfp4_moe") << "and the link is of that";
  EXPECT_EQ(Judged("gpt-oss 20b runs within 16GB of memory with vLLM"), "claim_wrong active_parameters");
  EXPECT_TRUE(Says(Answered("does qwen3 32b fit in 24GB?"), "In gguf-q5_k_m it fits with"));
  EXPECT_TRUE(Says(Answered("Llama 3.1 405B runs on a T4"), "Does not fit"));
  EXPECT_EQ(Answered("Llama 3.1 405B runs on a T4").problems[0].fix, "");
}

TEST(ClaimAnswer, QuestionsAreAnsweredByYesAndNo) {
  EXPECT_TRUE(Answered("Can I run Llama 3.1 405B on 8x H100?").problems[0].message.starts_with("No. "));
  EXPECT_TRUE(Answered("Is an RTX 4070 enough for a 14B at Q4?").problems[0].message.starts_with("Yes"));
  EXPECT_TRUE(Answered("Llama 3.1 8B fits on a 4090 with 8k").problems[0].message.starts_with("Right"));
  const CheckResult amount = Answered("how much VRAM does Qwen3 32B need?");
  EXPECT_EQ(Codes(amount), "amount");
  EXPECT_TRUE(Says(amount, "65.5 GB"));
  EXPECT_TRUE(Says(amount, "in gguf-q4_k_m 19.8 GB"));
}

TEST(ClaimAnswer, CardsThatAreNeededAreNotMoreThanThat) {
  EXPECT_EQ(Judged("DeepSeek R1 needs 8 H200"), "claim_right");
  const CheckResult one = Answered("Llama 3.1 8B needs 8 H100");
  EXPECT_EQ(Codes(one), "claim_wrong");
  EXPECT_TRUE(Says(one, "one of them"));
  EXPECT_EQ(Judged("4090 can run 70B"), "claim_wrong");
  EXPECT_EQ(Judged("Llama-3.3-70B fits in 2x A100 80GB"), "claim_right");
}

TEST(ClaimAnswer, TrainingIsNotAnswered) {
  EXPECT_EQ(Judged("QLoRA 70B fits on 48GB"), "training");
  EXPECT_EQ(Judged("fine-tuning an 8B takes 24GB"), "training");
}

}  // namespace
}  // namespace plimsoll
