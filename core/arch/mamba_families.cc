// Sources: transformers modeling_mamba.py, modeling_falcon_mamba.py, modeling_mamba2.py, modeling_bamba.py,
// modeling_zamba2.py; modeling_plamo.py of pfnet/plamo-2-1b;
// vllm/model_executor/models/{mamba,mamba2,bamba,zamba2, plamo2}.py.
#include "core/arch/mamba_families.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

// A model without any attention: ReadCommon wants heads, which its configs do not have.
void ReadWithoutAttention(ArchitectureBuilder& builder, bool tied_by_default) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  const std::string_view type = text.Text(text.Has("dtype") ? "dtype" : "torch_dtype", "bfloat16");
  a.dtype = type == "float32" ? DType::kFp32 : type == "float16" ? DType::kFp16 : DType::kBf16;
  a.hidden = text.Required({"hidden_size", "d_model"}, 1, kMaxWidth);
  a.vocab = text.Required("vocab_size", 1, kMaxVocab);
  a.layers = text.Required({"num_hidden_layers", "n_layer"}, 1, kMaxLayers);
  // No positions bound these models; vLLM takes 2048 where the config names no length.
  a.max_positions =
      text.Int({"max_position_embeddings", "max_sequence_length", "seq_length"}, 2048, 1, kMaxPositions);
  a.tied_embeddings = text.Bool("tie_word_embeddings", tied_by_default);
  TensorNames& names = builder.names;
  names.model = "backbone.";
  names.embedding = "embeddings";
  names.final_norm = "norm_f";
  names.recurrent = "mixer.";
  names.norms[0] = "norm";
  builder.base.norms = 1;
}

// "auto" is a sixteenth of the hidden width, rounded up.
int64_t TimeStepRank(ConfigReader& text, std::string_view key, int64_t hidden) {
  const Json* rank = text.Find(key);
  const bool automatic = rank == nullptr || rank->is_string();
  return automatic ? (hidden + 15) / 16 : text.Int(key, 1, 1, kMaxWidth);
}

// FalconMamba's norms of dt, B and C have no weights.
void ReadMamba(ArchitectureBuilder& builder) {
  const bool falcon = builder.architecture.name == "FalconMambaForCausalLM";
  ReadWithoutAttention(builder, true);
  ConfigReader& text = builder.text;
  const int64_t hidden = builder.architecture.hidden;
  Recurrent& r = builder.base.recurrent;
  r.kind = RecurrentKind::kMamba1;
  r.inner =
      text.Int("intermediate_size", text.Int("expand", falcon ? 16 : 2, 1, 1024) * hidden, 1, kMaxMlpWidth);
  r.conv_channels = r.inner;
  r.conv_kernel = text.Int({"conv_kernel", "d_conv"}, 4, 1, kMaxHeadDim);
  r.state_dim = text.Int({"state_size", "d_state"}, 16, 1, kMaxWidth);
  r.dt_rank = TimeStepRank(text, "time_step_rank", hidden);
  r.conv_bias = text.Bool("use_conv_bias", true);
  r.proj_bias = text.Bool("use_bias", false);
  builder.AppendAll(builder.base);
}

Recurrent Mamba2Of(ConfigReader& text, int64_t inner, int64_t heads, int64_t groups, int64_t state) {
  Recurrent r;
  r.kind = RecurrentKind::kMamba2;
  r.inner = inner;
  r.heads = heads;
  r.head_dim = inner / std::max<int64_t>(1, heads);
  if (heads * r.head_dim != inner) {
    text.Fail("num_heads", std::to_string(heads),
              "a divisor of the inner width (" + std::to_string(inner) + ")");
  }
  r.groups = groups;
  r.state_dim = state;
  r.conv_channels = inner + 2 * groups * state;
  r.gated_norm = true;
  return r;
}

