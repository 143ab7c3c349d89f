// Sources, beside those named at each tower: the modelling files of transformers (src/transformers/models/)
// or of the model's own repository, and vllm/model_executor/models/, which says what is cut over ranks.
#include "core/arch/image_towers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/arch/tower_builder.h"
#include "core/arch/tower_keys.h"

namespace plimsoll {

// modeling_intern_vit.py and modeling_internvl_chat.py of OpenGVLab/InternVL2-8B.
void AddInternVit(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1024, 24, 16, 4096, 448, 14});
  VisionTower& t = builder.architecture.vision;
  const double ratio = builder.root.Number("downsample_ratio", 0.5, 0.01, 1);
  t.merge = static_cast<int64_t>(1 / ratio);
  t.tokens_per_image = Patches(t) / (t.merge * t.merge);
  const bool rms = vision.Text("norm_type", "layer_norm") == "rms_norm";
  const std::string model = "vision_model.";
  TowerBuilder tower(&builder);
  tower.Enter(model + "embeddings.");
  tower.Parameter("class_embedding", t.hidden);
  tower.Convolution("patch_embedding", t.hidden, PatchElements(t));
  tower.Parameter("position_embedding", Patches(t) + 1, t.hidden);
  tower.Enter(model + "encoder.layers.{}.", t.layers);
  TowerBlocks blocks = BlocksOf(t, TimmNames());
  blocks.rms = rms;
  blocks.qkv_bias = vision.Bool("qkv_bias", vision.Bool("attention_bias", false));
  tower.Blocks(blocks);
  if (vision.Bool("qk_normalization", vision.Bool("use_qk_norm", false))) {
    tower.RmsNorm("attn.q_norm", t.hidden);
    tower.RmsNorm("attn.k_norm", t.hidden);
  }
  tower.Parameter("ls1", t.hidden);
  tower.Parameter("ls2", t.hidden);
  const int64_t merged = t.hidden * t.merge * t.merge;
  EnterProjector(tower, "mlp1.");
  tower.LayerNorm("0", merged);
  tower.TwoLinears("1", "3", merged, builder.architecture.hidden, builder.architecture.hidden);
}

// modeling_glm4v.py; the blocks' MLP has the width of the tower's output.
void AddGlmTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1536, 24, 12, 13696, 336, 14});
  VisionTower& t = builder.architecture.vision;
  const int64_t out = vision.Int("out_hidden_size", 4096, 1, kMaxWidth);
  const int64_t inner = t.intermediate;
  const int64_t frames = vision.Int("temporal_patch_size", 2, 1, 64);
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  t.intermediate = out;
  TowerBuilder tower(&builder);
  tower.Enter("model.visual.");
  tower.Convolution("patch_embed.proj", t.hidden, PatchElements(t) * frames);
  tower.Weight("embeddings.position_embedding", Patches(t), t.hidden);
  tower.RmsNorm("post_conv_layernorm", t.hidden);
  tower.RmsNorm("post_layernorm", t.hidden);
  tower.Convolution("downsample", out, t.hidden * t.merge * t.merge);
  t.image_size = 0;  // positions are interpolated: images of any size
  tower.Enter("model.visual.blocks.{}.", t.layers);
  TowerBlocks blocks = BlocksOf(t, TimmNames());
  blocks.rms = true;
  blocks.qkv_bias = blocks.o_bias = vision.Bool("attention_bias", false);
  blocks.mlp_bias = false;
  blocks.names.gate = "mlp.gate_proj";
  blocks.names.up = "mlp.up_proj";
  blocks.names.down = "mlp.down_proj";
  tower.Blocks(blocks);
  EnterProjector(tower, "model.visual.merger.");
  tower.Linear("proj", out, out, false);
  tower.LayerNorm("post_projection_norm", out);
  tower.Linear("gate_proj", inner, out, false);
  tower.Linear("up_proj", inner, out, false);
  tower.Linear("down_proj", out, inner, false, Sharding::kColumns);
}

