#include "core/throughput.h"

#include <algorithm>
#include <cmath>

#include "core/gguf_recipe.h"
#include "core/interconnect.h"
#include "core/measured_speeds.h"

namespace plimsoll {

namespace {

// 32 tokens: below that llama.cpp computes host-resident weights on the CPU, above it sends them to the card
// (ggml-cuda.cu, ggml_backend_cuda_device_offload_op: min_batch_size).
constexpr int64_t kStreamThreshold = 32;

double Positive(double value, double fallback) { return value > 0 ? value : fallback; }

// base^exponent with the same roundings everywhere (libm's pow differs between platforms).
double IntegerPower(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

// Routed experts of `count` that `tokens` tokens touch, each choosing `chosen` at random.
double DistinctExperts(int64_t count, int64_t chosen, int64_t tokens) {
  if (count <= 0 || tokens <= 0) return 0;
  const double share = std::min(1.0, static_cast<double>(chosen) / static_cast<double>(count));
  return static_cast<double>(count) * (1 - IntegerPower(1 - share, tokens));
}

// Reading weights and computing with them overlap, but not perfectly where they balance: a norm of order 4.
double Overlap(double memory, double compute) {
  const double m = memory * memory;
  const double c = compute * compute;
  return std::sqrt(std::sqrt(m * m + c * c));
}

double KvBytesPerElement(KvType type) {
  switch (type) {
    case KvType::kFp32:
      return 4;
    case KvType::kFp8:
      return 1;
    case KvType::kQ8_0:
      return 34.0 / 32;
    case KvType::kQ5_1:
      return 24.0 / 32;
    case KvType::kQ5_0:
      return 22.0 / 32;
    case KvType::kQ4_1:
      return 20.0 / 32;
    case KvType::kQ4_0:
      return 18.0 / 32;
    case KvType::kAuto:
    case KvType::kFp16:
    case KvType::kBf16:
      return 2;
  }
  return 2;
}

// What one card reaches in this engine, with the class's factors applied.
struct Rates {
  double bandwidth = 1;
  double half = 1;  // 16-bit tensor peak
  std::array<double, kFormatClasses> stream{};
  std::array<double, kFormatClasses> compute{};  // operations per second
  double expert_stream = 1, expert_compute = 1;
  double cache = 1;      // bytes per second
  double attention = 1;  // operations per second
  double layer = 0, moe_layer = 0, recurrent_layer = 0;
};

// The rate of the units that a format's kernels use.
double Peak(EngineGroup group, FormatClass format, const Gpu& gpu) {
  const double half = Positive(std::max(gpu.fp16.value(), gpu.bf16.value()), gpu.fp32.value());
  const double fallback = Positive(half, 1e13);
  const bool blackwell_hbm = gpu.compute_capability >= 100 && gpu.compute_capability < 110;
  if (group == EngineGroup::kGgml) {
    // llama.cpp accumulates in 16 bits where that is faster; without tensor cores it uses integer dot
    // products.
    const double fast = std::max(half, gpu.fp16_fast.value());
    const bool pascal = gpu.vendor == Vendor::kNvidia && gpu.compute_capability < 70;
    if (pascal) return Positive(std::max(gpu.int8.value() / 2, gpu.fp32.value()), fallback);
    return Positive(fast, fallback);
  }
  switch (format) {
    case FormatClass::kFp8:
      return gpu.fp8_native && gpu.fp8.value() > 0 ? gpu.fp8.value() : fallback;
    case FormatClass::kFp4:
      // FP4 tensor cores are used on data-centre Blackwell; elsewhere weights are unpacked to 16 bits
      // (Marlin).
      if (blackwell_hbm && gpu.fp8.value() > 0) return gpu.fp8.value();
      return fallback;
    default:
      return fallback;
  }
}

bool IsSlowAttention(const Resolved& r) { return r.engine == EngineKind::kLlamaCpp && !r.flash_attention; }

Rates FindRates(const Resolved& r, const MeasuredSpeeds& speeds, const Gpu& gpu) {
  const EngineSpeeds& engine = speeds.engines[static_cast<size_t>(r.engine)];
  const EngineGroup group = GroupOf(r.engine);
  const CardFactors& card = speeds.cards[static_cast<size_t>(group)][static_cast<size_t>(ClassOf(gpu))];
  Rates rates;
  rates.bandwidth = Positive(gpu.bandwidth.value(), 1e11);
  rates.half = Peak(group, FormatClass::kHalf, gpu);
  for (size_t f = 0; f < kFormatClasses; ++f) {
    rates.stream[f] = rates.bandwidth * std::min(0.97, engine.stream[f].value * card.stream.value);
    rates.compute[f] =
        Peak(group, static_cast<FormatClass>(f), gpu) * engine.compute[f].value * card.compute.value;
  }
  rates.expert_stream = engine.expert_stream.value;
  rates.expert_compute = engine.expert_compute.value;
  const double cache = IsSlowAttention(r) ? engine.cache_stream_slow.value : engine.cache_stream.value;
  rates.cache = rates.bandwidth * std::min(0.97, cache * card.stream.value);
  rates.attention = rates.half * engine.attention_compute.value * card.compute.value;
  double layer = 1e-6 * card.layer.value;
  if (r.engine == EngineKind::kLlamaCpp && r.version.date > 0 && r.version.date < 20250101) {
    layer *= speeds.ggml_old_layer.value;
  }
  if (r.enforce_eager) layer *= speeds.eager_layer.value;
  rates.layer = layer * engine.layer_us.value;
  rates.moe_layer = layer * engine.moe_layer_us.value;
  rates.recurrent_layer = layer * engine.recurrent_layer_us.value;
  return rates;
}

// The card that decides: with tensor parallelism the slowest; with a layer split each works in turn.
const Gpu& SlowestCard(const Resolved& r) {
  const Gpu* slowest = r.cards.front().gpu;
  for (const Card& card : r.cards) {
    if (card.gpu != nullptr && card.gpu->bandwidth < slowest->bandwidth) slowest = card.gpu;
  }
  return *slowest;
}

// ---- weights
// -------------------------------------------------------------------------------------------------------

struct WeightTotals {
  // Per format class: bytes that one rank reads and operations per token.
  std::array<double, kFormatClasses> dense_bytes{}, dense_flops{};
  std::array<double, kFormatClasses> expert_bytes{}, expert_flops{};  // all experts; one token in one expert
  double head_bytes = 0, head_flops = 0;
  FormatClass head_class = FormatClass::kHalf;
  double dense_total = 0, expert_total = 0;
};

double Share(const Tensor& tensor, const Resolved& r, double tp) {
  switch (tensor.sharding) {
    case Sharding::kReplicated:
      return 1;
    case Sharding::kKvRows: {
      if (tensor.rows <= 0 || tensor.kv_heads <= 0) return 1 / tp;
      const double kv = static_cast<double>(tensor.kv_rows) / static_cast<double>(tensor.rows);
      return kv / std::min(tp, static_cast<double>(tensor.kv_heads)) + (1 - kv) / tp;
    }
    case Sharding::kExpert:
      return r.expert_parallel ? 1 / (tp * static_cast<double>(r.dp)) : 1 / tp;
    case Sharding::kRows:
    case Sharding::kColumns:
    case Sharding::kVocab:
      return 1 / tp;
  }
  return 1;
}

const Tensor* FindHead(const Architecture& a) {
  const Tensor* embedding = nullptr;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.part != TensorPart::kText) continue;
    if (tensor.role == TensorRole::kHead && !tensor.duplicate) return &tensor;
    if (tensor.role == TensorRole::kEmbedding && embedding == nullptr) embedding = &tensor;
  }
  return embedding;
}

// What follows from shapes alone, or from a safetensors format.
WeightTotals AddUpTensors(const Resolved& r, double tp) {
  const Architecture& a = *r.architecture;
  const bool gguf = r.format->family == FormatFamily::kGguf;
  const FormatClass gguf_class = gguf ? ClassOfGguf(r.format->gguf_type) : FormatClass::kHalf;
  const Tensor* head = FindHead(a);
  WeightTotals totals;
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    const Tensor& tensor = a.tensors[i];
    if (tensor.part != TensorPart::kText) continue;
    const bool is_head = &tensor == head;
    if (!is_head && (tensor.role == TensorRole::kEmbedding || tensor.duplicate)) continue;
    const double share = Share(tensor, r, tp);
    const double times = static_cast<double>(tensor.times);
    const double elements = static_cast<double>(tensor.rows) * static_cast<double>(tensor.columns);
    double bytes = 0;
    FormatClass format = gguf_class;
    if (!gguf) {
      const size_t scheme_index = i < r.mask->scheme.size() ? r.mask->scheme[i] : 0;
      const WeightScheme& scheme = r.mask->schemes[scheme_index];
      format = ClassOf(scheme);
      bytes =
          static_cast<double>(EncodedBytes(scheme, tensor.fp32, tensor.rows, tensor.columns).count()) * times;
    }
    const auto f = static_cast<size_t>(format);
    if (is_head) {
      totals.head_bytes = bytes * share;
      totals.head_flops = 2 * elements * share;
      totals.head_class = format;
    } else if (tensor.role == TensorRole::kExpert) {
      totals.expert_bytes[f] += bytes * share;
      const double experts = std::max<double>(1, static_cast<double>(tensor.copies));
      totals.expert_flops[f] += 2 * elements * times / experts * share;
    } else {
      totals.dense_bytes[f] += bytes * share;
      totals.dense_flops[f] += 2 * elements * times * share;
    }
  }
  if (gguf) {
    const GgufLayout layout = LayOutGguf(a, *r.format);
    const auto f = static_cast<size_t>(gguf_class);
    const auto layers = static_cast<size_t>(std::max<int64_t>(0, a.layers));
    for (size_t layer = 0; layer < layout.layers.size() && layer < layers; ++layer) {
      totals.dense_bytes[f] += static_cast<double>(layout.layers[layer].dense.count()) / tp;
      totals.expert_bytes[f] += static_cast<double>(layout.layers[layer].experts.count()) / tp;
    }
    totals.head_bytes = static_cast<double>(layout.output.count()) / tp;
  }
  for (size_t f = 0; f < kFormatClasses; ++f) {
    totals.dense_total += totals.dense_bytes[f];
    totals.expert_total += totals.expert_bytes[f];
  }
  return totals;
}

