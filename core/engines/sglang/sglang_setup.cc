#include "core/engines/sglang/sglang_setup.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/engines/kernel_names.h"
#include "core/engines/sglang/sglang_rules.h"
#include "core/engines/sglang/sglang_version.h"

namespace plimsoll {
namespace {

// server_args.py: without chunks a step takes that many tokens of prompts.
constexpr int64_t kMaxPrefillTokens = 16384;

bool IsDatacentreBlackwell(const Gpu& gpu) {
  return gpu.compute_capability == 100 || gpu.compute_capability == 103;
}

// What nvidia-smi shows of the smallest card, which the defaults go by (get_device_memory_capacity); rocminfo
// shows the whole pool. Where somebody says how much a card has, its driver's part is kept apart as usual.
double ReportedMib(const Resolved& resolved) {
  double least = 0;
  for (const Card& card : resolved.cards) {
    const Gpu& gpu = *card.gpu;
    const Bytes beside = gpu.memory_reported > Bytes(0) ? gpu.memory_reported - gpu.usable : Bytes(0);
    const double mib = (card.capacity + beside).mib();
    least = least == 0 ? mib : std::min(least, mib);
  }
  return least;
}

struct Kinds {
  bool latent = false, sparse = false, compressed = false, windows = false, recurrent = false,
       buffers = false;
};

Kinds KindsOf(const Architecture& architecture) {
  Kinds kinds;
  for (const LayerGroup& group : architecture.groups) {
    const Attention& attention = group.shape.attention;
    kinds.latent = kinds.latent || attention.kind == AttentionKind::kLatent;
    kinds.sparse = kinds.sparse || (attention.kind == AttentionKind::kLatent && attention.index_dim > 0);
    kinds.compressed = kinds.compressed || attention.kind == AttentionKind::kCompressed;
    kinds.windows = kinds.windows || (attention.kind == AttentionKind::kSliding && attention.window > 0) ||
                    attention.kind == AttentionKind::kChunked;
    const RecurrentKind recurrent = group.shape.recurrent.kind;
    kinds.recurrent = kinds.recurrent || recurrent != RecurrentKind::kNone;
    kinds.buffers = kinds.buffers || recurrent == RecurrentKind::kGatedDeltaNet ||
                    recurrent == RecurrentKind::kKimiDelta || recurrent == RecurrentKind::kMamba2;
  }
  return kinds;
}

bool Begins(const Architecture& architecture, std::string_view name) {
  return std::string_view(architecture.name).substr(0, name.size()) == name;
}

// configs/model_config.py is_hybrid_swa_model and its forerunners: for which models layers with a window get a
// pool of their own. The others keep every token in every layer.
bool HasWindowPools(const Resolved& resolved, const Kinds& kinds) {
  const int64_t number = resolved.version.number;
  const Architecture& model = *resolved.architecture;
  if (kinds.compressed) return number >= SglangNumber(0, 5, 12);
  if (!kinds.windows || number < SglangNumber(0, 4, 10)) return false;
  const bool gemma = Begins(model, "Gemma2") || Begins(model, "Gemma3");
  const bool llama4 = Begins(model, "Llama4"), gpt_oss = Begins(model, "GptOss");
  if (number < SglangNumber(0, 5, 0)) return !llama4;
  if (number < SglangNumber(0, 5, 7)) return !llama4 && !gemma && !gpt_oss && !Begins(model, "Olmo2");
  if (Begins(model, "MiMoV2")) return true;
  if (number < SglangNumber(0, 5, 8)) return false;
  if (gpt_oss) {
    const bool drafts = resolved.speculative.num_tokens > 0;
    const bool own_kernels = IsDatacentreBlackwell(*resolved.cards[0].gpu);
    return number >= SglangNumber(0, 5, 9) || (!drafts && !own_kernels);
  }
  if (llama4) return true;
  if (number < SglangNumber(0, 5, 12)) return false;
  return Begins(model, "Step3p") || Begins(model, "Gemma4") || Begins(model, "Laguna");
}

// server_args.py ATTENTION_BACKEND_CHOICES and MOE_RUNNER_BACKEND_CHOICES.
constexpr std::string_view kAttentionKernels[] = {
    "triton",
    "torch_native",
    "flex_attention",
    "dsa",
    "nsa",
    "dsv4",
    "compressed",
    "cutlass_mla",
    "fa3",
    "fa4",
    "flashinfer",
    "flashmla",
    "trtllm_mla",
    "cutedsl_mla",
    "tokenspeed_mla",
    "trtllm_mha",
    "dual_chunk_flash_attn",
    "hpc_ops",
    "aiter",
    "wave",
    "intel_amx",
    "ascend",
    "intel_xpu",
};
constexpr std::string_view kExpertKernels[] = {
    "auto",
    "deep_gemm",
    "triton",
    "triton_kernel",
    "flashinfer_trtllm",
    "experimental_sgl_trtllm",
    "flashinfer_trtllm_routed",
    "flashinfer_cutlass",
    "flashinfer_mxfp4",
    "flashinfer_cutedsl",
    "cutlass",
    "aiter",
    "marlin",
    "humming",
    "experimental_sgl_marlin",
};

// Tokens per page that attention kernels insist on (server_args.py); 0: any.
int64_t PageOfKernel(std::string_view name) {
  if (name == "cutlass_mla" || name == "fa4") return 128;
  for (const std::string_view sixty_four : {"flashmla", "trtllm_mla", "trtllm_mha", "dsa", "nsa"}) {
    if (name == sixty_four) return 64;
  }
  return name == "dsv4" ? 256 : 0;
}

// Through 0.4.8 a given fraction was made smaller for a vision tower, too.
bool VisionAlways(const Resolved& resolved) { return resolved.version.number < SglangNumber(0, 4, 9); }

class SetUp {
 public:
  SetUp(const Config& config, Resolved* resolved, SglangSetup* setup)
      : config_(config),
        r_(*resolved),
        setup_(*setup),
        kinds_(KindsOf(*resolved->architecture)),
        number_(resolved->version.number),
        gpu_(*resolved->cards[0].gpu) {}

