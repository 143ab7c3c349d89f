#include "core/check/engine_command.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/option_readers.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

// Variables that every shell has, and that no engine reads.
bool IsShellVariable(std::string_view name) {
  for (const std::string_view one : {"PATH",
                                     "HOME",
                                     "USER",
                                     "PWD",
                                     "LANG",
                                     "LC_ALL",
                                     "SHELL",
                                     "PYTHONPATH",
                                     "LD_LIBRARY_PATH",
                                     "CUDA_HOME",
                                     "CUDA_DEVICE_ORDER",
                                     "NVIDIA_DRIVER_CAPABILITIES",
                                     "DEBIAN_FRONTEND",
                                     "VIRTUAL_ENV",
                                     "TMPDIR",
                                     "TZ",
                                     "http_proxy",
                                     "https_proxy",
                                     "HTTP_PROXY",
                                     "HTTPS_PROXY",
                                     "NO_PROXY",
                                     "no_proxy"}) {
    if (name == one) return true;
  }
  return false;
}

std::string Shown(std::string_view name, std::string_view value) {
  if (value.empty()) return std::string(name);
  const std::string_view shown = IsSecret(name) ? std::string_view("…") : value;
  const bool variable = name.empty() || name[0] != '-';
  return std::string(name) + (variable ? "=" : " ") + std::string(shown);
}

class CommandReader {
 public:
  CommandReader(const CommandSource& source, const Catalog& catalog) : source_(source) {
    first_ = &source.invocations.front();
    result_.kind = CheckKind::kCommand;
    result_.what = std::string(first_->engine->traits().name) + " command";
    if (!source.what.empty()) {
      result_.what += " in a " + source.what;
    } else if (!first_->wrapper.empty()) {
      result_.what += " in " + std::string(first_->wrapper);
    }
    reading_.catalog = &catalog;
  }

  CheckResult Read() {
    result_.config.engine = std::string(first_->engine->traits().id);
    for (const Invocation& invocation : source_.invocations) {
      parsed_.push_back(ParseArguments(Table(invocation), invocation.program->also, SyntaxOf(invocation),
                                       invocation.words));
    }
    FindVersion();
    reading_.version = &version_;
    reading_.config.engine = result_.config.engine;
    TakeDefaults();
    for (size_t i = 0; i < source_.invocations.size(); ++i) ReadOne(source_.invocations[i], parsed_[i]);
    Finish();
    return std::move(result_);
  }

 private:
  static const OptionSyntax& SyntaxOf(const Invocation& invocation) {
    return invocation.program->syntax != nullptr ? *invocation.program->syntax : invocation.language->syntax;
  }
  static const OptionTable& Table(const Invocation& invocation) { return *invocation.program->table; }

  // As an image or a package says; else the newest that still has every option that was given.
  void FindVersion() {
    std::string text = source_.version;
    for (const Invocation& invocation : source_.invocations) {
      if (!invocation.version.empty()) text = invocation.version;
    }
    const Engine& engine = *first_->engine;
    if (!text.empty()) {
      Result<EngineVersion> version = engine.ReadVersion(text, "version");
      if (version.ok()) {
        version_ = std::move(*version);
        reading_.config.engine_version = text;
        stated_ = true;
        return;
      }
    }
    Result<EngineVersion> newest = engine.ReadVersion("", "version");
    if (newest.ok()) version_ = std::move(*newest);
    std::string_view oldest_end;
    for (const ParsedArguments& parsed : parsed_) {
      for (const ParsedOption& option : parsed.options) {
        const EngineOption& row = option.option;
        if (row.until.empty() || row.until_excluded || AgeAt(row, version_) != OptionAge::kGone) continue;
        if (oldest_end.empty() || CompareReleases(row.until, oldest_end) < 0) oldest_end = row.until;
      }
    }
    if (oldest_end.empty()) return;
    Result<EngineVersion> inferred = engine.ReadVersion(oldest_end, "version");
    if (!inferred.ok()) return;
    newest_ = version_;
    version_ = std::move(*inferred);
    reading_.config.engine_version = std::string(oldest_end);
    result_.problems.push_back({"version_inferred", "",
                                "No release is named; the options are those of " +
                                    std::string(engine.traits().name) + " " + std::string(oldest_end) +
                                    " or earlier, and are read as that release's.",
                                "", Severity::kInfo});
  }

