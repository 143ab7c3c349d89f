// A configuration as an engine's options, by the same table that reads them.
#ifndef PLIMSOLL_CORE_ENGINES_OPTION_WRITER_H_
#define PLIMSOLL_CORE_ENGINES_OPTION_WRITER_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/engines/engine_options.h"

namespace plimsoll {

// In the table's order: what `subject.config` gives, under the names of its release.
std::vector<WrittenOption> WriteOptions(const OptionTable& table, const LaunchSubject& subject);

// Without what the engine would take anyway: each key whose absence resolves to the same.
Config WithoutDefaults(const Config& config, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OPTION_WRITER_H_
