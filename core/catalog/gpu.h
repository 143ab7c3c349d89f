// A card: what it holds, how fast it moves and computes, as models/gpus.json says with its sources.
#ifndef PLIMSOLL_CORE_CATALOG_GPU_H_
#define PLIMSOLL_CORE_CATALOG_GPU_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/units.h"

namespace plimsoll {

enum class Vendor : uint8_t { kNvidia, kAmd, kApple, kIntel, kOther };

struct Gpu {
  std::string id;
  std::string name;  // "RTX 4090"
  Vendor vendor = Vendor::kOther;
  std::string arch;             // "Ada AD10x"
  int compute_capability = 0;   // 10 * major + minor: 89; 0 where CUDA does not apply
  std::string target;           // of other makers: what kernels are compiled for, "gfx942"
  double memory_gb = 0;         // as sold
  Bytes memory_reported;        // what nvidia-smi shows; zero: unknown
  Bytes memory_cuda;            // what the driver gives a program; zero: unknown
  bool memory_assumed = false;  // `usable` comes from the rule, not from a log
  Bytes usable;                 // memory_cuda, or derived from memory_reported by the rule in gpu.cc
  BytesPerSecond bandwidth;
  FlopsPerSecond fp32, fp16, bf16, int8, fp8,
      fp4;                        // dense tensor rates, FP32 accumulation; zero: none or unknown
  FlopsPerSecond fp16_fast;       // FP16 accumulation
  FlopsPerSecond fp16_shader;     // outside the tensor units
  std::string link;               // "NVLink4", "PCIe4 x16"
  BytesPerSecond link_bandwidth;  // one direction
  double tdp_w = 0;
  bool fp8_native = false;
  bool unified_memory = false;
  double price_per_hour_usd = 0;  // renting: the median of public on-demand prices; zero: unknown
  double price_usd = 0;           // buying one; zero: unknown
  std::string price_date;         // "2026-05": the newest of them
};

// What the driver gives when such a card, whose memory is the system's, has this much of it.
Bytes UsableOf(const Gpu& gpu, double gib);

Result<Gpu> ReadGpu(const Json& value, std::string_view where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_GPU_H_
