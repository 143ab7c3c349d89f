// Sources: transformers configuration_lfm2.py, modeling_lfm2.py, modeling_lfm2_moe.py;
// vllm/model_executor/models/lfm2.py and vllm/model_executor/layers/mamba/short_conv.py.
#include "core/arch/convolution_families.h"

#include <cstdint>
#include <vector>

namespace plimsoll {

namespace {

// The MLP's width: two thirds of the stated one, times a factor, rounded up, where the config says so.
int64_t MlpWidth(ConfigReader& text) {
  int64_t width = text.Int({"block_ff_dim", "intermediate_size"}, 12288, 1, kMaxMlpWidth);
  if (!text.Bool("block_auto_adjust_ff_dim", true)) return width;
  width = 2 * width / 3;
  const double factor = text.Number("block_ffn_dim_multiplier", 1, 0.001, 64);
  width = static_cast<int64_t>(factor * static_cast<double>(width));
  const int64_t multiple = text.Int("block_multiple_of", 256, 1, kMaxWidth);
  return (width + multiple - 1) / multiple * multiple;
}

// Which layers attend: by name, by number, or all of them.
std::vector<uint8_t> Attending(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  const int64_t layers = builder.architecture.layers;
  std::vector<uint8_t> attends(static_cast<size_t>(layers), 1);
  if (text.Has("layer_types")) {
    size_t i = 0;
    for (const std::string_view type : text.Texts("layer_types", layers)) {
      if (type != "conv" && type != "full_attention") {
        text.Fail("layer_types", Quoted(type), "conv, full_attention");
      }
      attends[i++] = type == "full_attention" ? 1 : 0;
    }
    return attends;
  }
  const Json* list = text.Find("full_attn_idxs");
  if (list == nullptr) return attends;
  attends.assign(attends.size(), 0);
  for (const Json& item : list->items()) {
    const int64_t layer = item.AsInt().value_or(-1);
    if (layer < 0 || layer >= layers) {
      text.Refuse("full_attn_idxs", "layer numbers");
      break;
    }
    attends[static_cast<size_t>(layer)] = 1;
  }
  return attends;
}

void NameLfm2(TensorNames& names) {
  names.final_norm = "embedding_norm";
  names.o = "out_proj";
  names.q_norm = "q_layernorm";
  names.k_norm = "k_layernorm";
  names.recurrent = "conv.";
  names.mlp = names.moe = "feed_forward.";
  names.gate = names.expert_gate = "w1";
  names.up = names.expert_up = "w3";
  names.down = names.expert_down = "w2";
  names.selection_bias = "expert_bias";
  names.norms[0] = "operator_norm";
  names.norms[1] = "ffn_norm";
}

void ReadLfm2Layers(ArchitectureBuilder& builder, int64_t dense, const Mlp& experts) {
  ConfigReader& text = builder.text;
  builder.base.attention.qk_norm = QkNorm::kPerHead;
  NameLfm2(builder.names);
  LayerShape convolution = builder.base;
  convolution.attention = Attention{};
  Recurrent& recurrent = convolution.recurrent;
  recurrent.kind = RecurrentKind::kShortConvolution;
  recurrent.inner = recurrent.conv_channels = builder.architecture.hidden;
  recurrent.conv_kernel = text.Int("conv_L_cache", 3, 1, kMaxHeadDim);
  recurrent.conv_bias = recurrent.proj_bias = text.Bool("conv_bias", false);
  const std::vector<uint8_t> attends = Attending(builder);
  for (size_t i = 0; i < attends.size(); ++i) {
    LayerShape shape = attends[i] != 0 ? builder.base : convolution;
    if (static_cast<int64_t>(i) >= dense) shape.mlp = experts;
    builder.Append(builder.GroupOf(shape));
  }
}

void ReadLfm2(ArchitectureBuilder& builder) {
  builder.ReadCommon(builder.text.Bool("tie_embedding", true));
  builder.base.mlp.intermediate = MlpWidth(builder.text);
  ReadLfm2Layers(builder, builder.architecture.layers, {});
}

void ReadLfm2Moe(ArchitectureBuilder& builder) {
  ConfigReader& text = builder.text;
  builder.ReadCommon(text.Bool("tie_embedding", true));
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  Mlp experts;
  experts.kind = MlpKind::kMoe;
  experts.experts = text.Required("num_experts", 1, kMaxHeads);
  experts.experts_per_token = text.Required("num_experts_per_tok", 1, experts.experts);
  experts.expert_intermediate = text.Required("moe_intermediate_size", 1, kMaxMlpWidth);
  experts.expert_hidden = builder.architecture.hidden;
  experts.selection_bias = text.Bool("use_expert_bias", true);
  ReadLfm2Layers(builder, text.Int("num_dense_layers", 0, 0, kMaxLayers), experts);
}

constexpr Family kFamilies[] = {
    {"Lfm2ForCausalLM", ReadLfm2},
    {"Lfm2MoeForCausalLM", ReadLfm2Moe},
};

}  // namespace

std::span<const Family> ConvolutionFamilies() { return kFamilies; }

}  // namespace plimsoll
