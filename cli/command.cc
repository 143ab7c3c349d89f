#include "cli/command.h"

#include <algorithm>

#include "core/base/table.h"
#include "core/base/text.h"
#include "core/config/config_flags.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

constexpr Command kCommands[] = {
    {"estimate", "whether a configuration fits, and where every byte goes",
     "plimsoll estimate <configuration> [--json] [--gb] [--terms] [--exit-code]\n\n"
     "With --exit-code the command ends with 1 when it does not fit.",
     true, RunEstimate, CommandGroup::kOne,
     "estimate --model llama-3.1-70b --format awq-int4 --gpu \"RTX 4090\" --gpus 2 --max-model-len 16k\n"
     "estimate --model Qwen/Qwen3-32B-AWQ --gpu h100 --exit-code\n"
     "estimate --model Qwen3-30B-A3B-Q4_K_M.gguf --gpu rtx-3090"},
    {"sweep", "the same for every combination of lists of values",
     "plimsoll sweep <configuration with lists: --gpu rtx-4090,h100-80 --format awq-int4,fp8> [--json | "
     "--markdown | --csv] "
     "[--gb] [--exit-code]\n\n"
     "With --exit-code the command ends with 1 when no combination fits.",
     true, RunSweep, CommandGroup::kMany,
     "sweep --model llama-3.1-70b --gpu rtx-4090,h100-80 --format awq-int4,fp8 --max-model-len 8k,32k"},
    {"solve", "the largest context or concurrency, the fewest GPUs, the best format",
     "plimsoll solve --for max-model-len|max-num-seqs|gpus|format|users|rate <configuration>\n"
     "      [--ttft-ms X] [--tpot-ms X | --tokens-per-s Y] [--json] [--gb] [--exit-code]\n\n"
     "With --exit-code the command ends with 1 when nothing satisfies the question.",
     true, RunSolve, CommandGroup::kOne,
     "solve --for max-model-len --model qwen3-235b-a22b --format awq-int4 --gpu h100-sxm --gpus 2\n"
     "solve --for gpus --model llama-3.1-405b --format fp8 --gpu h100-sxm --max-model-len 32k"},
    {"compare", "several configurations side by side, and where they differ",
     "plimsoll compare [--together] URL URL …  |  plimsoll compare --vary format,gpus <configuration>\n"
     "      [--ttft-ms X] [--tpot-ms X | --tokens-per-s Y] [--json | --markdown | --csv] [--gb]\n"
     "      [--exit-code]\n\n"
     "With limits of the load (or in its workload) a row says how many users, or requests per second, keep "
     "them.\n"
     "--together asks whether they run beside each other on the cards of the first, and with which shares. "
     "--vary takes one or two of format, gpus, gpu, model, engine and kv_cache_dtype. The best of a row is "
     "marked *.\n"
     "With --exit-code the command ends with 1 when any of them does not fit, or with --together not beside "
     "the others.",
     true, RunCompare, CommandGroup::kMany, "compare --vary format --model llama-3.1-8b --gpu rtx-4090"},
    {"find", "what can run on these cards, or what a model needs: cheapest first",
     "plimsoll find [--model M,…] [--gpu G,…] [--gpus 1,2,4,8] [--format F,…]\n"
     "      [--users N] [--max-model-len L] [--ttft-ms X] [--tpot-ms X | --tokens-per-s Y] "
     "[--max-price-per-h P]\n"
     "      [--max-watts W] [--engine E,…|any]\n"
     "      [--task text|code|images|audio|embedding|reranking] [--license open|business|ID] [--since YEAR]\n"
     "      [--min-params B] [--max-params B]\n"
     "      [--json | --markdown | --csv] [--exit-code]\n\n"
     "Cards without a model: each model of the catalog in the format with the most bits that serves. A "
     "model, with or\n"
     "without cards: every kind and number of cards in every format. All users have room at once, each at "
     "that length.\n"
     "With limits on the first token or on each a column says how many users, or requests per second, "
     "keep them by\n"
     "simulation (of the first 60 rows).\n"
     "Tasks, licences, years of release and billions of parameters choose among the catalog's models; those "
     "of which it\n"
     "does not know what was asked for are named. A licence is open (for any use), good for business "
     "(under terms, too),\n"
     "or one by its id. --engine any: all whose memory is modelled whole.\n"
     "Prices are the medians of public on-demand prices in models/prices.json. With --exit-code the command "
     "ends with 1\nwhen there is no row.",
     true, RunFind, CommandGroup::kMany,
     "find --gpu rtx-3090 --gpus 2 --max-model-len 32k\n"
     "find --model qwen3-32b --users 20 --max-model-len 16k --tokens-per-s 20"},
    {"schedule", "how a server with this configuration would fare under a load",
     "plimsoll schedule <configuration> [--arrival-rate R | --users N] [--requests N]\n"
     "      [--arrival poisson|constant|burst|closed-loop] [--prompt-shape fixed|uniform|lognormal|chat]\n"
     "      [--output-shape …] [--spread S] [--turns N --think-time S] [--system-prompt TOKENS] [--trace "
     "FILE.csv]\n"
     "      [--different-prompts N] [--scheduling-policy fcfs|priority] [--scheduler-recv-interval N]\n"
     "      [--batch-wait-timeout-iters N --batch-wait-max-tokens-ratio S]\n"
     "      [--ttft-ms MS] [--tpot-ms MS] [--seed N] [--json] [--exit-code]\n\n"
     "Lengths are --prompt-tokens and --output-tokens. Without an arrival rate, --users (default:\n"
     "--concurrency) ask again as soon as they are answered. Without --requests as many come as\n"
     "those need, or as arrive in a minute. --spread is a shape's deviation as a share of its mean;\n"
     "chat is log-normal with that of public chat logs. --ttft-ms and --tpot-ms are the objective\n"
     "that goodput counts. All of this may also stand in the configuration as --workload\n"
     "'{\"arrival\":\"poisson\",…}'.\n"
     "A trace has the columns arrival (s), prompt and output (tokens), and perhaps priority, which\n"
     "counts with --scheduling-policy priority: lower goes first.\n"
     "With --exit-code the command ends with 1 when the configuration does not fit or a request is\n"
     "never answered.",
     true, RunSchedule, CommandGroup::kOne,
     "schedule --model llama-3.1-8b --gpu h100-sxm --max-model-len 8k --arrival-rate 20 --prompt-shape chat"},
    {"check", "what a pasted command, manifest, config, log or link says, and whether it holds",
     "plimsoll check [FILE | - | \"text\"] [--json] [--exit-code]\n\n"
     "What is not understood is listed; what is wrong is named with the option and its fix. With --exit-code "
     "the command\nends with 1 when it does not fit, or when a log tells that it did not start.",
     false, RunCheck, CommandGroup::kOne, "check server.log\ncheck compose.yaml --json"},
    {"launch", "the command for a configuration, and what to expect of it",
     "plimsoll launch <configuration> [--as FORM]\n"
     "      [--json | --alerts] [--exit-code]\n\n"
     "Only what differs from the release's defaults is written. --alerts prints Prometheus rules.\n"
     "With --exit-code the command ends with 1 when it does not fit.",
     true, RunLaunch, CommandGroup::kOne,
     "launch --model llama-3.1-70b --format awq-int4 --gpu h100-sxm --as docker"},
    {"inventory", "every tensor of a model: name, shape, type, bytes, how it is sharded",
     "plimsoll inventory --model M --format F [--json] [--gb]\n"
     "  plimsoll inventory --file MODEL.gguf|MODEL.safetensors|config.json[,MORE PARTS] [--json] [--gb]\n\n"
     "Of a model file only the header is read.",
     true, RunInventory, CommandGroup::kLookUp,
     "inventory --model deepseek-r1 --format fp8-block\ninventory --file model.gguf"},
    {"list", "what the catalog knows", "plimsoll list models|gpus|formats|architectures [--json]", false,
     RunList, CommandGroup::kLookUp, "list gpus"},
    {"validate", "predictions against measured cases",
     "plimsoll validate CASES.json… [--json] [--cases] [--rivals FILE]", false, RunValidate,
     CommandGroup::kLookUp, "validate tests/data/accuracy.json"},
    {"completion", "a script that completes commands, flags, models and cards",
     "plimsoll completion bash|zsh|fish", false, RunCompletion, CommandGroup::kShell,
     "completion bash > ~/.local/share/bash-completion/completions/plimsoll\n"
     "completion zsh > ~/.zfunc/_plimsoll\n"
     "completion fish > ~/.config/fish/completions/plimsoll.fish"},
    {"man", "the manual page", "plimsoll man", false, RunMan, CommandGroup::kShell,
     "man > ~/.local/share/man/man1/plimsoll.1"},
    {"complete", "what may follow the words so far; for the completion scripts", "plimsoll complete [WORD …]",
     false, RunComplete, CommandGroup::kShell, ""},
};

