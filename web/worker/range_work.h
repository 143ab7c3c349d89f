// An operating range for the Schedule tab, or for a row of another. The question: {"config", "ask": "users" or "rate"}; the answer: {"any", "most", "load",
// "output_tokens_per_s", "config"} of core/solve/operating_range.h.
#ifndef PLIMSOLL_WEB_WORKER_RANGE_WORK_H_
#define PLIMSOLL_WEB_WORKER_RANGE_WORK_H_

#include <memory>

#include "web/worker/work.h"

namespace plimsoll {

Result<std::unique_ptr<Work>> StartRangeWork(const Json& question, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_RANGE_WORK_H_
