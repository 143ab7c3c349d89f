#include "core/engines/vllm/vllm_kv_cache.h"

#include <algorithm>

#include "core/arch/kv_cache.h"

namespace plimsoll {
namespace {

using internal::SaturatingAdd;
using internal::SaturatingMultiply;

// vllm/v1/attention/backends: the smallest block that the kernels take.
constexpr int64_t kKernelBlock = 16;

int64_t CacheBytes(KvType type) {
  switch (type) {
    case KvType::kFp8:
      return 1;
    case KvType::kFp32:
      return 4;
    default:
      return 2;
  }
}

int64_t ModelBytes(const Resolved& resolved) { return resolved.format->dtype == DType::kFp32 ? 4 : 2; }

int64_t LayersIn(const Architecture& architecture, int32_t group, const LayerRange& range) {
  return architecture.LayersBefore(group, static_cast<int32_t>(range.last)) -
         architecture.LayersBefore(group, static_cast<int32_t>(range.first));
}

// Bytes of a latent per token. vllm/v1/kv_cache_interface.py MLAAttentionSpec: sparse models with an fp8
// cache take 512 fp8 values, 4 scales and 64 values of 16 bits. V0 aligned to 256 bytes
// (CacheEngine.align_cache).
int64_t LatentBytes(const Attention& attention, const Resolved& resolved, const VllmRules& rules) {
  const int64_t element = CacheBytes(resolved.kv_cache_dtype.k);
  if (attention.index_dim > 0 && element == 1) {
    return attention.kv_lora_rank + CeilDiv(attention.kv_lora_rank, 128) * 4 + attention.rope_dim * 2;
  }
  const int64_t width = attention.kv_lora_rank + attention.rope_dim;
  return rules.latent_padded ? RoundUp(width * element, 256) : width * element;
}

// One head of DeepSeek-V4: fp8 values, a scale of one byte per 64 (padded to 8), the rotary part in 16 bits.
int64_t CompressedEntryBytes(const Attention& attention, const Resolved& resolved) {
  const int64_t element = CacheBytes(resolved.kv_cache_dtype.k);
  if (element != 1) return attention.key_dim * element;
  const int64_t plain = attention.key_dim - attention.rope_dim;
  return plain + RoundUp(CeilDiv(plain, 64), 8) + attention.rope_dim * 2;
}

int64_t TokenBytes(const Attention& attention, const Resolved& resolved, const VllmRules& rules) {
  if (attention.shares_kv) return 0;
  switch (attention.kind) {
    case AttentionKind::kNone:
      return 0;
    case AttentionKind::kLatent:
      if (rules.latent_attention) return LatentBytes(attention, resolved, rules);
      // Before MLA, keys and values of every head, padded to a width that the kernels knew.
      return 2 * CeilDiv(attention.heads, resolved.tp) *
             RoundUp(attention.nope_dim + attention.rope_dim, 256) * CacheBytes(resolved.kv_cache_dtype.k);
    case AttentionKind::kCompressed:
      return CompressedEntryBytes(attention, resolved);
    default:
      return KvHeadsPerRank(attention.kv_heads, resolved.tp) *
             (attention.key_dim * CacheBytes(resolved.kv_cache_dtype.k) +
              attention.value_dim * CacheBytes(resolved.kv_cache_dtype.v));
  }
}

// vllm/model_executor/layers/mamba/mamba_utils.py MambaStateShapeCalculator and ...DtypeCalculator.
int64_t StateBytes(const Recurrent& recurrent, const Resolved& resolved) {
  if (recurrent.kind == RecurrentKind::kNone) return 0;
  const int64_t tp = resolved.tp;
  const int64_t model = ModelBytes(resolved);
  const bool wide = recurrent.state_fp32 || recurrent.kind == RecurrentKind::kKimiDelta;
  const int64_t drafts = resolved.speculative.num_tokens;
  int64_t channels = CeilDiv(recurrent.conv_channels, tp);
  if (recurrent.kind == RecurrentKind::kMamba2 && recurrent.groups > 0 && recurrent.groups % tp != 0) {
    // Groups are replicated up to one per rank.
    channels = CeilDiv(recurrent.inner, tp) +
               2 * recurrent.state_dim * std::max<int64_t>(1, CeilDiv(recurrent.groups, tp));
  }
  const int64_t convolution =
      recurrent.conv_kernel > 1 ? (recurrent.conv_kernel - 1 + drafts) * channels * model : 0;
  return SaturatingAdd(convolution, CeilDiv(StateElements(recurrent), tp) * (wide ? 4 : model));
}

class Builder {
 public:
  // `keeps_windows`: sliding layers let go of what lies outside their window.
  Builder(const Resolved& resolved, const VllmRules& rules, bool keeps_windows)
      : resolved_(resolved), rules_(rules), keeps_windows_(keeps_windows) {}