// modeling_kimi_vl.py of moonshotai/Kimi-VL-A3B-Instruct.
void AddMoonVit(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 0, 14});
  VisionTower& t = builder.architecture.vision;
  const std::vector<int64_t> kernel = vision.Ints("merge_kernel_size", 2, 1, 64);
  t.merge = kernel.empty() ? 2 : kernel[0];
  const int64_t positions =
      vision.Int("init_pos_emb_height", 64, 1, 4096) * vision.Int("init_pos_emb_width", 64, 1, 4096);
  TowerBuilder tower(&builder);
  tower.Enter("vision_tower.");
  tower.Convolution("patch_embed.proj", t.hidden, PatchElements(t));
  tower.Weight("patch_embed.pos_emb", positions, t.hidden);
  tower.LayerNorm("encoder.final_layernorm", t.hidden);
  tower.Enter("vision_tower.encoder.blocks.{}.", t.layers);
  TowerNames names;
  names.first_norm = "norm0";
  names.second_norm = "norm1";
  names.qkv = "wqkv";
  names.o = "wo";
  names.up = "mlp.fc0";
  names.down = "mlp.fc1";
  tower.Blocks(BlocksOf(t, names));
  const int64_t merged = t.hidden * t.merge * t.merge;
  tower.KeepWhole(true);
  EnterProjector(tower, "multi_modal_projector.");
  tower.LayerNorm("pre_norm", t.hidden);
  tower.TwoLinears("linear_1", "linear_2", merged, merged, builder.architecture.hidden);
}

// resampler.py of openbmb/MiniCPM-V-2_6: queries attend to the patches.
void AddMiniCpmTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 980, 14});
  VisionTower& t = builder.architecture.vision;
  if (builder.root.Bool("drop_vision_last_layer", false)) t.layers_used = --t.layers;
  const int64_t queries = builder.root.Int("query_num", 64, 1, kMaxWidth);
  const int64_t width = builder.architecture.hidden;
  t.tokens_per_image = queries;
  TowerBuilder tower(&builder);
  tower.AddSiglip("vpm.", SiglipOf(t));
  tower.KeepWhole(true);
  EnterProjector(tower, "resampler.");
  tower.Parameter("query", queries, width);
  tower.Linear("kv_proj", width, t.hidden, false);
  tower.Parameter("attn.in_proj_weight", 3 * width, width);
  tower.Parameter("attn.in_proj_bias", 3 * width);
  tower.Linear("attn.out_proj", width, width, true);
  for (const std::string_view norm : {"ln_q", "ln_kv", "ln_post"}) tower.LayerNorm(norm, width);
  tower.Parameter("proj", width, width);
}

// image_embedding_phi3_v.py of microsoft/Phi-3.5-vision-instruct: OpenAI's CLIP-L for 336 pixels, which it
// names and does not describe; four patches of a tile become one token.
void AddPhi3Tower(ArchitectureBuilder& builder) {
  ConfigReader processor = builder.root.Object("img_processor");
  const std::string_view model = processor.Text("model_name", "openai/clip-vit-large-patch14-336");
  if (model != "openai/clip-vit-large-patch14-336") {
    processor.Refuse("model_name", "openai/clip-vit-large-patch14-336");
  }
  VisionTower& t = builder.architecture.vision;
  t.hidden = 1024;
  t.layers = 24;
  t.layers_used = 23;
  t.heads = 16;
  t.intermediate = 4096;
  t.image_size = 336;
  t.patch_size = 14;
  t.merge = 2;
  TowerBuilder::Clip clip;
  clip.hidden = t.hidden;
  clip.layers = t.layers;
  clip.intermediate = t.intermediate;
  clip.patch_elements = PatchElements(t);
  clip.positions = Patches(t);
  TowerBuilder tower(&builder);
  tower.AddClip("model.vision_embed_tokens.img_processor.vision_model.", clip);
  const int64_t merged = t.hidden * t.merge * t.merge;
  EnterProjector(tower, "model.vision_embed_tokens.");
  tower.TwoLinears("img_projection.0", "img_projection.2", merged, builder.architecture.hidden,
                   builder.architecture.hidden);
  tower.Parameter("glb_GN", merged);
  tower.Parameter("sub_GN", merged);
}

