#include "core/arch/config_forms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace plimsoll {
namespace {

// ---- params.json ----

struct Renamed {
  std::string_view from, to;
};

void Rename(const Json& from, std::initializer_list<Renamed> keys, Json* to) {
  for (const Renamed& key : keys) {
    const Json* value = from.Find(key.from);
    if (value != nullptr && !value->is_null()) to->Set(key.to, *value);
  }
}

int64_t Number(const Json& object, std::string_view key, int64_t fallback) {
  const Json* value = object.Find(key);
  return value == nullptr ? fallback : value->AsInt().value_or(fallback);
}

void SetClass(std::string_view name, Json* config) {
  Json list = Json::MakeArray();
  list.Append(Json(name));
  config->Set("architectures", std::move(list));
}

// vllm/transformers_utils/configs/mistral.py: the same keys under Mistral's names; with experts and a latent
// it is DeepSeek-V3's decoder without a selection bias.
Json OfMistral(const Json& params, std::vector<std::string>* remarks) {
  Json config = Json::MakeObject();
  Rename(params,
         {{"hidden_dim", "intermediate_size"},
          {"head_dim", "head_dim"},
          {"sliding_window", "sliding_window"},
          {"q_lora_rank", "q_lora_rank"},
          {"kv_lora_rank", "kv_lora_rank"},
          {"qk_rope_head_dim", "qk_rope_head_dim"},
          {"qk_nope_head_dim", "qk_nope_head_dim"},
          {"v_head_dim", "v_head_dim"},
          {"tied_embeddings", "tie_word_embeddings"}},
         &config);
  if (!params.Has("sliding_window")) config.Set("sliding_window", Json());
  config.Set("max_position_embeddings",
             Json(Number(params, "max_position_embeddings", Number(params, "max_seq_len", 128000))));
  const Json* moe = params.Find("moe");
  const bool latent = params.Has("kv_lora_rank");
  if (moe != nullptr && moe->is_object()) {
    Rename(*moe,
           {{"num_experts", latent ? "n_routed_experts" : "num_local_experts"},
            {"num_experts_per_tok", "num_experts_per_tok"},
            {"num_shared_experts", "n_shared_experts"},
            {"expert_hidden_dim", "moe_intermediate_size"},
            {"first_k_dense_replace", "first_k_dense_replace"},
            {"route_every_n", "moe_layer_freq"}},
           &config);
    config.Set("topk_method", Json("greedy"));
  }
  SetClass(latent                               ? "DeepseekV3ForCausalLM"
           : moe != nullptr && moe->is_object() ? "MixtralForCausalLM"
                                                : "MistralForCausalLM",
           &config);
  const Json* quantization = params.Find("quantization");
  if (quantization != nullptr && quantization->Has("config_groups")) {
    config.Set("quantization_config", *quantization);
  } else if (quantization != nullptr && quantization->is_object()) {
    config.Set("quantization_config",
               Json::MakeObject().Set("quant_method", Json("fp8")).Set("activation_scheme", Json("static")));
  }
  for (const std::string_view tower : {"vision_encoder", "multimodal"}) {
    if (params.Has(tower))
      remarks->push_back("params.json describes a tower (" + std::string(tower) +
                         "); its weights are left out, which config.json would count.");
  }
  return config;
}

// Meta's: the MLP's width follows from a factor (llama/model.py FeedForward): two thirds of four times the
// width, times ffn_dim_multiplier, rounded up; without a gate ("2_projection") two of its three matrices
// are twice as wide.
Json OfMeta(const Json& params) {
  Json config = Json::MakeObject();
  const int64_t hidden = Number(params, "dim", 0);
  const Json* factor = params.Find("ffn_dim_multiplier");
  int64_t width = 8 * hidden / 3;
  if (factor != nullptr && factor->is_number())
    width = static_cast<int64_t>(*factor->AsDouble() * static_cast<double>(width));
  const int64_t multiple = Number(params, "multiple_of", 256) > 0 ? Number(params, "multiple_of", 256) : 1;
  width = (width + multiple - 1) / multiple * multiple;
  const Json* structure = params.Find("mlp_structure");
  if (structure != nullptr && structure->AsString() == "2_projection") width *= 2;
  config.Set("intermediate_size", Json(width));
  const Json* scaled = params.Find("use_scaled_rope");
  const bool stretched = scaled != nullptr && scaled->AsBool().value_or(false);
  config.Set("max_position_embeddings", Json(int64_t{stretched ? 131072 : 4096}));
  const Json* type = params.Find("model_type");
  const bool arcee = type != nullptr && type->AsString() == "arcee";
  SetClass(arcee ? "ArceeForCausalLM" : "LlamaForCausalLM", &config);
  return config;
}

Json OfParams(const Json& given, std::vector<std::string>* remarks) {
  const bool mistral = given.Has("hidden_dim") || given.Has("moe");
  Json config = mistral ? OfMistral(given, remarks) : OfMeta(given);
  Rename(given,
         {{"dim", "hidden_size"},
          {"n_layers", "num_hidden_layers"},
          {"n_heads", "num_attention_heads"},
          {"n_kv_heads", "num_key_value_heads"},
          {"vocab_size", "vocab_size"},
          {"rope_theta", "rope_theta"},
          {"model_type", "model_type"}},
         &config);
  // Whatever else stands there keeps its name, so that what shapes a model and is not understood is refused.
  for (const Json::Member& member : given.members()) {
    const bool taken = member.first == "moe" || member.first == "quantization" || config.Has(member.first);
    if (!taken) config.Set(member.first, member.second);
  }
  remarks->push_back("Read from params.json, which names no architecture: " +
                     config.Find("architectures")->items()[0].AsString() + ".");
  return config;
}

// ---- defaults of configuration classes ----

// transformers/models/<model_type>/configuration_<model_type>.py. -1: the class has none, or derives it.
struct Defaults {
  std::string_view type;
  int64_t hidden, intermediate, layers, heads, kv_heads, head_dim, vocab, positions;
  int64_t window;  // where the key itself is left out
};
constexpr Defaults kText[] = {
    {"llama", 4096, 11008, 32, 32, -1, -1, 32000, 2048, -1},
    {"granite", 4096, 11008, 32, 32, -1, -1, 32000, 2048, -1},
    {"mistral", 4096, 14336, 32, 32, 8, -1, 32000, 131072, 4096},
    {"ministral3", 4096, 14336, 34, 32, 8, 128, 131072, 262144, -1},
    {"mixtral", 4096, 14336, 32, 32, 8, -1, 32000, 131072, -1},
    {"qwen2", 4096, 22016, 32, 32, 32, -1, 151936, 32768, -1},
    {"qwen3", 4096, 22016, 32, 32, 32, 128, 151936, 32768, -1},
    {"qwen2_vl_text", 8192, 29568, 80, 64, 8, -1, 152064, 32768, -1},
    {"qwen2_5_vl_text", 8192, 29568, 80, 64, 8, -1, 152064, 32768, -1},
    {"qwen3_vl_text", 4096, 22016, 32, 32, 32, 128, 151936, 128000, -1},
    {"gemma", 3072, 24576, 28, 16, 16, 256, 256000, 8192, -1},
    {"gemma2", 2304, 9216, 26, 8, 4, 256, 256000, 8192, 4096},
    {"gemma3_text", 2304, 9216, 26, 8, 4, 256, 262208, 131072, 4096},
    {"gemma4_text", 2304, 9216, 30, 8, 4, 256, 262144, 131072, 512},
    {"cohere2", 8192, 22528, 40, 64, -1, -1, 256000, 8192, 4096},
    {"phi3", 3072, 8192, 32, 32, -1, -1, 32064, 4096, -1},
};

struct Wrapper {
  std::string_view type, text, vision;
};
constexpr Wrapper kWrappers[] = {{"llava", "llama", "clip_vision_model"},
                                 {"llava_next", "llama", "clip_vision_model"},
                                 {"mistral3", "mistral", "pixtral"},
                                 {"gemma3", "gemma3_text", "siglip_vision_model"}};

struct Tower {
  std::string_view type;
  int64_t hidden, intermediate, layers, heads, image, patch;
};
// In LLaVA and Mistral 3 the wrapper's own default tower, elsewhere the tower's class.
constexpr Tower kTowers[] = {{"clip_vision_model", 1024, 4096, 24, 16, 336, 14},
                             {"pixtral", 1024, 4096, 24, 16, -1, 16},
                             {"siglip_vision_model", 768, 3072, 12, 12, 224, 16}};

class Filler {
 public:
  explicit Filler(Json object) : object_(std::move(object)) {}

