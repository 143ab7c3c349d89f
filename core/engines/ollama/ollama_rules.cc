#include "core/engines/ollama/ollama_rules.h"

#include <algorithm>

#include "core/engines/ollama/ollama_version.h"

namespace plimsoll {
namespace {

struct FamilyRow {
  std::string_view model_type;  // of the config, up to its end
  std::string_view family;
};
// Where GGUF's name is not the config's. The first row that fits decides.
constexpr FamilyRow kFamilies[] = {
    {"mistral", "llama"},           {"mixtral", "llama"},
    {"smollm3", "smollm3"},         {"qwen2_5_vl", "qwen25vl"},
    {"qwen2_moe", "qwen2moe"},      {"qwen3_moe", "qwen3moe"},
    {"qwen3_vl_moe", "qwen3vlmoe"}, {"qwen3_vl", "qwen3vl"},
    {"qwen3_next", "qwen3next"},    {"qwen3_5_moe", "qwen35moe"},
    {"qwen3_5", "qwen35"},          {"gemma3_text", "gemma3"},
    {"gemma4_unified", "gemma4"},   {"gpt_oss", "gptoss"},
    {"deepseek_v2", "deepseek2"},   {"deepseek_v3", "deepseek2"},
    {"kimi_k2", "deepseek2"},       {"glm4_moe_lite", "glm4moelite"},
    {"glm4_moe", "glm4moe"},        {"cohere", "command-r"},
    {"lfm2_moe", "lfm2moe"},        {"phi", "phi2"},
    {"nomic_bert", "nomic-bert"},   {"ministral3", "mistral3"},
    {"falcon_h1", "falcon-h1"},     {"granitemoehybrid", "granitehybrid"},
};

struct Since {
  std::string_view family;
  int64_t release;
};

// fs/ggml/ggml.go OllamaEngineRequired, tag by tag.
constexpr Since kOwnEngine[] = {
    {"gemma3", OllamaRelease(0, 6, 0)},      {"mistral3", OllamaRelease(0, 6, 5)},
    {"llama4", OllamaRelease(0, 6, 7)},      {"mllama", OllamaRelease(0, 7, 0)},
    {"qwen25vl", OllamaRelease(0, 7, 0)},    {"gemma3n", OllamaRelease(0, 9, 3)},
    {"gptoss", OllamaRelease(0, 11, 0)},     {"qwen3", OllamaRelease(0, 12, 0)},
    {"qwen3moe", OllamaRelease(0, 12, 2)},   {"qwen3vl", OllamaRelease(0, 12, 7)},
    {"qwen3vlmoe", OllamaRelease(0, 12, 7)}, {"deepseek2", OllamaRelease(0, 13, 0)},
    {"nomic-bert", OllamaRelease(0, 13, 1)}, {"olmo3", OllamaRelease(0, 13, 4)},
    {"bert", OllamaRelease(0, 13, 5)},       {"glm4moelite", OllamaRelease(0, 14, 3)},
    {"lfm2", OllamaRelease(0, 14, 3)},       {"qwen3next", OllamaRelease(0, 15, 5)},
    {"nemotron_h", OllamaRelease(0, 17, 1)}, {"qwen35", OllamaRelease(0, 17, 1)},
    {"qwen35moe", OllamaRelease(0, 17, 1)},  {"lfm2moe", OllamaRelease(0, 17, 1)},
    {"gemma4", OllamaRelease(0, 20, 0)},
};

// fs/ggml/ggml.go FlashAttention: the families that ask for it, tag by tag.
constexpr Since kAsksForFlash[] = {
    {"gptoss", OllamaRelease(0, 11, 8)},   {"qwen3", OllamaRelease(0, 12, 4)},
    {"qwen3moe", OllamaRelease(0, 12, 4)}, {"gemma3", OllamaRelease(0, 12, 6)},
    {"qwen3vl", OllamaRelease(0, 12, 8)},  {"qwen3vlmoe", OllamaRelease(0, 12, 8)},
    {"mistral3", OllamaRelease(0, 13, 2)}, {"olmo3", OllamaRelease(0, 13, 4)},
    {"bert", OllamaRelease(0, 13, 5)},     {"glm4moelite", OllamaRelease(0, 14, 3)},
    {"lfm2", OllamaRelease(0, 14, 3)},     {"qwen3next", OllamaRelease(0, 15, 5)},
    {"lfm2moe", OllamaRelease(0, 17, 1)},  {"nemotron_h", OllamaRelease(0, 17, 1)},
    {"qwen35", OllamaRelease(0, 17, 1)},   {"qwen35moe", OllamaRelease(0, 17, 1)},
    {"gemma4", OllamaRelease(0, 20, 4)},
};

// server/sched.go: "model architecture does not currently support parallel requests".
constexpr Since kOneSlot[] = {
    {"mllama", OllamaRelease(0, 4, 0)},      {"qwen3vl", OllamaRelease(0, 12, 7)},
    {"qwen3vlmoe", OllamaRelease(0, 12, 7)}, {"qwen3next", OllamaRelease(0, 15, 5)},
    {"lfm2", OllamaRelease(0, 15, 5)},       {"lfm2moe", OllamaRelease(0, 15, 5)},
    {"qwen35", OllamaRelease(0, 17, 1)},     {"qwen35moe", OllamaRelease(0, 17, 1)},
    {"nemotron_h", OllamaRelease(0, 17, 1)},
};

template <size_t N>
bool Listed(const Since (&rows)[N], const EngineVersion& release, std::string_view family) {
  return std::any_of(std::begin(rows), std::end(rows),
                     [&](const Since& row) { return row.family == family && release.number >= row.release; });
}

}  // namespace

std::string_view OllamaFamily(const Architecture& architecture) {
  // Mistral's multimodal models are a family of their own, whatever the text inside is called.
  if (architecture.name.starts_with("Mistral3")) return "mistral3";
  const std::string_view type = architecture.model_type;
  for (const FamilyRow& row : kFamilies) {
    if (type == row.model_type) return row.family;
  }
  return type;
}

bool RunsOwnEngine(const EngineVersion& release, std::string_view family) {
  return release.number < OllamaRelease(0, 30) && Listed(kOwnEngine, release, family);
}

OllamaEra EraOf(const EngineVersion& release, std::string_view family) {
  if (release.number >= OllamaRelease(0, 30)) return OllamaEra::kServer;
  const int64_t measured = RunsOwnEngine(release, family) ? OllamaRelease(0, 12) : OllamaRelease(0, 12, 11);
  return release.number >= measured ? OllamaEra::kLayout : OllamaEra::kEstimate;
}

// server/routes.go and envconfig/config.go.
int64_t OllamaContext(const EngineVersion& release, std::string_view family, Bytes vram) {
  if (release.number >= OllamaRelease(0, 15, 5)) {
    return vram >= GiB(47) ? 262144 : vram >= GiB(23) ? 32768 : 4096;
  }
  if (family == "gptoss" && release.number >= OllamaRelease(0, 11) && vram >= GiB(20)) return 8192;
  return release.number >= OllamaRelease(0, 6, 7) ? 4096 : 2048;
}

// server/sched.go, defaultParallel.
SlotChoices OllamaSlots(const EngineVersion& release) {
  if (release.number >= OllamaRelease(0, 10)) return {1, 0};
  if (release.number >= OllamaRelease(0, 6, 7)) return {2, 1};
  return release.number >= OllamaRelease(0, 2) ? SlotChoices{4, 1} : SlotChoices{1, 0};
}

bool AllowsOneSlot(const EngineVersion& release, std::string_view family) {
  return Listed(kOneSlot, release, family);
}

bool FlashByDefault(const EngineVersion& release, std::string_view family) {
  if (release.number >= OllamaRelease(0, 30)) return true;
  if (!RunsOwnEngine(release, family)) {
    // The llama.cpp inside decides by itself since 0.13.4 ("auto").
    return release.number >= OllamaRelease(0, 13, 4) || Listed(kAsksForFlash, release, family);
  }
  return Listed(kAsksForFlash, release, family);
}

bool FlashPossible(const EngineVersion& release, std::string_view family, const Architecture& architecture) {
  if (release.number >= OllamaRelease(0, 30)) return true;
  if (family == "gemma2" && release.number >= OllamaRelease(0, 12)) return false;
  if (family == "gptoss" && release.number < OllamaRelease(0, 11, 8)) return false;
  for (const LayerGroup& group : architecture.groups) {
    const Attention& attention = group.shape.attention;
    if (attention.kind == AttentionKind::kNone) continue;
    if (attention.key_dim != attention.value_dim) return false;
  }
  return true;
}

}  // namespace plimsoll
