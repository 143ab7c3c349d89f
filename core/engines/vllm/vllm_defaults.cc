#include "core/engines/vllm/vllm_defaults.h"

#include <algorithm>
#include <string_view>

#include "core/base/text.h"
#include "core/engines/kernel_names.h"
#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/engines/vllm/vllm_version.h"

namespace plimsoll {
namespace {

bool NameHas(const Gpu& gpu, std::string_view part) { return gpu.id.find(part) != std::string::npos; }

// Cards for which V1 takes larger batches. vllm/engine/arg_utils.py get_batch_defaults: by name in 0.8, by
// memory (70 GiB, but not an A100) from 0.9.
bool TakesLargeBatches(const Resolved& resolved) {
  if (resolved.cards.empty()) return false;
  const Card& card = resolved.cards[0];
  if (resolved.version.number < VllmNumber(0, 9)) {
    return NameHas(*card.gpu, "h100") || NameHas(*card.gpu, "h200");
  }
  return card.capacity >= GiB(70) && !NameHas(*card.gpu, "a100");
}

// #51726 (2026-08-11): cards of at least 160 GiB.
bool TakesHugeBatches(const Resolved& resolved) {
  return resolved.version.number >= VllmNumber(0, 28) && !resolved.cards.empty() &&
         resolved.cards[0].capacity >= GiB(160);
}

// "auto" follows what the checkpoint asks for: ModelOpt's word (vllm/utils/torch_utils.py
// resolve_kv_cache_dtype_string) since vllm-project/vllm#30785 of December 2025, compressed-tensors' scheme
// (vllm/model_executor/layers/attention/attention.py Attention.__init__) since #30141 of January 2026.
bool AsksForFp8(const Resolved& resolved) {
  switch (resolved.format->cache_wish) {
    case CacheWish::kModelOptFp8:
      return resolved.version.number >= VllmNumber(0, 14);
    case CacheWish::kCompressedTensorsFp8:
      return resolved.version.number >= VllmNumber(0, 15);
    case CacheWish::kNone:
      break;
  }
  return false;
}

// vllm/v1/attention/backends/registry.py, before it _Backend of vllm/platforms/interface.py.
constexpr std::string_view kAttentionKernels[] = {
    "FLASH_ATTN",
    "FLASHINFER",
    "TRITON_ATTN",
    "FLEX_ATTENTION",
    "TREE_ATTN",
    "FLASH_ATTN_DIFFKV",
    "TRITON_MLA",
    "FLASHMLA",
    "CUTLASS_MLA",
    "FLASHINFER_MLA",
    "FLASH_ATTN_MLA",
    "TRITON_MLA_SPARSE",
    "FLASHMLA_SPARSE",
    "FLASHINFER_MLA_SPARSE",
    "ROCM_ATTN",
    "ROCM_AITER_FA",
    "ROCM_AITER_UNIFIED_ATTN",
    "ROCM_AITER_MLA",
    "ROCM_AITER_TRITON_MLA",
    "ROCM_AITER_MLA_SPARSE",
    "XPU_MLA_SPARSE",
    "CPU_ATTN",
    "TURBOQUANT",
    "XFORMERS",
    "TORCH_SDPA",
    "ROCM_FLASH",
    "FLASH_ATTN_VLLM_V1",
    "FLASHINFER_VLLM_V1",
    "TRITON_ATTN_VLLM_V1",
    "FLASHMLA_VLLM_V1",
    "TRITON_MLA_VLLM_V1",
};
// vllm/config/kernel.py MoEBackend.
constexpr std::string_view kExpertKernels[] = {
    "auto",
    "triton",
    "deep_gemm",
    "deep_gemm_mega_moe",
    "cutlass",
    "flashinfer_trtllm",
    "flashinfer_cutlass",
    "flashinfer_cutedsl",
    "marlin",
    "aiter",
    "emulation",
};

// vllm/config/cache.py, KVOffloadingBackend.
constexpr std::string_view kHostKeepers[] = {"native", "lmcache"};

class Defaults {
 public:
  Defaults(const Config& config, Resolved* resolved) : config_(config), resolved_(*resolved) {}

