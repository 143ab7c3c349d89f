#include "core/config/config_codec.h"

#include <cmath>

#include "core/base/text.h"
#include "core/config/workload.h"

namespace plimsoll {
namespace {

constexpr int64_t kMostTokens = 1000000000;
constexpr int64_t kMostSequences = 1000000;
constexpr size_t kMostUnknownKeys = 64;
// A pasted config.json with quantisation details is a few hundred kilobytes at most.
constexpr JsonLimits kInlineLimits = {int64_t{4} << 20, 32, 200000};

using K = KeyType;
using S = KeyOwner;

constexpr ConfigKey Int(std::string_view json, std::string_view url, S owner, int64_t least, int64_t most,
                        std::optional<int64_t> Config::*member, std::string_view summary) {
  return {json,
          url,
          K::kInteger,
          owner,
          static_cast<double>(least),
          static_cast<double>(most),
          summary,
          member,
          nullptr,
          nullptr,
          nullptr,
          nullptr};
}
constexpr ConfigKey Num(std::string_view json, std::string_view url, S owner, double least, double most,
                        std::optional<double> Config::*member, std::string_view summary) {
  return {json, url, K::kNumber, owner, least, most, summary, nullptr, member, nullptr, nullptr, nullptr};
}
constexpr ConfigKey Switch(std::string_view json, std::string_view url, S owner,
                           std::optional<bool> Config::*member, std::string_view summary) {
  return {json, url, K::kSwitch, owner, 0, 0, summary, nullptr, nullptr, member, nullptr, nullptr};
}
constexpr ConfigKey Other(std::string_view json, std::string_view url, K type, S owner,
                          std::string_view summary, double least = 0, double most = 0) {
  return {json, url, type, owner, least, most, summary, nullptr, nullptr, nullptr, nullptr, nullptr};
}
constexpr ConfigKey List(std::string_view json, std::string_view url, S owner, double least, double most,
                         std::vector<double> Config::*member, std::string_view summary) {
  return {json, url, K::kNumberList, owner, least, most, summary, nullptr, nullptr, nullptr, member, nullptr};
}
constexpr ConfigKey Words(std::string_view json, std::string_view url, S owner, std::string Config::*member,
                          double longest, std::string_view summary) {
  return {json, url, K::kText, owner, 0, longest, summary, nullptr, nullptr, nullptr, nullptr, member};
}

// The order is that of the contract and of every encoded link. Append only.
constexpr std::array<ConfigKey, kConfigKeyCount> kKeys = {{
    Other("model", "m", K::kModel, S::kEveryEngine,
          "catalog id, or an object with Hugging Face config.json keys"),
    Other("format", "q", K::kFormat, S::kEveryEngine, "how the weights are stored; default: the model's own"),
    Words("engine", "e", S::kEveryEngine, &Config::engine, 32,
          "serving engine: vllm (default) or llama.cpp; of others weights, cache and speed only"),
    Words("engine_version", "ev", S::kEveryEngine, &Config::engine_version, 64,
          "0.10.2, b4589, …; default: the newest one known"),
    Other("gpu", "g", K::kGpuList, S::kEveryEngine, "GPU id, or a list of ids for mixed cards"),
    List("gpu_memory_mib", "gm", S::kEveryEngine, 1, 1e9, &Config::gpu_memory_mib,
         "MiB that the driver gives, instead of the catalog's; one, or one per card"),
    Int("gpus", "n", S::kEveryEngine, 1, kMaxCards, &Config::gpus, "GPUs in one node; default 1"),
    Int("nodes", "nn", S::kEveryEngine, 1, kMaxCards, &Config::nodes, "nodes; default 1"),
    Int("tp", "tp", S::kEveryEngine, 1, kMaxCards, &Config::tp,
        "tensor parallel degree; default: all GPUs of a node unless pp or dp say otherwise"),
    Int("pp", "pp", S::kEveryEngine, 1, kMaxCards, &Config::pp, "pipeline parallel degree; default 1"),
    Int("dp", "dp", S::kEveryEngine, 1, kMaxCards, &Config::dp, "data parallel degree; default 1"),
    Switch("expert_parallel", "ep", S::kPagedServer, &Config::expert_parallel,
           "spread experts over tp x dp ranks"),
    Int("max_model_len", "ctx", S::kEveryEngine, -1, kMostTokens, &Config::max_model_len,
        "longest sequence in tokens (llama.cpp: n_ctx); -1: as long as fits; default: the model's own"),
    Int("max_num_seqs", "seqs", S::kEveryEngine, 1, kMostSequences, &Config::max_num_seqs,
        "sequences at once (llama.cpp: n_parallel)"),
    Int("max_num_batched_tokens", "mbt", S::kPagedServer, 1, kMostTokens, &Config::max_num_batched_tokens,
        "token budget of a step"),
    Int("n_ubatch", "ub", S::kGgml, 1, 1 << 20, &Config::n_ubatch, "physical batch; default 512"),
    Other("kv_cache_dtype", "kv", K::kKvTypes, S::kEveryEngine,
          "auto, fp16, bf16, fp8; llama.cpp also q8_0 q5_1 q5_0 q4_1 q4_0; or {\"k\":…,\"v\":…}"),
    Num("gpu_memory_utilization", "util", S::kPagedServer, 0.01, 1, &Config::gpu_memory_utilization,
        "vLLM's share of the card"),
    Int("kv_cache_memory_bytes", "kvb", S::kPagedServer, 1, int64_t{1} << 50, &Config::kv_cache_memory_bytes,
        "fixed KV pool per GPU; bypasses the share"),
    Switch("enforce_eager", "eager", S::kPagedServer, &Config::enforce_eager, "no CUDA graphs"),
    Int("block_size", "bs", S::kPagedServer, 1, 65536, &Config::block_size, "tokens in a KV block"),
    Switch("enable_prefix_caching", "pc", S::kPagedServer, &Config::enable_prefix_caching,
           "reuse equal prefixes"),
    Switch("enable_chunked_prefill", "cp", S::kPagedServer, &Config::enable_chunked_prefill,
           "prefill in chunks beside decoding"),
    Other("speculative", "spec", K::kSpeculative, S::kEveryEngine,
          "{\"method\":\"draft|mtp|eagle\",\"model\":id,\"format\":id,\"num_tokens\":k}"),
    Switch("flash_attention", "fa", S::kGgml, &Config::flash_attention, "default true"),
    Int("n_gpu_layers", "ngl", S::kGgml, -1, 100000, &Config::n_gpu_layers,
        "layers on the GPU; -1 or absent: all"),
    Int("n_cpu_moe", "ncmoe", S::kGgml, 0, 100000, &Config::n_cpu_moe,
        "layers whose experts stay in RAM; default 0"),
    Other("split_mode", "sm", K::kSplitMode, S::kGgml, "layer (default) or row"),
    Switch("kv_unified", "kvu", S::kGgml, &Config::kv_unified, "one KV buffer for all sequences"),
    Num("cpu_offload_gb", "off", S::kPagedServer, 0, 100000, &Config::cpu_offload_gb,
        "GiB of weights kept in RAM, per GPU; default 0"),
    Other("lora", "lora", K::kLora, S::kPagedServer, "{\"max_loras\":n,\"max_rank\":r}"),
    Switch("multimodal", "mm", S::kEveryEngine, &Config::multimodal, "load the vision tower too"),
    Int("prompt_tokens", "in", S::kEveryEngine, 1, kMostTokens, &Config::prompt_tokens,
        "workload that speed is asked for; default 1024"),
    Int("output_tokens", "out", S::kEveryEngine, 1, kMostTokens, &Config::output_tokens, "default 256"),
    Int("concurrency", "c", S::kEveryEngine, 1, kMostSequences, &Config::concurrency, "default 1"),
    Other("workload", "w", K::kWorkload, S::kEveryEngine,
          "{\"arrival\":\"poisson\",\"arrival_rate\":2,…}: how the requests of `schedule` come"),
    List("reserved_mib", "rsv", S::kEveryEngine, 0, 1e9, &Config::reserved_mib,
         "MiB that a display or other programs hold; one, or one per card; default 0"),
    Words("override_tensor", "ot", S::kGgml, &Config::override_tensor, 4096,
          "PATTERN=BUFFER,… as -ot takes it: exps=CPU, blk\\.1.\\.ffn=CUDA1"),
    List("tensor_split", "ts", S::kGgml, 0, 1e9, &Config::tensor_split,
         "proportions of the cards, 3,1; default: by free memory"),
}};

// ---- enumerated values ------------------------------------------------------------------------------------

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

constexpr Named<KvType> kKvTypes[] = {
    {"auto", KvType::kAuto}, {"fp16", KvType::kFp16}, {"bf16", KvType::kBf16}, {"fp8", KvType::kFp8},
    {"q8_0", KvType::kQ8_0}, {"q5_1", KvType::kQ5_1}, {"q5_0", KvType::kQ5_0}, {"q4_1", KvType::kQ4_1},
    {"q4_0", KvType::kQ4_0}, {"fp32", KvType::kFp32},
};
constexpr Named<SplitMode> kSplitModes[] = {{"layer", SplitMode::kLayer}, {"row", SplitMode::kRow}};
constexpr Named<SpeculativeMethod> kMethods[] = {{"draft", SpeculativeMethod::kDraft},
                                                 {"mtp", SpeculativeMethod::kMtp},
                                                 {"eagle", SpeculativeMethod::kEagle}};

template <typename T, size_t N>
std::string_view NameOf(const Named<T> (&table)[N], T value) {
  for (const Named<T>& row : table) {
    if (row.value == value) return row.name;
  }
  return table[0].name;
}

template <typename T, size_t N>
std::optional<T> ValueOf(const Named<T> (&table)[N], const Json& value) {
  if (!value.is_string()) return std::nullopt;
  for (const Named<T>& row : table) {
    if (row.name == value.AsString()) return row.value;
  }
  return std::nullopt;
}

template <typename T, size_t N>
std::string Names(const Named<T> (&table)[N]) {
  std::vector<std::string_view> names;
  for (const Named<T>& row : table) names.push_back(row.name);
  return ListText(names, "or");
}

// ---- one value --------------------------------------------------------------------------------------------

// Only the beginning matters for the error line; a hostile value is not printed whole first.
std::string Given(const Json& value) {
  if (value.is_string()) return Quoted(value.AsString());
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list of " + CountText(static_cast<int64_t>(value.items().size()));
  return value.Dump();
}

Error Refuse(const ConfigKey& key, const Json& value) {
  return Error{std::string(key.json), Given(value), AcceptedValues(key)};
}

Error RefuseInside(const ConfigKey& key, std::string_view member, const Json& value, std::string accepted) {
  return Error{std::string(key.json) + "." + std::string(member), Given(value), std::move(accepted)};
}

std::string WholeNumberText(int64_t least, int64_t most) {
  return "a whole number from " + CountText(least) + " to " + CountText(most);
}

// A member of a structured value; absent leaves `target` as it is.
std::optional<Error> ReadMember(const ConfigKey& key, const Json& object, std::string_view name,
                                int64_t least, int64_t most, int64_t* target) {
  const Json* value = object.Find(name);
  if (!value || value->is_null()) return std::nullopt;
  const std::optional<int64_t> number = value->AsInt();
  if (!number || *number < least || *number > most) {
    return RefuseInside(key, name, *value, WholeNumberText(least, most));
  }
  *target = *number;
  return std::nullopt;
}

std::optional<Error> SetModel(const ConfigKey& key, const Json& value, Config* config) {
  if (value.is_object()) {
    config->model.clear();
    config->inline_model = value;
    return std::nullopt;
  }
  if (!value.is_string() || value.AsString().empty()) return Refuse(key, value);
  config->model = value.AsString();
  config->inline_model = Json();
  return std::nullopt;
}

std::optional<Error> SetFormat(const ConfigKey& key, const Json& value, Config* config) {
  const bool id = value.is_string() && !value.AsString().empty();
  if (!id && !value.is_object()) return Refuse(key, value);
  config->format = value;
  return std::nullopt;
}

std::optional<Error> SetGpus(const ConfigKey& key, const Json& value, Config* config) {
  std::vector<std::string> ids;
  if (value.is_string()) {
    ids.push_back(value.AsString());
  } else if (static_cast<int64_t>(value.items().size()) <= kMaxCards) {
    for (const Json& item : value.items()) ids.push_back(item.AsString());
  }
  if (ids.empty()) return Refuse(key, value);
  for (const std::string& id : ids) {
    if (id.empty()) return Refuse(key, value);
  }
  config->gpu = std::move(ids);
  return std::nullopt;
}

std::optional<Error> SetNumbers(const ConfigKey& key, const Json& value, Config* config) {
  // -ts is written as text: "3,1" or "3/1".
  if (value.is_string() && key.numbers == &Config::tensor_split) {
    return SetConfigText(key, value.AsString(), config);
  }
  std::vector<double> numbers;
  if (value.is_number()) {
    numbers.push_back(*value.AsDouble());
  } else if (static_cast<int64_t>(value.items().size()) <= kMaxCards) {
    for (const Json& item : value.items()) numbers.push_back(item.is_number() ? *item.AsDouble() : -1);
  }
  if (numbers.empty()) return Refuse(key, value);
  for (double number : numbers) {
    if (!(number >= key.least && number <= key.most)) return Refuse(key, value);
  }
  config->*key.numbers = std::move(numbers);
  return std::nullopt;
}

// One text; of overrides a list too, as one gives -ot several times.
std::optional<Error> SetText(const ConfigKey& key, const Json& value, Config* config) {
  std::string text = value.is_string() ? value.AsString() : std::string();
  if (key.text == &Config::override_tensor) {
    for (const Json& item : value.items()) {
      if (!item.is_string()) return Refuse(key, value);
      if (!text.empty()) text += ',';
      text += item.AsString();
    }
  }
  if (text.empty() || static_cast<double>(text.size()) > key.most) return Refuse(key, value);
  config->*key.text = std::move(text);
  return std::nullopt;
}

std::optional<Error> SetKvTypes(const ConfigKey& key, const Json& value, Config* config) {
  if (const std::optional<KvType> both = ValueOf(kKvTypes, value)) {
    config->kv_cache_dtype = KvTypes{*both, *both};
    return std::nullopt;
  }
  if (!value.is_object()) return Refuse(key, value);
  KvTypes types;
  for (const std::string_view side : {"k", "v"}) {
    const Json* given = value.Find(side);
    if (!given) continue;
    const std::optional<KvType> type = ValueOf(kKvTypes, *given);
    if (!type) return RefuseInside(key, side, *given, Names(kKvTypes));
    (side == "k" ? types.k : types.v) = *type;
  }
  config->kv_cache_dtype = types;
  return std::nullopt;
}

std::optional<Error> SetSpeculative(const ConfigKey& key, const Json& value, Config* config) {
  if (!value.is_object()) return Refuse(key, value);
  Speculative speculative;
  const Json* method = value.Find("method");
  if (method && !method->is_null()) {
    const std::optional<SpeculativeMethod> known = ValueOf(kMethods, *method);
    if (!known) return RefuseInside(key, "method", *method, Names(kMethods));
    speculative.method = *known;
  }
  for (const std::string_view name : {"model", "format"}) {
    const Json* text = value.Find(name);
    if (!text || text->is_null()) continue;
    if (!text->is_string()) return RefuseInside(key, name, *text, "an id");
    (name == "model" ? speculative.model : speculative.format) = text->AsString();
  }
  if (auto error = ReadMember(key, value, "num_tokens", 1, 1024, &speculative.num_tokens)) return error;
  if (speculative.num_tokens == 0) return RefuseInside(key, "num_tokens", Json(), WholeNumberText(1, 1024));
  config->speculative = std::move(speculative);
  return std::nullopt;
}

std::optional<Error> SetLora(const ConfigKey& key, const Json& value, Config* config) {
  if (!value.is_object()) return Refuse(key, value);
  Lora lora;
  if (auto error = ReadMember(key, value, "max_loras", 1, 4096, &lora.max_loras)) return error;
  if (auto error = ReadMember(key, value, "max_rank", 1, 65536, &lora.max_rank)) return error;
  config->lora = lora;
  return std::nullopt;
}

std::optional<Error> SetWorkload(const ConfigKey& key, const Json& value, Config* config) {
  if (!value.is_object()) return Refuse(key, value);
  const Result<Workload> read = ReadWorkload(value, Workload(), key.json);
  if (!read.ok()) return read.error();
  config->workload = value;
  return std::nullopt;
}

std::optional<Error> SetInteger(const ConfigKey& key, const Json& value, Config* config) {
  const std::optional<int64_t> number = value.is_number() ? value.AsInt() : std::nullopt;
  const bool in_range =
      number && static_cast<double>(*number) >= key.least && static_cast<double>(*number) <= key.most;
  // -1 is a word of its own ("as long as fits", "all"); 0 tokens are not a length.
  const bool zero_length = number && *number == 0 && key.integer == &Config::max_model_len;
  if (!in_range || zero_length) return Refuse(key, value);
  config->*key.integer = *number;
  return std::nullopt;
}

std::optional<Error> SetNumber(const ConfigKey& key, const Json& value, Config* config) {
  const std::optional<double> number = value.is_number() ? value.AsDouble() : std::nullopt;
  if (!number || !(*number >= key.least && *number <= key.most)) return Refuse(key, value);
  config->*key.number = *number;
  return std::nullopt;
}

void Clear(const ConfigKey& key, Config* config) {
  switch (key.type) {
    case K::kText:
      (config->*key.text).clear();
      break;
    case K::kInteger:
      (config->*key.integer).reset();
      break;
    case K::kNumber:
      (config->*key.number).reset();
      break;
    case K::kSwitch:
      (config->*key.flag).reset();
      break;
    case K::kModel:
      config->model.clear();
      config->inline_model = Json();
      break;
    case K::kFormat:
      config->format = Json();
      break;
    case K::kGpuList:
      config->gpu.clear();
      break;
    case K::kNumberList:
      (config->*key.numbers).clear();
      break;
    case K::kKvTypes:
      config->kv_cache_dtype.reset();
      break;
    case K::kSpeculative:
      config->speculative.reset();
      break;
    case K::kSplitMode:
      config->split_mode.reset();
      break;
    case K::kLora:
      config->lora.reset();
      break;
    case K::kWorkload:
      config->workload = Json();
      break;
  }
}

template <typename List, typename ToJson>
Json OneOrList(const List& list, ToJson to_json) {
  if (list.empty()) return Json();
  if (list.size() == 1) return to_json(list.front());
  Json array = Json::MakeArray();
  for (const auto& item : list) array.Append(to_json(item));
  return array;
}

// A number in text: JSON's grammar and nothing else, so neither "1e999", "0x10", "1 " nor "" is one.
std::optional<Json> ReadNumberText(std::string_view text) {
  if (text.empty() || text.size() > 40) return std::nullopt;
  for (char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E') return std::nullopt;
  }
  Result<Json> value = Json::Parse(text, "");
  if (!value.ok() || !value->is_number() || !std::isfinite(value->AsDouble().value_or(INFINITY))) {
    return std::nullopt;
  }
  return *value;
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// ---- URL text ---------------------------------------------------------------------------------------------

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kPlain = "-._~,:@/";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const unsigned char byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

bool IsStructured(const Json& value) {
  if (value.is_object()) return true;
  if (value.is_array()) {
    for (const Json& item : value.items()) {
      if (item.is_string() && (IsStructured(item) || item.AsString().find(',') != std::string::npos))
        return true;
    }
    return false;
  }
  // Text that would read as something else: only hand-made configurations contain it.
  if (!value.is_string() || value.AsString().empty()) return false;
  const char first = value.AsString()[0];
  return first == '~' || first == '{' || value.AsString().find(',') != std::string::npos;
}

std::string PlainText(const Json& value) {
  if (value.is_string()) return value.AsString();
  if (value.is_bool()) return *value.AsBool() ? "1" : "0";
  if (!value.is_array()) return value.Dump();
  std::string text;
  for (const Json& item : value.items()) {
    if (&item != &value.items().front()) text += ',';
    text += PlainText(item);
  }
  return text;
}

std::string UrlText(const Json& value) {
  if (IsStructured(value)) return "~" + EncodeBase64Url(value.Dump());
  return PercentEncode(PlainText(value));
}

const ConfigKey* FindUrlKey(std::string_view name) {
  for (const ConfigKey& key : kKeys) {
    if (key.url == name) return &key;
  }
  return nullptr;
}

// A link's error names the key in both spellings: the one that stands there and the one in the documents.
Error InUrl(const ConfigKey& key, Error error) {
  if (key.url != key.json) error.field += " (" + std::string(key.url) + "=)";
  return error;
}

std::optional<Error> SetUrlValue(const ConfigKey& key, std::string_view encoded, Config* config) {
  const std::optional<std::string> text = PercentDecode(encoded);
  if (!text || !IsUtf8(*text)) {
    return Error{std::string(key.json), Quoted(encoded), "percent-encoded UTF-8 text"};
  }
  if (!text->starts_with('~')) return SetConfigText(key, *text, config);
  const std::optional<std::string> inner = DecodeBase64Url(std::string_view(*text).substr(1));
  if (!inner) return Error{std::string(key.json), Quoted(*text), "base64url after \"~\""};
  Result<Json> value = Json::Parse(*inner, key.json, kInlineLimits);
  if (!value.ok()) return value.error();
  return SetConfigValue(key, *value, config);
}

// Of an address what stands behind its first "#"; a fragment alone is itself, and a "#" in one of its values
// discards nothing.
std::string_view FragmentOf(std::string_view url) {
  const auto end = url.find_first_of("=&#");
  const auto hash = url.find('#');
  const bool address = url.substr(0, end).find_first_of("/?") != std::string_view::npos || end == hash;
  if (address && hash != std::string_view::npos) return url.substr(hash + 1);
  // A page's address without a fragment carries nothing; "://" further on is part of a value.
  const auto scheme_end = url.find("://");
  return scheme_end < url.find_first_of("=&") ? std::string_view() : url;
}

Diagnostic UnknownKey(std::string_view name, const std::vector<std::string_view>& candidates) {
  const std::string_view nearest = Nearest(name, candidates);
  return Diagnostic{"unknown_key", Severity::kInfo, Quoted(name) + " is not a key that this version knows.",
                    nearest.empty() ? "" : "Did you mean " + Quoted(nearest) + "?"};
}

std::vector<std::string_view> JsonNames() {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : kKeys) names.push_back(key.json);
  return names;
}

std::vector<std::string_view> UrlNames() {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : kKeys) names.push_back(key.url);
  return names;
}

// ---- flags ------------------------------------------------------------------------------------------------

std::string JsonNameOfFlag(std::string_view name) {
  std::string json(name);
  for (char& c : json) {
    if (c == '-') c = '_';
  }
  return json;
}

Error UnknownFlag(std::string_view argument) {
  std::vector<std::string> flags;
  for (const ConfigKey& key : kKeys) flags.push_back(FlagName(key));
  const std::vector<std::string_view> views(flags.begin(), flags.end());
  const std::string_view nearest = Nearest(argument.substr(0, argument.find('=')), views);
  return Error{
      "flag", Quoted(argument),
      nearest.empty() ? "the flags that --help lists" : std::string(nearest) + "; --help lists all flags"};
}

bool IsSwitchText(std::string_view text) {
  return text == "true" || text == "false" || text == "1" || text == "0";
}

std::optional<Error> AsFlag(const ConfigKey& key, std::optional<Error> error) {
  if (error) error->field = FlagName(key) + error->field.substr(key.json.size());
  return error;
}

}  // namespace

