// Families whose layers are attention and a dense MLP. Sources: the configuration and modelling files of
// transformers (src/transformers/models/<model_type>/), which define each key's default.
#include <cmath>

#include "core/arch/architecture_builder.h"

namespace plimsoll {

namespace {

void ReadDenseMlp(Draft& draft, bool bias) {
  draft.base.mlp.intermediate =
      draft.text.Required({"intermediate_size", "ffn_hidden_size"}, 1, kMaxMlpWidth);
  draft.base.mlp.bias = bias;
}

int64_t Window(Draft& draft) { return draft.text.Int("sliding_window", 0, 0, kMaxPositions); }

void FourNorms(Draft& draft) {
  draft.base.norms = 4;
  TensorNames& names = draft.names;
  names.norms[0] = "input_layernorm";
  names.norms[1] = "post_attention_layernorm";
  names.norms[2] = "pre_feedforward_layernorm";
  names.norms[3] = "post_feedforward_layernorm";
  names.ggml_norms[0] = "attn_norm";
  names.ggml_norms[1] = "post_attention_norm";
  names.ggml_norms[2] = "ffn_norm";
  names.ggml_norms[3] = "post_ffw_norm";
}

// Every `period`-th layer is full, the others slide.
std::vector<LayerType> Periodic(Draft& draft, int64_t period) {
  if (draft.text.Has("layer_types")) return draft.LayerTypes();
  std::vector<LayerType> types(static_cast<size_t>(draft.architecture.layers), LayerType::kSliding);
  for (int64_t i = period - 1; i < draft.architecture.layers; i += period) {
    types[static_cast<size_t>(i)] = LayerType::kFull;
  }
  return types;
}

void ReadLlama(Draft& draft) {
  draft.ReadCommon(false);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  ReadDenseMlp(draft, draft.text.Bool("mlp_bias", false));
  draft.AppendByType(draft.LayerTypes(), Window(draft));
}

// Mistral's sliding_window means every layer (7B v0.1), unless layer_types says otherwise.
void ReadMistral(Draft& draft) {
  draft.ReadCommon(false);
  ReadDenseMlp(draft, false);
  std::vector<LayerType> types = draft.LayerTypes();
  if (!draft.text.Has("layer_types")) types.assign(types.size(), LayerType::kSliding);
  draft.AppendByType(types, Window(draft));
}

// Qwen2 and Qwen3 slide only where use_sliding_window is set, from max_window_layers on
// (transformers configuration_qwen2.py).
std::vector<LayerType> QwenTypes(Draft& draft) {
  std::vector<LayerType> types = draft.LayerTypes();
  if (draft.text.Has("layer_types") || !draft.text.Bool("use_sliding_window", false)) return types;
  const int64_t first = draft.text.Int("max_window_layers", 28, 0, kMaxLayers);
  for (int64_t i = first; i < draft.architecture.layers; ++i) {
    types[static_cast<size_t>(i)] = LayerType::kSliding;
  }
  return types;
}

void ReadQwen2(Draft& draft) {
  draft.ReadCommon(false);
  draft.base.attention.qkv_bias = true;
  ReadDenseMlp(draft, false);
  draft.AppendByType(QwenTypes(draft), Window(draft));
}

void ReadQwen2Vl(Draft& draft) {
  draft.multimodal_rope = true;
  ReadQwen2(draft);
}

// Ernie 4.5 without experts: Llama with one bias switch.
void ReadErnieDense(Draft& draft) {
  draft.ReadCommon(true);
  const bool bias = draft.text.Bool("use_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  ReadDenseMlp(draft, bias);
  draft.AppendAll(draft.base);
}

void ReadInternLm3(Draft& draft) {
  draft.ReadCommon(false);
  draft.base.attention.qkv_bias = draft.text.Bool("qkv_bias", false);
  const bool bias = draft.text.Bool("bias", false);
  draft.base.attention.o_bias = bias;
  ReadDenseMlp(draft, bias);
  draft.AppendAll(draft.base);
}

void ReadQwen3(Draft& draft) {
  draft.ReadCommon(false, 128);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  draft.base.attention.qk_norm = QkNorm::kPerHead;
  ReadDenseMlp(draft, false);
  if (draft.root.Has("vision_config")) draft.names.model = "model.language_model.";
  draft.AppendByType(QwenTypes(draft), Window(draft));
}

void ReadPhi3(Draft& draft) {
  draft.ReadCommon(false);
  draft.base.attention.fused_qkv = true;
  draft.base.mlp.fused_gate_up = true;
  draft.partial_rotary_factor = 1;
  ReadDenseMlp(draft, false);
  std::vector<LayerType> types(static_cast<size_t>(draft.architecture.layers), LayerType::kSliding);
  draft.AppendByType(types, Window(draft));
}

void ReadSeedOss(Draft& draft) {
  draft.ReadCommon(false, 128);
  draft.base.attention.qkv_bias = draft.text.Bool("attention_bias", true);
  draft.base.attention.o_bias = draft.text.Bool("attention_out_bias", false);
  ReadDenseMlp(draft, draft.text.Bool("mlp_bias", false));
  draft.AppendAll(draft.base);
}

void ReadSmolLm3(Draft& draft) {
  draft.ReadCommon(true);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  ReadDenseMlp(draft, draft.text.Bool("mlp_bias", false));
  const int64_t interval = draft.text.Int("no_rope_layer_interval", 4, 1, kMaxLayers);
  const std::vector<int64_t> ropes = draft.text.Ints("no_rope_layers", draft.architecture.layers, 0, 1);
  LayerShape without = draft.base;
  without.attention.rope = false;
  for (int64_t i = 0; i < draft.architecture.layers; ++i) {
    const bool rope = ropes.empty() ? (i + 1) % interval != 0 : ropes[static_cast<size_t>(i)] != 0;
    draft.Append(draft.GroupOf(rope ? draft.base : without));
  }
}

void ReadCohere(Draft& draft) {
  draft.ReadCommon(true);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  // A LayerNorm over [heads, head_dim]: as many weights as the projection is wide.
  if (draft.text.Bool("use_qk_norm", false)) draft.base.attention.qk_norm = QkNorm::kFullWidth;
  draft.base.norms = 1;
  ReadDenseMlp(draft, false);
  draft.AppendAll(draft.base);
}

// Sliding layers rotate, full ones have no positions (transformers modeling_cohere2.py).
void ReadCohere2(Draft& draft) {
  draft.ReadCommon(true);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  draft.base.norms = 1;
  ReadDenseMlp(draft, false);
  const int64_t period =
      draft.text.Int({"sliding_window_pattern", "_sliding_window_pattern"}, 4, 1, kMaxLayers);
  LayerShape full = draft.base;
  full.attention.rope = false;
  LayerShape sliding = draft.base;
  sliding.attention.window = draft.text.Int("sliding_window", 4096, 0, kMaxPositions);
  if (sliding.attention.window > 0) sliding.attention.kind = AttentionKind::kSliding;
  for (const LayerType type : Periodic(draft, period)) {
    draft.Append(draft.GroupOf(type == LayerType::kSliding ? sliding : full));
  }
}

void PostNorms(Draft& draft) {
  TensorNames& names = draft.names;
  names.norms[0] = "post_attention_layernorm";
  names.norms[1] = "post_feedforward_layernorm";
  names.ggml_norms[0] = "post_attention_norm";
  names.ggml_norms[1] = "post_ffw_norm";
}

void ReadOlmo2(Draft& draft) {
  draft.ReadCommon(false);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  draft.base.attention.qk_norm = QkNorm::kFullWidth;
  draft.names.whole_qk_norms = true;
  PostNorms(draft);
  ReadDenseMlp(draft, false);
  draft.AppendAll(draft.base);
}

void ReadOlmo3(Draft& draft) {
  draft.ReadCommon(false);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  draft.base.attention.qk_norm = QkNorm::kFullWidth;
  draft.names.whole_qk_norms = true;
  PostNorms(draft);
  ReadDenseMlp(draft, false);
  draft.AppendByType(Periodic(draft, 4), draft.text.Int("sliding_window", 4096, 0, kMaxPositions));
}

void ReadGemma(Draft& draft) {
  draft.ReadCommon(true, 256);
  ReadDenseMlp(draft, false);
  draft.AppendAll(draft.base);
}

void ReadGemma2(Draft& draft) {
  draft.ReadCommon(true, 256);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  FourNorms(draft);
  ReadDenseMlp(draft, false);
  draft.AppendByType(Periodic(draft, 2), draft.text.Int("sliding_window", 4096, 0, kMaxPositions));
}

void ReadGemma3(Draft& draft) {
  // Gemma3TextConfig's own defaults (transformers configuration_gemma3.py).
  draft.ReadCommon(true, 256);
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  draft.base.attention.qk_norm = QkNorm::kPerHead;
  FourNorms(draft);
  ReadDenseMlp(draft, false);
  const int64_t period =
      draft.text.Int({"sliding_window_pattern", "_sliding_window_pattern"}, 6, 1, kMaxLayers);
  draft.AppendByType(Periodic(draft, period), draft.text.Int("sliding_window", 4096, 0, kMaxPositions));
  draft.local_rotary_dim = draft.base.attention.key_dim;
  if (draft.root.json() != draft.text.json()) {
    draft.names.model = "language_model.model.";
    draft.names.head = "language_model.lm_head";
  }
}

// MiniCPM is Llama with its embedding tied.
void ReadMiniCpm(Draft& draft) {
  draft.ReadCommon(true);
  ReadDenseMlp(draft, false);
  draft.AppendAll(draft.base);
}

// GLM-4 of 2024: two norms, biases of q, k and v.
void ReadGlm(Draft& draft) {
  draft.ReadCommon(false, 128);
  draft.base.attention.qkv_bias = draft.text.Bool("attention_bias", true);
  draft.base.mlp.fused_gate_up = true;
  draft.partial_rotary_factor = 0.5;
  ReadDenseMlp(draft, false);
  draft.AppendAll(draft.base);
}

void ReadGlm4(Draft& draft) {
  draft.ReadCommon(false, 128);
  draft.base.attention.qkv_bias = draft.text.Bool("attention_bias", false);
  draft.base.mlp.fused_gate_up = true;
  draft.base.norms = 4;
  TensorNames& names = draft.names;
  names.norms[0] = "input_layernorm";
  names.norms[1] = "post_self_attn_layernorm";
  names.norms[2] = "post_attention_layernorm";
  names.norms[3] = "post_mlp_layernorm";
  names.ggml_norms[0] = "attn_norm";
  names.ggml_norms[1] = "post_attention_norm";
  names.ggml_norms[2] = "ffn_norm";
  names.ggml_norms[3] = "post_ffw_norm";
  draft.partial_rotary_factor = 0.5;
  ReadDenseMlp(draft, false);
  draft.AppendAll(draft.base);
}

void ReadStarcoder2(Draft& draft) {
  draft.ReadCommon(true);
  const bool bias = draft.text.Bool("use_bias", true);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  draft.base.norm_bias = true;
  draft.base.mlp.gated = false;
  draft.names.up = "c_fc";
  draft.names.down = "c_proj";
  ReadDenseMlp(draft, bias);
  std::vector<LayerType> types(static_cast<size_t>(draft.architecture.layers), LayerType::kSliding);
  draft.AppendByType(types, Window(draft));
}

// Falcon: fused qkv; the new decoder has two LayerNorms side by side, the old one a single one
// (transformers modeling_falcon.py).
void ReadFalcon(Draft& draft) {
  draft.ReadCommon(true);
  Attention& attention = draft.base.attention;
  const bool renewed = draft.text.Bool("new_decoder_architecture", false);
  if (!renewed) {
    attention.kv_heads = draft.text.Bool("multi_query", true) ? 1 : attention.heads;
  }
  const bool bias = draft.text.Bool("bias", false);
  attention.qkv_bias = bias;
  attention.o_bias = bias;
  attention.fused_qkv = true;
  attention.rope = !draft.text.Bool("alibi", false);
  draft.base.norm_bias = true;
  draft.base.mlp.gated = false;
  draft.base.mlp.bias = bias;
  draft.base.mlp.intermediate =
      draft.text.Int("ffn_hidden_size", 4 * draft.architecture.hidden, 1, kMaxMlpWidth);

  TensorNames& names = draft.names;
  names.model = "transformer.";
  names.layer = "h.{}.";
  names.embedding = "word_embeddings";
  names.final_norm = "ln_f";
  names.attention = "self_attention.";
  names.qkv = "query_key_value";
  names.o = "dense";
  names.up = "dense_h_to_4h";
  names.down = "dense_4h_to_h";
  const bool parallel = draft.text.Bool("parallel_attn", true);
  const int64_t norms = renewed ? draft.text.Int("num_ln_in_parallel_attn", 2, 1, 2) : (parallel ? 1 : 2);
  draft.base.norms = static_cast<int32_t>(norms);
  if (renewed && norms == 2) {
    names.norms[0] = "ln_attn";
    names.norms[1] = "ln_mlp";
    names.ggml_norms[0] = "attn_norm_2";
    names.ggml_norms[1] = "attn_norm";
  }
  draft.AppendAll(draft.base);
}

// Nemotron-NAS: each layer has its own number of KV heads and MLP width, or leaves one of them out
// (modeling_decilm.py of nvidia/Llama-3_3-Nemotron-Super-49B-v1).
void ReadDeciLm(Draft& draft) {
  draft.ReadCommon(false);
  const Json* blocks = draft.text.Find("block_configs");
  if (blocks == nullptr || !blocks->is_array() ||
      static_cast<int64_t>(blocks->items().size()) != draft.architecture.layers) {
    draft.text.Refuse("block_configs", "an array of num_hidden_layers objects");
    return;
  }
  const bool bias = draft.text.Bool("attention_bias", false);
  draft.base.attention.qkv_bias = bias;
  draft.base.attention.o_bias = bias;
  draft.base.mlp.bias = draft.text.Bool("mlp_bias", false);
  std::optional<Error> error;
  int64_t index = 0;
  for (const Json& block : blocks->items()) {
    const std::string where = draft.text.where() + ".block_configs[" + std::to_string(index++) + "]";
    ConfigReader reader(&block, where, &error);
    ConfigReader attention = reader.Object("attention");
    ConfigReader ffn = reader.Object("ffn");
    for (ConfigReader* part : {&attention, &ffn}) {
      if (part->Bool("replace_with_linear", false)) part->Refuse("replace_with_linear", "false");
    }
    LayerShape shape = draft.base;
    shape.norms = 2;
    if (attention.Bool("no_op", false)) {
      shape.attention = Attention{};
      --shape.norms;
    } else {
      const int64_t per_group = attention.Int("n_heads_in_group", 1, 1, shape.attention.heads);
      if (shape.attention.heads % per_group != 0) {
        attention.Refuse("n_heads_in_group", "a divisor of num_attention_heads");
      }
      shape.attention.kv_heads = shape.attention.heads / per_group;
      if (const int64_t window = attention.Int("window_length", 0, 0, kMaxPositions); window > 0) {
        shape.attention.kind = AttentionKind::kSliding;
        shape.attention.window = window;
      }
    }
    if (ffn.Bool("no_op", false)) {
      shape.mlp = Mlp{};
      --shape.norms;
    } else if (ffn.Has("intermediate_size")) {
      shape.mlp.intermediate = ffn.Int("intermediate_size", 1, 1, kMaxMlpWidth);
    } else {
      // find_multiple(int(2 * ffn_mult * hidden / 3), 256)
      const double multiple = ffn.Number("ffn_mult", 0, 0.001, 64);
      const double width = 2 * multiple * static_cast<double>(draft.architecture.hidden) / 3;
      shape.mlp.intermediate = (static_cast<int64_t>(width) + 255) / 256 * 256;
      if (!ffn.Has("ffn_mult")) ffn.Refuse("ffn_mult", "a number");
    }
    if (error.has_value()) break;
    draft.Append(draft.GroupOf(shape));
  }
  if (error.has_value()) draft.Fail(*error);
}

// A tower in front of another family's decoder: LLaVA-NeXT, Mistral 3.
void ReadLlava(Draft& draft) {
  const std::string_view type = draft.text.Text("model_type", "mistral");
  draft.names.model = "language_model.model.";
  draft.names.head = "language_model.lm_head";
  if (type == "mistral" || type == "ministral3" || type == "ministral") return ReadMistral(draft);
  if (type == "llama") return ReadLlama(draft);
  if (type == "qwen2") return ReadQwen2(draft);
  if (type == "qwen3") return ReadQwen3(draft);
  draft.text.Refuse("model_type", "mistral, ministral3, llama, qwen2, qwen3");
}

// Gemma 4: sliding layers with head_dim, full layers with global_head_dim whose keys may also be the values;
// the last num_kv_shared_layers keep no cache of their own; experts beside the MLP; a second embedding per
// layer in the small models (transformers modeling_gemma4.py).
class Gemma4Reader {
 public:
  explicit Gemma4Reader(Draft& draft) : draft_(draft) {}

  void Read() {
    draft_.ReadCommon(true, 256);
    ConfigReader& text = draft_.text;
    Attention& attention = draft_.base.attention;
    const bool bias = text.Bool("attention_bias", false);
    attention.qkv_bias = bias;
    attention.o_bias = bias;
    attention.qk_norm = QkNorm::kPerHead;
    FourNorms(draft_);
    ReadDenseMlp(draft_, false);
    draft_.base.layer_scalar = true;
    draft_.base.per_layer_input = text.Int("hidden_size_per_layer_input", 0, 0, kMaxWidth);
    draft_.per_layer_vocab = text.Int("vocab_size_per_layer_input", draft_.architecture.vocab, 1, kMaxVocab);
    if (text.Bool("enable_moe_block", false)) ReadExperts();
    ReadGlobal();
    if (draft_.root.json() != text.json()) draft_.names.model = "model.language_model.";
    AppendLayers();
  }

 private:
  void ReadExperts() {
    ConfigReader& text = draft_.text;
    Mlp& mlp = draft_.base.mlp;
    mlp.kind = MlpKind::kMoe;
    mlp.dense_beside = true;
    mlp.experts = text.Required("num_experts", 1, kMaxHeads);
    mlp.experts_per_token = text.Required("top_k_experts", 1, mlp.experts);
    mlp.expert_intermediate =
        text.Required({"moe_intermediate_size", "expert_intermediate_size"}, 1, kMaxMlpWidth);
    mlp.expert_hidden = draft_.architecture.hidden;
    mlp.fused_gate_up = true;
    TensorNames& names = draft_.names;
    names.moe = "";
    names.router = "router.proj";
    names.stacked_experts = true;
    draft_.base.norms = 7;
    names.norms[4] = "pre_feedforward_layernorm_2";
    names.norms[5] = "post_feedforward_layernorm_1";
    names.norms[6] = "post_feedforward_layernorm_2";
    names.ggml_norms[4] = "pre_ffw_norm_2";
    names.ggml_norms[5] = "post_ffw_norm_1";
    names.ggml_norms[6] = "post_ffw_norm_2";
  }

  void ReadGlobal() {
    ConfigReader& text = draft_.text;
    global_ = draft_.base.attention;
    global_.key_dim = text.Int("global_head_dim", global_.key_dim, 1, kMaxHeadDim);
    global_.value_dim = global_.key_dim;
    draft_.global_head_dim = global_.key_dim;
    global_.key_is_value = text.Bool("attention_k_eq_v", false);
    if (!global_.key_is_value) return;
    global_.kv_heads = text.Int("num_global_key_value_heads", global_.kv_heads, 1, kMaxHeads);
    if (!draft_.failed() && global_.heads % global_.kv_heads != 0) {
      text.Refuse("num_global_key_value_heads", "a divisor of num_attention_heads");
    }
  }

  void AppendLayers() {
    ConfigReader& text = draft_.text;
    const int64_t layers = draft_.architecture.layers;
    const int64_t sharing = text.Int("num_kv_shared_layers", 0, 0, layers);
    const bool wide = text.Bool("use_double_wide_mlp", false);
    const int64_t window = text.Int("sliding_window", 512, 0, kMaxPositions);
    const std::vector<LayerType> types = Periodic(draft_, 6);
    for (int64_t i = 0; i < layers; ++i) {
      LayerShape shape = draft_.base;
      if (types[static_cast<size_t>(i)] == LayerType::kFull) {
        shape.attention = global_;
      } else if (window > 0) {
        shape.attention.kind = AttentionKind::kSliding;
        shape.attention.window = window;
      }
      if (sharing > 0 && i >= layers - sharing) {
        shape.attention.shares_kv = true;
        if (wide) shape.mlp.intermediate *= 2;
      }
      draft_.Append(draft_.GroupOf(shape));
    }
  }

  Draft& draft_;
  Attention global_;
};

void ReadGemma4(Draft& draft) { Gemma4Reader(draft).Read(); }

// Gemma 3n: widths may differ from layer to layer (MatFormer), AltUp predicts several residual streams, the
// last num_kv_shared_layers read earlier caches but hold their own projections. The towers are not described
// by the config (transformers modeling_gemma3n.py).
void ReadGemma3n(Draft& draft) {
  draft.ReadCommon(true, 256);
  ConfigReader& text = draft.text;
  draft.base.attention.qk_norm = QkNorm::kPerHead;
  FourNorms(draft);
  const int64_t layers = draft.architecture.layers;
  const std::vector<int64_t> widths = text.Ints("intermediate_size", layers, 1, kMaxMlpWidth);
  if (widths.empty()) text.Refuse("intermediate_size", "a number, or one for each layer");
  draft.base.altup = text.Int("altup_num_inputs", 4, 1, 64);
  draft.base.laurel_rank = text.Int("laurel_rank", 64, 0, kMaxWidth);
  draft.base.per_layer_input = text.Int("hidden_size_per_layer_input", 256, 0, kMaxWidth);
  draft.per_layer_vocab = text.Int("vocab_size_per_layer_input", 262144, 1, kMaxVocab);
  const int64_t sharing = text.Int("num_kv_shared_layers", 15, 0, layers);
  const int64_t window = text.Int("sliding_window", 512, 0, kMaxPositions);
  draft.local_rotary_dim = draft.base.attention.key_dim;
  if (draft.root.json() != text.json()) {
    draft.names.model = "model.language_model.";
    draft.Remark("The config does not describe the vision and audio towers of Gemma 3n: they are left out.");
  }
  const std::vector<LayerType> types = Periodic(draft, 5);
  for (int64_t i = 0; i < layers && !draft.failed(); ++i) {
    LayerShape shape = draft.base;
    shape.mlp.intermediate = widths[static_cast<size_t>(i)];
    if (types[static_cast<size_t>(i)] != LayerType::kFull && window > 0) {
      shape.attention.kind = AttentionKind::kSliding;
      shape.attention.window = window;
    }
    shape.attention.shares_kv = shape.attention.stores_kv = i >= layers - sharing;
    draft.Append(draft.GroupOf(shape));
  }
}

// EXAONE 4: norms behind attention and MLP, and over heads; full layers without positions.
void ReadExaone4(Draft& draft) {
  draft.ReadCommon(false);
  draft.base.attention.qk_norm = QkNorm::kPerHead;
  PostNorms(draft);
  ReadDenseMlp(draft, false);
  draft.AppendByType(Periodic(draft, 4), Window(draft));
}

// Hunyuan without experts: Llama with norms over heads.
void ReadHunYuanDense(Draft& draft) {
  draft.base.attention.qk_norm = QkNorm::kPerHead;
  draft.names.q_norm = "query_layernorm";
  draft.names.k_norm = "key_layernorm";
  ReadLlama(draft);
}

constexpr Family kFamilies[] = {
    {"LlamaForCausalLM", ReadLlama},
    {"GraniteForCausalLM", ReadLlama},
    {"MistralForCausalLM", ReadMistral},
    {"Ministral3ForCausalLM", ReadMistral},
    {"Mistral3ForConditionalGeneration", ReadLlava},
    {"LlavaForConditionalGeneration", ReadLlava},
    {"LlavaNextForConditionalGeneration", ReadLlava},
    {"Qwen2ForCausalLM", ReadQwen2},
    {"Qwen2VLForConditionalGeneration", ReadQwen2Vl},
    {"Qwen2_5_VLForConditionalGeneration", ReadQwen2Vl},
    {"Ernie4_5ForCausalLM", ReadErnieDense},
    {"InternLM3ForCausalLM", ReadInternLm3},
    {"Qwen3ForCausalLM", ReadQwen3},
    {"Qwen3VLForConditionalGeneration", ReadQwen3},
    {"Phi3ForCausalLM", ReadPhi3},
    {"SeedOssForCausalLM", ReadSeedOss},
    {"SmolLM3ForCausalLM", ReadSmolLm3},
    {"CohereForCausalLM", ReadCohere},
    {"Cohere2ForCausalLM", ReadCohere2},
    {"Olmo2ForCausalLM", ReadOlmo2},
    {"Olmo3ForCausalLM", ReadOlmo3},
    {"GemmaForCausalLM", ReadGemma},
    {"Gemma2ForCausalLM", ReadGemma2},
    {"Gemma3ForCausalLM", ReadGemma3},
    {"Gemma3ForConditionalGeneration", ReadGemma3},
    {"Gemma4ForCausalLM", ReadGemma4},
    {"Gemma4ForConditionalGeneration", ReadGemma4},
    {"MiniCPMForCausalLM", ReadMiniCpm},
    {"GlmForCausalLM", ReadGlm},
    {"Glm4ForCausalLM", ReadGlm4},
    {"Starcoder2ForCausalLM", ReadStarcoder2},
    {"FalconForCausalLM", ReadFalcon},
    {"DeciLMForCausalLM", ReadDeciLm},
    {"Gemma3nForCausalLM", ReadGemma3n},
    {"Gemma3nForConditionalGeneration", ReadGemma3n},
    {"Exaone4ForCausalLM", ReadExaone4},
    {"HunYuanDenseV1ForCausalLM", ReadHunYuanDense},
};

}  // namespace

const Family* FindDenseFamily(std::string_view name) {
  for (const Family& family : kFamilies) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

}  // namespace plimsoll
