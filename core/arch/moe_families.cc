// Families with routed experts and plain attention. Sources: configuration and modelling files of
// transformers (src/transformers/models/<model_type>/) or of the model's own repository, where named.
#include "core/arch/moe_families.h"

#include <algorithm>
#include <string>

namespace plimsoll {

namespace {

void ReadAttentionBias(ArchitectureBuilder& builder, bool fallback) {
  const bool bias = builder.text.Bool("attention_bias", fallback);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
}

Mlp ReadExperts(ArchitectureBuilder& builder, ConfigReader::Keys experts, ConfigReader::Keys per_token,
                ConfigReader::Keys width) {
  Mlp mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = builder.text.Required(experts, 1, kMaxHeads);
  mlp.experts_per_token = builder.text.Required(per_token, 1, mlp.experts);
  mlp.expert_intermediate = builder.text.Required(width, 1, kMaxMlpWidth);
  mlp.expert_hidden = builder.architecture.hidden;
  return mlp;
}

std::vector<LayerType> SlidingEverywhere(ArchitectureBuilder& builder) {
  if (builder.text.Has("layer_types")) return builder.LayerTypes();
  return std::vector<LayerType>(static_cast<size_t>(builder.architecture.layers), LayerType::kSliding);
}

// Sparse from `first` on; moe_layer_freq may be a period or an array of flags.
std::vector<uint8_t> SparseFrom(ArchitectureBuilder& builder, int64_t first) {
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  const Json* frequency = builder.text.Find("moe_layer_freq");
  if (frequency != nullptr && frequency->is_array()) {
    const std::vector<int64_t> flags = builder.text.Ints("moe_layer_freq", layers, 0, 1);
    for (size_t i = 0; i < flags.size(); ++i) sparse[i] = flags[i] != 0 ? 1 : 0;
    return sparse;
  }
  const int64_t period = builder.text.Int("moe_layer_freq", 1, 1, kMaxLayers);
  for (int64_t i = first; i < layers; ++i) sparse[static_cast<size_t>(i)] = i % period == 0 ? 1 : 0;
  return sparse;
}

void ReadMixtral(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  Mlp experts = ReadExperts(builder, {"num_local_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
  builder.base.mlp = experts;
  TensorNames& names = builder.names;
  names.moe = "block_sparse_moe.";
  names.expert_gate = "w1";
  names.expert_up = "w3";
  names.expert_down = "w2";
  builder.AppendByType(SlidingEverywhere(builder), builder.text.Int("sliding_window", 0, 0, kMaxPositions));
}

// Every decoder_sparse_step-th layer is sparse unless mlp_only_layers names it (transformers
// modeling_qwen3_moe.py).
std::vector<uint8_t> QwenSparse(ArchitectureBuilder& builder) {
  const int64_t layers = builder.architecture.layers;
  const int64_t step = builder.text.Int("decoder_sparse_step", 1, 1, kMaxLayers);
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  for (int64_t i = step - 1; i < layers; i += step) sparse[static_cast<size_t>(i)] = 1;
  const Json* dense = builder.text.Find("mlp_only_layers");
  if (dense == nullptr) return sparse;
  if (!dense->is_array()) builder.text.Refuse("mlp_only_layers", "a list of layer numbers");
  for (const Json& item : dense->items()) {
    const std::optional<int64_t> layer = item.AsInt();
    if (!layer.has_value() || *layer < 0 || *layer >= layers) {
      builder.text.Fail("mlp_only_layers", Quoted(item.Dump()), "layer numbers");
      return sparse;
    }
    sparse[static_cast<size_t>(*layer)] = 0;
  }
  return sparse;
}

void ReadQwenMoe(ArchitectureBuilder& builder, bool shared) {
  const std::vector<uint8_t> sparse = QwenSparse(builder);
  Mlp experts = ReadExperts(builder, {"num_experts", "num_local_experts"}, {"num_experts_per_tok"},
                            {"moe_intermediate_size"});
  if (shared) {
    experts.shared_intermediate = builder.text.Int("shared_expert_intermediate_size", 0, 0, kMaxMlpWidth);
    experts.shared_gate = experts.shared_intermediate > 0;
  }
  builder.base.mlp.intermediate = builder.text.Int("intermediate_size", 0, 0, kMaxMlpWidth);
  builder.names.shared = "shared_expert.";
  builder.AppendByType(builder.LayerTypes(), builder.text.Int("sliding_window", 0, 0, kMaxPositions), sparse,
                       experts);
}

void ReadQwen2Moe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  builder.base.attention.qkv_bias = builder.text.Bool("qkv_bias", true);
  ReadQwenMoe(builder, true);
}

void ReadQwen3Moe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ReadAttentionBias(builder, false);
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  if (builder.root.Has("vision_config")) builder.names.model = "model.language_model.";
  ReadQwenMoe(builder, false);
}

void ReadOlmoe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadAttentionBias(builder, false);
  builder.base.attention.qk_norm = QkNorm::kFullWidth;
  builder.names.whole_qk_norms = true;
  if (builder.architecture.name == "FlexOlmoForCausalLM") {
    // Its norms stand behind attention and experts (transformers modeling_flex_olmo.py).
    builder.names.norms[0] = "post_attention_layernorm";
    builder.names.norms[1] = "post_feedforward_layernorm";
  }
  builder.base.mlp = ReadExperts(builder, {"num_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
  builder.AppendAll(builder.base);
}

void ReadErnie(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  const bool bias = builder.text.Bool("use_bias", false);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
  builder.base.mlp.bias = bias;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"moe_num_experts"}, {"moe_k"}, {"moe_intermediate_size"});
  experts.bias = bias;
  experts.selection_bias = builder.text.Bool("moe_use_aux_free", true);
  experts.shared_intermediate =
      experts.expert_intermediate * builder.text.Int("moe_num_shared_experts", 0, 0, 1024);
  builder.names.selection_bias = "moe_statics.e_score_correction_bias";
  builder.mtp_style = MtpStyle::kErnie;

