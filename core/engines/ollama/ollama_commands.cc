#include "core/engines/ollama/ollama_commands.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/llama_cpp/llama_commands.h"
#include "core/engines/option_readers.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;
using V = OptionValue;

// envconfig/config.go, api/types.go, parser/parser.go and cmd/cmd.go up to 0.33. What stands here without a key
// is known: it costs nothing, or what it does is not modelled.
constexpr char kFree[] = R"(
OLLAMA_MAX_QUEUE=@0.1.34- HSA_OVERRIDE_GFX_VERSION=@0.1.34- OLLAMA_MODELS=@0.1.6- OLLAMA_HOST=@0.0.14-
OLLAMA_ORIGINS,OLLAMA_REMOTES,OLLAMA_NO_CLOUD,OLLAMA_AUTH,OLLAMA_EDITOR,OLLAMA_NOHISTORY,OLLAMA_NOPRUNE,OLLAMA_MAX_TRANSFER_STREAMS=@0.0.14-
OLLAMA_DEBUG,OLLAMA_DEBUG_LOG_REQUESTS=@0.1.34- OLLAMA_LOAD_TIMEOUT=@0.3.10- OLLAMA_GO_TEMPLATE=@0.30.0-
OLLAMA_RUNNERS_DIR,OLLAMA_TMPDIR=@0.1.34-0.3.10 HTTP_PROXY,HTTPS_PROXY,NO_PROXY=
num_keep,num_predict,seed,temperature,top_k,top_p,min_p,typical_p,repeat_last_n,repeat_penalty,presence_penalty,frequency_penalty,stop=
mirostat,mirostat_eta,mirostat_tau,tfs_z,penalize_newline=
rope_frequency_base,rope_frequency_scale,num_gqa,embedding_only=
TEMPLATE,SYSTEM,MESSAGE,LICENSE,RENDERER,PARSER,REQUIRES= --verbose@0.0.5- --format=@0.1.10-
--think=@0.9.0- --hidethinking@0.9.0- --nowordwrap@0.0.20- --insecure@0.0.12- --truncate@0.12.10-
--dimensions=@0.12.10- --experimental,--experimental-yolo,--experimental-websearch@0.14.0-0.31.1
--imagegen@0.16.2-0.32.5 -f,--file=@0.0.6- --experimental@0.14.3- HF_TOKEN=)";
constexpr char kNotModelled[] = R"(
OLLAMA_MAX_LOADED_MODELS=@0.1.34- OLLAMA_KEEP_ALIVE=@0.1.33- OLLAMA_SCHED_SPREAD=@0.1.45-
LLAMA_ARG_FIT=@0.30.0- OLLAMA_VULKAN=@0.12.11- OLLAMA_IGPU_ENABLE=@0.30.0-
OLLAMA_INTEL_GPU= OLLAMA_NEW_ENGINE= OLLAMA_NEW_ESTIMATES=
OLLAMA_MULTIUSER_CACHE= OLLAMA_MAX_VRAM= num_thread=
use_mlock,numa,f16_kv,low_vram,logits_all,vocab_only= --keepalive=@0.1.38-
--quantization=@0.1.32-0.1.34>--quantize --draft-quantize=@0.23.1-)";
MaybeError ReadOwnChoice(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> value = ReadSize(use.value, SizeRule::kPlain);
  if (!value) return NotTaken(use, "a whole number");
  if (*value < 1) return std::nullopt;
  return SetConfigValue(*FindConfigKey(option.key), Json(*value), &reading->config);
}
// Layers, not cards; -1 is automatic, more than there are is all.
MaybeError ReadLayers(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> value = ReadSize(use.value, SizeRule::kPlain);
  if (!value || *value > 100000) return NotTaken(use, "a number of layers");
  if (*value >= 0) reading->config.n_gpu_layers = *value;
  return std::nullopt;
}
MaybeError ReadOverhead(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> bytes = ReadSize(use.value, SizeRule::kPlain);
  if (!bytes || *bytes < 0) return NotTaken(use, "bytes");
  if (*bytes > 0 && *bytes < 1048576) reading->note = "counts bytes, not MiB";
  if (*bytes > 0) reading->config.reserved_mib = {Bytes(*bytes).mib()};
  return std::nullopt;
}
MaybeError ReadLibrary(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::string name = Lower(use.value);
  for (const std::string_view backend : {"cuda", "vulkan", "metal", "cpu"}) {
    if (name.starts_with(backend)) reading->config.backend = std::string(backend);
  }
  if (name.starts_with("rocm")) reading->config.backend = "hip";
  return std::nullopt;
}
MaybeError ReadAdapter(const EngineOption&, const OptionUse&, OptionReading* reading) {
  reading->lora = true;
  reading->max_loras = reading->max_loras.value_or(0) + 1;
  return std::nullopt;
}
MaybeError ReadQuantize(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  reading->file = "x-" + std::string(use.value) + ".gguf";
  return std::nullopt;
}

