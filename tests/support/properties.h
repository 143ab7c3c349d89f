// What holds for every answer. Each check names what it found, so that a campaign prints links to look into.
#ifndef PLIMSOLL_TESTS_SUPPORT_PROPERTIES_H_
#define PLIMSOLL_TESTS_SUPPORT_PROPERTIES_H_

#include <cstdint>
#include <string>

#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

struct Checked {
  std::string fault;  // empty: all properties hold
  bool answered = false, fits = false;
};

// Numbers are finite and not negative, fits <=> room for a sequence <=> the longest reaches the one asked
// for, the codecs are identities, and the answer took few steps.
Checked CheckAnswer(const Config& config, const Catalog& catalog);

// The longest fits, and the next length does not. Solve()'s answers fit, their neighbours do not, and where
// smaller values do not fit it says so.
Checked CheckSolutions(const Config& config, const Catalog& catalog);

// `count` configurations from `seed`; every `solved`-th is also asked backwards. Prints the faults, at most
// `most` of them, and returns how many there were.
int64_t CheckRandomConfigs(uint64_t seed, int64_t count, int64_t solved, int64_t most,
                           const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_PROPERTIES_H_
