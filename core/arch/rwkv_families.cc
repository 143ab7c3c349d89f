// Sources: flash-linear-attention's configuration_rwkv7.py and modeling_rwkv7.py; llama.cpp's
// src/models/rwkv7-base.cpp; of RWKV 4 transformers modeling_rwkv.py; of 5 and 6 mlc-llm's rwkv5_model.py and
// rwkv6_model.py, which sum up to the formulas of "Eagle and Finch" (arXiv 2404.05892, appendix on parameters).
#include "core/arch/rwkv_families.h"

#include <initializer_list>
#include <string>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

struct Ranks {
  int64_t decay = 0, learning = 0, value = 0, gate = 0;
};

// The widths of the low-rank pairs; the published models' by their hidden width where the config leaves them
// out.
Ranks ReadRanks(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  const int64_t hidden = builder.architecture.hidden;
  Ranks ranks;
  ranks.decay = text.Int({"decay_low_rank_dim", "lora_rank_decay"}, hidden >= 2048 ? 96 : 64, 1, kMaxWidth);
  ranks.learning = text.Int({"a_low_rank_dim", "lora_rank_iclr"}, hidden >= 2048 ? 96 : 64, 1, kMaxWidth);
  ranks.value =
      text.Int({"v_low_rank_dim", "lora_rank_value_residual_mix"}, hidden >= 2048 ? 64 : 32, 1, kMaxWidth);
  ranks.gate = text.Int({"gate_low_rank_dim", "lora_rank_gate"},
                        hidden >= 2560   ? 320
                        : hidden >= 2048 ? 256
                                         : 128,
                        1, kMaxWidth);
  return ranks;
}

void AddPair(TensorList* list, std::string_view name, int64_t rank, int64_t hidden, bool bias) {
  const std::string module(name);
  list->Linear({"attn.", module + "_lora.lora.0", ""}, TensorRole::kRecurrent, Sharding::kReplicated, rank,
               hidden);
  list->Linear({"attn.", module + "_lora.lora.2", ""}, TensorRole::kRecurrent, Sharding::kRows, hidden, rank,
               bias);
}

void AddRwkvLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  const TensorRole role = TensorRole::kRecurrent;
  const Ranks ranks = ReadRanks(builder);
  list->Parameter({"attn.", "x_rwkvag", ""}, role, Sharding::kReplicated, 6 * hidden);
  AddPair(list, "w", ranks.decay, hidden, true);
  AddPair(list, "a", ranks.learning, hidden, true);
  if (shape.recurrent.mixes_values) AddPair(list, "v", ranks.value, hidden, true);
  AddPair(list, "g", ranks.gate, hidden, false);
  for (const std::string_view name : {"k_k", "k_a", "r_k"}) {
    list->Parameter({"attn.", name, ""}, role, Sharding::kRows, hidden);
  }
  for (const std::string_view name : {"r_proj", "k_proj", "v_proj"}) {
    list->Linear({"attn.", name, ""}, role, Sharding::kRows, hidden, hidden);
  }
  list->Linear({"attn.", "o_proj", ""}, role, Sharding::kColumns, hidden, hidden);
  list->Weight({"attn.", "g_norm", ""}, TensorRole::kNorm, Sharding::kRows, hidden);
  list->Bias({"attn.", "g_norm", ""}, TensorRole::kNorm, Sharding::kRows, hidden);
  list->Parameter({"ffn.", "x_k", ""}, role, Sharding::kReplicated, hidden);
}

// Keys that all generations have; false after an error.
bool ReadCommonKeys(ArchitectureBuilder& builder, Recurrent* recurrent) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  a.dtype = builder.ReadType();
  a.hidden = text.Required("hidden_size", 1, kMaxWidth);
  a.vocab = text.Required("vocab_size", 1, kMaxVocab);
  a.layers = text.Required("num_hidden_layers", 1, kMaxLayers);
  a.max_positions = text.Int({"max_position_embeddings", "context_length"}, 2048, 1, kMaxPositions);
  a.tied_embeddings = text.Bool("tie_word_embeddings", false);
  if (builder.failed()) return false;
  recurrent->kind = RecurrentKind::kRwkv;
  recurrent->inner = a.hidden;
  recurrent->conv_kernel = 2;  // the last input of either half
  recurrent->conv_channels = 2 * a.hidden;
  recurrent->state_fp32 = true;
  return true;
}

