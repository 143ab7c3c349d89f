// What a pasted text is and says: {"text": …} is answered by CheckToJson (core/check/check_json.h).
#ifndef PLIMSOLL_WEB_WORKER_CHECK_WORK_H_
#define PLIMSOLL_WEB_WORKER_CHECK_WORK_H_

#include <memory>
#include <string_view>

#include "web/worker/work.h"

namespace plimsoll {

Result<std::unique_ptr<Work>> StartCheckWork(const Json& question, const Catalog& catalog);

// The same of a text that is too long to travel as JSON: a log of many megabytes.
Json CheckAnswerTo(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_CHECK_WORK_H_