  static std::string_view DefaultsOf(const Invocation& invocation) {
    return invocation.defaults.empty() ? invocation.program->defaults : invocation.defaults;
  }

  // What a program takes that its engine would not stands there before anything is read.
  void TakeDefaults() {
    const std::string_view defaults = DefaultsOf(*first_);
    if (defaults.empty()) return;
    const Result<DecodedConfig> taken = DecodeConfigUrl(defaults);
    if (!taken.ok()) return;
    for (const ConfigKey& key : ConfigKeys()) {
      if (!IsConfigValueGiven(taken->config, key)) continue;
      (void)SetConfigValue(key, GetConfigValue(taken->config, key), &reading_.config);
      assumed_.push_back(&key);
    }
  }

  void SayDefaults() {
    std::vector<std::string> said;
    for (const ConfigKey* key : assumed_) {
      const bool read = std::any_of(result_.understood.begin(), result_.understood.end(),
                                    [&](const ReadItem& item) { return item.key == key->json; });
      if (!read) said.push_back(std::string(key->json) + " " + GetConfigText(result_.config, *key));
    }
    if (said.empty()) return;
    result_.problems.push_back({"program_defaults", "",
                                "Where nothing is said the program takes its own: " +
                                    ListText({said.begin(), said.end()}, "and") + ".",
                                "", Severity::kInfo});
  }

  void ReadOne(const Invocation& invocation, const ParsedArguments& parsed) {
    ReadVariables(invocation);
    for (const ParsedOption& option : parsed.options) ReadOption(invocation, option);
    for (const GivenOption& given : invocation.given) ReadGiven(invocation, given);
    for (const UnknownWords& unknown : parsed.unknown) AddUnknown(invocation, unknown);
    ReadPositional(invocation, parsed);
    if (invocation.gpus) reading_.visible = *invocation.gpus;
    if (invocation.nodes && !reading_.config.nodes) reading_.config.nodes = *invocation.nodes;
    ReadNodeLabel(invocation);
    if (!invocation.program->says.empty()) {
      result_.problems.push_back({"program", std::string(invocation.program->words),
                                  std::string(invocation.program->says), "", Severity::kInfo});
    }
  }

  // GPU feature discovery marks cards that are shared in turns behind the product's name.
  void ReadNodeLabel(const Invocation& invocation) {
    if (invocation.gpu.empty()) return;
    std::string_view name = invocation.gpu;
    constexpr std::string_view kShared = "-SHARED";
    const bool shared = name.ends_with(kShared);
    if (shared) name.remove_suffix(kShared.size());
    const Gpu* gpu = FindGpuNamed(*reading_.catalog, name);
    if (gpu == nullptr) {
      result_.not_understood.push_back(invocation.gpu);
      AddProblem(
          "card_unknown", invocation.gpu,
          Quoted(invocation.gpu) + ", which the nodes are chosen by, is no card that the catalog knows.",
          "Name the card.", Severity::kWarning);
      return;
    }
    reading_.config.gpu = {gpu->id};
    result_.understood.push_back({invocation.gpu, invocation.gpu, "", "gpu", ReadEffect::kKey,
                                  shared ? "shared in turns: others' memory is not known" : ""});
  }

  void ReadVariables(const Invocation& invocation) {
    for (const Variable& variable : invocation.variables) {
      std::optional<EngineOption> row = FindVariable(Table(invocation), variable.first);
      if (!row && invocation.program->also != nullptr)
        row = FindVariable(*invocation.program->also, variable.first);
      ReadItem item;
      item.text = Shown(variable.first, variable.second);
      item.option = variable.first;
      item.value = IsSecret(variable.first) ? "…" : variable.second;
      if (!row) {
        if (IsShellVariable(variable.first)) continue;
        if (IsUsed(invocation, variable)) continue;
        result_.not_understood.push_back(item.text);
        continue;
      }
      OptionUse use;
      use.value = variable.second;
      Use(*row, use, std::move(item), "");
    }
  }

