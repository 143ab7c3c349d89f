#include "web/range_state.h"

#include <utility>

#include "core/base/json.h"
#include "core/base/json_members.h"
#include "core/config/config_codec.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

constexpr std::array<std::string_view, 2> kKinds = {"users", "rate"};

}  // namespace

void RangeState::Take(LoadKind kind, const std::string& text) {
  const Result<Json> read = Json::Parse(text, "range");
  if (!read.ok() || read->Has("error")) {
    problem_ = read.ok() ? read->Find("error")->AsString() : read.error().Message();
    return;
  }
  Found found{SwitchIn(*read, "any"),
              SwitchIn(*read, "most"),
              NumberIn(*read, "load"),
              NumberIn(*read, "output_tokens_per_s"),
              {}};
  const Json* config = read->Find("config");
  Result<DecodedConfig> decoded = DecodeConfigJson(config != nullptr ? *config : Json());
  if (!decoded.ok()) {
    problem_ = decoded.error().Message();
    return;
  }
  found.config = std::move(decoded->config);
  found_[static_cast<size_t>(kind)] = std::move(found);
}

void RangeState::Follow(int64_t version, const Config& config, bool settled, Errands* errands) {
  if (version != version_ && settled) {
    version_ = version;
    problem_.clear();
    found_ = {};
    for (const std::string_view kind : kKinds)
      errands->Ask("range-" + std::string(kind), PageQuestionJson(config, {}, kind).Dump());
  }
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (const auto text = errands->TakeAnswer("range-" + std::string(kKinds[i])))
      Take(static_cast<LoadKind>(i), *text);
  }
}

}  // namespace plimsoll