  void AddLayers(const LayerShape& shape, int64_t layers) {
    if (layers <= 0) return;
    AddAttention(shape.attention, layers);
    const int64_t state = StateBytes(shape.recurrent, resolved_);
    if (state > 0 && rules_.v1) {
      CacheSpec spec;
      spec.kind = CacheKind::kState;
      spec.state_bytes = state;
      Add(spec, layers);
    }
  }

  CacheLayout* layout() { return &layout_; }

 private:
  void AddAttention(const Attention& attention, int64_t layers) {
    CacheSpec spec;
    spec.token_bytes = TokenBytes(attention, resolved_, rules_);
    if (spec.token_bytes <= 0) return;
    if (attention.kind == AttentionKind::kCompressed) {
      AddCompressed(attention, spec.token_bytes, layers);
      return;
    }
    if (keeps_windows_ && attention.window > 0 && attention.kind == AttentionKind::kSliding) {
      spec.kind = CacheKind::kSliding;
      spec.window = attention.window;
    }
    // Chunked layers count as full: vLLM switches its hybrid manager off for them by default
    // (VLLM_ALLOW_CHUNKED_LOCAL_ATTN_WITH_HYBRID_KV_CACHE).
    Add(spec, layers);
    AddIndexer(attention, 1, layers);
  }

  void AddIndexer(const Attention& attention, int64_t per_tokens, int64_t layers) {
    if (attention.index_dim <= 0 || attention.index_shared) return;
    CacheSpec spec;
    spec.token_bytes = IndexerBytesPerToken(attention);
    spec.per_tokens = per_tokens;
    Add(spec, layers);
  }

  void AddSliding(int64_t token_bytes, int64_t window, int64_t layers) {
    CacheSpec spec;
    spec.kind = CacheKind::kSliding;
    spec.token_bytes = token_bytes;
    spec.window = window;
    spec.fits_page = true;
    Add(spec, layers);
  }

  // vllm/models/deepseek_v4: every layer keeps its window; compressed layers also the compressed keys, an
  // indexer at the ratio that is searched, and the compressor's running states (key and score in float32,
  // twice where compression windows overlap) for one window.
  void AddCompressed(const Attention& attention, int64_t entry, int64_t layers) {
    AddSliding(entry, attention.window, layers);
    const int64_t ratio = attention.compress_ratio;
    if (ratio <= 0) return;
    CacheSpec keys;
    keys.token_bytes = entry;
    keys.per_tokens = ratio;
    Add(keys, layers);
    const bool searched = attention.index_dim > 0;
    const int64_t overlap = searched ? 2 : 1;
    AddSliding(2 * overlap * attention.key_dim * 4, overlap * ratio, layers);
    if (!searched) return;
    AddIndexer(attention, ratio, layers);
    AddSliding(2 * overlap * attention.index_dim * 4, overlap * ratio, layers);
  }

  void Add(const CacheSpec& wanted, int64_t layers) {
    for (int i = 0; i < layout_.count; ++i) {
      CacheSpec& spec = layout_.specs[static_cast<size_t>(i)];
      if (spec.kind == wanted.kind && spec.token_bytes == wanted.token_bytes &&
          spec.per_tokens == wanted.per_tokens && spec.state_bytes == wanted.state_bytes &&
          spec.window == wanted.window && spec.fits_page == wanted.fits_page) {
        spec.layers += layers;
        return;
      }
    }
    if (layout_.count == CacheLayout::kMaxSpecs) {
      // More kinds than any known model has: charge the rest as the last kind.
      layout_.specs[CacheLayout::kMaxSpecs - 1].layers += layers;
      return;
    }
    layout_.specs[static_cast<size_t>(layout_.count)] = wanted;
    layout_.specs[static_cast<size_t>(layout_.count)].layers = layers;
    ++layout_.count;
  }

