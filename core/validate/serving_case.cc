#include "core/validate/serving_case.h"

#include <algorithm>
#include <utility>

#include "core/engines/server.h"
#include "core/schedule/scheduler.h"
#include "core/schedule/simulation_band.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

// Rate-driven runs without a number of prompts: a minute of arrivals, as the published ones last.
constexpr double kSecondsOfArrivals = 60;
constexpr double kMostSimulated = 20000;

void TakeServer(const Json& workload, SchedulerSetup* setup) {
  // Far beyond any server, and small enough to multiply.
  constexpr int64_t kMost = int64_t{1} << 40;
  const auto whole = [&](std::string_view key) -> int64_t {
    const Json* value = workload.Find(key);
    return value ? std::min(value->AsInt().value_or(0), kMost) : 0;
  };
  if (const int64_t tokens = whole("kv_cache_tokens"); tokens > 0) {
    // The log counts tokens of the whole cache; a block id serves one group.
    setup->blocks = SaturatingMultiply(
        tokens / std::max<int64_t>(setup->block_size, 1),
        std::max<int64_t>(setup->full_groups + setup->window_groups + (setup->state_blocks > 0 ? 1 : 0), 1));
  }
  if (const int64_t seqs = whole("max_num_seqs"); seqs > 0) setup->max_num_seqs = seqs;
  if (const int64_t tokens = whole("max_num_batched_tokens"); tokens > 0)
    setup->max_num_batched_tokens = tokens;
}

// The means that a benchmark reports are those of the requests it drew; ours are stretched to them, and the
// arrivals to the rate, so that a small sample's luck does not count as an error of the model.
void StretchToMeans(const Workload& workload, RequestList* list) {
  if (list->requests.empty() || workload.turns > 1) return;
  double prompts = 0, outputs = 0, last = 0;
  for (const Request& request : list->requests) {
    prompts += static_cast<double>(request.prompt);
    outputs += static_cast<double>(request.output);
    last = std::max(last, request.arrival);
  }
  const double count = static_cast<double>(list->requests.size());
  const double prompt = prompts > 0 ? workload.prompt.mean * count / prompts : 1;
  const double output = outputs > 0 ? workload.output.mean * count / outputs : 1;
  const double arrival = workload.rate > 0 && last > 0 ? count / workload.rate / last : 1;
  const auto stretched = [](int64_t tokens, double factor) {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(tokens) * factor + 0.5));
  };
  for (Request& request : list->requests) {
    request.prompt = stretched(request.prompt, prompt);
    request.output = stretched(request.output, output);
    request.arrival *= arrival;
  }
}

// A closed loop whose number of prompts is not stated: ten for each user, as the published suites send them
// (SemiAnalysisAI/InferenceX benchmarks/benchmark_lib.sh: --num-prompts 10 times the concurrency, after a warm-up; the
// first of the ten rounds starts at once and waits longest), with lengths as spread as such benchmarks draw them
// (--random-range-ratio 0.8), so that users do not march in step.
void SpreadClosedLoop(Workload* workload) {
  workload->requests = SaturatingMultiply(10, workload->users);
  for (LengthSpec* length : {&workload->prompt, &workload->output}) {
    if (length->shape != LengthShape::kFixed) continue;
    length->shape = LengthShape::kUniform;
    length->deviation = 0.1 * length->mean;
  }
}

// A client that holds back requests beyond a number in flight (--max-concurrency) makes a rate that the
// server cannot follow a closed loop: time to first token then counts from the sending.
bool IsHeldBack(const Workload& workload, const Json& json, const StepModel& model, int64_t replicas) {
  if (!json.Has("concurrency") || workload.rate <= 0) return false;
  Operation operation;
  // A mean may be any number here: what is no length is refused when the requests are drawn.
  constexpr double kLongest = 1 << 30;
  operation.prompt_tokens = static_cast<int64_t>(std::clamp(workload.prompt.mean, 1.0, kLongest));
  operation.output_tokens = static_cast<int64_t>(std::clamp(workload.output.mean, 1.0, kLongest));
  operation.concurrency = static_cast<double>(workload.users);
  operation.replicas = std::max<int64_t>(1, replicas);
  const double served =
      SpeedAt(model, operation).decode_tokens_per_s_total / std::max(1.0, workload.output.mean);
  return served < workload.rate;
}

int64_t LongestOf(const RequestList& list) {
  int64_t longest = 0;
  for (const Request& request : list.requests) longest = std::max(longest, request.prompt + request.output);
  return longest;
}

