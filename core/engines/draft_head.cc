#include "core/engines/draft_head.h"

#include <algorithm>

#include "core/arch/parallelism.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

// EAGLE-3 heads are trained with a reduced vocabulary (draft_vocab_size of the published heads).
constexpr int64_t kEagle3Vocabulary = 32000;
// Published DFlash drafts have five layers, which read five of the target's hidden states.
constexpr int64_t kDflashLayers = 5;

}  // namespace

DraftHead DraftHeadOf(SpeculativeMethod method) {
  switch (method) {
    case SpeculativeMethod::kEagle:
      return {.layers = 1, .joined = 2};
    case SpeculativeMethod::kEagle3:
      return {.layers = 1, .joined = 3, .layer_input = 2, .vocabulary = kEagle3Vocabulary};
    case SpeculativeMethod::kDflash:
      return {.layers = kDflashLayers, .joined = kDflashLayers};
    case SpeculativeMethod::kDraft:
    case SpeculativeMethod::kMtp:
    case SpeculativeMethod::kNgram:
      return {};
  }
  return {};
}

const LayerShape* DraftedShape(const Architecture& target) {
  const LayerShape* last = nullptr;
  for (const LayerGroup& group : target.groups) {
    const AttentionKind kind = group.shape.attention.kind;
    if (kind == AttentionKind::kFull || kind == AttentionKind::kLatent) last = &group.shape;
    if (last == nullptr && kind != AttentionKind::kNone) last = &group.shape;
  }
  return last;
}

Bytes DraftHeadBytes(const Architecture& target, SpeculativeMethod method, int64_t tp) {
  const DraftHead head = DraftHeadOf(method);
  const LayerShape* shape = DraftedShape(target);
  if (head.layers == 0 || shape == nullptr) return Bytes(0);
  const int64_t hidden = target.hidden;
  const Attention& attention = shape->attention;
  const int64_t queries =
      SaturatingMultiply(CeilDiv(attention.heads, tp), std::max<int64_t>(1, attention.key_dim));
  const int64_t keys = SaturatingMultiply(KvHeadsPerRank(std::max<int64_t>(1, attention.kv_heads), tp),
                                          attention.key_dim + attention.value_dim);
  const int64_t intermediate = CeilDiv(std::max(target.max_intermediate, 2 * hidden), tp);
  const int64_t layer = SaturatingMultiply(head.layer_input * hidden, queries + keys) +
                        SaturatingMultiply(hidden, queries + 3 * intermediate);
  return Bytes(2) *
         (SaturatingMultiply(SaturatingMultiply(head.joined, hidden), hidden) +
          SaturatingMultiply(head.layers, layer) + SaturatingMultiply(CeilDiv(head.vocabulary, tp), hidden));
}

}  // namespace plimsoll
