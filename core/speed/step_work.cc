#include "core/speed/step_work.h"

#include <algorithm>
#include <cmath>

#include "core/arch/kv_cache.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {
namespace {

double KvBytesPerElement(KvType type) {
  return static_cast<double>(KvTypeBytes(type, 32).count()) / 32;  // block types hold 32 elements
}

// Shares of a tensor that one rank reads.
class Shares {
 public:
  Shares(const Resolved& r, double tp)
      : tp_(tp),
        cut_(1 / tp),
        expert_(r.expert_parallel && !r.dp_attention ? 1 / (tp * static_cast<double>(r.dp)) : 1 / tp) {}

  double Of(const StepTensor& tensor) const {
    switch (tensor.sharding) {
      case Sharding::kReplicated:
        return 1;
      case Sharding::kKvRows:
        if (tensor.kv_heads == 0) return cut_;
        return tensor.kv_part / std::min(tp_, static_cast<double>(tensor.kv_heads)) +
               (1 - tensor.kv_part) / tp_;
      case Sharding::kExpert:
        return expert_;
      case Sharding::kRows:
      case Sharding::kColumns:
      case Sharding::kVocab:
        break;
    }
    return cut_;
  }

 private:
  const double tp_, cut_, expert_;
};

// Rounds of tiles over the tiles that would fill them: 40 tiles on 170 units take as long as 170.
double IdleFactor(double rows, double units) {
  constexpr double kTile = 128;
  const double tiles = std::max(1.0, std::ceil(rows / kTile));
  return std::ceil(tiles / units) * units / tiles;
}

// What follows from shapes alone, or from a safetensors format.
// Bytes that are read in tiles, and how long they take in bytes that all units read.
struct TiledReads {
  double units = 0, unit_speed = 1, bytes = 0, longer = 0;

