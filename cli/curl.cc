#include "cli/curl.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

namespace plimsoll {
namespace {

constexpr size_t kMostBytes = size_t{96} << 20;

struct Pipe {
  int read = -1, write = -1;
  ~Pipe() {
    if (read >= 0) close(read);
    if (write >= 0) close(write);
  }
  bool Open() {
    int ends[2];
    if (pipe(ends) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  void CloseRead() {
    close(read);
    read = -1;
  }
  void CloseWrite() {
    close(write);
    write = -1;
  }
};

void WriteAll(int file, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(file, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<size_t>(written);
  }
}

// What curl reads as its configuration: the address and the token, with quotes escaped.
std::string Quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c != '\n' && c != '\r') quoted += c;
  }
  return quoted + "\"";
}

const char* TroubleOf(int exit) {
  switch (exit) {
    case 5:
    case 6:
      return "its name is not found";
    case 7:
      return "it cannot be reached";
    case 28:
      return "it takes too long";
    case 35:
    case 60:
      return "its certificate is not accepted";
    case 63:
      return "it sends too much";
    case 127:
      return "curl is not installed";
    default:
      return "curl could not fetch it";
  }
}

}  // namespace

HubReply FetchByCurl(const std::string& url, int64_t bytes, const std::string& token) {
  Pipe in, out;
  if (!in.Open() || !out.Open()) return {0, "", "no pipe can be opened"};
  std::vector<std::string> words = {"curl",
                                    "--silent",
                                    "--location",
                                    "--proto",
                                    "=http,https",
                                    "--max-time",
                                    "120",
                                    "--connect-timeout",
                                    "15",
                                    "--max-filesize",
                                    std::to_string(kMostBytes),
                                    "--user-agent",
                                    "plimsoll",
                                    "--write-out",
                                    "\n%{http_code}",
                                    "--config",
                                    "-"};
  if (bytes > 0) {
    words.push_back("--range");
    words.push_back("0-" + std::to_string(bytes - 1));
  }
  const pid_t child = fork();
  if (child < 0) return {0, "", "no process can be started"};
  if (child == 0) {
    dup2(in.read, STDIN_FILENO);
    dup2(out.write, STDOUT_FILENO);
    for (const int file : {in.read, in.write, out.read, out.write}) close(file);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execvp("curl", arguments.data());
    _exit(127);
  }
  in.CloseRead();
  out.CloseWrite();
  // A child that ends early must not end us.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  std::string settings = "url = " + Quote(url) + "\n";
  if (!token.empty()) settings += "header = " + Quote("Authorization: Bearer " + token) + "\n";
  WriteAll(in.write, settings);
  in.CloseWrite();
  std::string text;
  std::array<char, 65536> buffer;
  for (ssize_t got = 0; (got = read(out.read, buffer.data(), buffer.size())) > 0;) {
    if (text.size() > kMostBytes) break;
    text.append(buffer.data(), static_cast<size_t>(got));
    // A server that knows no ranges sends all of a file; its beginning is enough.
    if (bytes > 0 && text.size() > static_cast<size_t>(bytes) + 4096) {
      kill(child, SIGTERM);
      break;
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::signal(SIGPIPE, before);
  if (bytes > 0 && text.size() > static_cast<size_t>(bytes) + 4096)
    return {200, text.substr(0, static_cast<size_t>(bytes)), ""};
  const int exit = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  const size_t line = text.rfind('\n');
  if (exit != 0 || line == std::string::npos) return {0, "", TroubleOf(exit)};
  const int code = std::atoi(text.c_str() + line + 1);
  text.resize(line);
  if (bytes > 0 && text.size() > static_cast<size_t>(bytes)) text.resize(static_cast<size_t>(bytes));
  return {code, std::move(text), code == 0 ? "it answers nothing" : ""};
}

}  // namespace plimsoll