  std::optional<Error> Take() {
    if (std::optional<Error> error = TakeStates()) return error;
    if (std::optional<Error> error = TakeKernels()) return error;
    r_.multimodal = config_.multimodal.value_or(r_.architecture->has_vision);
    r_.max_model_len = config_.max_model_len.value_or(r_.rope.stretched);
    if (r_.max_model_len <= 0) r_.max_model_len = std::max<int64_t>(1, r_.rope.stretched);
    setup_.context = r_.max_model_len;
    r_.kv_offloading = GiBFromDouble(config_.kv_offloading_gib.value_or(0));
    r_.hicache_ratio = config_.hicache_ratio.value_or(0);
    setup_.latent = kinds_.latent;
    setup_.compressed = kinds_.compressed;
    setup_.attention_tp = r_.dp_attention ? std::max<int64_t>(1, r_.tp / r_.dp) : r_.tp;
    setup_.ranks_of_experts = r_.expert_parallel ? r_.tp : 0;
    TakeDrafts();
    TakeCacheType();
    TakeBatches();
    TakePage();
    TakeFraction();
    TakePools();
    return std::nullopt;
  }

 private:
  bool Nvidia() const { return gpu_.vendor == Vendor::kNvidia; }

  std::optional<Error> TakeStates() {
    const std::string& type = config_.mamba_ssm_cache_dtype;
    if (type.empty() || type == "auto") return std::nullopt;
    if (type == "float32") {
      r_.state_element = 4;
    } else if (type == "bfloat16" || type == "float16") {
      r_.state_element = 2;
    } else {
      return Error{"mamba_ssm_cache_dtype", Quoted(type), "auto, float16, bfloat16 or float32"};
    }
    return std::nullopt;
  }

  // With one branch a step verifies the drafted tokens and the one before them
  // (--speculative-num-draft-tokens = --speculative-num-steps + 1).
  void TakeDrafts() {
    const Speculative& speculative = r_.speculative;
    if (speculative.num_tokens <= 0) return;
    const bool looks_up = speculative.method == SpeculativeMethod::kNgram;
    setup_.drafts = speculative.num_tokens + (looks_up ? 0 : 1);
  }

