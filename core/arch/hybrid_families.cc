// Families in which some layers carry a recurrent state instead of, or beside, a KV cache: Gated DeltaNet
// (Qwen3-Next, Qwen3.5), Mamba (Jamba, Falcon-H1, Nemotron-H, Granite 4), lightning attention (MiniMax-M1).
// Sources: transformers (src/transformers/models/<model_type>/) or the model's own repository, where named.
#include "core/arch/hybrid_families.h"

#include <string_view>
#include <vector>

#include "core/arch/tensor_list.h"
#include "core/arch/vit_towers.h"

namespace plimsoll {

namespace {

Mlp ReadExperts(ArchitectureBuilder& builder, ConfigReader::Keys experts, ConfigReader::Keys width) {
  Mlp mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = builder.text.Required(experts, 1, kMaxHeads);
  mlp.experts_per_token = builder.text.Required("num_experts_per_tok", 1, mlp.experts);
  mlp.expert_intermediate = builder.text.Required(width, 1, kMaxMlpWidth);
  mlp.expert_hidden = builder.architecture.hidden;
  return mlp;
}

Recurrent ReadDeltaNet(ArchitectureBuilder& builder) {
  Recurrent recurrent;
  recurrent.kind = RecurrentKind::kGatedDeltaNet;
  recurrent.heads = builder.text.Required("linear_num_value_heads", 1, kMaxHeads);
  recurrent.key_heads = builder.text.Required("linear_num_key_heads", 1, kMaxHeads);
  recurrent.head_dim = builder.text.Required("linear_value_head_dim", 1, kMaxHeadDim);
  recurrent.key_dim = builder.text.Required("linear_key_head_dim", 1, kMaxHeadDim);
  recurrent.conv_kernel = builder.text.Int("linear_conv_kernel_dim", 4, 1, kMaxHeadDim);
  recurrent.inner = recurrent.heads * recurrent.head_dim;
  recurrent.conv_channels = 2 * recurrent.key_heads * recurrent.key_dim + recurrent.inner;
  recurrent.state_fp32 = builder.text.Text("mamba_ssm_dtype", "") == "float32";
  recurrent.gated_norm = true;
  return recurrent;
}

// Full attention in every full_attention_interval-th layer, Gated DeltaNet in the others (transformers
// configuration_qwen3_next.py).
void ReadQwenHybrid(ArchitectureBuilder& builder, bool fused) {
  builder.ReadCommon(false, 256);
  Attention& attention = builder.base.attention;
  attention.qkv_bias = builder.text.Bool("attention_bias", false);
  attention.o_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::kPerHead;
  attention.query_gate = builder.text.Bool("attn_output_gate", true);
  builder.partial_rotary_factor = 0.25;
  builder.mtp_style = MtpStyle::kQwen;
  if (builder.text.Has("num_experts") && builder.text.Int("num_experts", 0, 0, kMaxHeads) > 0) {
    Mlp experts = ReadExperts(builder, {"num_experts"}, {"moe_intermediate_size"});
    experts.shared_intermediate = builder.text.Int("shared_expert_intermediate_size", 0, 0, kMaxMlpWidth);
    experts.shared_gate = experts.shared_intermediate > 0;
    experts.fused_gate_up = !fused;
    builder.base.mlp = experts;
  } else {
    builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  }
  builder.names.shared = "shared_expert.";
  builder.names.stacked_experts = !fused;

  LayerShape linear = builder.base;
  linear.attention = Attention{};
  linear.recurrent = ReadDeltaNet(builder);
  linear.recurrent.fused_in_proj = fused;
  const int64_t interval = builder.text.Int("full_attention_interval", 4, 1, kMaxLayers);
  std::vector<LayerType> types = builder.LayerTypes();
  if (!builder.text.Has("layer_types")) {
    for (size_t i = 0; i < types.size(); ++i) {
      if ((static_cast<int64_t>(i) + 1) % interval != 0) types[i] = LayerType::kLinear;
    }
  }
  int32_t linear_group = -1;
  int32_t full_group = -1;
  for (const LayerType type : types) {
    int32_t& group = type == LayerType::kLinear ? linear_group : full_group;
    if (group < 0) group = builder.GroupOf(type == LayerType::kLinear ? linear : builder.base);
    builder.Append(group);
  }
  builder.architecture.mtp_layers =
      builder.text.Int({"mtp_num_hidden_layers", "num_nextn_predict_layers"}, 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
}

// OLMo Hybrid: OLMo 3's layers with full attention in every fourth, Gated DeltaNet in the others
// (vllm/transformers_utils/configs/olmo_hybrid.py, vllm/model_executor/models/olmo_hybrid.py).
void ReadOlmoHybrid(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.qkv_bias = text.Bool("attention_bias", false);
  attention.o_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::kFullWidth;
  const Json* rope = text.Find("rope_parameters");
  attention.rope = rope != nullptr && rope->Has("rope_theta") && !rope->Find("rope_theta")->is_null();
  builder.names.whole_qk_norms = true;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  LayerShape linear = builder.base;
  linear.attention = Attention{};
  Recurrent& r = linear.recurrent;
  r.kind = RecurrentKind::kGatedDeltaNet;
  r.key_heads = text.Int("linear_num_key_heads", attention.heads, 1, kMaxHeads);
  r.heads = text.Int("linear_num_value_heads", attention.heads, 1, kMaxHeads);
  r.key_dim =
      text.Int("linear_key_head_dim", 3 * builder.architecture.hidden / (4 * r.key_heads), 1, kMaxHeadDim);
  r.head_dim = text.Int("linear_value_head_dim", 2 * r.key_dim, 1, kMaxHeadDim);
  r.conv_kernel = text.Int("linear_conv_kernel_dim", 4, 1, kMaxHeadDim);
  r.inner = r.heads * r.head_dim;
  r.conv_channels = 2 * r.key_heads * r.key_dim + r.inner;
  r.gated_norm = true;
  std::vector<LayerType> types = builder.LayerTypes();
  if (!text.Has("layer_types")) {
    for (size_t i = 0; i < types.size(); ++i) {
      if (i % 4 != 3) types[i] = LayerType::kLinear;
    }
  }
  for (const LayerType type : types)
    builder.Append(builder.GroupOf(type == LayerType::kLinear ? linear : builder.base));
}

void ReadQwen3Next(ArchitectureBuilder& builder) { ReadQwenHybrid(builder, true); }

void ReadQwen35(ArchitectureBuilder& builder) {
  builder.names.model = "model.language_model.";
  builder.multimodal_rope = true;
  ReadQwenHybrid(builder, false);
}

void ReadQwen35Text(ArchitectureBuilder& builder) { ReadQwenHybrid(builder, false); }

Recurrent ReadMamba2(ArchitectureBuilder& builder, int64_t inner, int64_t heads, int64_t head_dim,
                     int64_t groups, int64_t state) {
  Recurrent recurrent;
  recurrent.kind = RecurrentKind::kMamba2;
  recurrent.inner = inner;
  recurrent.heads = heads;
  recurrent.head_dim = head_dim;
  recurrent.groups = groups;
  recurrent.state_dim = state;
  recurrent.conv_channels = inner + 2 * groups * state;
  recurrent.state_fp32 =
      builder.text.Text("mamba_ssm_cache_dtype", builder.text.Text("mamba_ssm_dtype", "")) == "float32";
  return recurrent;
}

// Attention and Mamba2 read the same input and are added (transformers modeling_falcon_h1.py).
void ReadFalconH1(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  const int64_t expand = builder.text.Int("mamba_expand", 2, 1, 1024);
  const int64_t inner =
      builder.text.Int("mamba_d_ssm", expand * builder.architecture.hidden, 1, kMaxMlpWidth);
  const int64_t heads = builder.text.Int("mamba_n_heads", 128, 1, kMaxHeads);
  const int64_t head_dim = builder.text.Int("mamba_d_head", inner / heads, 1, kMaxHeadDim);
  if (!builder.failed() && heads * head_dim != inner) {
    builder.text.Refuse("mamba_d_ssm",
                        "mamba_n_heads * mamba_d_head (" + std::to_string(heads * head_dim) + ")");
  }
  Recurrent recurrent =
      ReadMamba2(builder, inner, heads, head_dim, builder.text.Int("mamba_n_groups", 1, 1, kMaxHeads),
                 builder.text.Int("mamba_d_state", 256, 1, kMaxWidth));
  recurrent.conv_kernel = builder.text.Int("mamba_d_conv", 4, 1, kMaxHeadDim);
  recurrent.conv_bias = builder.text.Bool("mamba_conv_bias", true);
  recurrent.proj_bias = builder.text.Bool("mamba_proj_bias", builder.text.Bool("projectors_bias", false));
  recurrent.gated_norm = builder.text.Bool("mamba_rms_norm", false);
  builder.base.recurrent = recurrent;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.base.mlp.bias = builder.text.Bool("mlp_bias", false);
  TensorNames& names = builder.names;
  names.final_norm = "final_layernorm";
  names.recurrent = "mamba.";
  names.mlp = "feed_forward.";
  names.norms[1] = "pre_ff_layernorm";
  builder.AppendAll(builder.base);
}

// Mamba1 but in every attn_layer_period-th layer; experts in every expert_layer_period-th (transformers
// modeling_jamba.py).
void ReadJamba(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  Recurrent recurrent;
  recurrent.kind = RecurrentKind::kMamba1;
  const int64_t hidden = builder.architecture.hidden;
  recurrent.inner = hidden * builder.text.Int("mamba_expand", 2, 1, 1024);
  recurrent.conv_channels = recurrent.inner;
  recurrent.conv_kernel = builder.text.Int("mamba_d_conv", 4, 1, kMaxHeadDim);
  recurrent.state_dim = builder.text.Int("mamba_d_state", 16, 1, kMaxWidth);
  const Json* rank = builder.text.Find("mamba_dt_rank");
  const bool automatic = rank == nullptr || rank->AsString() == "auto";
  recurrent.dt_rank = automatic ? (hidden + 15) / 16 : builder.text.Int("mamba_dt_rank", 1, 1, kMaxWidth);
  recurrent.conv_bias = builder.text.Bool("mamba_conv_bias", true);
  recurrent.proj_bias = builder.text.Bool("mamba_proj_bias", false);
  recurrent.input_norms = true;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"num_experts"}, {"intermediate_size"});

