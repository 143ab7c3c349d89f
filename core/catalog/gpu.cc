#include "core/catalog/gpu.h"

#include <string>

namespace plimsoll {
namespace {

Error BadField(std::string_view where, std::string_view field, const Json& value, std::string_view accepted) {
  return Error{std::string(where) + "." + std::string(field), Quoted(value.Dump()), std::string(accepted)};
}

Vendor ReadVendor(std::string_view name) {
  if (name == "NVIDIA") return Vendor::kNvidia;
  if (name == "AMD") return Vendor::kAmd;
  if (name == "Apple") return Vendor::kApple;
  if (name == "Intel") return Vendor::kIntel;
  return Vendor::kOther;
}

// "8.9" -> 89. What is no CUDA version ("gfx1100", "metal") is 0.
int ReadComputeCapability(std::string_view text) {
  const auto point = text.find('.');
  if (point == std::string_view::npos || point == 0 || point > 2 || text.size() != point + 2) return 0;
  int value = 0;
  for (char c : text) {
    if (c == '.') continue;
    if (c < '0' || c > '9') return 0;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Absent and null read as zero: unknown.
double NumberOrZero(const Json& object, std::string_view key) {
  const Json* value = object.Find(key);
  const std::optional<double> number = value ? value->AsDouble() : std::nullopt;
  return number && *number > 0 && *number < 1e15 ? *number : 0;
}

// What a driver keeps of the memory that nvidia-smi shows, where no log tells: fitted on the 18 cards of
// models/gpus.json that have both figures (T4 448 MiB, RTX 4090 453, L40S 577, H100 561, H200 616, B200 729,
// GB300 1072). Spread: -40 % (V100, RTX 3060) to +33 % (A100 80 GB).
Bytes NvidiaReserve(Bytes reported) { return MiB(380) + MiBFromDouble(0.0024 * reported.mib()); }

// nvidia-smi's figure as a share of the size as sold: 183359 MiB of 180 GB, 189471 of 186, 143771 of 141.
constexpr double kNvidiaReportedShare = 0.995;

// What ROCm leaves: 24560 MiB of 24 GiB (RX 7900 XTX), 196592 of 192 GiB (MI300X).
constexpr Bytes kAmdReserve = MiB(16);

// Level Zero reports 15473 MiB of 16 GiB (A770) and 11605 of 12 GiB (B580).
constexpr double kIntelShare = 0.944;

// Metal's recommendedMaxWorkingSetSize, as llama.cpp prints it with the macOS of 2025 and later: M4 16 GB
// 12124 MiB, M5 24 GB 18186, M2 Max 32 GB 25559, M4 Pro 48 GB 38338, M3 Max 64 GB 53084, M4 Max 128 GB 110100, M3
// Ultra 512 GB 475136. Before, it was two thirds below 36 GB and three quarters from there on; sysctl
// iogpu.wired_limit_mb sets it.
struct MetalShare {
  double from_gb, share;
};
constexpr MetalShare kMetalShares[] = {{0, 2.0 / 3}, {16, 0.74},  {32, 0.78},
                                       {64, 0.81},   {128, 0.84}, {512, 0.90625}};

double MetalShareOf(double gb) {
  double share = 0;
  for (const MetalShare& row : kMetalShares) {
    if (gb >= row.from_gb) share = row.share;
  }
  return share;
}

// Memory that CPU and GPU share elsewhere (Strix Halo): what firmware and kernel give to the GPU by hand.
constexpr double kUnifiedShare = 0.75;

Bytes AssumedUsable(const Gpu& gpu) {
  const Bytes sold = GiBFromDouble(gpu.memory_gb);
  switch (gpu.vendor) {
    case Vendor::kNvidia: {
      const Bytes reported = gpu.memory_reported.count() > 0
                                 ? gpu.memory_reported
                                 : BytesFromDouble(kNvidiaReportedShare * static_cast<double>(sold.count()));
      return reported - NvidiaReserve(reported);
    }
    case Vendor::kApple:
      return BytesFromDouble(MetalShareOf(gpu.memory_gb) * static_cast<double>(sold.count()));
    case Vendor::kIntel:
      return BytesFromDouble(kIntelShare * static_cast<double>(sold.count()));
    case Vendor::kAmd:
    case Vendor::kOther:
      break;
  }
  if (gpu.unified_memory) return BytesFromDouble(kUnifiedShare * static_cast<double>(sold.count()));
  return sold - kAmdReserve;
}

void ReadMemory(const Json& value, Gpu* gpu) {
  gpu->memory_reported = MiBFromDouble(NumberOrZero(value, "memory_mib_reported"));
  gpu->memory_cuda = MiBFromDouble(NumberOrZero(value, "memory_mib_cuda"));
  gpu->memory_assumed = gpu->memory_cuda.count() == 0;
  gpu->usable = gpu->memory_assumed ? AssumedUsable(*gpu) : gpu->memory_cuda;
}

void ReadRates(const Json& rates, Gpu* gpu) {
  gpu->fp32 = TeraFlops(NumberOrZero(rates, "fp32"));
  gpu->fp16 = TeraFlops(NumberOrZero(rates, "fp16"));
  gpu->fp16_fast = TeraFlops(NumberOrZero(rates, "fp16_fp16_accumulate"));
  gpu->fp16_shader = TeraFlops(NumberOrZero(rates, "fp16_shader"));
  gpu->bf16 = TeraFlops(NumberOrZero(rates, "bf16"));
  gpu->int8 = TeraFlops(NumberOrZero(rates, "int8"));
  gpu->fp8 = TeraFlops(NumberOrZero(rates, "fp8"));
  gpu->fp4 = TeraFlops(NumberOrZero(rates, "fp4"));
}

bool ReadFlag(const Json& value, std::string_view key) {
  const Json* flag = value.Find(key);
  return flag && flag->AsBool().value_or(false);
}

}  // namespace

Bytes UsableOf(const Gpu& gpu, double gib) {
  Gpu sized = gpu;
  sized.memory_gb = gib;
  return AssumedUsable(sized);
}

Result<Gpu> ReadGpu(const Json& value, std::string_view where) {
  if (!value.is_object())
    return Error{std::string(where), Quoted(value.Dump()), "an object that describes a GPU"};
  auto text = [&](std::string_view key) -> const std::string& {
    static const Json kNothing;
    const Json* found = value.Find(key);
    return found ? found->AsString() : kNothing.AsString();
  };
  Gpu gpu;
  gpu.id = text("id");
  gpu.name = text("name");
  if (gpu.id.empty())
    return Error{std::string(where) + ".id", "nothing", "a short name such as \"rtx-4090\""};
  if (gpu.name.empty()) return Error{std::string(where) + ".name", "nothing", "the card's name"};
  gpu.vendor = ReadVendor(text("vendor"));
  gpu.arch = text("arch");
  gpu.compute_capability =
      gpu.vendor == Vendor::kNvidia ? ReadComputeCapability(text("compute_capability")) : 0;
  if (gpu.vendor != Vendor::kNvidia) gpu.target = text("compute_capability");
  gpu.memory_gb = NumberOrZero(value, "memory_gb");
  if (gpu.memory_gb <= 0 || gpu.memory_gb > 1e6) {
    const Json* given = value.Find("memory_gb");
    return BadField(where, "memory_gb", given ? *given : Json(), "a size in GB above 0");
  }
  gpu.unified_memory = ReadFlag(value, "unified_memory");
  gpu.fp8_native = ReadFlag(value, "fp8_native");
  ReadMemory(value, &gpu);
  gpu.bandwidth = GbPerSecond(NumberOrZero(value, "bandwidth_gbs"));
  if (const Json* rates = value.Find("tflops")) ReadRates(*rates, &gpu);
  if (const Json* link = value.Find("interconnect")) {
    if (const Json* type = link->Find("type")) gpu.link = type->AsString();
    gpu.link_bandwidth = GbPerSecond(NumberOrZero(*link, "gbs"));
  }
  gpu.tdp_w = NumberOrZero(value, "tdp_w");
  gpu.price_per_hour_usd = NumberOrZero(value, "price_per_hour_usd");
  gpu.price_usd = NumberOrZero(value, "price_usd");
  if (const Json* date = value.Find("price_date")) gpu.price_date = date->AsString();
  return gpu;
}

}  // namespace plimsoll
