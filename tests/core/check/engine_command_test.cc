#include "core/check/engine_command.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(EngineCommand, OptionsAndVariablesBecomeKeys) {
  EXPECT_EQ(ConfigIn("M=Qwen/Qwen3-8B\nCUDA_VISIBLE_DEVICES=2,3 vllm serve $M -tp 2 --port 9000"),
            "m=qwen3-8b&e=vllm&n=2&tp=2");
}

TEST(EngineCommand, EveryOptionIsUsedFreeOrListed) {
  const CheckResult result =
      Checked("vllm serve Qwen/Qwen3-8B --port 1 --max-model-len 8k --all2all-backend X --odd 3");
  ASSERT_EQ(result.understood.size(), 4U);
  EXPECT_EQ(result.understood[0].effect, ReadEffect::kFree);
  EXPECT_EQ(result.understood[1].effect, ReadEffect::kKey);
  EXPECT_EQ(result.understood[1].key, "max_model_len");
  EXPECT_EQ(result.understood[2].effect, ReadEffect::kNotModelled);
  ASSERT_EQ(result.not_understood.size(), 1U);
  EXPECT_EQ(result.not_understood[0], "--odd 3");
  EXPECT_TRUE(HasProblem(result, "option_unknown", "--odd"));
}

TEST(EngineCommand, OptionsOfOtherReleasesAreSaid) {
  const CheckResult gone =
      Checked("docker run vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B --num-scheduler-steps 8");
  EXPECT_TRUE(HasProblem(gone, "option_removed", "--num-scheduler-steps"));
  const CheckResult early =
      Checked("docker run vllm/vllm-openai:v0.9.2 --model Qwen/Qwen3-8B --kv-offloading-size 8");
  EXPECT_TRUE(HasProblem(early, "option_too_new", "--kv-offloading-size"));
  // Nothing names a release: the newest that has them all is taken.
  const CheckResult inferred = Checked("vllm serve Qwen/Qwen3-8B --num-scheduler-steps 8");
  EXPECT_EQ(inferred.config.engine_version, "0.10.0");
  EXPECT_TRUE(HasProblem(inferred, "version_inferred"));
  const CheckResult package = Checked("pip install vllm==0.9.1\nvllm serve Qwen/Qwen3-8B");
  EXPECT_EQ(package.config.engine_version, "0.9.1");
}

TEST(EngineCommand, SecretsAreNeverShown) {
  const CheckResult result = Checked(
      "docker run -e HF_TOKEN=hf_secret vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B --api-key sk-secret");
  for (const ReadItem& item : result.understood) {
    EXPECT_EQ(item.text.find("secret"), std::string::npos) << item.text;
    EXPECT_EQ(item.value.find("secret"), std::string::npos) << item.text;
  }
  EXPECT_TRUE(result.not_understood.empty());
}

TEST(EngineCommand, RefusedValuesAreNamed) {
  const CheckResult result = Checked("vllm serve Qwen/Qwen3-8B --max-num-seqs many --max-model-len");
  EXPECT_TRUE(HasProblem(result, "value_not_taken", "--max-num-seqs"));
  EXPECT_TRUE(HasProblem(result, "value_missing", "--max-model-len"));
}

TEST(EngineCommand, ANumberBeyondEveryRangeIsNamedOnce) {
  for (const char* text : {"LLM(model='Qwen/Qwen3-8B', max_model_len=99999999999999999999999)",
                           "vllm serve Qwen/Qwen3-8B --max_model_len 99999999999999999999999"}) {
    const CheckResult read = Checked(text);
    ASSERT_TRUE(HasProblem(read, "value_not_taken")) << text;
    const CheckProblem& problem = read.problems[0];
    EXPECT_NE(problem.option.find("max"), std::string::npos);
    EXPECT_EQ(problem.message.find("max_model_len"), std::string::npos) << problem.message;
    EXPECT_NE(problem.message.find("99999999999999999999999"), std::string::npos) << problem.message;
  }
}

TEST(EngineCommand, UnknownModelsAreSaid) {
  const CheckResult result = Checked("vllm serve Some/Body-Knows-9B --max-model-len 4096");
  EXPECT_TRUE(HasProblem(result, "model_unknown"));
  EXPECT_FALSE(result.answered);
  EXPECT_EQ(result.not_understood.size(), 1U);
}

TEST(EngineCommand, ACommentTellsWhatACommandCannot) {
  EXPECT_EQ(ConfigIn("# plimsoll: g=h100-sxm&in=2048\nvllm serve Qwen/Qwen3-8B"),
            "m=qwen3-8b&e=vllm&g=h100-sxm&in=2048");
}

TEST(EngineCommand, SeveralServersAreSaid) {
  EXPECT_TRUE(HasProblem(Checked("vllm serve Qwen/Qwen3-8B\nvllm serve Qwen/Qwen3-4B"), "several_commands"));
}

}  // namespace
}  // namespace plimsoll