  // A variable of the script that only fills in a word ("--model $MODEL").
  static bool IsUsed(const Invocation& invocation, const Variable& variable) {
    // Several options, or the whole command.
    const bool options = variable.second.starts_with("-") && variable.second.find(' ') != std::string::npos;
    if (options) {
      const std::string first = variable.second.substr(0, variable.second.find_first_of(" ="));
      return std::any_of(invocation.words.begin(), invocation.words.end(),
                         [&](const ArgumentWord& word) { return word.text.starts_with(first); });
    }
    if (variable.second.find(invocation.program->words) != std::string::npos) return true;
    return std::any_of(invocation.words.begin(), invocation.words.end(), [&](const ArgumentWord& word) {
      return !variable.second.empty() && word.text.find(variable.second) != std::string::npos;
    });
  }

  void ReadOption(const Invocation& invocation, const ParsedOption& as_parsed) {
    ParsedOption parsed = as_parsed;
    parsed.option = RowAt(Table(invocation), parsed.option, version_);
    ReadItem item;
    item.option = parsed.name;
    item.value = IsSecret(parsed.name) ? "…" : parsed.value;
    item.text = Shown(parsed.name, parsed.value);
    if (parsed.lacks_value) {
      AddProblem("value_missing", parsed.name, parsed.name + " has no value.", "Give it one.",
                 Severity::kError);
      result_.not_understood.push_back(item.text);
      return;
    }
    CheckAge(parsed);
    CheckValue(parsed);
    OptionUse use;
    use.value = parsed.value;
    use.path = parsed.path;
    use.negated = parsed.negated;
    AddPlace(invocation, parsed);
    Use(parsed.option, use, std::move(item), parsed.name);
  }

  // A keyword of Python comes with the dashes of an option, which the engine's own names may not have.
  std::optional<FoundOption> FindGiven(const Invocation& invocation, std::string_view name) const {
    const OptionTable* tables[] = {invocation.program->table, invocation.program->also};
    for (const std::string_view one : {name, name.starts_with("--") ? name.substr(2) : std::string_view()}) {
      for (const OptionTable* table : tables) {
        if (table == nullptr || one.empty()) continue;
        if (std::optional<FoundOption> found = FindOption(*table, SyntaxOf(invocation), one)) return found;
      }
    }
    return std::nullopt;
  }

  void ReadGiven(const Invocation& invocation, const GivenOption& given) {
    const OptionTable& table = Table(invocation);
    const std::optional<FoundOption> found = FindGiven(invocation, given.name);
    std::string_view shown = given.name;
    if (shown.starts_with("--")) shown.remove_prefix(2);
    ReadItem item;
    item.option = std::string(shown);
    item.value = IsSecret(shown) ? "…" : given.value;
    item.text = std::string(shown) + ": " + item.value;
    if (!found) {
      const std::string nearest = Near(table, given.name);
      AddProblem(
          "option_unknown", item.option,
          std::string(first_->engine->traits().name) + " has no option " + Quoted(shown) + " that is known.",
          nearest.empty() ? "" : "Is " + nearest + " meant?", Severity::kWarning);
      result_.not_understood.push_back(std::move(item.text));
      return;
    }
    ParsedOption parsed;
    parsed.option = RowAt(table, found->option, version_);
    parsed.name = item.option;
    parsed.value = given.value;
    parsed.has_value = true;
    CheckAge(parsed);
    OptionPlace place;
    place.option = std::string(FirstName(parsed.option.names));
    place.key = std::string(parsed.option.key);
    place.begin = given.begin;
    place.end = given.end;
    place.value_begin = given.value_begin;
    result_.places.push_back(std::move(place));
    OptionUse use;
    use.value = given.value;
    use.path = found->use.path;
    use.negated = found->use.negated;
    Use(parsed.option, use, std::move(item), parsed.name);
  }

  void AddPlace(const Invocation& invocation, const ParsedOption& parsed) {
    const ArgumentWord& first = invocation.words[parsed.first];
    const ArgumentWord& last = invocation.words[parsed.first + parsed.count - 1];
    const bool same = parsed.count == 1 && parsed.has_value;
    OptionPlace place;
    place.option = std::string(FirstName(parsed.option.names));
    place.key = std::string(parsed.option.key);
    place.begin = first.begin;
    place.end = last.end;
    place.value_begin = !parsed.has_value ? last.end
                        : same            ? first.begin + parsed.name.size() + 1
                                          : invocation.words[parsed.first + 1].begin;
    result_.places.push_back(std::move(place));
  }

