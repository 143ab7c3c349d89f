#include "core/arch/kv_cache.h"

#include <algorithm>

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

// DeepSeek-V4 keeps one entry of the key width per `compress_ratio` tokens; the window itself is
// uncompressed.
Bytes EntryBytes(const Attention& attention, const KvTypes& types) {
  return KvTypeBytes(types.k, KeyElements(attention)) + KvTypeBytes(types.v, ValueElements(attention));
}

}  // namespace

int64_t KeyElements(const Attention& attention) {
  if (attention.shares_kv || attention.kind == AttentionKind::kNone) return 0;
  if (attention.kind == AttentionKind::kLatent) return attention.kv_lora_rank + attention.rope_dim;
  return SaturatingMultiply(attention.kv_heads, attention.key_dim);
}

int64_t ValueElements(const Attention& attention) {
  if (attention.shares_kv) return 0;
  switch (attention.kind) {
    case AttentionKind::kNone:
    case AttentionKind::kLatent:
    case AttentionKind::kCompressed:  // the single latent head serves as key and value
      return 0;
    default:
      return SaturatingMultiply(attention.kv_heads, attention.value_dim);
  }
}

int64_t CachedTokens(const Attention& attention, int64_t length) {
  switch (attention.kind) {
    case AttentionKind::kNone:
      return 0;
    case AttentionKind::kSliding:
    case AttentionKind::kChunked:
    case AttentionKind::kCompressed:
      return attention.window > 0 ? std::min(length, attention.window) : length;
    default:
      return length;
  }
}

int64_t ConvolutionElements(const Recurrent& recurrent) {
  if (recurrent.kind == RecurrentKind::kNone || recurrent.conv_kernel < 2) return 0;
  return SaturatingMultiply(recurrent.conv_kernel - 1, recurrent.conv_channels);
}

int64_t StateElements(const Recurrent& recurrent) {
  switch (recurrent.kind) {
    case RecurrentKind::kNone:
      return 0;
    case RecurrentKind::kMamba1:
      return SaturatingMultiply(recurrent.inner, recurrent.state_dim);
    case RecurrentKind::kMamba2:
      return SaturatingMultiply(SaturatingMultiply(recurrent.heads, recurrent.head_dim), recurrent.state_dim);
    default:
      return SaturatingMultiply(SaturatingMultiply(recurrent.heads, recurrent.head_dim),
                                recurrent.key_dim > 0 ? recurrent.key_dim : recurrent.head_dim);
  }
}

Bytes KvTypeBytes(KvType type, int64_t elements) {
  const auto blocks = [elements](int64_t bytes) { return Bytes(CeilDiv(elements, 32)) * bytes; };
  switch (type) {
    case KvType::kFp32:
      return Bytes(elements) * 4;
    case KvType::kFp8:
      return Bytes(elements);
    case KvType::kQ8_0:
      return blocks(34);
    case KvType::kQ5_1:
      return blocks(24);
    case KvType::kQ5_0:
      return blocks(22);
    case KvType::kQ4_1:
      return blocks(20);
    case KvType::kQ4_0:
      return blocks(18);
    default:
      return Bytes(elements) * 2;
  }
}

int64_t IndexerBytesPerToken(const Attention& attention) {
  // A layer that takes another's choice of tokens keeps no index keys (GLM-5.2).
  if (attention.index_dim <= 0 || attention.shares_kv || attention.index_shared) return 0;
  return attention.index_dim + CeilDiv(attention.index_dim, 128) * 4;
}

Bytes KvBytesPerToken(const Architecture& architecture, const KvTypes& types) {
  Bytes sum;
  for (const LayerGroup& group : architecture.groups) {
    const Attention& attention = group.shape.attention;
    Bytes layer;
    switch (attention.kind) {
      case AttentionKind::kFull:
      case AttentionKind::kLatent:
        layer = EntryBytes(attention, types) + Bytes(IndexerBytesPerToken(attention));
        break;
      case AttentionKind::kCompressed:
        if (attention.compress_ratio > 0) {
          // Rounded per group of layers, so that a ratio of 128 does not vanish.
          sum += (EntryBytes(attention, types) + Bytes(IndexerBytesPerToken(attention))) * group.count /
                 attention.compress_ratio;
        }
        break;
      default:
        break;
    }
    sum += layer * group.count;
  }
  return sum;
}

Bytes KvBytesPerSequence(const Architecture& architecture, const KvTypes& types, int64_t length) {
  Bytes sum;
  for (const LayerGroup& group : architecture.groups) {
    const Attention& attention = group.shape.attention;
    Bytes layer = EntryBytes(attention, types) * CachedTokens(attention, length);
    if (attention.kind == AttentionKind::kCompressed) {
      if (attention.compress_ratio > 0) {
        layer += (EntryBytes(attention, types) + Bytes(IndexerBytesPerToken(attention))) *
                 (length / attention.compress_ratio);
      }
    } else if (attention.kind != AttentionKind::kNone) {
      layer += Bytes(IndexerBytesPerToken(attention)) * length;
    }
    sum += layer * group.count;
  }
  return sum;
}

}  // namespace plimsoll
