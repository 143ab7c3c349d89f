// The command for a configuration: {"config": …, "form": …} is answered by LaunchToJson (core/launch/launch_json.h) and
// "forms", all that this engine's command can be written in.
#ifndef PLIMSOLL_WEB_WORKER_LAUNCH_WORK_H_
#define PLIMSOLL_WEB_WORKER_LAUNCH_WORK_H_

#include <memory>

#include "web/worker/work.h"

namespace plimsoll {

Result<std::unique_ptr<Work>> StartLaunchWork(const Json& question, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_LAUNCH_WORK_H_
