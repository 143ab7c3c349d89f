// Sources: vllm/model_executor/models/, the file named at each tower.
#include "core/arch/vit_towers.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/arch/image_towers.h"
#include "core/arch/tower_keys.h"

namespace plimsoll {

// hunyuan_vision.py: two convolutions merge the patches; learnt vectors stand for the ends of lines and of
// images.
void AddHunYuanTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 0, 16});
  VisionTower& t = builder.architecture.vision;
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  const int64_t out = vision.Int("out_hidden_size", builder.architecture.hidden, 1, kMaxWidth);
  const int64_t side = vision.Int("max_image_size", 2048, 1, 65536) / std::max<int64_t>(1, t.patch_size);
  TowerBuilder tower(&builder);
  const std::string model = "vit.";
  tower.Enter(model + "embeddings.");
  tower.Convolution("patch_embedding", t.hidden, PatchElements(t));
  tower.Weight("position_embedding", side * side + 1, t.hidden);
  TowerNames names;
  names.first_norm = "input_layernorm";
  names.second_norm = "post_attention_layernorm";
  names.o = "self_attn.o_proj";
  names.up = "mlp.dense_h_to_4h";
  names.down = "mlp.dense_4h_to_h";
  tower.Enter(model + "layers.{}.", t.layers);
  tower.Blocks(BlocksOf(t, names));
  tower.KeepWhole(true);
  EnterProjector(tower, model + "perceive.");
  tower.Convolution("proj.0", 2 * t.hidden, t.hidden * t.merge * t.merge);
  tower.Convolution("proj.2", 4 * t.hidden, 2 * t.hidden);
  tower.Linear("mlp", out, 4 * t.hidden, true);
  tower.Parameter("image_newline", 4 * t.hidden);
  for (const std::string_view name : {"image_begin", "image_end", "image_sep"}) tower.Parameter(name, out);
  tower.RmsNorm("before_rms", t.hidden);
  tower.RmsNorm("after_rms", out);
}

// ernie45_vl.py: patches are merged over space and then over time.
void AddErnieTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1280, 32, 16, 5120, 0, 14});
  VisionTower& t = builder.architecture.vision;
  t.hidden = vision.Int("embed_dim", t.hidden, 1, kMaxWidth);
  t.intermediate =
      static_cast<int64_t>(vision.Number("mlp_ratio", 4, 0.1, 64) * static_cast<double>(t.hidden));
  ConfigReader& root = builder.root;
  t.merge = root.Int("spatial_conv_size", vision.Int("spatial_merge_size", 2, 1, 64), 1, 64);
  const int64_t frames = root.Int("temporal_conv_size", 2, 1, 64);
  const int64_t text = builder.architecture.hidden;
  const int64_t space = root.Int("pixel_hidden_size", t.hidden, 1, kMaxWidth) * t.merge * t.merge;
  TowerBuilder tower(&builder);
  const std::string model = "vision_model.";
  tower.Enter(model);
  tower.Weight("patch_embed.proj", t.hidden, PatchElements(t));
  tower.LayerNorm("ln", t.hidden);
  TowerNames names = TimmNames();
  tower.Enter(model + "blocks.{}.", t.layers);
  tower.Blocks(BlocksOf(t, names));
  EnterProjector(tower, "model.resampler_model.");
  // All cut by their outputs, which are gathered (ernie45_vl.py VariableResolutionResamplerModel).
  tower.Linear("spatial_linear.0", space, space, true);
  tower.Linear("spatial_linear.2", space, space, true);
  tower.LayerNorm("spatial_linear.3", space);
  if (root.Bool("use_temporal_conv", true)) {
    tower.Linear("temporal_linear.0", space, space * frames, true);
    tower.Linear("temporal_linear.2", space, space, true);
    tower.LayerNorm("temporal_linear.3", space);
  }
  tower.Linear("mlp", text, space, true);
  tower.RmsNorm("after_norm", text);
}