const std::array<ConfigKey, kConfigKeyCount>& ConfigKeys() { return kKeys; }

const ConfigKey* FindConfigKey(std::string_view json_name) {
  for (const ConfigKey& key : kKeys) {
    if (key.json == json_name) return &key;
  }
  return nullptr;
}

std::string FlagName(const ConfigKey& key) {
  std::string flag = "--" + std::string(key.json);
  for (char& c : flag) {
    if (c == '_') c = '-';
  }
  return flag;
}

std::string_view KvTypeName(KvType type) { return NameOf(kKvTypes, type); }
std::string_view SplitModeName(SplitMode mode) { return NameOf(kSplitModes, mode); }
std::string_view SpeculativeMethodName(SpeculativeMethod method) { return NameOf(kMethods, method); }

Json KvTypesJson(const KvTypes& types) {
  if (types.k == types.v) return Json(KvTypeName(types.k));
  Json object = Json::MakeObject();
  object.Set("k", KvTypeName(types.k)).Set("v", KvTypeName(types.v));
  return object;
}

Json SpeculativeJson(const Speculative& speculative) {
  Json object = Json::MakeObject();
  object.Set("method", SpeculativeMethodName(speculative.method));
  if (!speculative.model.empty()) object.Set("model", speculative.model);
  if (!speculative.format.empty()) object.Set("format", speculative.format);
  object.Set("num_tokens", speculative.num_tokens);
  return object;
}