// Whether the case says how many requests the server takes at once, instead of the engine finding it from its pool.
bool SaysSeats(const Resolved& resolved, const Json& workload) {
  if (workload.Has("max_num_seqs")) return true;
  return resolved.config != nullptr &&
         (resolved.config->max_num_seqs || resolved.config->max_running_requests);
}

// A measured run did run. Where the budget of a case's flags leaves no room for even one of its requests, the server had
// flags that the case does not tell (a larger share of memory), and who sets such flags makes room for the users.
void MakeRoomForWhatRan(int64_t longest, int64_t users, bool says_seats, SchedulerSetup* setup) {
  if (setup->blocks >= BlocksOf(*setup, longest)) return;
  if (!says_seats) setup->max_num_seqs = std::max(setup->max_num_seqs, users);
  const int64_t seats = std::max<int64_t>(1, std::min(users, setup->max_num_seqs));
  setup->blocks = SaturatingMultiply(BlocksOf(*setup, longest), seats);
}

Interval Around(double value, const Band& band, double low, double high) {
  return {std::min(low, value * (1 - band.below)), std::max(high, value * (1 + band.above))};
}

}  // namespace

Result<ServingPrediction> PredictServing(const Resolved& resolved, const Report& report, const Json& workload,
                                         bool median, const StepModel* model) {
  Workload defaults = WorkloadOf(resolved);
  Result<Workload> read = ReadWorkload(workload, defaults, "workload");
  if (!read.ok()) return read.error();
  const bool rated = read->arrival == Arrival::kPoisson || read->arrival == Arrival::kConstant;
  if (rated &&
      IsHeldBack(*read, workload, model != nullptr ? *model : MakeStepModel(resolved), resolved.dp)) {
    read->arrival = Arrival::kClosedLoop;
  } else if (rated && !workload.Has("num_prompts")) {
    read->requests = static_cast<int64_t>(std::clamp(read->rate * kSecondsOfArrivals, 64.0, kMostSimulated));
  }
  if (read->arrival == Arrival::kClosedLoop && !workload.Has("num_prompts")) SpreadClosedLoop(&*read);
  read->requests = std::min(read->requests, static_cast<int64_t>(kMostSimulated));
  Result<RequestList> list = GenerateRequests(*read);
  if (!list.ok()) return list.error();
  StretchToMeans(*read, &*list);
  SchedulerSetup setup = MakeSchedulerSetup(resolved, report);
  if (model != nullptr) setup.TakeModel(*model);
  TakeServer(workload, &setup);
  TakeAdmission(*read, &setup);
  const int64_t longest = LongestOf(*list);
  setup.max_model_len = std::max(setup.max_model_len, longest + 1);
  if (read->arrival == Arrival::kClosedLoop && !workload.Has("kv_cache_tokens")) {
    MakeRoomForWhatRan(longest, read->users, SaysSeats(resolved, workload), &setup);
  }
  if (SaturatingMultiply(setup.blocks, setup.block_size) < SaturatingMultiply(longest, setup.full_groups)) {
    return Error{"workload", "requests of up to " + std::to_string(longest) + " tokens",
                 "what the KV cache has room for"};
  }
  const SimulationBand band = SimulateBand(setup, *list);
  const SimulationSummary& summary = band.central;
  if (summary.done == 0)
    return Error{"workload", "no request that runs", "requests that fit into the KV cache"};
  const auto of = [median](const Percentiles& times) { return median ? times.p50 : times.mean; };
  ServingPrediction prediction;
  prediction.ttft_ms = of(summary.ttft_ms);
  prediction.tpot_ms = of(summary.tpot_ms);
  prediction.end_to_end_ms = of(summary.end_to_end_ms);
  prediction.output_tokens_per_s = summary.output_tokens_per_s;
  prediction.ttft = Around(prediction.ttft_ms, setup.model.first_token_band(), of(band.quick.ttft_ms),
                           of(band.slow.ttft_ms));
  prediction.tpot = {of(band.quick.tpot_ms), of(band.slow.tpot_ms)};
  prediction.end_to_end = {of(band.quick.end_to_end_ms), of(band.slow.end_to_end_ms)};
  prediction.output = Around(prediction.output_tokens_per_s, setup.model.total_band(),
                             band.slow.output_tokens_per_s, band.quick.output_tokens_per_s);
  prediction.saturated = band.NearSaturation();
  return prediction;
}

}  // namespace plimsoll
