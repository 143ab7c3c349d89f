// A configuration down to its step model, for the tests of speed.
#ifndef PLIMSOLL_TESTS_SUPPORT_SPEED_SETUP_H_
#define PLIMSOLL_TESTS_SUPPORT_SPEED_SETUP_H_

#include <cstdint>
#include <memory>

#include "core/config/config.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/speed/step_model.h"
#include "core/speed/step_work.h"

namespace plimsoll {

// The configuration outlives its resolution.
struct SpeedSetup {
  Config config;
  Resolved resolved;
  StepWork work;
  StepModel model;
};

// Of a configuration in JSON, against the catalog that ships.
std::unique_ptr<SpeedSetup> Make(const char* json);

// A step in which so many sequences decode, each with so much context.
StepLoad Decode(const StepModel& model, int64_t sequences, int64_t context);

// The whole answer of speed, and its rate of one stream.
SpeedReport SpeedOf(const char* json);
double DecodeRate(const char* json);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_SPEED_SETUP_H_
