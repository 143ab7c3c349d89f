#include "core/engines/vllm/vllm_gates.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/engines/unserved.h"
#include "core/engines/vllm/vllm_platforms.h"
#include "core/engines/vllm/vllm_version.h"
#include "core/engines/vllm/vllm_weights.h"

namespace plimsoll {
namespace {

class Gate {
 public:
  Gate(const Resolved& resolved, std::vector<Diagnostic>* diagnostics)
      : resolved_(resolved), diagnostics_(diagnostics) {}

  bool Check() {
    CheckShapes();
    CheckQuantizedShards();
    CheckCards();
    CheckCacheType();
    CheckRecurrent();
    CheckHostCache();
    CheckLengths();
    CheckSpeculative();
    CheckRelease();
    CheckOptions();
    CheckGguf();
    return ok_;
  }

 private:
  void Say(Severity severity, std::string_view code, std::string message, std::string fix) {
    if (severity == Severity::kError) ok_ = false;
    if (Said(code)) return;
    diagnostics_->push_back({std::string(code), severity, std::move(message), std::move(fix)});
  }

  // Layers alike say the same: their sentences need not be built again.
  bool Said(std::string_view code) const {
    return std::any_of(diagnostics_->begin(), diagnostics_->end(),
                       [code](const Diagnostic& known) { return known.code == code; });
  }

  int64_t number() const { return resolved_.version.number; }
  std::string Tp() const { return "tp " + CountText(resolved_.tp); }

  // ---- divisibility ----

  void CheckShapes() {
    const int64_t tp = resolved_.tp;
    if (resolved_.pp > resolved_.architecture->layers) {
      Say(Severity::kError, "more_stages_than_layers",
          "pp " + CountText(resolved_.pp) + " is more than the model's " +
              CountText(resolved_.architecture->layers) + " layers.",
          "Lower pp.");
    }
    bool has_experts = false;
    for (const LayerGroup& group : resolved_.architecture->groups) {
      if (tp > 1) CheckLayer(group.shape);
      has_experts = has_experts || group.shape.mlp.kind == MlpKind::kMoe;
      if (resolved_.expert_parallel && group.shape.mlp.kind == MlpKind::kMoe) CheckExperts(group.shape.mlp);
    }
    if (resolved_.expert_parallel && !has_experts) {
      Say(Severity::kInfo, "expert_parallel_without_experts", "The model has no experts to spread.",
          "Leave expert_parallel out.");
    }
  }

  void CheckLayer(const LayerShape& shape) {
    const int64_t tp = resolved_.tp;
    const Attention& attention = shape.attention;
    if (attention.heads % tp != 0) {
      Say(Severity::kError, "tp_does_not_divide_heads",
          CountText(attention.heads) + " attention heads cannot be divided over " + Tp() + ".",
          "Choose a tp that divides " + CountText(attention.heads) + ", or use pp for the rest.");
    }
    if (attention.kv_heads > 0 && attention.kind != AttentionKind::kLatent &&
        attention.kind != AttentionKind::kCompressed &&
        (attention.kv_heads >= tp ? attention.kv_heads % tp : tp % attention.kv_heads) != 0) {
      Say(Severity::kError, "tp_does_not_divide_kv_heads",
          CountText(attention.kv_heads) + " KV heads can neither be divided over " + Tp() +
              " nor replicated evenly.",
          "Choose a tp that divides the KV heads or is a multiple of them.");
    } else if (attention.kv_heads > 0 && attention.kv_heads < tp &&
               attention.kind != AttentionKind::kLatent && attention.kind != AttentionKind::kCompressed &&
               !Said("kv_heads_replicated")) {
      Say(Severity::kInfo, "kv_heads_replicated",
          "With " + Tp() + " over " + CountText(attention.kv_heads) +
              " KV heads each head is kept on several GPUs: the cache per GPU no longer shrinks.",
          "");
    }
    if (shape.recurrent.kind != RecurrentKind::kNone && shape.recurrent.heads > 0 &&
        shape.recurrent.heads % tp != 0) {
      Say(Severity::kError, "tp_does_not_divide_state_heads",
          CountText(shape.recurrent.heads) + " recurrent heads cannot be divided over " + Tp() + ".",
          "Choose a tp that divides them.");
    }
    const bool dense = shape.mlp.kind == MlpKind::kDense || shape.mlp.dense_beside;
    const bool cut_experts = shape.mlp.kind == MlpKind::kMoe && !resolved_.expert_parallel;
    if ((dense && shape.mlp.intermediate % tp != 0) ||
        (cut_experts && shape.mlp.expert_intermediate % tp != 0)) {
      Say(Severity::kError, "tp_does_not_divide_mlp",
          "The MLP of width " + CountText(dense ? shape.mlp.intermediate : shape.mlp.expert_intermediate) +
              " cannot be divided over " + Tp() + ".",
          cut_experts ? "Choose another tp, or set expert_parallel." : "Choose another tp, or use pp.");
    }
  }

