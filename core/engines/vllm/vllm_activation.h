// The activation peak of vLLM's profile run, per rank.
//
// It follows the largest buffers alive at once: an MLP of T = max_num_batched_tokens tokens, MoE
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
  Bytes compile;         // a copy of the embedding while kernels are compiled for the first time
  Bytes vision;          // the tower's forward at its largest input
  Bytes encoder_output;  // kept while the language model runs
  Bytes peak;  // max(mlp, moe, context, sampler) + encoder_output, or vision or compile if that is more
};

// Where in the pipeline a rank stands.
struct VllmRole {
  bool samples = true;  // it computes and samples logits
  bool embeds = true;   // it holds the embedding
};
VllmActivation VllmActivationPeak(const Resolved& resolved, const VllmRules& rules, const VllmRole& role);

// Does the last pipeline stage's rank `tp_rank` sample in this release?
inline bool VllmSamples(const VllmRules& rules, bool last_stage, int64_t tp_rank) {
  return last_stage && (!rules.sampler_on_one_rank || tp_rank == 0);
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_ACTIVATION_H_
