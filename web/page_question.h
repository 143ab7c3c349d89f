// What the questions of the page have in common: a configuration, and the reader's prices.
#ifndef PLIMSOLL_WEB_PAGE_QUESTION_H_
#define PLIMSOLL_WEB_PAGE_QUESTION_H_

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/rent_prices.h"
#include "core/config/config.h"

namespace plimsoll {

Json PageQuestionJson(const Config& config, const RentPrices& rents, std::string_view ask);

struct PageQuestion {
  Config config;
  RentPrices rents;
  std::string ask;
};
Result<PageQuestion> ReadPageQuestion(const Json& question);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_PAGE_QUESTION_H_