// ---- attention
// -----------------------------------------------------------------------------------------------------

struct Spans {
  int count = 0;
  std::array<int64_t, kMaxSpans> span{};
  std::array<double, kMaxSpans> bytes{};         // per cached token, all layers of the rank
  std::array<double, kMaxSpans> decode_flops{};  // per cached token and new token
  std::array<double, kMaxSpans> pair_flops{};    // per pair in prefill

  // More different windows than we keep fall to the nearest wider one.
  size_t Find(int64_t window) {
    for (int i = 0; i < count; ++i) {
      if (span[static_cast<size_t>(i)] == window) return static_cast<size_t>(i);
    }
    if (count < kMaxSpans) {
      span[static_cast<size_t>(count)] = window;
      return static_cast<size_t>(count++);
    }
    size_t best = 0;
    for (size_t i = 0; i < kMaxSpans; ++i) {
      if (span[i] >= window && (span[best] < window || span[i] < span[best])) best = i;
    }
    return best;
  }
};

void AddAttention(const Attention& at, double layers, double tp, KvTypes types, Spans* spans) {
  if (at.kind == AttentionKind::kNone) return;
  const double heads = std::max(1.0, static_cast<double>(at.heads) / tp);
  const double k_bytes = KvBytesPerElement(types.k);
  const double v_bytes = KvBytesPerElement(types.v);
  double bytes = 0, decode = 0, pair = 0;
  const double key = static_cast<double>(at.key_dim);
  const double value = static_cast<double>(at.value_dim);
  if (at.kind == AttentionKind::kLatent) {
    const double latent = static_cast<double>(at.kv_lora_rank + at.rope_dim);
    bytes = latent * k_bytes;
    decode = 2 * heads * (latent + static_cast<double>(at.kv_lora_rank));
    pair = 2 * heads * (key + value);
  } else {
    const double kv_heads = std::max(1.0, static_cast<double>(at.kv_heads) / tp);
    bytes = kv_heads * (key * k_bytes + value * v_bytes);
    decode = 2 * heads * (key + value);
    pair = decode;
  }
  int64_t window = kWholeSequence;
  if (at.window > 0 && (at.kind == AttentionKind::kSliding || at.kind == AttentionKind::kChunked ||
                        at.kind == AttentionKind::kCompressed)) {
    window = at.window;
  }
  if (at.index_topk > 0) {  // a sparse indexer reads a short key of every token and picks the best
    const size_t all = spans->Find(kWholeSequence);
    const double index = static_cast<double>(at.index_dim);
    spans->bytes[all] += layers * index;
    spans->decode_flops[all] += layers * 2 * static_cast<double>(at.index_heads) * index;
    spans->pair_flops[all] += layers * 2 * static_cast<double>(at.index_heads) * index;
    window = std::min(window, at.index_topk);
  }
  if (at.kind == AttentionKind::kCompressed && at.compress_ratio > 0) {
    const size_t all = spans->Find(kWholeSequence);
    const double ratio = static_cast<double>(at.compress_ratio);
    spans->bytes[all] += layers * bytes / ratio;
    spans->decode_flops[all] += layers * decode / ratio;
    spans->pair_flops[all] += layers * pair / ratio;
  }
  const size_t at_span = spans->Find(std::max<int64_t>(1, window));
  spans->bytes[at_span] += layers * bytes;
  spans->decode_flops[at_span] += layers * decode;
  spans->pair_flops[at_span] += layers * pair;
}

