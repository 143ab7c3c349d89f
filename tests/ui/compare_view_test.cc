// The Compare tab as somebody uses it.
#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "tests/ui/page_driver.h"

namespace plimsoll {
namespace {

ColumnList Columns(PageDriver& page) {
  return page.state().compare.Columns(page.state().config(), page.state().catalog());
}

TEST(CompareView, PinsWhatIsShownAndTheNextOneStandsBesideIt) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-70b&q=awq-int4&g=h100-sxm&n=2&ctx=8192"));
  page.Frames();
  page.Click("Pin to compare");
  page.Click("Compare", "tab");
  EXPECT_EQ(Columns(page).configs.size(), 1U);
  ASSERT_TRUE(page.state().Dispatch({{"format", Json("fp8")}}));
  page.Frames();
  ASSERT_EQ(Columns(page).configs.size(), 2U);
  EXPECT_EQ(Columns(page).own, 1U);
  EXPECT_EQ(page.Get("Column 1").value, "AWQ int4");
  EXPECT_EQ(page.Get("Column 2").value, "FP8");
  // The figures are the estimator's own.
  const auto& tables = page.app().semantics().tables();
  ASSERT_EQ(tables.size(), 1U);
  const Report report = *Estimate(Columns(page).configs[0], page.state().catalog());
  bool seen = false;
  for (const auto& row : tables[0].table.rows()) {
    if (row[0] != "Sequences of full length") continue;
    EXPECT_EQ(row[1], DecimalText(report.kv.max_concurrency, 1));
    seen = true;
  }
  EXPECT_TRUE(seen);
}

TEST(CompareView, PinningAgainTakesItOut) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-8b&g=h100-sxm&ctx=8192"));
  page.Frames();
  page.Click("Pin to compare");
  EXPECT_TRUE(page.state().IsPinned());
  page.Click("Pin to compare");
  EXPECT_FALSE(page.state().IsPinned());
  EXPECT_TRUE(page.state().compare.empty());
  EXPECT_EQ(page.state().notice(), "");
}

TEST(CompareView, OneClickVariesAndFollowsTheConfiguration) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-70b&q=awq-int4&g=h100-sxm&n=2&ctx=8192&t=compare"));
  page.Frames();
  page.Click("Vary: Format");
  const size_t count = Columns(page).configs.size();
  ASSERT_GE(count, 3U);
  ASSERT_TRUE(page.state().Dispatch({{"max_model_len", Json(4096)}}));
  page.Frames();
  for (const Config& column : Columns(page).configs) EXPECT_EQ(column.max_model_len, 4096);
  // The link opens the same columns, and they go on following.
  const std::string link = page.state().FragmentText();
  PageDriver other;
  ASSERT_TRUE(other.state().LoadFragment(link)) << other.state().notice();
  EXPECT_TRUE(other.state().notice().empty()) << other.state().notice();
  EXPECT_EQ(Columns(other), Columns(page));
  EXPECT_EQ(other.state().compare.varied(), page.state().compare.varied());
  EXPECT_EQ(other.state().FragmentText(), link);
}

TEST(CompareView, ModelsAreAskedToRunTogether) {
  PageDriver page(1440, 2000);
  ASSERT_TRUE(page.state().LoadFragment(
      "m=llama-3.1-8b&g=h100-sxm&ctx=8192&c=4&t=compare&cmp=m.qwen3-8b;m.qwen3-4b"));
  page.Frames();
  EXPECT_FALSE(page.Shows("Qwen3 4B", "row"));
  page.Click("Together");
  const std::string small = page.Get("Qwen3 4B", "row").value;
  EXPECT_NE(small.find("share 0."), std::string::npos) << small;
  EXPECT_EQ(small.find("does not start"), std::string::npos) << small;
  const std::string link = page.state().FragmentText();
  page.Click("Qwen3 4B", "row");
  EXPECT_EQ(page.state().config().model, "qwen3-4b");
  EXPECT_TRUE(page.state().config().gpu_memory_utilization.has_value());
  EXPECT_TRUE(page.state().report().fits());
  // The link asks the same, and what came before it does not.
  EXPECT_NE(link.find("&tog=1"), std::string::npos) << link;
  PageDriver other(1440, 2000);
  ASSERT_TRUE(other.state().LoadFragment(link)) << other.state().notice();
  other.Frames();
  EXPECT_EQ(other.Get("Qwen3 4B", "row").value, small);
  EXPECT_EQ(other.state().FragmentText(), link);
  ASSERT_TRUE(other.state().LoadFragment(link.substr(0, link.find("&tog=1"))));
  other.Frames();
  EXPECT_FALSE(other.Shows("Qwen3 4B", "row"));
}

