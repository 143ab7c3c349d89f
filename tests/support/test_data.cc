#include "tests/support/test_data.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace plimsoll {

std::string ReadTestFile(const std::string& relative) {
  std::ifstream file(PLIMSOLL_TEST_DATA + relative, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read tests/data/%s\n", relative.c_str());
    std::abort();
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace plimsoll
