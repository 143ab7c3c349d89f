// A map of many configurations: cells by two things that vary, small maps by a third. Hover or focus explains a cell, a
// click loads it, with Shift it is pinned to the comparison.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/estimate/estimate.h"
#include "core/solve/map.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr std::array<std::string_view, 7> kAxisNames = {"Model",   "Format", "Card",   "GPU count",
                                                        "Context", "Users",  "KV type"};

std::string AxisName(std::string_view axis) {
  const auto at = std::find(kMapAxes.begin(), kMapAxes.end(), axis);
  return at == kMapAxes.end() ? "nothing"
                              : std::string(kAxisNames[static_cast<size_t>(at - kMapAxes.begin())]);
}

std::string ValueName(std::string_view axis, const Json& value, const Catalog& catalog) {
  if (axis == "model") {
    const Model* model = catalog.FindModel(value.AsString());
    return model != nullptr ? model->name : value.AsString();
  }
  if (axis == "gpu") {
    const Gpu* gpu = catalog.FindGpu(value.AsString());
    return gpu != nullptr ? gpu->name : value.AsString();
  }
  if (axis == "format") return FormatName(value.AsString());
  if (axis == "max_model_len") return ContextText(value.AsInt().value_or(0));
  if (axis == "gpus") return CountText(value.AsInt().value_or(0)) + " ×";
  if (axis == "concurrency") return CountedText(value.AsInt().value_or(0), "user", "users");
  for (const KeyChoice& choice : kKvTypeChoices) {
    if (axis == "kv_cache_dtype" && choice.id == value.AsString()) return std::string(choice.label);
  }
  return ConfigValueText(value);
}

std::string Compact(double value) {
  if (value >= 999500) return DecimalText(value / 1048576, value < 10485760 ? 1 : 0) + "M";
  if (value >= 9995) return DecimalText(value / 1024, 0) + "k";
  return DecimalText(value, value < 9.95 ? 1 : 0);
}

// "9.4", "12": cells have these in GiB.
std::string ShortSize(double gib, const Ui& ui) {
  const double size = ui.decimal ? GiBFromDouble(gib).gb() : gib;
  return DecimalText(size, size < 9.95 ? 1 : 0);
}

std::string CellText(const MapCell& cell, MapMeasure measure, const Ui& ui) {
  if (!cell.understood) return "–";
  if (cell.verdict == Verdict::kInvalid) return "×";
  if (!cell.fits()) return "−" + ShortSize(cell.short_gib, ui);
  switch (measure) {
    case MapMeasure::kHeadroom:
      return ShortSize(cell.figure, ui);
    case MapMeasure::kLongest:
      return cell.figure >= 1000 ? Compact(cell.figure) : DecimalText(cell.figure, 0);
    case MapMeasure::kUsers:
    case MapMeasure::kRate:
      return Compact(cell.figure);
    case MapMeasure::kFirstToken:
      return DecimalText(cell.figure, cell.figure < 9.95 ? 2 : 0);
    case MapMeasure::kCost:
      break;
  }
  return cell.figure > 0 ? "$" + DecimalText(cell.figure, cell.figure < 99.5 ? 2 : 0) : "?";
}

// The ends of what fits, to colour by; logarithmic.
struct Range {
  double least = 0, most = 0, short_most = 0;
  float Share(const MapCell& cell, bool more_is_better) const {
    if (cell.figure <= 0 || most <= least) return more_is_better ? 0.0F : 1.0F;
    const double t = std::log(cell.figure / least) / std::log(most / least);
    return static_cast<float>(std::clamp(more_is_better ? t : 1 - t, 0.0, 1.0));
  }
};

Range RangeOf(const MapSheet& map) {
  Range range;
  const MapQuestion& q = map.question;
  for (size_t z = 0; z < q.zs.size(); ++z) {
    for (size_t y = 0; y < q.ys.size(); ++y) {
      for (size_t x = 0; x < q.xs.size(); ++x) {
        const MapCell& cell = map.cell(x, y, z);
        range.short_most = std::max(range.short_most, cell.short_gib);
        if (!cell.fits() || cell.figure <= 0) continue;
        range.least = range.least <= 0 ? cell.figure : std::min(range.least, cell.figure);
        range.most = std::max(range.most, cell.figure);
      }
    }
  }
  return range;
}

