// What SGLang makes of a configuration before it touches a card: its own keys read, and what its release takes
// where none is given.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_SETUP_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_SETUP_H_

#include <cstdint>
#include <optional>

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct SglangSetup final : EngineData {
  double vision_factor = 1;  // of the share; see SglangFraction()
  bool aiter = false;        // ROCm's kernels, which take room of their own beside a long context
  bool fraction_given = false;
  int64_t context = 0;             // see SglangContext()
  int64_t graph_batch = 0;         // the largest batch that is captured; 0: graphs are off
  int64_t prefill_graphs = 0;      // prompt lengths that are captured
  int64_t largest_prompt = 0;      // the longest of them
  int64_t drafts = 0;              // tokens that one step verifies beside none drafted; 0: no speculation
  int64_t attention_tp = 1;        // ranks that attention is cut over
  int64_t ranks_of_experts = 0;    // ranks that experts are dealt over; 0: they are cut
  int64_t running_given = 0;       // of one replica; 0: none
  int64_t states_per_request = 1;  // slots that a running request needs
  bool window_pools = false;       // layers with a window have a pool of their own
  bool latent = false;             // MLA
  bool compressed = false;         // DeepSeek-V4's cache
};

// Contexts up to this leave aiter's share alone (model_runner.py).
constexpr int64_t kAiterContext = 8192;

// Reads the keys and takes the defaults; the rest of `resolved` must be looked up. Leaves requests at once open
// where the pool decides them.
std::optional<Error> SetUpSglang(const Config& config, Resolved* resolved);

// REQUIRES: SetUpSglang() has filled the configuration.
const SglangSetup& SetupOf(const Resolved& resolved);

// The context that tables are sized for: what was asked for or the model's own, whatever the pool holds.
int64_t SglangContext(const Resolved& resolved);

// The share of what is free at start that weights and pools take: mem_fraction_static, and what the release makes
// of it whether it was given or not. (What it makes of its own default alone is in the default.)
double SglangFraction(const Resolved& resolved, int64_t context);
double SglangFraction(const Resolved& resolved);

// Tokens of prompts that one step of a replica takes.
int64_t SglangChunk(const Resolved& resolved);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_SETUP_H_
