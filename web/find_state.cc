#include "web/find_state.h"

#include <utility>

#include "core/base/json.h"
#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

constexpr std::string_view kKind = "find";

}  // namespace

void FindState::Take(const std::string& text, const Catalog& catalog) {
  answer_.reset();
  const Result<Json> read = Json::Parse(text, kKind);
  const Json* error = read.ok() ? read->Find("error") : nullptr;
  Result<Found> found = read.ok() && error == nullptr ? FoundFromJson(*read) : Result<Found>(Error());
  if (!found.ok()) {
    problem_ = error != nullptr ? error->AsString()
               : read.ok()      ? found.error().Message()
                                : read.error().Message();
    return;
  }
  problem_.clear();
  Answer answer{started_, wishes_, std::move(*found), {}, ranged_, {}};
  for (const FindRow& row : answer.found.rows) {
    const Result<Report> report = Estimate(row.config, catalog);
    const GpuReport* card = report.ok() ? FullestCard(*report) : nullptr;
    answer.fullest.push_back(card != nullptr ? *card : GpuReport());
    answer.urls.push_back(EncodeConfigUrl(row.config));
  }
  answer_.emplace(std::move(answer));
}

void FindState::Follow(int64_t version, const Resolved& resolved, const Config& config,
                       const Catalog& catalog, const RentPrices& rents, Errands* errands) {
  if (version != version_ || !(ask == started_)) {
    version_ = version;
    started_ = ask;
    wishes_ = WishesOf(resolved, ask);
    ranged_.reset();
    if (HasLimits(resolved)) ranged_ = LoadKindOf(resolved);
    searching_ = true;
    errands->Ask(kKind, PageQuestionJson(config, rents, EncodeFindAsk(ask)).Dump());
  }
  if (const auto text = errands->TakeAnswer(kKind)) {
    searching_ = false;
    Take(*text, catalog);
  }
}

}  // namespace plimsoll
