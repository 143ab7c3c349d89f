#include "web/schedule_state.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/config/trace_reader.h"
#include "core/schedule/simulation_report.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

constexpr std::string_view kKind = "schedule";
// Seconds that a run which is out of date may still go on, so that a moving slider shows something, ...
constexpr double kPatience = 0.25;
constexpr double kSlowFrom = 0.5;  // ... and after which the reader is told how far a run is

std::string TooMany(int64_t requests) {
  return "This is a load of " + CountText(requests) + " requests; the page simulates " +
         CountText(kMostShown) + ", the command plimsoll schedule a million.";
}

}  // namespace

std::optional<Error> ScheduleState::SetTrace(std::string_view csv) {
  const int64_t lines = std::count(csv.begin(), csv.end(), '\n');
  if (lines > kMostShown + 1)  // a heading
    return Error{
        "trace", CountText(lines) + " lines",
        "at most " + CountText(kMostShown) + "; the command plimsoll schedule --trace takes a million"};
  std::vector<TraceRow> rows;
  if (!csv.empty()) {
    Result<std::vector<TraceRow>> read = ReadTrace(csv, "trace");
    if (!read.ok()) return read.error();
    rows = std::move(*read);
  }
  trace_ = std::move(rows);
  csv_ = csv;
  ++trace_version_;
  return std::nullopt;
}

void ScheduleState::Stop(Errands* errands) {
  stopped_ = errands->open(kKind);
  errands->GiveUp(kKind);
}

void ScheduleState::Ask(const Resolved& resolved, Errands* errands) {
  problem_.clear();
  slow_share_.reset();
  errands->GiveUp(kKind);
  asked_ = WorkloadOf(resolved);
  asked_.trace = trace_;
  const int64_t requests = trace_.empty() ? asked_.requests : static_cast<int64_t>(trace_.size());
  if (requests > kMostShown) {
    shown_.reset();
    problem_ = TooMany(requests);
    return;
  }
  errands->Ask(kKind, PageQuestionJson(*resolved.config, {}, csv_).Dump());
}

void ScheduleState::Take(const std::string& text) {
  slow_share_.reset();
  Result<Json> read = Json::Parse(text, kKind);
  if (read.ok() && read->Has("error")) {
    shown_.reset();
    problem_ = read->Find("error")->AsString();
    return;
  }
  Result<Playback> playback = read.ok() ? PlaybackFromJson(*read) : Result<Playback>(read.error());
  if (!playback.ok()) {
    shown_.reset();
    problem_ = playback.error().Message();
    return;
  }
  shown_ = std::move(*playback);
  workload_ = std::move(asked_);
}

void ScheduleState::Follow(int64_t version, const Resolved& resolved, double seconds, Errands* errands) {
  if (const auto text = errands->TakeAnswer(kKind)) Take(*text);
  const bool open = errands->open(kKind);
  const bool again =
      !open && !stopped_ && slow_share_.has_value();  // it was stopped, and is wanted after all
  if (IsStale(version) ? !open || seconds - asked_at_ > kPatience : again) {
    version_ = version;
    asked_trace_ = trace_version_;
    asked_at_ = seconds;
    stopped_ = false;
    Ask(resolved, errands);
  } else if (open && seconds - asked_at_ > kSlowFrom) {
    slow_share_ = errands->share(kKind);
  }
}

}  // namespace plimsoll
