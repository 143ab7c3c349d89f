// What vLLM holds on a card outside PyTorch: NCCL and all-reduce buffers, libraries, the CUDA context.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_RUNTIME_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_RUNTIME_H_

#include "core/base/units.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Memory that counts as non-torch in the budget, and what lies outside it.
struct VllmRuntime {
  Bytes non_torch;
  Bytes driver;
};
VllmRuntime VllmRuntimeMemory(const Resolved& resolved, const VllmRules& rules, const Gpu& gpu);

// Local memory that spilling kernels may take at their first launch in a capture, after the profile run and so
// outside the budget: attention is not part of that run. Known to a range only: part of a band.
Bytes VllmSpillsOnCapture(const Resolved& resolved, const VllmRules& rules, const Gpu& gpu);

// What the driver itself holds of a card for a process.
Bytes DriverContext(const Gpu& gpu);

bool HasNvlink(const Gpu& gpu);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_RUNTIME_H_