void ReadMamba2(ArchitectureBuilder& builder) {
  ReadWithoutAttention(builder, false);
  ConfigReader& text = builder.text;
  const int64_t inner = text.Int("expand", 2, 1, 1024) * builder.architecture.hidden;
  const int64_t head_dim = text.Int("head_dim", 64, 1, kMaxHeadDim);
  const int64_t heads = text.Int("num_heads", inner / head_dim, 1, kMaxHeads);
  Recurrent r = Mamba2Of(text, inner, heads, text.Int("n_groups", 8, 1, kMaxHeads),
                         text.Int("state_size", 128, 1, kMaxWidth));
  r.conv_kernel = text.Int("conv_kernel", 4, 1, kMaxHeadDim);
  r.conv_bias = text.Bool("use_conv_bias", true);
  r.proj_bias = text.Bool("use_bias", false);
  builder.base.recurrent = r;
  builder.AppendAll(builder.base);
}

// Mamba2 but in attn_layer_indices, an MLP behind either.
void ReadBamba(ArchitectureBuilder& builder) {
  builder.ReadCommon(false);
  ConfigReader& text = builder.text;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.base.mlp.bias = text.Bool("mlp_bias", false);
  builder.base.attention.qkv_bias = builder.base.attention.o_bias = text.Bool("attention_bias", false);
  const int64_t inner = text.Int("mamba_expand", 2, 1, 1024) * builder.architecture.hidden;
  LayerShape mamba = builder.base;
  mamba.attention = Attention{};
  mamba.recurrent =
      Mamba2Of(text, inner, text.Int("mamba_n_heads", 128, 1, kMaxHeads),
               text.Int("mamba_n_groups", 1, 1, kMaxHeads), text.Int("mamba_d_state", 256, 1, kMaxWidth));
  mamba.recurrent.conv_kernel = text.Int("mamba_d_conv", 4, 1, kMaxHeadDim);
  mamba.recurrent.conv_bias = text.Bool("mamba_conv_bias", true);
  mamba.recurrent.proj_bias = text.Bool("mamba_proj_bias", false);
  TensorNames& names = builder.names;
  names.final_norm = "final_layernorm";
  names.recurrent = "mamba.";
  names.mlp = "feed_forward.";
  names.norms[1] = "pre_ff_layernorm";
  builder.partial_rotary_factor = 0.5;
  std::vector<uint8_t> attends(static_cast<size_t>(builder.architecture.layers), 0);
  if (const Json* list = text.Find("attn_layer_indices")) {
    for (const Json& item : list->items()) {
      const int64_t layer = item.AsInt().value_or(-1);
      if (layer < 0 || layer >= builder.architecture.layers) {
        return text.Refuse("attn_layer_indices", "layer numbers");
      }
      attends[static_cast<size_t>(layer)] = 1;
    }
  }
  for (const uint8_t attending : attends)
    builder.Append(builder.GroupOf(attending != 0 ? builder.base : mamba));
}

// PLaMo 2: four norms; every mamba_step-th layer attends, or the last half-th where there are few.
void ReadPlamo2(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ConfigReader& text = builder.text;
  Attention& attention = builder.base.attention;
  attention.qk_norm = QkNorm::kFullWidth;
  attention.fused_qkv = true;
  attention.key_dim = attention.value_dim =
      text.Int("hidden_size_per_head", attention.key_dim, 1, kMaxHeadDim);
  Mlp& mlp = builder.base.mlp;
  mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  mlp.fused_gate_up = true;
  builder.base.norms = 4;
  LayerShape mamba = builder.base;
  mamba.attention = Attention{};
  Recurrent& r = mamba.recurrent;
  r.kind = RecurrentKind::kMamba2;
  r.heads = text.Required("mamba_num_heads", 1, kMaxHeads);
  r.head_dim = text.Int("hidden_size_per_head", 128, 1, kMaxHeadDim);
  r.inner = r.conv_channels = r.heads * r.head_dim;
  r.state_dim = text.Int("mamba_d_state", 64, 1, kMaxWidth);
  r.conv_kernel = text.Int("mamba_d_conv", 4, 1, kMaxHeadDim);
  r.dt_rank = std::max<int64_t>(64, builder.architecture.hidden / 16);
  r.input_norms = true;
  TensorNames& names = builder.names;
  names.layer = "layers.layers.{}.";
  names.attention = names.recurrent = "mixer.";
  names.gate_up = "gate_up_proj";
  names.norms[0] = "pre_mixer_norm";
  names.norms[1] = "post_mixer_norm";
  names.norms[2] = "pre_mlp_norm";
  names.norms[3] = "post_mlp_norm";
  const int64_t layers = builder.architecture.layers;
  const int64_t step = text.Int("mamba_step", 2, 2, kMaxLayers);
  const bool any_mamba = text.Bool("mamba_enabled", true);
  for (int64_t i = 0; i < layers; ++i) {
    const bool recurs = any_mamba && (layers <= step / 2 ? i != layers - 1 : i % step != step / 2);
    builder.Append(builder.GroupOf(recurs ? mamba : builder.base));
  }
}

