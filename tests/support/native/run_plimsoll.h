// Runs the plimsoll command of the same build, as a person would. Native tests only.
#ifndef PLIMSOLL_TESTS_SUPPORT_NATIVE_RUN_PLIMSOLL_H_
#define PLIMSOLL_TESTS_SUPPORT_NATIVE_RUN_PLIMSOLL_H_

#include <string>
#include <vector>

namespace plimsoll {

struct ProcessResult {
  int exit_code = -1;  // 128 + signal if it was killed
  std::string out;
  std::string err;
};

// `arguments` come after the command's name and pass through no shell; `input` is its standard input.
ProcessResult RunPlimsoll(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_NATIVE_RUN_PLIMSOLL_H_
