#include "core/check/invocation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.h"
#include "core/check/python_value.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

std::string_view ProgramName(std::string_view word) {
  const size_t slash = word.find_last_of("/\\");
  if (slash != std::string_view::npos) word = word.substr(slash + 1);
  if (word.ends_with(".exe")) word.remove_suffix(4);
  return word;
}

bool IsPython(std::string_view word) {
  const std::string_view name = ProgramName(word);
  return name == "py" || name.starts_with("python");
}

// Wrappers whose own options may stand before the program, and which of those take a value.
struct Wrapper {
  std::string_view name;
  std::string_view with_value;  // apart by spaces
};
constexpr std::array<Wrapper, 30> kWrappers = {{
    {"sudo", "-u --user -g"},
    {"nohup", ""},
    {"exec", ""},
    {"time", ""},
    {"env", "-u"},
    {"numactl", "-N -m -C --cpunodebind --membind --physcpubind --interleave"},
    {"taskset", "-c"},
    {"nice", "-n"},
    {"ionice", "-c -n"},
    {"srun", "-N -n -c -p -t -J -w --nodes --ntasks --gpus --cpus-per-task --partition --time"},
    {"mpirun", "-n -np -H --hostfile -x"},
    {"trtllm-llmapi-launch", ""},
    {"stdbuf", "-o -e -i"},
    {"screen", "-S -dmS"},
    {"setsid", ""},
    {"command", ""},
    {"call", ""},
    {"start", "/d"},
    {"wsl", "-d -u --distribution --user --cd"},
    {"doas", "-u"},
    {"caffeinate", ""},
    {"chrt", ""},
    {"systemd-run", "-p --unit --slice --uid"},
    {"timeout", "-s -k"},
    {"uv", "--with --python --extra"},
    {"uvx", "--with --python --from"},
    {"poetry", ""},
    {"pixi", ""},
    {"conda", "-n --name -p"},
    {"run", "-n --name -p --with --python --extra --project --directory"},
}};

const Wrapper* FindWrapper(std::string_view word) {
  const std::string_view name = ProgramName(word);
  for (const Wrapper& wrapper : kWrappers) {
    if (wrapper.name == name) return &wrapper;
  }
  return nullptr;
}

// The options of `docker run` that take a value (docs.docker.com/reference/cli/docker/container/run).
constexpr std::string_view kDockerValues =
    "-v --volume -p --publish -e --env --env-file --name --gpus --shm-size --ipc --network --net --runtime "
    "--device -w --workdir -u --user --entrypoint --mount --ulimit --restart -m --memory --memory-swap "
    "--cpus "
    "--cpuset-cpus --hostname -h --add-host --label -l --log-opt --log-driver --security-opt --cap-add "
    "--group-add --platform --pull --tmpfs --health-cmd --pid --dns --expose --link --annotation --cidfile "
    "--bind -B --home -H --pwd --overlay "  // of apptainer, as singularity is called by now
    "--userns --uts --device-cgroup-rule --shm_size --stop-timeout --memory-reservation --hooks-dir";

