#include "core/solve/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config Of(const std::string& url) { return DecodeConfigUrl(url)->config; }

TEST(Comparison, ColumnsTravelAsWhatDiffersFromTheFirst) {
  const std::vector<Config> columns = {Of("m=llama-3.1-70b&g=h100-sxm&ctx=8192"),
                                       Of("m=llama-3.1-70b&q=fp8&g=h100-sxm&ctx=8192"),
                                       Of("m=llama-3.1-70b&q=awq-int4&g=rtx-4090,rtx-3090"),
                                       Of("m=llama-3.1-70b&g=h100-sxm&ctx=8192&e=llama.cpp&ot=a!b;c.d=CPU")};
  const std::string cmp = EncodeColumns(columns);
  EXPECT_EQ(cmp.substr(0, 6), "q.fp8;");
  const Result<ColumnList> again = DecodeColumns(columns[0], cmp);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->configs, columns);
  EXPECT_EQ(again->own, 0U);
}

TEST(Comparison, TheLinksOwnConfigurationMayStandAnywhereAndColumnsMayHaveNames) {
  ColumnList columns;
  columns.configs = {Of("m=qwen3-8b&g=h200"), Of("m=qwen3-8b&g=h100-sxm&q=fp8"), Of("m=qwen3-8b&g=h200&n=2")};
  columns.names = {"", "small; fast!", "\xC3\xA9t\xC3\xA9"};
  for (size_t own = 0; own < 3; ++own) {
    for (const OwnColumn is : {OwnColumn::kPinned, OwnColumn::kLoose, OwnColumn::kEdited}) {
      columns.own = own;
      columns.own_is = is;
      const std::string cmp = EncodeColumns(columns);
      const Result<ColumnList> again = DecodeColumns(columns.configs[own], cmp);
      ASSERT_TRUE(again.ok()) << cmp << ": " << again.error().Message();
      EXPECT_EQ(*again, columns) << cmp;
      EXPECT_EQ(cmp.find_first_of("&# "), std::string::npos) << cmp;
    }
  }
}

TEST(Comparison, OneColumnKeptForOthersToComeTravels) {
  const Config config = Of("m=qwen3-8b&g=h200");
  const std::string cmp = EncodeColumns(std::vector<Config>{config});
  EXPECT_EQ(cmp, ".");
  const Result<ColumnList> again = DecodeColumns(config, cmp);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->configs, std::vector<Config>{config});
  EXPECT_EQ(again->own_is, OwnColumn::kPinned);
}

TEST(Comparison, DeltasSayHowMuchMore) {
  const auto cell = [](double number, const char* text) { return ComparedCell{text, number}; };
  EXPECT_EQ(DeltaText(cell(67, "67"), cell(100, "100")), "−33 %");
  EXPECT_EQ(DeltaText(cell(112, "112"), cell(100, "100")), "+12 %");
  EXPECT_EQ(DeltaText(cell(240, "240"), cell(100, "100")), "×2.4");
  EXPECT_EQ(DeltaText(cell(1500, "1,500"), cell(100, "100")), "×15");
  EXPECT_EQ(DeltaText(cell(100, "100"), cell(100, "100")), "");
  EXPECT_EQ(DeltaText(cell(-5, "-5"), cell(100, "100")), "") << "no ratio across zero";
  EXPECT_EQ(DeltaText({"fits", {}}, cell(100, "100")), "");
}

TEST(Comparison, ConfigurationsAreTheSameWhenTheyComeToTheSame) {
  EXPECT_TRUE(SameConfiguration(Of("m=llama-3.1-8b&g=h200"), Of("m=llama-3.1-8b&q=bf16&g=h200&n=1"),
                                ShippedCatalog()));
  EXPECT_FALSE(
      SameConfiguration(Of("m=llama-3.1-8b&g=h200"), Of("m=llama-3.1-8b&q=fp8&g=h200"), ShippedCatalog()));
}

TEST(Comparison, MalformedColumnsAreRefusedByName) {
  const Config first = Of("m=llama-3.1-70b");
  for (const char* cmp : {"zz.1", "q", "n.-1", "q.fp8;;;;;;;;;;", ".x", ".;.", "_.%zz"}) {
    const Result<ColumnList> columns = DecodeColumns(first, cmp);
    EXPECT_FALSE(columns.ok()) << cmp;
  }
}

TEST(Comparison, CellsAreTheEstimatorsOwn) {
  const std::vector<Config> columns = {Of("m=qwen3-8b&g=rtx-4090&ctx=8192"),
                                       Of("m=qwen3-8b&q=fp8&g=rtx-4090&ctx=8192")};
  const Comparison comparison = Compare(columns, ShippedCatalog(), SizeUnits::kBinary);
  ASSERT_EQ(comparison.names.size(), 2U);
  EXPECT_EQ(comparison.names[1], "fp8");
  for (const ComparedRow& row : comparison.rows) {
    ASSERT_EQ(row.cells.size(), 2U) << row.key;
    if (row.key == "max_concurrency") {
      EXPECT_TRUE(row.differs);
      for (size_t i = 0; i < 2; ++i)
        EXPECT_DOUBLE_EQ(*row.cells[i].number, Estimate(columns[i], ShippedCatalog())->kv.max_concurrency);
    }
  }
}

