#include "core/arch/older_families.h"

#include <algorithm>
#include <vector>

#include "core/arch/tensor_list.h"
#include "core/arch/vit_towers.h"

namespace plimsoll {

namespace {

void ReadBiases(ArchitectureBuilder& builder, std::string_view key, bool fallback) {
  const bool bias = builder.text.Bool(key, fallback);
  builder.base.attention.qkv_bias = bias;
  builder.base.attention.o_bias = bias;
}

// InternLM's first, and openPangu-Embedded: Llama with one switch for the biases of attention
// (modeling_internlm.py; vllm/model_executor/models/openpangu.py).
void ReadInternLm(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "bias", true);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

// Norms without weights, not even the last one (transformers modeling_olmo.py, OlmoLayerNorm).
void ReadOlmo(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "attention_bias", false);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.base.norms = 0;
  builder.names.final_norm = "";
  builder.AppendAll(builder.base);
}

// Llama without a gate (transformers modeling_arcee.py, ReLU squared).
void ReadArcee(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "attention_bias", false);
  builder.base.mlp.gated = false;
  builder.base.mlp.bias = builder.text.Bool("mlp_bias", false);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

// No gate either; xIELU learns two numbers per layer (transformers modeling_apertus.py, activations.py).
void ReadApertus(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "attention_bias", false);
  builder.base.mlp.bias = builder.text.Bool("mlp_bias", false);
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp.gated = false;
  builder.base.mlp.activation_scalars = builder.text.Text("hidden_act", "xielu") == "xielu" ? 2 : 0;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.names.norms[0] = "attention_layernorm";
  builder.names.norms[1] = "feedforward_layernorm";
  builder.AppendAll(builder.base);
}

// BitNet b1.58: Llama with a norm in front of the last matrix of attention and of the MLP (transformers
// modeling_bitnet.py).
void AddBitNetNorms(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  list->Weight({"self_attn.", "attn_sub_norm", "attn_sub_norm"}, TensorRole::kNorm, Sharding::kReplicated,
               builder.architecture.hidden);
  list->Weight({"mlp.", "ffn_sub_norm", "ffn_sub_norm"}, TensorRole::kNorm, Sharding::kReplicated,
               shape.mlp.intermediate);
}

void ReadBitNet(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ReadBiases(builder, "attention_bias", false);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.layer_extras = AddBitNetNorms;
  builder.AppendAll(builder.base);
}

// Jais 2: LayerNorms, biases everywhere and no gate (transformers modeling_jais2.py).
void ReadJais2(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "attention_bias", true);
  builder.base.norm_bias = true;
  builder.base.mlp.gated = false;
  builder.base.mlp.bias = builder.text.Bool("mlp_bias", true);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

// HyperCLOVA X: Llama, with a further norm behind attention and MLP where the config says so
// (modeling_hyperclovax.py of naver-hyperclovax/HyperCLOVAX-SEED-Think-14B).
void ReadHyperClova(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "attention_bias", false);
  builder.base.mlp.bias = builder.text.Bool("mlp_bias", false);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  if (builder.text.Bool("use_post_norm", false)) {
    builder.base.norms = 4;
    TensorNames& names = builder.names;
    names.norms[1] = "post_norm1";
    names.norms[2] = "post_attention_layernorm";
    names.norms[3] = "post_norm2";
  }
  builder.AppendAll(builder.base);
}

// Orion: Llama with LayerNorms (modeling_orion.py of OrionStarAI/Orion-14B-Base).
void ReadOrion(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "attention_bias", false);
  builder.base.norm_bias = true;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

// Persimmon: fused QKV, biases everywhere, LayerNorms over heads of q and k (modeling_persimmon.py).
void AddPersimmonNorms(ArchitectureBuilder&, const LayerShape& shape, TensorList* list) {
  for (const std::string_view name : {"q_layernorm", "k_layernorm"}) {
    const TensorList::Names names{"self_attn.", name, name == "q_layernorm" ? "attn_q_norm" : "attn_k_norm"};
    list->Weight(names, TensorRole::kNorm, Sharding::kReplicated, shape.attention.key_dim);
    list->Bias(names, TensorRole::kNorm, Sharding::kReplicated, shape.attention.key_dim);
  }
}