  void Add(double read, double rows) {
    if (units <= 0) return;
    bytes += read;
    longer += read * std::max(1.0, IdleFactor(rows, units) / unit_speed);
  }
  double Idle() const { return bytes > 0 ? longer / bytes : 1; }
};

void AddUpTensors(const Resolved& r, double tp, const StepStyle& style, StepWork* work) {
  const Architecture& a = *r.architecture;
  const bool gguf = r.format->family == FormatFamily::kGguf;
  const size_t gguf_class = static_cast<size_t>(gguf ? ClassOfGguf(r.format->gguf_type) : FormatClass::kHalf);
  const Shares shares(r, tp);
  StepWork& totals = *work;
  std::array<uint8_t, 256> classes;  // of each scheme
  for (size_t i = 0; i < std::min(r.binding->schemes.size(), classes.size()); ++i) {
    classes[i] =
        static_cast<uint8_t>(gguf ? gguf_class : static_cast<size_t>(ClassOf(r.binding->schemes[i])));
  }
  double chosen = 1;  // experts per token
  for (const LayerGroup& group : a.groups) {
    if (group.shape.mlp.kind == MlpKind::kMoe)
      chosen = std::max(1.0, static_cast<double>(group.shape.mlp.experts_per_token));
  }
  TiledReads fp8, nvfp4;
  fp8.units = style.fp8_tile_units;
  nvfp4.units = style.nvfp4_tile_units;
  nvfp4.unit_speed = kNvfp4UnitSpeed;
  for (const StepTensor& tensor : r.binding->tensors.step) {
    const double share = shares.Of(tensor);
    // Of a matrix that is divided, inputs or outputs are whole on every rank.
    const double moved = tensor.in_and_out * (0.5 + 0.5 * share);
    const size_t f = classes[tensor.scheme];
    if (tensor.role == StepRole::kDense) {
      totals.dense_bytes[f] += tensor.bytes * share;
      // Rows are divided unless columns are; keys and values are part of the queries' product, as wide as the hidden
      // state.
      const double rows = tensor.kv_part == 1 ? static_cast<double>(a.hidden) : tensor.rows;
      const double own = tensor.sharding == Sharding::kColumns ? rows : rows * share;
      if (f == static_cast<size_t>(FormatClass::kFp8)) fp8.Add(tensor.bytes * share, own);
      if (f == static_cast<size_t>(FormatClass::kNvfp4)) nvfp4.Add(tensor.bytes * share, own);
      totals.dense_flops[f] += tensor.flops * share;
      totals.activations += moved;
    } else if (tensor.role == StepRole::kExpert) {
      totals.expert_bytes[f] += tensor.bytes * share;
      totals.expert_flops[f] += tensor.flops * share;
      totals.activations += moved * chosen;
    } else {
      totals.head_bytes = tensor.bytes * share;
      totals.head_flops = tensor.flops * share;
      totals.head_format = static_cast<int>(f);
    }
  }
  totals.fp8_idle = fp8.Idle();
  totals.nvfp4_idle = nvfp4.Idle();
  if (gguf) {
    const bool remembered = r.bound != nullptr && r.bound->format == r.format && r.bound->architecture == &a;
    const GgufLayout computed = remembered ? GgufLayout() : LayOutGguf(a, *r.format);
    const GgufLayout& layout = remembered ? r.bound->gguf : computed;
    const auto text = static_cast<size_t>(std::max<int64_t>(0, a.layers));
    const GgufLayout::Layer& sum = layout.before[std::min(layout.layers.size(), text)];
    totals.dense_bytes[gguf_class] += static_cast<double>(sum.dense.count()) / tp;
    totals.expert_bytes[gguf_class] += static_cast<double>(sum.experts.count()) / tp;
    totals.head_bytes = static_cast<double>(layout.output.count()) / tp;
  }
  for (size_t f = 0; f < kFormatClasses; ++f) {
    totals.dense_total += totals.dense_bytes[f];
    totals.expert_total += totals.expert_bytes[f];
  }
}

// The span of this length; more different windows than we keep fall to the nearest wider one.
size_t FindSpan(int64_t window, StepWork* work) {
  for (int i = 0; i < work->span_count; ++i) {
    if (work->span[static_cast<size_t>(i)] == window) return static_cast<size_t>(i);
  }
  if (work->span_count < kMaxSpans) {
    work->span[static_cast<size_t>(work->span_count)] = window;
    return static_cast<size_t>(work->span_count++);
  }
  size_t best = 0;
  for (size_t i = 0; i < kMaxSpans; ++i) {
    if (work->span[i] >= window && (work->span[best] < window || work->span[i] < work->span[best])) best = i;
  }
  return best;
}

struct SpanWork {
  double bytes = 0;         // cached, per token
  double query_bytes = 0;   // the same, read by every query head for itself
  double decode_flops = 0;  // per cached and new token
  double pair_flops = 0;    // per pair of tokens in prefill
  double scores = 0;        // heads times layers
};

void AddToSpan(int64_t window, double layers, const SpanWork& each, StepWork* work) {
  const size_t i = FindSpan(window, work);
  work->cached_bytes[i] += layers * each.bytes;
  work->query_bytes[i] += layers * each.query_bytes;
  work->cached_flops[i] += layers * each.decode_flops;
  work->pair_flops[i] += layers * each.pair_flops;
  work->pair_scores[i] += layers * each.scores;
}

void AddAttention(const Attention& at, double layers, double tp, KvTypes types, StepWork* work) {
  if (at.kind == AttentionKind::kNone) return;
  const double heads = std::max(1.0, static_cast<double>(at.heads) / tp);
  const double k_bytes = KvBytesPerElement(types.k);
  const double v_bytes = KvBytesPerElement(types.v);
  SpanWork each;
  each.scores = heads;
  const double key = static_cast<double>(at.key_dim);
  const double value = static_cast<double>(at.value_dim);
  if (at.kind == AttentionKind::kLatent) {
    const double latent = static_cast<double>(at.kv_lora_rank + at.rope_dim);
    each.bytes = each.query_bytes = latent * k_bytes;
    each.decode_flops = 2 * heads * (latent + static_cast<double>(at.kv_lora_rank));
    each.pair_flops = 2 * heads * (key + value);
  } else {
    const double kv_heads = std::max(1.0, static_cast<double>(at.kv_heads) / tp);
    each.bytes = kv_heads * (key * k_bytes + value * v_bytes);
    each.query_bytes = std::max(heads, kv_heads) * (key * k_bytes + value * v_bytes);
    each.decode_flops = each.pair_flops = 2 * heads * (key + value);
  }
  int64_t window = kWholeSequence;
  if (at.window > 0 && (at.kind == AttentionKind::kSliding || at.kind == AttentionKind::kChunked ||
                        at.kind == AttentionKind::kCompressed)) {
    window = at.window;
  }
  if (at.index_topk > 0) {  // a sparse indexer reads a short key of every token and picks the best
    const double index = static_cast<double>(at.index_dim);
    const double flops = 2 * static_cast<double>(at.index_heads) * index;
    AddToSpan(kWholeSequence, layers, {index, index, flops, flops, 0}, work);
    window = std::min(window, at.index_topk);
  }
  if (at.kind == AttentionKind::kCompressed && at.compress_ratio > 0) {
    AddToSpan(kWholeSequence, layers / static_cast<double>(at.compress_ratio), each, work);
  }
  AddToSpan(std::max<int64_t>(1, window), layers, each, work);
}

}  // namespace