Json LoraJson(const Lora& lora) {
  Json object = Json::MakeObject();
  object.Set("max_loras", lora.max_loras).Set("max_rank", lora.max_rank);
  return object;
}

std::string AcceptedValues(const ConfigKey& key) {
  switch (key.type) {
    case K::kText:
      if (key.text == &Config::override_tensor)
        return "PATTERN=BUFFER pairs such as \"exps=CPU\", up to 4,096 characters";
      return key.text == &Config::engine ? "an engine's id" : "a version such as \"0.10.2\" or \"b4589\"";
    case K::kInteger: {
      const std::string special = key.integer == &Config::max_model_len ? "-1 (as long as fits) or "
                                  : key.least < 0                       ? "-1 (all) or "
                                                                        : "";
      const bool length = key.integer == &Config::max_model_len;
      return special + WholeNumberText(length          ? 1
                                       : key.least < 0 ? 0
                                                       : static_cast<int64_t>(key.least),
                                       static_cast<int64_t>(key.most));
    }
    case K::kNumber:
      return "a number from " + FormatDouble(key.least) + " to " + FormatDouble(key.most);
    case K::kSwitch:
      return "true or false";
    case K::kModel:
      return "a catalog id such as \"llama-3.1-70b\", or an object with config.json keys";
    case K::kFormat:
      return "a format id such as \"awq-int4\", or an object with an \"id\"";
    case K::kGpuList:
      return "a GPU id such as \"rtx-4090\", or a list of up to " + CountText(kMaxCards) + " ids";
    case K::kNumberList:
      return (key.numbers == &Config::tensor_split ? "proportions" : "MiB") + std::string(" from ") +
             FormatDouble(key.least) + " to 1,000,000,000, or a list of up to " + CountText(kMaxCards);
    case K::kKvTypes:
      return Names(kKvTypes) + ", or an object with \"k\" and \"v\"";
    case K::kSpeculative:
      return std::string("an object ") + std::string(key.summary);
    case K::kSplitMode:
      return Names(kSplitModes);
    case K::kLora:
    case K::kWorkload:
      return std::string("an object ") + std::string(key.summary);
  }
  return "";
}