  void TakeCacheType() {
    KvTypes& types = r_.kv_cache_dtype;
    const KvType own = r_.format->dtype == DType::kFp32   ? KvType::kFp32
                       : r_.format->dtype == DType::kFp16 ? KvType::kFp16
                                                          : KvType::kBf16;
    // Sparse latents take the kernels' own type: fp8 on Blackwell (server_args.py, DSA defaults).
    // ModelOpt's checkpoints may ask for it (model_runner.py, kv_cache_quant_algo).
    const bool fp8 = kinds_.compressed || (kinds_.sparse && IsDatacentreBlackwell(gpu_)) ||
                     r_.format->cache_wish == CacheWish::kModelOptFp8;
    if (types.k == KvType::kAuto) types.k = fp8 ? KvType::kFp8 : own;
    if (types.v == KvType::kAuto) types.v = types.k;
  }

  // Which prompts are captured: the list of conditions in server_args.py, shorter since the graphs can break
  // (0.5.15).
  bool CapturesPrompts() const {
    if (number_ < SglangNumber(0, 5, 10) || !Nvidia() || r_.enforce_eager) return false;
    if (kinds_.compressed || r_.pp > 1) return false;
    if (number_ >= SglangNumber(0, 5, 15)) return true;
    return setup_.drafts == 0 && !r_.dp_attention && r_.lora.max_loras == 0 && !r_.multimodal &&
           r_.format->family != FormatFamily::kGguf && r_.cpu_offload == Bytes(0) &&
           r_.kv_offloading == Bytes(0) && r_.hicache_ratio == 0;
  }

  void TakeBatches() {
    reported_ = ReportedMib(r_);
    const SglangCardDefaults card = DefaultsByCard(number_, reported_, r_.tp, r_.dp);
    int64_t chunk = card.chunk;
    // Multimodal prompts came whole through 0.4.6.
    if (r_.multimodal && number_ < SglangNumber(0, 4, 7)) chunk = -1;
    if (config_.enable_chunked_prefill == false) chunk = -1;
    if (config_.max_num_batched_tokens) chunk = *config_.max_num_batched_tokens;
    if (config_.chunked_prefill_size) chunk = *config_.chunked_prefill_size;
    r_.chunked_prefill_size = chunk;
    r_.enable_chunked_prefill = chunk > 0;
    r_.max_num_batched_tokens = SglangChunk(r_);
    default_batch_ = config_.max_cudagraph_capture_size.value_or(card.graph_batch);
    setup_.graph_batch = r_.enforce_eager ? 0 : default_batch_;
    r_.max_cudagraph_capture_size = setup_.graph_batch;
    if (CapturesPrompts()) {
      const int64_t largest = kinds_.latent ? std::min<int64_t>(2048, SglangChunk(r_)) : SglangChunk(r_);
      setup_.prefill_graphs = CountPrefillGraphs(largest);
      setup_.largest_prompt = largest;
    }
  }

  std::optional<Error> TakeKernels() {
    const auto attention = FindKernelName("attention_backend", config_.attention_backend, kAttentionKernels);
    if (!attention.ok()) return attention.error();
    const auto experts = FindKernelName("moe_backend", config_.moe_backend, kExpertKernels);
    if (!experts.ok()) return experts.error();
    r_.attention_backend = *attention;
    r_.moe_backend = *experts == "auto" ? std::string_view() : *experts;
    return std::nullopt;
  }

  // Attention backends want pages of their own: trtllm_mha on data-centre Blackwell, the sparse kernels, and
  // DeepSeek-V4's (server_args.py).
  void TakePage() {
    int64_t page = 1;
    if (!r_.attention_backend.empty()) {
      page = std::max<int64_t>(1, PageOfKernel(r_.attention_backend));
    } else if (kinds_.compressed) {
      page = 256;
    } else if (kinds_.sparse) {
      page = Nvidia() ? 64 : 1;
    } else if (IsDatacentreBlackwell(gpu_) && number_ >= SglangNumber(0, 5, 3)) {
      page = 64;
    }
    r_.block_size = config_.block_size.value_or(page);
  }

  void TakeFraction() {
    setup_.fraction_given = config_.mem_fraction_static.has_value();
    if (r_.multimodal) {
      setup_.vision_factor = VisionFactor(number_, *r_.architecture, setup_.fraction_given);
    }
    setup_.aiter = TakesAiter();
    SglangFractionInput input;
    input.number = number_;
    input.gpu_mib = reported_;
    input.tp = r_.tp;
    input.pp = r_.pp;
    input.dp = r_.dp;
    input.dp_attention = r_.dp_attention;
    input.chunk = r_.chunked_prefill_size;
    input.graph_batch = r_.enforce_eager && number_ >= SglangNumber(0, 5, 15) ? 0 : default_batch_;
    input.prefill_graphs = setup_.prefill_graphs;
    input.latent = kinds_.latent;
    input.drafts = setup_.drafts > 0;
    input.method = r_.speculative.method;
    const double own = DefaultFraction(input) * (VisionAlways(r_) ? 1 : setup_.vision_factor);
    r_.mem_fraction_static = config_.mem_fraction_static.value_or(std::clamp(own, 0.01, 1.0));
  }

