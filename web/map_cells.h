// The cells of a finished map as JSON, in which they come from a worker: {"xs", "ys", "zs", "cells": [[verdict, figure, short, tp, pp,
// ep], … or null where a combination makes no sense]}.
#ifndef PLIMSOLL_WEB_MAP_CELLS_H_
#define PLIMSOLL_WEB_MAP_CELLS_H_

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/solve/map.h"

namespace plimsoll {

Json MapCellsToJson(const MapSheet& sheet);
// With the rest of the question that was asked.
Result<MapSheet> MapCellsFromJson(const Json& json, MapQuestion question);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_MAP_CELLS_H_
