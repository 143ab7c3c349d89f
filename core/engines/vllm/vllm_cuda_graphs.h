// The CUDA graphs that vLLM captures: how many, and what they take.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_CUDA_GRAPHS_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_CUDA_GRAPHS_H_

#include <cstdint>

#include "core/base/units.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct VllmGraphs {
  int64_t piecewise = 0;  // captured sizes
  int64_t full = 0;
  int64_t tokens = 0;  // of the largest step whose layers are replayed with prompts in it
  Bytes bytes;
  Bytes collectives;  // of these, NCCL's: known from few logs
};
VllmGraphs VllmCudaGraphs(const Resolved& resolved, const VllmRules& rules, int64_t layers, const Gpu& gpu);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_CUDA_GRAPHS_H_
