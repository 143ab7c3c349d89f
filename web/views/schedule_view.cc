// The server under load: what the KV cache holds and who waits, over time; each request's lane; percentiles;
// a session turn by turn; and how the engine's metrics would read.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/simulation_report.h"
#include "core/text.h"
#include "web/chart.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr int kLanes = 20;
constexpr int kChartPoints = 240;

std::string Time(double seconds) { return DurationText(Seconds(seconds)); }
std::string Percent(double value) { return DecimalText(value, 0) + " %"; }
std::string Whole(double value) { return CountText(static_cast<int64_t>(std::llround(value))); }

bool CountSlider(Ui& ui, const char* label, int64_t* value, double most, float width) {
  const SliderResult result =
      Slider(ui, label, static_cast<double>(*value), CountText(*value), CountText(*value),
             {1, std::max(most, static_cast<double>(*value)), 0}, width);
  std::optional<double> chosen = result.value;
  if (result.typed) chosen = TypedNumber(*result.typed).AsDouble();
  if (!chosen) return false;
  *value = std::clamp<int64_t>(std::llround(*chosen), 1, 100000);
  return true;
}

void RateSlider(Ui& ui, ScheduleControls* controls, float width) {
  const std::string text = DecimalText(controls->rate, controls->rate < 10 ? 1 : 0) + " /s";
  const SliderResult result = Slider(ui, "Requests per second", controls->rate, text,
                                     DecimalText(controls->rate, 1), {0.1, 200, 0}, width);
  std::optional<double> chosen = result.value;
  if (result.typed) chosen = TypedNumber(*result.typed).AsDouble();
  if (chosen) controls->rate = std::clamp(std::round(*chosen * 10) / 10, 0.1, 10000.0);
}

void ConfigSlider(Ui& ui, AppState& state, const char* label, const char* key, int64_t value, double most,
                  float width) {
  int64_t chosen = value;
  if (CountSlider(ui, label, &chosen, most, width) && chosen != value) state.Dispatch({{key, Json(chosen)}});
}

void Controls(Ui& ui, AppState& state, float width) {
  ScheduleControls& controls = state.schedule.controls;
  SideBySide columns(width, 3, 24, 620);
  const float cell = columns.cell();
  columns.Next();
  if (Toggle(ui, "Arrive at a rate", controls.at_a_rate, "", cell)) controls.at_a_rate = !controls.at_a_rate;
  columns.Next();
  if (Toggle(ui, "Lengths vary as in chats", controls.varied, "", cell)) controls.varied = !controls.varied;
  columns.Next();
  if (Toggle(ui, "Sessions of four turns", controls.turns > 1, "", cell)) {
    controls.turns = controls.turns > 1 ? 1 : 4;
  }
  Gap(12);
  columns.Next();
  if (controls.at_a_rate) {
    RateSlider(ui, &controls, cell);
  } else {
    CountSlider(ui, "Users", &controls.users, 512, cell);
  }
  columns.Next();
  ConfigSlider(ui, state, "Prompt tokens", "prompt_tokens", state.resolved().prompt_tokens, 32768, cell);
  columns.Next();
  ConfigSlider(ui, state, "Output tokens", "output_tokens", state.resolved().output_tokens, 8192, cell);
  columns.Next();
  CountSlider(ui, "Requests in all", &controls.requests, 10000, cell);
  columns.End();
}

// Samples at equal times, the last one known before each.
Chart OverTime(const Simulation& simulation, const char* title) {
  Chart chart;
  chart.title = title;
  chart.x_label = "since the start";
  chart.x_text = Time;
  for (int i = 0; i <= kChartPoints; ++i) chart.x.push_back(simulation.now() * i / kChartPoints);
  return chart;
}

void AddOverTime(Chart* chart, const Simulation& simulation, const char* name, ImU32 color, bool filled,
                 double (*value)(const TimelineSample&, double), double scale) {
  ChartSeries series;
  series.name = name;
  series.color = color;
  series.filled = filled;
  const std::vector<TimelineSample>& samples = simulation.samples();
  size_t next = 0;
  for (double time : chart->x) {
    while (next + 1 < samples.size() && samples[next + 1].time <= time) ++next;
    series.y.push_back(samples.empty() ? 0 : value(samples[next], scale));
  }
  chart->series.push_back(std::move(series));
}

