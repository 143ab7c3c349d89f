// Which layer goes where: llama.cpp's loader. Layers from -ngl onwards go to the cards in order, in
// proportion to what each has free; the output layer follows the last; the token embedding stays in RAM;
// --n-cpu-moe keeps the experts of the first layers there too.
//
// Source: src/llama-model.cpp, load_tensors. Sizes are bytes.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PLACEMENT_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PLACEMENT_H_

#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "core/resolve/resolved.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {

struct LlamaDevice {
  int64_t first_layer = 0;  // of the file's layers, MTP included; first == end: none
  int64_t end_layer = 0;
  bool output = false;
  Bytes weights;  // the model buffer
};

struct LlamaPlacement {
  std::vector<LlamaDevice> devices;  // one per card
  int64_t host_layers = 0;           // the first layers stay in RAM
  bool host_output = false;
  Bytes host_weights;
  int64_t offloaded = 0;  // layers on cards, the output layer counted: "offloaded 33/33 layers to GPU"
  int64_t copies = 1;     // pipeline parallelism: copies of every input
};

// A tensor that -ot puts elsewhere, with its bytes.
struct MovedTensor {
  int64_t layer = -1;   // -1: outside layers
  int32_t tensor = -1;  // index into Architecture::gguf
  int32_t card = -1;    // -1: RAM
  bool expert = false;
  bool embedding = false;  // token_embd: in RAM unless moved
  Bytes bytes;
};

// `free` is what each card has before loading; the split follows it unless tensor_split says otherwise.
LlamaPlacement PlaceLlamaModel(const Resolved& resolved, const GgufLayout& layout,
                               const std::vector<Bytes>& free, const std::vector<MovedTensor>& moved = {});

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PLACEMENT_H_
