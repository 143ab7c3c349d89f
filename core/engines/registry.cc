#include "core/engines/registry.h"

#include "core/base/text.h"
#include "core/engines/generic/generic_engine.h"
#include "core/engines/llama_cpp/llama_engine.h"
#include "core/engines/ollama/ollama_engine.h"
#include "core/engines/sglang/sglang_engine.h"
#include "core/engines/vllm/vllm_engine.h"

namespace plimsoll {

namespace {

// Letters and digits alone, in lower case: "llama.cpp", "llama-cpp" and "LlamaCpp" are one.
std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : Lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  return plain;
}

}  // namespace

const std::vector<const Engine*>& Engines() {
  static const std::vector<const Engine*> engines = [] {
    std::vector<const Engine*> list = {&VllmEngine(), &LlamaCppEngine(), &OllamaEngine(), &SglangEngine()};
    for (const Engine* engine : GenericEngines()) list.push_back(engine);
    for (const Engine* engine : LlamaPrograms()) list.push_back(engine);
    return list;
  }();
  return engines;
}

const Engine* FindEngine(std::string_view id) {
  if (id.empty()) return Engines().front();
  for (const Engine* engine : Engines()) {
    if (engine->traits().id == id) return engine;
  }
  for (const Engine* engine : Engines()) {
    if (!engine->traits().alias.empty() && engine->traits().alias == id) return engine;
  }
  if (id.size() > 32) return nullptr;
  const std::string plain = Plain(id);
  for (const Engine* engine : Engines()) {
    const EngineTraits& traits = engine->traits();
    if (plain == Plain(traits.id) || plain == Plain(traits.name)) return engine;
  }
  return nullptr;
}

const Engine& EngineOf(const Resolved& resolved) {
  for (const Engine* engine : Engines()) {
    if (&engine->traits() == resolved.engine) return *engine;
  }
  return *Engines().front();
}

const Engine& GgufEngine() {
  for (const Engine* engine : Engines()) {
    if (engine->traits().reads_gguf) return *engine;
  }
  return *Engines().front();
}

std::string EngineIds() {
  std::vector<std::string_view> ids;
  for (const Engine* engine : Engines()) {
    ids.push_back(engine->traits().id);
    if (!engine->traits().alias.empty()) ids.push_back(engine->traits().alias);
  }
  return ListText(ids, "or");
}

}  // namespace plimsoll
