#include "cli/limits.h"

#include <string>
#include <string_view>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"

namespace plimsoll {

std::optional<Error> TakeLimits(const Options& options, Config* config) {
  Json workload = Json::MakeObject();
  for (const auto& [name, value] : config->workload.members()) workload.Set(name, value);
  for (const std::string_view name : {"--ttft-ms", "--tpot-ms", "--tokens-per-s"}) {
    if (!options.Has(name)) continue;
    const std::string text = options.Value(name);
    const Result<Json> value = Json::Parse(text, name);
    const double number = value.ok() && value->is_number() ? value->AsDouble().value_or(0) : 0;
    if (!(number > 0) || number > 1e9) return Error{std::string(name), Quoted(text), "a number above 0"};
    const bool rate = name == "--tokens-per-s";
    workload.Set(name == "--ttft-ms" ? "ttft_ms" : "tpot_ms", rate ? 1000 / number : number);
  }
  if (!workload.members().empty()) config->workload = std::move(workload);
  return std::nullopt;
}

}  // namespace plimsoll
