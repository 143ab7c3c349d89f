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

TEST(Mend, AnOptionThatAnotherOneNeedsIsAdded) {
  const CheckResult result = Checked(
      "docker run vllm/vllm-openai:v0.16.0 --model Qwen/Qwen3-8B --max-model-len 8192 --kv-offloading-size "
      "20");
  EXPECT_TRUE(HasProblem(result, "option_missing"));
  ASSERT_TRUE(result.mended);
  EXPECT_TRUE(result.mended->text.ends_with("--kv-offloading-size 20 --disable-hybrid-kv-cache-manager"))
      << result.mended->text;
  EXPECT_FALSE(HasProblem(Checked(result.mended->text), "option_missing"));
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

TEST(Mend, LinesGoOnAsTheyDoInTheirShell) {
  for (const char* end : {"\\", "`", "^"}) {
    const std::string text = std::string("vllm serve Qwen/Qwen3-32B-AWQ ") + end + "\n  --max-num-seqs 64";
    const CheckResult result = Checked(text);
    ASSERT_TRUE(result.mended) << text;
    EXPECT_TRUE(result.mended->text.starts_with(text + " " + end + "\n  --max-model-len "))
        << result.mended->text;
    ExpectMended(text);
  }
}

// One card of little RAM holds neither the layers that are asked for nor those that stay behind.
constexpr char kShort[] = "# plimsoll: g=rtx-4090&ram=20\n";

TEST(Mend, WhatIsTypedIntoARunningProgramIsAddedThere) {
  const std::string text = std::string(kShort) +
                           "ollama run qwen3:32b\n>>> /set parameter num_gpu 64\n"
                           ">>> /set parameter num_ctx 40960";
  const CheckResult result = Checked(text);
  ASSERT_TRUE(result.mended) << text;
  EXPECT_EQ(result.mended->text.find("PARAMETER"), std::string::npos) << result.mended->text;
  ExpectMended(text);
  ExpectMended("# plimsoll: g=rtx-4090&ngl=64\nollama run qwen3:32b");
}

TEST(Mend, BodiesOfRequestsAreMendedAsJson) {
  ExpectMended(
      "# plimsoll: g=rtx-4090\ncurl http://localhost:11434/api/chat -d '{\"model\": \"qwen3:32b\", "
      "\"options\": {\"num_gpu\": 64, \"num_ctx\": 40960}}'");
  ExpectMended(
      "# plimsoll: g=rtx-4090&ngl=64\ncurl http://localhost:11434/api/chat -d '{\"model\": \"qwen3:32b\"}'");
  ExpectMended(
      "# plimsoll: g=rtx-4090&ngl=64\nimport ollama\n"
      "ollama.chat(model='qwen3:32b', options={'temperature': 0})\n");
}

TEST(Mend, KeywordsOfAnotherProgramKeepTheirNames) {
  const CheckResult result = Checked(
      "# plimsoll: g=rtx-4090\nllm = Llama(model_path='Qwen3-32B-Q4_K_M.gguf', n_gpu_layers=-1, "
      "n_ctx=40960)");
  ASSERT_TRUE(result.failure);
  ASSERT_TRUE(result.mended);
  EXPECT_EQ(result.mended->text.find("ctx_size"), std::string::npos) << result.mended->text;
  EXPECT_EQ(result.mended->text.find("n_ctx=40960"), std::string::npos) << result.mended->text;
}

TEST(Mend, ASplitThatIsTooUnevenIsTheCauseAndGoes) {
  const char* text =
      "# plimsoll: g=rtx-4090,rtx-4090\nllama-server -m Qwen3-32B-Q4_K_M.gguf -c 32768 -ngl 99 -ts 9,1 "
      "--port 1";
  const CheckResult result = Checked(text);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->knob, "tensor_split");
  EXPECT_EQ(result.failure->cause.find("tensor_split 9,1 puts "), 0U) << result.failure->cause;
  ASSERT_TRUE(result.mended);
  EXPECT_EQ(result.mended->text.find("-ts"), std::string::npos) << result.mended->text;
  ExpectMended(text);
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