// step3_vl.py: CLIP's embeddings and blocks, two convolutions behind.
void AddStep3Tower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1792, 63, 16, 3072, 728, 14});
  VisionTower& t = builder.architecture.vision;
  const int64_t out = vision.Int("output_hidden_size", 4096, 1, kMaxWidth);
  TowerBuilder tower(&builder);
  const std::string model = "vision_model.";
  tower.Enter(model + "embeddings.");
  tower.Parameter("class_embedding", t.hidden);
  tower.Convolution("patch_embedding", t.hidden, PatchElements(t));
  tower.Weight("position_embedding", Patches(t) + 1, t.hidden);
  tower.Enter(model + "transformer.layers.{}.", t.layers);
  tower.Blocks(BlocksOf(t, TowerNames{}));
  t.merge = 4;
  tower.KeepWhole(true);
  EnterProjector(tower, "");
  tower.Convolution("vit_downsampler", out, t.hidden * 4);
  tower.Convolution("vit_downsampler2", 2 * out, out * 9);
  tower.Linear("vit_large_projector", builder.architecture.hidden, 2 * out,
               builder.root.Bool("projector_bias", true));
}

// glm4v.py: the projector gates with the text model's own MLP width.
void AddGlm4vTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1792, 63, 16, 15360, 1120, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = 2;
  const int64_t text = builder.architecture.hidden;
  const int64_t inner = builder.base.mlp.intermediate;
  TowerBuilder tower(&builder);
  const std::string model = "transformer.vision.";
  tower.Enter(model + "patch_embedding.");
  tower.Convolution("proj", t.hidden, PatchElements(t));
  tower.Parameter("cls_embedding", t.hidden);
  tower.Weight("position_embedding", vision.Int("num_positions", Patches(t) + 1, 1, kMaxVocab), t.hidden);
  TowerNames names;
  names.first_norm = "input_layernorm";
  names.second_norm = "post_attention_layernorm";
  names.qkv = "attention.query_key_value";
  names.o = "attention.dense";
  tower.Enter(model + "transformer.layers.{}.", t.layers);
  tower.Blocks(BlocksOf(t, names));
  EnterProjector(tower, model);
  tower.Convolution("conv", text, t.hidden * t.merge * t.merge);
  tower.Linear("linear_proj.linear_proj", text, text, false, Sharding::kReplicated);
  tower.LayerNorm("linear_proj.norm1", text);
  tower.Linear("linear_proj.gate_proj", inner, text, false);
  tower.Linear("linear_proj.dense_h_to_4h", inner, text, false);
  tower.Linear("linear_proj.dense_4h_to_h", text, inner, false, Sharding::kColumns);
  tower.Parameter("boi", text);
  tower.Parameter("eoi", text);
}

// glm_ocr.py: GLM-4V's tower with biases, norms over heads and a gated MLP of its own width; the merger is as
// wide as the text's MLP.
void AddGlmOcrTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1024, 24, 16, 4096, 336, 14});
  VisionTower& t = builder.architecture.vision;
  const int64_t out = vision.Int("out_hidden_size", builder.architecture.hidden, 1, kMaxWidth);
  const int64_t frames = vision.Int("temporal_patch_size", 2, 1, 64);
  const int64_t inner = builder.base.mlp.intermediate;
  const bool bias = vision.Bool("attention_bias", true);
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  t.image_size = 0;
  TowerBuilder tower(&builder);
  const std::string model = "model.visual.";
  tower.Enter(model);
  tower.Convolution("patch_embed.proj", t.hidden, PatchElements(t) * frames);
  tower.RmsNorm("post_layernorm", t.hidden);
  tower.Convolution("downsample", out, t.hidden * t.merge * t.merge);
  TowerNames names = TimmNames();
  names.gate = "mlp.gate_proj";
  names.up = "mlp.up_proj";
  names.down = "mlp.down_proj";
  TowerBlocks blocks = BlocksOf(t, names);
  blocks.rms = true;
  blocks.qkv_bias = blocks.o_bias = blocks.mlp_bias = bias;
  tower.Enter(model + "blocks.{}.", t.layers);
  tower.Blocks(blocks);
  tower.RmsNorm("attn.q_norm", t.hidden / std::max<int64_t>(1, t.heads));
  tower.RmsNorm("attn.k_norm", t.hidden / std::max<int64_t>(1, t.heads));
  EnterProjector(tower, model + "merger.");
  tower.Linear("proj", out, out, false);
  tower.LayerNorm("post_projection_norm", out);
  tower.Linear("gate_proj", inner, out, false);
  tower.Linear("up_proj", inner, out, false);
  tower.Linear("down_proj", out, inner, false, Sharding::kColumns);
}

