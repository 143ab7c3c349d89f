// Sources: vllm/model_executor/models/, the file named at each tower.
#include "core/arch/siglip_towers.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/arch/image_towers.h"
#include "core/arch/tower_keys.h"

namespace plimsoll {

namespace {

// What a resampler's cross-attention holds (torch.nn.MultiheadAttention).
void AddCrossAttention(TowerBuilder& tower, const std::string& name, int64_t width) {
  tower.Parameter(name + ".in_proj_weight", 3 * width, width);
  tower.Parameter(name + ".in_proj_bias", 3 * width);
  tower.Linear(name + ".out_proj", width, width, true);
}

int64_t Merged(const VisionTower& t) { return t.hidden * t.merge * t.merge; }

}  // namespace

// aria.py: 128 or 256 queries, by the number of patches.
void AddAriaTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 980, 14});
  VisionTower& t = builder.architecture.vision;
  int64_t queries = 256;
  if (const Json* table = builder.root.Find("projector_patch_to_query_dict")) {
    queries = 0;
    for (const Json::Member& member : table->members())
      queries = std::max(queries, member.second.AsInt().value_or(0));
    if (queries < 1 || queries > kMaxWidth)
      builder.root.Refuse("projector_patch_to_query_dict", "numbers of queries");
  }
  queries = builder.root.Int("max_value_projector_patch_to_query_dict", queries, 1, kMaxWidth);
  t.tokens_per_image = queries;
  const int64_t text = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  tower.AddSiglip("vision_tower.", SiglipOf(t));
  const std::string model = "multi_modal_projector.";
  EnterProjector(tower, model);
  tower.Linear("feed_forward.linear_in", text, t.hidden, false);
  tower.Linear("feed_forward.linear_out", text, text, false, Sharding::kColumns);
  tower.KeepWhole(true);
  tower.Parameter("query", queries, t.hidden);
  for (const std::string_view name : {"cross_attn.q_proj", "cross_attn.k_proj", "cross_attn.v_proj"})
    tower.Linear(name, t.hidden, t.hidden, false);
  AddCrossAttention(tower, "cross_attn.multihead_attn", t.hidden);
  tower.Linear("cross_attn.linear", t.hidden, t.hidden, true);
  for (const std::string_view name : {"cross_attn.layer_norm", "cross_attn.ln_kv", "layer_norm"})
    tower.LayerNorm(name, t.hidden);
}

// cohere2_vision.py: Aya's projector without its norm.
void AddCommandVisionTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 12, 4304, 512, 16});
  VisionTower& t = builder.architecture.vision;
  t.merge = builder.root.Int("downsample_factor", 2, 1, 64);
  t.tokens_per_image = Patches(t) / (t.merge * t.merge);
  const int64_t inner = builder.root.Int("alignment_intermediate_size", 36864, 2, kMaxMlpWidth);
  TowerBuilder tower(&builder);
  tower.AddSiglip("model.vision_tower.vision_model.", SiglipOf(t));
  EnterProjector(tower, "model.multi_modal_projector.");
  tower.Linear("linear_1", inner, Merged(t), true);
  tower.Linear("linear_2", builder.architecture.hidden, inner / 2, true, Sharding::kColumns);
}

namespace {

// A Q-Former of one layer over a window of patches (granite4_vision.py, blip2.py).
void AddWindowQFormer(ArchitectureBuilder& builder, TowerBuilder& tower, const std::string& name,
                      int64_t count, int64_t queries, int64_t window) {
  constexpr int64_t kInner = 3072;
  const int64_t width = builder.architecture.vision.hidden;
  tower.Enter(name + ".{}.", count, TensorRole::kProjector);
  tower.LayerNorm("norm", width);
  tower.Parameter("query", queries, width);
  tower.Parameter("image_positions", window, width);
  tower.Linear("out_linear", builder.architecture.hidden, width, true);
  tower.LayerNorm("qformer.layernorm", width);
  for (const std::string_view part : {"attention", "crossattention"}) {
    const std::string layer = "qformer.encoder.layer.0." + std::string(part);
    for (const std::string_view linear :
         {".attention.query", ".attention.key", ".attention.value", ".output.dense"})
      tower.Linear(layer + std::string(linear), width, width, true);
    tower.LayerNorm(layer + ".output.LayerNorm", width);
  }
  tower.Linear("qformer.encoder.layer.0.intermediate_query.dense", kInner, width, true);
  tower.Linear("qformer.encoder.layer.0.output_query.dense", width, kInner, true);
  tower.LayerNorm("qformer.encoder.layer.0.output_query.LayerNorm", width);
}

// "4/8": sides of what comes out and of what goes in.
bool ReadRate(std::string_view text, int64_t* query, int64_t* window) {
  int64_t numbers[2] = {0, 0};
  int at = 0;
  for (const char letter : text) {
    if (letter == '/' && at == 0) {
      at = 1;
    } else if (letter >= '0' && letter <= '9' && numbers[at] < 1000) {
      numbers[at] = numbers[at] * 10 + (letter - '0');
    } else {
      return false;
    }
  }
  *query = numbers[0];
  *window = numbers[1];
  return at == 1 && numbers[0] > 0 && numbers[1] > 0;
}

}  // namespace

void AddGraniteVisionTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 384, 16});
  VisionTower& t = builder.architecture.vision;
  ConfigReader& root = builder.root;
  int64_t query = 4, window = 8;
  if (!ReadRate(root.Text("downsample_rate", "4/8"), &query, &window))
    root.Refuse("downsample_rate", "two sides such as 4/8");
  const Json* layers = root.Find("deepstack_layer_map");
  const int64_t levels = layers == nullptr ? 4 : static_cast<int64_t>(layers->items().size());
  if (levels > 64) root.Refuse("deepstack_layer_map", "at most 64 pairs");
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.pooling_head = vision.Bool("vision_use_head", true);
  tower.AddSiglip("model.vision_tower.vision_model.", siglip);
  t.merge = 2;
  t.deepstack_layers = levels;
  tower.KeepWhole(true);
  if (levels > 0)
    AddWindowQFormer(builder, tower, "model.layerwise_projectors", levels, query * query, window * window);
  if (root.Bool("use_spatial_sampling", false)) {
    t.deepstack_layers += 4;
    AddWindowQFormer(builder, tower, "model.spatial_projectors", 4, query * query, window * window);
  }
  if (!root.Bool("use_image_newline_parameter", true)) return;
  EnterProjector(tower, "model.");
  tower.Parameter("image_newline", builder.architecture.hidden);
}

// isaac.py: patches go through a linear layer, four of them become one token.
void AddIsaacTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 0, 16});
  VisionTower& t = builder.architecture.vision;
  t.merge =
      vision.Int("pixel_shuffle_scale_factor", builder.root.Int("pixel_shuffle_scale", 2, 1, 64), 1, 64);
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.positions = vision.Int("num_patches", 256, 1, kMaxVocab);
  tower.AddSiglip("model.vision_embedding.0.", siglip);
  const int64_t merged = Merged(t);
  EnterProjector(tower, "model.vision_embedding.");
  tower.Linear("1", 4 * merged, merged, false);
  tower.Linear("3", builder.architecture.hidden, 4 * merged, false, Sharding::kColumns);
}

namespace {

// A head that names words of a vocabulary of images, and their embeddings (ovis.py, ovis2_5.py); the last
// words stand for marks and come out of no head.
void AddImageWords(ArchitectureBuilder& builder, TowerBuilder& tower, int64_t words, int64_t marks) {
  const VisionTower& t = builder.architecture.vision;
  if (words <= marks) return builder.root.Refuse("visual_tokenizer_config", "a vocabulary of images");
  tower.KeepWhole(true);
  EnterProjector(tower, "visual_tokenizer.head.");
  tower.Linear("0", words - marks, Merged(t), false);
  tower.LayerNorm("1", words - marks);
  EnterProjector(tower, "");
  tower.Weight("vte", words, builder.architecture.hidden);
}

// aimv2.py: RMS norms, a gated MLP, no biases.
void AddAimV2(ArchitectureBuilder& builder, ConfigReader& backbone, TowerBuilder& tower,
              const std::string& model) {
  const VisionTower& t = builder.architecture.vision;
  tower.Enter(model + "preprocessor.");
  tower.Convolution("patchifier.proj", t.hidden, PatchElements(t));
  tower.RmsNorm("patchifier.norm", t.hidden);
  tower.Parameter("pos_embed", Patches(t), t.hidden);
  tower.Enter(model + "trunk.");
  tower.RmsNorm("post_trunk_norm", t.hidden);
  TowerNames names = TimmNames();
  names.first_norm = "norm_1";
  names.second_norm = "norm_2";
  names.gate = "mlp.fc1";
  names.up = "mlp.fc3";
  names.down = "mlp.fc2";
  TowerBlocks blocks = BlocksOf(t, names);
  blocks.rms = true;
  blocks.qkv_bias = backbone.Bool("qkv_bias", false);
  blocks.o_bias = blocks.mlp_bias = backbone.Bool("use_bias", false);
  tower.Enter(model + "trunk.blocks.{}.", t.layers);
  tower.Blocks(blocks);
}

}  // namespace

