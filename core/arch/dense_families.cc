// Families whose layers are attention and a dense MLP. Sources: the configuration and modelling files of
// transformers (src/transformers/models/<model_type>/), which define each key's default.
#include "core/arch/dense_families.h"

#include <cmath>

#include "core/arch/audio_tower.h"
#include "core/arch/vision_tower.h"

namespace plimsoll {

namespace {

void ReadDenseMlp(ArchitectureBuilder& builder, bool bias) {
  builder.base.mlp.intermediate =
      builder.text.Required({"intermediate_size", "ffn_hidden_size"}, 1, kMaxMlpWidth);
  builder.base.mlp.bias = bias;
}

int64_t Window(ArchitectureBuilder& builder) {
  return builder.text.Int("sliding_window", 0, 0, kMaxPositions);
}

void FourNorms(ArchitectureBuilder& builder) {
  builder.base.norms = 4;
  TensorNames& names = builder.names;
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
std::vector<LayerType> Periodic(ArchitectureBuilder& builder, int64_t period) {
  if (builder.text.Has("layer_types")) return builder.LayerTypes();
  std::vector<LayerType> types(static_cast<size_t>(builder.architecture.layers), LayerType::kSliding);
  for (int64_t i = period - 1; i < builder.architecture.layers; i += period) {
    types[static_cast<size_t>(i)] = LayerType::kFull;
  }
  return types;
}

void ReadLlama(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  ReadDenseMlp(builder, builder.text.Bool("mlp_bias", false));
  builder.AppendByType(builder.LayerTypes(), Window(builder));
}

// Mistral's sliding_window means every layer (7B v0.1), unless layer_types says otherwise.
void ReadMistral(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadDenseMlp(builder, false);
  std::vector<LayerType> types = builder.LayerTypes();
  if (!builder.text.Has("layer_types")) types.assign(types.size(), LayerType::kSliding);
  builder.AppendByType(types, Window(builder));
}

// Qwen2 and Qwen3 slide only where use_sliding_window is set, from max_window_layers on
// (transformers configuration_qwen2.py).
std::vector<LayerType> QwenTypes(ArchitectureBuilder& builder) {
  std::vector<LayerType> types = builder.LayerTypes();
  if (builder.text.Has("layer_types") || !builder.text.Bool("use_sliding_window", false)) return types;
  const int64_t first = builder.text.Int("max_window_layers", 28, 0, kMaxLayers);
  for (int64_t i = first; i < builder.architecture.layers; ++i) {
    types[static_cast<size_t>(i)] = LayerType::kSliding;
  }
  return types;
}

void ReadQwen2(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  builder.base.attention.qkv_bias = true;
  ReadDenseMlp(builder, false);
  builder.AppendByType(QwenTypes(builder), Window(builder));
}

void ReadQwen2Vl(ArchitectureBuilder& builder) {
  builder.multimodal_rope = true;
  ReadQwen2(builder);
}

// Ernie 4.5 without experts: Llama with one bias switch.
void ReadErnieDense(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  const bool bias = builder.text.Bool("use_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  ReadDenseMlp(builder, bias);
  builder.AppendAll(builder.base);
}

void ReadInternLm3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  builder.base.attention.qkv_bias = builder.text.Bool("qkv_bias", false);
  const bool bias = builder.text.Bool("bias", false);
  builder.base.attention.o_bias = bias;
  ReadDenseMlp(builder, bias);
  builder.AppendAll(builder.base);
}

void ReadQwen3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  ReadDenseMlp(builder, false);
  if (builder.root.Has("vision_config")) builder.names.model = "model.language_model.";
  builder.AppendByType(QwenTypes(builder), Window(builder));
}

void ReadPhi3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  builder.base.attention.fused_qkv = true;
  builder.base.mlp.fused_gate_up = true;
  builder.partial_rotary_factor = 1;
  ReadDenseMlp(builder, false);
  std::vector<LayerType> types(static_cast<size_t>(builder.architecture.layers), LayerType::kSliding);
  builder.AppendByType(types, Window(builder));
}

// Phi-3-small: biases and norms with biases, a gated MLP in one tensor, embeddings shared with the head; layers whose
// attention looks at blocks alone keep all of the cache (modeling_phi3_small.py of microsoft/Phi-3-small-8k-instruct,
// vllm/model_executor/models/phi3_small.py).
void ReadPhi3Small(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  Attention& attention = builder.base.attention;
  attention.qkv_bias = attention.o_bias = true;
  attention.fused_qkv = true;
  builder.base.norm_bias = true;
  builder.base.mlp.gated = true;
  builder.base.mlp.bias = true;
  builder.base.mlp.fused_gate_up = true;
  builder.base.mlp.intermediate =
      builder.text.Required({"ff_intermediate_size", "intermediate_size"}, 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

void ReadSeedOss(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  builder.base.attention.qkv_bias = builder.text.Bool("attention_bias", true);
  builder.base.attention.o_bias = builder.text.Bool("attention_out_bias", false);
  ReadDenseMlp(builder, builder.text.Bool("mlp_bias", false));
  builder.AppendAll(builder.base);
}

void ReadSmolLm3(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  ReadDenseMlp(builder, builder.text.Bool("mlp_bias", false));
  const int64_t interval = builder.text.Int("no_rope_layer_interval", 4, 1, kMaxLayers);
  const std::vector<int64_t> ropes = builder.text.Ints("no_rope_layers", builder.architecture.layers, 0, 1);
  LayerShape without = builder.base;
  without.attention.rope = false;
  for (int64_t i = 0; i < builder.architecture.layers; ++i) {
    const bool rope = ropes.empty() ? (i + 1) % interval != 0 : ropes[static_cast<size_t>(i)] != 0;
    builder.Append(builder.GroupOf(rope ? builder.base : without));
  }
}

void ReadCohere(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  // A LayerNorm over [heads, head_dim]: as many weights as the projection is wide.
  if (builder.text.Bool("use_qk_norm", false)) builder.base.attention.qk_norm = QkNorm::kFullWidth;
  builder.base.norms = 1;
  ReadDenseMlp(builder, false);
  builder.AppendAll(builder.base);
}

// Sliding layers rotate, full ones have no positions (transformers modeling_cohere2.py).
void ReadCohere2(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.norms = 1;
  ReadDenseMlp(builder, false);
  const int64_t period =
      builder.text.Int({"sliding_window_pattern", "_sliding_window_pattern"}, 4, 1, kMaxLayers);
  LayerShape full = builder.base;
  full.attention.rope = false;
  LayerShape sliding = builder.base;
  sliding.attention.window = builder.text.Int("sliding_window", 4096, 0, kMaxPositions);
  if (sliding.attention.window > 0) sliding.attention.kind = AttentionKind::kSliding;
  for (const LayerType type : Periodic(builder, period)) {
    builder.Append(builder.GroupOf(type == LayerType::kSliding ? sliding : full));
  }
}

void PostNorms(ArchitectureBuilder& builder) {
  TensorNames& names = builder.names;
  names.norms[0] = "post_attention_layernorm";
  names.norms[1] = "post_feedforward_layernorm";
  names.ggml_norms[0] = "post_attention_norm";
  names.ggml_norms[1] = "post_ffw_norm";
}

void ReadOlmo2(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.attention.qk_norm = QkNorm::kFullWidth;
  builder.names.whole_qk_norms = true;
  PostNorms(builder);
  ReadDenseMlp(builder, false);
  builder.AppendAll(builder.base);
}

void ReadOlmo3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.attention.qk_norm = QkNorm::kFullWidth;
  builder.names.whole_qk_norms = true;
  PostNorms(builder);
  ReadDenseMlp(builder, false);
  builder.AppendByType(Periodic(builder, 4), builder.text.Int("sliding_window", 4096, 0, kMaxPositions));
}

void ReadGemma(ArchitectureBuilder& builder) {
  builder.ReadCommon(true, 256);
  ReadDenseMlp(builder, false);
  builder.AppendAll(builder.base);
}

// VaultGemma is Gemma 2 with norms in front of a layer's halves alone (modeling_vaultgemma.py).
void ReadGemma2(ArchitectureBuilder& builder) {
  builder.ReadCommon(true, 256);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  if (builder.architecture.name == "VaultGemmaForCausalLM") {
    builder.names.norms[1] = "pre_feedforward_layernorm";
  } else {
    FourNorms(builder);
  }
  ReadDenseMlp(builder, false);
  builder.AppendByType(Periodic(builder, 2), builder.text.Int("sliding_window", 4096, 0, kMaxPositions));
}

void ReadGemma3(ArchitectureBuilder& builder) {
  // Gemma3TextConfig's own defaults (transformers configuration_gemma3.py).
  builder.ReadCommon(true, 256);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  FourNorms(builder);
  ReadDenseMlp(builder, false);
  const int64_t period =
      builder.text.Int({"sliding_window_pattern", "_sliding_window_pattern"}, 6, 1, kMaxLayers);
  builder.AppendByType(Periodic(builder, period), builder.text.Int("sliding_window", 4096, 0, kMaxPositions));
  builder.local_rotary_dim = builder.base.attention.key_dim;
  if (builder.root.json() != builder.text.json()) {
    builder.names.model = "language_model.model.";
    builder.names.head = "language_model.lm_head";
  }
}

// Rnj-1: Gemma 3's layers, each attending as layer_types says (vllm/model_executor/models/rnj1.py).
void ReadRnj1(ArchitectureBuilder& builder) {
  builder.ReadCommon(true, 256);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  FourNorms(builder);
  ReadDenseMlp(builder, false);
  builder.AppendByType(builder.LayerTypes(), Window(builder));
}

// PLaMo 3: four norms, norms over heads; sliding layers by a list of windows, or a period
// (vllm/model_executor/models/plamo3.py).
void ReadPlamo3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.qk_norm = QkNorm::kPerHead;
  attention.fused_qkv = true;
  builder.base.mlp.fused_gate_up = true;
  FourNorms(builder);
  ReadDenseMlp(builder, false);
  TensorNames& names = builder.names;
  names.layer = "layers.layers.{}.";
  names.attention = "mixer.";
  names.norms[0] = "pre_mixer_norm";
  names.norms[1] = "post_mixer_norm";
  names.norms[2] = "pre_mlp_norm";
  names.norms[3] = "post_mlp_norm";
  builder.rope_tables = text.Has("rope_local_theta") ? 2 : 1;
  const Json* given = text.Find("interleaved_sliding_window");
  if (given == nullptr) {
    given = text.Find("sliding_window");
    if (given != nullptr && !given->is_array()) given = nullptr;
  }
  const int64_t layers = builder.architecture.layers;
  if (given == nullptr) {
    const int64_t period = text.Int({"sliding_window_pattern", "_sliding_window_pattern"},
                                    text.Has("layer_types") ? 1 : 8, 1, kMaxLayers);
    return builder.AppendByType(Periodic(builder, period), Window(builder));
  }
  text.Inert({"sliding_window", "sliding_window_pattern", "layer_types"});
  if (static_cast<int64_t>(given->items().size()) != layers)
    return text.Refuse("interleaved_sliding_window", "a window or null for each layer");
  for (const Json& item : given->items()) {
    LayerShape shape = builder.base;
    shape.attention.window = item.is_null() ? 0 : item.AsInt().value_or(-1);
    if (shape.attention.window < 0 || shape.attention.window > kMaxPositions)
      return text.Refuse("interleaved_sliding_window", "a window or null for each layer");
    if (shape.attention.window > 0) shape.attention.kind = AttentionKind::kSliding;
    builder.Append(builder.GroupOf(shape));
  }
}

// MiniCPM is Llama with its embedding tied; with num_experts every layer has experts as wide as the dense MLP
// (modeling_minicpm.py of openbmb/MiniCPM-MoE-8x2B).
void ReadMiniCpm(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ReadDenseMlp(builder, false);
  if (const int64_t experts = builder.text.Int("num_experts", 0, 0, kMaxHeads); experts > 1) {
    Mlp& mlp = builder.base.mlp;
    mlp.kind = MlpKind::kMoe;
    mlp.experts = experts;
    mlp.experts_per_token = builder.text.Int("num_experts_per_tok", 2, 1, experts);
    mlp.expert_intermediate = mlp.intermediate;
    mlp.expert_hidden = builder.architecture.hidden;
    TensorNames& names = builder.names;
    names.expert_gate = "w1";
    names.expert_up = "w3";
    names.expert_down = "w2";
  }
  builder.AppendAll(builder.base);
}

// GLM-4 of 2024: two norms, biases of q, k and v.
void ReadGlm(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  builder.base.attention.qkv_bias = builder.text.Bool("attention_bias", true);
  builder.base.mlp.fused_gate_up = true;
  builder.partial_rotary_factor = 0.5;
  ReadDenseMlp(builder, false);
  builder.AppendAll(builder.base);
}

void ReadGlm4(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  builder.base.attention.qkv_bias = builder.text.Bool("attention_bias", false);
  builder.base.mlp.fused_gate_up = true;
  FourNorms(builder);
  TensorNames& names = builder.names;
  names.norms[1] = "post_self_attn_layernorm";
  names.norms[2] = "post_attention_layernorm";
  names.norms[3] = "post_mlp_layernorm";
  builder.partial_rotary_factor = 0.5;
  ReadDenseMlp(builder, false);
  builder.AppendAll(builder.base);
}

void ReadStarcoder2(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  const bool bias = builder.text.Bool("use_bias", true);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.norm_bias = true;
  builder.base.mlp.gated = false;
  builder.names.up = "c_fc";
  builder.names.down = "c_proj";
  ReadDenseMlp(builder, bias);
  std::vector<LayerType> types(static_cast<size_t>(builder.architecture.layers), LayerType::kSliding);
  builder.AppendByType(types, Window(builder));
}

// Falcon: fused qkv; the new decoder has two LayerNorms side by side, the old one a single one
// (transformers modeling_falcon.py).
void ReadFalcon(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  Attention& attention = builder.base.attention;
  const bool renewed = builder.text.Bool("new_decoder_architecture", false);
  // The renewed decoder's published configs still say multi_query, which it does not look at.
  const bool one_head = builder.text.Bool("multi_query", true);
  if (!renewed) attention.kv_heads = one_head ? 1 : attention.heads;
  const bool bias = builder.text.Bool("bias", false);
  attention.qkv_bias = bias;
  attention.o_bias = bias;
  attention.fused_qkv = true;
  attention.rope = !builder.text.Bool("alibi", false);
  builder.base.norm_bias = true;
  builder.base.mlp.gated = false;
  builder.base.mlp.bias = bias;
  builder.base.mlp.intermediate =
      builder.text.Int("ffn_hidden_size", 4 * builder.architecture.hidden, 1, kMaxMlpWidth);

  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.layer = "h.{}.";
  names.embedding = "word_embeddings";
  names.final_norm = "ln_f";
  names.attention = "self_attention.";
  names.qkv = "query_key_value";
  names.o = "dense";
  names.up = "dense_h_to_4h";
  names.down = "dense_4h_to_h";
  const bool parallel = builder.text.Bool("parallel_attn", true);
  const int64_t norms = renewed ? builder.text.Int("num_ln_in_parallel_attn", 2, 1, 2) : (parallel ? 1 : 2);
  builder.base.norms = static_cast<int32_t>(norms);
  if (renewed && norms == 2) {
    names.norms[0] = "ln_attn";
    names.norms[1] = "ln_mlp";
    names.ggml_norms[0] = "attn_norm_2";
    names.ggml_norms[1] = "attn_norm";
  }
  builder.AppendAll(builder.base);
}

// DeciLM-7B of 2023: Llama with a number of KV heads of its own in each layer (modeling_decilm.py of Deci/DeciLM-7B).
void ReadFirstDeci(ArchitectureBuilder& builder) {
  const int64_t layers = builder.architecture.layers, heads = builder.base.attention.heads;
  ReadDenseMlp(builder, false);
  for (const int64_t kv : builder.text.Ints("num_key_value_heads_per_layer", layers, 1, heads)) {
    if (heads % kv != 0)
      return builder.text.Refuse("num_key_value_heads_per_layer", "divisors of num_attention_heads");
    LayerShape shape = builder.base;
    shape.attention.kv_heads = kv;
    builder.Append(builder.GroupOf(shape));
  }
}

// Nemotron-NAS: each layer has its own number of KV heads and MLP width, or leaves one of them out
// (modeling_decilm.py of nvidia/Llama-3_3-Nemotron-Super-49B-v1).
void ReadDeciLm(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  if (builder.text.Has("num_key_value_heads_per_layer")) return ReadFirstDeci(builder);
  const Json* blocks = builder.text.Find("block_configs");
  if (blocks == nullptr || !blocks->is_array() ||
      static_cast<int64_t>(blocks->items().size()) != builder.architecture.layers) {
    builder.text.Refuse("block_configs", "an array of num_hidden_layers objects");
    return;
  }
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.mlp.bias = builder.text.Bool("mlp_bias", false);
  std::optional<Error> error;
  int64_t index = 0;
  for (const Json& block : blocks->items()) {
    const std::string where = builder.text.where() + ".block_configs[" + std::to_string(index++) + "]";
    ConfigReader reader(&block, where, &error);
    ConfigReader attention = reader.Object("attention");
    ConfigReader ffn = reader.Object("ffn");
    for (ConfigReader* part : {&attention, &ffn}) {
      if (part->Bool("replace_with_linear", false)) part->Refuse("replace_with_linear", "false");
    }
    LayerShape shape = builder.base;
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
      const double width = 2 * multiple * static_cast<double>(builder.architecture.hidden) / 3;
      shape.mlp.intermediate = (static_cast<int64_t>(width) + 255) / 256 * 256;
      if (!ffn.Has("ffn_mult")) ffn.Refuse("ffn_mult", "a number");
    }
    if (error.has_value()) break;
    builder.Append(builder.GroupOf(shape));
  }
  if (error.has_value()) builder.Fail(*error);
}