void Charts(Ui& ui, AppState& state, const Simulation& simulation, float width) {
  ScheduleState& schedule = state.schedule;
  const double now = simulation.now();
  SideBySide columns(width, 2, 32, 760);
  const float half = columns.cell();
  columns.Next();
  Chart cache = OverTime(simulation, "KV cache in use");
  cache.y_text = Percent;
  cache.y_max = 100;
  cache.mark_x = schedule.cursor * now;
  AddOverTime(
      &cache, simulation, "of the pool", ui.colors->kv_cache, true,
      [](const TimelineSample& s, double blocks) {
        return static_cast<double>(s.used_blocks) / blocks * 100;
      },
      static_cast<double>(std::max<int64_t>(simulation.setup().blocks, 1)));
  const std::optional<double> a = DrawChart(ui, cache, half, 220);
  columns.Next();
  Chart queue = OverTime(simulation, "Requests");
  queue.y_text = Whole;
  queue.mark_x = schedule.cursor * now;
  AddOverTime(
      &queue, simulation, "running", ui.colors->accent, true,
      [](const TimelineSample& s, double) { return static_cast<double>(s.running); }, 1);
  AddOverTime(
      &queue, simulation, "waiting", ui.colors->does_not_fit, false,
      [](const TimelineSample& s, double) { return static_cast<double>(s.waiting); }, 1);
  const std::optional<double> b = DrawChart(ui, queue, half, 220);
  columns.End();
  const std::optional<double> chosen = a ? a : b;
  if (chosen && now > 0) schedule.cursor = std::clamp(*chosen / now, 0.0, 1.0);
}

void Player(Ui& ui, AppState& state, float width) {
  ScheduleState& schedule = state.schedule;
  const Simulation& simulation = *schedule.simulation();
  constexpr double kSecondsOfPlay = 12;
  const ImVec2 left = ImGui::GetCursorScreenPos();
  if (schedule.playing) {
    schedule.cursor += ImGui::GetIO().DeltaTime / kSecondsOfPlay;
    if (schedule.cursor >= 1) {
      schedule.cursor = 1;
      schedule.playing = false;
    }
    ui.again = true;
  }
  if (Chip(ui, schedule.playing ? "Pause" : "Play")) {
    schedule.playing = !schedule.playing;
    if (schedule.playing && schedule.cursor >= 1) schedule.cursor = 0;
    ui.again = true;
  }
  ImGui::SameLine(0, 12);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const std::string text = Time(schedule.cursor * simulation.now()) + " of " + Time(simulation.now()) +
                           "; click a chart to go there";
  DrawText(ui, ImVec2(at.x, (LastMin().y + LastMax().y) / 2), text, {ui.colors->muted, kNote},
           width - (at.x - left.x));
  ImGui::SetCursorScreenPos(ImVec2(left.x, LastMax().y + 4));
}

// Requests that are there between these times, the earliest first.
std::vector<size_t> Present(const std::vector<RequestRecord>& records, double from, double until) {
  std::vector<size_t> present;
  for (size_t i = 0; i < records.size() && present.size() < kLanes; ++i) {
    const RequestRecord& record = records[i];
    const bool begun = record.end != RequestEnd::kPending || record.first_token > 0;
    if (begun && record.arrival <= until && (record.end == RequestEnd::kPending || record.finish >= from)) {
      present.push_back(i);
    }
  }
  return present;
}

