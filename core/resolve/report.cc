#include "core/resolve/report.h"

#include <algorithm>

namespace plimsoll {

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFits:
      return "fits";
    case Verdict::kTight:
      return "tight";
    case Verdict::kDoesNotFit:
      return "does_not_fit";
    case Verdict::kInvalid:
      break;
  }
  return "invalid";
}

bool Report::Has(std::string_view code) const {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.code == code) return true;
  }
  return false;
}

std::string_view FailureStageName(FailureStage stage) {
  switch (stage) {
    case FailureStage::kNone:
      return "none";
    case FailureStage::kLoading:
      return "loading";
    case FailureStage::kProfiling:
      return "profiling";
    case FailureStage::kCacheTooSmall:
      return "cache_too_small";
    case FailureStage::kGraphCapture:
      return "graph_capture";
    case FailureStage::kSamplerWarmUp:
      return "sampler_warm_up";
    case FailureStage::kRunTime:
      return "run_time";
    case FailureStage::kInvalid:
      break;
  }
  return "invalid";
}

Bytes OutsideOf(const Calibration* calibration) {
  return calibration == nullptr ? Bytes(0) : GiBFromDouble(calibration->outside_gib.value_or(0));
}

void Calibrate(const Calibration* calibration, GpuReport* gpu) {
  if (calibration == nullptr) return;
  gpu->non_torch = std::max(Bytes(0), gpu->non_torch + OutsideOf(calibration));
  const double factor = calibration->activation.value_or(1);
  gpu->activation = BytesFromDouble(static_cast<double>(gpu->activation.count()) * factor);
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInfo:
      break;
  }
  return "info";
}

}  // namespace plimsoll
