#include "core/engines/vllm/vllm_explain.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/engines/measured_constants.h"
#include "core/engines/system_memory.h"
#include "core/engines/vllm/vllm_activation.h"
#include "core/engines/vllm/vllm_cuda_graphs.h"
#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/engines/vllm/vllm_runtime.h"
#include "core/engines/vllm/vllm_version.h"
#include "core/engines/vllm/vllm_weights.h"
#include "core/weights/weights.h"

namespace plimsoll {
namespace {

const GpuReport* Fullest(const Report& report) {
  const GpuReport* fullest = nullptr;
  for (const GpuReport& gpu : report.per_gpu) {
    if (fullest == nullptr || gpu.headroom < fullest->headroom) fullest = &gpu;
  }
  return fullest;
}

class Explainer {
 public:
  Explainer(const Resolved& resolved, const GpuReport& gpu, bool first_start)
      : resolved_(resolved), gpu_(gpu), rules_(RulesFor(resolved)) {
    rules_.first_start = first_start;
    stage_ = gpu.rank / resolved.tp % resolved.pp;
  }

  std::vector<Term> Explain() {
    Weights();
    if (gpu_.recurrent_state > Bytes(0)) {
      Add(0, "Recurrent states", "max_num_seqs x state of one sequence", Sequences(), gpu_.recurrent_state,
          "vllm/model_executor/models/mamba_cache.py (V0)");
    }
    Activation();
    Runtime();
    Graphs();
    Cache();
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
  std::string Sequences() const { return CountedText(resolved_.max_num_seqs, "sequence", "sequences"); }
  void Part(std::string_view name, std::string_view formula, std::string substituted, Bytes bytes,
            std::string_view source) {
    if (bytes != Bytes(0)) Add(1, name, formula, std::move(substituted), bytes, source);
  }

  // "70.6B parameters, 4.51 bits on average, over 2 ranks".
  std::string WeightsText() const {
    std::string text = ParametersText(resolved_.parameters.total) + " parameters, " +
                       DecimalText(resolved_.stored.bits_per_weight, 2) + " bits on average";
    const int64_t ranks = resolved_.tp * resolved_.pp;
    return ranks > 1 ? text + ", over " + CountText(ranks) + " cards" : text;
  }

  // Parameters and types of a role in the whole model: "56.4B parameters, int4 g128".
  std::string RoleText(TensorRole role) const {
    int64_t parameters = 0;
    std::vector<std::string> types;
    for (const InventoryRow& row : inventory_) {
      if (row.role != role) continue;
      parameters = (Bytes(parameters) + Bytes(row.rows) * row.columns * row.count).count();
      if (std::find(types.begin(), types.end(), row.type) == types.end()) types.push_back(row.type);
    }
    if (parameters == 0) return "";
    std::string text = ParametersText(parameters) + " parameters";
    for (const std::string& type : types) text += ", " + type;
    return text;
  }

  void Weights() {
    inventory_ = ListInventory(*resolved_.architecture, *resolved_.format, *resolved_.binding);
    VllmWeightParts parts;
    const int64_t tp_rank = gpu_.rank % resolved_.tp;
    const int64_t ep_rank = tp_rank + resolved_.tp * (gpu_.rank / (resolved_.tp * resolved_.pp));
    const bool least = ep_rank == resolved_.tp * resolved_.dp - 1;
    VllmLoadedWeights(resolved_, rules_, {stage_, resolved_.expert_parallel && least ? ep_rank : 0}, &parts);
    Add(0, "Weights", "tensors / tp by their sharding, as loaded", WeightsText(), gpu_.weights,
        "vllm/model_executor/layers/linear.py, vocab_parallel_embedding.py");
    for (size_t role = 0; role < parts.by_role.size(); ++role) {
      const TensorRole kind = static_cast<TensorRole>(role);
      Part(RoleTitle(kind), "rows x columns x bytes per weight, with scales", RoleText(kind),
           parts.by_role[role], "the model's tensors");
    }
    Part("Expert padding", "widths rounded up for the MXFP4 kernels", "", parts.padding,
         "vllm/model_executor/layers/quantization/mxfp4.py");
    Part("RoPE tables", "positions x width x 2 B", CountText(resolved_.rope.table_elements) + " elements",
         parts.rope_tables, "vllm/model_executor/layers/rotary_embedding");
    Part("MLA projections, absorbed", "2 x heads / tp x kv_lora_rank x (nope + value) per layer", "",
         parts.absorbed, "vllm/model_executor/layers/mla_attention.py");
    Part("LoRA buffers", "slots x rank x (inputs + outputs) x 2 B",
         CountText(resolved_.lora.max_loras) + " x rank " + CountText(resolved_.lora.max_rank), parts.lora,
         "vllm/lora/layers");
    Part("Speculative model", "draft or MTP layers", "", parts.draft, "vllm/v1/spec_decode");
    Part("DeepStack buffers", "T x hidden x levels x 2 B", "", parts.deepstack,
         "vllm/model_executor/models/qwen3_vl.py");
    Part("Allocator rounding", "blocks of 10 MiB and more in steps of 2 MiB",
         Card().vendor == Vendor::kAmd ? "and libraries, which ROCm's figure includes" : "", parts.slack,
         "c10/cuda/CUDACachingAllocator.cpp");
    if (resolved_.cpu_offload > Bytes(0)) {
      Part("Kept in RAM", "cpu_offload_gb", Size(resolved_.cpu_offload),
           Bytes(0) - std::min(resolved_.cpu_offload, gpu_.weights + resolved_.cpu_offload),
           "vllm/model_executor/models/utils.py maybe_offload_to_cpu");
    }
  }

  void Activation() {
    const bool last = stage_ == resolved_.pp - 1;
    const VllmActivation parts = VllmActivationPeak(
        resolved_, rules_, {VllmSamples(rules_, last, gpu_.rank % resolved_.tp), stage_ == 0});
    const std::string tokens = CountedText(resolved_.max_num_batched_tokens, "token", "tokens");
    const std::string batch = tokens + " in a step, " + Sequences();
    Add(0, "Activation peak", "max(MLP, MoE, MLA context, sampler) + encoder output", batch, gpu_.activation,
        "vllm/v1/worker/gpu_model_runner.py profile_run");
    Alternative("MLP", "2 B x tokens x (3 x intermediate / tp + copies x hidden)",
                tokens + ", intermediate " + CountText(resolved_.architecture->max_intermediate) +
                    ", hidden " + CountText(resolved_.architecture->hidden),
                parts.mlp);
    Alternative("MoE buffers", "2 B x tokens x (experts per token x buffers + copies x hidden)", tokens,
                parts.moe);
    Alternative("Sampler",
                DecimalText(rules_.sampler_bytes, 1) + " B x sequences x vocabulary + tokens x hidden x 2 B",
                Sequences() + ", vocabulary " + CountText(resolved_.architecture->vocab), parts.sampler);
    Alternative("MLA context", "2 B x rows x (heads / tp x (nope + value) + latent) + copies x hidden",
                CountText(rules_.latent_context_rows) + " rows at most", parts.context);
    Alternative("Compiling, first start", "2 B x vocabulary / tp x hidden",
                "vocabulary " + CountText(resolved_.architecture->vocab), parts.compile);
    Alternative("Vision tower", "2 B x patches x (2 x intermediate / tp + 4 x hidden)", "", parts.vision);
    Alternative("Encoder output", "tokens x hidden x 2 B", "", parts.encoder_output);
  }

  // Phases of the profile run do not add up: the peak is the largest of them. Their size stands in the text.
  void Alternative(std::string_view name, std::string_view formula, std::string substituted, Bytes bytes) {
    if (bytes == Bytes(0)) return;
    std::string text = std::move(substituted);
    if (!text.empty()) text += " = ";
    Add(2, name, formula, text + Size(bytes), bytes, "a phase of the profile run; the largest decides");
  }

  void Runtime() {
    Add(0, "Non-torch memory",
        rules_.communicators_inside ? "libraries, NCCL and all-reduce buffers"
                                    : "libraries and all-reduce buffers",
        CountedText(resolved_.tp * resolved_.pp * resolved_.dp, "card", "cards"), gpu_.non_torch,
        "measured: startup logs (measured_constants.h)");
    if (gpu_.driver > Bytes(0)) {
      Add(0, "CUDA context",
          rules_.communicators_inside ? "outside vLLM's budget" : "with NCCL, outside vLLM's budget", "",
          gpu_.driver, "measured: free memory at start (measured_constants.h)");
    }
    if (Card().vendor == Vendor::kNvidia) {
      const int64_t release = resolved_.version.number;
      const bool thirteen = release >= VllmNumber(0, 20), twelve = release >= VllmNumber(0, 9);
      Add(2, "Driver", "at least what the wheels' CUDA needs",
          thirteen ? "CUDA 13.0: driver 580"
          : twelve ? "CUDA 12.8: driver 570, or 525 with compatibility"
                   : "CUDA 12.1 to 12.4: driver 525",
          Bytes(0), "vLLM's release notes; NVIDIA's CUDA compatibility table");
    }
  }

  void Graphs() {
    const int64_t layers = PipelineStage(resolved_.architecture->layers, resolved_.pp, stage_).count();
    const VllmGraphs graphs = VllmCudaGraphs(resolved_, rules_, layers, Card());
    std::string text = resolved_.enforce_eager
                           ? std::string("enforce_eager: none")
                           : CountedText(graphs.piecewise, "graph", "graphs") + " of parts of a step, " +
                                 CountText(graphs.full) + " of whole steps, " +
                                 CountedText(layers, "layer", "layers");
    Add(0, rules_.graphs_inside ? "CUDA graphs" : "CUDA graphs, outside the budget",
        "layers x sizes x " +
            DecimalText(Value(rules_.full_graphs ? Measure::kVllmGraphStep : Measure::kVllmGraphPiecewise),
                        2) +
            " MiB, and what attention and all-reduces keep",
        std::move(text), gpu_.cuda_graph,
        "measured with drivers of CUDA 12.4 and later; older ones keep four times as much "
        "(measured_constants.h)");
  }

  // What a first start takes, and later ones with the filled compile cache do not.
  void LaterStart() {
    if (!rules_.first_start || resolved_.kv_cache_memory > Bytes(0)) return;
    VllmRules later = rules_;
    later.first_start = false;
    const bool last = stage_ == resolved_.pp - 1;
    const VllmRole role{VllmSamples(rules_, last, gpu_.rank % resolved_.tp), stage_ == 0};
    const Bytes more = gpu_.activation - VllmActivationPeak(resolved_, later, role).peak + gpu_.non_torch -
                       VllmRuntimeMemory(resolved_, later, Card()).non_torch;
    if (more < MiB(64)) return;
    Add(2, "More on a later start", "what compiling takes", "with the filled compile cache", more,
        "vllm-project/vllm#54383, #54122");
  }

  void Cache() {
    const bool fixed = resolved_.kv_cache_memory > Bytes(0);
    std::string text = fixed ? Size(resolved_.kv_cache_memory)
                             : Size(gpu_.capacity) + " x " +
                                   DecimalText(resolved_.gpu_memory_utilization, 2) + " - the above";
    Add(0, "KV cache pool",
        fixed                  ? "kv_cache_memory_bytes"
        : rules_.graphs_inside ? "capacity x utilization - weights - activation - non-torch - graphs"
                               : "capacity x utilization - weights - activation - non-torch",
        std::move(text), gpu_.kv_cache, "vllm/v1/worker/gpu_worker.py determine_available_memory");
    LaterStart();
    const CacheLayout layout =
        LayOutCache(resolved_, rules_, PipelineStage(resolved_.architecture->layers, resolved_.pp, stage_),
                    stage_ == resolved_.pp - 1);
    const int64_t blocks = layout.BlocksPerSequence(resolved_.max_model_len);
    Add(2, "One sequence of max_model_len", "blocks x bytes of a block",
        CountText(blocks) + " x " + CountText(layout.block_bytes) + " B, " +
            CountText(resolved_.max_model_len) + " tokens",
        Bytes(layout.block_bytes) * blocks, "vllm/v1/kv_cache_interface.py max_memory_usage_bytes");
  }

  const Gpu& Card() const { return *resolved_.cards[static_cast<size_t>(gpu_.rank)].gpu; }

  const Resolved& resolved_;
  const GpuReport& gpu_;
  VllmRules rules_;
  int64_t stage_ = 0;
  std::vector<Term> terms_;
  std::vector<InventoryRow> inventory_;
};

// ---- the log ----

std::string Share(const Resolved& resolved) { return DecimalText(resolved.gpu_memory_utilization, 2); }
// As the engine's own messages print counts: without separators.
std::string Digits(int64_t count) { return std::to_string(count); }
std::string GibNumber(Bytes bytes, int decimals = 2) { return DecimalText(bytes.gib(), decimals); }

void LogV0(const Resolved& resolved, const VllmRules& rules, const Report& report, const GpuReport& gpu,
           std::vector<std::string>* lines) {
  const bool breakdown = resolved.version.number >= VllmNumber(0, 6, 5);
  lines->push_back("Loading model weights took " + GibNumber(gpu.weights, 4) + " GB");
  if (breakdown) {
    lines->push_back("the current vLLM instance can use total_gpu_memory (" + GibNumber(gpu.capacity) +
                     "GiB) x gpu_memory_utilization (" + Share(resolved) + ") = " + GibNumber(gpu.budget) +
                     "GiB");
    lines->push_back("model weights take " + GibNumber(gpu.weights) + "GiB; non_torch_memory takes " +
                     GibNumber(gpu.non_torch) + "GiB; PyTorch activation peak memory takes " +
                     GibNumber(gpu.activation) + "GiB; the rest of the memory reserved for KV Cache is " +
                     GibNumber(report.kv.available) + "GiB.");
  }
  const Bytes block = report.kv.num_blocks > 0 ? report.kv.available / report.kv.num_blocks : Bytes(0);
  const int64_t cpu_blocks = block > Bytes(0) ? GiB(4) / block : 0;
  lines->push_back("# GPU blocks: " + Digits(report.kv.num_blocks) + ", # CPU blocks: " + Digits(cpu_blocks));
  lines->push_back("Maximum concurrency for " + Digits(resolved.max_model_len) + " tokens per request: " +
                   DecimalText(VllmLoggedConcurrency(resolved, rules, report.kv), 2) + "x");
}

void LogV1(const Resolved& resolved, const VllmRules& rules, const Report& report, const GpuReport& gpu,
           std::vector<std::string>* lines) {
  const bool gib = resolved.version.number >= VllmNumber(0, 9);
  lines->push_back("Model loading took " + GibNumber(gpu.weights, gib ? 4 : 2) + (gib ? " GiB" : " GB"));
  if (resolved.version.number >= VllmNumber(0, 9)) {
    lines->push_back("Available KV cache memory: " + GibNumber(report.kv.available) + " GiB");
  }
  if (resolved.max_model_len_auto && resolved.max_model_len < resolved.rope.scaled) {
    lines->push_back("Auto-fit max_model_len: reduced from " + Digits(resolved.rope.scaled) + " to " +
                     Digits(resolved.max_model_len) + " to fit in available GPU memory (" +
                     GibNumber(report.kv.available) + " GiB available for KV cache)");
  }
  lines->push_back("GPU KV cache size: " + CountText(report.kv.capacity_tokens) + " tokens");
  lines->push_back("Maximum concurrency for " + CountText(resolved.max_model_len) + " tokens per request: " +
                   DecimalText(VllmLoggedConcurrency(resolved, rules, report.kv), 2) + "x");
}

void LogGraphs(const Resolved& resolved, const VllmRules& rules, const GpuReport& gpu,
               std::vector<std::string>* lines) {
  if (!rules.v1 || resolved.enforce_eager) return;
  lines->push_back("Graph capturing finished, took about " + GibNumber(gpu.cuda_graph) + " GiB" +
                   (rules.graphs_inside ? "" : " (beside the budget)"));
}

// Whether the pool stands, and is printed, before it fails.
bool FailsAfterPool(FailureStage failure) {
  return failure == FailureStage::kGraphCapture || failure == FailureStage::kSamplerWarmUp ||
         failure == FailureStage::kRunTime;
}

// Since 0.13 sizes are rounded rather than printed with two places, and errors end with a pointer.
bool PointsToDocs(const Resolved& resolved) { return resolved.version.number >= VllmNumber(0, 13); }

std::string ErrorGib(const Resolved& resolved, Bytes bytes) {
  std::string text = GibNumber(bytes);
  if (PointsToDocs(resolved) && text.size() > 1 && text.back() == '0') text.pop_back();
  return text;
}

std::string Pointer(const Resolved& resolved) {
  return PointsToDocs(resolved) ? " See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for "
                                  "more details."
                                : "";
}

// #16168, in 0.8.5: the longest sequence for which the cache would do, found by halving.
std::string Suggestion(const Resolved& resolved, const Report& report) {
  if (resolved.version.number < VllmNumber(0, 8, 5) || report.kv.max_model_len_that_fits <= 0) return "";
  return " Based on the available memory, the estimated maximum model length is " +
         Digits(report.kv.max_model_len_that_fits) + ".";
}

void LogFailure(const Resolved& resolved, const VllmRules& rules, const Report& report, const GpuReport& gpu,
                std::vector<std::string>* lines) {
  const Bytes needed = report.kv.available - gpu.headroom;
  const bool recent = resolved.version.number >= VllmNumber(0, 22);
  switch (report.failure) {
    case FailureStage::kLoading:
      if (gpu.weights + gpu.non_torch + gpu.driver <= gpu.capacity) {
        const Bytes free = gpu.capacity - gpu.driver - gpu.others;
        lines->push_back("ValueError: Free memory on device (" + GibNumber(free) + "/" +
                         GibNumber(gpu.capacity) +
                         " GiB) on startup is less than desired GPU memory utilization (" + Share(resolved) +
                         ", " + GibNumber(gpu.budget) + " GiB).");
        break;
      }
      [[fallthrough]];
    case FailureStage::kGraphCapture:
      if (report.Has("more_sequences_than_states")) {
        lines->push_back(rules.state_per_sequence
                             ? "ValueError: max_num_seqs (" + Digits(resolved.max_num_seqs) +
                                   ") exceeds available Mamba cache blocks (" + Digits(report.kv.num_blocks) +
                                   "). Each decode sequence requires one Mamba cache block, so CUDA graph "
                                   "capture cannot proceed. Please lower max_num_seqs to at most " +
                                   Digits(report.kv.num_blocks) + " or increase gpu_memory_utilization."
                             : "AssertionError: assert num_cache_lines >= batch");
        break;
      }
      [[fallthrough]];
    case FailureStage::kProfiling:
      lines->push_back("torch.OutOfMemoryError: CUDA out of memory. GPU 0 has a total capacity of " +
                       GibNumber(gpu.capacity) + " GiB");
      break;
    case FailureStage::kCacheTooSmall:
      if (report.kv.available <= Bytes(0)) {
        lines->push_back(
            "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` "
            "when initializing the engine." +
            Pointer(resolved));
      } else if (!rules.v1) {
        lines->push_back("ValueError: The model's max seq len (" + Digits(resolved.max_model_len) +
                         ") is larger than the maximum number of tokens that can be stored in KV cache (" +
                         Digits(report.kv.capacity_tokens) +
                         "). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when "
                         "initializing the engine.");
      } else {
        lines->push_back("ValueError: To serve at least one request with the " +
                         std::string(recent ? "model's" : "models's") + " max seq len (" +
                         Digits(resolved.max_model_len) + "), (" + ErrorGib(resolved, needed) +
                         " GiB KV cache is needed, which is larger than the available KV cache memory (" +
                         ErrorGib(resolved, report.kv.available) + " GiB)." + Suggestion(resolved, report) +
                         " Try increasing `gpu_memory_utilization` " +
                         (recent ? "(which also controls CPU memory on the CPU backend) " : "") +
                         "or decreasing `max_model_len` when initializing the engine." + Pointer(resolved));
      }
      break;
    case FailureStage::kSamplerWarmUp:
      lines->push_back("RuntimeError: CUDA out of memory occurred when warming up sampler with " +
                       Digits(resolved.max_num_seqs) +
                       " dummy requests. Please try lowering `max_num_seqs` or `gpu_memory_utilization` when "
                       "initializing the engine.");
      break;
    case FailureStage::kRunTime:
      lines->push_back("torch.OutOfMemoryError: CUDA out of memory. GPU 0 has a total capacity of " +
                       GibNumber(gpu.capacity) + " GiB");
      break;
    case FailureStage::kNone:
    case FailureStage::kInvalid:
      break;
  }
}

}  // namespace

std::vector<Term> ExplainVllm(const Resolved& resolved, const Report& report) {
  const GpuReport* gpu = Fullest(report);
  if (gpu == nullptr) return {};
  return Explainer(resolved, *gpu, !report.Has(kFirstStartTooSmall)).Explain();
}

std::vector<std::string> ExpectedVllmLog(const Resolved& resolved, const Report& report) {
  const GpuReport* gpu = Fullest(report);
  std::vector<std::string> lines;
  if (gpu == nullptr || report.failure == FailureStage::kInvalid) return lines;
  const VllmRules rules = RulesFor(resolved);
  const bool starts = report.failure == FailureStage::kNone;
  if (starts || FailsAfterPool(report.failure)) {
    rules.v1 ? LogV1(resolved, rules, report, *gpu, &lines) : LogV0(resolved, rules, report, *gpu, &lines);
    if (report.failure != FailureStage::kGraphCapture) LogGraphs(resolved, rules, *gpu, &lines);
  } else if (report.failure != FailureStage::kLoading) {
    lines.push_back((rules.v1 ? "Model loading took " : "Loading model weights took ") +
                    GibNumber(gpu->weights, 4) + (rules.v1 ? " GiB" : " GB"));
  }
  if (starts) {
    // What was profiled as activation is given back and taken again under load.
    lines.push_back("nvidia-smi: about " + Digits((gpu->total - gpu->activation).count() >> 20) +
                    " MiB after start, up to " + Digits(gpu->total.count() >> 20) + " MiB under load");
    return lines;
  }
  LogFailure(resolved, rules, report, *gpu, &lines);
  return lines;
}

}  // namespace plimsoll