  std::optional<Error> Take() {
    Resolved& r = resolved_;
    if (std::optional<Error> error = TakeStateOptions()) return error;
    if (std::optional<Error> error = TakeKernels()) return error;
    r.max_cudagraph_capture_size = config_.max_cudagraph_capture_size.value_or(0);
    if (std::optional<Error> error = TakeHostCache()) return error;
    r.media_per_prompt = config_.limit_mm_per_prompt.value_or(0);
    // A limit of zero leaves the tower out (vllm/multimodal/registry.py supports_multimodal_inputs).
    r.multimodal =
        config_.multimodal.value_or(r.architecture->has_vision && config_.limit_mm_per_prompt != 0);
    r.max_model_len = config_.max_model_len.value_or(r.rope.scaled);
    if (r.max_model_len <= 0) r.max_model_len = std::max<int64_t>(1, r.rope.scaled);
    if (!config_.kv_cache_dtype || r.kv_cache_dtype.k == KvType::kAuto) TakeCacheType();
    if (!config_.enable_chunked_prefill) TakeChunkedPrefill();
    const VllmRules rules = RulesFor(r);
    r.gpu_memory_utilization = config_.gpu_memory_utilization.value_or(rules.default_utilization);
    TakePrefixCaching(rules);
    TakeBatches(rules);
    r.block_size = config_.block_size.value_or(DefaultBlockSize(r, rules));
    return std::nullopt;
  }

  // What of this depends on max_model_len, for another one.
  void TakeLength(int64_t length) {
    resolved_.max_model_len = length;
    if (!config_.enable_chunked_prefill) TakeChunkedPrefill();
    TakeBatches(RulesFor(resolved_));
  }

 private:
  // Bytes of one element; nothing for what is no type.
  static std::optional<int64_t> ElementBytes(std::string_view dtype) {
    if (dtype.empty() || dtype == "auto") return 0;
    if (dtype == "float16" || dtype == "bfloat16") return 2;
    if (dtype == "float32") return 4;
    return std::nullopt;
  }

  std::optional<Error> TakeStateOptions() {
    constexpr std::string_view kTypes = "auto, float16, bfloat16 or float32";
    const std::optional<int64_t> both = ElementBytes(config_.mamba_cache_dtype);
    if (!both) return Error{"mamba_cache_dtype", Quoted(config_.mamba_cache_dtype), std::string(kTypes)};
    const std::optional<int64_t> state = ElementBytes(config_.mamba_ssm_cache_dtype);
    if (!state)
      return Error{"mamba_ssm_cache_dtype", Quoted(config_.mamba_ssm_cache_dtype), std::string(kTypes)};
    resolved_.convolution_element = *both;
    resolved_.state_element = *state;
    const std::string& mode = config_.mamba_cache_mode;
    if (mode == "none") {
      resolved_.state_mode = StateCacheMode::kNone;
    } else if (mode == "align") {
      resolved_.state_mode = StateCacheMode::kAlign;
    } else if (mode == "all") {
      resolved_.state_mode = StateCacheMode::kAll;
    } else if (!mode.empty()) {
      return Error{"mamba_cache_mode", Quoted(mode), "none, align or all"};
    }
    return std::nullopt;
  }

  std::optional<Error> TakeKernels() {
    const auto attention = FindKernelName("attention_backend", config_.attention_backend, kAttentionKernels);
    if (!attention.ok()) return attention.error();
    const auto experts = FindKernelName("moe_backend", config_.moe_backend, kExpertKernels);
    if (!experts.ok()) return experts.error();
    resolved_.attention_backend = *attention;
    resolved_.moe_backend = *experts == "auto" ? std::string_view() : *experts;
    return std::nullopt;
  }

  // LMCache: a buffer of max_local_cpu_size for each rank, 5 GiB by default (lmcache/v1/config.py).
  std::optional<Error> TakeHostCache() {
    const auto keeper = FindKernelName("kv_offloading_backend", config_.kv_offloading_backend, kHostKeepers);
    if (!keeper.ok()) return keeper.error();
    resolved_.lmcache = *keeper == "lmcache";
    const double usual = resolved_.lmcache ? 5.0 * static_cast<double>(resolved_.tp * resolved_.pp) : 0;
    resolved_.kv_offloading = GiBFromDouble(config_.kv_offloading_gib.value_or(usual));
    return std::nullopt;
  }

