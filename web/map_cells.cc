#include "web/map_cells.h"

#include <algorithm>
#include <utility>

namespace plimsoll {
namespace {

Json ListOf(const std::vector<Json>& values) {
  Json list = Json::MakeArray();
  for (const Json& value : values) list.Append(value);
  return list;
}

Json CellToJson(const MapCell& cell) {
  if (!cell.understood) return {};
  return Json::MakeArray()
      .Append(static_cast<int64_t>(cell.verdict))
      .Append(cell.figure)
      .Append(cell.short_gib)
      .Append(int64_t{cell.tp})
      .Append(int64_t{cell.pp})
      .Append(cell.expert_parallel);
}

int32_t DegreeOf(const Json& value) {
  return static_cast<int32_t>(std::clamp<int64_t>(value.AsInt().value_or(1), 1, 1 << 20));
}

MapCell CellFromJson(const Json& json) {
  MapCell cell;
  const std::vector<Json>& items = json.items();
  if (items.size() != 6) return cell;
  cell.understood = true;
  constexpr auto kLast = static_cast<int64_t>(Verdict::kInvalid);
  cell.verdict = static_cast<Verdict>(std::clamp<int64_t>(items[0].AsInt().value_or(kLast), 0, kLast));
  cell.figure = items[1].AsDouble().value_or(0);
  cell.short_gib = items[2].AsDouble().value_or(0);
  cell.tp = DegreeOf(items[3]);
  cell.pp = DegreeOf(items[4]);
  cell.expert_parallel = items[5].AsBool().value_or(false);
  return cell;
}

}  // namespace

Json MapCellsToJson(const MapSheet& sheet) {
  Json cells = Json::MakeArray();
  for (const MapCell& cell : sheet.cells) cells.Append(CellToJson(cell));
  return Json::MakeObject()
      .Set("xs", ListOf(sheet.question.xs))
      .Set("ys", ListOf(sheet.question.ys))
      .Set("zs", ListOf(sheet.question.zs))
      .Set("cells", std::move(cells));
}

Result<MapSheet> MapCellsFromJson(const Json& json, MapQuestion question) {
  MapSheet sheet{std::move(question), {}};
  struct Side {
    const char* key;
    std::vector<Json>* values;
  };
  size_t count = 1;
  for (const Side& side :
       {Side{"xs", &sheet.question.xs}, Side{"ys", &sheet.question.ys}, Side{"zs", &sheet.question.zs}}) {
    const Json* values = json.Find(side.key);
    if (values == nullptr || values->items().empty()) return Error{"map", "no values", side.key};
    *side.values = values->items();
    count *= side.values->size();
  }
  const Json* cells = json.Find("cells");
  if (cells == nullptr || cells->items().size() != count)
    return Error{"map", "no cells", "one for each value"};
  for (const Json& cell : cells->items()) sheet.cells.push_back(CellFromJson(cell));
  return sheet;
}

}  // namespace plimsoll