  TensorNames& names = builder.names;
  names.final_norm = "final_layernorm";
  names.recurrent = "mamba.";
  names.mlp = "feed_forward.";
  names.moe = "feed_forward.";
  names.router = "router";
  names.norms[1] = "pre_ff_layernorm";
  builder.base.attention.rope = false;

  const int64_t attention_period = builder.text.Int("attn_layer_period", 8, 1, kMaxLayers);
  const int64_t attention_offset = builder.text.Int("attn_layer_offset", 4, 0, kMaxLayers);
  const int64_t expert_period = builder.text.Int("expert_layer_period", 2, 1, kMaxLayers);
  const int64_t expert_offset = builder.text.Int("expert_layer_offset", 1, 0, kMaxLayers);
  for (int64_t i = 0; i < builder.architecture.layers; ++i) {
    LayerShape shape = builder.base;
    if (i % attention_period != attention_offset) {
      shape.attention = Attention{};
      shape.recurrent = recurrent;
    }
    if (experts.experts > 1 && i % expert_period == expert_offset) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
}

void ReadGraniteHybrid(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.attention.rope = builder.text.Text("position_embedding_type", "nope") == "rope";
  const int64_t hidden = builder.architecture.hidden;
  const int64_t heads = builder.text.Int("mamba_n_heads", 128, 1, kMaxHeads);
  const int64_t inner = hidden * builder.text.Int("mamba_expand", 2, 1, 1024);
  const Json* given = builder.text.Find("mamba_d_head");
  const bool automatic = given == nullptr || given->AsString() == "auto";
  const int64_t head_dim = automatic ? inner / heads : builder.text.Int("mamba_d_head", 1, 1, kMaxHeadDim);
  if (!builder.failed() && heads * head_dim != inner) {
    builder.text.Refuse("mamba_n_heads", "mamba_expand * hidden_size / mamba_d_head");
  }
  Recurrent recurrent =
      ReadMamba2(builder, inner, heads, head_dim, builder.text.Int("mamba_n_groups", 1, 1, kMaxHeads),
                 builder.text.Int("mamba_d_state", 256, 1, kMaxWidth));
  recurrent.conv_kernel = builder.text.Int("mamba_d_conv", 4, 1, kMaxHeadDim);
  recurrent.conv_bias = builder.text.Bool("mamba_conv_bias", true);
  recurrent.proj_bias = builder.text.Bool("mamba_proj_bias", false);
  recurrent.gated_norm = true;

  TensorNames& names = builder.names;
  names.recurrent = "mamba.";
  const int64_t shared = builder.text.Int("shared_intermediate_size", 0, 0, kMaxMlpWidth);
  if (builder.text.Int("num_local_experts", 0, 0, kMaxHeads) > 0) {
    Mlp experts = ReadExperts(builder, {"num_local_experts"}, {"intermediate_size"});
    experts.shared_intermediate = shared;
    experts.fused_gate_up = true;
    builder.base.mlp = experts;
    NameGraniteExperts(&names);
  } else {
    builder.base.mlp.intermediate =
        shared > 0 ? shared : builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
    builder.base.mlp.fused_gate_up = true;
    names.mlp = "shared_mlp.";
    names.gate_up = "input_linear";
    names.down = "output_linear";
  }
  LayerShape mamba = builder.base;
  mamba.attention = Attention{};
  mamba.recurrent = recurrent;
  const std::string_view key = builder.text.Has("layer_types") ? "layer_types" : "layers_block_type";
  std::vector<std::string_view> types = builder.text.Texts(key, builder.architecture.layers);
  types.resize(static_cast<size_t>(builder.architecture.layers), "mamba");
  for (const std::string_view type : types) {
    if (type != "mamba" && type != "attention") builder.text.Fail(key, Quoted(type), "mamba, attention");
    builder.Append(builder.GroupOf(type == "mamba" ? mamba : builder.base));
  }
}

// One mixer per layer, named by a letter: M Mamba2, * attention, - MLP, E experts (modeling_nemotron_h.py of
// nvidia/Nemotron-H-56B-Base-8K; LatentMoE: vllm/model_executor/models/nemotron_h.py).
class NemotronReader {
 public:
  explicit NemotronReader(ArchitectureBuilder& builder) : builder_(builder) {}

