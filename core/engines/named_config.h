// Names as people write them, replaced by the catalog's own ids: what a person typed into a picker, a flag or
// a link is settled once, where it comes in.
#ifndef PLIMSOLL_CORE_ENGINES_NAMED_CONFIG_H_
#define PLIMSOLL_CORE_ENGINES_NAMED_CONFIG_H_

#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

// Model, format and cards. A repository's name also tells the format, and a GGUF's the first engine that
// reads it, where the configuration leaves them open. What was taken by its words alone is remarked on. Names
// that are not found stay as they are, for Resolve() to refuse.
void TakeNames(const Catalog& catalog, Config* config, std::vector<Diagnostic>* diagnostics);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_NAMED_CONFIG_H_
