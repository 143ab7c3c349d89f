#include "core/engines/ollama/ollama_model.h"

#include <algorithm>
#include <cstddef>

#include "core/arch/kv_cache.h"
#include "core/engines/llama_cpp/llama_plan.h"

namespace plimsoll {
namespace {

// The header says so of hybrids whose layers with attention follow each other at one interval; others list a
// number for every layer, with zeros.
bool ListsHeadsByLayer(std::string_view family) {
  return family != "qwen35" && family != "qwen35moe" && family != "qwen3next";
}

void ReadHeads(const Architecture& architecture, OllamaModel* model) {
  int64_t fewest = internal::kInt64Max;
  for (const LayerGroup& group : architecture.groups) {
    const Attention& attention = group.shape.attention;
    if (attention.kind == AttentionKind::kNone) {
      if (ListsHeadsByLayer(model->family)) fewest = 0;
      continue;
    }
    const bool latent = attention.kind == AttentionKind::kLatent;
    const int64_t kv_heads = latent ? attention.heads : attention.kv_heads;
    model->heads = std::max(model->heads, attention.heads);
    model->kv_heads = std::max(model->kv_heads, kv_heads);
    fewest = std::min(fewest, kv_heads);
    model->key_length =
        std::max(model->key_length, latent ? attention.nope_dim + attention.rope_dim : attention.key_dim);
    model->value_length = std::max(model->value_length, attention.value_dim);
    model->window = std::max(model->window, attention.window);
  }
  model->fewest_kv_heads = std::max<int64_t>(fewest == internal::kInt64Max ? 1 : fewest, 1);
}

// A recurrent layer's states are 32-bit floats of one sequence.
Bytes StateBytes(const Recurrent& recurrent) {
  if (recurrent.kind == RecurrentKind::kNone) return Bytes(0);
  return Bytes(4) * internal::SaturatingAdd(ConvolutionElements(recurrent), StateElements(recurrent));
}

// fs/ggml/ggml.go VisionGraphSize, for the towers whose image size the config fixes.
Bytes ImageGraph(std::string_view family, const VisionTower& tower) {
  if (tower.layers == 0 || tower.patch_size <= 0) return Bytes(0);
  constexpr int64_t kChannels = 3;
  if (family == "gemma3" || family == "mistral3") {
    const int64_t side = tower.image_size / tower.patch_size;
    const int64_t patches = internal::SaturatingMultiply(side, side);
    return Bytes(4) *
           internal::SaturatingAdd(
               internal::SaturatingMultiply(tower.image_size, tower.image_size) * kChannels +
                   tower.hidden * tower.patch_size,
               internal::SaturatingMultiply(internal::SaturatingMultiply(patches, patches), tower.heads));
  }
  if (family == "qwen25vl") {
    constexpr int64_t kMostPixels = 28 * 28 * 1280;
    const int64_t patches = kMostPixels / (tower.patch_size * tower.patch_size);
    return Bytes(4) *
           (2 * kMostPixels * kChannels + patches * kChannels * tower.patch_size * tower.patch_size +
            internal::SaturatingMultiply(patches * patches, tower.heads) + tower.hidden * patches);
  }
  return Bytes(0);
}

}  // namespace

bool IsEncoder(const Architecture& architecture) {
  return std::all_of(architecture.groups.begin(), architecture.groups.end(), [](const LayerGroup& group) {
    return group.shape.attention.kind == AttentionKind::kBidirectional;
  });
}

OllamaModel ReadOllamaModel(const Resolved& resolved, const GgufLayout& layout, std::string_view family,
                            bool with_prediction) {
  const Architecture& architecture = *resolved.architecture;
  OllamaModel model;
  model.family = family;
  model.embedding = architecture.hidden;
  model.vocab = architecture.vocab;
  model.feed_forward = architecture.max_intermediate;
  model.trained = architecture.max_positions;
  model.embeds = IsEncoder(architecture);
  ReadHeads(architecture, &model);
  const auto text_layers = static_cast<size_t>(architecture.layers);
  for (size_t i = 0; i < layout.layers.size(); ++i) {
    if (i >= text_layers && !with_prediction) break;
    model.layers.push_back(layout.layers[i].dense + layout.layers[i].experts);
    const LayerShape& shape =
        i < text_layers ? architecture.groups[architecture.layer_group[i]].shape : architecture.mtp_shape;
    const bool latent = shape.attention.kind == AttentionKind::kLatent;
    model.layer_kv_heads.push_back(latent ? shape.attention.heads : shape.attention.kv_heads);
    model.states.push_back(StateBytes(shape.recurrent));
  }
  if (!layout.layers.empty() && layout.layers[0].experts > Bytes(0)) {
    model.first_experts = layout.layers[0].experts / 3;
  }
  model.output = layout.output_norm + layout.output;
  model.input = layout.token_embedding;
  model.file = resolved.stored.file;
  model.projector = LlamaProjectorBytes(architecture);
  model.image_graph = ImageGraph(family, architecture.vision);
  return model;
}

}  // namespace plimsoll
