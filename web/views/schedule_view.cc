// The server under load: what the KV cache holds and who waits, over time; each request's lane; percentiles;
// a session turn by turn; and how the engine's metrics would read.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/schedule/simulation_report.h"
#include "web/chart.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr int kLanes = 20;
constexpr int kChartPoints = 240;

std::string Time(double seconds) { return DurationText(Seconds(seconds)); }
constexpr std::array<std::string_view, 5> kArrivals = {"All at once", "At random (Poisson)", "Evenly spaced",
                                                       "Users ask again", "From a trace (CSV)"};
constexpr std::array<std::string_view, 4> kShapes = {"All the same", "Uniform", "Log-normal",
                                                     "As in chat logs"};
constexpr size_t kTrace = 4;

void ChooseArrival(Ui& ui, AppState& state, const Workload& load, float width) {
  ScheduleState& schedule = state.schedule;
  const bool traced = state.view.wants_trace || !schedule.trace().empty();
  const std::optional<size_t> chosen = Choice(ui, "Requests", kArrivals.data(), kArrivals.size(),
                                              traced ? kTrace : static_cast<size_t>(load.arrival), width);
  if (!chosen) return;
  state.view.wants_trace = *chosen == kTrace;
  if (*chosen == kTrace) return;
  (void)schedule.SetTrace("");
  // A rate that is likely to be served: what the same users would ask for.
  const double rate = load.rate > 0 ? load.rate : 2;
  state.SetWorkload("arrival", Json(kArrivalNames[*chosen]));
  state.SetWorkload("arrival_rate", *chosen == 1 || *chosen == 2 ? Json(rate) : Json());
  state.SetWorkload("requests", Json(load.requests));
}

void RateSlider(Ui& ui, AppState& state, double rate, bool sessions, float width) {
  const std::string number = CompactNumber(rate);
  const SliderResult result = Slider(ui, sessions ? "Sessions per second" : "Requests per second", rate,
                                     number, number, {0.1, std::max(200.0, rate), 0}, width);
  if (result.typed) state.SetWorkload("arrival_rate", TypedNumber(*result.typed));
  if (!result.value) return;
  const double step = *result.value < 10 ? 0.1 : 1;
  state.SetWorkload("arrival_rate", Json(std::max(0.1, std::round(*result.value / step) * step)));
}

void TraceControls(Ui& ui, AppState& state, float width) {
  const std::vector<TraceRow>& rows = state.schedule.trace();
  if (rows.empty()) {
    Paragraph(
        ui,
        "Paste a CSV here or drop a file on the page: a line for each request with its arrival in seconds, "
        "prompt tokens, output tokens.",
        width, {ui.colors->muted});
  } else {
    double last = 0;
    for (const TraceRow& row : rows) last = std::max(last, row.arrival);
    Paragraph(ui,
              CountedText(static_cast<int64_t>(rows.size()), "request", "requests") + " of a trace, over " +
                  Time(last) + ". A trace stays on this page: links carry the other settings.",
              width);
  }
  Gap(6);
}

void MoreControls(Ui& ui, AppState& state, const Workload& load, float width) {
  SideBySide columns(width, 3, 12, 620);
  const float cell = columns.cell();
  const auto number = [&](const char* label, std::string_view key, double value) {
    columns.Next();
    LoadNumber(ui, state, label, key, CompactNumber(value), cell);
    Gap(8);
  };
  number("Shared system prompt, tokens", "system_prompt", static_cast<double>(load.system_prompt));
  if (state.schedule.trace().empty()) {
    number("Turns of a session", "turns", static_cast<double>(load.turns));
    number("Pause between turns, s", "think_time", load.think_time);
    number("Seed", "seed", static_cast<double>(load.seed));
    const bool spread =
        load.prompt.shape == LengthShape::kUniform || load.prompt.shape == LengthShape::kLogNormal;
    if (spread) number("Spread of lengths, of the mean", "spread", load.prompt.deviation / load.prompt.mean);
  }
  columns.End();
}