Json GetConfigValue(const Config& config, const ConfigKey& key) {
  switch (key.type) {
    case K::kText:
      return (config.*key.text).empty() ? Json() : Json(config.*key.text);
    case K::kInteger:
      return config.*key.integer ? Json(*(config.*key.integer)) : Json();
    case K::kNumber:
      return config.*key.number ? Json(*(config.*key.number)) : Json();
    case K::kSwitch:
      return config.*key.flag ? Json(*(config.*key.flag)) : Json();
    case K::kModel:
      return config.model.empty() ? config.inline_model : Json(config.model);
    case K::kFormat:
      return config.format;
    case K::kGpuList:
      return OneOrList(config.gpu, [](const std::string& id) { return Json(id); });
    case K::kNumberList:
      return OneOrList(config.*key.numbers, [](double number) { return Json(number); });
    case K::kKvTypes:
      return config.kv_cache_dtype ? KvTypesJson(*config.kv_cache_dtype) : Json();
    case K::kSpeculative:
      return config.speculative ? SpeculativeJson(*config.speculative) : Json();
    case K::kSplitMode:
      return config.split_mode ? Json(SplitModeName(*config.split_mode)) : Json();
    case K::kLora:
      return config.lora ? LoraJson(*config.lora) : Json();
    case K::kWorkload:
      return config.workload;
  }
  return Json();
}

