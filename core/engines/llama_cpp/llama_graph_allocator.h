// A twin of ggml's graph allocator: where each intermediate tensor of a compute graph lies in one buffer, and
// how large the buffer therefore becomes.
//
// llama.cpp reserves a compute buffer by walking the graph once: a tensor takes the smallest hole that it
// fits in (or the end of the buffer), and gives its place back after its last reader. The buffer's size is
// the highest address ever used, holes included, so only the same walk gives the same number.
// Source: ggml/src/ggml-alloc.c, ggml_dyn_tallocr_alloc and ggml_dyn_tallocr_free_bytes.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_GRAPH_ALLOCATOR_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_GRAPH_ALLOCATOR_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/units.h"

namespace plimsoll {

class GraphAllocator {
 public:
  // A place in the buffer. Move it with std::exchange semantics by hand: whoever holds it frees it once.
  struct Place {
    int64_t offset = 0;
    int64_t size = 0;  // aligned; zero: nothing allocated
  };

  // 128 bytes: ggml_backend_cuda_buffer_type_get_alignment; other backends differ by less than the
  // logs' two decimals.
  static constexpr int64_t kAlignment = 128;
  // Larger than any device; keeps offsets far from overflow whatever the shapes are.
  static constexpr int64_t kLargestTensor = int64_t{1} << 46;

  GraphAllocator() {}  // NOLINT: holes are written before they are read

  Place Alloc(int64_t bytes);
  // Several of a size, one behind the other. REQUIRES: nothing was given back yet.
  Place AllocCopies(int64_t bytes, int64_t copies);
  // What Alloc() makes of a size.
  static constexpr int64_t Aligned(int64_t bytes) {
    return (std::clamp<int64_t>(bytes, 1, kLargestTensor) + kAlignment - 1) & -kAlignment;
  }
  void Free(Place* place) {
    if (place->size == 0) return;
    GiveBack(place->offset, place->offset + place->size);
    *place = {};
  }
  // Moves every place at `offset` or behind it by `bytes`. The result is what a walk gives whose earlier
  // places were that much larger. REQUIRES: the earlier places are still held, and no hole ends at `offset`.
  void Shift(int64_t offset, int64_t bytes);

  int64_t peak() const { return peak_; }

 private:
  struct Hole {
    int64_t begin;
    int64_t end;
  };
  static constexpr int kMostHoles = 48;  // a layer's graph leaves fewer than twelve

  void GiveBack(int64_t begin, int64_t end);
  void Remove(Hole* hole);

  std::array<Hole, kMostHoles> holes_;  // the first count_, by place
  int count_ = 0;
  int64_t end_ = 0;  // behind it everything is free
  int64_t peak_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_GRAPH_ALLOCATOR_H_