// Bytes of one sequence's state in one layer, on a rank.
double StateElements(const Recurrent& rec, double tp) {
  double elements =
      static_cast<double>(rec.conv_channels) * static_cast<double>(std::max<int64_t>(0, rec.conv_kernel - 1));
  switch (rec.kind) {
    case RecurrentKind::kNone:
      return 0;
    case RecurrentKind::kMamba1:
      elements += static_cast<double>(rec.inner) * static_cast<double>(rec.state_dim);
      break;
    case RecurrentKind::kMamba2:
      elements += static_cast<double>(rec.heads) * static_cast<double>(rec.head_dim) *
                  static_cast<double>(rec.state_dim);
      break;
    case RecurrentKind::kGatedDeltaNet:
    case RecurrentKind::kKimiDelta:
    case RecurrentKind::kLightning:
      elements += static_cast<double>(rec.heads) * static_cast<double>(rec.head_dim) *
                  Positive(static_cast<double>(rec.key_dim), static_cast<double>(rec.head_dim));
      break;
  }
  return elements / tp;
}

double AcceptProbability(const Resolved& r, const MeasuredSpeeds& speeds) {
  switch (r.speculative.method) {
    case SpeculativeMethod::kDraft:
      return speeds.accept_draft.value;
    case SpeculativeMethod::kMtp:
      return speeds.accept_mtp.value;
    case SpeculativeMethod::kEagle:
      return speeds.accept_eagle.value;
  }
  return speeds.accept_draft.value;
}

