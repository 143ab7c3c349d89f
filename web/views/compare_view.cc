// Several configurations side by side: a column each, rows that differ marked, equal ones folded. The first column is the
// baseline of the deltas. On a phone each column is a block of its own.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"
#include "core/resolve/resolved_keys.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr float kNarrow = 560;
constexpr float kRowHeight = 36;

// With the operating ranges of the columns, as far as they are known; what is missing is asked for.
const CompareState::Answered& Answered(AppState& state) {
  const CompareState::Answered& answered = state.compare.Follow(
      state.answer_version(), state.config(), state.catalog(), state.view.units, state.view.cost);
  const std::optional<LoadKind> kind = answered.comparison.ranged;
  if (!kind) return answered;
  std::vector<RowRanges::Row> wanted;
  for (const std::string& url : answered.comparison.urls) wanted.push_back({*kind, url});
  state.row_ranges.Follow(wanted, &state.errands);
  std::vector<ComparedCell> cells;
  for (const RowRanges::Row& row : wanted) {
    const RowRanges::Known* known = state.row_ranges.Find(row);
    cells.push_back(known != nullptr ? RangeCell(known->figure) : ComparedCell{"…", std::nullopt});
  }
  state.compare.TakeRanges(*kind, std::move(cells));
  return answered;
}

// ---- names ---------------------------------------------------------------------------------------------------

std::string CardsName(const Resolved& resolved, bool with_card) {
  const auto count = static_cast<int64_t>(resolved.cards.size());
  if (count == 0) return "RAM alone";
  if (!with_card) return CountedText(count, "GPU", "GPUs");
  const std::string& name = resolved.cards.front().gpu->name;
  return count == 1 ? name : CountText(count) + " × " + name;
}

// What a column says of one key, as people say it; empty: another key says it.
std::string KeyTitle(const Resolved& resolved, const ConfigKey& key, bool cards_differ) {
  const Json value = ResolvedValue(resolved, key);
  if (key.json == "model") return ModelTitle(resolved);
  if (key.json == "format") return resolved.format != nullptr ? FormatName(resolved.format->id) : "";
  if (key.json == "engine") return std::string(resolved.engine->name);
  if (key.json == "gpu") return CardsName(resolved, true);
  if (key.json == "gpus" || key.json == "nodes") return cards_differ ? "" : CardsName(resolved, false);
  if (key.json == "max_model_len") return ContextText(resolved.max_model_len) + " context";
  if (key.json == "concurrency") return CountedText(resolved.concurrency, "user", "users");
  if (key.json == "kv_cache_dtype") {
    const KvTypes types = resolved.kv_cache_dtype;
    const auto name = [](KvType type) {
      return std::string(kKvTypeChoices[static_cast<size_t>(type)].label);
    };
    return (types.k == types.v ? name(types.k) : name(types.k) + " / " + name(types.v)) + " cache";
  }
  if (value.is_null()) return "no " + Lower(key.label);
  if (value.is_bool())
    return (value.AsBool().value_or(false) != key.shown_inverted ? "" : "no ") + std::string(key.label);
  return Lower(key.label) + " " + ConfigValueText(value);
}

// What sets the columns apart: keys that somebody gave and that come to something else.
std::vector<const ConfigKey*> KeysApart(const CompareState::Answered& answered) {
  std::vector<const ConfigKey*> apart;
  const std::vector<Config>& configs = answered.columns.configs;
  const auto& resolved = answered.comparison.resolved;
  for (const ConfigKey& key : ConfigKeys()) {
    bool differs = false;
    for (size_t i = 1; i < configs.size(); ++i) {
      const bool given = GetConfigText(configs[i], key) != GetConfigText(configs[0], key);
      const bool known = resolved[i] && resolved[0];
      differs = differs ||
                (given && (!known || ResolvedValue(*resolved[i], key) != ResolvedValue(*resolved[0], key)));
    }
    if (differs) apart.push_back(&key);
  }
  return apart;
}