namespace {

// A LoRA pair on each of Phi-4-mini's four projections (vision_lora, speech_lora of the config).
void AddPhi4Adapters(ArchitectureBuilder& builder, TowerBuilder& tower, std::string_view key) {
  ConfigReader lora = builder.root.Object(key);
  const int64_t rank = lora.Int("r", 0, 0, kMaxWidth);
  if (rank == 0) return;
  const Architecture& a = builder.architecture;
  const Attention& x = builder.base.attention;
  const int64_t qkv = (x.heads + 2 * x.kv_heads) * x.key_dim;
  const int64_t width = builder.base.mlp.intermediate;
  const std::string_view kind = key.substr(0, key.find('_'));
  tower.Enter("model.layers.{}.", a.layers, TensorRole::kOther);
  const struct {
    std::string_view module;
    int64_t in, out;
  } modules[] = {{"self_attn.qkv_proj", a.hidden, qkv},
                 {"self_attn.o_proj", x.heads * x.value_dim, a.hidden},
                 {"mlp.gate_up_proj", a.hidden, 2 * width},
                 {"mlp.down_proj", width, a.hidden}};
  for (const auto& module : modules) {
    const std::string name(module.module);
    tower.Weight(name + ".lora_A." + std::string(kind), rank, module.in);
    tower.Weight(name + ".lora_B." + std::string(kind), module.out, rank);
  }
}

// speech_conformer_encoder.py of microsoft/Phi-4-multimodal-instruct; audio_processor.config names the same
// numbers.
void AddPhi4Audio(ArchitectureBuilder& builder, TowerBuilder& tower) {
  constexpr int64_t kWidth = 1024, kLayers = 24, kInner = 1536, kBins = 80, kHeads = 16, kDistances = 1000;
  const std::string model = "model.embed_tokens_extend.audio_embed.";
  tower.KeepWhole(true);
  const std::string encoder = model + "encoder.";
  for (const std::string_view half : {"feed_forward_in.", "feed_forward_out."}) {
    tower.Enter(encoder + "encoders.{}." + std::string(half), kLayers, TensorRole::kAudio);
    tower.LayerNorm("layer_norm", kWidth);
    tower.Linear("net.0.linear", 2 * kInner, kWidth, true);
    tower.Linear("net.2", kWidth, kInner, true);
  }
  tower.Enter(encoder + "encoders.{}.", kLayers, TensorRole::kAudio);
  for (const std::string_view name :
       {"self_attn.linear_q", "self_attn.linear_k", "self_attn.linear_v", "self_attn.linear_out"}) {
    tower.Linear(name, kWidth, kWidth, true);
  }
  tower.LayerNorm("conv.layer_norm", kWidth);
  tower.Linear("conv.glu.ext_pw_conv_1d", 2 * kWidth, kWidth, true);
  tower.Parameter("conv.glu.b1", kWidth);
  tower.Parameter("conv.glu.b2", kWidth);
  tower.Convolution("conv.dw_sep_conv_1d.dw_conv", kWidth, 3);
  tower.Linear("conv.dw_sep_conv_1d.pw_conv", kWidth, kWidth, true);
  tower.Linear("conv.ext_pw_conv_1d", kWidth, kWidth, true);
  tower.LayerNorm("layer_norm_att", kWidth);
  tower.LayerNorm("layer_norm", kWidth);
  // A convolution over the mel bins, two that are depthwise with a pointwise one behind, and a projection.
  tower.Enter(encoder + "embed.", 1, TensorRole::kAudio);
  tower.Convolution("conv.0", kWidth, 9);
  for (const auto& [depthwise, pointwise] : {std::pair("conv.2", "conv.3"), std::pair("conv.5", "conv.6")}) {
    tower.Convolution(depthwise, kWidth, 9);
    tower.Convolution(pointwise, kWidth, kWidth);
  }
  tower.Linear("out", kWidth, kWidth * kBins / 8, true);
  tower.Enter(encoder, 1, TensorRole::kAudio);
  tower.Weight("relative_attention_bias_layer.bias_values", kDistances, kHeads);
  tower.Parameter("encoder_embedding.global_mean", kBins);
  tower.Parameter("encoder_embedding.global_invstd", kBins);
  const int64_t text = builder.architecture.hidden;
  for (const std::string_view name : {"audio_projection.speech.", "audio_projection.vision."}) {
    EnterProjector(tower, model + std::string(name));
    tower.TwoLinears("0", "2", kWidth, text, text);
  }
}

}  // namespace

// modeling_phi4mm.py of microsoft/Phi-4-multimodal-instruct. SigLIP so400m for 448 pixels with its pooling
// head.
void AddPhi4Towers(ArchitectureBuilder& builder) {
  VisionTower& t = builder.architecture.vision;
  t.hidden = 1152;
  t.layers = 27;
  t.layers_used = 26;
  t.heads = 16;
  t.intermediate = 4304;
  t.image_size = 448;
  t.patch_size = 14;
  t.merge = 2;
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.pooling_head = true;
  const std::string model = "model.embed_tokens_extend.image_embed.";
  tower.AddSiglip(model + "img_processor.", siglip);
  EnterProjector(tower, model);
  tower.TwoLinears("img_projection.0", "img_projection.2", t.hidden, builder.architecture.hidden,
                   builder.architecture.hidden);
  tower.Parameter("glb_GN", t.hidden);
  tower.Parameter("sub_GN", t.hidden);
  AddPhi4Audio(builder, tower);
  AddPhi4Adapters(builder, tower, "vision_lora");
  AddPhi4Adapters(builder, tower, "speech_lora");
  builder.Remark(
      "The towers and the LoRA adapters of vision and speech are counted; what the audio encoder needs while "
      "it runs "
      "is not.");
}

