#include "cli/options.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/hub_model.h"
#include "core/base/mistaken_bytes.h"
#include "core/config/config_codec.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/engine_flags.h"
#include "core/engines/file_config.h"
#include "core/engines/named_config.h"

namespace plimsoll {
namespace {

// Where models that the catalog does not hold are fetched, for every command that takes a configuration.
const std::vector<std::string_view> kHubOptions = {"--hub", "--revision"};
constexpr std::string_view kOffline = "--offline";

bool Contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What is written like a path, or ends as files of models do, is one: `--model path/to/config.json`.
bool IsPath(std::string_view text) {
  constexpr std::string_view kStarts[] = {"./", "../", "/"};
  constexpr std::string_view kEnds[] = {"/", ".json", ".safetensors", ".bin", ".pt", ".pth", ".html"};
  return std::any_of(std::begin(kStarts), std::end(kStarts),
                     [text](std::string_view start) { return text.starts_with(start); }) ||
         std::any_of(std::begin(kEnds), std::end(kEnds),
                     [text](std::string_view end) { return text.ends_with(end); });
}

bool IsGgufFile(const std::string& path, const CommandContext& context) {
  constexpr int64_t kMark = 64;
  const std::optional<FileHead> head = context.read_head ? context.read_head(path, kMark) : std::nullopt;
  return head && KindOfBytes(head->bytes) == FileKind::kGguf;
}

// `--model file.gguf`: the model that its metadata describes, with the types of its own tensors and the
// engine that reads it, unless the configuration says otherwise.
std::optional<Error> LoadGguf(const CommandContext& context, Config* config) {
  Result<ModelFile> file = ReadModelFiles(config->model, "--model", context);
  if (!file.ok()) return file.error();
  const std::optional<Config> told = ConfigOfFile(*file);
  if (!told) {
    return Error{"--model",
                 Quoted(config->model) + (file->remarks.empty() ? "" : ": " + file->remarks.front()),
                 "a GGUF file of a model that we know, or the config.json of the model it was made from"};
  }
  config->model.clear();
  config->inline_model = told->inline_model;
  if (config->format.is_null()) config->format = told->format;
  if (config->engine.empty()) config->engine = told->engine;
  return std::nullopt;
}

// A folder stands for the config.json in it, or for Mistral's params.json.
std::string PathOfModel(const std::string& given, const CommandContext& context) {
  if (given.ends_with(".json") || (context.read_head && context.read_head(given, 1))) return given;
  const std::string folder = given.ends_with("/") ? given : given + "/";
  const std::string params = folder + "params.json", config = folder + "config.json";
  return !context.read_file(config) && context.read_file(params) ? params : config;
}

// ModelOpt writes the quantisation into hf_quant_config.json beside a config that does not mention it.
std::optional<Error> AddQuantization(const std::string& path, const CommandContext& context, Json* model) {
  if (!model->is_object() || model->Has("quantization_config")) return std::nullopt;
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string beside = folder + "hf_quant_config.json";
  if (!context.read_file(beside)) return std::nullopt;
  Result<Json> quantization = ReadJsonFile(beside, "--model", context);
  if (!quantization.ok()) return quantization.error();
  model->Set("quantization_config", *std::move(quantization));
  return std::nullopt;
}

// What is no text is refused by its beginning: the whole may be larger than memory.
std::optional<Error> RefuseBytes(const std::string& path, const CommandContext& context) {
  constexpr int64_t kBeginning = 4096;
  const std::optional<FileHead> head = context.read_head ? context.read_head(path, kBeginning) : std::nullopt;
  if (!head) return std::nullopt;
  const std::optional<Mistaken> mistaken = MistakenBytes(head->bytes);
  if (!mistaken) return std::nullopt;
  return Error{"--model", Quoted(path) + ", which is " + mistaken->what, mistaken->instead};
}

std::optional<Error> LoadModelFile(const CommandContext& context, Config* config) {
  if (config->model.ends_with(".gguf")) return LoadGguf(context, config);
  if (!IsPath(config->model)) return std::nullopt;
  const std::string path = PathOfModel(config->model, context);
  if (IsGgufFile(path, context)) return LoadGguf(context, config);
  if (std::optional<Error> error = RefuseBytes(path, context)) return error;
  Result<Json> model = ReadJsonFile(path, "--model", context);
  if (!model.ok()) return model.error();
  if (std::optional<Error> error = AddQuantization(path, context, &*model)) return error;
  return SetConfigValue(*FindConfigKey("model"), *model, config);
}

}  // namespace

Result<Options> Options::Take(const Arguments& arguments, const OptionNames& names) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const auto equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    if (equals == std::string::npos && (Contains(names.switches, name) || name == kOffline)) {
      options.values_[name] = "";
    } else if (Contains(names.with_value, name) || Contains(kHubOptions, name)) {
      if (equals != std::string::npos) {
        options.values_[name] = argument.substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        options.values_[name] = arguments[++i];
      } else {
        return Error{name, "nothing", "a value"};
      }
    } else if (names.positional && !argument.starts_with("--")) {
      options.positional_.push_back(argument);
    } else {
      options.rest_.push_back(argument);
      // A configuration flag keeps its value.
      const bool has_value = argument.starts_with("--") && equals == std::string::npos &&
                             i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
      if (has_value && !names.positional) options.rest_.push_back(arguments[++i]);
    }
  }
  return options;
}

