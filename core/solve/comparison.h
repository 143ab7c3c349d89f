// Several configurations side by side: what each answers, in rows of the same meaning, and where they differ.
//
// A comparison travels as one link: `cmp` holds the columns beside the fragment's own configuration as what differs from
// it:   #m=llama-3.1-70b&g=h100-sxm&cmp=q.fp8;q.awq-int4!n.2
// Columns are separated by ";", keys of a column by "!", a key from its value by "."; "-q" takes the key away. Values are
// written as in a link. The fragment's own configuration is the first column, or stands where a column "." stands (".u":
// it is not pinned, ".e": it is being edited in place). "_.Name" is what somebody called a column.
#ifndef PLIMSOLL_CORE_SOLVE_COMPARISON_H_
#define PLIMSOLL_CORE_SOLVE_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/estimate/cost.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/solve/operating_range.h"

namespace plimsoll {

constexpr size_t kMostColumns = 8;

// Configurations that differ from `base` in one key, or in two (a grid), beginning with the values that people choose
// among: "format", "gpus", "gpu", "model" (of like size), "engine", "kv_cache_dtype". At most kMostColumns. The error
// names what cannot be varied.
Result<std::vector<Config>> Vary(const Config& base, const std::vector<std::string>& keys,
                                 const Catalog& catalog);

// The columns as a link holds them.
enum class OwnColumn : uint8_t { kPinned, kLoose, kEdited };
struct ColumnList {
  std::vector<Config> configs;
  std::vector<std::string> names;  // what somebody called each; empty: by what is different about it
  size_t own = 0;                  // the fragment's own configuration
  OwnColumn own_is = OwnColumn::kPinned;
  friend bool operator==(const ColumnList&, const ColumnList&) = default;
};
constexpr size_t kMostColumnName = 80;  // bytes

// A figure of every column. `number` is what deltas are taken of; absent where it is no number or not known.
struct ComparedCell {
  std::string text;
  std::optional<double> number;
};
struct ComparedRow {
  std::string key;    // of JSON: "decode_tokens_per_s"
  std::string label;  // "Tokens/s for one user"
  bool more_is_better = true;
  bool differs = false;
  std::vector<ComparedCell> cells;
};
struct Comparison {
  std::vector<std::string> names;  // of the columns: what is different about each
  std::vector<std::string> urls;
  std::vector<ComparedRow> rows;
  std::vector<Report> reports;  // without cards where a column is not understood
  // Nothing there; what they say of a configuration holds as long as the columns that were given live.
  std::vector<std::optional<Resolved>> resolved;
  // What the columns' operating ranges count: as the first load that has a limit does; nothing: none has one.
  std::optional<LoadKind> ranged;
};

// Every column is answered: one that is not understood has its error as its verdict and no figures.
Comparison Compare(const std::vector<Config>& columns, const Catalog& catalog, SizeUnits units,
                   const CostInputs& cost = {});

// A column's range: empty where there is none.
ComparedCell RangeCell(const std::optional<RangeFigure>& figure);
// Puts the row of the ranges behind that of the first token, or in the place of the one that is there. They are not part of Compare(), because each takes a search.
void AddRangeRow(LoadKind kind, std::vector<ComparedCell> cells, Comparison* comparison);
// The same, all of them searched for now.
void FindRangeRow(const std::vector<Config>& columns, const Catalog& catalog, Comparison* comparison);

// How a figure stands to the baseline's: "+12 %", "−33 %", "×2.4"; empty where they are alike or not both numbers.
std::string DeltaText(const ComparedCell& cell, const ComparedCell& baseline);

// Whether two configurations come to the same once everything is looked up.
bool SameConfiguration(const Config& a, const Config& b, const Catalog& catalog);

Json ComparisonToJson(const Comparison& comparison, const std::vector<Config>& columns);

// The value of `cmp`; empty for a single column without a name.
// REQUIRES: own < configs.size(), as many names as configurations.
std::string EncodeColumns(const ColumnList& columns);
std::string EncodeColumns(const std::vector<Config>& columns);  // without names, the first is the link's own
// The columns of a link, `own` included.
Result<ColumnList> DecodeColumns(const Config& own, std::string_view cmp);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_COMPARISON_H_
