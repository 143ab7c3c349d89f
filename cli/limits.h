// The limits that a load must keep, as options: --ttft-ms, --tpot-ms, --tokens-per-s (for each user). They become part of the
// workload, where the simulator reads them.
#ifndef PLIMSOLL_CLI_LIMITS_H_
#define PLIMSOLL_CLI_LIMITS_H_

#include <optional>

#include "cli/options.h"
#include "core/base/result.h"
#include "core/config/config.h"

namespace plimsoll {

std::optional<Error> TakeLimits(const Options& options, Config* config);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_LIMITS_H_