bool IsConfigValueGiven(const Config& config, const ConfigKey& key) {
  switch (key.type) {
    case K::kText:
      return !(config.*key.text).empty();
    case K::kInteger:
      return (config.*key.integer).has_value();
    case K::kNumber:
      return (config.*key.number).has_value();
    case K::kSwitch:
      return (config.*key.flag).has_value();
    case K::kModel:
      return !config.model.empty() || !config.inline_model.is_null();
    case K::kFormat:
      return !config.format.is_null();
    case K::kGpuList:
      return !config.gpu.empty();
    case K::kNumberList:
      return !(config.*key.numbers).empty();
    case K::kKvTypes:
      return config.kv_cache_dtype.has_value();
    case K::kSpeculative:
      return config.speculative.has_value();
    case K::kSplitMode:
      return config.split_mode.has_value();
    case K::kLora:
      return config.lora.has_value();
    case K::kWorkload:
      return !config.workload.is_null();
  }
  return false;
}

std::optional<Error> SetConfigValue(const ConfigKey& key, const Json& value, Config* config) {
  if (value.is_null()) {
    Clear(key, config);
    return std::nullopt;
  }
  switch (key.type) {
    case K::kText:
      return SetText(key, value, config);
    case K::kInteger:
      return SetInteger(key, value, config);
    case K::kNumber:
      return SetNumber(key, value, config);
    case K::kSwitch:
      if (!value.is_bool()) return Refuse(key, value);
      config->*key.flag = *value.AsBool();
      return std::nullopt;
    case K::kModel:
      return SetModel(key, value, config);
    case K::kFormat:
      return SetFormat(key, value, config);
    case K::kGpuList:
      return SetGpus(key, value, config);
    case K::kNumberList:
      return SetNumbers(key, value, config);
    case K::kKvTypes:
      return SetKvTypes(key, value, config);
    case K::kSpeculative:
      return SetSpeculative(key, value, config);
    case K::kSplitMode: {
      const std::optional<SplitMode> mode = ValueOf(kSplitModes, value);
      if (!mode) return Refuse(key, value);
      config->split_mode = *mode;
      return std::nullopt;
    }
    case K::kLora:
      return SetLora(key, value, config);
    case K::kWorkload:
      return SetWorkload(key, value, config);
  }
  return std::nullopt;
}

