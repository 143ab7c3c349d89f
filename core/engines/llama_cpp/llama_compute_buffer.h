// The compute buffers that llama.cpp reserves: what the intermediate results of one batch take on each card
// and in RAM.
//
// Derived, not fitted: the graph of each kind of layer is walked in the order in which llama.cpp builds it,
// through a twin of its allocator. A kind of layer is walked until its place in the buffer repeats, so the
// cost does not grow with the number of layers. Sources: src/llama-graph.cpp (build_attn_mha, build_ffn,
// build_moe_ffn), src/models/*.cpp, ggml/src/ggml-backend.cpp (splits, input copies) and ggml-alloc.c.
// Sizes are bytes.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_COMPUTE_BUFFER_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_COMPUTE_BUFFER_H_

#include <cstdint>
#include <vector>

#include "core/arch/architecture.h"
#include "core/arch/kv_type.h"
#include "core/base/units.h"
#include "core/engines/llama_cpp/llama_backend.h"
#include "core/engines/llama_cpp/llama_graph_allocator.h"

namespace plimsoll {

// The batch and the cache that the graph is reserved for, and what this build does.
struct LlamaGraph {
  const Architecture* architecture = nullptr;
  int64_t tokens = 0;        // of one physical batch
  int64_t outputs = 0;       // rows of logits
  int64_t sequences = 1;     // slots
  int64_t cells = 0;         // of one stream, layers with the whole context
  int64_t window_cells = 0;  // of one stream, sliding layers; equal to `cells` without a windowed cache
  int64_t streams = 1;       // of the cache
  bool flash_attention = true;
  KvTypes types = {KvType::kFp16, KvType::kFp16};
  LlamaBackend backend = LlamaBackend::kCuda;
  int64_t snapshots = 1;  // recurrent states kept per sequence: 1 + drafted tokens

  bool glu_operator = true;
  bool row_indices = true;
  bool embedding_input = true;
  bool half_mask = true;
  bool rotate_cache = true;  // when quantised
  bool fused_delta_net = true;
  bool latent_cache = true;  // MLA
  bool latent_without_v = true;
  bool widens_cache = false;    // attention's node has room for its layer's cache in 16 bits
  bool metal_scratch = false;   // and for what Metal's kernels keep beside their result
  bool shares_memory = false;   // inputs are read where they are, in RAM
  bool attends_in_ram = false;  // the cache is there (-nkvo), and attention with it
  bool keeps_norms = false;     // every layer is on a card, so a layer's norm is on the layer's own card
  bool windowed = false;        // sliding layers have their own cells, masks and indices
  friend bool operator==(const LlamaGraph&, const LlamaGraph&) = default;
};

// A layer's experts in RAM, bytes of each tensor; 0: not in RAM.
struct StagedExperts {
  int64_t gate = 0, up = 0, down = 0;
  bool biases = false;  // what is added to their products is there, too
  bool any() const { return gate > 0 || up > 0 || down > 0; }
  friend bool operator==(const StagedExperts&, const StagedExperts&) = default;
};

// Bytes per element of a layer's matrices in RAM; recipes give those of values and the last of the MLP other types.
struct StagedTypes {
  double value = 0, down = 0, other = 0;
  friend bool operator==(const StagedTypes&, const StagedTypes&) = default;
};

// What one device computes.
struct LlamaGraphPart {
  int64_t first_layer = 0;
  int64_t end_layer = 0;
  bool output = true;         // this device has the output layer, hence the logits
  bool casts_mask = true;     // the first device turns the 32-bit mask into 16 bits; others get the result
  int64_t copies = 1;         // pipeline parallelism keeps every input this many times
  int64_t staged_layers = 0;  // layers below this one have their experts in RAM: staged for each batch
  int64_t staged_bytes = 0;   // the largest such tensor
  std::vector<StagedExperts>
      experts;                // of each layer of the model; empty: tensors below `staged_layers` are as large
  int64_t staged_output = 0;  // the output matrix when it is in RAM
  int64_t host_layers =
      0;  // layers below this one are in RAM altogether: their products run here all the same
  int64_t staged_matrix = 0;       // a matrix of such a layer
  int64_t matrix_elements = 0;     // its elements: others are in proportion; 0: all are as large
  std::vector<StagedTypes> types;  // of each layer in RAM; empty: by `staged_matrix`
  bool host_caches = false;        // caches and states of those layers are in RAM, too
  // Experts in RAM are multiplied on the first card, whichever card their layer is on.
  bool sends_experts = false;   // this part's: on another card
  int64_t visits_until = 0;     // those of the layers from `end_layer` to here: on this one
  int64_t last_card_layer = 0;  // the first layer of the last card, which takes the mask from here until then
  friend bool operator==(const LlamaGraphPart&, const LlamaGraphPart&) = default;
};

// REQUIRES: 0 <= first_layer <= end_layer <= architecture->layers, tokens >= 1.
Bytes ComputeBuffer(const LlamaGraph& graph, const LlamaGraphPart& part);

// The largest tensor of the graph on this part: what a driver must give in one piece. 0: none to speak of.
Bytes LargestTensor(const LlamaGraph& graph, const LlamaGraphPart& part);

// Whether one walk answers for both parts, as both have the same kinds of layers in the same order. It is
// usually so for cards that are neither the first nor the last.
bool WalkAlike(const LlamaGraph& graph, const LlamaGraphPart& a, const LlamaGraphPart& b);

// The compute buffer of one part for many lengths of the context, much cheaper than one walk for each. A
// length decides the size of the masks alone. The masks come first in memory and are freed in the last layer.
// So the walk is done once up to the last layer; for each length, all that lies behind the masks is moved by
// the difference, and only the last layer is walked again. With several copies inputs are never freed, and
// only their size changes.
class ComputeBufferWalk {
 public:
  ComputeBufferWalk() = default;
  // Walks when it is asked.
  explicit ComputeBufferWalk(const LlamaGraphPart& part) : part_(part) {}
  ComputeBufferWalk(const LlamaGraph& graph, const LlamaGraphPart& part);