std::string WriteModel(const EngineOption&, const LaunchSubject& subject) { return subject.model; }
std::string WriteLayers(const EngineOption& option, const LaunchSubject& subject) {
  const std::string given = WriteKey(option, subject);
  return given == "-1" ? "999" : given;
}
std::string WriteKv(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<KvTypes>& types = subject.config.kv_cache_dtype;
  if (!types || types->k != types->v) return {};
  switch (types->k) {
    case KvType::kFp16:
      return "f16";
    case KvType::kFp32:
      return "f32";
    case KvType::kBf16:
    case KvType::kQ8_0:
    case KvType::kQ4_0:
      return std::string(KvTypeName(types->k));
    default:
      return {};
  }
}
std::string WriteSwitch(const EngineOption& option, const LaunchSubject& subject) {
  const std::string value = WriteKey(option, subject);
  return value == "true" ? "1" : value == "false" ? "0" : "";
}
std::string WriteDraft(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.speculative ? subject.draft : "";
}
std::string WriteDraftTokens(const EngineOption&, const LaunchSubject& subject) {
  return subject.draft.empty() || !subject.config.speculative
             ? ""
             : std::to_string(subject.config.speculative->num_tokens);
}

// Names of a Modelfile stand without dashes, those of the server's environment in capitals.
constexpr EngineOption kOptions[] = {
    {.names = "FROM", .key = "model", .read = ReadModel, .write = WriteModel},
    {.names = "num_ctx", .key = "max_model_len", .read = ReadOwnChoice, .write = WriteKey},
    {.names = "num_batch", .key = "n_ubatch", .read = ReadOwnChoice, .write = WriteKey},
    {.names = "num_gpu", .key = "n_gpu_layers", .read = ReadLayers, .write = WriteLayers},
    {.names = "main_gpu", .key = "main_gpu", .write = WriteKey},
    {.names = "use_mmap", .key = "mmap", .read = ReadSwitch, .write = WriteKey},
    {.names = "draft_num_predict",
     .key = "speculative",
     .read = ReadDraftTokens,
     .write = WriteDraftTokens,
     .since = "0.30.0"},
    {.names = "DRAFT", .key = "speculative", .read = ReadDraftModel, .write = WriteDraft, .since = "0.23.1"},
    {.names = "ADAPTER", .key = "lora", .read = ReadAdapter},
    {.names = "--quantize -q", .key = "format", .read = ReadQuantize},
    {.names = "OLLAMA_CONTEXT_LENGTH",
     .variables = "OLLAMA_CONTEXT_LENGTH",
     .key = "max_model_len",
     .read = ReadOwnChoice,
     .since = "0.5.13"},
    {.names = "OLLAMA_NUM_PARALLEL",
     .variables = "OLLAMA_NUM_PARALLEL",
     .key = "max_num_seqs",
     .read = ReadOwnChoice,
     .write = WriteKey},
    {.names = "OLLAMA_KV_CACHE_TYPE",
     .variables = "OLLAMA_KV_CACHE_TYPE",
     .key = "kv_cache_dtype",
     .read = ReadKvType,
     .write = WriteKv},
    {.names = "OLLAMA_FLASH_ATTENTION",
     .variables = "OLLAMA_FLASH_ATTENTION",
     .key = "flash_attention",
     .read = ReadSwitch,
     .write = WriteSwitch},
    {.names = "OLLAMA_GPU_OVERHEAD",
     .variables = "OLLAMA_GPU_OVERHEAD",
     .key = "reserved_mib",
     .read = ReadOverhead},
    {.names = "LLAMA_ARG_FIT_TARGET",
     .variables = "LLAMA_ARG_FIT_TARGET",
     .key = "fit_target_mib",
     .write = WriteKey,
     .since = "0.30.0"},
    {.names = "OLLAMA_LLM_LIBRARY", .variables = "OLLAMA_LLM_LIBRARY", .key = "backend", .read = ReadLibrary},
    {.variables = "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES GGML_VK_VISIBLE_DEVICES "
                  "NVIDIA_VISIBLE_DEVICES",
     .key = "gpus",
     .read = ReadVisible},
};
constexpr OptionTable kTable = {kOptions, kFree, kNotModelled};

