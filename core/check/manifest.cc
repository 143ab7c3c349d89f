#include "core/check/manifest.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/loose_json.h"
#include "core/base/text.h"
#include "core/base/yaml_text.h"
#include "core/check/engine_command.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

bool IsTooLong(std::string_view text) { return static_cast<int64_t>(text.size()) > kMaxCommandBytes; }

// The lines of a block as one, where folding makes it one; places stay.
std::string Unfolded(std::string_view text, const YamlNode& node) {
  std::string raw(text.substr(node.begin, node.end - node.begin));
  const bool literal = node.text.find('\n') != std::string::npos;
  if (!literal) std::replace(raw.begin(), raw.end(), '\n', ' ');
  return raw;
}

// The words of a command that stands as text, as a list, or as text in a list.
std::vector<ArgumentWord> WordsOf(std::string_view text, const YamlNode& node,
                                  const std::vector<Variable>& known) {
  std::vector<ArgumentWord> words;
  if (node.is_text()) {
    const std::string raw = node.quoted ? node.text : Unfolded(text, node);
    ShellScript script = SplitShell(raw, node.begin + (node.quoted ? 1 : 0), known);
    for (ShellCommand& command : script.commands) {
      for (ArgumentWord& word : command.words) words.push_back(std::move(word));
    }
    return words;
  }
  for (const YamlNode& item : node.items) {
    if (!item.is_text()) continue;
    const size_t quote = item.quoted ? 1 : 0;
    // "--max-model-len 8192" as one item is wrong, common, and meant as two.
    const bool two = !item.block && item.text.starts_with("-") && item.text.find(' ') != std::string::npos &&
                     item.text.find_first_of("{\"'") == std::string::npos;
    if (two) {
      ShellScript script = SplitShell(item.text, item.begin + quote, known);
      for (ShellCommand& command : script.commands) {
        for (ArgumentWord& word : command.words) words.push_back(std::move(word));
      }
      continue;
    }
    ArgumentWord word;
    word.text = FillVariables(item.text, known);
    word.begin = item.begin + quote;
    word.end = item.end - quote;
    words.push_back(std::move(word));
  }
  return words;
}

std::optional<int64_t> CountOf(const YamlNode* node) {
  if (node == nullptr || !node->is_text()) return std::nullopt;
  const Json value = ScalarOf(node->text);
  const std::optional<int64_t> count = value.AsInt();
  return count && *count >= 0 && *count <= 4096 ? count : std::nullopt;
}

// [A=b, …], {A: b} or [{name: A, value: b}].
std::vector<Variable> VariablesOf(const YamlNode* node) {
  std::vector<Variable> variables;
  if (node == nullptr) return variables;
  for (size_t i = 0; i < node->items.size(); ++i) {
    const YamlNode& item = node->items[i];
    if (node->is_map()) {
      if (item.is_text()) variables.emplace_back(node->keys[i], item.text);
    } else if (item.is_text()) {
      const size_t equals = item.text.find('=');
      if (equals != std::string::npos)
        variables.emplace_back(item.text.substr(0, equals), item.text.substr(equals + 1));
    } else if (item.is_map()) {
      const YamlNode* name = item.Find("name");
      const YamlNode* value = item.Find("value");
      if (name != nullptr && value != nullptr) variables.emplace_back(name->text, value->text);
    }
  }
  return variables;
}

std::vector<std::string> CommentsOf(std::string_view text) {
  std::vector<std::string> comments;
  for (size_t at = text.find('#'); at != std::string_view::npos && comments.size() < 64;
       at = text.find('#', at + 1)) {
    const size_t end = std::min(text.find('\n', at), text.size());
    comments.emplace_back(text.substr(at + 1, end - at - 1));
  }
  return comments;
}

// A container: what it runs, with what, on how many cards.
struct Container {
  std::string image;
  std::vector<ArgumentWord> entrypoint, arguments;
  std::vector<Variable> variables;
  std::optional<int64_t> gpus, nodes;
  std::string gpu;
};

std::optional<Invocation> InvocationOf(Container container) {
  std::optional<Invocation> found;
  if (!container.entrypoint.empty()) {
    ShellCommand command;
    command.words = container.entrypoint;
    command.words.insert(command.words.end(), container.arguments.begin(), container.arguments.end());
    found = FindInvocation(command, container.variables);
    if (found) {
      if (const std::optional<KnownImage> image = FindImage(container.image)) found->version = image->version;
    }
  } else {
    found = InvocationOfImage(container.image, container.arguments);
    if (found) found->variables = container.variables;
  }
  if (!found) return std::nullopt;
  found->image = container.image;
  if (container.gpus) found->gpus = container.gpus;
  if (container.nodes) found->nodes = container.nodes;
  found->gpu = std::move(container.gpu);
  return found;
}

