// `--model Org/Repo` of a repository that the catalog does not hold: fetched from the hub, which is said
// before it happens.
#ifndef PLIMSOLL_CLI_HUB_MODEL_H_
#define PLIMSOLL_CLI_HUB_MODEL_H_

#include <optional>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/result.h"
#include "core/config/config.h"

namespace plimsoll {

// Replaces a model of that kind by what its repository tells. Does nothing where the model is known, inline,
// a file, or where --offline is given. --hub URL (or HF_ENDPOINT) is asked instead of Hugging Face,
// --revision REV instead of main, with HF_TOKEN where the environment has one.
std::optional<Error> TakeHubModel(const Options& options, const CommandContext& context, Config* config,
                                  std::vector<Diagnostic>* diagnostics);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_HUB_MODEL_H_
