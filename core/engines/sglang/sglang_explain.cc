#include "core/engines/sglang/sglang_explain.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/engines/measured_constants.h"
#include "core/engines/sglang/sglang_plan.h"
#include "core/engines/sglang/sglang_setup.h"
#include "core/engines/sglang/sglang_version.h"
#include "core/engines/system_memory.h"

namespace plimsoll {
namespace {

// As the engine prints sizes ("GB" are GiB) and counts.
std::string Number(Bytes bytes) { return DecimalText(bytes.gib(), 2); }
std::string Digits(int64_t count) { return std::to_string(count); }

size_t Fullest(const Report& report) {
  const auto fullest =
      std::min_element(report.per_gpu.begin(), report.per_gpu.end(),
                       [](const GpuReport& a, const GpuReport& b) { return a.headroom < b.headroom; });
  return static_cast<size_t>(fullest - report.per_gpu.begin());
}

class Explainer {
 public:
  Explainer(const Resolved& resolved, const SglangPlan& plan, const SglangRankPlan& rank)
      : resolved_(resolved), setup_(SetupOf(resolved)), plan_(plan), rank_(rank), gpu_(rank.gpu) {}

  std::vector<Term> Explain() {
    Weights();
    Cache();
    States();
    Beside();
    Add(0, "Activations", "2 B x chunk x widths, or logits of the running requests",
        "chunk " + CountText(SglangChunk(resolved_)), gpu_.activation,
        "never measured by SGLang: what is left outside the share must hold them");
    Graphs();
    Add(0, "CUDA context and communicators", "gone before the weights are loaded", "", gpu_.driver,
        "measured: free memory at start (measured_constants.h)");
    AddSystemTerms(resolved_, gpu_, &terms_);
    return std::move(terms_);
  }

 private:
  void Add(int depth, std::string_view name, std::string_view formula, std::string substituted, Bytes bytes,
           std::string_view source) {
    terms_.push_back(
        {std::string(name), std::string(formula), std::move(substituted), bytes, std::string(source), depth});
  }
  std::string Size(Bytes bytes) const { return GibText(bytes, resolved_.units, 2); }
  void Part(std::string_view name, std::string_view formula, std::string substituted, Bytes bytes,
            std::string_view source) {
    if (bytes != Bytes(0)) Add(1, name, formula, std::move(substituted), bytes, source);
  }

  void Weights() {
    const SglangWeights& weights = rank_.weights;
    const int64_t ranks = resolved_.tp * resolved_.pp;
    std::string text = ParametersText(resolved_.parameters.total) + " parameters, " +
                       DecimalText(resolved_.stored.bits_per_weight, 2) + " bits on average";
    if (ranks > 1) text += ", over " + CountText(ranks) + " ranks";
    Add(0, "Weights", "tensors by their sharding, as loaded", std::move(text), gpu_.weights,
        "sglang/srt/layers/linear.py, vocab_parallel_embedding.py");
    for (size_t role = 0; role < weights.by_role.size(); ++role) {
      Part(RoleTitle(static_cast<TensorRole>(role)), "rows x columns x bytes per weight, with scales", "",
           weights.by_role[role], "the model's tensors");
    }
    Part("Expert padding", "widths rounded up for the MXFP4 kernels", "", weights.padding,
         "sglang/srt/layers/quantization/mxfp4.py");
    Part("RoPE tables", "positions x width x 4 B", CountText(resolved_.rope.table_elements) + " elements",
         weights.rope_tables, "sglang/srt/layers/rotary_embedding.py: float32 on CUDA");
    Part("MLA projections, absorbed", "2 x heads / tp x kv_lora_rank x (nope + value) per layer", "",
         weights.absorbed, "sglang/srt/models/deepseek_v2.py");
    Part("LoRA buffers", "slots x rank x (inputs + outputs) x 2 B",
         CountText(resolved_.lora.max_loras) + " x rank " + CountText(resolved_.lora.max_rank), weights.lora,
         "sglang/srt/lora/mem_pool.py");
    Part("Allocator rounding", "blocks in steps of 2 MiB, small ones in segments of 20 MiB", "",
         weights.rounding, "c10/cuda/CUDACachingAllocator.cpp; mem usage is a difference of free memory");
    Part("Speculative model", "draft or MTP layers", "", weights.draft, "sglang/srt/speculative");
    Part("Kept in RAM", "cpu_offload_gb", Size(resolved_.cpu_offload), Bytes(0) - weights.offloaded,
         "sglang/srt/utils/offloader.py");
  }

