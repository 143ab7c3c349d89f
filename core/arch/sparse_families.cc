#include "core/arch/sparse_families.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

Mlp ReadExperts(ArchitectureBuilder& builder, ConfigReader::Keys experts, ConfigReader::Keys per_token,
                ConfigReader::Keys width) {
  Mlp mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = builder.text.Required(experts, 1, kMaxHeads);
  mlp.experts_per_token = builder.text.Int(per_token, 1, 1, mlp.experts);
  mlp.expert_intermediate = builder.text.Required(width, 1, kMaxMlpWidth);
  mlp.expert_hidden = builder.architecture.hidden;
  return mlp;
}

// Dense in the first `dense` layers, experts in all that follow.
void AppendDenseFirst(ArchitectureBuilder& builder, const std::vector<LayerType>& types, int64_t window,
                      int64_t dense, const Mlp& experts) {
  std::vector<uint8_t> sparse(types.size(), 0);
  for (size_t i = 0; i < sparse.size(); ++i) sparse[i] = static_cast<int64_t>(i) >= dense ? 1 : 0;
  builder.AppendByType(types, window, sparse, experts);
}

int64_t DenseFirst(ArchitectureBuilder& builder, ConfigReader::Keys keys, int64_t fallback) {
  return builder.text.Int(keys, fallback, 0, kMaxLayers);
}

// Ling 1.5 and 2.0 (modeling_bailing_moe.py, modeling_bailing_moe_v2.py of inclusionAI): V2 norms q and k and
// has a selection bias. Sarvam 30B and Param 2 have the same layers (vllm/model_executor/models/sarvam.py,
// param2moe.py).
void ReadBailing(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  const std::string& name = builder.architecture.name;
  const bool second = name == "BailingMoeV2ForCausalLM";
  const bool normed = second || name == "SarvamMoEForCausalLM";
  const bool biased = normed || name == "Param2MoEForCausalLM";
  Attention& attention = builder.base.attention;
  attention.fused_qkv = true;
  attention.qkv_bias = text.Bool("use_qkv_bias", false);
  attention.o_bias = text.Bool("use_bias", false);
  if (text.Bool("use_qk_norm", normed)) attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.base.mlp.bias = attention.o_bias;
  Mlp experts = ReadExperts(builder, {"num_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = text.Bool("moe_router_enable_expert_bias", biased);
  experts.shared_intermediate = experts.expert_intermediate * text.Int("num_shared_experts", 0, 0, 1024);
  TensorNames& names = builder.names;
  names.embedding = "word_embeddings";
  names.attention = "attention.";
  names.qkv = "query_key_value";
  names.o = "dense";
  names.q_norm = "query_layernorm";
  names.k_norm = "key_layernorm";
  names.selection_bias = "gate.expert_bias";
  if (second) builder.partial_rotary_factor = 0.5;
  AppendDenseFirst(builder, builder.LayerTypes(), 0, DenseFirst(builder, {"first_k_dense_replace"}, 0),
                   experts);
  builder.architecture.mtp_layers = text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
  builder.architecture.mtp_shape.mlp = experts;
}

// DeepSeek's first MoE: plain attention (modeling_deepseek.py of deepseek-ai/deepseek-moe-16b-base).
void ReadDeepseek1(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  const bool bias = builder.text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = bias;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts =
      ReadExperts(builder, {"n_routed_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.shared_intermediate =
      experts.expert_intermediate * builder.text.Int("n_shared_experts", 0, 0, 1024);
  const int64_t period = builder.text.Int("moe_layer_freq", 1, 1, kMaxLayers);
  const int64_t dense = DenseFirst(builder, {"first_k_dense_replace"}, 0);
  std::vector<uint8_t> sparse(static_cast<size_t>(builder.architecture.layers), 0);
  for (int64_t i = dense; i < builder.architecture.layers; ++i)
    sparse[static_cast<size_t>(i)] = i % period == 0 ? 1 : 0;
  builder.AppendByType(builder.LayerTypes(), 0, sparse, experts);
}

// Hunyuan 3 (transformers configuration_hy_v3.py): norms over heads, a selection bias, the first layer dense.
void ReadHunYuan3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  const bool bias = text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = bias;
  text.Inert({"use_qk_norm", "qk_norm"});
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"num_experts"}, {"num_experts_per_tok", "moe_topk"},
                            {"moe_intermediate_size", "expert_hidden_dim"});
  experts.selection_bias = text.Bool("moe_router_enable_expert_bias", true);
  experts.shared_intermediate = experts.expert_intermediate * text.Int("num_shared_experts", 1, 0, 1024);
  builder.names.router = "router.gate";
  builder.names.selection_bias = "expert_bias";
  builder.names.shared = "shared_mlp.";
  AppendDenseFirst(builder, builder.LayerTypes(), 0, DenseFirst(builder, {"first_k_dense_replace"}, 1),
                   experts);
  builder.architecture.mtp_layers = text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
  builder.architecture.mtp_shape.mlp = experts;
}

// Three of four layers slide (transformers configuration_afmoe.py); full ones have no positions.
std::vector<LayerType> EveryNthFull(ArchitectureBuilder& builder, int64_t period) {
  if (builder.text.Has("layer_types")) return builder.LayerTypes();
  std::vector<LayerType> types(static_cast<size_t>(builder.architecture.layers), LayerType::kSliding);
  for (int64_t i = period - 1; i < builder.architecture.layers; i += period)
    types[static_cast<size_t>(i)] = LayerType::kFull;
  return types;
}

// Arcee's Trinity (transformers modeling_afmoe.py): a gate on attention's output, four norms.
void ReadAfmoe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.qk_norm = QkNorm::kPerHead;
  attention.gate_rows = attention.heads * attention.value_dim;
  builder.base.norms = 4;
  TensorNames& names = builder.names;
  names.gate_of_attention = "gate_proj";
  names.norms[2] = "pre_mlp_layernorm";
  names.norms[3] = "post_mlp_layernorm";
  names.ggml_norms[1] = "post_attention_norm";
  names.ggml_norms[2] = "ffn_norm";
  names.ggml_norms[3] = "post_ffw_norm";
  names.router = "router.gate";
  names.selection_bias = "expert_bias";
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"num_experts", "num_local_experts"}, {"num_experts_per_tok"},
                            {"moe_intermediate_size"});
  experts.selection_bias = true;
  experts.shared_intermediate = experts.expert_intermediate * text.Int("num_shared_experts", 0, 0, 1024);
  const int64_t period = text.Int("global_attn_every_n_layers", 4, 1, kMaxLayers);
  AppendDenseFirst(builder, EveryNthFull(builder, period), text.Int("sliding_window", 2048, 0, kMaxPositions),
                   DenseFirst(builder, {"num_dense_layers"}, 1), experts);
}

