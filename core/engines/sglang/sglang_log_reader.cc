#include "core/engines/sglang/sglang_log_reader.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/engines/torch_log_reader.h"

namespace plimsoll {
namespace {

// python/sglang/srt/server_args.py
constexpr LogOption kOptions[] = {
    {"tp_size", "tp"},
    {"pp_size", "pp"},
    {"dp_size", "dp"},
    {"nnodes", "nodes"},
    {"context_length", "max_model_len"},
    {"context_len", "max_model_len"},
    {"mem_fraction_static", "mem_fraction_static", LogValue::kReal},
    {"chunked_prefill_size", "chunked_prefill_size"},
    {"max_running_requests", "max_running_requests"},
    {"kv_cache_dtype", "kv_cache_dtype", LogValue::kText},
    {"disable_cuda_graph", "enforce_eager", LogValue::kSwitch},
    {"page_size", "block_size"},
};
// What the summary line tells beside the figures.
constexpr LogOption kSummary[] = {
    {"context_len", "max_model_len"},
    {"chunked_prefill_size", "chunked_prefill_size"},
    {"max_running_requests", "max_running_requests"},
};

void Phase(LogPhase phase, LogReading* reading) {
  reading->phase = std::max(reading->phase, phase);
  reading->frames = 0;
}

void TakeArguments(const LogLine& line, LogReading* reading) {
  for (const auto& [name, value] : ReadPairs(line.rest)) {
    if (value == "None" || value.empty()) continue;
    reading->options.emplace_back(name, value);
    TakeOption(kOptions, std::size(kOptions), name, value, reading);
    if (name == "model_path" && reading->model.empty()) reading->model = value;
    if (name == "quantization" && value == "fp8") reading->format = "fp8";
    if (name == "quantization" && (value == "awq" || value == "awq_marlin")) reading->format = "awq-int4";
  }
}

double Gib(const std::optional<Bytes>& bytes) { return bytes ? bytes->gib() : 0; }

// "KV Cache is allocated. dtype: torch.bfloat16, #tokens: 298447, K size: 5.69 GB, V size: 5.69 GB"; of MLA
// models one size.
void TakePool(const LogLine& line, LogReading* reading) {
  const std::string rank = RankOf(line.before);
  if (const std::optional<double> tokens = NumberAfter(line.rest, "#tokens: "))
    AddFigure("kv_cache_tokens", rank, *tokens, reading);
  double gib = Gib(BytesAfter(line.rest, "K size: ")) + Gib(BytesAfter(line.rest, "V size: "));
  if (gib == 0) gib = Gib(BytesAfter(line.rest, "KV size: "));
  if (gib > 0) AddFigure("kv_cache_gib_per_gpu", rank, gib, reading);
  Phase(LogPhase::kPool, reading);
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

constexpr LogPattern kPatterns[] = {
    {"server_args=ServerArgs(", TakeArguments},
    {"sglang version ",
     [](const LogLine& line, LogReading* r) {
       const std::string_view text = Trimmed(line.rest);
       const size_t end = text.find_first_not_of("0123456789.post");
       if (!text.empty() && text[0] >= '0' && text[0] <= '9') r->version = std::string(text.substr(0, end));
     }},
    {"Init torch distributed begin", [](const LogLine&, LogReading* r) { r->votes += 1; }},
    // python/sglang/srt/model_executor/model_runner.py
    {"Load weight begin",
     [](const LogLine& line, LogReading* r) {
       // What is free before the weights: less than the card has, and all that is told of it.
       if (const std::optional<Bytes> free = BytesAfter(line.rest, "avail mem="))
         AddFigure("free_gib_before_weights", RankOf(line.before), free->gib(), r);
     }},
    {"Load weight end",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<Bytes> used = BytesAfter(line.rest, "mem usage="))
         AddFigure("weights_gib_per_gpu", RankOf(line.before), used->gib(), r);
       Phase(LogPhase::kWeights, r);
     }},
    {"KV Cache is allocated", TakePool},
    {"Memory pool end", [](const LogLine&, LogReading* r) { Phase(LogPhase::kPool, r); }},
    {"max_total_num_tokens=",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<double> tokens = LeadingNumber(line.rest))
         AddFigure("kv_cache_tokens", RankOf(line.before), *tokens, r);
       for (const auto& [name, value] : ReadPairs(line.rest))
         TakeOption(kSummary, std::size(kSummary), name, value, r);
     }},
    {"apture cuda graph begin", [](const LogLine&, LogReading* r) { Phase(LogPhase::kPool, r); }},
    {"CUDA graph begin", [](const LogLine&, LogReading* r) { Phase(LogPhase::kPool, r); }},
    {"apture cuda graph end",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<Bytes> used = BytesAfter(line.rest, "mem usage="))
         AddFigure("cuda_graph_gib", RankOf(line.before), used->gib(), r);
       Phase(LogPhase::kGraphs, r);
     }},
    {"decode CUDA graph end",
     [](const LogLine& line, LogReading* r) {
       if (const std::optional<Bytes> used = BytesAfter(line.rest, "mem usage="))
         AddFigure("cuda_graph_gib", RankOf(line.before), used->gib(), r);
       Phase(LogPhase::kGraphs, r);
     }},
    {"The server is fired up and ready to roll",
     [](const LogLine&, LogReading* r) { Phase(LogPhase::kServing, r); }},
    {"gen throughput (token/s): ",
     [](const LogLine& line, LogReading* r) {
       const std::optional<double> rate = LeadingNumber(line.rest);
       const std::optional<double> running = NumberAfter(line.before, "#running-req: ");
       Phase(LogPhase::kServing, r);
       if (!rate || !running || *running < 1 || *running > 1e6) return;
       if (!r->throughput || r->throughput->tokens_per_s < *rate)
         r->throughput = {*rate, static_cast<int64_t>(*running)};
     }},
    // What is wrong
    {"Not enough memory. Please try to increase --mem-fraction-static", Named<FailureStage::kCacheTooSmall>},
    {"Loaded weights leave no GPU memory for the KV cache", Named<FailureStage::kCacheTooSmall>},
    {"Not enough GPU memory for hybrid", Named<FailureStage::kCacheTooSmall>},
    {"state cache is too small to serve", Named<FailureStage::kCacheTooSmall>},
    {"apture cuda graph failed", Named<FailureStage::kGraphCapture>},
    {"CUDA graph failed", Named<FailureStage::kGraphCapture>},
    {"Prefill out of memory", Named<FailureStage::kRunTime>},
    {"Decode out of memory", Named<FailureStage::kRunTime>},
    {"in init_memory_pool", Frame<FailureStage::kCacheTooSmall>},
    {"in init_cuda_graphs", Frame<FailureStage::kGraphCapture>},
    {"in capture_one_batch_size", Frame<FailureStage::kGraphCapture>},
    {"sglang/srt/model_loader", Frame<FailureStage::kLoading>},
    {"in forward_batch_generation", Frame<FailureStage::kRunTime>},
};

}  // namespace

std::vector<LogPattern> SglangLogPatterns() { return WithTorchLogPatterns(kPatterns); }

}  // namespace plimsoll