  std::string FractionText() const {
    std::string text = "mem_fraction_static " + DecimalText(resolved_.mem_fraction_static, 3);
    if (!setup_.fraction_given) text += ", by card and release";
    if (setup_.vision_factor != 1)
      text += ", x " + DecimalText(setup_.vision_factor, 3) + " for the vision tower";
    if (setup_.aiter && plan_.context > kAiterContext) text += ", x 0.85 for aiter";
    return text;
  }

  void Cache() {
    Add(0, "KV cache pool", "free after loading - free before x (1 - mem_fraction_static)",
        Size(rank_.free - gpu_.weights) + " - " + Size(plan_.least_free) + " x (1 - " +
            DecimalText(SglangFraction(resolved_), 3) + ") = " + Size(rank_.rest),
        gpu_.kv_cache, "sglang/srt/model_executor/model_runner.py profile_max_num_token");
    Add(2, "Static share", "free before loading x mem_fraction_static", FractionText(), gpu_.budget,
        "sglang/srt/server_args.py");
    Add(2, "One token", "by layers on this rank",
        CountText(rank_.cell.priced.count()) + " B, " + CountText(plan_.tokens) + " tokens in pages of " +
            CountText(std::max<int64_t>(1, resolved_.block_size)),
        rank_.cell.priced, "sglang/srt/model_executor/pool_configurator.py");
    if (plan_.window_tokens > 0) {
      Add(2, "Pool of windows", "tokens x swa_full_tokens_ratio",
          CountText(plan_.window_tokens) + " tokens in layers with a window",
          rank_.cell.window_token * plan_.window_tokens, "sglang/srt/mem_cache/swa_memory_pool.py");
    }
  }

  void States() {
    if (gpu_.recurrent_state <= Bytes(0)) return;
    Add(0, "Recurrent states", "(slots + 1) x (convolution + state)",
        CountText(rank_.pools.slots) + " slots of " + SizeText(rank_.cell.slot(), resolved_.units) + ", " +
            CountText(setup_.states_per_request) + " for a request",
        gpu_.recurrent_state, "sglang/srt/mem_cache/memory_pool.py MambaPool");
  }

  void Beside() {
    const SglangBeside& beside = rank_.beside;
    Add(0, "Beside the share", "request table, workspaces, rounding", "", gpu_.non_torch,
        "sglang/srt/mem_cache/memory_pool.py, layers/attention");
    Part("Request table", "(requests + 1) x (context + 4) x 4 B",
         CountedText(plan_.running, "request", "requests") + ", " + CountText(plan_.context) + " tokens",
         beside.table, "ReqToTokenPool");
    Part("Workspaces", "of the attention kernels", "", beside.workspace, "measured (measured_constants.h)");
    Part("Pool rounding", "1 MiB on average for each tensor", CountText(rank_.cell.buffers) + " tensors",
         beside.rounding, "c10/cuda/CUDACachingAllocator.cpp");
    Part("Draft's KV cache", "tokens x the draft's layers", CountText(plan_.tokens) + " tokens",
         beside.draft_cache, "sglang/srt/speculative");
    Part("States between drafted tokens", "(requests + 1) x tokens x state", "", beside.draft_states,
         "MambaPool.SpeculativeState");
  }

  void Graphs() {
    std::string text = gpu_.cuda_graph > Bytes(0) ? CountText(plan_.decode_graphs) + " batches, " +
                                                        CountText(setup_.prefill_graphs) + " prompt lengths"
                                                  : std::string("enforce_eager: none");
    Add(0, "CUDA graphs",
        "base + layers x (batches x " + DecimalText(Value(Measure::kSglangGraphDecode), 2) +
            " MiB + prompts x " + DecimalText(Value(Measure::kSglangGraphPrefill), 2) + " MiB)",
        std::move(text), gpu_.cuda_graph, "measured, +/- a factor of two (measured_constants.h)");
  }