void Lanes(Ui& ui, AppState& state, const Simulation& simulation, float width) {
  const std::vector<RequestRecord>& records = simulation.records();
  const SimulationSummary& summary = state.schedule.summary();
  const double now = simulation.now();
  const double cursor = state.schedule.cursor * now;
  const bool all = records.size() <= static_cast<size_t>(kLanes);
  // Around the cursor, wide enough for a few requests; everything when there are few.
  const double span = all ? now : std::min(now, std::max(4e-3 * summary.end_to_end_ms.p50, 1e-6));
  const double from = all ? 0 : std::clamp(cursor - span / 2, 0.0, std::max(0.0, now - span));
  SectionLabel(ui, "Requests around " + Time(cursor));
  Gap(4);
  const float label = 64, height = 18;
  const float room = width - label;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const auto x = [&](double time) {
    return at.x + label + room * static_cast<float>(std::clamp((time - from) / span, 0.0, 1.0));
  };
  float y = at.y;
  for (const size_t i : Present(records, from, from + span)) {
    const RequestRecord& record = records[i];
    const bool pending = record.end == RequestEnd::kPending;
    const double begun = record.scheduled > 0 || record.first_token > 0 ? record.scheduled : now;
    const double spoke = record.first_token > 0 ? record.first_token : now;
    const double ended = pending ? now : record.finish;
    DrawText(ui, ImVec2(at.x, y + height / 2), "#" + CountText(static_cast<int64_t>(i) + 1),
             {ui.colors->muted, 12});
    const auto bar = [&](double a, double b, ImU32 color, float inset) {
      if (b <= from || a >= from + span || b <= a) return;
      draw->AddRectFilled(ImVec2(x(a), y + inset), ImVec2(std::max(x(b), x(a) + 1), y + height - inset),
                          color, 2);
    };
    bar(record.arrival, begun, ui.colors->line, 7);
    bar(begun, spoke, ui.colors->accent, 4);
    bar(spoke, ended, record.preemptions > 0 ? ui.colors->tight : ui.colors->weights, 4);
    y += height;
  }
  draw->AddRectFilled(ImVec2(x(cursor), at.y), ImVec2(x(cursor) + 1, y), ui.colors->ink);
  ui.tree->Add({"img", "Request lanes", CountText(static_cast<int64_t>(records.size())) + " requests", at.x,
                at.y, width, y - at.y});
  ImGui::SetCursorScreenPos(ImVec2(at.x, y + 6));
  Paragraph(ui,
            "Thin: in the queue. Then its prompt is read, then it is answered; amber where it was "
            "preempted on the way.",
            width, {ui.colors->muted, kNote});
}

void PercentileTable(Ui& ui, const SimulationSummary& summary, float width) {
  struct Row {
    const char* name;
    const Percentiles* values;
  };
  const std::array<Row, 5> rows = {{{"Time to first token", &summary.ttft_ms},
                                    {"Time per output token", &summary.tpot_ms},
                                    {"Between two tokens", &summary.inter_token_ms},
                                    {"Whole request", &summary.end_to_end_ms},
                                    {"In the queue", &summary.queue_ms}}};
  const std::array<const char*, 4> heads = {"mean", "median", "95 %", "99 %"};
  const float name = std::min(220.0F, width * 0.38F);
  const float cell = (width - name) / 4;
  const TextStyle note = {ui.colors->muted, kNote};
  ImVec2 at = ImGui::GetCursorScreenPos();
  for (size_t c = 0; c < heads.size(); ++c) {
    DrawTextRight(ui, ImVec2(at.x + name + cell * static_cast<float>(c + 1) - 6, at.y + 12), heads[c], note);
  }
  at.y += 26;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (const Row& row : rows) {
    draw->AddRectFilled(at, ImVec2(at.x + width, at.y + 1), ui.colors->line);
    DrawText(ui, ImVec2(at.x + 6, at.y + 18), row.name, {}, name - 12);
    const std::array<double, 4> values = {row.values->mean, row.values->p50, row.values->p95,
                                          row.values->p99};
    for (size_t c = 0; c < values.size(); ++c) {
      DrawTextRight(ui, ImVec2(at.x + name + cell * static_cast<float>(c + 1) - 6, at.y + 18),
                    DurationText(Seconds(values[c] / 1e3)), {0, 13.5F});
    }
    ui.tree->Add({"row", row.name, DurationText(Seconds(row.values->p50 / 1e3)), at.x, at.y, width, 35});
    at.y += 35;
  }
  ImGui::SetCursorScreenPos(at);
}