  void CheckExperts(const Mlp& mlp) {
    const int64_t ranks = resolved_.tp * resolved_.dp;
    if (mlp.experts < ranks) {
      Say(Severity::kError, "more_expert_ranks_than_experts",
          CountText(mlp.experts) + " experts cannot be spread over " + CountText(ranks) + " ranks.",
          "Lower tp or dp, or leave expert_parallel out.");
    } else if (mlp.experts % ranks != 0) {
      Say(Severity::kWarning, "experts_uneven",
          CountText(mlp.experts) + " experts over " + CountText(ranks) +
              " ranks: some ranks hold one more and decide.",
          "");
    }
  }

  // vllm: group-quantised input features must fill whole groups on each rank; block-quantised weights whole
  // blocks on both sides.
  void CheckQuantizedShards() {
    if (resolved_.tp <= 1 || resolved_.format->schemes.empty()) return;
    const auto& tensors = resolved_.architecture->tensors;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& tensor = tensors[i];
      const uint8_t index = resolved_.binding->scheme[i];
      if (index == 0 || tensor.part == TensorPart::kMtp) continue;
      if (tensor.part == TensorPart::kVision && !resolved_.multimodal) continue;
      if (tensor.sharding == Sharding::kExpert && resolved_.expert_parallel) continue;
      const WeightScheme& scheme = resolved_.binding->schemes[index];
      const bool by_columns = tensor.sharding == Sharding::kColumns ||
                              (tensor.sharding == Sharding::kExpert && tensor.expert_by_columns);
      const bool by_rows = tensor.sharding == Sharding::kRows ||
                           (tensor.sharding == Sharding::kExpert && !tensor.expert_by_columns);
      CheckShard(tensor, scheme, by_columns, by_rows);
    }
  }

  void CheckShard(const Tensor& tensor, const WeightScheme& scheme, bool by_columns, bool by_rows) {
    const int64_t tp = resolved_.tp;
    int64_t unit = 1, size = 0;
    switch (scheme.family) {
      case FormatFamily::kGptq:
      case FormatFamily::kAwq:
      case FormatFamily::kPacked:
        if (!by_columns) return;
        unit = std::max<int64_t>(1, scheme.group_size);
        size = tensor.columns;
        if (tensor.sharding == Sharding::kExpert && number() >= VllmNumber(0, 7, 3) && size % tp == 0 &&
            ExpertGroupSize(unit, size / tp, resolved_.architecture->hidden) > 0) {
          if (size / tp % unit != 0 && !Said("expert_groups_halved")) {
            Say(Severity::kInfo, "expert_groups_halved",
                Tp() + " leaves experts of width " + CountText(size / tp) +
                    ": vLLM splits their quantisation groups and takes its slower generic kernels.",
                "Lower tp, use pp, or set expert_parallel.");
          }
          return;
        }
        break;
      case FormatFamily::kFp8Block:
        if (by_columns) {
          unit = std::max<int64_t>(1, scheme.block_columns);
          size = tensor.columns;
        } else if (by_rows) {
          unit = std::max<int64_t>(1, scheme.block_rows);
          size = tensor.rows;
        }
        break;
      case FormatFamily::kNvfp4:
        if (!by_columns) return;
        unit = 16;
        size = tensor.columns;
        break;
      default:
        return;
    }
    // A dimension that does not fill whole groups anyway is padded, whatever tp is; one that tp does not
    // divide has been named already.
    if (size <= 0 || unit <= 1 || size % unit != 0 || size % tp != 0 || size / tp % unit == 0) return;
    Say(Severity::kError, "tp_breaks_quantization_groups",
        Tp() + " leaves " + CountText(size / tp) + " of " + CountText(size) +
            " features per GPU, which is no multiple of the quantisation's " + CountText(unit) + " (" +
            tensor.name + ").",
        tensor.sharding == Sharding::kExpert ? "Set expert_parallel, or lower tp." : "Lower tp, or use pp.");
  }

