// Sources: flash-linear-attention's configuration_rwkv7.py and modeling_rwkv7.py; llama.cpp's
// src/models/rwkv7-base.cpp.
#include "core/arch/rwkv_families.h"

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

void ReadRwkv7(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  const std::string_view type = text.Text(text.Has("dtype") ? "dtype" : "torch_dtype", "bfloat16");
  a.dtype = type == "float32" ? DType::kFp32 : type == "float16" ? DType::kFp16 : DType::kBf16;
  a.hidden = text.Required("hidden_size", 1, kMaxWidth);
  a.vocab = text.Required("vocab_size", 1, kMaxVocab);
  a.layers = text.Required("num_hidden_layers", 1, kMaxLayers);
  a.max_positions = text.Int("max_position_embeddings", 2048, 1, kMaxPositions);
  a.tied_embeddings = text.Bool("tie_word_embeddings", false);
  const int64_t head = text.Int({"head_dim", "head_size"}, 64, 1, kMaxHeadDim);
  if (!builder.failed() && a.hidden % head != 0) text.Refuse("head_dim", "a divisor of hidden_size");
  LayerShape shape;
  Recurrent& r = shape.recurrent;
  r.kind = RecurrentKind::kRwkv;
  r.inner = a.hidden;
  r.heads = a.hidden / head;
  r.head_dim = r.key_dim = head;
  r.conv_kernel = 2;  // the last input of either half
  r.conv_channels = 2 * a.hidden;
  r.state_fp32 = true;
  shape.mlp.kind = MlpKind::kDense;
  shape.mlp.gated = false;
  shape.mlp.intermediate = text.Int("intermediate_size", 4 * a.hidden, 1, kMaxMlpWidth);
  shape.norm_bias = true;
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

constexpr Family kFamilies[] = {
    {"RWKV7ForCausalLM", ReadRwkv7},
    {"Rwkv7ForCausalLM", ReadRwkv7},
};

}  // namespace

std::span<const Family> RwkvFamilies() { return kFamilies; }

}  // namespace plimsoll
