// The answer. Estimate() fills the numbers; text (headline, terms, log lines) is derived from them by
// estimate.h when somebody asks. Field names are the contract's; report_json.h writes them.
#ifndef PLIMSOLL_CORE_RESOLVE_REPORT_H_
#define PLIMSOLL_CORE_RESOLVE_REPORT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/config/config.h"

namespace plimsoll {

enum class Verdict : uint8_t { kFits, kTight, kDoesNotFit, kInvalid };
std::string_view VerdictName(Verdict verdict);  // "fits", "tight", "does_not_fit", "invalid"

// Where starting the engine fails, in the order in which it would.
enum class FailureStage : uint8_t {
  kNone,
  kInvalid,
  kLoading,
  kProfiling,
  kCacheTooSmall,
  kGraphCapture,
  kSamplerWarmUp,
  kRunTime
};
std::string_view FailureStageName(FailureStage stage);  // "none", "invalid", "loading", "profiling", …

std::string_view SeverityName(Severity severity);  // "error", "warning", "info"

struct GpuReport {
  std::string_view gpu;  // id, from the catalog
  int32_t rank = 0;
  Bytes capacity;  // what the driver gives
  Bytes budget;    // what the engine may use of it
  // The parts; each is a row of memory_parts.h.
  Bytes weights, kv_cache, recurrent_state, activation, cuda_graph, non_torch, compute_buffer;
  Bytes others;    // what a display or other programs hold (reserved_mib)
  Bytes reserved;  // unified memory that the system keeps: beside `capacity`, not part of it
  Bytes driver;    // what driver and libraries hold beside the engine's own accounting (CUDA context, NCCL)
  Bytes total;     // what the card will hold: the sum of those that lie on it
  Bytes headroom;  // negative: short by that much
};

struct HostReport {
  Bytes weights, kv_cache, recurrent_state, compute_buffer;
};

struct WeightsReport {
  int64_t total_params = 0, text_params = 0, active_params = 0;
  Bytes checkpoint;
  double bits_per_weight = 0;
};

struct KvReport {
  Bytes per_token, per_sequence, available;
  int64_t num_blocks = 0, block_size = 0, capacity_tokens = 0;
  double max_concurrency = 0;
  int64_t max_model_len_that_fits = 0;
};

struct SpeedReport {
  double decode_tokens_per_s = 0, decode_tokens_per_s_total = 0, prefill_tokens_per_s = 0, ttft_ms = 0,
         tpot_ms = 0;
  double low = 0, high = 0;  // band of decode_tokens_per_s
  // What bounds a decode step and a prompt: "memory", "compute", "latency", "communication", "host_memory",
  // "host_link"; empty: unknown. Static text.
  std::string_view decode_bound, prefill_bound;
};

struct Report {
  Verdict verdict = Verdict::kInvalid;
  FailureStage failure = FailureStage::kNone;
  bool fits() const { return verdict == Verdict::kFits || verdict == Verdict::kTight; }
  std::vector<GpuReport> per_gpu;
  HostReport host;
  int64_t layers = 0;  // that are laid out, the output one of them; 0: they are not laid out by layer
  int64_t layers_on_cards = 0;  // of these; the others are in RAM
  Bytes listed;                 // what the engine's own list of loaded models says; zero: it has none
  Bytes listed_on_cards;        // of that
  WeightsReport weights;
  KvReport kv;
  SpeedReport speed;
  std::vector<Diagnostic> diagnostics;
  // By which the plan is made; nullptr: as predicted. Lives as long as the configuration.
  const Calibration* calibration = nullptr;
  std::shared_ptr<const Report> uncalibrated;  // the same without it; null where there is none
  bool Has(std::string_view code) const;       // a diagnostic of that code
};

// Puts what a calibration says of memory into a card's parts.
void Calibrate(const Calibration* calibration, GpuReport* gpu);
// Memory outside the engine's accounting beside what is predicted.
Bytes OutsideOf(const Calibration* calibration);

// A line of the explanation: where a number comes from.
struct Term {
  std::string name;         // "Weights", "Attention and MLP, int4"
  std::string formula;      // in symbols
  std::string substituted;  // with the values
  Bytes bytes;              // on the fullest card
  std::string source;
  int depth = 0;  // 0: a row of the table; 1: a part of it; 2: a figure that explains it and is no summand
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_REPORT_H_
