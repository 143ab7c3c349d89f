// The map that the Map tab shows: what varies along its sides, and how far it has been worked out. It follows the
// configuration in slices that leave room for the frame around them; the last finished map stays in view meanwhile.
#ifndef PLIMSOLL_WEB_MAP_STATE_H_
#define PLIMSOLL_WEB_MAP_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/catalog/catalog.h"
#include "core/catalog/rent_prices.h"
#include "core/config/config.h"
#include "core/solve/map.h"

namespace plimsoll {

class MapState {
 public:
  // What a link says of it; the configuration and the values of the axes are filled in by Follow().
  MapQuestion ask;

  // Goes on for one slice; starts anew when the configuration (by its version) or what is asked has changed. True while
  // there is more to work out.
  bool Follow(int64_t version, const Config& config, const Catalog& catalog, const RentPrices& rents);

  const MapMaker* map() const { return shown_ ? &*shown_ : nullptr; }  // the last finished one
  bool working() const { return next_.has_value(); }
  double share() const;  // of the one that is under way
  const std::string& problem() const { return problem_; }

 private:
  std::optional<MapMaker> shown_, next_;
  std::string asked_;  // of next_, or of shown_
  int64_t version_ = -1;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_MAP_STATE_H_