std::string Options::Value(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

Result<Json> ReadJsonFile(const std::string& path, std::string_view field, const CommandContext& context) {
  const std::optional<std::string> text = context.read_file(path);
  if (!text) return Error{std::string(field), Quoted(path), "a file that can be read"};
  return Json::Parse(*text, field);
}

Result<ModelFile> ReadModelFiles(const std::string& list, std::string_view field,
                                 const CommandContext& context) {
  std::vector<FilePart> parts;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back({list.substr(begin, end - begin), "", -1});
    begin = end + 1;
  }
  int64_t bytes = kFirstRead;
  for (FilePart& part : parts) {
    const std::optional<FileHead> head = context.read_head(part.name, bytes);
    if (!head) return Error{std::string(field), Quoted(part.name), "a file that can be read"};
    part.bytes = head->bytes;
    part.size = head->size;
  }
  for (;;) {
    Result<ModelFile> file = ReadModelFile(parts);
    if (!file.ok() || file->needed_bytes <= 0) return file;
    const auto cut = std::find_if(parts.begin(), parts.end(),
                                  [&](const FilePart& part) { return part.name == file->needed_name; });
    const bool more = cut != parts.end() && file->needed_bytes > static_cast<int64_t>(cut->bytes.size());
    const std::optional<FileHead> head =
        more ? context.read_head(cut->name, file->needed_bytes) : std::nullopt;
    if (!head || head->bytes.size() <= cut->bytes.size()) {
      return Error{std::string(field), Quoted(file->needed_name), "a file with its whole header"};
    }
    cut->bytes = head->bytes;
  }
}

Result<DecodedConfig> ReadConfig(const Options& options, const CommandContext& context) {
  DecodedConfig decoded;
  if (options.Has("--url")) {
    Result<DecodedConfig> from_url = DecodeConfigUrl(options.Value("--url"));
    if (!from_url.ok()) return from_url.error();
    decoded = std::move(*from_url);
  }
  if (options.Has("--config")) {
    Result<Json> json = ReadJsonFile(options.Value("--config"), "--config", context);
    if (!json.ok()) return json.error();
    Result<DecodedConfig> from_file = DecodeConfigJson(*json);
    if (!from_file.ok()) return from_file.error();
    for (const ConfigKey& key : ConfigKeys()) {
      if (!IsConfigValueGiven(from_file->config, key)) continue;
      if (auto error = SetConfigValue(key, GetConfigValue(from_file->config, key), &decoded.config))
        return *error;
    }
    for (Diagnostic& diagnostic : from_file->diagnostics)
      decoded.diagnostics.push_back(std::move(diagnostic));
  }
  Result<Config> flags = DecodeEngineFlags(options.rest(), decoded.config.engine, context.catalog);
  if (!flags.ok()) return flags.error();
  for (const ConfigKey& key : ConfigKeys()) {
    if (!IsConfigValueGiven(*flags, key)) continue;
    if (auto error = SetConfigValue(key, GetConfigValue(*flags, key), &decoded.config)) return *error;
  }
  if (auto error = LoadModelFile(context, &decoded.config)) return *error;
  TakeNames(context.catalog, &decoded.config, &decoded.diagnostics);
  if (auto error = TakeHubModel(options, context, &decoded.config, &decoded.diagnostics)) return *error;
  return decoded;
}

}  // namespace plimsoll
