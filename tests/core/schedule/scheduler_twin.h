// The scheduler once more, without any of its cleverness: every block is an object, every step is taken one
// by one, and every sum is added up anew. Slow, and obviously what core/schedule/scheduler.h says.
#ifndef PLIMSOLL_TESTS_CORE_SCHEDULE_SCHEDULER_TWIN_H_
#define PLIMSOLL_TESTS_CORE_SCHEDULE_SCHEDULER_TWIN_H_

#include <algorithm>
#include <cstdint>
#include <list>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/schedule/scheduler.h"

namespace plimsoll {

class SchedulerTwin {
 public:
  SchedulerTwin(SchedulerSetup setup, RequestList list) : setup_(setup), list_(std::move(list)) {
    setup_.max_num_seqs = std::max<int64_t>(
        1, std::min(setup_.max_num_seqs, setup_.max_num_batched_tokens / (1 + setup_.lookahead)));
    for (int64_t i = 0; i < setup_.blocks; ++i) {
      blocks_.push_back(Block());
      free_.push_back(i);
    }
    for (size_t i = 0; i < list_.requests.size(); ++i) {
      Live live;
      live.total = list_.requests[i].prompt;
      live_.push_back(live);
      RequestRecord record;
      record.prompt = live.total;
      record.session = list_.requests[i].session;
      records.push_back(record);
    }
    for (int64_t i = 0; i < list_.initially_released; ++i) Release(0);
    share_from_ = setup_.answers.share;
    if (setup_.slots.on) slots_.resize(static_cast<size_t>(setup_.max_num_seqs));
  }

  void Run() {
    while (finished_ < static_cast<int64_t>(records.size()) && Step()) {
    }
  }

  std::vector<RequestRecord> records;
  double now = 0;
  int64_t preemptions = 0;
  int64_t output_tokens = 0;
  int64_t found_in_ram = 0;
  int64_t loaded_tokens = 0;

 private:
  static int32_t Beginning(const Request& request) { return -2 - request.beginning; }
  struct Block {
    int32_t stream = -1;  // what it remembers; -1: nothing
    int64_t unit = 0;
    int64_t holders = 0;
  };
  struct Read {
    size_t index = 0;
    int64_t from = 0, count = 0;
  };
  struct Live {
    int64_t total = 0, computed = 0, generated = 0, admitted = -1;
    int64_t from_ram = 0, found_in_ram = 0, given_up = 0;
    int64_t reserved = 0;  // tokens that have room from the start
    size_t slot = 0;
    bool decoding = false, queued = false, arrived = false;
    bool holds_loaded = false, loads_beginning = false;
    std::vector<std::vector<int64_t>> units;  // block ids of each unit, in order
    std::vector<int64_t> plain;               // windows and states
  };

  int64_t Units(int64_t tokens) const { return (tokens + setup_.block_size - 1) / setup_.block_size; }
  int64_t PlainBlocks(int64_t tokens) const {
    int64_t blocks = tokens > 0 ? setup_.state_blocks : 0;
    for (int i = 0; i < setup_.window_groups; ++i) {
      blocks += std::min(Units(tokens), setup_.windows[static_cast<size_t>(i)].most_blocks);
    }
    return blocks;
  }
  int64_t AllBlocks(int64_t tokens) const { return Units(tokens) * setup_.full_groups + PlainBlocks(tokens); }
  int64_t BeginningUnits(const Request& request) const {
    const int64_t tokens = list_.BeginningTokens(request);
    return request.prompt > tokens ? tokens / setup_.block_size : 0;
  }
  int64_t SharedUnits(const Request& request) const {
    return setup_.prefix_caching ? BeginningUnits(request) : 0;
  }

  // The tier in RAM: blocks in order of last use, each with its stream and its place in there.
  int64_t InRam(int32_t stream) const {
    return std::count_if(ram_.begin(), ram_.end(), [&](const auto& block) { return block.first == stream; });
  }
  void Keep(int32_t stream, int64_t units) {
    const int64_t count = std::max(InRam(stream), std::min(units, setup_.host.units));
    ram_.remove_if([&](const auto& block) { return block.first == stream; });
    while (static_cast<int64_t>(ram_.size()) > setup_.host.units - count) ram_.pop_front();
    for (int64_t unit = count - 1; unit >= 0; --unit) ram_.emplace_back(stream, unit);
  }
  void Store(size_t index, int64_t read) {
    if (setup_.host.units <= 0) return;
    const Request& request = list_.requests[index];
    if (setup_.host.prompts_only) read = std::min(read, request.prompt);
    const int64_t whole = read / setup_.block_size / setup_.host.chunk * setup_.host.chunk;
    Keep(request.session, std::max<int64_t>(0, whole - BeginningUnits(request)));
    Keep(Beginning(request), std::min(whole, BeginningUnits(request)));
  }

