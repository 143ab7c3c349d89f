#include "core/engines/vllm/vllm_log_reader.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/base/text.h"
#include "core/engines/torch_log_reader.h"

namespace plimsoll {
namespace {

constexpr LogOption kOptions[] = {
    {"max_model_len", "max_model_len"},
    {"max_seq_len", "max_model_len"},
    {"tensor_parallel_size", "tp"},
    {"pipeline_parallel_size", "pp"},
    {"data_parallel_size", "dp"},
    {"enable_expert_parallel", "expert_parallel", LogValue::kSwitch},
    {"gpu_memory_utilization", "gpu_memory_utilization", LogValue::kReal},
    {"max_num_seqs", "max_num_seqs"},
    {"max_num_batched_tokens", "max_num_batched_tokens"},
    {"enforce_eager", "enforce_eager", LogValue::kSwitch},
    {"block_size", "block_size"},
    {"enable_prefix_caching", "enable_prefix_caching", LogValue::kSwitch},
    {"enable_chunked_prefill", "enable_chunked_prefill", LogValue::kSwitch},
    {"chunked_prefill_enabled", "enable_chunked_prefill", LogValue::kSwitch},
    {"cpu_offload_gb", "cpu_offload_gb", LogValue::kReal},
    {"kv_cache_memory_bytes", "kv_cache_memory_bytes"},
    {"kv_cache_dtype", "kv_cache_dtype", LogValue::kText},
    {"max_cudagraph_capture_size", "max_cudagraph_capture_size"},
};

// vllm/model_executor/layers/quantization: what its names mean where the checkpoint's own name does not say.
struct Quantization {
  std::string_view name, format;
};
constexpr Quantization kQuantizations[] = {
    {"awq", "awq-int4"},         {"awq_marlin", "awq-int4"},
    {"gptq", "gptq-int4"},       {"gptq_marlin", "gptq-int4"},
    {"bitsandbytes", "bnb-nf4"}, {"mxfp4", "mxfp4"},
    {"gpt_oss_mxfp4", "mxfp4"},  {"modelopt_fp4", "nvfp4"},
    {"modelopt", "fp8"},         {"fp8", "fp8"},
    {"fbgemm_fp8", "fp8"},
};

void TakePairs(std::string_view text, LogReading* reading) {
  for (const auto& [name, value] : ReadPairs(text)) {
    if (value == "None" || value.empty()) continue;
    reading->options.emplace_back(name, value);
    TakeOption(kOptions, std::size(kOptions), name, value, reading);
    if ((name == "model" || name == "model_tag") && reading->model.empty()) reading->model = value;
    if (name == "model" && value.find('/') != std::string::npos) reading->model = value;
    if (name == "quantization") {
      for (const Quantization& known : kQuantizations) {
        if (known.name == value) reading->format = std::string(known.format);
      }
    }
    // "torch.bfloat16", "half": plain weights are cast to it.
    const std::string_view type = std::string_view(value).substr(value.starts_with("torch.") ? 6 : 0);
    if (name == "dtype" && (type == "float16" || type == "bfloat16" || type == "float32"))
      reading->settings.Set("dtype", std::string(type));
  }
}

void TakeVersion(std::string_view text, LogReading* reading) {
  if (text.starts_with('v')) text.remove_prefix(1);
  size_t end = 0;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
  const std::string_view post = text.substr(end);
  size_t tail = 0;
  if (post.starts_with("post")) {
    tail = 4;
    while (tail < post.size() && post[tail] >= '0' && post[tail] <= '9') ++tail;
  }
  std::string_view version = text.substr(0, end + tail);
  while (version.ends_with('.')) version.remove_suffix(1);
  if (std::count(version.begin(), version.end(), '.') >= 1) reading->version = std::string(version);
}

// Up to 0.7 the first rank's lines have no prefix, and those of the others no number.
std::string Rank(const LogLine& line) {
  const bool other = line.before.find("(VllmWorkerProcess ") != std::string_view::npos ||
                     line.before.find("(RayWorkerWrapper ") != std::string_view::npos;
  std::string rank = RankOf(line.before);
  return rank.empty() && other ? "worker1" : rank;
}

void TakeGib(std::string_view metric, std::optional<Bytes> bytes, const LogLine& line, LogReading* reading) {
  if (bytes) AddFigure(metric, Rank(line), bytes->gib(), reading);
}

void Phase(LogPhase phase, LogReading* reading) {
  reading->phase = std::max(reading->phase, phase);
  reading->frames = 0;
}

// A frame of a traceback: the stage that the function belongs to.
template <FailureStage kStage>
void Frame(const LogLine& /*line*/, LogReading* reading) {
  reading->frames |= 1u << static_cast<int>(kStage);
}

// vllm/worker/worker.py up to 0.6.4: "total_gpu_memory=23.58GiB … peak_torch_memory=17.06GiB …
// non_torch_memory=0.35GiB kv_cache_size=3.81GiB gpu_memory_utilization=0.90"; the peak holds the weights.
void TakeOldProfile(const LogLine& line, LogReading* reading) {
  TakeTotal(BytesAfter(line.rest, "total_gpu_memory="), 0, reading);
  TakeGib("non_torch_gib", BytesAfter(line.rest, "non_torch_memory="), line, reading);
  TakeGib("kv_cache_gib_per_gpu", BytesAfter(line.rest, "kv_cache_size="), line, reading);
  const std::optional<double> share = NumberAfter(line.rest, "gpu_memory_utilization=");
  if (share) reading->settings.Set("gpu_memory_utilization", *share);
  const std::optional<Bytes> peak = BytesAfter(line.rest, "peak_torch_memory=");
  double weights = 0;
  for (const LogFigure& figure : reading->figures) {
    if (figure.metric == "weights_gib_per_gpu") weights = figure.value;
  }
  if (peak && weights > 0 && peak->gib() > weights)
    AddFigure("activation_peak_gib", Rank(line), peak->gib() - weights, reading);
  Phase(LogPhase::kProfile, reading);
}

constexpr LogPattern kPatterns[] = {
    // vllm/entrypoints/openai/api_server.py, vllm/engine/llm_engine.py, vllm/v1/engine/core.py
    {"vLLM API server version ", [](const LogLine& line, LogReading* r) { TakeVersion(line.rest, r); }},
    {" LLM engine (v",
     [](const LogLine& line, LogReading* r) {
       TakeVersion(line.rest, r);
       const size_t config = line.text.find("with config: ");
       if (config != std::string_view::npos) TakePairs(line.text.substr(config + 13), r);
     }},
    {"vLLM version ", [](const LogLine& line, LogReading* r) { TakeVersion(line.rest, r); }},
    {"vllm==", [](const LogLine& line, LogReading* r) { TakeVersion(line.rest, r); }, false},
    {"non-default args: {", [](const LogLine& line, LogReading* r) { TakePairs(line.rest, r); }},
    {"args: Namespace(", [](const LogLine& line, LogReading* r) { TakePairs(line.rest, r); }},
    {"Using max model len ",
     [](const LogLine& line, LogReading* r) {
       TakeOption(kOptions, std::size(kOptions), "max_model_len", line.rest, r);
     }},
    {"Chunked prefill is enabled with max_num_batched_tokens=",
     [](const LogLine& line, LogReading* r) {
       TakeOption(kOptions, std::size(kOptions), "max_num_batched_tokens", line.rest, r);
     }},
    {"Starting to load model ",
     [](const LogLine& line, LogReading* r) {
       std::string_view name = line.rest.substr(0, line.rest.find("..."));
       if (r->model.empty() && name.size() < 300) r->model = std::string(Trimmed(name));
     }},
    // vllm/worker/model_runner.py, vllm/v1/worker/gpu_model_runner.py
    {"Loading model weights took ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("weights_gib_per_gpu", LeadingBytes(line.rest), line, r);
       Phase(LogPhase::kWeights, r);
     }},
    {"Model loading took ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("weights_gib_per_gpu", LeadingBytes(line.rest), line, r);
       Phase(LogPhase::kWeights, r);
     }},
    // vllm/worker/worker.py from 0.6.5, often broken over lines
    {"the current vLLM instance can use",
     [](const LogLine& line, LogReading* r) {
       TakeTotal(BytesAfter(line.rest, "total_gpu_memory "), 0, r);
       const std::optional<double> share = NumberAfter(line.rest, "gpu_memory_utilization ");
       if (share) r->settings.Set("gpu_memory_utilization", *share);
     }},
    {"model weights take ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("weights_gib_per_gpu", LeadingBytes(line.rest), line, r);
     }},
    {"non_torch_memory takes ",
     [](const LogLine& line, LogReading* r) { TakeGib("non_torch_gib", LeadingBytes(line.rest), line, r); }},
    {"PyTorch activation peak memory takes ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("activation_peak_gib", LeadingBytes(line.rest), line, r);
     }},
    {"reserved for KV Cache is ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("kv_cache_gib_per_gpu", LeadingBytes(line.rest), line, r);
       Phase(LogPhase::kProfile, r);
     }},
    {"Memory profiling results: ", TakeOldProfile},
    // vllm/utils/mem_utils.py MemoryProfilingResult
    {"torch peak memory increase: ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("activation_peak_gib", LeadingBytes(line.rest), line, r);
     }},
    {"non-torch forward increase memory: ",
     [](const LogLine& line, LogReading* r) { TakeGib("non_torch_gib", LeadingBytes(line.rest), line, r); }},
    {"weights memory: ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("weights_gib_per_gpu", LeadingBytes(line.rest), line, r);
     }},
    // vllm/v1/worker/gpu_worker.py
    {"peak activation memory ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("activation_peak_gib", LeadingBytes(line.rest), line, r);
     }},
    {"GiB for peak activation",
     [](const LogLine& line, LogReading* r) {
       const size_t at = line.before.find_last_not_of(" ");
       size_t begin = at == std::string_view::npos ? 0 : at + 1;
       while (begin > 0 &&
              std::string_view("0123456789.").find(line.before[begin - 1]) != std::string_view::npos)
         --begin;
       TakeGib("activation_peak_gib", LeadingBytes(std::string(line.before.substr(begin)) + " GiB"), line, r);
     }},
    {"Available KV cache memory: ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("kv_cache_gib_per_gpu", LeadingBytes(line.rest), line, r);
       Phase(LogPhase::kProfile, r);
     }},
    {"--gpu-memory-utilization=",
     [](const LogLine& line, LogReading* r) {
       // "The current --gpu-memory-utilization=0.8500 is equivalent to …"
       if (!line.before.ends_with("The current ")) return;
       if (const std::optional<double> share = LeadingNumber(line.rest))
         r->settings.Set("gpu_memory_utilization", *share);
     },
     false},
    // vllm/v1/core/kv_cache_utils.py, vllm/executor/gpu_executor.py
    {"GPU KV cache size: ",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<double> tokens = LeadingNumber(line.rest))
         AddFigure("kv_cache_tokens", Rank(line), *tokens, r);
       Phase(LogPhase::kPool, r);
     }},
    {"# GPU blocks: ",
     [](const LogLine& line, LogReading* r) {
       const Json* block = r->settings.Find("block_size");
       const double tokens = block && block->AsDouble() ? *block->AsDouble() : 16;
       if (const std::optional<double> blocks = LeadingNumber(line.rest))
         AddFigure("kv_cache_tokens", Rank(line), *blocks * tokens, r);
       Phase(LogPhase::kPool, r);
     }},
    {"# cuda blocks: ",
     [](const LogLine& line, LogReading* r) {
       const Json* block = r->settings.Find("block_size");
       const double tokens = block && block->AsDouble() ? *block->AsDouble() : 16;
       if (const std::optional<double> blocks = LeadingNumber(line.rest))
         AddFigure("kv_cache_tokens", Rank(line), *blocks * tokens, r);
       Phase(LogPhase::kPool, r);
     }},
    {"Maximum concurrency for ",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<double> length = LeadingNumber(line.rest))
         r->settings.Set("max_model_len", static_cast<int64_t>(std::min(1e12, std::max(1.0, *length))));
       if (const std::optional<double> times = NumberAfter(line.rest, "per request: "))
         AddFigure("max_concurrency", "", *times, r);
       Phase(LogPhase::kPool, r);
     }},
    {"Capturing cudagraphs for decoding", [](const LogLine&, LogReading* r) { Phase(LogPhase::kPool, r); }},
    {"Capturing CUDA graph", [](const LogLine&, LogReading* r) { Phase(LogPhase::kPool, r); }},
    {"Graph capturing finished ",
     [](const LogLine& line, LogReading* r) {
       TakeGib("cuda_graph_gib",
               BytesAfter(line.rest, "took about ").has_value() ? BytesAfter(line.rest, "took about ")
                                                                : BytesAfter(line.rest, ", took "),
               line, r);
       Phase(LogPhase::kGraphs, r);
     }},
    {"init engine (profile, create kv cache",
     [](const LogLine&, LogReading* r) { Phase(LogPhase::kWarmUp, r); }},
    {"Avg generation throughput: ",
     [](const LogLine& line, LogReading* r) {
       const std::optional<double> rate = LeadingNumber(line.rest);
       const std::optional<double> running = NumberAfter(line.rest, "Running: ");
       const std::optional<double> prompt = NumberAfter(line.before, "Avg prompt throughput: ");
       Phase(LogPhase::kServing, r);
       // A window with prompts in it says less about decoding.
       if (!rate || !running || *running < 1 || *running > 1e6 || (prompt && *prompt > *rate)) return;
       if (!r->throughput || r->throughput->tokens_per_s < *rate)
         r->throughput = {*rate, static_cast<int64_t>(*running)};
     }},
    // What is wrong, in its own words
    {"Free memory on device",
     [](const LogLine& line, LogReading* r) {
       LogFailure failure = FailureAt(FailureStage::kLoading, line);
       failure.knob = "gpu_memory_utilization";
       std::string_view rest;
       const size_t bracket = line.rest.find('(');
       if (bracket == std::string_view::npos) return;
       const std::optional<double> free = LeadingNumber(line.rest.substr(bracket), &rest);
       if (free) failure.free = GiBFromDouble(*free);
       if (rest.starts_with('/')) TakeTotal(LeadingBytes(rest.substr(1)), 0, r);
       const std::string_view share = Between(line.rest, "utilization (", ")");
       if (const std::optional<double> given = LeadingNumber(share, &rest)) {
         r->settings.Set("gpu_memory_utilization", *given);
         if (rest.starts_with(',')) failure.asked = LeadingBytes(rest.substr(1));
       }
       AddFailure(std::move(failure), r);
     }},
    {"To serve at least one request with the model",
     [](const LogLine& line, LogReading* r) {
       LogFailure failure = FailureAt(FailureStage::kCacheTooSmall, line);
       if (const std::optional<double> length = NumberAfter(line.rest, "max seq len "))
         r->settings.Set("max_model_len", static_cast<int64_t>(std::min(1e12, std::max(1.0, *length))));
       failure.needed = BytesAfter(line.rest, "), ");
       failure.available = BytesAfter(line.rest, "available KV cache memory ");
       failure.knob = "max_model_len";
       if (const std::optional<double> most = NumberAfter(line.rest, "estimated maximum model length is "))
         failure.limit = static_cast<int64_t>(std::min(1e12, std::max(0.0, *most)));
       if (failure.available) AddFigure("kv_cache_gib_per_gpu", Rank(line), failure.available->gib(), r);
       AddFailure(std::move(failure), r);
     }},
    {"is larger than the maximum number of tokens that can be stored in KV cache ",
     [](const LogLine& line, LogReading* r) {
       LogFailure failure = FailureAt(FailureStage::kCacheTooSmall, line);
       if (const std::optional<double> length = NumberAfter(line.before, "max seq len "))
         r->settings.Set("max_model_len", static_cast<int64_t>(std::min(1e12, std::max(1.0, *length))));
       if (const std::optional<double> tokens = LeadingNumber(line.rest))
         AddFigure("kv_cache_tokens", Rank(line), *tokens, r);
       AddFailure(std::move(failure), r);
     }},
    {"No available memory for the cache blocks",
     [](const LogLine& line, LogReading* r) {
       AddFailure(FailureAt(FailureStage::kCacheTooSmall, line), r);
     }},
    {"exceeds available Mamba cache blocks",
     [](const LogLine& line, LogReading* r) {
       LogFailure failure = FailureAt(FailureStage::kGraphCapture, line);
       failure.knob = "max_num_seqs";
       if (const std::optional<double> blocks = LeadingNumber(line.rest))
         failure.limit = static_cast<int64_t>(std::min(1e9, std::max(0.0, *blocks)));
       AddFailure(std::move(failure), r);
       if (const std::optional<double> seqs = NumberAfter(line.before, "max_num_seqs "))
         r->settings.Set("max_num_seqs", static_cast<int64_t>(std::min(1e9, std::max(1.0, *seqs))));
     }},
    {"assert num_cache_lines >= batch",
     [](const LogLine& line, LogReading* r) { AddFailure(FailureAt(FailureStage::kGraphCapture, line), r); }},
    {"-packages/vllm/", [](const LogLine&, LogReading*) {}},
    // Frames
    {"determine_available_memory", Frame<FailureStage::kProfiling>},
    {"determine_num_available_blocks", Frame<FailureStage::kProfiling>},
    {"in profile_run", Frame<FailureStage::kProfiling>},
    {"in initialize_kv_cache", Frame<FailureStage::kCacheTooSmall>},
    {"in initialize_from_config", Frame<FailureStage::kCacheTooSmall>},
    {"_allocate_kv_cache", Frame<FailureStage::kCacheTooSmall>},
    {"in initialize_cache", Frame<FailureStage::kCacheTooSmall>},
    {"in capture_model", Frame<FailureStage::kGraphCapture>},
    {"_capture_cudagraphs", Frame<FailureStage::kGraphCapture>},
    {"in _dummy_sampler_run", Frame<FailureStage::kSamplerWarmUp>},
    {"in load_model", Frame<FailureStage::kLoading>},
    {"in create_weights", Frame<FailureStage::kLoading>},
    {"process_weights_after_loading", Frame<FailureStage::kLoading>},
    {"in initialize_model", Frame<FailureStage::kLoading>},
    {"Application startup complete", [](const LogLine&, LogReading* r) { Phase(LogPhase::kServing, r); },
     false},
    // vllm bench serve (vllm/benchmarks/serve.py)
    {"Output token throughput (tok/s):",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<double> rate = LeadingNumber(line.rest))
         AddFigure("output_tps_total", "", *rate, r);
     }},
    {"Mean TTFT (ms):",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<double> ms = LeadingNumber(line.rest)) AddFigure("ttft_ms", "", *ms, r);
     }},
    {"Mean TPOT (ms):",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<double> ms = LeadingNumber(line.rest)) AddFigure("tpot_ms", "", *ms, r);
     }},
    {"Maximum request concurrency:",
     [](const LogLine& line, LogReading* r) {
       const std::optional<double> count = LeadingNumber(line.rest);
       if (count && *count >= 1 && *count < 1e6) r->settings.Set("concurrency", static_cast<int64_t>(*count));
     }},
};

}  // namespace

std::vector<LogPattern> VllmLogPatterns() { return WithTorchLogPatterns(kPatterns); }

}  // namespace plimsoll
