// The simulation that the Schedule tab shows, and where the reader stands in it. What is simulated is the configuration's own
// workload, so a link carries it; only a trace that was pasted or dropped lives here.
//
// A worker simulates (web/errands.h). While a slider moves, the last finished one stays in view until the next is finished.
#ifndef PLIMSOLL_WEB_SCHEDULE_STATE_H_
#define PLIMSOLL_WEB_SCHEDULE_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/workload.h"
#include "core/resolve/resolved.h"
#include "web/errands.h"
#include "web/playback.h"

namespace plimsoll {

// More would not fit into the frames of a browser; the command takes a million.
constexpr int64_t kMostShown = 20000;

class ScheduleState {
 public:
  double cursor = 0.5;  // share of the timeline
  bool playing = false;

  // The error's field names the line. An empty text takes the trace away.
  std::optional<Error> SetTrace(std::string_view csv);
  const std::vector<TraceRow>& trace() const { return trace_; }

  // Asks anew when the configuration (by its version) or the trace has changed, and takes what has come back. `seconds`: now, on
  // the clock of the frames.
  void Follow(int64_t version, const Resolved& resolved, double seconds, Errands* errands);

  // The last finished one; nullptr: see problem(), or the first is not finished.
  const Playback* shown() const { return shown_ ? &*shown_ : nullptr; }
  const Workload& workload() const { return workload_; }  // of what is shown
  const std::string& problem() const { return problem_; }

  // How much of a run is done that takes so long that the reader may want to stop it; nothing: none does.
  std::optional<double> slow_share() const { return slow_share_; }
  bool stopped() const { return stopped_; }
  void Stop(Errands* errands);
  void StartAgain() { stopped_ = false; }

 private:
  bool IsStale(int64_t version) const { return version != version_ || trace_version_ != asked_trace_; }
  void Ask(const Resolved& resolved, Errands* errands);
  void Take(const std::string& text);

  std::vector<TraceRow> trace_;
  std::string csv_;
  int64_t trace_version_ = 0;
  int64_t version_ = -1, asked_trace_ = -1;  // of the last question
  double asked_at_ = 0;
  std::optional<double> slow_share_;
  bool stopped_ = false;
  std::optional<Playback> shown_;
  Workload workload_, asked_;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_SCHEDULE_STATE_H_