// api/types.go: the members of what its server hears. Options stand in a member of their own.
constexpr char kRequestFree[] =
    "prompt= suffix= images= messages= stream= raw= format= system= template= context= tools= think= "
    "logprobs= "
    "top_logprobs= input= truncate= dimensions= name= license= verbose= files= width= height= steps= shift= "
    "max_tokens= response_format= temperature= top_p= seed= stop= frequency_penalty= presence_penalty= "
    "reasoning_effort= user= tool_choice= stream_options= input_type= encoding_format= temperature= "
    "base_url= request_timeout= client_kwargs= timeout= headers= callbacks= callback_manager= verbose= "
    "validate_model_on_init= disable_streaming= reasoning= cache= host= json_mode= additional_kwargs= "
    "is_function_calling_model= system_prompt= tags= metadata= streaming=";
constexpr EngineOption kRequestOptions[] = {
    {.names = "model model_name", .key = "model", .read = ReadModel},
    {.names = "context_window", .key = "max_model_len", .read = ReadOwnChoice},
    {.names = "num_thread", .effect = OptionEffect::kFree},
};
constexpr OptionTable kRequestTable = {kRequestOptions, kRequestFree, "keep_alive="};
constexpr EngineOption kCreateOptions[] = {
    {.names = "from", .key = "model", .read = ReadModel},
    {.names = "quantize", .key = "format", .read = ReadQuantize},
    {.names = "model", .effect = OptionEffect::kFree},
};
constexpr OptionTable kCreateTable = {kCreateOptions, kRequestFree, ""};
constexpr EngineProgram kAsked = {.words = "POST /api", .table = &kRequestTable, .also = &kTable};
constexpr EngineRequest kRequests[] = {
    {.path = "/api/generate", .program = kAsked, .nested = "options"},
    {.path = "/api/chat", .program = kAsked, .nested = "options"},
    {.path = "/api/embed", .program = kAsked, .nested = "options"},
    {.path = "/api/create",
     .program = {.words = "POST /api/create", .table = &kCreateTable, .also = &kTable},
     .nested = "parameters"},
    {.path = ":11434/v1/", .program = kAsked},
};

constexpr EngineProgram kPrograms[] = {
    {.words = "ollama run", .table = &kTable, .takes_model = true, .takes_prompt = true},
    {.words = "ollama serve", .table = &kTable},
    {.words = "ollama pull", .table = &kTable, .takes_model = true},
    {.words = "ollama create", .table = &kTable, .takes_model = true},
    {.words = "ollama show", .table = &kTable, .takes_model = true},
    // cmd/interactive.go: what else /set knows (history, format, verbose, think, system) costs nothing.
    {.words = "/set parameter", .table = &kTable, .in_session = true},
    {.words = "/set", .table = &kTable, .takes_prompt = true, .in_session = true},
    {.words = "/load", .table = &kTable, .takes_model = true, .in_session = true},
    {.words = "POST /api", .table = &kRequestTable, .also = &kTable},
};
// ollama-python, langchain_ollama and llama_index.llms.ollama.
constexpr EngineClass kClasses[] = {
    {.name = "ChatOllama", .module = "llama", .table = &kRequestTable, .positional = "model", .usual = true},
    {.name = "OllamaLLM", .module = "llama", .table = &kRequestTable, .positional = "model", .usual = true},
    {.name = "Ollama",
     .module = "import Ollama",
     .table = &kRequestTable,
     .positional = "model",
     .nested = "additional_kwargs"},
    {.name = "chat", .module = "ollama", .table = &kRequestTable, .positional = "model", .nested = "options"},
    {.name = "generate",
     .module = "ollama",
     .table = &kRequestTable,
     .positional = "model",
     .nested = "options"},
};

constexpr EngineImage kImages[] = {{.repository = "ollama/ollama", .program = "ollama serve"}};