void ReadPersimmon(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  Attention& attention = builder.base.attention;
  attention.qkv_bias = attention.o_bias = true;
  attention.fused_qkv = true;
  builder.base.norm_bias = true;
  builder.base.mlp.gated = false;
  builder.base.mlp.bias = true;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  if (builder.text.Bool("qk_layernorm", true)) builder.layer_extras = AddPersimmonNorms;
  builder.names.qkv = "query_key_value";
  builder.names.o = "dense";
  builder.names.up = "dense_h_to_4h";
  builder.names.down = "dense_4h_to_h";
  builder.names.final_norm = "final_layernorm";
  builder.AppendAll(builder.base);
}

// Step-1: Llama with ALiBi and groups of heads (vllm/model_executor/models/step1.py).
void ReadStep1(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ReadBiases(builder, "attention_bias", false);
  Attention& attention = builder.base.attention;
  attention.kv_heads = builder.text.Int({"num_attention_groups", "num_key_value_heads"}, 1, 1, kMaxHeads);
  if (!builder.failed() && attention.heads % attention.kv_heads != 0)
    builder.text.Refuse("num_attention_groups", "a divisor of num_attention_heads");
  attention.rope = false;
  builder.base.mlp.bias = builder.text.Bool("mlp_bias", false);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
}

// QWen of 2023: the config counts gate and up together (modeling_qwen.py of Qwen/Qwen-7B).
void ReadQwen1(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, builder.text.Int("kv_channels", 0, 1, kMaxHeadDim));
  Attention& attention = builder.base.attention;
  attention.kv_heads = attention.heads;
  attention.fused_qkv = true;
  attention.qkv_bias = true;
  attention.o_bias = !builder.text.Bool("no_bias", true);
  const int64_t both = builder.text.Required("intermediate_size", 2, kMaxMlpWidth);
  builder.base.mlp.intermediate = both / 2;
  builder.base.mlp.bias = attention.o_bias;
  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.layer = "h.{}.";
  names.embedding = "wte";
  names.final_norm = "ln_f";
  names.attention = "attn.";
  names.qkv = "c_attn";
  names.o = "c_proj";
  names.gate = "w2";
  names.up = "w1";
  names.down = "c_proj";
  names.norms[0] = "ln_1";
  names.norms[1] = "ln_2";
  // Qwen-VL's config.json names this class too; vLLM is told the other one by hand.
  if (builder.root.Has("visual")) builder.towers = AddQwenVlTower;
  if (builder.root.Has("audio"))
    builder.root.Refuse("audio", "no audio tower of Qwen-Audio, whose sizes we do not know");
  builder.AppendAll(builder.base);
}

// ChatGLM2 and 3, GLM-4 of June 2024 (modeling_chatglm.py of THUDM/chatglm3-6b). The frequencies of the rope
// are stored.
void ReadChatGlm(ArchitectureBuilder& builder) {
  builder.ReadCommon(false, builder.text.Int("kv_channels", 0, 1, kMaxHeadDim));
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  if (text.Bool("multi_query_attention", false))
    attention.kv_heads = text.Required("multi_query_group_num", 1, attention.heads);
  text.Inert({"multi_query_group_num"});
  if (!builder.failed() && attention.heads % attention.kv_heads != 0)
    text.Refuse("multi_query_group_num", "a divisor of num_attention_heads");
  const bool all = text.Bool("add_bias_linear", false);
  attention.qkv_bias = text.Bool("add_qkv_bias", false) || all;
  attention.o_bias = all;
  attention.fused_qkv = true;
  builder.base.mlp.bias = all;
  builder.base.mlp.fused_gate_up = true;
  builder.base.mlp.intermediate = text.Required("ffn_hidden_size", 1, kMaxMlpWidth);
  builder.base.norm_bias = !text.Bool("rmsnorm", true);
  builder.partial_rotary_factor = 0.5;
  builder.extras.push_back({"transformer.rotary_pos_emb.inv_freq", attention.key_dim / 4});
  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.layer = "encoder.layers.{}.";
  names.embedding = "embedding.word_embeddings";
  names.final_norm = "encoder.final_layernorm";
  names.head = "transformer.output_layer";
  names.attention = "self_attention.";
  names.qkv = "query_key_value";
  names.o = "dense";
  names.gate_up = "dense_h_to_4h";
  names.down = "dense_4h_to_h";
  if (builder.root.Has("vision_config")) builder.towers = AddGlm4vTower;  // GLM-4V's config.json
  builder.AppendAll(builder.base);
}

