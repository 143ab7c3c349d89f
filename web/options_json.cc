#include "web/options_json.h"

#include <string_view>
#include <utility>

#include "core/base/json.h"
#include "core/config/config_keys.h"
#include "core/engines/registry.h"
#include "core/formats/format_ids.h"
#include "core/resolve/memory_parts.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

Json Entry(std::string_view id, std::string name, std::string detail) {
  Json entry = Json::MakeObject();
  entry.Set("id", Json(id));
  entry.Set("name", Json(std::move(name)));
  entry.Set("detail", Json(std::move(detail)));
  return entry;
}

// The segments of a card's bar, with the keys of a report that add up to each.
Json SegmentsJson() {
  Json segments = Json::MakeArray();
  for (const MemorySegment& segment : SegmentsOf(GpuReport())) {
    Json keys = Json::MakeArray();
    for (const MemoryPart* part : kStackedParts) {
      if (part->label == segment.part->label) keys.Append(Json(part->key));
    }
    Json entry = Json::MakeObject();
    entry.Set("label", Json(segment.part->label));
    entry.Set("keys", std::move(keys));
    segments.Append(std::move(entry));
  }
  return segments;
}

// A row of the table of keys, as the form draws it.
Json KeyEntry(const ConfigKey& key) {
  Json entry = Json::MakeObject();
  entry.Set("key", Json(key.json)).Set("label", Json(key.label)).Set("help", Json(key.help));
  entry.Set("group", Json(kKeyGroupNames[static_cast<size_t>(key.group)]));
  entry.Set("widget", Json(kKeyWidgetNames[static_cast<size_t>(key.widget)]));
  if (key.shown_inverted) entry.Set("inverted", Json(true));
  if (!key.absent.empty()) entry.Set("absent", Json(key.absent));
  return entry;
}

// An engine with the keys that it takes and, of enumerated ones, the values that it offers.
Json EngineEntry(const EngineTraits& engine) {
  Json entry = Entry(engine.id, std::string(engine.name), "");
  entry.Set("gguf", Json(engine.reads_gguf)).Set("listed", Json(engine.budget_modelled));
  Json takes = Json::MakeArray();
  Json offers = Json::MakeObject();
  for (const ConfigKey& key : ConfigKeys()) {
    if (!Takes(engine, key)) continue;
    takes.Append(Json(key.json));
    if (key.choice_count == 0) continue;
    Json choices = Json::MakeArray();
    for (int i = 0; i < key.choice_count; ++i) {
      const KeyChoice& choice = key.choices[i];
      if (Offers(engine, choice)) choices.Append(Entry(choice.id, std::string(choice.label), ""));
    }
    offers.Set(key.json, std::move(choices));
  }
  entry.Set("takes", std::move(takes)).Set("offers", std::move(offers));
  return entry;
}

}  // namespace

std::string OptionsJson(const Catalog& catalog) {
  Json models = Json::MakeArray();
  for (const Model& model : catalog.models()) {
    if (!model.refused()) models.Append(Entry(model.id, model.name, ModelQualifier(model)));
  }
  Json gpus = Json::MakeArray();
  for (const Gpu& gpu : catalog.gpus()) {
    gpus.Append(Entry(gpu.id, gpu.name, CompactNumber(gpu.memory_gb) + " GB"));
  }
  Json formats = Json::MakeArray();
  for (const std::string_view id : FormatIds()) {
    Json entry = Entry(id, FormatName(id), "");
    entry.Set("gguf", Json(id.rfind("gguf-", 0) == 0));
    formats.Append(std::move(entry));
  }
  Json all = Json::MakeObject();
  all.Set("models", std::move(models));
  all.Set("gpus", std::move(gpus));
  all.Set("formats", std::move(formats));
  all.Set("segments", SegmentsJson());
  Json engines = Json::MakeArray();
  for (const Engine* engine : Engines()) engines.Append(EngineEntry(engine->traits()));
  all.Set("engines", std::move(engines));
  Json keys = Json::MakeArray();
  for (const ConfigKey& key : ConfigKeys()) keys.Append(KeyEntry(key));
  all.Set("keys", std::move(keys));
  return all.Dump();
}

}  // namespace plimsoll