std::vector<std::string> TitlesOf(const CompareState::Answered& answered) {
  const std::vector<const ConfigKey*> apart = KeysApart(answered);
  const bool cards =
      std::any_of(apart.begin(), apart.end(), [](const ConfigKey* key) { return key->json == "gpu"; });
  std::vector<std::string> titles;
  for (size_t i = 0; i < answered.columns.configs.size(); ++i) {
    std::string title = answered.columns.names[i];
    const auto& resolved = answered.comparison.resolved[i];
    for (const ConfigKey* key : apart) {
      if (!answered.columns.names[i].empty()) break;
      const std::string part =
          resolved ? KeyTitle(*resolved, *key, cards) : GetConfigText(answered.columns.configs[i], *key);
      if (part.empty()) continue;
      if (!title.empty()) title += ", ";
      title += part;
    }
    if (title.empty() && resolved && resolved->format) title = FormatName(resolved->format->id);
    titles.push_back(title.empty() ? "Column " + std::to_string(i + 1) : title);
  }
  return titles;
}

// ---- the sentence on top -------------------------------------------------------------------------------------

// What all columns share: "Llama 3.1 70B on 2 × H100".
std::string SharedTitle(const CompareState::Answered& answered) {
  const auto& all = answered.comparison.resolved;
  if (!all.front()) return "Compared";
  const Resolved& first = *all.front();
  bool model = true, cards = true;
  for (const auto& other : all) {
    model = model && other && ModelTitle(*other) == ModelTitle(first);
    cards = cards && other && CardsName(*other, true) == CardsName(first, true);
  }
  std::string text =
      model ? ModelTitle(first) : CountedText(static_cast<int64_t>(all.size()), "model", "models");
  if (!model && answered.columns.configs.size() == 1) text = ModelTitle(first);
  if (cards) text += " on " + CardsName(first, true);
  return text;
}

struct Claim {
  std::string before, name, after;
};

Claim ClaimOf(const CompareState::Answered& answered, const std::vector<std::string>& titles) {
  const auto& reports = answered.comparison.reports;
  const size_t count = reports.size();
  if (count < 2) return {"Nothing to compare with yet: vary something, or pin more", "", ""};
  std::vector<size_t> fits;
  for (size_t i = 0; i < count; ++i) {
    if (reports[i].fits()) fits.push_back(i);
  }
  const std::string title = SharedTitle(answered) + ": ";
  if (fits.empty()) return {title + "none of " + CountText(static_cast<int64_t>(count)) + " fits", "", ""};
  if (fits.size() == 1) return {title + "only ", titles[fits[0]], " fits"};
  const auto room = [&](size_t a, size_t b) {
    return reports[a].kv.max_concurrency < reports[b].kv.max_concurrency;
  };
  const size_t most = *std::max_element(fits.begin(), fits.end(), room);
  const size_t least = *std::min_element(fits.begin(), fits.end(), room);
  const double ratio = reports[least].kv.max_concurrency > 0
                           ? reports[most].kv.max_concurrency / reports[least].kv.max_concurrency
                           : 0;
  if (ratio >= 1.95) {
    return {title, titles[most],
            " holds " + DecimalText(ratio, ratio < 9.95 ? 1 : 0) + " times the users of " + titles[least]};
  }
  const auto slower = [&](size_t a, size_t b) {
    return reports[a].speed.decode_tokens_per_s < reports[b].speed.decode_tokens_per_s;
  };
  const size_t quick = *std::max_element(fits.begin(), fits.end(), slower);
  const size_t slow = *std::min_element(fits.begin(), fits.end(), slower);
  const double faster =
      reports[slow].speed.decode_tokens_per_s > 0
          ? reports[quick].speed.decode_tokens_per_s / reports[slow].speed.decode_tokens_per_s
          : 0;
  if (faster >= 1.15)
    return {title, titles[quick], " is " + DecimalText(faster, 1) + " times as fast as " + titles[slow]};
  return {title + "all " + CountText(static_cast<int64_t>(fits.size())) + " that fit are much alike", "", ""};
}

// ---- what is asked by clicking, done when the table is drawn ---------------------------------------------------

using Deed = std::function<void(AppState&)>;