// MPT (modeling_mpt.py): ALiBi, no biases, LayerNorms with weights only.
void ReadMpt(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  ConfigReader inner = text.Object("attn_config");
  attention.kv_heads = inner.Int("kv_n_heads", attention.heads, 1, attention.heads);
  if (inner.Bool("qk_ln", false)) inner.Refuse("qk_ln", "false");
  attention.fused_qkv = true;
  attention.rope = !inner.Bool("alibi", true);
  if (!text.Bool("no_bias", true)) text.Refuse("no_bias", "true");
  builder.base.mlp.gated = false;
  const double ratio = text.Number("expansion_ratio", 4, 0.01, 64);
  builder.base.mlp.intermediate =
      std::max<int64_t>(1, static_cast<int64_t>(ratio * static_cast<double>(builder.architecture.hidden)));
  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.layer = "blocks.{}.";
  names.embedding = "wte";
  names.final_norm = "norm_f";
  names.attention = "attn.";
  names.qkv = "Wqkv";
  names.o = "out_proj";
  names.mlp = "ffn.";
  names.norms[0] = "norm_1";
  names.norms[1] = "norm_2";
  builder.AppendAll(builder.base);
}

// MiMo-7B: Qwen2 with layers that predict further tokens, each with three norms and a joining matrix
// (modeling_mimo.py of XiaomiMiMo/MiMo-7B-Base).
void ReadMiMo7b(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  builder.base.attention.qkv_bias = builder.text.Bool("attention_bias", true);
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.AppendAll(builder.base);
  builder.architecture.mtp_layers = builder.text.Int("num_nextn_predict_layers", 0, 0, 64);
  builder.architecture.mtp_shape = builder.base;
}

// TeleChat2: q apart, k and v in one tensor, biases behind attention and MLP only (modeling_telechat.py of
// Tele-AI/TeleChat2-7B).
void ReadTeleChat(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  builder.base.attention.o_bias = true;
  builder.base.mlp.intermediate =
      builder.text.Required({"ffn_hidden_size", "intermediate_size"}, 1, kMaxMlpWidth);
  builder.extras.clear();
  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.layer = "h.{}.";
  names.embedding = "word_embeddings";
  names.final_norm = "ln_f";
  names.attention = "self_attention.";
  names.q = "query";
  names.o = "dense";
  builder.base.mlp.down_bias = true;
  builder.AppendAll(builder.base);
}

// DBRX: experts everywhere; norms without bias (transformers modeling_dbrx.py).
void ReadDbrx(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  ConfigReader inner = text.Object("attn_config");
  ConfigReader ffn = text.Object("ffn_config");
  Attention& attention = builder.base.attention;
  attention.kv_heads = inner.Int("kv_n_heads", 1, 1, attention.heads);
  attention.fused_qkv = true;
  Mlp& mlp = builder.base.mlp;
  mlp.kind = MlpKind::kMoe;
  mlp.experts = ffn.Int("moe_num_experts", 4, 1, kMaxHeads);
  mlp.experts_per_token = ffn.Int("moe_top_k", 1, 1, mlp.experts);
  mlp.expert_intermediate = ffn.Int("ffn_hidden_size", 3584, 1, kMaxMlpWidth);
  mlp.expert_hidden = builder.architecture.hidden;
  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.layer = "blocks.{}.";
  names.embedding = "wte";
  names.final_norm = "norm_f";
  names.attention = "norm_attn_norm.attn.";
  names.qkv = "Wqkv";
  names.o = "out_proj";
  names.moe = "ffn.";
  names.router = "router.layer";
  names.expert_gate = "w1";
  names.expert_up = "v1";
  names.expert_down = "w2";
  names.norms[0] = "norm_attn_norm.norm_1";
  names.norms[1] = "norm_attn_norm.norm_2";
  builder.AppendAll(builder.base);
}

// PLaMo 13B: attention and MLP side by side behind one norm; n_shared_head query heads share a KV head
// (modeling_plamo.py of pfnet/plamo-13b).
void ReadPlamo(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  Attention& attention = builder.base.attention;
  const int64_t shared = builder.text.Int("n_shared_head", 0, 0, kMaxHeads);
  if (shared > 0) attention.kv_heads = std::max<int64_t>(1, attention.heads / shared);
  if (!builder.failed() && attention.heads % attention.kv_heads != 0)
    builder.text.Refuse("n_shared_head", "a divisor of num_attention_heads");
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.base.norms = 1;
  builder.names.layer = "layers.layers.{}.";
  builder.names.norms[0] = "norm";
  builder.AppendAll(builder.base);
}

