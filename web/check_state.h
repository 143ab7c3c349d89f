// What somebody pasted, typed or dropped to be checked, and what came back. A worker reads it (web/errands.h); texts that are too
// long for that, logs of many megabytes, go to it without passing through here (web/check.mjs). Nothing of it leaves the
// page or becomes part of a link.
#ifndef PLIMSOLL_WEB_CHECK_STATE_H_
#define PLIMSOLL_WEB_CHECK_STATE_H_

#include <optional>
#include <string>
#include <string_view>

#include "web/check_answer.h"
#include "web/errands.h"

namespace plimsoll {

class CheckState {
 public:
  // That stands in the field. Of a long text only its beginning does, and `note` says so.
  std::string text;
  std::string note;

  void Take(std::string_view pasted);
  // A long text, whose answer comes by TakeAnswer.
  void TakeBeginning(std::string_view beginning, std::string_view note);
  void Clear();
  // Asks anew when the text has changed, and takes what has come back.
  void Follow(Errands* errands);
  void TakeAnswer(std::string_view json);

  bool empty() const { return text.empty(); }
  bool working() const { return working_; }
  const CheckAnswer* answer() const { return answer_ ? &*answer_ : nullptr; }
  const std::string& problem() const { return problem_; }

 private:
  std::string asked_;  // the text that the answer, or the work on it, is of
  bool working_ = false;
  bool elsewhere_ = false;  // somebody else asks: the text is only a beginning
  std::optional<CheckAnswer> answer_;
  std::string problem_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_CHECK_STATE_H_