double Seconds0(double amount, double rate) { return rate > 0 ? amount / rate : 0; }

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

StepModel StepModel::Make(const Resolved& resolved) { return Make(resolved, FittedSpeeds()); }

StepModel StepModel::Make(const Resolved& r, const MeasuredSpeeds& speeds) {
  StepModel model;
  if (r.architecture == nullptr || r.format == nullptr || r.mask == nullptr || r.cards.empty()) return model;
  const Architecture& a = *r.architecture;
  const EngineSpeeds& engine = speeds.engines[static_cast<size_t>(r.engine)];
  const bool llama = r.engine == EngineKind::kLlamaCpp;
  const bool split = llama && r.split_mode == SplitMode::kLayer;
  const int64_t ranks =
      llama ? (split ? 1 : static_cast<int64_t>(r.cards.size())) : std::max<int64_t>(1, r.tp);
  const double tp = static_cast<double>(ranks);
  const Gpu& gpu = SlowestCard(r);
  const Rates rates = FindRates(r, speeds, gpu);
  const WeightTotals w = AddUpTensors(r, tp);
  StepCoefficients& c = model.coefficients_;

  // With a layer split of unlike cards each takes its share in turn: the mean of the reciprocal bandwidths.
  double in_turn = 1;
  if (split && r.cards.size() > 1) {
    double sum = 0;
    for (const Card& card : r.cards)
      sum += rates.bandwidth / Positive(card.gpu->bandwidth.value(), rates.bandwidth);
    in_turn = sum / static_cast<double>(r.cards.size());
  }

  // Shares that stay in RAM.
  double dense_host = 0, expert_host = 0;
  const double layer_count = std::max<double>(1, static_cast<double>(a.layers));
  if (llama && r.n_gpu_layers < a.layers) {
    dense_host = expert_host =
        (static_cast<double>(a.layers) - static_cast<double>(std::max<int64_t>(0, r.n_gpu_layers))) /
        layer_count;
  }
  if (llama && r.n_cpu_moe > 0) {
    double total = 0, first = 0;
    const auto up_to = static_cast<int32_t>(std::min<int64_t>(r.n_cpu_moe, a.layers));
    for (size_t g = 0; g < a.groups.size(); ++g) {
      if (a.groups[g].shape.mlp.kind != MlpKind::kMoe) continue;
      total += a.groups[g].count;
      first += a.LayersBefore(static_cast<int32_t>(g), up_to);
    }
    if (total > 0) expert_host = std::max(expert_host, first / total);
  }

  for (size_t f = 0; f < kFormatClasses; ++f) {
    if (w.dense_bytes[f] > 0 || w.dense_flops[f] > 0) {
      c.weights += Seconds0(w.dense_bytes[f], rates.stream[f]) * in_turn * (1 - dense_host);
      c.compute_per_token += Seconds0(w.dense_flops[f], rates.compute[f]);
    }
    if (w.expert_bytes[f] > 0 || w.expert_flops[f] > 0) {
      c.experts +=
          Seconds0(w.expert_bytes[f], rates.stream[f] * rates.expert_stream) * in_turn * (1 - expert_host);
      c.expert_per_pair += Seconds0(w.expert_flops[f], rates.compute[f] * rates.expert_compute);
    }
  }
  c.tile = engine.tile.value;
  c.expert_tile = engine.expert_tile.value;
  const auto head = static_cast<size_t>(w.head_class);
  c.head = Seconds0(w.head_bytes, rates.stream[head]);
  c.head_per_sequence = Seconds0(w.head_flops, rates.compute[head]);

  Spans spans;
  double state_bytes = 0, state_flops = 0, layers_us = 0;
  for (const LayerGroup& group : a.groups) {
    const double count = static_cast<double>(group.count);
    const LayerShape& shape = group.shape;
    AddAttention(shape.attention, count, tp, r.kv_cache_dtype, &spans);
    layers_us += count * rates.layer;
    if (shape.mlp.kind == MlpKind::kMoe) {
      layers_us += count * rates.moe_layer;
      if (c.expert_count == 0) {
        c.expert_count = shape.mlp.experts;
        c.experts_per_token = shape.mlp.experts_per_token;
      }
    }
    if (shape.recurrent.kind != RecurrentKind::kNone) {
      layers_us += count * rates.recurrent_layer;
      const double elements = StateElements(shape.recurrent, tp);
      state_bytes += count * elements * (shape.recurrent.state_fp32 || llama ? 4 : 2);
      state_flops += count * elements * 6;
    }
  }
  c.launch = layers_us;
  c.state_per_sequence = Seconds0(2 * state_bytes, rates.cache);
  c.recurrent_per_token = Seconds0(state_flops, rates.attention);
  model.span_count_ = spans.count;
  for (size_t i = 0; i < kMaxSpans; ++i) {
    model.spans_[i] = spans.span[i];
    c.cached_token[i] =
        std::max(Seconds0(spans.bytes[i], rates.cache), Seconds0(spans.decode_flops[i], rates.attention));
    c.prefill_pair[i] = Seconds0(spans.pair_flops[i], rates.attention);
  }

  c.step = engine.step_us.value * 1e-6;
  c.sequence = engine.sequence_us.value * 1e-6;
  c.prefill_step = engine.prefill_step_us.value * 1e-6;
  model.request_overhead_ = Seconds(engine.request_ms.value * 1e-3);

  if (ranks > 1) {
    const bool across = r.nodes > 1 && ranks > std::max<int64_t>(1, r.gpus);
    const Link link = FindLink(gpu, ranks, across);
    const CollectiveCost reduce = AllReduce(link, ranks);
    const double times = 2 * layer_count + 1;  // after attention, after the MLP; the logits once
    c.reduce_latency = reduce.latency.value() * times;
    c.reduce_per_token = reduce.seconds_per_byte * 2 * static_cast<double>(a.hidden) * times;
  }

  const double link_rate =
      Positive(gpu.unified_memory ? gpu.bandwidth.value() : gpu.link_bandwidth.value(), 16e9) *
      speeds.link_share.value;
  c.host_weights = Seconds0(w.dense_total * dense_host, speeds.host_memory.value);
  c.host_experts = Seconds0(w.expert_total * expert_host, speeds.host_memory.value);
  c.streamed_weights = Seconds0(w.dense_total * dense_host + w.expert_total * expert_host, link_rate);
  c.stream_threshold = kStreamThreshold;
  if (!llama && r.cpu_offload.count() > 0) {
    const double offloaded =
        std::min(static_cast<double>(r.cpu_offload.count()), w.dense_total + w.expert_total);
    c.streamed_always = Seconds0(offloaded, link_rate);
  }

  if (llama) c.chunk = std::max<int64_t>(1, r.n_ubatch);
  if (split) {
    c.split_cards = static_cast<int64_t>(r.cards.size());
    c.split_share = speeds.ggml_pipeline.value;
  } else if (!llama) {
    c.stages = std::max<int64_t>(1, r.pp);
  }

  if (r.speculative.num_tokens > 0) {
    const int64_t k = std::min<int64_t>(r.speculative.num_tokens, 64);
    const double p = AcceptProbability(r, speeds);
    c.tokens_per_sequence = 1 + k;
    c.accepted = (1 - IntegerPower(p, k + 1)) / (1 - p);
    double draft_bytes = 0;
    if (r.draft != nullptr && r.draft_format != nullptr) {
      const double bits = r.draft_format->family == FormatFamily::kPlain ? 16 : 4.5;
      draft_bytes = static_cast<double>(r.draft->parameters.active) * bits / 8 / tp;
    } else {  // a layer of the model itself, with its share of the head
      draft_bytes = (w.dense_total + w.expert_total) / layer_count + w.head_bytes;
    }
    c.draft = static_cast<double>(k) * (Seconds0(draft_bytes, rates.stream[0]) + rates.layer * 2);
  }

  const size_t main_class = static_cast<size_t>(
      r.format->family == FormatFamily::kGguf
          ? ClassOfGguf(r.format->gguf_type)
          : (r.mask->schemes.size() > 1 ? ClassOf(r.mask->schemes[1]) : FormatClass::kHalf));
  const CardFactors& card =
      speeds.cards[static_cast<size_t>(GroupOf(r.engine))][static_cast<size_t>(ClassOf(gpu))];
  const double s = engine.stream[main_class].spread;
  const double t = card.stream.spread;
  const double spread = std::min(0.6, std::sqrt(s * s + t * t));
  model.below_ = spread;
  model.above_ = spread;
  return model;
}

