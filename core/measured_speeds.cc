#include "core/measured_speeds.h"

#include <string_view>

#include "core/gguf_types.h"

namespace plimsoll {

namespace {

bool Has(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

constexpr Coefficient C(double value, double spread = 0.2, int32_t rows = 0) { return {value, spread, rows}; }

constexpr EngineSpeeds LlamaCpp() {
  EngineSpeeds s;
  //           half     fp8      int8     int4     fp4      bnb      q8_0     q4_0     K        Q2/3_K   IQ
  s.stream = {C(0.90), C(0.80), C(0.80), C(0.80), C(0.85), C(0.50),
              C(0.85), C(0.82), C(0.80), C(0.70), C(0.70)};
  s.compute = {C(0.45), C(0.40), C(0.40), C(0.40), C(0.38), C(0.30),
               C(0.42), C(0.42), C(0.40), C(0.35), C(0.35)};
  s.expert_stream = C(0.9);
  s.expert_compute = C(0.6);
  s.cache_stream = C(0.65);
  s.cache_stream_slow = C(0.28);
  s.attention_compute = C(0.20);
  s.layer_us = C(50);
  s.moe_layer_us = C(25);
  s.recurrent_layer_us = C(30);
  s.step_us = C(100);
  s.sequence_us = C(20);
  s.prefill_step_us = C(500);
  s.request_ms = C(10);
  s.tile = C(32);
  s.expert_tile = C(24);
  s.source = "llama-bench tables of XiongjieDai, kyuz0, lhl and ggml-org; llama-batched-bench of ggml-org";
  return s;
}

constexpr EngineSpeeds Vllm() {
  EngineSpeeds s;
  s.stream = {C(0.88), C(0.82), C(0.80), C(0.75), C(0.72), C(0.30),
              C(0.40), C(0.40), C(0.40), C(0.35), C(0.30)};
  s.compute = {C(0.60), C(0.45), C(0.50), C(0.50), C(0.35), C(0.25),
               C(0.30), C(0.30), C(0.30), C(0.25), C(0.25)};
  s.expert_stream = C(0.8);
  s.expert_compute = C(0.5);
  s.cache_stream = C(0.70);
  s.cache_stream_slow = C(0.70);
  s.attention_compute = C(0.40);
  s.layer_us = C(30);
  s.moe_layer_us = C(30);
  s.recurrent_layer_us = C(30);
  s.step_us = C(500);
  s.sequence_us = C(10);
  s.prefill_step_us = C(4000);
  s.request_ms = C(15);
  s.tile = C(64);
  s.expert_tile = C(24);
  s.source = "serving benchmarks of aiconfigurator (silicon), kyuz0, pegainfer, btbtyler09, lhl";
  return s;
}

constexpr EngineSpeeds Eager(double half, double int4, double layer_us) {
  EngineSpeeds s = Vllm();
  s.stream[0] = C(half);
  s.stream[3] = C(int4);
  s.layer_us = C(layer_us);
  return s;
}

constexpr MeasuredSpeeds Build() {
  MeasuredSpeeds m;
  auto engine = [&m](EngineKind kind) -> EngineSpeeds& { return m.engines[static_cast<size_t>(kind)]; };
  engine(EngineKind::kVllm) = Vllm();
  engine(EngineKind::kLlamaCpp) = LlamaCpp();
  engine(EngineKind::kSglang) = Vllm();
  engine(EngineKind::kTensorRtLlm) = Vllm();
  engine(EngineKind::kMlx) = Eager(0.85, 0.85, 60);
  engine(EngineKind::kMlcLlm) = Eager(0.88, 0.88, 10);
  engine(EngineKind::kExllama) = Eager(0.80, 0.75, 20);
  engine(EngineKind::kExllamaV2) = Eager(0.85, 0.85, 10);
  engine(EngineKind::kAutoAwq) = Eager(0.80, 0.80, 40);
  engine(EngineKind::kLmdeploy) = Eager(0.85, 0.80, 20);
  engine(EngineKind::kTransformers) = Eager(0.80, 0.60, 500);
  for (auto& group : m.cards) {
    for (CardFactors& card : group) card = {C(1), C(1), C(1)};
  }
  auto& ggml = m.cards[static_cast<size_t>(EngineGroup::kGgml)];
  ggml[static_cast<size_t>(CardClass::kAmpereHbm)] = {C(0.70), C(0.8), C(1.2)};
  ggml[static_cast<size_t>(CardClass::kHopper)] = {C(0.75), C(0.5), C(1.2)};
  ggml[static_cast<size_t>(CardClass::kApple)] = {C(0.9), C(1.5), C(1.6)};
  m.ggml_old_layer = C(1.6);
  m.ggml_pipeline = C(0.6);
  m.eager_layer = C(6);
  m.host_memory = C(50e9);
  m.link_share = C(0.8);
  m.accept_draft = C(0.7);
  m.accept_eagle = C(0.7);
  m.accept_mtp = C(0.8);
  return m;
}

constexpr MeasuredSpeeds kFitted = Build();

}  // namespace

const MeasuredSpeeds& FittedSpeeds() { return kFitted; }

EngineGroup GroupOf(EngineKind engine) {
  return engine == EngineKind::kLlamaCpp ? EngineGroup::kGgml : EngineGroup::kTorch;
}

CardClass ClassOf(const Gpu& gpu) {
  const std::string_view arch = gpu.arch;
  const int cc = gpu.compute_capability;
  switch (gpu.vendor) {
    case Vendor::kNvidia:
      if (gpu.unified_memory) return CardClass::kGraceUnified;
      if (cc < 70) return CardClass::kPascal;
      if (cc < 75) return CardClass::kVolta;
      if (cc < 80) return CardClass::kTuring;
      if (cc == 80) return CardClass::kAmpereHbm;
      if (cc < 89) return CardClass::kAmpere;
      if (cc < 90) return CardClass::kAda;
      if (cc < 100) return CardClass::kHopper;
      if (cc < 110) return CardClass::kBlackwellHbm;
      return CardClass::kBlackwell;
    case Vendor::kAmd:
      if (gpu.unified_memory) return CardClass::kStrix;
      if (Has(arch, "CDNA1") || Has(arch, "CDNA2")) return CardClass::kCdna;
      if (Has(arch, "CDNA")) return CardClass::kCdna3;
      if (Has(arch, "RDNA4")) return CardClass::kRdna4;
      return CardClass::kRdna;
    case Vendor::kApple:
      return CardClass::kApple;
    case Vendor::kIntel:
      return CardClass::kIntel;
    case Vendor::kOther:
      return CardClass::kOther;
  }
  return CardClass::kOther;
}

std::string_view CardClassName(CardClass card) {
  constexpr std::string_view kNames[kCardClasses] = {
      "Pascal",       "Volta",  "Turing",        "Ampere GDDR",     "Ada GDDR",     "Blackwell GDDR",
      "Ampere HBM",   "Hopper", "Blackwell HBM", "Grace Blackwell", "CDNA1, CDNA2", "CDNA3 and later",
      "RDNA2, RDNA3", "RDNA4",  "Strix Halo",    "Apple",           "Intel",        "other"};
  return kNames[static_cast<size_t>(card)];
}

FormatClass ClassOf(const WeightScheme& scheme) {
  switch (scheme.family) {
    case FormatFamily::kPlain:
      return scheme.dtype == DType::kFp8 ? FormatClass::kFp8 : FormatClass::kHalf;
    case FormatFamily::kFp8:
    case FormatFamily::kFp8Block:
      return FormatClass::kFp8;
    case FormatFamily::kInt8:
    case FormatFamily::kBnbInt8:
      return FormatClass::kInt8;
    case FormatFamily::kGptq:
    case FormatFamily::kAwq:
    case FormatFamily::kPacked:
      return scheme.bits >= 8 ? FormatClass::kInt8 : FormatClass::kInt4;
    case FormatFamily::kNvfp4:
    case FormatFamily::kMxfp4:
      return FormatClass::kFp4;
    case FormatFamily::kBnbNf4:
      return FormatClass::kBnb;
    case FormatFamily::kGguf:
      return FormatClass::kGgufK;
  }
  return FormatClass::kHalf;
}

FormatClass ClassOfGguf(int gguf_file_type) {
  if (gguf_file_type < 0 || gguf_file_type >= kGgufFileTypes) return FormatClass::kGgufK;
  switch (static_cast<GgufFileType>(gguf_file_type)) {
    case GgufFileType::kF32:
    case GgufFileType::kF16:
    case GgufFileType::kBf16:
      return FormatClass::kHalf;
    case GgufFileType::kQ8_0:
      return FormatClass::kGguf8;
    case GgufFileType::kQ4_0:
    case GgufFileType::kQ4_1:
    case GgufFileType::kQ5_0:
    case GgufFileType::kQ5_1:
    case GgufFileType::kIq4Nl:
      return FormatClass::kGguf4;
    case GgufFileType::kQ4KS:
    case GgufFileType::kQ4KM:
    case GgufFileType::kQ5KS:
    case GgufFileType::kQ5KM:
    case GgufFileType::kQ6K:
      return FormatClass::kGgufK;
    case GgufFileType::kQ2K:
    case GgufFileType::kQ2KS:
    case GgufFileType::kQ3KS:
    case GgufFileType::kQ3KM:
    case GgufFileType::kQ3KL:
      return FormatClass::kGgufK3;
    case GgufFileType::kMxfp4Moe:
    case GgufFileType::kNvfp4:
      return FormatClass::kFp4;
    default:
      return FormatClass::kGgufI;
  }
}

}  // namespace plimsoll
