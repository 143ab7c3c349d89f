// Families before Llama set the custom, and near relatives of Llama that differ in names and biases only: one
// row each. Sources: the configuration and modelling files of transformers
// (src/transformers/models/<model_type>/) or of the model's own repository (InternLM2, Baichuan, EXAONE).
#include "core/arch/classic_families.h"

#include <array>
#include <iterator>
#include <vector>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

enum Trait : uint16_t {
  kQkvBias = 1,
  kOutBias = 2,
  kMlpBias = 4,
  kNormBias = 8,
  kGated = 16,
  kTied = 32,
  kNoRope = 64,  // learnt positions or ALiBi
  kHeadBias = 128,
  kBiasByKey = 256,  // "bias" of the config switches those of attention
};
constexpr uint16_t kAllBiases = kQkvBias | kOutBias | kMlpBias | kNormBias;

struct Classic {
  std::string_view name;
  std::string_view model, layer, embedding, final_norm, head;
  std::string_view attention, qkv, q, k, v, o;  // an empty qkv: q, k and v apart
  std::string_view mlp, gate, up, down;
  std::string_view first_norm, second_norm;  // an empty second: attention and MLP side by side
  uint16_t traits;
  std::string_view positions, embedding_norm;
  int64_t further_positions;  // rows beyond max_position_embeddings
};

constexpr Classic kClassics[] = {
    // Positions are computed.
    {"XGLMForCausalLM",
     "model.",
     "layers.{}.",
     "embed_tokens",
     "layer_norm",
     "lm_head",
     "self_attn.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "out_proj",
     "",
     "",
     "fc1",
     "fc2",
     "self_attn_layer_norm",
     "final_layer_norm",
     kAllBiases | kTied | kNoRope,
     "",
     "",
     0},
    {"BioGptForCausalLM",
     "biogpt.",
     "layers.{}.",
     "embed_tokens",
     "layer_norm",
     "output_projection",
     "self_attn.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "out_proj",
     "",
     "",
     "fc1",
     "fc2",
     "self_attn_layer_norm",
     "final_layer_norm",
     kAllBiases | kTied | kNoRope,
     "embed_positions",
     "",
     2},
    {"GPTNeoForCausalLM",
     "transformer.",
     "h.{}.",
     "wte",
     "ln_f",
     "lm_head",
     "attn.attention.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "out_proj",
     "mlp.",
     "",
     "c_fc",
     "c_proj",
     "ln_1",
     "ln_2",
     kOutBias | kMlpBias | kNormBias | kTied | kNoRope,
     "wpe",
     "",
     0},
    {"GPTNeoXForCausalLM",
     "gpt_neox.",
     "layers.{}.",
     "embed_in",
     "final_layer_norm",
     "embed_out",
     "attention.",
     "query_key_value",
     "",
     "",
     "",
     "dense",
     "mlp.",
     "",
     "dense_h_to_4h",
     "dense_4h_to_h",
     "input_layernorm",
     "post_attention_layernorm",
     kAllBiases,
     "",
     "",
     0},
    {"GPT2LMHeadModel",
     "transformer.",
     "h.{}.",
     "wte",
     "ln_f",
     "lm_head",
     "attn.",
     "c_attn",
     "",
     "",
     "",
     "c_proj",
     "mlp.",
     "",
     "c_fc",
     "c_proj",
     "ln_1",
     "ln_2",
     kAllBiases | kTied | kNoRope,
     "wpe",
     "",
     0},
    {"OPTForCausalLM",
     "model.decoder.",
     "layers.{}.",
     "embed_tokens",
     "final_layer_norm",
     "lm_head",
     "self_attn.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "out_proj",
     "",
     "",
     "fc1",
     "fc2",
     "self_attn_layer_norm",
     "final_layer_norm",
     kAllBiases | kTied | kNoRope,
     "embed_positions",
     "",
     2},
    {"BloomForCausalLM",
     "transformer.",
     "h.{}.",
     "word_embeddings",
     "ln_f",
     "lm_head",
     "self_attention.",
     "query_key_value",
     "",
     "",
     "",
     "dense",
     "mlp.",
     "",
     "dense_h_to_4h",
     "dense_4h_to_h",
     "input_layernorm",
     "post_attention_layernorm",
     kAllBiases | kTied | kNoRope,
     "",
     "word_embeddings_layernorm",
     0},
    {"PhiForCausalLM",
     "model.",
     "layers.{}.",
     "embed_tokens",
     "final_layernorm",
     "lm_head",
     "self_attn.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "dense",
     "mlp.",
     "",
     "fc1",
     "fc2",
     "input_layernorm",
     "",
     kAllBiases | kHeadBias,
     "",
     "",
     0},
    {"InternLM2ForCausalLM",
     "model.",
     "layers.{}.",
     "tok_embeddings",
     "norm",
     "output",
     "attention.",
     "wqkv",
     "",
     "",
     "",
     "wo",
     "feed_forward.",
     "w1",
     "w3",
     "w2",
     "attention_norm",
     "ffn_norm",
     kGated | kBiasByKey,
     "",
     "",
     0},
    {"BaichuanForCausalLM",
     "model.",
     "layers.{}.",
     "embed_tokens",
     "norm",
     "lm_head",
     "self_attn.",
     "W_pack",
     "",
     "",
     "",
     "o_proj",
     "mlp.",
     "gate_proj",
     "up_proj",
     "down_proj",
     "input_layernorm",
     "post_attention_layernorm",
     kGated,
     "",
     "",
     0},
    {"ExaoneForCausalLM",
     "transformer.",
     "h.{}.",
     "wte",
     "ln_f",
     "lm_head",
     "attn.attention.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "out_proj",
     "mlp.",
     "c_fc_0",
     "c_fc_1",
     "c_proj",
     "ln_1",
     "ln_2",
     kGated,
     "",
     "",
     0},
    {"NemotronForCausalLM",
     "model.",
     "layers.{}.",
     "embed_tokens",
     "norm",
     "lm_head",
     "self_attn.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "o_proj",
     "mlp.",
     "",
     "up_proj",
     "down_proj",
     "input_layernorm",
     "post_attention_layernorm",
     kNormBias,
     "",
     "",
     0},
    {"GPTBigCodeForCausalLM",
     "transformer.",
     "h.{}.",
     "wte",
     "ln_f",
     "lm_head",
     "attn.",
     "c_attn",
     "",
     "",
     "",
     "c_proj",
     "mlp.",
     "",
     "c_fc",
     "c_proj",
     "ln_1",
     "ln_2",
     kAllBiases | kTied | kNoRope,
     "wpe",
     "",
     0},
    {"GPTJForCausalLM",
     "transformer.",
     "h.{}.",
     "wte",
     "ln_f",
     "lm_head",
     "attn.",
     "",
     "q_proj",
     "k_proj",
     "v_proj",
     "out_proj",
     "mlp.",
     "",
     "fc_in",
     "fc_out",
     "ln_1",
     "",
     kMlpBias | kNormBias | kHeadBias,
     "",
     "",
     0},
};

