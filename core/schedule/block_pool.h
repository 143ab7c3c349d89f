// The paged KV cache as vLLM keeps it: blocks that are in use, free blocks in order of last use, and what the
// free ones still remember (prefix caching).
//
// Blocks are not objects here. A sequence's blocks are a count; what can be found again is, for each session,
// how many of its leading blocks are still in the pool; and the free list is a list of runs ("extents") in
// order of last use. That is exact because a request gives its blocks back in reverse order
// (kv_cache_manager.py: free), so that eviction always takes a session's last block first and what remains
// cached is a beginning. Two copies of the same tokens (a fully cached prompt recomputes its last block)
// count as one that is remembered and one that is plain.
//
// Source: vllm/v1/core/{block_pool,kv_cache_manager}.py.
#ifndef PLIMSOLL_CORE_SCHEDULE_BLOCK_POOL_H_
#define PLIMSOLL_CORE_SCHEDULE_BLOCK_POOL_H_

#include <cstdint>
#include <vector>

namespace plimsoll {

class BlockPool {
 public:
  // `streams`: sessions, whose blocks can be found again. One unit of a stream (a block of tokens) costs
  // `unit` blocks: one in each KV cache group that keeps every token.
  BlockPool(int64_t blocks, int64_t streams, int64_t unit, bool remember);

  int64_t total() const { return total_; }
  int64_t free() const { return free_; }  // remembered ones included
  int64_t used() const { return total_ - free_; }
  // Remembered units that were taken for something else, so far.
  int64_t forgotten() const { return forgotten_; }

  // Leading units of the stream that lie in the free list.
  int64_t Remembered(int32_t stream) const;
  // Takes `units` of those into use again; what else is remembered of the stream becomes plain.
  // REQUIRES: units <= Remembered(stream).
  void Revive(int32_t stream, int64_t units);
  // Takes blocks from the free list, the least recently used first; what they remembered is forgotten.
  // REQUIRES: blocks <= free().
  void Take(int64_t blocks);
  // Gives back a sequence: `units` leading units of `stream` that can be found again, and `plain` blocks that
  // cannot. The plain ones go first. REQUIRES: no extent of the stream is in the free list, or units is 0.
  void Return(int32_t stream, int64_t units, int64_t plain);

 private:
  struct Extent {
    int32_t previous = -1, next = -1;
    int32_t stream = -1;  // -1: plain
    int64_t units = 0;    // of a stream, or plain blocks
  };

  int32_t NewExtent();
  void Append(int32_t stream, int64_t units);
  void Unlink(int32_t extent);

  int64_t total_, free_, unit_, forgotten_ = 0;
  bool remember_;
  std::vector<Extent> extents_;
  std::vector<int32_t> spare_;      // indices of extents_ that are not linked
  std::vector<int32_t> extent_of_;  // by stream; -1: none
  int32_t first_ = -1, last_ = -1;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_BLOCK_POOL_H_
