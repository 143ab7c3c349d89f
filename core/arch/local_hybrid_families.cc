// Sources: transformers modeling_recurrent_gemma.py; modeling_phi4flash.py of
// microsoft/Phi-4-mini-flash-reasoning.
#include "core/arch/local_hybrid_families.h"

#include <string>
#include <string_view>
#include <vector>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

// ---- RecurrentGemma

// Two gates of one matrix per head, a short convolution and one decay per channel between two branches.
void AddLinearUnit(ArchitectureBuilder& builder, const Recurrent& r, TensorList* list) {
  const TensorRole role = TensorRole::kRecurrent;
  const std::string_view scope = "temporal_block.";
  const int64_t hidden = builder.architecture.hidden;
  for (const std::string_view branch : {"linear_y", "linear_x"})
    list->Linear({scope, branch, ""}, role, Sharding::kRows, r.inner, hidden, true);
  list->Linear({scope, "linear_out", ""}, role, Sharding::kColumns, hidden, r.inner, true);
  list->Weight({scope, "conv_1d", ""}, role, Sharding::kRows, r.inner, r.conv_kernel);
  list->Bias({scope, "conv_1d", ""}, role, Sharding::kRows, r.inner);
  list->Parameter({scope, "rg_lru.recurrent_param", ""}, role, Sharding::kRows, r.inner);
  for (const std::string_view gate : {"rg_lru.input_gate", "rg_lru.recurrent_gate"}) {
    const std::string name(gate);
    list->Parameter({scope, name + "_weight", ""}, role, Sharding::kRows, r.inner, r.head_dim);
    list->Parameter({scope, name + "_bias", ""}, role, Sharding::kRows, r.inner);
  }
}

void AddGriffinLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  if (shape.recurrent.kind != RecurrentKind::kNone) AddLinearUnit(builder, shape.recurrent, list);
}

void ReadRecurrentGemma(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  builder.ReadCommon(true);
  // Positions have no end: a window and a state are all that is kept (the config class has no such key).
  a.max_positions = text.Int("max_position_embeddings", 8192, 1, kMaxPositions);
  Attention& attention = builder.base.attention;
  attention.qkv_bias = text.Bool("attention_bias", false);
  attention.o_bias = true;
  attention.kind = AttentionKind::kSliding;
  attention.window = text.Int("attention_window_size", 2048, 1, kMaxPositions);
  // "intermediate_size" counts gate and up together.
  builder.base.mlp.intermediate = text.Required("intermediate_size", 2, kMaxMlpWidth) / 2;
  builder.base.mlp.bias = true;
  Recurrent unit;
  // As RWKV: a matrix per head, here of one column, behind what the last inputs leave.
  unit.kind = RecurrentKind::kRwkv;
  unit.key_dim = 1;
  unit.inner = unit.conv_channels = text.Int("lru_width", a.hidden, 1, kMaxWidth);
  unit.conv_kernel = text.Int("conv1d_width", 4, 1, kMaxHeadDim);
  unit.heads = attention.heads;
  unit.head_dim = unit.inner / attention.heads;
  unit.state_fp32 = true;
  TensorNames& names = builder.names;
  names.final_norm = "final_norm";
  names.attention = "temporal_block.";
  names.mlp = "mlp_block.";
  names.norms[0] = "temporal_pre_norm";
  names.norms[1] = "channel_pre_norm";
  builder.layer_extras = AddGriffinLayer;
  builder.partial_rotary_factor = text.Number("partial_rotary_factor", 0.5, 1e-6, 1);
  LayerShape recurrent = builder.base;
  recurrent.attention = Attention{};
  recurrent.recurrent = unit;
  // A pattern that is repeated over the layers (configuration_recurrent_gemma.py layers_block_type).
  std::vector<uint8_t> attends = {0, 0, 1};
  if (const Json* types = text.Find("block_types"); types != nullptr && !types->items().empty()) {
    attends.clear();
    for (const Json& type : types->items()) attends.push_back(type.AsString() == "attention" ? 1 : 0);
  }
  for (int64_t i = 0; i < a.layers; ++i) {
    const bool local = attends[static_cast<size_t>(i) % attends.size()] != 0;
    builder.Append(builder.GroupOf(local ? builder.base : recurrent));
  }
}

// ---- Phi-4-mini-flash

// Differential attention: two maps, the second weighed by four vectors, and a norm over both heads' values.
void AddDifferential(const Attention& t, TensorList* list) {
  for (const std::string_view name : {"lambda_q1", "lambda_k1", "lambda_q2", "lambda_k2"}) {
    list->Parameter({"attn.inner_cross_attn.", name, ""}, TensorRole::kAttention, Sharding::kReplicated,
                    t.key_dim)
        .fp32 = true;
  }
  list->Weight({"attn.inner_cross_attn.", "subln", ""}, TensorRole::kNorm, Sharding::kReplicated,
               2 * t.key_dim);
}

