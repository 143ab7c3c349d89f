// Families with multi-head latent attention (MLA): DeepSeek V2 and V3, Kimi K2, GLM-4.7-Flash, GLM-5.
// Sources: modeling_deepseek.py of the models' repositories, transformers modeling_deepseek_v3.py, and for
// the sparse-attention indexer inference/model.py of deepseek-ai/DeepSeek-V3.2-Exp.
#include "core/arch/latent_families.h"

#include <algorithm>

namespace plimsoll {

namespace {

// `value_dim`: of values where the config does not say; 0: it has to.
void ReadLatentAttention(ArchitectureBuilder& builder, int64_t value_dim = 0) {
  Attention& attention = builder.base.attention;
  attention.kind = AttentionKind::kLatent;
  attention.q_lora_rank = builder.text.Int("q_lora_rank", 0, 0, kMaxWidth);
  attention.kv_lora_rank = builder.text.Required("kv_lora_rank", 1, kMaxWidth);
  attention.nope_dim = builder.text.Required("qk_nope_head_dim", 0, kMaxHeadDim);
  attention.rope_dim = builder.text.Required("qk_rope_head_dim", 0, kMaxHeadDim);
  attention.key_dim = attention.nope_dim + attention.rope_dim;
  attention.value_dim = value_dim > 0 ? builder.text.Int("v_head_dim", value_dim, 1, kMaxHeadDim)
                                      : builder.text.Required("v_head_dim", 1, kMaxHeadDim);
  attention.qkv_bias = builder.text.Bool("attention_bias", false);
  attention.o_bias = attention.qkv_bias;
  if (!builder.text.Has("index_n_heads")) return;
  attention.index_heads = builder.text.Int("index_n_heads", 0, 0, kMaxHeads);
  attention.index_dim = builder.text.Required("index_head_dim", 1, kMaxHeadDim);
  attention.index_topk = builder.text.Required("index_topk", 1, kMaxPositions);
}

Mlp ReadDeepseekExperts(ArchitectureBuilder& builder) {
  Mlp mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = builder.text.Required("n_routed_experts", 1, kMaxHeads);
  mlp.experts_per_token = builder.text.Required("num_experts_per_tok", 1, mlp.experts);
  mlp.expert_intermediate = builder.text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
  mlp.expert_hidden = builder.architecture.hidden;
  mlp.shared_intermediate = mlp.expert_intermediate * builder.text.Int("n_shared_experts", 0, 0, 1024);
  return mlp;
}

// Which layers have an indexer of their own: "full" or "shared" (GLM-5.2's indexer_types).
std::vector<uint8_t> SharedIndexers(ArchitectureBuilder& builder) {
  std::vector<uint8_t> shared(static_cast<size_t>(builder.architecture.layers), 0);
  size_t i = 0;
  for (const std::string_view type : builder.text.Texts("indexer_types", builder.architecture.layers)) {
    if (type != "full" && type != "shared") builder.text.Fail("indexer_types", Quoted(type), "full, shared");
    shared[i++] = type == "shared" ? 1 : 0;
  }
  return shared;
}

std::vector<uint8_t> SparseLayers(ArchitectureBuilder& builder) {
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  if (builder.text.Has("mlp_layer_types")) {
    builder.text.Inert({"first_k_dense_replace", "moe_layer_freq"});  // the list says the same
    size_t i = 0;
    for (const std::string_view type : builder.text.Texts("mlp_layer_types", layers)) {
      if (type != "dense" && type != "sparse")
        builder.text.Fail("mlp_layer_types", Quoted(type), "dense, sparse");
      sparse[i++] = type == "sparse" ? 1 : 0;
    }
    return sparse;
  }
  const int64_t first = builder.text.Int("first_k_dense_replace", 0, 0, kMaxLayers);
  const int64_t period = builder.text.Int("moe_layer_freq", 1, 1, kMaxLayers);
  for (int64_t i = first; i < layers; ++i) sparse[static_cast<size_t>(i)] = i % period == 0 ? 1 : 0;
  return sparse;
}

void ReadDeepseekFamily(ArchitectureBuilder& builder, bool selection_bias) {
  builder.ReadCommon(false, 128);
  ReadLatentAttention(builder);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadDeepseekExperts(builder);
  experts.selection_bias = selection_bias;
  const std::vector<uint8_t> sparse = SparseLayers(builder);
  const std::vector<uint8_t> shared = SharedIndexers(builder);
  int32_t known[2][2] = {{-1, -1}, {-1, -1}};
  for (size_t i = 0; i < sparse.size(); ++i) {
    int32_t& group = known[sparse[i]][shared[i]];
    if (group < 0) {
      LayerShape shape = builder.base;
      shape.attention.index_shared = shared[i] != 0;
      if (sparse[i] != 0) shape.mlp = experts;
      group = builder.GroupOf(shape);
    }
    builder.Append(group);
  }
  builder.architecture.mtp_layers = builder.text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
  builder.architecture.mtp_shape.mlp = experts;
}

// A.X K1: DeepSeek-V3's layers with one more norm, behind the MLP (vllm/model_executor/models/AXK1.py).
void ReadAxK1(ArchitectureBuilder& builder) {
  builder.base.norms = 3;
  builder.names.norms[2] = "post_mlp_layernorm";
  builder.names.ggml_norms[2] = "post_ffw_norm";
  ReadDeepseekFamily(builder, builder.text.Text("topk_method", "noaux_tc") == "noaux_tc");
}

// Sarvam 105B: DeepSeek's attention, Ling's names for the experts (vllm/model_executor/models/sarvam.py).
void ReadSarvamMla(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 128);
  ReadLatentAttention(builder);
  ConfigReader& text = builder.text;
  builder.base.mlp.intermediate = text.Int("intermediate_size", 16384, 1, kMaxMlpWidth);
  Mlp experts;
  experts.kind = MlpKind::kMoe;
  experts.experts = text.Required("num_experts", 1, kMaxHeads);
  experts.experts_per_token = text.Required("num_experts_per_tok", 1, experts.experts);
  experts.expert_intermediate = text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
  experts.expert_hidden = builder.architecture.hidden;
  experts.selection_bias = text.Bool("moe_router_enable_expert_bias", true);
  experts.shared_intermediate =
      text.Int("moe_shared_expert_intermediate_size", experts.expert_intermediate, 0, kMaxMlpWidth) *
      text.Int("num_shared_experts", 1, 0, 1024);
  const int64_t first = text.Int("first_k_dense_replace", 1, 0, kMaxLayers);
  const int64_t period = text.Int("moe_layer_freq", 1, 1, kMaxLayers);
  for (int64_t i = 0; i < builder.architecture.layers; ++i) {
    LayerShape shape = builder.base;
    if (i >= first && (i - first) % period == 0) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
}

// openPangu-Ultra-MoE: DeepSeek-V3's layers between four norms (vllm/model_executor/models/openpangu.py).
void ReadPanguUltra(ArchitectureBuilder& builder) {
  if (builder.text.Bool("sandwich_norm", false)) {
    builder.base.norms = 4;
    builder.names.norms[2] = "pre_mlp_layernorm";
    builder.names.norms[3] = "post_mlp_layernorm";
  }
  ReadDeepseekFamily(builder, builder.text.Bool("router_enable_expert_bias", false));
}

// PLM: latent attention and an MLP without a gate (modeling_plm.py of PLM-Team/PLM-1.8B-Base).
void ReadPlm(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ReadLatentAttention(builder);
  builder.base.mlp.gated = false;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

// MiniCPM3: latent attention and a dense MLP; values have the heads' share of the hidden width
// (modeling_minicpm.py of openbmb/MiniCPM3-4B).
void ReadMiniCpm3(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  const int64_t heads = std::max<int64_t>(1, builder.base.attention.heads);
  ReadLatentAttention(builder, std::max<int64_t>(1, builder.architecture.hidden / heads));
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

void ReadDeepseekV2(ArchitectureBuilder& builder) { ReadDeepseekFamily(builder, false); }

// V3's repositories hold copies of embedding and head in the MTP layer.
void ReadDeepseekV3(ArchitectureBuilder& builder) {
  builder.mtp_embeddings = true;
  ReadDeepseekFamily(builder, builder.text.Text("topk_method", "noaux_tc") == "noaux_tc");
}

void ReadGlmLatent(ArchitectureBuilder& builder) {
  // GLM-4.7-Flash's MTP layer holds copies of embedding and head, GLM-5's does not (their hub totals).
  builder.mtp_embeddings = builder.architecture.name == "Glm4MoeLiteForCausalLM";
  ReadDeepseekFamily(builder, true);
}

// GLM-4.7-Flash's MTP layer holds copies of embedding and head, GLM-5's does not (their hub totals).
void ReadGlmLite(ArchitectureBuilder& builder) {
  builder.mtp_embeddings = true;
  ReadGlmLatent(builder);
}

void ReadKimiK25(ArchitectureBuilder& builder) {
  builder.names.model = "language_model.model.";
  builder.names.head = "language_model.lm_head";
  ReadDeepseekFamily(builder, true);
}

// DeepSeek-V4: every layer sees the last `sliding_window` tokens; compress_ratios says what it sees beyond
// (0: nothing; 4: compressed keys chosen by an indexer; 128: all compressed keys). The first num_hash_layers
// choose experts by token id.
void ReadDeepseekV4(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, 512);
  Attention& attention = builder.base.attention;
  attention.kind = AttentionKind::kCompressed;
  attention.kv_heads = 1;
  attention.window = builder.text.Required("sliding_window", 1, kMaxPositions);
  attention.q_lora_rank = builder.text.Required("q_lora_rank", 1, kMaxWidth);
  attention.rope_dim = builder.text.Required("qk_rope_head_dim", 0, attention.key_dim);
  attention.nope_dim = attention.key_dim - attention.rope_dim;
  attention.o_groups = builder.text.Required("o_groups", 1, kMaxHeads);
  attention.o_lora_rank = builder.text.Required("o_lora_rank", 1, kMaxWidth);
  if (!builder.failed() && attention.heads % attention.o_groups != 0) {
    builder.text.Refuse("o_groups", "a divisor of num_attention_heads");
  }
  attention.sinks = true;
  Attention indexed = attention;
  indexed.index_heads = builder.text.Required("index_n_heads", 1, kMaxHeads);
  indexed.index_dim = builder.text.Required("index_head_dim", 1, kMaxHeadDim);
  indexed.index_topk = builder.text.Required("index_topk", 1, kMaxPositions);
  builder.base.hyper_connections = builder.text.Int("hc_mult", 0, 0, 64);

  Mlp experts = ReadDeepseekExperts(builder);
  experts.selection_bias = builder.text.Text("topk_method", "noaux_tc") == "noaux_tc";
  Mlp hashed = experts;
  hashed.selection_bias = false;
  hashed.hashed_router = true;

  TensorNames& names = builder.names;
  names.model = "";
  names.embedding = "embed";
  names.head = "head";
  names.attention = "attn.";
  names.moe = "ffn.";
  names.selection_bias = "gate.bias";
  names.expert_gate = names.shared_gate_proj = "w1";
  names.expert_up = names.shared_up = "w3";
  names.expert_down = names.shared_down = "w2";
  names.norms[0] = "attn_norm";
  names.norms[1] = "ffn_norm";
  builder.mtp_style = MtpStyle::kDeepseekV4;
  builder.rope_tables = builder.text.Has("compress_rope_theta") ? 2 : 1;

  const int64_t layers = builder.architecture.layers;
  const int64_t next = builder.text.Int("num_nextn_predict_layers", 0, 0, 64);
  const Json* given = builder.text.Find("compress_ratios");
  // The list may go on with the MTP layers.
  const bool longer = given != nullptr && static_cast<int64_t>(given->items().size()) == layers + next;
  const std::vector<int64_t> ratios =
      builder.text.Ints("compress_ratios", longer ? layers + next : layers, 0, kMaxPositions);
  if (ratios.empty()) builder.text.Refuse("compress_ratios", "an array of num_hidden_layers numbers");
  const int64_t hash_layers = builder.text.Int("num_hash_layers", 0, 0, layers);
  for (int64_t i = 0; i < layers && !builder.failed(); ++i) {
    const int64_t ratio = ratios[static_cast<size_t>(i)];
    LayerShape shape = builder.base;
    if (ratio == 4) shape.attention = indexed;
    shape.attention.compress_ratio = ratio;
    shape.mlp = i < hash_layers ? hashed : experts;
    builder.Append(builder.GroupOf(shape));
  }
  builder.architecture.mtp_layers = next;
  builder.architecture.mtp_shape = builder.base;
  builder.architecture.mtp_shape.mlp = experts;
}

constexpr Family kFamilies[] = {
    {"DeepseekV4ForCausalLM", ReadDeepseekV4},
    {"DeepseekV2ForCausalLM", ReadDeepseekV2},
    {"DeepseekV3ForCausalLM", ReadDeepseekV3},
    {"DeepseekV32ForCausalLM", ReadDeepseekV3},
    {"MistralLarge3ForCausalLM", ReadDeepseekV2},
    {"Glm4MoeLiteForCausalLM", ReadGlmLite},
    {"GlmMoeDsaForCausalLM", ReadGlmLatent},
    {"KimiK25ForConditionalGeneration", ReadKimiK25},
    {"MiniCPM3ForCausalLM", ReadMiniCpm3},
    {"AXK1ForCausalLM", ReadAxK1},
    {"SarvamMLAForCausalLM", ReadSarvamMla},
    {"PanguUltraMoEForCausalLM", ReadPanguUltra},
    {"PLMForCausalLM", ReadPlm},
};

}  // namespace

std::span<const Family> LatentFamilies() { return kFamilies; }

}  // namespace plimsoll