// A matrix of this width per head.
void ReadHeads(ArchitectureBuilder& builder, Recurrent* recurrent) {
  const int64_t hidden = builder.architecture.hidden;
  const int64_t head = builder.text.Int({"head_dim", "head_size"}, 64, 1, kMaxHeadDim);
  if (hidden % head != 0) builder.text.Refuse("head_dim", "a divisor of hidden_size");
  recurrent->heads = hidden / head;
  recurrent->head_dim = recurrent->key_dim = head;
}

// `intermediate`: where the config does not say.
void ReadSecondHalf(ArchitectureBuilder& builder, int64_t intermediate, LayerShape* shape) {
  shape->mlp.kind = MlpKind::kDense;
  shape->mlp.gated = false;
  shape->mlp.intermediate = builder.text.Int("intermediate_size", intermediate, 1, kMaxMlpWidth);
  shape->norm_bias = true;
}

void ReadRwkv7(ArchitectureBuilder& builder) {
  Architecture& a = builder.architecture;
  LayerShape shape;
  if (!ReadCommonKeys(builder, &shape.recurrent)) return;
  ReadHeads(builder, &shape.recurrent);
  ReadSecondHalf(builder, 4 * a.hidden, &shape);
  TensorNames& names = builder.names;
  names.embedding = "embeddings";
  names.embedding_norm = "layers.0.pre_norm";
  names.mlp = "ffn.";
  names.up = "key";
  names.down = "value";
  names.norms[0] = "attn_norm";
  names.norms[1] = "ffn_norm";
  builder.layer_extras = AddRwkvLayer;
  LayerShape rest = shape;
  rest.recurrent.mixes_values = true;
  for (int64_t i = 0; i < a.layers; ++i) builder.Append(builder.GroupOf(i == 0 ? shape : rest));
}

// ---- RWKV 4 to 6: keys, values and a receptance in both halves of a layer

void AddVectors(TensorList* list, std::string_view scope, std::initializer_list<std::string_view> names,
                int64_t width) {
  for (const std::string_view name : names)
    list->Parameter({scope, name, ""}, TensorRole::kRecurrent, Sharding::kReplicated, width);
}

void AddSquares(TensorList* list, std::initializer_list<std::string_view> names, int64_t inner,
                int64_t hidden) {
  for (const std::string_view name : names)
    list->Linear({"attention.", name, ""}, TensorRole::kRecurrent, Sharding::kRows, inner, hidden);
  list->Linear({"attention.", "output", ""}, TensorRole::kRecurrent, Sharding::kColumns, hidden, inner);
}

// What the second half has beside its key and its value.
void AddReceptance(TensorList* list, std::initializer_list<std::string_view> mixes, int64_t hidden) {
  AddVectors(list, "feed_forward.", mixes, hidden);
  list->Linear({"feed_forward.", "receptance", ""}, TensorRole::kRecurrent, Sharding::kRows, hidden, hidden);
}

void AddGroupNorm(TensorList* list, int64_t hidden) {
  list->Weight({"attention.", "ln_x", ""}, TensorRole::kNorm, Sharding::kRows, hidden);
  list->Bias({"attention.", "ln_x", ""}, TensorRole::kNorm, Sharding::kRows, hidden);
}

void AddRwkv4Layer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden, inner = shape.recurrent.inner;
  AddVectors(list, "attention.", {"time_decay", "time_first"}, inner);
  AddVectors(list, "attention.", {"time_mix_key", "time_mix_value", "time_mix_receptance"}, hidden);
  AddSquares(list, {"key", "value", "receptance"}, inner, hidden);
  AddReceptance(list, {"time_mix_key", "time_mix_receptance"}, hidden);
}

void AddRwkv5Layer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  (void)shape;
  AddVectors(
      list, "attention.",
      {"time_decay", "time_faaaa", "time_mix_gate", "time_mix_key", "time_mix_value", "time_mix_receptance"},
      hidden);
  AddSquares(list, {"key", "value", "receptance", "gate"}, hidden, hidden);
  AddGroupNorm(list, hidden);
  AddReceptance(list, {"time_mix_key", "time_mix_receptance"}, hidden);
}

