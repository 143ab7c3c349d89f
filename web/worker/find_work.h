// A search for the Find tab. The question: {"config", "ask": what EncodeFindAsk writes, "rents": what EncodeRentPrices writes};
// the answer: FoundToJson.
#ifndef PLIMSOLL_WEB_WORKER_FIND_WORK_H_
#define PLIMSOLL_WEB_WORKER_FIND_WORK_H_

#include <memory>

#include "web/find_ask.h"
#include "web/worker/work.h"

namespace plimsoll {

Result<std::unique_ptr<Work>> StartFindWork(const Json& question, const Catalog& catalog);

// What `ask` means to the finder, beside a configuration.
Result<FindQuestion> FindQuestionOf(const FindAsk& ask, const Config& config, const RentPrices& rents,
                                    const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_FIND_WORK_H_
