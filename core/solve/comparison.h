// Several configurations side by side: what each answers, in rows of the same meaning, and where they differ.
//
// A comparison travels as one link: the first column is the fragment's own configuration, `cmp` holds the others as what
// differs from it:   #m=llama-3.1-70b&g=h100-sxm&cmp=q.fp8;q.awq-int4!n.2
// Columns are separated by ";", keys of a column by "!", a key from its value by "."; "-q" takes the key away. Values are
// written as in a link.
#ifndef PLIMSOLL_CORE_SOLVE_COMPARISON_H_
#define PLIMSOLL_CORE_SOLVE_COMPARISON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

constexpr size_t kMostColumns = 8;

// Configurations that differ from `base` in one key, or in two (a grid), beginning with the values that people choose
// among: "format", "gpus", "gpu", "model" (of like size), "engine", "kv_cache_dtype". At most kMostColumns. The error
// names what cannot be varied.
Result<std::vector<Config>> Vary(const Config& base, const std::vector<std::string>& keys,
                                 const Catalog& catalog);

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
};

// Every column is answered: one that is not understood has its error as its verdict and no figures.
Comparison Compare(const std::vector<Config>& columns, const Catalog& catalog, SizeUnits units);

Json ComparisonToJson(const Comparison& comparison, const std::vector<Config>& columns);

// The value of `cmp`; empty for fewer than two columns.
std::string EncodeColumns(const std::vector<Config>& columns);
// The columns of a link, the first one included.
Result<std::vector<Config>> DecodeColumns(const Config& first, std::string_view cmp);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_COMPARISON_H_
