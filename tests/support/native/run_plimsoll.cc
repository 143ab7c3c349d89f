#include "tests/support/native/run_plimsoll.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace plimsoll {
namespace {

// Temporary files instead of pipes: neither side can block on a full one.
std::string ReadAll(std::FILE* file) {
  std::string text;
  std::rewind(file);
  char piece[65536];
  for (std::size_t n; (n = std::fread(piece, 1, sizeof piece, file)) > 0;) text.append(piece, n);
  return text;
}

}  // namespace

ProcessResult RunPlimsoll(const std::vector<std::string>& arguments, const std::string& input) {
#ifdef PLIMSOLL_COMMAND
  std::string command = PLIMSOLL_COMMAND;
#else
  std::string command;
#endif
  std::vector<char*> argv = {command.data()};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::FILE* in = std::tmpfile();
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  if (command.empty() || !in || !out || !err) std::abort();
  std::fwrite(input.data(), 1, input.size(), in);
  std::rewind(in);

  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child == 0) {
    dup2(fileno(in), 0);
    dup2(fileno(out), 1);
    dup2(fileno(err), 2);
    execv(command.c_str(), argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ProcessResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = ReadAll(out);
  result.err = ReadAll(err);
  for (std::FILE* file : {in, out, err}) std::fclose(file);
  return result;
}

}  // namespace plimsoll