  void Read() {
    const Json* list = builder_.text.Find("layers_block_type");
    const std::string_view pattern = builder_.text.Text("hybrid_override_pattern", "");
    std::string letters(pattern);
    if (letters.empty() && list != nullptr) letters = Letters("layers_block_type");
    if (letters.empty() || static_cast<int64_t>(letters.size()) > kMaxLayers) {
      builder_.text.Refuse("hybrid_override_pattern", "one letter of M, E, * and - per layer");
      return;
    }
    builder_.architecture.layers = static_cast<int64_t>(letters.size());
    if (builder_.text.Int("num_hidden_layers", builder_.architecture.layers, 1, kMaxLayers) !=
        builder_.architecture.layers) {
      builder_.text.Refuse("num_hidden_layers",
                           "the length of hybrid_override_pattern (" + std::to_string(letters.size()) + ")");
    }
    builder_.ReadCommon(false);
    ReadShapes(letters);
    if (builder_.failed()) return;
    for (const char letter : letters) builder_.Append(builder_.GroupOf(Shape(letter)));
    ReadMtp();
  }

 private:
  std::string Letters(std::string_view key) {
    std::string letters;
    const Json* list = builder_.text.Find(key);
    if (list == nullptr) return letters;
    for (const Json& item : list->items()) {
      const std::string& name = item.AsString();
      if (name == "mamba") {
        letters += 'M';
      } else if (name == "moe") {
        letters += 'E';
      } else if (name == "attention") {
        letters += '*';
      } else if (name == "mlp") {
        letters += '-';
      } else {
        builder_.text.Fail(key, Quoted(item.Dump()), "mamba, moe, attention, mlp");
        break;
      }
    }
    return letters;
  }

