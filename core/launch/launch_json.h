// A launch command and what to expect of it, under the names of `launch --json`.
#ifndef PLIMSOLL_CORE_LAUNCH_LAUNCH_JSON_H_
#define PLIMSOLL_CORE_LAUNCH_LAUNCH_JSON_H_

#include "core/base/json.h"
#include "core/launch/expectation.h"
#include "core/launch/launch.h"

namespace plimsoll {

Json LaunchToJson(const LaunchText& launch, const Expectation& expected);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_LAUNCH_LAUNCH_JSON_H_
