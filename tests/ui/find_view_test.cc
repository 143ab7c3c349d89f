// The Find tab as somebody uses it.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/solve/find.h"
#include "tests/ui/page_driver.h"

namespace plimsoll {
namespace {

void Search(PageDriver& page) {
  page.Frames(2);
  for (int i = 0; i < 4000 && page.state().find.searching(); ++i) page.Frames(1);
  ASSERT_FALSE(page.state().find.searching());
  page.Frames(1);
}

TEST(FindView, WhatANeedCostsIsTheSolversOwnAnswer) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=h100-sxm&ctx=16384&c=4&t=find&find=card"));
  Search(page);
  FindQuestion question;
  question.base.model = "qwen3-8b";
  question.base.concurrency = 4;
  question.gpus = {"h100-sxm"};
  question.wishes.users = 4;
  question.wishes.max_model_len = 16384;
  const Result<FindAnswer> found = Find(question, page.state().catalog());
  ASSERT_TRUE(found.ok());
  ASSERT_FALSE(found->rows.empty());
  ASSERT_NE(page.state().find.answer(), nullptr);
  const Found& shown = page.state().find.answer()->found;
  ASSERT_EQ(shown.count, static_cast<int64_t>(found->rows.size()));
  EXPECT_EQ(shown.rows[0].price_per_h, found->rows[0].price_per_h);
  EXPECT_EQ(shown.rows[0].format, found->rows[0].format);
  EXPECT_NE(page.Get("Verdict").value.find("4 users at 16,384 tokens"), std::string::npos);
  ASSERT_EQ(page.app().semantics().tables().size(), 1U);
  EXPECT_EQ(page.app().semantics().tables()[0].table.rows().size(), 1U) << "one row for a card";
  page.Click("Rank by: Every layout");
  Search(page);
  EXPECT_EQ(page.app().semantics().tables()[0].table.rows().size(), std::min<size_t>(60, found->rows.size()));
}

TEST(FindView, ARowOpensAndIsPinned) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=rtx-4090&ctx=8192&c=2&t=find&find=card"));
  Search(page);
  page.Click("Pin row 1");
  EXPECT_FALSE(page.state().compare.empty());
  const auto& tables = page.app().semantics().tables();
  ASSERT_EQ(tables.size(), 1U);
  const std::string name = tables[0].table.rows()[0][0] + ", " + tables[0].table.rows()[0][2];
  page.Click(name, "row");
  EXPECT_EQ(page.state().tab(), "memory");
  EXPECT_TRUE(page.state().report().fits());
  EXPECT_EQ(page.state().config().gpu.front(), "rtx-4090");
}

