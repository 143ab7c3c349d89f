#include "web/find_state.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {
namespace {

constexpr double kSlice = 0.006;       // seconds of a frame
constexpr size_t kMostShownRows = 60;  // of a table; the command lists all

double Clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A number of the link: "budget.5".
struct NumberWord {
  std::string_view name;
  double FindAsk::*value;
  double most;
};
constexpr std::array<NumberWord, 4> kNumbers = {{{"budget", &FindAsk::usd_per_h, 1e6},
                                                 {"watts", &FindAsk::watts, 1e7},
                                                 {"upto", &FindAsk::most_params, 1e5},
                                                 {"from", &FindAsk::least_params, 1e5}}};
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
    ask->since = static_cast<int64_t>(year.value_or(0));
    return year.has_value();
  }
  for (const NumberWord& known : kNumbers) {
    if (name != known.name) continue;
    const auto value = ReadNumber(text, known.most);
    ask->*known.value = value.value_or(0);
    return value.has_value();
  }
  return false;
}

bool IsAskedFor(const Model& model, const FindAsk& ask) {
  const double billions = static_cast<double>(model.parameters.total) / 1e9;
  if (ask.most_params > 0 && billions > ask.most_params) return false;
  if (billions < ask.least_params) return false;
  return ask.since == 0 || model.release.substr(0, 4) >= std::to_string(ask.since);
}

double PriceOf(const FindRow& row, FindRank rank) {
  return rank == FindRank::kHour     ? row.price_per_h
         : rank == FindRank::kTokens ? row.price_per_mtok
                                     : row.price_to_buy;
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
  for (const NumberWord& word : kNumbers) {
    if (ask.*word.value > 0) add(std::string(word.name) + "." + Json(ask.*word.value).Dump());
  }
  if (ask.since > 0) add("since." + std::to_string(ask.since));
  return text;
}

Result<FindAsk> DecodeFindAsk(std::string_view text) {
  FindAsk ask;
  if (text.empty()) return ask;
  for (const std::string_view word : SplitAt(text, '!')) {
    if (!ReadWord(word, &ask))
      return Error{"find", Quoted(word), "words such as run, card, rank.mtok, budget.5 or since.2025"};
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

void FindState::Start(const Resolved& resolved, const Config& config, const Catalog& catalog,
                      const RentPrices& rents) {
  problem_.clear();
  finder_.reset();
  started_ = ask;
  wishes_ = WishesOf(resolved, ask);
  FindQuestion question;
  question.base = config;
  question.wishes = wishes_;
  question.rents = rents;
  Config& base = question.base;
  base.max_model_len.reset();
  base.max_num_seqs.reset();
  base.gpu_memory_mib.clear();
  if (base.gpu.size() > 1) base.gpu.resize(1);
  if (!ask.this_format) base.format = Json();
  if (ask.door == FindDoor::kRun) {
    base.model.clear();
    base.inline_model = Json();
    base.format = Json();
    const auto cards = static_cast<int64_t>(resolved.cards.size());
    base.gpu = {cards > 0 ? resolved.cards.front().gpu->id : ""};
    question.counts = {std::max<int64_t>(1, cards)};
    question.best_format = true;
    for (const Model& model : catalog.models()) {
      if (!model.refused && IsAskedFor(model, ask)) question.models.push_back(model.id);
    }
    if (question.models.empty()) {
      problem_ = "The catalog has no model of that size and age.";
      answer_.reset();
      return;
    }
  } else {
    base.gpus.reset();
    base.nodes.reset();
    if (!ask.this_card) base.gpu.clear();
  }
  Result<Finder> finder = Finder::Start(question, catalog);
  if (finder.ok()) {
    finder_.emplace(std::move(*finder));
  } else {
    problem_ = finder.error().Message();
    answer_.reset();
  }
}

void FindState::Finish(const Catalog& catalog) {
  Answer answer{started_, wishes_, finder_->Take(), {}, {}};
  const std::vector<FindRow>& rows = answer.found.rows;
  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto dearer = [&](size_t i) {
    const double price = PriceOf(rows[i], started_.rank);
    return price > 0 ? price : 1e300;  // unknown comes last
  };
  // Cards first: all rows cost the same, so the larger model stands above.
  if (started_.door == FindDoor::kNeed || started_.rank != FindRank::kHour)
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return dearer(a) < dearer(b); });
  std::set<std::string> seen;
  for (const size_t i : order) {
    if (answer.shown.size() >= kMostShownRows) break;
    const bool first = seen.insert(started_.door == FindDoor::kNeed ? rows[i].gpu : rows[i].model).second;
    if (!first && !started_.every_layout) continue;
    const Result<Report> report = Estimate(rows[i].config, catalog);
    const GpuReport* card = report.ok() ? FullestCard(*report) : nullptr;
    answer.shown.push_back(i);
    answer.fullest.push_back(card != nullptr ? *card : GpuReport());
  }
  answer_.emplace(std::move(answer));
  finder_.reset();
}

bool FindState::Follow(int64_t version, const Resolved& resolved, const Config& config,
                       const Catalog& catalog, const RentPrices& rents) {
  if (version != version_ || !(ask == started_)) {
    version_ = version;
    Start(resolved, config, catalog, rents);
  }
  if (!finder_) return false;
  const double begun = Clock();
  bool done = false;
  while (!done && Clock() - begun < kSlice) done = finder_->Advance(1);
  if (done) Finish(catalog);
  return true;
}

}  // namespace plimsoll
