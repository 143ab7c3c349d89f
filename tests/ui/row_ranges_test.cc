#include "web/row_ranges.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "tests/support/shipped_catalog.h"
#include "tests/ui/page_driver.h"
#include "web/worker/work.h"

namespace plimsoll {
namespace {

// ttft_ms 800, tpot_ms 25
constexpr char kLimits[] = "&w=~eyJ0dGZ0X21zIjo4MDAsInRwb3RfbXMiOjI1fQ";

std::string Url(const std::string& gpu) {
  return "m=llama-3.1-8b&g=" + gpu + "&ctx=8192&in=1024&out=128" + kLimits;
}

void AnswerOne(Errands& errands) {
  for (const Errand& errand : errands.TakeQuestions())
    errands.Answer(errand.id, DoWork(errand.kind, errand.question, ShippedCatalog()));
}

TEST(RowRanges, AsksForOneAfterTheOtherAndKeepsWhatItFound) {
  RowRanges ranges;
  Errands errands;
  const std::vector<RowRanges::Row> wanted = {{LoadKind::kUsers, Url("h100-sxm")},
                                              {LoadKind::kUsers, Url("l4")}};
  ranges.Follow(wanted, &errands);
  ranges.Follow(wanted, &errands);
  EXPECT_EQ(errands.asked(), 1);
  AnswerOne(errands);
  ranges.Follow(wanted, &errands);
  ASSERT_NE(ranges.Find(wanted[0]), nullptr);
  EXPECT_EQ(ranges.Find(wanted[1]), nullptr);
  AnswerOne(errands);
  ranges.Follow(wanted, &errands);
  for (const RowRanges::Row& row : wanted) {
    const auto expected = FindRangeFigure(row.kind, DecodeConfigUrl(row.url)->config, ShippedCatalog());
    ASSERT_TRUE(expected.has_value());
    ASSERT_NE(ranges.Find(row), nullptr);
    ASSERT_TRUE(ranges.Find(row)->figure.has_value());
    EXPECT_EQ(RangeText(*ranges.Find(row)->figure), RangeText(*expected));
  }
  ranges.Follow(wanted, &errands);
  EXPECT_EQ(errands.asked(), 2) << "nothing is asked twice";
}

TEST(RowRanges, TheNewestQuestionWins) {
  RowRanges ranges;
  Errands errands;
  const RowRanges::Row old = {LoadKind::kUsers, Url("h100-sxm")}, young = {LoadKind::kRate, Url("l4")};
  ranges.Follow({old}, &errands);
  const std::vector<Errand> first = errands.TakeQuestions();
  ASSERT_EQ(first.size(), 1U);
  ranges.Follow({young}, &errands);
  EXPECT_FALSE(errands.wanted(first[0].id));
  errands.Answer(first[0].id, R"({"any":true,"load":7})");
  ranges.Follow({young}, &errands);
  EXPECT_EQ(ranges.Find(old), nullptr);
  EXPECT_EQ(ranges.Find(young), nullptr);
  AnswerOne(errands);
  ranges.Follow({young}, &errands);
  ASSERT_NE(ranges.Find(young), nullptr);
  ranges.Follow({old}, &errands);
  ranges.Follow({}, &errands);
  EXPECT_FALSE(errands.open("range-row")) << "what nobody looks at any more is given up";
}

TEST(RowRanges, WhatCannotRunHasNone) {
  RowRanges ranges;
  Errands errands;
  const RowRanges::Row row = {LoadKind::kUsers, std::string("m=llama-3.1-405b&g=l4") + kLimits};
  ranges.Follow({row}, &errands);
  AnswerOne(errands);
  ranges.Follow({row}, &errands);
  ASSERT_NE(ranges.Find(row), nullptr);
  EXPECT_FALSE(ranges.Find(row)->figure.has_value());
}

const ShownTable& TableShown(PageDriver& page) { return page.app().semantics().tables().back(); }

TEST(RowRanges, FindHasAColumnOfThem) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-8b&g=h100-sxm&ctx=8192&c=2&t=find&find=card" +
                                        std::string(kLimits)));
  page.Frames(2);
  for (int i = 0; i < 4000 && page.state().find.searching(); ++i) page.Frames(1);
  ASSERT_NE(page.state().find.answer(), nullptr);
  ASSERT_FALSE(page.state().find.answer()->found.rows.empty());
  for (int i = 0; i < 200 && (page.state().errands.open("range-row") || i < 4); ++i) page.Frames(1);
  page.Frames(2);
  const Table& table = TableShown(page).table;
  ASSERT_EQ(table.header()[6], "Users within limits");
  const FindState::Answer& answer = *page.state().find.answer();
  for (size_t n = 0; n < table.rows().size(); ++n) {
    const FindRow& row = answer.found.rows[n];
    const auto range = FindRangeFigure(LoadKind::kUsers, row.config, page.state().catalog());
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(table.rows()[n][6], RangeText(OfReplicas(*range, row.replicas)));
  }
}

TEST(RowRanges, CompareHasARowOfThem) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment(Url("h100-sxm") + "&cmp=g.l4;g.a100-sxm-80gb&t=compare"));
  page.answers = false;
  page.Frames(2);
  const auto row = [&page]() -> std::vector<std::string> {
    for (const std::vector<std::string>& line : TableShown(page).table.rows()) {
      if (line[0] == "Users within limits") return line;
    }
    return {};
  };
  ASSERT_EQ(row(), (std::vector<std::string>{"Users within limits", "…", "…", "…"}));
  page.answers = true;
  page.Frames(8);
  const std::vector<std::string> line = row();
  ASSERT_EQ(line.size(), 4U);
  const std::vector<Config> columns =
      page.state().compare.Columns(page.state().config(), page.state().catalog()).configs;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto range = FindRangeFigure(LoadKind::kUsers, columns[i], page.state().catalog());
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(line[i + 1].substr(0, line[i + 1].find(' ')), RangeText(*range));
  }
}

}  // namespace
}  // namespace plimsoll
