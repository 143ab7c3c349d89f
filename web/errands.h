// What the page wants to know that takes longer than a frame: questions as JSON text, by kind ("find", "map", …), which
// something outside answers (in the browser a worker, web/worker/work.h). A newer question of a kind takes the place of the
// one before it, whose answer nobody wants any more.
#ifndef PLIMSOLL_WEB_ERRANDS_H_
#define PLIMSOLL_WEB_ERRANDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll {

struct Errand {
  int64_t id = 0;
  std::string kind, question;
};

class Errands {
 public:
  // The page's side.
  void Ask(std::string_view kind, std::string question);
  void GiveUp(std::string_view kind);
  bool open(std::string_view kind) const;     // asked, and not answered yet
  double share(std::string_view kind) const;  // of the work on an open one: 0 to 1
  // The answer to the last question of this kind, once.
  std::optional<std::string> TakeAnswer(std::string_view kind);

  // The side that answers.
  int64_t asked() const { return asked_; }  // grows with every question, and with every one that is given up
  std::vector<Errand> TakeQuestions();      // each once
  bool wanted(int64_t id) const;
  void Progress(int64_t id, double share);
  void Answer(int64_t id, std::string text);

 private:
  struct Entry {
    Errand errand;
    bool handed_out = false;
    double share = 0;
    std::optional<std::string> answer;
  };
  Entry* EntryOf(int64_t id);

  std::map<std::string, Entry, std::less<>> entries_;
  int64_t asked_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_ERRANDS_H_