StepTime StepModel::Explain(const StepLoad& load) const {
  const StepCoefficients& c = coefficients_;
  StepTime t;
  const double stages = static_cast<double>(c.stages);
  // Stages of a pipeline work on different sequences: a pass carries its part of the step's sequences.
  const int64_t decoding = load.decode_sequences > 0 ? CeilDiv(load.decode_sequences, c.stages) : 0;
  const int64_t prompt = load.prefill_tokens > 0 ? CeilDiv(load.prefill_tokens, c.stages) : 0;
  const int64_t verified = decoding * c.tokens_per_sequence;
  const int64_t tokens = verified + prompt;
  if (tokens <= 0) return t;
  const int64_t passes = c.chunk > 0 ? CeilDiv(tokens, c.chunk) : 1;
  const int64_t pass_tokens = CeilDiv(tokens, passes);
  const double n = static_cast<double>(pass_tokens);
  const double times = static_cast<double>(passes);
  // Passes over one prompt overlap on the cards of a layer split.
  double overlap = 1;
  if (c.split_cards > 1 && passes > 1) {
    const double cards = static_cast<double>(c.split_cards);
    const double ideal = cards * times / (times + cards - 1);
    overlap = 1 / (1 + (ideal - 1) * c.split_share);
  }
  const double scale = times * overlap;

  double memory = c.weights;
  double compute = c.compute_per_token * (n + c.tile);
  double gemm = Overlap(memory, compute);
  double host = 0, streamed = c.streamed_always;
  if (c.expert_count > 0) {
    const double distinct = DistinctExperts(c.expert_count, c.experts_per_token, pass_tokens);
    const double share = distinct / static_cast<double>(c.expert_count);
    const double expert_memory = c.experts * share;
    const double pairs = n * static_cast<double>(c.experts_per_token);
    const double expert_compute = c.expert_per_pair * (pairs + distinct * c.expert_tile);
    gemm += Overlap(expert_memory, expert_compute);
    memory += expert_memory;
    compute += expert_compute;
    host = c.host_experts * share;
  }
  host += c.host_weights;
  if (c.streamed_weights > 0 && pass_tokens >= c.stream_threshold) {
    streamed += std::min(c.streamed_weights, host * n);
    host = 0;
  }
  const double sampled = static_cast<double>(verified + load.prefill_sequences);
  const double head = sampled > 0 ? Overlap(c.head, c.head_per_sequence * sampled) : 0;

  t.weights = Seconds(std::min(memory, gemm) * scale);
  t.compute = Seconds((gemm - std::min(memory, gemm)) * scale);
  t.head = Seconds(head);
  t.offload = Seconds((host + streamed) * times);
  t.launch = Seconds(c.launch * scale + c.step + c.sequence * static_cast<double>(load.decode_sequences) +
                     (prompt > 0 ? c.prefill_step * scale : 0) + (decoding > 0 ? c.draft : 0));
  t.all_reduce = Seconds((c.reduce_latency + c.reduce_per_token * n) * times);
  t.recurrent_state = Seconds(c.state_per_sequence * static_cast<double>(decoding + load.prefill_sequences) +
                              c.recurrent_per_token * static_cast<double>(prompt) * overlap);
  double cached = 0, pairs = 0;
  for (size_t i = 0; i < kMaxSpans; ++i) {
    cached += c.cached_token[i] * load.decode_kv_tokens[i];
    pairs += c.prefill_pair[i] * load.prefill_kv_pairs[i];
  }
  t.kv_read = Seconds(cached);
  t.attention = Seconds(pairs / stages * overlap);
  t.total = t.weights + t.compute + t.head + t.offload + t.launch + t.all_reduce + t.recurrent_state +
            t.kv_read + t.attention;

  struct Candidate {
    double seconds;
    Bound bound;
  };
  const bool computes = compute > memory;
  const double work = t.weights.value() + t.compute.value() + t.head.value();
  const Candidate candidates[] = {
      {(computes ? 0 : work) + t.kv_read.value() + t.recurrent_state.value(), Bound::kMemory},
      {(computes ? work : 0) + t.attention.value(), Bound::kCompute},
      {t.launch.value(), Bound::kLatency},
      {t.all_reduce.value(), Bound::kCommunication},
      {host * times, Bound::kHostMemory},
      {streamed * times, Bound::kHostLink},
  };
  double longest = -1;
  for (const Candidate& candidate : candidates) {
    if (candidate.seconds > longest) {
      longest = candidate.seconds;
      t.bound = candidate.bound;
    }
  }
  return t;
}

