#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/catalog/license.h"
#include "core/catalog/model_filter.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/schedule/simulation_report.h"
#include "core/solve/find.h"
#include "core/solve/operating_range.h"

namespace plimsoll {
namespace {

constexpr size_t kRowsShown = 20;
constexpr size_t kRowsRanged = 60;  // whose operating ranges are searched for: some 30 ms each

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> values;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) values.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return values;
}

// A number of an option; absent when the option is.
std::optional<Error> ReadNumber(const Options& options, std::string_view name,
                                std::optional<double>* number) {
  if (!options.Has(name)) return std::nullopt;
  const std::string text = options.Value(name);
  const Result<Json> value = Json::Parse(text, name);
  const std::optional<double> read = value.ok() && value->is_number() ? value->AsDouble() : std::nullopt;
  if (!read || !(*read > 0) || *read > 1e12)
    return Error{std::string(name), Quoted(text), "a number above 0"};
  *number = read;
  return std::nullopt;
}

// "8192", "32k" (of 1,024), "1M".
std::optional<Error> ReadTokensOption(const Options& options, std::string_view name,
                                      std::optional<int64_t>* tokens) {
  if (!options.Has(name)) return std::nullopt;
  *tokens = ReadTokens(options.Value(name));
  if (*tokens) return std::nullopt;
  return Error{std::string(name), Quoted(options.Value(name)), "a whole number, or one such as 32k or 1M"};
}

// The length and the users of the configuration, under whatever name they were given, are wished for.
std::optional<Error> ReadWishes(const Options& options, const Config& base, Wishes* wishes) {
  if (base.max_model_len.value_or(0) > 0) wishes->max_model_len = base.max_model_len;
  std::optional<int64_t> users = base.concurrency;
  if (auto error = ReadTokensOption(options, "--users", &users)) return error;
  if (users) wishes->users = *users;
  if (auto error = ReadTokensOption(options, "--max-model-len", &wishes->max_model_len)) return error;
  if (auto error = ReadNumber(options, "--ttft-ms", &wishes->ttft_ms)) return error;
  if (auto error = ReadNumber(options, "--tokens-per-s", &wishes->tokens_per_s)) return error;
  if (auto error = ReadNumber(options, "--max-price-per-h", &wishes->price_per_h)) return error;
  return ReadNumber(options, "--max-watts", &wishes->watts);
}

// Sizes are billions of parameters: "15", "15B".
std::optional<Error> ReadSize(const Options& options, std::string_view name, double* billions) {
  if (!options.Has(name)) return std::nullopt;
  std::string text = options.Value(name);
  if (!text.empty() && (text.back() == 'B' || text.back() == 'b')) text.pop_back();
  const Result<Json> value = Json::Parse(text, name);
  const std::optional<double> read = value.ok() && value->is_number() ? value->AsDouble() : std::nullopt;
  if (!read || !(*read > 0) || *read > 1e5)
    return Error{std::string(name), Quoted(options.Value(name)), "billions of parameters, such as 15 or 15B"};
  *billions = *read;
  return std::nullopt;
}

std::optional<Error> ReadFilter(const Options& options, ModelFilter* filter) {
  if (auto error = ReadSize(options, "--min-params", &filter->least_params)) return error;
  if (auto error = ReadSize(options, "--max-params", &filter->most_params)) return error;
  std::optional<double> year;
  if (auto error = ReadNumber(options, "--since", &year)) return error;
  if (year && (*year < 2000 || *year > 9999 || *year != std::floor(*year)))
    return Error{"--since", Quoted(options.Value("--since")), "a year such as 2025"};
  filter->since = static_cast<int64_t>(year.value_or(0));
  filter->license = Lower(options.Value("--license"));
  Result<ModelFilter> checked = CheckedFilter(*filter, Lower(options.Value("--task")));
  if (!checked.ok()) return checked.error();
  *filter = std::move(*checked);
  return std::nullopt;
}

std::vector<std::string> ReadEngines(const Options& options) {
  const std::vector<std::string> named = SplitList(options.Value("--engine"));
  return named.size() == 1 && Lower(named[0]) == "any" ? ModelledEngines() : named;
}

Json OrNull(double number) { return number > 0 ? Json(number) : Json(); }

