// What llama.cpp will hold on every card and in RAM for one configuration, in its own terms: model, KV,
// recurrent and compute buffers. The engine turns this into a report, terms and log lines. Sizes are bytes.
#ifndef PLIMSOLL_CORE_LLAMA_PLAN_H_
#define PLIMSOLL_CORE_LLAMA_PLAN_H_

#include <cstdint>
#include <vector>

#include "core/gguf_recipe.h"
#include "core/llama_compute_buffer.h"
#include "core/llama_kv_cache.h"
#include "core/llama_placement.h"
#include "core/report.h"
#include "core/resolved.h"
#include "core/units.h"

namespace plimsoll {

struct LlamaCardUse {
  Bytes weights;
  Bytes kv_cache;
  Bytes recurrent_state;
  Bytes compute_buffer;
  Bytes beside;   // LoRA adapters, draft context and vision projector, which have buffers of their own
  Bytes runtime;  // CUDA context, libraries: in no logged buffer
  Bytes others;   // a display, other programs
  Bytes total() const {
    return weights + kv_cache + recurrent_state + compute_buffer + beside + runtime + others;
  }
};

class LlamaPlan {
 public:
  // REQUIRES: at least one card, max_num_seqs >= 1, n_ubatch >= 1, a kGguf format or one of the plain ones.
  explicit LlamaPlan(const Resolved& resolved);

  // What the cards hold with a context of this many tokens.
  void Fill(int64_t context, std::vector<LlamaCardUse>* cards) const;

  // The longest context for which every card keeps `margin` free; 0: not even one block of cells.
  // Starts from what is known: `context` has `room` free on the fullest card.
  int64_t LongestContext(Bytes margin, int64_t context, Bytes room) const;
  // The least that any card has free.
  Bytes Room(int64_t context) const;
  // The same without compute buffers: more than Room(), and cheaper.
  Bytes RoomAtMost(int64_t context) const;

  LlamaCache Cache(int64_t context) const { return ShapeLlamaCache(resolved_, context); }
  HostReport Host(const LlamaCache& cache) const;  // what stays in RAM, and the pinned buffer

  // Of a card's compute buffer, what staging weights from RAM and copies for pipelining add; for
  // explanations.
  struct BufferParts {
    Bytes staged, copies;
  };
  BufferParts PartsOfBuffer(const LlamaCache& cache, size_t card) const;
  Bytes vision() const { return vision_; }
  Bytes draft_weights() const { return draft_weights_; }  // of a separate draft model, all cards together
  const std::vector<MovedTensor>& moved() const { return moved_; }
  const LlamaPlacement& placement() const { return placement_; }
  const GgufLayout& layout() const { return *layout_; }

 private:
  // `walks`: whether compute buffers are wanted; they cost most.
  void Fill(int64_t context, bool walks, std::vector<LlamaCardUse>* cards) const;
  Bytes LeastRoom(int64_t context, bool walks) const;
  LlamaGraph Graph(const LlamaCache& cache) const;
  LlamaGraphPart Part(size_t card) const;
  void StageMoved(LlamaGraphPart* part) const;
  Bytes LargestMatrix() const;
  Bytes DraftContext(const LlamaCache& cache, const LlamaGraph& graph) const;

  const Resolved& resolved_;
  GgufLayout own_layout_;  // when the catalog does not remember one
  const GgufLayout* layout_;
  std::vector<MovedTensor> moved_;
  LlamaPlacement placement_;
  mutable std::vector<ComputeBufferWalk> walks_;  // of each card, the last one: lengths are tried in turn
  Bytes draft_weights_;                           // of a separate draft model, all cards together
  std::vector<Bytes> adapters_;                   // LoRA matrices beside one layer of each group; empty: none
  Bytes vision_;                                  // the projector file and its buffers, on the first card
  int64_t text_layers_ = 0;                       // without MTP
};

// What a program holds on this card before llama.cpp's first buffer.
Bytes LlamaRuntimeBytes(const Gpu& gpu);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_LLAMA_PLAN_H_