Seconds StepModel::Time(const StepLoad& load) const { return Explain(load).total; }

Seconds PrefillTime(const StepModel& model, int64_t prompt_tokens, int64_t chunk) {
  if (prompt_tokens <= 0) return {};
  if (chunk <= 0 || chunk > prompt_tokens) chunk = prompt_tokens;
  StepLoad load;
  load.prefill_sequences = 1;
  load.prefill_tokens = chunk;
  const int64_t whole = prompt_tokens / chunk;
  Seconds total = model.Time(load) * static_cast<double>(whole);
  const int64_t rest = prompt_tokens - whole * chunk;
  // Attention is affine in the pairs: all of them are added once, with the last (or only) chunk.
  StepLoad pairs = load;
  pairs.prefill_tokens = rest > 0 ? rest : chunk;
  const Seconds last = model.Time(pairs);
  for (int i = 0; i < model.span_count(); ++i) {
    pairs.prefill_kv_pairs[static_cast<size_t>(i)] = CausalPairs(0, prompt_tokens, model.span(i));
  }
  const Seconds with_pairs = model.Time(pairs);
  return total + (rest > 0 ? with_pairs : with_pairs - last);
}

SpeedReport EstimateSpeed(const Resolved& r, const Report& report) {
  SpeedReport speed;
  (void)report;
  if (r.architecture == nullptr || r.cards.empty()) return speed;
  const StepModel model = StepModel::Make(r);
  const int64_t dp = std::max<int64_t>(1, r.dp);
  const int64_t asked = std::max<int64_t>(1, CeilDiv(std::max<int64_t>(1, r.concurrency), dp));
  const int64_t running = r.max_num_seqs > 0 ? std::min(asked, r.max_num_seqs) : asked;
  const double prompt = static_cast<double>(r.prompt_tokens);
  const double output = std::max(1.0, static_cast<double>(r.output_tokens));
  const int64_t context = r.prompt_tokens + r.output_tokens / 2;

  StepLoad load;
  load.decode_sequences = running;
  for (int i = 0; i < model.span_count(); ++i) {
    load.decode_kv_tokens[static_cast<size_t>(i)] =
        static_cast<double>(std::min(context, model.span(i))) * static_cast<double>(running);
  }
  const double decode = model.Time(load).value() / model.tokens_per_step();
  const int64_t chunk = r.engine == EngineKind::kLlamaCpp ? 0 : r.max_num_batched_tokens;
  const double prefill = PrefillTime(model, r.prompt_tokens, chunk).value();
  if (!(decode > 0)) return speed;

  // In a closed loop every finished sequence is followed by the prompt of the next: while one sequence writes
  // its output, each of the others is prefilled once.
  const double others = static_cast<double>(running - 1);
  const double step_floor = model.coefficients().weights + model.coefficients().launch;
  const double intrusion = std::max(0.0, prefill - std::min(step_floor, prefill * 0.5));
  const double tpot = decode + others * intrusion / output;
  const double ttft = model.request_overhead().value() + prefill + (running > 1 ? 0.5 * decode : 0);
  speed.decode_tokens_per_s = 1 / tpot;
  const double cycle = ttft + tpot * std::max(0.0, output - 1);
  speed.decode_tokens_per_s_total = static_cast<double>(running * dp) * output / cycle;
  speed.prefill_tokens_per_s = prefill > 0 ? prompt / prefill : 0;
  speed.ttft_ms = ttft * 1e3;
  speed.tpot_ms = tpot * 1e3;
  speed.low = speed.decode_tokens_per_s * (1 - model.below());
  speed.high = speed.decode_tokens_per_s * (1 + model.above());
  return speed;
}

}  // namespace plimsoll
