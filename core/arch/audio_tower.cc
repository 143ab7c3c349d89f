// Sources: transformers modeling_gemma4.py, modeling_gemma3n.py, modeling_qwen2_5_omni.py,
// modeling_qwen3_omni_moe.py, modeling_voxtral.py; ultravox_model.py of fixie-ai/ultravox-v0_5-llama-3_2-1b.
#include "core/arch/audio_tower.h"

#include <string_view>
#include <tuple>
#include <vector>

#include "core/arch/tower_builder.h"

namespace plimsoll {

namespace {

// No engine's memory for an encoder's own activations is known well enough to be charged.
void RemarkActivations(ArchitectureBuilder& builder) {
  builder.Remark("The audio encoder's weights are counted; what it needs while it runs is not.");
}

struct Conformer {
  int64_t hidden = 0, layers = 0, heads = 0, kernel = 0;
  int64_t first_channels = 0, second_channels = 0;
};

// Mel bins left after two convolutions of stride two over 128.
constexpr int64_t kSubsampledBins = 32;

void AddSubsampling(TowerBuilder& tower, const std::string& prefix, const Conformer& c) {
  tower.Enter(prefix + "subsample_conv_projection.", 1, TensorRole::kAudio);
  tower.Weight("conv_0.conv", c.first_channels, 9);
  tower.RmsNorm("conv_0.norm", c.first_channels);
  tower.Weight("conv_1.conv", c.second_channels, 9 * c.first_channels);
  tower.RmsNorm("conv_1.norm", c.second_channels);
  tower.Linear("input_proj_linear", c.hidden, kSubsampledBins * c.second_channels, false);
}

void AddConformer(TowerBuilder& tower, const std::string& prefix, const Conformer& c) {
  AddSubsampling(tower, prefix, c);
  const std::string block = prefix + "conformer.{}.";
  for (const std::string_view half : {"ffw_layer_start.", "ffw_layer_end."}) {
    tower.Enter(block + std::string(half), c.layers, TensorRole::kAudio);
    tower.RmsNorm("pre_layer_norm", c.hidden);
    tower.Linear("ffw_layer_1", 4 * c.hidden, c.hidden, false);
    tower.Linear("ffw_layer_2", c.hidden, 4 * c.hidden, false);
    tower.RmsNorm("post_layer_norm", c.hidden);
  }
  tower.Enter(block + "attention.", c.layers, TensorRole::kAudio);
  tower.RmsNorm("pre_attn_norm", c.hidden);
  for (const std::string_view name : {"attn.q_proj", "attn.k_proj", "attn.v_proj", "post"}) {
    tower.Linear(name, c.hidden, c.hidden, false);
  }
  tower.Linear("attn.relative_position_embedding.pos_proj", c.hidden, c.hidden, false);
  tower.Parameter("attn.per_dim_scale", c.hidden / c.heads);
  tower.RmsNorm("post_norm", c.hidden);
  tower.Enter(block + "lconv1d.", c.layers, TensorRole::kAudio);
  tower.RmsNorm("pre_layer_norm", c.hidden);
  tower.Linear("linear_start", 2 * c.hidden, c.hidden, false);
  tower.Weight("depthwise_conv1d", c.hidden, c.kernel);
  tower.RmsNorm("conv_norm", c.hidden);
  tower.Linear("linear_end", c.hidden, c.hidden, false);
  tower.Enter(block, c.layers, TensorRole::kAudio);
  tower.RmsNorm("norm", c.hidden);
}

Conformer ReadConformer(ConfigReader& audio, int64_t hidden) {
  Conformer c;
  c.hidden = audio.Int("hidden_size", hidden, 1, kMaxWidth);
  c.layers = audio.Int({"num_hidden_layers", "conf_num_hidden_layers"}, 12, 1, 1000);
  c.heads = audio.Int({"num_attention_heads", "conf_num_attention_heads"}, 8, 1, c.hidden);
  c.kernel = audio.Int({"conv_kernel_size", "conf_conv_kernel_size"}, 5, 1, kMaxHeadDim);
  const std::string_view key =
      audio.Has("sscp_conv_channel_size") ? "sscp_conv_channel_size" : "subsampling_conv_channels";
  const std::vector<int64_t> channels = audio.Ints(key, 2, 1, kMaxWidth);
  c.first_channels = channels.empty() ? 128 : channels[0];
  c.second_channels = channels.empty() ? 32 : channels[1];
  return c;
}

TowerBuilder::Whisper ReadWhisperEncoder(ConfigReader& audio) {
  TowerBuilder::Whisper w;
  w.hidden = audio.Int({"d_model", "hidden_size"}, 1280, 1, kMaxWidth);
  w.layers = audio.Int({"encoder_layers", "num_hidden_layers"}, 32, 1, 1000);
  w.intermediate = audio.Int({"encoder_ffn_dim", "intermediate_size"}, 5120, 1, kMaxMlpWidth);
  w.mel_bins = audio.Int("num_mel_bins", 128, 1, kMaxHeadDim);
  w.positions = audio.Int("max_source_positions", 1500, 1, kMaxWidth);
  return w;
}

}  // namespace

void AddGemma4Audio(ArchitectureBuilder& builder) {
  if (!builder.root.Has("audio_config")) return;
  ConfigReader audio = builder.root.Object("audio_config");
  const Conformer c = ReadConformer(audio, 1024);
  const int64_t out = audio.Int("output_proj_dims", 1536, 1, kMaxWidth);
  TowerBuilder tower(&builder, true);
  AddConformer(tower, "model.audio_tower.", c);
  tower.Enter("model.audio_tower.", 1, TensorRole::kAudio);
  tower.Linear("output_proj", out, c.hidden, true);
  tower.Enter("model.embed_audio.", 1, TensorRole::kProjector);
  tower.Linear("embedding_projection", builder.architecture.hidden, out, false);
  RemarkActivations(builder);
}

void AddGemma3nTowers(ArchitectureBuilder& builder) {
  // The published E2B and E4B alike, whose totals leave this number; no key of the config shapes it.
  constexpr int64_t kMobileNetV5 = 294126912;
  const int64_t hidden = builder.architecture.hidden;
  ConfigReader vision = builder.root.Object("vision_config");
  ConfigReader audio = builder.root.Object("audio_config");
  TowerBuilder tower(&builder, true);
  tower.Enter("model.vision_tower.");
  tower.Parameter("timm_model", kMobileNetV5);
  const Conformer c = ReadConformer(audio, 1536);
  AddConformer(tower, "model.audio_tower.", c);
  const int64_t seen = vision.Int("hidden_size", 2048, 1, kMaxWidth);
  for (const auto& [prefix, rows, width] :
       {std::tuple("model.embed_vision.", vision.Int("vocab_size", 128, 1, kMaxVocab), seen),
        std::tuple("model.embed_audio.", audio.Int("vocab_size", 128, 1, kMaxVocab), c.hidden)}) {
    tower.Enter(prefix, 1, TensorRole::kProjector);
    tower.Weight("embedding", rows, width);
    tower.RmsNorm("hard_embedding_norm", width);
    tower.RmsNorm("soft_embedding_norm", width);
    tower.Linear("embedding_projection", hidden, width, false);
  }
  builder.Remark(
      "The vision tower of Gemma 3n is counted as one tensor: no key of its config tells its layers.");
  RemarkActivations(builder);
}

void AddQwen25Audio(ArchitectureBuilder& builder, const std::string& prefix) {
  if (!builder.root.Has("audio_config")) return;
  ConfigReader audio = builder.root.Object("audio_config");
  TowerBuilder::Whisper whisper = ReadWhisperEncoder(audio);
  whisper.positions = 0;  // computed, not stored
  whisper.last_norm = "ln_post";
  const int64_t out = audio.Int("output_dim", 3584, 1, kMaxWidth);
  TowerBuilder tower(&builder);
  tower.AddWhisper(prefix, whisper);
  tower.Enter(prefix, 1, TensorRole::kProjector);
  tower.Linear("proj", out, whisper.hidden, true);
  tower.Weight("audio_bos_eos_token", 2, out);
  RemarkActivations(builder);
}

void AddQwen2Audio(ArchitectureBuilder& builder) {
  ConfigReader audio = builder.root.Object("audio_config");
  const TowerBuilder::Whisper whisper = ReadWhisperEncoder(audio);
  TowerBuilder tower(&builder);
  tower.AddWhisper("audio_tower.", whisper);
  tower.KeepWhole(true);
  tower.Enter("multi_modal_projector.", 1, TensorRole::kProjector);
  tower.Linear("linear", builder.architecture.hidden, whisper.hidden, true);
  RemarkActivations(builder);
}

void AddUltravoxAudio(ArchitectureBuilder& builder) {
  ConfigReader& root = builder.root;
  ConfigReader audio = root.Object("audio_config");
  const TowerBuilder::Whisper whisper = ReadWhisperEncoder(audio);
  const int64_t in = whisper.hidden * root.Int("stack_factor", 8, 1, kMaxHeadDim);
  const int64_t middle = root.Int("hidden_size", 4096, 1, kMaxWidth);
  const int64_t gated = root.Text("projector_act", "swiglu") == "swiglu" ? middle / 2 : middle;
  const int64_t out = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  tower.AddWhisper("audio_tower.", whisper);
  tower.KeepWhole(true);
  tower.Enter("multi_modal_projector.", 1, TensorRole::kProjector);
  tower.RmsNorm("ln_pre", in);
  tower.Linear("linear_1", middle, in, false);
  const bool in_between = root.Bool("projector_ln_mid", false);
  tower.RmsNorm(in_between ? "ln_mid" : "ln_post", in_between ? gated : out);
  tower.Linear("linear_2", out, gated, false);
  RemarkActivations(builder);
}

void AddFlamingoAudio(ArchitectureBuilder& builder) {
  ConfigReader audio = builder.root.Object("audio_config");
  const TowerBuilder::Whisper whisper = ReadWhisperEncoder(audio);
  const int64_t hidden = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  tower.AddWhisper("audio_tower.", whisper);
  tower.KeepWhole(true);
  tower.Enter("multi_modal_projector.", 1, TensorRole::kProjector);
  tower.TwoLinears("linear_1", "linear_2", whisper.hidden, hidden, hidden);
  RemarkActivations(builder);
}

void AddMiniCpmAudio(ArchitectureBuilder& builder) {
  if (!builder.root.Has("audio_config")) return;
  ConfigReader audio = builder.root.Object("audio_config");
  TowerBuilder::Whisper whisper = ReadWhisperEncoder(audio);
  whisper.hidden = audio.Int("d_model", 1024, 1, kMaxWidth);
  whisper.layers = audio.Int("encoder_layers", 24, 1, 1000);
  whisper.intermediate = audio.Int("encoder_ffn_dim", 4096, 1, kMaxMlpWidth);
  whisper.mel_bins = audio.Int("num_mel_bins", 80, 1, kMaxHeadDim);
  const int64_t hidden = builder.architecture.hidden;
  TowerBuilder tower(&builder, true);
  tower.AddWhisper("apm.", whisper);
  tower.Enter("audio_projection_layer.", 1, TensorRole::kProjector);
  tower.TwoLinears("linear1", "linear2", whisper.hidden, hidden, hidden);
  builder.Remark("The voice that speaks the answer is left out: engines do not load it.");
  RemarkActivations(builder);
}

void AddVoxtralAudio(ArchitectureBuilder& builder) {
  ConfigReader audio = builder.root.Object("audio_config");
  const TowerBuilder::Whisper whisper = ReadWhisperEncoder(audio);
  TowerBuilder tower(&builder);
  tower.AddWhisper("audio_tower.", whisper);
  tower.KeepWhole(true);
  tower.Enter("multi_modal_projector.", 1, TensorRole::kProjector);
  // Four frames of the encoder become one token.
  tower.Linear("linear_1", builder.architecture.hidden, audio.Int("intermediate_size", 5120, 1, kMaxMlpWidth),
               false);
  tower.Linear("linear_2", builder.architecture.hidden, builder.architecture.hidden, false);
  RemarkActivations(builder);
}

void AddQwen3Audio(ArchitectureBuilder& builder, const std::string& prefix) {
  if (!builder.root.Has("audio_config")) return;
  ConfigReader audio = builder.root.Object("audio_config");
  const int64_t hidden = audio.Int("d_model", 1280, 1, kMaxWidth);
  const int64_t layers = audio.Int("encoder_layers", 32, 1, 1000);
  const int64_t channels = audio.Int("downsample_hidden_size", 480, 1, kMaxWidth);
  const int64_t bins = audio.Int("num_mel_bins", 128, 8, kMaxHeadDim);
  TowerBuilder tower(&builder);
  tower.Enter(prefix, 1, TensorRole::kAudio);
  tower.Convolution("conv2d1", channels, 9);
  tower.Convolution("conv2d2", channels, 9 * channels);
  tower.Convolution("conv2d3", channels, 9 * channels);
  // Three strides of two over the mel bins.
  tower.Linear("conv_out", hidden, channels * ((((bins + 1) / 2 + 1) / 2 + 1) / 2), false,
               Sharding::kReplicated);
  tower.LayerNorm("ln_post", hidden);
  tower.Enter(prefix + "layers.{}.", layers, TensorRole::kAudio);
  TowerBlocks blocks;
  blocks.hidden = hidden;
  blocks.intermediate = audio.Int("encoder_ffn_dim", 5120, 1, kMaxMlpWidth);
  blocks.names.first_norm = "self_attn_layer_norm";
  blocks.names.second_norm = "final_layer_norm";
  blocks.names.up = "fc1";
  blocks.names.down = "fc2";
  tower.Blocks(blocks);
  tower.Enter(prefix, 1, TensorRole::kProjector);
  tower.Linear("proj1", hidden, hidden, true);
  tower.Linear("proj2", audio.Int("output_dim", builder.architecture.hidden, 1, kMaxWidth), hidden, true,
               Sharding::kColumns);
  RemarkActivations(builder);
}

}  // namespace plimsoll
