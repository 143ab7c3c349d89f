// What llama.cpp will hold on every card and in RAM for one configuration, in its own terms: model, KV,
// recurrent and compute buffers. The engine turns this into a report, terms and log lines. Sizes are bytes.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PLAN_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PLAN_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/units.h"
#include "core/engines/llama_cpp/llama_compute_buffer.h"
#include "core/engines/llama_cpp/llama_kv_cache.h"
#include "core/engines/llama_cpp/llama_placement.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {

// How far off an estimate of a card may be.
Bytes LlamaBand(const Resolved& resolved, const GpuReport& use);

// Answers for one length of the context after another. What does not depend on the length is worked out
// once; the walks over the graph that an answer needs are kept for the next one, so asking is not const.
class LlamaPlan {
 public:
  // REQUIRES: at least one card, max_num_seqs >= 1, n_ubatch >= 1, a kGguf format or one of the plain ones.
  explicit LlamaPlan(const Resolved& resolved);

  // What the cards hold with a context of this many tokens. `activation` is what has buffers of its own: LoRA
  // adapters, draft context and vision projector; `non_torch` what no logged buffer shows: CUDA context and
  // libraries.
  std::vector<GpuReport> Fill(int64_t context);

  // Newer builds that find no room for compute buffers reserve these once more without pipelining. Answers are those of
  // the second attempt from now on; the result says whether there is one.
  bool DropCopies();

  // What of a card must be one allocation, at the length that Fill() was asked for: the compute buffer, or its
  // largest tensor.
  Bytes largest(size_t card) const { return largest_[card]; }

  // The longest context for which every card keeps `margin` free; 0: not even one block of cells.
  // Starts from the length that Fill() or Room() was asked for last.
  int64_t LongestContext(Bytes margin);
  // What it is at most: what the model was trained for, or the length at hand.
  int64_t MostContext() const;
  // The longest with which no card is short by more than its error band, which is the verdict's rule.
  int64_t LongestThatFits(Bytes margin);
  // The least that any card has free.
  Bytes Room(int64_t context);
  // The same without compute buffers: more than Room(), and cheaper.
  Bytes RoomAtMost(int64_t context);

  // The cache and what stays in RAM, with the length that Fill() was asked for last.
  const LlamaCache& cache() const { return cache_; }
  HostReport Host() const;

  // Of a card's compute buffer, what staging weights from RAM and copies for pipelining add; for
  // explanations.
  struct BufferParts {
    Bytes staged, copies;
  };
  BufferParts PartsOfBuffer(const LlamaCache& cache, size_t card) const;
  // The vision tower and its buffers, where it is on this card.
  Bytes vision(size_t card) const { return card == vision_card_ ? vision_ : Bytes(0); }
  Bytes draft_weights() const { return draft_weights_; }  // of a separate draft model, all cards together
  const std::vector<MovedTensor>& moved() const { return moved_; }
  const LlamaPlacement& placement() const { return placement_; }
  const GgufLayout& layout() const { return *layout_; }

 private:
  static constexpr size_t kNoWalk = ~size_t{0};
  struct CardPlan {
    GpuReport fixed;  // what no length changes
    int32_t first_layer = 0, end_layer = 0;
    LlamaGraphPart part;
    size_t walk = kNoWalk;  // into walks_
    Bytes compute_buffer;   // at the present length
    bool drafts = false;    // holds the draft context
  };

  struct Fullest {
    Bytes room;
    size_t card = 0;
  };

  void PlanCards();
  void PlanWalks();
  void PlanDraft();
  void SetContext(int64_t context);  // of cache_, graph_ and layer_kv_
  Bytes KvCache(const CardPlan& card) const;
  Bytes DraftContext();
  void WalkGraph();  // at the present length
  Fullest FindFullest(bool walked) const;
  double GrowthOf(size_t card) const;
  GpuReport UseOf(const CardPlan& card) const;
  Bytes LargestOf(const CardPlan& card) const;
  int64_t LayersOn(const CardPlan& card, size_t kind) const;
  LlamaGraphPart Part(size_t card) const;
  void ShareExperts(size_t card, LlamaGraphPart* part) const;
  void StageMoved(LlamaGraphPart* part) const;
  std::vector<Bytes> StackSizes(int32_t tensor_index) const;
  std::vector<StagedExperts> ExpertsInRam() const;
  std::vector<StagedTypes> TypesInRam() const;
  Bytes MatrixBytes(double elements) const;
  Bytes LargestMatrix() const;

  const Resolved& resolved_;
  GgufLayout own_layout_;  // when the catalog does not remember one
  const GgufLayout* layout_;
  std::vector<MovedTensor> moved_;
  LlamaPlacement placement_;
  std::vector<StagedExperts> experts_in_ram_;  // of each layer; empty: none
  Bytes draft_weights_;                        // of a separate draft model, all cards together
  Bytes vision_;                               // the projector file and its buffers, on one card
  size_t vision_card_ = 0;
  int32_t text_layers_ = 0;  // without MTP
  int64_t context_ = 1;      // the present length
  LlamaCache cache_;
  LlamaGraph graph_;
  std::vector<Bytes> cell_;      // of a layer of each kind
  std::vector<Bytes> layer_kv_;  // the same for all cells of the present length
  std::vector<CardPlan> cards_;
  std::vector<Bytes> largest_;
  std::vector<ComputeBufferWalk> walks_;  // one for all cards whose parts walk alike
  LlamaGraphPart draft_part_;
  std::optional<ComputeBufferWalk> draft_walk_;
  Bytes draft_;           // the draft's cache and buffer at the present length
  bool lenient_ = false;  // a card's room reaches to the end of its error band
};

// The vision tower as its projector file (mmproj) holds it; zero: none.
Bytes LlamaProjectorBytes(const Architecture& architecture);

// What a program holds on this card before llama.cpp's first buffer.
Bytes LlamaRuntimeBytes(const Gpu& gpu, LlamaBackend backend);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PLAN_H_
