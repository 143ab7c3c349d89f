#include "core/catalog/license.h"

namespace plimsoll {
namespace {

struct License {
  std::string_view id, name;
  LicenseKind kind;
};

// What each says of use in business, read in the licences' own texts. Those "with terms" name, among others: 700 million
// users (Llama), 100 million (Qwen, Kimi's MIT), 10 million dollars a year (LFM), a list of forbidden uses (Gemma, Falcon,
// DeepSeek's first, OpenRAIL), countries (Hunyuan).
constexpr License kLicenses[] = {
    {"apache-2.0", "Apache 2.0", LicenseKind::kOpen},
    {"mit", "MIT", LicenseKind::kOpen},
    {"bigcode-openrail-m", "OpenRAIL-M", LicenseKind::kTerms},
    {"deepseek", "DeepSeek", LicenseKind::kTerms},
    {"falcon-180b", "Falcon 180B", LicenseKind::kTerms},
    {"falcon-llm", "Falcon", LicenseKind::kTerms},
    {"gemma", "Gemma", LicenseKind::kTerms},
    {"glm-4", "GLM-4", LicenseKind::kTerms},
    {"jamba-open-model", "Jamba", LicenseKind::kTerms},
    {"lfm1.0", "LFM 1.0", LicenseKind::kTerms},
    {"llama2", "Llama 2", LicenseKind::kTerms},
    {"llama3", "Llama 3", LicenseKind::kTerms},
    {"llama3.1", "Llama 3.1", LicenseKind::kTerms},
    {"llama3.2", "Llama 3.2", LicenseKind::kTerms},
    {"llama3.3", "Llama 3.3", LicenseKind::kTerms},
    {"llama4", "Llama 4", LicenseKind::kTerms},
    {"minicpm", "MiniCPM", LicenseKind::kTerms},
    {"minimax", "MiniMax", LicenseKind::kTerms},
    {"modified-mit", "MIT with a notice", LicenseKind::kTerms},
    {"nvidia-open-model", "NVIDIA Open Model", LicenseKind::kTerms},
    {"qwen", "Qwen", LicenseKind::kTerms},
    {"tencent-hunyuan", "Hunyuan", LicenseKind::kTerms},
    {"cc-by-nc-4.0", "CC BY-NC 4.0", LicenseKind::kResearch},
    {"exaone", "EXAONE", LicenseKind::kResearch},
    {"minimax-m2.7", "MiniMax M2.7", LicenseKind::kResearch},
    {"mrl", "Mistral Research", LicenseKind::kResearch},
    {"qwen-research", "Qwen Research", LicenseKind::kResearch},
};

}  // namespace

LicenseKind LicenseKindOf(std::string_view id) {
  for (const License& license : kLicenses) {
    if (license.id == id) return license.kind;
  }
  return LicenseKind::kUnknown;
}

std::string LicenseName(std::string_view id) {
  if (id.empty()) return "not known";
  for (const License& license : kLicenses) {
    if (license.id == id) return std::string(license.name);
  }
  return std::string(id);
}

}  // namespace plimsoll
