#include "web/schedule_state.h"

#include <utility>

#include "core/simulation_report.h"

namespace plimsoll {
namespace {

// Steps or runs of steps in one frame: about 2 us each in a browser.
constexpr int64_t kSlice = 3000;

}  // namespace

void ScheduleState::Start(const Resolved& resolved, const Report& report) {
  simulation_.reset();
  problem_.clear();
  Workload workload = WorkloadOf(resolved);
  workload.arrival = controls.at_a_rate ? Arrival::kPoisson : Arrival::kClosedLoop;
  workload.rate = controls.rate;
  workload.users = controls.users;
  workload.requests = controls.requests;
  workload.turns = controls.turns;
  workload.think_time = controls.turns > 1 ? controls.think_time : 0;
  workload.system_prompt = controls.system_prompt;
  if (controls.varied) {
    for (LengthSpec* spec : {&workload.prompt, &workload.output}) {
      spec->shape = LengthShape::kLogNormal;
      spec->deviation = spec->mean * kChatDeviation;
    }
  }
  SchedulerSetup setup = MakeSchedulerSetup(resolved, report);
  if (setup.blocks <= 0) {
    problem_ = "There is no room for a KV cache, so no request can run.";
    return;
  }
  Result<RequestList> list = GenerateRequests(workload);
  if (!list.ok()) {
    problem_ = list.error().Message();
    return;
  }
  simulation_.emplace(std::move(setup), std::move(*list));
}

bool ScheduleState::Follow(int64_t version, const Resolved& resolved, const Report& report) {
  const bool stale = version != version_ || !(controls == started_);
  if (stale) {
    version_ = version;
    started_ = controls;
    Start(resolved, report);
  }
  if (!simulation_) return false;
  if (!stale && simulation_->done()) return false;
  const bool done = simulation_->Advance(kSlice);
  summary_ = simulation_->Summarize({});
  return !done;
}

}  // namespace plimsoll