ImU32 CellColor(const Ui& ui, const MapCell& cell, const Range& range, bool more_is_better) {
  if (!cell.understood || cell.verdict == Verdict::kInvalid) return HeatColor(*ui.colors, Heat::kNothing, 0);
  if (!cell.fits()) {
    const double t = range.short_most > 0 ? std::log1p(cell.short_gib) / std::log1p(range.short_most) : 0;
    return HeatColor(*ui.colors, Heat::kShort, static_cast<float>(t));
  }
  return HeatColor(*ui.colors, Heat::kFits, range.Share(cell, more_is_better));
}

std::string LayoutName(const MapCell& cell) {
  std::string text = "TP " + CountText(cell.tp);
  if (cell.pp > 1) text += " × PP " + CountText(cell.pp);
  if (cell.expert_parallel) text += ", experts whole";
  return text;
}

struct Place {
  size_t x, y, z;
};

std::string NameOf(const MapSheet& map, Place at, const Catalog& catalog) {
  const MapQuestion& q = map.question;
  std::string name = ValueName(q.x, q.xs[at.x], catalog) + ", " + ValueName(q.y, q.ys[at.y], catalog);
  if (!q.z.empty()) name += ", " + ValueName(q.z, q.zs[at.z], catalog);
  return name;
}

// Of the cell under the pointer or with the focus, with a full estimate of it.
std::string Explain(const Ui& ui, const MapSheet& map, Place at, const Catalog& catalog) {
  const MapCell& cell = map.cell(at.x, at.y, at.z);
  std::string text = NameOf(map, at, catalog) + ": ";
  if (!cell.understood) return text + "this combination does not exist.";
  const Result<Report> report = Estimate(map.ConfigOf(at.x, at.y, at.z, catalog), catalog);
  const GpuReport* card = report.ok() && !report->per_gpu.empty() ? &report->per_gpu.front() : nullptr;
  if (card == nullptr) return text + "cannot start.";
  if (cell.verdict == Verdict::kInvalid) {
    for (const Diagnostic& diagnostic : report->diagnostics) {
      if (diagnostic.severity == Severity::kError) return text + diagnostic.message;
    }
    return text + "cannot start.";
  }
  const SizeUnits units = UnitsOf(ui);
  text += LayoutName(cell) + ", " + GibText(card->weights, units) + " of weights and ";
  if (!cell.fits())
    return text + "short by " + GibText(GiBFromDouble(cell.short_gib), units) + " on the fullest card.";
  return text + GibText(card->kv_cache, units) + " of cache on each card, up to " +
         CountText(report->kv.max_model_len_that_fits) + " tokens, " +
         DecimalText(report->kv.max_concurrency, 1) + " sequences, " +
         DecimalText(report->speed.decode_tokens_per_s, 1) + " tok/s each.";
}

struct Grid {
  ImVec2 at;
  float label, cell, height;
  size_t from, to;  // columns
};

constexpr float kHeadLine = 14, kNarrow = 60;
constexpr size_t kHeadLines = 4;

TextStyle HeadStyle(const Ui& ui, float cell) { return {ui.colors->muted, cell < kNarrow ? 11 : kNote}; }

