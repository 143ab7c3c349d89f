// llama.cpp's rules for which tensor of a GGUF gets which type, and the bytes that follow, layer by layer.
//
// Source: src/llama-quant.cpp, llama_tensor_get_type_impl (2025-02 to 2026-11; the rules for dense and MoE
// models did not change in that time). The loader's placement (which layer goes to which device) is the
// engine's business; this gives it the bytes of each layer.
#ifndef PLIMSOLL_CORE_WEIGHTS_GGUF_RECIPE_H_
#define PLIMSOLL_CORE_WEIGHTS_GGUF_RECIPE_H_

#include <cstdint>
#include <vector>

#include "core/arch/architecture.h"
#include "core/base/units.h"
#include "core/formats/gguf_types.h"
#include "core/formats/weight_format.h"

namespace plimsoll {

struct GgufLayout {
  struct Layer {
    Bytes dense;    // attention, dense MLP, shared experts, router, norms
    Bytes experts;  // routed experts: what --n-cpu-moe keeps in RAM
  };
  std::vector<Layer> layers;  // the model's layers in order, then MTP layers if the file holds them
  std::vector<Layer> before;  // for each of them, and for the end, the sum of those before (SumLayers)
  Bytes token_embedding;      // token_embd (and per-layer embeddings): always in RAM
  Bytes output;          // output.weight; when tied, what the loader duplicates for it: token_embd's bytes
  Bytes output_norm;     // and everything else outside layers
  bool tied = false;     // `output` is not in the file
  Bytes tensors;         // all of the file's tensors
  Bytes largest_expert;  // the largest routed-expert tensor of any layer: staged by op-offload
  int64_t tensor_count = 0;  // in the file
  int64_t elements = 0;      // in the file
  Bytes padding;             // what aligning every tensor to 32 bytes adds to the file
};

// Fills in `before`, so that a run of layers costs a difference. The last step of whoever lays out.
void SumLayers(GgufLayout* layout);

// REQUIRES: format.family == kGguf. An approximate format (an average) spreads its bits evenly.
GgufLayout LayOutGguf(const Architecture& architecture, const WeightFormat& format);

// What a file's average makes of the bytes that its base mixture has by the rules; 1 where rules hold.
double AverageFactor(const WeightFormat& format, Bytes by_rules, int64_t elements);

// The type of one tensor in each layer where it stands (one entry for a tensor outside layers). For the
// inventory; costs by the layer.
std::vector<GgmlType> GgufTensorTypes(const Architecture& architecture, const WeightFormat& format,
                                      int32_t gguf_tensor);

// Header, metadata (tokenizer) and tensor infos, before alignment: an estimate, good to some 20 %, because
// the tokenizer's texts are not in a config. Source of the sizes: published files, see gguf_recipe.cc.
Bytes GgufMetadataBytes(const Architecture& architecture, int64_t tensor_count);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHTS_GGUF_RECIPE_H_