  void CheckAge(const ParsedOption& parsed) {
    const EngineOption& row = parsed.option;
    const std::string name(first_->engine->traits().name);
    const EngineVersion& asked = newest_.text.empty() ? version_ : newest_;
    const OptionAge age = AgeAt(row, asked);
    const std::string instead =
        row.instead.empty() ? "Leave it out." : "Write " + std::string(row.instead) + " instead.";
    if (age == OptionAge::kGone) {
      const bool still = AgeAt(row, version_) == OptionAge::kKnown;
      AddProblem("option_removed", parsed.name,
                 parsed.name + (row.until_excluded ? " is gone since " : " was last in ") + name + " " +
                     std::string(row.until) + (still ? "." : "; " + version_.text + " refuses it."),
                 still ? "With newer releases: " + instead : instead,
                 still ? Severity::kWarning : Severity::kError);
    } else if (age == OptionAge::kNotYet && stated_) {
      AddProblem("option_too_new", parsed.name,
                 parsed.name + " came with " + name + " " + std::string(row.since) + "; " + version_.text +
                     " refuses it.",
                 "Leave it out, or take " + std::string(row.since) + " or later.", Severity::kError);
    } else if (!row.instead.empty() && row.until.empty()) {
      AddProblem("option_renamed", parsed.name, parsed.name + " has another name by now.", instead,
                 Severity::kInfo);
    }
  }

  // A flag that has become an option with a value, and the other way round.
  void CheckValue(const ParsedOption& parsed) {
    const EngineOption& row = parsed.option;
    const std::string name(first_->engine->traits().name);
    if (row.value == OptionValue::kOptional && !parsed.has_value && !row.since.empty()) {
      AddProblem("value_missing", parsed.name,
                 parsed.name + " takes on, off or auto since " + name + " " + std::string(row.since) + ".",
                 "Write " + parsed.name + " on.", Severity::kWarning);
    }
    if (row.value == OptionValue::kNone && parsed.has_value && !row.until.empty() &&
        ReadTruth(parsed.value)) {
      AddProblem(
          "value_too_new", parsed.name,
          parsed.name + " is a flag without a value up to " + name + " " + std::string(row.until) + ".",
          "Write " + parsed.name + " alone.", Severity::kWarning);
    }
  }

  void Use(const EngineOption& row, const OptionUse& use, ReadItem item, const std::string& name) {
    reading_.note.clear();
    item.effect = row.effect == OptionEffect::kFree ? ReadEffect::kFree
                  : row.effect == OptionEffect::kKey && FindConfigKey(row.key) != nullptr
                      ? ReadEffect::kKey
                      : ReadEffect::kNotModelled;
    item.key = item.effect == ReadEffect::kKey ? std::string(row.key) : "";
    if (row.effect != OptionEffect::kNotModelled) {
      const std::optional<Error> error = ReadUse(row, use, &reading_);
      if (error && IsUnset(use.value)) {
        item.effect = ReadEffect::kNotModelled;
        item.key.clear();
        item.note = "what " + std::string(use.value) + " stands for is not in the text: left at its default";
        result_.understood.push_back(std::move(item));
        return;
      }
      if (error) {
        AddProblem("value_not_taken", name.empty() ? item.option : name,
                   error->given + " is not taken; give " + error->accepted + ".", "", Severity::kError);
        result_.not_understood.push_back(item.text);
        return;
      }
    }
    item.note = reading_.note;
    result_.understood.push_back(std::move(item));
  }

  // A variable of the shell that nothing in the text sets.
  static bool IsUnset(std::string_view value) {
    if (value.size() < 2 || value[0] != '$') return false;
    const char first = value[1];
    return first == '{' || first == '(' || first == '_' || (first >= 'A' && first <= 'Z') ||
           (first >= 'a' && first <= 'z');
  }

