// What somebody has at hand, checked: a command, a log, a config, a link, a file. What it is, what holds, what does not, and
// what would mend it.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/estimate/verdict.h"
#include "web/check_examples_table.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr std::string_view kAsk = "Paste a command, a log, a config or a link";
constexpr float kTwoColumns = 820;

const CheckAnswer* AnswerOf(const AppState& state) { return state.check.answer(); }

std::string Article(std::string_view what) {
  const bool vowel = !what.empty() && std::string_view("AEIOUaeiou").find(what[0]) != std::string_view::npos;
  return std::string(vowel ? "An " : "A ") + std::string(what);
}

std::string WithoutStop(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  return text;
}

ImU32 SeverityColor(const Palette& colors, std::string_view severity) {
  return severity == "error" ? colors.does_not_fit : severity == "warning" ? colors.tight : colors.muted;
}

// The answer in one sentence.
std::vector<ColoredText> Sentence(const Ui& ui, const AppState& state) {
  const CheckAnswer* answer = AnswerOf(state);
  const Palette& colors = *ui.colors;
  if (state.check.empty()) return {{std::string(kAsk), 0}};
  if (answer == nullptr)
    return {{state.check.working() ? "Reading…" : "This says nothing that can be checked", 0}};
  if (answer->kind == "log" && !answer->stage.empty()) {
    std::string rest = " while " + std::string(StageWords(answer->stage));
    if (answer->missing_bytes && *answer->missing_bytes > 0)
      rest += ": " + SizeText(Bytes(*answer->missing_bytes)) + " missing";
    return {{"Out of memory", colors.does_not_fit}, {rest, 0}};
  }
  if (answer->kind == "claim" && !answer->problems.empty()) {
    const std::string& said = answer->problems.front().message;
    // The verdict: up to the first stop or colon, of which none stands within a number.
    const size_t end = std::min(said.find(": "), said.find(". "));
    const size_t cut = end == std::string::npos ? 0 : end + 1;
    return {{said.substr(0, cut),
             answer->problems.front().severity == "error" ? colors.does_not_fit : colors.fits},
            {WithoutStop(said.substr(cut)), 0}};
  }
  if (!answer->headline.empty()) {
    const size_t colon = answer->headline.find(':');
    const size_t cut = colon == std::string::npos ? 0 : colon + 1;
    const ImU32 color = answer->verdict == "fits"    ? colors.fits
                        : answer->verdict == "tight" ? colors.tight
                                                     : colors.does_not_fit;
    return {{answer->headline.substr(0, cut), color},
            {WithoutStop(PageWords(answer->headline.substr(cut))), 0}};
  }
  return {{Article(answer->what), 0}};
}

// Takes over what the text tells: all of it where it names a model, else these keys of the configuration that is there.
void UseAnswer(AppState& state, const CheckAnswer& answer) {
  if (answer.has_model) {
    const Result<DecodedConfig> decoded = DecodeConfigUrl(answer.url);
    if (decoded.ok()) state.Load(decoded->config);
    return;
  }
  Action action;
  for (const Json::Member& member : answer.config.members()) action.push_back({member.first, member.second});
  if (!action.empty()) state.Dispatch(action);
}

void UseLink(AppState& state, const std::string& url) {
  const Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  if (decoded.ok()) state.Load(decoded->config);
}

// Chips side by side, in as many lines as they need.
void DrawActions(Ui& ui, AppState& state, const CheckAnswer* answer, float width) {
  ChipRow row(ui, "", width);
  if (answer != nullptr && !answer->config.members().empty() && row.Add("Use this configuration", false))
    UseAnswer(state, *answer);
  const std::string repository =
      state.check.text.size() < 300 && (answer == nullptr || answer->config.members().empty())
          ? HubRepository(std::string_view(state.check.text)
                              .substr(0, state.check.text.find_last_not_of(" \r\n\t") + 1))
          : std::string();
  if (!repository.empty() && !state.check.working() &&
      row.Add("Fetch " + repository + " from " + state.hub.host, false))
    state.AskHub(repository);
  if (row.Add("Paste", false)) state.AskBrowser("paste");
  if (row.Add("Read a file", false)) ++state.view.files_asked;
  if (!state.check.empty() && row.Add("Clear", false)) state.check.Clear();
  row.End();
}

