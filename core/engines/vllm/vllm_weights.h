// What vLLM holds of a model after loading it, on one rank: the checkpoint's tensors cut over tensor-parallel
// ranks, pipeline stages and experts, plus what loading adds (RoPE tables, absorbed MLA projections, padding
// of MXFP4 experts, LoRA buffers) and minus what it drops (zero points, MTP layers, unused towers). This is
// the figure of the log line "Model loading took".
//
// Cost: one weighing for each shape of FormatBinding::tensors, and additions for each of its parameters.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_WEIGHTS_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_WEIGHTS_H_

#include <array>
#include <cstdint>

#include "core/arch/parallelism.h"
#include "core/base/units.h"
#include "core/engines/rank_weights.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/resolved.h"
#include "core/weights/format_binding.h"

namespace plimsoll {

// Which part of the model a rank holds.
struct VllmRank {
  int64_t stage = 0;    // pipeline stage
  int64_t ep_rank = 0;  // expert-parallel rank; 0 without expert parallelism
};

// The same bytes by what they are for; only Explain asks for it.
struct VllmWeightParts {
  static constexpr int kRoles = static_cast<int>(TensorRole::kOther) + 1;
  std::array<Bytes, kRoles> by_role{};  // tensors, by TensorRole
  Bytes rope_tables;
  Bytes absorbed;  // copies of MLA projections
  Bytes padding;   // of MXFP4 experts
  Bytes lora;
  Bytes draft;      // another model's weights, or MTP layers
  Bytes deepstack;  // Qwen3-VL: buffers for features of the vision tower's inner layers
  Bytes slack;      // what the allocator's rounding adds
};

// Weights on this rank before any are kept in RAM. `parts` may be null.
Bytes VllmLoadedWeights(const Resolved& resolved, const VllmRules& rules, const VllmRank& rank,
                        VllmWeightParts* parts);

// The sizes to which vLLM pads an MXFP4 expert.
Mxfp4Padding Mxfp4PaddingFor(const Gpu& gpu, const VllmRules& rules);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_WEIGHTS_H_