void Menu(Ui& ui, AppState& state, size_t column, size_t columns, const std::string& title, bool opened,
          Deed* deed) {
  const std::string id = "column-menu-" + std::to_string(column);
  const ImVec2 min = LastMin(), max = LastMax();
  if (!BeginMenu(ui, id.c_str(), opened, min, max, 240)) return;
  const auto row = [&](const char* label, Deed then) {
    if (!MenuRow(ui, label, "", false)) return;
    *deed = std::move(then);
    CloseMenu();
  };
  const auto move = [&](size_t to) {
    return [=](AppState& s) { s.compare.Move(column, to, s.config(), s.catalog()); };
  };
  row("Edit in place", [=](AppState& s) { s.Load(s.compare.Edit(column, s.config(), s.catalog())); });
  if (state.compare.editing()) row("Done editing", [](AppState& s) { s.compare.StopEditing(); });
  if (column > 0) row("Make it the baseline", move(0));
  if (column > 0) row("Move left", move(column - 1));
  if (column + 1 < columns) row("Move right", move(column + 1));
  row("Remove", [=](AppState& s) { s.compare.Remove(column, s.config(), s.catalog()); });
  MenuHeading(ui, "Name");
  char* name = state.view.name;
  if (opened) name[title.copy(name, sizeof state.view.name - 1)] = '\0';
  if (SearchField(ui, "Name of the column", name, sizeof state.view.name, ImGui::GetContentRegionAvail().x,
                  false)) {
    const std::string given = name;
    *deed = [=](AppState& s) { s.compare.Rename(column, given, s.config(), s.catalog()); };
    CloseMenu();
  }
  EndMenu();
}

void MenuButton(Ui& ui, AppState& state, size_t column, size_t columns, const std::string& title,
                ImVec2 corner, Deed* deed) {
  const float size = ui.coarse ? 44 : 26;
  ImGui::SetCursorScreenPos(corner);
  const std::string label = "More of column " + std::to_string(column + 1);
  const Interaction item = Item(ui, label, ImVec2(size, size), "button", label, title, 5);
  if (item.visible) {
    const ImU32 color = item.hovered ? ui.colors->ink : ui.colors->muted;
    const ImVec2 middle((item.min.x + item.max.x) / 2, (item.min.y + item.max.y) / 2);
    for (float dot : {-5.0F, 0.0F, 5.0F})
      ImGui::GetWindowDrawList()->AddCircleFilled(ImVec2(middle.x + dot, middle.y), 1.5F, color, 8);
  }
  Menu(ui, state, column, columns, title, item.clicked, deed);
}

// ---- the table ---------------------------------------------------------------------------------------------------

struct Layout {
  float left, label, cell, width;
  bool tight;  // deltas go below their figures
  float Right(size_t column) const { return left + label + cell * static_cast<float>(column + 1) - 8; }
  float Left(size_t column) const { return left + label + cell * static_cast<float>(column) + 12; }
};

void Line(const Ui& ui, float left, float y, float width) {
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(left, y), ImVec2(left + width, y + 1), ui.colors->line);
}

double FullScale(const Comparison& comparison) {
  double full = 0;
  for (const Report& report : comparison.reports) {
    const GpuReport* card = FullestCard(report);
    if (card != nullptr) full = std::max(full, BarEnd(*card).gib());
  }
  return full;
}

std::string_view VerdictWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFits:
      return "Fits";
    case Verdict::kTight:
      return "Tight";
    case Verdict::kDoesNotFit:
      return "Does not fit";
    case Verdict::kInvalid:
      break;
  }
  return "Cannot start";
}