namespace {

// C-RADIO by the name that it gives its transformer (vllm/transformers_utils/configs/radio.py).
struct Radio {
  std::string_view name;
  int64_t hidden, layers, heads, intermediate;
};
constexpr Radio kRadios[] = {{"vit_small_patch16_224", 384, 12, 6, 1536},
                             {"vit_base_patch16_224", 768, 12, 12, 3072},
                             {"vit_large_patch16_224", 1024, 24, 16, 4096},
                             {"vit_huge_patch16_224", 1280, 32, 16, 5120}};

int64_t RadioTokens(ConfigReader& arguments) {
  int64_t teachers = 1;
  const Json* list = arguments.Find("teachers");
  if (list != nullptr && list->is_array() && arguments.Bool("cls_token_per_teacher", true)) {
    std::vector<std::string> names;
    for (const Json& teacher : list->items()) {
      const Json* name = teacher.Find("name");
      const std::string text = name == nullptr ? "" : name->AsString();
      if (std::find(names.begin(), names.end(), text) == names.end()) names.push_back(text);
    }
    teachers = std::max<int64_t>(1, static_cast<int64_t>(names.size()));
  }
  const int64_t multiple = arguments.Int("register_multiple", 0, 0, 1024);
  const int64_t registers = multiple > 0 ? multiple - teachers % multiple : 0;
  return teachers + registers;
}

}  // namespace

// radio.py, and nano_nemotron_vl.py's or nemotron_vl.py's projector. The repositories keep the sizes of the
// tower in "args".
void AddRadioTower(ArchitectureBuilder& builder) {
  ConfigReader& root = builder.root;
  ConfigReader vision = root.Object("vision_config");
  ConfigReader arguments = vision.Object("args");
  const std::string_view name = arguments.Text("model", "vit_huge_patch16_224");
  const Radio* known = nullptr;
  std::string accepted;
  for (const Radio& radio : kRadios) {
    if (radio.name == name) known = &radio;
    accepted += (accepted.empty() ? "" : ", ") + std::string(radio.name);
  }
  if (known == nullptr) return arguments.Refuse("model", accepted);
  ReadTower(builder, vision, {known->hidden, known->layers, known->heads, known->intermediate, 512, 16});
  VisionTower& t = builder.architecture.vision;
  t.image_size = root.Int("force_image_size", t.image_size, 1, 65536);
  const double ratio = root.Number("downsample_ratio", 0.5, 0.01, 1);
  t.merge = static_cast<int64_t>(std::lround(1 / ratio));
  t.tokens_per_image = Patches(t) / (t.merge * t.merge);
  const int64_t largest =
      arguments.Int("cpe_max_size", vision.Int("max_resolution", 2048, 1, 65536), 1, 65536);
  const int64_t side = largest / std::max<int64_t>(1, t.patch_size);
  const int64_t frames = vision.Int("video_temporal_patch_size", 1, 1, 64);
  TowerBuilder tower(&builder);
  const std::string model = "vision_model.radio_model.model.";
  tower.Enter(model + "patch_generator.");
  tower.Weight("embedder", t.hidden, PatchElements(t));
  if (frames > 1 && vision.Bool("separate_video_embedder", true))
    tower.Weight("video_embedder", t.hidden, PatchElements(t) * frames);
  tower.Parameter("pos_embed", side * side, t.hidden);
  tower.Parameter("cls_token.token", RadioTokens(arguments), t.hidden);
  tower.Enter("vision_model.radio_model.input_conditioner.");
  tower.Unloaded("norm_mean", 3);
  tower.Unloaded("norm_std", 3);
  tower.Enter(model + "blocks.{}.", t.layers);
  tower.Blocks(BlocksOf(t, TimmNames()));
  const int64_t merged = t.hidden * t.merge * t.merge;
  const int64_t inner = root.Int("projector_hidden_size", 4 * builder.architecture.hidden, 1, kMaxMlpWidth);
  const bool hybrid = builder.architecture.name != "Llama_Nemotron_Nano_VL";
  tower.KeepWhole(true);
  EnterProjector(tower, "mlp1.");
  if (hybrid) {
    tower.RmsNorm("0", merged);
  } else {
    tower.LayerNorm("0", merged);
  }
  tower.Linear("1", inner, merged, !hybrid);
  tower.Linear("3", builder.architecture.hidden, inner, !hybrid);
}

