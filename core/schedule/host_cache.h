// Cached keys and values in RAM, behind the pool of the cards: what vLLM's offloading connector and SGLang's HiCache keep
// there. Whole blocks are written there as they are computed, so that what the pool forgets can be loaded again; the least
// recently used ones make room.
//
// As in BlockPool, blocks are not objects: of each stream a beginning lies here, for a use touches its last block first
// and its first block last (LRUOffloadingManager.touch, HiRadixCache's leaves before their parents).
//
// Source: vllm/v1/kv_offload/{lru_manager,cpu/manager}.py, sglang/srt/mem_cache/hiradix_cache.py (evict_host).
#ifndef PLIMSOLL_CORE_SCHEDULE_HOST_CACHE_H_
#define PLIMSOLL_CORE_SCHEDULE_HOST_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace plimsoll {

class HostCache {
 public:
  // Room for so many units (blocks of tokens, in all groups) of so many streams.
  HostCache(int64_t units, int64_t streams);

  int64_t total() const { return total_; }
  int64_t used() const { return used_; }
  // Leading units of the stream that lie here.
  int64_t Kept(int32_t stream) const;
  // From now on at least `units` leading ones lie here, as far as there is room, and none was used later.
  void Keep(int32_t stream, int64_t units);

 private:
  struct Stream {
    int64_t units = 0;
    int32_t previous = -1, next = -1;  // in order of last use; only with units
  };
  Stream& At(int32_t stream) { return streams_[static_cast<size_t>(stream)]; }
  void Append(int32_t stream);
  void Unlink(int32_t stream);

  int64_t total_, used_ = 0;
  std::vector<Stream> streams_;  // empty without room
  int32_t first_ = -1, last_ = -1;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_HOST_CACHE_H_
