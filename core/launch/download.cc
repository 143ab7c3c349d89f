#include "core/launch/download.h"

#include "core/catalog/model_names.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"

namespace plimsoll {

bool IsMadeAtLoad(const EngineLanguage& language, std::string_view format) {
  const OptionTable& table = *language.programs.front().table;
  if (format == "fp8" || format == "bnb-nf4")
    return FindOption(table, language.syntax, "--quantization").has_value();
  return format == "fp16" || format == "bf16" || format == "fp32";
}

Download DownloadOf(const Config& config, const Catalog& catalog, const Resolved& resolved) {
  const Download as_it_is = {resolved.stored.checkpoint, ""};
  const Model* model = resolved.model;
  const EngineLanguage* language = EngineOf(resolved).language();
  if (model == nullptr || language == nullptr || resolved.engine->reads_gguf || resolved.format == nullptr)
    return as_it_is;
  const std::string& format = resolved.format->id;
  const bool named = config.format.AsString().find('/') != std::string::npos;
  if (named || format == model->native_format || !IsMadeAtLoad(*language, format)) return as_it_is;
  if (!RepositoryOf(*model, format).empty()) return as_it_is;
  Config native = config;
  native.format = Json(model->native_format);
  const Result<Resolved> fetched = Settle(native, catalog);
  if (!fetched.ok()) return as_it_is;
  return {fetched->stored.checkpoint, model->native_format};
}

}  // namespace plimsoll