  // The default on ROCm; for latents with 16 or 128 heads on a rank only.
  bool TakesAiter() const {
    if (gpu_.vendor != Vendor::kAmd || number_ < SglangNumber(0, 4, 8)) return false;
    if (!r_.attention_backend.empty()) return r_.attention_backend == "aiter";
    for (const LayerGroup& group : r_.architecture->groups) {
      const Attention& attention = group.shape.attention;
      if (attention.kind != AttentionKind::kLatent) continue;
      const int64_t heads = CeilDiv(attention.heads, setup_.attention_tp);
      if (heads != 16 && heads != 128) return false;
    }
    return true;
  }

  void TakePools() {
    const std::optional<int64_t> running =
        config_.max_running_requests ? config_.max_running_requests : config_.max_num_seqs;
    const int64_t replicas = r_.dp_attention ? r_.dp : 1;
    if (running) setup_.running_given = std::max<int64_t>(1, *running / replicas);
    r_.max_total_tokens = config_.max_total_tokens.value_or(0);
    r_.max_mamba_cache_size = config_.max_mamba_cache_size.value_or(0);
    r_.mamba_full_memory_ratio = config_.mamba_full_memory_ratio.value_or(0.9);
    r_.swa_full_tokens_ratio = config_.swa_full_tokens_ratio.value_or(kinds_.compressed ? 0.1 : 0.8);
    r_.enable_prefix_caching = config_.enable_prefix_caching.value_or(true);
    setup_.window_pools = HasWindowPools(r_, kinds_);
    setup_.states_per_request = 1;
    if (kinds_.recurrent && r_.enable_prefix_caching) {
      // The state, one that is being written and one kept for equal beginnings; with buffers two more for steps
      // that overlap (0.5.14: the default where the layers can).
      setup_.states_per_request = kinds_.buffers && number_ >= SglangNumber(0, 5, 14) ? 5 : 3;
    }
  }

  const Config& config_;
  Resolved& r_;
  SglangSetup& setup_;
  const Kinds kinds_;
  const int64_t number_;
  const Gpu& gpu_;
  double reported_ = 0;
  int64_t default_batch_ = 0;
};

}  // namespace

std::optional<Error> SetUpSglang(const Config& config, Resolved* resolved) {
  auto setup = std::make_unique<SglangSetup>();
  if (std::optional<Error> error = SetUp(config, resolved, setup.get()).Take()) return error;
  resolved->engine_data = std::move(setup);
  return std::nullopt;
}

const SglangSetup& SetupOf(const Resolved& resolved) {
  return static_cast<const SglangSetup&>(*resolved.engine_data);
}

double SglangFraction(const Resolved& resolved, int64_t context) {
  const SglangSetup& setup = SetupOf(resolved);
  const double vision = VisionAlways(resolved) ? setup.vision_factor : 1;
  const double aiter = setup.aiter && context > kAiterContext ? 0.85 : 1;
  return std::clamp(resolved.mem_fraction_static * vision * aiter, 0.01, 1.0);
}

double SglangFraction(const Resolved& resolved) { return SglangFraction(resolved, SglangContext(resolved)); }

int64_t SglangContext(const Resolved& resolved) {
  return resolved.max_model_len_auto ? resolved.max_model_len : SetupOf(resolved).context;
}

int64_t SglangChunk(const Resolved& resolved) {
  if (resolved.chunked_prefill_size <= 0) return kMaxPrefillTokens;
  if (!resolved.dp_attention) return resolved.chunked_prefill_size;
  // server_args.py _handle_data_parallelism; 0.4.0 halved it whatever dp was.
  const int64_t parts = resolved.version.number < SglangNumber(0, 4, 1) ? 2 : resolved.dp;
  return std::max<int64_t>(1, resolved.chunked_prefill_size / parts);
}

}  // namespace plimsoll
