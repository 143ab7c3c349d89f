#include "core/speed/card_rates.h"

#include <algorithm>
#include <string>

namespace plimsoll {
namespace {

double Positive(double value, double fallback) { return value > 0 ? value : fallback; }

// The largest share of the stated rate that products of any shape reach in library kernels (stas00/ml-engineering,
// maximum achievable matmul FLOPS: A100 0.87, H100 0.80 and 0.71 in fp8, B200 0.78): a bound, not what a layer reaches.
// llama.cpp's kernels are fitted beside a rate that is not theirs.
double MostOfPeak(KernelGroup group) { return group == KernelGroup::kGgml ? 10 : 0.85; }

// AMD's FP32 rates count two instructions at once since RDNA3 and packed pairs of numbers since CDNA3.
bool CountsPairs(const Gpu& gpu) {
  if (gpu.vendor != Vendor::kAmd) return false;
  for (const char* name : {"RDNA3", "RDNA4", "CDNA3", "CDNA4"}) {
    if (gpu.arch.find(name) != std::string::npos) return true;
  }
  return false;
}

// The rate of the units that a format's kernels use.
double Peak(KernelGroup group, FormatClass format, const Gpu& gpu, const MeasuredSpeeds& speeds) {
  const double stated = Positive(std::max(gpu.fp16.value(), gpu.bf16.value()), gpu.fp32.value());
  const bool halved = gpu.fp16_fast.value() > stated * 1.5;
  const double relief = halved && group == KernelGroup::kTorch ? speeds.halved_relief.value : 1;
  const double plain = gpu.vendor == Vendor::kApple ? speeds.plain_units.value : 1;
  const double half = stated * relief * plain;
  const double fallback = Positive(half, 1e13);
  const bool blackwell_hbm = gpu.compute_capability >= 100 && gpu.compute_capability < 110;
  if (group == KernelGroup::kGgml) {
    // llama.cpp accumulates in 16 bits where that is faster; without tensor cores it uses integer dot
    // products.
    const double fast = std::max(half, gpu.fp16_fast.value());
    const bool pascal = gpu.vendor == Vendor::kNvidia && gpu.compute_capability < 70;
    if (pascal) return Positive(std::max(gpu.int8.value() / 2, gpu.fp32.value()), fallback);
    // Radeons before RDNA3 have no matrix units; RDNA2's lanes do four products of 8 bits at once, which as with Pascal count
    // half, and are as many as FP16's of its sheets; older ones have FP32's alone. A Strix Halo's rate counts two matrix
    // instructions at once, and it has the power for one. (A 7900 XTX reaches in its matrix units the share that NVIDIA's
    // cards reach in theirs.)
    const CardClass card = ClassOf(gpu);
    const bool rdna2 = gpu.arch.find("RDNA2") != std::string::npos;
    if (card == CardClass::kStrix || (card == CardClass::kRdna && !CountsPairs(gpu) && !rdna2)) {
      return Positive(gpu.fp32.value(), fallback / 2);
    }
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

// The kernels that read a format: where the tensor cores take MXFP4 as it is stored, weights and activations go
// through the same pipeline as FP8's; elsewhere 4-bit floats are unpacked, NVFP4 as groups of integers are
// (Marlin).
FormatClass KernelsOf(KernelGroup group, FormatClass format, const Gpu& gpu) {
  if (group == KernelGroup::kGgml) return format;
  const bool blackwell_hbm = gpu.compute_capability >= 100 && gpu.compute_capability < 110;
  if (format == FormatClass::kMxfp4 && blackwell_hbm) return FormatClass::kFp8;
  if (format == FormatClass::kNvfp4)
    return gpu.compute_capability >= 100 ? FormatClass::kNvfp4 : FormatClass::kInt4;
  return format;
}

bool IsFourBitFloat(FormatClass format) {
  return format == FormatClass::kMxfp4 || format == FormatClass::kNvfp4;
}

// On data-centre Blackwell TensorRT-LLM's kernels do the experts of all floats (its own moe_config backend TRTLLM;
// flashinfer_trtllm in SGLang; FlashInfer, which vLLM's fused_moe/oracle puts first there): they run through the experts
// without a break.
bool ReadsExpertsThrough(KernelGroup group, FormatClass format, const Gpu& gpu) {
  if (group == KernelGroup::kGgml || ClassOf(gpu) != CardClass::kBlackwellHbm) return false;
  return IsFourBitFloat(format) || format == FormatClass::kFp8 || format == FormatClass::kHalf;
}

double OperationsPerJoule(CardClass card, const MeasuredSpeeds& speeds) {
  switch (card) {
    case CardClass::kBlackwellHbm:
      return speeds.operations_per_joule_blackwell.value;
    case CardClass::kAmpereHbm:
    case CardClass::kHopper:
      return speeds.operations_per_joule_hbm.value;
    default:
      return speeds.operations_per_joule_gddr.value;
  }
}

// What the board's power leaves of the stated matrix rate in long products, where clocks fall until the power
// fits: RTX 6000 Ada (300 W) states more than RTX 4090 (450 W) and sustains 0.6 of it in llama-bench's
// prompts.
double PowerShare(KernelGroup group, const Gpu& gpu, const MeasuredSpeeds& speeds) {
  const double peak = Peak(group, FormatClass::kHalf, gpu, speeds);
  if (gpu.vendor != Vendor::kNvidia || gpu.tdp_w <= 0 || peak <= 0) return 1;
  return std::min(1.0, gpu.tdp_w * OperationsPerJoule(ClassOf(gpu), speeds) / peak);
}

// GeForce boards sum 16-bit products in 16 bits at twice the rate that they have with 32-bit sums.
double FullRateOf(const Gpu& gpu, const MeasuredSpeeds& speeds) {
  const double half = Peak(KernelGroup::kTorch, FormatClass::kHalf, gpu, speeds);
  return std::max(1.0, gpu.fp16_fast.value() / half);
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
  return Positive(gpu.fp32.value() / (CountsPairs(gpu) ? 4 : 2), Positive(half / 16, 1e12));
}

// Bytes per second that kernels keep in flight on data-centre dies, whose memory is fast for their multiprocessors: so much for
// each and clock, of which V100 and A100 have one for 64 lanes, newer ones for 128 (CUDA C++ Programming Guide, results per
// clock of 32-bit additions by compute capability). All of llama.cpp's kernels are bound so, elsewhere those of 4-bit integers.
// GeForce boards run faster clocks than they state while they wait for memory, and none that was measured is bound so. 0: not
// bound, or the lanes are not known.
double MostInFlight(KernelGroup group, FormatClass format, const Gpu& gpu, const MeasuredSpeeds& speeds) {
  const CardClass card = ClassOf(gpu);
  const bool small = card == CardClass::kVolta || card == CardClass::kAmpereHbm;
  const bool bound = small || card == CardClass::kHopper || card == CardClass::kBlackwellHbm;
  if (!bound || gpu.fp32.value() <= 0) return 0;
  const double clocks = LaneRate(gpu) / (small ? 64 : 128);
  if (group == KernelGroup::kGgml) return clocks * speeds.ggml_in_flight.value;
  return format == FormatClass::kInt4 ? clocks * speeds.marlin_in_flight.value : 0;
}

// Of the lanes that NVIDIA's FP32 rate counts, how many do integers: half where a multiprocessor has 128 for floats and 64 for
// integers (Ampere and Ada with GDDR, Hopper), all where they are as many (Volta, Turing, A100, Blackwell with GDDR; B200,
// unmeasured, is taken to be so). Pascal adds on all 128 lanes, shifts on 64 and multiplies in several instructions, which
// leaves some 0.4 for a mix of them (CUDA C++ Programming Guide, throughput of native arithmetic instructions); with no row of
// a P40 in the fit its Q2_K and Q3_K are then within 10 %.
double IntegerShare(const Gpu& gpu) {
  switch (ClassOf(gpu)) {
    case CardClass::kAmpere:
    case CardClass::kAda:
    case CardClass::kHopper:
      return 0.5;
    case CardClass::kPascal:
      return 0.4;
    default:
      return 1;
  }
}

// Four products of 8-bit integers and their sum in one instruction. Apple's GPUs have none.
bool HasDotProduct(const Gpu& gpu) { return gpu.vendor != Vendor::kApple; }

// Of the rate at which llama.cpp reads weights that are unpacked, on Radeons since RDNA3; on older ones HIP's kernels are not the
// slower ones (an RX 5700 XT is 8 % apart, llama.cpp#5835 and #13324). Where nobody says whose run it is between the two.
double RadeonShare(const StepStyle& style, FormatClass format, const Gpu& gpu, const MeasuredSpeeds& speeds) {
  const CardClass card = ClassOf(gpu);
  const bool radeon = card == CardClass::kRdna || card == CardClass::kRdna4 || card == CardClass::kStrix;
  if (!radeon || !CountsPairs(gpu) || format == FormatClass::kHalf) return 1;
  switch (style.radeon) {
    case RadeonKernels::kUnsaid:
      return 1;
    case RadeonKernels::kHip:
      return 1 / speeds.ggml_vulkan.value;
    case RadeonKernels::kVulkan:
      return speeds.ggml_vulkan.value;
  }
  return 1;
}

bool IsAppleM1(const Gpu& gpu) {
  return gpu.vendor == Vendor::kApple && gpu.id.find("-m1") != std::string::npos;
}

// Triton's kernels for routed experts come with tuned block sizes for data-centre cards and for some of
// NVIDIA's others (vllm/model_executor/layers/fused_moe/configs); Radeon and Instinct before MI300 run with
// defaults.
bool HasTunedExperts(KernelGroup group, const Gpu& gpu) {
  if (group == KernelGroup::kGgml || gpu.vendor != Vendor::kAmd) return true;
  return ClassOf(gpu) == CardClass::kCdna3;
}

// MXFP4's experts are OpenAI's Triton kernels on Hopper (vllm/model_executor/layers/quantization/mxfp4.py
// get_mxfp4_backend; TensorRT-LLM's moe_config backend TRITON, the only one there) and on Instinct and Radeon; Marlin's or
// TensorRT-LLM's elsewhere.
bool RunsTritonExperts(KernelGroup group, FormatClass format, const Gpu& gpu) {
  if (group == KernelGroup::kGgml || format != FormatClass::kMxfp4) return false;
  return gpu.vendor == Vendor::kAmd || ClassOf(gpu) == CardClass::kHopper;
}

constexpr auto kFp8 = static_cast<size_t>(FormatClass::kFp8);
constexpr auto kNvfp4 = static_cast<size_t>(FormatClass::kNvfp4);

}  // namespace

CardRates FindRates(const Resolved& r, const StepStyle& style, const MeasuredSpeeds& speeds, const Gpu& gpu,
                    FormatClass main_format) {
  const EngineSpeeds& engine = speeds.OfEngine(style.engine);
  const KernelGroup group = style.kernels;
  const CardFactors& card = speeds.cards[static_cast<size_t>(group)][static_cast<size_t>(ClassOf(gpu))];
  CardRates rates;
  rates.bandwidth = Positive(gpu.bandwidth.value(), 1e11);
  if (HasInlineEcc(gpu)) rates.bandwidth *= speeds.inline_ecc.value;
  const double power = PowerShare(group, gpu, speeds);
  const double sums = style.half_sums ? FullRateOf(gpu, speeds) : 1;
  rates.half = power * Peak(group, FormatClass::kHalf, gpu, speeds);
  for (size_t f = 0; f < kFormatClasses; ++f) {
    const auto format = static_cast<FormatClass>(f);
    const auto kernels = static_cast<size_t>(KernelsOf(group, format, gpu));
    const double share =
        engine.stream[kernels].value * card.stream.value * RadeonShare(style, format, gpu, speeds);
    rates.stream[f] = rates.bandwidth * std::min(0.97, share);
    const double in_flight = MostInFlight(group, format, gpu, speeds);
    if (in_flight > 0) rates.stream[f] = std::min(rates.stream[f], in_flight);
    rates.compute[f] = power * Peak(group, format, gpu, speeds) *
                       std::min(MostOfPeak(group), engine.compute[kernels].value * card.compute.value) * sums;
  }
  if (style.plain_bf16) {
    auto& bf16 = rates.compute[static_cast<size_t>(FormatClass::kHalf)];
    bf16 *= std::min(1.0, 2 * LaneRate(gpu) / Peak(group, FormatClass::kHalf, gpu, speeds));
  }
  const double experts = HasTunedExperts(group, gpu) ? 1 : speeds.untuned_experts.value;
  rates.expert_stream = engine.expert_stream.value * experts;
  rates.expert_compute = engine.expert_compute.value * experts;
  // Without flash attention Metal's products with the cache are one per query head: keys and values that a
  // group of heads shares are read once for each of them (M2 Ultra, M3 Max: time of long contexts goes with
  // the heads, not with the bytes cached). Elsewhere a group's reads meet in the L2 cache.
  rates.each_head_reads = style.slow_attention && gpu.vendor == Vendor::kApple;
  const bool slow = style.slow_attention && !rates.each_head_reads;
  const double cache = slow ? engine.cache_stream_slow.value : engine.cache_stream.value;
  rates.cache = rates.bandwidth * std::min(0.97, cache * card.stream.value * card.cache.value);
  rates.attention = rates.half * engine.attention_compute.value * card.compute.value * card.attention.value;
  const double lanes = LaneRate(gpu);
  for (size_t f = 0; f < kFormatClasses; ++f) {
    const bool integers = static_cast<FormatClass>(f) != FormatClass::kHalf;
    double longer = integers && !HasDotProduct(gpu) ? speeds.no_dot_product.value : 1;
    if (integers && style.old_unpacking) longer *= speeds.ggml_old_unpack.value;
    if (integers && IsAppleM1(gpu)) longer *= speeds.apple_m1_unpack.value;
    rates.unpack[f] = engine.unpack[f].value * longer / (integers ? lanes * IntegerShare(gpu) : lanes);
  }
  rates.activation = engine.activation_bytes.value / rates.bandwidth;
  if (style.slow_attention) rates.score = engine.score_bytes.value / rates.bandwidth;
  double layer = 1e-6 * card.layer.value;
  if (style.plain_launches) layer *= speeds.ggml_old_layer.value;
  if (r.enforce_eager) layer *= speeds.eager_layer.value;
  rates.layer = layer * engine.layer_us.value;
  rates.moe_layer = layer * engine.moe_layer_us.value;
  // All but TensorRT-LLM's kernels begin anew for each expert, and a narrow slice's second product is over before its reads
  // have come in.
  const bool through = ReadsExpertsThrough(group, main_format, gpu);
  rates.expert_narrow = through ? 0 : engine.expert_narrow.value;
  // With 4-bit floats those do routing, both products and the sum in few launches, where sorting, two products, activation and
  // sum are kernels of their own elsewhere, and permutation and activation with FP8 in blocks. Steps with prompts, whose
  // kernels the host launches one by one, have as many fewer.
  const bool fused = through && IsFourBitFloat(main_format);
  if (fused) rates.moe_layer *= speeds.fused_experts.value;
  // They reach FP8's shares of bandwidth and peak with NVFP4, too, which CUTLASS's products of dense layers do not.
  if (fused && main_format == FormatClass::kNvfp4) {
    const double stream = card.stream.value, compute = card.compute.value;
    rates.expert_stream *= std::min(0.97, engine.stream[kFp8].value * stream) /
                           std::min(0.97, engine.stream[kNvfp4].value * stream);
    rates.expert_compute *= std::min(MostOfPeak(group), engine.compute[kFp8].value * compute) /
                            std::min(MostOfPeak(group), engine.compute[kNvfp4].value * compute);
  }
  rates.recurrent_layer = layer * engine.recurrent_layer_us.value;
  rates.index_layer = layer * engine.index_layer_us.value;
  // What the host launches kernel by kernel takes its time, whatever the card.
  rates.prefill_layer = 1e-6 * engine.prefill_layer_us.value;
  rates.prefill_moe = 1e-6 * engine.prefill_moe_us.value;
  if (fused) rates.prefill_moe *= speeds.fused_experts.value;
  if (RunsTritonExperts(group, main_format, gpu)) rates.prefill_moe *= speeds.triton_experts.value;
  rates.prefill_graph = 1e-6 * engine.prefill_graph_us.value;
  rates.prefill_latent = 1e-6 * engine.prefill_latent_us.value;
  rates.prefill_recurrent = 1e-6 * engine.prefill_recurrent_us.value;
  constexpr double kScanned = 64;  // tokens
  rates.scan = 1e-6 * engine.scan_us.value / kScanned;
  return rates;
}

}  // namespace plimsoll
