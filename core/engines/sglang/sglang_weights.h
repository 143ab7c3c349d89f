// What SGLang holds of a model after loading it, on one rank: the figure "mem usage" of its line "Load weight
// end". It is a difference of free memory, so it counts what PyTorch's allocator took from the driver, not what
// the tensors fill.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_WEIGHTS_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_WEIGHTS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "core/engines/rank_weights.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct SglangRank {
  int64_t stage = 0;    // pipeline stage
  int64_t ep_rank = 0;  // 0 where experts are cut
};

struct SglangWeights {
  static constexpr int kRoles = static_cast<int>(TensorRole::kOther) + 1;
  std::array<Bytes, kRoles> by_role{};
  Bytes rope_tables;
  Bytes absorbed;  // copies of MLA projections
  Bytes padding;   // of MXFP4 experts
  Bytes lora;
  Bytes rounding;   // what the allocator took beyond the tensors
  Bytes offloaded;  // kept in RAM, not part of `target`
  Bytes target;     // all of the above but `offloaded`
  Bytes draft;      // the draft's or the MTP layers' weights, loaded after the target
};
SglangWeights SglangLoadedWeights(const Resolved& resolved, const SglangRank& rank);

// What PyTorch's allocator takes from the driver beyond tensors of these sizes, which are allocated one after the
// other, all of them `rounds` times (c10/cuda/CUDACachingAllocator.cpp): up to 1 MiB in segments of 2 MiB, up to
// 10 MiB in segments of 20 MiB that several share, above that each in multiples of 2 MiB.
Bytes AllocatorRounding(const std::vector<Bytes>& sizes, int64_t rounds);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_WEIGHTS_H_