void DrawHeader(Ui& ui, AppState& state, const CompareState::Answered& answered,
                const std::vector<std::string>& titles, const Layout& layout, Deed* deed) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const size_t count = titles.size();
  const float height = layout.tight ? 76 : 56;
  const float inner = layout.cell - 46;
  const float room = layout.tight ? layout.cell - 14 : inner;
  float size = layout.tight ? 13 : 15;
  for (const std::string& title : titles) {  // all smaller rather than one cut
    if (TextWidth(ui, title, {ui.colors->ink, size, Weight::kSemibold}) > room) size = 13;
  }
  for (size_t i = 0; i < count; ++i) {
    const bool own = i == answered.columns.own;
    const float x = layout.Left(i);
    ImGui::SetCursorScreenPos(ImVec2(x - 6, at.y));
    const std::string label = "Column " + std::to_string(i + 1);
    const Interaction item =
        Item(ui, label, ImVec2(layout.tight ? room + 6 : inner, height - (layout.tight ? 28.0F : 0.0F)),
             "button", label, titles[i], 5);
    std::string note = i == 0 ? "baseline" : "";
    if (own) {
      const OwnColumn is = answered.columns.own_is;
      const char* here = is == OwnColumn::kEdited  ? "editing"
                         : is == OwnColumn::kLoose ? "not pinned"
                                                   : "in the form";
      note += (note.empty() ? "" : ", ") + std::string(here);
    }
    if (item.visible) {
      const TextStyle strong = {item.hovered ? ui.colors->accent : ui.colors->ink, size, Weight::kSemibold};
      DrawText(ui,
               ImVec2(x, at.y + (note.empty() ? height / 2 : height / 2 - 9) - (layout.tight ? 12.0F : 0.0F)),
               titles[i], strong, room);
      DrawText(ui, ImVec2(x, at.y + height / 2 + 11 - (layout.tight ? 12.0F : 0.0F)), note,
               {own ? ui.colors->accent : ui.colors->muted, kNote}, room);
      if (own) {
        ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(x, at.y + height - 2),
                                                  ImVec2(layout.Right(i), at.y + height), ui.colors->accent);
      }
    }
    if (item.clicked && !own) {
      const Config config = answered.columns.configs[i];
      *deed = [=](AppState& s) {
        s.compare.StopEditing();
        s.Load(config);
      };
    }
    MenuButton(ui, state, i, count, titles[i],
               ImVec2(layout.Right(i) - 26, at.y + (layout.tight ? height - 30 : height / 2 - 13)), deed);
  }
  Line(ui, layout.left, at.y + height, layout.width);
  ImGui::SetCursorScreenPos(ImVec2(layout.left, at.y + height + 1));
}

void DrawBars(Ui& ui, const CompareState::Answered& answered, const Layout& layout, const AppState& state) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = 62;
  const double full = FullScale(answered.comparison);
  DrawText(ui, ImVec2(layout.left, at.y + height / 2), "Fullest card", {ui.colors->muted, 13.5F},
           layout.label - 8);
  for (size_t i = 0; i < answered.comparison.reports.size(); ++i) {
    const Report& report = answered.comparison.reports[i];
    const float x = layout.Left(i);
    DrawText(ui, ImVec2(x, at.y + 17), VerdictWord(report.verdict),
             {VerdictColor(*ui.colors, report.verdict), 13.5F, Weight::kSemibold}, layout.cell - 14);
    const GpuReport* card = FullestCard(report);
    if (card == nullptr) continue;
    DrawCardBar(ui, state, *card, full, x, layout.Right(i) - x, at.y + 33, 18);
  }
  Line(ui, layout.left, at.y + height, layout.width);
  ImGui::SetCursorScreenPos(ImVec2(layout.left, at.y + height + 1));
}

// The best figure of a row, where that is a matter of more or less.
bool IsBest(const ComparedRow& row, const ComparedCell& cell) {
  if (!row.differs || !cell.number) return false;
  return std::all_of(row.cells.begin(), row.cells.end(), [&](const ComparedCell& other) {
    return !other.number ||
           (row.more_is_better ? *cell.number >= *other.number : *cell.number <= *other.number);
  });
}

