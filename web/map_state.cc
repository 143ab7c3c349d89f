#include "web/map_state.h"

#include <utility>

#include "core/base/json.h"
#include "web/map_cells.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

constexpr std::string_view kKind = "map";

}  // namespace

void MapState::Take(const std::string& text) {
  MapQuestion question = std::move(*asked_);
  asked_.reset();
  const Result<Json> read = Json::Parse(text, kKind);
  const Json* error = read.ok() ? read->Find("error") : nullptr;
  Result<MapSheet> sheet = read.ok() && error == nullptr ? MapCellsFromJson(*read, std::move(question))
                                                         : Result<MapSheet>(Error());
  if (sheet.ok()) {
    sheet_.emplace(std::move(*sheet));
    problem_.clear();
    return;
  }
  sheet_.reset();
  problem_ = error != nullptr ? error->AsString()
             : read.ok()      ? sheet.error().Message()
                              : read.error().Message();
}

void MapState::Follow(int64_t version, const Config& config, const RentPrices& rents, Errands* errands) {
  const std::string axes = EncodeMapAxes(ask);
  if (version != version_ || axes != axes_) {
    version_ = version;
    axes_ = axes;
    asked_ = ask;
    asked_->base = config;
    asked_->rents = rents;
    errands->Ask(kKind, PageQuestionJson(config, rents, axes).Dump());
  }
  if (!asked_) return;
  if (const auto text = errands->TakeAnswer(kKind)) Take(*text);
}

}  // namespace plimsoll