// Jais: GPT-2 with ALiBi and a gated MLP (modeling_jais.py of inceptionai/jais-13b).
void ReadJais(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.fused_qkv = attention.qkv_bias = attention.o_bias = true;
  attention.rope = false;
  builder.base.norm_bias = true;
  builder.base.mlp.bias = true;
  builder.base.mlp.gated = text.Text("activation_function", "swiglu") == "swiglu";
  builder.base.mlp.intermediate =
      text.Int({"n_inner", "intermediate_size"}, 4 * builder.architecture.hidden, 1, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.layer = "h.{}.";
  names.embedding = "wte";
  names.final_norm = "ln_f";
  names.attention = "attn.";
  names.qkv = "c_attn";
  names.o = "c_proj";
  names.gate = "c_fc2";
  names.up = "c_fc";
  names.down = "c_proj";
  names.norms[0] = "ln_1";
  names.norms[1] = "ln_2";
  if (text.Text("position_embedding_type", "learned") != "alibi") {
    names.positions = "wpe";
    names.position_rows = builder.architecture.max_positions;
  }
  builder.AppendAll(builder.base);
}

// OpenELM: heads and widths that grow from layer to layer, norms over heads (modeling_openelm.py of
// apple/OpenELM-270M). config_forms.cc spells its keys like everybody's.
void ReadOpenElm(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ConfigReader& text = builder.text;
  const int64_t layers = builder.architecture.layers;
  const std::vector<int64_t> heads = text.Ints("num_query_heads", layers, 1, kMaxHeads);
  const std::vector<int64_t> kv_heads = text.Ints("num_kv_heads", layers, 1, kMaxHeads);
  const std::vector<int64_t> widths = text.Ints("ffn_intermediate_sizes", layers, 1, kMaxMlpWidth);
  if (heads.empty() || kv_heads.empty() || widths.empty())
    return text.Refuse("num_query_heads", "lists of heads, KV heads and widths, one for each layer");
  Attention& attention = builder.base.attention;
  attention.fused_qkv = true;
  if (text.Bool("normalize_qk_projections", true)) attention.qk_norm = QkNorm::kPerHead;
  builder.base.mlp.gated = text.Bool("ffn_with_glu", true);
  builder.base.mlp.fused_gate_up = builder.base.mlp.gated;
  TensorNames& names = builder.names;
  names.model = "transformer.";
  names.embedding = "token_embeddings";
  names.attention = "attn.";
  names.o = "out_proj";
  names.mlp = "ffn.";
  names.gate_up = names.up = "proj_1";
  names.down = "proj_2";
  names.norms[0] = "attn_norm";
  names.norms[1] = "ffn_norm";
  for (size_t i = 0; i < heads.size(); ++i) {
    LayerShape shape = builder.base;
    shape.attention.heads = heads[i];
    shape.attention.kv_heads = kv_heads[i];
    if (heads[i] % kv_heads[i] != 0) return text.Refuse("num_kv_heads", "divisors of num_query_heads");
    shape.mlp.intermediate = widths[i];
    builder.Append(builder.GroupOf(shape));
  }
}

constexpr Family kFamilies[] = {
    {"InternLMForCausalLM", ReadInternLm},
    {"OlmoForCausalLM", ReadOlmo},
    {"PanguEmbeddedForCausalLM", ReadInternLm},
    {"ArceeForCausalLM", ReadArcee},
    {"ApertusForCausalLM", ReadApertus},
    {"BitNetForCausalLM", ReadBitNet},
    {"Jais2ForCausalLM", ReadJais2},
    {"HyperCLOVAXForCausalLM", ReadHyperClova},
    {"OrionForCausalLM", ReadOrion},
    {"PersimmonForCausalLM", ReadPersimmon},
    {"QWenLMHeadModel", ReadQwen1},
    {"ChatGLMModel", ReadChatGlm},
    {"MPTForCausalLM", ReadMpt},
    {"MiMoForCausalLM", ReadMiMo7b},
    {"TeleChat2ForCausalLM", ReadTeleChat},
    {"TeleChatForCausalLM", ReadTeleChat},
    {"DbrxForCausalLM", ReadDbrx},
    {"Step1ForCausalLM", ReadStep1},
    {"PlamoForCausalLM", ReadPlamo},
    {"JAISLMHeadModel", ReadJais},
    {"OpenELMForCausalLM", ReadOpenElm},
};

}  // namespace

std::span<const Family> OlderFamilies() { return kFamilies; }

}  // namespace plimsoll
