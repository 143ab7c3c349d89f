#include "core/engines/llama_cpp/llama_log_reader.h"

#include <algorithm>
#include <iterator>

#include "core/base/text.h"

namespace plimsoll {
namespace {

bool IsHostDevice(std::string_view device) {
  return device.starts_with("CPU") || device.ends_with("_Host") || device == "BLAS";
}

std::string_view LastWord(std::string_view text) {
  text = Trimmed(text);
  const size_t blank = text.find_last_of(" \t:");
  return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

std::string_view FirstWord(std::string_view text) {
  text = Trimmed(text);
  return text.substr(0, text.find_first_of(" \t,;"));
}

void Phase(LogPhase phase, LogReading* reading) { reading->phase = std::max(reading->phase, phase); }

// A buffer of the first model that is loaded; drafts, projectors and later models are not mixed with it.
void TakeBuffer(std::string_view metric, std::string_view host_metric, const LogLine& line,
                LogReading* reading) {
  std::string_view rest;
  std::optional<double> mib = LeadingNumber(line.rest, &rest);
  if (!mib || reading->loads > 1) return;
  if (rest.starts_with(',')) mib = LeadingBytes(line.rest)->mib();  // a decimal comma
  const std::string_view device = LastWord(line.before);
  const std::string_view named = IsHostDevice(device) ? host_metric : metric;
  if (!named.empty()) AddFigure(named, std::string(device.substr(0, 40)), *mib, reading);
}

template <const char* kKey>
void TakeWhole(const LogLine& line, LogReading* reading) {
  const size_t equals = line.rest.find_first_not_of(' ');
  if (equals == std::string_view::npos || line.rest[equals] != '=' || reading->loads > 1) return;
  const std::optional<double> number = LeadingNumber(line.rest);
  if (number && *number >= 1 && *number < 1e12) reading->settings.Set(kKey, static_cast<int64_t>(*number));
}
constexpr char kLength[] = "max_model_len";
constexpr char kSlots[] = "max_num_seqs";
constexpr char kPhysicalBatch[] = "n_ubatch";

// Stages by what has been allocated before: weights, then the cache, then the graph's buffers.
FailureStage StageNow(const LogReading& reading) {
  if (reading.phase == LogPhase::kStart) return FailureStage::kLoading;
  if (reading.phase == LogPhase::kWeights) return FailureStage::kCacheTooSmall;
  return reading.phase == LogPhase::kPool ? FailureStage::kProfiling : FailureStage::kRunTime;
}

LogFailure Refused(const LogLine& line, std::optional<Bytes> asked, const LogReading& reading) {
  LogFailure failure;
  failure.stage = StageNow(reading);
  failure.line = std::string(line.text.substr(0, 1000));
  failure.asked = asked;
  // What was free at start, less what the first card has been given since.
  double free = reading.cards.empty() ? 0 : reading.cards.front().free_mib;
  if (free > 0) {
    for (const LogFigure& figure : reading.figures) {
      const bool first = figure.device.find_first_of("123456789") == std::string::npos;
      if (figure.metric.ends_with("_mib") && first && !IsHostDevice(figure.device)) free -= figure.value;
    }
    failure.free = MiBFromDouble(std::max(0.0, free));
  }
  return failure;
}

// Adds one whose stage is told by what came before, so that a later line may name it.
void AddUncertain(LogFailure failure, LogReading* reading) {
  const bool first = !reading->failure;
  const bool was_certain = !first && reading->failure->certain;
  const FailureStage stage = first ? failure.stage : reading->failure->stage;
  AddFailure(std::move(failure), reading);
  reading->failure->stage = stage;
  reading->failure->certain = was_certain;
}

template <FailureStage kStage>
void TakeNamed(const LogLine& line, LogReading* reading) {
  LogFailure failure;
  failure.stage = kStage;
  failure.line = std::string(line.text.substr(0, 1000));
  AddFailure(std::move(failure), reading);
}

void TakeDevice(int index, std::string_view name, std::optional<double> mib, LogReading* reading,
                std::optional<double> free_mib = {}) {
  LogCard* card = CardAt(index, reading);
  if (card == nullptr || name.empty() || name.size() > 120) return;
  if (card->name.empty()) card->name = std::string(name);
  if (mib && card->mib == 0) card->mib = *mib;
  if (free_mib && card->free_mib == 0) card->free_mib = *free_mib;
}

// "Qwen3-32B-Q4_K_M.gguf" says more than a title, a title more than nothing.
void TakeName(std::string_view name, bool path, LogReading* reading) {
  name = Trimmed(name);
  if (name.empty() || name.size() > 300 || reading->loads > 1) return;
  const bool blob = name.find("sha256") != std::string_view::npos;
  if (blob || (!path && !reading->model.empty())) return;
  reading->model = std::string(name);
}

void TakeSpeed(const LogLine& line, LogReading* reading) {
  const bool prompt = line.before.ends_with("prompt ");
  const std::string_view counted = line.rest.substr(std::min(line.rest.size(), line.rest.find("ms /")));
  const std::optional<double> tokens = NumberAfter(counted, "ms /");
  const std::string_view rate = Between(line.rest, "per token,", "tokens per second");
  const std::optional<double> per_second = LeadingNumber(rate);
  // A handful of tokens says nothing about a rate.
  if (!tokens || *tokens < (prompt ? 32 : 8) || !per_second) return;
  AddFigure(prompt ? "prefill_tps" : "decode_tps_per_stream", "", *per_second, reading);
}

// A row of llama-bench: "| qwen3 32B Q4_K - Medium | 18.40 GiB | 32.76 B | CUDA | 99 | pp512 | 1234.56 ± 3.21
// |".
void TakeBenchRow(const LogLine& line, LogReading* reading) {
  const bool prompt = line.text.substr(line.before.size() + 1, 2) == "pp";
  const bool cell = Trimmed(line.before).ends_with('|') && line.text.starts_with('|');
  const std::optional<double> tokens = LeadingNumber(line.rest);
  const size_t bar = line.rest.find('|');
  if (!cell || !tokens || bar == std::string_view::npos || *tokens < 1 || *tokens > 1e7) return;
  const std::string_view label = line.rest.substr(0, bar);
  if (label.find('+') != std::string_view::npos || label.find('@') != std::string_view::npos) return;
  const std::optional<double> rate = LeadingNumber(line.rest.substr(bar + 1));
  if (!rate) return;
  AddFigure(prompt ? "prefill_tps" : "decode_tps_per_stream", "", *rate, reading);
  if (prompt) reading->settings.Set("prompt_tokens", static_cast<int64_t>(*tokens));
  // The name ends in the file's type: "llama 8B Q4_K - Medium".
  const std::string_view first = Trimmed(Between(line.text, "|", "|"));
  const std::vector<std::string_view> words = SplitAt(first, ' ');
  for (size_t i = 1; i < words.size() && reading->model.empty(); ++i) {
    const size_t at = static_cast<size_t>(words[i].data() - first.data());
    const std::string format = FormatOfFileType(first.substr(at));
    if (format.empty()) continue;
    reading->format = format;
    TakeName(first.substr(0, at), false, reading);
  }
}

void TakeKvTypes(const LogLine& line, LogReading* reading) {
  if (reading->loads > 1) return;
  const auto type = [](std::string_view text) {
    if (text == "f16") return std::string("fp16");
    return text == "f32" ? std::string("fp32") : std::string(text);
  };
  const std::string k = type(Between(line.text, " K (", ")")), v = type(Between(line.text, " V (", ")"));
  if (k.empty() || v.empty() || k.size() > 12 || v.size() > 12) return;
  if (k == v) {
    reading->settings.Set("kv_cache_dtype", k);
  } else {
    Json both = Json::MakeObject();
    both.Set("k", k).Set("v", v);
    reading->settings.Set("kv_cache_dtype", both);
  }
}

constexpr LogPattern kPatterns[] = {
    // common/build-info, tools/server/server.cpp
    {"build: ",
     [](const LogLine& line, LogReading* r) {
       std::string_view text = Trimmed(line.rest);
       if (text.starts_with('b')) text.remove_prefix(1);
       const std::optional<double> build = LeadingNumber(text);
       if (build && *build >= 500 && *build < 1e6 && r->version.empty())
         r->version = "b" + std::to_string(static_cast<int64_t>(*build));
     }},
    {"main: build = ",
     [](const LogLine& line, LogReading* r) {
       const std::optional<double> build = LeadingNumber(line.rest);
       if (build && *build >= 500 && *build < 1e6)
         r->version = "b" + std::to_string(static_cast<int64_t>(*build));
     }},
    // ggml/src/ggml-cuda/ggml-cuda.cu, ggml-vulkan, ggml-metal
    {"  Device ",
     [](const LogLine& line, LogReading* r) {
       std::string_view rest;
       const std::optional<double> index = LeadingNumber(line.rest, &rest);
       if (!index || !rest.starts_with(": ")) return;
       TakeDevice(static_cast<int>(std::min(*index, 1e6)), rest.substr(2, rest.find(',') - 2),
                  NumberAfter(rest, "VRAM: "), r);
     }},
    {": using device ",
     [](const LogLine& line, LogReading* r) {
       const std::string_view device = FirstWord(line.rest);
       size_t digits = device.find_first_of("0123456789");
       const std::optional<double> index =
           digits == std::string_view::npos ? std::optional<double>(0) : LeadingNumber(device.substr(digits));
       const size_t begin = line.rest.find('(');
       if (begin == std::string_view::npos) return;
       // "(AMD Radeon RX 7900 XTX (RADV NAVI31)) - 24560 MiB free"
       size_t end = line.rest.find(") (", begin);
       if (end == std::string_view::npos) end = line.rest.find(") - ", begin);
       if (end == std::string_view::npos) return;
       const std::string_view name = line.rest.substr(begin + 1, end - begin - 1);
       TakeDevice(static_cast<int>(std::min(index.value_or(0), 1e6)), name.substr(0, name.find(" (")), {}, r,
                  NumberAfter(line.rest, ") - "));
     }},
    {"ggml_vulkan: ",
     [](const LogLine& line, LogReading* r) {
       std::string_view rest;
       const std::optional<double> index = LeadingNumber(line.rest, &rest);
       if (index && rest.starts_with(" = ")) {
         const std::string_view name = rest.substr(3, rest.find(" | ") - 3);
         TakeDevice(static_cast<int>(std::min(*index, 1e6)), name.substr(0, name.find(" (")), {}, r);
         r->settings.Set("backend", "vulkan");
       }
       if (line.rest.starts_with("Device memory allocation of size "))
         AddUncertain(Refused(line, LeadingBytes(line.rest.substr(33)), *r), r);
     }},
    {"found device: ",
     [](const LogLine& line, LogReading* r) {
       if (line.before.find("metal") != std::string_view::npos) TakeDevice(0, Trimmed(line.rest), {}, r);
     }},
    {"GPU name: ",
     [](const LogLine& line, LogReading* r) {
       if (line.before.find("metal") != std::string_view::npos) TakeDevice(0, Trimmed(line.rest), {}, r);
     }},
    // src/llama-model-loader.cpp, src/llama-model.cpp
    {"tensors from ",
     [](const LogLine& line, LogReading* r) {
       if (line.before.find("key-value pairs") == std::string_view::npos) return;
       bool weights = false;
       for (const LogFigure& figure : r->figures) weights = weights || figure.metric == "model_buffer_mib";
       if (weights) ++r->loads;
       if (r->loads == 0) r->loads = 1;
       TakeName(line.rest.substr(0, line.rest.find(" (version")), true, r);
     }},
    {"general.name",
     [](const LogLine& line, LogReading* r) {
       const size_t equals = line.rest.find('=');
       if (equals != std::string_view::npos) TakeName(line.rest.substr(equals + 1), false, r);
     }},
    {"file type   = ",
     [](const LogLine& line, LogReading* r) {
       if (r->format.empty()) r->format = FormatOfFileType(line.rest);
     }},
    {"model ftype      = ",
     [](const LogLine& line, LogReading* r) {
       if (r->format.empty()) r->format = FormatOfFileType(line.rest);
     }},
    {" model buffer size = ",
     [](const LogLine& line, LogReading* r) {
       TakeBuffer("model_buffer_mib", "", line, r);
       Phase(LogPhase::kWeights, r);
     }},
    // Up to b4000 without "model"
    {" buffer size = ",
     [](const LogLine& line, LogReading* r) {
       const bool weights = line.before.find("load_tensors: ") != std::string_view::npos;
       if (!weights || line.before.ends_with("model")) return;
       TakeBuffer("model_buffer_mib", "", line, r);
       Phase(LogPhase::kWeights, r);
     }},
    {"offloaded ",
     [](const LogLine& line, LogReading* r) {
       std::string_view rest;
       const std::optional<double> layers = LeadingNumber(line.rest, &rest);
       const std::optional<double> all = rest.starts_with('/') ? LeadingNumber(rest.substr(1)) : std::nullopt;
       if (!layers || !all || r->loads > 1 || rest.find("layers to GPU") == std::string_view::npos) return;
       if (*layers >= 0 && *layers < *all) r->settings.Set("n_gpu_layers", static_cast<int64_t>(*layers));
     }},
    // src/llama-context.cpp, src/llama-kv-cache.cpp, src/llama-memory-recurrent.cpp
    {" n_ctx ", TakeWhole<kLength>},
    {" n_seq_max ", TakeWhole<kSlots>},
    {" n_ubatch ", TakeWhole<kPhysicalBatch>},
    {" flash_attn ",
     [](const LogLine& line, LogReading* r) {
       const size_t equals = line.rest.find('=');
       if (equals == std::string_view::npos || equals > 12) return;
       const std::string_view value = FirstWord(line.rest.substr(equals + 1));
       if (value == "1" || value == "enabled") r->settings.Set("flash_attention", true);
       if (value == "0" || value == "disabled") r->settings.Set("flash_attention", false);
     }},
    {" kv_unified ",
     [](const LogLine& line, LogReading* r) {
       if (line.rest.find("true") != std::string_view::npos) r->settings.Set("kv_unified", true);
       if (line.rest.find("false") != std::string_view::npos) r->settings.Set("kv_unified", false);
     }},
    {" KV buffer size = ",
     [](const LogLine& line, LogReading* r) {
       TakeBuffer("kv_buffer_mib", "kv_buffer_mib", line, r);
       Phase(LogPhase::kPool, r);
     }},
    {" K (", TakeKvTypes},
    {" RS buffer size = ",
     [](const LogLine& line, LogReading* r) {
       TakeBuffer("recurrent_buffer_mib", "recurrent_buffer_mib", line, r);
       Phase(LogPhase::kPool, r);
     }},
    {" compute buffer size = ",
     [](const LogLine& line, LogReading* r) {
       TakeBuffer("compute_buffer_mib", "host_compute_buffer_mib", line, r);
       Phase(LogPhase::kGraphs, r);
     }},
    {"eval time = ", TakeSpeed},
    {" pp", TakeBenchRow},
    {" tg", TakeBenchRow},
    // What is refused
    {": allocating ",
     [](const LogLine& line, LogReading* r) {
       if (line.rest.find("failed: out of memory") == std::string_view::npos) return;
       AddUncertain(Refused(line, LeadingBytes(line.rest), *r), r);
     }},
    {"buffer of size ",
     [](const LogLine& line, LogReading* r) {
       if (line.before.find("failed to allocate") == std::string_view::npos) return;
       LogFailure failure = Refused(line, LeadingBytes(line.rest), *r);
       // The graph's allocator has the compute buffers alone.
       if (line.before.find("gallocr_reserve") != std::string_view::npos && r->phase != LogPhase::kServing)
         failure.stage = FailureStage::kProfiling;
       failure.host = line.before.find("CPU buffer") != std::string_view::npos ||
                      line.before.ends_with("CPU ") || line.before.find("_Host ") != std::string_view::npos;
       AddUncertain(std::move(failure), r);
     }},
    {"failed to allocate buffer, size = ",
     [](const LogLine& line, LogReading* r) { AddUncertain(Refused(line, LeadingBytes(line.rest), *r), r); }},
    {"unable to allocate ",
     [](const LogLine& line, LogReading* r) {
       if (line.rest.find("buffer") != std::string_view::npos) TakeNamed<FailureStage::kLoading>(line, r);
     }},
    {"failed for self-attention cache", TakeNamed<FailureStage::kCacheTooSmall>},
    {"ErrorOutOfDeviceMemory",
     [](const LogLine& line, LogReading* r) { AddUncertain(Refused(line, {}, *r), r); }},
    // src/llama-context.cpp: it is tried again with one copy of the inputs, and that may do.
    {"retrying without pipeline parallelism", [](const LogLine&, LogReading* r) { r->failure.reset(); }},
    {"failed to allocate buffer for kv cache", TakeNamed<FailureStage::kCacheTooSmall>},
    {"failed to allocate buffer for rs cache", TakeNamed<FailureStage::kCacheTooSmall>},
    {"failed to allocate compute", TakeNamed<FailureStage::kProfiling>},
    {"CUDA error: out of memory",
     [](const LogLine& line, LogReading* r) { AddUncertain(Refused(line, {}, *r), r); }},
    {"kIOGPUCommandBufferCallbackErrorOutOfMemory", TakeNamed<FailureStage::kRunTime>},
    {"server is listening on", [](const LogLine&, LogReading* r) { Phase(LogPhase::kServing, r); }},
};

}  // namespace

std::string FormatOfFileType(std::string_view type) {
  type = Trimmed(type);
  if (type.ends_with("(guessed)")) type = Trimmed(type.substr(0, type.size() - 9));
  const size_t dash = type.find(" - ");
  const std::string_view base =
      Trimmed(type.substr(0, dash == std::string_view::npos ? type.find(' ') : dash));
  const std::string_view size = dash == std::string_view::npos ? "" : Trimmed(type.substr(dash + 3));
  if (type.starts_with("MXFP4 MoE")) return "gguf-mxfp4_moe";
  const bool known = base.size() >= 3 && base.size() <= 8 &&
                     (base.starts_with('Q') || base.starts_with("IQ") || base.starts_with("TQ") ||
                      base == "F16" || base == "BF16" || base == "F32") &&
                     base.find_first_of("0123456789") != std::string_view::npos;
  if (!known) return "";
  std::string id = "gguf-" + Lower(base);
  if (size.starts_with("Small")) id += "_s";
  if (size.starts_with("Medium") && base != "Q2_K") id += "_m";
  if (size.starts_with("Large")) id += "_l";
  return id;
}

std::vector<LogPattern> LlamaLogPatterns(bool own) {
  std::vector<LogPattern> patterns(std::begin(kPatterns), std::end(kPatterns));
  for (LogPattern& pattern : patterns) pattern.own = own;
  return patterns;
}

}  // namespace plimsoll
