#include "core/validate/case_circumstances.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "core/base/json_members.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/config/version_text.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

// ---- the release ------------------------------------------------------------------------------------------

// "2025-03; 23 graph sizes", "0.5.17; card not seen": the first word.
std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find_first_of(" ;,:")); }

void TakeRelease(const Json& item, const Engine& engine, Config* config) {
  if (!config->engine_version.empty()) return;
  const std::string& notes = TextIn(item, "notes");
  std::string word(FirstWord(notes));
  int32_t date = 0;
  if (ReadDate(word, &date)) {
    constexpr size_t kMonth = 7;               // "2025-03"
    if (word.size() == kMonth) word += "-15";  // some day of that month
  } else if (std::count(word.begin(), word.end(), '.') < 2 || !IsDigit(word.front())) {
    return;  // a number, or no release at all
  }
  if (engine.ReadVersion(word, "notes").ok()) config->engine_version = word;
}

// ---- the devices ------------------------------------------------------------------------------------------

// llama.cpp's names of devices begin with their backend's; "_Host", "_Split" and "_Mapped" buffers have its name, too.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kBackendOfDevice = {
    {{"Vulkan", "vulkan"}, {"ROCm", "hip"}, {"MTL", "metal"}, {"SYCL", "sycl"}}};

struct Devices {
  std::set<std::string, std::less<>> here, by_rpc;
  std::string_view backend;
};

// "CUDA0", "RPC1": a name, then which of them. Buffers in RAM have no number.
bool IsNumbered(std::string_view name) { return !name.empty() && IsDigit(name.back()); }

Devices DevicesIn(const Json& detail) {
  Devices devices;
  for (const std::string_view buffers : {"model", "kv", "compute"}) {
    const Json* sizes = detail.Find(buffers);
    if (sizes == nullptr || !sizes->is_object()) continue;
    for (const Json::Member& member : sizes->members()) {
      const std::string_view name = member.first;
      if (!IsNumbered(name)) continue;
      (name.starts_with("RPC") ? devices.by_rpc : devices.here).emplace(name);
      for (const auto& [prefix, backend] : kBackendOfDevice) {
        if (name.starts_with(prefix)) devices.backend = backend;
      }
    }
  }
  return devices;
}

// Cards behind RPC servers stand as nodes of one card each. They can only where this machine has one at most.
void TakeNodes(const Devices& devices, Config* config) {
  if (config->nodes || devices.by_rpc.empty() || devices.here.size() > 1) return;
  const auto all = static_cast<int64_t>(devices.by_rpc.size() + devices.here.size());
  if (config->gpus.value_or(1) != all || config->gpu.size() > 1) return;
  config->gpus = 1;
  config->nodes = all;
}

void TakeDevices(const Json& detail, Config* config) {
  const Devices devices = DevicesIn(detail);
  if (config->backend.empty()) config->backend = std::string(devices.backend);
  TakeNodes(devices, config);
}

// ---- options ----------------------------------------------------------------------------------------------

// Those that SGLang prints before it divides memory by them. max_running_requests is not among them: what it prints
// is what it came to.
constexpr std::string_view kPrintedOptions[] = {"mem_fraction_static", "chunked_prefill_size",
                                                "max_mamba_cache_size"};

void TakeOptions(const Json& detail, Config* config) {
  for (const std::string_view name : kPrintedOptions) {
    const ConfigKey* key = FindConfigKey(name);
    const Json* value = detail.Find(name);
    if (key == nullptr || value == nullptr || !value->is_number()) continue;
    const bool open = key->integer != nullptr ? !(config->*key->integer).has_value()
                                              : key->number != nullptr && !(config->*key->number).has_value();
    if (!open) continue;
    Config taken = *config;
    if (!SetConfigText(*key, FormatDouble(value->AsDouble().value_or(0)), &taken)) *config = std::move(taken);
  }
}

// ---- cards ------------------------------------------------------------------------------------------------

// Two decimals of GiB are printed of what is free, and weights move to RAM module by module.
constexpr double kPrintedGib = 0.01, kSmallestMoveGib = 0.1;
constexpr double kMostGib = 1e5;

double GibIn(const Json& object, std::string_view key) {
  const double gib = NumberIn(object, key);
  return gib > 0 && gib < kMostGib ? gib : 0;
}

}  // namespace

void TakeCircumstances(const Json& item, Config* config) {
  const Engine* engine = FindEngine(config->engine);
  if (engine == nullptr) return;
  TakeRelease(item, *engine, config);
  const Json* detail = item.Find("detail");
  if (detail == nullptr || !detail->is_object()) return;
  if (engine->traits().keys == KeyOwner::kGgml) TakeDevices(*detail, config);
  if (engine->traits().share == KeyOwner::kFreeShare) TakeOptions(*detail, config);
}

CardCircumstances ReadCardCircumstances(const Json& item) {
  CardCircumstances told;
  const Json* detail = item.Find("detail");
  if (detail == nullptr || !detail->is_object()) return told;
  told.weights_on_card = GibIn(*detail, "weights_with_cpu_experts");
  told.free_before = GibIn(*detail, "avail_before");
  const double after = GibIn(*detail, "avail_after_weights");
  if (told.free_before > 0 || after <= 0) return told;
  // What weights took is what is free less than before.
  const Json* measured = item.Find("measured");
  double weights = measured == nullptr ? 0 : GibIn(*measured, "weights_gib_per_gpu");
  if (weights <= 0) weights = told.weights_on_card;
  if (weights > 0) told.free_before = after + weights;
  return told;
}

std::optional<Config> UnderCircumstances(const CardCircumstances& told, const Config& config,
                                         const Report& report) {
  const Engine* engine = FindEngine(config.engine);
  if (engine == nullptr || engine->traits().share != KeyOwner::kFreeShare || report.per_gpu.empty())
    return {};
  const GpuReport& first = report.per_gpu.front();
  Config taken = config;
  const double free = (first.capacity - first.driver - first.others).gib();
  const double less = free - told.free_before;
  if (told.free_before > 0 && config.gpu_memory_mib.empty() && std::fabs(less) > kPrintedGib) {
    // Less: others hold the difference, and the share goes by the whole card. More: the card has more.
    if (less > 0 && config.reserved_mib.empty()) taken.reserved_mib = {less * 1024};
    if (less < 0) taken.gpu_memory_mib = {(first.capacity.gib() - less) * 1024};
  }
  const double moved = first.weights.gib() - told.weights_on_card;
  if (told.weights_on_card > 0 && !config.cpu_offload_gb && moved > kSmallestMoveGib) {
    taken.cpu_offload_gb = moved;
  }
  if (taken == config) return {};
  return taken;
}

}  // namespace plimsoll