void DrawExamples(Ui& ui, AppState& state, float width) {
  ChipRow row(ui, "Try", width);
  for (const CheckExample& example : kCheckExamples) {
    if (row.Add(example.name, false)) state.check.Take(example.text);
  }
  row.End();
}

void DrawProblem(Ui& ui, const CheckAnswer::Problem& problem, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::Indent(14);
  const std::string label = problem.option.empty() ? problem.severity : problem.option;
  const std::string message = PageWords(problem.message), fix = PageWords(problem.fix);
  const std::string said = message + (fix.empty() ? "" : " " + fix);
  if (!problem.option.empty()) Paragraph(ui, problem.option, width - 14, {0, 13.5F, Weight::kSemibold}, "");
  Paragraph(ui, message, width - 14, {0, 13.5F}, "");
  if (!fix.empty()) Paragraph(ui, fix, width - 14, {ui.colors->muted, 13.5F}, "");
  ImGui::Unindent(14);
  const float bottom = ImGui::GetCursorScreenPos().y - ImGui::GetStyle().ItemSpacing.y;
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, at.y), ImVec2(at.x + 3, bottom),
                                            SeverityColor(*ui.colors, problem.severity), 1.5F);
  ui.tree->Add({"row", label, said, at.x, at.y, width, bottom - at.y});
}

