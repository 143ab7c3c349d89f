#include "web/found.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/json_members.h"
#include "core/config/config_codec.h"

namespace plimsoll {
namespace {

// The members of a row that are plain figures, by their names in JSON.
struct NumberMember {
  std::string_view name;
  double FindRow::*value;
};
constexpr std::array<NumberMember, 11> kNumbers = {{{"room", &FindRow::room},
                                                    {"decode_low", &FindRow::decode_low},
                                                    {"decode_high", &FindRow::decode_high},
                                                    {"decode_tokens_per_s", &FindRow::decode_tokens_per_s},
                                                    {"tokens_per_s_total", &FindRow::tokens_per_s_total},
                                                    {"ttft_ms", &FindRow::ttft_ms},
                                                    {"price_per_h", &FindRow::price_per_h},
                                                    {"price_per_mtok", &FindRow::price_per_mtok},
                                                    {"price_to_buy", &FindRow::price_to_buy},
                                                    {"watts", &FindRow::watts},
                                                    {"bits_per_weight", &FindRow::bits_per_weight}}};
struct CountMember {
  std::string_view name;
  int64_t FindRow::*value;
};
constexpr std::array<CountMember, 6> kCounts = {{{"longest", &FindRow::longest},
                                                 {"cards", &FindRow::cards},
                                                 {"replicas", &FindRow::replicas},
                                                 {"users", &FindRow::users},
                                                 {"max_model_len", &FindRow::max_model_len},
                                                 {"total_params", &FindRow::total_params}}};
struct TextMember {
  std::string_view name;
  std::string FindRow::*value;
};
constexpr std::array<TextMember, 3> kTexts = {
    {{"model", &FindRow::model}, {"gpu", &FindRow::gpu}, {"format", &FindRow::format}}};

double PriceOf(const FindRow& row, FindRank rank) {
  const double price = rank == FindRank::kHour     ? row.price_per_h
                       : rank == FindRank::kTokens ? row.price_per_mtok
                                                   : row.price_to_buy;
  return price > 0 ? price : 1e300;  // unknown comes last
}

Json RowToJson(const FindRow& row) {
  Json json = Json::MakeObject();
  json.Set("config", EncodeConfigJson(row.config));
  for (const TextMember& member : kTexts) json.Set(member.name, row.*member.value);
  for (const CountMember& member : kCounts) json.Set(member.name, row.*member.value);
  for (const NumberMember& member : kNumbers) json.Set(member.name, row.*member.value);
  return json.Set("weights_bytes", row.weights.count()).Set("tight", row.verdict == Verdict::kTight);
}

Result<FindRow> RowFromJson(const Json& json) {
  FindRow row;
  const Json* config = json.Find("config");
  Result<DecodedConfig> decoded = DecodeConfigJson(config != nullptr ? *config : Json());
  if (!decoded.ok()) return decoded.error();
  row.config = std::move(decoded->config);
  for (const TextMember& member : kTexts) {
    const Json* text = json.Find(member.name);
    if (text != nullptr) row.*member.value = text->AsString();
  }
  for (const CountMember& member : kCounts) row.*member.value = CountIn(json, member.name);
  for (const NumberMember& member : kNumbers) row.*member.value = NumberIn(json, member.name);
  row.weights = Bytes(CountIn(json, "weights_bytes"));
  const Json* tight = json.Find("tight");
  row.verdict = tight != nullptr && tight->AsBool().value_or(false) ? Verdict::kTight : Verdict::kFits;
  return row;
}

}  // namespace

Found ShownOf(const FindAnswer& answer, const FindAsk& ask) {
  const std::vector<FindRow>& rows = answer.rows;
  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto cheaper = [&](size_t a, size_t b) {
    return PriceOf(rows[a], ask.rank) < PriceOf(rows[b], ask.rank);
  };
  // Cards first: all rows cost the same by the hour, so the larger model stands above.
  if (ask.door == FindDoor::kNeed || ask.rank != FindRank::kHour)
    std::stable_sort(order.begin(), order.end(), cheaper);
  Found found;
  std::set<std::string> seen;
  for (const size_t i : order) {
    if (found.rows.size() >= kMostShownRows) break;
    const bool first = seen.insert(ask.door == FindDoor::kNeed ? rows[i].gpu : rows[i].model).second;
    if (first || ask.every_layout) found.rows.push_back(rows[i]);
  }
  std::set<std::string_view> models;
  for (const FindRow& row : rows) models.insert(row.model);
  found.count = static_cast<int64_t>(ask.door == FindDoor::kRun ? models.size() : rows.size());
  found.not_known = static_cast<int64_t>(answer.not_known.size());
  found.candidates = answer.candidates;
  found.excluded = answer.excluded;
  found.binding = answer.binding;
  found.more_without = answer.more_without;
  found.cheapest_without = answer.cheapest_without;
  return found;
}

Json FoundToJson(const Found& found) {
  Json rows = Json::MakeArray(), excluded = Json::MakeArray();
  for (const FindRow& row : found.rows) rows.Append(RowToJson(row));
  for (const int64_t count : found.excluded) excluded.Append(count);
  Json json = Json::MakeObject();
  json.Set("rows", std::move(rows)).Set("count", found.count).Set("candidates", found.candidates);
  json.Set("not_known", found.not_known);
  json.Set("excluded", std::move(excluded));
  if (found.binding) json.Set("binding", static_cast<int64_t>(*found.binding));
  return json.Set("more_without", found.more_without).Set("cheapest_without", found.cheapest_without);
}

Result<Found> FoundFromJson(const Json& json) {
  Found found;
  const Json* rows = json.Find("rows");
  if (rows == nullptr) return Error{"find", "no rows", "an answer with rows"};
  for (const Json& each : rows->items()) {
    Result<FindRow> row = RowFromJson(each);
    if (!row.ok()) return row.error();
    found.rows.push_back(std::move(*row));
  }
  found.count = CountIn(json, "count");
  found.candidates = CountIn(json, "candidates");
  found.not_known = CountIn(json, "not_known");
  const Json* excluded = json.Find("excluded");
  for (size_t i = 0; excluded != nullptr && i < found.excluded.size() && i < excluded->items().size(); ++i)
    found.excluded[i] = excluded->items()[i].AsInt().value_or(0);
  if (json.Has("binding"))
    found.binding = static_cast<Wish>(std::clamp<int64_t>(CountIn(json, "binding"), 0, kWishes - 1));
  found.more_without = CountIn(json, "more_without");
  found.cheapest_without = NumberIn(json, "cheapest_without");
  return found;
}

}  // namespace plimsoll
