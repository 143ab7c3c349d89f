// Files under tests/data/, the same natively and in node.
#ifndef PLIMSOLL_TESTS_SUPPORT_TEST_DATA_H_
#define PLIMSOLL_TESTS_SUPPORT_TEST_DATA_H_

#include <string>

namespace plimsoll {

// The whole file tests/data/<relative>. A file that cannot be read ends the test program with its name.
std::string ReadTestFile(const std::string& relative);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_TEST_DATA_H_