// The name of a column in as many lines as it needs.
std::vector<std::string> HeadLines(const Ui& ui, const std::string& name, float cell) {
  const TextStyle style = HeadStyle(ui, cell);
  std::vector<std::string> lines;
  for (const std::string_view word : SplitAt(name, ' ')) {
    const std::string longer = lines.empty() ? "" : lines.back() + " " + std::string(word);
    if (!longer.empty() && (TextWidth(ui, longer, style) <= cell - 1 || lines.size() == kHeadLines)) {
      lines.back() = longer;
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

// The names of all columns, standing on their cells; how high they are.
float DrawHeads(Ui& ui, const std::vector<std::string>& names, ImVec2 at, float cell) {
  std::vector<std::vector<std::string>> heads;
  size_t most = 1;
  for (const std::string& name : names) {
    heads.push_back(HeadLines(ui, name, cell));
    most = std::max(most, heads.back().size());
  }
  const float height = 8 + kHeadLine * static_cast<float>(most);
  const TextStyle style = HeadStyle(ui, cell);
  for (const std::vector<std::string>& lines : heads) {
    float y = at.y + height - 12 - kHeadLine * static_cast<float>(lines.size() - 1);
    for (const std::string& line : lines) {
      const float wide = std::min(TextWidth(ui, line, style), cell);
      DrawText(ui, ImVec2(at.x + (cell - wide) / 2, y), line, style, cell + 1);
      y += kHeadLine;
    }
    at.x += cell;
  }
  return height;
}

void DrawGrid(Ui& ui, AppState& state, const MapSheet& map, const Range& range, size_t z, const Grid& grid,
              std::optional<Place>* looked, std::optional<Place>* taken) {
  const MapQuestion& q = map.question;
  const bool more = kMapMeasures[static_cast<size_t>(q.measure)].more_is_better;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Catalog& catalog = state.catalog();
  std::vector<std::string> heads;
  for (size_t x = grid.from; x < grid.to; ++x) heads.push_back(ValueName(q.x, q.xs[x], catalog));
  const float top = grid.at.y + DrawHeads(ui, heads, ImVec2(grid.at.x + grid.label, grid.at.y), grid.cell);
  for (size_t y = 0; y < q.ys.size(); ++y) {
    const float row = top + grid.height * static_cast<float>(y);
    DrawText(ui, ImVec2(grid.at.x, row + grid.height / 2), ValueName(q.y, q.ys[y], catalog), {0, 13},
             grid.label - 8);
    for (size_t x = grid.from; x < grid.to; ++x) {
      const MapCell& cell = map.cell(x, y, z);
      const std::string text = CellText(cell, q.measure, ui);
      ImGui::SetCursorScreenPos(
          ImVec2(grid.at.x + grid.label + grid.cell * static_cast<float>(x - grid.from) + 1.5F, row + 1.5F));
      const std::string name = NameOf(map, {x, y, z}, catalog);
      const Interaction item =
          Item(ui, name, ImVec2(grid.cell - 3, grid.height - 3), "gridcell", name, text, 4);
      if (item.visible) {
        draw->AddRectFilled(item.min, item.max, CellColor(ui, cell, range, more), 4);
        if (item.hovered || item.focused) {
          draw->AddRect(item.min, item.max, ui.colors->ink, 4);
          *looked = Place{x, y, z};
        }
        const TextStyle style = {0, grid.cell < 40 ? 11.0F : 12.5F};
        const float wide = TextWidth(ui, text, style);
        if (wide <= grid.cell - 4)
          DrawText(ui, ImVec2((item.min.x + item.max.x - wide) / 2, (item.min.y + item.max.y) / 2), text,
                   style);
      }
      if (item.clicked) *taken = Place{x, y, z};
    }
  }
  ImGui::SetCursorScreenPos(ImVec2(grid.at.x, top + grid.height * static_cast<float>(q.ys.size())));
}

void Ramp(const Ui& ui, ImVec2 at, float width, Heat heat, bool falling) {
  constexpr int kSteps = 24;
  for (int i = 0; i < kSteps; ++i) {
    const float t = static_cast<float>(i) / (kSteps - 1);
    const float x = at.x + width * static_cast<float>(i) / kSteps;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(x, at.y), ImVec2(x + width / kSteps, at.y + 10),
                                              HeatColor(*ui.colors, heat, falling ? 1 - t : t));
  }
}

void DrawLegend(Ui& ui, const MapSheet& map, const Range& range, float width) {
  const MapMeasureInfo& info = kMapMeasures[static_cast<size_t>(map.question.measure)];
  const TextStyle note = {ui.colors->muted, kNote};
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float ramp = std::min(110.0F, width / 4);
  MapCell end;
  end.understood = true;
  end.verdict = Verdict::kFits;
  const auto figure = [&](double value) {
    end.figure = value;
    return CellText(end, map.question.measure, ui);
  };
  const std::string short_text = "short by up to " + GibText(GiBFromDouble(range.short_most), UnitsOf(ui), 0);
  std::string unit(info.unit);
  if (map.question.measure == MapMeasure::kHeadroom) unit = UnitOf(ui) + " left on the fullest card";
  DrawText(ui, ImVec2(at.x, at.y + 8), short_text, note);
  Ramp(ui, ImVec2(at.x, at.y + 20), ramp, Heat::kShort, true);
  const float right = at.x + std::max(ramp, TextWidth(ui, short_text, note)) + 24;
  const std::string best = range.most > 0 ? figure(info.more_is_better ? range.least : range.most) + " to " +
                                                figure(info.more_is_better ? range.most : range.least) + ": "
                                          : "";
  DrawText(ui, ImVec2(right, at.y + 8), best + unit, note, at.x + width - right);
  Ramp(ui, ImVec2(right, at.y + 20), ramp, Heat::kFits, false);
  ui.tree->Add({"note", "Legend", short_text + "; " + best + unit, at.x, at.y, width, 30});
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + 38));
}

