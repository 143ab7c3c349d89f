#include "core/arch/nested_text.h"

#include <string>
#include <string_view>

namespace plimsoll {

namespace {

// The class that reads a text_config by its model_type.
struct Decoder {
  std::string_view model_type;
  std::string_view name;
};
constexpr Decoder kDecoders[] = {
    {"llama", "LlamaForCausalLM"},
    {"mistral", "MistralForCausalLM"},
    {"qwen2", "Qwen2ForCausalLM"},
    {"qwen2_moe", "Qwen2MoeForCausalLM"},
    {"qwen3", "Qwen3ForCausalLM"},
    {"qwen3_moe", "Qwen3MoeForCausalLM"},
    {"internlm2", "InternLM2ForCausalLM"},
    {"internlm3", "InternLM3ForCausalLM"},
    {"phi3", "Phi3ForCausalLM"},
    {"gemma", "GemmaForCausalLM"},
    {"gemma2", "Gemma2ForCausalLM"},
    {"gemma3_text", "Gemma3ForCausalLM"},
    {"cohere2", "Cohere2ForCausalLM"},
    {"gpt_oss", "GptOssForCausalLM"},
    {"deepseek_v2", "DeepseekV2ForCausalLM"},
    {"deepseek_v3", "DeepseekV3ForCausalLM"},
    {"lfm2", "Lfm2ForCausalLM"},
    {"lfm2_moe", "Lfm2MoeForCausalLM"},
    {"mixtral", "MixtralForCausalLM"},
    {"granite", "GraniteForCausalLM"},
    {"hyperclovax", "HyperCLOVAXForCausalLM"},
    {"nemotron_h", "NemotronHForCausalLM"},
    {"opt", "OPTForCausalLM"},
    {"exaone4", "Exaone4ForCausalLM"},
    {"smollm3", "SmolLM3ForCausalLM"},
    {"olmo2", "Olmo2ForCausalLM"},
    {"olmo3", "Olmo3ForCausalLM"},
    {"phi", "PhiForCausalLM"},
    {"qwen3_next", "Qwen3NextForCausalLM"},
    {"qwen3_5_text", "Qwen3_5ForCausalLM"},
    {"qwen3_5_moe_text", "Qwen3_5MoeForCausalLM"},
    {"ernie4_5", "Ernie4_5ForCausalLM"},
    {"ernie4_5_moe", "Ernie4_5_MoeForCausalLM"},
    {"glm4", "Glm4ForCausalLM"},
    {"seed_oss", "SeedOssForCausalLM"},
};

}  // namespace

void ReadNestedText(ArchitectureBuilder& builder) {
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  if (const Json* list = builder.text.Find("architectures"); list != nullptr && list->is_array()) {
    for (const Json& item : list->items()) {
      if (item.is_string() && builder.ReadAs(item.AsString())) return;
    }
  }
  const std::string_view type = builder.text.Text("model_type", "llama");
  std::string accepted;
  for (const Decoder& decoder : kDecoders) {
    if (decoder.model_type == type && builder.ReadAs(decoder.name)) return;
    accepted += (accepted.empty() ? "" : ", ") + std::string(decoder.model_type);
  }
  builder.text.Refuse("model_type", accepted);
}

}  // namespace plimsoll
