// What llama.cpp's engine keeps with a resolved configuration: its own keys, read.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_DATA_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_DATA_H_

#include <memory>

#include "core/engines/llama_cpp/llama_backend.h"
#include "core/engines/llama_cpp/llama_options.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct LlamaData final : EngineData {
  std::shared_ptr<const TensorOverrides> overrides;  // nullptr: none
  LlamaOptions options;
};

// REQUIRES, for each: the configuration is llama.cpp's.
const TensorOverrides& OverridesOf(const Resolved& resolved);
const LlamaOptions& OptionsOf(const Resolved& resolved);
// What drives the cards: as asked for, or what the first card is most often driven with.
LlamaBackend BackendOf(const Resolved& resolved);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_DATA_H_
