#include "core/arch/model_traits.h"

namespace plimsoll {
namespace {

struct Row {
  std::string_view begins;  // the architecture's name, or model_type
  bool ModelTraits::*trait;
};

// Sources: hparams.n_pos_per_embd and LLM_TYPE_70B in llama.cpp's src/llama-model.cpp, src/llama-quant.cpp,
// convert_hf_to_gguf.py.
constexpr Row kByName[] = {
    {"FalconForCausalLM", &ModelTraits::falcon_recipe},
    {"Llama", &ModelTraits::seventy_b_if_grouped},
    {"Mistral", &ModelTraits::seventy_b_if_grouped},
    {"Mixtral", &ModelTraits::seventy_b_if_grouped},
    {"Qwen2ForCausalLM", &ModelTraits::seventy_b},
    {"DeciLM", &ModelTraits::seventy_b},
    {"Qwen3", &ModelTraits::gguf_one_kv_count},
    {"Gemma", &ModelTraits::short_tokenizer},
    {"Phi", &ModelTraits::gguf_long_rope_factors},
    {"InternLM2", &ModelTraits::gguf_splits_qkv},
    {"Baichuan", &ModelTraits::gguf_splits_qkv},
    // GLM-4.5 and, from 2026-06 on, Qwen3.5 (published Qwen3.6 files hold the layer whether it is used or
    // not).
    {"Glm4MoeForCausalLM", &ModelTraits::gguf_keeps_mtp},
    {"Qwen3_5", &ModelTraits::gguf_keeps_mtp},
};
constexpr Row kByType[] = {
    {"qwen3_5", &ModelTraits::four_positions},
    {"qwen2_vl", &ModelTraits::four_positions},
    {"qwen2_5_vl", &ModelTraits::four_positions},
    {"qwen3_vl", &ModelTraits::four_positions},
};
constexpr Row kOfType[] = {
    {"olmo2", &ModelTraits::norms_after_only},     {"olmo3", &ModelTraits::norms_after_only},
    {"phi3", &ModelTraits::gguf_fuses_gate_up},    {"glm4", &ModelTraits::gguf_fuses_gate_up},
    {"chatglm", &ModelTraits::gguf_fuses_gate_up},
};

bool Begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

}  // namespace

ModelTraits TraitsOf(std::string_view name, std::string_view model_type) {
  ModelTraits traits;
  for (const Row& row : kByName) {
    if (Begins(name, row.begins)) traits.*row.trait = true;
  }
  for (const Row& row : kByType) {
    if (Begins(model_type, row.begins)) traits.*row.trait = true;
  }
  for (const Row& row : kOfType) {
    if (model_type == row.begins) traits.*row.trait = true;
  }
  // weight_scale_inv: DeepSeek, Kimi and MiniMax store it in float32, Qwen in bfloat16, DeepSeek-V4 in e8m0.
  if (Begins(name, "Qwen")) traits.fp8_scale_bytes = 2;
  if (Begins(name, "DeepseekV4")) traits.fp8_scale_bytes = 1;
  return traits;
}

}  // namespace plimsoll
