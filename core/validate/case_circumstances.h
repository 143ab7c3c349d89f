// What a case tells of how its server was started beside its configuration: the release by the day of the log, the
// devices that the log names, options that the log repeats, and what was free before the weights.
//
// All of it was given to the engine or found by it, never worked out from what is predicted. What the configuration
// says itself stands.
#ifndef PLIMSOLL_CORE_VALIDATE_CASE_CIRCUMSTANCES_H_
#define PLIMSOLL_CORE_VALIDATE_CASE_CIRCUMSTANCES_H_

#include <optional>

#include "core/base/json.h"
#include "core/config/config.h"
#include "core/resolve/report.h"

namespace plimsoll {

// Fills what the configuration leaves open from the case's "notes" ("2025-03; …", "0.5.17; …") and "detail"
// ({"kv": {"RPC0": 656}, "mem_fraction_static": 0.7}).
void TakeCircumstances(const Json& item, Config* config);

// What a log says of a card, GiB; 0: it does not.
struct CardCircumstances {
  double free_before = 0;      // before the weights
  double weights_on_card = 0;  // of a start that keeps experts in RAM by means of its own
  friend bool operator==(const CardCircumstances&, const CardCircumstances&) = default;
};
CardCircumstances ReadCardCircumstances(const Json& item);

// The configuration with those circumstances, where `report` answers it as it stands: the card's memory so that what
// is free at start is what was, and weights kept in RAM beyond those on the card. For engines that share out what is
// free at start. Nothing: it is answered as it was run already.
std::optional<Config> UnderCircumstances(const CardCircumstances& told, const Config& config,
                                         const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_VALIDATE_CASE_CIRCUMSTANCES_H_
