#include "core/engines/vllm/vllm_kv_cache.h"

#include <algorithm>
#include <string_view>

#include "core/arch/kv_cache.h"
#include "core/engines/draft_head.h"
#include "core/engines/rank_weights.h"
#include "core/engines/vllm/vllm_compressed_cache.h"

namespace plimsoll {
namespace {

using internal::SaturatingAdd;
using internal::SaturatingMultiply;

// vllm/v1/attention/backends: the smallest block that the kernels take.
constexpr int64_t kKernelBlock = 16;

int64_t ModelBytes(const Resolved& resolved) { return resolved.format->dtype == DType::kFp32 ? 4 : 2; }

// Bytes of a latent per token. vllm/v1/kv_cache_interface.py MLAAttentionSpec: sparse models with an fp8
// cache take 512 fp8 values, 4 scales and 64 values of 16 bits. V0 aligned to 256 bytes
// (CacheEngine.align_cache).
int64_t LatentBytes(const Attention& attention, const Resolved& resolved, const VllmRules& rules) {
  const KvType type = resolved.kv_cache_dtype.k;
  if (attention.index_dim > 0 && IsFp8(type)) {
    return attention.kv_lora_rank + CeilDiv(attention.kv_lora_rank, 128) * 4 + attention.rope_dim * 2;
  }
  const int64_t width = attention.kv_lora_rank + attention.rope_dim;
  const int64_t bytes = KvHeadBytes(type, width);
  return rules.latent_padded ? RoundUp(bytes, 256) : bytes;
}

int64_t TokenBytes(const Attention& attention, const Resolved& resolved, const VllmRules& rules) {
  if (attention.shares_kv) return 0;
  switch (attention.kind) {
    case AttentionKind::kNone:
    case AttentionKind::kBidirectional:
      return 0;
    case AttentionKind::kLatent:
      if (rules.latent_attention) return LatentBytes(attention, resolved, rules);
      // Before MLA, keys and values of every head, padded to a width that the kernels knew.
      return 2 * CeilDiv(attention.heads, resolved.tp) *
             KvHeadBytes(resolved.kv_cache_dtype.k, RoundUp(attention.nope_dim + attention.rope_dim, 256));
    case AttentionKind::kCompressed:
      return 0;  // vllm_compressed_cache.h
    default:
      return KvHeadsPerRank(attention.kv_heads, resolved.tp) *
             (KvHeadBytes(resolved.kv_cache_dtype.k, attention.key_dim) +
              KvHeadBytes(resolved.kv_cache_dtype.v, attention.value_dim));
  }
}

// vllm/model_executor/layers/mamba/mamba_utils.py MambaStateShapeCalculator and ...DtypeCalculator.
int64_t StateBytes(const Recurrent& recurrent, const Resolved& resolved) {
  if (recurrent.kind == RecurrentKind::kNone) return 0;
  const int64_t tp = resolved.tp;
  const int64_t given = resolved.convolution_element;
  const int64_t model = given > 0 ? given : ModelBytes(resolved);
  const bool wide = recurrent.state_fp32 || recurrent.kind == RecurrentKind::kKimiDelta;
  // A given type is taken, whatever the model's configuration asks for.
  const int64_t state = resolved.state_element > 0 ? resolved.state_element : wide ? 4 : model;
  const int64_t drafts = resolved.speculative.num_tokens;
  const int64_t channels = ConvolutionChannelsPerRank(recurrent, tp);
  const int64_t convolution =
      recurrent.conv_kernel > 1 ? (recurrent.conv_kernel - 1 + drafts) * channels * model : 0;
  return SaturatingAdd(convolution, CeilDiv(StateElements(recurrent), tp) * state);
}

class Builder {
 public:
  // `keeps_windows`: sliding layers let go of what lies outside their window.
  Builder(const Resolved& resolved, const VllmRules& rules, bool keeps_windows)
      : resolved_(resolved), rules_(rules), keeps_windows_(keeps_windows) {}

