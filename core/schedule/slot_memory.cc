#include "core/schedule/slot_memory.h"

#include <algorithm>

namespace plimsoll {
namespace {

constexpr int64_t kMostCheckpoints = 32;  // --ctx-checkpoints

}  // namespace

SlotMemory::SlotMemory(const SlotRules& rules, int64_t slots, int64_t sessions, int64_t beginnings)
    : rules_(rules),
      slots_(rules.on ? static_cast<size_t>(slots) : 0),
      number_of_(rules.on && rules.ram ? static_cast<size_t>(sessions) : 0, kNone),
      alike_(rules.on && rules.ram ? static_cast<size_t>(beginnings) : 0) {}

// ---- slots ------------------------------------------------------------------------------------------------

int64_t SlotMemory::Common(const Held& held, const Prompt& prompt) const {
  if (held.beginning != prompt.beginning) return 0;
  return std::min(prompt.tokens,
                  held.session == prompt.session ? held.tokens : std::min(held.tokens, prompt.shared));
}

// The idle slot that shares the longest beginning, the first of several; -1: none shares enough.
int32_t SlotMemory::MostAlike(const Prompt& prompt) const {
  double best = std::min(0.0, rules_.similarity);
  int32_t found = -1;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.busy || (slot.held.tokens == 0 && rules_.similarity >= 0)) continue;
    const double alike = static_cast<double>(Common(slot.held, prompt)) / static_cast<double>(prompt.tokens);
    if (alike <= best || alike <= rules_.similarity) continue;
    best = alike;
    found = static_cast<int32_t>(i);
  }
  return found;
}

// The last of those that were never used.
int32_t SlotMemory::LongestIdle() const {
  int32_t found = -1;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].busy) continue;
    if (found < 0 || slots_[i].released <= slots_[static_cast<size_t>(found)].released)
      found = static_cast<int32_t>(i);
  }
  return found;
}

// Of the common beginning, what need not be computed: all but the last token of the prompt, or what windows and states can
// be taken back to.
int64_t SlotMemory::Usable(const Held& held, const Prompt& prompt) const {
  const int64_t common = Common(held, prompt);
  const bool goes_back = common < held.tokens || common == prompt.tokens;
  if (!goes_back || rules_.checkpoint == 0) return std::min(common, prompt.tokens - 1);
  return held.checkpoint <= common ? std::min(held.checkpoint, prompt.tokens - 1) : 0;
}

void SlotMemory::SetHeld(int32_t slot, const Held& held) {
  if (!At(slot).busy) idle_tokens_ += held.tokens - At(slot).held.tokens;
  At(slot).held = held;
  At(slot).copy = kNone;
}

void SlotMemory::SetBusy(int32_t slot, bool busy) {
  if (At(slot).busy == busy) return;
  idle_tokens_ += busy ? -At(slot).held.tokens : At(slot).held.tokens;
  At(slot).busy = busy;
}

SlotMemory::Start SlotMemory::Begin(const Prompt& prompt) {
  Start start;
  start.slot = MostAlike(prompt);
  const bool by_age = start.slot < 0;
  if (by_age) start.slot = LongestIdle();
  const Held held = At(start.slot).held;
  const bool loses = by_age || 2 * Common(held, prompt) < held.tokens;
  bool comes_back = false;
  if (rules_.ram && loses) {
    start.copied += Save(held);
    const size_t better = Better(held, prompt);
    comes_back = better < saved_.size();
    if (comes_back) {
      start.copied += PromptBytes(rules_, saved_[better].tokens, saved_[better].checkpoints);
      SetHeld(start.slot, saved_[better]);
      Remove(better);
    }
    KeepToTokens();
  }
  Slot& slot = At(start.slot);
  (comes_back ? start.loaded : start.kept) = Usable(slot.held, prompt);
  const int64_t usable = start.kept + start.loaded;
  if (usable < slot.held.tokens) {  // states behind that are dropped
    if (slot.held.checkpoint > usable) slot.held.checkpoint = 0;
    slot.held.checkpoints = slot.held.checkpoint > 0 ? 1 : 0;
  }
  SetBusy(start.slot, true);
  if (rules_.ram && rules_.ram_for_idle) start.copied += SaveIdle();
  return start;
}

