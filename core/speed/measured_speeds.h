// What was measured, not derived: how much of a card's peak each engine reaches, by card class and by how the
// weights are stored; and what a step costs beyond bytes and operations.
//
// A value is the product of an engine's own coefficient and a factor of the card's class, so that a pair
// nobody measured still gets an answer: the engine's habit on a typical card, or its class's habit in a
// typical engine. Every coefficient says how far single measurements lie from it (`spread`, relative, one
// standard deviation) and how many rows it rests on; `source` names where they come from. The values are
// written by tests/calibration, which fits them on published measurements and reports their errors,
// fitted and with each card left out in turn.
#ifndef PLIMSOLL_CORE_SPEED_MEASURED_SPEEDS_H_
#define PLIMSOLL_CORE_SPEED_MEASURED_SPEEDS_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "core/catalog/gpu.h"
#include "core/formats/weight_format.h"
#include "core/resolve/engine_traits.h"

namespace plimsoll {

// Cards whose memory and launch path behave alike. Bandwidth and peak rates are each card's own.
enum class CardClass : uint8_t {
  kPascal,
  kVolta,
  kTuring,
  kAmpere,        // GDDR: GA10x
  kAda,           // GDDR
  kBlackwell,     // GDDR: GB20x
  kAmpereHbm,     // A100, A30
  kHopper,        // HBM
  kBlackwellHbm,  // B200 and kin
  kGraceUnified,  // GB10: LPDDR shared with the CPU
  kCdna,          // HBM: Instinct MI50 to MI250, Radeon VII: no tuned kernels in most engines
  kCdna3,         // MI300 and later
  kRdna,          // GDDR: RDNA1 to RDNA3
  kRdna4,
  kStrix,  // RDNA3.5 with LPDDR shared with the CPU
  kApple,
  kAppleEarly,  // M1 and M2: registers set aside ahead of time hold fewer threads, so fewer reads, than since M3
  kIntel,
  kOther,
};
constexpr int kCardClasses = 19;
CardClass ClassOf(const Gpu& gpu);
std::string_view CardClassName(CardClass card);

// How kernels read a weight.
enum class FormatClass : uint8_t {
  kHalf,    // 16 or 32 bits as they are
  kFp8,     // 8-bit weights and activations
  kInt8,    // 8-bit weights; activations 8 or 16 bits
  kInt4,    // groups of 4 bits, activations 16 bits (GPTQ, AWQ, compressed-tensors)
  kMxfp4,   // scale per 32, activations 16 or 8 bits
  kNvfp4,   // scale per 16, activations 4 bits where the card has them
  kBnb,     // bitsandbytes
  kGguf8,   // Q8_0
  kGguf4,   // Q4_0 to Q5_1: one scale per 32 weights
  kGgufK,   // Q4_K to Q6_K: super-blocks
  kGgufK3,  // Q2_K, Q3_K: super-blocks with costly unpacking
  kGgufI,   // IQ types: table look-ups
};
constexpr int kFormatClasses = 12;
FormatClass ClassOf(const WeightScheme& scheme);
FormatClass ClassOfGguf(int gguf_file_type);

struct Coefficient {
  double value = 0;
  double spread = 0;  // relative standard deviation of measurements around it
  int32_t rows = 0;   // measured rows that it rests on; 0: carried over from a neighbour
};

// Where measured speeds (or times) lie around predicted ones, relative to them: eight tenths of the rows that a fit did
// not see are between 1 - below and 1 + above.
struct Band {
  double below = 0.3, above = 0.3;
  int32_t rows = 0;
};

// One engine on a typical card.
struct EngineSpeeds {
  std::string_view engine;                          // id
  std::array<Coefficient, kFormatClasses> stream;   // share of the bandwidth at which weights are read
  std::array<Coefficient, kFormatClasses> compute;  // share of the peak in large matrix products
  // Instructions of one lane to turn a stored weight into a product, where decoding unpacks weights one
  // sequence at a time: what a card with fast memory and few units is bound by. 0: never.
  std::array<Coefficient, kFormatClasses> unpack;
  // Tokens of a prompt whose products share one unpacking, as tall as a kernel's tile. 0: a step's weights are unpacked once.
  double unpack_tokens = 0;
  Coefficient expert_stream;   // of `stream`, for routed experts
  Coefficient expert_compute;  // of `compute`, for routed experts
  Coefficient expert_narrow;   // elements of its width on one rank at which reading it takes twice as long
  Coefficient expert_width;    // elements of an expert's width on one rank at which half of that is reached
  Coefficient cache_stream;    // share of the bandwidth at which decoding reads keys and values
  Coefficient cache_stream_slow;   // the same without flash attention
  Coefficient attention_compute;   // share of the 16-bit peak in prefill attention
  Coefficient layer_us;            // per layer and step: launches and dependencies between kernels
  Coefficient moe_layer_us;        // more of it for a layer with routed experts
  Coefficient recurrent_layer_us;  // and for a linear-attention or state-space layer
  Coefficient index_layer_us;    // and for one that chooses the tokens it reads (sparse attention's indexer)
  Coefficient step_us;           // per step, whatever is in it: scheduling, sampling
  Coefficient sequence_us;       // per sequence and step on the host
  Coefficient prefill_step_us;   // a step with prompt tokens runs outside the captured graphs
  Coefficient prefill_layer_us;  // and each of its layers is launched from the host, while the card works
  Coefficient
      prefill_moe_us;  // and more for routing, sorting and two grouped products where there are experts
  Coefficient
      prefill_graph_us;  // or, where few tokens' layers are captured, attention between two graphs alone
  // More launches by the host for a layer whose mixer is more than one kernel: keys and values unfolded from a latent,
  // joined and split again; a recurrence's convolution, gates and products of chunks.
  Coefficient prefill_latent_us, prefill_recurrent_us;
  Coefficient scan_us;     // of a recurrent layer for 64 tokens of a prompt, which follow those before them
  Coefficient request_ms;  // per request before its first token: HTTP, queue
  Coefficient request_token_us;  // per prompt token before it: tokenizer, and its way between processes
  Coefficient
      delivery_steps;  // decode steps from a step's end until its tokens have left an overlapped engine
  Coefficient reduce;  // of the latency of an all-reduce, as the engine's own kernels have it
  Coefficient activation_bytes;  // moved per token for every input and output of a matrix product
  Coefficient score_bytes;       // moved per head and pair of tokens in prefill without flash attention
  Coefficient tile;              // tokens by which a large matrix product is rounded up, on average
  Coefficient expert_tile;       // the same for one expert
  Band alone;                    // of tokens per second of a stream that has the cards to itself
  Band decode;                   // of tokens per second of one stream among several
  Band prompt;                   // of prompt tokens per second
  Band first_token;              // of the time to the first token of a server that keeps up
  Band total;                    // of all tokens per second
  std::string_view source;
};

// What a class of cards changes about every engine of a group.
struct CardFactors {
  Coefficient stream;   // of `stream` and `cache_stream`
  Coefficient compute;  // of `compute` and `attention_compute`
  Coefficient layer;    // of the `_us` coefficients per layer
  // Of `cache_stream` only: which attention kernel the class's cards run (FlashAttention 3 on Hopper, 2 on Ampere and
  // Ada, which divides a sequence among too few units when few are running).
  Coefficient cache;
  // Of `attention_compute` only: the share of the tensor units' rate that the kernels of a generation reach is not the one
  // that matrix products reach there (FlashAttention 3 and FlashInfer's kernels on Hopper and data-centre Blackwell, 2
  // elsewhere).
  Coefficient attention;
};

constexpr int kMeasuredEngines = 11;

struct MeasuredSpeeds {
  std::array<EngineSpeeds, kMeasuredEngines> engines;
  std::array<std::array<CardFactors, kCardClasses>, kKernelGroups> cards;
  // llama.cpp without CUDA graphs and fused operations (before 2025): of `layer_us`.
  Coefficient ggml_old_layer;
  // Metal's kernels of before 2025-03: of `unpack` for integers (an M1 Max decodes an 8B in Q4_K_M in 28.0 ms with b2843 and in
  // 21.6 with b10800).
  Coefficient ggml_old_unpack;
  // Bytes that a multiprocessor of NVIDIA's data-centre dies reads in a clock, at most: what llama.cpp's kernels keep in
  // flight lasts a memory's latency.
  Coefficient ggml_in_flight;
  // The same of Marlin's, which were written for Ampere: an eight-card Kimi K2.5 in 4-bit integers reads its weights no faster on
  // B200 than on H200 beyond what more multiprocessors bring.
  Coefficient marlin_in_flight;
  // How much faster Vulkan's kernels read weights that are unpacked on a Radeon, and how much slower HIP's, than one would say of
  // kernels that nobody names: an RX 7900 XTX decodes a 7B in Q4_0 at 167 to 177 tokens/s with the ones and at 129 to 144 with the
  // others (llama.cpp#20934).
  Coefficient ggml_vulkan;
  Coefficient ggml_pipeline;  // share of the ideal overlap that layer split reaches in prefill
  Coefficient eager_layer;    // of `layer_us` when no graphs are captured
  Coefficient
      no_dot_product;  // of `unpack` for integers, on cards without instructions that add four products
  // More of it on Apple's first generation: M1 Max decodes an 8B in Q4_K_M at 46.2 tokens/s and M4 Pro, with nine tenths of its
  // lanes and two thirds of its bandwidth, at 47.3 (both b10800).
  Coefficient apple_m1_unpack;
  // GeForce boards do every second product with 32-bit sums: of the stated rate, what the same data flow then
  // reaches more than boards with the full rate do (4090 and 5090 beside 6000 Ada and PRO 6000 in public vLLM
  // benchmarks).
  Coefficient halved_relief;
  // Without tensor units the stated rate is that of plain multiply-adds, of which kernels reach three
  // quarters where tensor units are fed to a half (llama-bench and MLX prompts on Apple's GPUs).
  Coefficient plain_units;
  // Of `moe_layer_us` and `prefill_moe_us`, where one kernel does routing, both products and the sum
  // (FlashInfer's TensorRT-LLM kernels on Blackwell: two launches for four).
  Coefficient fused_experts;
  // Of `prefill_moe_us`, where MXFP4's experts are Triton's kernels, each launched by Python.
  Coefficient triton_experts;
  // 16-bit operations per joule that long products sustain: dies with GDDR (RTX 6000 Ada at 300 W and RTX
  // 4090 at 450 W in llama-bench's prompts), and data-centre dies with HBM (stated rates of H100 SXM at 700
  // W, PCIe at 350 W) up to Hopper and since Blackwell: CUTLASS's large products in FP8 reach 2,544 of the 4,500 TFLOPS that a
  // B200 states at 1,000 W (vllm-project/vllm#19566), DeepGEMM's 1,500 of an H800's 1,979 (deepseek-ai/DeepGEMM#81): three
  // quarters of Hopper's share. In BF16 1,513 of 2,250 stand beside 720 to 798 of an H100's 989
  // (zzc0721/torch-performance-test-data#79): five sixths to nine tenths.
  Coefficient operations_per_joule_gddr, operations_per_joule_hbm, operations_per_joule_blackwell;
  Coefficient inline_ecc;    // share of the bandwidth left where GDDR holds its own error codes
  Coefficient routing_skew;  // half of the experts are chosen 1 + this times as often as the average
  Coefficient
      untuned_experts;      // of `expert_stream` and `expert_compute`, where Triton's kernels are not tuned
  Coefficient host_memory;  // bytes per second that CPU layers reach on a desktop
  Coefficient link_share;   // share of the host link that streaming weights reaches
  Coefficient accept_draft, accept_eagle, accept_mtp;  // probability that one more proposed token holds

  // The row of an engine; the first one where it has none.
  const EngineSpeeds& OfEngine(std::string_view id) const;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_MEASURED_SPEEDS_H_