  const LlamaGraphPart& part() const { return part_; }

  // Equal to ComputeBuffer(graph, part). Walks anew where `graph` differs from the one of the last walk in
  // more than the length. REQUIRES: `part` walks alike with part().
  Bytes BytesFor(const LlamaGraph& graph, const LlamaGraphPart& part);

  // What is held where. A place of size zero is not held.
  struct State {
    // What attention reads beside the stream. With several copies nothing is given back.
    struct Inputs {
      GraphAllocator::Place mask, k_rows, v_rows, k_rotation, v_rotation;
      int64_t cells = 0;     // a row of the mask; 0: no layer has it
      int64_t mask_end = 0;  // behind the last copy
      bool needs_cast = false;
    };
    // Which inputs were taken, where they are taken as they are needed.
    struct Taken {
      bool full = false, sliding = false;            // masks
      bool full_rows = false, sliding_rows = false;  // where in the cache the batch goes
      bool recurrent = false, positions = false;
      int64_t layers = 0;  // those below have theirs
    };
    GraphAllocator allocator;
    GraphAllocator::Place stream, normed_input, positions, state_rows, output_rows;
    Inputs full, window;
    Taken taken;
  };

 private:
  bool Continues(const LlamaGraph& graph) const;

  LlamaGraph graph_;  // as walked
  LlamaGraphPart part_;
  State state_;        // one copy: before the last layer
  int64_t above_ = 0;  // several: what lies above the inputs
};

// What is walked most often: the whole model on one card as the newest llama-server reserves it when nothing
// else is asked for.
ComputeBufferWalk UsualWalk(const Architecture& architecture);

// The pinned buffer in RAM: the graph's inputs and the rows of the token embedding.
// `host_layers` of the first layers keep their caches in RAM; `host_experts`: some experts are there.
Bytes HostComputeBuffer(const LlamaGraph& graph, int64_t copies, int64_t host_layers,
                        bool host_experts = false);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_COMPUTE_BUFFER_H_