void Controls(Ui& ui, AppState& state, float width) {
  const Workload load = WorkloadOf(state.resolved());
  const bool traced = state.view.wants_trace || !state.schedule.trace().empty();
  SideBySide columns(width, 3, 24, 620);
  const float cell = columns.cell();
  columns.Next();
  ChooseArrival(ui, state, load, cell);
  Gap(12);
  if (traced) {
    columns.End();
    TraceControls(ui, state, width);
  } else {
    // By its name, or by what it comes to.
    const Json* shape = state.config().workload.Find("prompt_shape");
    auto current = static_cast<size_t>(load.prompt.shape);
    for (size_t i = 0; i < kShapeNames.size(); ++i)
      current = shape && shape->AsString() == kShapeNames[i] ? i : current;
    columns.Next();
    if (const auto chosen = Choice(ui, "Lengths", kShapes.data(), kShapes.size(), current, cell)) {
      for (const char* key : {"prompt_shape", "output_shape"})
        state.SetWorkload(key, Json(kShapeNames[*chosen]));
    }
    Gap(12);
    columns.Next();
    LoadSlider(ui, state, "Requests in all", "requests", load.requests, 10000, cell);
    Gap(12);
    columns.Next();
    if (load.arrival == Arrival::kClosedLoop) {
      LoadSlider(ui, state, "Users", "concurrency", load.users, 512, cell);
    } else if (load.arrival != Arrival::kBurst) {
      RateSlider(ui, state, load.rate, load.turns > 1, cell);
    } else {
      DrawText(ui, ImVec2(ImGui::GetCursorScreenPos().x, ImGui::GetCursorScreenPos().y + 11),
               "All requests at the start", {ui.colors->muted});
      Gap(44);
    }
    columns.Next();
    LoadSlider(ui, state, "Prompt tokens", "prompt_tokens", std::llround(load.prompt.mean), 32768, cell);
    columns.Next();
    LoadSlider(ui, state, "Output tokens", "output_tokens", std::llround(load.output.mean), 8192, cell);
    columns.End();
  }
  Gap(4);
  if (Disclosure(ui, "Sessions, system prompt, seed", state.view.more_load)) {
    state.view.more_load = !state.view.more_load;
  }
  if (state.view.more_load) MoreControls(ui, state, load, width);
}

void Results(Ui& ui, AppState& state, float width) {
  const SimulationSummary& s = state.schedule.shown()->summary;
  const Objective& objective = state.schedule.workload().objective;
  const auto share = [](double part, double whole) {
    return whole > 0 ? DecimalText(part / whole * 100, 0) + " %" : std::string("none");
  };
  const bool limited = objective.ttft_ms > 0 || objective.tpot_ms > 0;
  DrawFigures(
      ui,
      {{"Served", DecimalText(s.requests_per_s, 2) + " req/s",
        CountText(s.done) + " of " + CountText(s.requests)},
       {"Output", CountText(std::llround(s.output_tokens_per_s)) + " tok/s",
        CountText(std::llround(s.total_tokens_per_s)) + " with prompts"},
       {"Goodput", limited ? DecimalText(s.goodput_requests_per_s, 2) + " req/s" : "no limit set",
        limited ? share(s.goodput_requests_per_s, s.requests_per_s) + " within the limits"
                : "see the limits below"},
       {"Prompt cache", share(static_cast<double>(s.cached_tokens), static_cast<double>(s.prompt_tokens)),
        CountText(s.cached_tokens) + " tokens found" +
            (s.found_in_ram > 0 ? ", " + CountText(s.found_in_ram) + " in RAM" : "")}},
      width);
}

// Samples at equal times, the last one known before each.
Chart OverTime(const Playback& playback, const char* title) {
  Chart chart;
  chart.title = title;
  chart.x_label = "since the start";
  chart.x_scale = Scale::kSeconds;
  for (int i = 0; i <= kChartPoints; ++i) chart.x.push_back(playback.now * i / kChartPoints);
  return chart;
}

void AddOverTime(Chart* chart, const Playback& playback, const char* name, ImU32 color, bool filled,
                 double (*value)(const TimelineSample&, double), double scale) {
  ChartSeries series;
  series.name = name;
  series.color = color;
  series.filled = filled;
  const std::vector<TimelineSample>& samples = playback.samples;
  size_t next = 0;
  for (double time : chart->x) {
    while (next + 1 < samples.size() && samples[next + 1].time <= time) ++next;
    series.y.push_back(samples.empty() ? 0 : value(samples[next], scale));
  }
  chart->series.push_back(std::move(series));
}

