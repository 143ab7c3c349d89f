// What people tell an engine, as data: its programs, container images and Python classes, and a row for each
// option and environment variable, by release. Both directions read the same rows: a command becomes a Config
// (core/check), a Config becomes a command (core/launch). Each engine fills in one EngineLanguage.
#ifndef PLIMSOLL_CORE_ENGINES_ENGINE_OPTIONS_H_
#define PLIMSOLL_CORE_ENGINES_ENGINE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/config/engine_version.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// How many words an option takes.
enum class OptionValue : uint8_t {
  kNone,      // none; "=false" may follow
  kOne,       // one
  kMany,      // all up to the next option
  kOptional,  // the next word, where it is one of a switch's: on, off, auto
};

enum class OptionEffect : uint8_t {
  kKey,          // sets a key of Config
  kFree,         // costs neither memory nor speed
  kNotModelled,  // matters, and what it does is not modelled
};

// One use of an option.
struct OptionUse {
  std::string_view value;  // several words are joined by spaces; a flag's is empty
  std::string_view path;   // behind the first dot of a dotted name: "method" of --speculative-config.method
  bool negated = false;    // by a name that switches off
};

// Several options come together to one draft.
struct DraftReading {
  std::string method, model, format;
  std::optional<int64_t> tokens, steps;
};

// An option that does nothing without another.
struct IdleOption {
  std::string_view name, without;
};

// What reading fills. Values come in one by one, and the engine's `finish` makes a Config of them.
struct OptionReading {
  const Catalog* catalog = nullptr;
  const EngineVersion* version = nullptr;
  Config config;
  std::string model;         // as it is named: repository, file, tag
  std::string file;          // of the model's repository, where that is named apart
  std::string served_name;   // a label; tells the model where a path does not
  std::string quantization;  // as named; what it means the checkpoint may decide
  std::string dtype;         // of plain weights
  DraftReading draft;
  bool lora = false;
  std::optional<int64_t> max_loras, lora_rank;
  std::optional<int64_t> visible;  // cards that a variable, container or cluster leaves visible; 0: none
  std::optional<int64_t> expert_ranks;
  std::vector<std::string> choices;  // words that the engine's `finish` wants: "dp_attention"
  std::vector<Diagnostic> remarks;   // of the whole command
  std::vector<IdleOption> idle;
  std::string note;  // of the option that was read last
};

struct EngineOption;

// The error's `given` is the value, its `accepted` what the option takes; the field is not looked at.
using ReadOption = std::optional<Error> (*)(const EngineOption& option, const OptionUse& use,
                                            OptionReading* reading);

// What is to be written.
struct LaunchSubject {
  const Config& config;  // without what is the engine's default anyway
  const Resolved& resolved;
  const Catalog& catalog;
  std::string model;  // as the engine takes it: repository, file or tag
  std::string draft;
};
// The option's value; empty: it is not written. Of a flag: "true", or "false" for its negation.
using WriteOption = std::string (*)(const EngineOption& option, const LaunchSubject& subject);

struct EngineOption {
  std::string_view names = {};      // apart by spaces; the first is the one to write
  std::string_view negated = {};    // names that switch it off; the first is the one to write
  std::string_view variables = {};  // of the environment
  OptionValue value = OptionValue::kOne;
  OptionEffect effect = OptionEffect::kKey;
  std::string_view key = {};  // of Config: where `read` is not set, the value is its text
  ReadOption read = nullptr;
  WriteOption write = nullptr;              // nullptr: never written
  std::string_view since = {}, until = {};  // first and last release; empty: as far as is known
  bool until_excluded = false;              // `until` is the first release without it
  std::string_view instead = {};            // what takes its place
};

// Options without a key, as text, since there are hundreds: NAME[,NAME…][= | * | ?][@SINCE-UNTIL][>INSTEAD],
// apart by white space. "=": takes a value, "*": several, "?": perhaps; else a flag. Names in capitals are
// environment variables; UNTIL with "<" before it is the first release without the option.
struct OptionTable {
  std::span<const EngineOption> options;
  std::string_view free, not_modelled;
};

// How an engine spells.
struct OptionSyntax {
  bool equals = false;       // --name=value
  bool underscores = false;  // --max_model_len is --max-model-len
  bool prefixes = false;     // any beginning that is nobody else's
  bool negates = false;      // --no-x for every flag
  bool dotted = false;       // --config-option.member value
  bool bundles = false;      // -O3
};

