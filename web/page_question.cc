#include "web/page_question.h"

#include <utility>

#include "core/config/config_codec.h"

namespace plimsoll {

Json PageQuestionJson(const Config& config, const RentPrices& rents, std::string_view ask) {
  return Json::MakeObject()
      .Set("config", EncodeConfigJson(config))
      .Set("rents", EncodeRentPrices(rents))
      .Set("ask", ask);
}

Result<PageQuestion> ReadPageQuestion(const Json& question) {
  PageQuestion read;
  const Json* config = question.Find("config");
  Result<DecodedConfig> decoded = DecodeConfigJson(config != nullptr ? *config : Json());
  if (!decoded.ok()) return decoded.error();
  read.config = std::move(decoded->config);
  const Json* rents = question.Find("rents");
  Result<RentPrices> prices = DecodeRentPrices(rents != nullptr ? rents->AsString() : "");
  if (!prices.ok()) return prices.error();
  read.rents = std::move(*prices);
  if (const Json* ask = question.Find("ask")) read.ask = ask->AsString();
  return read;
}

}  // namespace plimsoll
