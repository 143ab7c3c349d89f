#include "core/engines/engine.h"

#include "core/engines/generic/generic_engine.h"
#include "core/engines/llama_cpp/llama_engine.h"
#include "core/engines/vllm/vllm_engine.h"

namespace plimsoll {

const Engine& FindEngine(EngineKind kind) {
  if (IsGenericEngine(kind)) return GenericEngine(kind);
  return kind == EngineKind::kLlamaCpp ? LlamaCppEngine() : VllmEngine();
}

}  // namespace plimsoll