// modeling_molmo.py of allenai/Molmo-7B-D-0924: the ViT-L/14 that its repository fixes, features of two
// layers.
void AddMolmoTower(ArchitectureBuilder& builder) {
  VisionTower& t = builder.architecture.vision;
  t.hidden = 1024;
  t.layers = t.layers_used = 23;
  t.heads = 16;
  t.intermediate = 4096;
  t.image_size = 336;
  t.patch_size = 14;
  t.merge = 2;
  t.tokens_per_image = 144;
  const int64_t both = 2 * t.hidden;
  const int64_t inner = builder.base.mlp.intermediate;
  const std::string model = "model.vision_backbone.";
  TowerBuilder tower(&builder);
  tower.Enter(model + "image_vit.");
  tower.Parameter("class_embedding", t.hidden);
  tower.Parameter("positional_embedding", Patches(t) + 1, t.hidden);
  tower.Weight("patch_embedding", t.hidden, PatchElements(t));
  tower.LayerNorm("pre_ln", t.hidden);
  tower.Enter(model + "image_vit.transformer.resblocks.{}.", t.layers);
  TowerNames names;
  names.first_norm = "attention_norm";
  names.second_norm = "ffn_norm";
  names.q = "attention.wq";
  names.k = "attention.wk";
  names.v = "attention.wv";
  names.o = "attention.wo";
  names.up = "feed_forward.w1";
  names.down = "feed_forward.w2";
  tower.Blocks(BlocksOf(t, names));
  EnterProjector(tower, model);
  tower.Parameter("pad_embed", 2, both);
  for (const std::string_view name : {"image_pooling_2d.wq", "image_pooling_2d.wk", "image_pooling_2d.wv"}) {
    tower.Linear(name, t.hidden, both, true);
  }
  tower.Linear("image_pooling_2d.wo", t.hidden, t.hidden, true, Sharding::kColumns);
  tower.Linear("image_projector.w1", inner, t.hidden, false);
  tower.Linear("image_projector.w3", inner, t.hidden, false);
  tower.Linear("image_projector.w2", builder.architecture.hidden, inner, false, Sharding::kColumns);
}

// modeling_idefics3.py, modeling_smolvlm.py.
void AddIdeficsTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 12, 16, 3072, 224, 32});
  VisionTower& t = builder.architecture.vision;
  t.merge = builder.root.Int("scale_factor", 2, 1, 64);
  t.tokens_per_image = Patches(t) / (t.merge * t.merge);
  TowerBuilder tower(&builder);
  tower.AddSiglip("model.vision_model.", SiglipOf(t));
  tower.KeepWhole(true);
  EnterProjector(tower, "model.connector.modality_projection.");
  tower.Linear("proj", builder.architecture.hidden, t.hidden * t.merge * t.merge, false);
}

// modeling_paligemma.py.
void AddPaliGemmaTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 224, 14});
  VisionTower& t = builder.architecture.vision;
  t.tokens_per_image = Patches(t);
  TowerBuilder tower(&builder);
  tower.AddSiglip("vision_tower.vision_model.", SiglipOf(t));
  tower.KeepWhole(true);
  EnterProjector(tower, "multi_modal_projector.");
  tower.Linear("linear", builder.architecture.hidden, t.hidden, true);
}

// modeling_aya_vision.py: the projector gates half of its width with the other.
void AddAyaTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 26, 14, 4304, 384, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = builder.root.Int("downsample_factor", 2, 1, 64);
  const int64_t text = builder.architecture.hidden;
  const int64_t merged = t.hidden * t.merge * t.merge;
  const int64_t inner = builder.root.Int("alignment_intermediate_size", text, 2, kMaxMlpWidth);
  TowerBuilder tower(&builder);
  tower.AddSiglip("vision_tower.vision_model.", SiglipOf(t));
  EnterProjector(tower, "multi_modal_projector.");
  tower.LayerNorm("layernorm", merged);
  tower.Linear("linear_1", inner, merged, true);
  tower.Linear("linear_2", text, inner / 2, true, Sharding::kColumns);
}