// The answer with the operating ranges of its first rows; `kind` absent: the load has no limit.
struct Answered {
  FindAnswer found;
  std::optional<LoadKind> kind;
  std::vector<std::optional<RangeFigure>> ranges;

  std::optional<RangeFigure> range(size_t row) const {
    return row < ranges.size() ? ranges[row] : std::nullopt;
  }
};

Json RowJson(const FindRow& row, const Catalog& catalog) {
  Json json = Json::MakeObject();
  json.Set("config", EncodeConfigJson(row.config))
      .Set("url", EncodeConfigUrl(row.config))
      .Set("model", row.model)
      .Set("format", row.format)
      .Set("engine", std::string(FindEngine(row.config.engine)->traits().id))
      .Set("gpu", row.gpu)
      .Set("layout", LayoutText(row, catalog))
      .Set("cards", row.cards * row.replicas)
      .Set("replicas", row.replicas)
      .Set("users", row.users)
      .Set("max_model_len", row.max_model_len)
      .Set("longest_context", row.longest)
      .Set("room_for_users", row.room)
      .Set("decode_tokens_per_s", row.decode_tokens_per_s)
      .Set("decode_low", row.decode_low)
      .Set("decode_high", row.decode_high)
      .Set("tokens_per_s_total", row.tokens_per_s_total)
      .Set("ttft_ms", row.ttft_ms)
      .Set("price_per_h", OrNull(row.price_per_h))
      .Set("price_per_mtok", OrNull(row.price_per_mtok))
      .Set("price_to_buy", OrNull(row.price_to_buy))
      .Set("watts", row.watts)
      .Set("bits_per_weight", row.bits_per_weight)
      .Set("verdict", VerdictName(row.verdict));
  if (const Model* model = catalog.FindModel(row.model)) {
    json.Set("tasks", TasksText(model->tasks))
        .Set("license", model->license.empty() ? Json() : Json(model->license))
        .Set("release", model->release);
  }
  return json;
}

std::string AnswerJson(const Answered& answered, const Catalog& catalog) {
  const FindAnswer& answer = answered.found;
  Json rows = Json::MakeArray();
  for (size_t i = 0; i < answer.rows.size(); ++i) {
    Json row = RowJson(answer.rows[i], catalog);
    if (answered.kind) {
      const std::optional<RangeFigure> range = answered.range(i);
      row.Set(RangeKey(*answered.kind), range ? Json(range->any ? range->load : 0) : Json());
    }
    rows.Append(std::move(row));
  }
  Json not_known = Json::MakeArray();
  for (const std::string& id : answer.not_known) not_known.Append(id);
  Json excluded = Json::MakeObject();
  for (int i = 0; i < kWishes; ++i)
    excluded.Set(WishName(static_cast<Wish>(i)), answer.excluded[static_cast<size_t>(i)]);
  Json json = Json::MakeObject();
  json.Set("rows", std::move(rows))
      .Set("binding", answer.binding ? Json(WishName(*answer.binding)) : Json())
      .Set("candidates", answer.candidates)
      .Set("excluded", std::move(excluded))
      .Set("more_without_binding", answer.more_without)
      .Set("cheapest_without_binding", OrNull(answer.cheapest_without))
      .Set("not_known", std::move(not_known));
  return json.Dump(2) + "\n";
}

std::string Dollars(double usd) {
  return usd > 0 ? "$" + DecimalText(usd, usd < 100 ? 2 : 0) : std::string("?");
}

bool SeveralModels(const FindAnswer& answer) {
  return std::any_of(answer.rows.begin(), answer.rows.end(),
                     [&](const FindRow& row) { return row.model != answer.rows.front().model; });
}

bool SeveralEngines(const FindAnswer& answer) {
  return std::any_of(answer.rows.begin(), answer.rows.end(), [&](const FindRow& row) {
    return FindEngine(row.config.engine) != FindEngine(answer.rows.front().config.engine);
  });
}

