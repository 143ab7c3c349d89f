#include "cli/command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "cli/load_line.h"
#include "core/base/json.h"
#include "core/resolve/memory_parts.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

CommandResult Plimsoll(const Arguments& arguments, const std::map<std::string, std::string>& files = {}) {
  CommandContext context{ShippedCatalog(),
                         [&](const std::string& path) -> std::optional<std::string> {
                           const auto found = files.find(path);
                           if (found == files.end()) return std::nullopt;
                           return found->second;
                         },
                         [&](const std::string& path, int64_t bytes) -> std::optional<FileHead> {
                           const auto found = files.find(path);
                           if (found == files.end()) return std::nullopt;
                           return FileHead{found->second.substr(0, static_cast<size_t>(bytes)),
                                           static_cast<int64_t>(found->second.size())};
                         }};
  context.read_pieces = [&](const std::string& path, const TakePiece& take) {
    const auto found = files.find(path);
    if (found == files.end()) return false;
    constexpr size_t kPiece = 7;
    for (std::string_view rest = found->second; !rest.empty() && take(rest.substr(0, kPiece));)
      rest.remove_prefix(std::min(kPiece, rest.size()));
    return true;
  };
  return RunCommand(arguments, context);
}

Json PlimsollJson(Arguments arguments, const std::map<std::string, std::string>& files = {}) {
  arguments.push_back("--json");
  const CommandResult result = Plimsoll(arguments, files);
  EXPECT_EQ(result.exit, 0) << result.err;
  Result<Json> json = Json::Parse(result.out, "out");
  EXPECT_TRUE(json.ok());
  return json.ok() ? *json : Json();
}

void ExpectRefusal(const Arguments& arguments, std::string_view part,
                   const std::map<std::string, std::string>& files = {}) {
  const CommandResult result = Plimsoll(arguments, files);
  EXPECT_EQ(result.exit, 2) << part;
  EXPECT_EQ(result.out, "") << part;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("; give "), std::string::npos) << result.err;
}

TEST(Command, AnEngineWithoutReleasesIsNamedAlone) {
  const std::string mlx =
      Plimsoll({"estimate", "--model", "llama-3.1-8b", "--engine", "mlx", "--gpu", "m4-max"}).out;
  EXPECT_NE(mlx.find(", MLX, one "), std::string::npos) << mlx.substr(0, mlx.find('\n'));
}

