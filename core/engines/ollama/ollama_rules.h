// What changed in ollama between releases, as far as it changes where a model goes and how much of it: who
// lays it out, the context, the slots, flash attention. Each rule names the release's source.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_RULES_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_RULES_H_

#include <cstdint>
#include <string_view>

#include "core/arch/architecture.h"
#include "core/base/units.h"
#include "core/config/engine_version.h"

namespace plimsoll {

// Who decides what goes to the cards.
enum class OllamaEra : uint8_t {
  kEstimate,  // closed formulas, nothing measured (llm/memory.go)
  kLayout,    // layers are laid out by what they take (llm/server.go)
  kServer,    // a llama-server of its own with --fit (llm/llama_server.go)
};

// What GGUF calls the architecture, in ollama's own spelling: "llama", "qwen35moe", "gptoss".
std::string_view OllamaFamily(const Architecture& architecture);

// Whether ollama's own engine runs the family, instead of the llama.cpp compiled in (fs/ggml/ggml.go
// OllamaEngineRequired). From 0.30 neither does.
bool RunsOwnEngine(const EngineVersion& release, std::string_view family);
OllamaEra EraOf(const EngineVersion& release, std::string_view family);

// Tokens of one slot when nobody names them, before they are cut to what the model was trained for; `vram` is
// the memory of all cards together.
int64_t OllamaContext(const EngineVersion& release, std::string_view family, Bytes vram);

// Slots to try in turn when nobody names them: the first number whose model fits whole, else one. 0: no more.
struct SlotChoices {
  int64_t first = 1, second = 0;
};
SlotChoices OllamaSlots(const EngineVersion& release);
// Families that get one slot whatever is asked for.
bool AllowsOneSlot(const EngineVersion& release, std::string_view family);

// Whether flash attention is on when the environment does not say.
bool FlashByDefault(const EngineVersion& release, std::string_view family);
// Whether the family's heads let it be on at all.
bool FlashPossible(const EngineVersion& release, std::string_view family, const Architecture& architecture);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_RULES_H_
