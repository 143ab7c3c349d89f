// What somebody pays for renting a card, where it is not what the catalog says: dollars per card and hour by the card's
// id. In a link: price=h100-sxm.2.1;rtx-4090.0.3
#ifndef PLIMSOLL_CORE_CATALOG_RENT_PRICES_H_
#define PLIMSOLL_CORE_CATALOG_RENT_PRICES_H_

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/gpu.h"

namespace plimsoll {

using RentPrices = std::map<std::string, double, std::less<>>;
constexpr double kMostRent = 10000;      // dollars an hour
constexpr size_t kMostRentPrices = 256;  // in one link

// Dollars an hour for one of these; zero: unknown.
double RentOf(const Gpu& gpu, const RentPrices& prices);

std::string EncodeRentPrices(const RentPrices& prices);
Result<RentPrices> DecodeRentPrices(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_RENT_PRICES_H_
