#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/config/config_url.h"
#include "core/solve/comparison.h"
#include "core/solve/together.h"

namespace plimsoll {
namespace {

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> values;
  for (size_t begin = 0; begin <= text.size() && !text.empty();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    values.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return values;
}

// A link of a comparison is all its columns, any other link is one.
std::optional<Error> AddColumns(const std::string& url, std::vector<Config>* columns) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  if (!decoded.ok()) return decoded.error();
  std::string cmp;
  for (const auto& pair : decoded->page) {
    if (pair.first == "cmp") cmp = pair.second;
  }
  Result<ColumnList> all = DecodeColumns(decoded->config, cmp);
  if (!all.ok()) return all.error();
  for (Config& column : all->configs) columns->push_back(std::move(column));
  return std::nullopt;
}

// Equal rows fold into one line below; of those that differ the best figure is marked.
Table ComparisonTable(const Comparison& comparison, bool all_rows) {
  std::vector<std::string> header = {""};
  for (const std::string& name : comparison.names) header.push_back(name + ">");
  Table table(header);
  for (const ComparedRow& row : comparison.rows) {
    if (!row.differs && !all_rows) continue;
    const ComparedCell* best = nullptr;
    for (const ComparedCell& cell : row.cells) {
      if (!cell.number) continue;
      const bool better = best == nullptr ||
                          (row.more_is_better ? *cell.number > *best->number : *cell.number < *best->number);
      if (better) best = &cell;
    }
    std::vector<std::string> line = {row.label};
    for (const ComparedCell& cell : row.cells) {
      const bool mark = row.differs && best != nullptr && cell.number && *cell.number == *best->number;
      line.push_back(cell.text + (mark ? " *" : ""));
    }
    table.Add(std::move(line));
  }
  return table;
}

std::string ComparisonText(const Comparison& comparison, const std::vector<Config>& columns) {
  std::string text = ComparisonTable(comparison, false).Print();
  std::string same;
  for (const ComparedRow& row : comparison.rows) {
    if (row.differs || row.cells.front().text.empty()) continue;
    same += (same.empty() ? "" : "; ") + row.label + " " + row.cells.front().text;
  }
  if (!same.empty()) text += "\nThe same everywhere: " + same + ".\n";
  const std::string cmp = EncodeColumns(columns);
  text += "\n" + comparison.urls.front() + (cmp.empty() ? "" : "&cmp=" + cmp) + "\n";
  return text;
}

}  // namespace

CommandResult RunCompare(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options =
      Options::Take(arguments, {{"--json", "--markdown", "--csv", "--gb", "--together", "--exit-code"},
                                {"--url", "--config", "--vary", "--ttft-ms", "--tpot-ms", "--tokens-per-s"}});
  if (!options.ok()) return Refused(options.error());
  std::vector<Config> columns;
  if (options->Has("--vary")) {
    Result<DecodedConfig> base = ReadConfig(*options, context);
    if (!base.ok()) return Refused(base.error());
    Result<std::vector<Config>> varied =
        Vary(base->config, SplitList(options->Value("--vary")), context.catalog);
    if (!varied.ok()) return Refused(varied.error());
    columns = std::move(*varied);
  } else {
    for (const std::string& url : options->rest()) {
      if (url.starts_with("--"))
        return Refused({"compare", Quoted(url), "links, or --vary with a configuration"});
      if (auto error = AddColumns(url, &columns)) return Refused(*error);
    }
    if (options->Has("--url")) {
      if (auto error = AddColumns(options->Value("--url"), &columns)) return Refused(*error);
    }
  }
  if (columns.empty())
    return Refused({"compare", "nothing", "two to eight links, or --vary format,gpus and a configuration"});
  if (columns.size() > kMostColumns) {
    return Refused({"compare", CountText(static_cast<int64_t>(columns.size())) + " columns",
                    "at most " + CountText(static_cast<int64_t>(kMostColumns))});
  }
  for (Config& column : columns) {
    if (auto error = TakeLimits(*options, &column)) return Refused(*error);
  }
  if (options->Has("--together")) {
    const Result<Together> together = FitTogether(columns, context.catalog, options->units());
    if (!together.ok()) return Refused(together.error());
    const int exit = options->Has("--exit-code") && !together->fits ? kExitDoesNotFit : 0;
    if (options->Has("--json")) return {exit, TogetherToJson(*together).Dump(2) + "\n", ""};
    const Table table = TogetherTable(*together, options->units());
    if (options->Has("--markdown")) return {exit, table.Markdown(), ""};
    if (options->Has("--csv")) return {exit, table.Csv(), ""};
    std::string text = together->sentence + "\n\n" + table.Print();
    for (const Tenant& tenant : together->tenants) text += EncodeConfigUrl(tenant.config) + "\n";
    return {exit, text, ""};
  }
  Comparison comparison = Compare(columns, context.catalog, options->units());
  FindRangeRow(columns, context.catalog, &comparison);
  const bool all = std::all_of(comparison.reports.begin(), comparison.reports.end(),
                               [](const Report& report) { return report.fits(); });
  const int exit = options->Has("--exit-code") && !all ? kExitDoesNotFit : 0;
  if (options->Has("--json")) return {exit, ComparisonToJson(comparison, columns).Dump(2) + "\n", ""};
  if (options->Has("--markdown")) return {exit, ComparisonTable(comparison, true).Markdown(), ""};
  if (options->Has("--csv")) return {exit, ComparisonTable(comparison, true).Csv(), ""};
  return {exit, ComparisonText(comparison, columns), ""};
}

}  // namespace plimsoll
