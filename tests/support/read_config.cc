#include "tests/support/read_config.h"

#include <gtest/gtest.h>

#include <utility>

#include "core/arch/architecture_reader.h"
#include "tests/support/json_text.h"

namespace plimsoll {

Architecture ReadConfig(std::string_view config) {
  Result<Architecture> read = BuildArchitecture(JsonOfText(config), "");
  EXPECT_TRUE(read.ok()) << config << (read.ok() ? "" : read.error().Message());
  return read.ok() ? std::move(*read) : Architecture();
}

}  // namespace plimsoll