void Charts(Ui& ui, AppState& state, const Playback& playback, float width) {
  ScheduleState& schedule = state.schedule;
  const double now = playback.now;
  SideBySide columns(width, 2, 32, 760);
  const float half = columns.cell();
  columns.Next();
  Chart cache = OverTime(playback, "KV cache in use");
  cache.y_scale = Scale::kPercent;
  cache.y_max = 100;
  cache.mark_x = schedule.cursor * now;
  AddOverTime(
      &cache, playback, "of the pool", ui.colors->kv_cache, true,
      [](const TimelineSample& s, double blocks) {
        return static_cast<double>(s.used_blocks) / blocks * 100;
      },
      static_cast<double>(std::max<int64_t>(playback.blocks, 1)));
  const std::optional<double> a = DrawChart(ui, cache, half, 220);
  columns.Next();
  Chart queue = OverTime(playback, "Requests");
  queue.mark_x = schedule.cursor * now;
  AddOverTime(
      &queue, playback, "running", ui.colors->accent, true,
      [](const TimelineSample& s, double) { return static_cast<double>(s.running); }, 1);
  AddOverTime(
      &queue, playback, "waiting", ui.colors->does_not_fit, false,
      [](const TimelineSample& s, double) { return static_cast<double>(s.waiting); }, 1);
  const std::optional<double> b = DrawChart(ui, queue, half, 220);
  columns.End();
  const std::optional<double> chosen = a ? a : b;
  if (chosen && now > 0) schedule.cursor = std::clamp(*chosen / now, 0.0, 1.0);
}

// The state at the cursor, in words.
std::string AtCursor(const Playback& playback, double cursor) {
  TimelineSample at;
  for (const TimelineSample& sample : playback.samples) {
    if (sample.time > cursor) break;
    at = sample;
  }
  const double blocks = static_cast<double>(std::max<int64_t>(playback.blocks, 1));
  return CountText(at.running) + " running, " + CountText(at.waiting) + " waiting, cache " +
         DecimalText(static_cast<double>(at.used_blocks) / blocks * 100, 0) + " % full, " +
         CountedText(at.preemptions, "preemption", "preemptions") + " and " + CountText(at.output_tokens) +
         " tokens so far";
}

void Player(Ui& ui, AppState& state, float width) {
  ScheduleState& schedule = state.schedule;
  const Playback& playback = *schedule.shown();
  const double now = playback.now;
  constexpr double kSecondsOfPlay = 12;
  if (schedule.playing) {
    schedule.cursor += ImGui::GetIO().DeltaTime / kSecondsOfPlay;
    if (schedule.cursor >= 1) {
      schedule.cursor = 1;
      schedule.playing = false;
    }
    ui.again = true;
  }
  const ImVec2 left = ImGui::GetCursorScreenPos();
  const float chip = 72, height = ui.coarse ? 44 : 30;
  ImGui::SetCursorScreenPos(ImVec2(left.x, left.y + (ui.coarse ? 44 : 6)));
  if (Chip(ui, schedule.playing ? "Pause" : "Play", {chip, false, {}})) {
    schedule.playing = !schedule.playing;
    if (schedule.playing && schedule.cursor >= 1) schedule.cursor = 0;
    ui.again = true;
  }
  ImGui::SetCursorScreenPos(ImVec2(left.x + chip + 16, left.y));
  const double time = schedule.cursor * now;
  const SliderResult moved = Slider(ui, "Time", time, Time(time) + " of " + Time(now), CompactNumber(time),
                                    {0, std::max(now, 1e-9), 0, true}, width - chip - 16);
  std::optional<double> chosen = moved.value;
  if (moved.typed) chosen = TypedNumber(*moved.typed).AsDouble();
  if (chosen && now > 0) schedule.cursor = std::clamp(*chosen / now, 0.0, 1.0);
  ImGui::SetCursorScreenPos(ImVec2(left.x, std::max(ImGui::GetCursorScreenPos().y, left.y + height + 8)));
  Paragraph(ui, AtCursor(playback, schedule.cursor * now), width, {ui.colors->muted, kNote}, "status");
}