void DrawProblems(Ui& ui, const CheckAnswer& answer, float width) {
  std::vector<const CheckAnswer::Problem*> shown;
  for (const CheckAnswer::Problem& problem : answer.problems) {
    // What the headline and the ways out say already.
    const bool said = !answer.stage.empty() &&
                      (problem.message.starts_with("It failed while") || problem.message == answer.headline);
    if (!said) shown.push_back(&problem);
  }
  if (shown.empty()) return;
  Gap(14);
  SectionLabel(ui, "What stands out");
  const auto rank = [](const CheckAnswer::Problem* problem) {
    return problem->severity == "error" ? 0 : problem->severity == "warning" ? 1 : 2;
  };
  std::stable_sort(shown.begin(), shown.end(),
                   [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  for (const CheckAnswer::Problem* problem : shown) DrawProblem(ui, *problem, width);
}

std::string Amount(double value, std::string_view unit) {
  if (unit == "tokens" || unit == "bytes" || unit == "MiB" || unit.empty() || value >= 10000)
    return CountText(static_cast<int64_t>(std::llround(value)));
  return DecimalText(value, 2);
}

std::string Difference(double measured, double ours) {
  if (!(std::abs(measured) > 0)) return "";
  const double off = (ours / measured - 1) * 100;
  if (std::abs(off) > 999) return "";
  const std::string text = DecimalText(std::abs(off), std::abs(off) < 10 ? 1 : 0);
  if (text == "0.0") return text + " %";
  return (off < 0 ? "−" : "+") + text + " %";
}

void DrawFigureTable(Ui& ui, AppState& state, const CheckAnswer& answer, float width) {
  if (answer.figures.empty()) return;
  const bool claim = answer.kind == "claim";
  const std::string title = claim ? "The claim beside our figure" : "Your log beside our figures";
  SectionLabel(ui, title);
  PlainTable table = {title,
                      {{"What", 2.5F, false},
                       {claim ? "Claim" : "Log", 1.3F, true},
                       {"Ours", 1.3F, true},
                       {"Difference", 1.1F, true}},
                      {},
                      {}};
  for (const CheckAnswer::Figure& figure : answer.figures) {
    const auto [name, unit] = MetricWords(figure.metric);
    table.rows.push_back({unit.empty() ? name : name + ", " + unit, Amount(figure.measured, unit),
                          figure.ours ? Amount(*figure.ours, unit) : "",
                          figure.ours ? Difference(figure.measured, *figure.ours) : ""});
  }
  DrawPlainTable(ui, table, width);
  if (!answer.calibration.is_object()) return;
  Gap(10);
  if (Chip(ui, "Take as this machine's calibration")) state.Dispatch({{"cal", answer.calibration}});
  Gap(2);
  Paragraph(ui, "It would correct: " + CalibrationWords(answer.calibration) + ".", width,
            {ui.colors->muted, kNote});
}

void DrawWays(Ui& ui, AppState& state, const CheckAnswer& answer, float width) {
  if (!answer.cause.empty() && !answer.stage.empty()) {
    Gap(14);
    SectionLabel(ui, "What caused it");
    Paragraph(ui, PageWords(answer.cause), width, {}, "row");
  }
  if (answer.fixes.empty()) return;
  Gap(14);
  SectionLabel(ui, answer.fixes.size() == 1 ? "A way out" : "Ways out, least costly first");
  PlainTable table = {
      "Ways out, least costly first",
      {{"Change", 3, false}, {"Context", 1.35F, true}, {"Users", 0.8F, true}, {"tok/s", 0.8F, true}},
      {},
      "Take"};
  for (const CheckAnswer::Fix& fix : answer.fixes) {
    table.rows.push_back({PageWords(fix.label), fix.max_model_len > 0 ? CountText(fix.max_model_len) : "",
                          fix.sequences > 0 ? DecimalText(fix.sequences, fix.sequences < 10 ? 1 : 0) : "",
                          fix.tokens_per_s > 0 ? DecimalText(fix.tokens_per_s, 0) : ""});
  }
  if (const auto chosen = DrawPlainTable(ui, table, width)) UseLink(state, answer.fixes[*chosen].url);
}

void DrawMended(Ui& ui, AppState& state, const CheckAnswer& answer, float width) {
  if (answer.mended.empty() || answer.marks.empty()) return;
  Gap(14);
  SectionLabel(ui, "Mended, the change marked");
  DrawTextBlock(ui, "Mended", answer.mended, answer.marks, width);
  Gap(6);
  if (Chip(ui, "Copy", {0, false, "Copy the mended text"})) state.CopyText(answer.mended);
}

void DrawOptionsRead(Ui& ui, const CheckAnswer& answer, float width) {
  if (answer.options.empty() && answer.not_understood.empty()) return;
  const size_t all = answer.options.size() + answer.not_understood.size();
  SectionLabel(ui, "Options read: " + CountText(static_cast<int64_t>(answer.options.size())) + " of " +
                       CountText(static_cast<int64_t>(all)) + " understood");
  PlainTable table = {
      "Options read", {{"Read", 2.6F, false}, {"As", 1.8F, false}, {"", 2.6F, false}}, {}, {}};
  std::string free;
  for (const CheckAnswer::Option& option : answer.options) {
    const bool costs_nothing = option.effect == "free";
    if (costs_nothing && option.note.empty()) {
      free += (free.empty() ? "" : ", ") + option.name;
      continue;
    }
    const ConfigKey* key = FindConfigKey(option.key);
    const std::string as = costs_nothing                     ? "costs nothing"
                           : option.effect == "not_modelled" ? "not modelled"
                           : key != nullptr                  ? std::string(key->label)
                                                             : option.key;
    const bool twice = option.value.empty() || (option.key == "model" && !option.name.starts_with("-")) ||
                       option.name.find(option.value) != std::string::npos;
    table.rows.push_back({twice ? option.name : option.name + " " + option.value, as, option.note});
  }
  const bool noted =
      std::any_of(table.rows.begin(), table.rows.end(), [](const auto& row) { return !row[2].empty(); });
  if (!noted) {
    table.columns.pop_back();
    for (auto& row : table.rows) row.pop_back();
  }
  if (!table.rows.empty()) DrawPlainTable(ui, table, width);
  Gap(6);
  if (!free.empty())
    Paragraph(ui, "Costs neither memory nor speed: " + free + ".", width, {ui.colors->muted, kNote}, "row");
  for (const std::string& text : answer.not_understood) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    Paragraph(ui, "Not understood: " + text, width, {ui.colors->tight, 13.5F}, "");
    ui.tree->Add({"row", "Not understood", text, at.x, at.y, width, ImGui::GetCursorScreenPos().y - at.y});
  }
}

void DrawField(Ui& ui, AppState& state, float width) {
  const bool answered = AnswerOf(state) != nullptr;
  TextArea(ui, kAsk, &state.check.text, width, answered ? 116.0F : 190.0F);
  if (!state.check.note.empty()) Paragraph(ui, state.check.note, width, {ui.colors->muted, kNote});
}

}  // namespace