TEST(FindView, TheOtherDoorListsModels) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=rtx-4090&ctx=8192&c=1&t=find"));
  page.Frames();
  page.Click("What can I run");
  Search(page);  // until then the rows move under the pointer
  page.Click("Size: To 15B");
  Search(page);
  EXPECT_EQ(page.state().FragmentText(), "m=qwen3-8b&g=rtx-4090&ctx=8192&c=1&t=find&find=run!upto.15");
  ASSERT_NE(page.state().find.answer(), nullptr);
  const auto& rows = page.state().find.answer()->found.rows;
  EXPECT_GT(rows.size(), 10U);
  for (const FindRow& row : rows) {
    EXPECT_LE(row.total_params, int64_t{15'000'000'000}) << row.model;
    EXPECT_EQ(row.gpu, "rtx-4090");
  }
}

TEST(FindView, ModelsAreFilteredByTaskLicenceAndEngine) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=h100-sxm&ctx=4096&c=1&t=find&find=run"));
  Search(page);
  page.Click("Task: Any");
  page.Click("Images", "option");
  Search(page);
  page.Click("Licence: Any");
  page.Click("For any use", "option");
  Search(page);
  EXPECT_EQ(page.state().FragmentText(),
            "m=qwen3-8b&g=h100-sxm&ctx=4096&c=1&t=find&find=run!task.images!license.open");
  ASSERT_NE(page.state().find.answer(), nullptr);
  const Found& found = page.state().find.answer()->found;
  EXPECT_GT(found.rows.size(), 10U);
  for (const FindRow& row : found.rows) {
    const Model& model = *page.state().catalog().FindModel(row.model);
    EXPECT_TRUE(model.tasks.Has(Task::kImages)) << row.model;
    EXPECT_TRUE(model.license == "apache-2.0" || model.license == "mit") << row.model;
  }
  EXPECT_GT(found.not_known, 0);
  const auto& nodes = page.app().semantics().nodes();
  EXPECT_TRUE(std::any_of(nodes.begin(), nodes.end(), [](const SemanticNode& node) {
    return node.label.find("left out because it is not known of") != std::string::npos;
  }));
  const Table& table = page.app().semantics().tables()[0].table;
  EXPECT_EQ(table.header().back(), "Licence");
  page.Click("Engine: vLLM, as set");
  page.Click("llama.cpp", "option");
  Search(page);
  ASSERT_FALSE(page.state().find.answer()->found.rows.empty());
  for (const FindRow& row : page.state().find.answer()->found.rows) EXPECT_EQ(row.config.engine, "llama.cpp");
}

TEST(FindView, WishesAreTyped) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=rtx-4090&ctx=8192&c=1"));
  page.Frames();
  page.Click("First token within, s");
  page.Type("800 ms");
  page.Press(ImGuiKey_Enter);
  page.Click("Each user at least, tok/s");
  page.Type("40");
  page.Press(ImGuiKey_Enter);
  page.Click("Budget, $ per hour");
  page.Type("$2.5");
  page.Press(ImGuiKey_Enter);
  const Wishes wishes = WishesOf(page.state().resolved(), page.state().find.ask);
  EXPECT_DOUBLE_EQ(wishes.ttft_ms.value_or(0), 800);
  EXPECT_DOUBLE_EQ(wishes.tokens_per_s.value_or(0), 40);
  EXPECT_DOUBLE_EQ(wishes.price_per_h.value_or(0), 2.5);
  EXPECT_FALSE(wishes.watts.has_value());
  PageDriver other;
  ASSERT_TRUE(other.state().LoadFragment(page.state().FragmentText())) << other.state().notice();
  EXPECT_EQ(WishesOf(other.state().resolved(), other.state().find.ask), wishes);
}

TEST(FindAsk, TravelsInALink) {
  FindAsk ask;
  EXPECT_EQ(EncodeFindAsk(ask), "");
  ask = {FindDoor::kRun, FindRank::kTokens, true, false, true, 2.5, 700, "any", {}};
  ask.models = {Task::kCode, "business", 15, 80, 2025};
  EXPECT_EQ(EncodeFindAsk(ask),
            "run!rank.mtok!card!every!budget.2.5!watts.700!upto.80!from.15!since.2025!task.code!"
            "license.business!engine.any");
  EXPECT_EQ(*DecodeFindAsk(EncodeFindAsk(ask)), ask) << EncodeFindAsk(ask);
  for (const char* text : {"walk", "rank.speed", "budget.x", "budget.-1", "since.", "!", "task.poetry",
                           "license.free", "engine.none"})
    EXPECT_FALSE(DecodeFindAsk(text).ok()) << text;
}

TEST(FindView, NothingIsCutOnAPhone) {
  PageDriver page(390, 844);
  page.input.coarse = true;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=rtx-4090&ctx=8192&c=2&t=find"));
  Search(page);
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    EXPECT_LE(node.x + node.width, 391) << node.label;
    EXPECT_GE(node.x, 0) << node.label;
    if (node.role == "button" || node.role == "tab" || node.role == "row") {
      EXPECT_GE(node.height, 44) << node.label;
    }
  }
}

}  // namespace
}  // namespace plimsoll
