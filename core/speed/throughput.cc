#include "core/speed/throughput.h"

#include <algorithm>
#include <cmath>

#include "core/arch/kv_cache.h"
#include "core/catalog/interconnect.h"
#include "core/speed/measured_speeds.h"
#include "core/weights/gguf_recipe.h"

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

// Routed experts of `count` that `tokens` tokens touch, each choosing `chosen`. Routers have favourites: half
// of the experts are chosen (1 + skew) times as often as the average, the others (1 - skew) times.
double DistinctExperts(int64_t count, int64_t chosen, int64_t tokens, double skew) {
  if (count <= 0 || tokens <= 0) return 0;
  const double share = std::min(1.0, static_cast<double>(chosen) / static_cast<double>(count));
  const double most = std::min(skew, 1 / share - 1);
  const double missed =
      IntegerPower(1 - share * (1 + most), tokens) + IntegerPower(1 - share * (1 - most), tokens);
  return static_cast<double>(count) * (1 - missed / 2);
}

// Reading weights and computing with them overlap, but not perfectly where they balance: a norm of order 4.
double Overlap(double memory, double compute) {
  const double m = memory * memory;
  const double c = compute * compute;
  return std::sqrt(std::sqrt(m * m + c * c));
}

// Rows that a matrix product computes for n: kernels for a few rows waste little, large tiles half of one.
double Padded(double n, double tile) { return n + n * tile / (n + tile); }

double KvBytesPerElement(KvType type) {
  return static_cast<double>(KvTypeBytes(type, 32).count()) / 32;  // block types hold 32 elements
}

// What one card reaches in this engine, with the class's factors applied.
struct Rates {
  double bandwidth = 1;
  double half = 1;  // 16-bit tensor peak
  std::array<double, kFormatClasses> stream{};
  std::array<double, kFormatClasses> compute{};  // operations per second
  double expert_stream = 1, expert_compute = 1;
  double cache = 1;  // bytes per second
  bool each_head_reads = false;
  double attention = 1;                         // operations per second
  std::array<double, kFormatClasses> unpack{};  // seconds per weight
  double activation = 0;                        // seconds per element
  double score = 0;                             // seconds per head and pair
  double layer = 0, moe_layer = 0, recurrent_layer = 0;
};

// The rate of the units that a format's kernels use.
double Peak(EngineGroup group, FormatClass format, const Gpu& gpu) {
  const double stated = Positive(std::max(gpu.fp16.value(), gpu.bf16.value()), gpu.fp32.value());
  // GeForce boards do every second product with 32-bit sums: the same data flow feeds half the rate, which is
  // then reached nearly whole, where full rates are reached to some 70 %.
  const bool halved = gpu.fp16_fast.value() > stated * 1.5;
  const double relief = halved && group == EngineGroup::kTorch ? 1.35 : 1;
  // Without tensor units the stated rate is that of plain multiply-adds, of which kernels reach three
  // quarters where tensor units are fed to a half.
  const double plain = gpu.vendor == Vendor::kApple ? 1.6 : 1;
  const double half = stated * relief * plain;
  const double fallback = Positive(half, 1e13);
  const bool blackwell_hbm = gpu.compute_capability >= 100 && gpu.compute_capability < 110;
  if (group == EngineGroup::kGgml) {
    // llama.cpp accumulates in 16 bits where that is faster; without tensor cores it uses integer dot
    // products.
    const double fast = std::max(half, gpu.fp16_fast.value());
    const bool pascal = gpu.vendor == Vendor::kNvidia && gpu.compute_capability < 70;
    if (pascal) return Positive(std::max(gpu.int8.value() / 2, gpu.fp32.value()), fallback);
    // RDNA3's stated rate issues two matrix instructions at once, which llama.cpp's kernels do not.
    const CardClass card = ClassOf(gpu);
    if (card == CardClass::kRdna || card == CardClass::kStrix) return fallback / 2;
    return Positive(fast, fallback);
  }
  switch (format) {
    case FormatClass::kFp8:
      return gpu.fp8_native && gpu.fp8.value() > 0 ? gpu.fp8.value() * relief : fallback;
    case FormatClass::kMxfp4:
      // Data-centre Blackwell multiplies MXFP4 by MXFP8 (FlashInfer); elsewhere weights are unpacked to 16
      // bits.
      return blackwell_hbm && gpu.fp8.value() > 0 ? gpu.fp8.value() : fallback;
    case FormatClass::kNvfp4:
      return gpu.compute_capability >= 100 && gpu.fp4.value() > 0 ? gpu.fp4.value() : fallback;
    default:
      return fallback;
  }
}