  const int64_t layers = builder.architecture.layers;
  const int64_t start = builder.text.Int("moe_layer_start_index", 1, 0, layers);
  const int64_t end = builder.text.Int("moe_layer_end_index", -1, -1, layers);
  const int64_t interval = builder.text.Int("moe_layer_interval", 1, 1, kMaxLayers);
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  for (int64_t i = start; i < layers && (end < 0 || i <= end); ++i) {
    sparse[static_cast<size_t>(i)] = (i + 1) % interval == 0 ? 1 : 0;
  }
  builder.AppendByType(builder.LayerTypes(), 0, sparse, experts);
  builder.architecture.mtp_shape = builder.base;
}

void ReadGlm4Moe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  builder.base.attention.qkv_bias = builder.text.Bool("attention_bias", false);
  // dots.llm1 has the same layers, with norms over heads always and whole rotation.
  const bool dots = builder.architecture.name == "Dots1ForCausalLM";
  if (builder.text.Bool("use_qk_norm", dots)) builder.base.attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.partial_rotary_factor = dots ? 1 : 0.5;
  Mlp experts =
      ReadExperts(builder, {"n_routed_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = true;
  experts.shared_intermediate =
      experts.expert_intermediate * builder.text.Int("n_shared_experts", 1, 0, 1024);
  const int64_t first = builder.text.Int("first_k_dense_replace", 1, 0, kMaxLayers);
  builder.AppendByType(builder.LayerTypes(), 0, SparseFrom(builder, first), experts);
  builder.architecture.mtp_layers = builder.text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
  builder.architecture.mtp_shape.mlp = experts;
}

void ReadPhiMoe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadAttentionBias(builder, false);
  builder.base.norm_bias = true;
  builder.base.mlp =
      ReadExperts(builder, {"num_local_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
  TensorNames& names = builder.names;
  names.moe = "block_sparse_moe.";
  names.expert_gate = "w1";
  names.expert_up = "w3";
  names.expert_down = "w2";
  names.head_bias = builder.text.Bool("lm_head_bias", false);
  builder.AppendByType(SlidingEverywhere(builder), builder.text.Int("sliding_window", 0, 0, kMaxPositions));
}

void ReadGraniteMoe(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ReadAttentionBias(builder, false);
  Mlp experts = ReadExperts(builder, {"num_local_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
  experts.shared_intermediate = builder.text.Int("shared_intermediate_size", 0, 0, kMaxMlpWidth);
  experts.fused_gate_up = true;
  builder.base.mlp = experts;
  NameGraniteExperts(&builder.names);
  builder.AppendAll(builder.base);
}

void ReadGptOss(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 64);
  ReadAttentionBias(builder, true);
  builder.base.attention.sinks = true;
  Mlp experts = ReadExperts(builder, {"num_local_experts", "num_experts"},
                            {"num_experts_per_tok", "experts_per_token"}, {"intermediate_size"});
  experts.bias = true;
  experts.router_bias = true;
  experts.fused_gate_up = true;
  builder.base.mlp = experts;
  builder.names.router = "router";
  builder.names.stacked_experts = true;
  builder.names.norms[1] = "post_attention_layernorm";
  builder.names.ggml_norms[1] = "post_attention_norm";
  std::vector<LayerType> types = builder.LayerTypes();
  if (!builder.text.Has("layer_types")) {
    // GptOssConfig's default: sliding first, then full, alternating.
    for (size_t i = 0; i < types.size(); i += 2) types[i] = LayerType::kSliding;
  }
  builder.AppendByType(types, builder.text.Int("sliding_window", 128, 0, kMaxPositions));
}

void ReadMiniMaxM2(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  if (builder.text.Bool("use_qk_norm", true)) {
    const bool per_head = builder.text.Text("qk_norm_type", "per_layer") == "per_head";
    builder.base.attention.qk_norm = per_head ? QkNorm::kPerHead : QkNorm::kFullWidth;
  }
  Mlp experts = ReadExperts(builder, {"num_local_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
  experts.selection_bias = builder.text.Bool("use_routing_bias", true);
  experts.shared_intermediate = builder.text.Int("shared_intermediate_size", 0, 0, kMaxMlpWidth);
  builder.base.mlp = experts;
  TensorNames& names = builder.names;
  names.moe = "block_sparse_moe.";
  names.selection_bias = "e_score_correction_bias";
  names.expert_gate = "w1";
  names.expert_up = "w3";
  names.expert_down = "w2";
  builder.AppendAll(builder.base);
  // use_mtp is set, but the published checkpoints hold no MTP tensors.
}

// Every interleave_moe_layer_step-th, or those of the list.
std::vector<uint8_t> Llama4SparseLayers(ArchitectureBuilder& builder) {
  const int64_t layers = builder.architecture.layers;
  const int64_t step = builder.text.Int("interleave_moe_layer_step", 1, 0, kMaxLayers);
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  for (int64_t i = step - 1; step > 0 && i < layers; i += step) sparse[static_cast<size_t>(i)] = 1;
  const Json* given = builder.text.Find("moe_layers");
  if (given == nullptr) return sparse;
  if (!given->is_array()) builder.text.Refuse("moe_layers", "a list of layer numbers");
  sparse.assign(sparse.size(), 0);
  for (const Json& item : given->items()) {
    const int64_t layer = item.AsInt().value_or(-1);
    if (layer >= 0 && layer < layers) sparse[static_cast<size_t>(layer)] = 1;
  }
  return sparse;
}

// interleave_moe_layer_step-th layers are sparse; every fourth layer attends to everything and has no RoPE
// (transformers modeling_llama4.py, configuration_llama4.py).
void ReadLlama4(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ReadAttentionBias(builder, false);
  builder.text.Inert({"use_qk_norm"});  // a norm without weights
  TensorNames& names = builder.names;
  names.mlp = "feed_forward.";
  names.moe = "feed_forward.";
  names.router = "router";
  names.stacked_experts = true;
  names.shared = "shared_expert.";
  if (builder.root.json() != builder.text.json()) {
    names.model = "language_model.model.";
    names.head = "language_model.lm_head";
  }

  const int64_t layers = builder.architecture.layers;
  const std::vector<uint8_t> sparse = Llama4SparseLayers(builder);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size_mlp", 1, kMaxMlpWidth);
  Mlp experts;
  if (std::find(sparse.begin(), sparse.end(), 1) != sparse.end()) {
    experts = ReadExperts(builder, {"num_local_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
    experts.shared_intermediate = experts.expert_intermediate;
    experts.fused_gate_up = true;
  } else {
    // Llama Guard 4: no layer has experts, and their widths mean nothing.
    builder.text.Inert({"num_local_experts", "num_experts_per_tok", "intermediate_size"});
  }
  std::vector<int64_t> ropes;
  if (const Json* given = builder.text.Find("no_rope_layers"); given != nullptr && !given->items().empty()) {
    ropes = builder.text.Ints("no_rope_layers", layers, 0, 1);
  }
  const int64_t interval = builder.text.Int("no_rope_layer_interval", 4, 1, kMaxLayers);
  const int64_t chunk = builder.text.Int("attention_chunk_size", 8192, 0, kMaxPositions);
  for (int64_t i = 0; i < layers; ++i) {
    const size_t at = static_cast<size_t>(i);
    LayerShape shape = builder.base;
    if (sparse[at] != 0) shape.mlp = experts;
    const bool local = at < ropes.size() ? ropes[at] != 0 : (i + 1) % interval != 0;
    shape.attention.rope = local;
    if (local && chunk > 0) {
      shape.attention.kind = AttentionKind::kChunked;
      shape.attention.window = chunk;
    }
    builder.Append(builder.GroupOf(shape));
  }
}

// Widths, experts per token and shared experts may be one number or one per layer (modeling_hunyuan.py of
// tencent/Hunyuan-A13B-Instruct).
void ReadHunYuan(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadAttentionBias(builder, false);
  if (builder.text.Bool("use_qk_norm", false)) builder.base.attention.qk_norm = QkNorm::kPerHead;
  TensorNames& names = builder.names;
  names.q_norm = "query_layernorm";
  names.k_norm = "key_layernorm";
  names.router = "gate.wg";
  names.shared = "shared_mlp.";
  // Of so many layers one after another the first keeps keys and values, which the others read.
  const int64_t shared_by =
      builder.text.Bool("use_cla", false) ? builder.text.Int("cla_share_factor", 1, 1, kMaxLayers) : 1;
  if (builder.text.Bool("use_mla", false)) builder.text.Refuse("use_mla", "false");

  const int64_t layers = builder.architecture.layers;
  const int64_t width = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.base.mlp.intermediate = width;
  const int64_t experts = builder.text.Required("num_experts", 1, kMaxHeads);
  const int64_t skipped = builder.text.Int("moe_layer_num_skipped", 0, 0, layers);
  const std::vector<int64_t> widths = builder.text.Ints("moe_intermediate_size", layers, 1, kMaxMlpWidth);
  const std::vector<int64_t> per_token = builder.text.Ints("moe_topk", layers, 1, experts);
  const std::vector<int64_t> shared = builder.text.Ints("num_shared_expert", layers, 0, 1024);
  for (int64_t i = 0; i < layers; ++i) {
    const size_t at = static_cast<size_t>(i);
    LayerShape shape = builder.base;
    shape.attention.shares_kv = i % shared_by != 0;
    if (i >= skipped && experts > 1) {
      Mlp& mlp = shape.mlp;
      mlp = Mlp{};
      mlp.kind = MlpKind::kMoe;
      mlp.experts = experts;
      mlp.experts_per_token = at < per_token.size() ? per_token[at] : 1;
      mlp.expert_intermediate = at < widths.size() ? widths[at] : width;
      mlp.expert_hidden = builder.architecture.hidden;
      mlp.shared_intermediate = width * (at < shared.size() ? shared[at] : 0);
    }
    builder.Append(builder.GroupOf(shape));
  }
}

// Sparse layers have an indexer that chooses blocks of tokens (vllm/models/minimax_m3/nvidia/model.py).
void ReadMiniMaxM3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  Attention& attention = builder.base.attention;
  if (builder.text.Bool("use_qk_norm", true)) {
    const bool wide = builder.text.Text("qk_norm_type", "per_head") == "per_layer";
    attention.qk_norm = wide ? QkNorm::kFullWidth : QkNorm::kPerHead;
  }
  if (builder.text.Bool("attention_output_gate", false))
    attention.gate_rows = attention.heads * attention.value_dim;
  builder.base.mlp.intermediate =
      builder.text.Required({"dense_intermediate_size", "intermediate_size"}, 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"num_local_experts"}, {"num_experts_per_tok"},
                            {"moe_intermediate_size", "intermediate_size"});
  experts.selection_bias = builder.text.Bool("use_routing_bias", true);
  experts.shared_intermediate =
      builder.text.Int("shared_intermediate_size", experts.expert_intermediate, 0, kMaxMlpWidth) *
      builder.text.Int("n_shared_experts", 0, 0, 1024);
  TensorNames& names = builder.names;
  names.moe = "block_sparse_moe.";
  names.selection_bias = "e_score_correction_bias";
  names.expert_gate = "w1";
  names.expert_up = "w3";
  names.expert_down = "w2";
  builder.partial_rotary_factor = 0.5;
  if (builder.root.json() != builder.text.json()) {
    names.model = "language_model.model.";
    names.head = "language_model.lm_head";
  }

  const int64_t layers = builder.architecture.layers;
  ConfigReader sparse = builder.text.Object("sparse_attention_config");
  Attention indexed = attention;
  indexed.index_heads = sparse.Int("sparse_num_index_heads", 0, 0, kMaxHeads);
  indexed.index_dim = sparse.Int("sparse_index_dim", 0, 0, kMaxHeadDim);
  indexed.index_block = sparse.Int("sparse_block_size", 128, 1, kMaxPositions);
  indexed.index_topk = sparse.Int("sparse_topk_blocks", 0, 0, kMaxPositions) * indexed.index_block;
  const std::vector<int64_t> has_indexer = sparse.Ints("sparse_attention_freq", layers, 0, kMaxLayers);
  const std::vector<uint8_t> moe =
      SparseFrom(builder, builder.text.Int("first_k_dense_replace", 0, 0, kMaxLayers));
  for (int64_t i = 0; i < layers; ++i) {
    const size_t at = static_cast<size_t>(i);
    LayerShape shape = builder.base;
    if (at < has_indexer.size() && has_indexer[at] != 0) shape.attention = indexed;
    if (moe[at] != 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
  builder.text.Inert({"num_nextn_predict_layers"});  // the same count again
  if (builder.text.Int({"num_mtp_modules", "num_nextn_predict_layers"}, 0, 0, 64) > 0) {
    builder.Remark(
        "The config counts MTP modules but does not say what they hold; their weights are left out.");
  }
}

// Sliding layers have their own head counts and a sink; keys are wider than values
// (vllm/model_executor/models/mimo_v2_flash.py).
void ReadMiMo(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  Attention& full = builder.base.attention;
  full.qkv_bias = text.Bool("attention_bias", false);
  full.value_dim = text.Int("v_head_dim", full.key_dim, 1, kMaxHeadDim);
  full.sinks = text.Bool("add_full_attention_sink_bias", false);
  Attention sliding = full;
  sliding.kind = AttentionKind::kSliding;
  sliding.window = text.Required({"sliding_window", "sliding_window_size"}, 1, kMaxPositions);
  sliding.heads = text.Int("swa_num_attention_heads", full.heads, 1, kMaxHeads);
  sliding.kv_heads = text.Int("swa_num_key_value_heads", full.kv_heads, 1, kMaxHeads);
  sliding.key_dim = text.Int("swa_head_dim", full.key_dim, 1, kMaxHeadDim);
  sliding.value_dim = text.Int("swa_v_head_dim", full.value_dim, 1, kMaxHeadDim);
  sliding.sinks = text.Bool("add_swa_attention_sink_bias", false);
  if (!builder.failed() && sliding.heads % sliding.kv_heads != 0) {
    text.Refuse("swa_num_key_value_heads", "a divisor of swa_num_attention_heads");
  }
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts =
      ReadExperts(builder, {"n_routed_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = text.Text("topk_method", "noaux_tc") == "noaux_tc";
  experts.shared_intermediate = experts.expert_intermediate * text.Int("n_shared_experts", 0, 0, 1024);
  text.Inert({"attention_chunk_size"});  // chunks of FlashAttention's own
  builder.names.sinks = "attention_sink_bias";
  builder.rope_tables = text.Has("swa_rope_theta") ? 2 : 1;

  const int64_t layers = builder.architecture.layers;
  const std::vector<int64_t> pattern = text.Ints("hybrid_layer_pattern", layers, 0, 1);
  if (pattern.empty())
    text.Refuse("hybrid_layer_pattern", "an array of num_hidden_layers numbers, 0 full, 1 sliding");
  const std::vector<uint8_t> moe = SparseFrom(builder, 0);
  for (size_t i = 0; i < pattern.size(); ++i) {
    LayerShape shape = builder.base;
    if (pattern[i] != 0) shape.attention = sliding;
    if (moe[i] != 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
  builder.Remark(
      "The repository also holds MTP layers, which the config does not describe; they are left out.");
}

// Step 3.5 and 3.7: q/k norms, and, where the config says so, other head counts in sliding layers and a gate
// per head (vllm/model_executor/models/step3p5.py).
// Layer numbers as one string: "3,4,5".
std::vector<uint8_t> StepSparse(ArchitectureBuilder& builder) {
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  int64_t number = -1;
  for (const char letter : std::string(builder.text.Text("moe_layers_enum", "")) + ",") {
    if (letter >= '0' && letter <= '9') {
      number = std::min<int64_t>(kMaxLayers, (number < 0 ? 0 : number * 10) + (letter - '0'));
      continue;
    }
    if (letter != ',' && letter != ' ') {
      builder.text.Refuse("moe_layers_enum", "layer numbers with commas between");
      return sparse;
    }
    if (number >= 0 && number < layers) sparse[static_cast<size_t>(number)] = 1;
    number = -1;
  }
  return sparse;
}

void ReadStep(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  Attention& full = builder.base.attention;
  full.kv_heads = text.Int("num_attention_groups", full.kv_heads, 1, full.heads);
  full.qkv_bias = text.Bool("attention_bias", false);
  full.qk_norm = QkNorm::kPerHead;
  const bool gated = text.Bool("use_head_wise_attn_gate", false);
  if (gated) full.gate_rows = full.heads;
  Attention sliding = full;
  sliding.window = text.Int("sliding_window", 0, 0, kMaxPositions);
  if (sliding.window > 0) sliding.kind = AttentionKind::kSliding;
  if (text.Has("attention_other_setting")) {
    ConfigReader other = text.Object("attention_other_setting");
    sliding.heads = other.Int("num_attention_heads", full.heads, 1, kMaxHeads);
    sliding.kv_heads = other.Int("num_attention_groups", full.kv_heads, 1, kMaxHeads);
    sliding.key_dim = other.Int("head_dim", full.key_dim, 1, kMaxHeadDim);
    sliding.value_dim = sliding.key_dim;
    if (gated) sliding.gate_rows = sliding.heads;
  } else {
    builder.Remark(
        "The config does not say whether sliding layers have other head counts or a gate per head: both are "
        "taken as absent.");
  }
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"moe_num_experts", "num_experts", "n_routed_experts"},
                            {"moe_top_k", "num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = text.Bool("use_moe_router_bias", true);
  experts.shared_intermediate = text.Int("share_expert_dim", 0, 0, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.moe = "moe.";
  names.selection_bias = "router_bias";
  names.experts = "";
  names.shared = "share_expert.";
  names.shared_beside_moe = true;

  const int64_t layers = builder.architecture.layers;
  const std::vector<LayerType> types = builder.LayerTypes();
  const std::vector<uint8_t> moe =
      text.Has("moe_layers_enum") ? StepSparse(builder)
                                  : SparseFrom(builder, text.Int("first_k_dense_replace", 1, 0, kMaxLayers));
  for (int64_t i = 0; i < layers; ++i) {
    const size_t at = static_cast<size_t>(i);
    LayerShape shape = builder.base;
    if (types[at] == LayerType::kSliding) shape.attention = sliding;
    if (moe[at] != 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
  const int64_t next = text.Int("num_nextn_predict_layers", 0, 0, 64);
  if (next > 0 && !text.Has("attention_other_setting")) {
    builder.Remark(
        "The config counts MTP layers but does not say what they hold; their weights are left out.");
    return;
  }
  // Dense layers that go on with the pattern of attention, each with a head of its own
  // (vllm/model_executor/models/step3p5_mtp.py).
  builder.architecture.mtp_layers = next;
  builder.architecture.mtp_shape = builder.base;
  if (layers % 4 != 0) builder.architecture.mtp_shape.attention = sliding;
  builder.mtp_own_head = true;
}

constexpr Family kFamilies[] = {
    {"MixtralForCausalLM", ReadMixtral},       {"Qwen2MoeForCausalLM", ReadQwen2Moe},
    {"Qwen3MoeForCausalLM", ReadQwen3Moe},     {"Qwen3VLMoeForConditionalGeneration", ReadQwen3Moe},
    {"Ernie4_5_MoeForCausalLM", ReadErnie},    {"Ernie4_5MoeForCausalLM", ReadErnie},
    {"OlmoeForCausalLM", ReadOlmoe},           {"FlexOlmoForCausalLM", ReadOlmoe},
    {"Dots1ForCausalLM", ReadGlm4Moe},         {"PhiMoEForCausalLM", ReadPhiMoe},
    {"GraniteMoeForCausalLM", ReadGraniteMoe}, {"GraniteMoeSharedForCausalLM", ReadGraniteMoe},
    {"Glm4MoeForCausalLM", ReadGlm4Moe},       {"GptOssForCausalLM", ReadGptOss},
    {"MiniMaxM2ForCausalLM", ReadMiniMaxM2},   {"MiniMaxM3SparseForCausalLM", ReadMiniMaxM3},
    {"MiMoV2ForCausalLM", ReadMiMo},           {"MiMoV2FlashForCausalLM", ReadMiMo},
    {"Step3p5ForCausalLM", ReadStep},          {"Llama4ForConditionalGeneration", ReadLlama4},
    {"Llama4ForCausalLM", ReadLlama4},         {"HunYuanMoEV1ForCausalLM", ReadHunYuan},
};

}  // namespace

std::span<const Family> MoeFamilies() { return kFamilies; }

}  // namespace plimsoll
