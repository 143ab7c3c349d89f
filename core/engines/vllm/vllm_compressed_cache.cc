#include "core/engines/vllm/vllm_compressed_cache.h"

#include <algorithm>
#include <array>

#include "core/arch/kv_cache.h"

namespace plimsoll {
namespace {

using internal::SaturatingAdd;
using internal::SaturatingMultiply;

constexpr int64_t kWindowBlock = 64;  // sparse_swa.py
constexpr int64_t kAlignment = 576;   // attention.py get_kv_cache_spec, with an fp8 cache
constexpr int64_t kScaleBlock = 64;   // values that share a scale of one byte

struct Pages {
  int64_t bytes = 0;   // of one page
  int64_t layers = 0;  // that have one
};

// A group before it is split: pages of up to three sizes, one page of each per layer.
struct Kind {
  CacheKind kind = CacheKind::kFull;
  int64_t window = 0;
  int64_t block = 0;
  std::array<Pages, 3> pages;
  int count = 0;

  void Add(int64_t bytes, int64_t layers) {
    for (int i = 0; i < count; ++i) {
      Pages& known = pages[static_cast<size_t>(i)];
      if (known.bytes != bytes) continue;
      known.layers += layers;
      return;
    }
    if (count < 3) pages[static_cast<size_t>(count++)] = {bytes, layers};
  }
  int64_t Tuples() const {
    int64_t most = 0;
    for (int i = 0; i < count; ++i) most = std::max(most, pages[static_cast<size_t>(i)].layers);
    return most;
  }
  int64_t Bytes() const {
    int64_t sum = 0;
    for (int i = 0; i < count; ++i) {
      const Pages& page = pages[static_cast<size_t>(i)];
      sum = SaturatingAdd(sum, SaturatingMultiply(page.bytes, page.layers));
    }
    return sum;
  }
};

enum { kEveryToken, kWindow, kSearchedState, kPlainState, kKinds };

// One head: fp8 values, a scale of one byte per 64 (padded to 8), the rotary part in 16 bits.
int64_t EntryBytes(const Attention& attention, bool fp8) {
  if (!fp8) return attention.key_dim * 2;
  const int64_t plain = attention.key_dim - attention.rope_dim;
  return plain + RoundUp(CeilDiv(plain, kScaleBlock), 8) + attention.rope_dim * 2;
}

int64_t PowerOfTwoUpTo(int64_t limit) {
  int64_t power = 1;
  while (power * 2 <= limit) power *= 2;
  return power;
}

class Builder {
 public:
  explicit Builder(const Resolved& resolved)
      : block_(std::max<int64_t>(1, resolved.block_size)), fp8_(IsFp8(resolved.kv_cache_dtype.k)) {
    kinds_[kEveryToken].block = block_;
    kinds_[kWindow] = {.kind = CacheKind::kSliding, .block = kWindowBlock, .pages = {}};
    kinds_[kSearchedState].kind = kinds_[kPlainState].kind = CacheKind::kSliding;
  }

  void Add(const Attention& attention, int64_t layers) {
    if (layers <= 0 || attention.kind != AttentionKind::kCompressed) return;
    const int64_t entry = EntryBytes(attention, fp8_);
    kinds_[kWindow].window = attention.window;
    kinds_[kWindow].Add(Aligned(kWindowBlock * entry), layers);
    const int64_t ratio = attention.compress_ratio;
    if (ratio <= 0) return;
    const int64_t entries = CeilDiv(block_, ratio);
    kinds_[kEveryToken].Add(Aligned(entries * entry), layers);
    // Keys and scores in float32, twice where compression windows overlap.
    const bool searched = attention.index_dim > 0;
    const int64_t overlap = searched ? 2 : 1;
    Kind& state = kinds_[searched ? kSearchedState : kPlainState];
    const int64_t per_token = 2 * overlap * attention.key_dim * 4;
    state.window = overlap * ratio;
    state.block = PowerOfTwoUpTo(kWindowBlock * entry / std::max<int64_t>(1, per_token));
    state.Add(Aligned(state.block * per_token), layers);
    if (!searched) return;
    kinds_[kEveryToken].Add(Aligned(entries * IndexerBytesPerToken(attention)), layers);
    state.Add(Aligned(state.block * 2 * overlap * attention.index_dim * 4), layers);
  }