// A tower in front of another family's decoder: LLaVA-NeXT, Mistral 3.
void ReadLlava(ArchitectureBuilder& builder) {
  const std::string_view type = builder.text.Text("model_type", "mistral");
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  if (type == "mistral" || type == "ministral3" || type == "ministral") return ReadMistral(builder);
  if (type == "llama") return ReadLlama(builder);
  if (type == "qwen2") return ReadQwen2(builder);
  if (type == "qwen3") return ReadQwen3(builder);
  builder.text.Refuse("model_type", "mistral, ministral3, llama, qwen2, qwen3");
}

// Gemma 4: sliding layers with head_dim, full layers with global_head_dim whose keys may also be the values;
// the last num_kv_shared_layers keep no cache of their own, but hold keys and values all the same; experts
// beside the MLP; a second embedding per layer in the small models (transformers modeling_gemma4.py).
class Gemma4Reader {
 public:
  explicit Gemma4Reader(ArchitectureBuilder& builder) : builder_(builder) {}

  void Read() {
    builder_.ReadCommon(true, 256);
    ConfigReader& text = builder_.text;
    Attention& attention = builder_.base.attention;
    const bool bias = text.Bool("attention_bias", false);
    attention.qkv_bias = bias;
    attention.o_bias = bias;
    attention.qk_norm = QkNorm::kPerHead;
    FourNorms(builder_);
    ReadDenseMlp(builder_, false);
    builder_.base.layer_scalar = true;
    builder_.base.per_layer_input = text.Int("hidden_size_per_layer_input", 0, 0, kMaxWidth);
    builder_.per_layer_vocab =
        text.Int("vocab_size_per_layer_input", builder_.architecture.vocab, 1, kMaxVocab);
    if (text.Bool("enable_moe_block", false)) ReadExperts();
    ReadGlobal();
    if (builder_.root.json() != text.json()) builder_.names.model = "model.language_model.";
    AppendLayers();
  }

