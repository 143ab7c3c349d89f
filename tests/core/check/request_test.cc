#include "core/check/request.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(Request, ABodyAloneIsItsEngines) {
  EXPECT_EQ(ConfigIn("{\"model\": \"llama3.3:70b\", \"options\": {\"num_ctx\": 16384, \"num_gpu\": 40}}"),
            "m=llama-3.3-70b&q=gguf-q4_k_m&e=ollama&ctx=16384&ngl=40");
  // "format" is a word of theirs as well as of ours.
  EXPECT_EQ(ConfigIn("{\"model\": \"qwen3:8b\", \"prompt\": \"Why?\", \"format\": \"json\"}"),
            "m=qwen3-8b&q=gguf-q4_k_m&e=ollama");
  EXPECT_EQ(ConfigIn("{\"model\": \"qwen3-8b\", \"format\": \"awq-int4\"}"), "m=qwen3-8b&q=awq-int4");
}

TEST(Request, CodeThatSendsOne) {
  EXPECT_EQ(
      ConfigIn("import requests\nbody = {'model': 'qwen3:8b', 'messages': [], 'options': {'num_ctx': 8192}}\n"
               "requests.post('http://localhost:11434/api/chat', json=body)"),
      "m=qwen3-8b&q=gguf-q4_k_m&e=ollama&ctx=8192");
  EXPECT_EQ(ConfigIn("await fetch('http://localhost:11434/api/generate', {method: 'POST',\n"
                     "  body: JSON.stringify({model: 'qwen3:8b', prompt: 'x', options: {num_ctx: 8192}})})"),
            "m=qwen3-8b&q=gguf-q4_k_m&e=ollama&ctx=8192");
}

TEST(Request, AModelThatIsMadeComesOfAnother) {
  EXPECT_EQ(
      ConfigIn("curl http://localhost:11434/api/create -d '{\"model\": \"mine\", \"from\": \"qwen3:8b\", "
               "\"parameters\": {\"num_ctx\": 4096}}'"),
      "m=qwen3-8b&q=gguf-q4_k_m&e=ollama&ctx=4096");
}

TEST(Request, AMemberThatNobodyKnowsIsNamed) {
  const CheckResult read =
      Checked("{\"model\": \"qwen3:8b\", \"prompt\": \"x\", \"options\": {\"num_ctxx\": 1}}");
  ASSERT_EQ(read.not_understood.size(), 1U);
  EXPECT_TRUE(HasProblem(read, "option_unknown", "num_ctxx"));
}

}  // namespace
}  // namespace plimsoll