// What a name without a size stands for, and sizes that are another model's (ollama.com/library, 2026-07).
struct LibraryRow {
  std::string_view name, meant;
};
constexpr LibraryRow kLibrary[] = {
    {"llama2", "llama2:7b"},
    {"llama3", "llama3:8b"},
    {"llama3.1", "llama3.1:8b"},
    {"llama3.2", "llama3.2:3b"},
    {"llama3.3", "llama3.3:70b"},
    {"llama4", "llama4:scout"},
    {"llama4:16x17b", "llama4:scout"},
    {"llama4:128x17b", "llama4:maverick"},
    {"llama3.2-vision", "llama3.2-vision:11b"},
    {"qwen2.5", "qwen2.5:7b"},
    {"qwen3", "qwen3:8b"},
    {"qwen3-coder", "qwen3-coder:30b"},
    {"qwen3.5", "qwen3.5:9b"},
    {"qwen2.5vl", "qwen2.5vl:7b"},
    {"qwen3-vl", "qwen3-vl:8b"},
    {"qwq", "qwq:32b"},
    {"gemma2", "gemma2:9b"},
    {"gemma3", "gemma3:4b"},
    {"gemma3n", "gemma3n:e4b"},
    {"mistral", "mistral-7b-v0.3"},
    {"mistral:7b", "mistral-7b-v0.3"},
    {"mistral-nemo", "mistral-nemo:12b"},
    {"mistral-small", "mistral-small-24b-2501"},
    {"mistral-small:24b", "mistral-small-24b-2501"},
    {"mistral-large", "mistral-large:123b"},
    {"mixtral", "mixtral:8x7b"},
    {"phi3", "phi-3-mini"},
    {"phi3:mini", "phi-3-mini"},
    {"phi3:3.8b", "phi-3-mini"},
    {"phi3:medium", "phi-3-medium"},
    {"phi3:14b", "phi-3-medium"},
    {"phi3.5", "phi-3.5-mini"},
    {"phi4", "phi-4"},
    {"phi4:14b", "phi-4"},
    {"phi4-mini", "phi-4-mini"},
    {"phi4-mini:3.8b", "phi-4-mini"},
    {"gpt-oss", "gpt-oss:20b"},
    {"command-r", "command-r:35b"},
    {"command-r-plus", "command-r-plus:104b"},
    {"command-a", "command-a:111b"},
    {"deepseek-r1", "qwen3-8b"},
    {"deepseek-r1:8b", "qwen3-8b"},
    {"deepseek-r1:1.5b", "deepseek-r1-distill-qwen-1.5b"},
    {"deepseek-r1:7b", "deepseek-r1-distill-qwen-7b"},
    {"deepseek-r1:14b", "deepseek-r1-distill-qwen-14b"},
    {"deepseek-r1:32b", "deepseek-r1-distill-qwen-32b"},
    {"deepseek-r1:70b", "deepseek-r1-distill-llama-70b"},
    {"deepseek-v3", "deepseek-v3:671b"},
    {"glm4", "glm-4-9b-0414"},
    {"bge-m3", "bge-m3"},
    {"devstral-2", "devstral-2:123b"},
    {"devstral-small-2", "devstral-small-2:24b"},
};

std::string_view WithoutHost(std::string_view name) {
  for (const std::string_view host : {"registry.ollama.ai/library/", "ollama.com/library/", "library/"}) {
    if (name.starts_with(host)) name.remove_prefix(host.size());
  }
  return name;
}

int64_t LayersOf(const OptionReading& reading) {
  const Model* model = reading.catalog->FindModel(reading.config.model);
  int64_t layers = 0;
  if (model != nullptr) {
    for (const LayerGroup& group : model->architecture().groups) layers += group.count;
  }
  return layers;
}

