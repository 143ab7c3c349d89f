#include "core/base/mistaken_json.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace plimsoll {
namespace {

// A file of a repository by keys that it has; the second, where there is one, has to be there as well.
struct Neighbour {
  std::string_view key, beside;
  std::string_view what;
};

constexpr std::string_view kGeneration = "a generation_config.json, which says how text is sampled";
constexpr std::string_view kTokenizer = "a tokenizer's config";
constexpr std::string_view kPreprocessor = "a preprocessor's config";

// In this order: a tokenizer's config names a processor, too.
constexpr Neighbour kNeighbours[] = {
    {"weight_map", "", "an index of safetensors files, which says where tensors are"},
    {"peft_type", "", "an adapter_config.json, which a LoRA adapter has"},
    {"_from_model_config", "", kGeneration},
    {"transformers_version", "eos_token_id", kGeneration},
    {"transformers_version", "bos_token_id", kGeneration},
    {"do_sample", "", kGeneration},
    {"tokenizer_class", "", kTokenizer},
    {"added_tokens", "", kTokenizer},
    {"added_tokens_decoder", "", kTokenizer},
    {"image_mean", "", kPreprocessor},
    {"feature_extractor_type", "", kPreprocessor},
    {"image_processor_type", "", kPreprocessor},
    {"processor_class", "", kPreprocessor},
    {"chat_template", "", "a chat_template.json, which says how a conversation is written down"},
    {"log_history", "", "a trainer_state.json, which a training run left"},
    {"schemaVersion", "layers", "a manifest, which says which layers a registry's model has"},
    {"_class_name", "", "a diffusion pipeline's config"},
    {"quant_method", "", "a quantisation's config, which stands beside a model's"},
    {"quant_algo", "", "a quantisation's config, which stands beside a model's"},
    {"producer", "quantization", "a hf_quant_config.json, which stands beside a model's config"},
    {"zero_point", "q_group_size", "a quantisation's config, which stands beside a model's"},
    {"bits", "group_size", "a quantisation's config, which stands beside a model's"},
    {"error", "", "a hub's error message"},
};

// special_tokens_map.json: tokens and nothing else.
bool IsTokenMap(const Json& json) {
  constexpr std::string_view kEnd = "_token";
  return !json.members().empty() && json.members().size() < 16 && json.Has("eos_token") &&
         std::all_of(json.members().begin(), json.members().end(), [&](const Json::Member& member) {
           const std::string_view key = member.first;
           return key == "additional_special_tokens" ||
                  (key.size() > kEnd.size() && key.substr(key.size() - kEnd.size()) == kEnd);
         });
}

// vocab.json, added_tokens.json: words and their numbers.
bool IsVocabulary(const Json& json) {
  constexpr size_t kFewest = 64;
  return json.members().size() >= kFewest &&
         std::all_of(json.members().begin(), json.members().end(),
                     [](const Json::Member& member) { return member.second.AsInt().has_value(); });
}

std::string_view NameOf(const Json& json) {
  for (const Neighbour& file : kNeighbours) {
    if (json.Has(file.key) && (file.beside.empty() || json.Has(file.beside))) return file.what;
  }
  if (IsTokenMap(json)) return "a special_tokens_map.json, which names a tokenizer's tokens";
  if (IsVocabulary(json)) return "a tokenizer's vocabulary";
  return "";
}

}  // namespace

std::optional<Mistaken> MistakenJson(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  constexpr std::string_view kOfModels[] = {"architectures", "model_type", "hidden_size", "text_config",
                                            "dim",           "n_embd",     "d_model"};
  if (std::any_of(std::begin(kOfModels), std::end(kOfModels),
                  [&json](std::string_view key) { return json.Has(key); }))
    return std::nullopt;
  const std::string_view what = NameOf(json);
  if (what.empty()) return std::nullopt;
  return Mistaken{std::string(what), "the model's own config.json, which stands beside it in its repository"};
}

}  // namespace plimsoll