// ---- Zamba 2

// Every layer is Mamba2. Some also run one of num_mem_blocks transformer blocks, whose weights these layers
// share but for a linear layer of their own and low-rank adapters; each such layer has its own cache. The
// blocks read the layer's input beside the embedding: twice the width.
struct ZambaBlocks {
  int64_t blocks = 1, width = 0, inner = 0, rank = 0;
  bool mlp_adapters = false, attention_adapters = false;
};

ZambaBlocks ReadZambaBlocks(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  ZambaBlocks z;
  z.blocks = text.Int("num_mem_blocks", 1, 1, kMaxLayers);
  z.width = text.Int("attention_hidden_size", 2 * builder.architecture.hidden, 1, kMaxWidth);
  z.inner =
      text.Int({"intermediate_size", "ffn_hidden_size"}, 4 * builder.architecture.hidden, 1, kMaxMlpWidth);
  z.rank = text.Int({"adapter_rank", "lora_rank"}, 128, 1, kMaxWidth);
  z.mlp_adapters = text.Bool("use_shared_mlp_adapter", true);
  z.attention_adapters = text.Bool("use_shared_attention_adapter", false);
  return z;
}

void AddZambaBlocks(ArchitectureBuilder& builder, TensorList* list) {
  const ZambaBlocks z = ReadZambaBlocks(builder);
  const int64_t hidden = builder.architecture.hidden;
  list->Enter(TensorPart::kText, -1, z.blocks, "model.blocks.{}.");
  for (const std::string_view name : {"q_proj", "k_proj", "v_proj"}) {
    list->Linear({"self_attn.", name, ""}, TensorRole::kAttention, Sharding::kRows, z.width, z.width);
  }
  list->Linear({"self_attn.", "o_proj", ""}, TensorRole::kAttention, Sharding::kColumns, hidden, z.width);
  list->Linear({"feed_forward.", "gate_up_proj", ""}, TensorRole::kMlp, Sharding::kRows, 2 * z.inner, hidden);
  list->Linear({"feed_forward.", "down_proj", ""}, TensorRole::kMlp, Sharding::kColumns, hidden, z.inner);
  list->Weight({"", "input_layernorm", ""}, TensorRole::kNorm, Sharding::kReplicated, z.width);
  list->Weight({"", "pre_ff_layernorm", ""}, TensorRole::kNorm, Sharding::kReplicated, hidden);
}

void AddZambaLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  if (shape.attention.kind == AttentionKind::kNone) return;
  const ZambaBlocks z = ReadZambaBlocks(builder);
  const int64_t hidden = builder.architecture.hidden;
  const TensorRole role = TensorRole::kOther;
  list->Linear({"", "linear", ""}, role, Sharding::kReplicated, hidden, hidden);
  if (z.mlp_adapters) {
    list->Linear({"", "gate_up_proj_adapter.0", ""}, role, Sharding::kReplicated, z.rank, hidden);
    list->Linear({"", "gate_up_proj_adapter.1", ""}, role, Sharding::kRows, 2 * z.inner, z.rank);
  }
  if (!z.attention_adapters) return;
  for (const std::string_view name : {"linear_q_adapter", "linear_k_adapter", "linear_v_adapter"}) {
    const std::string module(name);
    list->Linear({"", module + ".0", ""}, role, Sharding::kReplicated, z.rank, z.width);
    list->Linear({"", module + ".1", ""}, role, Sharding::kRows, z.width, z.rank);
  }
}

