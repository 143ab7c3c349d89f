#include "web/row_ranges.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "core/config/config_url.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

constexpr std::string_view kKind = "range-row";
constexpr size_t kMostKnown = 1024;

}  // namespace

std::string RowRanges::KeyOf(const Row& row) {
  return (row.kind == LoadKind::kUsers ? "users " : "rate ") + row.url;
}

const RowRanges::Known* RowRanges::Find(const Row& row) const {
  const auto found = known_.find(KeyOf(row));
  return found != known_.end() ? &found->second : nullptr;
}

void RowRanges::Take(const std::string& text) {
  if (!asked_) return;
  if (known_.size() >= kMostKnown) known_.clear();
  const Row row = *std::exchange(asked_, std::nullopt);
  Known known;
  const Result<Json> read = Json::Parse(text, kKind);
  if (read.ok() && !read->Has("error")) {
    const auto is = [&read](std::string_view key) {
      const Json* value = read->Find(key);
      return value != nullptr && value->AsBool().value_or(false);
    };
    const Json* load = read->Find("load");
    known.figure = {row.kind, is("any"), is("most"), load != nullptr ? load->AsDouble().value_or(0) : 0};
  }
  known_[KeyOf(row)] = known;
}

void RowRanges::Follow(const std::vector<Row>& wanted, Errands* errands) {
  if (const auto text = errands->TakeAnswer(kKind)) Take(*text);
  const auto is_asked = [this](const Row& row) { return row.kind == asked_->kind && row.url == asked_->url; };
  if (asked_ && errands->open(kKind) && std::any_of(wanted.begin(), wanted.end(), is_asked)) return;
  const auto next =
      std::find_if(wanted.begin(), wanted.end(), [this](const Row& row) { return Find(row) == nullptr; });
  if (next == wanted.end()) {
    if (asked_) errands->GiveUp(kKind);
    asked_.reset();
    return;
  }
  const Result<DecodedConfig> config = DecodeConfigUrl(next->url);
  if (!config.ok()) {
    known_[KeyOf(*next)] = {};
    return;
  }
  asked_ = *next;
  errands->Ask(kKind,
               PageQuestionJson(config->config, {}, next->kind == LoadKind::kRate ? "rate" : "users").Dump());
}

}  // namespace plimsoll
