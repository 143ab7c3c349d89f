// A map for the Map tab. The question: {"config", "ask": what EncodeMapAxes writes, "rents"}; the answer: MapCellsToJson.
#ifndef PLIMSOLL_WEB_WORKER_MAP_WORK_H_
#define PLIMSOLL_WEB_WORKER_MAP_WORK_H_

#include <memory>

#include "web/worker/work.h"

namespace plimsoll {

Result<std::unique_ptr<Work>> StartMapWork(const Json& question, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_MAP_WORK_H_
