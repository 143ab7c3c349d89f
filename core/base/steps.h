// A limit of work for input that strangers write, counted and not timed: the same everywhere, in every build.
#ifndef PLIMSOLL_CORE_BASE_STEPS_H_
#define PLIMSOLL_CORE_BASE_STEPS_H_

#include <cstdint>

namespace plimsoll {

class Steps {
 public:
  explicit Steps(int64_t most) : most_(most) {}
  // False: the limit is passed, now or before, and whoever asks should give up.
  bool Take(int64_t count) {
    taken_ = count > most_ - taken_ ? most_ + 1 : taken_ + count;
    return !over();
  }
  bool over() const { return taken_ > most_; }
  int64_t taken() const { return taken_; }

 private:
  int64_t most_;
  int64_t taken_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_STEPS_H_
