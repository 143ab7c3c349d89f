// What can I run, and what do I need: two doors to one table, cheapest first, with the wish that excludes most. A row opens
// as the current configuration, or is pinned to the comparison.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/catalog/license.h"
#include "core/engines/registry.h"
#include "core/resolve/memory_parts.h"
#include "core/solve/find.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr float kNarrow = 760;  // below it names and layouts would be cut

std::string Dollars(double usd) { return usd > 0 ? "$" + DecimalText(usd, usd < 100 ? 2 : 0) : "?"; }

std::string FirstToken(double ms) { return DurationText(Seconds(ms / 1e3)); }

std::string RateText(double rate) { return DecimalText(rate, rate < 10 ? 1 : 0); }

std::string_view VerdictWord(Verdict verdict) { return verdict == Verdict::kTight ? "tight" : "fits"; }

// "8 users at 32,768 tokens each".
std::string WishText(const Wishes& wishes) {
  return CountedText(wishes.users, "user", "users") + " at " + CountText(wishes.max_model_len.value_or(0)) +
         " tokens" + (wishes.users > 1 ? " each" : "");
}

std::string WishSentence(Wish wish, const Wishes& wishes) {
  switch (wish) {
    case Wish::kMemory:
      return "memory for " + WishText(wishes);
    case Wish::kFirstToken:
      return "first token within " + FirstToken(wishes.ttft_ms.value_or(0));
    case Wish::kTokensPerSecond:
      return RateText(wishes.tokens_per_s.value_or(0)) + " tokens per second for each user";
    case Wish::kPrice:
      return "the budget of " + Dollars(wishes.price_per_h.value_or(0)) + " an hour";
    case Wish::kPower:
      return "power up to " + CountText(std::llround(wishes.watts.value_or(0))) + " W";
  }
  return "";
}

struct RowText {
  std::string name, layout, format, bits, license, tasks, users, range, rate, band, first, hour, tokens,
      longest, verdict;
};

std::string CardsText(int64_t count, const std::string& id, const Catalog& catalog) {
  const Gpu* gpu = catalog.FindGpu(id);
  return CountText(count) + " × " + (gpu != nullptr ? gpu->name : id);
}

// Behind the number of cards: "TP 4 × PP 2", "5 replicas of TP 8".
std::string DegreesText(const FindRow& row) {
  const Engine* engine = FindEngine(row.config.engine);
  std::string layout = row.cards > 1 ? "by layer" : "";
  if (engine != nullptr && engine->traits().layout == CardLayout::kDegrees) {
    const int64_t pp = row.config.pp.value_or(row.config.nodes.value_or(1));
    layout = "TP " + CountText(row.config.tp.value_or(row.config.gpus.value_or(1)));
    if (pp > 1) layout += " × PP " + CountText(pp);
    if (row.config.expert_parallel.value_or(false)) layout += " EP";
  }
  if (row.replicas <= 1) return layout.empty() ? "one card" : layout;
  return CountText(row.replicas) + " replicas" + (layout.empty() ? "" : " of " + layout);
}

constexpr std::string_view kLooking = "…";

// How many users, or requests per second, all replicas of a row serve within the limits of the load; empty: there are none.
std::string RowRange(const FindState::Answer& answer, size_t n, const RowRanges& ranges) {
  if (!answer.ranged) return "";
  const RowRanges::Known* known = ranges.Find({*answer.ranged, answer.urls[n]});
  if (known == nullptr) return std::string(kLooking);
  if (!known->figure) return "–";
  return RangeText(OfReplicas(*known->figure, answer.found.rows[n].replicas));
}