Table AnswerTable(const Answered& answered, const Catalog& catalog, size_t most) {
  const bool models = SeveralModels(answered.found), engines = SeveralEngines(answered.found);
  std::vector<std::string> header = {"model",       "format",       "cards", "users>",  "context>",
                                     "tok/s each>", "first token>", "$/h>",  "$/Mtok>", "bits>"};
  if (engines) header.insert(header.begin() + 2, "engine");
  if (models) {
    for (const char* name : {"band>", "room for>", "longest>", "licence"}) header.emplace_back(name);
  }
  if (answered.kind) header.push_back(Lower(RangeLabel(*answered.kind)) + ">");
  header.emplace_back("verdict");
  Table table(std::move(header));
  const std::vector<FindRow>& rows = answered.found.rows;
  for (size_t i = 0; i < rows.size() && i < most; ++i) {
    const FindRow& row = rows[i];
    std::vector<std::string> cells = {row.model.empty() ? "given model" : row.model,
                                      row.format,
                                      LayoutText(row, catalog),
                                      CountText(row.users),
                                      CountText(row.max_model_len),
                                      DecimalText(row.decode_tokens_per_s, 1),
                                      DecimalText(row.ttft_ms, 0) + " ms",
                                      Dollars(row.price_per_h),
                                      Dollars(row.price_per_mtok),
                                      DecimalText(row.bits_per_weight, 2)};
    const Model* model = catalog.FindModel(row.model);
    if (engines) cells.insert(cells.begin() + 2, std::string(FindEngine(row.config.engine)->traits().name));
    if (models) {
      cells.push_back(DecimalText(row.decode_low, 0) + " to " + DecimalText(row.decode_high, 0));
      cells.push_back(DecimalText(row.room, 1));
      cells.push_back(CountText(row.longest));
      cells.push_back(LicenseName(model != nullptr ? model->license : ""));
    }
    const std::optional<RangeFigure> range = answered.range(i);
    if (answered.kind) cells.push_back(range ? RangeText(*range) : "");
    cells.emplace_back(VerdictName(row.verdict));
    table.Add(std::move(cells));
  }
  return table;
}

std::string WishText(Wish wish) {
  switch (wish) {
    case Wish::kMemory:
      return "memory for all users at that context";
    case Wish::kFirstToken:
      return "the limit on the first token";
    case Wish::kTokensPerSecond:
      return "the tokens per second of each user";
    case Wish::kPrice:
      return "the budget per hour";
    case Wish::kPower:
      return "the limit on power";
  }
  return "";
}

std::string AnswerText(const Answered& answered, const Catalog& catalog) {
  const FindAnswer& answer = answered.found;
  std::string text;
  if (answer.rows.empty()) {
    text = "Nothing of " + CountText(answer.candidates) + " meets all of it.\n";
  } else {
    text = AnswerTable(answered, catalog, kRowsShown).Print();
    if (answer.rows.size() > kRowsShown) {
      text += "… and " + CountText(static_cast<int64_t>(answer.rows.size() - kRowsShown)) +
              " more; --json, --csv and --markdown have all.\n";
    }
    if (answered.kind) {
      text += "\nusers: how many have room at once, each at that length, and keep the limits on average. " +
              Lower(RangeLabel(*answered.kind)) +
              ": how many\nkeep them in nine of ten requests, by simulation; the two are counted "
              "differently and need not agree.\n";
    }
    text += "\nCheapest: " + EncodeConfigUrl(answer.rows.front().config) + "\n";
  }
  if (answer.binding) {
    text += "Most were excluded by " + WishText(*answer.binding) + " (" +
            CountText(answer.excluded[static_cast<size_t>(*answer.binding)]) + " of " +
            CountText(answer.candidates) + ")";
    if (answer.more_without > 0 && answer.cheapest_without > 0) {
      text += "; without it " + CountText(answer.more_without) + " more, from " +
              Dollars(answer.cheapest_without) + " an hour";
    }
    text += ".\n";
  }
  if (!answer.not_known.empty()) {
    text += "Left out, because the catalog does not know of them what was asked for: " +
            ListText({answer.not_known.begin(), answer.not_known.end()}) + ".\n";
  }
  return text;
}