// Requests to show around the cursor, in the order of their arrival: those that run there, then those that
// wait, then others of the window.
std::vector<size_t> Present(const std::vector<RequestRecord>& records, double cursor, double from,
                            double until) {
  std::vector<size_t> present;
  for (int wanted = 0; wanted < 3; ++wanted) {
    for (size_t i = 0; i < records.size() && present.size() < kLanes; ++i) {
      const RequestRecord& r = records[i];
      if (r.end != RequestEnd::kDone && r.end != RequestEnd::kTruncated) continue;
      const bool here = r.arrival <= cursor && r.finish >= cursor;
      const int kind = here && r.scheduled <= cursor            ? 0
                       : here                                   ? 1
                       : r.arrival <= until && r.finish >= from ? 2
                                                                : 3;
      if (kind == wanted) present.push_back(i);
    }
  }
  std::sort(present.begin(), present.end());
  return present;
}

void Lanes(Ui& ui, AppState& state, const Playback& playback, float width) {
  const std::vector<RequestRecord>& records = playback.records;
  const SimulationSummary& summary = playback.summary;
  const double now = playback.now;
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
  for (const size_t i : Present(records, cursor, from, from + span)) {
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
  ui.tree->Add({"img", "Request lanes",
                CountedText(static_cast<int64_t>(records.size()), "request", "requests"), at.x, at.y, width,
                y - at.y});
  ImGui::SetCursorScreenPos(ImVec2(at.x, y + 6));
  Paragraph(ui,
            "Thin: in the queue. Then its prompt is read, then it is answered; amber where it was "
            "preempted on the way.",
            width, {ui.colors->muted, kNote});
}

// The objective that goodput counts.
void Limits(Ui& ui, AppState& state, float width) {
  const Objective objective = WorkloadOf(state.resolved()).objective;
  const auto text = [](double limit) { return limit > 0 ? CompactNumber(limit) : std::string("none"); };
  SectionLabel(ui, "How long requests take, and what counts as good");
  Gap(8);
  SideBySide columns(width, 2, 12, 520);
  columns.Next();
  LoadNumber(ui, state, "First token within, ms", "ttft_ms", text(objective.ttft_ms), columns.cell());
  Gap(8);
  columns.Next();
  LoadNumber(ui, state, "Each token within, ms", "tpot_ms", text(objective.tpot_ms), columns.cell());
  Gap(8);
  columns.End();
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
  constexpr std::array<const char*, 5> kHeads = {"median", "mean", "90 %", "95 %", "99 %"};
  const std::vector<size_t> shown =
      width < 480 ? std::vector<size_t>{0, 3, 4} : std::vector<size_t>{0, 1, 2, 3, 4};
  const float name = std::min(220.0F, width * 0.4F);
  const float cell = (width - name) / static_cast<float>(shown.size());
  const TextStyle note = {ui.colors->muted, kNote};
  ImVec2 at = ImGui::GetCursorScreenPos();
  const auto edge = [&](size_t column) { return at.x + name + cell * static_cast<float>(column + 1) - 6; };
  for (size_t c = 0; c < shown.size(); ++c) {
    DrawTextRight(ui, ImVec2(edge(c), at.y + 12), kHeads[shown[c]], note);
  }
  at.y += 26;
  for (const Row& row : rows) {
    ImGui::GetWindowDrawList()->AddRectFilled(at, ImVec2(at.x + width, at.y + 1), ui.colors->line);
    DrawText(ui, ImVec2(at.x + 6, at.y + 18), row.name, {}, name - 12);
    const Percentiles& p = *row.values;
    const std::array<double, 5> values = {p.p50, p.mean, p.p90, p.p95, p.p99};
    std::string all;
    for (size_t c = 0; c < shown.size(); ++c) {
      const std::string text = DurationText(Seconds(values[shown[c]] / 1e3));
      all.append(c > 0 ? ", " : "").append(kHeads[shown[c]]).append(" ").append(text);
      DrawTextRight(ui, ImVec2(edge(c), at.y + 18), text, {0, 13.5F});
    }
    ui.tree->Add({"row", row.name, all, at.x, at.y, width, 35});
    at.y += 35;
  }
  ImGui::SetCursorScreenPos(at);
}

// One session, turn by turn: what was found in the cache and what had to be computed.
void SessionTable(Ui& ui, AppState& state, const Playback& playback, float width) {
  if (state.schedule.workload().turns < 2) return;
  const int64_t sessions = playback.records.empty() ? 1 : playback.records.back().session + 1;
  const int64_t session = std::clamp<int64_t>(state.view.session, 1, sessions);
  std::vector<const RequestRecord*> turns;
  for (const RequestRecord& record : playback.records) {
    if (record.session == session - 1 && record.end != RequestEnd::kPending) turns.push_back(&record);
  }
  SectionLabel(ui, "A session, turn by turn: prompt tokens found in the cache, and computed");
  Gap(8);
  if (const auto typed = NumberField(ui, "Session", CountText(session) + " of " + CountText(sessions), false,
                                     std::min(width, 260.0F), CountText(session))) {
    state.view.session = TypedNumber(*typed).AsInt().value_or(1);
  }
  Gap(8);
  int64_t most = 1;
  for (const RequestRecord* turn : turns) most = std::max(most, turn->prompt);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  // On a phone the words stand below their bar.
  const bool narrow = width < 560;
  const float label = 64, height = narrow ? 48 : 28;
  const float room = width - label - (narrow ? 0.0F : 330.0F);
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
    const TextStyle note = {ui.colors->muted, kNote};
    if (narrow) {
      DrawText(ui, ImVec2(x, at.y + 33), text, note, width - label);
    } else {
      DrawTextRight(ui, ImVec2(at.x + width, at.y + 14), text, note);
    }
    ui.tree->Add({"row", "Turn " + CountText(turn->turn + 1), text, at.x, at.y, width, height});
    at.y += height;
  }
  ImGui::SetCursorScreenPos(at);
  Gap(16);
}