// The kernels that read a format: where the tensor cores take it as it is stored, weights and activations go
// through the same pipeline as FP8's; elsewhere 4-bit floats are unpacked, NVFP4 as groups of integers are
// (Marlin).
FormatClass KernelsOf(EngineGroup group, FormatClass format, const Gpu& gpu) {
  if (group == EngineGroup::kGgml) return format;
  const bool blackwell_hbm = gpu.compute_capability >= 100 && gpu.compute_capability < 110;
  if (format == FormatClass::kMxfp4 && blackwell_hbm) return FormatClass::kFp8;
  if (format == FormatClass::kNvfp4)
    return gpu.compute_capability >= 100 ? FormatClass::kFp8 : FormatClass::kInt4;
  return format;
}

bool IsFourBitFloat(FormatClass format) {
  return format == FormatClass::kMxfp4 || format == FormatClass::kNvfp4;
}

bool IsSlowAttention(const Resolved& r) { return r.engine == EngineKind::kLlamaCpp && !r.flash_attention; }

// What the board's power leaves of the stated matrix rate in long products, where clocks fall until the power
// fits: RTX 6000 Ada (300 W) states more than RTX 4090 (450 W) and sustains 0.6 of it in llama-bench's
// prompts. About 0.75e12 16-bit operations per joule on dies with GDDR, twice that on data-centre dies with
// HBM (H100 SXM: 989e12 stated at 700 W, H100 PCIe: 756e12 at 350 W).
double PowerShare(EngineGroup group, const Gpu& gpu) {
  const double peak = Peak(group, FormatClass::kHalf, gpu);
  if (gpu.vendor != Vendor::kNvidia || gpu.tdp_w <= 0 || peak <= 0) return 1;
  const CardClass card = ClassOf(gpu);
  const bool hbm =
      card == CardClass::kAmpereHbm || card == CardClass::kHopper || card == CardClass::kBlackwellHbm;
  return std::min(1.0, gpu.tdp_w * (hbm ? 1.5e12 : 0.75e12) / peak);
}

// Server boards with GDDR keep error codes in the memory itself: a sixteenth of it is missing from what
// nvidia-smi reports (P40 23040 of 24576 MiB, A40 and L40S 46068 of 49152), and reading it takes bandwidth.
// HBM has room for its codes beside the data.
bool HasInlineEcc(const Gpu& gpu) {
  const double sold = gpu.memory_gb * 1073741824.0;
  const auto reported = static_cast<double>(gpu.memory_reported.count());
  return gpu.vendor == Vendor::kNvidia && reported > 0 && reported < 0.96 * sold;
}

// Instructions per second of all lanes: a fused multiply-add counts twice in the stated rate. Where the
// catalog has no FP32 rate: tensor units of data-centre dies since Volta do eight times as much.
double LaneRate(const Gpu& gpu) {
  const double half = std::max(gpu.fp16.value(), gpu.bf16.value());
  return Positive(gpu.fp32.value() / 2, Positive(half / 16, 1e12));
}

// Four products of 8-bit integers and their sum in one instruction. Apple's GPUs have none.
bool HasDotProduct(const Gpu& gpu) { return gpu.vendor != Vendor::kApple; }

