// What a search found, as the page shows it: the rows of one table in the order of its rank, and what the sentence above it
// says. It comes from a worker as JSON.
#ifndef PLIMSOLL_WEB_FOUND_H_
#define PLIMSOLL_WEB_FOUND_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/solve/find.h"
#include "web/find_ask.h"

namespace plimsoll {

constexpr size_t kMostShownRows = 60;  // of a table; the command lists all

struct Found {
  std::vector<FindRow> rows;  // shown; their configurations fit
  int64_t count = 0;          // of all layouts, or of all models
  int64_t not_known = 0;      // models left out because nobody knows of them what is asked for
  int64_t candidates = 0;
  std::array<int64_t, kWishes> excluded{};
  std::optional<Wish> binding;
  int64_t more_without = 0;
  double cheapest_without = 0;
};

// The rows that are shown: the best of each card or model, or of every layout, by what `ask` ranks by.
Found ShownOf(const FindAnswer& answer, const FindAsk& ask);

Json FoundToJson(const Found& found);
Result<Found> FoundFromJson(const Json& json);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_FOUND_H_
