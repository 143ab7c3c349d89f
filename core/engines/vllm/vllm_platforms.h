// What vLLM has kernels for on cards of other makers than NVIDIA: targets it is built for, and which formats
// each of them takes, by release.
//
// Sources: CMakeLists.txt HIP_SUPPORTED_ARCHS, vllm/platforms/rocm.py and xpu.py (supported_quantization,
// supports_fp8), vllm/model_executor/kernels/linear (kernels by platform), docs/getting_started/installation.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_PLATFORMS_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_PLATFORMS_H_

#include <vector>

#include "core/base/result.h"
#include "core/catalog/gpu.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// REQUIRES: the card is not NVIDIA's.
std::vector<Diagnostic> VllmPlatformRemarks(const Resolved& resolved, const Gpu& gpu);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_PLATFORMS_H_
