// The simulation that the Schedule tab shows: its workload, how far it has been computed, and where the
// reader stands in it. View-only: none of it is part of a link but the configuration's own lengths and
// concurrency.
#ifndef PLIMSOLL_WEB_SCHEDULE_STATE_H_
#define PLIMSOLL_WEB_SCHEDULE_STATE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/report.h"
#include "core/resolved.h"
#include "core/scheduler.h"
#include "core/workload.h"

namespace plimsoll {

struct ScheduleControls {
  bool at_a_rate = false;  // else `users` who ask again as soon as they are answered
  double rate = 2;
  int64_t users = 8;
  int64_t requests = 200;
  int64_t turns = 1;
  double think_time = 2;
  int64_t system_prompt = 0;
  bool varied = true;  // lengths spread as in chat logs
  friend bool operator==(const ScheduleControls&, const ScheduleControls&) = default;
};

class ScheduleState {
 public:
  ScheduleControls controls;
  double cursor = 0.5;  // share of the timeline
  bool playing = false;

  // Starts anew when the configuration (by its version) or the controls have changed; then goes on for a
  // slice that stays below a frame. True while there is more to compute.
  bool Follow(int64_t version, const Resolved& resolved, const Report& report);

  const Simulation* simulation() const { return simulation_ ? &*simulation_ : nullptr; }
  const SimulationSummary& summary() const { return summary_; }
  const std::string& problem() const { return problem_; }  // why there is nothing to show

 private:
  void Start(const Resolved& resolved, const Report& report);

  int64_t version_ = -1;
  ScheduleControls started_;
  std::optional<Simulation> simulation_;
  SimulationSummary summary_;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_SCHEDULE_STATE_H_