 private:
  void ReadExperts() {
    ConfigReader& text = builder_.text;
    Mlp& mlp = builder_.base.mlp;
    mlp.kind = MlpKind::kMoe;
    mlp.dense_beside = true;
    mlp.scaled_router = true;
    mlp.experts = text.Required("num_experts", 1, kMaxHeads);
    mlp.experts_per_token = text.Required("top_k_experts", 1, mlp.experts);
    mlp.expert_intermediate =
        text.Required({"moe_intermediate_size", "expert_intermediate_size"}, 1, kMaxMlpWidth);
    mlp.expert_hidden = builder_.architecture.hidden;
    mlp.fused_gate_up = true;
    TensorNames& names = builder_.names;
    names.moe = "";
    names.router = "router.proj";
    names.stacked_experts = true;
    builder_.base.norms = 7;
    names.norms[4] = "pre_feedforward_layernorm_2";
    names.norms[5] = "post_feedforward_layernorm_1";
    names.norms[6] = "post_feedforward_layernorm_2";
    names.ggml_norms[4] = "pre_ffw_norm_2";
    names.ggml_norms[5] = "post_ffw_norm_1";
    names.ggml_norms[6] = "post_ffw_norm_2";
  }

  void ReadGlobal() {
    ConfigReader& text = builder_.text;
    global_ = builder_.base.attention;
    global_.key_dim = text.Int("global_head_dim", global_.key_dim, 1, kMaxHeadDim);
    global_.value_dim = global_.key_dim;
    builder_.global_head_dim = global_.key_dim;
    global_.key_is_value = text.Bool("attention_k_eq_v", false);
    if (!global_.key_is_value) return;
    global_.kv_heads = text.Int("num_global_key_value_heads", global_.kv_heads, 1, kMaxHeads);
    if (!builder_.failed() && global_.heads % global_.kv_heads != 0) {
      text.Refuse("num_global_key_value_heads", "a divisor of num_attention_heads");
    }
  }