  void Set(std::string_view key, int64_t value) {
    if (value < 0 || object_.Has(key)) return;
    object_.Set(key, Json(value));
    keys_ += (keys_.empty() ? "" : ", ") + std::string(key);
  }
  void SetText(std::string_view key, std::string_view value) {
    if (!object_.Has(key) && !value.empty()) object_.Set(key, Json(value));
  }
  Json Take() { return std::move(object_); }
  const std::string& keys() const { return keys_; }

 private:
  Json object_;
  std::string keys_;
};

std::string_view TypeOf(const Json& object, std::string_view fallback) {
  const Json* type = object.Find("model_type");
  return type == nullptr || !type->is_string() ? fallback : std::string_view(type->AsString());
}

void FillText(std::string_view type, Filler* filler) {
  for (const Defaults& row : kText) {
    if (row.type != type) continue;
    filler->Set("hidden_size", row.hidden);
    filler->Set("intermediate_size", row.intermediate);
    filler->Set("num_hidden_layers", row.layers);
    filler->Set("num_attention_heads", row.heads);
    filler->Set("num_key_value_heads", row.kv_heads);
    filler->Set("head_dim", row.head_dim);
    filler->Set("vocab_size", row.vocab);
    filler->Set("max_position_embeddings", row.positions);
    // Whoever writes out all the shapes has not written a difference from the class: no window is none then.
    if (!filler->keys().empty()) filler->Set("sliding_window", row.window);
  }
}

void FillTower(std::string_view type, Filler* filler) {
  for (const Tower& row : kTowers) {
    if (row.type != type) continue;
    filler->Set("hidden_size", row.hidden);
    filler->Set("intermediate_size", row.intermediate);
    filler->Set("num_hidden_layers", row.layers);
    filler->Set("num_attention_heads", row.heads);
    filler->Set("image_size", row.image);
    filler->Set("patch_size", row.patch);
  }
}

// Nested configs are written as differences from their class (transformers to_diff_dict).
std::optional<Json> FillNested(const Json& given, std::vector<std::string>* remarks) {
  const Json* text = given.Find("text_config");
  if (text == nullptr || !text->is_object()) return std::nullopt;
  const std::string_view outer = TypeOf(given, "");
  const Wrapper* wrapper = nullptr;
  for (const Wrapper& known : kWrappers) {
    if (known.type == outer) wrapper = &known;
  }
  const std::string_view type = TypeOf(*text, wrapper == nullptr ? "" : wrapper->text);
  Filler filled(*text);
  filled.SetText("model_type", type);
  FillText(type, &filled);
  std::string keys = filled.keys();
  const Json* vision = given.Find("vision_config");
  Json config = given;
  if (wrapper != nullptr && vision != nullptr && vision->is_object()) {
    const std::string_view tower = TypeOf(*vision, wrapper->vision);
    Filler seen(*vision);
    seen.SetText("model_type", tower);
    FillTower(tower, &seen);
    if (!seen.keys().empty()) keys += (keys.empty() ? "of the tower: " : "; of the tower: ") + seen.keys();
    config.Set("vision_config", seen.Take());
  }
  if (keys.empty()) return std::nullopt;
  config.Set("text_config", filled.Take());
  remarks->push_back("Left out by the config and taken from its class's defaults: " + keys + ".");
  return config;
}

// Moondream's config.json says little or nothing; its own nested names where it does, the defaults of
// Moondream 3's class, and Moondream 2's text.py (vllm/transformers_utils/configs/moondream3.py;
// vikhyatk/moondream2 config.py).
std::optional<Json> OfMoondream(const Json& given, std::vector<std::string>* remarks) {
  const std::string_view type = TypeOf(given, "");
  const bool third = type == "moondream3";
  if ((!third && type != "moondream1") || given.Has("hidden_size") || given.Has("text_config"))
    return std::nullopt;
  const Json none = Json::MakeObject();
  const auto part = [&none](const Json& object, std::string_view key) -> const Json& {
    const Json* found = object.Find(key);
    return found != nullptr && found->is_object() ? *found : none;
  };
  const Json& inner = part(given, "config");
  const Json& text = part(inner, "text");
  const Json& moe = part(text, "moe");
  Json config = given;
  config.Set("hidden_size", Json(Number(text, "dim", 2048)));
  config.Set("intermediate_size", Json(Number(text, "ff_dim", 8192)));
  config.Set("num_hidden_layers", Json(Number(text, "n_layers", 24)));
  config.Set("num_attention_heads", Json(Number(text, "n_heads", 32)));
  config.Set("num_key_value_heads", Json(Number(text, "n_kv_heads", 32)));
  config.Set("vocab_size", Json(Number(text, "vocab_size", 51200)));
  config.Set("max_position_embeddings", Json(Number(text, "max_context", third ? 4096 : 2048)));
  if (third) {
    config.Set("num_experts", Json(Number(moe, "num_experts", 64)));
    config.Set("num_experts_per_tok", Json(Number(moe, "experts_per_token", 8)));
    config.Set("moe_intermediate_size", Json(Number(moe, "expert_inner_dim", 1024)));
    config.Set("first_k_dense_replace", Json(Number(moe, "start_layer", 4)));
  }
  if (text.members().empty())
    remarks->push_back("The config says nothing of its shapes: they are those of Moondream's own class.");
  return config;
}

// OpenELM's keys (configuration_openelm.py of apple/OpenELM-270M): widths by a factor for each layer, rounded to
// a multiple of ffn_dim_divisor.
std::optional<Json> OfOpenElm(const Json& given) {
  const Json* factors = given.Find("ffn_multipliers");
  const Json* heads = given.Find("num_query_heads");
  if (!given.Has("model_dim") || factors == nullptr || heads == nullptr) return std::nullopt;
  Json config = given;
  Rename(given,
         {{"model_dim", "hidden_size"},
          {"num_transformer_layers", "num_hidden_layers"},
          {"max_context_length", "max_position_embeddings"},
          {"share_input_output_layers", "tie_word_embeddings"}},
         &config);
  int64_t most = 1;
  for (const Json& item : heads->items()) most = std::max(most, item.AsInt().value_or(1));
  config.Set("num_attention_heads", Json(most)).Set("num_key_value_heads", Json(int64_t{1}));
  const int64_t divisor = std::max<int64_t>(1, Number(given, "ffn_dim_divisor", 256));
  const double hidden = static_cast<double>(Number(given, "model_dim", 0));
  Json widths = Json::MakeArray();
  for (const Json& factor : factors->items()) {
    const double exact = std::clamp(factor.AsDouble().value_or(0) * hidden, 0.0, 1e9);
    int64_t width = std::max(divisor, (static_cast<int64_t>(exact) + divisor / 2) / divisor * divisor);
    if (static_cast<double>(width) < 0.9 * exact) width += divisor;
    widths.Append(Json(width));
  }
  config.Set("ffn_intermediate_sizes", std::move(widths));
  return config;
}

// DistilBERT's keys (transformers configuration_distilbert.py).
std::optional<Json> OfDistilBert(const Json& given) {
  if (TypeOf(given, "") != "distilbert" || !given.Has("dim")) return std::nullopt;
  Json config = given;
  Rename(given,
         {{"dim", "hidden_size"},
          {"hidden_dim", "intermediate_size"},
          {"n_layers", "num_hidden_layers"},
          {"n_heads", "num_attention_heads"}},
         &config);
  return config;
}

// A config that gives a model_type and little else means its class's defaults.
std::optional<Json> FillPlain(const Json& given, std::vector<std::string>* remarks) {
  if (given.Has("hidden_size") || given.Has("n_embd") || given.Has("d_model")) return std::nullopt;
  Filler filled(given);
  FillText(TypeOf(given, ""), &filled);
  if (filled.keys().empty()) return std::nullopt;
  remarks->push_back("Left out by the config and taken from its class's defaults: " + filled.keys() + ".");
  return filled.Take();
}

}  // namespace

bool IsParamsJson(const Json& given) {
  return given.is_object() && given.Has("dim") && given.Has("n_layers") && !given.Has("architectures") &&
         !given.Has("hidden_size");
}

std::optional<Json> CompleteConfig(const Json& given, std::vector<std::string>* remarks) {
  if (!given.is_object()) return std::nullopt;
  if (std::optional<Json> distilled = OfDistilBert(given)) return distilled;
  if (IsParamsJson(given)) return OfParams(given, remarks);
  if (std::optional<Json> elm = OfOpenElm(given)) return elm;
  if (std::optional<Json> moondream = OfMoondream(given, remarks)) return moondream;
  if (given.Has("text_config")) return FillNested(given, remarks);
  return FillPlain(given, remarks);
}

}  // namespace plimsoll