  void TakeCacheType() {
    // vllm/models/deepseek_v4 has kernels for its fp8 layout only; else the model's own 16 bits.
    bool compressed = false;
    for (const LayerGroup& group : resolved_.architecture->groups) {
      compressed = compressed || group.shape.attention.kind == AttentionKind::kCompressed;
    }
    const KvType own = resolved_.format->dtype == DType::kFp32   ? KvType::kFp32
                       : resolved_.format->dtype == DType::kFp16 ? KvType::kFp16
                                                                 : KvType::kBf16;
    const bool asked = AsksForFp8(resolved_);
    const KvType type = compressed || asked ? KvType::kFp8 : own;
    if (asked && !compressed) {
      resolved_.diagnostics.push_back(
          {"cache_follows_checkpoint", Severity::kInfo,
           "The checkpoint asks for an fp8 KV cache, and vLLM's \"auto\" follows it.", ""});
    }
    if (resolved_.kv_cache_dtype.k == KvType::kAuto) resolved_.kv_cache_dtype.k = type;
    if (resolved_.kv_cache_dtype.v == KvType::kAuto) resolved_.kv_cache_dtype.v = type;
  }

  // V1 always cuts prompts into chunks; V0 did so only beyond 32k, and not for models with images or windows.
  void TakeChunkedPrefill() {
    Resolved& r = resolved_;
    r.enable_chunked_prefill = true;
    if (RulesFor(r).v1) return;
    bool windows = false, latent = false;
    for (const LayerGroup& group : r.architecture->groups) {
      windows = windows || group.shape.attention.window > 0;
      latent = latent || group.shape.attention.kind == AttentionKind::kLatent;
    }
    const bool images = r.multimodal;
    // For long contexts since vllm-project/vllm#6666 of 0.5.4; before only where it was asked for.
    const bool asked_only = r.version.number < VllmNumber(0, 5, 4);
    const bool latent_refuses = latent && r.version.number < VllmNumber(0, 7, 2);
    r.enable_chunked_prefill = !asked_only && r.max_model_len > kVllmUnchunkedUpTo && !images && !windows &&
                               !latent_refuses && r.speculative.num_tokens == 0;
  }

  void TakePrefixCaching(const VllmRules& rules) {
    // On by default in V1; for models with recurrent layers only since the aligned states.
    const bool fallback = rules.v1 && (!VllmHasStates(*resolved_.architecture) || rules.align_recurrent);
    resolved_.enable_prefix_caching = config_.enable_prefix_caching.value_or(fallback);
  }

  // vllm/engine/arg_utils.py: defaults for an API server.
  void TakeBatches(const VllmRules& rules) {
    Resolved& r = resolved_;
    int64_t tokens = 0, sequences = 0;
    if (!rules.v1) {
      sequences = 256;
      const int64_t chunk = r.version.number < VllmNumber(0, 6, 4) ? 512 : 2048;
      tokens = r.enable_chunked_prefill ? chunk : std::max<int64_t>(r.max_model_len, 2048);
    } else if (TakesHugeBatches(r)) {
      sequences = 1024;
      tokens = kVllmLargestBudget;
    } else {
      const bool large = TakesLargeBatches(r);
      // Before 0.8.5 every card took 1024 sequences.
      sequences = large || r.version.number < VllmNumber(0, 8, 5) ? 1024 : 256;
      tokens = large ? 8192 : 2048;
    }
    if (config_.max_num_batched_tokens) {
      r.max_num_batched_tokens = *config_.max_num_batched_tokens;
      r.max_num_seqs = config_.max_num_seqs.value_or(std::min(sequences, r.max_num_batched_tokens));
      return;
    }
    r.max_num_seqs = config_.max_num_seqs.value_or(sequences);
    if (!r.enable_chunked_prefill) tokens = std::max(tokens, r.max_model_len);
    if (rules.v1) {
      tokens = std::min(tokens, internal::SaturatingMultiply(r.max_num_seqs, r.max_model_len));
    }
    r.max_num_batched_tokens = std::max(tokens, r.max_num_seqs);
    if (!config_.max_num_seqs) r.max_num_seqs = std::min(r.max_num_seqs, r.max_num_batched_tokens);
  }

  const Config& config_;
  Resolved& resolved_;
};

}  // namespace

std::optional<Error> TakeVllmDefaults(const Config& config, Resolved* resolved) {
  return Defaults(config, resolved).Take();
}

void TakeVllmLength(const Config& config, int64_t max_model_len, Resolved* resolved) {
  Defaults(config, resolved).TakeLength(max_model_len);
}

}  // namespace plimsoll