// What mixes the last token in, and the decay, depend on the token through low ranks.
void AddRwkv6Layer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  const bool wide = hidden == 4096;
  const int64_t mix = builder.text.Int("time_mix_extra_dim", wide ? 64 : 32, 1, kMaxWidth);
  const int64_t decay = builder.text.Int("time_decay_extra_dim", wide ? 128 : 64, 1, kMaxWidth);
  const TensorRole role = TensorRole::kRecurrent;
  (void)shape;
  AddVectors(list, "attention.",
             {"time_decay", "time_faaaa", "time_maa_x", "time_maa_w", "time_maa_k", "time_maa_v",
              "time_maa_r", "time_maa_g"},
             hidden);
  list->Parameter({"attention.", "time_maa_w1", ""}, role, Sharding::kReplicated, hidden, 5 * mix);
  list->Parameter({"attention.", "time_maa_w2", ""}, role, Sharding::kReplicated, 5 * mix, hidden);
  list->Parameter({"attention.", "time_decay_w1", ""}, role, Sharding::kReplicated, hidden, decay);
  list->Parameter({"attention.", "time_decay_w2", ""}, role, Sharding::kReplicated, decay, hidden);
  AddSquares(list, {"key", "value", "receptance", "gate"}, hidden, hidden);
  AddGroupNorm(list, hidden);
  AddReceptance(list, {"time_maa_k", "time_maa_r"}, hidden);
}

void ReadOlderRwkv(ArchitectureBuilder& builder, int64_t intermediate, LayerShape shape) {
  ReadSecondHalf(builder, intermediate, &shape);
  TensorNames& names = builder.names;
  names.model = "rwkv.";
  names.layer = "blocks.{}.";
  names.embedding = "embeddings";
  names.embedding_norm = "blocks.0.pre_ln";
  names.final_norm = "ln_out";
  names.head = "head";
  names.mlp = "feed_forward.";
  names.up = "key";
  names.down = "value";
  names.norms[0] = "ln1";
  names.norms[1] = "ln2";
  builder.AppendAll(shape);
}

// Numerator, denominator and largest exponent of each channel.
void ReadRwkv4(ArchitectureBuilder& builder) {
  LayerShape shape;
  Recurrent& r = shape.recurrent;
  if (!ReadCommonKeys(builder, &r)) return;
  const int64_t hidden = builder.architecture.hidden;
  r.inner = r.heads = builder.text.Int("attention_hidden_size", hidden, 1, kMaxWidth);
  r.head_dim = 1;
  r.key_dim = 3;
  builder.layer_extras = AddRwkv4Layer;
  ReadOlderRwkv(builder, 4 * hidden, shape);
}

// The published models of these generations store a head of their own whatever their configs say of ties.
void ReadEagle(ArchitectureBuilder& builder, bool finch) {
  LayerShape shape;
  if (!ReadCommonKeys(builder, &shape.recurrent)) return;
  ReadHeads(builder, &shape.recurrent);
  builder.architecture.tied_embeddings = false;
  const int64_t hidden = builder.architecture.hidden;
  if (builder.text.Int("attention_hidden_size", hidden, 1, kMaxWidth) != hidden)
    builder.text.Refuse("attention_hidden_size", "hidden_size");
  builder.layer_extras = finch ? AddRwkv6Layer : AddRwkv5Layer;
  ReadOlderRwkv(builder, 7 * hidden / 2 / 32 * 32, shape);
}

void ReadFinch(ArchitectureBuilder& builder) { ReadEagle(builder, true); }

// One class name for two generations; the model_type or the version tells them apart.
void ReadRwkv(ArchitectureBuilder& builder) {
  const std::string_view type = builder.root.Text("model_type", "rwkv");
  const std::string_view version = builder.root.Text("model_version", type == "rwkv5" ? "5_2" : "4");
  if (type == "rwkv6" || version.substr(0, 1) == "6") return ReadEagle(builder, true);
  if (version == "5_2") return ReadEagle(builder, false);
  if (version.substr(0, 1) != "4") return builder.root.Refuse("model_version", "4, 5_2 or 6_0");
  ReadRwkv4(builder);
}

constexpr Family kFamilies[] = {
    {"RwkvForCausalLM", ReadRwkv},   {"Rwkv5ForCausalLM", ReadRwkv},  {"Rwkv6ForCausalLM", ReadFinch},
    {"RWKV7ForCausalLM", ReadRwkv7}, {"Rwkv7ForCausalLM", ReadRwkv7},
};

}  // namespace

std::span<const Family> RwkvFamilies() { return kFamilies; }

}  // namespace plimsoll