// Cards of a compose service; nothing: all, or none said.
std::optional<int64_t> ComposeGpus(const YamlNode& service) {
  const YamlNode* node = &service;
  for (const char* key : {"deploy", "resources", "reservations", "devices"}) {
    node = node != nullptr ? node->Find(key) : nullptr;
  }
  if (node != nullptr && node->is_list() && !node->items.empty()) {
    if (const YamlNode* ids = node->items[0].Find("device_ids"))
      return static_cast<int64_t>(ids->items.size());
    return CountOf(node->items[0].Find("count"));
  }
  const YamlNode* gpus = service.Find("gpus");
  if (gpus != nullptr && gpus->is_list() && !gpus->items.empty())
    return CountOf(gpus->items[0].Find("count"));
  return CountOf(gpus);
}

Container ComposeContainer(std::string_view text, const YamlNode& service) {
  Container container;
  container.variables = VariablesOf(service.Find("environment"));
  const std::vector<Variable> none;
  if (const YamlNode* image = service.Find("image")) container.image = FillVariables(image->text, none);
  if (const YamlNode* entrypoint = service.Find("entrypoint")) {
    container.entrypoint = WordsOf(text, *entrypoint, none);
  }
  if (const YamlNode* command = service.Find("command")) container.arguments = WordsOf(text, *command, none);
  container.gpus = ComposeGpus(service);
  return container;
}

// Labels of nodes that name their cards: NVIDIA's GPU feature discovery, AMD's node labeller, GKE, EKS,
// Karpenter and CoreWeave.
constexpr std::string_view kCardLabels[] = {
    "nvidia.com/gpu.product",        "amd.com/gpu.product-name",
    "beta.amd.com/gpu.product-name", "cloud.google.com/gke-accelerator",
    "k8s.amazonaws.com/accelerator", "karpenter.k8s.aws/instance-gpu-name",
    "gpu.nvidia.com/class"};

bool IsCardLabel(std::string_view key) {
  return std::find(std::begin(kCardLabels), std::end(kCardLabels), key) != std::end(kCardLabels);
}

// The card of the nodes that a pod's nodeSelector, or the only value of its required affinity, asks for.
std::string CardOfPod(const YamlNode& pod) {
  if (const YamlNode* selector = pod.Find("nodeSelector")) {
    for (size_t i = 0; i < selector->keys.size(); ++i) {
      if (IsCardLabel(selector->keys[i])) return selector->items[i].text;
    }
  }
  const YamlNode* terms = &pod;
  for (const char* key :
       {"affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"}) {
    terms = terms->Find(key);
    if (terms == nullptr) return {};
  }
  for (const YamlNode& term : terms->items) {
    const YamlNode* expressions = term.Find("matchExpressions");
    if (expressions == nullptr) continue;
    for (const YamlNode& expression : expressions->items) {
      const YamlNode* key = expression.Find("key");
      const YamlNode* values = expression.Find("values");
      const YamlNode* is = expression.Find("operator");
      if (key == nullptr || values == nullptr || is == nullptr || is->text != "In") continue;
      if (IsCardLabel(key->text) && values->items.size() == 1) return values->items[0].text;
    }
  }
  return {};
}

// Every map with an image that stands in a list of containers, and the size of the group it belongs to.
void FindContainers(std::string_view text, const YamlNode& node, std::optional<int64_t> nodes, int depth,
                    std::vector<Container>* found) {
  if (depth > kYamlDepth || found->size() >= 16) return;
  if (node.is_map()) {
    if (const YamlNode* size = node.Find("size")) {
      if (node.Find("leaderTemplate") != nullptr || node.Find("workerTemplate") != nullptr)
        nodes = CountOf(size);
    }
    for (size_t i = 0; i < node.keys.size(); ++i) {
      const bool containers = node.keys[i] == "containers" || node.keys[i] == "initContainers";
      if (!containers || !node.items[i].is_list()) continue;
      for (const YamlNode& item : node.items[i].items) {
        const YamlNode* image = item.Find("image");
        if (image == nullptr) continue;
        Container container;
        container.image = image->text;
        container.variables = VariablesOf(item.Find("env"));
        if (const YamlNode* command = item.Find("command")) {
          container.entrypoint = WordsOf(text, *command, container.variables);
        }
        if (const YamlNode* arguments = item.Find("args")) {
          container.arguments = WordsOf(text, *arguments, container.variables);
        }
        const YamlNode* resources = item.Find("resources");
        for (const char* kind : {"limits", "requests"}) {
          const YamlNode* list = resources != nullptr ? resources->Find(kind) : nullptr;
          if (list == nullptr) continue;
          for (size_t j = 0; j < list->keys.size(); ++j) {
            const std::string& key = list->keys[j];
            const bool cards =
                key == "nvidia.com/gpu" || key == "amd.com/gpu" || key.starts_with("gpu.intel.com/");
            if (cards && !container.gpus) container.gpus = CountOf(&list->items[j]);
          }
        }
        container.nodes = nodes;
        container.gpu = CardOfPod(node);
        found->push_back(std::move(container));
      }
    }
  }
  for (const YamlNode& item : node.items) FindContainers(text, item, nodes, depth + 1, found);
}