// `--gpus all`, `2`, `device=0`, '"device=0,1"'.
std::optional<int64_t> DockerGpus(std::string_view value) {
  std::string plain;
  for (const char c : value) {
    if (c != '"' && c != '\'') plain += c;
  }
  const size_t device = plain.find("device=");
  if (device != std::string::npos) {
    return static_cast<int64_t>(SplitAt(std::string_view(plain).substr(device + 7), ',').size());
  }
  if (plain.starts_with("count=")) plain = plain.substr(6);
  if (plain.empty() || plain.size() > 4 || plain.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  int64_t count = 0;
  for (const char c : plain) count = count * 10 + (c - '0');
  return count;
}

class Finder {
 public:
  Finder(const ShellCommand& command, const std::vector<Variable>& variables, bool in_container)
      : words_(command.words), variables_(variables), in_container_(in_container) {
    variables_.insert(variables_.end(), command.variables.begin(), command.variables.end());
  }

  std::optional<Invocation> Find() {
    Peel();
    if (at_ >= words_.size()) return std::nullopt;
    const std::string_view name = ProgramName(words_[at_].text);
    if (IsShell(name)) return FindInScript();
    if (IsHttpClient(name)) return FindSent();
    if (IsContainerTool(name)) return in_container_ ? std::nullopt : FindInContainer(name);
    std::optional<Invocation> found = Match(words_, at_);
    if (found) Finish(&*found);
    return found;
  }

  // The program at `at`, of any engine; the longest name wins.
  static std::optional<Invocation> Match(const std::vector<ArgumentWord>& words, size_t at) {
    std::optional<Invocation> best;
    size_t longest = 0;
    for (const Engine* engine : Engines()) {
      const EngineLanguage* language = engine->language();
      if (language == nullptr) continue;
      for (const EngineProgram& program : language->programs) {
        const size_t count = MatchWords(program.words, words, at);
        if (count <= longest) continue;
        longest = count;
        best.emplace();
        best->engine = engine;
        best->language = language;
        best->program = &program;
      }
    }
    if (best) {
      best->words.assign(words.begin() + static_cast<std::ptrdiff_t>(at + longest), words.end());
      best->end = words.back().end;
      if (best->program->in_session && !best->program->takes_prompt && !best->program->takes_model)
        NameFirst(&*best);
    }
    return best;
  }

 private:
  // "num_ctx 8192": a name and what follows it.
  static void NameFirst(Invocation* found) {
    if (found->words.size() < 2) return;
    GivenOption given;
    given.name = found->words[0].text;
    given.begin = found->words[0].begin;
    given.value_begin = found->words[1].begin;
    given.end = found->words.back().end;
    for (size_t i = 1; i < found->words.size(); ++i) given.value += (i > 1 ? " " : "") + found->words[i].text;
    found->given.push_back(std::move(given));
    found->words.clear();
  }

  // How many words a program's name takes at `at`; 0: it is another. "-m module" stands behind Python, whose
  // own options may come between.
  static size_t MatchWords(std::string_view name, const std::vector<ArgumentWord>& words, size_t at) {
    const std::vector<std::string_view> parts = SplitAt(name, ' ');
    size_t next = at;
    if (parts[0] == "-m") {
      // The line may begin behind "python3".
      const bool bare = next == 0 && !words.empty() && words[0].text == "-m";
      if (!bare && (next >= words.size() || !IsPython(words[next].text))) return 0;
      if (!bare) ++next;
      while (next < words.size() && words[next].text.starts_with("-") && words[next].text != "-m") ++next;
    } else if (IsPython(words[next].text) && next + 1 < words.size()) {
      ++next;  // python script.py
    }
    for (const std::string_view part : parts) {
      if (next >= words.size()) return 0;
      const std::string_view word = words[next].text;
      const bool same = word == part || ProgramName(word) == part;
      if (!same) return 0;
      ++next;
    }
    return next - at;
  }

  void Peel() {
    for (int depth = 0; depth < 16 && at_ < words_.size(); ++depth) {
      const std::string& word = words_[at_].text;
      const size_t equals = word.find('=');
      if (equals != std::string::npos && equals > 0 && word[0] != '-' && word.find('/') > equals) {
        variables_.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        ++at_;
        --depth;
        continue;
      }
      const Wrapper* wrapper = FindWrapper(word);
      if (wrapper == nullptr) return;
      ++at_;
      if (wrapper->name == "start") TakeTitle();
      while (at_ < words_.size() && IsWrapperOption(*wrapper, words_[at_].text)) {
        const std::string& option = words_[at_++].text;
        if (HasName(wrapper->with_value, option) && at_ < words_.size()) {
          if (wrapper->name == "srun" && (option == "-N" || option == "--nodes")) TakeNodes(words_[at_].text);
          ++at_;
        }
      }
      // timeout takes how long.
      if (wrapper->name == "timeout" && at_ < words_.size()) ++at_;
      // taskset takes a mask where no option gave the list.
      if (wrapper->name == "taskset" && at_ < words_.size() && words_[at_].text.starts_with("0x")) ++at_;
    }
  }

  // cmd.exe's `start` takes the window's title in quotes.
  void TakeTitle() {
    if (at_ + 1 >= words_.size()) return;
    const ArgumentWord& word = words_[at_];
    const bool quoted = word.end - word.begin > word.text.size();
    if (quoted && word.text.find('\\') == std::string::npos && !word.text.ends_with(".exe")) ++at_;
  }
  static bool IsWrapperOption(const Wrapper& wrapper, std::string_view word) {
    return word.starts_with("-") || (wrapper.name == "start" && word.starts_with("/"));
  }

  void TakeNodes(std::string_view text) { nodes_ = DockerGpus(text); }

  static bool IsShell(std::string_view name) {
    return name == "sh" || name == "bash" || name == "zsh" || name == "dash" || name == "ash" ||
           name == "fish" || name == "cmd" || name == "powershell" || name == "pwsh" || name == "tmux";
  }

  // -c, -lc, /c, /k, -Command
  static bool IsScriptOption(std::string_view word) {
    const std::string lower = Lower(word);
    return lower.ends_with("c") || lower == "/k" || lower == "-command";
  }

  // bash -lc "…": the text is a script of its own.
  std::optional<Invocation> FindInScript() {
    if (in_script_) return std::nullopt;
    // tmux new -s name "…"
    if (words_[at_].text == "tmux" && words_.size() > at_ + 2) at_ = words_.size() - 3;
    ++at_;
    while (at_ < words_.size() && (words_[at_].text.starts_with("-") || words_[at_].text.starts_with("/")) &&
           !IsScriptOption(words_[at_].text))
      ++at_;
    if (at_ + 1 >= words_.size()) return std::nullopt;
    // cmd.exe takes the rest of the line without quotes, too.
    if (words_[at_].text.starts_with("/") && at_ + 2 < words_.size()) {
      return InvocationOfWords({words_.begin() + static_cast<std::ptrdiff_t>(at_ + 1), words_.end()});
    }
    const ArgumentWord& word = words_[at_ + 1];
    // Where quotes were taken off, places are as far right as they were long.
    const size_t quote = word.end - word.begin > word.text.size() ? 1 : 0;
    const ShellScript script = SplitShell(word.text, word.begin + quote, variables_);
    for (const ShellCommand& command : script.commands) {
      Finder finder(command, variables_, true);
      finder.in_script_ = true;
      std::optional<Invocation> found = finder.Find();
      if (!found) continue;
      Finish(&*found);
      return found;
    }
    return std::nullopt;
  }

  static bool IsHttpClient(std::string_view name) {
    const std::string lower = Lower(name);
    for (const std::string_view one :
         {"curl", "wget", "xh", "invoke-restmethod", "invoke-webrequest", "irm", "iwr"}) {
      if (lower == one) return true;
    }
    return false;
  }

  // curl http://…/api/chat -d '{…}': the address tells whose server it is.
  std::optional<Invocation> FindSent() {
    std::optional<KnownRequest> known;
    for (size_t i = at_ + 1; i < words_.size() && !known; ++i) known = FindRequest(words_[i].text);
    if (!known) return std::nullopt;
    for (size_t i = at_ + 1; i < words_.size(); ++i) {
      const ArgumentWord& word = words_[i];
      const size_t open = word.text.find('{');
      // "--data={…}" or "-d{…}": what stands before the body is short.
      if (open == std::string::npos || open > 16) continue;
      std::optional<size_t> place;
      if (word.end - word.begin == word.text.size() + 2) place = word.begin + 1;
      Invocation found = InvocationOfRequest(*known, word.text, place);
      Finish(&found);
      return found;
    }
    return std::nullopt;
  }

  static bool IsContainerTool(std::string_view name) {
    return name == "docker" || name == "podman" || name == "nerdctl" || name == "apptainer" ||
           name == "singularity";
  }
  static std::string_view ContainerWords(std::string_view tool) {
    for (const std::string_view one : {"podman run", "nerdctl run", "apptainer run", "singularity run"}) {
      if (one.substr(0, one.find(' ')) == tool) return one;
    }
    return "docker run";
  }

  std::optional<Invocation> FindInContainer(std::string_view tool) {
    ++at_;
    if (at_ < words_.size() && words_[at_].text == "container") ++at_;
    if (at_ >= words_.size() ||
        (words_[at_].text != "run" && words_[at_].text != "create" && words_[at_].text != "exec")) {
      return std::nullopt;
    }
    const bool exec = words_[at_].text == "exec";
    ++at_;
    TakeContainerOptions();
    if (at_ >= words_.size()) return std::nullopt;
    std::string image = words_[at_].text;
    if (image.starts_with("docker://")) image = image.substr(9);
    const size_t image_end = words_[at_].end;
    ++at_;
    std::vector<ArgumentWord> rest(words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
    if (!entrypoint_.text.empty()) rest.insert(rest.begin(), entrypoint_);
    std::optional<Invocation> found =
        exec || !entrypoint_.text.empty() ? InvocationOfWords(rest) : InvocationOfImage(image, rest);
    if (!found) return std::nullopt;
    if (const std::optional<KnownImage> known = FindImage(image)) found->version = known->version;
    found->image = image;
    found->wrapper = ContainerWords(tool);
    if (found->end == 0) found->end = image_end;
    Finish(&*found);
    return found;
  }

  static std::optional<Invocation> InvocationOfWords(const std::vector<ArgumentWord>& words) {
    if (words.empty()) return std::nullopt;
    ShellCommand command;
    command.words = words;
    return Finder(command, {}, true).Find();
  }

  void TakeContainerOptions() {
    while (at_ < words_.size() && words_[at_].text.starts_with("-")) {
      std::string option = words_[at_].text;
      ArgumentWord value_word = words_[at_];
      std::string value;
      const size_t equals = option.find('=');
      ++at_;
      if (equals != std::string::npos && option.starts_with("--")) {
        value = option.substr(equals + 1);
        option = option.substr(0, equals);
      } else if (HasName(kDockerValues, option) && at_ < words_.size()) {
        value_word = words_[at_];
        value = words_[at_++].text;
      }
      TakeContainerOption(option, value, value_word);
    }
  }

  void TakeContainerOption(std::string_view option, const std::string& value, const ArgumentWord& word) {
    if (option == "--gpus") gpus_ = DockerGpus(value);
    if (option == "--device" && value.find("nvidia.com/gpu=") != std::string::npos &&
        value.find("=all") == std::string::npos) {
      gpus_ = gpus_.value_or(0) + 1;
    }
    if (option == "--entrypoint") {
      entrypoint_ = word;
      entrypoint_.text = value;
    }
    const size_t equals = value.find('=');
    if ((option == "-e" || option == "--env") && equals != std::string::npos) {
      variables_.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    }
  }

  void Finish(Invocation* found) {
    for (Variable& variable : variables_) found->variables.push_back(variable);
    if (gpus_) found->gpus = gpus_;
    if (nodes_) found->nodes = nodes_;
  }

  const std::vector<ArgumentWord>& words_;
  std::vector<Variable> variables_;
  bool in_script_ = false;
  bool in_container_;  // a container in a container is none of ours: this ends, whatever was pasted
  size_t at_ = 0;
  std::optional<int64_t> gpus_, nodes_;
  ArgumentWord entrypoint_;
};

// The release in a tag such as "v0.11.0-cu128", "server-cuda-b4589" or "0.12.3-rocm".
std::string VersionOfTag(const Engine& engine, std::string_view tag) {
  for (std::string_view part : SplitAt(tag, '-')) {
    const bool numbered = part.size() > 2 && part.find_first_of("0123456789") <= 1 &&
                          (part.find('.') != std::string_view::npos || part[0] == 'b');
    if (!numbered) continue;
    if (part[0] == 'v') part.remove_prefix(1);
    if (engine.ReadVersion(part, "tag").ok()) return std::string(part);
  }
  return {};
}

}  // namespace

std::optional<KnownImage> FindImage(std::string_view name) {
  name = name.substr(0, name.find('@'));
  const size_t slash = name.find_last_of('/');
  const size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  const std::string_view repository = name.substr(0, colon);
  const std::string_view tag = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  std::optional<KnownImage> found;
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (language == nullptr) continue;
    for (const EngineImage& image : language->images) {
      const bool same = repository == image.repository ||
                        (repository.ends_with(image.repository) &&
                         repository[repository.size() - image.repository.size() - 1] == '/');
      if (!same || !tag.starts_with(image.tag)) continue;
      if (found && found->image->tag.size() >= image.tag.size()) continue;
      found = KnownImage{engine, &image, image.versioned ? VersionOfTag(*engine, tag) : std::string()};
    }
  }
  return found;
}