  CacheLayout Build() {
    PadStates();
    const int64_t tuples = LeastPadding();
    CacheLayout layout;
    layout.group_size = tuples;
    layout.block_size = block_;
    layout.first_page_bytes = kinds_[kEveryToken].Bytes();
    for (Kind& kind : kinds_) {
      if (kind.count == 0) continue;
      CacheSpec spec;
      spec.kind = kind.kind;
      spec.window = kind.window;
      spec.block = kind.block;
      spec.layers = kind.Tuples();
      spec.layer_pages_bytes = kind.Bytes();
      spec.groups = &kind == &kinds_[kEveryToken] ? 1 : CeilDiv(kind.Tuples(), tuples);
      layout.groups += spec.groups;
      layout.specs[static_cast<size_t>(layout.count++)] = spec;
      for (int i = 0; i < kind.count; ++i) {
        const Pages& page = kind.pages[static_cast<size_t>(i)];
        Bucket(page.bytes, CeilDiv(page.layers, spec.groups));
      }
    }
    layout.block_bytes = buckets_.Bytes();
    layout.page_bytes = layout.block_bytes / std::max<int64_t>(1, tuples);
    return layout;
  }

 private:
  int64_t Aligned(int64_t bytes) const { return fp8_ ? RoundUp(bytes, kAlignment) : bytes; }

  // Pages of states are made as large as the next larger page of the first group.
  void PadStates() {
    const Kind& full = kinds_[kEveryToken];
    for (const int index : {kWindow, kSearchedState, kPlainState}) {
      Kind padded = kinds_[static_cast<size_t>(index)];
      const Kind given = padded;
      padded.count = 0;
      for (int i = 0; i < given.count; ++i) {
        Pages page = given.pages[static_cast<size_t>(i)];
        int64_t next = internal::kInt64Max;
        for (int k = 0; k < full.count; ++k) {
          const int64_t size = full.pages[static_cast<size_t>(k)].bytes;
          if (size >= page.bytes) next = std::min(next, size);
        }
        padded.Add(next == internal::kInt64Max ? page.bytes : next, page.layers);
      }
      kinds_[static_cast<size_t>(index)] = padded;
    }
  }

  // _approximate_gcd: how many layers a group takes so that few are padded.
  int64_t LeastPadding() const {
    int64_t most = 1;
    for (const Kind& kind : kinds_) most = std::max(most, kind.Tuples());
    int64_t best = most, padded = internal::kInt64Max;
    for (int64_t size = std::max<int64_t>(1, kinds_[kEveryToken].Tuples()); size <= most; ++size) {
      int64_t padding = 0;
      for (const Kind& kind : kinds_) padding += RoundUp(kind.Tuples(), size) - kind.Tuples();
      if (padding <= padded) {
        best = size;
        padded = padding;
      }
    }
    return best;
  }

  // A block has as many pages of a size as the group that has most of them.
  void Bucket(int64_t bytes, int64_t layers) {
    for (int i = 0; i < buckets_.count; ++i) {
      Pages& known = buckets_.pages[static_cast<size_t>(i)];
      if (known.bytes != bytes) continue;
      known.layers = std::max(known.layers, layers);
      return;
    }
    buckets_.Add(bytes, layers);
  }

  const int64_t block_;
  const bool fp8_;
  std::array<Kind, kKinds> kinds_;
  Kind buckets_;
};

}  // namespace

bool HasCompressedCache(const Architecture& architecture) {
  return std::any_of(architecture.groups.begin(), architecture.groups.end(), [](const LayerGroup& group) {
    return group.shape.attention.kind == AttentionKind::kCompressed;
  });
}

CacheLayout LayOutCompressedCache(const Resolved& resolved, const LayerRange& range, bool last) {
  const Architecture& architecture = *resolved.architecture;
  Builder builder(resolved);
  for (size_t g = 0; g < architecture.groups.size(); ++g) {
    const int32_t group = static_cast<int32_t>(g);
    builder.Add(architecture.groups[g].shape.attention,
                architecture.LayersBefore(group, static_cast<int32_t>(range.last)) -
                    architecture.LayersBefore(group, static_cast<int32_t>(range.first)));
  }
  const bool mtp =
      resolved.speculative.num_tokens > 0 && resolved.speculative.method == SpeculativeMethod::kMtp;
  if (mtp && last) builder.Add(architecture.mtp_shape.attention, architecture.mtp_layers);
  return builder.Build();
}

}  // namespace plimsoll
