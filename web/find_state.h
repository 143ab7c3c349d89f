// The search that the Find tab shows: what is asked beside the configuration's own wishes, and how far it has been looked
// for. A search works in slices that leave room for the frame around them; until it is finished the last one stays in view.
#ifndef PLIMSOLL_WEB_FIND_STATE_H_
#define PLIMSOLL_WEB_FIND_STATE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/catalog/rent_prices.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/solve/find.h"

namespace plimsoll {

enum class FindDoor : uint8_t { kNeed, kRun };                // the model first, or the cards
enum class FindRank : uint8_t { kHour, kTokens, kPurchase };  // what is cheapest
constexpr std::array<std::string_view, 3> kFindRanks = {"hour", "mtok", "buy"};

// What the link keeps: find=run!rank.mtok!budget.5
struct FindAsk {
  FindDoor door = FindDoor::kNeed;
  FindRank rank = FindRank::kHour;
  bool this_card = false, this_format = false;  // else any
  bool every_layout = false;                    // not only the best of each card or model
  double usd_per_h = 0, watts = 0;              // zero: no matter
  double most_params = 0, least_params = 0;     // billions, of the models that are looked at; zero: any
  int64_t since = 0;                            // year of release; zero: any
  friend bool operator==(const FindAsk&, const FindAsk&) = default;
};

std::string EncodeFindAsk(const FindAsk& ask);
Result<FindAsk> DecodeFindAsk(std::string_view text);

// The wishes of a configuration with its load, and of `ask`.
Wishes WishesOf(const Resolved& resolved, const FindAsk& ask);

class FindState {
 public:
  FindAsk ask;

  // Goes on for one slice; starts anew when the configuration (by its version) or what is asked has changed. True while
  // there is more to look at.
  bool Follow(int64_t version, const Resolved& resolved, const Config& config, const Catalog& catalog,
              const RentPrices& rents);

  struct Answer {
    FindAsk ask;
    Wishes wishes;
    FindAnswer found;
    std::vector<size_t> shown;       // of found.rows, in the order of the rank
    std::vector<GpuReport> fullest;  // the fullest card of each that is shown
  };
  const Answer* answer() const { return answer_ ? &*answer_ : nullptr; }
  bool searching() const { return finder_.has_value(); }
  int64_t done() const { return finder_ ? finder_->done() : 0; }
  int64_t total() const { return finder_ ? finder_->total() : 0; }
  const std::string& problem() const { return problem_; }

 private:
  void Start(const Resolved& resolved, const Config& config, const Catalog& catalog, const RentPrices& rents);
  void Finish(const Catalog& catalog);

  std::optional<Finder> finder_;
  std::optional<Answer> answer_;
  FindAsk started_;
  Wishes wishes_;
  int64_t version_ = -1;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_FIND_STATE_H_