  // ---- hardware ----

  void CheckCards() {
    const Gpu* last = nullptr;
    Bytes least(internal::kInt64Max), most(0);
    for (const Card& card : resolved_.cards) {
      least = std::min(least, card.capacity);
      most = std::max(most, card.capacity);
      if (card.gpu == last) continue;
      last = card.gpu;
      CheckCard(*card.gpu);
    }
    if (most > least && resolved_.cards.size() > 1) {
      Say(Severity::kWarning, "smallest_card_decides",
          "vLLM gives every card as many cache blocks as the smallest one can hold.",
          "Use cards of one size, or a smaller share of the layers on the small card.");
    }
  }

  void CheckCard(const Gpu& gpu) {
    if (gpu.vendor != Vendor::kNvidia) {
      for (Diagnostic& remark : VllmPlatformRemarks(resolved_, gpu)) {
        Say(remark.severity, remark.code, std::move(remark.message), std::move(remark.fix));
      }
      return;
    }
    const int capability = gpu.compute_capability;
    if (capability > 0 && capability < 70) {
      Say(Severity::kError, "compute_capability_too_low",
          gpu.name + " has compute capability " + Capability(capability) + "; vLLM needs 7.0.",
          "Use llama.cpp, or a newer card.");
      return;
    }
    CheckBuild(gpu);
    CheckHalfPrecision(gpu);
    const WeightScheme* scheme = resolved_.format->main_scheme();
    CheckFormat(gpu, resolved_.format->family, scheme);
  }

  static std::string Capability(int capability) {
    return CountText(capability / 10) + "." + CountText(capability % 10);
  }

  // What a release's wheels were compiled for: CUDA 12.4 before 0.9, 12.8 from there (Blackwell), 12.9 from
  // 0.11 (sm_103, sm_121), 13.0 from 0.20, which leaves Volta out.
  void CheckBuild(const Gpu& gpu) {
    const int capability = gpu.compute_capability;
    if (capability < 75 && number() >= VllmNumber(0, 20)) {
      Say(Severity::kError, "release_left_card_out",
          "vLLM " + resolved_.version.text + " is built with CUDA 13, which has left Volta out; " + gpu.name +
              " is one.",
          "Use engine_version 0.19 or older, or llama.cpp.");
    }
    const bool late = capability == 103 || capability == 121;
    const int64_t first = late ? VllmNumber(0, 11) : VllmNumber(0, 9);
    if (capability < 100 || number() >= first) return;
    Say(Severity::kWarning, "release_older_than_card",
        "The wheels of vLLM " + resolved_.version.text + " hold no kernels for " + gpu.name +
            " (compute capability " + Capability(capability) + "); they came with 0." + (late ? "11." : "9."),
        "Use a newer release, or build from source.");
  }

  void CheckHalfPrecision(const Gpu& gpu) {
    if (gpu.compute_capability >= 80 || resolved_.format->family == FormatFamily::kGguf) return;
    const bool bf16 = resolved_.format->family == FormatFamily::kPlain
                          ? resolved_.format->dtype == DType::kBf16
                          : resolved_.architecture->dtype == DType::kBf16;
    const bool cast = resolved_.architecture->dtype == DType::kFp32 && resolved_.config->dtype != "bfloat16";
    if (!bf16 || cast) return;
    // vllm/config/model.py: since 0.9 dtype "auto" falls back to float16. A quantised checkpoint of an older
    // release takes --dtype half, which changes no byte.
    const bool refuses = number() < VllmNumber(0, 9) && resolved_.format->family == FormatFamily::kPlain;
    Say(refuses ? Severity::kError : Severity::kWarning, "bfloat16_needs_ampere",
        gpu.name + " (compute capability " + Capability(gpu.compute_capability) + ") has no bfloat16" +
            (refuses ? "; vLLM refuses to start." : "; computing falls back to float16."),
        "Use format fp16 (--dtype half).");
  }

