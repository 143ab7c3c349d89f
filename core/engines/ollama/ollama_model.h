// What ollama's scheduler reads of a file before it loads it: the header's metadata and each layer's size.
// Sources: fs/ggml/ggml.go, llm/memory.go.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_MODEL_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_MODEL_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "core/resolve/resolved.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {

struct OllamaModel {
  std::string_view family;
  int64_t embedding = 0;
  int64_t heads = 0;            // the most of any layer
  int64_t kv_heads = 0;         // the most of any layer
  int64_t fewest_kv_heads = 1;  // of any layer, at least 1
  int64_t key_length = 0, value_length = 0;
  int64_t vocab = 0;
  int64_t feed_forward = 0;
  int64_t window = 0;
  int64_t trained = 0;                  // context_length; 0: not said
  bool embeds = false;                  // answers with embeddings, so one slot and no sampling
  std::vector<Bytes> layers;            // the weights of each block
  std::vector<int64_t> layer_kv_heads;  // 0: no attention
  std::vector<Bytes> states;            // of recurrent blocks, for one sequence
  Bytes first_experts;                  // one of the first block's stacked matrices of experts; zero: none
  Bytes output;                         // output_norm and output, or token_embd again
  Bytes input;                          // token_embd
  Bytes file;                           // the whole file
  Bytes projector;                      // the vision tower, wherever it is stored
  Bytes image_graph;                    // what its estimate reserves for computing an image
};

// Whether a model answers with embeddings and generates nothing.
bool IsEncoder(const Architecture& architecture);

// `with_prediction`: blocks of multi-token prediction are counted where the file holds them.
OllamaModel ReadOllamaModel(const Resolved& resolved, const GgufLayout& layout, std::string_view family,
                            bool with_prediction);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_MODEL_H_