  void AppendLayers() {
    ConfigReader& text = builder_.text;
    const int64_t layers = builder_.architecture.layers;
    const int64_t sharing = text.Int("num_kv_shared_layers", 0, 0, layers);
    const bool wide = text.Bool("use_double_wide_mlp", false);
    const int64_t window = text.Int("sliding_window", 512, 0, kMaxPositions);
    const std::vector<LayerType> types = Periodic(builder_, 6);
    for (int64_t i = 0; i < layers; ++i) {
      LayerShape shape = builder_.base;
      if (types[static_cast<size_t>(i)] == LayerType::kFull) {
        shape.attention = global_;
      } else if (window > 0) {
        shape.attention.kind = AttentionKind::kSliding;
        shape.attention.window = window;
      }
      if (sharing > 0 && i >= layers - sharing) {
        shape.attention.shares_kv = true;
        shape.attention.stores_kv = true;
        if (wide) shape.mlp.intermediate *= 2;
      }
      builder_.Append(builder_.GroupOf(shape));
    }
  }

  ArchitectureBuilder& builder_;
  Attention global_;
};

void AddGemma4Towers(ArchitectureBuilder& builder) {
  if (builder.root.Has("vision_config")) BuildVision(builder);
  AddGemma4Audio(builder);
}

void ReadGemma4(ArchitectureBuilder& builder) {
  Gemma4Reader(builder).Read();
  if (builder.root.Has("audio_config")) builder.towers = AddGemma4Towers;
}