// Triton's kernels for routed experts come with tuned block sizes for data-centre cards and for some of
// NVIDIA's others (vllm/model_executor/layers/fused_moe/configs); Radeon and Instinct before MI300 run with
// defaults.
bool HasTunedExperts(EngineKind engine, const Gpu& gpu) {
  if (GroupOf(engine) == EngineGroup::kGgml || gpu.vendor != Vendor::kAmd) return true;
  return ClassOf(gpu) == CardClass::kCdna3;
}

Rates FindRates(const Resolved& r, const MeasuredSpeeds& speeds, const Gpu& gpu, FormatClass main_format) {
  const EngineSpeeds& engine = speeds.engines[static_cast<size_t>(r.engine)];
  const EngineGroup group = GroupOf(r.engine);
  const CardFactors& card = speeds.cards[static_cast<size_t>(group)][static_cast<size_t>(ClassOf(gpu))];
  Rates rates;
  rates.bandwidth = Positive(gpu.bandwidth.value(), 1e11);
  if (HasInlineEcc(gpu)) rates.bandwidth *= speeds.inline_ecc.value;
  const double power = PowerShare(group, gpu);
  rates.half = power * Peak(group, FormatClass::kHalf, gpu);
  for (size_t f = 0; f < kFormatClasses; ++f) {
    const auto format = static_cast<FormatClass>(f);
    const auto kernels = static_cast<size_t>(KernelsOf(group, format, gpu));
    rates.stream[f] = rates.bandwidth * std::min(0.97, engine.stream[kernels].value * card.stream.value);
    rates.compute[f] = power * Peak(group, format, gpu) * engine.compute[kernels].value * card.compute.value;
  }
  const double experts = HasTunedExperts(r.engine, gpu) ? 1 : speeds.untuned_experts.value;
  rates.expert_stream = engine.expert_stream.value * experts;
  rates.expert_compute = engine.expert_compute.value * experts;
  // Without flash attention Metal's products with the cache are one per query head: keys and values that a
  // group of heads shares are read once for each of them (M2 Ultra, M3 Max: time of long contexts goes with
  // the heads, not with the bytes cached). Elsewhere a group's reads meet in the L2 cache.
  rates.each_head_reads = IsSlowAttention(r) && gpu.vendor == Vendor::kApple;
  const bool slow = IsSlowAttention(r) && !rates.each_head_reads;
  const double cache = slow ? engine.cache_stream_slow.value : engine.cache_stream.value;
  rates.cache = rates.bandwidth * std::min(0.97, cache * card.stream.value);
  rates.attention = rates.half * engine.attention_compute.value * card.compute.value;
  const double lanes = LaneRate(gpu);
  for (size_t f = 0; f < kFormatClasses; ++f) {
    const bool integers = static_cast<FormatClass>(f) != FormatClass::kHalf;
    const double each =
        engine.unpack[f].value * (integers && !HasDotProduct(gpu) ? speeds.no_dot_product.value : 1);
    rates.unpack[f] = each / lanes;
  }
  rates.activation = engine.activation_bytes.value / rates.bandwidth;
  if (IsSlowAttention(r)) rates.score = engine.score_bytes.value / rates.bandwidth;
  double layer = 1e-6 * card.layer.value;
  if (r.engine == EngineKind::kLlamaCpp && r.version.date > 0 && r.version.date < 20250101) {
    layer *= speeds.ggml_old_layer.value;
  }
  if (r.enforce_eager) layer *= speeds.eager_layer.value;
  rates.layer = layer * engine.layer_us.value;
  rates.moe_layer = layer * engine.moe_layer_us.value;
  // Where tensor cores take 4-bit floats, FlashInfer's TensorRT-LLM kernels do routing, both products and the
  // sum in few launches; elsewhere sorting, two products, activation and sum are kernels of their own.
  const bool fused = group == EngineGroup::kTorch && IsFourBitFloat(main_format) &&
                     KernelsOf(group, main_format, gpu) == FormatClass::kFp8;
  if (fused) rates.moe_layer *= 0.5;
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

// Shares of a tensor that one rank reads.
class Shares {
 public:
  Shares(const Resolved& r, double tp)
      : tp_(tp), cut_(1 / tp), expert_(r.expert_parallel ? 1 / (tp * static_cast<double>(r.dp)) : 1 / tp) {}

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

// What follows from shapes alone, or from a safetensors format.
void AddUpTensors(const Resolved& r, double tp, StepWork* work) {
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
  for (const StepTensor& tensor : r.binding->tensors.step) {
    const double share = shares.Of(tensor);
    // Of a matrix that is divided, inputs or outputs are whole on every rank.
    const double moved = tensor.in_and_out * (0.5 + 0.5 * share);
    const size_t f = classes[tensor.scheme];
    if (tensor.role == StepRole::kDense) {
      totals.dense_bytes[f] += tensor.bytes * share;
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

// ---- attention
// -----------------------------------------------------------------------------------------------------

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

int64_t Ranks(const Resolved& r) {
  if (r.engine != EngineKind::kLlamaCpp) return std::max<int64_t>(1, r.tp);
  return r.split_mode == SplitMode::kLayer ? 1 : static_cast<int64_t>(r.cards.size());
}

// llama.cpp: layers below n_gpu_layers and the experts of the first n_cpu_moe layers stay in RAM.
void CountHostShares(const Resolved& r, StepWork* work) {
  if (r.engine != EngineKind::kLlamaCpp) return;
  const Architecture& a = *r.architecture;
  if (r.n_gpu_layers < a.layers) {
    const double kept = static_cast<double>(a.layers - std::max<int64_t>(0, r.n_gpu_layers));
    work->host_dense = work->host_experts = kept / std::max(1.0, static_cast<double>(a.layers));
  }
  work->host_dense = std::max(work->host_dense, r.overrides.host_dense);
  work->host_experts = std::max(work->host_experts, r.overrides.host_experts);
  if (r.n_cpu_moe <= 0 || work->moe_layers <= 0) return;
  double first = 0;
  const auto up_to = static_cast<int32_t>(std::min<int64_t>(r.n_cpu_moe, a.layers));
  for (size_t g = 0; g < a.groups.size(); ++g) {
    if (a.groups[g].shape.mlp.kind == MlpKind::kMoe) first += a.LayersBefore(static_cast<int32_t>(g), up_to);
  }
  work->host_experts = std::max(work->host_experts, first / work->moe_layers);
}

double Seconds0(double amount, double rate) { return rate > 0 ? amount / rate : 0; }

}  // namespace

std::string_view BoundName(Bound bound) {
  switch (bound) {
    case Bound::kMemory:
      return "memory";
    case Bound::kCompute:
      return "compute";
    case Bound::kLatency:
      return "latency";
    case Bound::kCommunication:
      return "communication";
    case Bound::kHostMemory:
      return "host_memory";
    case Bound::kHostLink:
      return "host_link";
  }
  return "";
}

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

StepWork CountWork(const Resolved& r) {
  StepWork work;
  if (r.architecture == nullptr || r.format == nullptr || r.binding == nullptr || r.cards.empty())
    return work;
  const Architecture& a = *r.architecture;
  const double tp = static_cast<double>(Ranks(r));
  AddUpTensors(r, tp, &work);
  for (const LayerGroup& group : a.groups) {
    const double count = static_cast<double>(group.count);
    const LayerShape& shape = group.shape;
    AddAttention(shape.attention, count, tp, r.kv_cache_dtype, &work);
    work.layers += count;
    if (shape.mlp.kind == MlpKind::kMoe) {
      work.moe_layers += count;
      if (work.expert_count == 0) {
        work.expert_count = shape.mlp.experts;
        work.experts_per_token = shape.mlp.experts_per_token;
      }
    }
    if (shape.recurrent.kind != RecurrentKind::kNone) {
      work.recurrent_layers += count;
      const double elements =
          static_cast<double>(StateElements(shape.recurrent) + ConvolutionElements(shape.recurrent)) / tp;
      const bool wide = shape.recurrent.state_fp32 || r.engine == EngineKind::kLlamaCpp;
      work.state_bytes += count * elements * (wide ? 4 : 2);
      work.state_flops += count * elements * 6;  // decay, update and read, a multiply and an add each
    }
  }
  work.hidden = static_cast<double>(a.hidden);
  work.main_format = static_cast<int>(
      r.format->family == FormatFamily::kGguf
          ? ClassOfGguf(r.format->gguf_type)
          : (r.binding->schemes.size() > 1 ? ClassOf(r.binding->schemes[1]) : FormatClass::kHalf));
  CountHostShares(r, &work);
  return work;
}

StepModel StepModel::Make(const Resolved& resolved) {
  return Make(resolved, CountWork(resolved), FittedSpeeds());
}

StepModel StepModel::Make(const Resolved& r, const StepWork& w, const MeasuredSpeeds& speeds) {
  StepModel model;
  if (r.cards.empty() || w.layers <= 0) return model;
  const EngineSpeeds& engine = speeds.engines[static_cast<size_t>(r.engine)];
  const bool llama = r.engine == EngineKind::kLlamaCpp;
  const bool split = llama && r.split_mode == SplitMode::kLayer;
  const int64_t ranks = Ranks(r);
  const Gpu& gpu = SlowestCard(r);
  const Rates rates = FindRates(r, speeds, gpu, static_cast<FormatClass>(w.main_format));
  StepCoefficients& c = model.coefficients_;

  // With a layer split of unlike cards each takes its share in turn: the mean of the reciprocal bandwidths.
  double in_turn = 1;
  if (split && r.cards.size() > 1) {
    double sum = 0;
    const double slowest = Positive(gpu.bandwidth.value(), 1e11);
    for (const Card& card : r.cards) sum += slowest / Positive(card.gpu->bandwidth.value(), slowest);
    in_turn = sum / static_cast<double>(r.cards.size());
  }
  for (size_t f = 0; f < kFormatClasses; ++f) {
    if (w.dense_bytes[f] > 0 || w.dense_flops[f] > 0) {
      const double read = Seconds0(w.dense_bytes[f], rates.stream[f]);
      c.weights += Overlap(read, w.dense_flops[f] / 2 * rates.unpack[f]) * in_turn * (1 - w.host_dense);
      c.compute_per_token += Seconds0(w.dense_flops[f], rates.compute[f]);
    }
    if (w.expert_bytes[f] > 0 || w.expert_flops[f] > 0) {
      const double read = Seconds0(w.expert_bytes[f], rates.stream[f]);
      const double weights = w.expert_flops[f] / 2 * static_cast<double>(w.expert_count);
      c.experts +=
          Overlap(read, weights * rates.unpack[f]) / rates.expert_stream * in_turn * (1 - w.host_experts);
      c.expert_per_pair += Seconds0(w.expert_flops[f], rates.compute[f] * rates.expert_compute);
    }
  }
  c.tile = engine.tile.value;
  c.expert_tile = engine.expert_tile.value;
  c.expert_count = w.expert_count;
  c.experts_per_token = w.experts_per_token;
  c.skew = speeds.routing_skew.value;
  const auto head = static_cast<size_t>(w.head_format);
  c.head = Overlap(Seconds0(w.head_bytes, rates.stream[head]), w.head_flops / 2 * rates.unpack[head]);
  c.token = w.activations * rates.activation;
  c.head_per_sequence = Seconds0(w.head_flops, rates.compute[head]);
  c.launch =
      w.layers * rates.layer + w.moe_layers * rates.moe_layer + w.recurrent_layers * rates.recurrent_layer;
  c.state_per_sequence = Seconds0(2 * w.state_bytes, rates.cache);
  c.recurrent_per_token = Seconds0(w.state_flops, rates.attention);
  model.span_count_ = w.span_count;
  for (size_t i = 0; i < kMaxSpans; ++i) {
    model.spans_[i] = w.span[i];
    const double read = rates.each_head_reads ? w.query_bytes[i] : w.cached_bytes[i];
    c.cached_token[i] = std::max(Seconds0(read, rates.cache), Seconds0(w.cached_flops[i], rates.attention));
    c.prefill_pair[i] = Seconds0(w.pair_flops[i], rates.attention) + w.pair_scores[i] * rates.score;
  }

  c.step = engine.step_us.value * 1e-6;
  c.sequence = engine.sequence_us.value * 1e-6;
  c.prefill_step = engine.prefill_step_us.value * 1e-6;
  model.bunching_ = speeds.bunching.value;
  model.request_overhead_ = Seconds(engine.request_ms.value * 1e-3);

  if (ranks > 1) {
    const bool across = r.nodes > 1 && ranks > std::max<int64_t>(1, r.gpus);
    const Link link = FindLink(gpu, ranks, across);
    const CollectiveCost reduce = AllReduce(link, ranks);
    const double times = 2 * w.layers + 1;  // after attention, after the MLP; the logits once
    c.reduce_latency = reduce.latency.value() * times;
    c.reduce_per_token = reduce.seconds_per_byte * 2 * w.hidden * times;
  }

  const double link_rate =
      Positive(gpu.unified_memory ? gpu.bandwidth.value() : gpu.link_bandwidth.value(), 16e9) *
      speeds.link_share.value;
  c.host_weights = Seconds0(w.dense_total * w.host_dense, speeds.host_memory.value);
  c.host_experts = Seconds0(w.expert_total * w.host_experts, speeds.host_memory.value);
  c.streamed_weights = Seconds0(w.dense_total * w.host_dense + w.expert_total * w.host_experts, link_rate);
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
      draft_bytes = static_cast<double>(r.draft->parameters.active) * bits / 8 / static_cast<double>(ranks);
    } else {  // a layer of the model itself, with its share of the head
      draft_bytes = (w.dense_total + w.expert_total) / w.layers + w.head_bytes;
    }
    c.draft = static_cast<double>(k) * (Seconds0(draft_bytes, rates.stream[0]) + rates.layer * 2);
  }

  const CardFactors& card =
      speeds.cards[static_cast<size_t>(GroupOf(r.engine))][static_cast<size_t>(ClassOf(gpu))];
  const double s = engine.stream[static_cast<size_t>(w.main_format)].spread;
  const double t = card.stream.spread;
  const double spread = std::min(0.6, std::max(s, t));
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

  const double moved = c.token * n;
  double memory = c.weights;
  double compute = c.compute_per_token * Padded(n, c.tile);
  double gemm = Overlap(memory, compute);
  double host = 0, streamed = c.streamed_always;
  if (c.expert_count > 0) {
    const double distinct = DistinctExperts(c.expert_count, c.experts_per_token, pass_tokens, c.skew);
    const double share = distinct / static_cast<double>(c.expert_count);
    const double expert_memory = c.experts * share;
    const double pairs = n * static_cast<double>(c.experts_per_token);
    const double expert_compute = c.expert_per_pair * distinct * Padded(pairs / distinct, c.expert_tile);
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
  t.compute = Seconds((gemm - std::min(memory, gemm) + moved) * scale);
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

Operation OperationOf(const Resolved& r, const Report& report) {
  Operation o;
  o.prompt_tokens = r.prompt_tokens;
  o.output_tokens = r.output_tokens;
  o.concurrency = static_cast<double>(r.concurrency);
  o.max_sequences = r.max_num_seqs;
  o.capacity_tokens = r.engine == EngineKind::kVllm ? report.kv.capacity_tokens : 0;
  o.chunk = r.engine == EngineKind::kLlamaCpp ? 0 : r.max_num_batched_tokens;
  o.replicas = std::max<int64_t>(1, r.dp);
  return o;
}

namespace {

// A decode step of a fractional number of sequences, each with `context` cached tokens, and `prompt` prompt
// tokens beside them.
double StepSeconds(const StepModel& model, double sequences, int64_t context) {
  auto at = [&](int64_t count) {
    StepLoad load;
    load.decode_sequences = count;
    for (int i = 0; i < model.span_count(); ++i) {
      load.decode_kv_tokens[static_cast<size_t>(i)] =
          static_cast<double>(std::min(context, model.span(i))) * static_cast<double>(count);
    }
    return model.Time(load).value();
  };
  const double below = std::floor(sequences);
  const auto count = std::max<int64_t>(1, static_cast<int64_t>(below));
  const double lower = at(count);
  if (sequences <= static_cast<double>(count)) return lower;
  return lower + (sequences - below) * (at(count + 1) - lower);
}

// How much longer the steps take that carry one prompt, when `sequences` are decoding beside it.
double IntrusionSeconds(const StepModel& model, int64_t sequences, int64_t prompt, int64_t chunk) {
  if (prompt <= 0) return 0;
  if (chunk <= 0 || chunk > prompt) chunk = prompt;
  StepLoad without, with;
  without.decode_sequences = with.decode_sequences = sequences;
  with.prefill_tokens = std::max<int64_t>(1, chunk - sequences);
  with.prefill_sequences = 1;
  const double steps = static_cast<double>(prompt) / static_cast<double>(with.prefill_tokens);
  double seconds = (model.Time(with) - model.Time(without)).value() * std::max(1.0, steps);
  for (int i = 0; i < model.span_count(); ++i) {
    seconds += model.PerPrefillPair(i).value() * CausalPairs(0, prompt, model.span(i));
  }
  return seconds;
}

}  // namespace

SpeedReport SpeedAt(const StepModel& model, const Operation& o) {
  SpeedReport speed;
  const double prompt = static_cast<double>(std::max<int64_t>(0, o.prompt_tokens));
  const double output = static_cast<double>(std::max<int64_t>(1, o.output_tokens));
  const double replicas = static_cast<double>(std::max<int64_t>(1, o.replicas));
  const double asked = std::max(1.0, o.concurrency / replicas);
  double running = asked;
  if (o.max_sequences > 0) running = std::min(running, static_cast<double>(o.max_sequences));
  if (o.capacity_tokens > 0) {
    // Sequences of all ages share the cache: each holds its prompt and half its output.
    const double each = prompt + output / 2;
    running = std::min(running, std::max(1.0, static_cast<double>(o.capacity_tokens) / std::max(1.0, each)));
  }
  const int64_t context = o.prompt_tokens + o.output_tokens / 2;
  const double decode = StepSeconds(model, running, context) / model.tokens_per_step();
  if (!(decode > 0)) return speed;
  const double alone = PrefillTime(model, o.prompt_tokens, o.chunk).value();
  const auto beside = static_cast<int64_t>(running) - 1;
  const double intrusion = beside > 0 ? IntrusionSeconds(model, beside, o.prompt_tokens, o.chunk) : 0;
  const double overhead = model.request_overhead().value();

  double tpot = decode, ttft = overhead + alone, cycle = 0;
  if (o.lockstep) {
    // All prompts first, then all outputs: the mean prompt waits for half of the others.
    ttft += 0.5 * (running - 1) * intrusion;
    tpot += 0.5 * (running - 1) * intrusion / output;
    cycle = overhead + alone + (running - 1) * intrusion + decode * std::max(0.0, output - 1);
  } else {
    // While a sequence writes its output, each of the others ends once and the prompt of its successor is
    // read.
    tpot += (running - 1) * intrusion / output;
    const double ahead = model.bunching() * 0.5 * (running - 1);
    if (beside > 0) ttft = overhead + 1.5 * decode + (1 + ahead) * intrusion;
    cycle = ttft + tpot * std::max(0.0, output - 1);
    if (asked > running) {  // the rest of the cycle they wait
      cycle -= overhead;
      ttft += cycle * (asked - running) / running;
    }
  }
  speed.decode_tokens_per_s = 1 / tpot;
  speed.decode_tokens_per_s_total = running * replicas * output / cycle;
  speed.prefill_tokens_per_s = alone > 0 ? prompt / alone : 0;
  speed.ttft_ms = ttft * 1e3;
  speed.tpot_ms = tpot * 1e3;
  speed.low = speed.decode_tokens_per_s * (1 - model.below());
  speed.high = speed.decode_tokens_per_s * (1 + model.above());
  return speed;
}

SpeedReport SpeedAtRate(const StepModel& model, Operation o, double rate) {
  constexpr double kMost = 16384;
  const double output = static_cast<double>(std::max<int64_t>(1, o.output_tokens));
  const double cap = o.concurrency > 0 ? o.concurrency : kMost;
  auto finished = [&](double concurrency) {  // requests per second
    o.concurrency = concurrency;
    return SpeedAt(model, o).decode_tokens_per_s_total / output;
  };
  double low = 1, high = 1;
  while (high < cap && finished(high) < rate) {
    low = high;
    high = std::min(cap, high * 2);
  }
  const double served = finished(high);
  if (served < rate) {
    // Beyond what the server can do: it works at its limit, and the queue grows as long as requests come.
    if (o.max_sequences > 0) high = std::min(high, static_cast<double>(o.max_sequences));
    if (o.capacity_tokens > 0 && cap >= kMost) {
      const double each = static_cast<double>(o.prompt_tokens) + output / 2;
      high = std::min(high, std::max(1.0, static_cast<double>(o.capacity_tokens) / std::max(1.0, each)));
    }
    o.concurrency = high;
    SpeedReport speed = SpeedAt(model, o);
    if (o.requests > 0 && cap >= kMost) {
      const double wait = 0.5 * static_cast<double>(o.requests) * (1 / served - 1 / rate);
      speed.ttft_ms += 1e3 * std::max(0.0, wait);
    }
    return speed;
  }
  for (int i = 0; i < 12; ++i) {
    const double middle = (low + high) / 2;
    (finished(middle) < rate ? low : high) = middle;
  }
  o.concurrency = high;
  SpeedReport speed = SpeedAt(model, o);
  // Independent arrivals are not bunched.
  const double running = std::min(high, o.max_sequences > 0 ? static_cast<double>(o.max_sequences) : high);
  if (running > 1) {
    const double intrusion = IntrusionSeconds(model, static_cast<int64_t>(running), o.prompt_tokens, o.chunk);
    speed.ttft_ms -= 1e3 * model.bunching() * 0.5 * (running - 1) * intrusion;
  }
  double arriving = rate * output;
  if (o.requests > 0) {  // the last ones are answered after the last has come
    const double span = static_cast<double>(o.requests) / rate;
    const double tail = 1e-3 * (speed.ttft_ms + output * speed.tpot_ms);
    arriving *= span / (span + tail);
  }
  speed.decode_tokens_per_s_total = arriving;
  return speed;
}

SpeedReport EstimateSpeed(const Resolved& r, const Report& report) {
  if (r.architecture == nullptr || r.cards.empty()) return {};
  const StepModel model = StepModel::Make(r);
  const Operation operation = OperationOf(r, report);
  SpeedReport speed = SpeedAt(model, operation);
  StepLoad decode, prompt;
  decode.decode_sequences =
      std::max<int64_t>(1, CeilDiv(std::max<int64_t>(1, r.concurrency), operation.replicas));
  prompt.prefill_sequences = 1;
  prompt.prefill_tokens = operation.chunk > 0 ? std::min(operation.chunk, r.prompt_tokens) : r.prompt_tokens;
  for (int i = 0; i < model.span_count(); ++i) {
    const auto span = static_cast<size_t>(i);
    const int64_t context = std::min(r.prompt_tokens + r.output_tokens / 2, model.span(i));
    decode.decode_kv_tokens[span] =
        static_cast<double>(context) * static_cast<double>(decode.decode_sequences);
    prompt.prefill_kv_pairs[span] = CausalPairs(0, prompt.prefill_tokens, model.span(i));
  }
  speed.decode_bound = BoundName(model.Explain(decode).bound);
  speed.prefill_bound = BoundName(model.Explain(prompt).bound);
  return speed;
}

}  // namespace plimsoll