// A layer of the second half that gates what the last state-space layer of the first half made.
void AddMemoryGate(ArchitectureBuilder& builder, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  const int64_t inner = hidden * builder.text.Int("mamba_expand", 2, 1, 1024);
  const TensorRole role = TensorRole::kRecurrent;
  list->Linear({"attn.", "in_proj", ""}, role, Sharding::kRows, inner, hidden);
  list->Linear({"attn.", "out_proj", ""}, role, Sharding::kColumns, hidden, inner);
}

void AddFlashLayer(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) {
  const Attention& t = shape.attention;
  const int64_t hidden = builder.architecture.hidden;
  if (t.kind == AttentionKind::kNone) {
    if (shape.recurrent.kind == RecurrentKind::kNone) AddMemoryGate(builder, list);
    return;
  }
  AddDifferential(t, list);
  if (!t.shares_kv) return;
  // Queries alone, under the fused tensor's name.
  const int64_t rows = t.heads * t.key_dim;
  list->Linear({"attn.", "Wqkv", ""}, TensorRole::kAttention, Sharding::kRows, rows, hidden, true);
  list->Linear({"attn.", "out_proj", ""}, TensorRole::kAttention, Sharding::kColumns, hidden, rows, true);
}

// The window of each layer: one number, or a list with null where there is none.
int64_t FlashWindow(ArchitectureBuilder& builder, int64_t layer) {
  const Json* window = builder.text.Find("sliding_window");
  if (window == nullptr) return 512;
  if (!window->is_array()) return builder.text.Int("sliding_window", 512, 1, kMaxPositions);
  const auto at = static_cast<size_t>(layer);
  return at < window->items().size() ? window->items()[at].AsInt().value_or(512) : 512;
}

Recurrent FlashMamba(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  const int64_t hidden = builder.architecture.hidden;
  Recurrent r;
  r.kind = RecurrentKind::kMamba1;
  r.inner = r.conv_channels = hidden * text.Int("mamba_expand", 2, 1, 1024);
  r.conv_kernel = text.Int("mamba_d_conv", 4, 1, kMaxHeadDim);
  r.state_dim = text.Int("mamba_d_state", 16, 1, kMaxWidth);
  const Json* rank = text.Find("mamba_dt_rank");
  const bool automatic = rank == nullptr || rank->AsString() == "auto";
  r.dt_rank = automatic ? (hidden + 15) / 16 : text.Int("mamba_dt_rank", 1, 1, kMaxWidth);
  r.conv_bias = text.Bool("mamba_conv_bias", true);
  r.proj_bias = text.Bool("mamba_proj_bias", false);
  return r;
}

// The first half and two layers more keep states and caches of their own; the second half gates and reads those.
void ReadPhi4Flash(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  builder.ReadCommon(true);
  const int64_t period = text.Int("mb_per_layer", 2, 1, kMaxLayers);
  if (period != 2) return text.Refuse("mb_per_layer", "2");
  Attention& attention = builder.base.attention;
  attention.qkv_bias = attention.o_bias = true;
  attention.fused_qkv = true;
  attention.rope = false;
  builder.base.norm_bias = true;
  builder.base.mlp.fused_gate_up = true;
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  if (text.Bool("lm_head_bias", false)) text.Refuse("lm_head_bias", "false");
  TensorNames& names = builder.names;
  names.final_norm = "final_layernorm";
  names.attention = names.recurrent = "attn.";
  names.qkv = "Wqkv";
  names.o = "out_proj";
  names.norms[2] = names.norms[0];  // a layer without a mixer starts at the second
  names.gate_up = "fc1";
  names.down = "fc2";
  builder.layer_extras = AddFlashLayer;

  LayerShape mamba = builder.base;
  mamba.attention = Attention{};
  mamba.recurrent = FlashMamba(builder);
  LayerShape gate = mamba;
  gate.recurrent = Recurrent{};
  LayerShape crossing = builder.base;
  crossing.attention.shares_kv = true;
  crossing.attention.listed_apart = true;
  const int64_t half = a.layers / 2;
  for (int64_t i = 0; i < a.layers && !builder.failed(); ++i) {
    const bool reads = i >= half + 2;
    if (i % period == 0) {
      builder.Append(builder.GroupOf(reads ? gate : mamba));
      continue;
    }
    LayerShape local = reads ? crossing : builder.base;
    if (i < half) {
      local.attention.kind = AttentionKind::kSliding;
      local.attention.window = FlashWindow(builder, i);
    }
    builder.Append(builder.GroupOf(local));
  }
}

constexpr Family kFamilies[] = {
    {"RecurrentGemmaForCausalLM", ReadRecurrentGemma},
    {"Phi4FlashForCausalLM", ReadPhi4Flash},
};

}  // namespace

std::span<const Family> LocalHybridFamilies() { return kFamilies; }

}  // namespace plimsoll
