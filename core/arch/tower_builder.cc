#include "core/arch/tower_builder.h"

#include <utility>

namespace plimsoll {

void TowerBuilder::Enter(std::string prefix, int64_t layers, TensorRole role) {
  role_ = role;
  list_.Enter(TensorPart::kVision, -1, layers, std::move(prefix));
}

void TowerBuilder::LayerNorm(std::string_view name, int64_t width) {
  list_.Weight({"", name, ""}, role_, Sharding::kReplicated, width);
  list_.Bias({"", name, ""}, role_, Sharding::kReplicated, width);
}

void TowerBuilder::RmsNorm(std::string_view name, int64_t width) {
  list_.Weight({"", name, ""}, role_, Sharding::kReplicated, width);
}

void TowerBuilder::Norm(std::string_view name, int64_t width, bool rms) {
  if (rms) return RmsNorm(name, width);
  LayerNorm(name, width);
}

void TowerBuilder::Linear(std::string_view name, int64_t rows, int64_t columns, bool bias,
                          Sharding sharding) {
  list_.Linear({"", name, ""}, role_, Cut(sharding), rows, columns, bias);
}

void TowerBuilder::TwoLinears(std::string_view first, std::string_view second, int64_t in, int64_t middle,
                              int64_t out) {
  Linear(first, middle, in, true);
  Linear(second, out, middle, true, Sharding::kColumns);
}

void TowerBuilder::Weight(std::string_view name, int64_t rows, int64_t columns) {
  list_.Weight({"", name, ""}, role_, Sharding::kReplicated, rows, columns);
}

void TowerBuilder::Bias(std::string_view name, int64_t rows) {
  list_.Bias({"", name, ""}, role_, Sharding::kReplicated, rows);
}

void TowerBuilder::Convolution(std::string_view name, int64_t out, int64_t in_and_taps) {
  Weight(name, out, in_and_taps);
  Bias(name, out);
}

void TowerBuilder::Parameter(std::string_view name, int64_t rows, int64_t columns) {
  list_.Parameter({"", name, ""}, role_, Sharding::kReplicated, rows, columns);
}

void TowerBuilder::Unloaded(std::string_view name, int64_t elements) {
  list_.Parameter({"", name, ""}, role_, Sharding::kReplicated, elements).duplicate = true;
}

void TowerBuilder::Blocks(const TowerBlocks& b) {
  Norm(b.names.first_norm, b.hidden, b.rms);
  Norm(b.names.second_norm, b.hidden, b.rms);
  if (!b.names.qkv.empty()) {
    Linear(b.names.qkv, 3 * b.hidden, b.hidden, b.qkv_bias);
  } else {
    Linear(b.names.q, b.hidden, b.hidden, b.qkv_bias);
    Linear(b.names.k, b.hidden, b.hidden, b.qkv_bias && b.key_bias);
    Linear(b.names.v, b.hidden, b.hidden, b.qkv_bias);
  }
  Linear(b.names.o, b.hidden, b.hidden, b.o_bias, Sharding::kColumns);
  if (!b.names.gate.empty()) Linear(b.names.gate, b.intermediate, b.hidden, b.mlp_bias);
  Linear(b.names.up, b.intermediate, b.hidden, b.mlp_bias);
  Linear(b.names.down, b.hidden, b.intermediate, b.mlp_bias, Sharding::kColumns);
}

void TowerBuilder::AddClip(const std::string& prefix, const Clip& clip) {
  Enter(prefix);
  Parameter("embeddings.class_embedding", clip.hidden);
  Weight("embeddings.patch_embedding", clip.hidden, clip.patch_elements);
  Weight("embeddings.position_embedding", clip.positions + 1, clip.hidden);
  LayerNorm("pre_layrnorm", clip.hidden);
  if (clip.post_norm) LayerNorm("post_layernorm", clip.hidden);
  Enter(prefix + "encoder.layers.{}.", clip.layers);
  TowerBlocks blocks;
  blocks.hidden = clip.hidden;
  blocks.intermediate = clip.intermediate;
  Blocks(blocks);
}

void TowerBuilder::AddSiglip(const std::string& prefix, const Siglip& siglip) {
  Enter(prefix);
  Convolution("embeddings.patch_embedding", siglip.hidden, siglip.patch_elements);
  if (siglip.positions > 0) Weight("embeddings.position_embedding", siglip.positions, siglip.hidden);
  Enter(prefix + "encoder.layers.{}.", siglip.layers);
  TowerBlocks blocks;
  blocks.hidden = siglip.hidden;
  blocks.intermediate = siglip.intermediate;
  Blocks(blocks);
  Enter(prefix);
  LayerNorm("post_layernorm", siglip.hidden);
  if (!siglip.pooling_head) return;
  Enter(prefix + "head.");
  Parameter("probe", siglip.hidden);
  Parameter("attention.in_proj_weight", 3 * siglip.hidden, siglip.hidden);
  Parameter("attention.in_proj_bias", 3 * siglip.hidden);
  Linear("attention.out_proj", siglip.hidden, siglip.hidden, true, Sharding::kReplicated);
  LayerNorm("layernorm", siglip.hidden);
  TwoLinears("mlp.fc1", "mlp.fc2", siglip.hidden, siglip.intermediate, siglip.hidden);
}

void TowerBuilder::AddWhisper(const std::string& prefix, const Whisper& whisper) {
  Enter(prefix, 1, TensorRole::kAudio);
  Convolution("conv1", whisper.hidden, 3 * whisper.mel_bins);
  Convolution("conv2", whisper.hidden, 3 * whisper.hidden);
  if (whisper.positions > 0) Weight("embed_positions", whisper.positions, whisper.hidden);
  LayerNorm(whisper.last_norm, whisper.hidden);
  Enter(prefix + "layers.{}.", whisper.layers, TensorRole::kAudio);
  TowerBlocks blocks;
  blocks.hidden = whisper.hidden;
  blocks.intermediate = whisper.intermediate;
  blocks.key_bias = false;
  blocks.names.first_norm = "self_attn_layer_norm";
  blocks.names.second_norm = "final_layer_norm";
  blocks.names.up = "fc1";
  blocks.names.down = "fc2";
  Blocks(blocks);
}

}  // namespace plimsoll
