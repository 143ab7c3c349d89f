// What a model file tells of a configuration.
#ifndef PLIMSOLL_CORE_ENGINES_FILE_CONFIG_H_
#define PLIMSOLL_CORE_ENGINES_FILE_CONFIG_H_

#include <optional>

#include "core/config/config.h"
#include "core/files/model_file.h"

namespace plimsoll {

// The model, and for a GGUF its own format and the first engine that reads such files. Nothing when the file
// does not tell the model.
std::optional<Config> ConfigOfFile(const ModelFile& file);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_FILE_CONFIG_H_