void DrawRow(Ui& ui, const ComparedRow& row, const Layout& layout) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = layout.tight ? 44 : kRowHeight;
  const float middle = at.y + height / 2;
  if (row.differs) {
    ImGui::GetWindowDrawList()->AddRectFilled(at, ImVec2(at.x + layout.width, at.y + height),
                                              Faded(ui.colors->line, 0.32F));
  }
  DrawText(ui, ImVec2(at.x, middle), row.label, {ui.colors->muted, 13.5F}, layout.label - 8);
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const ComparedCell& cell = row.cells[i];
    const std::string delta = i == 0 || !row.differs ? "" : DeltaText(cell, row.cells.front());
    const TextStyle grey = {ui.colors->muted, kNote};
    const TextStyle figure = {0, layout.tight ? 13.0F : kBody,
                              IsBest(row, cell) ? Weight::kSemibold : Weight::kRegular};
    const std::string_view text = cell.text.empty() ? std::string_view("–") : std::string_view(cell.text);
    float right = layout.Right(i);
    if (layout.tight) {
      DrawTextRight(ui, ImVec2(right, delta.empty() ? middle : middle - 8), text, figure);
      DrawTextRight(ui, ImVec2(right, middle + 9), delta, grey);
    } else {
      if (!delta.empty()) {
        DrawTextRight(ui, ImVec2(right, middle), delta, grey);
        right -= TextWidth(ui, delta, grey) + 6;
      }
      DrawTextRight(ui, ImVec2(right, middle), text, figure);
    }
  }
  Line(ui, layout.left, at.y + height, layout.width);
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + height + 1));
}

bool IsShown(const AppState& state, const ComparedRow& row, size_t columns) {
  return row.key != "verdict" && (state.compare.all_rows || row.differs || columns < 2);
}

// A column as a block: for a phone.
void DrawBlock(Ui& ui, AppState& state, const CompareState::Answered& answered,
               const std::vector<std::string>& titles, size_t i, float width, Deed* deed) {
  const Comparison& comparison = answered.comparison;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Report& report = comparison.reports[i];
  const std::string label = "Column " + std::to_string(i + 1);
  const Interaction item = Item(ui, label, ImVec2(width - 50, 44), "button", label, titles[i], 5);
  if (item.clicked && i != answered.columns.own) {
    const Config config = answered.columns.configs[i];
    *deed = [=](AppState& s) {
      s.compare.StopEditing();
      s.Load(config);
    };
  }
  const TextStyle word = {VerdictColor(*ui.colors, report.verdict), kNote, Weight::kSemibold};
  const float word_width = TextWidth(ui, VerdictWord(report.verdict), word);
  DrawText(ui, ImVec2(at.x, at.y + 22), titles[i],
           {i == answered.columns.own ? ui.colors->accent : ui.colors->ink, 15, Weight::kSemibold},
           width - 64 - word_width);
  DrawTextRight(ui, ImVec2(at.x + width - 54, at.y + 22), VerdictWord(report.verdict), word);
  MenuButton(ui, state, i, titles.size(), titles[i], ImVec2(at.x + width - 44, at.y), deed);
  float y = at.y + 46;
  if (const GpuReport* card = FullestCard(report)) {
    DrawCardBar(ui, state, *card, FullScale(comparison), at.x, width, y, 16);
    y += 26;
  }
  // Two figures to a line.
  const float half = (width - 20) / 2;
  int n = 0;
  for (const ComparedRow& row : comparison.rows) {
    if (!IsShown(state, row, titles.size())) continue;
    const float x = at.x + (n % 2 == 0 ? 0 : half + 20);
    const std::string delta = i == 0 ? "" : DeltaText(row.cells[i], row.cells.front());
    const std::string text = row.cells[i].text.empty() ? "–" : row.cells[i].text;
    const TextStyle figure = {0, 13, IsBest(row, row.cells[i]) ? Weight::kSemibold : Weight::kRegular};
    DrawText(ui, ImVec2(x, y + 9), row.label, {ui.colors->muted, kNote}, half);
    const float after = DrawText(ui, ImVec2(x, y + 27), text, figure, half);
    DrawText(ui, ImVec2(x + after + 6, y + 27), delta, {ui.colors->muted, kNote});
    if (++n % 2 == 0) y += 44;
  }
  if (n % 2 == 1) y += 44;
  Line(ui, at.x, y + 4, width);
  ImGui::SetCursorScreenPos(ImVec2(at.x, y + 8));
}