namespace {

// A stage of timm's RegNet with depthwise convolutions and squeeze-and-excitation (kanana_v.py, RegStage).
void AddRegStage(TowerBuilder& tower, const std::string& name, int64_t depth, int64_t in, int64_t out) {
  int64_t from = in;
  for (int64_t i = 0; i < depth; ++i) {
    const int64_t squeezed =
        std::max<int64_t>(1, static_cast<int64_t>(std::lround(0.25 * static_cast<double>(from))));
    EnterProjector(tower, name + std::to_string(i) + ".");
    tower.Weight("conv1.conv", out, from);
    tower.LayerNorm("conv1.bn", out);
    tower.Weight("conv2.conv", out, 9);
    tower.LayerNorm("conv2.bn", out);
    tower.Convolution("se.fc1", squeezed, out);
    tower.Convolution("se.fc2", out, squeezed);
    tower.Weight("conv3.conv", out, out);
    tower.LayerNorm("conv3.bn", out);
    if (from != out) {
      tower.Weight("downsample.conv", out, from);
      tower.LayerNorm("downsample.bn", out);
    }
    from = out;
  }
}

}  // namespace

void AddKananaTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1280, 32, 16, 5120, 0, 14});
  VisionTower& t = builder.architecture.vision;
  t.hidden = vision.Int("embed_dim", 1280, 1, kMaxWidth);
  t.intermediate =
      static_cast<int64_t>(vision.Number("mlp_ratio", 4, 0.1, 64) * static_cast<double>(t.hidden));
  ConfigReader projector = builder.root.Object("projector_config");
  t.merge = projector.Int("merge_size", 2, 1, 64);
  const int64_t encoder = projector.Int("encoder_hidden_size", t.hidden, 1, kMaxWidth);
  const int64_t inner = projector.Int("hidden_size", 1024, 1, kMaxWidth);
  const int64_t out = projector.Int("output_hidden_size", builder.architecture.hidden, 1, kMaxWidth);
  const int64_t depth = projector.Int("depth", 2, 0, 64);
  const int64_t linears = projector.Int("mlp_depth", 2, 1, 64);
  TowerBuilder tower(&builder);
  const std::string model = "vision_model.";
  tower.Enter(model);
  tower.Weight("patch_embed.proj", t.hidden, PatchElements(t) * vision.Int("temporal_patch_size", 2, 1, 64));
  tower.Enter(model + "blocks.{}.", t.layers);
  tower.Blocks(BlocksOf(t, TimmNames()));
  tower.KeepWhole(true);
  EnterProjector(tower, "abstractor.");
  if (projector.Bool("pos_emb", true))
    tower.Parameter("pos_emb", projector.Int("pos_emb_size", 576, 1, kMaxVocab), encoder);
  AddRegStage(tower, "abstractor.net.0.b", depth, encoder, inner);
  AddRegStage(tower, "abstractor.net.2.b", depth, t.merge * t.merge * inner, inner);
  EnterProjector(tower, "abstractor.readout.");
  int64_t from = depth > 0 ? inner : encoder;
  for (int64_t i = 0; i < linears; ++i) {
    tower.Linear(std::to_string(2 * i), out, from, true);
    from = out;
  }
}

