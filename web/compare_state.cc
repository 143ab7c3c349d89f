#include "web/compare_state.h"

#include <algorithm>
#include <utility>

namespace plimsoll {
namespace {

std::vector<std::string> KeysOf(int choice) {
  const VaryChoice& vary = kVaryChoices[static_cast<size_t>(choice)];
  std::vector<std::string> keys = {std::string(vary.first)};
  if (!vary.second.empty()) keys.emplace_back(vary.second);
  return keys;
}

// Where `current` stands among the columns, or after them; the last gives way where there is no room.
void Place(const Config& current, const Catalog& catalog, ColumnList* columns) {
  for (size_t i = 0; i < columns->configs.size(); ++i) {
    if (!SameConfiguration(columns->configs[i], current, catalog)) continue;
    columns->configs[i] = current;
    columns->own = i;
    columns->own_is = OwnColumn::kPinned;
    return;
  }
  if (columns->configs.size() >= kMostColumns) {
    columns->configs.pop_back();
    columns->names.pop_back();
  }
  columns->own = columns->configs.size();
  columns->own_is = OwnColumn::kLoose;
  columns->configs.push_back(current);
  columns->names.emplace_back();
}

ColumnList VariedColumns(int choice, const Config& current, const Catalog& catalog) {
  ColumnList columns;
  Result<std::vector<Config>> varied = Vary(current, KeysOf(choice), catalog);
  if (varied.ok()) columns.configs = std::move(*varied);
  columns.names.resize(columns.configs.size());
  Place(current, catalog, &columns);
  return columns;
}

}  // namespace

ColumnList CompareState::Columns(const Config& current, const Catalog& catalog) const {
  if (varied_ >= 0) return VariedColumns(varied_, current, catalog);
  ColumnList columns;
  for (const Column& pin : pins_) {
    columns.configs.push_back(pin.config);
    columns.names.push_back(pin.name);
  }
  if (edited_ >= 0) {
    columns.own = static_cast<size_t>(edited_);
    columns.own_is = OwnColumn::kEdited;
    columns.configs[columns.own] = current;
  } else {
    Place(current, catalog, &columns);
  }
  return columns;
}

const CompareState::Answered& CompareState::Follow(int64_t version, const Config& current,
                                                   const Catalog& catalog, SizeUnits units,
                                                   const CostInputs& cost) {
  if (version == answered_version_ && changes_ == answered_changes_ && together == answered_together_)
    return answered_;
  answered_version_ = version;
  answered_together_ = together;
  answered_changes_ = changes_;
  answered_.columns = Columns(current, catalog);
  answered_.comparison = Compare(answered_.columns.configs, catalog, units, cost);
  answered_.together.reset();
  answered_.problem.clear();
  if (!together) return answered_;
  Result<Together> fit = FitTogether(answered_.columns.configs, catalog, units);
  if (fit.ok()) {
    answered_.together = std::move(*fit);
  } else {
    answered_.problem = fit.error().Message();
  }
  return answered_;
}

void CompareState::Freeze(const Config& current, const Catalog& catalog) {
  ++changes_;
  if (varied_ < 0) return;
  const ColumnList columns = Columns(current, catalog);
  varied_ = -1;
  pins_.clear();
  for (const Config& config : columns.configs) pins_.push_back({config, ""});
  // With all places taken there is none for a loose one.
  edited_ = pins_.size() >= kMostColumns ? static_cast<int>(columns.own) : -1;
}

std::optional<Error> CompareState::Pin(const Config& current, const Catalog& catalog) {
  Freeze(current, catalog);
  const ColumnList columns = Columns(current, catalog);
  if (columns.own_is == OwnColumn::kPinned) {
    Remove(columns.own, current, catalog);
    return std::nullopt;
  }
  if (columns.own_is == OwnColumn::kEdited && pins_.size() < kMostColumns) {
    StopEditing();
    return std::nullopt;
  }
  if (columns.own_is == OwnColumn::kEdited)
    return Error{"compare", "an eighth column to keep", "seven and the current one; remove one first"};
  if (pins_.size() + 1 >= kMostColumns)
    return Error{"compare", "an eighth column to keep", "seven and the current one; remove one first"};
  pins_.push_back({current, ""});
  return std::nullopt;
}

std::optional<Error> CompareState::PinOther(const Config& other, const Config& current,
                                            const Catalog& catalog) {
  Freeze(current, catalog);
  for (const Column& pin : pins_) {
    if (SameConfiguration(pin.config, other, catalog))
      return Error{"compare", "a column that is there already", "another configuration"};
  }
  if (pins_.size() + 1 >= kMostColumns)
    return Error{"compare", "an eighth column to keep", "seven and the current one; remove one first"};
  pins_.push_back({other, ""});
  return std::nullopt;
}

void CompareState::Vary(int choice) {
  ++changes_;
  edited_ = -1;
  if (pins_.size() >= kMostColumns) pins_.pop_back();
  varied_ = choice == varied_ ? -1 : choice;
}

void CompareState::Remove(size_t column, const Config& current, const Catalog& catalog) {
  Freeze(current, catalog);
  if (column >= pins_.size()) return;
  pins_.erase(pins_.begin() + static_cast<std::ptrdiff_t>(column));
  if (edited_ == static_cast<int>(column)) edited_ = -1;
  if (edited_ > static_cast<int>(column)) --edited_;
}

void CompareState::Move(size_t column, size_t to, const Config& current, const Catalog& catalog) {
  Freeze(current, catalog);
  if (column == pins_.size() && pins_.size() + 1 < kMostColumns) pins_.push_back({current, ""});
  if (column >= pins_.size() || to >= pins_.size() || column == to) return;
  const bool up = to > column;
  const auto at = [this](size_t i) { return pins_.begin() + static_cast<std::ptrdiff_t>(i); };
  if (up) {
    std::rotate(at(column), at(column + 1), at(to + 1));
  } else {
    std::rotate(at(to), at(column), at(column + 1));
  }
  if (edited_ == static_cast<int>(column)) {
    edited_ = static_cast<int>(to);
  } else if (edited_ >= 0) {
    const auto edited = static_cast<size_t>(edited_);
    if (up && edited > column && edited <= to) --edited_;
    if (!up && edited >= to && edited < column) ++edited_;
  }
}

void CompareState::Rename(size_t column, std::string name, const Config& current, const Catalog& catalog) {
  Freeze(current, catalog);
  if (column == pins_.size() && pins_.size() + 1 < kMostColumns) pins_.push_back({current, ""});
  if (column >= pins_.size() || name.size() > kMostColumnName || !IsUtf8(name)) return;
  pins_[column].name = std::move(name);
}

Config CompareState::Edit(size_t column, const Config& current, const Catalog& catalog) {
  Freeze(current, catalog);
  if (column == pins_.size() && pins_.size() + 1 < kMostColumns) pins_.push_back({current, ""});
  if (column >= pins_.size()) return current;
  edited_ = static_cast<int>(column);
  return pins_[column].config;
}

void CompareState::Clear() {
  ++changes_;
  pins_.clear();
  edited_ = varied_ = -1;
}

void CompareState::CurrentIs(const Config& current) {
  if (edited_ < 0) return;
  pins_[static_cast<size_t>(edited_)].config = current;
}

std::string CompareState::Encode(const Config& current, const Catalog& catalog) const {
  return empty() ? "" : EncodeColumns(Columns(current, catalog));
}

std::optional<Error> CompareState::Decode(std::string_view text, const Config& current,
                                          const Catalog& catalog) {
  if (text == Encode(current, catalog)) return std::nullopt;
  if (text.empty()) {
    Clear();
    return std::nullopt;
  }
  const Result<ColumnList> columns = DecodeColumns(current, text);
  if (!columns.ok()) return columns.error();
  Clear();
  for (size_t i = 0; i < kVaryChoices.size(); ++i) {
    if (VariedColumns(static_cast<int>(i), current, catalog) != *columns) continue;
    varied_ = static_cast<int>(i);
    return std::nullopt;
  }
  for (size_t i = 0; i < columns->configs.size(); ++i) {
    if (i == columns->own && columns->own_is == OwnColumn::kLoose) continue;
    pins_.push_back({columns->configs[i], columns->names[i]});
  }
  const bool full = pins_.size() >= kMostColumns;
  if (columns->own_is == OwnColumn::kEdited || full) edited_ = static_cast<int>(columns->own);
  return std::nullopt;
}

}  // namespace plimsoll