std::optional<Invocation> InvocationOfImage(std::string_view image, std::vector<ArgumentWord> words) {
  const std::optional<KnownImage> known = FindImage(image);
  // Its arguments may be a whole command, where the entry point only runs it.
  ShellCommand command;
  command.words = words;
  std::optional<Invocation> found;
  if (!words.empty()) found = Finder(command, {}, true).Find();
  if (!found && known && !known->image->program.empty()) {
    const EngineLanguage* language = known->engine->language();
    found.emplace();
    found->engine = known->engine;
    found->language = language;
    for (const EngineProgram& program : language->programs) {
      if (program.words == known->image->program) found->program = &program;
    }
    if (found->program == nullptr) return std::nullopt;
    if (!words.empty()) found->end = words.back().end;
    found->words = std::move(words);
  }
  if (!found) return std::nullopt;
  if (known) found->version = known->version;
  found->image = std::string(image);
  return found;
}

std::optional<Invocation> FindInvocation(const ShellCommand& command,
                                         const std::vector<Variable>& variables) {
  if (command.words.empty()) return std::nullopt;
  return Finder(command, variables, false).Find();
}

std::optional<KnownRequest> FindRequest(std::string_view text) {
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (language == nullptr) continue;
    for (const EngineRequest& request : language->requests) {
      if (text.find(request.path) != std::string_view::npos) return KnownRequest{engine, &request};
    }
  }
  return std::nullopt;
}