// openvla.py: timm's vit_large_patch14_reg4_dinov2 and vit_so400m_patch14_siglip_224; three linear layers.
void AddOpenVlaTower(ArchitectureBuilder& builder) {
  constexpr int64_t kDino = 1024, kDinoLayers = 24, kRegisters = 4;
  VisionTower& t = builder.architecture.vision;
  t.hidden = 1152;
  t.layers = t.layers_used = 27;
  t.heads = 16;
  t.intermediate = 4304;
  t.image_size = 224;
  t.patch_size = 14;
  t.tokens_per_image = Patches(t);
  const bool fused = builder.root.Bool("use_fused_vision_backbone", true);
  TowerBuilder tower(&builder, true);
  const std::string dino = "vision_backbone.featurizer.";
  tower.Enter(dino);
  tower.Parameter("cls_token", kDino);
  tower.Parameter("reg_token", kRegisters, kDino);
  tower.Parameter("pos_embed", Patches(t), kDino);
  tower.Convolution("patch_embed.proj", kDino, PatchElements(t));
  tower.LayerNorm("norm", kDino);
  tower.Enter(dino + "blocks.{}.", kDinoLayers);
  TowerBlocks blocks;
  blocks.hidden = kDino;
  blocks.intermediate = 4 * kDino;
  blocks.names = TimmNames();
  tower.Blocks(blocks);
  tower.Parameter("ls1.scale_factor", kDino);
  tower.Parameter("ls2.scale_factor", kDino);
  if (fused) {
    TowerBuilder::Siglip siglip = SiglipOf(t);
    siglip.pooling_head = true;
    tower.AddSiglip("vision_backbone.fused_featurizer.", siglip);
  }
  tower.KeepWhole(false);
  const int64_t seen = kDino + (fused ? t.hidden : 0);
  const int64_t text = builder.architecture.hidden;
  EnterProjector(tower, "projector.");
  if (!fused) return tower.TwoLinears("fc1", "fc2", seen, text, text);
  tower.TwoLinears("fc1", "fc2", seen, 4 * seen, text);
  tower.Linear("fc3", text, text, true, Sharding::kReplicated);
}

// nvlm_d.py.
void AddNvlmTower(ArchitectureBuilder& builder) {
  AddInternVit(builder);
  const VisionTower& t = builder.architecture.vision;
  std::vector<Tensor>& tensors = builder.architecture.tensors;
  tensors.erase(std::remove_if(tensors.begin(), tensors.end(),
                               [](const Tensor& tensor) { return tensor.role == TensorRole::kProjector; }),
                tensors.end());
  const int64_t merged = t.hidden * t.merge * t.merge;
  const int64_t inner = builder.base.mlp.intermediate;
  TowerBuilder tower(&builder, true);
  EnterProjector(tower, "mlp1.");
  tower.LayerNorm("0", merged);
  tower.Linear("1", inner, merged, false);
  tower.Linear("3", builder.architecture.hidden, inner, false);
}