const Classic& RowOf(std::string_view name) {
  for (const Classic& classic : kClassics) {
    if (classic.name == name) return classic;
  }
  return kClassics[0];
}

void TakeNames(const Classic& c, TensorNames* names) {
  names->model = c.model;
  names->layer = c.layer;
  names->embedding = c.embedding;
  names->final_norm = c.final_norm;
  names->head = c.head;
  names->attention = c.attention;
  names->qkv = c.qkv;
  names->q = c.q;
  names->k = c.k;
  names->v = c.v;
  names->o = c.o;
  names->mlp = c.mlp;
  names->gate = c.gate;
  names->up = c.up;
  names->down = c.down;
  names->norms[0] = c.first_norm;
  names->norms[1] = c.second_norm;
  names->positions = c.positions;
  names->embedding_norm = c.embedding_norm;
}

// OPT's smallest but one: a narrower table, a matrix behind it and one in front of the head.
void AddProjections(ArchitectureBuilder& builder, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden, width = builder.embedding_width;
  list->Linear({"", "project_in", ""}, TensorRole::kOther, Sharding::kReplicated, hidden, width);
  list->Linear({"", "project_out", ""}, TensorRole::kOther, Sharding::kReplicated, width, hidden);
}

// And norms behind a layer's halves instead of in front, so that no last one is left (modeling_opt.py).
void ReadNarrowTable(ArchitectureBuilder& builder) {
  const int64_t hidden = builder.architecture.hidden;
  const int64_t width = builder.text.Int("word_embed_proj_dim", hidden, 1, kMaxWidth);
  if (width != hidden) {
    if (!builder.architecture.tied_embeddings) builder.text.Refuse("tie_word_embeddings", "true");
    builder.embedding_width = width;
    builder.model_extras = AddProjections;
  }
  const bool before = builder.text.Bool("do_layer_norm_before", true);
  if (!before || builder.text.Bool("_remove_final_layer_norm", false)) builder.names.final_norm = "";
}

