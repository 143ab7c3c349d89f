// The metadata of a GGUF file as the keys of a Hugging Face config, for ReadArchitecture.
#ifndef PLIMSOLL_CORE_FILES_GGUF_CONFIG_H_
#define PLIMSOLL_CORE_FILES_GGUF_CONFIG_H_

#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/files/gguf_header.h"

namespace plimsoll {

// The values of general.architecture that ConfigOfGguf understands.
std::vector<std::string_view> GgufArchitectures();

// The keys that this file's metadata and tensors tell. An architecture that we do not know is an error that
// names it.
Result<Json> ConfigOfGguf(const GgufHeader& header);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FILES_GGUF_CONFIG_H_