void MetricTable(Ui& ui, const Playback& playback, float width) {
  SectionLabel(ui, "How the engine's metrics would read, and where to set alerts");
  Gap(4);
  ImVec2 at = ImGui::GetCursorScreenPos();
  for (const MetricReading& metric : playback.metrics) {
    const auto number = [](double value) {
      return CompactNumber(value < 10 ? std::round(value * 100) / 100 : std::round(value));
    };
    const std::string reading = "peak " + number(metric.peak) + ", alert above " + number(metric.alert);
    const bool calls = metric.peak > metric.alert;
    const float right = TextWidth(ui, reading, {0, 13});
    // On a phone the reading has a line of its own.
    const bool beside = TextWidth(ui, metric.name, {0, 13.5F}) + right + 12 <= width;
    const float line = beside ? at.y + 14 : at.y + 34;
    DrawText(ui, ImVec2(at.x, at.y + 14), metric.name, {0, 13.5F}, width);
    DrawText(ui, ImVec2(beside ? at.x + width - right : at.x, line), reading,
             {calls ? ui.colors->tight : ui.colors->muted, 13});
    ui.tree->Add({"row", metric.name, reading, at.x, at.y, width, 44});
    ImGui::SetCursorScreenPos(ImVec2(at.x, line + 10));
    Paragraph(ui, metric.meaning, width, {ui.colors->muted, kNote});
    Gap(6);
    at = ImGui::GetCursorScreenPos();
  }
}

// A run that takes its time: how far it is, and a way to stop it.
void UnderWay(Ui& ui, AppState& state, float width) {
  ScheduleState& schedule = state.schedule;
  const std::string share = DecimalText(schedule.slow_share().value_or(0) * 100, 0) + " %";
  Paragraph(ui, (schedule.stopped() ? "Stopped at " : "Simulating: ") + share, width, {ui.colors->muted},
            "status");
  ChipRow chips(ui, "", width);
  if (chips.Add(schedule.stopped() ? "Start again" : "Stop", false)) {
    if (schedule.stopped()) {
      schedule.StartAgain();
    } else {
      schedule.Stop(&state.errands);
    }
    ui.again = true;
  }
  chips.End();
  Gap(8);
}

