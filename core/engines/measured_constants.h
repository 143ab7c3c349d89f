// Every constant that was measured and not derived, in one table: value, unit, spread, source. A number that
// follows from an engine's source or a data sheet does not belong here; it stands in the code that uses it.
//
// The figures come from startup logs that the engines' users published; what was fitted to several logs at once
// says so. `low` and `high` are the range of the logs, not a standard deviation.
#ifndef PLIMSOLL_CORE_ENGINES_MEASURED_CONSTANTS_H_
#define PLIMSOLL_CORE_ENGINES_MEASURED_CONSTANTS_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "core/base/units.h"

namespace plimsoll {

enum class Measure : int {
  kVllmSamplerSort,
  kVllmSamplerRecent,
  kVllmSamplerV2,
  kVllmRunnerV2,
  kVllmCompiledKernels,
  kVllmCompiledSpills,
  kVllmNonTorchBlockFp8V0,
  kVllmNonTorchTuring,
  kVllmNonTorchAmpere,
  kVllmNonTorchHopper,
  kVllmNcclNvlink,
  kVllmNcclPcie,
  kVllmNcclAfterNvlink,
  kVllmNcclAfterPcie,
  kVllmContextSmall,
  kVllmContextAmpere,
  kVllmContextHopper,
  kVllmContextBlackwell,
  kVllmGraphPiecewise,
  kVllmGraphStep,
  kVllmGraphRecurrent,
  kVllmGraphExperts,
  kVllmGraphCollective,
  kVllmGraphBnb,
  kVllmGraphRunnerV2,
  kVllmGraphTensorParallelV0,
  kVllmRepackSlack,
  kVllmLoadRocm,
  kVllmTightActivation,
  kVllmTightGraphs,
  kVllmTightBase,
  kVllmTightStates,
  kSglangNccl,
  kSglangRccl,
  kSglangWorkspace,
  kSglangGraphBase,
  kSglangGraphDecode,
  kSglangGraphPrefill,
  kSglangTightBase,
  kSglangTightGraphs,
  kLlamaRpcRoundTrip,
  kLlamaRuntimeCuda,
  kLlamaRuntimeBlackwell,
  kLlamaRuntimeHip,
  kLlamaRuntimeOther,
  kLlamaVisionBuffer,
  kLlamaMtpContext,
  kLlamaHostDense,
  kLlamaHostExperts,
  kLlamaTightStaged,
  kLlamaTightBase,
  kLlamaTightCompute,
  kCount,
};

struct MeasuredConstant {
  Measure id = Measure::kCount;
  std::string_view name;
  double value = 0;
  std::string_view unit;
  double low = 0;
  double high = 0;
  std::string_view source;
};

inline constexpr std::array<MeasuredConstant, static_cast<size_t>(Measure::kCount)> kMeasuredConstants = {{
    {Measure::kVllmSamplerSort, "vLLM sampler scratch, sorting sampler", 38.3,
     "B per sequence and vocabulary row", 34, 41,
     "vllm/v1/sample/ops/topk_topp_sampler.py: logits 2 + fp32 copy 4 + sorted values and indices 12 + iota "
     "8 + cub "
     "scratch 12; 14 logs of 0.6 to 0.11"},
    {Measure::kVllmSamplerRecent, "vLLM sampler scratch, Triton or FlashInfer (from 0.16)", 14,
     "B per sequence and vocabulary row", 8, 16,
     "vllm/v1/sample/ops/topk_topp_sampler.py: logits 2 + fp32 copy 4 + probabilities 4 + draws 4; Qwen3.6 "
     "27B on 0.27 0.85 GiB"},
    {Measure::kVllmSamplerV2, "vLLM sampler scratch, model runner V2", 2, "B per sequence and vocabulary row",
     2, 6, "logits 2: the profile run's requests ask for no sampling parameters (#57926)"},
    {Measure::kVllmRunnerV2, "vLLM memory outside torch with model runner V2 and compiled kernels", 0.15,
     "GiB", 0.09, 0.3, "logs of 0.26 to 0.28 on RTX 4090, L4, A100 and RTX 5090, starts with a filled cache"},
    {Measure::kVllmCompiledKernels, "more of it on a first start", 0.1, "GiB", 0, 0.2,
     "five logs of 0.28 on L40S and L4"},
    {Measure::kVllmCompiledSpills,
     "local memory of spilling kernels on a first start, Blackwell consumer cards", 0.0072,
     "GiB per TFLOPS of bf16", 0.006, 0.0085,
     "RTX 5090 on 0.28: 1.85 GiB on first starts, 0.44 on a later one; 1.6 on 0.20"},
    {Measure::kVllmNonTorchBlockFp8V0, "vLLM memory outside torch, block-fp8 experts on Hopper, V0", 4.9,
     "GiB", 3.9, 6, "two logs of DeepSeek-R1 tp8 on 0.7.3, less their NCCL; local memory of its kernels"},
    {Measure::kVllmNonTorchTuring, "vLLM memory outside torch, one GPU, before Ampere", 0.04, "GiB", 0.02,
     0.09, "logs: T4, V100, RTX 2060"},
    {Measure::kVllmNonTorchAmpere, "vLLM memory outside torch, one GPU, Ampere and Ada", 0.08, "GiB", 0.03,
     0.26, "logs: A100, RTX 4080, RTX 4090"},
    {Measure::kVllmNonTorchHopper, "vLLM memory outside torch, one GPU, Hopper and later", 0.13, "GiB", 0.07,
     0.16, "logs: H100, B200"},
    {Measure::kVllmNcclNvlink, "NCCL and all-reduce buffers inside the budget (before 0.11), NVLink", 1.05,
     "GiB", 0.39, 1.38, "logs: V100 tp2, A100 tp8, H200 tp2"},
    {Measure::kVllmNcclPcie, "NCCL inside the budget (before 0.11), PCIe", 0.2, "GiB", 0.1, 0.3,
     "logs: RTX 4090 tp2, L40S tp2, RTX 3090 tp16"},
    {Measure::kVllmNcclAfterNvlink, "all-reduce buffers inside the budget (0.11 and later), NVLink", 0.45,
     "GiB", 0.4, 0.95, "logs: H100 tp2, B200 tp4"},
    {Measure::kVllmNcclAfterPcie, "all-reduce buffers inside the budget (0.11 and later), PCIe", 0.1, "GiB",
     0.02, 0.2, "assumed from the NVLink figures without custom all-reduce"},
    {Measure::kVllmContextSmall, "CUDA context, consumer and small cards", 0.27, "GiB", 0.2, 0.45,
     "logs: A10G 0.23, RTX 3090 0.26"},
    {Measure::kVllmContextAmpere, "CUDA context, A100", 0.45, "GiB", 0.41, 0.49, "logs: A100 40 and 80 GB"},
    {Measure::kVllmContextHopper, "CUDA context, Hopper", 0.55, "GiB", 0.5, 0.6, "logs: H100, H200"},
    {Measure::kVllmContextBlackwell, "CUDA context, B200", 0.7, "GiB", 0.6, 0.8, "log: B200"},
    {Measure::kVllmGraphPiecewise, "CUDA graph, per captured size and layer, before 0.11", 0.28, "MiB", 0.12,
     0.42, "14 logs of 0.6 to 0.10"},
    {Measure::kVllmGraphStep, "CUDA graph, per captured size and layer, parts and whole steps alike", 0.19,
     "MiB", 0.18, 0.81,
     "ten kernels of 16 to 20 KiB each; logs of 0.11 to 0.19: Qwen2.5 1.5B, 7B and 14B 0.20 to 0.21, "
     "Qwen3 8B fp8 0.19, Granite 0.18, an 80-layer model tp 2 0.18. Drivers of CUDA 12.2 keep 64 KiB per "
     "kernel: 0.81 for Qwen3 8B on 0.19.1 with driver 535"},
    {Measure::kVllmGraphRecurrent, "the same, more for a layer with a recurrent state", 0.06, "MiB", 0.02,
     0.12,
     "Qwen3.5 9B on L40S 0.07 on 0.19 and 0.1 on 0.17, Qwen3.6 27B 0.02 on 0.26 (estimate) and 0.12 on 0.20"},
    {Measure::kVllmGraphExperts, "the same, more for a layer with experts", 0.07, "MiB", 0, 0.13,
     "routing, sorting and sums beside the products: Gemma 4 26B 0.26 in all, GLM-5.2 0.27, Qwen3-Next 0.38; "
     "none with MXFP4's fused kernels (gpt-oss 0.12 and 0.22)"},
    {Measure::kVllmGraphCollective, "NCCL all-reduce in a CUDA graph", 0.105, "MiB", 0.07, 0.13,
     "Qwen2.5 72B tp 4 on L40S, 0.19: 2.62 GiB for 86 sizes of 80 layers, of which 1.28 as with one card; "
     "Qwen3.6 27B tp 4 on RTX 5060 Ti 0.13, on RTX 3090 0.07 (noonghunna/club-3090#127: 0.17 GiB estimated "
     "for 7 sizes)"},
    {Measure::kVllmGraphBnb, "CUDA graphs with bitsandbytes, times", 2.9, "", 2.5, 3.9,
     "logs: three bnb-nf4 models on 0.8: dequantised weights live in the graph pool"},
    {Measure::kVllmGraphRunnerV2, "CUDA graphs with model runner V2, times", 0.8, "", 0.45, 0.85,
     "logs of 0.26 to 0.28: Qwen2.5-0.5B, Llama-3.1-8B, Qwen3-14B, Qwen3-32B"},
    {Measure::kVllmGraphTensorParallelV0, "CUDA graphs under tensor parallelism, V0, times", 4.1, "", 3, 5,
     "log: Yi 34B tp4 0.5.4"},
    {Measure::kVllmRepackSlack,
     "allocator slack left by repacking a quantised weight, per fused layer beside rounding", 0.2, "MiB",
     0.08, 1.1, "logs: Llama-70B, Qwen2.5-14B, Qwen3-14B and Qwen2.5-7B AWQ, phi-4 GPTQ, Qwen3-30B-A3B GPTQ"},
    {Measure::kVllmLoadRocm, "what ROCm's figure of loaded weights holds beside them", 0.15, "GiB", 0.07,
     0.32,
     "vllm/platforms/rocm.py get_current_memory_usage asks the driver: libraries and cached blocks count; "
     "five "
     "logs of R9700"},
    {Measure::kVllmTightActivation, "share of activations and runtime within the error band", 0.3, "", 0, 0.6,
     "spread of activation_peak over the measured cases"},
    {Measure::kVllmTightGraphs, "share of CUDA graphs within the error band", 0.5, "", 0.3, 1,
     "spread of cuda_graph over the measured cases"},
    {Measure::kVllmTightBase, "error band whatever the model", 0.1, "GiB", 0, 0.3,
     "what a driver, a desktop or a second run changes"},
    {Measure::kVllmTightStates, "share of the blocks for recurrent states within the error band", 0.12, "", 0,
     0.13,
     "vllm-project/recipes#831: 939, 1011 and 556 blocks where 1051, 1102 and 638 are predicted without "
     "MTP, 933 and 546 with it"},
    {Measure::kSglangNccl, "SGLang's communicators before the weights, several GPUs", 0.13, "GiB", 0.1, 0.2,
     "\"Init torch distributed ends. mem usage\": 0.13 with tp 4, 0.16 with pp 4, none with one GPU"},
    {Measure::kSglangRccl, "the same on ROCm, with what the runtime keeps there", 4, "GiB", 3.5, 4.2,
     "283.56 GiB free before loading on eight MI355X of 287.98 (two logs of February 2026)"},
    {Measure::kSglangWorkspace, "SGLang's attention workspace and its indices", 0.58, "GiB", 0.5, 1.12,
     "free at \"Memory pool end\" less free at \"Capture cuda graph begin\": five logs of 0.4 and 0.5; "
     "FlashInfer asks for 384 or 512 MiB of it"},
    {Measure::kSglangGraphBase, "SGLang's CUDA graphs, whatever is captured", 0.09, "GiB", 0.05, 0.11,
     "two logs with 4 sizes, of Llama 8B and of Qwen3 0.6B, 0.11 each"},
    {Measure::kSglangGraphDecode, "SGLang's graph of a decode step, per captured size and layer", 0.3, "MiB",
     0.1, 2.6, "Qwen3-8B 52 sizes 0.60 GiB, QwQ-32B tp 4 13 sizes 0.93, Qwen3.5-27B 8 sizes 1.38"},
    {Measure::kSglangGraphPrefill, "SGLang's graph of a prompt, per captured size and layer", 0.5, "MiB", 0.2,
     0.9, "Qwen3-8B 74 sizes 2.32 GiB, Qwen3.5-35B-A3B 1.29, Qwen3-0.6B 0.28"},
    {Measure::kSglangTightBase, "SGLang error band whatever the model", 0.3, "GiB", 0.1, 0.9,
     "free before loading against the rule: 0 to 0.3 on servers, 0.9 where a desktop runs"},
    {Measure::kSglangTightGraphs, "share of SGLang's CUDA graphs within the error band", 0.6, "", 0.3, 1,
     "spread of the logs above"},
    {Measure::kLlamaRpcRoundTrip, "a message to an RPC server of llama.cpp and back", 0.3, "ms", 0.1, 1,
     "assumed: TCP over a local network"},
    {Measure::kLlamaRuntimeCuda, "llama.cpp outside its buffers: CUDA context, cuBLAS, pools", 500, "MiB",
     250, 800, "logs' \"unaccounted\" column, cards before Blackwell"},
    {Measure::kLlamaRuntimeBlackwell, "llama.cpp outside its buffers, Blackwell", 700, "MiB", 450, 900,
     "log: RTX PRO 6000 753 MiB"},
    {Measure::kLlamaRuntimeHip, "llama.cpp outside its buffers, ROCm", 450, "MiB", 200, 800,
     "assumed from the CUDA figure"},
    {Measure::kLlamaRuntimeOther, "llama.cpp outside its buffers, Metal, Vulkan and others", 150, "MiB", 50,
     400, "assumed: no library context on shared memory"},
    {Measure::kLlamaVisionBuffer, "compute buffer of the vision projector", 248, "MiB", 50, 700,
     "log: alloc_compute_meta of one projector of 888 MiB; grows with the image"},
    {Measure::kLlamaMtpContext, "compute buffer of llama.cpp's MTP context beyond the model's own", 32, "MiB",
     0, 40, "two logs of Qwen3.5 27B since few logits are reserved; before, one of the same size"},
    {Measure::kLlamaHostDense, "share of the RAM's bandwidth that whole layers on the processor reach", 0.6,
     "", 0.5, 0.8, "50 GB/s of 90 on desktops with DDR5"},
    {Measure::kLlamaHostExperts, "share of the RAM's bandwidth that experts on the processor reach", 0.33, "",
     0.17, 0.45, "logs: Qwen3.5 35B over DDR4-3200, 24 and 40 layers 0.33; gpt-oss 20B on M5 0.17"},
    {Measure::kLlamaTightStaged, "the same where weights in RAM are copied to the card for each batch", 0.2,
     "", 0.05, 0.3,
     "logs with experts or layers in RAM: 21 % too small to 7 % too large, Vulkan 10 to 13 % too small"},
    {Measure::kLlamaTightBase, "llama.cpp error band whatever the model", 250, "MiB", 0, 500,
     "spread of the memory outside logged buffers"},
    {Measure::kLlamaTightCompute, "share of the compute buffer within the error band", 0.1, "", 0, 0.2,
     "spread of compute_buffer_mib over real logs"},
}};

constexpr const MeasuredConstant& Measured(Measure id) { return kMeasuredConstants[static_cast<size_t>(id)]; }
constexpr double Value(Measure id) { return Measured(id).value; }

// True when every row stands at the place that its id names; a test holds it.
constexpr bool MeasuredConstantsAreOrdered() {
  for (size_t i = 0; i < kMeasuredConstants.size(); ++i) {
    if (kMeasuredConstants[i].id != static_cast<Measure>(i)) return false;
  }
  return true;
}
static_assert(MeasuredConstantsAreOrdered());

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_MEASURED_CONSTANTS_H_