// One session, turn by turn: what was found in the cache and what had to be computed.
void SessionTable(Ui& ui, const Simulation& simulation, float width) {
  std::vector<const RequestRecord*> turns;
  for (const RequestRecord& record : simulation.records()) {
    if (record.session == 0 && record.end != RequestEnd::kPending) turns.push_back(&record);
  }
  if (turns.size() < 2) return;
  SectionLabel(ui, "The first session, turn by turn");
  Gap(4);
  int64_t most = 1;
  for (const RequestRecord* turn : turns) most = std::max(most, turn->prompt);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  const float label = 64, right = std::min(330.0F, width * 0.5F);
  const float room = width - label - right;
  for (const RequestRecord* turn : turns) {
    const float scale = room / static_cast<float>(most);
    const float cached = static_cast<float>(turn->cached) * scale;
    const float whole = static_cast<float>(turn->prompt) * scale;
    const std::string text = CountText(turn->cached) + " cached, " + CountText(turn->prompt - turn->cached) +
                             " computed, first token " + Time(turn->first_token - turn->arrival);
    DrawText(ui, ImVec2(at.x, at.y + 14), "Turn " + CountText(turn->turn + 1), {0, 13.5F});
    const float x = at.x + label;
    draw->AddRectFilled(ImVec2(x, at.y + 7), ImVec2(x + cached, at.y + 21), Faded(ui.colors->kv_cache, 0.45F),
                        3);
    draw->AddRectFilled(ImVec2(x + cached, at.y + 7), ImVec2(x + whole, at.y + 21), ui.colors->accent, 3);
    DrawTextRight(ui, ImVec2(at.x + width, at.y + 14), text, {ui.colors->muted, kNote});
    ui.tree->Add({"row", "Turn " + CountText(turn->turn + 1), text, at.x, at.y, width, 28});
    at.y += 28;
  }
  ImGui::SetCursorScreenPos(at);
  Gap(16);
}

void MetricTable(Ui& ui, const Simulation& simulation, const SimulationSummary& summary, float width) {
  SectionLabel(ui, "How the engine's metrics would read, and where to set alerts");
  Gap(4);
  ImVec2 at = ImGui::GetCursorScreenPos();
  for (const MetricReading& metric : ReadMetrics(simulation, summary, {})) {
    const std::string reading = "peak " + DecimalText(metric.peak, metric.peak < 10 ? 2 : 0) +
                                ", alert above " + DecimalText(metric.alert, metric.alert < 10 ? 2 : 0);
    DrawText(ui, ImVec2(at.x, at.y + 14), metric.name, {0, 13.5F}, width * 0.5F);
    DrawTextRight(ui, ImVec2(at.x + width, at.y + 14), reading, {ui.colors->muted, 13});
    ui.tree->Add({"row", metric.name, reading, at.x, at.y, width, 44});
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + 24));
    Paragraph(ui, metric.meaning, width, {ui.colors->muted, kNote});
    Gap(6);
    at = ImGui::GetCursorScreenPos();
  }
}

}  // namespace

void DrawScheduleTab(Ui& ui, AppState& state, float width) {
  ScheduleState& schedule = state.schedule;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  Gap(18);
  Controls(ui, state, width);
  Gap(16);
  if (schedule.Follow(state.version(), state.resolved(), state.report())) ui.again = true;
  const Simulation* simulation = schedule.simulation();
  if (simulation == nullptr) {
    Paragraph(ui, schedule.problem(), width, {ui.colors->does_not_fit});
    ImGui::PopStyleVar();
    return;
  }
  Paragraph(ui, SimulationHeadline(*simulation, schedule.summary()), width, {0, 15.5F, Weight::kSemibold},
            "status");
  Gap(14);
  Charts(ui, state, *simulation, width);
  Player(ui, state, width);
  Gap(12);
  Lanes(ui, state, *simulation, width);
  Gap(16);
  PercentileTable(ui, schedule.summary(), width);
  Gap(20);
  SessionTable(ui, *simulation, width);
  MetricTable(ui, *simulation, schedule.summary(), width);
  ImGui::PopStyleVar();
}

}  // namespace plimsoll
