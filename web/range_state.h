// The operating range that the Schedule tab shows: the most users, and the highest rate, within the configuration's own limits.
// A worker searches for it (web/errands.h) once a change has settled.
#ifndef PLIMSOLL_WEB_RANGE_STATE_H_
#define PLIMSOLL_WEB_RANGE_STATE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/config/config.h"
#include "core/solve/operating_range.h"
#include "web/errands.h"

namespace plimsoll {

class RangeState {
 public:
  // Asks anew when the configuration (by its version) has changed and `settled`, and takes what has come back.
  void Follow(int64_t version, const Config& config, bool settled, Errands* errands);

  struct Found {
    bool any = false, most = false;  // as in OperatingRange
    double load = 0, output_tokens_per_s = 0;
    Config config;
  };
  // Of the configuration as of the last question; nullptr: not found yet, or see problem().
  const Found* range(LoadKind kind) const {
    const auto& found = found_[static_cast<size_t>(kind)];
    return found ? &*found : nullptr;
  }
  const std::string& problem() const { return problem_; }

 private:
  void Take(LoadKind kind, const std::string& text);

  int64_t version_ = -1;
  std::array<std::optional<Found>, 2> found_;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_RANGE_STATE_H_
