#include "core/engines/vllm/vllm_runtime.h"

#include "core/engines/measured_constants.h"

namespace plimsoll {
namespace {

Measure NonTorchOf(const Gpu& gpu) {
  if (gpu.vendor == Vendor::kNvidia && gpu.compute_capability < 80) return Measure::kVllmNonTorchTuring;
  if (gpu.vendor == Vendor::kNvidia && gpu.compute_capability < 90) return Measure::kVllmNonTorchAmpere;
  return Measure::kVllmNonTorchHopper;
}

Measure ContextOf(const Gpu& gpu) {
  switch (gpu.compute_capability) {
    case 80:
      return Measure::kVllmContextAmpere;
    case 90:
      return Measure::kVllmContextHopper;
    case 100:
    case 103:
      return Measure::kVllmContextBlackwell;
    default:
      return Measure::kVllmContextSmall;
  }
}

bool Spills(const Gpu& gpu) {
  return gpu.vendor == Vendor::kNvidia && gpu.compute_capability >= 120 && !gpu.unified_memory;
}

double SpilledGiB(const Gpu& gpu) {
  return Value(Measure::kVllmCompiledSpills) * gpu.bf16.value() / TeraFlops(1).value();
}

// What compiled kernels leave with the driver beside what one GPU's libraries take: their code, and local
// memory for every thread of every multiprocessor, which PyTorch cannot give back (#49892, #54479). The
// kernels that are benchmarked on a first start leave more than those that a later one loads. On Blackwell's
// consumer cards they spill since the builds with CUDA 13; local memory goes with the number of
// multiprocessors, and so does the rate of the tensor units.
double CompiledKernels(const Resolved& resolved, const VllmRules& rules, const Gpu& gpu) {
  if (resolved.enforce_eager || gpu.vendor != Vendor::kNvidia) return 0;
  const double kept = rules.runner_v2 ? Value(Measure::kVllmRunnerV2) : 0;
  if (!rules.first_start) return kept;
  if (rules.kernels_spill && Spills(gpu)) return kept + SpilledGiB(gpu);
  return kept + (rules.runner_v2 ? Value(Measure::kVllmCompiledKernels) : 0);
}

}  // namespace

Bytes DriverContext(const Gpu& gpu) { return GiBFromDouble(Value(ContextOf(gpu))); }

Bytes VllmSpillsOnCapture(const Resolved& resolved, const VllmRules& rules, const Gpu& gpu) {
  if (resolved.enforce_eager || rules.kernels_spill || !Spills(gpu)) return Bytes(0);
  return GiBFromDouble(SpilledGiB(gpu));
}

bool HasNvlink(const Gpu& gpu) {
  return gpu.link.compare(0, 6, "NVLink") == 0 || gpu.link.compare(0, 4, "xGMI") == 0;
}

VllmRuntime VllmRuntimeMemory(const Resolved& resolved, const VllmRules& rules, const Gpu& gpu) {
  const bool several = resolved.tp * resolved.pp * resolved.dp > 1;
  const bool link = HasNvlink(gpu);
  const double own = Value(NonTorchOf(gpu));
  const double communicators = several ? Value(link ? Measure::kVllmNcclNvlink : Measure::kVllmNcclPcie) : 0;
  const double after = several && resolved.tp > 1
                           ? Value(link ? Measure::kVllmNcclAfterNvlink : Measure::kVllmNcclAfterPcie)
                           : 0;
  double inside = own + CompiledKernels(resolved, rules, gpu), outside = Value(ContextOf(gpu));
  if (!rules.v1 && gpu.compute_capability == 90 && resolved.format->family == FormatFamily::kFp8Block) {
    inside += Value(Measure::kVllmNonTorchBlockFp8V0);
  }
  if (rules.communicators_inside) {
    inside += communicators;
  } else {
    inside += after;
    outside += communicators;
  }
  if (rules.driver_inside) {
    inside += outside;
    outside = 0;
  }
  return {GiBFromDouble(inside), GiBFromDouble(outside)};
}

}  // namespace plimsoll
