// The simulation that the Schedule tab shows: how far it has been computed, and where the reader stands in
// it. What is simulated is the configuration's own workload, so a link carries it; only a trace that was
// pasted or dropped lives here.
//
// A simulation is computed in slices that leave room for the frame around them. While a slider moves, the
// last finished one stays in view until the next is finished.
#ifndef PLIMSOLL_WEB_SCHEDULE_STATE_H_
#define PLIMSOLL_WEB_SCHEDULE_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/workload.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/scheduler.h"

namespace plimsoll {

// More would not fit into the frames of a browser; the command takes a million.
constexpr int64_t kMostShown = 20000;
constexpr double kSlowFrom = 0.5;  // seconds of computing

class ScheduleState {
 public:
  double cursor = 0.5;  // share of the timeline
  bool playing = false;

  // The error's field names the line. An empty text takes the trace away.
  std::optional<Error> SetTrace(std::string_view csv);
  const std::vector<TraceRow>& trace() const { return trace_; }

  // Goes on for one slice; starts anew when the configuration (by its version) or the trace has changed. True
  // while there is more to compute.
  bool Follow(int64_t version, const Resolved& resolved, const Report& report);

  // The last finished one; nullptr: see problem(), or the first is not finished.
  const Simulation* simulation() const { return shown_ ? &*shown_ : nullptr; }
  // Of the requests of a run that is under way, how many have ended.
  int64_t finished() const { return next_ ? next_->finished() : 0; }
  int64_t requests() const { return next_ ? static_cast<int64_t>(next_->records().size()) : 0; }
  // It takes so long that the reader may want to stop it.
  bool slow() const { return next_ && patience_ > kSlowFrom; }
  bool stopped() const { return stopped_; }
  // Where it stands; it goes on from there, or starts anew after a change.
  void Stop() { stopped_ = next_.has_value(); }
  void GoOn() { stopped_ = false; }
  const SimulationSummary& summary() const { return summary_; }
  const Workload& workload() const { return workload_; }  // of what is shown
  const std::string& problem() const { return problem_; }

 private:
  void Start(const Resolved& resolved, const Report& report);
  void Fail(std::string problem);

  std::vector<TraceRow> trace_;
  int64_t trace_version_ = 0;
  int64_t version_ = -1, started_trace_ = -1;  // of `next_`, or of `shown_` when there is none
  double patience_ = 0;                        // seconds already spent on `next_`
  bool stopped_ = false;
  std::optional<Simulation> shown_, next_;
  Workload workload_, next_workload_;
  SimulationSummary summary_;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_SCHEDULE_STATE_H_
