// What llama.cpp's engine, and every engine that runs llama.cpp, keeps with a resolved configuration: its own
// keys, read.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_DATA_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_DATA_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/config/engine_version.h"
#include "core/engines/llama_cpp/llama_backend.h"
#include "core/engines/llama_cpp/llama_options.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct LlamaData : EngineData {
  std::shared_ptr<const TensorOverrides> overrides;  // nullptr: none
  LlamaOptions options;
  EngineVersion build;              // of llama.cpp inside; without text: the engine's version is one
  int64_t extra_context = 0;        // tokens beyond max_model_len that the cache holds
  bool length_is_per_slot = false;  // max_model_len is one slot's; else all slots share or divide it
};

// REQUIRES, for each: the configuration is llama.cpp's.
const TensorOverrides& OverridesOf(const Resolved& resolved);
const LlamaOptions& OptionsOf(const Resolved& resolved);
// The build of llama.cpp that runs.
const EngineVersion& BuildOf(const Resolved& resolved);
bool LengthIsPerSlot(const Resolved& resolved);
// Tokens of context that all slots have together: n_ctx.
int64_t ContextOf(const Resolved& resolved);
// What drives the cards: as asked for, or what the first card is most often driven with.
LlamaBackend BackendOf(const Resolved& resolved);

// Reads llama.cpp's own keys, and says what -ot does not find. The error names the key.
std::optional<Error> ReadLlamaKeys(const Config& config, Resolved* resolved, LlamaData* data);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_DATA_H_