// What the load itself limits is wished for, too, as far as no option says otherwise. Its kind; nothing: no limit.
std::optional<LoadKind> LimitsOf(const Config& base, const Catalog& catalog, Wishes* wishes) {
  Config config = base;
  // The load does not depend on the model; the question may name none.
  if (config.model.empty() && !config.inline_model.is_object()) config.model = catalog.models().front().id;
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok() || !HasLimits(*resolved)) return std::nullopt;
  const Objective objective = WorkloadOf(*resolved).objective;
  if (objective.ttft_ms > 0 && !wishes->ttft_ms) wishes->ttft_ms = objective.ttft_ms;
  if (objective.tpot_ms > 0 && !wishes->tokens_per_s) wishes->tokens_per_s = 1000 / objective.tpot_ms;
  return LoadKindOf(*resolved);
}

void FindRanges(size_t rows, const CommandContext& context, Answered* answered) {
  if (!answered->kind) return;
  rows = std::min(rows, answered->found.rows.size());
  for (size_t i = 0; i < rows; ++i) {
    const FindRow& row = answered->found.rows[i];
    std::optional<RangeFigure> range = FindRangeFigure(*answered->kind, row.config, context.catalog);
    if (range) range = OfReplicas(*range, row.replicas);
    answered->ranges.push_back(range);
    if (context.progress) context.progress(static_cast<int64_t>(i + 1), static_cast<int64_t>(rows));
  }
}

}  // namespace

CommandResult RunFind(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options = Options::Take(
      arguments,
      {{"--json", "--markdown", "--csv", "--exit-code"},
       {"--url", "--config", "--model", "--gpu", "--format", "--gpus", "--users", "--max-model-len",
        "--ttft-ms", "--tokens-per-s", "--tpot-ms", "--max-price-per-h", "--max-watts", "--engine", "--task",
        "--license", "--min-params", "--max-params", "--since"}});
  if (!options.ok()) return Refused(options.error());
  FindQuestion question;
  Result<DecodedConfig> base = ReadConfig(*options, context);
  if (!base.ok()) return Refused(base.error());
  question.base = std::move(base->config);
  const std::vector<std::string> models = SplitList(options->Value("--model"));
  if (models.size() == 1 && context.catalog.FindModel(models[0]) == nullptr) {
    // A file, or a typing error: as everywhere.
    Result<Options> alone = Options::Take({"--model=" + models[0]}, {{}, {}});
    Result<DecodedConfig> given = ReadConfig(*alone, context);
    if (!given.ok()) return Refused(given.error());
    question.base.model = given->config.model;
    question.base.inline_model = given->config.inline_model;
    if (question.base.format.is_null()) question.base.format = given->config.format;
    if (question.base.engine.empty()) question.base.engine = given->config.engine;
  } else {
    question.models = models;
  }
  question.gpus = SplitList(options->Value("--gpu"));
  question.formats = SplitList(options->Value("--format"));
  for (const std::string& text : SplitList(options->Value("--gpus"))) {
    const bool whole = text.size() <= 6 && text.find_first_not_of("0123456789") == std::string::npos;
    if (!whole) return Refused({"--gpus", Quoted(text), "numbers of cards such as 1,2,4,8"});
    question.counts.push_back(std::stoll(text));
  }
  if (auto error = ReadWishes(*options, question.base, &question.wishes)) return Refused(*error);
  if (auto error = ReadFilter(*options, &question.filter)) return Refused(*error);
  question.engines = ReadEngines(*options);
  if (!question.engines.empty()) question.base.engine = question.engines.front();
  if (auto error = TakeLimits(*options, &question.base)) return Refused(*error);
  Answered answered;
  answered.kind = LimitsOf(question.base, context.catalog, &question.wishes);
  Result<FindAnswer> answer = Find(question, context.catalog);
  if (!answer.ok()) return Refused(answer.error());
  answered.found = std::move(*answer);
  const bool whole = options->Has("--json") || options->Has("--markdown") || options->Has("--csv");
  FindRanges(whole ? kRowsRanged : kRowsShown, context, &answered);
  const size_t all = answered.found.rows.size();
  const int exit = options->Has("--exit-code") && all == 0 ? kExitDoesNotFit : 0;
  if (options->Has("--json")) return {exit, AnswerJson(answered, context.catalog), ""};
  if (options->Has("--markdown")) return {exit, AnswerTable(answered, context.catalog, all).Markdown(), ""};
  if (options->Has("--csv")) return {exit, AnswerTable(answered, context.catalog, all).Csv(), ""};
  return {exit, AnswerText(answered, context.catalog), ""};
}

}  // namespace plimsoll
