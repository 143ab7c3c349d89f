// What vLLM takes where nobody says otherwise, by release and card: length, batches, chunked prefill, cache type, share,
// block size. vllm/engine/arg_utils.py and vllm/config/ of the releases named beside each rule.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_DEFAULTS_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_DEFAULTS_H_

#include <cstdint>
#include <optional>

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

constexpr int64_t kVllmUnchunkedUpTo = 32768;  // V0 cuts longer prompts into chunks
constexpr int64_t kVllmLargestBudget = 16384;  // the largest default of max_num_batched_tokens

// The error names a key that the release does not take in this way.
std::optional<Error> TakeVllmDefaults(const Config& config, Resolved* resolved);

// What of these depends on max_model_len, for another one.
void TakeVllmLength(const Config& config, int64_t max_model_len, Resolved* resolved);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_DEFAULTS_H_