void AddOvisTower(ArchitectureBuilder& builder) {
  constexpr int64_t kMarks = 5;
  ConfigReader tokenizer = builder.root.Object("visual_tokenizer_config");
  ConfigReader backbone = tokenizer.Object("backbone_config");
  const std::string_view type = backbone.Text("model_type", "aimv2");
  const bool siglip = type == "siglip_vision_model";
  if (!siglip && type != "aimv2") return backbone.Refuse("model_type", "aimv2, siglip_vision_model");
  ReadTower(builder, backbone,
            siglip ? TowerDefaults{1152, 27, 16, 4304, 384, 14} : TowerDefaults{1024, 24, 8, 2816, 224, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = tokenizer.Int("hidden_stride", 1, 1, 64);
  t.tokens_per_image = Patches(t) / (t.merge * t.merge);
  TowerBuilder tower(&builder);
  if (siglip) {
    TowerBuilder::Siglip parts = SiglipOf(t);
    parts.pooling_head = backbone.Bool("vision_use_head", true);
    tower.AddSiglip("visual_tokenizer.backbone.vision_model.", parts);
  } else {
    AddAimV2(builder, backbone, tower, "visual_tokenizer.backbone.");
  }
  AddImageWords(builder, tower, tokenizer.Int("vocab_size", 16384, 1, kMaxVocab), kMarks);
}

// siglip2navit.py: images of any size; positions of the size it was trained with.
void AddOvis25Tower(ArchitectureBuilder& builder) {
  constexpr int64_t kMarks = 4;
  ConfigReader vit = builder.root.Object("vit_config");
  ReadTower(builder, vit, {1152, 27, 16, 4304, 512, 16});
  VisionTower& t = builder.architecture.vision;
  t.merge = vit.Int("hidden_stride", 2, 1, 64);
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  const int64_t patches = vit.Int("num_patches", -1, -1, kMaxVocab);
  if (patches > 0) siglip.positions = patches;
  if (!vit.Bool("preserve_original_pe", true)) siglip.positions = 0;
  tower.AddSiglip("visual_tokenizer.vit.vision_model.", siglip);
  t.image_size = 0;
  AddImageWords(builder, tower, builder.root.Int("visual_vocab_size", 65536, 1, kMaxVocab), kMarks);
}

// molmo2.py: the layers behind the last whose features are taken are not stored.
void AddMolmo2Tower(ArchitectureBuilder& builder) {
  ConfigReader vit = builder.root.Object("vit_config");
  ConfigReader adapter = builder.root.Object("adapter_config");
  ReadTower(builder, vit, {1152, 27, 16, 4304, 378, 14});
  VisionTower& t = builder.architecture.vision;
  t.patch_size = vit.Int("image_patch_size", t.patch_size, 1, 4096);
  int64_t features = 2, last = t.layers - 3;
  if (const Json* list = adapter.Find("vit_layers"); list != nullptr && list->is_array()) {
    features = static_cast<int64_t>(list->items().size());
    last = 0;
    for (const Json& item : list->items()) {
      const int64_t layer = item.AsInt().value_or(0);
      last = std::max(last, layer < 0 ? layer + t.layers : layer);
    }
  }
  if (features < 1 || features > 64 || last < 0 || last >= t.layers)
    return adapter.Refuse("vit_layers", "layers of the tower");
  t.layers = t.layers_used = last + 1;
  t.merge = 2;
  const int64_t width = adapter.Int("hidden_size", 1152, 1, kMaxWidth);
  const int64_t pooled = features * t.hidden;
  const int64_t inner = adapter.Int("intermediate_size", 12288, 1, kMaxMlpWidth);
  const std::string model = "model.vision_backbone.";
  TowerBuilder tower(&builder);
  tower.Enter(model + "image_vit.");
  tower.Parameter("positional_embedding", vit.Int("image_num_pos", Patches(t), 1, kMaxVocab), t.hidden);
  tower.Linear("patch_embedding", t.hidden, PatchElements(t), true, Sharding::kReplicated);
  TowerNames names;
  names.first_norm = "attention_norm";
  names.second_norm = "ffn_norm";
  names.q = "attention.wq";
  names.k = "attention.wk";
  names.v = "attention.wv";
  names.o = "attention.wo";
  names.up = "feed_forward.w1";
  names.down = "feed_forward.w2";
  tower.Enter(model + "image_vit.transformer.resblocks.{}.", t.layers);
  tower.Blocks(BlocksOf(t, names));
  EnterProjector(tower, model);
  for (const std::string_view name : {"image_pooling_2d.wq", "image_pooling_2d.wk", "image_pooling_2d.wv"})
    tower.Linear(name, width, pooled, true);
  tower.Linear("image_pooling_2d.wo", width, width, true, Sharding::kColumns);
  tower.Linear("image_projector.w1", inner, width, false);
  tower.Linear("image_projector.w3", inner, width, false);
  tower.Linear("image_projector.w2", builder.architecture.hidden, inner, false, Sharding::kColumns);
}

// moondream3.py; what finds regions of an image is stored beside it and not loaded (moondream/torch/region.py
// of the model's repository).
void AddMoondreamTower(ArchitectureBuilder& builder) {
  constexpr int64_t kCoordinates = 256, kSizes = 512, kBins = 1024, kInner = 8192;
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 378, 14});
  VisionTower& t = builder.architecture.vision;
  t.tokens_per_image = Patches(t);
  const int64_t text = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  const std::string model = "model.vision.";
  tower.Enter(model);
  tower.Linear("patch_emb", t.hidden, PatchElements(t), true, Sharding::kReplicated);
  tower.Parameter("pos_emb", Patches(t), t.hidden);
  tower.LayerNorm("post_ln", t.hidden);
  TowerNames names;
  names.first_norm = "ln1";
  names.second_norm = "ln2";
  names.qkv = "attn.qkv";
  names.o = "attn.proj";
  tower.Enter(model + "blocks.{}.", t.layers);
  tower.Blocks(BlocksOf(t, names));
  EnterProjector(tower, model);
  tower.TwoLinears("proj_mlp.fc1", "proj_mlp.fc2", 2 * t.hidden,
                   vision.Int("proj_inner_dim", 8192, 1, kMaxMlpWidth), text);
  // The decoders of coordinates and of sizes are an MLP in Moondream 2 and one layer in Moondream 3.
  const auto layer = [](int64_t in, int64_t out) { return in * out + out; };
  const bool first = builder.architecture.model_type == "moondream1";
  const auto decoder = [&](int64_t out) {
    return first ? layer(text, kInner) + layer(kInner, out) : layer(text, out);
  };
  EnterProjector(tower, "model.region.");
  tower.Unloaded("encoders", layer(kCoordinates, text) + layer(kSizes, text));
  tower.Unloaded("decoders", decoder(kBins) + decoder(2 * kBins));
  tower.Unloaded("features", kCoordinates / 2 + kSizes);
  if (!first) tower.Unloaded("ln", 2 * text);
}