struct GroupTitle {
  CommandGroup group;
  const char* title;
};
constexpr GroupTitle kGroupTitles[] = {{CommandGroup::kOne, "One configuration"},
                                       {CommandGroup::kMany, "Many configurations"},
                                       {CommandGroup::kLookUp, "Looking up"},
                                       {CommandGroup::kShell, "Your shell"}};

const Command* FindCommand(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string Overview() {
  std::string text = "plimsoll: will a language model fit on these GPUs, and how fast will it run\n";
  for (const GroupTitle& group : kGroupTitles) {
    Table table({"", ""});
    for (const Command& command : kCommands) {
      if (command.group != group.group || command.name == "complete") continue;
      table.Add({"plimsoll " + std::string(command.name), std::string(command.summary)});
    }
    text += "\n" + std::string(group.title) + "\n" + table.Print("  ");
  }
  return text +
         "\nFor example\n"
         "  plimsoll estimate --model \"Qwen3 32B\" --format awq --gpu \"RTX 4090\" --max-model-len 32k\n"
         "  plimsoll find --gpu rtx-3090 --gpus 2\n"
         "\nplimsoll COMMAND --help explains a command and its flags; plimsoll --version names the release.\n"
         "Exit 0: answered. 1: does not fit, where --exit-code asks for it. 2: bad input, explained in one "
         "line on\n"
         "standard error.\n";
}

// "vLLM only", where not all of the engines that are modelled in full take a key; else nothing.
std::string TakersText(const ConfigKey& key) {
  std::vector<std::string_view> takers;
  bool all = true;
  for (const Engine* engine : Engines()) {
    if (!engine->traits().budget_modelled) continue;
    const bool takes = Takes(engine->traits(), key);
    if (takes) takers.push_back(engine->traits().name);
    all = all && takes;
  }
  return all ? "" : " (" + ListText(takers) + ")";
}

std::string Help(const Command& command) {
  std::string text = std::string(command.summary) + "\n\n  " + std::string(command.usage) + "\n";
  if (!command.examples.empty()) text += "\nFor example\n";
  for (const std::string_view example : SplitAt(command.examples, '\n')) {
    if (!example.empty()) text += "  plimsoll " + std::string(example) + "\n";
  }
  if (!command.takes_config) return text;
  text +=
      "\nA configuration is given by flags, by --config FILE.json, by --url URL, or by several: flags "
      "win.\n--model Org/Repo of a repository that the catalog does not hold is fetched from the hub: --hub "
      "URL or "
      "HF_ENDPOINT\nchange the hub, --revision REV the revision, HF_TOKEN opens gated ones, --offline asks "
      "nobody.\n\n";
  for (size_t group = 0; group < kKeyGroupNames.size(); ++group) {
    Table table({"", ""});
    for (const ConfigKey& key : ConfigKeys()) {
      if (static_cast<size_t>(key.group) != group) continue;
      std::string help(key.help);
      if (key.choice_count > 0) help += " One of " + AcceptedValues(key) + ".";
      if (key.json == "engine") help += " One of " + EngineIds() + ".";
      const bool negatable = key.type == KeyType::kSwitch;
      table.Add({FlagName(key) + (negatable ? ", --no-…" : ""), help + TakersText(key)});
    }
    std::string title(kKeyGroupNames[group]);
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    text += title + "\n" + table.Print("  ") + "\n";
  }
  return text;
}

Error UnknownCommand(std::string_view given) {
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) {
    if (command.name != "complete") names.push_back(command.name);
  }
  return Error{"command", given.empty() ? "nothing" : Quoted(given),
               ListText(names, "or") + "; --help explains them"};
}

bool AsksForHelp(const Arguments& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--help") != arguments.end() ||
         std::find(arguments.begin(), arguments.end(), "-h") != arguments.end();
}

}  // namespace

std::span<const Command> Commands() { return kCommands; }

CommandResult Refused(const Error& error) {
  return {kExitBadInput, "", "plimsoll: " + error.Message() + "\n"};
}

CommandResult RunCommand(const Arguments& arguments, const CommandContext& context) {
  if (arguments.empty()) return Refused(UnknownCommand(""));
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") return {0, Overview(), ""};
  if (name == "--version" || name == "-V") return {0, "plimsoll " PLIMSOLL_VERSION "\n", ""};
  const Command* command = FindCommand(name);
  if (!command) return Refused(UnknownCommand(name));
  const Arguments rest(arguments.begin() + 1, arguments.end());
  // The words that are completed are not ours.
  if (command->run != RunComplete && AsksForHelp(rest)) return {0, Help(*command), ""};
  return command->run(rest, context);
}

}  // namespace plimsoll
