#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/config/config_codec.h"
#include "core/config/config_flags.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"

namespace plimsoll {
namespace {

constexpr int64_t kMostCombinations = 100000;

// A flag with several values. "a+b" keeps mixed cards together in one value.
struct Axis {
  const ConfigKey* key = nullptr;
  std::vector<std::string> values;
};

std::vector<std::string> SplitValues(const std::string& text) {
  if (text.starts_with('{')) return {text};
  std::vector<std::string> values;
  size_t start = 0;
  for (;;) {
    const auto comma = text.find(',', start);
    std::string value = text.substr(start, comma == std::string::npos ? comma : comma - start);
    for (char& c : value) {
      if (c == '+') c = ',';
    }
    values.push_back(std::move(value));
    if (comma == std::string::npos) return values;
    start = comma + 1;
  }
}

// Takes the flags that carry lists out of `rest`.
std::vector<Axis> TakeAxes(Arguments* rest) {
  std::vector<Axis> axes;
  Arguments kept;
  for (size_t i = 0; i < rest->size(); ++i) {
    const std::string& argument = (*rest)[i];
    const auto equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    const bool separate =
        equals == std::string::npos && i + 1 < rest->size() && !(*rest)[i + 1].starts_with("--");
    const std::string value = equals != std::string::npos ? argument.substr(equals + 1)
                              : separate                  ? (*rest)[i + 1]
                                                          : "";
    const ConfigKey* key = nullptr;
    for (const ConfigKey& known : ConfigKeys()) {
      if (FlagName(known) == name) key = &known;
    }
    std::vector<std::string> values = SplitValues(value);
    if (key && values.size() > 1) {
      axes.push_back({key, std::move(values)});
    } else {
      kept.push_back(argument);
      if (separate) kept.push_back(value);
    }
    if (separate) ++i;
  }
  *rest = std::move(kept);
  return axes;
}

struct Row {
  std::vector<std::string> values;
  Config config;
  Report report;
  std::string headline;
};

// One error for the whole sweep: a value that is not understood anywhere.
Result<std::vector<Row>> Combine(const Config& base, const std::vector<Axis>& axes,
                                 const CommandContext& context) {
  std::vector<Row> rows;
  std::vector<size_t> at(axes.size(), 0);
  for (;;) {
    Row row;
    row.config = base;
    for (size_t axis = 0; axis < axes.size(); ++axis) {
      const std::string& value = axes[axis].values[at[axis]];
      row.values.push_back(value);
      if (auto error = SetConfigText(*axes[axis].key, value, &row.config)) {
        error->field = FlagName(*axes[axis].key);
        return *error;
      }
    }
    const Result<Resolved> resolved = Settle(row.config, context.catalog);
    if (!resolved.ok()) return resolved.error();
    row.report = EstimateResolved(*resolved);
    row.headline = HeadlineText(*resolved, row.report);
    rows.push_back(std::move(row));
    // The last axis turns fastest.
    size_t axis = axes.size();
    while (axis > 0 && ++at[axis - 1] == axes[axis - 1].values.size()) at[--axis] = 0;
    if (axis == 0) return rows;
  }
}

Json ValueJson(const ConfigKey& key, const std::string& text) {
  Config config;
  if (SetConfigText(key, text, &config)) return Json(text);
  return GetConfigValue(config, key);
}

std::string SweepJson(const std::vector<Axis>& axes, const std::vector<Row>& rows) {
  Json names = Json::MakeObject();
  for (const Axis& axis : axes) {
    Json values = Json::MakeArray();
    for (const std::string& value : axis.values) values.Append(ValueJson(*axis.key, value));
    names.Set(axis.key->json, std::move(values));
  }
  Json results = Json::MakeArray();
  for (const Row& row : rows) {
    Json result = Json::MakeObject();
    for (size_t i = 0; i < axes.size(); ++i)
      result.Set(axes[i].key->json, ValueJson(*axes[i].key, row.values[i]));
    const GpuReport* fullest = FullestCard(row.report);
    result.Set("fits", row.report.fits())
        .Set("verdict", VerdictName(row.report.verdict))
        .Set("headline", row.headline)
        .Set("weights_bytes", fullest ? fullest->weights.count() : 0)
        .Set("total_bytes", fullest ? fullest->total.count() : 0)
        .Set("headroom_bytes", fullest ? fullest->headroom.count() : 0)
        .Set("capacity_tokens", row.report.kv.capacity_tokens)
        .Set("max_concurrency", row.report.kv.max_concurrency)
        .Set("max_model_len_that_fits", row.report.kv.max_model_len_that_fits)
        .Set("decode_tokens_per_s", row.report.speed.decode_tokens_per_s)
        .Set("url", EncodeConfigUrl(row.config));
    results.Append(std::move(result));
  }
  Json json = Json::MakeObject();
  json.Set("axes", std::move(names)).Set("results", std::move(results));
  return json.Dump(2) + "\n";
}

Table SweepTable(const std::vector<Axis>& axes, const std::vector<Row>& rows, SizeUnits units) {
  std::vector<std::string> header;
  for (const Axis& axis : axes) header.push_back(std::string(axis.key->json));
  for (const char* name : {"verdict", "weights>", "headroom>", "tokens>", "sequences>", "tok/s>"})
    header.push_back(name);
  Table table(header);
  for (const Row& row : rows) {
    std::vector<std::string> cells = row.values;
    const GpuReport* fullest = FullestCard(row.report);
    cells.push_back(std::string(VerdictName(row.report.verdict)));
    cells.push_back(fullest ? GibText(fullest->weights, units) : "");
    cells.push_back(fullest ? GibText(fullest->headroom, units) : "");
    cells.push_back(CountText(row.report.kv.capacity_tokens));
    cells.push_back(DecimalText(row.report.kv.max_concurrency, 1));
    cells.push_back(row.report.fits() && row.report.speed.decode_tokens_per_s > 0
                        ? DecimalText(row.report.speed.decode_tokens_per_s, 1)
                        : "");
    table.Add(std::move(cells));
  }
  return table;
}

}  // namespace

CommandResult RunSweep(const Arguments& arguments, const CommandContext& context) {
  // The lists come out first: what is left must be a configuration of single values.
  Result<Options> all = Options::Take(
      arguments, {{"--json", "--csv", "--markdown", "--gb", "--exit-code"}, {"--url", "--config"}});
  if (!all.ok()) return Refused(all.error());
  Arguments rest = all->rest();
  const std::vector<Axis> axes = TakeAxes(&rest);
  int64_t combinations = 1;
  for (const Axis& axis : axes) {
    combinations = internal::SaturatingMultiply(combinations, static_cast<int64_t>(axis.values.size()));
  }
  if (combinations > kMostCombinations) {
    return Refused(
        {"sweep", CountText(combinations) + " combinations", "at most " + CountText(kMostCombinations)});
  }
  for (const std::string_view name : {"--url", "--config"}) {
    if (all->Has(name)) rest.push_back(std::string(name) + "=" + all->Value(name));
  }
  Result<Options> single = Options::Take(rest, {{}, {"--url", "--config"}});
  if (!single.ok()) return Refused(single.error());
  Result<DecodedConfig> base = ReadConfig(*single, context);
  if (!base.ok()) return Refused(base.error());
  Result<std::vector<Row>> rows = Combine(base->config, axes, context);
  if (!rows.ok()) return Refused(rows.error());
  const bool any = std::any_of(rows->begin(), rows->end(), [](const Row& row) { return row.report.fits(); });
  const int exit = all->Has("--exit-code") && !any ? kExitDoesNotFit : 0;
  if (all->Has("--json")) return {exit, SweepJson(axes, *rows), ""};
  const Table table = SweepTable(axes, *rows, all->units());
  if (all->Has("--csv")) return {exit, table.Csv(), ""};
  return {exit, all->Has("--markdown") ? table.Markdown() : table.Print(), ""};
}

}  // namespace plimsoll
