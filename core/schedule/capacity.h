// How a KV cache is shared out: how many sequences of a length it holds, and how long they may be when there
// are so many.
#ifndef PLIMSOLL_CORE_SCHEDULE_CAPACITY_H_
#define PLIMSOLL_CORE_SCHEDULE_CAPACITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/resolve/report.h"
#include "core/schedule/scheduler.h"
#include "core/speed/serving_speed.h"

namespace plimsoll {

// How many times the cache that an engine keeps has room on the cards, at the fullest of them; buffers that grow with it
// aside. 1 where the cards keep none.
double CacheRoom(const Report& report);

// A pool as the scheduler divides it. Cheap to ask, so that a table of all combinations follows a slider.
class Capacity {
 public:
  // `room`: how many times the pool might be there, where its size is a choice.
  explicit Capacity(const SchedulerSetup& setup, double room = 1);

  // Whole sequences of `tokens` each that the pool holds at once.
  int64_t SequencesOf(int64_t tokens) const;
  // The longest that each of `sequences` can become at once; 0: not even one token each.
  int64_t TokensEach(int64_t sequences) const;
  // Share of the pool that `sequences` of `tokens` each would take; above 1 they cannot all be there.
  double Share(int64_t sequences, int64_t tokens) const;
  bool empty() const { return blocks_ <= 0; }

 private:
  int64_t Blocks(int64_t tokens) const;
  SchedulerSetup setup_;
  int64_t blocks_;
};

// A way to run this pool, in a name that says what it is for.
struct OperatingPoint {
  std::string name;  // "Long documents"
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t prompt = 0, output = 0;  // a request that fills the context
  std::string meaning;             // what it is for
};
std::vector<OperatingPoint> OperatingPoints(const Capacity& capacity, int64_t longest);

// What a user of that point gets when all of them ask at once: the rate of each answer, and the wait for its
// beginning. `operation`: the configuration's own load, whose lengths and users the point replaces.
SpeedReport SpeedOf(const OperatingPoint& point, const StepModel& model, Operation operation);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_CAPACITY_H_
