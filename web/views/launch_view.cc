// The command for the configuration, to be copied in the form that somebody needs, and what to expect of it.
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

void DrawForms(Ui& ui, AppState& state, const LaunchSheet& sheet, float width) {
  ChipRow row(ui, "As", width);
  for (const std::string& form : sheet.forms) {
    if (row.Add(FormWords(form), form == sheet.form)) state.launch.form = form;
  }
  row.Word("");
  if (row.Add("Copy the command", false)) state.CopyText(sheet.text);
  row.End();
}

void DrawCommands(Ui& ui, AppState& state, const LaunchSheet& sheet, float width) {
  std::vector<std::string> commands = {sheet.text};
  commands.insert(commands.end(), sheet.nodes.begin(), sheet.nodes.end());
  for (size_t i = 0; i < commands.size(); ++i) {
    const std::string node = commands.size() == 1 ? ""
                             : i == 0             ? " of the first node"
                                                  : ", node " + CountText(static_cast<int64_t>(i + 1));
    if (!node.empty()) SectionLabel(ui, "Command" + node);
    DrawTextBlock(ui, "Command" + node, commands[i], {}, width);
    Gap(6);
    if (i > 0 && Chip(ui, "Copy", {0, false, "Copy the command" + node})) state.CopyText(commands[i]);
    Gap(4);
  }
  for (const std::string& note : sheet.notes) Paragraph(ui, note, width, {ui.colors->muted, kNote});
}

// "Download: 39.8 GB; …" as a name and what it is; lines of the log stand together.
void DrawExpectations(Ui& ui, const LaunchSheet& sheet, float width) {
  std::string log;
  PlainTable table = {"What to expect", {{"What", 1, false}, {"Expected", 4, false}}, {}, {}};
  for (size_t i = 1; i < sheet.expect.size(); ++i) {  // the first is the verdict, which stands above
    const std::string& line = sheet.expect[i];
    if (line.starts_with("Watch: ")) continue;
    if (line.starts_with("Log: ")) {
      log += line.substr(5) + "\n";
      continue;
    }
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) {
      table.rows.push_back({"", line});
    } else {
      table.rows.push_back({line.substr(0, colon), line.substr(colon + 2)});
    }
  }
  SectionLabel(ui, "What to expect");
  if (!table.rows.empty()) DrawPlainTable(ui, table, width);
  if (log.empty()) return;
  Gap(12);
  SectionLabel(ui, "Lines of its log");
  log.pop_back();
  DrawTextBlock(ui, "Lines of its log", log, {}, width);
}

void DrawMetrics(Ui& ui, AppState& state, const LaunchSheet& sheet, float width) {
  if (sheet.metrics.empty()) return;
  SectionLabel(ui, "What to watch");
  PlainTable table = {
      "What to watch", {{"Metric", 3, false}, {"Alarm", 2.4F, false}, {"Why", 3, false}}, {}, {}};
  for (const LaunchSheet::Metric& metric : sheet.metrics)
    table.rows.push_back({metric.name, metric.threshold, metric.meaning});
  DrawPlainTable(ui, table, width);
  if (sheet.alerts.empty()) return;
  Gap(8);
  if (Chip(ui, "Copy as Prometheus rules", {0, false, "Copy the alert rules"})) state.CopyText(sheet.alerts);
  ImGui::SameLine(0, 10);
  if (Disclosure(ui, "Show the rules", state.view.alerts_open))
    state.view.alerts_open = !state.view.alerts_open;
  if (state.view.alerts_open) DrawTextBlock(ui, "Alert rules", sheet.alerts, {}, width);
}

}  // namespace

void DrawLaunchTab(Ui& ui, AppState& state, float width) {
  state.launch.Follow(state.answer_version(), state.config(), &state.errands);
  if (state.launch.working()) ui.again = true;
  const LaunchSheet* sheet = state.launch.sheet();
  Gap(6);
  if (sheet == nullptr) {
    Paragraph(ui, state.launch.problem().empty() ? "Writing the command…" : state.launch.problem(), width,
              {ui.colors->muted}, "status");
    return;
  }
  DrawForms(ui, state, *sheet, width);
  Gap(8);
  DrawCommands(ui, state, *sheet, width);
  Gap(14);
  DrawExpectations(ui, *sheet, width);
  Gap(16);
  DrawMetrics(ui, state, *sheet, width);
  Gap(16);
  SectionLabel(ui, "When it is killed");
  constexpr std::string_view kKilled = "When it is killed: ";
  const std::string_view killed = sheet->when_killed;
  Paragraph(ui, killed.starts_with(kKilled) ? killed.substr(kKilled.size()) : killed, width, {}, "row");
}

}  // namespace plimsoll