// By number, by name, or by both, which must then agree.
std::vector<uint8_t> ZambaHybrids(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> hybrid(static_cast<size_t>(layers), 0);
  const Json* list = text.Find("hybrid_layer_ids");
  if (list == nullptr && !text.Has("layers_block_type")) text.Refuse("hybrid_layer_ids", "layer numbers");
  if (list != nullptr) {
    for (const Json& item : list->items()) {
      const int64_t layer = item.AsInt().value_or(-1);
      if (layer < 0 || layer >= layers) {
        text.Refuse("hybrid_layer_ids", "layer numbers");
        return hybrid;
      }
      hybrid[static_cast<size_t>(layer)] = 1;
    }
  }
  size_t i = 0;
  for (const std::string_view type : text.Texts("layers_block_type", layers)) {
    const uint8_t named = type == "hybrid" ? 1 : 0;
    if (type != "mamba" && type != "hybrid") text.Fail("layers_block_type", Quoted(type), "mamba, hybrid");
    if (list != nullptr && hybrid[i] != named)
      text.Refuse("layers_block_type", "the layers of hybrid_layer_ids");
    hybrid[i++] = named;
  }
  return hybrid;
}

void ReadZamba2(ArchitectureBuilder& builder) {
  builder.ReadCommon(true);
  ConfigReader& text = builder.text;
  const int64_t hidden = builder.architecture.hidden;
  const ZambaBlocks z = ReadZambaBlocks(builder);
  Attention attention = builder.base.attention;
  attention.listed_apart = true;
  attention.key_dim = text.Int("attention_head_dim", z.width / attention.heads, 1, kMaxHeadDim);
  attention.value_dim = attention.key_dim;
  attention.rope = text.Bool("use_mem_rope", false);
  builder.base.attention = attention;
  LayerShape mamba = builder.base;
  mamba.attention = Attention{};
  mamba.mlp = Mlp{};
  mamba.norms = 1;
  const int64_t inner = text.Int("mamba_expand", 2, 1, 1024) * hidden;
  mamba.recurrent = Mamba2Of(text, inner, text.Int({"n_mamba_heads", "mamba_num_heads"}, 8, 1, kMaxHeads),
                             text.Int({"mamba_ngroups", "n_groups"}, 1, 1, kMaxHeads),
                             text.Int({"mamba_d_state", "state_size"}, 64, 1, kMaxWidth));
  mamba.recurrent.conv_kernel = text.Int({"mamba_d_conv", "conv_kernel"}, 4, 1, kMaxHeadDim);
  mamba.recurrent.conv_bias = text.Bool("use_conv_bias", true);
  mamba.recurrent.proj_bias = text.Bool("add_bias_linear", false);
  LayerShape both = mamba;
  both.attention = attention;
  both.mlp.kind = MlpKind::kDense;
  both.mlp.listed_apart = true;
  both.mlp.intermediate = z.inner;
  builder.base.mlp = both.mlp;
  TensorNames& names = builder.names;
  names.final_norm = "final_layernorm";
  names.recurrent = "mamba.";
  builder.layer_extras = AddZambaLayer;
  builder.model_extras = AddZambaBlocks;
  for (const uint8_t hybrid : ZambaHybrids(builder))
    builder.Append(builder.GroupOf(hybrid != 0 ? both : mamba));
}

constexpr Family kFamilies[] = {
    {"MambaForCausalLM", ReadMamba}, {"FalconMambaForCausalLM", ReadMamba}, {"Mamba2ForCausalLM", ReadMamba2},
    {"BambaForCausalLM", ReadBamba}, {"Plamo2ForCausalLM", ReadPlamo2},     {"Zamba2ForCausalLM", ReadZamba2},
};

}  // namespace

std::span<const Family> MambaFamilies() { return kFamilies; }

}  // namespace plimsoll