std::optional<Result<CheckResult>> ReadContainers(std::string_view what, std::string_view text,
                                                  std::vector<Container> containers, const Catalog& catalog) {
  CommandSource source;
  source.what = std::string(what);
  for (Container& container : containers) {
    std::optional<Invocation> found = InvocationOf(std::move(container));
    // The first server is meant; its like beside it are replicas or workers.
    if (found && source.invocations.empty()) source.invocations.push_back(std::move(*found));
  }
  if (source.invocations.empty()) return std::nullopt;
  source.comments = CommentsOf(text);
  return ReadInvocations(source, catalog);
}

}  // namespace

namespace {

// The words of ["a", "b"], as JSON has them; `at` is where the list begins in the text. Nothing: it is no list.
std::optional<std::vector<ArgumentWord>> ListedWords(std::string_view list, size_t at,
                                                     const std::vector<Variable>& known) {
  const size_t last = list.find_last_not_of(" \t\r\n");
  if (list.empty() || list.front() != '[' || last == std::string_view::npos || list[last] != ']')
    return std::nullopt;
  std::vector<ArgumentWord> words;
  for (size_t i = 1; i < last;) {
    if (list[i] != '"') {
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < last && list[end] != '"') end += list[end] == '\\' ? size_t{2} : size_t{1};
    if (end >= last) return std::nullopt;
    const Result<Json> text = Json::Parse(list.substr(i, end + 1 - i), "word");
    if (!text.ok()) return std::nullopt;
    ArgumentWord word;
    word.text = FillVariables(text->AsString(), known);
    word.begin = at + i + 1;
    word.end = at + end;
    words.push_back(std::move(word));
    i = end + 1;
  }
  return words;
}

struct DockerCommand {
  std::vector<ArgumentWord> words;
  bool listed = false;  // as a list; else a shell runs it
};

// Several instructions of a kind: the last one holds.
struct Dockerfile {
  std::string image;
  std::vector<Variable> known;      // to fill in: of ARG and ENV
  std::vector<Variable> variables;  // of the environment
  std::optional<DockerCommand> entrypoint, command;
};

DockerCommand ReadDockerCommand(std::string_view rest, size_t at, const std::vector<Variable>& known) {
  if (auto listed = ListedWords(rest, at, known)) return {std::move(*listed), true};
  DockerCommand command;
  for (ShellCommand& each : SplitShell(rest, at, known).commands) {
    for (ArgumentWord& word : each.words) command.words.push_back(std::move(word));
  }
  return command;
}

// "A=b C=d", or "A b".
std::vector<Variable> ReadDockerVariables(std::string_view rest, const std::vector<Variable>& known) {
  const size_t gap = rest.find_first_of(" \t");
  const size_t equals = rest.find('=');
  if (equals != std::string_view::npos && gap > equals)
    return SplitShell("export " + std::string(rest), 0, known).variables;
  const size_t value = gap == std::string_view::npos ? gap : rest.find_first_not_of(" \t", gap);
  if (value == std::string_view::npos) return {};
  return {{std::string(rest.substr(0, gap)), FillVariables(std::string(rest.substr(value)), known)}};
}

void TakeInstruction(std::string_view name, std::string_view rest, size_t at, Dockerfile* file) {
  if (name == "FROM") {
    // A stage of its own: what was said before is of another image.
    std::string_view image = rest;
    while (image.starts_with("--")) {
      image.remove_prefix(std::min(image.find_first_of(" \t"), image.size()));
      image.remove_prefix(std::min(image.find_first_not_of(" \t"), image.size()));
    }
    file->image = FillVariables(std::string(image.substr(0, image.find_first_of(" \t"))), file->known);
    file->entrypoint.reset();
    file->command.reset();
  } else if (name == "ENV" || name == "ARG") {
    for (const Variable& variable : ReadDockerVariables(rest, file->known)) {
      file->known.push_back(variable);
      if (name == "ENV") file->variables.push_back(variable);
    }
  } else if (name == "ENTRYPOINT") {
    file->entrypoint = ReadDockerCommand(rest, at, file->known);
  } else if (name == "CMD") {
    file->command = ReadDockerCommand(rest, at, file->known);
  }
}

}  // namespace

