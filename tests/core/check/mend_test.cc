#include "core/check/mend.h"

#include <gtest/gtest.h>

#include <string>

#include "core/estimate/estimate.h"
#include "tests/support/check_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// What was mended fits, and the marked places are what differs.
void ExpectMended(std::string_view text) {
  const CheckResult result = Checked(text);
  ASSERT_TRUE(result.failure) << text;
  ASSERT_TRUE(result.mended) << text;
  EXPECT_FALSE(result.mended->marks.empty());
  for (const MendedText::Mark& mark : result.mended->marks) {
    EXPECT_LE(mark.begin, mark.end);
    EXPECT_LE(mark.end, result.mended->text.size());
  }
  const CheckResult again = Checked(result.mended->text);
  const Result<Report> report = Estimate(again.config, ShippedCatalog());
  ASSERT_TRUE(report.ok()) << result.mended->text;
  EXPECT_TRUE(report->fits()) << result.mended->text;
  EXPECT_TRUE(again.not_understood.empty()) << result.mended->text;
}

TEST(Mend, AValueThatIsTooLargeIsReplaced) {
  const CheckResult result = Checked("vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 40960 --port 8000");
  ASSERT_TRUE(result.mended);
  EXPECT_EQ(result.mended->text.find("40960"), std::string::npos);
  EXPECT_EQ(result.mended->marks.size(), 1U);
  EXPECT_TRUE(result.mended->text.ends_with("--port 8000"));
  ExpectMended("vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 40960 --port 8000");
}

TEST(Mend, AMissingOptionIsAdded) {
  ExpectMended("vllm serve Qwen/Qwen3-32B-AWQ");
  ExpectMended(
      "docker run --gpus 1 vllm/vllm-openai:v0.11.0 \\\n  --model Qwen/Qwen3-32B-AWQ \\\n  --port 8000");
  ExpectMended("from vllm import LLM\nllm = LLM(model=\"Qwen/Qwen3-32B-AWQ\")\n");
}

TEST(Mend, ManifestsAreMendedInTheirOwnForm) {
  ExpectMended(
      "services:\n  x:\n    image: vllm/vllm-openai:v0.11.0\n    command: [\"--model\", "
      "\"Qwen/Qwen3-32B-AWQ\"]\n");
  ExpectMended(
      "services:\n  x:\n    image: vllm/vllm-openai:v0.11.0\n    command:\n      - --model\n      - "
      "Qwen/Qwen3-32B-AWQ\n    ipc: host\n");
  ExpectMended(
      "services:\n  x:\n    image: vllm/vllm-openai:v0.11.0\n    command:\n      - "
      "\"--model=Qwen/Qwen3-32B-AWQ\"\n      - \"--max-model-len=40960\"\n");
}

TEST(Mend, RefusedOptionsGo) {
  const CheckResult result = Checked(
      "docker run vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B --max-model-len 8192 --num-scheduler-steps "
      "8 --port 1");
  ASSERT_TRUE(result.mended);
  EXPECT_EQ(result.mended->text.find("--num-scheduler-steps"), std::string::npos);
  const CheckResult flag = Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf -c 4096 -fa -ngl 99");
  ASSERT_TRUE(flag.mended);
  EXPECT_NE(flag.mended->text.find("-fa on -ngl 99"), std::string::npos) << flag.mended->text;
}

TEST(Mend, WhatIsWellStaysAsItIs) {
  EXPECT_FALSE(Checked("vllm serve Qwen/Qwen3-8B --max-model-len 8192").mended);
}

}  // namespace
}  // namespace plimsoll