  void Need(const Gpu& gpu, int least, std::string_view what, std::string_view instead) {
    if (gpu.compute_capability >= least) return;
    Say(Severity::kError, "format_needs_newer_card",
        std::string(what) + " needs compute capability " + Capability(least) + "; " + gpu.name + " has " +
            Capability(gpu.compute_capability) + ".",
        std::string(instead));
  }

  void WeightOnly(const Gpu& gpu, int native, std::string_view what) {
    if (gpu.compute_capability >= native) return;
    Say(Severity::kInfo, "weight_only_kernels",
        gpu.name + " computes " + std::string(what) +
            " weights in 16 bits (Marlin): they save memory, not time.",
        "");
  }

  // Blackwell's own kernels came first; Marlin's take the weights on older cards since 0.9 (#17687), experts
  // since 0.9.1 (#18312), on Turing since 0.16 (#33076).
  int LeastForNvfp4() const {
    if (number() >= VllmNumber(0, 16)) return 75;
    return number() >= (HasExperts() ? VllmNumber(0, 9, 1) : VllmNumber(0, 9)) ? 80 : 100;
  }

  void CheckFormat(const Gpu& gpu, FormatFamily family, const WeightScheme* scheme) {
    // Marlin's kernels took Turing in at the end of 2025.
    const int marlin = number() >= VllmNumber(0, 14) ? 75 : 80;
    switch (family) {
      case FormatFamily::kFp8:
      case FormatFamily::kFp8Block:
        Need(gpu, marlin, "fp8", "Use awq-int4 or gptq-int4, or a newer card.");
        WeightOnly(gpu, 89, "fp8");
        break;
      case FormatFamily::kNvfp4:
        Need(gpu, LeastForNvfp4(), "nvfp4", "Use awq-int4 or gptq-int4, or a newer card or release.");
        WeightOnly(gpu, 100, "nvfp4");
        break;
      case FormatFamily::kMxfp4:  // Marlin's kernel wants bfloat16
        Need(gpu, 80, "mxfp4", "Use awq-int4 or gptq-int4, or a newer card.");
        WeightOnly(gpu, 90, "mxfp4");
        break;
      case FormatFamily::kPacked:
        Need(gpu, marlin, "compressed-tensors w4a16", "Use gptq-int4, or a newer card.");
        break;
      case FormatFamily::kAwq:
        Need(gpu, 75, "AWQ", "Use gptq-int4, or a newer card.");
        break;
      case FormatFamily::kInt8:
        Need(gpu, 75, "int8", "Use gptq-int8, or a newer card.");
        break;
      default:
        break;
    }
    const bool int4 =
        family == FormatFamily::kAwq || family == FormatFamily::kGptq || family == FormatFamily::kPacked;
    if (int4 && gpu.compute_capability < marlin) {
      Say(Severity::kWarning, "marlin_needs_newer_card",
          gpu.name + " cannot run the Marlin kernels: " +
              (HasExperts() ? "the experts use slow generic kernels, and some releases have none."
                            : "slower kernels are used."),
          "");
    }
    if (scheme != nullptr && scheme->desc_act && resolved_.tp > 1) {
      Say(Severity::kInfo, "desc_act_repeats_scales",
          "With desc_act, scales of row-parallel layers are kept whole on every rank.", "");
    }
  }

  bool HasExperts() const {
    return std::any_of(resolved_.architecture->groups.begin(), resolved_.architecture->groups.end(),
                       [](const LayerGroup& group) { return group.shape.mlp.kind == MlpKind::kMoe; });
  }

