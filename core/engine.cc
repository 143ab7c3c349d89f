#include "core/engine.h"

#include "core/engine_generic.h"
#include "core/engine_llama_cpp.h"
#include "core/engine_vllm.h"

namespace plimsoll {

const Engine& FindEngine(EngineKind kind) {
  if (IsGenericEngine(kind)) return GenericEngine(kind);
  return kind == EngineKind::kLlamaCpp ? LlamaCppEngine() : VllmEngine();
}

}  // namespace plimsoll