namespace {

// LLaVA-OneVision's form with a norm in front of the projector, whose inner width is given.
void AddNormedProjectorTower(ArchitectureBuilder& builder, int64_t inner) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 384, 14});
  const VisionTower& t = builder.architecture.vision;
  const int64_t text = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.pooling_head = vision.Bool("vision_use_head", false);
  tower.AddSiglip("model.vision_tower.vision_model.", siglip);
  tower.KeepWhole(true);
  EnterProjector(tower, "model.multi_modal_projector.");
  tower.LayerNorm("pre_norm", t.hidden);
  tower.TwoLinears("linear_1", "linear_2", t.hidden, inner, text);
  EnterProjector(tower, "model.");
  tower.Parameter("image_newline", text);
}

}  // namespace

// bee.py: four times as wide as the text.
void AddBeeTower(ArchitectureBuilder& builder) {
  AddNormedProjectorTower(builder, 4 * builder.architecture.hidden);
}

// rvl.py: as wide as the text.
void AddRVlTower(ArchitectureBuilder& builder) {
  AddNormedProjectorTower(builder, builder.architecture.hidden);
}

// phi4siglip.py: SigLIP 2 for images of any size, whose last block but one is taken.
void AddPhi4SiglipTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 0, 16});
  VisionTower& t = builder.architecture.vision;
  t.hidden = builder.root.Int("mm_hidden_size", t.hidden, 1, kMaxWidth);
  t.layers_used = t.layers - 1;
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.positions = vision.Int("num_patches", 256, 1, kMaxVocab);
  tower.AddSiglip("model.vision_tower.vision_tower.vision_model.", siglip);
  const int64_t text = builder.architecture.hidden;
  EnterProjector(tower, "model.mm_projector.");
  tower.TwoLinears("0", "2", t.hidden, text, text);
}

// eagle2_5_vl.py: InternVL's projector behind SigLIP.
void AddEagleTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {1152, 27, 16, 4304, 448, 14});
  VisionTower& t = builder.architecture.vision;
  t.merge = static_cast<int64_t>(1 / builder.root.Number("downsample_ratio", 0.5, 0.01, 1));
  t.tokens_per_image = Patches(t) / (t.merge * t.merge);
  const int64_t text = builder.architecture.hidden;
  TowerBuilder tower(&builder);
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.pooling_head = vision.Bool("vision_use_head", true);
  tower.AddSiglip("vision_model.vision_model.", siglip);
  tower.KeepWhole(true);
  EnterProjector(tower, "mlp1.");
  tower.LayerNorm("0", Merged(t));
  tower.TwoLinears("1", "3", Merged(t), text, text);
}

// keye_vl1_5.py: PaddleOCR-VL's, but the norm stands behind the merging.
void AddKeye15Tower(ArchitectureBuilder& builder) { AddPackedSiglipTower(builder, true); }

}  // namespace plimsoll
