// The operating range that the Schedule tab shows: the most users, and the highest rate, within the configuration's own limits.
// Searched in slices that leave room for the frame around them, once a change has settled.
#ifndef PLIMSOLL_WEB_RANGE_STATE_H_
#define PLIMSOLL_WEB_RANGE_STATE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/solve/operating_range.h"

namespace plimsoll {

class RangeState {
 public:
  // Goes on for one slice; starts anew when the configuration (by its version) has changed and `settled`. True while there is
  // more to simulate.
  bool Follow(int64_t version, const Config& config, const Catalog& catalog, bool settled);

  // Of the configuration as of the last start; nullptr: not found yet, or see problem().
  const OperatingRange* range(LoadKind kind) const {
    const auto& found = found_[static_cast<size_t>(kind)];
    return found ? &*found : nullptr;
  }
  const std::string& problem() const { return problem_; }

 private:
  bool Start(LoadKind kind);

  int64_t version_ = -1;
  Config config_;
  const Catalog* catalog_ = nullptr;
  size_t kind_ = 0;  // that is being searched
  std::optional<OperatingRangeSearch> search_;
  std::array<std::optional<OperatingRange>, 2> found_;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_RANGE_STATE_H_