// openpangu_vl.py: features of several layers, each with a merger of its own.
void AddPanguTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 0, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  const int64_t out = vision.Int("out_hidden_size", builder.architecture.hidden, 1, kMaxWidth);
  const Json* list = vision.Find("mm_unit_vision_select_layer");
  const int64_t mergers = list == nullptr ? 2 : static_cast<int64_t>(list->items().size());
  if (mergers < 1 || mergers > 64) vision.Refuse("mm_unit_vision_select_layer", "1 to 64 layers");
  TowerBuilder tower(&builder);
  const std::string model = "visual.";
  tower.Enter(model);
  tower.Weight("patch_embed.proj", t.hidden, PatchElements(t) * vision.Int("temporal_patch_size", 2, 1, 64));
  tower.RmsNorm("final_layernorm", t.hidden);
  TowerNames names = TimmNames();
  names.up = "mlp.up_proj";
  names.down = "mlp.down_proj";
  if (vision.Text("hidden_act", "silu") == "silu") names.gate = "mlp.gate_proj";
  TowerBlocks blocks = BlocksOf(t, names);
  blocks.rms = true;
  tower.Enter(model + "blocks.{}.", t.layers);
  tower.Blocks(blocks);
  const int64_t merged = t.hidden * t.merge * t.merge;
  tower.Enter(model + "merger.{}.", mergers, TensorRole::kProjector);
  tower.RmsNorm("ln_q", t.hidden);
  tower.TwoLinears("mlp.0", "mlp.2", merged, merged, out);
  EnterProjector(tower, model);
  tower.Linear("vision_projection.fc1", builder.architecture.hidden, out, true, Sharding::kReplicated);
}

// qwen_vl.py: 256 queries over the patches.
void AddQwenVlTower(ArchitectureBuilder& builder) {
  ConfigReader visual = builder.root.Object("visual");
  ReadTower(builder, visual, {1664, 48, 16, 8192, 448, 14});
  VisionTower& t = builder.architecture.vision;
  t.intermediate =
      static_cast<int64_t>(visual.Number("mlp_ratio", 4.9231, 0.1, 64) * static_cast<double>(t.hidden));
  const int64_t queries = visual.Int("n_queries", 256, 1, kMaxWidth);
  const int64_t out = visual.Int("output_dim", builder.architecture.hidden, 1, kMaxWidth);
  t.tokens_per_image = queries;
  TowerBuilder tower(&builder);
  const std::string model = "transformer.visual.";
  tower.Enter(model);
  tower.Weight("conv1", t.hidden, PatchElements(t));
  tower.Parameter("positional_embedding", 256, t.hidden);
  tower.LayerNorm("ln_pre", t.hidden);
  TowerNames names;
  names.first_norm = "ln_1";
  names.second_norm = "ln_2";
  names.qkv = "attn.in_proj";
  names.o = "attn.out_proj";
  names.up = "mlp.c_fc";
  names.down = "mlp.c_proj";
  tower.Enter(model + "transformer.resblocks.{}.", t.layers);
  tower.Blocks(BlocksOf(t, names));
  tower.KeepWhole(true);
  EnterProjector(tower, model);
  tower.Parameter("attn_pool.query", queries, out);
  tower.Parameter("attn_pool.pos_embed", queries, out);
  tower.Linear("attn_pool.kv_proj", out, t.hidden, false);
  tower.Parameter("attn_pool.attn.in_proj_weight", 3 * out, out);
  tower.Parameter("attn_pool.attn.in_proj_bias", 3 * out);
  tower.Linear("attn_pool.attn.out_proj", out, out, true);
  for (const std::string_view name : {"attn_pool.ln_q", "attn_pool.ln_kv", "ln_post"})
    tower.LayerNorm(name, out);
  tower.Parameter("proj", out, out);
}

namespace {

// Blocks of convolutions (chameleon.py); their group norms have a weight and a bias per channel.
class VqEncoder {
 public:
  explicit VqEncoder(TowerBuilder* tower) : tower_(*tower) {}

  void Convolution(const std::string& name, int64_t in, int64_t out, int64_t side) {
    tower_.Convolution(name, out, in * side * side);
  }
  void Residual(const std::string& name, int64_t in, int64_t out) {
    tower_.LayerNorm(name + ".norm1", in);
    Convolution(name + ".conv1", in, out, 3);
    tower_.LayerNorm(name + ".norm2", out);
    Convolution(name + ".conv2", out, out, 3);
    if (in != out) Convolution(name + ".nin_shortcut", in, out, 1);
  }
  void Attention(const std::string& name, int64_t width) {
    tower_.LayerNorm(name + ".norm", width);
    for (const std::string_view part : {".q", ".k", ".v", ".proj_out"})
      Convolution(name + std::string(part), width, width, 1);
  }