std::optional<Result<CheckResult>> ReadDockerfileText(std::string_view text, const Catalog& catalog) {
  if (IsTooLong(text)) return std::nullopt;
  Dockerfile file;
  for (size_t at = 0; at < text.size();) {
    size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    size_t end = std::min(text.find('\n', begin), text.size());
    if (text[begin] == '#' || text[begin] == '\n' || text[begin] == '\r') {
      at = end + 1;
      continue;
    }
    // Instructions go on behind a backslash.
    const auto goes_on = [&] {
      const size_t last = text.find_last_not_of(" \t\r", end - 1);
      return last != std::string_view::npos && last >= begin && text[last] == '\\';
    };
    while (end < text.size() && goes_on()) end = std::min(text.find('\n', end + 1), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const size_t gap = std::min(line.find_first_of(" \t"), line.size());
    std::string name(line.substr(0, gap));
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const size_t rest = std::min(line.find_first_not_of(" \t", gap), line.size());
    if (file.image.empty() && name != "FROM" && name != "ARG") return std::nullopt;
    TakeInstruction(name, line.substr(rest), begin + rest, &file);
    at = end + 1;
  }
  if (file.image.empty() || (!file.entrypoint && !file.command)) return std::nullopt;
  Container container;
  container.image = file.image;
  container.variables = file.variables;
  if (file.entrypoint) container.entrypoint = file.entrypoint->words;
  // A shell takes no arguments from CMD.
  const bool takes = file.command && (!file.entrypoint || file.entrypoint->listed);
  if (takes) container.arguments = file.command->words;
  // CMD alone may be a whole command of its own.
  if (!file.entrypoint && takes) {
    ShellCommand whole;
    whole.words = container.arguments;
    if (FindInvocation(whole, container.variables)) std::swap(container.entrypoint, container.arguments);
  }
  return ReadContainers("Dockerfile", text, {std::move(container)}, catalog);
}

std::optional<Result<CheckResult>> ReadComposeText(std::string_view text, const Catalog& catalog) {
  if (IsTooLong(text) || text.find("services:") == std::string_view::npos) return std::nullopt;
  std::vector<Container> containers;
  for (const YamlNode& document : ParseYaml(text)) {
    const YamlNode* services = document.Find("services");
    if (services == nullptr) continue;
    for (const YamlNode& service : services->items) containers.push_back(ComposeContainer(text, service));
  }
  return ReadContainers("Docker Compose file", text, std::move(containers), catalog);
}

std::optional<Result<CheckResult>> ReadKubernetesText(std::string_view text, const Catalog& catalog) {
  if (IsTooLong(text) || text.find("ontainers") == std::string_view::npos) return std::nullopt;
  std::vector<Container> containers;
  for (const YamlNode& document : ParseYaml(text))
    FindContainers(text, document, std::nullopt, 0, &containers);
  return ReadContainers("Kubernetes manifest", text, std::move(containers), catalog);
}

std::optional<Result<CheckResult>> ReadUnitText(std::string_view text, const Catalog& catalog) {
  if (IsTooLong(text)) return std::nullopt;
  constexpr std::string_view kStart = "ExecStart=";
  constexpr std::string_view kVariable = "Environment=";
  if (text.find(kStart) == std::string_view::npos && text.find(kVariable) == std::string_view::npos)
    return std::nullopt;
  CommandSource source;
  source.what = "systemd unit";
  std::vector<Variable> variables;
  std::vector<std::pair<size_t, std::string_view>> starts;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    while (end < text.size() && end > at && text[end - 1] == '\\')
      end = std::min(text.find('\n', end + 1), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(kVariable)) {
      // Environment="A=b" "C=d": words, each an assignment.
      const ShellScript script =
          SplitShell(std::string("export ") + std::string(line.substr(kVariable.size())));
      variables.insert(variables.end(), script.variables.begin(), script.variables.end());
    } else if (line.starts_with(kStart)) {
      size_t begin = kStart.size();
      while (begin < line.size() && std::string_view("-@:+!").find(line[begin]) != std::string_view::npos)
        ++begin;
      starts.emplace_back(at + begin, line.substr(begin));
    }
    at = end + 1;
  }
  for (const auto& [begin, line] : starts) {
    const ShellScript script = SplitShell(line, begin, variables);
    for (const ShellCommand& command : script.commands) {
      std::optional<Invocation> found = FindInvocation(command, variables);
      if (found && source.invocations.empty()) source.invocations.push_back(std::move(*found));
    }
  }
  // An override that only sets variables: those of a server tell whose they are.
  if (source.invocations.empty() && !variables.empty()) {
    std::optional<Invocation> found = InvocationOfVariables(variables);
    if (found) source.invocations.push_back(std::move(*found));
  }
  if (source.invocations.empty()) return std::nullopt;
  source.comments = CommentsOf(text);
  return ReadInvocations(source, catalog);
}

