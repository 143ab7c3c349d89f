// Simulates a load for the Schedule tab: as the step model expects it, and at the two ends of its band.
#ifndef PLIMSOLL_WEB_WORKER_SCHEDULE_WORK_H_
#define PLIMSOLL_WEB_WORKER_SCHEDULE_WORK_H_

#include <memory>

#include "web/worker/work.h"

namespace plimsoll {

// {"config", "rents", "ask"} of a page's question (web/page_question.h), in which "ask" is a trace (CSV) or empty. Answered by a
// playback (web/playback.h).
Result<std::unique_ptr<Work>> StartScheduleWork(const Json& question, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_SCHEDULE_WORK_H_
