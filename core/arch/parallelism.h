// How layers, heads, experts and vocabulary rows are divided over cards. Pure arithmetic on counts; the rules
// are vLLM's (vllm/distributed/utils.py, vllm/model_executor/layers).
#ifndef PLIMSOLL_CORE_ARCH_PARALLELISM_H_
#define PLIMSOLL_CORE_ARCH_PARALLELISM_H_

#include <cstdint>

#include "core/arch/architecture.h"

namespace plimsoll {

// Layers [first, last) of a pipeline stage.
struct LayerRange {
  int64_t first = 0;
  int64_t last = 0;
  int64_t count() const { return last - first; }
  friend bool operator==(const LayerRange&, const LayerRange&) = default;
};

// vLLM's get_pp_indices: what is left over after even division goes one each to the stages before the last,
// from the back; the last stage, which carries the head, never gets one, the first gets one last.
// 80 / 3 -> 27 27 26; 61 / 4 -> 15 15 16 15. REQUIRES: stages > 0, 0 <= stage < stages.
LayerRange PipelineStage(int64_t layers, int64_t stages, int64_t stage);

// KV heads that one tensor-parallel rank holds: replicated when there are fewer heads than ranks.
int64_t KvHeadsPerRank(int64_t kv_heads, int64_t tp);

// Height of the columns that a rank's convolution state keeps. Mamba2's groups are replicated up to one per rank
// (vllm/.../mamba/mamba_utils.py extra_groups_for_head_shards).
int64_t ConvolutionChannelsPerRank(const Recurrent& recurrent, int64_t tp);

// Whole experts on rank `rank` of `ep`: the first `experts % ep` ranks hold one more.
int64_t ExpertsPerRank(int64_t experts, int64_t ep, int64_t rank);

// A tensor as one rank holds it.
struct Shard {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t copies = 0;  // per layer
};
// `ep` > 0: whole experts over ep ranks, of which this is `ep_rank`; 0: experts are cut like dense layers.
Shard ShardTensor(const Tensor& tensor, int64_t tp, int64_t ep, int64_t ep_rank);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_PARALLELISM_H_
