// Flags of a configuration, some of them in the engine's own words: `--max-model-len 8192`, and for one
// engine `-c 8192`, for another `--tensor-parallel-size 2`. What an engine's own table of options has is read by it;
// what another engine's has is answered with our name for it.
#ifndef PLIMSOLL_CORE_ENGINES_ENGINE_FLAGS_H_
#define PLIMSOLL_CORE_ENGINES_ENGINE_FLAGS_H_

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

// `engine`: where no flag names one. Our own names win over the engine's. The error's field is the flag.
Result<Config> DecodeEngineFlags(const std::vector<std::string>& arguments, const std::string& engine,
                                 const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_ENGINE_FLAGS_H_
