#include "core/solve/operating_range.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/config/workload.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {
namespace {

constexpr double kLeastRate = 0.1;
// Users begin all at once, which later requests do not: with sixteen rounds the first is one in sixteen.
constexpr int64_t kRounds = 16;
constexpr int64_t kLeastRequests = 64, kMostRequestsTried = 16384;
constexpr int64_t kRequestsAtRate = 600;

// The configuration with so much load; what else its workload says stays.
Config WithLoad(const Config& config, LoadKind kind, double load) {
  Config changed = config;
  Json workload = Json::MakeObject();
  const Json given = WorkloadFollowing(config.workload, "concurrency");
  for (const auto& [name, value] : given.members()) {
    if (name != "arrival" && name != "arrival_rate" && name != "requests" && name != "num_prompts")
      workload.Set(name, value);
  }
  if (kind == LoadKind::kUsers) {
    const auto users = static_cast<int64_t>(load);
    changed.concurrency = users;
    workload.Set("arrival", "closed_loop");
    workload.Set("requests", std::clamp(users * kRounds, kLeastRequests, kMostRequestsTried));
  } else {
    workload.Set("arrival", "poisson").Set("arrival_rate", load).Set("requests", kRequestsAtRate);
  }
  changed.workload = std::move(workload);
  return changed;
}

}  // namespace

Result<OperatingRangeSearch> OperatingRangeSearch::Start(LoadKind kind, const Config& config,
                                                         const Catalog& catalog) {
  OperatingRangeSearch search(kind, config, catalog);
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return resolved.error();
  search.objective_ = WorkloadOf(*resolved).objective;
  if (search.objective_.ttft_ms <= 0 && search.objective_.tpot_ms <= 0)
    return Error{"workload", "no limit", "ttft_ms, tpot_ms or both: what each request must keep"};
  if (!EstimateResolved(*resolved).fits())
    return Error{"workload", "a configuration that does not fit", "one that can run"};
  if (!search.Try(kind == LoadKind::kUsers ? 1 : kLeastRate))
    return Error{"workload", "a load that cannot be simulated",
                 "one with requests that have room in the cache"};
  return search;
}

bool OperatingRangeSearch::Try(double load) {
  load_ = load;
  simulation_.reset();
  tried_ = WithLoad(config_, kind_, load);
  const Result<Resolved> resolved = Settle(tried_, *catalog_);
  if (!resolved.ok()) return false;
  SchedulerSetup setup = MakeSchedulerSetup(*resolved, EstimateResolved(*resolved));
  if (setup.blocks <= 0) return false;
  Result<RequestList> requests = GenerateRequests(WorkloadOf(*resolved));
  if (!requests.ok()) return false;
  simulation_.emplace(std::move(setup), std::move(*requests));
  return true;
}

// Between a load that holds and one that does not; twice as much while all hold.
double OperatingRangeSearch::Middle() const {
  const bool users = kind_ == LoadKind::kUsers;
  const double most = users ? static_cast<double>(kMostRangedUsers) : kMostRangedRate;
  if (high_ <= 0) return std::min(low_ * 2, most);
  return users ? std::floor((low_ + high_) / 2) : std::sqrt(low_ * high_);
}

void OperatingRangeSearch::Decide(bool holds) {
  const bool users = kind_ == LoadKind::kUsers;
  const double most = users ? static_cast<double>(kMostRangedUsers) : kMostRangedRate;
  if (holds) {
    low_ = load_;
    answer_.any = true;
    answer_.load = load_;
    answer_.most = load_ >= most;
    answer_.config = tried_;
  } else {
    high_ = load_;
  }
  const bool near = high_ > 0 && (users ? high_ - low_ <= 1 : high_ <= low_ * kRateStep);
  done_ = near || low_ <= 0 || low_ >= most;
  if (done_) return;
  if (!Try(Middle())) Decide(false);
}

bool OperatingRangeSearch::Advance(int64_t events) {
  if (done_) return true;
  if (!simulation_->Advance(events)) return false;
  const SimulationSummary summary = simulation_->Summarize(objective_);
  const bool holds = summary.refused == 0 && summary.requests_per_s > 0 &&
                     summary.goodput_requests_per_s >= kShareInLimits * summary.requests_per_s &&
                     (kind_ == LoadKind::kUsers || !summary.saturated);
  if (holds) answer_.summary = summary;
  Decide(holds);
  return done_;
}

Result<OperatingRange> FindOperatingRange(LoadKind kind, const Config& config, const Catalog& catalog) {
  Result<OperatingRangeSearch> search = OperatingRangeSearch::Start(kind, config, catalog);
  if (!search.ok()) return search.error();
  while (!search->Advance(4096)) {
  }
  return search->answer();
}

bool HasLimits(const Resolved& resolved) {
  const Objective objective = WorkloadOf(resolved).objective;
  return objective.ttft_ms > 0 || objective.tpot_ms > 0;
}

bool HasLimits(const Config& config, const Catalog& catalog) {
  if (config.workload.is_null()) return false;
  const Result<Resolved> resolved = Settle(config, catalog);
  return resolved.ok() && HasLimits(*resolved);
}

LoadKind LoadKindOf(const Resolved& resolved) {
  const Arrival arrival = WorkloadOf(resolved).arrival;
  const bool rated = arrival == Arrival::kPoisson || arrival == Arrival::kConstant;
  return rated ? LoadKind::kRate : LoadKind::kUsers;
}

std::string_view RangeKey(LoadKind kind) {
  return kind == LoadKind::kUsers ? "users_in_limits" : "requests_per_s_in_limits";
}

std::string_view RangeLabel(LoadKind kind) {
  return kind == LoadKind::kUsers ? "Users within limits" : "Requests/s within limits";
}

std::string RangeText(const RangeFigure& figure) {
  if (!figure.any) return "none";
  const std::string load = figure.kind == LoadKind::kUsers
                               ? CountText(std::llround(figure.load))
                               : DecimalText(figure.load, figure.load < 10 ? 2 : 1);
  return figure.most ? "at least " + load : load;
}

RangeFigure OfReplicas(RangeFigure figure, int64_t replicas) {
  figure.load *= static_cast<double>(std::max<int64_t>(1, replicas));
  return figure;
}

std::optional<RangeFigure> FindRangeFigure(LoadKind kind, const Config& config, const Catalog& catalog) {
  if (!HasLimits(config, catalog)) return std::nullopt;
  const Result<OperatingRange> range = FindOperatingRange(kind, config, catalog);
  if (!range.ok()) return std::nullopt;
  return RangeFigure{kind, range->any, range->most, range->load};
}

}  // namespace plimsoll
