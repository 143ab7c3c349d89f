// Families with multi-head latent attention (MLA): DeepSeek V2 and V3, Kimi K2, GLM-4.7-Flash, GLM-5.
// Sources: modeling_deepseek.py of the models' repositories, transformers modeling_deepseek_v3.py, and for
// the sparse-attention indexer inference/model.py of deepseek-ai/DeepSeek-V3.2-Exp.
#include "core/arch/architecture_builder.h"

namespace plimsoll {

namespace {

void ReadLatentAttention(Draft& draft) {
  Attention& attention = draft.base.attention;
  attention.kind = AttentionKind::kLatent;
  attention.q_lora_rank = draft.text.Int("q_lora_rank", 0, 0, kMaxWidth);
  attention.kv_lora_rank = draft.text.Required("kv_lora_rank", 1, kMaxWidth);
  attention.nope_dim = draft.text.Required("qk_nope_head_dim", 0, kMaxHeadDim);
  attention.rope_dim = draft.text.Required("qk_rope_head_dim", 0, kMaxHeadDim);
  attention.key_dim = attention.nope_dim + attention.rope_dim;
  attention.value_dim = draft.text.Required("v_head_dim", 1, kMaxHeadDim);
  attention.qkv_bias = draft.text.Bool("attention_bias", false);
  attention.o_bias = attention.qkv_bias;
  if (!draft.text.Has("index_n_heads")) return;
  attention.index_heads = draft.text.Int("index_n_heads", 0, 0, kMaxHeads);
  attention.index_dim = draft.text.Required("index_head_dim", 1, kMaxHeadDim);
  attention.index_topk = draft.text.Required("index_topk", 1, kMaxPositions);
}

Mlp ReadDeepseekExperts(Draft& draft) {
  Mlp mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = draft.text.Required("n_routed_experts", 1, kMaxHeads);
  mlp.experts_per_token = draft.text.Required("num_experts_per_tok", 1, mlp.experts);
  mlp.expert_intermediate = draft.text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
  mlp.expert_hidden = draft.architecture.hidden;
  mlp.shared_intermediate = mlp.expert_intermediate * draft.text.Int("n_shared_experts", 0, 0, 1024);
  return mlp;
}

// Which layers have an indexer of their own: "full" or "shared" (GLM-5.2's indexer_types).
std::vector<uint8_t> SharedIndexers(Draft& draft) {
  std::vector<uint8_t> shared(static_cast<size_t>(draft.architecture.layers), 0);
  size_t i = 0;
  for (const std::string_view type : draft.text.Texts("indexer_types", draft.architecture.layers)) {
    if (type != "full" && type != "shared") draft.text.Fail("indexer_types", Quoted(type), "full, shared");
    shared[i++] = type == "shared" ? 1 : 0;
  }
  return shared;
}

std::vector<uint8_t> SparseLayers(Draft& draft) {
  const int64_t layers = draft.architecture.layers;
  std::vector<uint8_t> sparse(static_cast<size_t>(layers), 0);
  if (draft.text.Has("mlp_layer_types")) {
    size_t i = 0;
    for (const std::string_view type : draft.text.Texts("mlp_layer_types", layers)) {
      if (type != "dense" && type != "sparse")
        draft.text.Fail("mlp_layer_types", Quoted(type), "dense, sparse");
      sparse[i++] = type == "sparse" ? 1 : 0;
    }
    return sparse;
  }
  const int64_t first = draft.text.Int("first_k_dense_replace", 0, 0, kMaxLayers);
  const int64_t period = draft.text.Int("moe_layer_freq", 1, 1, kMaxLayers);
  for (int64_t i = first; i < layers; ++i) sparse[static_cast<size_t>(i)] = i % period == 0 ? 1 : 0;
  return sparse;
}

void ReadDeepseekFamily(Draft& draft, bool selection_bias) {
  draft.ReadCommon(false, 128);
  ReadLatentAttention(draft);
  draft.base.mlp.intermediate = draft.text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts = ReadDeepseekExperts(draft);
  experts.selection_bias = selection_bias;
  const std::vector<uint8_t> sparse = SparseLayers(draft);
  const std::vector<uint8_t> shared = SharedIndexers(draft);
  int32_t known[2][2] = {{-1, -1}, {-1, -1}};
  for (size_t i = 0; i < sparse.size(); ++i) {
    int32_t& group = known[sparse[i]][shared[i]];
    if (group < 0) {
      LayerShape shape = draft.base;
      shape.attention.index_shared = shared[i] != 0;
      if (sparse[i] != 0) shape.mlp = experts;
      group = draft.GroupOf(shape);
    }
    draft.Append(group);
  }
  draft.architecture.mtp_layers = draft.text.Int("num_nextn_predict_layers", 0, 0, 64);
  draft.architecture.mtp_shape = draft.base;
  draft.architecture.mtp_shape.mlp = experts;
}

// MiniCPM3: latent attention and a dense MLP.
void ReadMiniCpm3(Draft& draft) {
  draft.ReadCommon(true);
  ReadLatentAttention(draft);
  draft.base.mlp.intermediate = draft.text.Required("intermediate_size", 1, kMaxMlpWidth);
  draft.AppendAll(draft.base);
}

void ReadDeepseekV2(Draft& draft) { ReadDeepseekFamily(draft, false); }

// V3's repositories hold copies of embedding and head in the MTP layer.
void ReadDeepseekV3(Draft& draft) {
  draft.mtp_embeddings = true;
  ReadDeepseekFamily(draft, draft.text.Text("topk_method", "noaux_tc") == "noaux_tc");
}

void ReadGlmLatent(Draft& draft) { ReadDeepseekFamily(draft, true); }

void ReadKimiK25(Draft& draft) {
  draft.names.model = "language_model.model.";
  draft.names.head = "language_model.lm_head";
  ReadDeepseekFamily(draft, true);
}

// DeepSeek-V4: every layer sees the last `sliding_window` tokens; compress_ratios says what it sees beyond
// (0: nothing; 4: compressed keys chosen by an indexer; 128: all compressed keys). The first num_hash_layers
// choose experts by token id.
void ReadDeepseekV4(Draft& draft) {
  draft.ReadCommon(false, 512);
  Attention& attention = draft.base.attention;
  attention.kind = AttentionKind::kCompressed;
  attention.kv_heads = 1;
  attention.window = draft.text.Required("sliding_window", 1, kMaxPositions);
  attention.q_lora_rank = draft.text.Required("q_lora_rank", 1, kMaxWidth);
  attention.rope_dim = draft.text.Required("qk_rope_head_dim", 0, attention.key_dim);
  attention.nope_dim = attention.key_dim - attention.rope_dim;
  attention.o_groups = draft.text.Required("o_groups", 1, kMaxHeads);
  attention.o_lora_rank = draft.text.Required("o_lora_rank", 1, kMaxWidth);
  if (!draft.failed() && attention.heads % attention.o_groups != 0) {
    draft.text.Refuse("o_groups", "a divisor of num_attention_heads");
  }
  attention.sinks = true;
  Attention indexed = attention;
  indexed.index_heads = draft.text.Required("index_n_heads", 1, kMaxHeads);
  indexed.index_dim = draft.text.Required("index_head_dim", 1, kMaxHeadDim);
  indexed.index_topk = draft.text.Required("index_topk", 1, kMaxPositions);
  draft.base.hyper_connections = draft.text.Int("hc_mult", 0, 0, 64);

  Mlp experts = ReadDeepseekExperts(draft);
  experts.selection_bias = draft.text.Text("topk_method", "noaux_tc") == "noaux_tc";
  Mlp hashed = experts;
  hashed.selection_bias = false;
  hashed.hashed_router = true;

  TensorNames& names = draft.names;
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
  draft.mtp_style = MtpStyle::kDeepseekV4;
  draft.rope_tables = draft.text.Has("compress_rope_theta") ? 2 : 1;

  const int64_t layers = draft.architecture.layers;
  const int64_t next = draft.text.Int("num_nextn_predict_layers", 0, 0, 64);
  const Json* given = draft.text.Find("compress_ratios");
  // The list may go on with the MTP layers.
  const bool longer = given != nullptr && static_cast<int64_t>(given->items().size()) == layers + next;
  const std::vector<int64_t> ratios =
      draft.text.Ints("compress_ratios", longer ? layers + next : layers, 0, kMaxPositions);
  if (ratios.empty()) draft.text.Refuse("compress_ratios", "an array of num_hidden_layers numbers");
  const int64_t hash_layers = draft.text.Int("num_hash_layers", 0, 0, layers);
  for (int64_t i = 0; i < layers && !draft.failed(); ++i) {
    const int64_t ratio = ratios[static_cast<size_t>(i)];
    LayerShape shape = draft.base;
    if (ratio == 4) shape.attention = indexed;
    shape.attention.compress_ratio = ratio;
    shape.mlp = i < hash_layers ? hashed : experts;
    draft.Append(draft.GroupOf(shape));
  }
  draft.architecture.mtp_layers = next;
  draft.architecture.mtp_shape = draft.base;
  draft.architecture.mtp_shape.mlp = experts;
}

constexpr Family kFamilies[] = {
    {"DeepseekV4ForCausalLM", ReadDeepseekV4},        {"DeepseekV2ForCausalLM", ReadDeepseekV2},
    {"DeepseekV3ForCausalLM", ReadDeepseekV3},        {"DeepseekV32ForCausalLM", ReadDeepseekV3},
    {"Glm4MoeLiteForCausalLM", ReadGlmLatent},        {"GlmMoeDsaForCausalLM", ReadGlmLatent},
    {"KimiK25ForConditionalGeneration", ReadKimiK25}, {"MiniCPM3ForCausalLM", ReadMiniCpm3},
};

}  // namespace

const Family* FindLatentFamily(std::string_view name) {
  for (const Family& family : kFamilies) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

}  // namespace plimsoll
