// A twin of ggml's graph allocator: where each intermediate tensor of a compute graph lies in one buffer, and
// how large the buffer therefore becomes.
//
// llama.cpp reserves a compute buffer by walking the graph once: a tensor takes the smallest hole that it
// fits in (or the end of the buffer), and gives its place back after its last reader. The buffer's size is
// the highest address ever used, holes included, so only the same walk gives the same number.
// Source: ggml/src/ggml-alloc.c, ggml_dyn_tallocr_alloc and ggml_dyn_tallocr_free_bytes.
#ifndef PLIMSOLL_CORE_LLAMA_GRAPH_ALLOCATOR_H_
#define PLIMSOLL_CORE_LLAMA_GRAPH_ALLOCATOR_H_

#include <array>
#include <cstdint>

#include "core/units.h"

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

  GraphAllocator() {
    holes_[0] = {0, kLargestTensor * 1024};
  }  // NOLINT: the rest is written before it is read

  Place Alloc(int64_t bytes);
  void Free(Place* place);
  // Free() for the one place of which the caller wants to know what another size of it would change.
  void FreeStretchable(Place* place);

  int64_t peak() const { return peak_; }
  // By how much the stretchable place could have been smaller or larger with every tensor falling into the
  // same hole: then the peak differs by as much as its size. Negative: not known.
  int64_t may_shrink() const { return may_shrink_; }
  int64_t may_grow() const { return may_grow_; }

 private:
  struct Hole {
    int64_t offset;
    int64_t size;
  };
  static constexpr int kMostHoles = 48;  // a layer's graph leaves fewer than twelve

  void Remove(int index);
  void CheckStretch(int64_t size, int chosen);

  std::array<Hole, kMostHoles> holes_;  // the first count_, by offset; the last one is the open end
  int count_ = 1;
  int64_t peak_ = 0;
  int64_t stretch_end_ = 0;  // where the stretchable place ended; 0: not freed yet
  int64_t may_shrink_ = kLargestTensor;
  int64_t may_grow_ = kLargestTensor;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_LLAMA_GRAPH_ALLOCATOR_H_