RowText TextOf(const FindState::Answer& answer, size_t n, const AppState& state) {
  const FindRow& row = answer.found.rows[n];
  const FindDoor door = answer.ask.door;
  const Catalog& catalog = state.catalog();
  const Model* model = catalog.FindModel(row.model);
  RowText text;
  const bool need = door == FindDoor::kNeed;
  text.name = need               ? CardsText(row.cards * row.replicas, row.gpu, catalog)
              : model != nullptr ? model->name
                                 : row.model;
  const Engine* engine = FindEngine(row.config.engine);
  const bool other = !answer.ask.engine.empty() && engine != nullptr;
  const std::string where = other ? std::string(engine->traits().name) : "";
  const std::string degrees = DegreesText(row);
  text.layout = need     ? where + (other ? ", " : "") + degrees
                : !other ? ParametersText(row.total_params) + ", " + degrees
                         : ParametersText(row.total_params) + ", " + where +
                               (row.cards * row.replicas > 1 ? ", " + degrees : "");
  text.license = LicenseName(model != nullptr ? model->license : "");
  text.tasks = TasksText(model != nullptr ? model->tasks : Tasks());
  text.format = FormatName(row.format);
  text.bits = DecimalText(row.bits_per_weight, 1);
  // Cards first: who fits is asked; model first: who was asked for.
  text.users = need ? CountText(row.users) : DecimalText(row.room, row.room < 10 ? 1 : 0);
  text.longest = ContextText(row.longest);
  text.band = RateText(row.decode_low) + " to " + RateText(row.decode_high);
  text.range = RowRange(answer, n, state.row_ranges);
  text.rate = RateText(row.decode_tokens_per_s);
  text.first = FirstToken(row.ttft_ms);
  text.hour = Dollars(row.price_per_h);
  text.tokens = Dollars(row.price_per_mtok);
  text.verdict = VerdictWord(row.verdict);
  return text;
}

// What a row says to those who do not see it, beside its name.
std::string Spoken(const FindRow& row, const RowText& text, FindDoor door) {
  const std::string model = door == FindDoor::kRun ? ", for " + text.tasks + ", licence " + text.license : "";
  const std::string room = door == FindDoor::kRun
                               ? "room for " + text.users + " users, up to " + text.longest + " of context"
                               : CountedText(row.users, "user", "users");
  return text.bits + " bits per weight, " + text.layout + model + ", " + room + ", " + text.band +
         " tok/s each" + (text.range.empty() ? "" : ", " + text.range + " within the limits") + ", " +
         text.hour + " an hour";
}

// Each bar is as wide as its own card, so that small cards can be read, too.
double FullScale(const GpuReport& card) { return BarEnd(card).gib(); }

// A click opens it, with Shift it goes to the comparison.
void TakeRow(AppState& state, const FindRow& row, bool pin) {
  if (pin) {
    state.PinOther(row.config);
  } else {
    const Config config = row.config;
    state.Load(config);
    state.OpenTab(kFirstTab);
  }
}

constexpr size_t kFigures = 8, kRangeFigure = 1, kHourFigure = 4, kTokensFigure = 5, kLongestFigure = 6,
                 kVerdictFigure = 7;

struct Columns {
  // Left edges of the first four, right ends of the figures.
  float name, layout, format, license, bar, bar_end;
  bool has_license = false;
  std::array<float, kFigures> ends;
};

constexpr float kWide = 900;  // from here on there is room for the price of tokens

// Which figures have room: all, but the price of tokens on a narrow page and the range where the load has no limit.
bool HasFigure(size_t figure, bool ranged, FindDoor door, float width) {
  if (figure == kRangeFigure) return ranged;
  // The same cards in every row cost the same: what a token costs is their speed.
  if (door == FindDoor::kRun && (figure == kHourFigure || figure == kTokensFigure)) return false;
  if (figure == kLongestFigure) return door == FindDoor::kRun;
  return figure != kTokensFigure || width >= kWide;
}

constexpr float kLicenseRoom = 480;  // of the first columns, with one for the licence
constexpr float kBarRoom = 76;       // of the bar, whose head says "Fullest card"

Columns ColumnsOf(float left, float width, bool ranged, FindDoor door) {
  Columns columns{};
  std::array<float, kFigures> widths = {64, 92, 84, 92, 84, 96, 72, 60};
  for (size_t i = 0; i < widths.size(); ++i) {
    if (!HasFigure(i, ranged, door, width)) widths[i] = 0;
  }
  float x = left + width - 40;  // room for the pin
  for (size_t i = widths.size(); i-- > 0;) {
    columns.ends[i] = x;
    x -= widths[i];
  }
  const float rest = x - left;
  columns.name = left;
  columns.has_license = door == FindDoor::kRun && rest >= kLicenseRoom;
  const std::array<float, 4> shares = columns.has_license ? std::array<float, 4>{0.325F, 0.50F, 0.675F, 0.87F}
                                                          : std::array<float, 4>{0.31F, 0.53F, 0.76F, 0.76F};
  columns.layout = left + rest * shares[0];
  columns.format = left + rest * shares[1];
  columns.license = left + rest * shares[2];
  columns.bar_end = x - 4;
  columns.bar = std::min(left + rest * shares[3], columns.bar_end - kBarRoom);
  return columns;
}

