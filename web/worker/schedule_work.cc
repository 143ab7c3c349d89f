#include "web/worker/schedule_work.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/config/trace_reader.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/steady_rates.h"
#include "core/schedule/simulation_band.h"
#include "core/schedule/simulation_report.h"
#include "web/page_question.h"
#include "web/playback.h"

namespace plimsoll {
namespace {

constexpr int64_t kEvents = 256;  // of a slice

class ScheduleWork : public Work {
 public:
  ScheduleWork(SchedulerSetup setup, RequestList requests, Workload workload,
               std::optional<SpeedReport> steady, std::string passed_over)
      : setup_(std::move(setup)),
        requests_(std::move(requests)),
        workload_(std::move(workload)),
        steady_(std::move(steady)),
        passed_over_(std::move(passed_over)) {
    band_.closed_loop = requests_.initially_released > 0;
    Begin(1);
  }

  bool Advance() override {
    if (!run_->Advance(kEvents)) return false;
    switch (finished_runs_++) {
      case 0:
        playback_ = PlaybackOf(*run_, workload_.objective);
        playback_.beside = BesideSteadyRates(steady_, playback_.summary, workload_);
        if (!passed_over_.empty()) playback_.beside += (playback_.beside.empty() ? "" : " ") + passed_over_;
        band_.central = playback_.summary;
        Begin(QuickStep(setup_.model));
        return false;
      case 1:
        band_.quick = run_->Summarize({});
        Begin(SlowStep(setup_.model));
        return false;
      default:
        band_.slow = run_->Summarize({});
        playback_.band = SimulationBandText(band_);
        return true;
    }
  }

  double share() const override {
    const auto requests = static_cast<double>(std::max<size_t>(requests_.requests.size(), 1));
    return (finished_runs_ + static_cast<double>(run_->finished()) / requests) / 3;
  }

  Json Answer() override { return PlaybackToJson(playback_); }

 private:
  void Begin(double factor) {
    SchedulerSetup setup = setup_;
    setup.model = setup.model.Scaled(factor);
    run_.emplace(std::move(setup), requests_);
  }

  SchedulerSetup setup_;
  RequestList requests_;
  Workload workload_;
  std::optional<SpeedReport> steady_;
  std::string passed_over_;  // TakeAdmission
  int finished_runs_ = 0;
  std::optional<Simulation> run_;
  SimulationBand band_;
  Playback playback_;
};

}  // namespace

Result<std::unique_ptr<Work>> StartScheduleWork(const Json& question, const Catalog& catalog) {
  const Result<PageQuestion> read = ReadPageQuestion(question);
  if (!read.ok()) return read.error();
  const Result<Resolved> resolved = Settle(read->config, catalog);
  if (!resolved.ok()) return resolved.error();
  Workload workload = WorkloadOf(*resolved);
  if (!read->ask.empty()) {
    Result<std::vector<TraceRow>> trace = ReadTrace(read->ask, "trace");
    if (!trace.ok()) return trace.error();
    workload.trace = std::move(*trace);
  }
  Result<RequestList> requests = GenerateRequests(workload);
  if (!requests.ok()) return requests.error();
  const Report report = EstimateResolved(*resolved);
  SchedulerSetup setup = MakeSchedulerSetup(*resolved, report);
  std::string passed_over = TakeAdmission(workload, &setup);
  std::optional<SpeedReport> steady = SteadyRatesOf(*resolved, report, workload);
  return std::unique_ptr<Work>(std::make_unique<ScheduleWork>(std::move(setup), std::move(*requests),
                                                              std::move(workload), std::move(steady),
                                                              std::move(passed_over)));
}

}  // namespace plimsoll