  const Resolved& resolved_;
  const SglangSetup& setup_;
  const SglangPlan& plan_;
  const SglangRankPlan& rank_;
  const GpuReport& gpu_;
  std::vector<Term> terms_;
};

// ---- the log ----

std::string_view ElementName(const Resolved& resolved) {
  return resolved.format->dtype == DType::kFp16   ? "float16"
         : resolved.format->dtype == DType::kFp32 ? "float32"
                                                  : "bfloat16";
}

class Log {
 public:
  Log(const Resolved& resolved, const Report& report, const SglangPlan& plan)
      : resolved_(resolved),
        report_(report),
        plan_(plan),
        rank_(plan.ranks.front()),
        number_(resolved.version.number),
        free_(rank_.free) {}

  std::vector<std::string> Lines() {
    Load();
    if (!Fails(FailureStage::kLoading) && !FailsAtPool()) Pools();
    if (report_.failure == FailureStage::kNone || report_.Has(kPoolBelowContext)) Summary();
    Failure();
    return std::move(lines_);
  }

 private:
  void Say(std::string line) { lines_.push_back(std::move(line)); }
  bool Fails(FailureStage stage) const { return report_.failure == stage; }

  bool FailsAtPool() const { return Fails(FailureStage::kCacheTooSmall) && !report_.Has(kPoolBelowContext); }

  void Load() {
    if (number_ >= SglangNumber(0, 4, 4) && resolved_.tp * resolved_.pp > 1) {
      Say("Init torch distributed ends. mem usage=" +
          DecimalText(SglangCommunicators(resolved_, *resolved_.cards[0].gpu).gib(), 2) + " GB");
    }
    Say("Load weight begin. avail mem=" + Number(free_) + " GB");
    if (Fails(FailureStage::kLoading)) return;
    free_ -= rank_.weights.target;
    std::string line = "Load weight end. type=" + resolved_.architecture->name + ", dtype=torch." +
                       std::string(ElementName(resolved_)) + ", avail mem=" + Number(free_) + " GB";
    if (number_ >= SglangNumber(0, 4, 4)) line += ", mem usage=" + Number(rank_.weights.target) + " GB.";
    Say(std::move(line));
    free_ -= rank_.weights.draft;
  }

  void Pools() {
    const bool says_sizes = number_ >= SglangNumber(0, 4, 4);
    if (rank_.gpu.recurrent_state > Bytes(0)) {
      const std::string first = "Mamba Cache is allocated. ";
      const std::string count =
          number_ >= SglangNumber(0, 5, 4) ? "max_mamba_cache_size: " + Digits(rank_.pools.slots) + ", " : "";
      Say(first + count + "conv_state size: " + Number(rank_.cell.convolution * (rank_.pools.slots + 1)) +
          "GB, ssm_state size: " + Number(rank_.cell.state * (rank_.pools.slots + 1)) + "GB");
    }
    if (plan_.window_tokens > 0) {
      Say("Use sliding window memory pool. full_layer_tokens=" + Digits(plan_.tokens) +
          ", swa_layer_tokens=" + Digits(plan_.window_tokens));
    }
    if (says_sizes) {
      const std::string type =
          number_ >= SglangNumber(0, 5, 13) ? "dtype: torch." + CacheTypeName() + ", " : std::string();
      const Bytes pool = rank_.gpu.kv_cache;
      const std::string tokens = "KV Cache is allocated. " + type + "#tokens: " + Digits(plan_.tokens);
      if (SetupOf(resolved_).latent) {
        Say(tokens + ", KV size: " + Number(pool) + " GB");
      } else {
        Say(tokens + ", K size: " + Number(pool / 2) + " GB, V size: " + Number(pool / 2) + " GB");
      }
    }
    free_ -= rank_.gpu.kv_cache + rank_.gpu.recurrent_state + rank_.gpu.non_torch - rank_.beside.workspace;
    Say("Memory pool end. avail mem=" + Number(free_) + " GB");
    free_ -= rank_.beside.workspace;
    if (SetupOf(resolved_).graph_batch > 0) {
      const std::string kind = number_ >= SglangNumber(0, 5, 14) ? "target decode CUDA graph" : "cuda graph";
      Say("Capture " + kind + " begin. This can take up to several minutes. avail mem=" + Number(free_) +
          " GB");
      if (Fails(FailureStage::kGraphCapture)) return;
      free_ -= rank_.gpu.cuda_graph;
      const std::string usage = says_sizes ? "mem usage=" + Number(rank_.gpu.cuda_graph) + " GB. " : "";
      Say("Capture " + kind + " end. " + usage + "avail mem=" + Number(free_) + " GB.");
    }
  }