TEST(Comparison, AColumnThatIsNotUnderstoodSaysWhyAndTheOthersStand) {
  const Comparison comparison =
      Compare({Of("m=qwen3-8b&ctx=8192"), Of("m=qwen3-8b&g=abacus")}, ShippedCatalog(), SizeUnits::kBinary);
  EXPECT_EQ(comparison.rows[0].key, "verdict");
  EXPECT_EQ(comparison.rows[0].cells[0].text, "fits");
  EXPECT_NE(comparison.rows[0].cells[1].text.find("abacus"), std::string::npos);
  EXPECT_FALSE(comparison.rows[1].cells[1].number.has_value());
}

TEST(Comparison, VariesOneKeyOrAGridOfTwo) {
  const Config base = Of("m=llama-3.3-70b&g=h100-sxm");
  const Result<std::vector<Config>> counts = Vary(base, {"gpus"}, ShippedCatalog());
  ASSERT_TRUE(counts.ok());
  ASSERT_EQ(counts->size(), 4U);
  EXPECT_EQ((*counts)[3].gpus, 8);
  const Result<std::vector<Config>> grid = Vary(base, {"format", "gpus"}, ShippedCatalog());
  ASSERT_TRUE(grid.ok());
  EXPECT_LE(grid->size(), kMostColumns);
  EXPECT_GE(grid->size(), 6U);
  EXPECT_FALSE(Vary(base, {"colour"}, ShippedCatalog()).ok());
  EXPECT_FALSE(Vary(base, {}, ShippedCatalog()).ok());
  for (const char* key : {"format", "gpu", "model", "engine", "kv_cache_dtype"}) {
    const Result<std::vector<Config>> varied = Vary(base, {key}, ShippedCatalog());
    ASSERT_TRUE(varied.ok()) << key;
    EXPECT_GE(varied->size(), 2U) << key;
    for (const Config& column : *varied)
      EXPECT_TRUE(Estimate(column, ShippedCatalog()).ok()) << key << " " << EncodeConfigUrl(column);
  }
}

TEST(Comparison, ColumnsAreCalledByWhatSetsThemApart) {
  const auto names = [](const std::string& more) {
    const std::string base = "m=qwen3-8b&g=h100-sxm";
    return Compare({Of(base + "&n=1"), Of(base + more)}, ShippedCatalog(), SizeUnits::kBinary).names;
  };
  EXPECT_EQ(names("&n=4"), (std::vector<std::string>{"1 GPU", "4 GPUs"}));
  EXPECT_EQ(names("&n=1&seqs=64"), (std::vector<std::string>{"default max_num_seqs", "max_num_seqs 64"}));
}

TEST(Comparison, ALoadWithLimitsHasARowOfWhatKeepsThem) {
  const std::string load =
      "&ctx=8192&in=1024&out=128&w=~eyJ0dGZ0X21zIjo4MDAsInRwb3RfbXMiOjI1fQ";  // 800 ms, 25 ms
  const std::vector<Config> columns = {Of("m=llama-3.1-8b&g=h100-sxm" + load),
                                       Of("m=llama-3.1-8b&g=l40s" + load),
                                       Of("m=llama-3.1-405b&g=l4" + load)};
  Comparison comparison = Compare(columns, ShippedCatalog(), SizeUnits::kBinary);
  const size_t rows = comparison.rows.size();
  FindRangeRow(columns, ShippedCatalog(), &comparison);
  FindRangeRow(columns, ShippedCatalog(), &comparison);
  ASSERT_EQ(comparison.rows.size(), rows + 1) << "once, however often it is found";
  const auto row = std::find_if(comparison.rows.begin(), comparison.rows.end(),
                                [](const ComparedRow& each) { return each.key == "users_in_limits"; });
  ASSERT_NE(row, comparison.rows.end());
  EXPECT_EQ((row - 1)->key, "ttft_ms");
  EXPECT_TRUE(row->differs);
  EXPECT_EQ(row->cells[0].number, FindOperatingRange(LoadKind::kUsers, columns[0], ShippedCatalog())->load);
  EXPECT_GT(*row->cells[0].number, *row->cells[1].number);
  EXPECT_FALSE(row->cells[2].number.has_value()) << "it does not fit";

  Comparison without =
      Compare({Of("m=llama-3.1-8b&g=h100-sxm&ctx=8192")}, ShippedCatalog(), SizeUnits::kBinary);
  FindRangeRow({Of("m=llama-3.1-8b&g=h100-sxm&ctx=8192")}, ShippedCatalog(), &without);
  EXPECT_TRUE(std::none_of(without.rows.begin(), without.rows.end(),
                           [](const ComparedRow& each) { return each.key == "users_in_limits"; }));
}

}  // namespace
}  // namespace plimsoll
