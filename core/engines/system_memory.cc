#include "core/engines/system_memory.h"

#include <cstddef>
#include <string>

#include "core/base/text.h"

namespace plimsoll {

namespace {

Term ReservedTerm(const Resolved& resolved, const Card& card) {
  const Gpu& gpu = *card.gpu;
  const bool given = !resolved.config->gpu_memory_mib.empty();
  Term term;
  term.name = "Kept by the system";
  term.bytes = card.reserved;
  term.substituted = SizeText(GiBFromDouble(gpu.memory_gb)) + " - " + SizeText(card.capacity);
  if (given) {
    term.formula = "installed - gpu_memory_mib";
    term.source = "as given";
  } else if (gpu.vendor == Vendor::kApple) {
    // Where the share changes stands with the rule (gpu.cc).
    term.formula = "installed - recommendedMaxWorkingSetSize";
    term.substituted = SizeText(GiBFromDouble(gpu.memory_gb)) + (gpu.memory_gb < 36 ? " x 1/3" : " x 1/4") +
                       ", before macOS 15 or without sysctl";
    term.source = "ggml-metal's log of the limit: 66 % below 36 GB, 75 % from there on";
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
    terms->push_back({"Display and other programs", "reserved_mib", SizeText(gpu.others), gpu.others,
                      "as given: nvidia-smi before the engine starts", 0});
  }
  const size_t rank = static_cast<size_t>(gpu.rank);
  if (gpu.reserved > Bytes(0) && rank < resolved.cards.size()) {
    terms->push_back(ReservedTerm(resolved, resolved.cards[rank]));
  }
}

}  // namespace plimsoll
