// llama.cpp's KV cache and recurrent memory: how many cells it opens, and what a layer takes in them.
//
// A cell holds one token of one sequence. Unified: one stream of cells that all slots share; else one stream
// per slot. Sliding-window layers have fewer cells. Recurrent states are 32-bit floats, one set per slot.
// Sizes are bytes. Sources: src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp, llama-memory-recurrent.cpp.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_KV_CACHE_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_KV_CACHE_H_

#include <cstdint>

#include "core/arch/architecture.h"
#include "core/base/units.h"
#include "core/config/config.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct LlamaCache {
  int64_t context = 0;  // n_ctx after padding: cells of all streams
  int64_t sequences = 1;
  int64_t streams = 1;
  int64_t cells = 0;         // of one stream
  int64_t window_cells = 0;  // of one stream, for layers with a window
  bool slides = false;       // some layers have a window, hence a mask of their own
  bool windowed = false;     // and only window_cells (since May 2025)
  int64_t snapshots = 1;     // recurrent states per slot: one, and one for each drafted token
  int64_t state_copies = 1;  // of all of these
  bool latent = true;        // MLA keeps its latent; false: full heads (before April 2025)
  bool latent_without_v = true;
  KvTypes types;
  int64_t widest_value = 0;  // elements of V per cell; not zero: every layer takes this (no flash attention)

  // What another length is rounded by.
  int64_t padding = 256;
  bool pads_streams = true;   // each stream by itself; else all together
  int64_t window_wanted = 0;  // cells, before padding
};

// The cache that this configuration opens for a context of `context` tokens. REQUIRES: context >= 1.
LlamaCache ShapeLlamaCache(const Resolved& resolved, int64_t context);
// The same cache for another length.
void SetContext(int64_t context, LlamaCache* cache);

// All streams of one layer.
Bytes LayerCacheBytes(const LlamaCache& cache, const Attention& attention);
// The same when the bytes of a cell, which depend on no length, are known.
Bytes CellBytes(const LlamaCache& cache, const Attention& attention);
Bytes LayerCacheBytes(const LlamaCache& cache, const Attention& attention, Bytes cell);
Bytes LayerStateBytes(const LlamaCache& cache, const Recurrent& recurrent);

// Whether llama.cpp calls this a layer with a window.
bool CanHaveWindow(const Attention& attention);
// Whether this layer lives in window_cells.
bool HasWindow(const LlamaCache& cache, const Attention& attention);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_KV_CACHE_H_