// modeling_llava_onevision.py.
void AddOneVisionTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 26, 16, 4304, 384, 14});
  const VisionTower& t = builder.architecture.vision;
  const int64_t text = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.pooling_head = vision.Bool("vision_use_head", false);
  tower.AddSiglip("vision_tower.vision_model.", siglip);
  EnterProjector(tower, "multi_modal_projector.");
  tower.TwoLinears("linear_1", "linear_2", t.hidden, text, text);
  EnterProjector(tower, "");
  tower.Parameter("image_newline", text);
}

// modeling_deepseek_vl_v2.py of deepseek-ai/deepseek-vl2: SigLIP so400m for 384 pixels with its pooling head.
void AddDeepseekVlTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  const int64_t width = vision.Int("width", 1152, 1, kMaxWidth);
  const double ratio = vision.Number("mlp_ratio", 3.7362, 0.1, 64);
  ReadTower(builder, vision,
            {width, 27, 16, static_cast<int64_t>(static_cast<double>(width) * ratio), 384, 14});
  VisionTower& t = builder.architecture.vision;
  ConfigReader projector = builder.root.Object("projector_config");
  t.merge = projector.Int("downsample_ratio", 2, 1, 64);
  const std::string_view kind = projector.Text("mlp_type", "downsample_mlp_gelu");
  if (kind != "downsample_mlp_gelu") projector.Refuse("mlp_type", "downsample_mlp_gelu");
  if (projector.Int("depth", 2, 1, 64) != 2) projector.Refuse("depth", "2");
  const int64_t text = projector.Int("n_embed", builder.architecture.hidden, 1, kMaxWidth);
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.pooling_head = true;
  tower.AddSiglip("vision.", siglip);
  EnterProjector(tower, "");
  tower.TwoLinears("projector.layers.0", "projector.layers.2", t.hidden * t.merge * t.merge, text, text);
  tower.Parameter("image_newline", text);
  tower.Parameter("view_seperator", text);
}

namespace {

// SAM's ViT-B with DeepSeek-OCR's neck (deepencoder.py of deepseek-ai/DeepSeek-OCR): windows of 14 patches
// but in every third layer, and positions of every distance in either direction.
void AddSam(TowerBuilder& tower, int64_t out) {
  constexpr int64_t kWidth = 768, kLayers = 12, kSide = 64, kHead = 64, kNeck = 256, kWindow = 14,
                    kGlobal = 4;
  const std::string model = "model.sam_model.";
  tower.KeepWhole(true);
  tower.Enter(model);
  tower.Convolution("patch_embed.proj", kWidth, 3 * 16 * 16);
  tower.Parameter("pos_embed", kSide * kSide, kWidth);
  tower.Enter(model + "blocks.{}.", kLayers);
  TowerNames names = TimmNames();
  names.up = "mlp.lin1";
  names.down = "mlp.lin2";
  TowerBlocks blocks;
  blocks.hidden = kWidth;
  blocks.intermediate = 4 * kWidth;
  blocks.names = names;
  tower.Blocks(blocks);
  for (const auto& [blocks_of, layers, side] :
       {std::tuple("global_blocks.{}.", kGlobal, kSide),
        std::tuple("window_blocks.{}.", kLayers - kGlobal, kWindow)}) {
    tower.Enter(model + blocks_of, layers);
    tower.Parameter("attn.rel_pos_h", 2 * side - 1, kHead);
    tower.Parameter("attn.rel_pos_w", 2 * side - 1, kHead);
  }
  tower.Enter(model);
  tower.Weight("neck.0", kNeck, kWidth);
  tower.LayerNorm("neck.1", kNeck);
  tower.Weight("neck.2", kNeck, 9 * kNeck);
  tower.LayerNorm("neck.3", kNeck);
  tower.Weight("net_2", 2 * kNeck, 9 * kNeck);
  tower.Weight("net_3", out, 9 * 2 * kNeck);
  tower.KeepWhole(false);
}

}  // namespace