ShownTable TableOf(const CompareState::Answered& answered, const std::vector<std::string>& titles,
                   std::string caption) {
  std::vector<std::string> header = {""};
  for (const std::string& title : titles) header.push_back(title + ">");
  ShownTable shown{std::move(caption), Table(std::move(header)), {}};
  for (const ComparedRow& row : answered.comparison.rows) {
    std::vector<std::string> line = {row.label};
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const std::string delta = i == 0 || !row.differs ? "" : DeltaText(row.cells[i], row.cells.front());
      line.push_back(row.cells[i].text + (delta.empty() ? "" : " (" + delta + ")"));
    }
    shown.table.Add(std::move(line));
  }
  for (size_t i = 0; i < titles.size(); ++i) {
    if (const GpuReport* card = FullestCard(answered.comparison.reports[i]))
      shown.bars.push_back({0, i + 1, *card, FullScale(answered.comparison)});
  }
  return shown;
}

// "Weights per card" in the middle of a sentence; what begins with an abbreviation stays as it is.
std::string WithinSentence(std::string_view label) {
  const bool abbreviated = label.size() > 1 && label[1] >= 'A' && label[1] <= 'Z';
  return abbreviated ? std::string(label) : Lower(label.substr(0, 1)) + std::string(label.substr(1));
}

void DrawFolded(Ui& ui, AppState& state, const Comparison& comparison, float width) {
  std::vector<std::string> within;
  for (const ComparedRow& row : comparison.rows) {
    if (!row.differs) within.push_back(WithinSentence(row.label));
  }
  const std::vector<std::string_view> equal(within.begin(), within.end());
  Gap(8);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ui.coarse ? 44 : 30;
  const std::string_view word = state.compare.all_rows ? "Only differences" : "All rows";
  const float chip = ChipWidth(ui, word);
  if (Chip(ui, word)) state.compare.all_rows = !state.compare.all_rows;
  std::string text =
      CountedText(static_cast<int64_t>(equal.size()), "row is", "rows are") + " the same everywhere";
  if (!equal.empty()) text += ": " + ListText(equal);
  if (equal.empty()) text = "No row is the same everywhere";
  if (width > kNarrow) {
    ImGui::SetCursorScreenPos(ImVec2(at.x + chip + 12, at.y + (height - LineHeight(ui, kNote)) / 2));
    ImGui::BeginGroup();
    Paragraph(ui, text + ".", width - chip - 12, {ui.colors->muted, kNote});
    ImGui::EndGroup();
    ImGui::SetCursorScreenPos(ImVec2(at.x, std::max(ImGui::GetCursorScreenPos().y, at.y + height + 6)));
  } else {
    Paragraph(ui, text + ".", width, {ui.colors->muted, kNote});
  }
}

// Whether the columns run beside each other on the cards of the first, and what each gets. A click takes a row's share.
void DrawTogether(Ui& ui, AppState& state, const CompareState::Answered& answered, float width) {
  if (!answered.problem.empty()) {
    Paragraph(ui, answered.problem, width, {ui.colors->does_not_fit, kNote}, "alert");
    Gap(8);
  }
  if (!answered.together) return;
  const Together& together = *answered.together;
  Paragraph(ui, together.sentence, width,
            {together.fits ? ui.colors->fits : ui.colors->does_not_fit, 15.5F, Weight::kSemibold}, "status");
  Gap(6);
  std::optional<Config> taken;
  const std::vector<std::string> titles = TitlesOf(answered);
  for (size_t i = 0; i < together.tenants.size(); ++i) {
    const Tenant& tenant = together.tenants[i];
    const std::string needs = "needs " + GibText(tenant.least, state.view.units);
    std::string text = GibText(tenant.given, state.view.units) + " a card, " + needs;
    if (tenant.share) text += ", share " + DecimalText(*tenant.share, 3);
    const std::string short_text = tenant.fits ? text : needs + ", does not start there";
    if (tenant.users > 0) text += ", room for " + DecimalText(tenant.users, 1);
    if (!tenant.fits) text = needs + " a card, does not start there";
    const std::string& name = i < titles.size() ? titles[i] : tenant.name;
    const bool narrow = width < kNarrow;
    const float height = narrow ? 48 : ui.coarse ? 44 : 30;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const Interaction item =
        Item(ui, "together " + std::to_string(i), ImVec2(width, height), "row", name, text, 4);
    if (item.visible) {
      if (item.hovered)
        ImGui::GetWindowDrawList()->AddRectFilled(item.min, item.max, Faded(ui.colors->line, 0.35F), 4);
      const float middle = at.y + (narrow ? 14 : height / 2);
      DrawText(ui, ImVec2(at.x + 6, middle), name, {0, 13.5F, Weight::kSemibold},
               narrow ? width - 12 : width * 0.35F);
      DrawText(ui, ImVec2(at.x + (narrow ? 6 : width * 0.37F), narrow ? at.y + 34 : middle),
               narrow ? short_text : text, {tenant.fits ? ui.colors->muted : ui.colors->does_not_fit, 13},
               narrow ? width - 12 : width * 0.62F);
    }
    if (item.clicked) taken = tenant.config;
  }
  Paragraph(ui,
            "On the cards of the first column. A click opens one with its share and what the others hold.",
            width, {ui.colors->muted, kNote});
  Gap(12);
  ui.tree->AddTable({together.sentence, TogetherTable(together, state.view.units), {}});
  if (taken) state.Load(*taken);
}

}  // namespace