bool PinButton(Ui& ui, const std::string& label, ImVec2 at, float size) {
  ImGui::SetCursorScreenPos(at);
  const Interaction item = Item(ui, label, ImVec2(size, size), "button", label, "", 5);
  if (!item.visible) return false;
  const ImU32 color = item.hovered ? ui.colors->accent : ui.colors->muted;
  const ImVec2 m((item.min.x + item.max.x) / 2, (item.min.y + item.max.y) / 2);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(ImVec2(m.x - 5, m.y - 0.75F), ImVec2(m.x + 5, m.y + 0.75F), color);
  draw->AddRectFilled(ImVec2(m.x - 0.75F, m.y - 5), ImVec2(m.x + 0.75F, m.y + 5), color);
  return item.clicked;
}

// The format, and its bits per weight.
void DrawFormat(const Ui& ui, const RowText& text, ImVec2 at, float width) {
  const TextStyle style = {0, 13.5F}, note = {ui.colors->muted, 13};
  constexpr float kBetween = 7;
  const float room = width - TextWidth(ui, text.bits, note) - kBetween;
  DrawText(ui, at, text.format, style, room);
  const float end = at.x + std::min(TextWidth(ui, text.format, style), room);
  DrawText(ui, ImVec2(end + kBetween, at.y), text.bits, note);
}

// What a frame of the table comes to: a row that was clicked, and those that are in view.
struct Touched {
  const FindRow* taken = nullptr;
  bool pin = false;
  std::vector<size_t> in_view;
};