 private:
  TowerBuilder& tower_;
};

}  // namespace

void AddChameleonTower(ArchitectureBuilder& builder) {
  ConfigReader vq = builder.root.Object("vq_config");
  const int64_t base = vq.Int("base_channels", 128, 1, kMaxWidth);
  const int64_t latent = vq.Int("latent_channels", 256, 1, kMaxWidth);
  const int64_t width = vq.Int("embed_dim", 256, 1, kMaxWidth);
  const int64_t blocks = vq.Int("num_res_blocks", 2, 1, 64);
  const bool attends = vq.Text("attn_type", "vanilla") == "vanilla";
  std::vector<int64_t> multipliers = {1, 1, 2, 2, 4};
  if (const Json* list = vq.Find("channel_multiplier"); list != nullptr && list->is_array())
    multipliers = vq.Ints("channel_multiplier", static_cast<int64_t>(list->items().size()), 1, 64);
  if (multipliers.empty() || multipliers.size() > 16)
    return vq.Refuse("channel_multiplier", "1 to 16 numbers");
  if (const Json* list = vq.Find("attn_resolutions"); list != nullptr && !list->items().empty())
    return vq.Refuse("attn_resolutions", "none");
  VisionTower& t = builder.architecture.vision;
  t.hidden = base;
  t.layers = t.layers_used = static_cast<int64_t>(multipliers.size());
  t.heads = 1;
  t.image_size = vq.Int("resolution", 512, 1, 65536);
  t.patch_size = int64_t{1} << (multipliers.size() - 1);
  t.tokens_per_image = Patches(t);
  TowerBuilder tower(&builder, true);
  VqEncoder encoder(&tower);
  tower.Enter("model.vqmodel.encoder.");
  encoder.Convolution("conv_in", vq.Int("in_channels", 3, 1, 64), base, 3);
  int64_t channels = base;
  for (size_t level = 0; level < multipliers.size(); ++level) {
    const std::string name = "down." + std::to_string(level);
    const int64_t out = base * multipliers[level];
    for (int64_t i = 0; i < blocks; ++i) {
      encoder.Residual(name + ".block." + std::to_string(i), channels, out);
      channels = out;
    }
    if (level + 1 < multipliers.size()) encoder.Convolution(name + ".downsample.conv", channels, channels, 3);
  }
  encoder.Residual("mid.block_1", channels, channels);
  if (attends) encoder.Attention("mid.attn_1", channels);
  encoder.Residual("mid.block_2", channels, channels);
  tower.LayerNorm("norm_out", channels);
  encoder.Convolution("conv_out", channels, vq.Bool("double_latent", false) ? 2 * latent : latent, 3);
  EnterProjector(tower, "model.vqmodel.");
  tower.Weight("quantize.embedding", vq.Int("num_embeddings", 8192, 1, kMaxVocab), width);
  encoder.Convolution("quant_conv", latent, width, 1);
  encoder.Convolution("post_quant_conv", width, latent, 1);
}

