#include "core/speed/card_rates.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/speed/measured_speeds.h"
#include "core/speed/measured_speeds_table.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/speed_setup.h"

namespace plimsoll {
namespace {

// Coefficients that are easy to multiply: what FindRates makes of them is its own arithmetic.
MeasuredSpeeds Simple() {
  MeasuredSpeeds speeds{};
  EngineSpeeds& engine = speeds.engines[0];
  for (int f = 0; f < kFormatClasses; ++f) {
    engine.stream[static_cast<size_t>(f)].value = 0.5;
    engine.compute[static_cast<size_t>(f)].value = 0.25;
    engine.unpack[static_cast<size_t>(f)].value = 3;
  }
  engine.stream[static_cast<size_t>(FormatClass::kFp8)].value = 0.75;
  engine.stream[static_cast<size_t>(FormatClass::kNvfp4)].value = 0.625;
  engine.expert_stream.value = 0.5;
  engine.expert_compute.value = 0.125;
  engine.expert_narrow.value = 64;
  engine.cache_stream.value = 0.8;
  engine.cache_stream_slow.value = 0.4;
  engine.attention_compute.value = 0.5;
  engine.layer_us.value = 10;
  engine.moe_layer_us.value = 6;
  engine.prefill_layer_us.value = 50;
  engine.prefill_moe_us.value = 40;
  engine.recurrent_layer_us.value = 8;
  engine.activation_bytes.value = 5;
  engine.score_bytes.value = 7;
  for (auto& group : speeds.cards) {
    for (CardFactors& card : group)
      card.stream.value = card.compute.value = card.layer.value = card.cache.value = card.attention.value = 1;
  }
  speeds.ggml_old_layer.value = 3;
  speeds.ggml_old_unpack.value = 1.25;
  speeds.apple_m1_unpack.value = 1.5;
  speeds.ggml_in_flight.value = speeds.marlin_in_flight.value = 1000;
  speeds.ggml_vulkan.value = 1.25;
  speeds.eager_layer.value = 2;
  speeds.no_dot_product.value = 4;
  speeds.halved_relief.value = 1.35;
  speeds.plain_units.value = 1.6;
  speeds.fused_experts.value = 0.5;
  speeds.triton_experts.value = 3;
  speeds.operations_per_joule_gddr.value = 0.75e12;
  speeds.operations_per_joule_hbm.value = 1.5e12;
  speeds.operations_per_joule_blackwell.value = 1.9e12;
  speeds.inline_ecc.value = 0.9;
  speeds.untuned_experts.value = 0.5;
  return speeds;
}

const Gpu& Card(std::string_view id) { return *ShippedCatalog().FindGpu(id); }

CardRates RatesOf(std::string_view gpu, const StepStyle& style = {}, FormatClass format = FormatClass::kHalf,
                  bool eager = false) {
  Resolved resolved;
  resolved.enforce_eager = eager;
  return FindRates(resolved, style, Simple(), Card(gpu), format);
}

StepStyle Ggml() {
  StepStyle style;
  style.kernels = KernelGroup::kGgml;
  return style;
}

StepStyle Plain() {
  StepStyle style = Ggml();
  style.plain_bf16 = true;
  return style;
}

constexpr size_t kHalf = static_cast<size_t>(FormatClass::kHalf);
constexpr size_t kInt4 = static_cast<size_t>(FormatClass::kInt4);
constexpr size_t kFp8 = static_cast<size_t>(FormatClass::kFp8);

TEST(CardRates, SharesOfWhatTheMakerStates) {
  // H100 SXM: 3350 GB/s, 989e12 in 16 bits, 1979e12 in FP8, 67e12 of plain FP32.
  const CardRates rates = RatesOf("h100-sxm");
  EXPECT_DOUBLE_EQ(rates.bandwidth, 3350e9);
  EXPECT_DOUBLE_EQ(rates.stream[kHalf], 3350e9 * 0.5);
  EXPECT_DOUBLE_EQ(rates.stream[kFp8], 3350e9 * 0.75);
  EXPECT_DOUBLE_EQ(rates.half, 989e12);
  EXPECT_DOUBLE_EQ(rates.compute[kHalf], 989e12 * 0.25);
  EXPECT_DOUBLE_EQ(rates.compute[kFp8], 1979e12 * 0.25);
  EXPECT_DOUBLE_EQ(rates.cache, 3350e9 * 0.8);
  EXPECT_DOUBLE_EQ(rates.attention, 989e12 * 0.5);
  EXPECT_DOUBLE_EQ(rates.unpack[kHalf], 3 / (67e12 / 2)) << "a multiply-add counts twice in the stated rate";
  EXPECT_DOUBLE_EQ(rates.activation, 5 / 3350e9);
  EXPECT_EQ(rates.score, 0) << "flash attention keeps scores on the chip";
  EXPECT_DOUBLE_EQ(rates.expert_stream, 0.5);
  EXPECT_DOUBLE_EQ(rates.layer, 10e-6);
  EXPECT_DOUBLE_EQ(rates.moe_layer, 6e-6);
  EXPECT_DOUBLE_EQ(rates.recurrent_layer, 8e-6);
}

TEST(CardRates, AttentionsKernelsHaveSharesOfTheirOwn) {
  MeasuredSpeeds speeds = Simple();
  CardFactors& hopper =
      speeds.cards[static_cast<size_t>(KernelGroup::kTorch)][static_cast<size_t>(CardClass::kHopper)];
  hopper.cache.value = 0.5;
  hopper.attention.value = 0.25;
  const CardRates rates = FindRates(Resolved(), StepStyle(), speeds, Card("h100-sxm"), FormatClass::kHalf);
  EXPECT_DOUBLE_EQ(rates.cache, 3350e9 * 0.8 * 0.5);
  EXPECT_DOUBLE_EQ(rates.attention, 989e12 * 0.5 * 0.25);
  EXPECT_DOUBLE_EQ(rates.stream[kHalf], 3350e9 * 0.5);
  EXPECT_DOUBLE_EQ(rates.compute[kHalf], 989e12 * 0.25);
}

TEST(CardRates, LongProductsRunAsFastAsTheBoardsPowerAllows) {
  EXPECT_DOUBLE_EQ(RatesOf("h100-pcie").half, 350 * 1.5e12) << "it states 756e12";
  EXPECT_DOUBLE_EQ(RatesOf("b200").half, 1000 * 1.9e12) << "it states 2250e12";
  EXPECT_NEAR(RatesOf("b200").compute[kFp8], 4500e12 * 0.25 * 1900 / 2250, 1e6);
}

TEST(CardRates, NobodyReadsFasterThanTheMemoryGives) {
  MeasuredSpeeds speeds = Simple();
  speeds.engines[0].stream[kHalf].value = 2;
  speeds.engines[0].cache_stream.value = 2;
  const CardRates rates = FindRates(Resolved(), StepStyle(), speeds, Card("h100-sxm"), FormatClass::kHalf);
  EXPECT_DOUBLE_EQ(rates.stream[kHalf], 3350e9 * 0.97);
  EXPECT_DOUBLE_EQ(rates.cache, 3350e9 * 0.97);
}

// No fit may make library kernels faster than measured products of any shape are; llama.cpp's stand beside another rate.
TEST(CardRates, ProductsStayBelowWhatIsAchievable) {
  MeasuredSpeeds speeds = Simple();
  speeds.engines[0].compute[kHalf].value = 1.2;
  EXPECT_DOUBLE_EQ(
      FindRates(Resolved(), StepStyle(), speeds, Card("h100-sxm"), FormatClass::kHalf).compute[kHalf],
      989e12 * 0.85);
  EXPECT_DOUBLE_EQ(FindRates(Resolved(), Ggml(), speeds, Card("h100-sxm"), FormatClass::kHalf).compute[kHalf],
                   989e12 * 1.2);
}

TEST(CardRates, LaunchesOneByOne) {
  EXPECT_DOUBLE_EQ(RatesOf("h100-sxm", {}, FormatClass::kHalf, true).layer, 20e-6) << "eager";
  StepStyle plain;
  plain.plain_launches = true;
  EXPECT_DOUBLE_EQ(RatesOf("h100-sxm", plain).layer, 30e-6) << "without CUDA graphs";
}

// The host takes its time for a launch, whatever the card waits for.
TEST(CardRates, TheHostsLaunchesDoNotKnowTheCard) {
  MeasuredSpeeds speeds = Simple();
  for (auto& group : speeds.cards) {
    for (CardFactors& card : group) card.layer.value = 7;
  }
  const auto prompt = [&](const char* gpu, bool eager) {
    Resolved resolved;
    resolved.enforce_eager = eager;
    return FindRates(resolved, {}, speeds, Card(gpu), FormatClass::kHalf).prefill_layer;
  };
  EXPECT_DOUBLE_EQ(prompt("h100-sxm", false), 50e-6);
  EXPECT_DOUBLE_EQ(prompt("rtx-4090", false), 50e-6);
  EXPECT_DOUBLE_EQ(prompt("h100-sxm", true), 50e-6) << "prompts beyond the graphs are eager in any case";
  EXPECT_DOUBLE_EQ(prompt("mi300x", false), 50e-6);
}

TEST(CardRates, WhatTheBoardsPowerLeaves) {
  // RTX 6000 Ada: 364.4e12 stated, 300 W; some 0.75e12 operations a joule on dies with GDDR.
  EXPECT_DOUBLE_EQ(RatesOf("rtx-6000-ada").half, 300 * 0.75e12);
  // H100: 700 W would do 1050e12. A100: 400 W and 312e12.
  EXPECT_DOUBLE_EQ(RatesOf("a100-sxm-80gb").half, 312e12);
}

// GeForce does every second product with 32-bit sums, so its halved rate is reached nearly whole.
TEST(CardRates, HalvedRatesAreReachedNearlyWhole) {
  const double torch = RatesOf("rtx-4090").half / 165.2e12;
  EXPECT_GT(torch, 1.2);
  EXPECT_LT(torch, 1.5);
  EXPECT_DOUBLE_EQ(RatesOf("rtx-4090", Ggml()).half, 330.3e12) << "llama.cpp accumulates in 16 bits";
}

TEST(CardRates, ErrorCodesTakeTheirShareWhereTheMemoryHoldsThem) {
  EXPECT_DOUBLE_EQ(RatesOf("a40").bandwidth, 696e9 * 0.9);
  EXPECT_DOUBLE_EQ(RatesOf("rtx-a6000").bandwidth, 768e9);
}

TEST(CardRates, WithoutFlashAttention) {
  StepStyle slow;
  slow.slow_attention = true;
  const CardRates rates = RatesOf("h100-sxm", slow);
  EXPECT_DOUBLE_EQ(rates.cache, 3350e9 * 0.4);
  EXPECT_DOUBLE_EQ(rates.score, 7 / 3350e9);
  EXPECT_FALSE(rates.each_head_reads);
  const CardRates apple = RatesOf("apple-m2-ultra", slow);
  EXPECT_TRUE(apple.each_head_reads) << "Metal reads a shared head once for each query head";
  EXPECT_DOUBLE_EQ(apple.cache, 800e9 * 0.8);
  EXPECT_FALSE(RatesOf("apple-m2-ultra").each_head_reads);
}

TEST(CardRates, MetalsOldKernelsAndItsFirstGpusUnpackLonger) {
  StepStyle old = Ggml();
  old.old_unpacking = true;
  const CardRates before = RatesOf("apple-m2-ultra", old), now = RatesOf("apple-m2-ultra", Ggml());
  EXPECT_DOUBLE_EQ(before.unpack[kInt4], 1.25 * now.unpack[kInt4]);
  EXPECT_DOUBLE_EQ(before.unpack[kHalf], now.unpack[kHalf]);
  // By the lanes of 21 and of 27.2 TFLOPS.
  const CardRates first = RatesOf("apple-m1-ultra", Ggml());
  EXPECT_DOUBLE_EQ(first.unpack[kInt4], 1.5 * now.unpack[kInt4] * 27.2 / 21);
  EXPECT_DOUBLE_EQ(first.unpack[kHalf], now.unpack[kHalf] * 27.2 / 21);
}

TEST(CardRates, IntegersNeedAnInstructionThatAppleLacks) {
  const CardRates apple = RatesOf("apple-m2-ultra", Ggml());
  EXPECT_DOUBLE_EQ(apple.unpack[kInt4], 4 * apple.unpack[kHalf]);
  const CardRates other = RatesOf("a100-sxm-80gb", Ggml());
  EXPECT_DOUBLE_EQ(other.unpack[kInt4], other.unpack[kHalf]);
}

// RTX 3090: 35.6e12 of FP32 on 128 lanes of a multiprocessor, 64 of which do integers. A V100, an A100 and an RTX 5090 have
// as many of each; a P40's are slow at shifts and products.
TEST(CardRates, IntegersHaveFewerLanesOnSomeDies) {
  EXPECT_NEAR(RatesOf("rtx-3090", Ggml()).unpack[kInt4], 3 / (35.6e12 / 4), 1e-3 * 3 / (35.6e12 / 4));
  const auto over_floats = [](const char* gpu) {
    const CardRates rates = RatesOf(gpu, Ggml());
    return rates.unpack[kInt4] / rates.unpack[kHalf];
  };
  for (const char* gpu : {"rtx-3090", "rtx-4090", "h100-sxm"}) EXPECT_DOUBLE_EQ(over_floats(gpu), 2) << gpu;
  for (const char* gpu : {"v100-32gb", "t4", "a100-sxm-80gb", "rtx-5090", "mi300x", "rx-7900-xtx"})
    EXPECT_DOUBLE_EQ(over_floats(gpu), 1) << gpu;
  EXPECT_DOUBLE_EQ(over_floats("p40"), 2.5);
}

// 96 compute units of 64 lanes at 2.5 GHz (61.4e12 of FP32, two instructions at once), 72 at 2.25 GHz (20.7e12, one), 304 at
// 2.1 GHz (163.4e12, two numbers in one instruction).
TEST(CardRates, LanesOfRadeonAndInstinct) {
  const auto lanes = [](const char* gpu) { return 3 / RatesOf(gpu, Ggml()).unpack[kHalf]; };
  EXPECT_NEAR(lanes("rx-7900-xtx"), 96 * 64 * 2.5e9, 1e10);
  EXPECT_NEAR(lanes("rx-6800-xt"), 72 * 64 * 2.25e9, 1e10);
  EXPECT_NEAR(lanes("mi300x"), 304 * 64 * 2.1e9, 1e10);
}

// An A100's 108 multiprocessors at 1.41 GHz read 152e9 times a second what each keeps in flight, an RTX 3090's 82 at 1.7 GHz
// 139e9 times, of which its memory gives less. What is bound so is bound in llama.cpp's kernels on NVIDIA's data-centre dies.
TEST(CardRates, WhatIsInFlightBoundsCardsWithFastMemory) {
  MeasuredSpeeds speeds = Simple();
  speeds.ggml_in_flight.value = 6;
  const auto stream = [&](const char* gpu, const StepStyle& style) {
    return FindRates(Resolved(), style, speeds, Card(gpu), FormatClass::kHalf).stream[kHalf];
  };
  EXPECT_NEAR(stream("a100-sxm-80gb", Ggml()), 6 * 108 * 1.41e9, 1e-3 * 914e9);
  EXPECT_NEAR(stream("h100-pcie", Ggml()), 2000e9 * 0.5, 1) << "114 at 1.75 GHz could read 1200e9";
  EXPECT_DOUBLE_EQ(stream("rtx-3090", Ggml()), 936e9 * 0.5);
  EXPECT_DOUBLE_EQ(stream("v100-32gb", Ggml()), 900e9 * 0.5);
  EXPECT_DOUBLE_EQ(stream("gtx-1060-6gb", Ggml()), 192e9 * 0.5) << "its clocks are not those that it states";
  EXPECT_NEAR(stream("h20-96gb", Ggml()), 6 * 44e12 / 2 / 128, 1)
      << "78 could read 4000e9 but little at a time";
  EXPECT_DOUBLE_EQ(stream("a10g", Ggml()), 600e9 * 0.9 * 0.5) << "error codes, no more";
  EXPECT_DOUBLE_EQ(stream("a100-sxm-80gb", {}), Card("a100-sxm-80gb").bandwidth.value() * 0.5);
  EXPECT_DOUBLE_EQ(stream("mi300x", Ggml()), 5300e9 * 0.5);
  Gpu unknown = Card("h20-96gb");
  unknown.fp32 = FlopsPerSecond();
  EXPECT_DOUBLE_EQ(FindRates(Resolved(), Ggml(), speeds, unknown, FormatClass::kHalf).stream[kHalf],
                   4000e9 * 0.5)
      << "its lanes are not known";
}

// Kernels of 4-bit integers read no more at a time on a B200, whose 146 multiprocessors' worth of lanes at 2 GHz ask for it
// 293e9 times a second, than on an H200 (262e9); other formats have kernels made for each.
TEST(CardRates, WhatIsInFlightBoundsIntegersOnFastMemory) {
  MeasuredSpeeds speeds = Simple();
  speeds.marlin_in_flight.value = 8;
  const auto stream = [&](const char* gpu, size_t format) {
    return FindRates(Resolved(), {}, speeds, Card(gpu), FormatClass::kInt4).stream[format];
  };
  EXPECT_NEAR(stream("b200", kInt4), 8 * 75e12 / 2 / 128, 1);
  EXPECT_NEAR(stream("h200", kInt4), 8 * 67e12 / 2 / 128, 1);
  EXPECT_DOUBLE_EQ(stream("b200", kHalf), 8000e9 * 0.5);
  EXPECT_DOUBLE_EQ(stream("b200", kFp8), RatesOf("b200").stream[kFp8]);
  EXPECT_DOUBLE_EQ(stream("rtx-5090", kInt4), RatesOf("rtx-5090").stream[kInt4]);
  EXPECT_DOUBLE_EQ(stream("mi300x", kInt4), RatesOf("mi300x").stream[kInt4]);
}

// Weights that are unpacked, on Radeons since RDNA3, in llama.cpp: Vulkan's kernels are a quarter faster here than those that
// nobody names, and HIP's as much slower.
TEST(CardRates, WhoseKernelsReadWeightsOnARadeon) {
  constexpr auto kQ4 = static_cast<size_t>(FormatClass::kGgufK);
  const auto stream = [](const char* gpu, RadeonKernels kernels, size_t format) {
    StepStyle style = Ggml();
    style.radeon = kernels;
    return RatesOf(gpu, style).stream[format];
  };
  for (const char* gpu : {"rx-7900-xtx", "rx-9070-xt", "ryzen-ai-max-395"}) {
    const double said = stream(gpu, RadeonKernels::kUnsaid, kQ4);
    EXPECT_DOUBLE_EQ(stream(gpu, RadeonKernels::kVulkan, kQ4), said * 1.25) << gpu;
    EXPECT_DOUBLE_EQ(stream(gpu, RadeonKernels::kHip, kQ4), said / 1.25) << gpu;
    EXPECT_DOUBLE_EQ(stream(gpu, RadeonKernels::kHip, kHalf), stream(gpu, RadeonKernels::kVulkan, kHalf));
  }
  for (const char* gpu : {"rx-6800-xt", "rx-5700-xt", "mi300x", "rtx-4090"}) {
    EXPECT_DOUBLE_EQ(stream(gpu, RadeonKernels::kVulkan, kQ4), stream(gpu, RadeonKernels::kHip, kQ4)) << gpu;
  }
}

TEST(CardRates, UntunedExpertsOnRadeonAlone) {
  EXPECT_DOUBLE_EQ(RatesOf("mi300x").expert_stream, 0.5);
  EXPECT_DOUBLE_EQ(RatesOf("mi250x").expert_stream, 0.25);
  EXPECT_DOUBLE_EQ(RatesOf("mi250x").expert_compute, 0.0625);
  EXPECT_DOUBLE_EQ(RatesOf("mi250x", Ggml()).expert_stream, 0.5) << "not llama.cpp's kernels";
}

// Where TensorRT-LLM's kernels do the experts of 4-bit floats, routing and both products are few launches.
TEST(CardRates, FusedExpertsOfFourBitFloatsOnDataCentreBlackwell) {
  const auto layer = [](const char* gpu, FormatClass format) { return RatesOf(gpu, {}, format).moe_layer; };
  const double plain = layer("h100-sxm", FormatClass::kHalf);
  for (const FormatClass format : {FormatClass::kMxfp4, FormatClass::kNvfp4}) {
    EXPECT_DOUBLE_EQ(layer("b200", format), 0.5 * plain);
    EXPECT_DOUBLE_EQ(layer("h100-sxm", format), plain);
    EXPECT_DOUBLE_EQ(layer("rtx-5090", format), plain);
    EXPECT_DOUBLE_EQ(RatesOf("b200", Ggml(), format).moe_layer, plain);
  }
  for (const FormatClass format : {FormatClass::kHalf, FormatClass::kFp8, FormatClass::kInt4})
    EXPECT_DOUBLE_EQ(layer("b200", format), plain);
}

// With any floats they go from expert to expert without a break, however narrow a rank's slice is.
TEST(CardRates, ExpertsReadThroughAreReadAsWideOnesAre) {
  const auto narrow = [](const char* gpu, FormatClass format, const StepStyle& style = {}) {
    return RatesOf(gpu, style, format).expert_narrow;
  };
  EXPECT_EQ(narrow("b200", FormatClass::kFp8), 0);
  EXPECT_EQ(narrow("b200", FormatClass::kMxfp4), 0);
  EXPECT_EQ(narrow("b200", FormatClass::kHalf), 0);
  EXPECT_EQ(narrow("b200", FormatClass::kInt4), 64);
  EXPECT_EQ(narrow("b200", FormatClass::kMxfp4, Ggml()), 64);
  EXPECT_EQ(narrow("h100-sxm", FormatClass::kFp8), 64);
  EXPECT_EQ(narrow("rtx-5090", FormatClass::kNvfp4), 64);
}

// A step with prompts launches them from the host: two of four there, too.
TEST(CardRates, FusedExpertsAreLaunchedInFewCallsBesidePrompts) {
  const auto launches = [](const char* gpu, FormatClass format) {
    return RatesOf(gpu, {}, format).prefill_moe;
  };
  EXPECT_DOUBLE_EQ(launches("b200", FormatClass::kInt4), 40e-6);
  EXPECT_DOUBLE_EQ(launches("b200", FormatClass::kHalf), 40e-6);
  EXPECT_DOUBLE_EQ(launches("b200", FormatClass::kMxfp4), 20e-6);
  EXPECT_DOUBLE_EQ(launches("b200", FormatClass::kNvfp4), 20e-6);
  EXPECT_DOUBLE_EQ(launches("h100-sxm", FormatClass::kNvfp4), 40e-6);
}

// Where MXFP4's experts are Triton's kernels: on Hopper and AMD's cards, not under Marlin's and not in llama.cpp.
TEST(CardRates, TritonsExpertsAreLaunchedByPython) {
  const auto launches = [](const char* gpu, FormatClass format, const StepStyle& style = {}) {
    return RatesOf(gpu, style, format).prefill_moe;
  };
  EXPECT_DOUBLE_EQ(launches("h100-sxm", FormatClass::kMxfp4), 120e-6);
  EXPECT_DOUBLE_EQ(launches("mi300x", FormatClass::kMxfp4), 120e-6);
  EXPECT_DOUBLE_EQ(launches("rtx-4090", FormatClass::kMxfp4), 40e-6);
  EXPECT_DOUBLE_EQ(launches("h100-sxm", FormatClass::kFp8), 40e-6);
  EXPECT_DOUBLE_EQ(launches("h100-sxm", FormatClass::kMxfp4, Ggml()), 40e-6);
}

// The same kernels reach FP8's 0.75 of the bandwidth with experts in NVFP4, where dense layers' reach 0.625.
TEST(CardRates, FusedExpertsOfNvfp4KeepFp8sShares) {
  EXPECT_DOUBLE_EQ(RatesOf("b200", {}, FormatClass::kNvfp4).expert_stream, 0.5 * 0.75 / 0.625);
  EXPECT_DOUBLE_EQ(RatesOf("b200", {}, FormatClass::kNvfp4).expert_compute, 0.125);
  EXPECT_DOUBLE_EQ(RatesOf("b200", {}, FormatClass::kFp8).expert_stream, 0.5);
  EXPECT_DOUBLE_EQ(RatesOf("rtx-5090", {}, FormatClass::kNvfp4).expert_stream, 0.5);
}

// MXFP4 is read by FP8's pipeline where the card has one for it, NVFP4 by its own, else they are unpacked like integers.
TEST(CardRates, WhichKernelsReadFourBitFloats) {
  constexpr size_t kNvfp4 = static_cast<size_t>(FormatClass::kNvfp4);
  constexpr size_t kMxfp4 = static_cast<size_t>(FormatClass::kMxfp4);
  EXPECT_DOUBLE_EQ(RatesOf("b200").stream[kNvfp4], 8000e9 * 0.625);
  EXPECT_DOUBLE_EQ(RatesOf("rtx-5090").stream[kNvfp4], 1792e9 * 0.625);
  EXPECT_DOUBLE_EQ(RatesOf("b200").stream[kMxfp4], 8000e9 * 0.75);
  EXPECT_DOUBLE_EQ(RatesOf("b200").compute[kNvfp4], 9000e12 * 0.25 * 1900 / 2250);
  EXPECT_DOUBLE_EQ(RatesOf("h100-sxm").stream[kNvfp4], 3350e9 * 0.5);
  EXPECT_DOUBLE_EQ(RatesOf("h100-sxm").compute[kNvfp4], 989e12 * 0.25);
}

TEST(CardRates, CardsWithMuchBandwidthAndFewUnitsUnpackSlowly) {
  // M2 Ultra reads 800 GB/s, but has no instruction that adds four products: 4 bits do not get it 16/4.8
  // times as far as 16 bits do, by far (llama-bench, b2843: 36.9 and 78.8 tokens/s). RTX 3090: 47.4 and
  // 115.4, and the rest is launches.
  const double half = DecodeRate(
      R"({"model":"llama-3-8b","format":"gguf-f16","engine":"llama.cpp","engine_version":"b2843","gpu":"apple-m2-ultra","prompt_tokens":1,"output_tokens":512})");
  const double packed = DecodeRate(
      R"({"model":"llama-3-8b","format":"gguf-q4_k_m","engine":"llama.cpp","engine_version":"b2843","gpu":"apple-m2-ultra","prompt_tokens":1,"output_tokens":512})");
  EXPECT_NEAR(packed / half, 78.8 / 36.9, 0.2);
  const double half_a6000 = DecodeRate(
      R"({"model":"llama-3-70b","format":"gguf-f16","engine":"llama.cpp","gpu":"rtx-a6000","gpus":4,"prompt_tokens":1})");
  const double packed_a6000 = DecodeRate(
      R"({"model":"llama-3-70b","format":"gguf-q4_k_m","engine":"llama.cpp","gpu":"rtx-a6000","prompt_tokens":1})");
  EXPECT_GT(packed_a6000 / half_a6000, 2.6);
}

TEST(CardRates, PowerBoundsTheProductsNotTheReading) {
  // 364e12 stated at 300 W against 330e12 at 450 W: in long prompts the RTX 4090 is ahead, not behind.
  const auto pro =
      Make(R"({"model":"llama-3-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-6000-ada"})");
  const auto game =
      Make(R"({"model":"llama-3-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-4090"})");
  EXPECT_GT(PrefillTime(pro->model, 1024, 512).value(), 1.2 * PrefillTime(game->model, 1024, 512).value());
  const double decode =
      pro->model.Time(Decode(pro->model, 1, 1)).value() / game->model.Time(Decode(game->model, 1, 1)).value();
  EXPECT_GT(decode, 1);
  EXPECT_LT(decode, 1008.0 / 960);
}

TEST(CardRates, ErrorCodesInGddrTakeBandwidth) {
  // A40 and RTX A6000 are one die; 696 and 768 GB/s, and the A40 keeps its codes in its memory.
  const auto server = Make(R"({"model":"llama-3.1-8b","gpu":"a40"})");
  const auto station = Make(R"({"model":"llama-3.1-8b","gpu":"rtx-a6000"})");
  const double weights = server->model.Explain(Decode(server->model, 1, 1)).weights.value() /
                         station->model.Explain(Decode(station->model, 1, 1)).weights.value();
  EXPECT_NEAR(weights, 768.0 / 696 / FittedSpeeds().inline_ecc.value, 1e-3);
}

TEST(CardRates, FactorsOfTheCardsClass) {
  MeasuredSpeeds speeds = Simple();
  for (auto& group : speeds.cards) {
    for (CardFactors& card : group) {
      card.stream.value = 0.5;
      card.compute.value = 0.25;
      card.layer.value = 3;
      card.attention.value = 1.5;
    }
  }
  const CardRates rates = FindRates(Resolved(), StepStyle(), speeds, Card("h100-sxm"), FormatClass::kHalf);
  EXPECT_DOUBLE_EQ(rates.stream[kHalf], 3350e9 * 0.5 * 0.5);
  EXPECT_DOUBLE_EQ(rates.cache, 3350e9 * 0.8 * 0.5);
  EXPECT_DOUBLE_EQ(rates.compute[kHalf], 989e12 * 0.25 * 0.25);
  EXPECT_DOUBLE_EQ(rates.attention, 989e12 * 0.5 * 0.25 * 1.5) << "and of its generation's attention kernels";
  EXPECT_DOUBLE_EQ(rates.layer, 30e-6);
}

// Strix Halo: 59.4 of matrix units as stated, half of which llama.cpp's kernels reach at most; 29.7 of vector units with
// two instructions at once, 14.85 with one.
TEST(FindRates, WithoutMatrixUnitsForBf16ProductsRunOnTheVectorUnits) {
  const CardRates matrix = RatesOf("ryzen-ai-max-395", Ggml());
  const CardRates plain = RatesOf("ryzen-ai-max-395", Plain());
  EXPECT_NEAR(plain.compute[kHalf] / matrix.compute[kHalf], 14.85 / 29.7, 1e-9);
  EXPECT_DOUBLE_EQ(plain.compute[kInt4], matrix.compute[kInt4]);
  EXPECT_DOUBLE_EQ(plain.stream[kHalf], matrix.stream[kHalf]);
}

// Radeons before RDNA3 have no matrix units: in llama.cpp FP32's rate counts, and twice that with dot products of 8 bits.
TEST(CardRates, MatrixUnitsOfRadeons) {
  EXPECT_DOUBLE_EQ(RatesOf("rx-7900-xtx", Ggml()).half, 122.8e12);
  EXPECT_DOUBLE_EQ(RatesOf("rx-6800-xt", Ggml()).half, 41.47e12);
  EXPECT_DOUBLE_EQ(RatesOf("rx-5700-xt", Ggml()).half, 9.75e12) << "no dot products";
  EXPECT_DOUBLE_EQ(RatesOf("rx-580", Ggml()).half, 6.17e12) << "16 bits are no faster there";
  EXPECT_DOUBLE_EQ(RatesOf("ryzen-ai-max-395", Ggml()).half, 29.7e12);
}

// GeForce: twice the rate with sums in 16 bits, of which 1.35 is counted already; boards that are not halved gain nothing.
TEST(FindRates, SumsInHalfHaveTheFullRate) {
  StepStyle half;
  half.half_sums = true;
  EXPECT_NEAR(RatesOf("rtx-4090", half).compute[kHalf] / RatesOf("rtx-4090").compute[kHalf], 2 / 1.35, 0.01);
  EXPECT_DOUBLE_EQ(RatesOf("h100-sxm", half).compute[kHalf], RatesOf("h100-sxm").compute[kHalf]);
}

}  // namespace
}  // namespace plimsoll