namespace {

// A value as an option takes it: text, several texts, or JSON.
std::string OptionText(const YamlNode& node) {
  if (node.is_text()) return node.text;
  Json json;
  const auto to_json = [](const auto& self, const YamlNode& from) -> Json {
    if (from.is_text()) return from.quoted ? Json(from.text) : ScalarOf(from.text);
    Json value = from.is_list() ? Json::MakeArray() : from.is_map() ? Json::MakeObject() : Json();
    for (size_t i = 0; i < from.items.size(); ++i) {
      if (from.is_list()) value.Append(self(self, from.items[i]));
      if (from.is_map()) value.AppendMember(from.keys[i], self(self, from.items[i]));
    }
    return value;
  };
  return node.kind == YamlNode::Kind::kNull ? "null" : to_json(to_json, node).Dump();
}

// "a: {b: 1}" as "a.b".
void Flatten(const YamlNode& node, const std::string& prefix, int depth, std::vector<GivenOption>* given) {
  for (size_t i = 0; i < node.keys.size() && given->size() < 512; ++i) {
    const YamlNode& value = node.items[i];
    const std::string name = prefix + node.keys[i];
    if (value.is_map() && depth < 4) {
      Flatten(value, name + ".", depth + 1, given);
    } else {
      given->push_back({name, OptionText(value), node.key_begins[i], value.end, value.begin});
    }
  }
}

// No engine has more options than this.
bool IsScalarMap(const YamlNode& document) {
  return document.is_map() && !document.keys.empty() && document.keys.size() <= 256;
}

struct OptionFile {
  const Engine* engine = nullptr;
  const EngineProgram* program = nullptr;
  std::vector<GivenOption> given;
  size_t known = 0;
};

// The engine most of whose options the keys are. Engines spell their files' keys without dashes, or have names
// of their own for them.
OptionFile BestFile(const YamlNode& document) {
  OptionFile best;
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (language == nullptr || language->programs.empty()) continue;
    for (const bool plain : {false, true}) {
      OptionFile file;
      file.engine = engine;
      file.program = &language->programs.front();
      if (plain) {
        Flatten(document, "", 0, &file.given);
      } else {
        for (size_t i = 0; i < document.keys.size(); ++i) {
          const YamlNode& value = document.items[i];
          file.given.push_back(
              {"--" + document.keys[i], OptionText(value), document.key_begins[i], value.end, value.begin});
        }
      }
      for (const GivenOption& given : file.given) {
        file.known += FindOption(*file.program->table, language->syntax, given.name) ? size_t{1} : size_t{0};
      }
      const auto share = [](const OptionFile& of) {
        return of.given.empty() ? 0.0 : static_cast<double>(of.known) / static_cast<double>(of.given.size());
      };
      if (file.known > 0 && share(file) > share(best)) best = std::move(file);
    }
  }
  return best;
}

}  // namespace

std::optional<Result<CheckResult>> ReadOptionFileText(std::string_view text, const Catalog& catalog) {
  if (IsTooLong(text) || text.find(':') == std::string_view::npos) return std::nullopt;
  const std::vector<YamlNode> documents = ParseYaml(text);
  if (documents.size() != 1 || !IsScalarMap(documents[0])) return std::nullopt;
  OptionFile file = BestFile(documents[0]);
  if (file.engine == nullptr || file.known * 2 < file.given.size() + (file.given.size() > 1 ? 0 : 1))
    return std::nullopt;
  Invocation invocation;
  invocation.engine = file.engine;
  invocation.language = file.engine->language();
  invocation.program = file.program;
  invocation.given = std::move(file.given);
  invocation.end = text.size();
  CommandSource source;
  source.what = "file of options";
  source.invocations.push_back(std::move(invocation));
  source.comments = CommentsOf(text);
  CheckResult result = ReadInvocations(source, catalog);
  result.kind = CheckKind::kConfig;
  return result;
}

}  // namespace plimsoll
