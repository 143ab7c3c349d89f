// The Check tab: what is pasted is read, said, and taken over only when somebody asks for it.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/test_data.h"
#include "tests/ui/page_driver.h"
#include "web/check_examples_table.h"

namespace plimsoll {
namespace {

const SemanticNode* Node(PageDriver& page, std::string_view label, std::string_view role = {}) {
  return page.app().semantics().Find(label, role);
}

const ShownTable* TableNamed(PageDriver& page, std::string_view caption) {
  for (const ShownTable& table : page.app().semantics().tables()) {
    if (table.caption == caption) return &table;
  }
  return nullptr;
}

TEST(CheckView, ACommandIsReadAndTakenOverWhenAsked) {
  PageDriver page;
  const Config before = page.state().config();
  page.state().CheckText("vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 8k --port 8000 --no-such-thing 3");
  page.Frames();
  EXPECT_EQ(page.state().tab(), "check");
  EXPECT_EQ(page.state().config(), before) << "reading changes nothing";
  const ShownTable* options = TableNamed(page, "Options read");
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->table.rows()[0][0], "--max-model-len 8k");
  ASSERT_NE(Node(page, "Not understood", "row"), nullptr);
  EXPECT_NE(Node(page, "Not understood", "row")->value.find("--no-such-thing"), std::string::npos);
  page.Click("Use this configuration", "button");
  EXPECT_EQ(page.state().config().model, "qwen3-32b");
  EXPECT_EQ(page.state().config().max_model_len, 8000);
  EXPECT_EQ(page.state().tab(), "check");
}

TEST(CheckView, EveryExampleIsReadWhole) {
  PageDriver page;
  page.Click("Check", "tab");
  page.Frames();
  for (const CheckExample& example : kCheckExamples) {
    page.Click("Try: " + std::string(example.name), "button");
    page.Frames();
    const CheckAnswer* answer = page.state().check.answer();
    ASSERT_NE(answer, nullptr) << example.name;
    EXPECT_FALSE(answer->config.members().empty()) << example.name;
    EXPECT_EQ(Node(page, "Not understood", "row"), nullptr) << example.name;
    EXPECT_EQ(Node(page, "Try: A claim", "button"), nullptr);
    page.Click("Clear", "button");
    page.Frames();
  }
}

TEST(CheckView, AFailureSaysWhereWhyAndThreeWaysOut) {
  PageDriver page;
  page.state().CheckText(ReadTestFile("logs/vllm-fail-06-cache_too_small.log"));
  page.Frames();
  EXPECT_NE(page.Get("Verdict", "heading").value.find("Out of memory while making the KV cache"),
            std::string::npos);
  ASSERT_NE(TableNamed(page, "Your log beside our figures"), nullptr);
  const ShownTable* ways = TableNamed(page, "Ways out, least costly first");
  ASSERT_NE(ways, nullptr);
  EXPECT_EQ(ways->table.rows().size(), 3U);
  page.Click("Take: " + ways->table.rows()[0][0], "button");
  EXPECT_EQ(page.state().config().model, "qwen3-32b");
}

TEST(CheckView, ACalibrationIsTakenShownAndRemovedAndHidesNothing) {
  PageDriver page;
  page.state().CheckText(ReadTestFile("logs/vllm-0_6_4-00.log"));
  page.Frames();
  page.Click("Use this configuration", "button");
  const Bytes plain = page.state().report().per_gpu[0].non_torch;
  page.Click("Take as this machine's calibration", "button");
  ASSERT_TRUE(page.state().config().cal);
  EXPECT_NE(page.state().FragmentText().find("cal="), std::string::npos);
  page.state().OpenTab("Memory");
  page.Frames();
  EXPECT_NE(page.Get("Calibration", "row").value.find("Without it: "), std::string::npos);
  page.Click("Remove the calibration", "button");
  EXPECT_FALSE(page.state().config().cal);
  EXPECT_EQ(page.state().report().per_gpu[0].non_torch, plain);
}

TEST(CheckView, WhatNvidiaSmiPrintsBecomesTheCardsOfTheConfiguration) {
  PageDriver page;
  const std::string model = page.state().config().model;
  page.state().CheckText(
      "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)\nGPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-2)\n");
  page.Frames();
  page.Click("Use this configuration", "button");
  EXPECT_EQ(page.state().config().model, model);
  EXPECT_EQ(page.state().config().gpu, std::vector<std::string>{"h100-sxm"});
  EXPECT_EQ(page.state().config().gpus, 2);
}

TEST(CheckView, AClaimIsJudgedAndNonsenseIsSaidToBeIt) {
  PageDriver page;
  page.state().CheckText("70B AWQ takes 17 GB");
  page.Frames();
  EXPECT_EQ(page.Get("Verdict", "heading").value.find("Wrong: "), 0U);
  page.state().CheckText("lorem ipsum dolor");
  page.Frames();
  EXPECT_FALSE(page.Shows("Use this configuration", "button"));
  EXPECT_FALSE(page.state().check.problem().empty());
  page.Click("Clear", "button");
  page.Frames();
  EXPECT_TRUE(page.state().check.problem().empty());
}

TEST(CheckView, TheMendedTextIsShownWithTheChangeMarked) {
  PageDriver page;
  page.state().CheckText("vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 40960");
  page.Frames();
  const SemanticNode* mended = Node(page, "Mended", "code");
  ASSERT_NE(mended, nullptr);
  ASSERT_NE(page.state().check.answer(), nullptr);
  EXPECT_FALSE(page.state().check.answer()->marks.empty());
  page.Click("Copy the mended text", "button");
  EXPECT_EQ(page.state().view.ask, "copy-shown");
  EXPECT_EQ(page.state().view.to_copy, mended->value);
}

TEST(CheckView, ARepositoryThatTheCatalogDoesNotHoldIsOfferedToBeFetched) {
  PageDriver page;
  page.state().CheckText("https://huggingface.co/Some-Org/Unheard-Of-9B");
  page.Frames();
  page.Click("Fetch Some-Org/Unheard-Of-9B from huggingface.co", "button");
  EXPECT_EQ(page.state().view.ask, "fetch-model");
}

TEST(CheckView, ALongTextShowsItsBeginningAndWhatWasSaidOfAllOfIt) {
  PageDriver page;
  ASSERT_TRUE(page.state().CheckBeginning(
      R"({"text":"INFO beginning","note":"The beginning of 20.0 MB; all of it is read."})"));
  page.Frames();
  EXPECT_TRUE(page.state().check.working());
  page.state().TakeChecked(R"({"kind":"log","what":"vLLM log","config":{},"url":""})");
  page.Frames();
  EXPECT_EQ(page.Get("Verdict", "heading").value, "A vLLM log");
}

TEST(CheckView, TheLaunchTabFollowsTheConfigurationAndTheForm) {
  PageDriver page(1440, 2400);
  page.state().LoadFragment("m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=launch");
  page.Frames();
  EXPECT_NE(page.Get("Command", "code").value.find("--max-model-len 8192"), std::string::npos);
  page.Click("As: Kubernetes", "button");
  page.Frames();
  EXPECT_NE(page.Get("Command", "code").value.find("kind: Deployment"), std::string::npos);
  ASSERT_NE(TableNamed(page, "What to expect"), nullptr);
  ASSERT_NE(TableNamed(page, "What to watch"), nullptr);
  page.Click("Copy the alert rules", "button");
  EXPECT_NE(page.state().view.to_copy.find("alert: "), std::string::npos);
  page.state().Dispatch({{"engine", Json("llama.cpp")}});
  page.Frames();
  EXPECT_NE(page.Get("Command", "code").value.find("llama.cpp"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
