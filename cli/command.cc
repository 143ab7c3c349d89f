#include "cli/command.h"

#include <algorithm>

#include "cli/table.h"
#include "core/base/text.h"
#include "core/config/config_flags.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

constexpr Command kCommands[] = {
    {"estimate", "whether a configuration fits, and where every byte goes",
     "plimsoll estimate <configuration> [--json] [--gb] [--terms]", true, RunEstimate},
    {"sweep", "the same for every combination of lists of values",
     "plimsoll sweep <configuration with lists: --gpu rtx-4090,h100-80 --format awq-int4,fp8> [--json | "
     "--markdown | --csv] "
     "[--gb]",
     true, RunSweep},
    {"solve", "the largest context or concurrency, the fewest GPUs, the best format",
     "plimsoll solve --for max-model-len|max-num-seqs|gpus|format <configuration> [--json] [--gb]", true,
     RunSolve},
    {"compare", "several configurations side by side, and where they differ",
     "plimsoll compare URL URL …  |  plimsoll compare --vary format,gpus <configuration>\n"
     "      [--json | --markdown | --csv] [--gb]\n\n"
     "--vary takes one or two of format, gpus, gpu, model, engine and kv_cache_dtype. The best of a row is "
     "marked *.",
     true, RunCompare},
    {"find", "what can run on these cards, or what a model needs: cheapest first",
     "plimsoll find [--model M,…] [--gpu G,…] [--gpus 1,2,4,8] [--format F,…]\n"
     "      [--users N] [--max-model-len L] [--ttft-ms X] [--tokens-per-s Y] [--max-price-per-h P] "
     "[--max-watts W]\n"
     "      [--json | --markdown | --csv]\n\n"
     "Cards without a model: each model of the catalog in the format with the most bits that serves. A "
     "model, with or\n"
     "without cards: every kind and number of cards in every format. All users have room at once, each at "
     "that length.\n"
     "Prices are the medians of public on-demand prices in models/prices.json.",
     true, RunFind},
    {"schedule", "how a server with this configuration would fare under a load",
     "plimsoll schedule <configuration> [--arrival-rate R | --users N] [--requests N]\n"
     "      [--arrival poisson|constant|burst|closed-loop] [--prompt-shape fixed|uniform|lognormal|chat]\n"
     "      [--output-shape …] [--spread S] [--turns N --think-time S] [--system-prompt TOKENS] [--trace "
     "FILE.csv]\n"
     "      [--scheduler-recv-interval N] [--batch-wait-timeout-iters N --batch-wait-max-tokens-ratio S]\n"
     "      [--ttft-ms MS] [--tpot-ms MS] [--seed N] [--json]\n\n"
     "Lengths are --prompt-tokens and --output-tokens. Without an arrival rate, --users (default: "
     "--concurrency)\n"
     "ask again as soon as they are answered. --spread is a shape's deviation as a share of its mean; chat "
     "is "
     "log-normal\nwith that of public chat logs. --ttft-ms and --tpot-ms are the objective that goodput "
     "counts. "
     "All of this may also\nstand in the configuration as --workload '{\"arrival\":\"poisson\",…}'. A trace "
     "has the columns arrival (s), prompt and output "
     "(tokens).",
     true, RunSchedule},
    {"check", "what a pasted command, manifest, config, log or link says, and whether it holds",
     "plimsoll check [FILE | - | \"text\"] [--json]\n\n"
     "What is not understood is listed; what is wrong is named with the option and its fix.",
     false, RunCheck},
    {"inventory", "every tensor of a model: name, shape, type, bytes, how it is sharded",
     "plimsoll inventory --model M --format F [--json] [--gb]\n"
     "  plimsoll inventory --file MODEL.gguf|MODEL.safetensors|config.json[,MORE PARTS] [--json] [--gb]\n\n"
     "Of a model file only the header is read.",
     true, RunInventory},
    {"list", "what the catalog knows", "plimsoll list models|gpus|formats|architectures [--json]", false,
     RunList},
    {"validate", "predictions against measured cases",
     "plimsoll validate CASES.json… [--json] [--cases] [--rivals FILE]", false, RunValidate},
};

const Command* FindCommand(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string Overview() {
  std::string text = "plimsoll: will a language model fit on these GPUs, and how fast will it run\n\n";
  Table table({"", ""});
  for (const Command& command : kCommands) {
    table.Add({"plimsoll " + std::string(command.name), std::string(command.summary)});
  }
  return text + table.Print("  ") + "\nplimsoll COMMAND --help explains a command and its flags.\n" +
         "Exit 0: answered. 2: bad input, explained in one line on standard error.\n";
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
  if (!command.takes_config) return text;
  text +=
      "\nA configuration is given by flags, by --config FILE.json, by --url URL, or by several: flags "
      "win.\n\n";
  Table table({"", ""});
  for (const ConfigKey& key : ConfigKeys()) {
    std::string help(key.help);
    if (key.choice_count > 0) help += " One of " + AcceptedValues(key) + ".";
    if (key.json == "engine") help += " One of " + EngineIds() + ".";
    const bool negatable = key.type == KeyType::kSwitch;
    table.Add({FlagName(key) + (negatable ? ", --no-…" : ""), help + TakersText(key)});
  }
  return text + table.Print("  ");
}

Error UnknownCommand(std::string_view given) {
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) names.push_back(command.name);
  return Error{"command", given.empty() ? "nothing" : Quoted(given),
               ListText(names, "or") + "; --help explains them"};
}

bool AsksForHelp(const Arguments& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--help") != arguments.end() ||
         std::find(arguments.begin(), arguments.end(), "-h") != arguments.end();
}

}  // namespace

CommandResult Refused(const Error& error) {
  return {kExitBadInput, "", "plimsoll: " + error.Message() + "\n"};
}

CommandResult RunCommand(const Arguments& arguments, const CommandContext& context) {
  if (arguments.empty()) return Refused(UnknownCommand(""));
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") return {0, Overview(), ""};
  const Command* command = FindCommand(name);
  if (!command) return Refused(UnknownCommand(name));
  const Arguments rest(arguments.begin() + 1, arguments.end());
  if (AsksForHelp(rest)) return {0, Help(*command), ""};
  return command->run(rest, context);
}

}  // namespace plimsoll
