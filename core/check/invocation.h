// From words to an engine: what stands around its program is taken off (sudo, env, docker run, srun …), and
// the program, or the container image, tells the engine and its release.
#ifndef PLIMSOLL_CORE_CHECK_INVOCATION_H_
#define PLIMSOLL_CORE_CHECK_INVOCATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/check/shell_words.h"
#include "core/engines/engine.h"

namespace plimsoll {

// An option that is given by its name instead of standing among words: a keyword, a line of a file.
struct GivenOption {
  std::string name, value;  // "--max-model-len", or as the engine's files call it
  size_t begin = 0, end = 0, value_begin = 0;
};

// A program of an engine, with all that it was given.
struct Invocation {
  const Engine* engine = nullptr;
  const EngineLanguage* language = nullptr;
  const EngineProgram* program = nullptr;
  std::string version;              // that an image's tag tells; empty: unknown
  std::vector<Variable> variables;  // of its environment
  std::vector<ArgumentWord> words;  // behind the program
  std::vector<GivenOption> given;
  std::optional<int64_t> gpus;  // that the container or cluster gives; nothing: not said
  std::optional<int64_t> nodes;
  std::string gpu;            // by the label of the nodes that a cluster may take; empty: not said
  std::string_view defaults;  // of the class that is called, or of the program
  std::string_view wrapper;   // "docker run"; empty: none
  std::string image;          // as it stands there
  size_t end = 0;             // where its last word ends in the text
  std::string_view within;    // the member that what is added there has to stand in; empty: none is missing
};

// `variables` are those of the script.
std::optional<Invocation> FindInvocation(const ShellCommand& command, const std::vector<Variable>& variables);

// An image with the arguments of its container.
std::optional<Invocation> InvocationOfImage(std::string_view image, std::vector<ArgumentWord> words);

// A request to an engine's server: its address tells whose, `body` is what is sent.
struct KnownRequest {
  const Engine* engine = nullptr;
  const EngineRequest* request = nullptr;
};
std::optional<KnownRequest> FindRequest(std::string_view text);
// `place` is where `body` begins in what was pasted; nothing: its letters stand there in another spelling.
Invocation InvocationOfRequest(const KnownRequest& known, std::string_view body, std::optional<size_t> place);

// The engine most of whose variables these are; nothing: nobody's.
std::optional<Invocation> InvocationOfVariables(const std::vector<Variable>& variables);

// The engine and release of an image; nothing: none of ours.
struct KnownImage {
  const Engine* engine = nullptr;
  const EngineImage* image = nullptr;
  std::string version;
};
std::optional<KnownImage> FindImage(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_INVOCATION_H_