double CausalPairs(int64_t from, int64_t count, int64_t span) {
  if (count <= 0) return 0;
  const double first = static_cast<double>(from);
  const double n = static_cast<double>(count);
  const double whole = n * first + n * (n + 1) / 2;  // token i of the run attends to from + i + 1 keys
  if (span >= from + count) return whole;
  const double w = static_cast<double>(span);
  if (from >= span) return n * w;
  const double ramp = w - first;  // tokens that still see everything
  return ramp * first + ramp * (ramp + 1) / 2 + (n - ramp) * w;
}

StepWork CountWork(const Resolved& r, const StepStyle& style) {
  StepWork work;
  if (r.architecture == nullptr || r.format == nullptr || r.binding == nullptr || r.cards.empty())
    return work;
  const Architecture& a = *r.architecture;
  const double tp = static_cast<double>(style.ranks);
  AddUpTensors(r, tp, style, &work);
  for (const LayerGroup& group : a.groups) {
    const double count = static_cast<double>(group.count);
    const LayerShape& shape = group.shape;
    AddAttention(shape.attention, count, tp, r.kv_cache_dtype, &work);
    work.layers += count;
    const bool mixes =
        shape.attention.kind != AttentionKind::kNone || shape.recurrent.kind != RecurrentKind::kNone;
    work.sublayers += count * ((mixes ? 1 : 0) + (shape.mlp.kind != MlpKind::kNone ? 1 : 0));
    if (shape.attention.index_topk > 0) work.index_layers += count;
    if (shape.attention.kind == AttentionKind::kLatent) work.latent_layers += count;
    if (shape.mlp.kind == MlpKind::kMoe) {
      work.moe_layers += count;
      if (work.expert_count == 0) {
        work.expert_count = shape.mlp.experts;
        work.experts_per_token = shape.mlp.experts_per_token;
        work.expert_width = static_cast<double>(shape.mlp.expert_intermediate) / (r.expert_parallel ? 1 : tp);
      }
    }
    if (shape.recurrent.kind != RecurrentKind::kNone) {
      work.recurrent_layers += count;
      const double elements =
          static_cast<double>(StateElements(shape.recurrent) + ConvolutionElements(shape.recurrent)) / tp;
      const bool wide = shape.recurrent.state_fp32 || style.wide_states;
      work.state_bytes += count * elements * (wide ? 4 : 2);
      work.state_flops += count * elements * 6;  // decay, update and read, a multiply and an add each
    }
  }
  work.hidden = static_cast<double>(a.hidden);
  work.main_format = static_cast<int>(
      r.format->family == FormatFamily::kGguf
          ? ClassOfGguf(r.format->gguf_type)
          : (r.binding->schemes.size() > 1 ? ClassOf(r.binding->schemes[1]) : FormatClass::kHalf));
  work.host_dense = style.host_dense;
  work.host_experts = style.host_experts;
  return work;
}

}  // namespace plimsoll
