#include "web/playback.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

namespace plimsoll {
namespace {

constexpr size_t kNumbersOfRecord = 12, kNumbersOfSample = 6;

int64_t Micros(double seconds) { return std::llround(seconds * 1e6); }
double FromMicros(int64_t micros) { return static_cast<double>(micros) / 1e6; }

template <size_t count>
void AppendLine(std::string* text, const std::array<int64_t, count>& numbers) {
  std::array<char, 24> digits{};
  for (size_t i = 0; i < count; ++i) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), numbers[i]);
    text->append(digits.data(), end.ptr).push_back(i + 1 < count ? ' ' : '\n');
  }
}

// The next line's numbers; false when it does not hold that many, or there is none.
template <size_t count>
bool TakeLine(std::string_view* text, std::array<int64_t, count>* numbers) {
  for (size_t i = 0; i < count; ++i) {
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), (*numbers)[i]);
    const auto read = static_cast<size_t>(end - text->data());
    if (problem != std::errc() || read >= text->size() || *end != (i + 1 < count ? ' ' : '\n')) return false;
    text->remove_prefix(read + 1);
  }
  return true;
}

std::string RecordLines(const std::vector<RequestRecord>& records) {
  std::string text;
  for (const RequestRecord& r : records) {
    AppendLine<kNumbersOfRecord>(&text, {Micros(r.arrival), Micros(r.scheduled), Micros(r.first_token),
                                         Micros(r.finish), r.prompt, r.output, r.cached, r.computed_again,
                                         r.preemptions, r.session, r.turn, static_cast<int64_t>(r.end)});
  }
  return text;
}

std::optional<std::vector<RequestRecord>> RecordsOf(std::string_view text) {
  std::vector<RequestRecord> records;
  std::array<int64_t, kNumbersOfRecord> n{};
  while (!text.empty()) {
    if (!TakeLine(&text, &n)) return std::nullopt;
    if (n[11] < 0 || n[11] > static_cast<int64_t>(RequestEnd::kOutgrewPool)) return std::nullopt;
    RequestRecord& record = records.emplace_back();
    record.arrival = FromMicros(n[0]);
    record.scheduled = FromMicros(n[1]);
    record.first_token = FromMicros(n[2]);
    record.finish = FromMicros(n[3]);
    record.prompt = n[4];
    record.output = n[5];
    record.cached = n[6];
    record.computed_again = n[7];
    record.preemptions = static_cast<int32_t>(n[8]);
    record.session = static_cast<int32_t>(n[9]);
    record.turn = static_cast<int32_t>(n[10]);
    record.end = static_cast<RequestEnd>(n[11]);
  }
  return records;
}

std::string SampleLines(const std::vector<TimelineSample>& samples) {
  std::string text;
  for (const TimelineSample& s : samples) {
    AppendLine<kNumbersOfSample>(
        &text, {Micros(s.time), s.running, s.waiting, s.used_blocks, s.preemptions, s.output_tokens});
  }
  return text;
}

std::optional<std::vector<TimelineSample>> SamplesOf(std::string_view text) {
  std::vector<TimelineSample> samples;
  std::array<int64_t, kNumbersOfSample> n{};
  while (!text.empty()) {
    if (!TakeLine(&text, &n)) return std::nullopt;
    samples.push_back({FromMicros(n[0]), n[1], n[2], n[3], n[4], n[5]});
  }
  return samples;
}

Json MetricsJson(const std::vector<MetricReading>& metrics) {
  Json list = Json::MakeArray();
  for (const MetricReading& metric : metrics) {
    list.Append(Json::MakeArray()
                    .Append(metric.name)
                    .Append(metric.mean)
                    .Append(metric.peak)
                    .Append(metric.alert)
                    .Append(metric.meaning));
  }
  return list;
}

std::vector<MetricReading> MetricsOf(const Json& list) {
  std::vector<MetricReading> metrics;
  for (const Json& item : list.items()) {
    const Json::Array& of = item.items();
    if (of.size() != 5) continue;
    metrics.push_back({of[0].AsString(), of[1].AsDouble().value_or(0), of[2].AsDouble().value_or(0),
                       of[3].AsDouble().value_or(0), of[4].AsString()});
  }
  return metrics;
}

}  // namespace

Playback PlaybackOf(const Simulation& simulation, const Objective& objective) {
  Playback playback;
  playback.now = simulation.now();
  playback.blocks = simulation.setup().blocks;
  playback.summary = simulation.Summarize(objective);
  playback.headline = SimulationHeadline(simulation, playback.summary);
  playback.metrics = ReadMetrics(simulation, playback.summary, objective);
  playback.samples = simulation.samples();
  playback.records = simulation.records();
  return playback;
}

Json PlaybackToJson(const Playback& playback) {
  return Json::MakeObject()
      .Set("now", playback.now)
      .Set("blocks", playback.blocks)
      .Set("headline", playback.headline)
      .Set("band", playback.band)
      .Set("beside", playback.beside)
      .Set("summary", SimulationSummaryJson(playback.summary))
      .Set("metrics", MetricsJson(playback.metrics))
      .Set("samples", SampleLines(playback.samples))
      .Set("records", RecordLines(playback.records));
}

Result<Playback> PlaybackFromJson(const Json& json) {
  static const Json nothing;
  const auto at = [&json](std::string_view key) -> const Json& {
    const Json* value = json.Find(key);
    return value != nullptr ? *value : nothing;
  };
  Playback playback;
  playback.now = at("now").AsDouble().value_or(0);
  playback.blocks = at("blocks").AsInt().value_or(0);
  playback.headline = at("headline").AsString();
  playback.band = at("band").AsString();
  playback.beside = at("beside").AsString();
  playback.summary = SimulationSummaryFromJson(at("summary"));
  playback.metrics = MetricsOf(at("metrics"));
  std::optional<std::vector<TimelineSample>> samples = SamplesOf(at("samples").AsString());
  std::optional<std::vector<RequestRecord>> records = RecordsOf(at("records").AsString());
  if (!samples || !records) return Error{"schedule", "lines that are none", "whole numbers"};
  playback.samples = std::move(*samples);
  playback.records = std::move(*records);
  return playback;
}

}  // namespace plimsoll
