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

}  // namespace

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
  double inside = own + rules.unattributed_gib, outside = Value(ContextOf(gpu));
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