// modeling_deepseekocr.py of deepseek-ai/DeepSeek-OCR: SAM's patches go on through CLIP-L, and both into the
// text.
void AddDeepseekOcrTowers(ArchitectureBuilder& builder) {
  VisionTower& t = builder.architecture.vision;
  t.hidden = 1024;
  t.layers = t.layers_used = 24;
  t.heads = 16;
  t.intermediate = 4096;
  t.image_size = 1024;
  t.patch_size = 16;
  t.merge = 4;
  t.tokens_per_image = 256;
  TowerBuilder::Clip clip;
  clip.hidden = t.hidden;
  clip.layers = t.layers;
  clip.intermediate = t.intermediate;
  clip.patch_elements = 3 * 14 * 14;
  clip.positions = 256;
  clip.post_norm = false;
  TowerBuilder tower(&builder);
  AddSam(tower, t.hidden);
  tower.AddClip("model.vision_model.", clip);
  const int64_t text = builder.architecture.hidden;
  EnterProjector(tower, "model.");
  tower.Linear("projector.layers", text, 2 * t.hidden, true, Sharding::kReplicated);
  tower.Parameter("image_newline", text);
  tower.Parameter("view_seperator", text);
}

// vllm/model_executor/models/deepseek_ocr2.py, deepencoder2.py: SAM's patches go on through Qwen2-0.5B's
// layers with learnt queries behind them.
void AddDeepseekOcr2Towers(ArchitectureBuilder& builder) {
  constexpr int64_t kKeyWidth = 128, kQueries768 = 144, kQueries1024 = 256;
  VisionTower& t = builder.architecture.vision;
  t.hidden = 896;
  t.layers = t.layers_used = 24;
  t.heads = 14;
  t.intermediate = 4864;
  t.image_size = 1024;
  t.patch_size = 16;
  t.merge = 4;
  TowerBuilder tower(&builder);
  AddSam(tower, t.hidden);
  const std::string model = "model.qwen2_model.model.";
  tower.KeepWhole(true);
  tower.Enter(model + "layers.{}.", t.layers);
  tower.RmsNorm("input_layernorm", t.hidden);
  tower.RmsNorm("post_attention_layernorm", t.hidden);
  tower.Linear("self_attn.q_proj", t.hidden, t.hidden, true);
  tower.Linear("self_attn.k_proj", kKeyWidth, t.hidden, true);
  tower.Linear("self_attn.v_proj", kKeyWidth, t.hidden, true);
  tower.Linear("self_attn.o_proj", t.hidden, t.hidden, false);
  tower.Linear("mlp.gate_proj", t.intermediate, t.hidden, false);
  tower.Linear("mlp.up_proj", t.intermediate, t.hidden, false);
  tower.Linear("mlp.down_proj", t.hidden, t.intermediate, false);
  tower.Enter(model);
  tower.RmsNorm("norm", t.hidden);
  tower.Enter("model.qwen2_model.");
  tower.Weight("query_768", kQueries768, t.hidden);
  tower.Weight("query_1024", kQueries1024, t.hidden);
  const int64_t text = builder.architecture.hidden;
  EnterProjector(tower, "model.");
  tower.Linear("projector.layers", text, t.hidden, true, Sharding::kReplicated);
  tower.Parameter("view_seperator", text);
}

void AddPackedSiglipTower(ArchitectureBuilder& builder, bool merged_norm) {
  constexpr int64_t kPackingPositions = 32768;
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 384, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.pooling_head = true;
  const std::string model = "visual.vision_model.";
  tower.AddSiglip(model, siglip);
  t.image_size = 0;
  tower.Enter(model);
  tower.Weight("embeddings.packing_position_embedding", kPackingPositions, t.hidden);
  const int64_t merged = t.hidden * t.merge * t.merge;
  EnterProjector(tower, "mlp_AR.");
  tower.LayerNorm("pre_norm", merged_norm ? merged : t.hidden);
  tower.TwoLinears("linear_1", "linear_2", merged, merged, builder.architecture.hidden);
}

// modeling_paddleocr_vl.py of PaddlePaddle/PaddleOCR-VL.
void AddPaddleTower(ArchitectureBuilder& builder) { AddPackedSiglipTower(builder, false); }

