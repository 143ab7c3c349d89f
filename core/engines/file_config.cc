#include "core/engines/file_config.h"

#include <string>

#include "core/engines/registry.h"

namespace plimsoll {

std::optional<Config> ConfigOfFile(const ModelFile& file) {
  if (!file.model.is_object()) return std::nullopt;
  Config config;
  config.inline_model = file.model;
  if (file.kind == FileKind::kGguf) {
    config.format = file.own_format;
    config.engine = std::string(GgufEngine().traits().id);
  }
  return config;
}

}  // namespace plimsoll
