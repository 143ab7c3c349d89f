#include "core/catalog/rent_prices.h"

#include "core/base/decimal.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace plimsoll {

double RentOf(const Gpu& gpu, const RentPrices& prices) {
  const auto own = prices.find(gpu.id);
  return own != prices.end() ? own->second : gpu.price_per_hour_usd;
}

std::string EncodeRentPrices(const RentPrices& prices) {
  std::string text;
  for (const auto& [id, dollars] : prices) {
    if (!text.empty()) text += ';';
    text += id + "." + Json(dollars).Dump();
  }
  return text;
}

Result<RentPrices> DecodeRentPrices(std::string_view text) {
  RentPrices prices;
  if (text.empty()) return prices;
  for (const std::string_view pair : SplitAt(text, ';')) {
    const auto point = pair.find('.');
    const std::string_view number = point == std::string_view::npos ? "" : pair.substr(point + 1);
    size_t length = 0;
    const double dollars = ReadDecimal(std::string(number), &length);
    const bool sound =
        point > 0 && length > 0 && length == number.size() && dollars > 0 && dollars <= kMostRent;
    if (!sound || prices.size() >= kMostRentPrices)
      return Error{"price", Quoted(pair), "a card's id, a point and dollars per hour up to 10,000"};
    prices[std::string(pair.substr(0, point))] = dollars;
  }
  return prices;
}

}  // namespace plimsoll
