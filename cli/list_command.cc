#include <algorithm>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "core/arch/class_names.h"
#include "core/base/table.h"
#include "core/base/text.h"
#include "core/catalog/license.h"
#include "core/engines/registry.h"
#include "core/files/gguf_config.h"
#include "core/formats/gguf_types.h"

namespace plimsoll {
namespace {

std::string_view VendorName(Vendor vendor) {
  switch (vendor) {
    case Vendor::kNvidia:
      return "NVIDIA";
    case Vendor::kAmd:
      return "AMD";
    case Vendor::kApple:
      return "Apple";
    case Vendor::kIntel:
      return "Intel";
    case Vendor::kOther:
      break;
  }
  return "other";
}

Json ModelJson(const Model& model) {
  Json checkpoints = Json::MakeArray();
  for (const Checkpoint& checkpoint : model.checkpoints()) {
    Json json = Json::MakeObject();
    json.Set("repo", checkpoint.repo).Set("format", checkpoint.format.id);
    checkpoints.Append(std::move(json));
  }
  Json json = Json::MakeObject();
  json.Set("id", model.id)
      .Set("name", model.name)
      .Set("family", model.family)
      .Set("hf_repo", model.hf_repo)
      .Set("release", model.release)
      .Set("tasks", TasksText(model.tasks))
      .Set("license", model.license.empty() ? Json() : Json(model.license))
      .Set("native_format", model.native_format)
      .Set("total_params", model.parameters().total)
      .Set("text_params", model.parameters().text)
      .Set("active_params", model.parameters().active)
      .Set("published_total", model.published_total == 0 ? Json() : Json(model.published_total))
      .Set("max_model_len", model.architecture().max_positions)
      .Set("checkpoints", std::move(checkpoints))
      .Set("refused", model.refused() ? Json(model.refused()->Message()) : Json());
  return json;
}

Json GpuJson(const Gpu& gpu) {
  Json json = Json::MakeObject();
  json.Set("id", gpu.id)
      .Set("name", gpu.name)
      .Set("vendor", VendorName(gpu.vendor))
      .Set("arch", gpu.arch)
      .Set("compute_capability",
           gpu.compute_capability == 0 ? Json() : Json(static_cast<double>(gpu.compute_capability) / 10))
      .Set("memory_gb", gpu.memory_gb)
      .Set("capacity_bytes", gpu.usable.count())
      .Set("capacity_assumed", gpu.memory_assumed)
      .Set("bandwidth_bytes_per_s", gpu.bandwidth.value())
      .Set("link", gpu.link)
      .Set("tdp_w", gpu.tdp_w);
  return json;
}

std::string ModelsText(const Catalog& catalog) {
  Table table({"id", "name", "parameters>", "active>", "context>", "format", "released", "licence"});
  for (const Model& model : catalog.models()) {
    if (model.refused()) {
      table.Add(
          {model.id, model.name, "", "", "", "not understood", model.release, LicenseName(model.license)});
      continue;
    }
    table.Add({model.id, model.name, ParametersText(model.parameters().total),
               ParametersText(model.parameters().active), ContextText(model.architecture().max_positions),
               model.native_format, model.release, LicenseName(model.license)});
  }
  return table.Print();
}

std::string GpusText(const Catalog& catalog) {
  Table table({"id", "name", "memory>", "usable>", "GB/s>", "link"});
  for (const Gpu& gpu : catalog.gpus()) {
    table.Add({gpu.id, gpu.name, DecimalText(gpu.memory_gb, 0) + " GB",
               GibText(gpu.usable) + (gpu.memory_assumed ? " (by rule)" : ""),
               DecimalText(gpu.bandwidth.value() / 1e9, 0), gpu.link});
  }
  return table.Print();
}

Json ListJson(const Catalog& catalog, const std::string& what) {
  Json list = Json::MakeArray();
  if (what == "models") {
    for (const Model& model : catalog.models()) list.Append(ModelJson(model));
  } else if (what == "gpus") {
    for (const Gpu& gpu : catalog.gpus()) list.Append(GpuJson(gpu));
  } else if (what == "architectures") {
    for (const std::string_view name : ClassNames()) list.Append(Json(name));
    for (const std::string_view name : GgufArchitectures()) list.Append(Json("gguf:" + std::string(name)));
  } else {
    for (const WeightFormat& format : catalog.formats()) list.Append(Json(format.id));
  }
  return list;
}

// From which release a format is read, and what is not exact about it.
std::string FormatNote(const WeightFormat& format) {
  for (const Engine* engine : Engines()) {
    const std::string since = engine->FormatSince(format);
    if (!since.empty()) return std::string(engine->traits().name) + " " + since;
  }
  if (format.family != FormatFamily::kGguf) return "";
  const GgufFileTypeInfo& info = Info(static_cast<GgufFileType>(format.gguf_type));
  const std::string base = "gguf-" + std::string(info.id);
  if (format.average.factor > 0) {
    return "average of published files: " + DecimalText(format.average.factor, 2) + " times " + base + " (" +
           DecimalText(format.average.low, 2) + " to " + DecimalText(format.average.high, 2) + ")";
  }
  return format.wide_ends ? base + " with embedding and head in Q8_0" : "";
}

// Of each name, "known" or "unknown": class names, and with "gguf:" llama.cpp's.
std::string KnownText(const std::vector<std::string>& names) {
  const std::vector<std::string_view> ggufs = GgufArchitectures();
  std::string text;
  for (const std::string& name : names) {
    const bool gguf = name.substr(0, 5) == "gguf:";
    const bool known = gguf ? std::find(ggufs.begin(), ggufs.end(), name.substr(5)) != ggufs.end()
                            : FindClass(name).family != nullptr;
    text += (known ? "known " : "unknown ") + name + "\n";
  }
  return text;
}

std::string ListText(const Catalog& catalog, const std::string& what) {
  if (what == "models") return ModelsText(catalog);
  if (what == "gpus") return GpusText(catalog);
  if (what == "architectures") {
    std::string text;
    for (const std::string_view name : ClassNames()) text.append(name).append("\n");
    for (const std::string_view name : GgufArchitectures()) text.append("gguf:").append(name).append("\n");
    return text;
  }
  Table table({"id", ""});
  for (const WeightFormat& format : catalog.formats()) table.Add({format.id, FormatNote(format)});
  return table.Print();
}

}  // namespace

CommandResult RunList(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options = Options::Take(arguments, {{"--json"}, {}, true});
  if (!options.ok()) return Refused(options.error());
  const Arguments& words = options->positional();
  const std::string what = words.empty() ? "" : words.front();
  const bool known = what == "models" || what == "gpus" || what == "formats" || what == "architectures";
  const bool asked = what == "architectures" && words.size() > 1;
  if (!known || (words.size() > 1 && !asked) || !options->rest().empty()) {
    const std::string given = !options->rest().empty() ? options->rest().front()
                              : words.size() > 1       ? words[1]
                                                       : what;
    return Refused({"list", given.empty() ? "nothing" : Quoted(given),
                    "models, gpus, formats or architectures, and --json"});
  }
  if (asked) return {0, KnownText({words.begin() + 1, words.end()}), ""};
  if (options->Has("--json")) return {0, ListJson(context.catalog, what).Dump(2) + "\n", ""};
  return {0, ListText(context.catalog, what), ""};
}

}  // namespace plimsoll