  const Resolved& resolved_;
  const VllmRules& rules_;
  const bool keeps_windows_;
  CacheLayout layout_;
};

struct Widest {
  int64_t token_bytes = 0;
  int64_t state_bytes = 0;
};

Widest FindWidest(const CacheLayout& layout) {
  Widest widest;
  for (int i = 0; i < layout.count; ++i) {
    const CacheSpec& spec = layout.specs[static_cast<size_t>(i)];
    widest.token_bytes = std::max(widest.token_bytes, spec.token_bytes);
    widest.state_bytes = std::max(widest.state_bytes, spec.state_bytes);
  }
  return widest;
}

// vllm/platforms/interface.py _align_hybrid_block_size (before: HybridAttentionMambaModelConfig): the
// attention block grows until its page holds a state, in steps of what the kernels take.
int64_t AlignedBlock(const Widest& widest, int64_t block) {
  if (widest.state_bytes <= 0 || widest.token_bytes <= 0) return block;
  const int64_t step = std::max(kKernelBlock, block);
  return step * CeilDiv(widest.state_bytes, SaturatingMultiply(step, widest.token_bytes));
}

int64_t PageBytes(const CacheSpec& spec) {
  return SaturatingMultiply(CeilDiv(spec.block, spec.per_tokens), spec.token_bytes);
}

// unify_kv_cache_spec_page_size: smaller pages take more tokens, or are padded when the sizes do not divide.
void UnifyPages(CacheLayout* layout, int64_t page) {
  for (int i = 0; i < layout->count; ++i) {
    CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
    if (spec.kind == CacheKind::kState) continue;
    const int64_t own = PageBytes(spec);
    if (own > 0 && own < page && page % own == 0) spec.block = SaturatingMultiply(spec.block, page / own);
  }
}

// Layers that a group size pads, over all kinds.
int64_t PaddedLayers(const CacheLayout& layout, int64_t group_size) {
  int64_t padded = 0;
  for (int i = 0; i < layout.count; ++i) {
    padded += RoundUp(layout.specs[static_cast<size_t>(i)].layers, group_size);
  }
  return padded;
}

// Models with caches of many kinds (DeepSeek-V4) are grouped so that few layers are padded: from the smallest
// kind up to half as many more.
int64_t LeastPadding(const CacheLayout& layout, int64_t least) {
  int64_t best = least, padded = PaddedLayers(layout, least);
  for (int64_t size = least + 1; size <= least + least / 2; ++size) {
    const int64_t candidate = PaddedLayers(layout, size);
    if (candidate < padded) {
      best = size;
      padded = candidate;
    }
  }
  return best;
}

// kv_cache_utils.get_kv_cache_groups for layers of different kinds.
void FormGroups(CacheLayout* layout) {
  int64_t least = internal::kInt64Max, most = 0;
  bool many_kinds = false;
  for (int i = 0; i < layout->count; ++i) {
    const CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
    least = std::min(least, spec.layers);
    most = std::max(most, spec.layers);
    many_kinds = many_kinds || spec.fits_page;
  }
  layout->group_size = 2 * most < 3 * least ? most : many_kinds ? LeastPadding(*layout, least) : least;
  for (int i = 0; i < layout->count; ++i) {
    CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
    spec.groups = CeilDiv(spec.layers, layout->group_size);
    layout->groups += spec.groups;
  }
}

bool AllFull(const CacheLayout& layout) {
  for (int i = 0; i < layout.count; ++i) {
    if (layout.specs[static_cast<size_t>(i)].kind != CacheKind::kFull) return false;
  }
  return true;
}

// The page that all groups share: the largest attention page or state.
int64_t SharedPage(const CacheLayout& layout, const Widest& widest) {
  int64_t page = 0;
  for (int i = 0; i < layout.count; ++i) {
    const CacheSpec& spec = layout.specs[static_cast<size_t>(i)];
    if (!spec.fits_page) page = std::max(page, PageBytes(spec));
  }
  return std::max({page, widest.state_bytes, page == 0 ? widest.token_bytes : 0});
}

void FinishLayout(CacheLayout* layout, int64_t block) {
  if (layout->count == 0) return;
  for (int i = 0; i < layout->count; ++i) layout->specs[static_cast<size_t>(i)].block = block;
  if (AllFull(*layout)) {
    // One group whose page is the sum over its layers (UniformTypeKVCacheSpecs).
    for (int i = 0; i < layout->count; ++i) {
      CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
      spec.groups = i == 0 ? 1 : 0;
      layout->block_bytes =
          SaturatingAdd(layout->block_bytes, SaturatingMultiply(PageBytes(spec), spec.layers));
      layout->group_size += spec.layers;
    }
    layout->page_bytes = PageBytes(layout->specs[0]);
    layout->groups = 1;
    layout->block_size = block;
    return;
  }
  const Widest widest = FindWidest(*layout);
  const int64_t page = SharedPage(*layout, widest);
  for (int i = 0; i < layout->count; ++i) {
    CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
    if (spec.fits_page) spec.block = std::max<int64_t>(1, page / std::max<int64_t>(1, spec.token_bytes));
  }
  UnifyPages(layout, page);
  FormGroups(layout);
  layout->page_bytes = page;
  layout->block_bytes = SaturatingMultiply(page, layout->group_size);
  layout->block_size = internal::kInt64Max;
  for (int i = 0; i < layout->count; ++i) {
    const CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
    layout->block_size = std::min(layout->block_size, spec.kind == CacheKind::kState ? block : spec.block);
  }
}

int64_t SpecBlocks(const CacheSpec& spec, const CacheLayout& layout, int64_t length) {
  switch (spec.kind) {
    case CacheKind::kFull:
      return CeilDiv(length, spec.block);
    case CacheKind::kSliding:
      // SlidingWindowSpec: the window may begin inside a block, hence one more.
      return CeilDiv(std::min(SaturatingAdd(spec.window - 1, layout.in_flight), length), spec.block) + 1;
    case CacheKind::kChunked:
      return CeilDiv(std::min(SaturatingAdd(spec.window, layout.in_flight), length), spec.block);
    case CacheKind::kState:
      return layout.states_per_sequence;
  }
  return 0;
}

// Before the hybrid manager V1 could drop what lies outside a window only when all layers slide
// (unify_hybrid_kv_cache_specs turned mixtures into full attention); V0 never did.
bool KeepsWindows(const Resolved& resolved, const VllmRules& rules) {
  if (rules.hybrid_manager || !rules.v1) return rules.v1;
  for (const LayerGroup& group : resolved.architecture->groups) {
    if (group.shape.attention.kind != AttentionKind::kSliding) return false;
  }
  return true;
}

}  // namespace

int64_t CacheLayout::BlocksPerSequence(int64_t length) const {
  int64_t blocks = 0;
  for (int i = 0; i < count; ++i) {
    const CacheSpec& spec = specs[static_cast<size_t>(i)];
    if (spec.groups > 0) blocks = SaturatingAdd(blocks, spec.groups * SpecBlocks(spec, *this, length));
  }
  return blocks;
}

CacheLayout LayOutCache(const Resolved& resolved, const VllmRules& rules, const LayerRange& range,
                        bool last) {
  const Architecture& architecture = *resolved.architecture;
  Builder builder(resolved, rules, KeepsWindows(resolved, rules));
  for (size_t g = 0; g < architecture.groups.size(); ++g) {
    builder.AddLayers(architecture.groups[g].shape, LayersIn(architecture, static_cast<int32_t>(g), range));
  }
  if (resolved.speculative.num_tokens > 0 && last) {
    switch (resolved.speculative.method) {
      case SpeculativeMethod::kMtp:
        builder.AddLayers(architecture.mtp_shape, architecture.mtp_layers);
        break;
      case SpeculativeMethod::kDraft:
      case SpeculativeMethod::kEagle:
        if (resolved.draft != nullptr) {
          for (const LayerGroup& group : resolved.draft->architecture.groups) {
            builder.AddLayers(group.shape, group.count);
          }
        } else if (!architecture.groups.empty()) {
          builder.AddLayers(architecture.groups.back().shape,
                            1);  // an EAGLE head: one layer like the target's
        }
        break;
    }
  }
  CacheLayout layout = *builder.layout();
  int64_t block = std::max<int64_t>(1, resolved.block_size);
  if (rules.v1) block = AlignedBlock(FindWidest(layout), block);
  FinishLayout(&layout, block);
  layout.in_flight = SaturatingMultiply(resolved.max_num_batched_tokens, rules.batches_in_flight);
  layout.states_per_sequence =
      1 + resolved.speculative.num_tokens + (rules.align_recurrent && resolved.enable_prefix_caching ? 1 : 0);
  return layout;
}

int64_t LongestSequence(const CacheLayout& layout, Bytes pool, int64_t limit) {
  if (layout.block_bytes <= 0) return limit;
  const int64_t blocks = pool.count() / layout.block_bytes;
  if (pool.count() <= 0 || blocks <= 0) return 0;
  if (layout.groups == 1 && layout.specs[0].kind == CacheKind::kFull) {
    return std::min(limit, SaturatingMultiply(blocks, layout.specs[0].block));
  }
  int64_t fits = 0, too_long = limit + 1;
  while (too_long - fits > 1) {
    const int64_t middle = fits + (too_long - fits) / 2;
    (layout.BlocksPerSequence(middle) <= blocks ? fits : too_long) = middle;
  }
  return fits;
}

double VllmLoggedConcurrency(const Resolved& resolved, const VllmRules& rules, const KvReport& kv) {
  const double length = static_cast<double>(std::max<int64_t>(1, resolved.max_model_len));
  const double blocks = static_cast<double>(kv.num_blocks);
  if (!rules.concurrency_by_pages) return blocks * static_cast<double>(kv.block_size) / length;
  int64_t most = 0;
  for (int64_t stage = 0; stage < resolved.pp; ++stage) {
    const LayerRange range = PipelineStage(resolved.architecture->layers, resolved.pp, stage);
    const CacheLayout layout = LayOutCache(resolved, rules, range, stage == resolved.pp - 1);
    if (layout.block_bytes > 0) most = std::max(most, layout.BlocksPerSequence(resolved.max_model_len));
  }
  return most > 0 ? blocks / static_cast<double>(most) : 0;
}

int64_t DefaultBlockSize(const Resolved& resolved, const VllmRules& rules) {
  const Gpu* gpu = resolved.cards.empty() ? nullptr : resolved.cards[0].gpu;
  bool latent = false, sparse = false, compressed = false;
  for (const LayerGroup& group : resolved.architecture->groups) {
    latent = latent || group.shape.attention.kind == AttentionKind::kLatent;
    sparse = sparse ||
             (group.shape.attention.kind == AttentionKind::kLatent && group.shape.attention.index_dim > 0);
    compressed = compressed || group.shape.attention.kind == AttentionKind::kCompressed;
  }
  if (compressed) return 256;  // vllm/models/deepseek_v4: the block that both ratios divide
  if (!rules.v1 || !latent || gpu == nullptr || gpu->vendor != Vendor::kNvidia) return 16;
  // vllm/platforms/cuda.py: FlashMLA wants 64, CUTLASS MLA 128.
  if (sparse || gpu->compute_capability == 90) return 64;
  if (gpu->compute_capability >= 100 && gpu->compute_capability < 120) return 128;
  return 16;
}

Bytes RecurrentStateBytes(const Resolved& resolved, const LayerRange& range) {
  Bytes sum;
  const Architecture& architecture = *resolved.architecture;
  for (size_t g = 0; g < architecture.groups.size(); ++g) {
    sum += Bytes(StateBytes(architecture.groups[g].shape.recurrent, resolved)) *
           LayersIn(architecture, static_cast<int32_t>(g), range);
  }
  return sum;
}

}  // namespace plimsoll