  void CheckCacheType() {
    const KvTypes& types = resolved_.kv_cache_dtype;
    const auto foreign = [](KvType type) {
      return type == KvType::kQ8_0 || type == KvType::kQ5_1 || type == KvType::kQ5_0 ||
             type == KvType::kQ4_1 || type == KvType::kQ4_0;
    };
    if (foreign(types.k) || foreign(types.v)) {
      Say(Severity::kError, "kv_type_not_in_vllm", "vLLM has no block-quantised KV cache types.",
          "Use kv_cache_dtype fp8 or auto.");
      return;
    }
    if (types.k != types.v) {
      Say(Severity::kError, "kv_types_differ", "vLLM keeps keys and values in one type.",
          "Give one kv_cache_dtype.");
    }
    if (resolved_.cards.empty()) return;
    const Gpu& gpu = *resolved_.cards[0].gpu;
    CheckScaledCacheType(gpu);
    if (!IsFp8(types.k)) return;
    const FormatFamily family = resolved_.format->family;
    if (types.k == KvType::kFp8E5m2 && (family == FormatFamily::kFp8 || family == FormatFamily::kFp8Block)) {
      // vllm/model_executor/layers/attention/attention.py
      Say(Severity::kError, "fp8_e5m2_with_fp8_weights",
          "vLLM refuses an fp8_e5m2 cache with fp8 checkpoints.", "Use kv_cache_dtype fp8.");
    }
    if (gpu.vendor != Vendor::kNvidia) return;
    CheckLatentCacheType(gpu);
    if (gpu.compute_capability < 80) {
      Say(Severity::kError, "fp8_cache_needs_newer_card",
          "An fp8 KV cache needs compute capability 8.9 (8.0 with FlashInfer); " + gpu.name + " has " +
              Capability(gpu.compute_capability) + ".",
          "Use kv_cache_dtype auto.");
    } else if (gpu.compute_capability < 89) {
      Say(Severity::kWarning, "fp8_cache_without_fp8_units",
          gpu.name +
              " has no fp8 arithmetic: the cache needs the FlashInfer backend and is converted on the fly.",
          "");
    }
  }

  bool HasLatent() const {
    const auto& groups = resolved_.architecture->groups;
    return std::any_of(groups.begin(), groups.end(), [](const LayerGroup& group) {
      return group.shape.attention.kind == AttentionKind::kLatent;
    });
  }

  // Scales by token and head (#38378, #40835) are only in the Triton backend, NVFP4 only in TensorRT-LLM's
  // kernels.
  void CheckScaledCacheType(const Gpu& gpu) {
    const KvType type = resolved_.kv_cache_dtype.k;
    if (!IsPerTokenHead(type) && type != KvType::kNvfp4) return;
    if (HasLatent()) {
      Say(Severity::kError, "cache_type_without_mla_kernel", "vLLM's MLA kernels have no such cache type.",
          "Use kv_cache_dtype fp8 or auto.");
      return;
    }
    const int64_t first = type == KvType::kInt4PerTokenHead ? VllmNumber(0, 23) : VllmNumber(0, 20);
    if (number() < first) {
      Say(Severity::kError, "cache_type_newer_than_engine",
          "vLLM " + resolved_.version.text + " does not know this cache type; it came with " +
              (type == KvType::kInt4PerTokenHead ? "0.23." : "0.20."),
          "Use kv_cache_dtype fp8, or a newer release.");
    }
    if (gpu.vendor != Vendor::kNvidia) return;
    const int least = type == KvType::kNvfp4 ? 100 : type == KvType::kFp8PerTokenHead ? 89 : 0;
    if (gpu.compute_capability < least) {
      Say(Severity::kError, "cache_type_needs_newer_card",
          "This cache type needs compute capability " + Capability(least) + "; " + gpu.name + " has " +
              Capability(gpu.compute_capability) + ".",
          "Use kv_cache_dtype fp8, int8_per_token_head or auto.");
    }
  }

  // MLA's kernels learnt fp8 caches one by one: CUTLASS on Blackwell in 0.10.1, FlashMLA on Hopper in 0.11.1,
  // Triton's, which older cards use, in 0.17.
  void CheckLatentCacheType(const Gpu& gpu) {
    if (!HasLatent()) return;
    const int64_t first = gpu.compute_capability >= 100  ? VllmNumber(0, 10, 1)
                          : gpu.compute_capability == 90 ? VllmNumber(0, 11, 1)
                                                         : VllmNumber(0, 17);
    if (number() >= first) return;
    Say(Severity::kError, "fp8_cache_without_mla_kernel",
        "vLLM " + resolved_.version.text + " has no MLA kernel with an fp8 cache for " + gpu.name + ".",
        "Use kv_cache_dtype auto, or a newer release.");
  }

