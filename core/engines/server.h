// What the speed model and the simulator need of a settled configuration, with its engine's part filled in.
#ifndef PLIMSOLL_CORE_ENGINES_SERVER_H_
#define PLIMSOLL_CORE_ENGINES_SERVER_H_

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/scheduler.h"
#include "core/speed/serving_speed.h"
#include "core/speed/step_model.h"

namespace plimsoll {

StepModel MakeStepModel(const Resolved& resolved);
// The same by another calibration; nullptr: as predicted.
StepModel MakeStepModel(const Resolved& resolved, const Calibration* calibration);

// The load that the configuration asks speed for, and what limits it.
Operation OperationOf(const Resolved& resolved, const Report& report);

// The contract's `speed`: decode at the workload's concurrency and middle context, prefill of one prompt.
SpeedReport EstimateSpeed(const Resolved& resolved, const Report& report);

SchedulerSetup MakeSchedulerSetup(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SERVER_H_