// The most load within the wishes on the left; a click takes it.
void OperatingRangeRow(Ui& ui, AppState& state, float width) {
  const bool settled = !ImGui::IsMouseDown(ImGuiMouseButton_Left);
  state.range.Follow(state.answer_version(), state.config(), settled, &state.errands);
  const Objective objective = WorkloadOf(state.resolved()).objective;
  SectionLabel(ui, "Operating range");
  Gap(4);
  if (objective.ttft_ms <= 0 && objective.tpot_ms <= 0) {
    Paragraph(ui,
              "Say within what time a first token must come, or how fast each user must read (First, Each), "
              "and here "
              "stands how many users, or requests per second, keep that.",
              width, {ui.colors->muted, kNote});
    return;
  }
  std::string limits;
  if (objective.ttft_ms > 0) limits += "first token within " + DurationText(Seconds(objective.ttft_ms / 1e3));
  if (objective.tpot_ms > 0)
    limits += (limits.empty() ? "" : " and ") + RoundedNumber(1000 / objective.tpot_ms) + " tok/s each";
  std::optional<Config> taken;
  for (const LoadKind kind : {LoadKind::kUsers, LoadKind::kRate}) {
    const RangeState::Found* range = state.range.range(kind);
    const bool users = kind == LoadKind::kUsers;
    const std::string name = users ? "Most users" : "Highest rate";
    std::string value = "simulating …";
    if (!state.range.problem().empty())
      value = state.report().fits() ? state.range.problem() : "it does not fit";
    if (range != nullptr && !range->any)
      value = users ? "not even one user" : "not even one request in ten seconds";
    if (range != nullptr && range->any) {
      value = users ? CountText(std::llround(range->load))
                    : DecimalText(range->load, range->load < 10 ? 2 : 1) + " requests/s";
      if (range->most) value = "at least " + value;
      value += ", " + CountText(std::llround(range->output_tokens_per_s)) + " tok/s in all";
    }
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = ui.coarse ? 44 : 30;
    const Interaction item = Item(ui, name, ImVec2(width, height), "row", name, value, 4);
    if (item.visible) {
      if (item.hovered && range != nullptr && range->any) {
        ImGui::GetWindowDrawList()->AddRectFilled(item.min, item.max, Faded(ui.colors->line, 0.35F), 4);
      }
      DrawText(ui, ImVec2(at.x, at.y + height / 2), name + " with " + limits, {0, 13.5F}, width * 0.62F);
      DrawTextRight(ui, ImVec2(at.x + width - 4, at.y + height / 2), value, {0, 13.5F, Weight::kSemibold});
    }
    if (item.clicked && range != nullptr && range->any) taken = range->config;
  }
  Paragraph(ui, "Nine of ten requests keep the limits there. A click takes that load.", width,
            {ui.colors->muted, kNote});
  if (taken) state.Load(*taken);
}

}  // namespace

void DrawScheduleTab(Ui& ui, AppState& state, float width) {
  ScheduleState& schedule = state.schedule;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  Gap(18);
  Controls(ui, state, width);
  Gap(16);
  schedule.Follow(state.answer_version(), state.resolved(), ImGui::GetTime(), &state.errands);
  if (schedule.slow_share()) UnderWay(ui, state, width);
  if (schedule.shown() == nullptr) {
    const bool failed = !schedule.problem().empty();
    if (failed || !schedule.slow_share())
      Paragraph(ui, failed ? schedule.problem() : "Simulating", width,
                {failed ? ui.colors->does_not_fit : ui.colors->muted}, "status");
    ImGui::PopStyleVar();
    return;
  }
  const Playback& playback = *schedule.shown();
  const SimulationSummary& summary = playback.summary;
  Paragraph(ui, playback.headline, width, {0, 15.5F, Weight::kSemibold}, "status");
  Gap(10);
  if (summary.done > 0) {
    Results(ui, state, width);
    Gap(4);
    Charts(ui, state, playback, width);
    Gap(6);
    Player(ui, state, width);
    Gap(12);
    Lanes(ui, state, playback, width);
    Gap(16);
    Limits(ui, state, width);
    OperatingRangeRow(ui, state, width);
    Gap(16);
    PercentileTable(ui, summary, width);
    Gap(6);
    if (!playback.beside.empty()) {
      Paragraph(ui, playback.beside, width, {ui.colors->muted, kNote});
      Gap(4);
    }
    Paragraph(ui, playback.band, width, {ui.colors->muted, kNote});
    Gap(20);
    SessionTable(ui, state, playback, width);
    MetricTable(ui, playback, width);
  }
  ImGui::PopStyleVar();
}

}  // namespace plimsoll