// A program, as it is called.
struct EngineProgram {
  std::string_view words;  // "vllm serve"; "python -m sglang.launch_server" is "-m sglang.launch_server"
  const OptionTable* table = nullptr;
  bool takes_model = false;  // the first word that is no option is the model
  const OptionTable* also = nullptr;
  std::string_view says = {};  // what must be known of it: "a client: memory is set on the server"
  bool takes_prompt = false;   // words behind the model are what the model is asked: they cost nothing
  // Typed into the running program, as often as one likes: "/set parameter num_ctx 8192". A name, then its value.
  bool in_session = false;
  // What the program takes where nothing is said and its engine would not: a link's fragment, "ctx=2048&ngl=0".
  std::string_view defaults = {};
  const OptionSyntax* syntax = nullptr;  // where it spells otherwise than the engine's own programs
};

// What a program hears over the network: a JSON object with options among its members.
struct EngineRequest {
  std::string_view path;  // of its address: "/api/chat"
  EngineProgram program;
  std::string_view nested = {};  // the member that holds options of its own
};

// A container image whose command is, or begins with, an engine's program.
struct EngineImage {
  std::string_view repository;    // "vllm/vllm-openai"; matched at the end of the image's name
  std::string_view program = {};  // that its entry point calls; empty: the arguments name it
  std::string_view tag = {};      // that tells images of one repository apart, by its beginning
  bool versioned = true;          // tags tell the release
};

// A Python class with the options as keywords.
struct EngineClass {
  std::string_view name, module;
  const OptionTable* table = nullptr;
  std::string_view positional = {};  // the option that the first argument without a name is
  std::string_view import = {};      // the line that a script begins with; empty: its form is not offered
  std::string_view call = {};        // "sgl.Engine"
  bool usual = false;                // nobody else has a class of this name: no import need be seen
  std::string_view nested = {};      // the keyword whose dictionary holds options
  std::string_view defaults = {};    // as a program's
};

// An option with the value that a configuration has for it.
struct WrittenOption {
  std::string_view key;  // of Config
  const EngineOption* option = nullptr;
  std::string name, value;
  bool is_flag = false;  // has no value
};

struct EngineLanguage {
  std::string_view form;  // of `launch --as`: "vllm-serve"
  OptionSyntax syntax = {};
  std::span<const EngineProgram> programs = {};  // the first is the one to write
  std::span<const EngineImage> images = {};
  std::span<const EngineClass> classes = {};
  std::span<const EngineRequest> requests = {};
  // Makes a Config of what was read: the engine's own defaults where they are not ours.
  void (*finish)(OptionReading* reading) = nullptr;
  // The model as a command names it. Empty: no name is known.
  std::string (*name_model)(const LaunchSubject& subject, std::string_view model,
                            std::string_view format) = nullptr;
  // Of more than one node: the options that a node of this rank has beside the others'.
  std::vector<std::vector<std::string>> (*node_words)(const LaunchSubject& subject, int64_t rank,
                                                      std::string_view head_address) = nullptr;
  // What the nodes beside the first run, where it is another program than the first one's.
  std::string (*node_text)() = nullptr;
  // The engine's own form where it is no command line.
  std::string (*own_text)(const LaunchSubject& subject, const std::vector<WrittenOption>& options) = nullptr;
  bool serves_by_variables = false;      // its server takes no options: variables only
  std::string_view image = {};           // to run it in a container: "vllm/vllm-openai:v{version}"
  std::string_view rocm_image = {};      // the same for AMD's cards
  std::string_view rocm_tail = {};       // behind its version
  std::string_view metrics_path = {};    // where it tells its metrics; empty: it tells none that are known
  std::string_view metrics_option = {};  // without which it does not
  int port = 0;
};

// One row of a table's text; nothing past its end. `*at` moves on.
std::optional<EngineOption> NextOption(std::string_view text, OptionEffect effect, size_t* at);

// An option found by a word of a command.
struct FoundOption {
  EngineOption option;
  OptionUse use;  // value: what stood behind "="
  bool has_value = false;
};
// Names more than one option where a prefix is none's alone: then nothing.
std::optional<FoundOption> FindOption(const OptionTable& table, const OptionSyntax& syntax,
                                      std::string_view word);
std::optional<EngineOption> FindVariable(const OptionTable& table, std::string_view name);
// The name nearest to a mistyped one; empty: none is near.
std::string NearestOption(const OptionTable& table, std::string_view word);

// Whether a list such as "--a -b" has a name.
bool HasName(std::string_view names, std::string_view name);
std::string_view FirstName(std::string_view names);

// Less than, equal or greater: releases by their numbers, "0.10.2", "v0.8.5.post1", "b4589".
int CompareReleases(std::string_view a, std::string_view b);

enum class OptionAge : uint8_t { kKnown, kNotYet, kGone };
OptionAge AgeAt(const EngineOption& option, const EngineVersion& version);
// Of the rows with an option's first name the one that this release has; the option itself where none has.
EngineOption RowAt(const OptionTable& table, const EngineOption& option, const EngineVersion& version);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_ENGINE_OPTIONS_H_