void DrawWideRows(Ui& ui, AppState& state, const FindState::Answer& answer, float width, Touched* touched) {
  ImVec2 at = ImGui::GetCursorScreenPos();
  const Columns columns = ColumnsOf(at.x, width, answer.ranged.has_value(), answer.ask.door);
  const bool need = answer.ask.door == FindDoor::kNeed;
  const TextStyle grey = {ui.colors->muted, 13};
  const float head = at.y + 14;
  DrawText(ui, ImVec2(columns.name, head), need ? "Cards" : "Model", grey);
  DrawText(ui, ImVec2(columns.layout, head), need ? "Layout" : "Size, layout", grey);
  DrawText(ui, ImVec2(columns.format, head), "Format, bits", grey, columns.license - columns.format - 10);
  if (columns.has_license) DrawText(ui, ImVec2(columns.license, head), "Licence", grey);
  DrawText(ui, ImVec2(columns.bar, head), "Fullest card", grey, columns.bar_end - columns.bar);
  const bool ranged = answer.ranged.has_value();
  const std::string_view in_limits = answer.ranged == LoadKind::kRate ? "req/s in limits" : "In limits";
  const std::array<std::string_view, kFigures> heads = {need ? "Users" : "Room for",
                                                        in_limits,
                                                        "tok/s each",
                                                        "First token",
                                                        "Per hour",
                                                        "Per M tokens",
                                                        "Longest",
                                                        ""};
  for (size_t i = 0; i < heads.size(); ++i) {
    if (!HasFigure(i, ranged, answer.ask.door, width)) continue;
    DrawTextRight(ui, ImVec2(columns.ends[i], head), heads[i], grey);
  }
  at.y += 32;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  constexpr float kHeight = 37;
  for (size_t n = 0; n < answer.found.rows.size(); ++n) {
    const FindRow& row = answer.found.rows[n];
    const RowText text = TextOf(answer, n, state);
    draw->AddRectFilled(at, ImVec2(at.x + width, at.y + 1), ui.colors->line);
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + 1));
    const std::string id = "row " + std::to_string(n);
    const Interaction item = Item(ui, id, ImVec2(width - 36, kHeight - 1), "row",
                                  text.name + ", " + text.format, Spoken(row, text, answer.ask.door), 4);
    const float middle = at.y + kHeight / 2;
    if (item.visible) {
      touched->in_view.push_back(n);
      if (item.hovered) {
        draw->AddRectFilled(item.min, ImVec2(at.x + width, item.max.y), Faded(ui.colors->line, 0.35F), 4);
        state.view.under_pointer = row.config;
      }
      DrawText(ui, ImVec2(columns.name + 2, middle), text.name, {0, kBody, Weight::kSemibold},
               columns.layout - columns.name - 10);
      DrawText(ui, ImVec2(columns.layout, middle), text.layout, {ui.colors->muted, 13.5F},
               columns.format - columns.layout - 10);
      DrawFormat(ui, text, ImVec2(columns.format, middle), columns.license - columns.format - 10);
      if (columns.has_license)
        DrawText(ui, ImVec2(columns.license, middle), text.license, {ui.colors->muted, 13.5F},
                 columns.bar - columns.license - 10);
      DrawCardBar(ui, state, answer.fullest[n], FullScale(answer.fullest[n]), columns.bar,
                  columns.bar_end - columns.bar, middle - 7, 14);
      const bool run = answer.ask.door == FindDoor::kRun;
      const std::array<const std::string*, kFigures> figures = {
          &text.users,   &text.range,  run ? &text.band : &text.rate, &text.first, &text.hour, &text.tokens,
          &text.longest, &text.verdict};
      for (size_t i = 0; i < figures.size(); ++i) {
        if (!HasFigure(i, ranged, answer.ask.door, width)) continue;
        const TextStyle style = i == kVerdictFigure
                                    ? TextStyle{VerdictColor(*ui.colors, row.verdict), 13}
                                    : TextStyle{0, kBody, i == 4 ? Weight::kSemibold : Weight::kRegular};
        DrawTextRight(ui, ImVec2(columns.ends[i], middle), *figures[i], style);
      }
    }
    if (item.clicked) {
      touched->taken = &row;
      touched->pin = ImGui::GetIO().KeyShift;
    }
    if (PinButton(ui, "Pin row " + std::to_string(n + 1), ImVec2(at.x + width - 30, at.y + 4), 30)) {
      touched->taken = &row;
      touched->pin = true;
    }
    at.y += kHeight;
  }
  draw->AddRectFilled(at, ImVec2(at.x + width, at.y + 1), ui.colors->line);
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + 1));
}

// As blocks, for a phone.
void DrawNarrowRows(Ui& ui, AppState& state, const FindState::Answer& answer, float width, Touched* touched) {
  ImVec2 at = ImGui::GetCursorScreenPos();
  constexpr float kHeight = 92;
  for (size_t n = 0; n < answer.found.rows.size(); ++n) {
    const FindRow& row = answer.found.rows[n];
    const RowText text = TextOf(answer, n, state);
    ImGui::SetCursorScreenPos(at);
    const std::string id = "row " + std::to_string(n);
    const Interaction item = Item(ui, id, ImVec2(width - 50, kHeight - 8), "row",
                                  text.name + ", " + text.format, Spoken(row, text, answer.ask.door), 4);
    if (item.visible) {
      touched->in_view.push_back(n);
      const TextStyle strong = {0, 15, Weight::kSemibold}, note = {ui.colors->muted, kNote};
      const bool run = answer.ask.door == FindDoor::kRun;
      const std::string price = run ? "" : text.hour + "/h";  // the same cards in every row
      const float right = at.x + width - 50;
      const float name = std::min(TextWidth(ui, text.name, strong), width * 0.5F);
      DrawText(ui, ImVec2(at.x, at.y + 18), text.name, strong, width * 0.5F);
      DrawTextRight(ui, ImVec2(right, at.y + 18), price, strong);
      DrawText(ui, ImVec2(at.x + name + 8, at.y + 18),
               text.format + ", " + text.bits + " bits, " + text.layout, note,
               right - TextWidth(ui, price, strong) - at.x - name - 16);
      DrawCardBar(ui, state, answer.fullest[n], FullScale(answer.fullest[n]), at.x, width, at.y + 36, 12);
      const std::string range = answer.ranged ? " (" + text.range + " in limits)" : "";
      const bool one = text.users == "1";
      const std::string holds = run ? "room for " + text.users + ", up to " + text.longest
                                    : text.users + (one ? " user" : " users");
      const std::string line = holds + range + "   " + (run ? text.band : text.rate) + " tok/s   first " +
                               text.first + (run ? "" : "   " + text.tokens + "/M");
      DrawText(ui, ImVec2(at.x, at.y + 66), line, note, width - 44);
      DrawTextRight(ui, ImVec2(at.x + width, at.y + 66), text.verdict,
                    {VerdictColor(*ui.colors, row.verdict), kNote});
    }
    if (item.clicked) touched->taken = &row;
    if (PinButton(ui, "Pin row " + std::to_string(n + 1), ImVec2(at.x + width - 44, at.y - 6), 44)) {
      touched->taken = &row;
      touched->pin = true;
    }
    at.y += kHeight;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, at.y - 6), ImVec2(at.x + width, at.y - 5),
                                              ui.colors->line);
  }
  ImGui::SetCursorScreenPos(at);
}

