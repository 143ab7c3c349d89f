// What ollama prints of a model that it loads, and what `ollama ps` then shows.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LOG_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LOG_H_

#include <string>
#include <vector>

#include "core/base/units.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// A model in `ollama ps`: everything that is counted for it, and what of that is on cards.
struct OllamaListing {
  Bytes size, vram;
};
// Before 0.30 what the scheduler believes; from 0.30 the sum of the buffers that llama-server prints, in
// which no CUDA context and no projector's weights are.
OllamaListing ListedSize(const Resolved& resolved, const Report& report);

std::string OllamaSizeText(Bytes size);                   // "44 GB", "3.4 GB": decimal, cut, not rounded
std::string ProcessorText(const OllamaListing& listing);  // "100% GPU", "33%/67% CPU/GPU"

std::vector<std::string> OllamaLog(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LOG_H_