void SlotMemory::End(int32_t slot, const Prompt& prompt, int64_t tokens) {
  Held held;
  held.session = prompt.session;
  held.beginning = prompt.beginning;
  held.shared = prompt.shared;
  held.tokens = tokens;
  held.checkpoint = At(slot).held.checkpoint;
  held.checkpoints = At(slot).held.checkpoints;
  const int64_t behind = prompt.tokens - rules_.checkpoint;
  if (rules_.checkpoint > 0 && tokens >= prompt.tokens && behind > 0 && behind != held.checkpoint) {
    held.checkpoints = std::min(kMostCheckpoints, held.checkpoints + 1);
    if (behind <= prompt.shared) held.checkpoint = std::max(held.checkpoint, behind);
  }
  At(slot).held = held;
  At(slot).copy = kNone;
  At(slot).released = released_++;
  SetBusy(slot, false);
}

void SlotMemory::LeaveRoom(int64_t tokens) {
  for (size_t i = 0; i < slots_.size() && idle_tokens_ > tokens; ++i) {
    if (!slots_[i].busy) SetHeld(static_cast<int32_t>(i), {});
  }
}

// ---- RAM --------------------------------------------------------------------------------------------------

// For another session: at least a quarter of it must be of use ("don't trash large prompts").
bool SlotMemory::MayComeBack(const Held& held) const {
  return held.beginning >= 0 && 4 * held.shared >= held.tokens;
}

// Behind all of them: nowhere.
size_t SlotMemory::PlaceOf(int32_t session) const {
  const int64_t number = number_of_[static_cast<size_t>(session)];
  if (number == kNone) return saved_.size();
  const auto is_older = [](const Held& held, int64_t than) { return held.number < than; };
  return static_cast<size_t>(std::lower_bound(saved_.begin(), saved_.end(), number, is_older) -
                             saved_.begin());
}

Bytes SlotMemory::Save(const Held& held) {
  if (held.tokens == 0) return Bytes(0);
  const size_t place = PlaceOf(held.session);
  const bool has = place < saved_.size();
  if (has && saved_[place].tokens >= held.tokens) return Bytes(0);
  const Bytes size = PromptBytes(rules_, held.tokens, held.checkpoints);
  const bool limited = rules_.limit > Bytes(0);
  if (limited && size > rules_.limit) return Bytes(0);
  if (has) Remove(place);
  while (limited && used_ + size > rules_.limit) Remove(0);
  saved_.push_back(held);
  saved_.back().number = number_of_[static_cast<size_t>(held.session)] = next_number_++;
  saved_tokens_ += held.tokens;
  used_ += size;
  if (MayComeBack(held)) ++alike_[static_cast<size_t>(held.beginning)];
  return size;
}

// The place of the prompt in RAM of which more is of use than of what the slot holds, by its own length and by the request's:
// what the same session left there, else the oldest of those that begin alike; behind all of them: there is none.
size_t SlotMemory::Better(const Held& held, const Prompt& prompt) const {
  const bool has_own = held.session == prompt.session && held.tokens > 0;
  if (has_own) return saved_.size();
  const size_t own = PlaceOf(prompt.session);
  if (own < saved_.size()) return own;
  if (prompt.beginning < 0 || alike_[static_cast<size_t>(prompt.beginning)] == 0) return saved_.size();
  if (Common(held, prompt) > 0) return saved_.size();
  size_t place = 0;
  while (saved_[place].beginning != prompt.beginning || !MayComeBack(saved_[place])) ++place;
  return place;
}

void SlotMemory::Remove(size_t place) {
  const Held& held = saved_[place];
  number_of_[static_cast<size_t>(held.session)] = kNone;
  if (MayComeBack(held)) --alike_[static_cast<size_t>(held.beginning)];
  saved_tokens_ -= held.tokens;
  used_ -= PromptBytes(rules_, held.tokens, held.checkpoints);
  saved_.erase(saved_.begin() + static_cast<std::ptrdiff_t>(place));
}

void SlotMemory::KeepToTokens() {
  if (rules_.limit > Bytes(0) || rules_.limit_tokens <= 0) return;
  while (saved_tokens_ > rules_.limit_tokens) Remove(0);
}

Bytes SlotMemory::SaveIdle() {
  Bytes copied;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.busy || slot.held.tokens == 0) continue;
    const auto session = static_cast<size_t>(slot.held.session);
    if (slot.copy != kNone && slot.copy == number_of_[session]) continue;  // it lies there still
    copied += Save(slot.held);
    slot.copy = number_of_[session];
    KeepToTokens();
    if (rules_.one_pool) SetHeld(static_cast<int32_t>(i), {});
  }
  return copied;
}

}  // namespace plimsoll
