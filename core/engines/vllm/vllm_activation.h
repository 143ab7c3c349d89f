// What vLLM needs beside weights and cache: the activation peak of its profile run, memory outside torch,
// communicators, CUDA context and CUDA graphs. Per rank.
//
// The peak follows the largest buffers alive at once: an MLP of T = max_num_batched_tokens tokens, MoE
// buffers, sampling of S = max_num_seqs rows over the whole vocabulary, the vision tower's forward. Formulas
// name the source file; what had to be measured is in measured_constants.h.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_ACTIVATION_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_ACTIVATION_H_

#include <cstdint>

#include "core/base/units.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct VllmActivation {
  Bytes mlp;             // dense MLP of T tokens
  Bytes moe;             // expert buffers and what is alive beside them
  Bytes sampler;         // logits and their sort
  Bytes context;         // MLA: keys and values of a cached prefix
  Bytes vision;          // the tower's forward at its largest input
  Bytes encoder_output;  // kept while the language model runs
  Bytes peak;            // max(mlp, moe, context, sampler) + encoder_output, or vision if that is more
};
// `samples`: this rank computes and samples logits.
VllmActivation VllmActivationPeak(const Resolved& resolved, const VllmRules& rules, bool samples);

// Memory that counts as non-torch in the budget, and what lies outside it.
struct VllmRuntime {
  Bytes non_torch;
  Bytes driver;
};
VllmRuntime VllmRuntimeMemory(const Resolved& resolved, const VllmRules& rules, const Gpu& gpu);

struct VllmGraphs {
  int64_t piecewise = 0;  // captured sizes
  int64_t full = 0;
  Bytes bytes;
};
VllmGraphs VllmCudaGraphs(const Resolved& resolved, const VllmRules& rules, int64_t layers, const Gpu& gpu);

// Does the last pipeline stage's rank `tp_rank` sample in this release?
inline bool VllmSamples(const VllmRules& rules, bool last_stage, int64_t tp_rank) {
  return last_stage && (!rules.sampler_on_one_rank || tp_rank == 0);
}

bool HasNvlink(const Gpu& gpu);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_ACTIVATION_H_