  void ReadShapes(std::string_view letters) {
    const bool bias = builder_.text.Bool("attention_bias", false);
    builder_.base.attention.qkv_bias = bias;
    builder_.base.attention.o_bias = bias;
    builder_.base.attention.rope = false;
    ReadMixers(letters);
    TensorNames& names = builder_.names;
    names.model = "backbone.";
    names.embedding = "embeddings";
    names.final_norm = "norm_f";
    names.attention = "mixer.";
    names.recurrent = "mixer.";
    names.mlp = "mixer.";
    names.moe = "mixer.";
    names.norms[0] = "norm";
    names.norms[1] = "norm";
    names.ggml_norms[0] = "attn_norm";
    names.ggml_norms[1] = "attn_norm";
    builder_.mtp_style = MtpStyle::kNemotron;
  }

  void ReadMixers(std::string_view letters) {
    for (const char letter : letters) {
      if (letter != 'M' && letter != 'E' && letter != '*' && letter != '-') {
        builder_.text.Fail("hybrid_override_pattern", Quoted(std::string(1, letter)),
                           "letters M, E, * and -");
        return;
      }
    }
    if (letters.find('M') != std::string_view::npos) {
      const int64_t heads = builder_.text.Required("mamba_num_heads", 1, kMaxHeads);
      const int64_t head_dim = builder_.text.Required("mamba_head_dim", 1, kMaxHeadDim);
      mamba_ = ReadMamba2(builder_, heads * head_dim, heads, head_dim,
                          builder_.text.Int("n_groups", 8, 1, kMaxHeads),
                          builder_.text.Int("ssm_state_size", 128, 1, kMaxWidth));
      mamba_.conv_kernel = builder_.text.Int("conv_kernel", 4, 1, kMaxHeadDim);
      mamba_.conv_bias = builder_.text.Bool("use_conv_bias", true);
      mamba_.proj_bias = builder_.text.Bool("use_bias", builder_.text.Bool("mamba_proj_bias", false));
      mamba_.gated_norm = true;
    }
    dense_.kind = MlpKind::kDense;
    dense_.gated = false;
    dense_.bias = builder_.text.Bool("mlp_bias", false);
    if (letters.find('-') != std::string_view::npos) {
      dense_.intermediate = builder_.text.Required("intermediate_size", 1, kMaxMlpWidth);
    }
    if (letters.find('E') == std::string_view::npos) return;
    experts_ = ReadExperts(builder_, {"n_routed_experts"}, {"moe_intermediate_size"});
    experts_.gated = false;
    experts_.selection_bias = true;
    experts_.expert_hidden = builder_.text.Int("moe_latent_size", builder_.architecture.hidden, 1, kMaxWidth);
    experts_.shared_intermediate =
        builder_.text.Int("n_shared_experts", 1, 0, 1024) *
        builder_.text.Int("moe_shared_expert_intermediate_size", 0, 0, kMaxMlpWidth);
  }

