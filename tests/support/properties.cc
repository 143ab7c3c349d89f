#include "tests/support/properties.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/config/config_codec.h"
#include "core/config/config_flags.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/solver.h"
#include "tests/support/random_configs.h"

namespace plimsoll {
namespace {

std::string Number(double value) { return FormatDouble(value); }

std::string BadBytes(std::initializer_list<std::pair<std::string_view, Bytes>> list) {
  for (const auto& [name, bytes] : list) {
    if (bytes < Bytes(0)) return std::string(name) + " is " + Number(static_cast<double>(bytes.count()));
  }
  return "";
}

std::string BadNumbers(std::initializer_list<std::pair<std::string_view, double>> list) {
  for (const auto& [name, value] : list) {
    if (!std::isfinite(value) || value < 0) return std::string(name) + " is " + std::to_string(value);
  }
  return "";
}

std::string BadFigure(const Report& report) {
  for (const GpuReport& gpu : report.per_gpu) {
    std::string bad = BadBytes({{"capacity", gpu.capacity},
                                {"budget", gpu.budget},
                                {"weights", gpu.weights},
                                {"kv_cache", gpu.kv_cache},
                                {"recurrent_state", gpu.recurrent_state},
                                {"activation", gpu.activation},
                                {"cuda_graph", gpu.cuda_graph},
                                {"non_torch", gpu.non_torch},
                                {"compute_buffer", gpu.compute_buffer},
                                {"others", gpu.others},
                                {"reserved", gpu.reserved},
                                {"driver", gpu.driver},
                                {"total", gpu.total}});
    if (!bad.empty()) return "card " + std::to_string(gpu.rank) + ": " + bad;
  }
  const KvReport& kv = report.kv;
  std::string bad = BadBytes({{"host.weights", report.host.weights},
                              {"host.kv_cache", report.host.kv_cache},
                              {"host.recurrent_state", report.host.recurrent_state},
                              {"host.compute_buffer", report.host.compute_buffer},
                              {"checkpoint", report.weights.checkpoint},
                              {"kv.per_token", kv.per_token},
                              {"kv.per_sequence", kv.per_sequence},
                              {"kv.available", kv.available},
                              {"kv.num_blocks", Bytes(kv.num_blocks)},
                              {"kv.block_size", Bytes(kv.block_size)},
                              {"kv.capacity_tokens", Bytes(kv.capacity_tokens)},
                              {"kv.longest", Bytes(kv.max_model_len_that_fits)},
                              {"total_params", Bytes(report.weights.total_params)}});
  if (!bad.empty()) return bad;
  const SpeedReport& s = report.speed;
  return BadNumbers({{"max_concurrency", kv.max_concurrency},
                     {"bits_per_weight", report.weights.bits_per_weight},
                     {"decode", s.decode_tokens_per_s},
                     {"decode total", s.decode_tokens_per_s_total},
                     {"prefill", s.prefill_tokens_per_s},
                     {"ttft_ms", s.ttft_ms},
                     {"tpot_ms", s.tpot_ms},
                     {"low", s.low},
                     {"high", s.high}});
}

std::string Contradiction(const Resolved& resolved, const Report& report) {
  const bool room = report.kv.max_concurrency >= 1;
  const bool reaches = report.kv.max_model_len_that_fits >= resolved.max_model_len;
  if (room == report.fits() && reaches == report.fits()) return "";
  return std::string(VerdictName(report.verdict)) + " (" + std::string(FailureStageName(report.failure)) +
         "), room for " + Number(report.kv.max_concurrency) + " sequences of " +
         std::to_string(resolved.max_model_len) + ", longest " +
         std::to_string(report.kv.max_model_len_that_fits);
}

std::string BadCodec(const Config& config) {
  const Result<DecodedConfig> url = DecodeConfigUrl(EncodeConfigUrl(config));
  if (!url.ok()) return "its link: " + url.error().Message();
  if (!(url->config == config)) return "its link reads as another configuration";
  const Result<DecodedConfig> json = DecodeConfigJsonText(EncodeConfigJson(config).Dump());
  if (!json.ok()) return "its JSON: " + json.error().Message();
  if (!(json->config == config)) return "its JSON reads as another configuration";
  std::vector<std::string> arguments;
  for (const ConfigKey& key : ConfigKeys()) {
    if (!IsConfigValueGiven(config, key)) continue;
    arguments.push_back(FlagName(key));
    arguments.push_back(GetConfigText(config, key));
  }
  const Result<Config> flags = DecodeConfigFlags(arguments);
  if (!flags.ok()) return "its flags: " + flags.error().Message();
  if (!(*flags == config)) return "its flags read as another configuration";
  return "";
}

bool FitsAt(Config config, const Catalog& catalog, const ConfigKey& key, int64_t value) {
  if (SetConfigValue(key, Json(value), &config)) return false;
  const Result<Report> report = Estimate(config, catalog);
  return report.ok() && report->fits();
}

std::string BadLongest(const Config& config, const Resolved& resolved, const Report& report,
                       const Catalog& catalog) {
  const int64_t longest = report.kv.max_model_len_that_fits;
  if (report.verdict == Verdict::kInvalid || resolved.max_model_len_auto || longest <= 0) return "";
  const ConfigKey& key = *FindConfigKey("max_model_len");
  if (!FitsAt(config, catalog, key, longest))
    return "the longest, " + std::to_string(longest) + ", does not fit";
  return "";
}

std::string BadSolution(SolveFor goal, const Config& config, const Catalog& catalog) {
  const Result<std::optional<Solution>> solved = Solve(goal, config, catalog);
  if (!solved.ok() || !solved->has_value()) return "";
  const Solution& solution = **solved;
  const std::string what = std::string(SolveForName(goal)) + " " + solution.label + ": ";
  const Result<Report> again = Estimate(solution.config, catalog);
  if (!again.ok() || !again->fits()) return what + "does not fit";
  if (goal != SolveFor::kMaxModelLen) return "";
  const Result<Resolved> resolved = Settle(config, catalog);
  const int64_t own = std::max(resolved->architecture->max_positions, resolved->max_model_len);
  const ConfigKey& key = *FindConfigKey("max_model_len");
  if (solution.number < own && FitsAt(config, catalog, key, solution.number + 1))
    return what + "one more fits, too";
  if (solution.least > 1 && FitsAt(config, catalog, key, solution.least - 1)) {
    return what + "said to fit from " + std::to_string(solution.least) + " only, but one less does";
  }
  for (const int64_t part : {0, 1, 2, 3}) {
    const int64_t value = solution.least + (solution.number - solution.least) * part / 4;
    if (!FitsAt(config, catalog, key, value)) {
      return what + std::to_string(value) + " does not fit, and it does not say so";
    }
  }
  return "";
}

}  // namespace

Checked CheckAnswer(const Config& config, const Catalog& catalog) {
  Checked checked;
  checked.fault = BadCodec(config);
  if (!checked.fault.empty()) return checked;
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return checked;
  const Report report = EstimateResolved(*resolved);
  checked.answered = true;
  checked.fits = report.fits();
  checked.fault = BadFigure(report);
  if (checked.fault.empty()) checked.fault = Contradiction(*resolved, report);
  return checked;
}

Checked CheckSolutions(const Config& config, const Catalog& catalog) {
  Checked checked;
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return checked;
  const Report report = EstimateResolved(*resolved);
  checked.answered = true;
  checked.fault = BadLongest(config, *resolved, report, catalog);
  for (const SolveFor goal : {SolveFor::kMaxModelLen, SolveFor::kMaxNumSeqs}) {
    if (checked.fault.empty()) checked.fault = BadSolution(goal, config, catalog);
  }
  return checked;
}

int64_t CheckRandomConfigs(uint64_t seed, int64_t count, int64_t solved, int64_t most,
                           const Catalog& catalog) {
  RandomConfigs configs(seed, catalog);
  int64_t faults = 0, answered = 0, fits = 0;
  for (int64_t i = 0; i < count; ++i) {
    const Config config = configs.Next();
    Checked checked = CheckAnswer(config, catalog);
    answered += checked.answered ? 1 : 0;
    fits += checked.fits ? 1 : 0;
    if (checked.fault.empty() && i % solved == 0) checked.fault = CheckSolutions(config, catalog).fault;
    if (checked.fault.empty()) continue;
    if (++faults <= most) std::printf("%s\n  %s\n", EncodeConfigUrl(config).c_str(), checked.fault.c_str());
  }
  std::printf("%lld configurations: %lld answered, %lld fit, %lld with a fault\n",
              static_cast<long long>(count), static_cast<long long>(answered), static_cast<long long>(fits),
              static_cast<long long>(faults));
  return faults;
}

}  // namespace plimsoll
