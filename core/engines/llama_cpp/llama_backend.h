// What llama.cpp computes with. One card can be driven by several: an NVIDIA card by CUDA or Vulkan, an AMD
// card by HIP or Vulkan, an Intel card by SYCL or Vulkan.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_BACKEND_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_BACKEND_H_

#include <cstdint>
#include <string_view>

#include "core/catalog/gpu.h"

namespace plimsoll {

enum class LlamaBackend : uint8_t { kCuda, kHip, kVulkan, kMetal, kSycl, kCpu };

// What its vendor's cards are most often driven with. AMD's processors with graphics inside are served by
// Vulkan in every public log that we know.
inline LlamaBackend DefaultBackend(const Gpu& gpu) {
  switch (gpu.vendor) {
    case Vendor::kNvidia:
      return LlamaBackend::kCuda;
    case Vendor::kAmd:
      return gpu.unified_memory ? LlamaBackend::kVulkan : LlamaBackend::kHip;
    case Vendor::kApple:
      return LlamaBackend::kMetal;
    case Vendor::kIntel:
      return LlamaBackend::kSycl;
    default:
      return LlamaBackend::kVulkan;
  }
}

// As its log lines name it: "CUDA", "ROCm".
constexpr std::string_view BackendName(LlamaBackend backend) {
  switch (backend) {
    case LlamaBackend::kCuda:
      return "CUDA";
    case LlamaBackend::kHip:
      return "ROCm";
    case LlamaBackend::kMetal:
      return "MTL";
    case LlamaBackend::kSycl:
      return "SYCL";
    case LlamaBackend::kVulkan:
      return "Vulkan";
    case LlamaBackend::kCpu:
      break;
  }
  return "CPU";
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_BACKEND_H_
