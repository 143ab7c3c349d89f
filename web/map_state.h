// The map that the Map tab shows: what varies along its sides, and the last one that is finished. A worker makes it
// (web/errands.h) and follows the configuration.
#ifndef PLIMSOLL_WEB_MAP_STATE_H_
#define PLIMSOLL_WEB_MAP_STATE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/catalog/rent_prices.h"
#include "core/config/config.h"
#include "core/solve/map.h"
#include "web/errands.h"

namespace plimsoll {

class MapState {
 public:
  // What a link says of it; the configuration and the values of the axes are filled in by Follow().
  MapQuestion ask;

  // Asks anew when the configuration (by its version) or what is asked has changed, and takes what has come back.
  void Follow(int64_t version, const Config& config, const RentPrices& rents, Errands* errands);

  const MapSheet* sheet() const { return sheet_ ? &*sheet_ : nullptr; }  // the last finished one
  bool working() const { return asked_.has_value(); }
  const std::string& problem() const { return problem_; }

 private:
  void Take(const std::string& text);

  std::optional<MapSheet> sheet_;
  std::optional<MapQuestion> asked_;  // that is under way
  std::string axes_;                  // of the last question
  int64_t version_ = -1;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_MAP_STATE_H_
