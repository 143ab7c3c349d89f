// The `plimsoll` command without the process around it: arguments in, exit code and texts out. main.cc adds
// argv, files and streams; tests add none of them.
//
// Exit 0: answered. 1: does not fit, where --exit-code asks for it. 2: bad input, with one line in `err` that
// names the field, what was given and what is accepted.
#ifndef PLIMSOLL_CLI_COMMAND_H_
#define PLIMSOLL_CLI_COMMAND_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/engines/hub_visit.h"

namespace plimsoll {

struct CommandResult {
  int exit = 0;
  std::string out;
  std::string err;
};

constexpr int kExitDoesNotFit = 1;  // with --exit-code only
constexpr int kExitBadInput = 2;

// The bytes of a file, of standard input for "-"; nothing when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// Gives the bytes of a file, of standard input for "-", piece by piece until `take` has enough; false when it cannot be read.
using TakePiece = std::function<bool(std::string_view piece)>;
using ReadPieces = std::function<bool(const std::string& path, const TakePiece& take)>;

// The first `bytes` of a file and its whole size; nothing when it cannot be read.
struct FileHead {
  std::string bytes;
  int64_t size = 0;
};
using ReadHead = std::function<std::optional<FileHead>(const std::string& path, int64_t bytes)>;

// Told now and then how far a long question has come: done, of how many. Never called for a short one.
using Progress = std::function<void(int64_t done, int64_t all)>;

// The answer to a request: `bytes` 0 asks for all. Only main.cc opens connections; tests open none.
using FetchUrl = std::function<HubReply(const std::string& url, int64_t bytes, const std::string& token)>;

struct CommandContext {
  const Catalog& catalog;
  ReadFile read_file;
  ReadHead read_head = {};
  Progress progress = {};
  FetchUrl fetch = {};
  std::function<void(const std::string& line)> say = {};          // to the person, at once
  std::function<std::string(const char* name)> environment = {};  // a variable; empty: it is not set
  ReadPieces read_pieces = {};
};

using Arguments = std::vector<std::string>;

// `arguments` without the program's name.
CommandResult RunCommand(const Arguments& arguments, const CommandContext& context);

// Under which heading a subcommand stands in the overview.
enum class CommandGroup : uint8_t { kOne, kMany, kLookUp, kShell };

// A subcommand: one line for the overview, its own help, and what it does.
struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view usage;
  bool takes_config = false;  // its help lists the configuration flags
  CommandResult (*run)(const Arguments&, const CommandContext&);
  CommandGroup group = CommandGroup::kOne;
  std::string_view examples = {};  // one a line, without the program's name
};

// Every subcommand, in the order of the overview.
std::span<const Command> Commands();

CommandResult RunEstimate(const Arguments& arguments, const CommandContext& context);
CommandResult RunSweep(const Arguments& arguments, const CommandContext& context);
CommandResult RunCompare(const Arguments& arguments, const CommandContext& context);
CommandResult RunFind(const Arguments& arguments, const CommandContext& context);
CommandResult RunSolve(const Arguments& arguments, const CommandContext& context);
CommandResult RunSchedule(const Arguments& arguments, const CommandContext& context);
CommandResult RunInventory(const Arguments& arguments, const CommandContext& context);
CommandResult RunList(const Arguments& arguments, const CommandContext& context);
CommandResult RunLaunch(const Arguments& arguments, const CommandContext& context);
CommandResult RunCheck(const Arguments& arguments, const CommandContext& context);
CommandResult RunValidate(const Arguments& arguments, const CommandContext& context);
CommandResult RunCompletion(const Arguments& arguments, const CommandContext& context);
CommandResult RunComplete(const Arguments& arguments, const CommandContext& context);
CommandResult RunMan(const Arguments& arguments, const CommandContext& context);

// "plimsoll: tp cannot be …; give …", exit 2.
CommandResult Refused(const Error& error);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_COMMAND_H_
