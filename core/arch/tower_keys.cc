#include "core/arch/tower_keys.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace plimsoll {

TowerNames TimmNames() {
  TowerNames names;
  names.first_norm = "norm1";
  names.second_norm = "norm2";
  names.qkv = "attn.qkv";
  names.o = "attn.proj";
  return names;
}

int64_t Side(ConfigReader& reader, std::string_view key, int64_t fallback, int64_t most) {
  const Json* value = reader.Find(key);
  if (value == nullptr || !value->is_array()) return reader.Int(key, fallback, 1, most);
  const std::vector<int64_t> sides = reader.Ints(key, 2, 1, most);
  if (sides.size() == 2 && sides[0] != sides[1]) reader.Refuse(key, "two equal sides");
  return sides.empty() ? fallback : sides[0];
}

void ReadTower(ArchitectureBuilder& builder, ConfigReader& vision, const TowerDefaults& d) {
  VisionTower& t = builder.architecture.vision;
  t.hidden = vision.Int({"hidden_size", "width"}, d.hidden, 1, kMaxWidth);
  t.layers = vision.Int({"num_hidden_layers", "depth", "layers"}, d.layers, 1, 1000);
  t.layers_used = t.layers;
  t.heads = vision.Int({"num_attention_heads", "num_heads", "heads"}, d.heads, 1, kMaxHeads);
  t.intermediate = vision.Int("intermediate_size", d.intermediate, 1, kMaxMlpWidth);
  t.image_size = Side(vision, "image_size", d.image, 65536);
  t.patch_size = Side(vision, "patch_size", d.patch, 4096);
}

int64_t Patches(const VisionTower& t) {
  const int64_t side = t.image_size / std::max<int64_t>(1, t.patch_size);
  return side * side;
}
int64_t PatchElements(const VisionTower& t) { return 3 * t.patch_size * t.patch_size; }

TowerBuilder::Siglip SiglipOf(const VisionTower& t) {
  TowerBuilder::Siglip siglip;
  siglip.hidden = t.hidden;
  siglip.layers = t.layers;
  siglip.intermediate = t.intermediate;
  siglip.patch_elements = PatchElements(t);
  siglip.positions = Patches(t);
  return siglip;
}

TowerBlocks BlocksOf(const VisionTower& t, const TowerNames& names) {
  TowerBlocks blocks;
  blocks.hidden = t.hidden;
  blocks.intermediate = t.intermediate;
  blocks.names = names;
  return blocks;
}

void EnterProjector(TowerBuilder& tower, std::string prefix) {
  tower.Enter(std::move(prefix), 1, TensorRole::kProjector);
}

}  // namespace plimsoll
