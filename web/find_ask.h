// What the Find tab asks beside the configuration's own wishes, as a link keeps it: find=run!rank.mtok!budget.5
#ifndef PLIMSOLL_WEB_FIND_ASK_H_
#define PLIMSOLL_WEB_FIND_ASK_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/model_filter.h"
#include "core/resolve/resolved.h"
#include "core/solve/find.h"

namespace plimsoll {

enum class FindDoor : uint8_t { kNeed, kRun };                // the model first, or the cards
enum class FindRank : uint8_t { kHour, kTokens, kPurchase };  // what is cheapest
constexpr std::array<std::string_view, 3> kFindRanks = {"hour", "mtok", "buy"};
constexpr std::string_view kAnyEngine = "any";

struct FindAsk {
  FindDoor door = FindDoor::kNeed;
  FindRank rank = FindRank::kHour;
  bool this_card = false, this_format = false;  // else any
  bool every_layout = false;                    // not only the best of each card or model
  double usd_per_h = 0, watts = 0;              // zero: no matter
  std::string engine;                           // id, or kAnyEngine; empty: the configuration's
  ModelFilter models;                           // cards first: which are looked at
  friend bool operator==(const FindAsk&, const FindAsk&) = default;
};

std::string EncodeFindAsk(const FindAsk& ask);
Result<FindAsk> DecodeFindAsk(std::string_view text);

// The wishes of a configuration with its load, and of `ask`.
Wishes WishesOf(const Resolved& resolved, const FindAsk& ask);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_FIND_ASK_H_
