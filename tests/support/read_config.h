// Architectures of config.json texts that a test writes itself.
#ifndef PLIMSOLL_TESTS_SUPPORT_READ_CONFIG_H_
#define PLIMSOLL_TESTS_SUPPORT_READ_CONFIG_H_

#include <cstdint>
#include <string_view>

#include "core/arch/architecture.h"

namespace plimsoll {

// A config.json and how many parameters it comes to, counted by hand.
struct Counted {
  const char* config;
  int64_t total;
};

// Fails the test, and gives an empty architecture, when the reader refuses it.
Architecture ReadConfig(std::string_view config);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_READ_CONFIG_H_