  // Looking for what was meant takes long: the first mistakes are enough.
  std::string Near(const OptionTable& table, std::string_view name) {
    constexpr size_t kMostLooked = 16;
    return result_.not_understood.size() < kMostLooked ? NearestOption(table, name) : std::string();
  }

  void AddUnknown(const Invocation& invocation, const UnknownWords& unknown) {
    const ArgumentWord& word = invocation.words[unknown.first];
    std::string text = word.text;
    if (unknown.count > 1) text = Shown(word.text, invocation.words[unknown.first + 1].text);
    const std::string nearest = Near(Table(invocation), word.text);
    AddProblem("option_unknown", word.text.substr(0, word.text.find('=')),
               std::string(first_->engine->traits().name) + " has no option " + Quoted(word.text) +
                   " that is known.",
               nearest.empty() ? "" : "Is " + nearest + " meant?", Severity::kWarning);
    result_.not_understood.push_back(std::move(text));
  }

  void ReadPositional(const Invocation& invocation, const ParsedArguments& parsed) {
    bool taken = !invocation.program->takes_model;
    for (const size_t at : parsed.positional) {
      const std::string& word = invocation.words[at].text;
      if (taken && invocation.program->takes_prompt) {
        result_.understood.push_back({word, "", word, "", ReadEffect::kFree, "what the model is asked"});
        continue;
      }
      if (taken) {
        result_.not_understood.push_back(word);
        continue;
      }
      taken = true;
      reading_.model = word;
      result_.understood.push_back({word, "", word, "model", ReadEffect::kKey, ""});
    }
  }

  // An option by any of its spellings: "--hicache-size", "hicache_size".
  static bool IsSpelling(std::string_view given, std::string_view name) {
    const auto bare = [](std::string_view text) {
      std::string letters(text);
      letters.erase(
          std::remove_if(letters.begin(), letters.end(), [](char c) { return c == '-' || c == '_'; }),
          letters.end());
      return letters;
    };
    return bare(given) == bare(name);
  }

  void SayIdle(const IdleOption& idle) {
    const std::string without = "does nothing without " + std::string(idle.without);
    for (ReadItem& item : result_.understood) {
      if (!IsSpelling(item.option, idle.name)) continue;
      item.effect = ReadEffect::kFree;
      item.key.clear();
      item.note = without;
      AddProblem("option_idle", item.option, item.option + " " + without + ".",
                 "Add " + std::string(idle.without) + ", or leave it out.", Severity::kWarning);
    }
  }