ShownTable TableOf(const FindState::Answer& answer, const AppState& state, std::string caption) {
  const bool need = answer.ask.door == FindDoor::kNeed;
  std::vector<std::string> header = {
      need ? "Cards" : "Model", need ? "Layout" : "Size, layout",   "Format", "Bits>",
      "Fullest card",           need ? "Users>" : "Room for users>"};
  if (answer.ranged) header.push_back(std::string(RangeLabel(*answer.ranged)) + ">");
  for (const char* name : {"tok/s each>", "Band>", "First token>", "Per hour>", "Per M tokens>", "Verdict"})
    header.emplace_back(name);
  if (!need) {
    header.emplace_back("Longest context>");
    header.emplace_back("For");
    header.emplace_back("Licence");
  }
  ShownTable shown{std::move(caption), Table(std::move(header)), {}};
  for (size_t n = 0; n < answer.found.rows.size(); ++n) {
    const RowText text = TextOf(answer, n, state);
    std::vector<std::string> cells = {text.name,   text.layout,
                                      text.format, DecimalText(answer.found.rows[n].bits_per_weight, 2),
                                      "",          text.users};
    if (answer.ranged) cells.push_back(text.range);
    for (const std::string* cell :
         {&text.rate, &text.band, &text.first, &text.hour, &text.tokens, &text.verdict})
      cells.push_back(*cell);
    if (!need) {
      cells.push_back(text.longest);
      cells.push_back(text.tasks);
      cells.push_back(text.license);
    }
    shown.table.Add(std::move(cells));
    shown.bars.push_back({n + 1, 4, answer.fullest[n], FullScale(answer.fullest[n])});
  }
  return shown;
}

// The ranges of what is in view are searched for first, then those of the other rows, which the copied table has, too.
void FollowRanges(AppState& state, const FindState::Answer& answer, std::vector<size_t> rows) {
  if (!answer.ranged) return;
  for (size_t n = 0; n < answer.urls.size(); ++n) {
    if (std::find(rows.begin(), rows.end(), n) == rows.end()) rows.push_back(n);
  }
  std::vector<RowRanges::Row> wanted;
  for (const size_t n : rows) wanted.push_back({*answer.ranged, answer.urls[n]});
  state.row_ranges.Follow(wanted, &state.errands);
}

// Fewer rows than layouts: each kind of card has its best.
std::string BestOnly(const FindState::Answer& answer) {
  const auto shown = static_cast<int64_t>(answer.found.rows.size());
  if (answer.ask.every_layout || shown >= answer.found.count) return "";
  return shown == 1 ? " The best of them is shown." : " The best of each kind of card is shown.";
}

