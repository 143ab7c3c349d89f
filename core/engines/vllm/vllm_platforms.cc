#include "core/engines/vllm/vllm_platforms.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/engines/vllm/vllm_version.h"

namespace plimsoll {
namespace {

using Remarks = std::vector<Diagnostic>;

void Refuse(Remarks* remarks, std::string_view code, std::string message, std::string_view fix) {
  remarks->push_back({std::string(code), Severity::kError, std::move(message), std::string(fix)});
}

void Warn(Remarks* remarks, std::string_view code, std::string message, std::string_view fix) {
  remarks->push_back({std::string(code), Severity::kWarning, std::move(message), std::string(fix)});
}

std::string Release(int64_t minor, int64_t patch) {
  return "0." + std::to_string(minor) + (patch > 0 ? "." + std::to_string(patch) : std::string());
}

// A format that no kernel of the platform takes, or none before a release.
struct FormatRule {
  FormatFamily family;
  int minor = 0, patch = 0;  // first release with it; minor 0: none
  std::string_view instead;
};

template <size_t n>
void CheckFormat(const FormatRule (&rules)[n], const Resolved& resolved, const Gpu& gpu, Remarks* remarks) {
  for (const FormatRule& rule : rules) {
    if (rule.family != resolved.format->family) continue;
    if (rule.minor > 0 && resolved.version.number >= VllmNumber(0, rule.minor, rule.patch)) return;
    const std::string until =
        rule.minor > 0 ? " before " + Release(rule.minor, rule.patch) : std::string(" in any release");
    Refuse(remarks, "format_not_on_card",
           "vLLM has no kernels for " + resolved.format->id + " weights on " + gpu.name + until + ".",
           rule.instead);
    return;
  }
}

// ---- AMD --------------------------------------------------------------------------------------------------

struct Target {
  std::string_view name;
  bool wheels;               // named among the requirements; the others only compile
  int minor = 0, patch = 0;  // since when it compiles
};
// gfx950 and gfx12 came with 0.8 and 0.9 (ROCm 6.4 and 7.0), Strix with 0.13.
constexpr Target kTargets[] = {
    {"gfx906", false},        {"gfx908", false},        {"gfx1030", false},      {"gfx90a", true},
    {"gfx942", true},         {"gfx950", true, 9, 0},   {"gfx1100", true},       {"gfx1101", true},
    {"gfx1150", true, 13, 0}, {"gfx1151", true, 13, 0}, {"gfx1200", true, 8, 5}, {"gfx1201", true, 8, 5},
};

// The fp8 units are those of gfx94, gfx95 and gfx12 (RocmPlatform.supports_fp8). NVFP4 is only emulated:
// weights are widened anew in every step (#35733, #35737), which is not modelled. bitsandbytes works by
// wavefronts of 32 (#27307), later of 64 too.
constexpr FormatRule kRocm[] = {
    {FormatFamily::kNvfp4, 0, 0,
     "Use fp8 or awq-int4, or mxfp4; since 0.19 vLLM emulates NVFP4 there, widening the weights in every "
     "step."},
    {FormatFamily::kAwq, 6, 0, "Use gptq-int4, or a newer release."},
    {FormatFamily::kMxfp4, 10, 1, "Use a newer release."},
};
constexpr FormatRule kWithoutFp8[] = {
    {FormatFamily::kFp8, 0, 0, "Use gptq-int4, awq-int4, int8 or bf16."},
    {FormatFamily::kFp8Block, 0, 0, "Use gptq-int4, awq-int4, int8 or bf16."},
};
constexpr FormatRule kWavefronts32[] = {
    {FormatFamily::kBnbNf4, 12, 0, "Use awq-int4 or gptq-int4."},
    {FormatFamily::kBnbInt8, 12, 0, "Use int8."},
};
constexpr FormatRule kWavefronts64[] = {
    {FormatFamily::kBnbNf4, 18, 0, "Use awq-int4 or gptq-int4."},
    {FormatFamily::kBnbInt8, 18, 0, "Use int8 or fp8."},
};

void CheckRocm(const Resolved& resolved, const Gpu& gpu, Remarks* remarks) {
  const auto target = std::find_if(std::begin(kTargets), std::end(kTargets),
                                   [&gpu](const Target& known) { return known.name == gpu.target; });
  if (target == std::end(kTargets)) {
    Refuse(remarks, "card_not_supported", "vLLM is not built for " + gpu.name + " (" + gpu.target + ").",
           "Use llama.cpp, or a newer card.");
    return;
  }
  if (!target->wheels) {
    Warn(remarks, "card_needs_own_build",
         "vLLM can be compiled for " + gpu.name + " (" + gpu.target +
             "), but is neither delivered nor tested for it: some kernels may be missing.",
         "Build it from source with PYTORCH_ROCM_ARCH=" + gpu.target + ", or use llama.cpp.");
  }
  if (target->minor > 0 && resolved.version.number < VllmNumber(0, target->minor, target->patch)) {
    Warn(remarks, "release_older_than_card",
         "vLLM " + resolved.version.text + " is older than its support of " + gpu.name +
             ", which came with " + Release(target->minor, target->patch) + ".",
         "Use a newer release.");
  }
  const bool wide = gpu.target.starts_with("gfx9");
  CheckFormat(kRocm, resolved, gpu, remarks);
  if (!gpu.fp8_native) CheckFormat(kWithoutFp8, resolved, gpu, remarks);
  if (wide) {
    CheckFormat(kWavefronts64, resolved, gpu, remarks);
  } else {
    CheckFormat(kWavefronts32, resolved, gpu, remarks);
  }
}

// ---- Intel ------------------------------------------------------------------------------------------------

// XPUPlatform.supported_quantization; docs of 0.14 list AWQ and GPTQ alone. FP8 keeps weights only (0.11),
// MXFP4 came with gpt-oss on Arc Pro (0.11).
constexpr FormatRule kXpu[] = {
    {FormatFamily::kNvfp4, 0, 0, "Use awq-int4, gptq-int4 or fp8."},
    {FormatFamily::kBnbNf4, 0, 0, "Use awq-int4 or gptq-int4."},
    {FormatFamily::kBnbInt8, 0, 0, "Use fp8 or gptq-int4."},
    {FormatFamily::kInt8, 0, 0, "Use fp8 or gptq-int4."},
    {FormatFamily::kGguf, 0, 0, "Use awq-int4 or gptq-int4, or llama.cpp."},
    {FormatFamily::kFp8, 11, 0, "Use awq-int4 or gptq-int4, or a newer release."},
    {FormatFamily::kFp8Block, 11, 0, "Use awq-int4 or gptq-int4, or a newer release."},
    {FormatFamily::kMxfp4, 11, 0, "Use a newer release."},
};

bool IsGaudi(const Gpu& gpu) { return gpu.target == "hpu"; }

}  // namespace

Remarks VllmPlatformRemarks(const Resolved& resolved, const Gpu& gpu) {
  Remarks remarks;
  if (gpu.vendor == Vendor::kAmd) {
    CheckRocm(resolved, gpu, &remarks);
  } else if (IsGaudi(gpu)) {
    Refuse(&remarks, "card_not_supported",
           "vLLM runs on " + gpu.name +
               " by a plugin (vllm-gaudi) with memory rules of its own, which are not known here.",
           "Choose an NVIDIA, AMD or Intel GPU.");
  } else if (gpu.vendor == Vendor::kIntel) {
    CheckFormat(kXpu, resolved, gpu, &remarks);
  } else {
    Refuse(&remarks, "card_not_supported", "vLLM does not run on " + gpu.name + ".",
           "Use llama.cpp, or an NVIDIA, AMD or Intel card.");
  }
  return remarks;
}

}  // namespace plimsoll
