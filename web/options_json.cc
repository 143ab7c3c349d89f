#include "web/options_json.h"

#include <string_view>
#include <utility>

#include "core/base/json.h"
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

}  // namespace

std::string OptionsJson(const Catalog& catalog) {
  Json models = Json::MakeArray();
  for (const Model& model : catalog.models()) {
    if (!model.refused) models.Append(Entry(model.id, model.name, ModelQualifier(model)));
  }
  Json gpus = Json::MakeArray();
  for (const Gpu& gpu : catalog.gpus()) {
    gpus.Append(Entry(gpu.id, gpu.name, CompactNumber(gpu.memory_gb) + " GB"));
  }
  Json formats = Json::MakeArray();
  for (const std::string_view id : FormatIds()) {
    formats.Append(Entry(
        id, FormatName(id),
        std::string(id.rfind("gguf-", 0) == 0 ? GgufEngine().traits().id : Engines().front()->traits().id)));
  }
  Json all = Json::MakeObject();
  all.Set("models", std::move(models));
  all.Set("gpus", std::move(gpus));
  all.Set("formats", std::move(formats));
  all.Set("segments", SegmentsJson());
  return all.Dump();
}

}  // namespace plimsoll
