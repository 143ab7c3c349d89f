// The properties of tests/support/properties.h over many random configurations:
//   build/release/plimsoll_campaign [COUNT=2000000] [SEED=1] [SOLVED=50]
// Every SOLVED-th is also asked backwards. Ends with 1 when one does not hold, and prints its link.
#include <cstdint>
#include <cstdlib>

#include "tests/support/properties.h"
#include "tests/support/shipped_catalog.h"

int main(int argc, char** argv) {
  const int64_t count = argc > 1 ? std::strtoll(argv[1], nullptr, 10) : 2000000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const int64_t solved = argc > 3 ? std::strtoll(argv[3], nullptr, 10) : 50;
  constexpr int64_t kMostPrinted = 100;
  return plimsoll::CheckRandomConfigs(seed, count, solved, kMostPrinted, plimsoll::ShippedCatalog()) == 0 ? 0
                                                                                                          : 1;
}