TEST(CompareView, ColumnsAreMovedNamedEditedAndRemoved) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=rtx-4090&ctx=8192&t=compare&cmp=q.fp8;q.awq-int4"));
  page.Frames();
  ASSERT_EQ(Columns(page).configs.size(), 3U);
  page.Click("More of column 3");
  page.Click("Make it the baseline", "option");
  EXPECT_EQ(page.Get("Column 1").value, "AWQ int4");
  page.Click("More of column 1");
  page.Click("Name of the column");
  for (int i = 0; i < 20; ++i) page.Press(ImGuiKey_Backspace);
  page.Type("small");
  page.Press(ImGuiKey_Enter);
  EXPECT_EQ(Columns(page).names[0], "small");
  page.Click("More of column 1");
  page.Click("Edit in place", "option");
  EXPECT_EQ(page.state().config().format.AsString(), "awq-int4");
  ASSERT_TRUE(page.state().Dispatch({{"format", Json("gptq-int4")}}));
  page.Frames();
  EXPECT_EQ(Columns(page).configs.size(), 3U);
  EXPECT_EQ(Columns(page).configs[0].format.AsString(), "gptq-int4");
  const std::string link = page.state().FragmentText();
  const ColumnList columns = Columns(page);
  page.Click("More of column 2");
  page.Click("Remove", "option");
  EXPECT_EQ(Columns(page).configs.size(), 2U);
  PageDriver other;
  ASSERT_TRUE(other.state().LoadFragment(link));
  EXPECT_EQ(Columns(other), columns) << link;
}

TEST(CompareView, ThereAreNeverMoreThanEightColumns) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=rtx-4090&ctx=8192&t=compare"));
  for (int64_t length = 1024; length < 1024 * 12; length += 1024) {
    ASSERT_TRUE(page.state().Dispatch({{"max_model_len", Json(length)}}));
    page.state().Pin();
    page.Frames(1);
  }
  EXPECT_EQ(Columns(page).configs.size(), kMostColumns);
  EXPECT_NE(page.state().notice().find("compare"), std::string::npos);
  PageDriver other;
  ASSERT_TRUE(other.state().LoadFragment(page.state().FragmentText()));
  EXPECT_EQ(Columns(other), Columns(page));
}

TEST(CompareView, TheFormPressesWhatTheMouseWouldClick) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=rtx-4090&ctx=8192&t=compare"));
  page.Frames();
  ASSERT_TRUE(page.state().DispatchJson(R"({"view.press":"button:Vary: Format"})")) << page.state().notice();
  page.Frames();
  EXPECT_GE(Columns(page).configs.size(), 2U);
  EXPECT_TRUE(page.state().view.press.empty());
}

TEST(CompareView, NothingIsCutOnAPhone) {
  PageDriver page(390, 844);
  page.input.coarse = true;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-70b&q=awq-int4&g=h100-sxm&n=2&ctx=8192&t=compare"));
  page.Frames();
  page.Click("Vary: GPU count");
  page.Frames();
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    EXPECT_LE(node.x + node.width, 391) << node.label;
    EXPECT_GE(node.x, 0) << node.label;
    if (node.role == "button" || node.role == "tab") {
      EXPECT_GE(node.height, 44) << node.label;
    }
  }
}

}  // namespace
}  // namespace plimsoll
