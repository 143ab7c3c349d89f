#include "core/engines/ollama/ollama_log_reader.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/engines/llama_cpp/llama_log_reader.h"
#include "core/engines/ollama/ollama_commands.h"

namespace plimsoll {
namespace {

void Phase(LogPhase phase, LogReading* reading) { reading->phase = std::max(reading->phase, phase); }

// The value behind "name=" or "name:" with its quotes off.
std::string_view Value(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  std::string_view value = text.substr(at + name.size());
  if (value.starts_with('"')) return Between(value, "\"", "\"");
  return value.substr(0, value.find_first_of(" ]}\""));
}

bool IsHost(std::string_view device) { return device.starts_with("CPU"); }

// llm/server.go from 0.12: msg="model weights" device=CUDA0 size="4.3 GiB"; before it ml/backend/ggml has buffer=
// for the weights and buffer_type= for the graph. Passes repeat; the last one holds.
void TakeDeviceSize(std::string_view metric, std::string_view host_metric, const LogLine& line,
                    LogReading* reading) {
  std::string device(Value(line.rest, "device=").substr(0, 40));
  for (const std::string_view name : {"buffer=", "buffer_type="}) {
    if (device.empty()) device = std::string(Value(line.rest, name).substr(0, 40));
  }
  const std::optional<Bytes> size = LeadingBytes(Value(line.rest, "size="));
  if (device.empty() || !size) return;
  const std::string_view named = IsHost(device) ? host_metric : metric;
  if (named.empty()) return;
  for (LogFigure& figure : reading->figures) {
    if (figure.metric != named || figure.device != device) continue;
    figure.value = size->mib();
    return;
  }
  AddFigure(named, device, size->mib(), reading);
}

void TakeNumber(std::string_view text, std::string_view name, const char* key, double least,
                LogReading* reading) {
  const std::optional<double> number = LeadingNumber(Value(text, name));
  if (number && *number >= least && *number < 1e9) reading->settings.Set(key, static_cast<int64_t>(*number));
}

// "starting llama-server" cmd="… -c 8192 -np 1 -ub 512 --cache-type-k q8_0", and the runner of 0.5 to 0.24.
void TakeCommand(const LogLine& line, LogReading* reading) {
  const std::string_view text = line.rest;
  const auto number = [&](std::string_view name) {
    const std::optional<double> given = NumberAfter(text, name);
    return given && *given >= 1 && *given < 1e9 ? *given : 0;
  };
  const double slots = std::max(number(" --parallel "), number(" -np "));
  const double all = std::max(number(" --ctx-size "), number(" -c "));
  if (slots >= 1) reading->settings.Set("max_num_seqs", static_cast<int64_t>(slots));
  // The context is that of all slots together.
  if (all >= 1) reading->settings.Set("max_model_len", static_cast<int64_t>(all / std::max(1.0, slots)));
  const double batch = std::max(number(" -ub "), number(" --batch-size "));
  if (batch >= 1) reading->settings.Set("n_ubatch", static_cast<int64_t>(batch));
  for (const std::string_view name : {"--cache-type-k ", "--kv-cache-type "}) {
    const std::string_view type = Value(text, name);
    if (type == "q8_0" || type == "q4_0") reading->settings.Set("kv_cache_dtype", std::string(type));
  }
  if (text.find("--flash-attn") != std::string_view::npos) reading->settings.Set("flash_attention", true);
}

// A row of `ollama ps`: NAME, ID, SIZE, PROCESSOR, and from 0.11 CONTEXT.
void TakeListed(const LogLine& line, LogReading* reading) {
  const std::string_view name = Trimmed(line.before).substr(0, Trimmed(line.before).find(' '));
  const std::string_view id = Trimmed(Trimmed(line.before).substr(name.size()));
  const bool row = name.size() < 200 && id.size() > 12 && id[12] == ' ' &&
                   id.substr(0, 12).find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!row || !reading->model.empty()) return;
  reading->model = LibraryName(name);
  // A tag that names no type has the library's usual one.
  if (FormatInName(name).empty())
    reading->format = Lower(name).find("gpt-oss") != std::string::npos ? "gguf-mxfp4_moe" : "gguf-q4_k_m";
  const std::optional<double> length = LeadingNumber(line.rest);
  if (length && *length >= 64 && *length < 1e9)
    reading->settings.Set("max_model_len", static_cast<int64_t>(*length));
}

constexpr LogPattern kPatterns[] = {
    {"% GPU", TakeListed},
    {"% CPU/GPU", TakeListed},
    {"% CPU ", TakeListed},
    {"Listening on ",
     [](const LogLine& line, LogReading* r) {
       const std::string_view version = Between(line.rest, "(version ", ")");
       if (!version.empty() && version.size() < 40) r->version = std::string(version);
     }},
    {"msg=\"inference compute\"",
     [](const LogLine& line, LogReading* r) {
       const std::string_view name = Value(line.rest, "description=").empty()
                                         ? Value(line.rest, "name=")
                                         : Value(line.rest, "description=");
       LogCard* card = CardAt(static_cast<int>(r->cards.size()), r);
       if (card == nullptr || name.empty() || name.size() > 120) return;
       card->name = std::string(name);
       if (const std::optional<Bytes> total = LeadingBytes(Value(line.rest, "total=")))
         card->mib = total->mib();
     }},
    {"OLLAMA_CONTEXT_LENGTH:",
     [](const LogLine& line, LogReading* r) {
       const std::optional<double> length = LeadingNumber(line.rest);
       if (length && *length >= 1 && *length < 1e9)
         r->settings.Set("max_model_len", static_cast<int64_t>(*length));
     }},
    {"OLLAMA_NUM_PARALLEL:",
     [](const LogLine& line, LogReading* r) {
       const std::optional<double> slots = LeadingNumber(line.rest);
       if (slots && *slots >= 1 && *slots < 1e6)
         r->settings.Set("max_num_seqs", static_cast<int64_t>(*slots));
     }},
    {"OLLAMA_KV_CACHE_TYPE:",
     [](const LogLine& line, LogReading* r) {
       for (const std::string_view type : {"q8_0", "q4_0"}) {
         if (line.rest.starts_with(type)) r->settings.Set("kv_cache_dtype", std::string(type));
       }
     }},
    {"msg=\"starting llama-server\"", TakeCommand},
    {"msg=\"starting llama server\"", TakeCommand},
    {"msg=\"starting runner\"", TakeCommand},
    {"msg=offload ",
     [](const LogLine& line, LogReading* r) {
       TakeNumber(line.rest, "layers.offload=", "n_gpu_layers", 0, r);
       const std::optional<double> all = LeadingNumber(Value(line.rest, "layers.model="));
       const Json* layers = r->settings.Find("n_gpu_layers");
       // All of them is the default.
       if (all && layers && layers->AsDouble() >= *all) r->settings.Set("n_gpu_layers", -1);
     }},
    {"msg=load request=",
     [](const LogLine& line, LogReading* r) {
       TakeNumber(line.rest, "Parallel:", "max_num_seqs", 1, r);
       TakeNumber(line.rest, "BatchSize:", "n_ubatch", 1, r);
       const std::optional<double> all = LeadingNumber(Value(line.rest, "KvSize:"));
       const std::optional<double> slots = LeadingNumber(Value(line.rest, "Parallel:"));
       if (all && *all >= 1 && *all < 1e9)
         r->settings.Set("max_model_len", static_cast<int64_t>(*all / std::max(1.0, slots.value_or(1))));
     }},
    {"msg=\"model weights\" ",
     [](const LogLine& line, LogReading* r) {
       TakeDeviceSize("model_buffer_mib", "", line, r);
       Phase(LogPhase::kWeights, r);
     }},
    {"msg=\"kv cache\" ",
     [](const LogLine& line, LogReading* r) {
       TakeDeviceSize("kv_buffer_mib", "kv_buffer_mib", line, r);
       Phase(LogPhase::kPool, r);
     }},
    {"msg=\"compute graph\" ",
     [](const LogLine& line, LogReading* r) {
       TakeDeviceSize("compute_buffer_mib", "host_compute_buffer_mib", line, r);
       Phase(LogPhase::kGraphs, r);
     }},
    {"model requires more system memory (",
     [](const LogLine& line, LogReading* r) {
       LogFailure failure;
       failure.stage = FailureStage::kLoading;
       failure.host = true;
       failure.line = std::string(line.text.substr(0, 1000));
       failure.needed = LeadingBytes(line.rest);
       failure.available = BytesAfter(line.rest, "than is available (");
       AddFailure(std::move(failure), r);
     }},
    {"msg=\"llama runner started", [](const LogLine&, LogReading* r) { Phase(LogPhase::kServing, r); }},
    {"OLLAMA_HOST", [](const LogLine&, LogReading*) {}},
    {"source=routes.go", [](const LogLine&, LogReading*) {}},
    {"source=sched.go", [](const LogLine&, LogReading*) {}},
    {"source=server.go", [](const LogLine&, LogReading*) {}},
};

}  // namespace

std::vector<LogPattern> OllamaLogPatterns() {
  std::vector<LogPattern> patterns(std::begin(kPatterns), std::end(kPatterns));
  // What it runs prints these; that alone does not make a log ollama's.
  for (const LogPattern& pattern : LlamaLogPatterns(false)) patterns.push_back(pattern);
  return patterns;
}

}  // namespace plimsoll