void Choices(Ui& ui, AppState& state, float width) {
  MapQuestion ask = state.map.ask;
  std::vector<std::string> axes(kAxisNames.begin(), kAxisNames.end());
  std::vector<std::string> repeats = axes, measures;
  repeats.insert(repeats.begin(), "nothing");
  for (const MapMeasureInfo& info : kMapMeasures) measures.emplace_back(info.label);
  ChipRow chips(ui, "", width);
  // An axis that stands elsewhere changes places with it.
  const auto set = [&ask](std::string MapQuestion::*side, std::string_view axis) {
    for (std::string MapQuestion::*other : {&MapQuestion::x, &MapQuestion::y, &MapQuestion::z}) {
      if (other != side && ask.*other == axis)
        ask.*other = other == &MapQuestion::z ? std::string() : ask.*side;
    }
    ask.*side = axis;
  };
  if (const auto x = chips.Choose("map-x", "Across", AxisName(ask.x), axes))
    set(&MapQuestion::x, kMapAxes[*x]);
  if (const auto y = chips.Choose("map-y", "Down", AxisName(ask.y), axes)) set(&MapQuestion::y, kMapAxes[*y]);
  if (const auto z = chips.Choose("map-z", "Repeat by", AxisName(ask.z), repeats)) {
    if (*z == 0) {
      ask.z.clear();
    } else if (kMapAxes[*z - 1] != ask.x && kMapAxes[*z - 1] != ask.y) {
      ask.z = kMapAxes[*z - 1];
    }
  }
  const size_t measure = static_cast<size_t>(ask.measure);
  if (const auto c = chips.Choose("map-colour", "Colour", measures[measure], measures))
    ask.measure = static_cast<MapMeasure>(*c);
  chips.Export(state);
  chips.End();
  if (EncodeMapAxes(ask) == EncodeMapAxes(state.map.ask)) return;
  state.map.ask = ask;
  state.PageChanged();
}

std::string Caption(const MapSheet& map, const AppState& state) {
  const MapQuestion& q = map.question;
  const MapMeasureInfo& info = kMapMeasures[static_cast<size_t>(q.measure)];
  const bool models = q.x == "model" || q.y == "model" || q.z == "model";
  std::string text = models ? "" : ModelTitle(state.resolved()) + ": ";
  text += models ? std::string(info.label) : InSentence(std::string(info.label));
  text += " by " + InSentence(AxisName(q.x)) + " and " + InSentence(AxisName(q.y));
  const auto cards = static_cast<int64_t>(state.resolved().cards.size());
  if (cards > 1 && q.x != "gpus" && q.y != "gpus" && q.z != "gpus")
    text += ", " + CountText(cards) + " of each card";
  if (!q.z.empty()) text += ", for each " + InSentence(AxisName(q.z));
  return text;
}

ShownTable TableOf(const Ui& ui, const MapSheet& map, size_t z, const Catalog& catalog, std::string caption) {
  const MapQuestion& q = map.question;
  std::vector<std::string> header = {""};
  for (const Json& value : q.xs) header.push_back(ValueName(q.x, value, catalog) + ">");
  ShownTable shown{std::move(caption), Table(std::move(header)), {}};
  for (size_t y = 0; y < q.ys.size(); ++y) {
    std::vector<std::string> row = {ValueName(q.y, q.ys[y], catalog)};
    for (size_t x = 0; x < q.xs.size(); ++x) row.push_back(CellText(map.cell(x, y, z), q.measure, ui));
    shown.table.Add(std::move(row));
  }
  return shown;
}

}  // namespace