  void Finish() {
    bool known = ResolveNames(&reading_);
    if (first_->language->finish != nullptr) first_->language->finish(&reading_);
    for (const IdleOption& idle : reading_.idle) SayIdle(idle);
    known = known || !reading_.config.model.empty();  // by a name that only the engine has
    if (!known) {
      for (size_t i = 0; i < result_.understood.size(); ++i) {
        if (result_.understood[i].key != "model") continue;
        result_.not_understood.push_back(result_.understood[i].text);
        result_.understood.erase(result_.understood.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
      AddProblem("model_unknown", "", Quoted(reading_.model) + " is no model that the catalog knows.",
                 "Give its config.json, or its name in the catalog.", Severity::kError);
    }
    for (Diagnostic& remark : reading_.remarks) {
      result_.problems.push_back(
          {std::move(remark.code), "", std::move(remark.message), std::move(remark.fix), remark.severity});
    }
    for (const std::string& name : source_.unknown_variables) {
      AddProblem("variable_unknown", "$" + name, "What $" + name + " stands for is not in the text.", "",
                 Severity::kInfo);
    }
    result_.config = std::move(reading_.config);
    SayDefaults();
    TakeComments();
    for (const Invocation& invocation : source_.invocations) {
      // What a launch writes is the first program's; another's options may have other names.
      const OptionTable* written = invocation.language->programs.front().table;
      const bool same = invocation.program->table == written || invocation.program->also == written;
      if (!same || invocation.end <= result_.insert_at) continue;
      result_.insert_at = invocation.end;
      result_.insert_within = invocation.within;
    }
  }

  // "# plimsoll: g=rtx-4090&in=1024": what a command cannot say. Its options go before.
  void TakeComments() {
    constexpr std::string_view kMark = "plimsoll:";
    for (const std::string& comment : source_.comments) {
      const size_t mark = comment.find(kMark);
      if (mark == std::string::npos) continue;
      std::string_view fragment = std::string_view(comment).substr(mark + kMark.size());
      const size_t begin = fragment.find_first_not_of(" \t");
      if (begin == std::string_view::npos) continue;
      fragment = fragment.substr(begin, fragment.find_first_of(" \t\r", begin) - begin);
      const Result<DecodedConfig> told = DecodeConfigUrl(fragment);
      if (!told.ok()) continue;
      for (const ConfigKey& key : ConfigKeys()) {
        if (!IsConfigValueGiven(told->config, key)) continue;
        if (SetConfigValue(key, GetConfigValue(told->config, key), &result_.config)) continue;
        result_.understood.push_back({"# " + std::string(key.json), "", GetConfigText(told->config, key),
                                      std::string(key.json), ReadEffect::kKey, ""});
      }
    }
  }

  void AddProblem(std::string code, std::string option, std::string message, std::string fix,
                  Severity severity) {
    result_.problems.push_back(
        {std::move(code), std::move(option), std::move(message), std::move(fix), severity});
  }

  const CommandSource& source_;
  const Invocation* first_;
  OptionReading reading_;
  EngineVersion version_, newest_;  // newest_: where an older one was inferred
  bool stated_ = false;
  std::vector<const ConfigKey*> assumed_;
  std::vector<ParsedArguments> parsed_;
  CheckResult result_;
};

// Of one text.
constexpr size_t kMostPrograms = 8, kMostInSession = 64;

// "name==1.2.3" or "name[all]==1.2.3" of a package.
std::string PackageVersion(const ShellScript& script, std::string_view id) {
  for (const ShellCommand& command : script.commands) {
    for (const ArgumentWord& word : command.words) {
      const size_t equals = word.text.find("==");
      if (equals == std::string::npos) continue;
      const std::string_view name = std::string_view(word.text).substr(0, word.text.find('['));
      if (name.substr(0, name.find('=')) == id) return word.text.substr(equals + 2);
    }
  }
  return {};
}

}  // namespace

CheckResult ReadInvocations(const CommandSource& source, const Catalog& catalog) {
  return CommandReader(source, catalog).Read();
}

std::optional<Result<CheckResult>> ReadCommandText(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCommandBytes) return std::nullopt;
  ShellScript script = SplitShell(text);
  CommandSource source;
  size_t more = 0;
  for (const ShellCommand& command : script.commands) {
    std::optional<Invocation> found = FindInvocation(command, script.variables);
    if (!found) continue;
    // A server and what is run on it belong together; a second server is another question.
    const bool joins = source.invocations.empty() ||
                       (found->engine == source.invocations[0].engine &&
                        (found->program != source.invocations[0].program || found->program->in_session));
    if (joins && source.invocations.size() < (found->program->in_session ? kMostInSession : kMostPrograms)) {
      source.invocations.push_back(std::move(*found));
    } else {
      ++more;
    }
  }
  // CMD="vllm serve …": a script may keep its command in a variable.
  for (const Variable& variable : script.variables) {
    if (!source.invocations.empty()) break;
    const ShellScript kept = SplitShell(variable.second, 0, script.variables);
    for (const ShellCommand& command : kept.commands) {
      std::optional<Invocation> found = FindInvocation(command, script.variables);
      if (!found) continue;
      for (ArgumentWord& word : found->words) word.begin = word.end = 0;  // its letters stand elsewhere
      found->end = 0;
      source.invocations.push_back(std::move(*found));
      break;
    }
  }
  if (source.invocations.empty()) return std::nullopt;
  source.version = PackageVersion(script, source.invocations[0].engine->traits().id);
  source.comments = std::move(script.comments);
  source.unknown_variables = std::move(script.unknown_variables);
  CheckResult result = ReadInvocations(source, catalog);
  if (more > 0) {
    result.problems.push_back({"several_commands", "",
                               CountedText(static_cast<int64_t>(more), "more command", "more commands") +
                                   " in the text: only the first is read.",
                               "Check them one by one.", Severity::kInfo});
  }
  return result;
}

}  // namespace plimsoll
