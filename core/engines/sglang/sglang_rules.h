// What SGLang's releases take by default where memory is divided: the share that weights and pools may have, the
// chunk of a prompt, the batches whose CUDA graphs are captured.
//
// Sources are python/sglang/srt/server_args.py and model_executor/cuda_graph_runner.py at the release tags;
// sglang_rules.cc names them rule by rule.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_RULES_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_RULES_H_

#include <cstdint>

#include "core/arch/architecture.h"
#include "core/config/config.h"

namespace plimsoll {

// Of the smallest card, by what nvidia-smi shows.
struct SglangCardDefaults {
  int64_t chunk = 0;        // chunked_prefill_size
  int64_t graph_batch = 0;  // the largest batch that is captured
};
SglangCardDefaults DefaultsByCard(int64_t number, double gpu_mib, int64_t tp, int64_t dp);

struct SglangFractionInput {
  int64_t number = 0;
  double gpu_mib = 0;
  int64_t tp = 1, pp = 1, dp = 1;
  bool dp_attention = false;
  int64_t chunk = 0;  // -1: whole prompts
  int64_t graph_batch = 0;
  int64_t prefill_graphs = 0;  // sizes of prompts that are captured; 0: none
  bool latent = false;         // MLA
  bool drafts = false;
  SpeculativeMethod method = SpeculativeMethod::kEagle;
};
// mem_fraction_static where none is given.
double DefaultFraction(const SglangFractionInput& input);

// What a fraction is multiplied with for a model with a vision tower. `given`: the fraction was.
double VisionFactor(int64_t number, const Architecture& architecture, bool given);

// How many batches up to `largest` are captured for decoding.
int64_t CountDecodeGraphs(int64_t number, int64_t largest, bool drafts);
// How many prompt lengths up to `largest`.
int64_t CountPrefillGraphs(int64_t largest);

// max_running_requests where none is given and nothing else limits it. `tokens`: of the pool.
int64_t DefaultRunning(int64_t number, int64_t tokens, int64_t context, bool drafts);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_RULES_H_