void Finish(OptionReading* reading) {
  Config& config = reading->config;
  if (config.model.empty() && !reading->model.empty()) {
    // A name of the library that is not a model's own.
    const std::string meant = LibraryName(reading->model);
    if (const std::optional<NamedModel> named = FindModelNamed(*reading->catalog, meant)) {
      config.model = named->model->id;
      if (!named->format.empty()) config.format = Json(named->format);
      reading->remarks.push_back({"model_by_name", Severity::kInfo,
                                  Quoted(reading->model) + " is read as " + named->model->name + ".", ""});
    }
  }
  const Model* model = reading->catalog->FindModel(config.model);
  if (model != nullptr && config.format.is_null()) {
    bool by_habit = false;
    const std::string format = LibraryFormat(*model, reading->model, &by_habit);
    if (!format.empty()) config.format = Json(format);
    if (by_habit) {
      reading->remarks.push_back({"format_assumed", Severity::kInfo,
                                  "The tag names no type: " + format + " is what the library usually has.",
                                  ""});
    }
  }
  const int64_t layers = LayersOf(*reading);
  if (config.n_gpu_layers && layers > 0 && *config.n_gpu_layers > layers) config.n_gpu_layers.reset();
  if (reading->visible && *reading->visible > 0) config.gpus = *reading->visible;
  if (reading->visible && *reading->visible == 0) config.n_gpu_layers = 0;
}

// A name that Check() reads back: the library's where it is regular, a file's otherwise.
std::string NameModel(const LaunchSubject& subject, std::string_view model, std::string_view format) {
  const Model* found = subject.catalog.FindModel(model);
  if (found == nullptr) return "./model.gguf";
  const Checkpoint* checkpoint = found->FindCheckpoint(format);
  std::string type(format.starts_with("gguf-") ? format.substr(5) : format);
  for (char& c : type) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (checkpoint != nullptr) return "hf.co/" + checkpoint->repo + ":" + type;
  return "./" + GgufFileName(subject.catalog, model, format) + ".gguf";
}

// A Modelfile, and what the server's environment says above it.
std::string OwnText(const LaunchSubject& subject, const std::vector<WrittenOption>& options) {
  std::string server, file = "FROM " + subject.model + "\n";
  for (const WrittenOption& option : options) {
    if (option.name == "FROM") continue;
    const char first = option.name[0];
    const bool capital = first >= 'A' && first <= 'Z';
    if (capital && option.name.find('_') != std::string::npos) {
      server += option.name + "=" + option.value + " ";
    } else if (capital) {
      file += option.name + " " + option.value + "\n";
    } else {
      file += "PARAMETER " + option.name + " " + option.value + "\n";
    }
  }
  return server.empty() ? file : "# server: " + server + "ollama serve\n" + file;
}

}  // namespace

std::string LibraryName(std::string_view name) {
  std::string lower = Lower(WithoutHost(name));
  if (lower.ends_with(":latest")) lower.resize(lower.size() - 7);
  for (const LibraryRow& row : kLibrary) {
    if (row.name == lower) return std::string(row.meant);
  }
  // "deepseek-r1:14b-qwen-distill-q8_0": the size first, what follows is detail.
  const size_t colon = lower.find(':');
  const size_t dash = colon == std::string::npos ? colon : lower.find('-', colon);
  if (dash == std::string::npos) return lower;
  const std::string base = lower.substr(0, dash);
  for (const LibraryRow& row : kLibrary) {
    if (row.name == base) return std::string(row.meant) + lower.substr(dash);
  }
  return lower;
}

std::string LibraryFormat(const Model& model, std::string_view name, bool* by_habit) {
  const std::string lower = Lower(name);
  for (const auto& [end, format] : {std::pair<std::string_view, std::string_view>{"-fp16", "gguf-f16"},
                                    {"-bf16", "gguf-bf16"},
                                    {"-it-qat", "gguf-q4_0"},
                                    {"-qat", "gguf-q4_0"}}) {
    if (lower.ends_with(end)) return std::string(format);
  }
  *by_habit = true;
  if (model.native_format == "mxfp4") return "gguf-mxfp4_moe";
  // Small embedders are stored whole; models of before mid 2024 in Q4_0.
  if (model.parameters().total < 400000000 && model.id.find("embed") != std::string::npos) return "gguf-f16";
  return !model.release.empty() && model.release < "2024-06" ? "gguf-q4_0" : "gguf-q4_k_m";
}

const EngineLanguage& OllamaLanguage() {
  static const EngineLanguage language = {
      .form = "ollama",
      .syntax = {.equals = true},
      .programs = kPrograms,
      .images = kImages,
      .classes = kClasses,
      .requests = kRequests,
      .finish = Finish,
      .name_model = NameModel,
      .own_text = OwnText,
      .serves_by_variables = true,
      .image = "ollama/ollama:",
      .rocm_image = "ollama/ollama:",  // docs/docker.mdx
      .rocm_tail = "-rocm",
      .port = 11434,
  };
  return language;
}

}  // namespace plimsoll
