// A question of the page's that takes longer than a frame (web/errands.h): JSON in, JSON out, worked on in slices so that
// whoever works on it can listen in between. The worker's module holds this, and with it the whole core; the page's own
// module does not.
//
// Every answer is an object; {"error": one line} is the answer to what cannot be answered.
#ifndef PLIMSOLL_WEB_WORKER_WORK_H_
#define PLIMSOLL_WEB_WORKER_WORK_H_

#include <memory>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/catalog.h"

namespace plimsoll {

class Work {
 public:
  virtual ~Work() = default;
  // Goes on for some milliseconds at most; true when the answer is there.
  virtual bool Advance() = 0;
  virtual double share() const { return 0; }  // of the work that is done
  virtual Json Answer() = 0;                  // REQUIRES: Advance() has returned true
};

// The error names a kind that nobody knows, or what is wrong with the question.
// REQUIRES: `catalog` outlives the work.
Result<std::unique_ptr<Work>> StartWork(std::string_view kind, std::string_view question,
                                        const Catalog& catalog);

// From start to end.
std::string DoWork(std::string_view kind, std::string_view question, const Catalog& catalog);

std::string ErrorAnswer(const Error& error);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_WORK_H_