TEST(Command, AConfigurationThatDoesNotFitIsAnAnswer) {
  const CommandResult result = Plimsoll({"estimate", "--model", "llama-3.1-70b", "--format", "awq-int4",
                                         "--gpu", "rtx-4090", "--max-model-len", "16384"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("Does not fit: short by "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("What would fit:"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("W weights 37."), std::string::npos) << result.out;
}

TEST(Command, FlagsFilesAndLinksMeanTheSame) {
  const Json flags = PlimsollJson({"estimate", "--model", "llama-3.1-70b", "--format=awq-int4", "--gpu",
                                   "h100-80", "--max-model-len", "16384"});
  const Json url = PlimsollJson(
      {"estimate", "--url", "https://example.org/app/#m=llama-3.1-70b&q=awq-int4&g=h100-80&ctx=16384"});
  const Json file = PlimsollJson(
      {"estimate", "--config", "c.json"},
      {{"c.json", R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"h100-80","max_model_len":16384})"}});
  EXPECT_EQ(flags.Dump(), url.Dump());
  EXPECT_EQ(flags.Dump(), file.Dump());
  EXPECT_EQ(flags.Find("verdict")->AsString(), "fits");
  const Json both = PlimsollJson(
      {"estimate", "--config", "c.json", "--max-model-len", "4096"},
      {{"c.json", R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"h100-80","max_model_len":16384})"}});
  EXPECT_EQ(both.Find("config")->Find("max_model_len")->AsInt(), 4096) << "flags win";
}

TEST(Command, AModelMayBeAFile) {
  const Json json =
      PlimsollJson({"estimate", "--model", "config.json", "--gpu", "t4"},
                   {{"config.json",
                     R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","torch_dtype":"float16",
                              "num_hidden_layers":2,"hidden_size":256,"intermediate_size":512,"num_attention_heads":4,
                              "num_key_value_heads":2,"vocab_size":1000,"max_position_embeddings":2048})"}});
  EXPECT_EQ(json.Find("config")->Find("format")->AsString(), "fp16");
}

TEST(Command, BadInputIsOneLineAndExit2) {
  ExpectRefusal({}, "command");
  ExpectRefusal({"estimat"}, "estimate");
  ExpectRefusal({"estimate"}, "model");
  ExpectRefusal({"estimate", "--model", "llama-3.1-71b"}, "llama-3.1-70b");
  ExpectRefusal({"estimate", "--model", "llama-3.1-8b", "--tp", "-3"}, "--tp");
  ExpectRefusal({"estimate", "--model", "llama-3.1-8b", "--tp", "99999999999999999999"}, "--tp");
  ExpectRefusal({"estimate", "--mdoel", "x"}, "--model");
  ExpectRefusal({"estimate", "--config", "missing.json"}, "missing.json");
  ExpectRefusal({"estimate", "--config", "broken.json"}, "--config",
                {{"broken.json", R"({"model": "llama-3.1-)"}});
  ExpectRefusal({"estimate", "--config"}, "--config");
  ExpectRefusal({"estimate", "--url", "#" + std::string(10 << 20, 'x')}, "url");
  ExpectRefusal({"estimate", "--model", "llama-3.1-8b\nwith a second line"}, "model");
  ExpectRefusal({"list", "planets"}, "planets");
  ExpectRefusal({"list"}, "list");
  ExpectRefusal({"solve", "--model", "llama-3.1-8b"}, "--for");
  ExpectRefusal({"solve", "--for", "fun", "--model", "llama-3.1-8b"}, "fun");
  ExpectRefusal({"validate"}, "validate");
  ExpectRefusal({"validate", "missing.json"}, "missing.json");
  ExpectRefusal({"validate", "three.json"}, "cases", {{"three.json", "3"}});
  ExpectRefusal({"sweep", "--model", "llama-3.1-8b", "--tp", "1,x"}, "--tp");
  ExpectRefusal({"inventory", "--model", "llama-3.1-8b", "--format", "int3"}, "format");
}

TEST(Command, EveryCommandHasHelp) {
  for (const Command& command : Commands()) {
    if (command.name == "complete") continue;  // completes "--help", too
    const CommandResult result = Plimsoll({std::string(command.name), "--help"});
    EXPECT_EQ(result.exit, 0);
    EXPECT_NE(result.out.find("plimsoll " + std::string(command.name)), std::string::npos) << command.name;
    EXPECT_NE(Plimsoll({"--help"}).out.find("plimsoll " + std::string(command.name)), std::string::npos);
  }
  EXPECT_NE(Plimsoll({"estimate", "--help"}).out.find("--max-model-len"), std::string::npos);
  EXPECT_NE(Plimsoll({"--help"}).out.find("validate"), std::string::npos);
}

// The flags of a text: "--json", and of a manual page "\\-\\-json".
std::set<std::string> FlagsOf(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\\'), text.end());
  std::set<std::string> flags;
  for (size_t at = text.find("--"); at != std::string::npos; at = text.find("--", at + 2)) {
    size_t end = at + 2;
    while (end < text.size() && (std::islower(text[end]) != 0 || text[end] == '-')) ++end;
    while (text[end - 1] == '-' && end > at + 2) --end;
    // "--no-…" stands for the opposite of a switch.
    if (end > at + 2 && text.substr(at, end - at) != "--no") flags.insert(text.substr(at, end - at));
  }
  return flags;
}

TEST(Command, EveryFlagIsOfferedToTheShellAndStandsInTheManual) {
  const std::set<std::string> manual = FlagsOf(Plimsoll({"man"}).out);
  for (const Command& command : Commands()) {
    if (command.name == "complete") continue;
    const std::string name(command.name);
    const std::set<std::string> offered = FlagsOf(Plimsoll({"complete", name, "--"}).out);
    const std::set<std::string> told = FlagsOf(Plimsoll({name, "--help"}).out);
    if (command.takes_config) {
      EXPECT_GT(told.size(), 70U) << name;
    }
    for (const std::string& flag : told) {
      EXPECT_EQ(offered.count(flag), 1U) << name << " " << flag;
      EXPECT_EQ(manual.count(flag), 1U) << name << " " << flag;
    }
  }
}

TEST(Command, ExitCodeIsOfEveryVerbThatJudges) {
  const std::vector<std::string> large = {"--model", "llama-3.1-70b", "--gpu", "rtx-4090", "--exit-code"};
  for (const char* verb : {"estimate", "launch", "find"}) {
    Arguments arguments = {verb};
    arguments.insert(arguments.end(), large.begin(), large.end());
    if (std::string(verb) == "find") {
      arguments.insert(arguments.end(), {"--format", "bf16", "--gpus", "1"});
    }
    EXPECT_EQ(Plimsoll(arguments).exit, 1) << verb;
    arguments.erase(std::find(arguments.begin(), arguments.end(), "--exit-code"));
    EXPECT_EQ(Plimsoll(arguments).exit, 0) << verb;
  }
  EXPECT_EQ(Plimsoll({"check", "vllm serve meta-llama/Llama-3.1-70B-Instruct", "--exit-code"}).exit, 1);
  EXPECT_EQ(
      Plimsoll({"solve", "--for", "context", "--model", "llama-3.1-70b", "--gpu", "rtx-4090", "--exit-code"})
          .exit,
      1);
}

TEST(Command, ExitCodeOfManyConfigurations) {
  const auto exit_of = [](Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Plimsoll(arguments).exit;
  };
  const Arguments one = {"--model", "llama-3.1-70b", "--exit-code"};
  // A sweep asks whether any does, a comparison whether all do.
  EXPECT_EQ(exit_of({"sweep", "--gpu", "rtx-4090,rtx-3090"}, one), 1);
  EXPECT_EQ(exit_of({"sweep", "--gpu", "rtx-4090,b200", "--max-model-len", "8k"}, one), 0);
  EXPECT_EQ(exit_of({"compare", "--vary", "format", "--gpu", "b200", "--max-model-len", "8k"}, one), 0);
  EXPECT_EQ(
      exit_of({"compare", "m=llama-3.1-70b&g=rtx-4090", "m=qwen3-8b&g=rtx-4090&ctx=8192"}, {"--exit-code"}),
      1);
  const Arguments together = {"compare", "--together", "--exit-code"};
  EXPECT_EQ(exit_of(together, {"m=qwen3-8b&g=h100-sxm&ctx=8192", "m=qwen3-4b&g=h100-sxm&ctx=8192"}), 0);
  EXPECT_EQ(exit_of(together, {"m=qwen3-32b&g=h100-sxm&ctx=8192", "m=qwen3-32b&g=h100-sxm&ctx=8192"}), 1);
  EXPECT_EQ(exit_of({"schedule", "--gpu", "rtx-4090", "--requests", "4"}, one), 1);
  EXPECT_EQ(exit_of({"schedule", "--gpu", "b200", "--max-model-len", "8k", "--requests", "4"}, one), 0);
  // Requests that are longer than the context are turned away.
  const Arguments longer = {"--gpu",           "b200", "--max-model-len", "2k",
                            "--prompt-tokens", "4k",   "--requests",      "4"};
  EXPECT_EQ(exit_of({"schedule", "--model", "qwen3-8b", "--exit-code"}, longer), 1);
  EXPECT_EQ(exit_of({"schedule", "--model", "qwen3-8b"}, longer), 0) << "asked for only";
  for (const char* verb : {"estimate", "sweep", "solve", "compare", "find", "schedule", "check", "launch"}) {
    const std::string help = Plimsoll({verb, "--help"}).out;
    EXPECT_NE(help.find("With --exit-code"), std::string::npos) << verb;
  }
}

TEST(Command, GoalsHaveTheNamesThatPeopleHaveForThem) {
  const auto solved = [](const char* goal) {
    return Plimsoll({"solve", "--for", goal, "--model", "qwen3-8b", "--gpu", "rtx-4090"}).out;
  };
  EXPECT_EQ(solved("context"), solved("max-model-len"));
  EXPECT_EQ(solved("sequences"), solved("max-num-seqs"));
  EXPECT_EQ(solved("cards"), solved("gpus"));
}

TEST(Command, NamesAndTokensAsPeopleWriteThem) {
  const Json names = PlimsollJson({"estimate", "--model", "Qwen3 32B", "--gpu", "NVIDIA H100 80GB HBM3",
                                   "--format", "AWQ", "--max-model-len", "32k", "--prompt-tokens", "2K"});
  const Json ids = PlimsollJson({"estimate", "--model", "qwen3-32b", "--gpu", "h100-sxm", "--format",
                                 "awq-int4", "--max-model-len", "32768", "--prompt-tokens", "2048"});
  EXPECT_EQ(names.Dump(), ids.Dump());
  const Json repository = PlimsollJson({"estimate", "--model", "Qwen/Qwen3-32B-AWQ", "--gpu", "h100"});
  EXPECT_EQ(repository.Find("config")->Find("model")->AsString(), "qwen3-32b");
  EXPECT_EQ(repository.Find("weights")->Find("checkpoint_bytes")->AsInt(),
            ids.Find("weights")->Find("checkpoint_bytes")->AsInt());
  for (const char* bad : {"32q", "1.3", "k", "0k", "-2k", "1e3", "32kk", "99999M"})
    ExpectRefusal({"estimate", "--model", "qwen3-32b", "--max-model-len", bad}, "--max-model-len");
  ExpectRefusal({"estimate", "--model", "qwen3-32b", "--gpus", "2k"}, "--gpus");
  const std::string few = Plimsoll({"schedule", "--model", "qwen3-8b", "--gpu", "h100", "--requests", "3",
                                    "--system-prompt", "1k", "--prompt-tokens", "2k tokens"})
                              .out;
  EXPECT_EQ(few, Plimsoll({"schedule", "--model", "qwen3-8b", "--gpu", "h100", "--requests", "3",
                           "--system-prompt", "1024", "--prompt-tokens", "2048"})
                     .out);
  EXPECT_NE(few.find("3 of 3 requests"), std::string::npos) << few;
  ExpectRefusal({"schedule", "--model", "qwen3-8b", "--system-prompt", "2q"}, "or one such as 2k");
  // SGLang's option changes nothing under vLLM, and that is said.
  const std::string passed = Plimsoll({"schedule", "--model", "qwen3-8b", "--gpu", "h100", "--requests", "3",
                                       "--scheduler-recv-interval", "30"})
                                 .out;
  EXPECT_NE(passed.find("The engine has no scheduler_recv_interval: passed over."), std::string::npos)
      << passed;
}

TEST(Command, ExitCodeSaysWhetherItFits) {
  const Arguments small = {"estimate", "--model", "llama-3.1-8b", "--gpu", "h100", "--exit-code"};
  const Arguments large = {"estimate", "--model", "llama-3.1-405b", "--gpu", "t4", "--exit-code"};
  EXPECT_EQ(Plimsoll(small).exit, 0);
  EXPECT_EQ(Plimsoll(large).exit, kExitDoesNotFit);
  EXPECT_FALSE(Plimsoll(large).out.empty()) << "it is an answer all the same";
  EXPECT_EQ(Plimsoll({"estimate", "--model", "llama-3.1-405b", "--gpu", "t4"}).exit, 0);
  EXPECT_EQ(Plimsoll({"estimate", "--model", "nobody", "--exit-code"}).exit, kExitBadInput);
  EXPECT_EQ(
      Plimsoll({"solve", "--for", "max-model-len", "--model", "llama-3.1-405b", "--gpu", "t4", "--exit-code"})
          .exit,
      kExitDoesNotFit);
}

TEST(Command, VersionCompletionAndManual) {
  EXPECT_EQ(Plimsoll({"--version"}).out.rfind("plimsoll ", 0), 0u);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const CommandResult script = Plimsoll({"completion", shell});
    EXPECT_EQ(script.exit, 0);
    EXPECT_NE(script.out.find("plimsoll complete"), std::string::npos) << shell;
  }
  ExpectRefusal({"completion"}, "completion");
  ExpectRefusal({"completion", "tcsh"}, "tcsh");
  EXPECT_EQ(Plimsoll({"complete", "est"}).out, "estimate\n");
  EXPECT_NE(Plimsoll({"complete", "estimate", "--max-m"}).out.find("--max-model-len\n"), std::string::npos);
  EXPECT_EQ(Plimsoll({"complete", "estimate", "--gpu", "rtx-409"}).out, "rtx-4090\nrtx-4090-laptop\n");
  EXPECT_EQ(Plimsoll({"complete", "estimate", "--gpu=rtx-409"}).out,
            "--gpu=rtx-4090\n--gpu=rtx-4090-laptop\n");
  EXPECT_EQ(Plimsoll({"complete", "estimate", "--gpu", "=", "rtx-409"}).out, "rtx-4090\nrtx-4090-laptop\n")
      << "as bash takes words apart";
  EXPECT_EQ(Plimsoll({"complete", "sweep", "--gpu", "t4,rtx-309"}).out, "t4,rtx-3090\nt4,rtx-3090-ti\n");
  EXPECT_EQ(Plimsoll({"complete", "launch", "--as", "doc"}).out, "docker\n");
  EXPECT_EQ(Plimsoll({"complete", "find", "--task", "co"}).out, "code\n");
  EXPECT_NE(Plimsoll({"complete", "estimate", ""}).out.find("--model\n"), std::string::npos);
  EXPECT_EQ(Plimsoll({"complete", "solve", "--for", "max-m"}).out, "max-model-len\n");
  EXPECT_EQ(Plimsoll({"complete", "list", "mo"}).out, "models\n");
  EXPECT_EQ(Plimsoll({"complete", "estimate", "--help"}).out, "--help\n");
  EXPECT_EQ(Plimsoll({"complete", "nothing", "x"}).out, "");
  const std::string manual = Plimsoll({"man"}).out;
  EXPECT_EQ(manual.rfind(".TH PLIMSOLL 1", 0), 0u);
  for (const Command& command : Commands()) {
    if (command.name == "complete") continue;
    EXPECT_NE(manual.find(".B " + std::string(command.name) + "\n"), std::string::npos) << command.name;
  }
}

TEST(Command, SweepCombinesLists) {
  const Json json = PlimsollJson({"sweep", "--model", "llama-3.1-70b", "--gpu", "rtx-4090,h100-80",
                                  "--format", "awq-int4,fp8", "--max-model-len", "8192"});
  const Json::Array& results = json.Find("results")->items();
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[1].Find("gpu")->AsString(), "rtx-4090");
  EXPECT_EQ(results[1].Find("format")->AsString(), "fp8");
  EXPECT_EQ(results[0].Find("fits")->AsBool(), false);
  EXPECT_EQ(results[2].Find("fits")->AsBool(), true);
  const Json mixed = PlimsollJson({"sweep", "--model", "llama-3.1-8b", "--gpu", "rtx-4090+rtx-3090,h100-80"});
  EXPECT_EQ(mixed.Find("results")->items()[0].Find("gpu")->items().size(), 2u);
  const Json one = PlimsollJson({"sweep", "--model", "llama-3.1-8b", "--gpu", "h100-80"});
  EXPECT_EQ(one.Find("results")->items().size(), 1u);
  std::string numbers = "1";
  for (int i = 2; i < 500; ++i) numbers += "," + std::to_string(i);
  ExpectRefusal({"sweep", "--model", "llama-3.1-8b", "--max-num-seqs", numbers, "--max-model-len", numbers},
                "combinations");
}

TEST(Command, SolveAnswersWithALink) {
  const Json json = PlimsollJson({"solve", "--for", "gpus", "--model", "qwen3-235b-a22b", "--format",
                                  "awq-int4", "--gpu", "h100-80", "--max-model-len", "4096"});
  EXPECT_EQ(json.Find("answer")->AsInt(), 2);
  EXPECT_EQ(json.Find("url")->AsString(), "m=qwen3-235b-a22b&q=awq-int4&g=h100-80&n=2&ctx=4096");
  const Json nothing =
      PlimsollJson({"solve", "--for", "max-model-len", "--model", "llama-3.1-405b", "--gpu", "rtx-4090"});
  EXPECT_EQ(nothing.Find("found")->AsBool(), false);
}

TEST(Command, InventoryAddsUpToTheCheckpoint) {
  for (const char* model : {"llama-3.1-8b", "qwen3-30b-a3b", "deepseek-r1", "gemma-3-27b"}) {
    for (const char* format : {"bf16", "awq-int4", "gguf-q4_k_m"}) {
      const Json json = PlimsollJson({"inventory", "--model", model, "--format", format});
      int64_t sum = 0;
      for (const Json& tensor : json.Find("tensors")->items())
        sum += tensor.Find("bytes")->AsInt().value_or(0);
      EXPECT_EQ(sum, json.Find("checkpoint_bytes")->AsInt()) << model << " " << format;
    }
  }
  EXPECT_NE(Plimsoll({"inventory", "--model", "llama-3.1-8b"}).out.find("8,030,261,248 parameters"),
            std::string::npos);
}

TEST(Command, ListsNameEverything) {
  EXPECT_EQ(PlimsollJson({"list", "models"}).items().size(), ShippedCatalog().models().size());
  EXPECT_EQ(PlimsollJson({"list", "gpus"}).items().size(), ShippedCatalog().gpus().size());
  EXPECT_NE(Plimsoll({"list", "formats"}).out.find("gguf-q4_k_m\n"), std::string::npos);
  EXPECT_NE(Plimsoll({"list", "gpus"}).out.find("rtx-4090"), std::string::npos);
}

TEST(Command, ValidatePrintsASummaryAndWhatIsUnanswered) {
  const std::map<std::string, std::string> files = {
      {"a.json",
       R"([{"id":"one","config":{"model":"llama-3.1-8b"},"measured":{"checkpoint_bytes":16060522496}}])"},
      {"b.json", R"([{"id":"two","config":{"model":"none"},"measured":{"outcome":"ok"}}])"}};
  const Json json = PlimsollJson({"validate", "a.json", "b.json"}, files);
  EXPECT_EQ(json.Find("summary")->items()[0].Find("median_abs")->AsDouble(), 0);
  EXPECT_EQ(json.Find("unanswered")->items()[0].Find("id")->AsString(), "two");
  EXPECT_NE(Plimsoll({"validate", "a.json", "b.json", "--cases"}, files).out.find("checkpoint_bytes"),
            std::string::npos);
}

TEST(LoadLine, ShowsBudgetAndOverflow) {
  GpuReport gpu;
  gpu.capacity = GiB(20);
  gpu.budget = GiB(18);
  gpu.weights = GiB(10);
  gpu.kv_cache = GiB(5);
  EXPECT_EQ(LoadLineText(gpu, 20), "[WWWWWWWWWWKKKKK...|.]");
  gpu.weights = GiB(30);
  EXPECT_EQ(LoadLineText(gpu, 35), "[WWWWWWWWWWWWWWWWWW|W!WWWWWWWWWKKKKK]");
  EXPECT_EQ(LoadLineText(GpuReport(), 10), "[..........]");
  EXPECT_EQ(LoadLegendText(gpu, SizeUnits::kBinary), "W weights 30.0 GiB  K KV cache 5.0 GiB");
}

// Weights 1 GiB beyond the share, and a cache of 4 GiB that has no room: short by 5 in all.
TEST(LoadLine, DrawsTheCacheThatHasNoRoom) {
  GpuReport gpu;
  gpu.capacity = GiB(20);
  gpu.budget = GiB(18);
  gpu.weights = GiB(19);
  gpu.headroom = Bytes(0) - GiB(5);
  EXPECT_EQ(LoadLineText(gpu, 23), "[WWWWWWWWWWWWWWWWWW|?!??]");
  EXPECT_EQ(LoadLegendText(gpu, SizeUnits::kBinary), "W weights 19.0 GiB  ? cache without room 4.0 GiB");
}

TEST(LoadLine, DrawsEveryPartWithItsLetter) {
  GpuReport gpu;
  gpu.capacity = GiB(20);
  std::string letters;
  for (const MemoryPart* part : kStackedParts) {
    gpu.*part->bytes = GiB(2);
    letters += std::string(2, part->glyph);
  }
  EXPECT_EQ(LoadLineText(gpu, 20), "[" + letters + "..]");
  for (const MemoryPart* part : kStackedParts) {
    const std::string text = std::string(1, part->glyph) + " " + std::string(part->name) + " 2.0 GiB";
    EXPECT_NE(LoadLegendText(gpu, SizeUnits::kBinary).find(text), std::string::npos) << text;
  }
}

// 8000 MiB held by other programs are a third of the card, in the bar as in the figure beside it.
TEST(LoadLine, DrawsWhatOtherProgramsHold) {
  for (const std::vector<std::string>& engine :
       {std::vector<std::string>{"--engine", "llama.cpp", "--format", "gguf-q4_k_m"},
        {"--engine", "vllm", "--format", "awq-int4", "--gpu-memory-utilization", "0.6"}}) {
    Arguments arguments = {"estimate",        "--model", "llama-3.1-8b",   "--gpu", "rtx-4090",
                           "--max-model-len", "8192",    "--reserved-mib", "8000"};
    arguments.insert(arguments.end(), engine.begin(), engine.end());
    const std::string text = Plimsoll(arguments).out;
    const size_t bar = text.find("[W");
    ASSERT_NE(bar, std::string::npos) << text;
    const std::string drawn = text.substr(bar, text.find(']', bar) - bar);
    // 60 columns for 23.5 GiB.
    EXPECT_NEAR(static_cast<double>(std::count(drawn.begin(), drawn.end(), 'O')), 8000.0 / 1024 / 23.5 * 60,
                1.5)
        << drawn;
    EXPECT_NE(text.find("O other programs 7.8 GiB"), std::string::npos) << text;
  }
}

// Layers that stay in RAM keep their recurrent states there: 24 of the 32 layers of this model have some.
TEST(Command, HostRamIsTheSumOfItsParts) {
  const Arguments arguments = {"estimate", "--model",        "qwen3.5-9b", "--engine", "llama.cpp",
                               "--format", "gguf-q4_k_m",    "--gpu",      "rtx-4090", "--max-model-len",
                               "8192",     "--n-gpu-layers", "10"};
  const Json json = PlimsollJson(arguments);
  const Json& host = *json.Find("host");
  const Bytes state(host.Find("recurrent_state_bytes")->AsInt().value_or(0));
  ASSERT_GT(state, MiB(20));
  Bytes sum;
  for (const HostPart& part : kHostParts) sum += Bytes(host.Find(part.key)->AsInt().value_or(0));
  const std::string text = Plimsoll(arguments).out;
  EXPECT_NE(text.find("Host RAM  " + SizeText(sum) + ": weights "), std::string::npos) << text;
  EXPECT_NE(text.find(", recurrent state " + SizeText(state)), std::string::npos) << text;
  // What is not there is not told.
  const std::string none = Plimsoll({"estimate", "--model", "llama-3.1-8b", "--gpu", "rtx-4090"}).out;
  EXPECT_EQ(none.find("Host RAM"), std::string::npos) << none;
}

TEST(Inventory, ReadsTheHeaderOfAFile) {
  const std::string header = R"({"lm_head.weight":{"dtype":"BF16","shape":[4,8],"data_offsets":[0,64]}})";
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  file += header + std::string(64, '\0');
  const Json json = PlimsollJson({"inventory", "--file", "a.safetensors"}, {{"a.safetensors", file}});
  EXPECT_EQ(json.Find("bytes")->AsInt(), 64);
  EXPECT_EQ(json.Find("kind")->AsString(), "safetensors");
  const CommandResult missing = Plimsoll({"inventory", "--file", "b.gguf"});
  EXPECT_EQ(missing.exit, 2);
  EXPECT_NE(missing.err.find("--file"), std::string::npos);
  EXPECT_EQ(Plimsoll({"inventory", "--file", "c"}, {{"c", "no model"}}).exit, 2);
}

// A GGUF as --model: its metadata is the model, its type the format, llama.cpp the engine.
TEST(Estimate, TakesAGgufAsTheModel) {
  const auto number = [](uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  };
  const auto text = [&number](const std::string& value) { return number(value.size(), 8) + value; };
  std::string file = "GGUF" + number(3, 4) + number(0, 8) + number(8, 8);
  file += text("general.architecture") + number(8, 4) + text("llama");
  file += text("general.file_type") + number(4, 4) + number(15, 4);
  const std::pair<const char*, uint64_t> pairs[] = {
      {"block_count", 32},          {"embedding_length", 4096},     {"feed_forward_length", 14336},
      {"attention.head_count", 32}, {"attention.head_count_kv", 8}, {"vocab_size", 128256}};
  for (const auto& [key, value] : pairs)
    file += text(std::string("llama.") + key) + number(4, 4) + number(value, 4);
  const Json json = PlimsollJson(
      {"estimate", "--model", "m.gguf", "--gpu", "rtx-4090", "--max-model-len", "4096"}, {{"m.gguf", file}});
  EXPECT_EQ(json.Find("config")->Find("engine")->AsString(), "llama.cpp");
  EXPECT_EQ(json.Find("config")->Find("format")->AsString(), "gguf-q4_k_m");
  EXPECT_EQ(json.Find("weights")->Find("total_params")->AsInt(), 8030261248);
  const Json checked = PlimsollJson({"check", "m.gguf"}, {{"m.gguf", file}});
  EXPECT_EQ(checked.Find("kind")->AsString(), "config");
  EXPECT_EQ(checked.Find("report")->Find("weights")->Find("total_params")->AsInt(), 8030261248);
  const CommandResult missing = Plimsoll({"estimate", "--model", "other.gguf"});
  EXPECT_EQ(missing.exit, 2);
  EXPECT_NE(missing.err.find("--model"), std::string::npos) << missing.err;
}

TEST(Command, WhatStandsInAModelsPlaceIsNamed) {
  const std::map<std::string, std::string> files = {
      {"./page.html", "<!DOCTYPE html><html></html>"},
      {"./config.json", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 654\n"},
      {"generation_config.json", R"({"eos_token_id":2,"transformers_version":"4.40.0"})"},
      {"tokenizer_config.json", R"({"tokenizer_class":"LlamaTokenizer"})"},
      {"model.safetensors.index.json", R"({"weight_map":{"a":"b"}})"},
      {"pytorch_model.bin", "PK\x03\x04rest"}};
  const std::pair<const char*, const char*> cases[] = {
      {"./page.html", "HTML page"},
      {"./config.json", "Git LFS pointer"},
      {"generation_config.json", "generation_config.json"},
      {"tokenizer_config.json", "tokenizer's config"},
      {"model.safetensors.index.json", "index of safetensors"},
      {"pytorch_model.bin", "ZIP archive"}};
  for (const auto& [path, what] : cases) {
    ExpectRefusal({"estimate", "--model", path}, what, files);
    ExpectRefusal({"check", path}, what, files);
  }
}

TEST(Schedule, AnswersALoadAndRefusesAnImpossibleOne) {
  const Json json = PlimsollJson({"schedule", "--model", "llama-3.1-8b", "--gpu", "h100-sxm",
                                  "--max-model-len", "8192", "--arrival-rate", "2", "--requests", "50"});
  EXPECT_EQ(json.Find("summary")->Find("done")->AsInt(), 50);
  EXPECT_GT(*json.Find("summary")->Find("ttft_ms")->Find("p99")->AsDouble(), 0);
  for (const char* bad : {"0", "-1", "nan", "1e99", "x", ""}) {
    const CommandResult refused =
        Plimsoll({"schedule", "--model", "llama-3.1-8b", "--gpu", "h100-sxm", "--arrival-rate", bad});
    EXPECT_EQ(refused.exit, 2) << bad;
    EXPECT_NE(refused.err.find("--arrival-rate"), std::string::npos) << refused.err;
  }
  // Nothing fits: an answer, not a hang.
  const CommandResult full = Plimsoll({"schedule", "--model", "llama-3.1-70b", "--gpu", "t4"});
  EXPECT_EQ(full.exit, 0);
  EXPECT_EQ(full.out.rfind("Cannot run", 0), 0u) << full.out;
  const CommandResult trace =
      Plimsoll({"schedule", "--model", "llama-3.1-8b", "--gpu", "h100-sxm", "--trace", "t.csv"},
               {{"t.csv", "arrival,prompt,output\n0,100,20\n1,50,10\n"}});
  EXPECT_EQ(trace.exit, 0) << trace.err;
  EXPECT_NE(trace.out.find("2 of 2 requests done"), std::string::npos) << trace.out;
  ExpectRefusal({"schedule", "--model", "llama-3.1-8b", "--trace", "absent.csv"},
                "a CSV file that can be read");
}

CommandResult ScheduleWith(std::vector<std::string> more,
                           const std::map<std::string, std::string>& files = {}) {
  std::vector<std::string> arguments = {"schedule", "--model",         "llama-3.1-8b", "--gpu",
                                        "h100-sxm", "--max-model-len", "8192"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Plimsoll(arguments, files);
}

// Eight rounds, as for users that the configuration has.
TEST(Schedule, UsersBringTheirRequests) {
  EXPECT_NE(ScheduleWith({"--users", "48"}).out.find("384 of 384 requests"), std::string::npos);
  EXPECT_NE(ScheduleWith({"--concurrency", "48"}).out.find("384 of 384 requests"), std::string::npos);
  EXPECT_NE(ScheduleWith({"--users", "48", "--requests", "50"}).out.find("50 of 50 requests"),
            std::string::npos);
  // A minute of arrivals, a hundred of them at least.
  EXPECT_NE(ScheduleWith({"--arrival-rate", "3"}).out.find("180 of 180 requests"), std::string::npos);
  EXPECT_NE(ScheduleWith({"--arrival-rate", "0.5"}).out.find("100 of 100 requests"), std::string::npos);
  EXPECT_NE(ScheduleWith({"--arrival-rate", "3", "--requests", "7"}).out.find("7 of 7 requests"),
            std::string::npos);
}

// server_args.py: --hicache-size is whole; 40 GiB are 42.9 GB.
TEST(Launch, ACacheInRamIsWrittenAsTheEngineTakesIt) {
  const std::string text = Plimsoll({"launch", "--model", "qwen3-8b", "--engine", "sglang", "--gpu",
                                     "h100-sxm", "--kv-offloading-gib", "40"})
                               .out;
  EXPECT_NE(text.find("--hicache-size 42\n"), std::string::npos) << text;
}

// The configuration asks for one user.
TEST(Schedule, QuotesTheEstimateOfTheLoadItself) {
  EXPECT_NE(ScheduleWith({"--users", "16"}).out.find("it is for 16 users"), std::string::npos);
  EXPECT_NE(ScheduleWith({"--arrival-rate", "3"}).out.find("it is for 3 requests per second"),
            std::string::npos);
  EXPECT_EQ(ScheduleWith({"--arrival", "burst", "--requests", "20"}).out.find("The estimate"),
            std::string::npos);
}

TEST(Schedule, EveryKindOfLoadRuns) {
  const std::vector<std::vector<std::string>> loads = {
      {"--users", "4"},
      {"--concurrency", "4"},
      {"--users", "4", "--think-time", "0.5"},
      {"--arrival", "poisson", "--arrival-rate", "3"},
      {"--arrival", "constant", "--arrival-rate", "3"},
      {"--arrival", "burst"},
      {"--arrival", "closed-loop", "--users", "2"},
      {"--prompt-shape", "fixed", "--output-shape", "uniform"},
      {"--prompt-shape", "lognormal", "--spread", "0.4"},
      {"--prompt-shape", "chat", "--output-shape", "chat", "--seed", "5"},
      {"--turns", "4", "--think-time", "1", "--system-prompt", "200"},
      {"--workload", R"({"arrival":"poisson","arrival_rate":4,"turns":2})"},
      {"--engine", "llama.cpp", "--format", "gguf-q4_k_m", "--max-num-seqs", "4", "--users", "6"}};
  for (std::vector<std::string> load : loads) {
    load.insert(load.end(), {"--requests", "40"});
    const CommandResult text = ScheduleWith(load);
    ASSERT_EQ(text.exit, 0) << load[0] << ' ' << load[1] << ' ' << text.err;
    EXPECT_NE(text.out.find("40 of 40 requests done"), std::string::npos)
        << load[0] << ' ' << load[1] << text.out;
    for (const char* line :
         {"time to first token", "time per output token", "between tokens", "whole request"}) {
      EXPECT_NE(text.out.find(line), std::string::npos) << line;
    }
    load.push_back("--json");
    const Result<Json> json = Json::Parse(ScheduleWith(load).out, "json");
    ASSERT_TRUE(json.ok());
    for (const char* member : {"headline", "summary", "metrics", "timeline", "requests", "config"}) {
      EXPECT_TRUE(json->Has(member)) << member;
    }
    EXPECT_EQ(json->Find("requests")->items().size(), 40U);
  }
}

TEST(Schedule, OptionsAndTheConfigurationsWorkloadMeanTheSame) {
  const CommandResult flags = ScheduleWith(
      {"--arrival-rate", "4", "--requests", "50", "--turns", "3", "--prompt-shape", "chat", "--seed", "3"});
  const CommandResult object = ScheduleWith(
      {"--workload",
       R"({"arrival":"poisson","arrival_rate":4,"requests":50,"turns":3,"prompt_shape":"chat","seed":3})"});
  EXPECT_EQ(flags.out, object.out);
  // A flag wins over the configuration.
  EXPECT_EQ(ScheduleWith({"--workload", R"({"requests":99})", "--requests", "50"}).out,
            ScheduleWith({"--requests", "50"}).out);
}

TEST(Schedule, GoodputCountsTheObjective) {
  const auto goodput = [](const char* ttft, const char* tpot) {
    const CommandResult result = ScheduleWith(
        {"--arrival-rate", "2", "--requests", "60", "--ttft-ms", ttft, "--tpot-ms", tpot, "--json"});
    return *Json::Parse(result.out, "json")->Find("summary")->Find("goodput_requests_per_s")->AsDouble();
  };
  EXPECT_EQ(goodput("0.001", "0"), 0);
  EXPECT_EQ(goodput("0", "0.001"), 0);
  EXPECT_GT(goodput("1e6", "1e6"), 1);
  EXPECT_NE(ScheduleWith({"--ttft-ms", "500"}).out.find("goodput"), std::string::npos);
}

TEST(Schedule, RefusesInOneLineThatNamesTheField) {
  const std::vector<std::vector<std::string>> bad = {
      {"--users", "0"},         {"--requests", "0"},        {"--requests", "2000000"},
      {"--turns", "1.5"},       {"--think-time", "-1"},     {"--system-prompt", "x"},
      {"--seed", "-1"},         {"--ttft-ms", "nan"},       {"--tpot-ms", "soon"},
      {"--spread", "200"},      {"--prompt-shape", "bell"}, {"--output-shape", ""},
      {"--arrival", "monthly"}, {"--trace", "none.csv"},    {"--workload", "{\"turns\":0}"}};
  for (const std::vector<std::string>& options : bad) {
    const CommandResult refused = ScheduleWith(options);
    EXPECT_EQ(refused.exit, 2) << options[0];
    EXPECT_NE(refused.err.find(options[0]), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("; give "), std::string::npos) << refused.err;
    EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  }
  EXPECT_NE(ScheduleWith({"--arrival", "poisson"}).err.find("--arrival-rate"), std::string::npos);
  const CommandResult trace = ScheduleWith({"--trace", "t.csv"}, {{"t.csv", "0,10,10\n1,10\n"}});
  EXPECT_EQ(trace.exit, 2);
  EXPECT_NE(trace.err.find("--trace line 2"), std::string::npos) << trace.err;
}

TEST(Schedule, ImpossibleLoadsAreAnswered) {
  const CommandResult fast = ScheduleWith({"--arrival-rate", "100000", "--requests", "2000"});
  EXPECT_EQ(fast.exit, 0);
  EXPECT_EQ(fast.out.rfind("Cannot keep up", 0), 0U) << fast.out;
  const CommandResult large = ScheduleWith({"--prompt-tokens", "9000", "--requests", "5"});
  EXPECT_EQ(large.exit, 0);
  EXPECT_EQ(large.out.rfind("Cannot run", 0), 0U) << large.out;
  EXPECT_NE(large.out.find("blocks of 16 tokens"), std::string::npos) << large.out;
  EXPECT_EQ(large.out.find("0.0"), std::string::npos) << "times of what never ran: " << large.out;
}

TEST(Command, FindFiltersModelsAndAsksEngines) {
  const Json found =
      PlimsollJson({"find", "--gpu", "rtx-4090", "--max-model-len", "8k", "--task", "code", "--license",
                    "business", "--max-params", "40B", "--since", "2025", "--engine", "any"});
  ASSERT_FALSE(found.Find("rows")->items().empty());
  for (const Json& row : found.Find("rows")->items()) {
    EXPECT_NE(row.Find("tasks")->AsString().find("code"), std::string::npos);
    EXPECT_FALSE(row.Find("license")->AsString().empty());
    EXPECT_GE(row.Find("release")->AsString(), "2025");
  }
  const std::string text =
      Plimsoll({"find", "--gpu", "rtx-4090", "--max-model-len", "8k", "--task", "code", "--license", "open"})
          .out;
  EXPECT_NE(text.find("does not know of them what was asked for: "), std::string::npos) << text;
  EXPECT_NE(text.find("Apache 2.0"), std::string::npos) << text;
  ExpectRefusal({"find", "--gpu", "rtx-4090", "--task", "poetry"}, "task");
  ExpectRefusal({"find", "--gpu", "rtx-4090", "--license", "free"}, "license");
  ExpectRefusal({"find", "--gpu", "rtx-4090", "--since", "25"}, "--since");
  ExpectRefusal({"find", "--gpu", "rtx-4090", "--max-params", "all"}, "--max-params");
  ExpectRefusal({"find", "--gpu", "rtx-4090", "--engine", "vllm,none"}, "engine");
}

TEST(Command, FindTakesTheLengthAndTheUsersUnderEveryName) {
  const auto found = [](const Arguments& wishes) {
    Arguments all = {"find", "--model", "llama-2-7b,qwen3-8b", "--gpu", "rtx-4090", "--csv"};
    all.insert(all.end(), wishes.begin(), wishes.end());
    return Plimsoll(all).out;
  };
  const std::string rows = found({"--max-model-len", "8192", "--users", "3"});
  EXPECT_NE(rows.find("qwen3-8b"), std::string::npos) << rows;
  EXPECT_EQ(rows.find("llama-2-7b"), std::string::npos) << "holds 4,096 tokens: " << rows;
  EXPECT_EQ(found({"--context", "8k", "--concurrency", "3"}), rows);
  EXPECT_EQ(found({"--url", "ctx=8192&c=3"}), rows);
}

TEST(Command, LimitsOfTheLoadBringFindAColumnOfWhatKeepsThem) {
  const Arguments asked = {"find",   "--model", "llama-3.1-8b", "--gpu", "h100-sxm",
                           "--gpus", "1",       "--format",     "fp8"};
  const auto with = [&asked](const Arguments& more) {
    Arguments all = asked;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  EXPECT_EQ(Plimsoll(asked).out.find("within limits"), std::string::npos);
  const std::string table = Plimsoll(with({"--ttft-ms", "800", "--tokens-per-s", "40", "--csv"})).out;
  EXPECT_NE(table.find("users within limits"), std::string::npos) << table;
  const Json found = PlimsollJson(with({"--ttft-ms", "800", "--tokens-per-s", "40"}));
  const Json& row = found.Find("rows")->items()[0];
  const Json solved = PlimsollJson({"solve", "--for", "users", "--url", row.Find("url")->AsString()});
  EXPECT_GT(solved.Find("answer")->AsDouble().value_or(0), 1);
  EXPECT_EQ(row.Find("users_in_limits")->AsDouble(), solved.Find("answer")->AsDouble());
}

}  // namespace
}  // namespace plimsoll
