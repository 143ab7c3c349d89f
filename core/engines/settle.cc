#include "core/engines/settle.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"
#include "core/resolve/report.h"
#include "core/resolve/resolve.h"

namespace plimsoll {
namespace {

// "auto" and an absent KV type mean the model's own 16-bit type where the engine has not said otherwise.
void SettleKvTypes(Resolved* resolved) {
  const bool half = resolved->engine->half_cache || resolved->architecture->dtype == DType::kFp16;
  const KvType own = half ? KvType::kFp16 : KvType::kBf16;
  KvTypes& types = resolved->kv_cache_dtype;
  if (types.k == KvType::kAuto) types.k = own;
  if (types.v == KvType::kAuto) types.v = own;
}

// "As long as fits": the engine plans for what it takes for the model's own length and says how much of it has
// room.
void SettleLength(const Engine& engine, Resolved* resolved) {
  if (!resolved->max_model_len_auto) return;
  if (resolved->max_model_len <= 0)
    resolved->max_model_len = std::max<int64_t>(1, resolved->architecture->max_positions);
  Report report;
  if (resolved->config->cal) report.calibration = &*resolved->config->cal;
  engine.Plan(*resolved, &report);
  const int64_t longest = report.kv.max_model_len_that_fits;
  if (longest > 0 && longest < resolved->max_model_len) resolved->max_model_len = longest;
}

std::vector<const ConfigKey*> KeysNotTakenBy(const EngineTraits& engine) {
  std::vector<const ConfigKey*> keys;
  for (const ConfigKey& key : ConfigKeys()) {
    if (!Takes(engine, key)) keys.push_back(&key);
  }
  return keys;
}

// Found once for each engine: every estimate asks.
const std::vector<const ConfigKey*>& OthersKeys(const EngineTraits& engine) {
  struct Engines {
    std::vector<std::pair<const EngineTraits*, std::vector<const ConfigKey*>>> keys;
    Engines() {
      for (const Engine* each : plimsoll::Engines())
        keys.emplace_back(&each->traits(), KeysNotTakenBy(each->traits()));
    }
  };
  static const Engines engines;
  for (const auto& [traits, keys] : engines.keys) {
    if (traits == &engine) return keys;
  }
  static const std::vector<const ConfigKey*> none;
  return none;
}

// What was given and is another engine's, said once.
void RemarkOnIgnoredKeys(const Config& config, Resolved* resolved) {
  std::vector<std::string_view> ignored;
  for (const ConfigKey* key : OthersKeys(*resolved->engine)) {
    if (IsConfigValueGiven(config, *key)) ignored.push_back(key->json);
  }
  if (ignored.empty()) return;
  resolved->diagnostics.push_back(
      {"keys_ignored", Severity::kInfo,
       std::string(resolved->engine->name) + " has no " + ListText(ignored, "or") + ": left out.", ""});
}

}  // namespace

Result<Resolved> Settle(const Config& config, const Catalog& catalog, Inquiry* inquiry) {
  Inquiry own;
  if (inquiry == nullptr) inquiry = &own;
  const Engine* engine = FindEngine(config.engine);
  if (engine == nullptr) return Error{"engine", Quoted(config.engine), EngineIds()};
  Result<EngineVersion> version = engine->ReadVersion(config.engine_version, "engine_version");
  if (!version.ok()) return version.error();
  Result<Resolved> resolved = Resolve(config, catalog, engine->traits(), std::move(*version), inquiry);
  if (!resolved.ok()) return resolved;
  inquiry->planned().Take(1 + static_cast<int64_t>(resolved->cards.size()));
  if (std::optional<Error> error = engine->TakeDefaults(config, &*resolved)) return *error;
  SettleKvTypes(&*resolved);
  SettleLength(*engine, &*resolved);
  RemarkOnIgnoredKeys(config, &*resolved);
  resolved->inquiry = nullptr;
  return resolved;
}

}  // namespace plimsoll