  void CheckRecurrent() {
    const auto& groups = resolved_.architecture->groups;
    const bool recurrent = std::any_of(groups.begin(), groups.end(), [](const LayerGroup& group) {
      return group.shape.recurrent.kind != RecurrentKind::kNone;
    });
    const Config* config = resolved_.config;
    if (!recurrent || config == nullptr || config->enable_prefix_caching != true) return;
    if (number() >= VllmNumber(0, 14)) return;
    Say(Severity::kWarning, "prefix_caching_without_states",
        "vLLM " + resolved_.version.text +
            " keeps no recurrent states for equal prefixes: it turns prefix caching off for this model.",
        "Leave enable_prefix_caching out, or use 0.14 or later.");
  }

  // ---- lengths and budgets ----

  void CheckLengths() {
    const int64_t longest = resolved_.rope.scaled;
    if (longest > 0 && resolved_.max_model_len > longest) {
      const bool let = resolved_.longer_context;
      Say(let ? Severity::kWarning : Severity::kError, "context_beyond_model",
          "max_model_len " + CountText(resolved_.max_model_len) + " is beyond the model's own " +
              CountText(longest) +
              (let ? ": positions past it give nonsense, or an error, unless the model can be stretched."
                   : "."),
          let ? "Set rope_scaling, as the model's card says, or lower max_model_len."
              : "Lower max_model_len, set rope_scaling, or set VLLM_ALLOW_LONG_MAX_MODEL_LEN=1.");
    }
    if (resolved_.max_model_len_auto && number() < VllmNumber(0, 14)) {
      Say(Severity::kWarning, "auto_length_not_in_release",
          "vLLM finds the longest context itself since 0.14; " + resolved_.version.text +
              " must be given a number.",
          "Set max_model_len to " + CountText(resolved_.max_model_len) + ".");
    }
    if (resolved_.max_num_batched_tokens < resolved_.max_num_seqs) {
      Say(Severity::kError, "fewer_batched_tokens_than_sequences",
          "max_num_batched_tokens " + CountText(resolved_.max_num_batched_tokens) +
              " must be at least max_num_seqs " + CountText(resolved_.max_num_seqs) + ".",
          "Raise max_num_batched_tokens or lower max_num_seqs.");
    }
    if (!resolved_.enable_chunked_prefill && resolved_.max_num_batched_tokens < resolved_.max_model_len) {
      Say(Severity::kError, "fewer_batched_tokens_than_context",
          "Without chunked prefill max_num_batched_tokens must reach max_model_len " +
              CountText(resolved_.max_model_len) + ".",
          "Turn chunked prefill on, or raise max_num_batched_tokens.");
    }
    if (resolved_.gpu_memory_utilization > 1 || resolved_.gpu_memory_utilization <= 0) {
      Say(Severity::kError, "utilization_out_of_range",
          "gpu_memory_utilization must lie above 0 and up to 1.", "Use 0.9.");
    }
  }

  void CheckSpeculative() {
    const Speculative& speculative = resolved_.speculative;
    if (speculative.num_tokens <= 0) return;
    if (speculative.method == SpeculativeMethod::kMtp && resolved_.architecture->mtp_layers == 0) {
      Say(Severity::kError, "no_mtp_layers", "The checkpoint has no multi-token-prediction layers.",
          "Use a draft model, or no speculation.");
    }
    if (resolved_.draft == nullptr || speculative.method != SpeculativeMethod::kDraft) return;
    const int64_t own = resolved_.architecture->vocab, theirs = resolved_.draft->architecture().vocab;
    if (own != theirs) {
      Say(Severity::kError, "draft_vocabulary_differs",
          "The draft model " + resolved_.draft->name + " has a vocabulary of " + CountText(theirs) +
              ", the target one of " + CountText(own) + ": vLLM refuses, because their tokens differ.",
          "Use a smaller model of the same family, MTP layers, or no speculation.");
    }
    if (number() >= VllmNumber(0, 10) && number() < VllmNumber(0, 15)) {
      Say(Severity::kWarning, "draft_models_not_in_release",
          "Releases 0.10 to 0.14 have no draft models in the V1 engine.",
          "Use MTP or EAGLE, or a newer release.");
    }
  }

  // ---- releases ----

  struct FirstRelease {
    std::string_view model_type;
    int minor;
    int patch;
  };

