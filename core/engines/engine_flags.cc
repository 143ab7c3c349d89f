#include "core/engines/engine_flags.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/config/config_flags.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/option_parser.h"
#include "core/engines/option_readers.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

// Words that people use whatever the engine.
struct LooseWord {
  std::string_view flag, ours;
};
constexpr LooseWord kLooseWords[] = {
    {"--context", "--max-model-len"}, {"--ctx", "--max-model-len"}, {"--context-size", "--max-model-len"},
    {"--quant", "--format"},          {"--gpu-count", "--gpus"},    {"--num-gpus", "--gpus"},
};

struct SplitFlags {
  std::vector<std::string> ours;
  std::vector<ArgumentWord> theirs;
};

const ConfigKey* KeyOf(std::string_view flag) {
  if (!flag.starts_with("--")) return nullptr;
  std::string name(
      flag.substr(2, flag.find('=') == std::string_view::npos ? flag.size() : flag.find('=') - 2));
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  if (const ConfigKey* key = FindConfigKey(name)) return key;
  const ConfigKey* negated =
      name.starts_with("no_") ? FindConfigKey(std::string_view(name).substr(3)) : nullptr;
  return negated != nullptr && negated->type == KeyType::kSwitch ? negated : nullptr;
}

// A value follows our own flags; after a switch, only what looks like one.
SplitFlags Split(const std::vector<std::string>& arguments) {
  SplitFlags split;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string argument = arguments[i];
    const size_t equals = argument.find('=');
    for (const LooseWord& word : kLooseWords) {
      if (std::string_view(argument).substr(0, equals) == word.flag) {
        argument = std::string(word.ours) + (equals == std::string::npos ? "" : argument.substr(equals));
        break;
      }
    }
    const ConfigKey* key = KeyOf(argument);
    if (key == nullptr) {
      split.theirs.push_back({argument, i, i + 1});
      continue;
    }
    const bool closed = argument.find('=') != std::string::npos || argument.starts_with("--no-");
    const bool more = i + 1 < arguments.size();
    const bool takes = more && (key->type != KeyType::kSwitch || !arguments[i + 1].starts_with("-"));
    split.ours.push_back(std::move(argument));
    if (!closed && takes) split.ours.push_back(arguments[++i]);
  }
  return split;
}

const OptionTable* TableOf(const Engine& engine) {
  const EngineLanguage* language = engine.language();
  return language == nullptr || language->programs.empty() ? nullptr : language->programs[0].table;
}

// Our name of what another engine calls so; else what the flags themselves answer.
Error UnknownWord(const Engine* asked, const std::string& word) {
  for (const Engine* engine : Engines()) {
    const OptionTable* table = TableOf(*engine);
    if (table == nullptr || engine == asked) continue;
    const std::optional<FoundOption> found = FindOption(*table, engine->language()->syntax, word);
    const ConfigKey* key = found ? FindConfigKey(found->option.key) : nullptr;
    if (key == nullptr) continue;
    return Error{"flag", Quoted(word),
                 FlagName(*key) + ", which is " + std::string(engine->traits().name) + "'s " +
                     word.substr(0, word.find('='))};
  }
  const Result<Config> refused = DecodeConfigFlags({word});
  return refused.ok() ? Error{"flag", Quoted(word), "the flags that --help lists"} : refused.error();
}

// What the options say, before an engine's own defaults are put beside it.
std::optional<Error> ReadOptions(const Engine& engine, const std::vector<ArgumentWord>& words,
                                 OptionReading* reading) {
  const EngineLanguage& language = *engine.language();
  const ParsedArguments parsed =
      ParseArguments(*TableOf(engine), language.programs[0].also, language.syntax, words);
  if (!parsed.unknown.empty()) return UnknownWord(&engine, words[parsed.unknown.front().first].text);
  if (!parsed.positional.empty()) {
    // A value that nothing takes: what stands before it was not understood.
    const size_t at = parsed.positional.front();
    const bool value = at > 0 && words[at - 1].text.starts_with("-");
    return UnknownWord(&engine, words[value ? at - 1 : at].text);
  }
  for (const ParsedOption& option : parsed.options) {
    if (option.lacks_value) return Error{option.name, "nothing", "a value"};
    if (option.option.effect == OptionEffect::kNotModelled) continue;
    OptionUse use;
    use.value = option.value;
    use.path = option.path;
    use.negated = option.negated;
    std::optional<Error> error = ReadUse(option.option, use, reading);
    if (!error) continue;
    // As our own flag it may be read more freely: 32k.
    const ConfigKey* key = FindConfigKey(option.option.key);
    if (key != nullptr && !SetConfigText(*key, option.value, &reading->config)) continue;
    error->field = option.name;
    return error;
  }
  return std::nullopt;
}

// One that does nothing without another, which is not there.
std::optional<Error> FindIdle(const OptionReading& reading, const std::vector<ArgumentWord>& words) {
  for (const IdleOption& idle : reading.idle) {
    for (const ArgumentWord& word : words) {
      std::string name = word.text.substr(0, word.text.find('='));
      std::replace(name.begin(), name.end(), '_', '-');
      if (name == idle.name) return Error{name, "alone", "it with " + std::string(idle.without)};
    }
  }
  return std::nullopt;
}

// Where the configuration is silent.
std::optional<Error> Add(const Config& from, std::string_view key_name, Config* config) {
  const ConfigKey& key = *FindConfigKey(key_name);
  if (!IsConfigValueGiven(from, key) || IsConfigValueGiven(*config, key)) return std::nullopt;
  return SetConfigValue(key, GetConfigValue(from, key), config);
}

}  // namespace

Result<Config> DecodeEngineFlags(const std::vector<std::string>& arguments, const std::string& engine_id,
                                 const Catalog& catalog) {
  const SplitFlags split = Split(arguments);
  Result<Config> config = DecodeConfigFlags(split.ours);
  if (!config.ok() || split.theirs.empty()) return config;
  const Engine* engine = FindEngine(config->engine.empty() ? engine_id : config->engine);
  if (engine == nullptr || TableOf(*engine) == nullptr) return UnknownWord(engine, split.theirs.front().text);
  const Result<EngineVersion> version = engine->ReadVersion(config->engine_version, "engine_version");
  if (!version.ok()) return version.error();

  OptionReading reading;
  reading.catalog = &catalog;
  reading.version = &*version;
  if (std::optional<Error> error = ReadOptions(*engine, split.theirs, &reading)) return *error;
  if (!reading.model.empty() && !ResolveNames(&reading)) {
    return Error{"model", Quoted(reading.model), "a model that the catalog knows"};
  }
  for (const ConfigKey& key : ConfigKeys()) {
    if (std::optional<Error> error = Add(reading.config, key.json, &*config)) return *error;
  }
  // What only several options together say; the engine's own defaults are not wanted here.
  const bool ranks = reading.config.tp || reading.config.pp || reading.config.dp;
  // Sizes of a rank are counted for all, which our own flags may have said.
  reading.config.tp = config->tp;
  reading.config.pp = config->pp;
  if (engine->language()->finish != nullptr) engine->language()->finish(&reading);
  if (std::optional<Error> error = FindIdle(reading, split.theirs)) return *error;
  for (const std::string_view key : {"format", "speculative", "lora", "kv_offloading_gib", "hicache_ratio"}) {
    if (std::optional<Error> error = Add(reading.config, key, &*config)) return *error;
  }
  if (ranks) {
    if (std::optional<Error> error = Add(reading.config, "gpus", &*config)) return *error;
  }
  return config;
}

}  // namespace plimsoll