Invocation InvocationOfRequest(const KnownRequest& known, std::string_view body,
                               std::optional<size_t> place) {
  Invocation invocation;
  invocation.engine = known.engine;
  invocation.language = known.engine->language();
  invocation.program = &known.request->program;
  bool nested = false;
  const auto take = [&](const PythonArgument& member) {
    if (member.name.empty() || member.value == "null") return;
    GivenOption given{member.name, member.value, 0, 0, 0};
    if (place) {
      given.begin = *place + member.begin;
      given.end = *place + member.end;
      given.value_begin = *place + member.value_begin;
      invocation.end = given.end;
    }
    invocation.given.push_back(std::move(given));
  };
  const size_t open = body.find('{');
  if (open == std::string_view::npos) return invocation;
  const std::optional<std::vector<PythonArgument>> members = ReadMembers(body, open);
  if (!members) return invocation;
  const PythonArgument* inner = nullptr;
  for (const PythonArgument& member : *members) {
    if (member.name == known.request->nested && !member.name.empty()) inner = &member;
    if (&member != inner) take(member);
  }
  if (inner != nullptr && body.substr(inner->value_begin).starts_with('{')) {
    const std::optional<std::vector<PythonArgument>> options = ReadMembers(body, inner->value_begin);
    for (const PythonArgument& option : options.value_or(std::vector<PythonArgument>())) {
      nested = true;
      take(option);
    }
  }
  if (!nested) invocation.within = known.request->nested;
  if (inner != nullptr && !nested) invocation.end = 0;  // "options": {} is no place to go on from
  return invocation;
}

std::optional<Invocation> InvocationOfVariables(const std::vector<Variable>& variables) {
  std::optional<Invocation> best;
  int most = 0;
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (language == nullptr || language->programs.empty()) continue;
    const EngineProgram& program = language->programs.front();
    int known = 0;
    for (const Variable& variable : variables) known += FindVariable(*program.table, variable.first) ? 1 : 0;
    if (known <= most) continue;
    most = known;
    best.emplace();
    best->engine = engine;
    best->language = language;
    best->program = &program;
    best->variables = variables;
  }
  return best;
}

}  // namespace plimsoll