  void AddLayers(const LayerShape& shape, int64_t layers) {
    if (layers <= 0) return;
    AddAttention(shape.attention, layers);
    AddCross(shape.cross, layers);
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
  // CrossAttentionSpec (vllm/v1/kv_cache_interface.py): a block table over the encoder's tokens.
  void AddCross(const CrossAttention& cross, int64_t layers) {
    if (cross.heads <= 0) return;
    CacheSpec spec;
    spec.kind = CacheKind::kCross;
    spec.token_bytes = KvHeadsPerRank(cross.kv_heads, resolved_.tp) *
                       (KvHeadBytes(resolved_.kv_cache_dtype.k, cross.head_dim) +
                        KvHeadBytes(resolved_.kv_cache_dtype.v, cross.head_dim));
    spec.window = cross.source_tokens;
    Add(spec, layers);
  }

  void AddAttention(const Attention& attention, int64_t layers) {
    CacheSpec spec;
    spec.token_bytes = TokenBytes(attention, resolved_, rules_);
    if (spec.token_bytes <= 0) return;
    if (keeps_windows_ && attention.window > 0 && attention.kind == AttentionKind::kSliding) {
      spec.kind = CacheKind::kSliding;
      spec.window = attention.window;
    }
    // Chunked layers count as full: vLLM switches its hybrid manager off for them by default
    // (VLLM_ALLOW_CHUNKED_LOCAL_ATTN_WITH_HYBRID_KV_CACHE).
    Add(spec, layers);
    AddIndexer(attention, layers);
  }

  void AddIndexer(const Attention& attention, int64_t layers) {
    if (attention.index_dim <= 0 || attention.index_shared) return;
    CacheSpec spec;
    spec.token_bytes = IndexerBytesPerToken(attention);
    Add(spec, layers);
  }

  void Add(const CacheSpec& wanted, int64_t layers) {
    for (int i = 0; i < layout_.count; ++i) {
      CacheSpec& spec = layout_.specs[static_cast<size_t>(i)];
      if (spec.kind == wanted.kind && spec.token_bytes == wanted.token_bytes &&
          spec.state_bytes == wanted.state_bytes && spec.window == wanted.window) {
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

int64_t PageBytes(const CacheSpec& spec) { return SaturatingMultiply(spec.block, spec.token_bytes); }

// unify_kv_cache_spec_page_size: smaller pages take more tokens, or are padded when the sizes do not divide.
void UnifyPages(CacheLayout* layout, int64_t page) {
  for (int i = 0; i < layout->count; ++i) {
    CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
    if (spec.kind == CacheKind::kState) continue;
    const int64_t own = PageBytes(spec);
    if (own > 0 && own < page && page % own == 0) spec.block = SaturatingMultiply(spec.block, page / own);
  }
}

// kv_cache_utils.get_kv_cache_groups for layers of different kinds.
void FormGroups(CacheLayout* layout) {
  int64_t least = internal::kInt64Max, most = 0;
  for (int i = 0; i < layout->count; ++i) {
    const CacheSpec& spec = layout->specs[static_cast<size_t>(i)];
    least = std::min(least, spec.layers);
    most = std::max(most, spec.layers);
  }
  layout->group_size = 2 * most < 3 * least ? most : least;
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
    page = std::max(page, PageBytes(spec));
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

// Before the hybrid manager V1 could drop what lies outside a window only when all layers slide
// (unify_hybrid_kv_cache_specs turned mixtures into full attention); V0 never did.
bool KeepsWindows(const Resolved& resolved, const VllmRules& rules) {
  if (rules.hybrid_manager || !rules.v1) return rules.v1;
  for (const LayerGroup& group : resolved.architecture->groups) {
    if (group.shape.attention.kind != AttentionKind::kSliding) return false;
  }
  return true;
}

int64_t MostBlocksForConcurrency(const Resolved& resolved, const VllmRules& rules) {
  int64_t most = 0;
  for (int64_t stage = 0; stage < resolved.pp; ++stage) {
    const LayerRange range = PipelineStage(resolved.architecture->layers, resolved.pp, stage);
    const CacheLayout layout = LayOutCache(resolved, rules, range, stage == resolved.pp - 1);
    if (layout.block_bytes > 0) most = std::max(most, layout.BlocksForConcurrency(resolved.max_model_len));
  }
  return most;
}

}  // namespace

CacheLayout LayOutCache(const Resolved& resolved, const VllmRules& rules, const LayerRange& range,
                        bool last) {
  const Architecture& architecture = *resolved.architecture;
  if (HasCompressedCache(architecture)) {
    CacheLayout compressed = LayOutCompressedCache(resolved, range, last);
    compressed.in_flight = SaturatingMultiply(resolved.max_num_batched_tokens, rules.batches_in_flight);
    return compressed;
  }
  Builder builder(resolved, rules, KeepsWindows(resolved, rules));
  for (size_t g = 0; g < architecture.groups.size(); ++g) {
    builder.AddLayers(architecture.groups[g].shape, LayersIn(architecture, static_cast<int32_t>(g), range));
  }
  if (resolved.speculative.num_tokens > 0 && last) {
    switch (resolved.speculative.method) {
      case SpeculativeMethod::kMtp:
        builder.AddLayers(architecture.mtp_shape, architecture.mtp_layers);
        break;
      case SpeculativeMethod::kNgram:
        break;
      case SpeculativeMethod::kDraft:
      case SpeculativeMethod::kEagle:
      case SpeculativeMethod::kEagle3:
      case SpeculativeMethod::kDflash:
        if (resolved.draft != nullptr) {
          for (const LayerGroup& group : resolved.draft->architecture().groups) {
            builder.AddLayers(group.shape, group.count);
          }
        } else if (const LayerShape* shape = DraftedShape(architecture)) {
          builder.AddLayers(*shape, DraftHeadOf(resolved.speculative.method).layers);
        }
        break;
    }
  }
  CacheLayout layout = *builder.layout();
  int64_t block = std::max<int64_t>(1, resolved.block_size);
  if (rules.v1) block = AlignedBlock(FindWidest(layout), block);
  FinishLayout(&layout, block);
  layout.in_flight = SaturatingMultiply(resolved.max_num_batched_tokens, rules.batches_in_flight);
  const bool aligned = resolved.state_mode == StateCacheMode::kAuto
                           ? rules.align_recurrent && resolved.enable_prefix_caching
                           : resolved.state_mode == StateCacheMode::kAlign;
  layout.states_per_sequence = 1 + resolved.speculative.num_tokens + (aligned ? 1 : 0);
  if (resolved.state_mode == StateCacheMode::kAll) layout.state_block = block;
  return layout;
}

bool VllmHasStates(const Architecture& architecture) {
  return std::any_of(architecture.groups.begin(), architecture.groups.end(), [](const LayerGroup& group) {
    return group.shape.recurrent.kind != RecurrentKind::kNone;
  });
}

double VllmLoggedConcurrency(const Resolved& resolved, const VllmRules& rules, const KvReport& kv,
                             std::optional<int64_t> most_blocks) {
  const double length = static_cast<double>(std::max<int64_t>(1, resolved.max_model_len));
  const double blocks = static_cast<double>(kv.num_blocks);
  if (!rules.concurrency_by_pages) return blocks * static_cast<double>(kv.block_size) / length;
  const int64_t most = most_blocks ? *most_blocks : MostBlocksForConcurrency(resolved, rules);
  return most > 0 ? blocks / static_cast<double>(most) : 0;
}

namespace {

// The blocks that a kernel of latent attention was written for, where it is asked for by name
// (vllm/v1/attention/backends/mla: flashmla.py, cutlass_mla.py, flashinfer_mla.py).
int64_t BlockOfKernel(std::string_view name) {
  if (name == "CUTLASS_MLA") return 128;
  if (name == "FLASHMLA" || name == "FLASHMLA_VLLM_V1" || name == "FLASHINFER_MLA") return 64;
  return name.empty() ? 0 : 16;
}

}  // namespace

int64_t DefaultBlockSize(const Resolved& resolved, const VllmRules& rules) {
  const Gpu* gpu = resolved.cards.empty() ? nullptr : resolved.cards[0].gpu;
  bool latent = false, sparse = false;
  for (const LayerGroup& group : resolved.architecture->groups) {
    latent = latent || group.shape.attention.kind == AttentionKind::kLatent;
    sparse = sparse ||
             (group.shape.attention.kind == AttentionKind::kLatent && group.shape.attention.index_dim > 0);
  }
  if (HasCompressedCache(*resolved.architecture))
    return 256;  // vllm/models/deepseek_v4: the block that both ratios divide
  if (!rules.v1 || !latent || gpu == nullptr || gpu->vendor != Vendor::kNvidia) return 16;
  const int64_t asked = BlockOfKernel(resolved.attention_backend);
  if (asked > 0 && !sparse) return asked;
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