void DrawMapHead(Ui& ui, AppState& state, float width) {
  state.map.Follow(state.answer_version(), state.config(), state.view.cost.rents, &state.errands);
  const MapSheet* map = state.map.sheet();
  const std::string text = map != nullptr                ? Caption(*map, state)
                           : state.map.problem().empty() ? "Working out the map"
                                                         : state.map.problem();
  DrawHeadline(ui, {{text, 0}}, width);
}

void DrawMapTab(Ui& ui, AppState& state, float width) {
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  Gap(8);
  Choices(ui, state, width);
  if (state.map.working()) ProgressLine(ui, "Working out the map", state.errands.share("map"), width);
  Gap(6);
  const MapSheet* map = state.map.sheet();
  if (map == nullptr) {
    ImGui::PopStyleVar();
    return;
  }
  const MapQuestion& q = map->question;
  const Range range = RangeOf(*map);
  std::optional<Place> looked, taken;
  // Small maps side by side where they fit.
  const size_t maps = q.zs.size();
  const float label = std::min(width * 0.3F, q.y == "model" ? 190.0F : 104.0F);
  const float least = label + 38 * static_cast<float>(q.xs.size());
  const int across =
      std::max(1, std::min(static_cast<int>(maps), static_cast<int>((width + 24) / (least + 24))));
  SideBySide columns(width, across, 24, 0);
  for (size_t z = 0; z < maps; ++z) {
    columns.Next();
    if (!q.z.empty()) SectionLabel(ui, ValueName(q.z, q.zs[z], state.catalog()));
    // Cells that a finger hits: where there is no room for all columns side by side, they go on below.
    const float room = columns.cell() - label;
    const size_t all = q.xs.size();
    const auto most = static_cast<size_t>(std::max(1.0F, room / (ui.coarse ? 44.0F : 30.0F)));
    const size_t parts = (all + most - 1) / most, each = (all + parts - 1) / parts;
    const float cell = std::min(room / static_cast<float>(each), 110.0F);
    const float height = ui.coarse ? 44.0F : maps > 1 ? 30.0F : 36.0F;
    for (size_t from = 0; from < all; from += each) {
      if (from > 0) Gap(10);
      DrawGrid(ui, state, *map, range, z,
               {ImGui::GetCursorScreenPos(), label, cell, height, from, std::min(all, from + each)}, &looked,
               &taken);
    }
    Gap(14);
    std::string caption = Caption(*map, state);
    if (!q.z.empty()) caption += ": " + ValueName(q.z, q.zs[z], state.catalog());
    ui.tree->AddTable(TableOf(ui, *map, z, state.catalog(), std::move(caption)));
  }
  columns.End();
  DrawLegend(ui, *map, range, width);
  const std::string text = looked ? Explain(ui, *map, *looked, state.catalog())
                                  : "Each cell is the best legal layout of its cards. Point at one for what "
                                    "it holds; a click opens it, "
                                    "Shift and a click pin it to the comparison.";
  const ImVec2 at = ImGui::GetCursorScreenPos();
  Paragraph(ui, text, width, {looked ? ui.colors->ink : ui.colors->muted, 13}, looked ? "status" : "text");
  ImGui::SetCursorScreenPos(
      ImVec2(at.x, std::max(ImGui::GetCursorScreenPos().y, at.y + 44)));  // nothing jumps
  if (looked && map->cell(looked->x, looked->y, looked->z).understood)
    state.view.under_pointer = map->ConfigOf(looked->x, looked->y, looked->z, state.catalog());
  if (q.measure == MapMeasure::kCost) DrawPriceNote(ui, state, width);
  ImGui::PopStyleVar();
  if (!taken || !map->cell(taken->x, taken->y, taken->z).understood) return;
  const Config config = map->ConfigOf(taken->x, taken->y, taken->z, state.catalog());
  if (ImGui::GetIO().KeyShift) {
    state.PinOther(config);
  } else {
    state.Load(config);
    state.OpenTab(kFirstTab);
  }
}

}  // namespace plimsoll
