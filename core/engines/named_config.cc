#include "core/engines/named_config.h"

#include <optional>
#include <string>

#include "core/catalog/gpu_names.h"
#include "core/catalog/model_names.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

void TakeModelName(const Catalog& catalog, Config* config, std::vector<Diagnostic>* diagnostics) {
  if (config->model.empty() || catalog.FindModel(config->model) != nullptr) return;
  const std::optional<NamedModel> named = FindModelNamed(catalog, config->model);
  if (!named) return;
  if (config->format.is_null()) {
    if (!named->format.empty()) config->format = Json(named->format);
    if (named->checkpoint != nullptr) config->format = Json(named->checkpoint->repo);
  }
  const bool gguf = config->format.AsString().starts_with("gguf-");
  if (gguf && config->engine.empty()) config->engine = std::string(GgufEngine().traits().id);
  if (!named->exact) diagnostics->push_back(ModelByWords(config->model, *named));
  config->model = named->model->id;
}

}  // namespace

void TakeNames(const Catalog& catalog, Config* config, std::vector<Diagnostic>* diagnostics) {
  TakeModelName(catalog, config, diagnostics);
  if (config->format.is_string() && config->format.AsString().find('/') == std::string::npos) {
    const WeightFormat* format = FindFormatNamed(catalog, config->format.AsString());
    if (format != nullptr) config->format = Json(format->id);
  }
  for (std::string& id : config->gpu) {
    const Gpu* gpu = catalog.FindGpu(id) != nullptr ? nullptr : FindGpuNamed(catalog, id);
    if (gpu != nullptr) id = gpu->id;
  }
}

}  // namespace plimsoll