  LayerShape Shape(char letter) const {
    LayerShape shape;
    shape.norms = 1;
    if (letter == 'M') shape.recurrent = mamba_;
    if (letter == '*') shape.attention = builder_.base.attention;
    if (letter == '-') shape.mlp = dense_;
    if (letter == 'E') shape.mlp = experts_;
    return shape;
  }

  void ReadMtp() {
    builder_.architecture.mtp_layers = builder_.text.Int("num_nextn_predict_layers", 0, 0, 64);
    if (builder_.architecture.mtp_layers == 0) return;
    std::string letters(builder_.text.Text("mtp_hybrid_override_pattern", ""));
    if (letters.empty()) letters = Letters("mtp_layers_block_type");
    LayerShape shape;
    shape.norms = 0;
    for (const char letter : letters) {
      ++shape.norms;
      if (letter == '*') shape.attention = builder_.base.attention;
      if (letter == 'E') shape.mlp = experts_;
      if (letter == '-') shape.mlp = dense_;
    }
    builder_.architecture.mtp_shape = shape;
  }

  ArchitectureBuilder& builder_;
  Recurrent mamba_;
  Mlp dense_;
  Mlp experts_;
};

void ReadNemotronH(ArchitectureBuilder& builder) { NemotronReader(builder).Read(); }

// MiniMax-Text-01 and M1. attn_type_list: 0 lightning attention, 1 softmax attention (modeling_minimax_m1.py
// of MiniMaxAI/MiniMax-M1-80k).
void ReadMiniMaxM1(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  Mlp experts = ReadExperts(builder, {"num_local_experts"}, {"intermediate_size"});
  experts.shared_intermediate = builder.text.Int("shared_intermediate_size", 0, 0, kMaxMlpWidth);
  builder.base.mlp = experts;
  TensorNames& names = builder.names;
  names.moe = "block_sparse_moe.";
  names.expert_gate = "w1";
  names.expert_up = "w3";
  names.expert_down = "w2";
  names.recurrent = "self_attn.";
  LayerShape lightning = builder.base;
  Recurrent& recurrent = lightning.recurrent;
  recurrent.kind = RecurrentKind::kLightning;
  recurrent.heads = builder.base.attention.heads;
  recurrent.head_dim = builder.base.attention.key_dim;
  recurrent.key_dim = recurrent.head_dim;
  recurrent.inner = recurrent.heads * recurrent.head_dim;
  recurrent.gated_norm = true;
  // The state is of the model's own type (vllm/model_executor/layers/mamba/mamba_utils.py,
  // linear_attention_state_dtype: mamba_cache_dtype auto; float32 was refused for long).
  lightning.attention = Attention{};
  std::vector<int64_t> types = builder.text.Ints("attn_type_list", builder.architecture.layers, 0, 1);
  if (types.empty() && builder.text.Has("layer_types")) {  // transformers' own spelling
    for (const LayerType type : builder.LayerTypes()) types.push_back(type == LayerType::kLinear ? 0 : 1);
  }
  if (types.empty()) builder.text.Refuse("attn_type_list", "an array of num_hidden_layers numbers");
  for (const int64_t type : types) builder.Append(builder.GroupOf(type == 0 ? lightning : builder.base));
}

// Kimi Delta Attention in the layers that linear_attn_config lists (counted from 1), latent attention without
// positions in the others (modeling_kimi.py of moonshotai/Kimi-Linear-48B-A3B-Instruct;
// vllm/models/kimi_k3/nvidia/).
Recurrent ReadKimiDelta(ConfigReader& linear) {
  Recurrent recurrent;
  recurrent.kind = RecurrentKind::kKimiDelta;
  recurrent.heads = linear.Required("num_heads", 1, kMaxHeads);
  recurrent.head_dim = linear.Required("head_dim", 1, kMaxHeadDim);
  recurrent.key_heads = recurrent.heads;
  recurrent.key_dim = recurrent.head_dim;
  recurrent.inner = recurrent.heads * recurrent.head_dim;
  recurrent.conv_kernel = linear.Int("short_conv_kernel_size", 4, 1, kMaxHeadDim);
  recurrent.conv_channels = 3 * recurrent.inner;
  recurrent.full_rank_gate = linear.Bool("use_full_rank_gate", false);
  recurrent.gated_norm = true;
  recurrent.state_fp32 = true;  // vllm/model_executor/layers/mamba/mamba_utils.py, kda_state_dtype
  return recurrent;
}

Attention ReadKimiAttention(ArchitectureBuilder& builder) {
  Attention attention;
  attention.kind = AttentionKind::kLatent;
  attention.heads = builder.base.attention.heads;
  attention.kv_heads = builder.base.attention.kv_heads;
  attention.q_lora_rank = builder.text.Int("q_lora_rank", 0, 0, kMaxWidth);
  attention.kv_lora_rank = builder.text.Required("kv_lora_rank", 1, kMaxWidth);
  attention.nope_dim = builder.text.Required("qk_nope_head_dim", 0, kMaxHeadDim);
  attention.rope_dim = builder.text.Required("qk_rope_head_dim", 0, kMaxHeadDim);
  attention.key_dim = attention.nope_dim + attention.rope_dim;
  attention.value_dim = builder.text.Required("v_head_dim", 1, kMaxHeadDim);
  attention.rope = !builder.text.Bool("mla_use_nope", false);
  if (builder.text.Bool("mla_use_output_gate", false))
    attention.gate_rows = attention.heads * attention.value_dim;
  return attention;
}

Mlp ReadKimiExperts(ArchitectureBuilder& builder) {
  Mlp mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = builder.text.Required("num_experts", 1, kMaxHeads);
  mlp.experts_per_token =
      builder.text.Required({"num_experts_per_token", "num_experts_per_tok"}, 1, mlp.experts);
  mlp.expert_intermediate = builder.text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
  mlp.expert_hidden =
      builder.text.Int("routed_expert_hidden_size", builder.architecture.hidden, 1, kMaxWidth);
  mlp.latent_norm = builder.text.Bool("latent_moe_use_norm", false);
  mlp.selection_bias = true;
  mlp.shared_intermediate = mlp.expert_intermediate * builder.text.Int("num_shared_experts", 0, 0, 1024);
  return mlp;
}

void ReadKimiLinear(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  builder.base.attention = ReadKimiAttention(builder);
  builder.base.attention_residuals = builder.text.Has("attn_res_block_size");
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  ConfigReader linear = builder.text.Object("linear_attn_config");
  LayerShape delta = builder.base;
  delta.attention = Attention{};
  delta.recurrent = ReadKimiDelta(linear);
  const Mlp experts = ReadKimiExperts(builder);

  TensorNames& names = builder.names;
  if (builder.root.json() != builder.text.json()) {
    names.model = "language_model.model.";
    names.head = "language_model.lm_head";
  }
  names.recurrent = "self_attn.";
  names.moe = "block_sparse_moe.";
  names.expert_gate = "w1";
  names.expert_up = "w3";
  names.expert_down = "w2";
  names.latent_in = "routed_expert_down_proj";
  names.latent_out = "routed_expert_up_proj";

  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> is_delta(static_cast<size_t>(layers), 0);
  if (const Json* list = linear.Find("kda_layers")) {
    for (const Json& item : list->items()) {
      const int64_t layer = item.AsInt().value_or(0);
      if (layer < 1 || layer > layers) {
        linear.Refuse("kda_layers", "layer numbers from 1 to num_hidden_layers");
        break;
      }
      is_delta[static_cast<size_t>(layer - 1)] = 1;
    }
  }
  const int64_t dense = builder.text.Int("first_k_dense_replace", 0, 0, kMaxLayers);
  const int64_t period = builder.text.Int("moe_layer_freq", 1, 1, kMaxLayers);
  for (int64_t i = 0; i < layers; ++i) {
    LayerShape shape = is_delta[static_cast<size_t>(i)] != 0 ? delta : builder.base;
    if (i >= dense && i % period == 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
  if (builder.text.Int("num_nextn_predict_layers", 0, 0, 64) > 0) {
    builder.Remark("The config names MTP layers but not what they hold; their weights are left out.");
  }
}

// GLM-5.3-Flash (transformers configuration_glm5_next.py): Kimi Delta Attention in three of four layers,
// sparse latent attention without positions in the others, whose index keys are pooled over index_kpool tokens;
// residual streams without a mixing in front of the head.
void AddIndexPooling(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const Attention& t = shape.attention;
  if (t.index_pool == 0) return;
  const std::string_view scope = "self_attn.indexer.";
  list->Linear({scope, "index_kpool_compress_gate", ""}, TensorRole::kIndexer, Sharding::kReplicated,
               t.index_dim, builder.architecture.hidden);
  list->Parameter({scope, "index_kpool_compress_ape", ""}, TensorRole::kIndexer, Sharding::kReplicated,
                  t.index_pool, t.index_dim);
}

void ReadGlm5Next(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 256);
  ConfigReader& text = builder.text;
  builder.base.attention = ReadKimiAttention(builder);
  Attention& attention = builder.base.attention;
  attention.rope = attention.rope_dim > 0;
  attention.index_heads = text.Int("index_n_heads", 32, 0, kMaxHeads);
  if (attention.index_heads > 0) {
    attention.index_dim = text.Int("index_head_dim", 128, 1, kMaxHeadDim);
    attention.index_topk = text.Int("index_topk", 2048, 1, kMaxPositions);
    attention.index_pool = text.Int("index_kpool", 4, 1, kMaxPositions);
  }
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  ConfigReader linear = text.Object("linear_attn_config");
  LayerShape delta = builder.base;
  delta.attention = Attention{};
  delta.recurrent = ReadKimiDelta(linear);
  Mlp experts = ReadExperts(builder, {"n_routed_experts"}, {"moe_intermediate_size"});
  experts.selection_bias = true;
  experts.shared_intermediate = experts.expert_intermediate * text.Int("n_shared_experts", 1, 0, 1024);
  builder.base.hyper_connections = delta.hyper_connections = text.Int("hc_mult", 4, 0, 64);
  builder.stream_head = false;
  builder.layer_extras = AddIndexPooling;
  builder.names.recurrent = "self_attn.";
  if (builder.root.Has("vision_config")) {
    builder.names.model = "model.language_model.";
    builder.towers = AddGlmOcrTower;
  }
  const int64_t layers = builder.architecture.layers;
  const int64_t dense = text.Int("first_k_dense_replace", 3, 0, kMaxLayers);
  const std::vector<std::string_view> types = text.Texts("layer_types", layers);
  const std::vector<std::string_view> kinds = text.Texts("mlp_layer_types", layers);
  for (int64_t i = 0; i < layers; ++i) {
    const size_t at = static_cast<size_t>(i);
    bool recurs = (i + 1) % 4 != 0;
    if (at < types.size()) {
      recurs = types[at] == "linear_attention";
      if (!recurs && types[at] != "deepseek_sparse_attention" && types[at] != "full_attention")
        text.Fail("layer_types", Quoted(types[at]),
                  "linear_attention, deepseek_sparse_attention, full_attention");
    }
    const bool sparse = at < kinds.size() ? kinds[at] == "sparse" : i >= dense;
    LayerShape shape = recurs ? delta : builder.base;
    if (sparse) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
  builder.architecture.mtp_layers = text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
  builder.architecture.mtp_shape.hyper_connections = 0;
  builder.architecture.mtp_shape.mlp = experts;
}

constexpr Family kFamilies[] = {
    {"Glm5NextForConditionalGeneration", ReadGlm5Next},
    {"Glm5NextForCausalLM", ReadGlm5Next},
    {"OlmoHybridForCausalLM", ReadOlmoHybrid},
    {"Qwen3NextForCausalLM", ReadQwen3Next},
    {"Qwen3_5ForConditionalGeneration", ReadQwen35},
    {"Qwen3_5MoeForConditionalGeneration", ReadQwen35},
    {"Qwen3_5ForCausalLM", ReadQwen35Text},
    {"Qwen3_5MoeForCausalLM", ReadQwen35Text},
    {"FalconH1ForCausalLM", ReadFalconH1},
    {"JambaForCausalLM", ReadJamba},
    {"GraniteMoeHybridForCausalLM", ReadGraniteHybrid},
    {"NemotronHForCausalLM", ReadNemotronH},
    {"MiniMaxM1ForCausalLM", ReadMiniMaxM1},
    {"MiniMaxText01ForCausalLM", ReadMiniMaxM1},
    {"MiniMaxForCausalLM", ReadMiniMaxM1},
    {"KimiLinearForCausalLM", ReadKimiLinear},
    {"KimiK3ForConditionalGeneration", ReadKimiLinear},
};

}  // namespace

std::span<const Family> HybridFamilies() { return kFamilies; }

}  // namespace plimsoll