std::string Remark(const FindState::Answer& answer) {
  constexpr std::array<std::string_view, 3> kRanked = {"the hour", "the million tokens", "the purchase"};
  std::string text = answer.ask.door == FindDoor::kNeed
                         ? "Ranked by price of " +
                               std::string(kRanked[static_cast<size_t>(answer.ask.rank)]) + "." +
                               BestOnly(answer)
                         : "The largest first, each in the format with the most bits that serves.";
  const Found& found = answer.found;
  if (answer.ask.door == FindDoor::kRun && !found.rows.empty() && found.rows.front().price_per_h > 0)
    text += " The cards rent for " + Dollars(found.rows.front().price_per_h) + " an hour.";
  if (found.not_known > 0) {
    text += " " + CountedText(found.not_known, "model is", "models are") +
            " left out because it is not known of " + (found.not_known == 1 ? "it" : "them") +
            " what you ask for.";
  }
  if (!found.binding) return text;
  const auto wish = static_cast<size_t>(*found.binding);
  text += " The wish that excludes most: " + WishSentence(*found.binding, answer.wishes) + " (" +
          CountText(found.excluded[wish]) + " of " + CountText(found.candidates) + ").";
  if (found.more_without > 0 && found.cheapest_without > 0)
    text += " Without it " + CountText(found.more_without) + " more, from " +
            Dollars(found.cheapest_without) + " an hour.";
  return text;
}

struct Sentence {
  std::string strong, rest;
  bool good = true;
};

Sentence SentenceOf(const FindState::Answer& answer, const AppState& state) {
  const bool need = answer.ask.door == FindDoor::kNeed;
  const std::vector<FindRow>& rows = answer.found.rows;
  const std::string held = WishText(answer.wishes);
  if (rows.empty()) {
    return {need ? "No layout" : "No model",
            need ? " holds " + held + " within these wishes" : " here holds " + held + " within these wishes",
            false};
  }
  if (!need) {
    return {CountedText(answer.found.count, "model", "models"),
            (answer.found.count == 1 ? " holds " : " hold ") + held + " on " +
                CardsText(rows[0].cards, rows[0].gpu, state.catalog()),
            true};
  }
  const FindRow& best = rows.front();
  std::string rest = (answer.found.count == 1 ? " holds " : " hold ") + held;
  if (best.price_per_h > 0) rest += ", from " + Dollars(best.price_per_h) + " an hour";
  return {CountedText(answer.found.count, "layout", "layouts"), rest, true};
}

void ChooseTask(ChipRow& chips, ModelFilter* models) {
  const std::vector<std::string> names = {"Any", "Text", "Code", "Images", "Sound", "Embedding", "Reranking"};
  static_assert(kTasks == 6, "each has a name");
  const size_t current = models->task ? static_cast<size_t>(*models->task) + 1 : 0;
  const auto chosen = chips.Choose("find-task", "Task", names[current], names);
  if (!chosen) return;
  models->task.reset();
  if (*chosen > 0) models->task = static_cast<Task>(*chosen - 1);
}

void ChooseLicense(ChipRow& chips, ModelFilter* models) {
  const std::vector<std::string> names = {"Any", "For any use", "For business"};
  const std::vector<std::string_view> ids = {"", kOpenLicense, kBusinessLicense};
  const auto known = std::find(ids.begin(), ids.end(), models->license);
  const std::string current =
      known != ids.end() ? names[static_cast<size_t>(known - ids.begin())] : LicenseName(models->license);
  const auto chosen = chips.Choose("find-licence", "Licence", current, names);
  if (chosen) models->license = ids[*chosen];
}

void ChooseEngine(ChipRow& chips, const AppState& state, std::string* engine) {
  std::vector<std::string> names = {std::string(state.resolved().engine->name) + ", as set", "Any"};
  std::vector<std::string> ids = {"", std::string(kAnyEngine)};
  for (const std::string& id : ModelledEngines()) {
    if (id == state.resolved().engine->id) continue;
    names.emplace_back(FindEngine(id)->traits().name);
    ids.push_back(id);
  }
  const auto known = std::find(ids.begin(), ids.end(), *engine);
  const std::string current = known != ids.end() ? names[static_cast<size_t>(known - ids.begin())] : names[0];
  const auto chosen = chips.Choose("find-engine", "Engine", current, names);
  if (chosen) *engine = ids[*chosen];
}

