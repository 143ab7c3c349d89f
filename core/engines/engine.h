// A serving engine: how it takes defaults, how it lays a model out on cards, and what it will say. One
// implementation per engine (engine_vllm, engine_llama_cpp); what changed between releases is a table of
// dated rules inside it.
#ifndef PLIMSOLL_CORE_ENGINES_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_ENGINE_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

class Engine {
 public:
  virtual ~Engine() = default;
  virtual EngineKind kind() const = 0;
  virtual std::string_view id() const = 0;    // "vllm", "llama.cpp"
  virtual std::string_view name() const = 0;  // "vLLM", "llama.cpp"

  // Fills what the configuration left open with this engine's own defaults, for its version and these cards,
  // and records each in resolved->defaulted. Looked-up fields (model, format, cards, version) are already
  // there.
  virtual void TakeDefaults(const Config& config, Resolved* resolved) const = 0;

  // Everything in bytes: per card, host, pool, verdict, diagnostics. Touches no text but literals of
  // diagnostics.
  virtual void Plan(const Resolved& resolved, Report* report) const = 0;

  // The terms behind the fullest card's bytes; their depth-0 rows add up to its total and
  // to what the system keeps beside it (`reserved`).
  virtual std::vector<Term> Explain(const Resolved& resolved, const Report& report) const = 0;

  // The lines that the engine is expected to print at start.
  virtual std::vector<std::string> ExpectedLog(const Resolved& resolved, const Report& report) const = 0;
};

// Never null: every EngineKind has an engine.
const Engine& FindEngine(EngineKind kind);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_ENGINE_H_
