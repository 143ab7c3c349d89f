#include "core/estimate/steady_rates.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr double kAgree = 0.01;

bool Agree(double a, double b) { return std::abs(a - b) <= kAgree * std::max(a, b); }

std::string Rates(double ttft_ms, double tpot_ms) {
  return "first token after " + DurationText(Seconds(ttft_ms / 1e3)) + ", then " +
         DecimalText(1e3 / tpot_ms, 1) + " tok/s each";
}

std::string Others(const Workload& workload) {
  if (!workload.trace.empty()) return "here requests come when the trace says";
  switch (workload.arrival) {
    case Arrival::kBurst:
      return "here all requests come at once";
    case Arrival::kPoisson:
    case Arrival::kConstant:
      return "here " + DecimalText(workload.rate, workload.rate < 10 ? 1 : 0) +
             " requests come per second, and as many run at once as that brings";
    case Arrival::kClosedLoop:
      return "here they begin together and stay in step, so that their prompts wait for each other and their "
             "answers are "
             "interrupted less";
  }
  return "";
}

}  // namespace

std::string BesideSteadyRates(const SpeedReport& steady, int64_t users, const SimulationSummary& simulated,
                              const Workload& workload) {
  const double ttft = simulated.ttft_ms.mean, tpot = simulated.tpot_ms.mean;
  if (simulated.done == 0 || !(tpot > 0) || !(steady.tpot_ms > 0)) return "";
  if (Agree(ttft, steady.ttft_ms) && Agree(tpot, steady.tpot_ms)) return "";
  return "On average " + Rates(ttft, tpot) + ". The estimate says " + Rates(steady.ttft_ms, steady.tpot_ms) +
         ": it is for " + CountedText(users, "user", "users") +
         (users == 1 ? " who always has a request running"
                     : " who always have a request running, spread evenly") +
         "; " + Others(workload) + ".";
}

}  // namespace plimsoll