void Switches(Ui& ui, AppState& state, float width) {
  FindAsk ask = state.find.ask;
  ChipRow chips(ui, "", width);
  if (chips.Add("What do I need", ask.door == FindDoor::kNeed)) ask.door = FindDoor::kNeed;
  if (chips.Add("What can I run", ask.door == FindDoor::kRun)) ask.door = FindDoor::kRun;
  if (ask.door == FindDoor::kNeed) {
    if (chips.Add("Any card", !ask.this_card)) ask.this_card = !ask.this_card;
    if (chips.Add("Any format", !ask.this_format)) ask.this_format = !ask.this_format;
    chips.Word("Rank by");
    constexpr std::array<std::string_view, 3> kNames = {"Hour", "M tokens", "Purchase"};
    for (size_t i = 0; i < kNames.size(); ++i) {
      if (chips.Add(kNames[i], ask.rank == static_cast<FindRank>(i))) ask.rank = static_cast<FindRank>(i);
    }
    if (chips.Add("Every layout", ask.every_layout)) ask.every_layout = !ask.every_layout;
  } else {
    chips.Word("Size");
    struct Size {
      std::string_view name;
      double least, most;
    };
    constexpr std::array<Size, 4> kSizes = {
        {{"Any", 0, 0}, {"To 15B", 0, 15}, {"15B to 80B", 15, 80}, {"From 80B", 80, 0}}};
    for (const Size& size : kSizes) {
      ModelFilter& models = ask.models;
      if (!chips.Add(size.name, models.least_params == size.least && models.most_params == size.most))
        continue;
      models.least_params = size.least;
      models.most_params = size.most;
    }
    chips.Word("Released");
    for (const int64_t year : {int64_t{0}, int64_t{2025}, int64_t{2026}}) {
      if (chips.Add(year == 0 ? "Ever" : "Since " + std::to_string(year), ask.models.since == year))
        ask.models.since = year;
    }
    ChooseTask(chips, &ask.models);
    ChooseLicense(chips, &ask.models);
  }
  ChooseEngine(chips, state, &ask.engine);
  chips.Export(state);
  chips.End();
  if (ask == state.find.ask) return;
  state.find.ask = ask;
  state.PageChanged();
}

}  // namespace

void DrawFindHead(Ui& ui, AppState& state, float width) {
  state.find.Follow(state.answer_version(), state.resolved(), state.config(), state.catalog(),
                    state.view.cost.rents, &state.errands);
  const FindState::Answer* answer = state.find.answer();
  if (answer == nullptr) {
    DrawHeadline(ui, {{state.find.problem().empty() ? "Looking at every layout" : state.find.problem(), 0}},
                 width);
    return;
  }
  const Sentence sentence = SentenceOf(*answer, state);
  DrawHeadline(
      ui, {{sentence.strong, sentence.good ? ui.colors->fits : ui.colors->does_not_fit}, {sentence.rest, 0}},
      width);
  Paragraph(ui, Remark(*answer), width, {ui.colors->muted, 13});
}

void DrawFindTab(Ui& ui, AppState& state, float width) {
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  Gap(8);
  Switches(ui, state, width);
  if (state.find.searching()) ProgressLine(ui, "Looking", state.errands.share("find"), width);
  Gap(8);
  const FindState::Answer* answer = state.find.answer();
  Touched touched;
  if (answer != nullptr && !answer->found.rows.empty()) {
    if (width < kNarrow) {
      DrawNarrowRows(ui, state, *answer, width, &touched);
    } else {
      DrawWideRows(ui, state, *answer, width, &touched);
    }
    Gap(10);
    FollowRanges(state, *answer, touched.in_view);
    std::string note = "A click opens a row, + or P pins it to the comparison.";
    if (answer->ranged)
      note += std::string(" In limits: how many ") +
              (*answer->ranged == LoadKind::kUsers ? "users" : "requests per second") +
              " keep the limits of the load in nine of ten requests, simulated.";
    Paragraph(ui, note, width, {ui.colors->muted, kNote});
    const Sentence sentence = SentenceOf(*answer, state);
    ui.tree->AddTable(TableOf(*answer, state, sentence.strong + sentence.rest));
  }
  DrawPriceNote(ui, state, width);
  ImGui::PopStyleVar();
  if (touched.taken != nullptr) TakeRow(state, *touched.taken, touched.pin);
}

}  // namespace plimsoll