void DrawCompareHead(Ui& ui, AppState& state, float width) {
  const CompareState::Answered& answered = Answered(state);
  const std::vector<std::string> titles = TitlesOf(answered);
  const Claim claim = ClaimOf(answered, titles);
  DrawHeadline(ui, {{claim.before, 0}, {claim.name, ui.colors->fits}, {claim.after, 0}}, width);
}

void DrawCompareTab(Ui& ui, AppState& state, float width) {
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  Gap(8);
  Deed deed;
  ChipRow chips(ui, "Vary", width);
  for (size_t i = 0; i < kVaryChoices.size(); ++i) {
    if (chips.Add(kVaryChoices[i].label, static_cast<int>(i) == state.compare.varied()))
      deed = [i](AppState& s) { s.compare.Vary(static_cast<int>(i)); };
  }
  chips.Word("");
  const CompareState::Answered& answered = Answered(state);
  if (answered.columns.own_is != OwnColumn::kPinned || answered.columns.configs.size() < 2) {
    if (chips.Add(answered.columns.own_is == OwnColumn::kEdited ? "Done editing" : "+ Pin the current",
                  false))
      deed = [](AppState& s) { s.Pin(); };
  }
  if (!state.compare.empty() && chips.Add("Clear", false)) deed = [](AppState& s) { s.compare.Clear(); };
  if (answered.columns.configs.size() > 1 && chips.Add("Together", state.compare.together))
    deed = [](AppState& s) { s.compare.together = !s.compare.together; };
  chips.Export(state);
  chips.End();
  Gap(10);
  DrawTogether(ui, state, answered, width);

  const std::vector<std::string> titles = TitlesOf(answered);
  const size_t count = titles.size();
  if (width < kNarrow) {
    for (size_t i = 0; i < count; ++i) DrawBlock(ui, state, answered, titles, i, width, &deed);
  } else {
    const float label = std::clamp(width * 0.24F, 168.0F, 210.0F);
    const float cell = std::min((width - label) / static_cast<float>(count), 300.0F);
    const Layout layout = {ImGui::GetCursorScreenPos().x, label, cell, width, cell < 132};
    DrawHeader(ui, state, answered, titles, layout, &deed);
    DrawBars(ui, answered, layout, state);
    for (const ComparedRow& row : answered.comparison.rows) {
      if (IsShown(state, row, count)) DrawRow(ui, row, layout);
    }
  }
  DrawFolded(ui, state, answered.comparison, width);
  DrawPriceNote(ui, state, width);
  const Claim claim = ClaimOf(answered, titles);
  ui.tree->AddTable(TableOf(answered, titles, claim.before + claim.name + claim.after));
  ImGui::PopStyleVar();
  if (!deed) return;
  deed(state);
  state.PageChanged();
}

}  // namespace plimsoll
