#include "core/engines/vllm/vllm_cuda_graphs.h"

#include <algorithm>
#include <string_view>

#include "core/catalog/interconnect.h"
#include "core/engines/measured_constants.h"

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
  const std::string_view asked = resolved.attention_backend;
  if (!asked.empty()) return asked == "FLASHINFER" || asked == "FLASHINFER_VLLM_V1";
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

// vllm/device_communicators/custom_all_reduce.py: NVLink between all ranks, or two that write to each other's
// memory. Otherwise NCCL's kernels are captured, each with a plan of its own.
bool ReducesByNccl(const Resolved& resolved, const Gpu& gpu) {
  if (resolved.tp <= 1 || gpu.vendor != Vendor::kNvidia) return false;
  switch (FindLink(gpu, resolved.tp, resolved.tp > resolved.gpus).kind) {
    case LinkKind::kNvlink:
      return resolved.tp > 8 || resolved.tp % 2 != 0;
    case LinkKind::kNvlinkPair:
    case LinkKind::kPciePeer:
      return resolved.tp != 2;
    default:
      return true;
  }
}

// MiB per captured size and layer: every kernel is a node that the driver keeps.
double GraphOfLayer(const Resolved& resolved, const VllmRules& rules) {
  if (!rules.full_graphs) return Value(Measure::kVllmGraphPiecewise);
  double sum = 0, layers = 0;
  const bool fused_experts = resolved.format->family == FormatFamily::kMxfp4;
  for (const LayerGroup& group : resolved.architecture->groups) {
    double one = Value(Measure::kVllmGraphStep);
    if (group.shape.recurrent.kind != RecurrentKind::kNone) one += Value(Measure::kVllmGraphRecurrent);
    if (group.shape.mlp.kind == MlpKind::kMoe && !fused_experts) one += Value(Measure::kVllmGraphExperts);
    sum += one * group.count;
    layers += group.count;
  }
  return layers > 0 ? sum / layers : 0;
}

// flashinfer/decode.py: a wrapper per captured batch size, each with a buffer of integers of its own.
constexpr Bytes kFlashInferWrapper = MiB(8);

Bytes FlashInferBuffers(const Resolved& resolved, const VllmRules& rules, int64_t full, const Gpu& gpu) {
  if (!rules.flashinfer_workspace || full == 0 || !AttendsWithFlashInfer(resolved, gpu)) return Bytes(0);
  return kFlashInferWorkspace + (IsDatacentreBlackwell(gpu) ? Bytes(0) : kFlashInferWrapper * full);
}

// The indexer of sparse attention scores every position of the longest sequence for each token of a decode
// step, in float32 (deep_gemm fp8_paged_mqa_logits); captured, that buffer stays in the graphs' pool.
Bytes IndexerScores(const Resolved& resolved, int64_t step_tokens) {
  for (const LayerGroup& group : resolved.architecture->groups) {
    const Attention& attention = group.shape.attention;
    if (attention.kind == AttentionKind::kLatent && attention.index_heads > 0) {
      return Bytes(internal::SaturatingMultiply(step_tokens, resolved.max_model_len)) * 4;
    }
  }
  return Bytes(0);
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
  int64_t decode = 0;  // tokens of the largest whole step
  if (CapturesWholeSteps(resolved, rules, gpu)) {
    decode = std::min(internal::SaturatingMultiply(sequences, queries), UpToGiven(resolved, 512));
    graphs.full = rules.spread_graph_sizes ? SizesSpread(decode) : SizesByEight(decode);
  }
  const double captured = static_cast<double>(layers) * static_cast<double>(graphs.piecewise + graphs.full);
  double mib = captured * GraphOfLayer(resolved, rules);
  if (resolved.format->family == FormatFamily::kBnbNf4 || resolved.format->family == FormatFamily::kBnbInt8) {
    mib *= Value(Measure::kVllmGraphBnb);
  }
  if (rules.runner_v2) mib *= Value(Measure::kVllmGraphRunnerV2);
  if (!rules.v1 && resolved.tp > 1) mib *= Value(Measure::kVllmGraphTensorParallelV0);
  if (resolved.lora.max_loras > 0 && rules.lora_graphs) mib *= 2;
  // After attention and after the MLP.
  if (rules.v1 && ReducesByNccl(resolved, gpu))
    graphs.collectives = MiBFromDouble(captured * 2 * Value(Measure::kVllmGraphCollective));
  graphs.bytes = MiBFromDouble(mib) + graphs.collectives +
                 FlashInferBuffers(resolved, rules, graphs.full, gpu) + IndexerScores(resolved, decode);
  return graphs;
}

}  // namespace plimsoll