// "attention_types": patterns of global and local layers and how often each repeats (GPT-Neo).
std::vector<LayerType> NeoLayerTypes(ArchitectureBuilder& builder) {
  const auto layers = static_cast<size_t>(builder.architecture.layers);
  std::vector<LayerType> types;
  const Json* patterns = builder.text.Find("attention_types");
  if (patterns == nullptr) return std::vector<LayerType>(layers, LayerType::kFull);
  for (const Json& pattern : patterns->items()) {
    if (pattern.items().size() != 2 || pattern.items()[0].items().empty()) break;
    const std::vector<Json>& kinds = pattern.items()[0].items();
    const int64_t times = pattern.items()[1].AsInt().value_or(0);
    for (int64_t i = 0; i < times && types.size() < layers; ++i) {
      for (const Json& kind : kinds)
        types.push_back(kind.AsString() == "local" ? LayerType::kSliding : LayerType::kFull);
    }
  }
  if (types.size() != layers) builder.text.Refuse("attention_types", "a kind for each layer");
  return types;
}

void ReadClassic(ArchitectureBuilder& builder) {
  const Classic& c = RowOf(builder.architecture.name);
  const auto has = [&c](uint16_t trait) { return (c.traits & trait) != 0; };
  builder.ReadCommon(has(kTied));
  TakeNames(c, &builder.names);
  builder.names.head_bias = has(kHeadBias);
  const bool by_key = has(kBiasByKey) && builder.text.Bool("bias", true);
  Attention& attention = builder.base.attention;
  attention.qkv_bias = by_key || (has(kQkvBias) && builder.text.Bool("attention_bias", true));
  // The key is of those that have both; GPT-Neo's class has no such key.
  const bool told = has(kQkvBias) && has(kOutBias) ? builder.text.Bool("attention_bias", true) : true;
  attention.o_bias = by_key || (has(kOutBias) && told);
  attention.fused_qkv = !c.qkv.empty();
  if (builder.text.Bool("multi_query", false)) attention.kv_heads = 1;
  attention.rope = !has(kNoRope);
  builder.base.norm_bias = has(kNormBias);
  builder.base.norms = c.second_norm.empty() ? 1 : 2;
  Mlp& mlp = builder.base.mlp;
  mlp.gated = has(kGated);
  mlp.bias = has(kMlpBias);
  mlp.intermediate = builder.text.Int({"intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"},
                                      4 * builder.architecture.hidden, 1, kMaxMlpWidth);
  if (c.name == "OPTForCausalLM") ReadNarrowTable(builder);
  if (!c.positions.empty())
    builder.names.position_rows = builder.architecture.max_positions + c.further_positions;
  builder.partial_rotary_factor = builder.text.Number("rotary_pct", c.name[0] == 'G' ? 0.25 : 1, 1e-6, 1);
  if (c.name != "GPTNeoForCausalLM") return builder.AppendAll(builder.base);
  builder.AppendByType(NeoLayerTypes(builder), builder.text.Int("window_size", 256, 1, kMaxPositions));
}

void ReadStableLm(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  Attention& attention = builder.base.attention;
  attention.qkv_bias = builder.text.Bool("use_qkv_bias", false);
  if (builder.text.Bool("qk_layernorm", false)) attention.qk_norm = QkNorm::kFullWidth;
  builder.base.norm_bias = true;
  builder.base.norms = builder.text.Bool("use_parallel_residual", false) ? 1 : 2;
  builder.base.mlp.intermediate = builder.text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.partial_rotary_factor = 0.25;
  builder.AppendAll(builder.base);
}

constexpr auto kFamilies = [] {
  std::array<Family, std::size(kClassics) + 1> families{};
  for (size_t i = 0; i < std::size(kClassics); ++i) families[i] = {kClassics[i].name, ReadClassic};
  families.back() = {"StableLmForCausalLM", ReadStableLm};
  return families;
}();

}  // namespace

std::span<const Family> ClassicFamilies() { return kFamilies; }

}  // namespace plimsoll