std::optional<Error> SetConfigText(const ConfigKey& key, std::string_view text, Config* config) {
  if (!IsUtf8(text)) return Error{std::string(key.json), Quoted(text), "UTF-8 text"};
  const Error refusal{std::string(key.json), text.empty() ? "nothing" : Quoted(text), AcceptedValues(key)};
  if (text.empty()) return refusal;
  // Structured values may stand in a flag as JSON; `model`, `format` and the rest are ids.
  if (text.front() == '{') {
    Result<Json> value = Json::Parse(text, key.json, kInlineLimits);
    if (!value.ok()) return value.error();
    return SetConfigValue(key, *value, config);
  }
  switch (key.type) {
    case K::kInteger: {
      if (text == "auto" && key.integer == &Config::max_model_len)
        return SetConfigValue(key, Json(-1), config);
      if (text == "all" && key.integer == &Config::n_gpu_layers) return SetConfigValue(key, Json(-1), config);
      const bool digits_only = text.find_first_not_of("-0123456789") == std::string_view::npos;
      const std::optional<Json> number = digits_only ? ReadNumberText(text) : std::nullopt;
      if (!number || SetConfigValue(key, *number, config)) return refusal;
      return std::nullopt;
    }
    case K::kNumber: {
      const std::optional<Json> number = ReadNumberText(text);
      if (!number || SetConfigValue(key, *number, config)) return refusal;
      return std::nullopt;
    }
    case K::kSwitch:
      if (!IsSwitchText(text)) return refusal;
      return SetConfigValue(key, Json(text == "true" || text == "1"), config);
    case K::kNumberList: {
      Json list = Json::MakeArray();
      // llama.cpp takes 3/1 as well as 3,1.
      const bool slashes = key.numbers == &Config::tensor_split && text.find(',') == std::string_view::npos;
      for (std::string_view part : SplitAt(text, slashes ? '/' : ',')) {
        const std::optional<Json> number = ReadNumberText(part);
        if (!number) return refusal;
        list.Append(*number);
      }
      return SetConfigValue(key, list, config) ? std::optional<Error>(refusal) : std::nullopt;
    }
    case K::kGpuList: {
      Json list = Json::MakeArray();
      for (std::string_view part : SplitAt(text, ',')) list.Append(Json(part));
      return SetConfigValue(key, list, config) ? std::optional<Error>(refusal) : std::nullopt;
    }
    case K::kText:
    case K::kModel:
    case K::kFormat:
    case K::kKvTypes:
    case K::kSpeculative:
    case K::kSplitMode:
    case K::kLora:
    case K::kWorkload:
      return SetConfigValue(key, Json(text), config);
  }
  return refusal;
}