  // The ids of a remembered unit, whether in use or free; empty: it is not there.
  std::vector<int64_t> Find(int32_t stream, int64_t unit) const {
    std::vector<int64_t> found;
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].stream == stream && blocks_[i].unit == unit) found.push_back(static_cast<int64_t>(i));
    }
    if (static_cast<int64_t>(found.size()) != setup_.full_groups) found.clear();
    return found;
  }

  void Forget(int32_t stream, int64_t unit) {
    for (Block& block : blocks_) {
      if (block.stream == stream && block.unit == unit) block.stream = -1;
    }
  }

  int64_t TakeOne() {
    const int64_t id = free_.front();
    free_.pop_front();
    Block& block = blocks_[static_cast<size_t>(id)];
    if (block.stream != -1) {
      Forget(block.stream, block.unit);
      ++forgotten_;
    }
    block.holders = 1;
    return id;
  }

  void Grow(size_t index, int64_t tokens) {
    Live& live = live_[index];
    while (static_cast<int64_t>(live.units.size()) < Units(tokens)) {
      std::vector<int64_t> unit;
      for (int64_t i = 0; i < setup_.full_groups; ++i) unit.push_back(TakeOne());
      live.units.push_back(unit);
    }
    while (static_cast<int64_t>(live.plain.size()) < PlainBlocks(tokens)) live.plain.push_back(TakeOne());
  }

  int64_t Room(const Live& live) const {
    if (live.reserved > 0) return live.reserved;
    const int64_t read = live.decoding ? live.total - 1 : live.computed;
    return read > 0 ? read + setup_.lookahead : 0;
  }

  void GiveBack(size_t index) {
    const Live& live = live_[index];
    const int64_t read = live.decoding ? live.total - 1 : live.computed;
    ReturnBlocks(index, read);
    Store(index, read);
    if (setup_.slots.on) LeaveSlot(index, read);
    running_.erase(std::find(running_.begin(), running_.end(), index));
  }

  // `read` tokens of them have their keys and values.
  void ReturnBlocks(size_t index, int64_t read) {
    Live& live = live_[index];
    const Request& request = list_.requests[index];
    const int64_t whole = setup_.prefix_caching ? read / setup_.block_size : 0;
    const int64_t shared = SharedUnits(request);
    std::vector<int64_t> plain = live.plain;
    std::vector<std::pair<int64_t, int64_t>> own, system;  // unit, block
    for (int64_t unit = static_cast<int64_t>(live.units.size()) - 1; unit >= 0; --unit) {
      for (int64_t id : live.units[static_cast<size_t>(unit)]) {
        Block& block = blocks_[static_cast<size_t>(id)];
        if (--block.holders > 0) continue;
        if (unit >= whole) {
          plain.push_back(id);
        } else if (unit < shared) {
          system.emplace_back(unit, id);
        } else {
          own.emplace_back(unit, id);
        }
      }
    }
    // Plain ones first, then the last unit before the first; the system prompt's after the session's own.
    std::vector<int64_t> plain_system;
    for (int64_t id : plain) Free(id, -1, 0);
    for (auto [unit, id] : own) Free(id, request.session, unit);
    for (auto [unit, id] : system) Free(id, Beginning(request), unit);
    live.units.clear();
    live.plain.clear();
    live.reserved = 0;
    live.decoding = false;
    full_ = false;
  }

  void Free(int64_t id, int32_t stream, int64_t unit) {
    blocks_[static_cast<size_t>(id)].stream = stream;
    blocks_[static_cast<size_t>(id)].unit = unit;
    free_.push_back(id);
  }

  void Preempt(size_t index) {
    live_[index].given_up = live_[index].decoding ? live_[index].total - 1 : live_[index].computed;
    records[index].computed_again += live_[index].given_up;
    ++records[index].preemptions;
    ++preemptions;
    GiveBack(index);
    live_[index].computed = 0;
    waiting_.push_front(index);
    Sort();
  }

  void Release(double at) {
    for (size_t i = 0; i < list_.requests.size(); ++i) {
      if (!list_.requests[i].released || live_[i].queued) continue;
      live_[i].queued = true;
      future_.emplace(at, i);
      return;
    }
  }

  void End(size_t index, RequestEnd how) {
    records[index].finish = now + delivery_;
    records[index].output = live_[index].generated;
    records[index].end = how;
    if (how == RequestEnd::kDone || how == RequestEnd::kTruncated) found_in_ram += live_[index].found_in_ram;
    ++finished_;
    bool followed = false;
    for (size_t i = 0; i < list_.requests.size(); ++i) {
      if (list_.requests[i].after != static_cast<int32_t>(index)) continue;
      future_.emplace(now + delivery_ + list_.requests[i].delay, i);
      followed = true;
    }
    if (!followed && list_.initially_released > 0) Release(now + delivery_ + list_.requests[index].delay);
  }

  void PullArrivals() {
    for (size_t i = 0; i < list_.requests.size(); ++i) {
      const Request& request = list_.requests[i];
      if (request.after >= 0 || request.released || live_[i].queued) continue;
      live_[i].queued = true;
      future_.emplace(request.arrival, i);
    }
    // An idle engine looks at once; a busy one every so many steps, and schedules one step ahead if it does that.
    if (running_.empty()) {
      seen_ = now;
      steps_since_look_ = 0;
    } else if (steps_since_look_ >= setup_.poll) {
      seen_ = setup_.ahead ? last_start_ : now;
      steps_since_look_ = 0;
    }
    while (!future_.empty() && Received() <= seen_) {
      receiving_until_ = Received();
      records[future_.begin()->second].received = receiving_until_;
      records[future_.begin()->second].arrival = future_.begin()->first;
      waiting_.push_back(future_.begin()->second);
      future_.erase(future_.begin());
    }
    Sort();
    loading_.sort([](const auto& one, const auto& other) { return one.first < other.first; });  // stable
    for (auto load = loading_.begin(); load != loading_.end();) {
      if (load->first > seen_) {
        ++load;
        continue;
      }
      live_[load->second].loads_beginning = false;
      loaded_.push_back(load->second);
      load = loading_.erase(load);
    }
  }

  // ---- slots, as llama-server has them ----

  // Every token by name: of the beginning that requests share, or the session's own.
  using Token = std::pair<int32_t, int64_t>;
  struct SlotPrompt {
    std::vector<Token> tokens;
    std::set<int64_t> checkpoints;
  };
  struct Slot {
    SlotPrompt prompt;
    int64_t released = -1;
    bool busy = false;
  };

  std::vector<Token> TokensOf(size_t index, int64_t count) const {
    const Request& request = list_.requests[index];
    std::vector<Token> tokens;
    for (int64_t i = 0; i < count; ++i)
      tokens.emplace_back(i < BeginningUnits(request) ? Beginning(request) : request.session, i);
    return tokens;
  }
  static double Common(const std::vector<Token>& one, const std::vector<Token>& other) {
    size_t i = 0;
    while (i < std::min(one.size(), other.size()) && one[i] == other[i]) ++i;
    return static_cast<double>(i);
  }
  static double Size(const std::vector<Token>& tokens) { return static_cast<double>(tokens.size()); }
  Bytes BytesOf(const SlotPrompt& prompt) const {
    return PromptBytes(setup_.slots, static_cast<int64_t>(prompt.tokens.size()),
                       static_cast<int64_t>(prompt.checkpoints.size()));
  }
  Bytes SavedBytes() const {
    Bytes sum;
    for (const SlotPrompt& prompt : saved_) sum += BytesOf(prompt);
    return sum;
  }

  // server_slot::prompt_save with server_prompt_cache::alloc.
  void Save(const SlotPrompt& prompt) {
    if (prompt.tokens.empty()) return;
    for (const SlotPrompt& saved : saved_) {
      if (Common(saved.tokens, prompt.tokens) == Size(prompt.tokens)) return;
    }
    const bool limited = setup_.slots.limit > Bytes(0);
    if (limited && BytesOf(prompt) > setup_.slots.limit) return;
    saved_.remove_if(
        [&](const SlotPrompt& saved) { return Common(saved.tokens, prompt.tokens) == Size(saved.tokens); });
    while (limited && !saved_.empty() && SavedBytes() + BytesOf(prompt) > setup_.slots.limit)
      saved_.pop_front();
    saved_.push_back(prompt);
    copied_ += BytesOf(prompt);
  }

  // server_prompt_cache::load.
  bool LoadBetter(const std::vector<Token>& wanted, Slot* slot) {
    const std::vector<Token>& held = slot->prompt.tokens;
    double keep = held.empty() ? -1 : Common(held, wanted) / Size(held);
    double alike = Common(held, wanted) / Size(wanted);
    auto best = saved_.end();
    for (auto saved = saved_.begin(); saved != saved_.end(); ++saved) {
      const double keeps = Common(saved->tokens, wanted) / Size(saved->tokens);
      const double is_alike = Common(saved->tokens, wanted) / Size(wanted);
      if (keeps < 0.25 || keeps <= keep || is_alike <= alike) continue;
      keep = keeps;
      alike = is_alike;
      best = saved;
    }
    if (best == saved_.end()) return false;
    copied_ += BytesOf(*best);
    slot->prompt = *best;
    saved_.erase(best);
    return true;
  }

  // server_prompt_cache::update, where bytes are not limited.
  void DropOldest() {
    const auto tokens = [this] {
      size_t sum = 0;
      for (const SlotPrompt& prompt : saved_) sum += prompt.tokens.size();
      return static_cast<int64_t>(sum);
    };
    if (setup_.slots.limit > Bytes(0) || setup_.slots.limit_tokens == 0) return;
    while (tokens() > setup_.slots.limit_tokens) saved_.pop_front();
  }

  // server_context::get_available_slot: *loses: most of what it holds.
  Slot* FindSlot(const std::vector<Token>& wanted, bool* loses) {
    Slot* best = nullptr;
    double most = std::min(0.0, setup_.slots.similarity);
    for (Slot& slot : slots_) {
      const double alike = Common(slot.prompt.tokens, wanted) / Size(wanted);
      if (slot.busy || alike <= most || alike <= setup_.slots.similarity) continue;
      most = alike;
      best = &slot;
    }
    *loses = best == nullptr || Common(best->prompt.tokens, wanted) / Size(best->prompt.tokens) < 0.5;
    if (best != nullptr) return best;
    for (Slot& slot : slots_) {
      if (!slot.busy && (best == nullptr || slot.released <= best->released)) best = &slot;
    }
    return best;
  }

  // What need not be computed. `room`: tokens that it is given room for.
  int64_t TakeSlot(size_t index, int64_t room) {
    const std::vector<Token> wanted = TokensOf(index, live_[index].total);
    copied_ = Bytes(0);
    bool loses = false, loaded = false;
    Slot* const slot = FindSlot(wanted, &loses);
    if (setup_.slots.ram && loses) {
      Save(slot->prompt);
      loaded = LoadBetter(wanted, slot);
      DropOldest();
    }
    SlotPrompt& prompt = slot->prompt;
    auto past = static_cast<int64_t>(Common(prompt.tokens, wanted));
    const auto held = static_cast<int64_t>(prompt.tokens.size());
    const bool goes_back = past < held || past == live_[index].total;
    if (setup_.slots.checkpoint > 0 && goes_back) {
      const auto behind = prompt.checkpoints.upper_bound(past);
      past = behind == prompt.checkpoints.begin() ? 0 : *std::prev(behind);
    }
    past = std::min(past, live_[index].total - 1);
    prompt.checkpoints.erase(prompt.checkpoints.upper_bound(past), prompt.checkpoints.end());
    slot->busy = true;
    for (Slot& idle : slots_) {
      if (idle.busy || !setup_.slots.ram || !setup_.slots.ram_for_idle) continue;
      Save(idle.prompt);
      DropOldest();
      if (setup_.slots.one_pool) idle.prompt = {};
    }
    const auto has_room = [&] {
      int64_t tokens = AllBlocks(room);
      for (const Slot& idle : slots_)
        tokens += idle.busy ? 0 : static_cast<int64_t>(idle.prompt.tokens.size());
      return tokens <= static_cast<int64_t>(free_.size());
    };
    for (Slot& idle : slots_) {
      if (setup_.slots.one_pool && !idle.busy && !has_room()) idle.prompt = {};
    }
    live_[index].slot = static_cast<size_t>(slot - slots_.data());
    live_[index].from_ram = loaded ? past : 0;
    loaded_tokens += live_[index].from_ram;
    copies_ += static_cast<double>(copied_.count()) * setup_.slots.seconds_per_byte;
    return past;
  }

  void LeaveSlot(size_t index, int64_t read) {
    Slot& slot = slots_[live_[index].slot];
    slot.prompt.tokens = TokensOf(index, read);
    const int64_t checkpoint = list_.requests[index].prompt - setup_.slots.checkpoint;
    if (setup_.slots.checkpoint > 0 && checkpoint > 0) slot.prompt.checkpoints.insert(checkpoint);
    slot.released = released_++;
    slot.busy = false;
  }

  // ---- what is loaded from RAM ----

  // The beginning that somebody loads: when it will be there; 0: nobody does.
  double Arriving(const Request& request) const {
    for (const auto& [ready, index] : loading_) {
      if (live_[index].loads_beginning && Shares(index, request)) return ready;
    }
    return 0;
  }

  void GiveUp(size_t index, bool arrived) {
    Live& live = live_[index];
    ReturnBlocks(index, arrived ? live.computed : 0);
    live.loads_beginning = live.holds_loaded = false;
    live.computed = 0;
  }

  // The last that is being loaded, else the last that has been, gives its blocks back; `first`: but not before that one.
  bool GiveUpLast(size_t first) {
    for (size_t i = loading_.size(); i > 0; --i) {
      const size_t index = std::next(loading_.begin(), static_cast<std::ptrdiff_t>(i) - 1)->second;
      if (!live_[index].holds_loaded) continue;
      GiveUp(index, false);
      return true;
    }
    for (size_t i = loaded_.size(); i > first; --i) {
      const size_t index = *std::next(loaded_.begin(), static_cast<std::ptrdiff_t>(i) - 1);
      if (!live_[index].holds_loaded) continue;
      GiveUp(index, true);
      return true;
    }
    return false;
  }

  // When the next one is through with what comes before the scheduler.
  double Received() const {
    const auto [at, index] = *future_.begin();
    if (!setup_.received_in_turn) return at;
    return std::max(receiving_until_, at) +
           setup_.model.request_overhead(list_.requests[index].prompt).value();
  }

  bool HoldsBack() {
    const bool decodes =
        std::any_of(running_.begin(), running_.end(), [this](size_t index) { return live_[index].decoding; });
    int64_t tokens = 0;
    for (size_t index : waiting_) tokens += live_[index].total;
    const bool holds = setup_.hold > 0 && decodes && !waiting_.empty() && tokens < setup_.hold_tokens &&
                       held_steps_ < setup_.hold;
    held_steps_ = holds ? held_steps_ + 1 : 0;
    return holds;
  }

  bool Shares(size_t index, const Request& request) const {
    return list_.requests[index].beginning == request.beginning && SharedUnits(list_.requests[index]) > 0;
  }
  // All that hold blocks.
  std::vector<size_t> Holders() const {
    std::vector<size_t> holders = running_;
    for (const auto& [ready, index] : loading_) {
      if (live_[index].holds_loaded) holders.push_back(index);
    }
    for (const size_t index : loaded_) {
      if (live_[index].holds_loaded) holders.push_back(index);
    }
    return holders;
  }
  bool IsInUse(const Request& request) const {
    const std::vector<size_t> holders = Holders();
    return std::any_of(holders.begin(), holders.end(), [&](size_t index) { return Shares(index, request); });
  }

  // Of two, the one that goes first where priorities count.
  bool IsBefore(size_t one, size_t other) const {
    return std::make_tuple(list_.requests[one].priority, records[one].arrival, one) <
           std::make_tuple(list_.requests[other].priority, records[other].arrival, other);
  }
  size_t Last() const {
    return *std::max_element(running_.begin(), running_.end(),
                             [this](size_t a, size_t b) { return IsBefore(a, b); });
  }
  void Sort() {
    if (setup_.by_priority) waiting_.sort([this](size_t a, size_t b) { return IsBefore(a, b); });
  }

  void AddChunk(int64_t from, int64_t count, StepLoad* load) const {
    load->prefill_tokens += count;
    load->prefill_sequences += 1;
    for (int s = 0; s < setup_.model.span_count(); ++s) {
      for (int64_t i = from + 1; i <= from + count; ++i) {
        load->prefill_kv_pairs[static_cast<size_t>(s)] +=
            static_cast<double>(std::min(i, setup_.model.span(s)));
      }
    }
  }

  bool Step() {
    preempted_before_ = preemptions;
    forgotten_ = 0;
    PullArrivals();
    StepLoad load;
    std::vector<size_t> completed;
    int64_t budget = setup_.max_num_batched_tokens;
    bool preempted = false;
    while (setup_.by_priority && DecodersNeed() > static_cast<int64_t>(free_.size())) {
      if (running_.size() == 1 && GiveUpLast(0)) continue;
      Preempt(Last());
      preempted = true;
    }
    // Running ones, in order of admission: those that decode, and then those whose prompts are read.
    for (size_t i = 0; i < running_.size() && !setup_.prompts_alone;) {
      const size_t index = running_[i];
      if (!live_[index].decoding) {
        ++i;
        continue;
      }
      const int64_t room = live_[index].total + setup_.lookahead;
      if (!MakeRoomFor(index, room, &preempted, nullptr, nullptr)) break;
      Grow(index, room);
      budget -= 1 + setup_.lookahead;
      ++i;
    }
    read_.clear();
    std::set<int64_t> seen;  // orders of admission
    for (size_t i = 0; i < running_.size() && budget > 0;) {
      const size_t index = running_[i];
      Live& live = live_[index];
      if (live.decoding || !seen.insert(live.admitted).second) {
        ++i;
        continue;
      }
      int64_t tokens = std::min(live.total - live.computed, budget);
      if (setup_.most_of_prompt > 0) tokens = std::min(tokens, setup_.most_of_prompt);
      const int64_t room = live.computed + tokens + setup_.lookahead;
      if (!MakeRoomFor(index, room, &preempted, &budget, &completed)) break;
      Grow(index, room);
      budget -= tokens;
      read_.push_back({index, live.computed, tokens});
      live.computed += tokens;
      if (live.computed == live.total) completed.push_back(index);
      i = 0;  // some before may have given way
    }
    for (const Read& read : read_) AddChunk(read.from, read.count, &load);
    const int64_t whole_budget = budget;
    double promised = 0;
    const double share =
        std::max(setup_.answers.least, share_from_ - setup_.answers.fall * static_cast<double>(share_steps_));
    for (size_t index : running_) promised += static_cast<double>(Left(index)) * share;
    int64_t whole = static_cast<int64_t>(promised);
    const bool full = full_ && setup_.answers.share > 0;
    const bool held = !full && !preempted && MayAdmit(budget) && HoldsBack();
    stuck_ = false;
    step_load_ = 0;
    while (!preempted && !held && !full && (!waiting_.empty() || !loaded_.empty()) && MayAdmit(budget)) {
      std::list<size_t>& queue = loaded_.empty() ? waiting_ : loaded_;
      const size_t index = queue.front();
      Live& live = live_[index];
      const Request& request = list_.requests[index];
      int64_t longest = live.total;
      if (setup_.reserve_output) longest = std::max(longest, request.prompt + request.output);
      if (setup_.max_model_len > 0) longest = std::min(longest, setup_.max_model_len);
      longest += setup_.lookahead;
      const bool long_prompt = setup_.max_model_len > 0 && request.prompt >= setup_.max_model_len;
      if (long_prompt || AllBlocks(longest) > setup_.blocks) {
        queue.pop_front();
        End(index, live.generated == 0 ? RequestEnd::kPromptTooLong : RequestEnd::kOutgrewPool);
        continue;
      }
      full_ = stuck_ = static_cast<int64_t>(running_.size()) >= setup_.max_num_seqs;
      if (full_ || budget <= 0) break;
      const bool in_use = SharedUnits(request) > 0 && IsInUse(request);
      if (!live.holds_loaded && SharedUnits(request) > 0 && Arriving(request) > 0) {
        queue.pop_front();
        loading_.emplace_back(Arriving(request), index);
        continue;
      }
      full_ = stuck_ = setup_.slots.on && AllBlocks(longest) > static_cast<int64_t>(free_.size());
      if (full_) break;
      Found found;
      if (setup_.slots.on) {
        found.in_slot = TakeSlot(index, longest);
      } else if (!live.holds_loaded) {
        found = Look(index, in_use);
      }
      const bool waits = found.loaded > 0 && setup_.host.waits;
      const int64_t start = live.holds_loaded
                                ? live.computed
                                : (found.on_card + found.loaded) * setup_.block_size + found.in_slot;
      int64_t rest = live.total - start;
      if (setup_.most_of_prompt > 0) rest = std::min(rest, setup_.most_of_prompt);
      if (!waits && !setup_.chunked_prefill && rest > budget && budget < whole_budget) break;
      const int64_t chunk = waits ? 0 : setup_.chunked_prefill ? std::min(rest, budget) : rest;
      const bool whole_answer = setup_.reserve_output && !waits;
      const int64_t room = whole_answer ? longest : start + chunk + setup_.lookahead;
      const int64_t wanted = setup_.reserve_prompt || setup_.reserve_output ? std::max(room, longest) : room;
      int64_t have = in_use ? std::min(found.on_card, SharedUnits(request)) * setup_.full_groups : 0;
      if (live.holds_loaded) have = AllBlocks(Room(live));
      const int64_t answers =
          !waits && setup_.answers.share > 0 && !running_.empty() ? whole + Left(index) : 0;
      full_ = stuck_ =
          AllBlocks(wanted) - have + Units(answers) * setup_.full_groups > static_cast<int64_t>(free_.size());
      if (full_) break;
      queue.pop_front();
      if (!live.holds_loaded) Begin(index, found, in_use, room);
      if (waits) {
        link_free_ = std::max(link_free_, now) + static_cast<double>(found.loaded) * setup_.host.load;
        loading_.emplace_back(link_free_, index);
        live.holds_loaded = true;
        live.loads_beginning = found.loads_beginning && setup_.prefix_caching;
        live.computed = start;
        continue;
      }
      step_load_ += static_cast<double>(found.loaded) * setup_.host.load + copies_;
      copies_ = 0;
      whole += Left(index);
      live.holds_loaded = false;
      live.reserved = whole_answer ? room : 0;
      Grow(index, room);
      running_.push_back(index);
      live.admitted = next_admitted_++;
      live.computed = start + chunk;
      if (records[index].preemptions == 0) {
        records[index].scheduled = now;
        records[index].cached = start;
        live.found_in_ram = live.from_ram;
      }
      AddChunk(start, chunk, &load);
      budget -= chunk;
      if (live.computed == live.total) completed.push_back(index);
    }
    const bool decodes = !setup_.prompts_alone || load.prefill_tokens == 0;
    if (setup_.prompts_alone && decodes) MakeRoom();
    return Pass(load, completed, decodes);
  }

  struct Found {
    int64_t on_card = 0, loaded = 0;  // leading units, those of the beginning included
    int64_t in_slot = 0;              // tokens
    bool loads_beginning = false;
  };

  // Cached beginning: the system prompt, then the session's own, each block on the card or in RAM.
  Found Look(size_t index, bool in_use) const {
    const Request& request = list_.requests[index];
    const int64_t most = (live_[index].total - 1) / setup_.block_size;
    const int64_t beginning = BeginningUnits(request);
    const auto on_card = [&](int64_t unit) {
      if (!setup_.prefix_caching) return false;
      if (unit < beginning) return in_use || !Find(Beginning(request), unit).empty();
      return !Find(request.session, unit).empty();
    };
    const auto in_ram = [&](int64_t unit) {
      const std::pair<int32_t, int64_t> block = unit < beginning
                                                    ? std::pair(Beginning(request), unit)
                                                    : std::pair(request.session, unit - beginning);
      return std::find(ram_.begin(), ram_.end(), block) != ram_.end();
    };
    Found found;
    while (found.on_card < most && on_card(found.on_card)) ++found.on_card;
    int64_t end = found.on_card;
    while (end < most && in_ram(end)) ++end;
    if (setup_.host.chunk > 1) end = end / setup_.host.chunk * setup_.host.chunk;
    found.loaded = std::max<int64_t>(0, end - found.on_card);
    if (found.loaded * setup_.block_size < setup_.host.least) found.loaded = 0;
    found.loads_beginning = found.loaded > 0 && found.on_card < beginning;
    return found;
  }

  // Takes the blocks that were found and new ones for the rest of `room` tokens, of which some are loaded.
  void Begin(size_t index, const Found& found, bool in_use, int64_t room) {
    Live& live = live_[index];
    const Request& request = list_.requests[index];
    const int64_t shared = SharedUnits(request);
    for (int64_t unit = 0; unit < found.on_card; ++unit) {
      std::vector<int64_t> ids;
      if (unit < shared && in_use) {
        for (size_t other : Holders()) {
          if (Shares(other, request)) ids = live_[other].units[static_cast<size_t>(unit)];
        }
      } else {
        ids = Find(unit < shared ? Beginning(request) : request.session, unit);
        for (int64_t id : ids) free_.erase(std::find(free_.begin(), free_.end(), id));
      }
      for (int64_t id : ids) {
        blocks_[static_cast<size_t>(id)].stream = -1;
        ++blocks_[static_cast<size_t>(id)].holders;
      }
      live.units.push_back(ids);
    }
    // What else is remembered under these names will be computed again and is plain from now on.
    for (Block& block : blocks_) {
      if (block.stream == request.session || (block.stream == Beginning(request) && shared > 0 && !in_use))
        block.stream = -1;
    }
    Grow(index, room);
    if (setup_.host.units <= 0) return;
    Keep(request.session, 0);
    if (BeginningUnits(request) > 0) Keep(Beginning(request), 0);
    live.from_ram = found.loaded * setup_.block_size;
    loaded_tokens += live.from_ram;
    const int64_t spared = std::min(live.from_ram, live.given_up);
    records[index].computed_again -= spared;
    live.given_up -= spared;
  }

  // A prompt that is not read to the end has used the budget up, unless no prompt may.
  bool MayAdmit(int64_t budget) const {
    return budget > 0 || std::none_of(running_.begin(), running_.end(), [this](size_t index) {
             return !live_[index].decoding && live_[index].computed < live_[index].total;
           });
  }

  // Blocks for `room` tokens of a running one. False if it gave way itself. What the step was to read of one that gives
  // way is not read.
  bool MakeRoomFor(size_t index, int64_t room, bool* preempted, int64_t* budget,
                   std::vector<size_t>* completed) {
    while (AllBlocks(room) - AllBlocks(Room(live_[index])) > static_cast<int64_t>(free_.size())) {
      if (running_.size() == 1 && GiveUpLast(0)) continue;
      const size_t victim = setup_.by_priority ? Last() : running_.back();
      for (size_t i = 0; budget != nullptr && i < read_.size(); ++i) {
        if (read_[i].index != victim) continue;
        *budget += read_[i].count;
        read_.erase(read_.begin() + static_cast<int64_t>(i));
        completed->erase(std::remove(completed->begin(), completed->end(), victim), completed->end());
        break;
      }
      Preempt(victim);
      *preempted = true;
      if (victim == index) return false;
    }
    return true;
  }

  int64_t Left(size_t index) const {
    return std::max<int64_t>(
        0, std::min(list_.requests[index].output - live_[index].generated, setup_.answers.most));
  }

  // Blocks for every decoding sequence's next token.
  int64_t DecodersNeed() const {
    int64_t blocks = 0;
    for (size_t index : running_) {
      if (!live_[index].decoding) continue;
      blocks += AllBlocks(live_[index].total + setup_.lookahead) - AllBlocks(Room(live_[index]));
    }
    return blocks;
  }

  // Every decoding sequence's next token; who has answered least gives way.
  void MakeRoom() {
    bool retracted = false;
    while (DecodersNeed() > static_cast<int64_t>(free_.size())) {
      size_t victim = running_.front();
      for (size_t index : running_) {
        const int64_t more = live_[index].generated - live_[victim].generated;
        if (more < 0 || (more == 0 && list_.requests[index].prompt > list_.requests[victim].prompt))
          victim = index;
      }
      Preempt(victim);
      waiting_.pop_front();
      waiting_.push_back(victim);
      retracted = true;
    }
    if (retracted) {
      double answered = 0, wanted = 1;
      for (size_t index : running_) {
        answered += 20 + static_cast<double>(live_[index].generated);
        wanted += static_cast<double>(list_.requests[index].output);
      }
      share_from_ = std::min(1.0, answered / wanted);
      share_steps_ = 0;
    }
    for (size_t index : running_) {
      if (live_[index].decoding) Grow(index, live_[index].total + setup_.lookahead);
    }
  }

  bool Pass(StepLoad load, const std::vector<size_t>& completed, bool decodes) {
    StepLoad decode;
    for (size_t index : running_) {
      if (!live_[index].decoding) continue;
      ++decode.decode_sequences;
      for (int s = 0; s < setup_.model.span_count(); ++s) {
        decode.decode_kv_tokens[static_cast<size_t>(s)] +=
            static_cast<double>(std::min(live_[index].total, setup_.model.span(s)));
      }
    }
    load.decode_sequences = decode.decode_sequences;
    load.decode_kv_tokens = decode.decode_kv_tokens;
    if (load.decode_sequences == 0 && load.prefill_tokens == 0) {
      // Nothing runs, and those behind the first hold what it needs.
      if (stuck_ && running_.empty() && loading_.empty() && GiveUpLast(1)) return true;
      const bool queued = !waiting_.empty() || !loaded_.empty();
      if (preemptions > preempted_before_ && queued) return true;  // all that ran waits again
      share_from_ = setup_.answers.share;
      share_steps_ = 0;
      double next = future_.empty() ? 1e300 : Received();
      for (const auto& [ready, index] : loading_) next = std::min(next, ready);
      if (next == 1e300) return queued;
      now = std::max(now, next);
      return true;
    }
    const double accepted = std::max(1.0, setup_.model.tokens_per_step());
    const double without = decode.decode_sequences > 0 ? setup_.model.Time(decode).value() : 0;
    double duration = without / accepted;
    if (!decodes) {
      load.decode_sequences = 0;
      load.decode_kv_tokens = {};
      duration = setup_.model.Time(load).value();
    } else if (load.prefill_tokens > 0) {
      duration += setup_.model.Time(load).value() - without;
    }
    if (setup_.host.moves && load.prefill_tokens > 0) {
      step_load_ = std::max(step_load_, static_cast<double>(forgotten_) * setup_.host.load);
    }
    if (step_load_ > 0) {
      duration = std::max(duration, step_load_) +
                 std::min(duration, step_load_) / static_cast<double>(setup_.host.layers);
    }
    duration +=
        static_cast<double>(load.prefill_tokens) * setup_.host.write / static_cast<double>(setup_.block_size);
    last_start_ = now;
    now += duration;
    delivery_ = setup_.delivery * without / accepted;
    steps_since_look_ = load.prefill_tokens > 0 ? setup_.poll : steps_since_look_ + 1;
    for (const size_t index : std::vector<size_t>(running_)) {
      Live& live = live_[index];
      if (!live.decoding || !decodes) continue;
      ++live.total;
      ++live.generated;
      ++output_tokens;
      EndIfDone(index);
    }
    if (decodes && load.decode_sequences > 0) ++share_steps_;
    for (const size_t index : completed) {
      Live& live = live_[index];
      Store(index, live.computed);
      if (live.generated == 0) records[index].first_token = now + delivery_;
      ++live.generated;
      ++live.total;
      ++output_tokens;
      if (!EndIfDone(index)) live.decoding = true;
    }
    return true;
  }

  bool EndIfDone(size_t index) {
    const Live& live = live_[index];
    const bool done = live.generated >= list_.requests[index].output;
    const bool full = setup_.max_model_len > 0 && live.total >= setup_.max_model_len;
    if (!done && !full) return false;
    GiveBack(index);
    End(index, done ? RequestEnd::kDone : RequestEnd::kTruncated);
    return true;
  }

  SchedulerSetup setup_;
  RequestList list_;
  std::vector<Block> blocks_;
  std::list<int64_t> free_;
  std::vector<Live> live_;
  std::vector<size_t> running_;
  std::vector<Read> read_;  // of running ones' prompts, in this step
  int64_t next_admitted_ = 0;
  std::list<size_t> waiting_;
  std::set<std::pair<double, size_t>> future_;  // by time, then in the order of the list
  int64_t finished_ = 0;
  double receiving_until_ = 0;
  double seen_ = 0, last_start_ = 0, delivery_ = 0;
  int64_t steps_since_look_ = 0, held_steps_ = 0;
  double share_from_ = 0;
  int64_t preempted_before_ = 0;  // this step
  bool full_ = false;
  int64_t share_steps_ = 0;
  std::list<std::pair<int32_t, int64_t>> ram_;  // stream and unit, the least recently used first
  std::list<size_t> loaded_;                    // in front of the others that wait
  std::list<std::pair<double, size_t>> loading_;
  double link_free_ = 0, step_load_ = 0;
  std::vector<Slot> slots_;
  std::list<SlotPrompt> saved_;  // the oldest first
  int64_t released_ = 0;
  Bytes copied_;           // for the last slot that was taken, ...
  double copies_ = 0;      // ... and how long that took
  int64_t forgotten_ = 0;  // units that blocks were taken from, in this step
  bool stuck_ = false;     // the first that waits, in this step
};

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_CORE_SCHEDULE_SCHEDULER_TWIN_H_
