// The command for a configuration, in an engine's own language and as people wrap it: what Check() reads back
// as the same configuration. What no option says (the card, the workload, a model of one's own) stands in a
// comment that begins with "plimsoll:".
#ifndef PLIMSOLL_CORE_LAUNCH_LAUNCH_H_
#define PLIMSOLL_CORE_LAUNCH_LAUNCH_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/engines/engine.h"

namespace plimsoll {

struct LaunchText {
  std::string form;                // "vllm-serve", "docker", …
  std::string text;                // the command, to be copied whole
  std::vector<std::string> nodes;  // of more than one node: what is run on each of the others
  std::vector<std::string> notes;  // what must be known of it
  Config said;                     // what the comment says, since no option does
  Bytes download;                  // of the weights
};

// What can be asked for: the engine's own form, and those that wrap it.
std::vector<std::string_view> LaunchForms(const Engine& engine);

// `form` empty: the engine's own. The error's field is "as", or that of the configuration.
Result<LaunchText> Launch(const Config& config, const Catalog& catalog, std::string_view form);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_LAUNCH_LAUNCH_H_