std::string GetConfigText(const Config& config, const ConfigKey& key) {
  const Json value = GetConfigValue(config, key);
  return value.is_null() ? std::string() : value.is_object() ? value.Dump() : PlainText(value);
}

Result<DecodedConfig> DecodeConfigJson(const Json& value) {
  if (!value.is_object()) return Error{"config", Given(value), "an object with the keys of a configuration"};
  DecodedConfig decoded;
  for (const Json::Member& member : value.members()) {
    const ConfigKey* key = FindConfigKey(member.first);
    if (!key) {
      if (decoded.diagnostics.size() < kMostUnknownKeys) {
        decoded.diagnostics.push_back(UnknownKey(member.first, JsonNames()));
      }
      continue;
    }
    if (auto error = SetConfigValue(*key, member.second, &decoded.config)) return *error;
  }
  return decoded;
}

Result<DecodedConfig> DecodeConfigJsonText(std::string_view text) {
  Result<Json> value = Json::Parse(text, "config", kInlineLimits);
  if (!value.ok()) return value.error();
  return DecodeConfigJson(*value);
}

Result<DecodedConfig> DecodeConfigUrl(std::string_view url) {
  if (static_cast<int64_t>(url.size()) > kMaxUrlBytes) {
    return Error{"url", CountText(static_cast<int64_t>(url.size())) + " bytes",
                 "a link of at most " + CountText(kMaxUrlBytes) + " bytes"};
  }
  DecodedConfig decoded;
  for (std::string_view pair : SplitAt(FragmentOf(url), '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view text =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (name == "v") {
      if (text != std::to_string(kConfigUrlVersion)) {
        decoded.diagnostics.push_back({"newer_link", Severity::kWarning,
                                       "The link is of version " + Quoted(text) +
                                           ", which this page does not know; it is read as version 1.",
                                       "Reload the page to get its newest release."});
      }
      continue;
    }
    if (const ConfigKey* key = FindUrlKey(name)) {
      if (auto error = SetUrlValue(*key, text, &decoded.config)) return InUrl(*key, *error);
      continue;
    }
    if (decoded.unknown.size() >= kMostUnknownKeys) {
      return Error{"url", Quoted(name), "at most " + std::to_string(kMostUnknownKeys) + " unknown keys"};
    }
    decoded.unknown.emplace_back(std::string(name), std::string(text));
    decoded.diagnostics.push_back(UnknownKey(name, UrlNames()));
  }
  return decoded;
}