// modeling_dots_vision.py of rednote-hilab/dots.ocr.
void AddDotsTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1536, 42, 12, 4224, 0, 14});
  VisionTower& t = builder.architecture.vision;
  t.hidden = vision.Int("embed_dim", t.hidden, 1, kMaxWidth);
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  const bool bias = vision.Bool("use_bias", false);
  const std::string model = "vision_tower.";
  TowerBuilder tower(&builder);
  tower.Enter(model);
  tower.Convolution("patch_embed.patchifier.proj", t.hidden, PatchElements(t));
  tower.RmsNorm("patch_embed.patchifier.norm", t.hidden);
  if (vision.Bool("post_norm", true)) tower.RmsNorm("post_trunk_norm", t.hidden);
  tower.Enter(model + "blocks.{}.", t.layers);
  TowerBlocks blocks = BlocksOf(t, TimmNames());
  blocks.rms = true;
  blocks.qkv_bias = blocks.o_bias = blocks.mlp_bias = bias;
  blocks.names.gate = "mlp.fc1";
  blocks.names.up = "mlp.fc3";
  blocks.names.down = "mlp.fc2";
  tower.Blocks(blocks);
  const int64_t merged = t.hidden * t.merge * t.merge;
  EnterProjector(tower, model + "merger.");
  tower.LayerNorm("ln_q", t.hidden);
  tower.TwoLinears("mlp.0", "mlp.2", merged, merged, builder.architecture.hidden);
}

// modeling_lfm2_vl.py: SigLIP 2, whose patches go through a linear layer.
void AddLfm2VlTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 0, 16});
  VisionTower& t = builder.architecture.vision;
  ConfigReader& root = builder.root;
  t.merge = root.Int("downsample_factor", 2, 1, 64);
  t.tokens_per_image = root.Int("max_image_tokens", 256, 1, 1 << 20);
  const int64_t inner = root.Int("projector_hidden_size", 2560, 1, kMaxMlpWidth);
  const bool bias = root.Bool("projector_bias", true);
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.positions = vision.Int("num_patches", 256, 1, kMaxWidth);
  siglip.pooling_head = vision.Bool("vision_use_head", false);
  tower.AddSiglip("model.vision_tower.vision_model.", siglip);
  tower.KeepWhole(true);
  const int64_t merged = t.hidden * t.merge * t.merge;
  EnterProjector(tower, "model.multi_modal_projector.");
  if (root.Bool("projector_use_layernorm", true)) tower.LayerNorm("layer_norm", merged);
  tower.Linear("linear_1", inner, merged, bias);
  tower.Linear("linear_2", builder.architecture.hidden, inner, bias);
}

// modeling_mllama.py: patches of up to four tiles, a local and a gated global transformer; features of
// several layers stand beside the last.
void AddMllamaTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1280, 32, 16, 5120, 448, 14});
  VisionTower& t = builder.architecture.vision;
  t.heads = vision.Int({"attention_heads", "num_attention_heads"}, 16, 1, kMaxHeads);
  const int64_t tiles = vision.Int("max_num_tiles", 4, 1, 64);
  const Json* shapes = vision.Find("supported_aspect_ratios");
  const int64_t ratios = 1 + (shapes == nullptr ? 8 : static_cast<int64_t>(shapes->items().size()));
  const int64_t patches = Patches(t) + 1;
  const int64_t global_layers = vision.Int("num_global_layers", 8, 0, 1000);
  t.tokens_per_image = tiles * patches;
  const std::string model = "vision_model.";
  TowerBuilder tower(&builder);
  tower.Enter(model);
  tower.Weight("patch_embedding", t.hidden, PatchElements(t));
  tower.Parameter("class_embedding", t.hidden);
  tower.Parameter("gated_positional_embedding.embedding", patches, t.hidden);
  tower.Parameter("gated_positional_embedding.gate", 1);
  tower.Weight("gated_positional_embedding.tile_embedding", ratios * tiles * patches, t.hidden);
  for (const std::string_view name : {"pre_tile_positional_embedding", "post_tile_positional_embedding"}) {
    tower.Weight(std::string(name) + ".embedding", ratios * tiles, t.hidden);
    tower.Parameter(std::string(name) + ".gate", 1);
  }
  tower.LayerNorm("layernorm_pre", t.hidden);
  tower.LayerNorm("layernorm_post", t.hidden);
  TowerNames names;
  names.first_norm = "input_layernorm";
  names.second_norm = "post_attention_layernorm";
  names.o = "self_attn.o_proj";
  TowerBlocks blocks = BlocksOf(t, names);
  blocks.qkv_bias = blocks.o_bias = false;
  tower.Enter(model + "transformer.layers.{}.", t.layers);
  tower.Blocks(blocks);
  tower.Enter(model + "global_transformer.layers.{}.", global_layers);
  tower.Blocks(blocks);
  tower.Parameter("gate_attn", 1);
  tower.Parameter("gate_ffn", 1);
  t.layers += global_layers;
  t.layers_used = t.layers;
  EnterProjector(tower, "");
  tower.Linear("multi_modal_projector", builder.architecture.hidden,
               vision.Int("vision_output_dim", 7680, 1, kMaxWidth), true);
}

