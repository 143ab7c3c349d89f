#include "core/engines/system_memory.h"

#include <cstddef>
#include <string>

#include "core/base/text.h"

namespace plimsoll {

namespace {

Term ReservedTerm(const Resolved& resolved, const Card& card) {
  const Gpu& gpu = *card.gpu;
  const Config& config = *resolved.config;
  const bool given = !config.gpu_memory_mib.empty() || config.iogpu_wired_limit_mb.has_value();
  Term term;
  term.name = "Kept by the system";
  term.bytes = card.reserved;
  term.substituted = SizeText(GiBFromDouble(gpu.memory_gb), resolved.units) + " - " +
                     SizeText(card.capacity, resolved.units);
  if (given) {
    term.formula =
        config.gpu_memory_mib.empty() ? "installed - iogpu_wired_limit_mb" : "installed - gpu_memory_mib";
    term.source = "as given";
  } else if (gpu.vendor == Vendor::kApple) {
    // Where the share changes stands with the rule (gpu.cc).
    term.formula = "installed - recommendedMaxWorkingSetSize";
    term.substituted += ", without sysctl iogpu.wired_limit_mb";
    term.source = "ggml-metal's log of the limit: 74 % of 16 GB to 91 % of 512 GB";
  } else if (gpu.vendor == Vendor::kNvidia) {
    term.formula = "installed - total that CUDA reports";
    term.source = "cudaMemGetInfo in startup logs: firmware and system carve it out";
  } else {
    term.formula = "installed - VRAM and GTT given to the GPU";
    term.source = "firmware's VRAM carve-out and amdgpu.gttsize; 75 % assumed";
  }
  return term;
}

}  // namespace

void AddSystemTerms(const Resolved& resolved, const GpuReport& gpu, std::vector<Term>* terms) {
  if (gpu.others > Bytes(0)) {
    const bool given = !resolved.config->reserved_mib.empty();
    terms->push_back(
        {given ? "Display and other programs" : "In use by the operating system",
         given ? "reserved_mib" : "of memory that CPU and GPU share; reserved_mib says otherwise",
         SizeText(gpu.others, resolved.units), gpu.others,
         given ? "as given: nvidia-smi before the engine starts"
               : "free when engines start on machines that do nothing else: 7.0 to 8.7 GiB less than CUDA's "
                 "total, up to 12 with file caches",
         0});
  }
  const size_t rank = static_cast<size_t>(gpu.rank);
  if (gpu.reserved > Bytes(0) && rank < resolved.cards.size()) {
    terms->push_back(ReservedTerm(resolved, resolved.cards[rank]));
  }
}

}  // namespace plimsoll
