#include "web/schedule_state.h"

#include <chrono>
#include <utility>

#include "core/base/text.h"
#include "core/engines/server.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {
namespace {

// A frame has 16 ms; drawing takes a third of it where the processor is slow.
constexpr double kSlice = 0.006;
constexpr int64_t kEvents = 32;  // between two looks at the clock: about half a millisecond
// How long a run that is out of date is still worth finishing, so that a moving slider shows something.
constexpr double kPatience = 0.25;

double Clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::optional<Error> ScheduleState::SetTrace(std::string_view csv) {
  if (csv.empty()) {
    trace_.clear();
  } else {
    Result<std::vector<TraceRow>> rows = ReadTrace(csv, "trace");
    if (!rows.ok()) return rows.error();
    trace_ = std::move(*rows);
  }
  ++trace_version_;
  return std::nullopt;
}

void ScheduleState::Fail(std::string problem) {
  shown_.reset();
  next_.reset();
  problem_ = std::move(problem);
}

void ScheduleState::Start(const Resolved& resolved, const Report& report) {
  problem_.clear();
  patience_ = 0;
  stopped_ = false;
  Workload workload = WorkloadOf(resolved);
  workload.trace = trace_;
  const int64_t requests = trace_.empty() ? workload.requests : static_cast<int64_t>(trace_.size());
  if (requests > kMostShown) {
    Fail("This is a load of " + CountText(requests) + " requests; the page simulates " +
         CountText(kMostShown) + ", the command plimsoll schedule a million.");
    return;
  }
  SchedulerSetup setup = MakeSchedulerSetup(resolved, report);
  TakeAdmission(workload, &setup);
  if (setup.blocks <= 0) {
    Fail("There is no room for a KV cache, so no request can run.");
    return;
  }
  Result<RequestList> list = GenerateRequests(workload);
  if (!list.ok()) {
    Fail(list.error().Message());
    return;
  }
  next_.emplace(std::move(setup), std::move(*list));
  next_workload_ = std::move(workload);
}

bool ScheduleState::Follow(int64_t version, const Resolved& resolved, const Report& report) {
  const double begun = Clock();
  const bool stale = version != version_ || trace_version_ != started_trace_;
  if (stale && (!next_ || stopped_ || patience_ > kPatience)) {
    version_ = version;
    started_trace_ = trace_version_;
    Start(resolved, report);
  }
  if (!next_ || stopped_) return false;
  bool done = false;
  double now = begun;
  while (!done && now - begun < kSlice) {
    done = next_->Advance(kEvents);
    now = Clock();
  }
  patience_ += now - begun;
  // Percentiles want half a slice of their own.
  if (done && now - begun < kSlice / 2) {
    workload_ = std::move(next_workload_);
    summary_ = next_->Summarize(workload_.objective);
    shown_ = std::move(next_);
    next_.reset();
  }
  return next_.has_value() || version != version_ || trace_version_ != started_trace_;
}

}  // namespace plimsoll
