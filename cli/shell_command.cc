// What the command gives to a shell: completion scripts, the words that they offer, and the manual page. All
// of it follows from the tables of commands and of configuration keys.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "core/base/text.h"
#include "core/config/config_flags.h"
#include "core/config/config_keys.h"
#include "core/engines/registry.h"
#include "core/launch/launch.h"

namespace plimsoll {
namespace {

// Each asks `plimsoll complete` for what may follow the words so far.
constexpr const char* kBash =
    "# bash completion for plimsoll\n"
    "_plimsoll() {\n"
    "  local IFS=$'\\n'\n"
    "  COMPREPLY=($(plimsoll complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
    "}\n"
    "complete -o default -F _plimsoll plimsoll\n";
constexpr const char* kZsh =
    "#compdef plimsoll\n"
    "_plimsoll() {\n"
    "  local -a offers\n"
    "  offers=(\"${(@f)$(plimsoll complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "  if [[ -n \"$offers\" ]]; then compadd -Q -a offers; else _files; fi\n"
    "}\n"
    // As a file of $fpath it is run at the first Tab and has to answer that one already.
    "if [[ \"${funcstack[1]}\" == _plimsoll ]]; then _plimsoll \"$@\"; else compdef _plimsoll plimsoll; fi\n";
constexpr const char* kFish =
    "# fish completion for plimsoll\n"
    "function __plimsoll_offers\n"
    "  set -l words (commandline -opc) (commandline -ct)\n"
    "  plimsoll complete $words[2..-1] 2>/dev/null\n"
    "end\n"
    // Files are offered where there is nothing better.
    "complete -c plimsoll -f -n 'test (count (__plimsoll_offers)) -gt 0' -a '(__plimsoll_offers)'\n";

// The flags that a usage text names: "--json", "--vary".
std::vector<std::string> FlagsIn(std::string_view usage) {
  std::vector<std::string> flags;
  for (size_t at = usage.find("--"); at != std::string_view::npos; at = usage.find("--", at + 2)) {
    size_t end = at + 2;
    while (end < usage.size() && ((usage[end] >= 'a' && usage[end] <= 'z') || usage[end] == '-')) ++end;
    const std::string flag(usage.substr(at, end - at));
    if (flag.size() > 2 && std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.push_back(flag);
  }
  return flags;
}

// Of every command that takes a configuration.
std::vector<std::string_view> CommonFlags() {
  return {"--config", "--url", "--hub", "--revision", "--offline"};
}

void AddFlags(const Command& command, std::vector<std::string>* offers) {
  for (std::string& flag : FlagsIn(command.usage)) offers->push_back(std::move(flag));
  if (command.takes_config) {
    for (const ConfigKey& key : ConfigKeys()) offers->push_back(FlagName(key));
    for (const std::string_view flag : CommonFlags()) offers->emplace_back(flag);
  }
  offers->push_back("--help");
}

bool IsPlainWord(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-_0123456789") == std::string::npos;
}

// "a|b|c" as words, those in capitals left out.
void AddAlternatives(std::string_view text, std::vector<std::string>* offers) {
  for (const std::string_view part : SplitAt(text, '|')) {
    if (IsPlainWord(part)) offers->push_back(std::string(part));
  }
}

void AddOnce(std::string_view text, std::vector<std::string>* offers) {
  if (std::find(offers->begin(), offers->end(), text) == offers->end()) offers->emplace_back(text);
}

// What a flag takes, where that is a list of words.
void AddValues(const Command& command, std::string_view flag, const Catalog& catalog,
               std::vector<std::string>* offers) {
  if (flag == "--model") {
    for (const Model& model : catalog.models()) offers->push_back(model.id);
  } else if (flag == "--gpu") {
    for (const Gpu& gpu : catalog.gpus()) offers->push_back(gpu.id);
  } else if (flag == "--format") {
    for (const WeightFormat& format : catalog.formats()) offers->push_back(format.id);
  } else if (flag == "--engine") {
    for (const Engine* engine : Engines()) offers->push_back(std::string(engine->traits().id));
  } else if (flag == "--as") {
    for (const Engine* engine : Engines()) {
      for (const std::string_view form : LaunchForms(*engine)) AddOnce(form, offers);
    }
  } else if (flag == "--vary") {
    offers->insert(offers->end(), {"format", "gpus", "gpu", "model", "engine", "kv_cache_dtype"});
  } else {
    // Others stand in the usage: "[--arrival poisson|constant|…]".
    const size_t at = command.usage.find(std::string(flag) + " ");
    std::string_view value = at == std::string_view::npos ? "" : command.usage.substr(at + flag.size() + 1);
    value = value.substr(0, value.find_first_of(" ]\n"));
    if (value.find('|') != std::string_view::npos) AddAlternatives(value, offers);
  }
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.choice_count == 0 || FlagName(key) != flag) continue;
    for (int i = 0; i < key.choice_count; ++i) offers->push_back(std::string(key.choices[i].id));
  }
}

// Words after a verb that are no flags: those that its usage lists between bars.
void AddWords(const Command& command, std::vector<std::string>* offers) {
  const std::string_view usage = command.usage.substr(0, command.usage.find('\n'));
  for (const std::string_view word : SplitAt(usage, ' ')) {
    if (word.find('|') == std::string_view::npos || word.starts_with('[') || word.starts_with("--")) continue;
    AddAlternatives(word, offers);
  }
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '\\') out += '\\';
    out += c;
  }
  // A line that begins with a point is a request to the formatter.
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string EscapedLines(std::string_view text) {
  std::string out;
  for (std::string_view line : SplitAt(text, '\n')) {
    while (line.starts_with(' ')) line.remove_prefix(1);
    out += Escaped(line) + "\n";
  }
  return out;
}

}  // namespace

CommandResult RunCompletion(const Arguments& arguments, const CommandContext& /*context*/) {
  const std::string shell = arguments.size() == 1 ? arguments.front() : "";
  if (shell == "bash") return {0, kBash, ""};
  if (shell == "zsh") return {0, kZsh, ""};
  if (shell == "fish") return {0, kFish, ""};
  return Refused({"completion", shell.empty() ? "nothing" : Quoted(shell), "bash, zsh or fish"});
}

CommandResult RunComplete(const Arguments& arguments, const CommandContext& context) {
  std::string word = arguments.empty() ? "" : arguments.back();
  std::string kept;  // what stands before the part of the word that is offered
  std::vector<std::string> offers;
  if (arguments.size() <= 1) {
    for (const Command& command : Commands()) {
      if (command.run != RunComplete) offers.push_back(std::string(command.name));
    }
    offers.insert(offers.end(), {"--help", "--version"});
  } else {
    const auto commands = Commands();
    const auto command = std::find_if(commands.begin(), commands.end(), [&](const Command& candidate) {
      return candidate.name == arguments.front();
    });
    if (command == commands.end()) return {0, "", ""};
    std::string before = arguments[arguments.size() - 2];
    const size_t equals = word.find('=');
    if (word == "=") {  // bash takes words apart there: "--gpu", "=", "rtx-40"
      word.clear();
    } else if (before == "=" && arguments.size() > 2) {
      before = arguments[arguments.size() - 3];
    } else if (word.starts_with("--") && equals != std::string::npos) {
      before = word.substr(0, equals);
      kept = word.substr(0, equals + 1);
    }
    const bool asks_for_flags = word.empty() && command->takes_config && !before.starts_with("--");
    if (kept.empty() && (word.starts_with('-') || asks_for_flags)) {
      AddFlags(*command, &offers);
    } else if (before.starts_with("--")) {
      // Of a list the last member is being written.
      const size_t comma = word.rfind(',');
      if (comma != std::string::npos) kept = word.substr(0, comma + 1);
      word.erase(0, kept.size());
      AddValues(*command, before, context.catalog, &offers);
    } else {
      AddWords(*command, &offers);
    }
  }
  std::string text;
  for (const std::string& offer : offers) {
    if (offer.starts_with(word)) text += kept + offer + "\n";
  }
  return {0, text, ""};
}

CommandResult RunMan(const Arguments& arguments, const CommandContext& /*context*/) {
  if (!arguments.empty()) return Refused({"man", Quoted(arguments.front()), "nothing"});
  std::string text =
      ".TH PLIMSOLL 1 \"\" \"plimsoll " PLIMSOLL_VERSION
      "\" \"User Commands\"\n"
      ".SH NAME\nplimsoll \\- will a language model fit on these GPUs, and how fast will it run\n"
      ".SH SYNOPSIS\n.B plimsoll\n.I command\n[\\fIoption\\fR ...]\n"
      ".SH DESCRIPTION\n"
      "Plimsoll says whether a language model fits on given cards, where every byte goes, how many sequences "
      "it\n"
      "holds, how fast it runs, and which change would make it fit. A configuration is given by flags, by a "
      "JSON\n"
      "file or by a link; flags win.\n"
      ".SH COMMANDS\n";
  for (const Command& command : Commands()) {
    if (command.run == RunComplete) continue;
    text += ".TP\n.B " + Escaped(command.name) + "\n" + Escaped(command.summary) + ".\n.RS\n.nf\n" +
            EscapedLines(command.usage) + ".fi\n.RE\n";
  }
  text +=
      ".SH CONFIGURATION\n.TP\n.B \\-\\-config \\fIFILE\\fR\nthe configuration as JSON\n"
      ".TP\n.B \\-\\-url \\fIURL\\fR\nthe configuration as a link\n"
      ".TP\n.B \\-\\-hub \\fIURL\\fR\nwhere models that the catalog does not hold are fetched; HF_ENDPOINT "
      "does the same\n"
      ".TP\n.B \\-\\-revision \\fIREV\\fR\nwhich revision of a repository\n"
      ".TP\n.B \\-\\-offline\nask nobody\n";
  for (const ConfigKey& key : ConfigKeys()) {
    text += ".TP\n.B " + Escaped(FlagName(key)) + "\n" + Escaped(key.help) + "\n";
  }
  text +=
      ".SH EXIT STATUS\n.TP\n0\nanswered\n.TP\n1\ndoes not fit, where \\-\\-exit\\-code asks for "
      "it\n.TP\n2\nbad "
      "input, explained in one line on standard error\n"
      ".SH EXAMPLES\n.nf\n";
  for (const Command& command : Commands()) {
    for (const std::string_view example : SplitAt(command.examples, '\n')) {
      if (!example.empty()) text += "plimsoll " + Escaped(example) + "\n";
    }
  }
  return {0, text + ".fi\n", ""};
}

}  // namespace plimsoll
