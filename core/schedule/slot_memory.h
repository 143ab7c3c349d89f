// What llama-server remembers: in each slot the last prompt with its answer, and in RAM prompts that slots have lost
// (--cache-ram).
//
// A request goes to the idle slot that shares the longest beginning with it, if that is more than a share of the request
// (--slot-prompt-similarity), else to the one that was released first. If less than half of what that slot holds is of use,
// it is copied to RAM, and the prompt in RAM that shares more comes back in its place: it leaves RAM, whole. A prompt that
// is larger than the limit is not copied; others go, the oldest first, until there is room. Then, with `ram_for_idle`, all
// idle slots are copied, too. The server has one thread: nobody computes while it copies.
//
// Tokens are not objects here. Requests share tokens if they are of one session, whose prompts only grow, or begin alike
// (Request::beginning): of a session all that a slot holds is of use, of another only the beginning.
//
// Source: llama.cpp tools/server/server-context.cpp (get_available_slot, process_single_task, try_clear_idle_slots),
// server-task.cpp (server_prompt_cache).
#ifndef PLIMSOLL_CORE_SCHEDULE_SLOT_MEMORY_H_
#define PLIMSOLL_CORE_SCHEDULE_SLOT_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/units.h"
#include "core/schedule/scheduler_setup.h"

namespace plimsoll {

class SlotMemory {
 public:
  SlotMemory(const SlotRules& rules, int64_t slots, int64_t sessions, int64_t beginnings);

  struct Prompt {
    int32_t session = 0;
    int32_t beginning = -1;  // -1: it shares none
    int64_t shared = 0;      // tokens of that, fewer than all
    int64_t tokens = 0;
  };
  struct Start {
    int32_t slot = 0;
    int64_t kept = 0, loaded = 0;  // tokens that need not be computed; one of them is 0
    Bytes copied;                  // to RAM and from it
  };
  // Gives the prompt a slot. REQUIRES: fewer are busy than there are.
  Start Begin(const Prompt& prompt);
  // Its slot is idle from now on and holds `tokens` of the prompt and its answer.
  void End(int32_t slot, const Prompt& prompt, int64_t tokens);
  // Empties idle slots until they hold no more than so many tokens.
  void LeaveRoom(int64_t tokens);

  int64_t idle_tokens() const { return idle_tokens_; }
  Bytes used() const { return used_; }                    // of RAM
  int64_t saved_tokens() const { return saved_tokens_; }  // in RAM

 private:
  struct Held {
    int32_t session = -1, beginning = -1;
    int64_t shared = 0, tokens = 0;
    int64_t checkpoint = 0;  // the longest within the beginning; 0: none
    int64_t checkpoints = 0;
    int64_t number = 0;  // in RAM: in the order in which they came there
  };
  static constexpr int64_t kNone = -1;
  struct Slot {
    Held held;
    int64_t released = -1;  // in order; -1: never
    int64_t copy = kNone;   // the number of what RAM was found to hold of it, or of more
    bool busy = false;
  };
  Slot& At(int32_t slot) { return slots_[static_cast<size_t>(slot)]; }
  int64_t Common(const Held& held, const Prompt& prompt) const;
  int32_t MostAlike(const Prompt& prompt) const;
  int32_t LongestIdle() const;
  int64_t Usable(const Held& held, const Prompt& prompt) const;
  void SetHeld(int32_t slot, const Held& held);
  void SetBusy(int32_t slot, bool busy);
  // RAM.
  bool MayComeBack(const Held& held) const;
  size_t PlaceOf(int32_t session) const;
  Bytes Save(const Held& held);
  size_t Better(const Held& held, const Prompt& prompt) const;
  void Remove(size_t place);
  void KeepToTokens();
  Bytes SaveIdle();

  SlotRules rules_;
  std::vector<Slot> slots_;
  int64_t released_ = 0;
  int64_t idle_tokens_ = 0;

  std::deque<Held> saved_;  // in RAM, the oldest first
  int64_t next_number_ = 0;
  std::vector<int64_t> number_of_;  // by session: of what lies in RAM of it
  std::vector<int32_t> alike_;      // by beginning: prompts in RAM that may come back for another session
  int64_t saved_tokens_ = 0;
  Bytes used_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_SLOT_MEMORY_H_