Result<Config> DecodeConfigFlags(const std::vector<std::string>& arguments) {
  Config config;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--")) return UnknownFlag(argument);
    const auto equals = argument.find('=');
    const std::string name =
        JsonNameOfFlag(argument.substr(2, equals == std::string::npos ? equals : equals - 2));
    const ConfigKey* key = FindConfigKey(name);
    const bool negated = !key && name.starts_with("no_");
    if (negated) key = FindConfigKey(std::string_view(name).substr(3));
    if (!key || (negated && (key->type != K::kSwitch || equals != std::string::npos)))
      return UnknownFlag(argument);

    std::optional<Error> error;
    if (negated) {
      config.*key->flag = false;
    } else if (equals != std::string::npos) {
      error = SetConfigText(*key, std::string_view(argument).substr(equals + 1), &config);
    } else if (key->type == K::kSwitch && (i + 1 == arguments.size() || arguments[i + 1].starts_with("--"))) {
      config.*key->flag = true;
    } else if (i + 1 == arguments.size()) {
      error = SetConfigText(*key, "", &config);
    } else {
      error = SetConfigText(*key, arguments[++i], &config);
    }
    if (error) return *AsFlag(*key, error);
  }
  return config;
}

Json EncodeConfigJson(const Config& config) {
  Json object = Json::MakeObject();
  for (const ConfigKey& key : kKeys) {
    if (IsConfigValueGiven(config, key)) object.Set(key.json, GetConfigValue(config, key));
  }
  return object;
}

std::string EncodeConfigUrl(const Config& config) {
  std::string url;
  for (const ConfigKey& key : kKeys) {
    if (!IsConfigValueGiven(config, key)) continue;
    if (!url.empty()) url += '&';
    url += key.url;
    url += '=';
    url += UrlText(GetConfigValue(config, key));
  }
  return url;
}

std::string EncodeConfigUrl(const DecodedConfig& decoded) {
  std::string url = EncodeConfigUrl(decoded.config);
  for (const auto& pair : decoded.unknown) {
    if (!url.empty()) url += '&';
    url += pair.first;
    if (!pair.second.empty()) url += "=" + pair.second;
  }
  return url;
}

std::vector<std::string> EncodeConfigFlags(const Config& config) {
  std::vector<std::string> flags;
  for (const ConfigKey& key : kKeys) {
    if (!IsConfigValueGiven(config, key)) continue;
    flags.push_back(FlagName(key));
    const Json value = GetConfigValue(config, key);
    if (value.is_bool()) {
      if (!*value.AsBool()) flags.back() = "--no-" + flags.back().substr(2);
      continue;
    }
    flags.push_back(GetConfigText(config, key));
  }
  return flags;
}

std::string EncodeBase64Url(std::string_view bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  uint32_t bits = 0;
  int held = 0;
  for (char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += kAlphabet[(bits >> held) & 63];
    }
  }
  if (held > 0) text += kAlphabet[(bits << (6 - held)) & 63];
  return text;
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '-' || c == '+') value = 62;
    if (c == '_' || c == '/') value = 63;
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>((bits >> held) & 255);
    }
  }
  return bytes;
}

}  // namespace plimsoll