// modeling_gemma4_unified.py: no tower. Blocks of pixels and of sound samples are projected into the decoder.
void AddGemma4Projections(ArchitectureBuilder& builder) {
  const int64_t text = builder.architecture.hidden;
  TowerBuilder tower(&builder, true);
  if (builder.root.Has("vision_config")) {
    ConfigReader vision = builder.root.Object("vision_config");
    const int64_t side = vision.Int("model_patch_size", 48, 1, 4096);
    const int64_t width = vision.Int("mm_embed_dim", 3840, 1, kMaxWidth);
    const int64_t positions = vision.Int("mm_posemb_size", 1120, 1, kMaxVocab);
    tower.Enter("model.vision_embedder.");
    tower.LayerNorm("patch_ln1", 3 * side * side);
    tower.Linear("patch_dense", width, 3 * side * side, true);
    tower.LayerNorm("patch_ln2", width);
    tower.Parameter("pos_embedding", 2 * positions, width);
    tower.LayerNorm("pos_norm", width);
    EnterProjector(tower, "model.embed_vision.");
    tower.Linear("embedding_projection", text, vision.Int("output_proj_dims", width, 1, kMaxWidth), false);
  }
  if (!builder.root.Has("audio_config")) return;
  ConfigReader audio = builder.root.Object("audio_config");
  EnterProjector(tower, "model.embed_audio.");
  tower.Linear(
      "embedding_projection", text,
      audio.Int({"output_proj_dims", "audio_samples_per_token", "audio_embed_dim"}, 640, 1, kMaxWidth),
      false);
}

// vllm/model_executor/models/step3_vl.py's perception encoder: two convolutions of stride two behind the
// blocks.
void AddStepTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1536, 47, 16, 8960, 728, 14});
  VisionTower& t = builder.architecture.vision;
  const std::string model = "vision_model.";
  TowerBuilder tower(&builder);
  tower.Enter(model);
  tower.Weight("conv1", t.hidden, PatchElements(t));
  tower.Parameter("positional_embedding", Patches(t), t.hidden);
  tower.LayerNorm("ln_pre", t.hidden);
  tower.Enter(model + "transformer.resblocks.{}.", t.layers);
  TowerNames names;
  names.first_norm = "ln_1";
  names.second_norm = "ln_2";
  names.qkv = "attn.in_proj";
  names.o = "attn.out_proj";
  names.up = "mlp.c_fc";
  names.down = "mlp.c_proj";
  tower.Blocks(BlocksOf(t, names));
  tower.Parameter("ls_1.gamma", t.hidden);
  tower.Parameter("ls_2.gamma", t.hidden);
  tower.Enter(model);
  tower.Convolution("vit_downsampler1", 2 * t.hidden, 9 * t.hidden);
  tower.Convolution("vit_downsampler2", 4 * t.hidden, 9 * 2 * t.hidden);
  t.merge = 4;
  EnterProjector(tower, "");
  tower.Linear("vit_large_projector", builder.architecture.hidden, 4 * t.hidden, false);
}

// vllm/models/minimax_m3: CLIP-like blocks without positions of their own, merged by two pairs of linear
// layers.
void AddMiniMaxTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1280, 32, 16, 5120, 0, 14});
  VisionTower& t = builder.architecture.vision;
  const int64_t text = builder.architecture.hidden;
  const int64_t frames = vision.Int("temporal_patch_size", 2, 1, 64);
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  t.image_size = 0;
  const std::string model = "vision_tower.vision_model.";
  TowerBuilder tower(&builder);
  tower.Enter(model);
  tower.Weight("embeddings.patch_embedding", t.hidden, PatchElements(t) * frames);
  tower.LayerNorm("pre_layrnorm", t.hidden);
  tower.Enter(model + "encoder.layers.{}.", t.layers);
  tower.Blocks(BlocksOf(t, TowerNames{}));
  EnterProjector(tower, "multi_modal_projector.");
  tower.TwoLinears("linear_1", "linear_2", t.hidden, text, text);
  EnterProjector(tower, "patch_merge_mlp.");
  tower.TwoLinears("linear_1", "linear_2", text * t.merge * t.merge, text, text);
}

}  // namespace plimsoll
