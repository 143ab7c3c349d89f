#include "core/engines/llama_cpp/llama_kv_cache.h"

#include <algorithm>

#include "core/arch/kv_cache.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_rules.h"

namespace plimsoll {

namespace {

// What sizes are rounded up to. Since late 2025 always 256; before, what the attention kernel needed
// (llama_kv_cache::get_padding).
int64_t Padding(const Resolved& resolved) {
  if (Has(BuildOf(resolved), LlamaChange::kContextPadded256)) return 256;
  return resolved.flash_attention ? 256 : 32;
}

int64_t WidestWindow(const Architecture& architecture) {
  int64_t window = 0;
  for (const LayerGroup& group : architecture.groups) {
    if (CanHaveWindow(group.shape.attention)) window = std::max(window, group.shape.attention.window);
  }
  return window;
}

}  // namespace

bool CanHaveWindow(const Attention& attention) {
  return attention.kind == AttentionKind::kSliding || attention.kind == AttentionKind::kChunked ||
         attention.kind == AttentionKind::kCompressed;
}

bool HasWindow(const LlamaCache& cache, const Attention& attention) {
  return cache.windowed && CanHaveWindow(attention);
}

void SetContext(int64_t context, LlamaCache* cache) {
  if (cache->pads_streams) {
    cache->cells = RoundUp(std::max<int64_t>(context / cache->streams, 1), cache->padding);
  } else {
    cache->cells = std::max<int64_t>(RoundUp(context, cache->padding) / cache->streams, 1);
  }
  cache->context = internal::SaturatingMultiply(cache->cells, cache->streams);
  cache->window_cells = cache->cells;
  if (cache->windowed) {
    cache->window_cells = RoundUp(std::min(cache->cells, cache->window_wanted), cache->padding);
  }
}

LlamaCache ShapeLlamaCache(const Resolved& resolved, int64_t context) {
  const EngineVersion& version = BuildOf(resolved);
  LlamaCache cache;
  cache.sequences = std::max<int64_t>(resolved.max_num_seqs, 1);
  const bool unified = resolved.kv_unified || !Has(version, LlamaChange::kStreams);
  cache.streams = unified ? 1 : cache.sequences;
  cache.pads_streams = Has(version, LlamaChange::kContextPadded256);
  cache.padding = Padding(resolved);
  const int64_t window = WidestWindow(*resolved.architecture);
  cache.slides = window > 0;
  const bool slides = OptionsOf(resolved).always_slides || Has(version, LlamaChange::kSlidingWindowCache);
  cache.windowed = window > 0 && !OptionsOf(resolved).swa_full && slides;
  const int64_t kept = std::max(window, OptionsOf(resolved).window_cells);
  cache.window_wanted = internal::SaturatingAdd(
      internal::SaturatingMultiply(kept, unified ? cache.sequences : 1), resolved.n_ubatch);
  SetContext(context, &cache);
  if (Has(version, LlamaChange::kStateSnapshots)) {
    cache.snapshots = 1 + std::max<int64_t>(resolved.speculative.num_tokens, 0);
  }
  cache.state_copies = OptionsOf(resolved).state_copies;
  cache.latent = Has(version, LlamaChange::kMlaLatentCache);
  cache.latent_without_v = Has(version, LlamaChange::kMlaWithoutV);
  cache.types = resolved.kv_cache_dtype;
  // Without flash attention V is stored transposed, in tensors of one shape for all layers
  // (n_embd_v_gqa_max, since the row indices).
  if (!resolved.flash_attention && Has(version, LlamaChange::kRowIndices)) {
    for (const LayerGroup& group : resolved.architecture->groups) {
      const Attention& attention = group.shape.attention;
      if (attention.kind == AttentionKind::kNone || attention.kind == AttentionKind::kLatent) continue;
      cache.widest_value = std::max(cache.widest_value, ValueElements(attention));
    }
  }
  return cache;
}

// A key and a value row of one cell. MLA counts as one head whatever the model says.
Bytes CellBytes(const LlamaCache& cache, const Attention& attention) {
  if (attention.kind == AttentionKind::kNone || attention.shares_kv) return Bytes(0);
  const KvTypes& types = cache.types;
  if (attention.kind == AttentionKind::kLatent) {
    if (!cache.latent) {
      const int64_t heads = attention.heads;
      return KvTypeBytes(types.k, heads * (attention.nope_dim + attention.rope_dim)) +
             KvTypeBytes(types.v, std::max(cache.widest_value, heads * attention.value_dim));
    }
    const Bytes key = KvTypeBytes(types.k, attention.kv_lora_rank + attention.rope_dim) +
                      KvTypeBytes(types.k, attention.index_dim);
    return cache.latent_without_v ? key : key + KvTypeBytes(types.v, attention.kv_lora_rank);
  }
  const int64_t values = ValueElements(attention);
  return KvTypeBytes(types.k, KeyElements(attention)) + KvTypeBytes(types.k, attention.index_dim) +
         KvTypeBytes(types.v, values > 0 ? std::max(cache.widest_value, values) : 0);
}

Bytes LayerCacheBytes(const LlamaCache& cache, const Attention& attention) {
  return LayerCacheBytes(cache, attention, CellBytes(cache, attention));
}

Bytes LayerCacheBytes(const LlamaCache& cache, const Attention& attention, Bytes cell) {
  const int64_t cells = HasWindow(cache, attention) ? cache.window_cells : cache.cells;
  Bytes bytes = cell * cells * cache.streams;
  // DeepSeek-V4 keeps compressed keys of the whole context beside the window (llama-kv-cache-dsv4.cpp).
  if (attention.kind == AttentionKind::kCompressed && attention.compress_ratio > 0) {
    bytes += cell * CeilDiv(cache.cells, attention.compress_ratio) * cache.streams;
  }
  return bytes;
}

Bytes LayerStateBytes(const LlamaCache& cache, const Recurrent& recurrent) {
  if (recurrent.kind == RecurrentKind::kNone) return Bytes(0);
  constexpr int64_t kFloat = 4;  // whatever the model's type: hparams.n_embd_r, n_embd_s are F32 tensors
  const int64_t elements = internal::SaturatingAdd(ConvolutionElements(recurrent), StateElements(recurrent));
  return Bytes(kFloat) * elements * cache.sequences * cache.snapshots * cache.state_copies;
}

}  // namespace plimsoll