// Gemma 3n: widths may differ from layer to layer (MatFormer), AltUp predicts several residual streams, the
// last num_kv_shared_layers read earlier caches but hold their own projections. The towers are not described
// by the config (transformers modeling_gemma3n.py).
void ReadGemma3n(ArchitectureBuilder& builder) {
  builder.ReadCommon(true, 256);
  ConfigReader& text = builder.text;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  FourNorms(builder);
  const int64_t layers = builder.architecture.layers;
  const std::vector<int64_t> widths = text.Ints("intermediate_size", layers, 1, kMaxMlpWidth);
  if (widths.empty()) text.Refuse("intermediate_size", "a number, or one for each layer");
  builder.base.altup = text.Int("altup_num_inputs", 4, 1, 64);
  builder.base.laurel_rank = text.Int("laurel_rank", 64, 0, kMaxWidth);
  builder.base.per_layer_input = text.Int("hidden_size_per_layer_input", 256, 0, kMaxWidth);
  builder.per_layer_vocab = text.Int("vocab_size_per_layer_input", 262144, 1, kMaxVocab);
  const int64_t sharing = text.Int("num_kv_shared_layers", 15, 0, layers);
  const int64_t window = text.Int("sliding_window", 512, 0, kMaxPositions);
  builder.local_rotary_dim = builder.base.attention.key_dim;
  if (builder.root.json() != text.json()) {
    builder.names.model = "model.language_model.";
    if (builder.root.Has("vision_config") && builder.root.Has("audio_config")) {
      builder.towers = AddGemma3nTowers;
    } else {
      builder.Remark("The config does not name the vision and audio towers of Gemma 3n: they are left out.");
    }
  }
  const std::vector<LayerType> types = Periodic(builder, 5);
  for (int64_t i = 0; i < layers && !builder.failed(); ++i) {
    LayerShape shape = builder.base;
    shape.mlp.intermediate = widths[static_cast<size_t>(i)];
    if (types[static_cast<size_t>(i)] != LayerType::kFull && window > 0) {
      shape.attention.kind = AttentionKind::kSliding;
      shape.attention.window = window;
    }
    shape.attention.shares_kv = shape.attention.stores_kv = i >= layers - sharing;
    builder.Append(builder.GroupOf(shape));
  }
}

