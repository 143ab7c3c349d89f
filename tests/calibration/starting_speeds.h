// Where the fit starts, and where it stays when rows say little. Round numbers from vendors' peak rates, the
// engines' sources and earlier summaries of public benchmarks. Not independent of tests/data/speed: those
// summaries rest in part on the same publications, and the tile of single-stream engines was set after
// looking at AutoAWQ's rows.
#ifndef PLIMSOLL_TESTS_CALIBRATION_STARTING_SPEEDS_H_
#define PLIMSOLL_TESTS_CALIBRATION_STARTING_SPEEDS_H_

#include <algorithm>
#include <iterator>
#include <string_view>

#include "core/speed/measured_speeds.h"
#include "core/speed/step_style.h"

namespace plimsoll {

// The engines of the measured table, in its order.
enum class EngineKind : uint8_t {
  kVllm,
  kLlamaCpp,
  kSglang,
  kTensorRtLlm,
  kMlx,
  kMlcLlm,
  kExllama,
  kExllamaV2,
  kAutoAwq,
  kLmdeploy,
  kTransformers,
};
constexpr std::string_view kEngineIds[kMeasuredEngines] = {
    "vllm",    "llama.cpp", "sglang",  "tensorrt-llm", "mlx",         "mlc-llm",
    "exllama", "exllamav2", "autoawq", "lmdeploy",     "transformers"};
inline EngineKind KindOf(const StepStyle& style) {  // whose row it reads: ollama runs llama.cpp's kernels
  const auto* at = std::find(std::begin(kEngineIds), std::end(kEngineIds), style.engine);
  return static_cast<EngineKind>(at == std::end(kEngineIds) ? 0 : at - std::begin(kEngineIds));
}

inline constexpr Coefficient C(double value, double spread = 0.2, int32_t rows = 0) {
  return {value, spread, rows};
}

inline constexpr EngineSpeeds LlamaCpp() {
  EngineSpeeds s;
  //           half     fp8      int8     int4     mxfp4    nvfp4    bnb      q8_0     q4_0     K Q2/3_K   IQ
  s.stream = {C(0.90), C(0.80), C(0.80), C(0.80), C(0.85), C(0.85),
              C(0.50), C(0.85), C(0.82), C(0.80), C(0.70), C(0.70)};
  s.compute = {C(0.45), C(0.40), C(0.40), C(0.40), C(0.38), C(0.38),
               C(0.30), C(0.42), C(0.42), C(0.40), C(0.35), C(0.35)};
  s.unpack = {C(12), C(4), C(4), C(5), C(6), C(6), C(12), C(3), C(4), C(5), C(15), C(12)};
  s.expert_stream = C(0.9);
  s.expert_compute = C(0.6);
  s.cache_stream = C(0.65);
  s.cache_stream_slow = C(0.28);
  s.attention_compute = C(0.20);
  s.layer_us = C(50);
  s.moe_layer_us = C(25);
  s.recurrent_layer_us = C(30);
  s.scan_us = C(20);
  s.step_us = C(100);
  s.sequence_us = C(20);
  s.prefill_step_us = C(500);
  s.reduce = C(1);
  s.request_ms = C(10);
  s.activation_bytes = C(8);
  s.score_bytes = C(16);
  s.tile = C(32);
  s.expert_tile = C(24);
  s.source = "llama-bench tables of XiongjieDai, kyuz0, lhl and ggml-org; llama-batched-bench of ggml-org";
  return s;
}

inline constexpr EngineSpeeds Vllm() {
  EngineSpeeds s;
  s.stream = {C(0.88), C(0.82), C(0.80), C(0.75), C(0.72), C(0.72),
              C(0.30), C(0.40), C(0.40), C(0.40), C(0.35), C(0.30)};
  s.compute = {C(0.60), C(0.45), C(0.50), C(0.50), C(0.35), C(0.35),
               C(0.25), C(0.30), C(0.30), C(0.30), C(0.25), C(0.25)};
  s.expert_stream = C(0.8);
  s.expert_compute = C(0.6);
  s.expert_narrow = C(100);
  s.expert_width = C(256);
  s.cache_stream = C(0.70);
  s.cache_stream_slow = C(0.70);
  s.attention_compute = C(0.40);
  s.layer_us = C(30);
  s.moe_layer_us = C(30);
  s.recurrent_layer_us = C(30);
  s.index_layer_us = C(40);
  s.step_us = C(500);
  s.sequence_us = C(10);
  s.prefill_step_us = C(1000);
  s.prefill_layer_us = C(200);
  s.prefill_moe_us = C(200);
  s.prefill_graph_us = C(40);
  s.prefill_latent_us = C(800);
  s.prefill_recurrent_us = C(400);
  s.scan_us = C(4);
  s.delivery_steps = C(0.35);
  s.reduce = C(1);
  s.request_ms = C(3.5);
  s.request_token_us = C(2);
  s.activation_bytes = C(4);
  s.score_bytes = C(8);
  s.tile = C(64);
  s.expert_tile = C(24);
  s.source = "serving benchmarks of aiconfigurator (silicon), kyuz0, pegainfer, btbtyler09, lhl";
  return s;
}

inline constexpr EngineSpeeds Eager(double half, double int4, double layer_us) {
  EngineSpeeds s = Vllm();
  s.stream[0] = C(half);
  s.stream[3] = C(int4);
  s.layer_us = C(layer_us);
  s.compute[3] = C(0.3);  // unpacked inside the product or before it, not by Marlin's pipeline
  s.tile = C(8);          // kernels for one or few sequences at a time
  s.source =
      "single-stream tables of AutoAWQ, ExLlama, llm-perf-bench and mlx-lm; the rest carried over from vLLM";
  return s;
}

// awq_cuda/quantization/gemm_cuda_gen.cu, gemm_forward_4bit_cuda_m16n128k32: each tile of 16 rows unpacks its weights anew.
inline constexpr EngineSpeeds AutoAwq() {
  EngineSpeeds s = Eager(0.80, 0.80, 40);
  s.compute[3] = C(0.6);
  s.unpack[3] = C(10);
  s.unpack_tokens = 16;
  return s;
}

inline MeasuredSpeeds StartingSpeeds() {
  MeasuredSpeeds m;
  auto engine = [&m](EngineKind kind) -> EngineSpeeds& { return m.engines[static_cast<size_t>(kind)]; };
  // Names last: what stands below copies whole rows.
  engine(EngineKind::kVllm) = Vllm();
  engine(EngineKind::kLlamaCpp) = LlamaCpp();
  engine(EngineKind::kSglang) = Vllm();
  engine(EngineKind::kTensorRtLlm) = Vllm();
  // Their prompts run without graphs or compilation.
  engine(EngineKind::kSglang).prefill_layer_us = engine(EngineKind::kTensorRtLlm).prefill_layer_us = C(600);
  engine(EngineKind::kSglang).delivery_steps = C(4);
  engine(EngineKind::kTensorRtLlm).delivery_steps = C(2);
  engine(EngineKind::kMlx) = Eager(0.85, 0.85, 60);
  engine(EngineKind::kMlcLlm) = Eager(0.88, 0.88, 10);
  engine(EngineKind::kExllama) = Eager(0.80, 0.75, 20);
  engine(EngineKind::kExllamaV2) = Eager(0.85, 0.85, 10);
  engine(EngineKind::kAutoAwq) = AutoAwq();
  engine(EngineKind::kLmdeploy) = Eager(0.85, 0.80, 20);
  engine(EngineKind::kTransformers) = Eager(0.80, 0.60, 500);
  for (size_t e = 0; e < m.engines.size(); ++e) m.engines[e].engine = kEngineIds[e];
  for (auto& group : m.cards) {
    for (CardFactors& card : group) card = {C(1), C(1), C(1), C(1), C(1)};
  }
  m.ggml_old_layer = C(1.6);
  m.ggml_old_unpack = C(1.2);
  m.apple_m1_unpack = C(1.3);
  m.ggml_in_flight = C(7.5);
  m.marlin_in_flight = C(14);
  m.ggml_vulkan = C(1.1);
  m.ggml_pipeline = C(0.6);
  m.eager_layer = C(6);
  m.halved_relief = {1.35, 0.15, 0};
  m.plain_units = {1.6, 0.2, 0};
  m.fused_experts = {0.5, 0.3, 0};
  m.triton_experts = C(2);
  m.operations_per_joule_gddr = {0.75e12, 0.15, 0};
  m.operations_per_joule_hbm = {1.5e12, 0.2, 0};
  m.operations_per_joule_blackwell = {1.9e12, 0.15, 0};
  m.no_dot_product = C(2.5);
  m.inline_ecc = C(0.87);
  m.routing_skew = C(0.5);
  m.untuned_experts = C(0.6);
  m.host_memory = C(50e9);
  m.link_share = C(0.8);
  m.accept_draft = C(0.7);
  m.accept_eagle = C(0.7);
  m.accept_mtp = C(0.8);
  return m;
}

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_CALIBRATION_STARTING_SPEEDS_H_
