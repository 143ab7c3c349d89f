// Sources: transformers modeling_clip.py, configuration_clip.py, modeling_siglip.py, configuration_siglip.py,
// modeling_siglip2.py.
#include "core/arch/dual_encoder_families.h"

#include <string_view>

#include "core/arch/tensor_list.h"
#include "core/arch/tower_keys.h"

namespace plimsoll {

namespace {

// Widths of the class where the config leaves them out.
struct TextDefaults {
  int64_t hidden, intermediate, heads, vocab, positions;
};
constexpr TextDefaults kClipText{512, 2048, 8, 49408, 77};
constexpr TextDefaults kSiglipText{768, 3072, 12, 32000, 64};

// The decoder's layers without its causality; learnt positions, biases everywhere.
void ReadText(ArchitectureBuilder& builder, const TextDefaults& d) {
  ConfigReader& text = builder.text;
  Architecture& a = builder.architecture;
  a.hidden = text.Int("hidden_size", d.hidden, 1, kMaxWidth);
  a.vocab = text.Int("vocab_size", d.vocab, 1, kMaxVocab);
  a.layers = text.Int("num_hidden_layers", 12, 1, kMaxLayers);
  a.max_positions = text.Int("max_position_embeddings", d.positions, 1, kMaxWidth);
  a.dtype = builder.ReadType();
  a.tied_embeddings = true;
  Attention& attention = builder.base.attention;
  attention.kind = AttentionKind::kBidirectional;
  attention.heads = attention.kv_heads = text.Int("num_attention_heads", d.heads, 1, kMaxHeads);
  attention.key_dim = attention.value_dim = a.hidden / attention.heads;
  if (attention.key_dim == 0) text.Refuse("num_attention_heads", "at most hidden_size");
  attention.qkv_bias = attention.o_bias = true;
  attention.rope = false;
  builder.base.norm_bias = true;
  Mlp& mlp = builder.base.mlp;
  mlp.kind = MlpKind::kDense;
  mlp.gated = false;
  mlp.bias = true;
  mlp.intermediate = text.Int("intermediate_size", d.intermediate, 1, kMaxMlpWidth);
  TensorNames& names = builder.names;
  names.model = "text_model.";
  names.layer = "encoder.layers.{}.";
  names.embedding = "embeddings.token_embedding";
  names.positions = "embeddings.position_embedding";
  names.position_rows = a.max_positions;
  names.final_norm = "final_layer_norm";
  names.o = "out_proj";
  names.up = "fc1";
  names.down = "fc2";
  names.norms[0] = "layer_norm1";
  names.norms[1] = "layer_norm2";
  builder.AppendAll(builder.base);
}

int64_t Projection(ArchitectureBuilder& builder) {
  return builder.root.Int("projection_dim", 512, 1, kMaxWidth);
}

void AddClipTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {768, 12, 12, 3072, 224, 32});
  const VisionTower& t = builder.architecture.vision;
  TowerBuilder tower(&builder);
  TowerBuilder::Clip clip;
  clip.hidden = t.hidden;
  clip.layers = t.layers;
  clip.intermediate = t.intermediate;
  clip.patch_elements = PatchElements(t);
  clip.positions = Patches(t);
  tower.AddClip("vision_model.", clip);
  EnterProjector(tower, "");
  tower.KeepWhole(true);
  tower.Linear("visual_projection", Projection(builder), t.hidden, false);
}

void AddClipText(ArchitectureBuilder& builder, TensorList* list) {
  list->Enter(TensorPart::kText, -1, 1, "");
  list->Linear({"", "text_projection", ""}, TensorRole::kOther, Sharding::kReplicated, Projection(builder),
               builder.architecture.hidden);
  list->Parameter({"", "logit_scale", ""}, TensorRole::kOther, Sharding::kReplicated, 1);
}

void ReadClip(ArchitectureBuilder& builder) {
  ReadText(builder, kClipText);
  builder.model_extras = AddClipText;
  builder.towers = AddClipTower;
}

// SigLIP 2's "naflex" towers read patches of any arrangement: a linear layer, and as many positions as patches.
void AddSiglipTower(ArchitectureBuilder& builder) {
  ConfigReader vision = builder.root.Object("vision_config");
  ReadTower(builder, vision, {768, 12, 12, 3072, 224, 16});
  VisionTower& t = builder.architecture.vision;
  TowerBuilder::Siglip siglip = SiglipOf(t);
  siglip.positions = vision.Int("num_patches", siglip.positions, 1, kMaxPositions);
  siglip.pooling_head = vision.Bool("vision_use_head", true);
  TowerBuilder(&builder).AddSiglip("vision_model.", siglip);
}

void AddSiglipText(ArchitectureBuilder& builder, TensorList* list) {
  const int64_t hidden = builder.architecture.hidden;
  const Sharding whole = Sharding::kReplicated;
  list->Linear({"", "head", ""}, TensorRole::kOther, whole,
               builder.text.Int("projection_size", hidden, 1, kMaxWidth), hidden, true);
  list->Enter(TensorPart::kText, -1, 1, "");
  for (const std::string_view name : {"logit_scale", "logit_bias"})
    list->Parameter({"", name, ""}, TensorRole::kOther, whole, 1);
}

void ReadSiglip(ArchitectureBuilder& builder) {
  ReadText(builder, kSiglipText);
  builder.model_extras = AddSiglipText;
  builder.towers = AddSiglipTower;
}

constexpr Family kFamilies[] = {
    {"CLIPModel", ReadClip},
    {"SiglipModel", ReadSiglip},
    {"Siglip2Model", ReadSiglip},
};

}  // namespace

std::span<const Family> DualEncoderFamilies() { return kFamilies; }

}  // namespace plimsoll
