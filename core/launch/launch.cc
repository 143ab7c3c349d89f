#include "core/launch/launch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/json.h"
#include "core/base/loose_json.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/check/check.h"
#include "core/check/invocation.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/option_writer.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/launch/download.h"
#include "core/resolve/resolved_config.h"

namespace plimsoll {
namespace {

constexpr std::string_view kHeadAddress = "$HEAD_IP";  // the first node's, known to nobody but its owner

// A word as a shell takes it.
std::string Quote(std::string_view word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-+=./:,@%$") == std::string_view::npos;
  if (plain) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// A value that a YAML or Python reader takes as text.
std::string DoubleQuoted(std::string_view text) { return Json(text).Dump(); }

bool IsVariable(std::string_view name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z' && name != "FROM" &&
         name.find('_') != std::string_view::npos;
}

// "./Qwen3-32B-gptq-int8": a folder of one's own, by a name that says what is in it.
std::string OwnFolder(const Model& model, std::string_view format) {
  std::string name = model.hf_repo.substr(model.hf_repo.find_last_of('/') + 1);
  if (name.empty()) name = model.id;
  if (format.starts_with("gguf-")) return "./" + name + "-" + std::string(format.substr(5)) + ".gguf";
  return "./" + name + "-" + std::string(format);
}

struct Named {
  std::string name;
  bool own = false;  // no repository is known: the name is a placeholder
};
Named NameOf(const EngineLanguage& language, const LaunchSubject& subject, std::string_view id,
             std::string_view format) {
  const Model* model = subject.catalog.FindModel(id);
  if (model == nullptr) return {"./model", true};
  if (language.name_model != nullptr) {
    std::string name = language.name_model(subject, id, format);
    const bool own = name.find('/') == std::string::npos || name.starts_with("./");
    return {std::move(name), own};
  }
  std::string repository = RepositoryOf(*model, format);
  if (!repository.empty()) return {std::move(repository), false};
  if (IsMadeAtLoad(language, format)) return {model->hf_repo, false};
  return {OwnFolder(*model, format), true};
}

class Writer {
 public:
  Writer(const Config& config, const Catalog& catalog, const Engine& engine, const Resolved& resolved)
      : catalog_(catalog),
        language_(*engine.language()),
        program_(language_.programs.front()),
        resolved_(resolved),
        least_(WithoutDefaults(config, catalog)),
        subject_{least_, resolved, catalog, "", ""} {
    std::string format = resolved.format->id;
    const std::string& given = config.format.AsString();
    if (given.find('/') != std::string::npos) {
      model_ = {given, false};  // a checkpoint by its repository
    } else {
      model_ = NameOf(language_, subject_, config.model, format);
    }
    subject_.model = model_.name;
    if (config.speculative && !config.speculative->model.empty()) {
      const Model* draft = catalog.FindModel(config.speculative->model);
      std::string draft_format = config.speculative->format;
      if (draft_format.empty() && draft != nullptr)
        draft_format = resolved.engine->reads_gguf && resolved.draft_format != nullptr
                           ? resolved.draft_format->id
                           : draft->native_format;
      subject_.draft = NameOf(language_, subject_, config.speculative->model, draft_format).name;
    }
    options_ = WriteOptions(*program_.table, subject_);
  }

  Result<LaunchText> Write(const Config& config, std::string_view form) {
    LaunchText launch;
    launch.form = std::string(form);
    std::string text = Wrapped(form, 0);
    launch.said = NotSaid(config, text);
    launch.text = WithComment(launch.said, std::move(text), form);
    for (int64_t rank = 1; rank < resolved_.nodes && form != "python" && rank < 64; ++rank)
      launch.nodes.push_back(Wrapped(form, rank));
    AddNotes(&launch);
    launch.download = DownloadOf(config, catalog_, resolved_).size;
    return launch;
  }

 private:
  // What a reader of the text without a comment would miss.
  Config NotSaid(const Config& config, const std::string& text) const {
    Config said;
    Result<CheckResult> read = Check(text, catalog_);
    Config got = read.ok() ? read->config : Config();
    // The release is the image's affair, or the newest.
    const Result<Resolved> now = Settle(got, catalog_);
    const Json wanted = ResolvedConfigJson(resolved_);
    const Json seen = now.ok() ? ResolvedConfigJson(*now) : Json();
    for (const ConfigKey& key : ConfigKeys()) {
      if (!IsConfigValueGiven(least_, key)) continue;
      const Json value = GetConfigValue(least_, key);
      if (key.json == "gpu") (void)SetConfigValue(key, value, &said);
      if (GetConfigValue(got, key) == value) continue;
      const Json* a = wanted.Find(key.json);
      const Json* b = seen.Find(key.json);
      const bool same = a != nullptr && b != nullptr && *a == *b;
      if (!same) (void)SetConfigValue(key, value, &said);
    }
    (void)config;
    SayRest(std::move(got), wanted, &said);
    return said;
  }

  // What still comes to something else when the comment is read over the options: degrees and cards follow from one
  // another, so what one of them says may move another.
  void SayRest(Config got, const Json& wanted, Config* said) const {
    for (int round = 0; round < 3; ++round) {
      for (const ConfigKey& key : ConfigKeys()) {
        if (IsConfigValueGiven(*said, key)) (void)SetConfigValue(key, GetConfigValue(*said, key), &got);
      }
      const Result<Resolved> now = Settle(got, catalog_);
      const Json seen = now.ok() ? ResolvedConfigJson(*now) : Json();
      if (seen == wanted) return;
      bool more = false;
      for (const ConfigKey& key : ConfigKeys()) {
        const Json* a = wanted.Find(key.json);
        const Json* b = seen.Find(key.json);
        if (a == nullptr || a->is_null() || (b != nullptr && *a == *b)) continue;
        const Json given = IsConfigValueGiven(least_, key) ? GetConfigValue(least_, key) : *a;
        if (IsConfigValueGiven(*said, key) && GetConfigValue(*said, key) == given) continue;
        more = !SetConfigValue(key, given, said) || more;
      }
      if (!more) return;
    }
  }

  static std::string WithComment(const Config& said, std::string text, std::string_view form) {
    (void)form;
    const std::string fragment = EncodeConfigUrl(said);
    return fragment.empty() ? text : "# plimsoll: " + fragment + "\n" + text;
  }

  std::vector<std::string> Environment() const {
    std::vector<std::string> words;
    for (const WrittenOption& option : options_) {
      if (IsVariable(option.name)) words.push_back(option.name + "=" + option.value);
    }
    return words;
  }

  // The options, each with its value, as words of a command line.
  std::vector<std::vector<std::string>> Arguments(int64_t rank, bool model_by_option) const {
    std::vector<std::vector<std::string>> groups;
    if (program_.takes_model) {
      const bool named =
          model_by_option && FindOption(*program_.table, language_.syntax, "--model").has_value();
      groups.push_back(named ? std::vector<std::string>{"--model", model_.name}
                             : std::vector<std::string>{model_.name});
    }
    for (const WrittenOption& option : options_) {
      if (!option.name.starts_with("-")) continue;
      groups.push_back(option.is_flag ? std::vector<std::string>{option.name}
                                      : std::vector<std::string>{option.name, option.value});
    }
    if (resolved_.nodes > 1 && language_.node_words != nullptr) {
      for (std::vector<std::string>& words : language_.node_words(subject_, rank, kHeadAddress))
        groups.push_back(std::move(words));
    }
    return groups;
  }

  std::string_view ProgramName() const { return program_.words.substr(0, program_.words.find(' ')); }
  std::string Program() const {
    std::string words(program_.words);
    if (words.starts_with("-m ")) words = "python3 " + words;
    return words;
  }

  // A command over several lines.
  static std::string Lines(std::string head, const std::vector<std::vector<std::string>>& groups) {
    for (const std::vector<std::string>& group : groups) {
      const bool first = &group == &groups.front() && !group.front().starts_with("-");
      head += first ? " " : " \\\n  ";
      for (size_t i = 0; i < group.size(); ++i) head += (i > 0 ? " " : "") + Quote(group[i]);
    }
    return head + "\n";
  }

  std::string Wrapped(std::string_view form, int64_t rank) const {
    if (rank > 0 && language_.node_text != nullptr) return language_.node_text();
    if (form == "docker") return Docker(rank);
    if (form == "compose") return Compose(rank);
    if (form == "k8s") return Kubernetes(rank);
    if (form == "python") return Python();
    if (language_.own_text != nullptr) return language_.own_text(subject_, options_);
    std::string head;
    for (const std::string& word : Environment()) head += Quote(word) + " ";
    return Lines(head + Program(), Arguments(rank, false));
  }

  int64_t Cards() const { return resolved_.ram_alone ? 0 : resolved_.gpus; }
  bool Rocm() const {
    const bool amd = !resolved_.cards.empty() && resolved_.cards.front().gpu->vendor == Vendor::kAmd;
    return amd && Cards() > 0 && !language_.rocm_image.empty();
  }
  std::string Image() const {
    const std::string_view image = Rocm() ? language_.rocm_image : language_.image;
    const std::string tail(Rocm() ? language_.rocm_tail : "");
    if (!resolved_.version.text.empty()) return std::string(image) + resolved_.version.text + tail;
    return std::string(image.substr(0, image.rfind(':') + 1)) + "latest";
  }
  // In a container a file of one's own lies in a folder that is mounted.
  std::string InContainer() const {
    return "/models/" + model_.name.substr(model_.name.find_last_of('/') + 1);
  }
  // What stands behind the image: its entry point's arguments, or the whole command.
  std::vector<std::vector<std::string>> ContainerArguments(int64_t rank) const {
    std::vector<std::vector<std::string>> groups = Arguments(rank, true);
    for (std::vector<std::string>& words : groups) {
      for (std::string& word : words) {
        if (model_.own && word == model_.name) word = InContainer();
      }
    }
    const std::optional<KnownImage> image = FindImage(Image());
    const bool whole = !image || image->image->program.empty();
    if (language_.serves_by_variables) return {};
    if (whole) {
      std::vector<std::string> words;
      const std::string program = Program();
      for (const std::string_view word : SplitAt(program, ' ')) words.emplace_back(word);
      if (program_.takes_model && !groups.empty() && groups.front().size() == 2)
        groups.front() = {groups.front()[1]};
      groups.insert(groups.begin(), words);
    }
    return groups;
  }

  std::string Docker(int64_t rank) const {
    std::string head = "docker run --rm";
    if (Rocm()) {
      head += " --device /dev/kfd --device /dev/dri --group-add video --security-opt seccomp=unconfined";
    } else if (Cards() > 0) {
      head += " --gpus " + (resolved_.nodes > 1 ? std::string("all") : std::to_string(Cards()));
    }
    // Nodes reach one another by ports that nobody can list.
    const std::string port = std::to_string(language_.port);
    head += resolved_.nodes > 1 ? " --ipc=host --network host" : " --ipc=host -p " + port + ":" + port;
    head += " \\\n  -v ~/.cache/huggingface:/root/.cache/huggingface";
    if (model_.own && !language_.serves_by_variables) head += " \\\n  -v ./models:/models";
    for (const std::string& word : Environment()) head += " \\\n  -e " + Quote(word);
    head += " \\\n  " + Image();
    std::vector<std::vector<std::string>> groups = ContainerArguments(rank);
    if (language_.serves_by_variables) {
      return head + "\ndocker exec -it " + std::string(ProgramName()) + " " +
             Lines(Program(), {{model_.name}});
    }
    return Lines(std::move(head), groups);
  }

  std::string Compose(int64_t rank) const {
    const std::string port = std::to_string(language_.port);
    std::string text = "services:\n  model:\n    image: " + Image() + "\n    ipc: host\n";
    text += resolved_.nodes > 1 ? std::string("    network_mode: host\n")
                                : "    ports:\n      - \"" + port + ":" + port + "\"\n";
    text += "    volumes:\n      - ~/.cache/huggingface:/root/.cache/huggingface\n";
    if (model_.own && !language_.serves_by_variables) text += "      - ./models:/models\n";
    const std::vector<std::string> variables = Environment();
    if (!variables.empty()) text += "    environment:\n";
    for (const std::string& word : variables) text += "      - " + DoubleQuoted(word) + "\n";
    const std::vector<std::vector<std::string>> groups = ContainerArguments(rank);
    if (!groups.empty()) text += "    command:\n";
    for (const std::vector<std::string>& group : groups) {
      for (const std::string& word : group) text += "      - " + DoubleQuoted(word) + "\n";
    }
    if (Rocm()) {
      text +=
          "    devices:\n      - /dev/kfd\n      - /dev/dri\n    group_add:\n      - video\n"
          "    security_opt:\n      - seccomp=unconfined\n";
    } else if (Cards() > 0) {
      text +=
          "    deploy:\n      resources:\n        reservations:\n          devices:\n            - driver: "
          "nvidia\n              count: " +
          std::to_string(Cards()) + "\n              capabilities: [gpu]\n";
    }
    return text;
  }

  std::string Kubernetes(int64_t rank) const {
    const std::string port = std::to_string(language_.port);
    const bool nodes = resolved_.nodes > 1;
    const std::string name = nodes ? "model-" + std::to_string(rank) : "model";
    std::string text = rank > 0 ? "---\n" : "";
    // The first node is found by its name before it is ready.
    if (nodes && rank == 0) {
      text += "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + name +
              "\nspec:\n  clusterIP: None\n  publishNotReadyAddresses: true\n  selector: {app: " + name +
              "}\n---\n";
    }
    text += "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name +
            "\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {app: " + name +
            "}\n  template:\n    metadata:\n      labels: {app: " + name + "}\n    spec:\n";
    text += "      containers:\n        - name: server\n          image: " + Image() + "\n";
    const std::vector<std::string> variables = Environment();
    if (!variables.empty()) text += "          env:\n";
    for (const std::string& word : variables) {
      const size_t equals = word.find('=');
      text += "            - name: " + word.substr(0, equals) +
              "\n              value: " + DoubleQuoted(word.substr(equals + 1)) + "\n";
    }
    const std::vector<std::vector<std::string>> groups = ContainerArguments(rank);
    if (!groups.empty()) text += "          args:\n";
    for (const std::vector<std::string>& group : groups) {
      for (const std::string& word : group) text += "            - " + DoubleQuoted(InArguments(word)) + "\n";
    }
    text += "          ports:\n            - containerPort: " + port + "\n";
    if (Cards() > 0)
      text += "          resources:\n            limits:\n              " +
              std::string(Rocm() ? "amd.com/gpu: " : "nvidia.com/gpu: ") + std::to_string(Cards()) + "\n";
    const bool own = model_.own && !language_.serves_by_variables;
    text += "          volumeMounts:\n            - {name: shm, mountPath: /dev/shm}\n";
    if (own) text += "            - {name: models, mountPath: /models}\n";
    text += "      volumes:\n        - {name: shm, emptyDir: {medium: Memory, sizeLimit: 16Gi}}\n";
    if (own) text += "        - {name: models, hostPath: {path: /models}}\n";
    return text;
  }

  // The first node's address by the name of its service.
  static std::string InArguments(std::string word) {
    const size_t at = word.find(kHeadAddress);
    return at == std::string::npos ? word : word.replace(at, kHeadAddress.size(), "model-0");
  }

  // The value of a keyword: numbers and JSON as they stand, with Python's words, all else as text.
  static std::string PythonValue(const WrittenOption& option) {
    if (option.is_flag) return option.name.starts_with("--no-") ? "False" : "True";
    const std::optional<Json> value = ParseLooseJson(option.value);
    if (value && (value->is_number() || value->is_object())) return option.value;
    return DoubleQuoted(option.value);
  }

  std::string Python() const {
    const EngineClass& row = language_.classes.front();
    std::string text = std::string(row.import) + "\n\nllm = " + std::string(row.call) + "(\n";
    const std::string positional(row.positional.substr(2));
    const auto keyword = [](std::string_view name) {
      std::string word(name.substr(2));
      if (word.starts_with("no-")) word = word.substr(3);
      for (char& c : word) {
        if (c == '-') c = '_';
      }
      return word;
    };
    text += "    " + keyword("--" + positional) + "=" + DoubleQuoted(model_.name) + ",\n";
    for (const WrittenOption& option : options_) {
      if (!option.name.starts_with("--") || option.name == row.positional) continue;
      text += "    " + keyword(option.name) + "=" + PythonValue(option) + ",\n";
    }
    return text + ")\n";
  }

  void AddNotes(LaunchText* launch) const {
    if (model_.own) {
      const bool container = !language_.serves_by_variables &&
                             (launch->form == "docker" || launch->form == "compose" || launch->form == "k8s");
      launch->notes.push_back("No published repository of the model in " + resolved_.format->id +
                              " is known: put your own in the place of " +
                              (container ? InContainer() : model_.name) + ".");
    }
    if (resolved_.nodes > 1 && language_.node_text != nullptr) {
      launch->notes.push_back(
          "The first command runs on the machine that answers; the other one before it on " +
          CountText(resolved_.nodes - 1) + " more, which the first knows by the names in its options.");
    } else if (resolved_.nodes > 1) {
      const std::string nodes = CountText(resolved_.nodes);
      launch->notes.push_back(launch->form == "k8s"
                                  ? "One deployment for each of the " + nodes + " nodes."
                                  : "Run it on each of the " + nodes +
                                        " nodes, with its rank; $HEAD_IP is the first one's address.");
    }
  }

  const Catalog& catalog_;
  const EngineLanguage& language_;
  const EngineProgram& program_;
  const Resolved& resolved_;
  Config least_;
  LaunchSubject subject_;
  Named model_;
  std::vector<WrittenOption> options_;
};

}  // namespace

std::vector<std::string_view> LaunchForms(const Engine& engine) {
  std::vector<std::string_view> forms;
  const EngineLanguage* language = engine.language();
  if (language == nullptr) return forms;
  forms.push_back(language->form);
  const bool has_class = !language->classes.empty() && !language->classes.front().import.empty();
  if (has_class) forms.push_back("python");
  for (const std::string_view form : {"docker", "compose", "k8s"}) {
    if (!language->image.empty()) forms.push_back(form);
  }
  return forms;
}

Result<LaunchText> Launch(const Config& given, const Catalog& catalog, std::string_view form) {
  Config config = given;
  // A form of one engine only asks for that engine.
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (config.engine.empty() && language != nullptr && language->form == form)
      config.engine = std::string(engine->traits().id);
  }
  const Engine* engine = FindEngine(config.engine);
  if (engine == nullptr) return Error{"engine", Quoted(config.engine), EngineIds()};
  const std::vector<std::string_view> forms = LaunchForms(*engine);
  if (forms.empty()) return Error{"engine", Quoted(config.engine), "an engine whose commands are known"};
  if (form.empty()) form = forms.front();
  if (std::find(forms.begin(), forms.end(), form) == forms.end())
    return Error{"as", Quoted(form), ListText(forms, "or")};
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return resolved.error();
  return Writer(config, catalog, *engine, *resolved).Write(config, form);
}

}  // namespace plimsoll