  // vllm/model_executor/models/registry.py and the release notes: when a model type came in.
  void CheckRelease() {
    CheckRegistry();
    CheckMxfp4Layout();
    CheckFormatRelease();
    static constexpr FirstRelease kFirst[] = {
        {"deepseek_v3", 6, 6},  {"gemma3", 8, 0},         {"gemma3_text", 8, 0},      {"llama4", 8, 3},
        {"qwen3", 8, 4},        {"qwen3_moe", 8, 4},      {"falcon_h1", 9, 1},        {"glm4_moe", 10, 0},
        {"cohere2", 6, 6},      {"olmo2", 6, 5},          {"mistral3", 8, 1},         {"nemotron-nas", 8, 2},
        {"glm4", 8, 5},         {"nemotron_h", 9, 1},     {"granitemoehybrid", 9, 0}, {"minimax_m1", 9, 2},
        {"ernie4_5_moe", 9, 2}, {"hunyuan", 9, 2},        {"smollm3", 10, 0},         {"seed_oss", 10, 2},
        {"olmo3", 11, 0},       {"ministral3", 12, 0},    {"glm4_moe_lite", 14, 0},   {"kimi_k25", 15, 0},
        {"glm_moe_dsa", 16, 0}, {"gpt_oss", 10, 1},       {"qwen3_next", 10, 2},      {"deepseek_v32", 11, 0},
        {"minimax_m2", 11, 1},  {"mimo_v2_flash", 13, 0}, {"qwen3_5", 16, 0},         {"qwen3_5_moe", 16, 0},
        {"gemma4", 19, 0},      {"deepseek_v4", 20, 0},   {"kimi_k3", 27, 0},
    };
    if (number() >= VllmNumber(0, 27)) return;
    for (const FirstRelease& first : kFirst) {
      if (resolved_.architecture->model_type != first.model_type) continue;
      if (number() >= VllmNumber(0, first.minor, first.patch)) return;
      Say(Severity::kWarning, "model_newer_than_engine",
          "vLLM " + resolved_.version.text + " does not know " + resolved_.architecture->model_type +
              " models; they came with 0." + CountText(first.minor) + "." + CountText(first.patch) + ".",
          "Use a newer release.");
      return;
    }
  }

  // vllm/model_executor/models/registry.py: no entry for RWKV; Mllama's went.
  void CheckRegistry() {
    const std::string& name = resolved_.architecture->name;
    if (name.rfind("RWKV", 0) == 0 || name.rfind("Rwkv", 0) == 0) {
      Say(Severity::kError, "model_not_in_vllm", "vLLM has no " + name + ".",
          IsUnserved(*resolved_.architecture) ? "" : "Use llama.cpp.");
    } else if (name.rfind("Mllama", 0) == 0 && number() > VllmNumber(0, 10, 2)) {
      Say(Severity::kError, "model_left_vllm",
          "vLLM had " + name + " up to 0.10.2; " + resolved_.version.text + " is newer.",
          "Set engine_version to 0.10.2.");
    } else if (IsT5(*resolved_.architecture)) {
      Say(Severity::kWarning, "model_not_in_vllm", "vLLM has no " + name + ".", "Use llama.cpp.");
    } else if (IsUnserved(*resolved_.architecture) &&
               !(IsBart(*resolved_.architecture) && number() <= VllmNumber(0, 10, 2))) {
      Say(Severity::kWarning, "model_not_in_vllm",
          "vLLM has no " + name + "; it runs only where a plugin brings it.", "");
    }
  }

  // Which release first read a format (vllm/model_executor/layers/quantization/ and the release notes).
  void CheckFormatRelease() {
    struct FirstFormat {
      FormatFamily family;
      int minor, patch;
    };
    static constexpr FirstFormat kFirst[] = {
        {FormatFamily::kFp8Block, 6, 6}, {FormatFamily::kNvfp4, 8, 0}, {FormatFamily::kMxfp4, 10, 1}};
    for (const FirstFormat& first : kFirst) {
      if (resolved_.format->family != first.family || number() >= VllmNumber(0, first.minor, first.patch))
        continue;
      Say(Severity::kWarning, "format_newer_than_engine",
          resolved_.format->id + " weights came with vLLM 0." + CountText(first.minor) + "." +
              CountText(first.patch) + "; " + resolved_.version.text + " is older.",
          "Use a newer release.");
    }
  }

