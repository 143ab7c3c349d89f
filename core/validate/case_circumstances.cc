#include "core/validate/case_circumstances.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/catalog/gpu_names.h"
#include "core/config/version_text.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

// ---- the release ------------------------------------------------------------------------------------------

// "2025-03; 23 graph sizes", "0.5.17; card not seen": the first word.
std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find_first_of(" ;,:")); }

// The word as an engine's release or the day of one; empty: it is neither.
std::string ReleaseIn(std::string_view word) {
  constexpr size_t kMonth = 7;  // "2025-03"
  int32_t date = 0;
  if (ReadDate(word, &date)) {
    return std::string(word) + (word.size() == kMonth ? "-15" : "");  // some day of that month
  }
  const bool numbered =
      !word.empty() && IsDigit(word.front()) && std::count(word.begin(), word.end(), '.') >= 2;
  return numbered ? std::string(word) : "";  // a number of one point is none
}

void TakeRelease(const Json& item, const Engine& engine, Config* config) {
  if (!config->engine_version.empty()) return;
  const Json* detail = item.Find("detail");
  const bool dated = detail != nullptr && detail->is_object() && detail->Has("measured_on");
  for (const std::string& release : {ReleaseIn(FirstWord(TextIn(item, "notes"))),
                                     dated ? ReleaseIn(TextIn(*detail, "measured_on")) : ""}) {
    if (release.empty() || !engine.ReadVersion(release, "notes").ok()) continue;
    config->engine_version = release;
    return;
  }
}

// ---- the devices ------------------------------------------------------------------------------------------

// llama.cpp's names of devices begin with their backend's; "_Host", "_Split" and "_Mapped" buffers have its name, too.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kBackendOfDevice = {
    {{"Vulkan", "vulkan"}, {"ROCm", "hip"}, {"MTL", "metal"}, {"SYCL", "sycl"}}};

// "ROCm", "Vulkan.", "rocm;": the backend that a word begins with the name of; empty: none, or the cards' own.
std::string_view BackendNamed(std::string_view word) {
  const std::string text = Lower(word);
  for (const auto& [name, backend] : kBackendOfDevice) {
    if (text.starts_with(Lower(name)) || text.starts_with(backend)) return backend;
  }
  return {};
}

// "detail": {"backend": "ROCm"}, or in the notes "…, backend rocm; …", "llama-bench on ROCm …".
std::string_view BackendTold(const Json& item, const Json* detail) {
  const std::string_view named = detail != nullptr ? BackendNamed(TextIn(*detail, "backend")) : "";
  if (!named.empty()) return named;
  const std::string_view notes = TextIn(item, "notes");
  for (const std::string_view before : {"backend ", "llama-bench on "}) {
    const size_t at = notes.find(before);
    if (at != std::string_view::npos) return BackendNamed(notes.substr(at + before.size()));
  }
  return {};
}

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

// ---- the checkpoint ---------------------------------------------------------------------------------------

// A list of modules that a case only supposes says less than what quantisers of this format leave alone by themselves.
void DropSupposedExceptions(const Json& item, Config* config) {
  const std::string& notes = TextIn(item, "notes");
  const bool supposed = notes.find("exceptions unknown") != std::string::npos ||
                        notes.find("modules assumed") != std::string::npos;
  if (!supposed || !config->format.is_object() || !config->format.Has("unquantized")) return;
  Json format = Json::MakeObject();
  for (const Json::Member& member : config->format.members()) {
    if (member.first != "unquantized") format.Set(member.first, member.second);
  }
  config->format = std::move(format);
}

// ---- another program ---------------------------------------------------------------------------------------

bool TellsOfExpertsInRam(std::string_view text) {
  const std::string words = Lower(text);
  for (const std::string_view phrase : {"ktransformers", "kt-kernel", "experts in ram", "cpu_experts"}) {
    if (words.find(phrase) != std::string::npos) return true;
  }
  return false;
}

// ---- the card ---------------------------------------------------------------------------------------------

// "283.6 GiB free before"; zero: the text does not begin so.
Bytes FreeBefore(std::string_view text) {
  size_t digits = 0;
  const double gib = ReadDecimal(text, &digits);
  return digits > 0 && text.substr(digits).starts_with(" GiB free") ? GiBFromDouble(gib) : Bytes(0);
}

}  // namespace

void TakePossibleCard(std::string_view inferred, const Catalog& catalog, Config* config) {
  const Bytes free = FreeBefore(inferred);
  const size_t colon = inferred.find(": ");
  if (free <= Bytes(0) || colon == std::string_view::npos || config->gpu.size() != 1) return;
  const Gpu* named = catalog.FindGpu(config->gpu[0]);
  if (named == nullptr || named->usable >= free) return;
  for (std::string_view names = inferred.substr(colon + 2); !names.empty();) {
    constexpr std::string_view kOr = " or ";
    const size_t end = names.find(kOr);
    const Gpu* possible = FindGpuNamed(catalog, names.substr(0, end));
    if (possible != nullptr && possible->usable >= free) {
      config->gpu = {possible->id};
      return;
    }
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + kOr.size());
  }
}

std::string RanWithAnother(const Json& item, const Config& config) {
  const Engine* engine = FindEngine(config.engine);
  if (engine == nullptr || engine->traits().keys == KeyOwner::kGgml) return "";
  bool tells = TellsOfExpertsInRam(TextIn(item, "notes")) || TellsOfExpertsInRam(TextIn(item, "source"));
  const Json* detail = item.Find("detail");
  if (detail != nullptr && detail->is_object()) {
    for (const Json::Member& member : detail->members()) tells = tells || TellsOfExpertsInRam(member.first);
  }
  if (!tells) return "";
  return "its experts ran in RAM by ktransformers, which is not " + std::string(engine->traits().name) +
         "'s own";
}

void TakeCircumstances(const Json& item, Config* config) {
  const Engine* engine = FindEngine(config->engine);
  if (engine == nullptr) return;
  TakeRelease(item, *engine, config);
  DropSupposedExceptions(item, config);
  if (engine->traits().keys != KeyOwner::kGgml) return;
  const Json* detail = item.Find("detail");
  if (detail != nullptr && !detail->is_object()) detail = nullptr;
  if (config->backend.empty()) config->backend = std::string(BackendTold(item, detail));
  if (detail != nullptr) TakeDevices(*detail, config);
}

}  // namespace plimsoll
