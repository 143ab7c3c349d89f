// The search that the Find tab shows: what is asked beside the configuration's own wishes, and what was found. A worker
// searches (web/errands.h); until it has finished the last answer stays in view.
#ifndef PLIMSOLL_WEB_FIND_STATE_H_
#define PLIMSOLL_WEB_FIND_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/catalog/rent_prices.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/solve/operating_range.h"
#include "web/errands.h"
#include "web/find_ask.h"
#include "web/found.h"

namespace plimsoll {

class FindState {
 public:
  FindAsk ask;

  // Asks anew when the configuration (by its version) or what is asked has changed, and takes what has come back.
  void Follow(int64_t version, const Resolved& resolved, const Config& config, const Catalog& catalog,
              const RentPrices& rents, Errands* errands);

  struct Answer {
    FindAsk ask;
    Wishes wishes;
    Found found;
    std::vector<GpuReport> fullest;  // the fullest card of each row
    std::optional<LoadKind> ranged;  // what operating ranges count; nothing: the load has no limit
    std::vector<std::string> urls;   // of each row
  };
  const Answer* answer() const { return answer_ ? &*answer_ : nullptr; }
  bool searching() const { return searching_; }
  const std::string& problem() const { return problem_; }

 private:
  void Take(const std::string& text, const Catalog& catalog);

  std::optional<Answer> answer_;
  FindAsk started_;
  Wishes wishes_;
  std::optional<LoadKind> ranged_;
  int64_t version_ = -1;
  bool searching_ = false;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_FIND_STATE_H_