  // From 0.11.1 the wheel brings OpenAI's Triton kernels; before, only the container image did.
  void CheckMxfp4Layout() {
    if (resolved_.format->family != FormatFamily::kMxfp4 || resolved_.cards.empty()) return;
    if (resolved_.cards[0].gpu->compute_capability != 90 || number() < VllmNumber(0, 10, 2) ||
        number() >= VllmNumber(0, 11, 1)) {
      return;
    }
    Say(Severity::kInfo, "mxfp4_layout_depends",
        "Installed without triton_kernels, this release takes Marlin's layout for the experts: 2.5 % more "
        "weights.",
        "");
  }

  // Without the hybrid manager all layers must keep caches of one kind (vllm/v1/core/kv_cache_utils.py,
  // unify_hybrid_kv_cache_specs): windows are kept whole, states of recurrent layers cannot be.
  void CheckHostCache() {
    const bool old = number() < VllmNumber(0, 21);
    const bool lmcache = resolved_.lmcache;
    if (lmcache && number() >= VllmNumber(0, 23)) {
      Say(Severity::kInfo, "lmcache_in_process",
          "LMCache is taken to run within vLLM (LMCacheConnectorV1); --kv-offloading-backend lmcache asks a "
          "server of its own in this release.",
          "");
    }
    if (!lmcache && (!old || resolved_.kv_offloading <= Bytes(0))) return;
    const std::vector<LayerGroup>& groups = resolved_.architecture->groups;
    const auto recurrent = [](const LayerGroup& g) { return g.shape.recurrent.kind != RecurrentKind::kNone; };
    const auto slides = [](const LayerGroup& g) { return g.shape.attention.window > 0; };
    const std::string off =
        std::string(lmcache ? "Beside LMCache vLLM" : "Beside a cache in RAM this release") +
        " turns its hybrid cache manager off: ";
    const std::string fix = !old      ? "Set kv_offloading_backend to native."
                            : lmcache ? "Set kv_offloading_backend to native, in vLLM 0.21.0 or later."
                                      : "Use vLLM 0.21.0 or later.";
    if (std::any_of(groups.begin(), groups.end(), recurrent)) {
      Say(Severity::kError, "hybrid_manager_off", off + "models with recurrent layers do not start.", fix);
    } else if (groups.size() > 1 && std::any_of(groups.begin(), groups.end(), slides)) {
      Say(Severity::kWarning, "hybrid_manager_off", off + "layers with a window keep the whole context.",
          fix);
    }
  }

  // Options of a later release: what is asked is answered as if they were there.
  void CheckOptions() {
    const Config* config = resolved_.config;
    if (config == nullptr || number() >= VllmNumber(0, 11)) return;
    const bool mtp =
        resolved_.speculative.num_tokens > 0 && resolved_.speculative.method == SpeculativeMethod::kMtp;
    const struct {
      bool given;
      std::string_view option;
      int minor, patch;
    } options[] = {
        {config->kv_cache_memory_bytes.has_value(), "kv_cache_memory_bytes", 11, 0},
        {resolved_.expert_parallel, "expert_parallel", 7, 3},
        {mtp, "speculation by MTP layers", 7, 3},
        {resolved_.cpu_offload > Bytes(0), "cpu_offload_gb", 5, 4},
    };
    for (const auto& option : options) {
      if (!option.given || number() >= VllmNumber(0, option.minor, option.patch)) continue;
      Say(Severity::kWarning, "option_newer_than_engine",
          std::string(option.option) + " came with vLLM 0." + CountText(option.minor) + "." +
              CountText(option.patch) + "; " + resolved_.version.text + " does not know it.",
          "Use a newer release, or leave it out.");
    }
  }

  void CheckGguf() {
    if (resolved_.format->family == FormatFamily::kGguf) {
      Say(Severity::kWarning, "gguf_experimental",
          "vLLM reads GGUF files experimentally: single files, fewer models, slow kernels.",
          "Use awq-int4, gptq-int4 or fp8, or llama.cpp.");
    }
  }

  const Resolved& resolved_;
  std::vector<Diagnostic>* diagnostics_;
  bool ok_ = true;
};

}  // namespace

bool CheckVllmGates(const Resolved& resolved, std::vector<Diagnostic>* diagnostics) {
  return Gate(resolved, diagnostics).Check();
}

}  // namespace plimsoll