// Laguna: heads counted per layer, a gate row per head, and per element of the head (configuration_laguna.py
// of poolside/Laguna-XS.2).
void ReadLaguna(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  const int64_t layers = builder.architecture.layers;
  Attention& attention = builder.base.attention;
  attention.qkv_bias = text.Bool("attention_bias", false);
  attention.o_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::kPerHead;
  attention.sinks = text.Bool("swa_attention_sink_enabled", false);
  text.Inert({"use_qk_norm", "qk_norm", "qk_norm_type"});
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"num_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = true;
  experts.shared_intermediate = text.Int("shared_expert_intermediate_size", 0, 0, kMaxMlpWidth);
  builder.names.shared = "shared_expert.";
  const std::vector<LayerType> types = EveryNthFull(builder, 4);
  const int64_t window = text.Int("sliding_window", 512, 0, kMaxPositions);
  const std::vector<int64_t> heads = text.Ints("num_attention_heads_per_layer", layers, 1, kMaxHeads);
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 1);
  if (text.Has("mlp_layer_types")) {
    text.Inert({"mlp_only_layers"});
    const std::vector<std::string_view> kinds = text.Texts("mlp_layer_types", layers);
    for (size_t i = 0; i < kinds.size(); ++i) sparse[i] = kinds[i] == "sparse" ? 1 : 0;
  } else if (const Json* dense = text.Find("mlp_only_layers")) {
    for (const Json& item : dense->items()) {
      const int64_t layer = item.AsInt().value_or(-1);
      if (layer < 0 || layer >= layers) {
        text.Refuse("mlp_only_layers", "layer numbers");
        break;
      }
      sparse[static_cast<size_t>(layer)] = 0;
    }
  } else {
    sparse[0] = 0;
  }
  text.Inert({"decoder_sparse_step"});
  for (size_t i = 0; i < types.size() && !builder.failed(); ++i) {
    LayerShape shape = builder.base;
    if (i < heads.size()) shape.attention.heads = heads[i];
    if (shape.attention.heads % shape.attention.kv_heads != 0) {
      text.Refuse("num_attention_heads_per_layer", "multiples of num_key_value_heads");
    }
    shape.attention.gate_rows = shape.attention.heads;
    if (types[i] == LayerType::kSliding && window > 0) {
      shape.attention.kind = AttentionKind::kSliding;
      shape.attention.window = window;
    } else {
      shape.attention.sinks = false;
    }
    if (sparse[i] != 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
}

// K-EXAONE (transformers modeling_exaone_moe.py): norms over heads; the layer that predicts further has a
// dense MLP.
void ReadExaoneMoe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"num_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = true;
  experts.shared_intermediate = experts.expert_intermediate * text.Int("num_shared_experts", 1, 0, 1024);
  const int64_t layers = builder.architecture.layers;
  std::vector<LayerType> types = builder.LayerTypes();
  const Json* pattern = text.Find("sliding_window_pattern");
  if (!text.Has("layer_types") && pattern != nullptr) {
    const std::string letters = pattern->is_string() ? pattern->AsString() : "";
    const int64_t period = letters.empty() ? text.Int("sliding_window_pattern", 4, 1, kMaxLayers) : 0;
    for (int64_t i = 0; i < layers; ++i) {
      const bool full =
          letters.empty() ? (i + 1) % period == 0 : letters[static_cast<size_t>(i) % letters.size()] == 'G';
      types[static_cast<size_t>(i)] = full ? LayerType::kFull : LayerType::kSliding;
    }
  }
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  const int64_t dense = DenseFirst(builder, {"first_k_dense_replace", "first_last_k_dense_replace"}, 1);
  for (int64_t i = dense; i < layers; ++i) sparse[static_cast<size_t>(i)] = 1;
  const std::vector<std::string_view> kinds = text.Texts("mlp_layer_types", layers);
  for (size_t i = 0; i < kinds.size(); ++i) sparse[i] = kinds[i] == "sparse" ? 1 : 0;
  const std::vector<int64_t> flags = text.Ints("is_moe_layer", layers, 0, 1);
  for (size_t i = 0; i < flags.size(); ++i) sparse[i] = flags[i] != 0 ? 1 : 0;
  builder.AppendByType(types, text.Int("sliding_window", 0, 0, kMaxPositions), sparse, experts);
  builder.architecture.mtp_layers = text.Int({"num_nextn_predict_layers", "num_mtp_layers"}, 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
}

// LongCat (modeling_longcat_flash.py): a layer is attention, MLP, attention, MLP, with experts beside the
// first half; so it is two layers here, each with its cache. Some router rows lead to no weights.
void ReadLongcat(ArchitectureBuilder& builder) {
  const int64_t layers = builder.text.Required({"num_layers", "num_hidden_layers"}, 1, kMaxLayers / 2);
  builder.text.Inert({"num_hidden_layers"});  // twice num_layers, or the same
  builder.architecture.layers = 2 * layers;
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.kind = AttentionKind::kLatent;
  attention.q_lora_rank = text.Int("q_lora_rank", 0, 0, kMaxWidth);
  attention.kv_lora_rank = text.Required("kv_lora_rank", 1, kMaxWidth);
  attention.nope_dim = text.Required("qk_nope_head_dim", 0, kMaxHeadDim);
  attention.rope_dim = text.Required("qk_rope_head_dim", 0, kMaxHeadDim);
  attention.key_dim = attention.nope_dim + attention.rope_dim;
  attention.value_dim = text.Required("v_head_dim", 1, kMaxHeadDim);
  const int64_t width = text.Required({"ffn_hidden_size", "intermediate_size"}, 1, kMaxMlpWidth);
  builder.base.mlp.intermediate = width;
  LayerShape first = builder.base;
  first.mlp = ReadExperts(builder, {"n_routed_experts"}, {"moe_topk", "num_experts_per_tok"},
                          {"expert_ffn_hidden_size", "moe_intermediate_size"});
  first.mlp.dense_beside = true;
  first.mlp.intermediate = width;
  first.mlp.selection_bias = true;
  first.mlp.zero_experts = text.Int("zero_expert_num", 0, 0, kMaxHeads);
  builder.mtp_embeddings = true;
  builder.mtp_head = false;
  builder.names.mlp = "mlps.";
  builder.names.router = "router.classifier";
  builder.names.selection_bias = "router.e_score_correction_bias";
  for (int64_t i = 0; i < layers; ++i) {
    builder.Append(builder.GroupOf(first));
    builder.Append(builder.GroupOf(builder.base));
  }
  builder.architecture.mtp_layers = text.Int("num_nextn_predict_layers", 1, 0, 64);
  builder.architecture.mtp_shape = builder.base;
}

// LongCat-Flash-Lite: tables of n-grams beside the embedding, emb_split_num for each length from 2 to
// emb_neighbor_num, each a little longer than the last, and a projection for each.
void ReadLongcatNgram(ArchitectureBuilder& builder) {
  ReadLongcat(builder);
  ConfigReader& text = builder.text;
  const int64_t splits = text.Required("emb_split_num", 1, 256);
  const int64_t neighbours = text.Required("emb_neighbor_num", 2, 64);
  const int64_t ratio = text.Required("ngram_vocab_size_ratio", 1, 100000);
  const int64_t tables = splits * (neighbours - 1);
  const int64_t hidden = builder.architecture.hidden;
  if (builder.failed() || hidden % tables != 0) {
    text.Refuse("emb_split_num", "a number that divides hidden_size with emb_neighbor_num - 1");
    return;
  }
  const int64_t rows = tables * ratio * builder.architecture.vocab + tables * tables;
  builder.extras.push_back({"model.ngram_embeddings.embedders", rows * (hidden / tables)});
  builder.extras.push_back({"model.ngram_embeddings.post_projs", hidden * hidden});
}

// Ling 2.5 (bailing_hybrid): latent attention in every layer_group_size-th layer and in the tail, lightning
// attention with normed q and k in the others; its state is in the model's dtype.
void ReadBailingHybrid(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  LayerShape lightning = builder.base;
  Recurrent& recurrent = lightning.recurrent;
  recurrent.kind = RecurrentKind::kLightning;
  recurrent.heads = attention.heads;
  recurrent.head_dim = recurrent.key_dim = attention.key_dim;
  recurrent.inner = recurrent.heads * recurrent.head_dim;
  recurrent.gated_norm = recurrent.qk_norm = true;
  lightning.attention = Attention{};
  attention.kind = AttentionKind::kLatent;
  attention.q_lora_rank = text.Int("q_lora_rank", 0, 0, kMaxWidth);
  attention.kv_lora_rank = text.Required("kv_lora_rank", 1, kMaxWidth);
  attention.nope_dim = text.Required("qk_nope_head_dim", 0, kMaxHeadDim);
  attention.rope_dim = text.Required("qk_rope_head_dim", 0, kMaxHeadDim);
  attention.key_dim = attention.nope_dim + attention.rope_dim;
  attention.value_dim = text.Required("v_head_dim", 1, kMaxHeadDim);
  text.Inert({"use_qk_norm", "use_qkv_bias"});
  builder.base.mlp.intermediate = lightning.mlp.intermediate =
      text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"num_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = text.Bool("moe_router_enable_expert_bias", true);
  experts.shared_intermediate = experts.expert_intermediate * text.Int("num_shared_experts", 0, 0, 1024);
  const int64_t layers = builder.architecture.layers;
  const int64_t period = text.Required("layer_group_size", 1, kMaxLayers);
  const int64_t dense = DenseFirst(builder, {"first_k_dense_replace"}, 0);
  builder.names.embedding = "word_embeddings";
  builder.names.attention = builder.names.recurrent = "attention.";
  builder.names.selection_bias = "gate.expert_bias";
  for (int64_t i = 0; i < layers; ++i) {
    const bool latent = (i + 1) % period == 0 || i >= layers / period * period;
    LayerShape shape = latent ? builder.base : lightning;
    if (i >= dense) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
}

// Grok-1 (modeling_grok1.py of hpcai-tech/grok-1): four norms.
void ReadGrok(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  Mlp experts = ReadExperts(builder, {"num_experts", "num_local_experts"},
                            {"num_experts_per_tok", "num_experts_per_token"}, {"intermediate_size"});
  builder.base.mlp = experts;
  builder.base.norms = 4;
  TensorNames& names = builder.names;
  names.attention = "attn.";
  names.moe = "moe_block.";
  names.expert_gate = "linear";
  names.expert_up = "linear_v";
  names.expert_down = "linear_1";
  names.norms[0] = "pre_attn_norm";
  names.norms[1] = "post_attn_norm";
  names.norms[2] = "pre_moe_norm";
  names.norms[3] = "post_moe_norm";
  names.ggml_norms[1] = "attn_output_norm";
  names.ggml_norms[2] = "ffn_norm";
  names.ggml_norms[3] = "layer_output_norm";
  builder.AppendAll(builder.base);
}

// Arctic (modeling_arctic.py of Snowflake/snowflake-arctic-base): every moe_layer_frequency-th layer has
// experts, with an MLP of hidden width and a norm beside them.
void ReadArctic(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  LayerShape sparse = builder.base;
  sparse.mlp = ReadExperts(builder, {"num_local_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
  if (text.Bool("parallel_attn_mlp_res", false) || text.Bool("use_residual", true)) {
    sparse.mlp.dense_beside = true;
    sparse.mlp.intermediate = builder.architecture.hidden;
    sparse.norms = 3;
  }
  TensorNames& names = builder.names;
  names.mlp = "residual_mlp.";
  names.moe = "block_sparse_moe.";
  names.gate = names.expert_gate = "w1";
  names.up = names.expert_up = "w3";
  names.down = names.expert_down = "w2";
  names.norms[2] = "residual_layernorm";
  names.ggml_norms[2] = "ffn_norm_exps";
  const int64_t period = text.Int("moe_layer_frequency", 2, 1, kMaxLayers);
  for (int64_t i = 0; i < builder.architecture.layers; ++i) {
    builder.Append(builder.GroupOf((i + 1) % period == 0 ? sparse : builder.base));
  }
}

// Command A with experts (vllm/model_executor/models/cohere2_moe.py): one norm in front of attention and
// experts, which run side by side; the first layers are dense and attend to everything.
void ReadCohere2Moe(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ConfigReader& text = builder.text;
  const bool bias = text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = bias;
  builder.base.norms = 1;
  Mlp experts = ReadExperts(builder, {"num_experts"}, {"num_experts_per_tok"}, {"intermediate_size"});
  experts.shared_intermediate = experts.expert_intermediate * text.Int("num_shared_experts", 0, 0, 1024);
  builder.base.mlp.intermediate =
      text.Int({"prefix_dense_intermediate_size", "intermediate_size"}, 1, 1, kMaxMlpWidth);
  const int64_t dense = DenseFirst(builder, {"first_k_dense_replace"}, 0);
  const int64_t window = text.Int("sliding_window", 0, 0, kMaxPositions);
  const std::vector<LayerType> types = builder.LayerTypes();
  for (size_t i = 0; i < types.size(); ++i) {
    LayerShape shape = builder.base;
    const bool first = static_cast<int64_t>(i) < dense;
    if (!first) shape.mlp = experts;
    if (types[i] == LayerType::kSliding && window > 0) {
      shape.attention.kind = AttentionKind::kSliding;
      shape.attention.window = window;
    } else {
      shape.attention.rope = first;
    }
    builder.Append(builder.GroupOf(shape));
  }
}

// Mellum 2: Qwen3's experts with sliding layers (transformers modular_mellum.py).
void ReadMellum(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  const bool bias = text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = bias;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp.intermediate = text.Int("intermediate_size", 7168, 1, kMaxMlpWidth);
  const Mlp experts = ReadExperts(builder, {"num_experts", "num_local_experts"}, {"num_experts_per_tok"},
                                  {"moe_intermediate_size"});
  std::vector<uint8_t> sparse(static_cast<size_t>(builder.architecture.layers), 1);
  size_t i = 0;
  for (const std::string_view type : text.Texts("mlp_layer_types", builder.architecture.layers)) {
    if (type != "dense" && type != "sparse") text.Fail("mlp_layer_types", Quoted(type), "dense, sparse");
    sparse[i++] = type == "sparse" ? 1 : 0;
  }
  builder.AppendByType(builder.LayerTypes(), text.Int("sliding_window", 1024, 0, kMaxPositions), sparse,
                       experts);
}

// SmallThinker (modeling_smallthinker.py of PowerInfer/SmallThinker-4BA0.6B-Instruct): the router reads the
// layer's input; layers slide, and rotate, by lists of flags.
void ReadSmallThinker(ArchitectureBuilder& builder) {
  builder.ReadCommon(true, 128);
  ConfigReader& text = builder.text;
  const int64_t layers = builder.architecture.layers;
  builder.base.mlp = ReadExperts(builder, {"moe_num_primary_experts", "num_experts"},
                                 {"moe_num_active_primary_experts", "num_experts_per_tok"},
                                 {"moe_ffn_hidden_size", "moe_intermediate_size"});
  for (const int64_t flag : text.Ints("moe_layer_layout", layers, 0, 1)) {
    if (flag == 0) return text.Refuse("moe_layer_layout", "experts in every layer");
  }
  const std::vector<int64_t> slides = text.Ints("sliding_window_layout", layers, 0, 1);
  const std::vector<int64_t> rotates = text.Ints("rope_layout", layers, 0, 1);
  const int64_t window = text.Int({"sliding_window_size", "sliding_window"}, 4096, 0, kMaxPositions);
  TensorNames& names = builder.names;
  names.moe = "block_sparse_moe.";
  names.router = "primary_router";
  names.expert_gate = "gate";
  names.expert_up = "up";
  names.expert_down = "down";
  for (size_t i = 0; i < static_cast<size_t>(layers); ++i) {
    LayerShape shape = builder.base;
    if (i < slides.size() && slides[i] != 0 && window > 0) {
      shape.attention.kind = AttentionKind::kSliding;
      shape.attention.window = window;
    }
    if (i < rotates.size()) shape.attention.rope = rotates[i] != 0;
    builder.Append(builder.GroupOf(shape));
  }
}

// GroveMoE (modeling_grove_moe.py of inclusionAI/GroveMoE-Inst): Qwen3's experts, every two of which share a
// small one as wide as a head.
void AddGroveChunks(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const Mlp& mlp = shape.mlp;
  ConfigReader& text = builder.text;
  const int64_t group = text.Int("experts_per_group", 2, 1, kMaxHeads);
  const int64_t width = text.Int("big_expert_intermediate_size", shape.attention.key_dim, 1, kMaxMlpWidth);
  const int64_t count = mlp.experts / group;
  const int64_t hidden = builder.architecture.hidden;
  for (const auto& [name, ggml] :
       {std::pair("gate_proj", "ffn_gate_chexps"), std::pair("up_proj", "ffn_up_chexps"),
        std::pair("down_proj", "ffn_down_chexps")}) {
    const bool down = std::string_view(name) == "down_proj";
    Tensor& tensor = list->Weight({"mlp.chunk_experts.{e}.", name, ggml}, TensorRole::kExpert,
                                  Sharding::kExpert, down ? hidden : width, down ? width : hidden, count);
    tensor.linear = true;
    tensor.expert_by_columns = down;
  }
}

void ReadGroveMoe(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ConfigReader& text = builder.text;
  const bool bias = text.Bool("attention_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = bias;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp = ReadExperts(builder, {"num_experts", "num_local_experts"}, {"num_experts_per_tok"},
                                 {"moe_intermediate_size"});
  const int64_t group = text.Int("experts_per_group", 2, 1, kMaxHeads);
  if (builder.base.mlp.experts % group != 0) text.Refuse("experts_per_group", "a divisor of num_experts");
  builder.layer_extras = AddGroveChunks;
  builder.AppendAll(builder.base);
}

// Step 3 (vllm/model_executor/models/step3_text.py): one KV head, and queries out of a low rank, which stay
// whole on every rank.
void AddStep3Attention(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const Attention& t = shape.attention;
  const TensorRole role = TensorRole::kAttention;
  const Sharding whole = Sharding::kReplicated;
  const int64_t hidden = builder.architecture.hidden;
  const std::string_view scope = "self_attn.";
  list->Linear({scope, "q_proj", ""}, role, whole, t.q_lora_rank, hidden);
  list->Linear({scope, "k_proj", ""}, role, whole, t.key_dim, hidden);
  list->Linear({scope, "v_proj", ""}, role, whole, t.value_dim, hidden);
  list->Weight({scope, "inter_norm", ""}, TensorRole::kNorm, whole, t.q_lora_rank);
  list->Linear({scope, "wq", ""}, role, Sharding::kRows, t.heads * t.key_dim, t.q_lora_rank);
  list->Linear({scope, "o_proj", ""}, role, Sharding::kColumns, hidden, t.heads * t.value_dim);
}

// Layer numbers in a list, or with commas between.
std::vector<uint8_t> LayersNamed(ArchitectureBuilder& builder, std::string_view key, int64_t first) {
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> named(static_cast<size_t>(layers), 0);
  const Json* given = builder.text.Find(key);
  if (given == nullptr) {
    for (int64_t i = first; i < layers; ++i) named[static_cast<size_t>(i)] = 1;
    return named;
  }
  std::vector<int64_t> numbers;
  if (given->is_array()) {
    for (const Json& item : given->items()) numbers.push_back(item.AsInt().value_or(-1));
  } else {
    int64_t number = -1;
    for (const char letter : (given->is_string() ? given->AsString() : "") + ",") {
      if (letter >= '0' && letter <= '9') {
        number = std::min<int64_t>(kMaxLayers, (number < 0 ? 0 : number * 10) + (letter - '0'));
      } else if (letter == ',') {
        numbers.push_back(number);
        number = -1;
      } else if (letter != ' ') {
        builder.text.Refuse(key, "layer numbers with commas between");
        return named;
      }
    }
  }
  for (const int64_t number : numbers) {
    if (number < 0 || number >= layers) {
      builder.text.Refuse(key, "layer numbers");
      return named;
    }
    named[static_cast<size_t>(number)] = 1;
  }
  return named;
}

void ReadStep3(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 256);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  if (text.Int("num_attention_groups", 1, 1, kMaxHeads) != 1) text.Refuse("num_attention_groups", "1");
  attention.kv_heads = 1;
  attention.q_lora_rank = text.Int("share_q_dim", attention.key_dim, 1, kMaxWidth);
  attention.listed_apart = true;
  builder.architecture.max_positions =
      text.Int({"max_position_embedding", "max_position_embeddings", "max_seq_len"}, 65536, 1, kMaxPositions);
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadExperts(builder, {"moe_num_experts"}, {"moe_top_k"}, {"moe_intermediate_size"});
  experts.shared_intermediate = text.Required("share_expert_dim", 0, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.moe = "moe.";
  names.experts = "";
  names.shared = "share_expert.";
  names.shared_beside_moe = true;
  builder.layer_extras = AddStep3Attention;
  for (const uint8_t sparse : LayersNamed(builder, "moe_layers_enum", 1)) {
    LayerShape shape = builder.base;
    if (sparse != 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
}

// openPangu-Pro-MoE V2 and openPangu-R (vllm/model_executor/models/openpangu.py, OpenPanguSinkAttention):
// keys wider than values, a norm of keys alone, and learnt keys that stand in front of every sequence.
void AddPanguSinks(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const Attention& t = shape.attention;
  ConfigReader& text = builder.text;
  list->Weight({"self_attn.", "k_layernorm", ""}, TensorRole::kNorm, Sharding::kReplicated, t.key_dim);
  const int64_t sinks = text.Int("param_sink_number", 0, 0, kMaxWidth);
  if (sinks == 0) return;
  list->Parameter({"self_attn.", "param_sink_key", ""}, TensorRole::kOther, Sharding::kRows, t.kv_heads,
                  sinks * t.key_dim);
  if (!text.Bool("param_sink_with_value", false)) return;
  list->Parameter({"self_attn.", "param_sink_value", ""}, TensorRole::kOther, Sharding::kRows, t.kv_heads,
                  sinks * t.value_dim);
}

void ReadPanguPro(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  const bool bias = text.Bool("attention_bias", text.Bool("bias", false));
  attention.qkv_bias = text.Bool("qkv_bias", bias);
  attention.o_bias = bias;
  if (text.Int("param_sink_number", 0, 0, kMaxWidth) > 0) {
    attention.rope_dim = text.Required("qk_rope_dim", 1, kMaxHeadDim);
    attention.nope_dim = text.Required("qk_nope_dim", 0, kMaxHeadDim);
    attention.key_dim = attention.rope_dim + attention.nope_dim;
    attention.value_dim = text.Required("v_channels", 1, kMaxHeadDim);
    builder.partial_rotary_factor =
        static_cast<double>(attention.rope_dim) / static_cast<double>(attention.key_dim);
    builder.layer_extras = AddPanguSinks;
  }
  if (text.Bool("sandwich_norm", false)) {
    builder.base.norms = 4;
    builder.names.norms[2] = "pre_mlp_layernorm";
    builder.names.norms[3] = "post_mlp_layernorm";
  }
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.base.mlp.bias = text.Bool("mlp_bias", false);
  Mlp experts =
      ReadExperts(builder, {"n_routed_experts"}, {"num_experts_per_tok"}, {"moe_intermediate_size"});
  experts.selection_bias = text.Bool("router_enable_expert_bias", false);
  experts.shared_intermediate = experts.expert_intermediate * text.Int("n_shared_experts", 0, 0, 1024);
  AppendDenseFirst(builder, builder.LayerTypes(), 0, DenseFirst(builder, {"first_k_dense_replace"}, 0),
                   experts);
  builder.architecture.mtp_layers = text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
  builder.architecture.mtp_shape.mlp = experts;
}

constexpr Family kFamilies[] = {
    {"BailingMoeForCausalLM", ReadBailing},
    {"BailingMoeV2ForCausalLM", ReadBailing},
    {"SarvamMoEForCausalLM", ReadBailing},
    {"Param2MoEForCausalLM", ReadBailing},
    {"Cohere2MoeForCausalLM", ReadCohere2Moe},
    {"MellumForCausalLM", ReadMellum},
    {"SmallThinkerForCausalLM", ReadSmallThinker},
    {"GroveMoeForCausalLM", ReadGroveMoe},
    {"Step3TextForCausalLM", ReadStep3},
    {"PanguProMoEV2ForCausalLM", ReadPanguPro},
    {"DeepseekForCausalLM", ReadDeepseek1},
    {"HYV3ForCausalLM", ReadHunYuan3},
    {"AfmoeForCausalLM", ReadAfmoe},
    {"LagunaForCausalLM", ReadLaguna},
    {"ExaoneMoeForCausalLM", ReadExaoneMoe},
    {"LongcatFlashForCausalLM", ReadLongcat},
    {"LongcatFlashNgramForCausalLM", ReadLongcatNgram},
    {"BailingMoeV2_5ForCausalLM", ReadBailingHybrid},
    {"Grok1ModelForCausalLM", ReadGrok},
    {"ArcticForCausalLM", ReadArctic},
};

}  // namespace

std::span<const Family> SparseFamilies() { return kFamilies; }

}  // namespace plimsoll
