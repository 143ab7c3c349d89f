// The columns of the Compare tab: what was pinned, or what the current configuration becomes when something is varied.
//
// Pinned columns stay as they are; varied ones follow the configuration that is being edited, until somebody moves, names or
// removes one: then they are pinned. The current configuration is always among the columns that are shown, as the pinned
// one that it equals, as the one that is being edited in place, or as a loose one at the end.
#ifndef PLIMSOLL_WEB_COMPARE_STATE_H_
#define PLIMSOLL_WEB_COMPARE_STATE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/estimate/cost.h"
#include "core/solve/comparison.h"
#include "core/solve/together.h"

namespace plimsoll {

// What one click varies.
struct VaryChoice {
  std::string_view label, first, second;  // keys of a configuration; `second` empty: one of them
};
inline constexpr std::array<VaryChoice, 7> kVaryChoices = {{{"Format", "format", ""},
                                                            {"GPU count", "gpus", ""},
                                                            {"Card", "gpu", ""},
                                                            {"Model", "model", ""},
                                                            {"Engine", "engine", ""},
                                                            {"KV type", "kv_cache_dtype", ""},
                                                            {"Format × count", "format", "gpus"}}};

class CompareState {
 public:
  bool all_rows = false;  // those that are equal everywhere, too
  bool together = false;  // the columns on the same cards, beside each other

  bool empty() const { return pins_.empty() && varied_ < 0; }
  // The columns that are shown beside and with `current`.
  ColumnList Columns(const Config& current, const Catalog& catalog) const;
  // The same, answered; computed anew when `version` or the columns have changed.
  struct Answered {
    ColumnList columns;
    Comparison comparison;
    std::optional<Together> together;  // when somebody asks
    std::string problem;               // or why not
  };
  const Answered& Follow(int64_t version, const Config& current, const Catalog& catalog, SizeUnits units,
                         const CostInputs& cost);

  // The operating ranges of the columns, in their order, become a row of the comparison.
  void TakeRanges(LoadKind kind, std::vector<ComparedCell> cells) {
    AddRangeRow(kind, std::move(cells), &answered_.comparison);
  }

  // At the end. The error says why not.
  std::optional<Error> Pin(const Config& current, const Catalog& catalog);
  std::optional<Error> PinOther(const Config& other, const Config& current, const Catalog& catalog);
  int varied() const { return varied_; }  // of kVaryChoices; -1: nothing
  void Vary(int choice);                  // again: no longer

  // Of the columns that are shown. Varied ones become pinned.
  void Remove(size_t column, const Config& current, const Catalog& catalog);
  void Move(size_t column, size_t to, const Config& current, const Catalog& catalog);
  void Rename(size_t column, std::string name, const Config& current, const Catalog& catalog);
  // From now on the current configuration is this column; the caller loads what it returns.
  Config Edit(size_t column, const Config& current, const Catalog& catalog);
  void StopEditing() {
    edited_ = -1;
    ++changes_;
  }
  bool editing() const { return edited_ >= 0; }
  void Clear();

  // The configuration that is being edited has become another.
  void CurrentIs(const Config& current);

  std::string Encode(const Config& current, const Catalog& catalog) const;
  std::optional<Error> Decode(std::string_view text, const Config& current, const Catalog& catalog);

 private:
  struct Column {
    Config config;
    std::string name;
  };
  void Freeze(const Config& current, const Catalog& catalog);

  std::vector<Column> pins_;
  int edited_ = -1;  // of pins_
  int varied_ = -1;
  int64_t changes_ = 0;
  int64_t answered_version_ = -1, answered_changes_ = -1;
  bool answered_together_ = false;
  Answered answered_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_COMPARE_STATE_H_
