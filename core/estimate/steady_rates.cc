#include "core/estimate/steady_rates.h"

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/engines/server.h"

namespace plimsoll {
namespace {

constexpr double kAgree = 0.01;

bool Agree(double a, double b) { return std::abs(a - b) <= kAgree * std::max(a, b); }

bool IsRated(const Workload& workload) {
  return workload.arrival == Arrival::kPoisson || workload.arrival == Arrival::kConstant;
}

bool HasLongRun(const Workload& workload) {
  if (!workload.trace.empty() || workload.turns > 1 || workload.arrival == Arrival::kBurst) return false;
  return IsRated(workload) || workload.think_time <= 0;
}

std::string Rates(double ttft_ms, double tpot_ms) {
  return "first token after " + DurationText(Seconds(ttft_ms / 1e3)) + ", then " +
         DecimalText(1e3 / tpot_ms, 1) + " tok/s each";
}

// Of whom the estimate is, and what is otherwise in the simulation.
std::string OfWhomAndOthers(const Workload& workload) {
  if (IsRated(workload)) {
    return FormatDouble(workload.rate) + " requests per second in the long run; here " +
           CountedText(workload.requests, "comes", "come") + ", the first of them to an idle server";
  }
  if (workload.users == 1) return "1 user who always has a request running";
  return CountText(workload.users) +
         " users who always have a request running, spread evenly; here they begin together and stay in "
         "step, so that their prompts wait for each other and their answers are interrupted less";
}

}  // namespace

std::optional<SpeedReport> SteadyRatesOf(const Resolved& resolved, const Report& report,
                                         const Workload& workload) {
  if (!HasLongRun(workload) || resolved.architecture == nullptr || resolved.cards.empty())
    return std::nullopt;
  const StepModel model = MakeStepModel(resolved, report.calibration);
  Operation operation = OperationOf(resolved, report);
  operation.prompt_tokens = std::llround(workload.prompt.mean);
  operation.output_tokens = std::llround(workload.output.mean);
  operation.concurrency = IsRated(workload) ? 0 : static_cast<double>(workload.users);
  if (!IsRated(workload)) return SpeedAt(model, operation);
  const SpeedReport speed = SpeedAtRate(model, operation, workload.rate);
  const double answered =
      speed.decode_tokens_per_s_total / static_cast<double>(std::max<int64_t>(1, operation.output_tokens));
  if (!Agree(answered, workload.rate)) return std::nullopt;  // its queue grows without end
  return speed;
}

std::string BesideSteadyRates(const std::optional<SpeedReport>& steady, const SimulationSummary& simulated,
                              const Workload& workload) {
  const double ttft = simulated.ttft_ms.mean, tpot = simulated.tpot_ms.mean;
  if (!steady || simulated.done == 0 || !(tpot > 0) || !(steady->tpot_ms > 0)) return "";
  if (Agree(ttft, steady->ttft_ms) && Agree(tpot, steady->tpot_ms)) return "";
  return "On average " + Rates(ttft, tpot) + ". The estimate says " +
         Rates(steady->ttft_ms, steady->tpot_ms) + ": it is for " + OfWhomAndOthers(workload) +
         (simulated.cached_tokens > 0 ? "; it reads every prompt from its beginning" : "") +
         (simulated.copying > 0 ? "; it waits for no copies of prompts to RAM" : "") + ".";
}

}  // namespace plimsoll
