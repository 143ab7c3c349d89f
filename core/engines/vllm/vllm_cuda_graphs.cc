#include "core/engines/vllm/vllm_cuda_graphs.h"

#include <algorithm>

#include "core/engines/measured_constants.h"
#include "core/engines/vllm/vllm_runtime.h"

namespace plimsoll {
namespace {

// 1, 2, 4, then steps of 8: how many sizes up to `largest`.
int64_t SizesByEight(int64_t largest) {
  const int64_t small = largest >= 4 ? 3 : largest >= 2 ? 2 : largest >= 1 ? 1 : 0;
  return small + largest / 8;
}

// vllm/config/vllm.py _set_cudagraph_sizes: steps of 8 below 256, of 16 from there.
int64_t SizesSpread(int64_t largest) {
  if (largest < 256) return SizesByEight(largest);
  return SizesByEight(255) + (largest - 256) / 16 + 1;
}

// vllm/envs.py VLLM_FLASHINFER_WORKSPACE_BUFFER_SIZE: allocated when attention is first captured, so a
// whole-step graph's capture pays for it. (A log of 0.20 on an RTX 5090: 0.39 GiB for 3 piecewise and 1
// full.)
constexpr Bytes kFlashInferWorkspace = MiB(394);

// vllm/platforms/cuda.py get_attn_backend_cls: FlashInfer is the first choice on data-centre Blackwell, and
// the only one of the fast ones with an fp8 cache where FlashAttention 3 does not run.
bool IsDatacentreBlackwell(const Gpu& gpu) {
  return gpu.compute_capability == 100 || gpu.compute_capability == 103;
}

bool AttendsWithFlashInfer(const Resolved& resolved, const Gpu& gpu) {
  if (gpu.vendor != Vendor::kNvidia || gpu.compute_capability < 80) return false;
  bool plain = false;
  for (const LayerGroup& group : resolved.architecture->groups) {
    const AttentionKind kind = group.shape.attention.kind;
    plain = plain || kind == AttentionKind::kFull || kind == AttentionKind::kSliding;
  }
  const bool fp8 = IsFp8(resolved.kv_cache_dtype.k) && gpu.compute_capability != 90;
  return plain && (IsDatacentreBlackwell(gpu) || fp8);
}

// vllm/v1/attention/backends/flashinfer.py: without TensorRT-LLM's kernels whole steps are captured for
// single tokens only, so with speculation none ("setting cudagraph_mode=PIECEWISE").
bool CapturesWholeSteps(const Resolved& resolved, const VllmRules& rules, const Gpu& gpu) {
  const bool drafts = resolved.speculative.num_tokens > 0;
  return rules.full_graphs &&
         !(drafts && AttendsWithFlashInfer(resolved, gpu) && !IsDatacentreBlackwell(gpu));
}

// vllm/model_executor/models/config.py GptOssForCausalLMConfig: 1024 unless something was asked for, in wide steps,
// however few sequences run.
constexpr int64_t kGptOssLargest = 1024;
bool CapturesAsGptOss(const Resolved& resolved) {
  return resolved.architecture->model_type == "gpt_oss" && resolved.max_cudagraph_capture_size <= 0;
}

// compilation_config's max_cudagraph_capture_size, where given.
int64_t UpToGiven(const Resolved& resolved, int64_t largest) {
  const int64_t given = resolved.max_cudagraph_capture_size;
  return given > 0 ? std::min(given, resolved.max_num_batched_tokens) : largest;
}

}  // namespace

VllmGraphs VllmCudaGraphs(const Resolved& resolved, const VllmRules& rules, int64_t layers, const Gpu& gpu) {
  VllmGraphs graphs;
  if (resolved.enforce_eager) return graphs;
  const int64_t sequences = resolved.max_num_seqs;
  const int64_t queries = 1 + resolved.speculative.num_tokens;
  if (!rules.v1) {
    // vllm/worker/model_runner.py _get_max_graph_batch_size: decode batches up to max_num_seqs.
    graphs.piecewise = SizesByEight(std::min<int64_t>(RoundUp(sequences, 8), 8192));
  } else if (!rules.spread_graph_sizes) {
    graphs.tokens = UpToGiven(resolved, 512);
    graphs.piecewise = SizesByEight(graphs.tokens);
  } else {
    const bool large = rules.large_graphs && gpu.compute_capability >= 100 && gpu.compute_capability < 120;
    const int64_t largest = std::min({internal::SaturatingMultiply(2 * sequences, queries),
                                      int64_t{large ? 1024 : 512}, resolved.max_num_batched_tokens});
    graphs.tokens = UpToGiven(resolved, largest);
    graphs.piecewise = SizesSpread(graphs.tokens);
  }
  // The sixteen sizes more take next to nothing: its graphs are counted as those of any model.
  if (rules.v1 && CapturesAsGptOss(resolved)) {
    graphs.tokens = std::min(kGptOssLargest, resolved.max_num_batched_tokens);
  }
  if (CapturesWholeSteps(resolved, rules, gpu)) {
    const int64_t decode =
        std::min(internal::SaturatingMultiply(sequences, queries), UpToGiven(resolved, 512));
    graphs.full = rules.spread_graph_sizes ? SizesSpread(decode) : SizesByEight(decode);
  }
  double mib = static_cast<double>(layers) *
               (static_cast<double>(graphs.piecewise) * Value(Measure::kVllmGraphPiecewise) +
                static_cast<double>(graphs.full) * Value(Measure::kVllmGraphFull));
  if (resolved.format->family == FormatFamily::kBnbNf4 || resolved.format->family == FormatFamily::kBnbInt8) {
    mib *= Value(Measure::kVllmGraphBnb);
  }
  if (rules.runner_v2) mib *= Value(Measure::kVllmGraphRunnerV2);
  if (resolved.tp > 1 && (!rules.v1 || HasNvlink(gpu))) {
    mib *= Value(rules.v1 ? Measure::kVllmGraphTensorParallel : Measure::kVllmGraphTensorParallelV0);
  }
  if (resolved.lora.max_loras > 0 && rules.lora_graphs) mib *= 2;
  graphs.bytes = MiBFromDouble(mib);
  if (rules.flashinfer_workspace && graphs.full > 0 && AttendsWithFlashInfer(resolved, gpu)) {
    graphs.bytes += kFlashInferWorkspace;
  }
  return graphs;
}

}  // namespace plimsoll