  std::string CacheTypeName() const {
    switch (resolved_.kv_cache_dtype.k) {
      case KvType::kFp8E5m2:
        return "float8_e5m2";
      case KvType::kFp8:
      case KvType::kFp8E4m3:
        return "float8_e4m3fn";
      case KvType::kFp16:
        return "float16";
      case KvType::kFp32:
        return "float32";
      case KvType::kNvfp4:
        return "float4_e2m1fn_x2";
      default:
        return "bfloat16";
    }
  }

  void Summary() {
    std::string line = "max_total_num_tokens=" + Digits(plan_.tokens) + ", chunked_prefill_size=" +
                       Digits(resolved_.chunked_prefill_size > 0 ? SglangChunk(resolved_) : -1) +
                       ", max_prefill_tokens=16384, max_running_requests=" + Digits(plan_.running) +
                       ", context_len=" + Digits(plan_.context);
    if (number_ >= SglangNumber(0, 4, 7)) line += ", available_gpu_mem=" + Number(free_) + " GB";
    Say(std::move(line));
  }

  void Failure() {
    switch (report_.failure) {
      case FailureStage::kLoading:
        Say("torch.OutOfMemoryError: CUDA out of memory.");
        break;
      case FailureStage::kCacheTooSmall:
        if (report_.Has(kPoolBelowContext)) break;
        if (report_.Has("states_too_few")) {
          Say("RuntimeError: Not enough GPU memory for hybrid (mamba/linear-attention) state cache");
        } else if (number_ >= SglangNumber(0, 5, 14)) {
          Say("RuntimeError: Loaded weights leave no GPU memory for the KV cache under "
              "--mem-fraction-static=" +
              DecimalText(resolved_.mem_fraction_static, 3));
        } else {
          Say("RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.");
        }
        break;
      case FailureStage::kGraphCapture:
        Say("Exception: Capture cuda graph failed: CUDA out of memory. Possible solutions: 1. set "
            "--mem-fraction-static to a smaller value (e.g., 0.8 or 0.7) 2. set --cuda-graph-max-bs to a "
            "smaller "
            "value (e.g., 16) 3. disable CUDA graph by --disable-cuda-graph.");
        break;
      case FailureStage::kNone:
      case FailureStage::kInvalid:
      case FailureStage::kProfiling:
      case FailureStage::kSamplerWarmUp:
      case FailureStage::kRunTime:
        break;
    }
  }

  const Resolved& resolved_;
  const Report& report_;
  const SglangPlan& plan_;
  const SglangRankPlan& rank_;
  int64_t number_;
  Bytes free_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<Term> ExplainSglang(const Resolved& resolved, const Report& report) {
  const SglangPlan plan = PlanSglang(resolved);
  const size_t fullest = Fullest(report);
  if (fullest >= plan.ranks.size()) return {};
  return Explainer(resolved, plan, plan.ranks[fullest]).Explain();
}

std::vector<std::string> ExpectedSglangLog(const Resolved& resolved, const Report& report) {
  const SglangPlan plan = PlanSglang(resolved);
  if (plan.ranks.empty() || report.failure == FailureStage::kInvalid) return {};
  return Log(resolved, report, plan).Lines();
}

}  // namespace plimsoll