void DrawCalibration(Ui& ui, AppState& state, float width) {
  const Report& report = state.report();
  if (!state.config().cal) return;
  Gap(6);
  std::string text =
      "Corrected by this machine's calibration: " + CalibrationWords(CalibrationJson(*state.config().cal)) +
      ".";
  if (report.uncalibrated != nullptr) {
    const Report& plain = *report.uncalibrated;
    const GpuReport* corrected = FullestCard(report);
    const GpuReport* fullest = FullestCard(plain);
    text += std::string(" Without it: ") + (plain.fits() ? "fits" : "does not fit");
    if (fullest != nullptr && corrected != nullptr)
      text += ", " + GibText(fullest->total, state.view.units) + " of the fullest card instead of " +
              GibText(corrected->total, state.view.units);
    if (plain.speed.decode_tokens_per_s > 0)
      text += ", " + DecimalText(plain.speed.decode_tokens_per_s, 0) + " tokens/s instead of " +
              DecimalText(report.speed.decode_tokens_per_s, 0);
    text += ".";
  }
  const ImVec2 at = ImGui::GetCursorScreenPos();
  Paragraph(ui, text, width, {ui.colors->muted, kNote}, "");
  ui.tree->Add({"row", "Calibration", text, at.x, at.y, width, ImGui::GetCursorScreenPos().y - at.y});
  if (LinkText(ui, "Remove", "Remove the calibration")) state.Dispatch({{"cal", Json()}});
  Gap(4);
}

void DrawCheckHead(Ui& ui, AppState& state, float width) {
  state.check.Follow(&state.errands);
  if (state.check.working()) ui.again = true;
  DrawHeadline(ui, Sentence(ui, state), width);
  const CheckAnswer* answer = AnswerOf(state);
  std::string detail =
      "What it is, what holds and what does not, the mended command, a log's figures beside ours.";
  if (answer != nullptr) {
    detail = Article(answer->what) + ".";
    if (!answer->stage.empty() && answer->kind == "log" && !answer->headline.empty())
      detail += " Our answer for it: " + PageWords(answer->headline);
    else if (!answer->detail.empty() && answer->detail != answer->cause)
      detail += " " + PageWords(answer->detail);
  } else if (!state.check.problem().empty()) {
    detail = state.check.problem();
  }
  Paragraph(ui, detail + " Nothing of it leaves this page.", width, {ui.colors->muted});
}

void DrawCheckTab(Ui& ui, AppState& state, float width) {
  const CheckAnswer* answer = AnswerOf(state);
  Gap(6);
  if (answer == nullptr) {
    DrawField(ui, state, width);
    Gap(8);
    DrawActions(ui, state, nullptr, width);
    if (state.check.empty()) {
      Gap(4);
      DrawExamples(ui, state, width);
    }
    DrawHub(ui, state, width);
    DrawCalibration(ui, state, width);
    return;
  }
  const bool beside = width >= kTwoColumns;
  constexpr float kGutter = 36;
  const float left = beside ? (width - kGutter) * 0.55F : width;
  const float right = beside ? width - kGutter - left : width;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::BeginGroup();
  DrawField(ui, state, left);
  Gap(8);
  DrawActions(ui, state, answer, left);
  DrawHub(ui, state, left);
  DrawCalibration(ui, state, left);
  DrawWays(ui, state, *answer, left);
  DrawMended(ui, state, *answer, left);
  DrawProblems(ui, *answer, left);
  ImGui::Dummy(ImVec2(0, 0));  // a group must end with an item where the cursor was moved on
  ImGui::EndGroup();
  const float bottom = ImGui::GetCursorScreenPos().y;
  if (beside) {
    ImGui::SetCursorScreenPos(ImVec2(at.x + left + kGutter, at.y));
  } else {
    Gap(16);
  }
  ImGui::BeginGroup();
  DrawFigureTable(ui, state, *answer, right);
  if (!answer->figures.empty()) Gap(16);
  DrawOptionsRead(ui, *answer, right);
  ImGui::Dummy(ImVec2(0, 0));  // a group must end with an item where the cursor was moved on
  ImGui::EndGroup();
  if (beside) ImGui::SetCursorScreenPos(ImVec2(at.x, std::max(bottom, ImGui::GetCursorScreenPos().y)));
}

}  // namespace plimsoll
