// The fitted table of measured_speeds.h.
#ifndef PLIMSOLL_CORE_SPEED_MEASURED_SPEEDS_TABLE_H_
#define PLIMSOLL_CORE_SPEED_MEASURED_SPEEDS_TABLE_H_

#include "core/speed/measured_speeds.h"
#include "core/speed/measured_speeds_table.h"

namespace plimsoll {

const MeasuredSpeeds& FittedSpeeds();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_MEASURED_SPEEDS_TABLE_H_
