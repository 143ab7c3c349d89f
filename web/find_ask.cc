#include "web/find_ask.h"

#include <algorithm>
#include <optional>

#include "core/base/decimal.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/engines/registry.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {
namespace {

// A number of the link: "budget.5".
struct NumberWord {
  std::string_view name;
  double* (*value)(FindAsk& ask);
  double most;
};
constexpr std::array<NumberWord, 4> kNumbers = {
    {{"budget", [](FindAsk& ask) { return &ask.usd_per_h; }, 1e6},
     {"watts", [](FindAsk& ask) { return &ask.watts; }, 1e7},
     {"upto", [](FindAsk& ask) { return &ask.models.most_params; }, 1e5},
     {"from", [](FindAsk& ask) { return &ask.models.least_params; }, 1e5}}};
struct SwitchWord {
  std::string_view name;
  bool FindAsk::*value;
};
constexpr std::array<SwitchWord, 3> kSwitches = {
    {{"card", &FindAsk::this_card}, {"format", &FindAsk::this_format}, {"every", &FindAsk::every_layout}}};

std::optional<double> ReadNumber(std::string_view text, double most) {
  size_t length = 0;
  const double value = ReadDecimal(std::string(text), &length);
  if (length == 0 || length != text.size() || !(value > 0) || value > most) return std::nullopt;
  return value;
}

bool ReadWord(std::string_view word, FindAsk* ask) {
  if (word == "run") {
    ask->door = FindDoor::kRun;
    return true;
  }
  for (const SwitchWord& known : kSwitches) {
    if (word != known.name) continue;
    ask->*known.value = true;
    return true;
  }
  const auto point = word.find('.');
  if (point == std::string_view::npos) return false;
  const std::string_view name = word.substr(0, point), text = word.substr(point + 1);
  if (name == "rank") {
    const auto rank = std::find(kFindRanks.begin(), kFindRanks.end(), text);
    ask->rank = static_cast<FindRank>(rank - kFindRanks.begin());
    return rank != kFindRanks.end();
  }
  if (name == "since") {
    const auto year = ReadNumber(text, 9999);
    ask->models.since = static_cast<int64_t>(year.value_or(0));
    return year.has_value();
  }
  if (name == "task" || name == "license") {
    ModelFilter filter = ask->models;
    if (name == "license") filter.license = text;
    Result<ModelFilter> checked = CheckedFilter(std::move(filter), name == "task" ? text : "");
    if (checked.ok()) ask->models = std::move(*checked);
    return checked.ok();
  }
  if (name == "engine") {
    const Engine* engine = FindEngine(text);
    ask->engine = text == kAnyEngine ? text : engine != nullptr ? engine->traits().id : "";
    return !ask->engine.empty();
  }
  for (const NumberWord& known : kNumbers) {
    if (name != known.name) continue;
    const auto value = ReadNumber(text, known.most);
    *known.value(*ask) = value.value_or(0);
    return value.has_value();
  }
  return false;
}

}  // namespace

std::string EncodeFindAsk(const FindAsk& ask) {
  std::string text;
  const auto add = [&text](std::string word) { text += (text.empty() ? "" : "!") + std::move(word); };
  if (ask.door == FindDoor::kRun) add("run");
  if (ask.rank != FindRank::kHour) add("rank." + std::string(kFindRanks[static_cast<size_t>(ask.rank)]));
  for (const SwitchWord& word : kSwitches) {
    if (ask.*word.value) add(std::string(word.name));
  }
  FindAsk asked = ask;
  for (const NumberWord& word : kNumbers) {
    const double value = *word.value(asked);
    if (value > 0) add(std::string(word.name) + "." + Json(value).Dump());
  }
  if (ask.models.since > 0) add("since." + std::to_string(ask.models.since));
  if (ask.models.task) add("task." + std::string(kTaskIds[static_cast<size_t>(*ask.models.task)]));
  if (!ask.models.license.empty()) add("license." + ask.models.license);
  if (!ask.engine.empty()) add("engine." + ask.engine);
  return text;
}

Result<FindAsk> DecodeFindAsk(std::string_view text) {
  FindAsk ask;
  if (text.empty()) return ask;
  for (const std::string_view word : SplitAt(text, '!')) {
    if (!ReadWord(word, &ask))
      return Error{"find", Quoted(word),
                   "words such as run, card, rank.mtok, budget.5, task.code or engine.any"};
  }
  return ask;
}

Wishes WishesOf(const Resolved& resolved, const FindAsk& ask) {
  Wishes wishes;
  wishes.users = std::max<int64_t>(1, resolved.concurrency);
  wishes.max_model_len = resolved.max_model_len;
  const Objective objective = WorkloadOf(resolved).objective;
  if (objective.ttft_ms > 0) wishes.ttft_ms = objective.ttft_ms;
  if (objective.tpot_ms > 0) wishes.tokens_per_s = 1000 / objective.tpot_ms;
  if (ask.usd_per_h > 0) wishes.price_per_h = ask.usd_per_h;
  if (ask.watts > 0) wishes.watts = ask.watts;
  return wishes;
}

}  // namespace plimsoll
