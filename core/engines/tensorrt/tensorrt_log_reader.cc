#include "core/engines/tensorrt/tensorrt_log_reader.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/engines/torch_log_reader.h"

namespace plimsoll {
namespace {

void Phase(LogPhase phase, LogReading* reading) {
  reading->phase = std::max(reading->phase, phase);
  reading->frames = 0;
}

// A pool is made twice, small to profile with and then in full; the last one holds.
void TakeLast(std::string_view metric, double value, LogReading* reading) {
  for (LogFigure& figure : reading->figures) {
    if (figure.metric != metric) continue;
    figure.value = value;
    return;
  }
  AddFigure(metric, "", value, reading);
}

template <FailureStage kStage>
void Named(const LogLine& line, LogReading* reading) {
  LogFailure failure;
  failure.stage = kStage;
  failure.line = std::string(line.text.substr(0, 1000));
  AddFailure(std::move(failure), reading);
}

template <FailureStage kStage>
void Frame(const LogLine& /*line*/, LogReading* reading) {
  reading->frames |= 1u << static_cast<int>(kStage);
}

void TakeCommand(const LogLine& line, LogReading* reading) {
  std::string_view rest = Trimmed(line.rest);
  if (rest.starts_with("serve ")) rest = Trimmed(rest.substr(6));
  const std::string_view name = rest.substr(0, rest.find_first_of(" \t"));
  if (reading->model.empty() && !name.empty() && name.size() < 300 && name[0] != '-') reading->model = name;
  if (const std::optional<double> tp = NumberAfter(rest, "--tp_size "))
    if (*tp >= 1 && *tp <= 64) reading->settings.Set("tp", static_cast<int64_t>(*tp));
}

// "max_seq_len=131072, max_num_requests=2048, max_num_tokens=8192, max_batch_size=64"
// (tensorrt_llm/_torch/pyexecutor/_util.py)
constexpr LogOption kLimits[] = {{"max_num_tokens", "max_num_batched_tokens"},
                                 {"max_batch_size", "max_num_seqs"}};
void TakeLimits(const LogLine& line, LogReading* reading) {
  const std::optional<double> length = LeadingNumber(line.rest);
  if (length && *length >= 1 && *length < 1e9)
    reading->settings.Set("max_model_len", static_cast<int64_t>(*length));
  for (const auto& [name, value] : ReadPairs(line.rest))
    TakeOption(kLimits, std::size(kLimits), name, value, reading);
}

constexpr LogPattern kPatterns[] = {
    {"TensorRT-LLM version: ",
     [](const LogLine& line, LogReading* r) {
       const std::string_view text = Trimmed(line.rest);
       const size_t end = text.find_first_not_of("0123456789.rcpost");
       if (!text.empty() && text[0] >= '0' && text[0] <= '9') r->version = std::string(text.substr(0, end));
     }},
    {"TensorRT LLM version: ",
     [](const LogLine& line, LogReading* r) {
       const std::string_view text = Trimmed(line.rest);
       const size_t end = text.find_first_not_of("0123456789.rcpost");
       if (!text.empty() && text[0] >= '0' && text[0] <= '9') r->version = std::string(text.substr(0, end));
     }},
    {"[TensorRT-LLM]", [](const LogLine&, LogReading*) {}},
    {"[TRT-LLM]", [](const LogLine&, LogReading*) {}},
    {"trtllm-serve ", TakeCommand, false},
    // tensorrt_llm/_torch/pyexecutor/_util.py, of the profiling run
    {"Memory used after loading model weights (inside torch)",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<Bytes> used = BytesAfter(line.rest, "profiling: "))
         TakeLast("weights_gib_per_gpu", used->gib(), r);
       Phase(LogPhase::kWeights, r);
     }},
    {"device total memory ",
     [](const LogLine& line, LogReading* r) {
       TakeTotal(LeadingBytes(line.rest), 0, r);
       Phase(LogPhase::kProfile, r);
     }},
    {"calculating max tokens in paged kv cache: total: ",
     [](const LogLine& line, LogReading* r) {
       TakeTotal(LeadingBytes(line.rest), 0, r);
       Phase(LogPhase::kProfile, r);
     }},
    // cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp: "Allocated 26.91 GiB for max tokens in paged KV cache (220480)."
    {"for max tokens in paged KV cache",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<Bytes> pool = BytesAfter(line.before, "Allocated "))
         TakeLast("kv_cache_gib_per_gpu", pool->gib(), r);
       if (const std::optional<double> tokens = NumberAfter(line.rest, "("))
         TakeLast("kv_cache_tokens", *tokens, r);
       Phase(LogPhase::kPool, r);
     }},
    {"max_seq_len=", TakeLimits, false},
    {"CUDA graph warmup for batch size", [](const LogLine&, LogReading* r) { Phase(LogPhase::kGraphs, r); }},
    {"Engine loaded and ready to serve", [](const LogLine&, LogReading* r) { Phase(LogPhase::kServing, r); }},
    // What is wrong
    {"Executor creation failed due to insufficient GPU memory", Named<FailureStage::kProfiling>},
    {"Failed to allocate KV cache", Named<FailureStage::kCacheTooSmall>},
    {"No blocks available in KV cache", Named<FailureStage::kCacheTooSmall>},
    {"in _create_kv_cache_manager", Frame<FailureStage::kCacheTooSmall>},
    {"in load_weights", Frame<FailureStage::kLoading>},
    {"in _run_cuda_graph_warmup", Frame<FailureStage::kGraphCapture>},
    {"in _executor_loop", Frame<FailureStage::kRunTime>},
};

}  // namespace

std::vector<LogPattern> TensorrtLogPatterns() { return WithTorchLogPatterns(kPatterns); }

}  // namespace plimsoll