// blip2.py, blip.py: every cross_attention_frequency-th layer of the Q-Former attends to the image.
void AddBlip2Tower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1408, 39, 16, 6144, 224, 14});
  VisionTower& t = builder.architecture.vision;
  ConfigReader former = builder.root.Object("qformer_config");
  const int64_t queries = builder.root.Int("num_query_tokens", 32, 1, kMaxWidth);
  t.tokens_per_image = queries;
  TowerBuilder tower(&builder);
  const std::string model = "vision_model.";
  tower.Enter(model);
  tower.Parameter("embeddings.class_embedding", t.hidden);
  tower.Convolution("embeddings.patch_embedding", t.hidden, PatchElements(t));
  tower.Parameter("embeddings.position_embedding", Patches(t) + 1, t.hidden);
  tower.LayerNorm("post_layernorm", t.hidden);
  TowerNames names;
  names.qkv = "self_attn.qkv";
  names.o = "self_attn.projection";
  TowerBlocks blocks = BlocksOf(t, names);
  blocks.qkv_bias = vision.Bool("qkv_bias", true);
  tower.Enter(model + "encoder.layers.{}.", t.layers);
  tower.Blocks(blocks);
  const int64_t width = former.Int("hidden_size", 768, 1, kMaxWidth);
  const int64_t layers = former.Int("num_hidden_layers", 12, 1, 1000);
  const int64_t inner = former.Int("intermediate_size", 3072, 1, kMaxMlpWidth);
  const int64_t period = former.Int("cross_attention_frequency", 2, 1, 1000);
  const int64_t seen = former.Int("encoder_hidden_size", t.hidden, 1, kMaxWidth);
  tower.KeepWhole(true);
  EnterProjector(tower, "");
  tower.Parameter("query_tokens", queries, width);
  tower.LayerNorm("qformer.layernorm", width);
  tower.Linear("language_projection", builder.architecture.hidden, width, true);
  const auto attention = [&](const std::string& name, int64_t from) {
    tower.Linear(name + ".attention.query", width, width, true);
    tower.Linear(name + ".attention.key", width, from, true);
    tower.Linear(name + ".attention.value", width, from, true);
    tower.Linear(name + ".output.dense", width, width, true);
    tower.LayerNorm(name + ".output.LayerNorm", width);
  };
  tower.Enter("qformer.encoder.layer.{}.", layers, TensorRole::kProjector);
  attention("attention", width);
  tower.Linear("intermediate_query.dense", inner, width, true);
  tower.Linear("output_query.dense", width, inner, true);
  tower.LayerNorm("output_query.LayerNorm", width);
  tower.Enter("qformer.encoder.layer.{}.", (layers + period - 1) / period, TensorRole::kProjector);
  attention("crossattention", seen);
}

// hyperclovax_vision_v2.py: Qwen2.5-VL's tower, whose output goes through one linear layer.
void AddHyperClovaTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1280, 32, 16, 3420, 0, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = vision.Int("spatial_merge_size", 2, 1, 64);
  const int64_t out = vision.Int("out_hidden_size", builder.architecture.hidden, 1, kMaxWidth);
  TowerBuilder tower(&builder);
  const std::string model = "model.vision_model.";
  tower.Enter(model);
  tower.Weight("patch_embed.proj", t.hidden, PatchElements(t) * vision.Int("temporal_patch_size", 2, 1, 64));
  TowerNames names = TimmNames();
  names.gate = "mlp.gate_proj";
  names.up = "mlp.up_proj";
  names.down = "mlp.down_proj";
  TowerBlocks blocks = BlocksOf(t, names);
  blocks.rms = true;
  tower.Enter(model + "blocks.{}.", t.layers);
  tower.Blocks(blocks);
  const int64_t merged = t.hidden * t.merge * t.merge;
  EnterProjector(tower, model + "merger.");
  tower.RmsNorm("ln_q", t.hidden);
  tower.TwoLinears("mlp.0", "mlp.2", merged, merged, out);
  tower.KeepWhole(true);
  EnterProjector(tower, "model.");
  tower.Linear("mm_projector", builder.architecture.hidden, out, true);
}

// fuyu.py.
void AddFuyuPatches(ArchitectureBuilder& builder) {
  ConfigReader& root = builder.root;
  const int64_t side = root.Int("patch_size", 30, 1, 4096);
  TowerBuilder tower(&builder);
  EnterProjector(tower, "");
  tower.Linear("vision_embed_tokens", builder.architecture.hidden,
               side * side * root.Int("num_channels", 3, 1, 64), true);
}

}  // namespace plimsoll