// EXAONE writes its period out, "LLLG", or as a number; without either every layer is full (transformers
// configuration_exaone4.py).
std::vector<LayerType> ExaoneTypes(ArchitectureBuilder& builder) {
  const Json* pattern = builder.text.Find("sliding_window_pattern");
  if (builder.text.Has("layer_types") || pattern == nullptr) return builder.LayerTypes();
  if (!pattern->is_string()) {
    return Periodic(builder, builder.text.Int("sliding_window_pattern", 4, 1, kMaxLayers));
  }
  const std::string& letters = pattern->AsString();
  std::vector<LayerType> types(static_cast<size_t>(builder.architecture.layers), LayerType::kSliding);
  if (letters.empty() || letters.find_first_not_of("LG") != std::string::npos) {
    builder.text.Refuse("sliding_window_pattern", "L for sliding and G for full layers, such as LLLG");
    return types;
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (letters[i % letters.size()] == 'G') types[i] = LayerType::kFull;
  }
  return types;
}

// EXAONE 4: norms behind attention and MLP, and over heads; full layers without positions.
void ReadExaone4(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  PostNorms(builder);
  ReadDenseMlp(builder, false);
  builder.AppendByType(ExaoneTypes(builder), Window(builder));
}

// Hunyuan without experts: Llama with norms over heads.
void ReadHunYuanDense(ArchitectureBuilder& builder) {
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  builder.names.q_norm = "query_layernorm";
  builder.names.k_norm = "key_layernorm";
  ReadLlama(builder);
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
    {"Phi3SmallForCausalLM", ReadPhi3Small},
    {"SeedOssForCausalLM", ReadSeedOss},
    {"SmolLM3ForCausalLM", ReadSmolLm3},
    {"CohereForCausalLM", ReadCohere},
    {"Cohere2ForCausalLM", ReadCohere2},
    {"Olmo2ForCausalLM", ReadOlmo2},
    {"Olmo3ForCausalLM", ReadOlmo3},
    {"GemmaForCausalLM", ReadGemma},
    {"Gemma2ForCausalLM", ReadGemma2},
    {"VaultGemmaForCausalLM", ReadGemma2},
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
    {"Rnj1ForCausalLM", ReadRnj1},
    {"Plamo3ForCausalLM", ReadPlamo3},
};

}  // namespace

std::span<const Family> DenseFamilies() { return kFamilies; }

}  // namespace plimsoll
