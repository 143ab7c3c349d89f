#include "core/schedule/replica.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace plimsoll {
namespace {

constexpr size_t kMostSamples = 4096;
constexpr double kNever = std::numeric_limits<double>::infinity();

template <typename T>
size_t At(T index) {
  return static_cast<size_t>(index);
}

// Every decoding sequence must find room in the budget of a step (vLLM: max_num_seqs <= max_num_batched_tokens).
int64_t SeatsOf(const SchedulerSetup& setup) {
  const int64_t budget = std::max<int64_t>(setup.max_num_batched_tokens, 1);
  return std::clamp<int64_t>(setup.max_num_seqs, 1, std::max<int64_t>(1, budget / (1 + setup.lookahead)));
}

}  // namespace

// ---- construction -----------------------------------------------------------------------------------------

Replica::Replica(SchedulerSetup setup, RequestList requests)
    : setup_(std::move(setup)),
      list_(std::move(requests)),
      pool_(std::max<int64_t>(setup_.blocks, 0),
            static_cast<int64_t>(list_.requests.size()) +
                static_cast<int64_t>(std::max<size_t>(1, list_.beginnings.size())),
            setup_.full_groups, setup_.prefix_caching),
      host_(setup_.host.units, static_cast<int64_t>(list_.requests.size()) +
                                   static_cast<int64_t>(std::max<size_t>(1, list_.beginnings.size()))),
      slot_memory_(setup_.slots, SeatsOf(setup_), static_cast<int64_t>(list_.requests.size()),
                   static_cast<int64_t>(std::max<size_t>(1, list_.beginnings.size()))) {
  setup_.block_size = std::clamp<int64_t>(setup_.block_size, 1, int64_t{1} << 20);
  setup_.poll = std::clamp<int64_t>(setup_.poll, 1, int64_t{1} << 30);
  setup_.host.chunk = std::max<int64_t>(1, setup_.host.chunk);
  setup_.max_num_batched_tokens = std::max<int64_t>(setup_.max_num_batched_tokens, 1);
  setup_.max_num_seqs = SeatsOf(setup_);
  const size_t count = list_.requests.size();
  first_shared_stream_ = static_cast<int32_t>(count);
  shared_holders_.assign(std::max<size_t>(1, list_.beginnings.size()), 0);
  if (HasHost()) arriving_.assign(shared_holders_.size(), 0);
  records_.resize(count);
  slots_.assign(count, -1);
  // Room for as many as are alive in most runs: it costs nothing until it is used.
  constexpr size_t kAtFirst = size_t{1} << 17;
  sequences_.reserve(std::min(count, kAtFirst));
  crossing_cost_.assign(At(setup_.block_size), 0);
  for (size_t i = 0; i < count; ++i) {
    const Request& request = list_.requests[i];
    records_[i].prompt = request.prompt;
    records_[i].session = request.session;
    records_[i].turn = request.turn;
    if (request.after < 0) continue;
    if (followers_.empty()) followers_.assign(count, -1);
    followers_[At(request.after)] = static_cast<int32_t>(i);
  }
  for (int64_t i = 0; i < list_.initially_released; ++i) Release(0);
  share_from_ = setup_.answers.share;
  done_ = count == 0;
}

// ---- sizes ------------------------------------------------------------------------------------------------

int64_t Replica::Held(int64_t tokens) const { return BlocksOf(setup_, tokens); }

int64_t Replica::TotalOf(const Sequence& sequence) const {
  return sequence.decoding ? sequence.joined_total + (tick_ - sequence.joined) : sequence.total;
}

// Tokens that the sequence's blocks have room for. A decoding one has room for what it read in the last step.
int64_t Replica::AllocatedTokens(const Sequence& sequence) const {
  if (sequence.reserved > 0) return sequence.reserved;
  const int64_t read = sequence.decoding ? TotalOf(sequence) - 1 : sequence.computed;
  return read <= 0 ? 0 : read + setup_.lookahead;
}

// The whole blocks of a prompt's beginning; none if it is not longer than that.
int64_t Replica::BeginningUnits(const Request& request) const {
  const int64_t tokens = list_.BeginningTokens(request);
  return request.prompt <= tokens ? 0 : tokens / setup_.block_size;
}

// Those of them that it has together with others.
int64_t Replica::SharedUnits(const Request& request) const {
  return setup_.prefix_caching ? BeginningUnits(request) : 0;
}

// A place for what is known of a request from its arrival to its end.
void Replica::TakeSlot(int32_t index) {
  if (spare_slots_.empty()) {
    spare_slots_.push_back(static_cast<int32_t>(sequences_.size()));
    sequences_.emplace_back();
  }
  slots_[At(index)] = spare_slots_.back();
  spare_slots_.pop_back();
  Live(index) = {};
  if (!HasLoads()) return;
  loads_.resize(sequences_.size());
  LoadsOf(index) = {};
}

bool Replica::IsVoid(const Event& event) const {
  return slots_[At(event.sequence)] < 0 || event.epoch != Live(event.sequence).epoch;
}

// ---- arrivals ---------------------------------------------------------------------------------------------

void Replica::Arrive(int32_t index, double at) {
  arrivals_.emplace_back(at, index);
  std::push_heap(arrivals_.begin(), arrivals_.end(), std::greater<>());
}

void Replica::Release(double at) {
  while (next_released_ < static_cast<int64_t>(list_.requests.size())) {
    const int32_t index = static_cast<int32_t>(next_released_++);
    if (!list_.requests[At(index)].released) continue;
    Arrive(index, at);
    return;
  }
}

// The next request that has an arrival of its own; -1: none.
int32_t Replica::NextTimed() {
  while (next_timed_ < static_cast<int64_t>(list_.requests.size())) {
    const Request& request = list_.requests[At(next_timed_)];
    if (request.after < 0 && !request.released) return static_cast<int32_t>(next_timed_);
    ++next_timed_;
  }
  return -1;
}

// Of the next of both kinds, the one that comes first. REQUIRES: there is one.
bool Replica::IsTimedNext(int32_t timed) const {
  if (timed < 0 || arrivals_.empty()) return timed >= 0;
  return list_.requests[At(timed)].arrival <= arrivals_.front().first;
}

// When the scheduler could see a request that comes next, at `at`.
double Replica::Received(int32_t index, double at) const {
  if (!setup_.received_in_turn) return at;
  const double work = setup_.model.request_overhead(list_.requests[At(index)].prompt).value();
  return std::max(receiving_until_, at) + work;
}

// Looks for requests if this is a step to look before: what has come until `look_` is seen from now on.
void Replica::Look() {
  const bool idle = running_ == 0;  // an idle engine waits for requests and sees each at once
  if (!idle && since_look_ < setup_.poll) return;
  since_look_ = 0;
  look_ = setup_.ahead && !idle ? last_start_ : now_;
}

// Moves what has been seen into the queue.
void Replica::PullArrivals() {
  Look();
  for (;;) {
    const int32_t timed = NextTimed();
    if (timed < 0 && arrivals_.empty()) break;
    const bool is_timed = IsTimedNext(timed);
    const int32_t index = is_timed ? timed : arrivals_.front().second;
    const double at = is_timed ? list_.requests[At(timed)].arrival : arrivals_.front().first;
    const double received = Received(index, at);
    if (received > look_) break;
    receiving_until_ = received;
    if (is_timed) {
      ++next_timed_;
    } else {
      std::pop_heap(arrivals_.begin(), arrivals_.end(), std::greater<>());
      arrivals_.pop_back();
    }
    records_[At(index)].arrival = at;
    records_[At(index)].received = received;
    TakeSlot(index);
    Live(index).total = list_.requests[At(index)].prompt;
    Wait(index);
  }
  if (!loading_.empty()) TakeLoaded();
  peak_waiting_ = std::max(peak_waiting_, QueueLength());
}

int64_t Replica::QueueLength() const {
  return static_cast<int64_t>(waiting_.size() + loading_.size() + loaded_.size());
}

// vllm/v1/request.py, Request.__lt__: priority, then arrival.
bool Replica::IsBefore(int32_t one, int32_t other) const {
  const int32_t a = list_.requests[At(one)].priority, b = list_.requests[At(other)].priority;
  if (a != b) return a < b;
  const double first = records_[At(one)].arrival, second = records_[At(other)].arrival;
  return first != second ? first < second : one < other;
}

void Replica::Wait(int32_t index) {
  if (!setup_.by_priority) {
    waiting_.push_back(index);
    return;
  }
  const auto before = [this](int32_t one, int32_t other) { return IsBefore(one, other); };
  waiting_.insert(std::upper_bound(waiting_.begin(), waiting_.end(), index, before), index);
}

// ---- prompts ----------------------------------------------------------------------------------------------

Replica::Found Replica::Find(int32_t index) const {
  Found found;
  if (!setup_.prefix_caching && !HasHost()) return found;
  const Request& request = list_.requests[At(index)];
  // The last token is always computed (kv_cache_manager.get_computed_blocks).
  const int64_t beginning = BeginningUnits(request);
  const int64_t most = (Live(index).total - 1) / setup_.block_size - beginning;
  const int64_t present = IsShared(request) ? beginning : pool_.Remembered(SharedStream(request));
  const int64_t kept = std::min(most, host_.Kept(request.session));
  found.shared = std::min(present, beginning);
  if (present >= beginning) {
    found.own = std::min(most, pool_.Remembered(request.session));
    found.loaded = std::max<int64_t>(0, kept - found.own);
  } else {
    const int64_t whole = host_.Kept(SharedStream(request));
    found.loaded = std::max<int64_t>(0, whole - present) + (whole >= beginning ? kept : 0);
  }
  if (setup_.host.chunk > 1)
    found.loaded = std::max<int64_t>(0, found.loaded - found.units() % setup_.host.chunk);
  if (found.loaded * setup_.block_size < setup_.host.least) found.loaded = 0;
  found.loads_beginning = found.loaded > 0 && present < beginning;
  return found;
}

// Of what was found, the blocks that others use anyway.
int64_t Replica::InUse(int32_t index, const Found& found) const {
  return IsShared(list_.requests[At(index)]) ? found.shared * setup_.full_groups : 0;
}

void Replica::AddChunk(int32_t index, int64_t from, int64_t count, StepLoad* load) {
  chunks_.push_back({index, from, count});
  load->prefill_tokens += count;
  load->prefill_sequences += 1;
  for (int i = 0; i < setup_.model.span_count(); ++i) {
    load->prefill_kv_pairs[At(i)] += CausalPairs(from, count, setup_.model.span(i));
  }
}

// What the step was to read of a sequence that gives way in it.
void Replica::TakeBackChunk(int32_t index, int64_t* budget, StepLoad* load) {
  const auto chunk =
      std::find_if(chunks_.begin(), chunks_.end(), [index](const Chunk& c) { return c.index == index; });
  if (chunk == chunks_.end()) return;
  *budget += chunk->count;
  load->prefill_tokens -= chunk->count;
  load->prefill_sequences -= 1;
  for (int i = 0; i < setup_.model.span_count(); ++i) {
    load->prefill_kv_pairs[At(i)] -= CausalPairs(chunk->from, chunk->count, setup_.model.span(i));
  }
  chunks_.erase(chunk);
  completed_prompts_.erase(std::remove(completed_prompts_.begin(), completed_prompts_.end(), index),
                           completed_prompts_.end());
}

// Of `rest` tokens of a prompt, what a step with so much budget left reads.
int64_t Replica::ChunkOf(int64_t rest, int64_t budget) const {
  if (setup_.most_of_prompt > 0) rest = std::min(rest, setup_.most_of_prompt);
  return setup_.chunked_prefill ? std::min(rest, budget) : rest;
}

// Refuses what can never run; true if it did.
bool Replica::Refuse(int32_t index) {
  const Sequence& sequence = Live(index);
  const bool fresh = sequence.generated == 0;
  const bool too_long = setup_.max_model_len > 0 && list_.requests[At(index)].prompt >= setup_.max_model_len;
  if (!too_long && Held(TokensToReserve(index)) <= pool_.total()) return false;
  End(index, fresh ? RequestEnd::kPromptTooLong : RequestEnd::kOutgrewPool);
  return true;
}

// What must find room before the request is admitted, if anything but its first chunk must.
int64_t Replica::TokensToReserve(int32_t index) const {
  const Request& request = list_.requests[At(index)];
  int64_t tokens = Live(index).total;
  if (setup_.reserve_output) tokens = std::max(tokens, request.prompt + request.output);
  if (setup_.max_model_len > 0) tokens = std::min(tokens, setup_.max_model_len);
  return tokens + setup_.lookahead;
}

// Takes the blocks that a request starts with, found ones included.
void Replica::TakeFirstBlocks(int32_t index, const Found& found, int64_t allocated) {
  Sequence& sequence = Live(index);
  const Request& request = list_.requests[At(index)];
  if (pool_.Remembered(request.session) > 0) pool_.Revive(request.session, found.own);
  if (SharedUnits(request) > 0) {
    const int32_t stream = SharedStream(request);
    if (!IsShared(request) && pool_.Remembered(stream) > 0) pool_.Revive(stream, found.shared);
    ++HoldersOf(request);
    sequence.holds_shared = true;
  }
  pool_.Take(Held(allocated) - (found.shared + found.own) * setup_.full_groups);
  if (HasHost()) NoteLoad(index, found);
}

void Replica::Enqueue(int32_t index) {
  Sequence& sequence = Live(index);
  sequence.previous = last_running_;
  sequence.next = -1;
  if (last_running_ >= 0) Live(last_running_).next = index;
  last_running_ = index;
  if (first_running_ < 0) first_running_ = index;
  sequence.serial = next_serial_++;
  ++running_;
  peak_running_ = std::max(peak_running_, running_);
}

// Whether the waiting ones are held back in this step, for others to be read with them.
bool Replica::IsHeldBack() {
  if (setup_.hold <= 0 || decoding_ == 0 || waiting_.empty()) {
    held_ = 0;
    return false;
  }
  int64_t tokens = 0;
  for (const int32_t index : waiting_) {
    tokens += Live(index).total;
    if (tokens >= setup_.hold_tokens) break;
  }
  if (tokens >= setup_.hold_tokens || held_ >= setup_.hold) {
    held_ = 0;
    return false;
  }
  ++held_;
  return true;
}

// Admits waiting requests in order. blocked_: the head of the queue must wait until something ends.
void Replica::Admit(int64_t budget, StepLoad* load) {
  blocked_ = false;
  const int64_t whole_budget = budget;
  int64_t promised = setup_.answers.share > 0 ? Promised() : 0;
  bool stuck = false;
  while (HasNext() && (readers_.empty() || budget > 0)) {
    const int32_t index = Next();
    if (Refuse(index)) {
      PopNext();
      continue;
    }
    stuck = running_ >= setup_.max_num_seqs;
    if (stuck) break;
    if (budget <= 0) return;
    // Whoever is given a slot must be admitted.
    stuck = setup_.slots.on && Held(TokensToReserve(index)) > pool_.free();
    if (stuck) break;
    Sequence& sequence = Live(index);
    const bool loaded = sequence.holds_loaded;
    if (!loaded && WaitsWithAnother(index)) continue;
    const Found found = loaded ? Found() : setup_.slots.on ? StartInSlot(index) : Find(index);
    if (found.loaded > 0 && setup_.host.waits) {
      stuck = !StartLoad(index, found);
      if (stuck) break;
      continue;
    }
    const int64_t start = loaded ? sequence.computed : found.units() * setup_.block_size;
    const int64_t rest = sequence.total - start;
    // Without chunking a prompt runs whole, alone if it must.
    const int64_t chunk = ChunkOf(rest, budget);
    if (chunk > budget && budget < whole_budget) return;
    const bool reserve = setup_.reserve_prompt || setup_.reserve_output;
    const int64_t allocated =
        setup_.reserve_output ? TokensToReserve(index) : start + chunk + setup_.lookahead;
    const int64_t held = loaded ? Held(AllocatedTokens(sequence)) : InUse(index, found);
    int64_t needed = Held(reserve ? std::max(allocated, TokensToReserve(index)) : allocated) - held;
    const int64_t answer =
        std::min(list_.requests[At(index)].output - sequence.generated, setup_.answers.most);
    if (promised + answer > 0 && running_ > 0) {
      needed += CeilDiv(promised + answer, setup_.block_size) * setup_.full_groups;
    }
    stuck = needed > pool_.free();
    if (stuck) break;
    promised += answer;
    PopNext();
    if (loaded) {
      pool_.Take(Held(allocated) - held);
      sequence.holds_loaded = false;
    } else {
      TakeFirstBlocks(index, found, allocated);
      step_load_ += LoadTime(found);
    }
    Enqueue(index);
    sequence.reserved = setup_.reserve_output ? allocated : 0;
    sequence.computed = start + chunk;
    RequestRecord& record = records_[At(index)];
    if (record.preemptions == 0) {
      record.scheduled = now_;
      record.cached = start;
      if (HasLoads()) LoadsOf(index).found_in_ram = LoadsOf(index).from_ram;
    }
    AddChunk(index, start, chunk, load);
    budget -= chunk;
    if (sequence.computed < sequence.total) {
      readers_.push_back(index);
    } else {
      completed_prompts_.push_back(index);
    }
  }
  full_ = blocked_ = stuck;
}

// ---- slots ------------------------------------------------------------------------------------------------

SlotMemory::Prompt Replica::PromptOf(int32_t index) const {
  const Request& request = list_.requests[At(index)];
  const int64_t shared = BeginningUnits(request);
  return {request.session, shared > 0 ? request.beginning : -1, shared, request.prompt};
}

// REQUIRES: it is admitted now.
Replica::Found Replica::StartInSlot(int32_t index) {
  const SlotMemory::Start start = slot_memory_.Begin(PromptOf(index));
  if (setup_.slots.one_pool) slot_memory_.LeaveRoom(pool_.free() - Held(TokensToReserve(index)));
  Found found;
  found.in_slot = start.kept + start.loaded;
  Loads& loads = LoadsOf(index);
  loads.slot = start.slot;
  loads.from_ram = start.loaded;
  loaded_tokens_ += start.loaded;
  const double copying = static_cast<double>(start.copied.count()) * setup_.slots.seconds_per_byte;
  step_load_ += copying;
  copying_ += copying;
  return found;
}

// ---- loads from RAM ---------------------------------------------------------------------------------------

double Replica::LoadTime(const Found& found) const {
  return static_cast<double>(found.loaded) * setup_.host.load;
}

// What a request finds counts as used now. What comes back from RAM is not computed again.
void Replica::NoteLoad(int32_t index, const Found& found) {
  Loads& loads = LoadsOf(index);
  const Request& request = list_.requests[At(index)];
  host_.Keep(request.session, host_.Kept(request.session));
  if (BeginningUnits(request) > 0) host_.Keep(SharedStream(request), host_.Kept(SharedStream(request)));
  loads.from_ram = found.loaded * setup_.block_size;
  loaded_tokens_ += loads.from_ram;
  const int64_t spared = std::min(loads.from_ram, loads.given_up);
  records_[At(index)].computed_again -= spared;
  loads.given_up -= spared;
}

// OffloadingConnectorScheduler.get_num_new_matched_tokens: while blocks that it would find are being loaded, a request is
// asked about again later.
bool Replica::WaitsWithAnother(int32_t index) {
  const Request& request = list_.requests[At(index)];
  if (arriving_.empty() || SharedUnits(request) == 0) return false;
  const double ready = arriving_[At(request.beginning)];
  if (!(ready > 0)) return false;
  PopNext();
  loading_.emplace_back(ready, index);
  return true;
}

// False if there is no room for it.
bool Replica::StartLoad(int32_t index, const Found& found) {
  Sequence& sequence = Live(index);
  const Request& request = list_.requests[At(index)];
  const int64_t start = found.units() * setup_.block_size;
  const int64_t allocated = start + setup_.lookahead;
  const bool reserve = setup_.reserve_prompt || setup_.reserve_output;
  const int64_t wanted = reserve ? std::max(allocated, TokensToReserve(index)) : allocated;
  if (Held(wanted) - InUse(index, found) > pool_.free()) return false;
  PopNext();
  TakeFirstBlocks(index, found, allocated);
  link_free_ = std::max(link_free_, now_) + LoadTime(found);
  loading_.emplace_back(link_free_, index);
  sequence.computed = start;
  sequence.holds_loaded = true;
  sequence.loads_beginning = found.loads_beginning && setup_.prefix_caching;
  if (sequence.loads_beginning) arriving_[At(request.beginning)] = link_free_;
  return true;
}

// What has arrived is seen as arrivals are, however many steps were taken at once: what arrived first comes first, and of
// those that waited for one load the one that started it.
void Replica::TakeLoaded() {
  if (loading_.empty()) return;
  const auto arrives_before = [](const auto& one, const auto& other) { return one.first < other.first; };
  std::stable_sort(loading_.begin(), loading_.end(), arrives_before);
  size_t taken = 0;
  for (; taken < loading_.size() && loading_[taken].first <= look_; ++taken) {
    const int32_t index = loading_[taken].second;
    loaded_.push_back(index);
    Sequence& sequence = Live(index);
    if (sequence.loads_beginning) arriving_[At(list_.requests[At(index)].beginning)] = 0;
    sequence.loads_beginning = false;
  }
  loading_.erase(loading_.begin(), loading_.begin() + static_cast<std::ptrdiff_t>(taken));
}

double Replica::NextLoaded() const {
  double next = kNever;
  for (const auto& [ready, index] : loading_) next = std::min(next, ready);
  return next;
}

// One that is not admitted yet gives its blocks back and keeps its place.
void Replica::GiveUpLoad(int32_t index, bool arrived) {
  Sequence& sequence = Live(index);
  ReturnBlocks(index, AllocatedTokens(sequence), arrived ? sequence.computed : 0);
  if (sequence.loads_beginning) arriving_[At(list_.requests[At(index)].beginning)] = 0;
  sequence.loads_beginning = false;
  sequence.holds_loaded = false;
  sequence.computed = 0;
}

bool Replica::GiveUpLastLoad() {
  for (auto last = loading_.rbegin(); last != loading_.rend(); ++last) {
    if (!Live(last->second).holds_loaded) continue;
    GiveUpLoad(last->second, false);
    return true;
  }
  for (auto last = loaded_.rbegin(); last != loaded_.rend(); ++last) {
    if (!Live(*last).holds_loaded) continue;
    GiveUpLoad(*last, true);
    return true;
  }
  return false;
}

// Who runs alone and needs a block has it from those that are not admitted yet, or nobody might ever end.
bool Replica::TakesFromLoads() { return running_ == 1 && GiveUpLastLoad(); }

// The same where nothing runs and those behind the first of the queue hold what it needs.
bool Replica::UnblockLoaded() {
  if (!blocked_ || running_ > 0 || !loading_.empty()) return false;
  for (size_t i = loaded_.size(); i-- > 1;) {
    if (!Live(loaded_[i]).holds_loaded) continue;
    GiveUpLoad(loaded_[i], true);
    return true;
  }
  return false;
}

// The whole blocks, or chunks, of `read` tokens lie in RAM from now on.
void Replica::Store(int32_t index, int64_t read) {
  const Request& request = list_.requests[At(index)];
  if (setup_.host.prompts_only) read = std::min(read, request.prompt);
  int64_t whole = read / setup_.block_size;
  whole -= whole % setup_.host.chunk;
  const int64_t beginning = std::min(whole, BeginningUnits(request));
  host_.Keep(request.session, whole - beginning);
  if (beginning > 0) host_.Keep(SharedStream(request), beginning);
}

// Tokens of answers that running sequences are left room for.
double Replica::Share() const {
  return std::max(setup_.answers.least,
                  share_from_ - setup_.answers.fall * static_cast<double>(share_steps_));
}

int64_t Replica::Promised() const {
  const double share = Share();
  double tokens = 0;
  for (int32_t index = first_running_; index >= 0; index = Live(index).next) {
    const Sequence& sequence = Live(index);
    const int64_t so_far = sequence.generated + (sequence.decoding ? tick_ - sequence.joined : 0);
    const int64_t left = std::min(list_.requests[At(index)].output - so_far, setup_.answers.most);
    tokens += static_cast<double>(std::max<int64_t>(left, 0)) * share;
  }
  return static_cast<int64_t>(tokens);
}

// Room for a prompt's next chunk: the last admitted give way for it, or the last by priority. False if it did so itself.
bool Replica::FindRoomFor(int32_t reader, int64_t blocks, int64_t* budget, StepLoad* load) {
  while (blocks > pool_.free()) {
    if (TakesFromLoads()) continue;
    const int32_t victim = setup_.by_priority ? LastByPriority() : last_running_;
    // One that decodes has been given room for this step's token, too.
    const int64_t held = AllocatedTokens(Live(victim));
    const bool has_more = Live(victim).decoding && !setup_.prompts_alone && Live(victim).reserved == 0;
    if (has_more) pool_.Return(list_.requests[At(victim)].session, 0, Held(held + 1) - Held(held));
    TakeBackChunk(victim, budget, load);
    Preempt(victim);
    if (victim == reader) return false;
  }
  return true;
}

// A prompt that did not fit into the last step goes on. False if it gave way.
bool Replica::ContinuePrompt(int32_t index, int64_t* budget, StepLoad* load, bool* preempted) {
  Sequence& sequence = Live(index);
  const int64_t chunk = std::min(ChunkOf(sequence.total - sequence.computed, *budget), *budget);
  const int64_t room = AllocatedTokens(sequence);
  const int64_t wanted = std::max(room, sequence.computed + chunk + setup_.lookahead);
  const int64_t blocks = Held(wanted) - Held(room);
  const int64_t before = preemptions_;
  const bool found = FindRoomFor(index, blocks, budget, load);
  *preempted = *preempted || preemptions_ > before;
  if (!found) return false;
  pool_.Take(blocks);
  AddChunk(index, sequence.computed, chunk, load);
  sequence.computed += chunk;
  *budget -= chunk;
  if (sequence.computed < sequence.total) return true;
  completed_prompts_.push_back(index);
  readers_.erase(std::find(readers_.begin(), readers_.end(), index));
  return true;
}

// Those that are read already, in order of admission, until one gives way.
void Replica::ContinuePrompts(int64_t* budget, StepLoad* load, bool* preempted) {
  int64_t last = -1;  // by order of admission, for those before may give way or be read to the end
  while (*budget > 0) {
    const auto next = std::find_if(readers_.begin(), readers_.end(),
                                   [&](int32_t index) { return Live(index).serial > last; });
    if (next == readers_.end()) return;
    last = Live(*next).serial;
    if (!ContinuePrompt(*next, budget, load, preempted)) return;
  }
}

// ---- decoding ---------------------------------------------------------------------------------------------

void Replica::StartDecoding(int32_t index) {
  Sequence& sequence = Live(index);
  sequence.decoding = true;
  sequence.joined = tick_;
  sequence.joined_total = sequence.total;
  ++decoding_;
  const int64_t left = list_.requests[At(index)].output - sequence.generated;
  int64_t ticks = left;
  if (setup_.max_model_len > 0)
    ticks = std::min(ticks, std::max<int64_t>(1, setup_.max_model_len - sequence.total));
  Schedule(tick_ + ticks, index, EventKind::kFinish, 0);
  sequence.growing = 0;
  for (int i = 0; i < setup_.model.span_count(); ++i) {
    const int64_t span = setup_.model.span(i);
    cached_tokens_[At(i)] += static_cast<double>(std::min(sequence.total, span));
    if (sequence.total >= span) continue;
    sequence.growing = static_cast<uint8_t>(unsigned{sequence.growing} | (1u << i));
    ++growing_[At(i)];
    if (span - sequence.total < ticks) {
      Schedule(tick_ + span - sequence.total, index, EventKind::kSpan, static_cast<uint8_t>(i));
    }
  }
  sequence.windows = 0;
  if (sequence.reserved > 0) return;
  AddCrossing(sequence, setup_.full_groups);
  const int64_t room = sequence.total + setup_.lookahead - 1;
  for (int i = 0; i < setup_.window_groups; ++i) {
    const int64_t most = setup_.windows[At(i)].most_blocks * setup_.block_size;
    if (room >= most) continue;
    sequence.windows |= 1u << i;
    AddCrossing(sequence, 1);
    // Room for `most` tokens is full after the tick that reads token most - lookahead.
    if (most - room < ticks)
      Schedule(tick_ + most - room, index, EventKind::kWindow, static_cast<uint8_t>(i));
  }
}

// At tick t a decoding sequence needs room for n = joined_total + (t - joined) + lookahead tokens; it takes
// new blocks when n - 1 is a multiple of the block size.
void Replica::AddCrossing(const Sequence& sequence, int64_t blocks) {
  const int64_t size = setup_.block_size;
  const int64_t residue =
      ((sequence.joined + 1 - sequence.joined_total - setup_.lookahead) % size + size) % size;
  crossing_cost_[At(residue)] += blocks;
  cycle_cost_ += blocks;
}

void Replica::StopDecoding(int32_t index) {
  Sequence& sequence = Live(index);
  const int64_t total = TotalOf(sequence);
  for (int i = 0; i < setup_.model.span_count(); ++i) {
    cached_tokens_[At(i)] -= static_cast<double>(std::min(total, setup_.model.span(i)));
    if ((unsigned{sequence.growing} >> i) & 1u) --growing_[At(i)];
  }
  if (sequence.reserved == 0) {
    AddCrossing(sequence, -setup_.full_groups);
    for (int i = 0; i < setup_.window_groups; ++i) {
      if ((sequence.windows >> i) & 1u) AddCrossing(sequence, -1);
    }
  }
  sequence.generated += tick_ - sequence.joined;
  sequence.total = total;
  sequence.decoding = false;
  ++sequence.epoch;
  --decoding_;
}

void Replica::Schedule(int64_t tick, int32_t index, EventKind kind, uint8_t which) {
  const Sequence& sequence = Live(index);
  events_.push_back(Event{tick, sequence.serial, index, sequence.epoch, kind, which});
  std::push_heap(events_.begin(), events_.end(), Later());
}

// What is due now that tick_ steps have decoded.
void Replica::HandleEvents() {
  while (!events_.empty()) {
    const Event event = events_.front();
    const bool is_void = IsVoid(event);
    if (!is_void && event.tick > tick_) return;
    std::pop_heap(events_.begin(), events_.end(), Later());
    events_.pop_back();
    if (is_void) continue;
    Sequence& sequence = Live(event.sequence);
    switch (event.kind) {
      case EventKind::kFinish: {
        GiveBack(event.sequence);
        const bool done = sequence.generated >= list_.requests[At(event.sequence)].output;
        End(event.sequence, done ? RequestEnd::kDone : RequestEnd::kTruncated);
        break;
      }
      case EventKind::kSpan:
        sequence.growing = static_cast<uint8_t>(unsigned{sequence.growing} & ~(1u << event.index));
        --growing_[event.index];
        break;
      case EventKind::kWindow:
        sequence.windows &= ~(1u << event.index);
        AddCrossing(sequence, -1);
        break;
    }
  }
}

// The same where those that have answered least give way, of several the longest prompt; the last one alone ends.
bool Replica::RetractForDecoders() {
  while (crossing_cost_[At(tick_ % setup_.block_size)] > pool_.free() && running_ > 0) {
    int32_t victim = first_running_;
    int64_t least = 0;
    for (int32_t index = first_running_; index >= 0; index = Live(index).next) {
      const Sequence& sequence = Live(index);
      const int64_t so_far = sequence.generated + (sequence.decoding ? tick_ - sequence.joined : 0);
      const bool fewer = index == first_running_ || so_far < least;
      const bool longer =
          so_far == least && list_.requests[At(index)].prompt > list_.requests[At(victim)].prompt;
      if (!fewer && !longer) continue;
      victim = index;
      least = so_far;
    }
    Preempt(victim);
    std::rotate(waiting_.begin(), waiting_.begin() + 1, waiting_.end());
  }
  constexpr int64_t kStepsAhead = 20;
  int64_t answered = kStepsAhead * running_, wanted = 1;
  for (int32_t index = first_running_; index >= 0; index = Live(index).next) {
    const Sequence& sequence = Live(index);
    answered += sequence.generated + (sequence.decoding ? tick_ - sequence.joined : 0);
    wanted += list_.requests[At(index)].output;
  }
  share_from_ = std::min(1.0, static_cast<double>(answered) / static_cast<double>(wanted));
  share_steps_ = 0;
  pool_.Take(crossing_cost_[At(tick_ % setup_.block_size)]);
  return true;
}

// The running one that would come last in the queue.
int32_t Replica::LastByPriority() const {
  int32_t last = first_running_;
  for (int32_t index = first_running_; index >= 0; index = Live(index).next) {
    if (IsBefore(last, index)) last = index;
  }
  return last;
}

void Replica::MakeRoomByPriority() {
  while (crossing_cost_[At(tick_ % setup_.block_size)] > pool_.free()) {
    if (!TakesFromLoads()) Preempt(LastByPriority());
  }
  pool_.Take(crossing_cost_[At(tick_ % setup_.block_size)]);
}

// Room for every decoding sequence's next token. True if somebody had to be preempted for it.
bool Replica::AllocateDecoders() {
  const int64_t needed = crossing_cost_[At(tick_ % setup_.block_size)];
  if (needed <= pool_.free()) {
    pool_.Take(needed);
    return false;
  }
  if (setup_.answers.share > 0) return RetractForDecoders();
  const int64_t before = preemptions_;
  if (setup_.by_priority) {
    MakeRoomByPriority();
    return preemptions_ > before;
  }
  // In order, as the scheduler goes through its list: the first ones get what is left.
  int32_t index = first_running_;
  while (index >= 0) {
    const Sequence& sequence = Live(index);
    if (sequence.decoding && sequence.reserved == 0) {
      const int64_t room = AllocatedTokens(sequence);
      // Inside a block the next token has its place already: of a thrashing run's steps that is most of the work.
      if (room > 0 && room % setup_.block_size != 0) {
        index = sequence.next;
        continue;
      }
      const int64_t blocks = Held(room + 1) - Held(room);
      while (blocks > pool_.free()) {
        if (TakesFromLoads()) continue;
        const int32_t victim = last_running_;
        Preempt(victim);
        if (victim == index) return true;
      }
      pool_.Take(blocks);
    }
    index = sequence.next;
  }
  return preemptions_ > before;
}

// ---- ends -------------------------------------------------------------------------------------------------

// Gives the blocks of a sequence with room for `room` tokens back, of which `read` have their keys and values.
void Replica::ReturnBlocks(int32_t index, int64_t room, int64_t read) {
  Sequence& sequence = Live(index);
  const Request& request = list_.requests[At(index)];
  const int64_t whole = setup_.prefix_caching ? read / setup_.block_size : 0;
  const int64_t shared = sequence.holds_shared ? SharedUnits(request) : 0;
  // Preempted while it was the first to read the system prompt, a sequence has only a part of it.
  const int64_t present = std::min(shared, CeilDiv(room, setup_.block_size));
  const int64_t own = std::max<int64_t>(0, whole - shared);
  pool_.Return(request.session, own, Held(room) - (own + present) * setup_.full_groups);
  if (sequence.holds_shared && --HoldersOf(request) == 0) {
    const int64_t kept = std::min(whole, shared);
    pool_.Return(SharedStream(request), kept, (present - kept) * setup_.full_groups);
  }
  sequence.holds_shared = false;
  sequence.reserved = 0;
  full_ = blocked_ = false;
}

// Takes the sequence off the list of running ones and gives its blocks back; the tokens whose keys and values
// they held.
int64_t Replica::GiveBack(int32_t index) {
  Sequence& sequence = Live(index);
  const int64_t room = AllocatedTokens(sequence);
  const int64_t read = sequence.decoding ? TotalOf(sequence) - 1 : sequence.computed;
  if (sequence.decoding) StopDecoding(index);
  (sequence.previous >= 0 ? Live(sequence.previous).next : first_running_) = sequence.next;
  (sequence.next >= 0 ? Live(sequence.next).previous : last_running_) = sequence.previous;
  --running_;
  readers_.erase(std::remove(readers_.begin(), readers_.end(), index), readers_.end());
  ReturnBlocks(index, room, read);
  if (HasHost()) Store(index, read);
  if (setup_.slots.on) slot_memory_.End(LoadsOf(index).slot, PromptOf(index), read);
  return read;
}

void Replica::Preempt(int32_t index) {
  RequestRecord& record = records_[At(index)];
  const int64_t read = GiveBack(index);
  record.computed_again += read;
  ++record.preemptions;
  ++preemptions_;
  Live(index).computed = 0;
  if (HasHost()) LoadsOf(index).given_up = read;
  if (setup_.by_priority) {
    Wait(index);
  } else {
    waiting_.push_front(index);
  }
}

void Replica::End(int32_t index, RequestEnd how) {
  RequestRecord& record = records_[At(index)];
  record.finish = Delivered();
  record.output = Live(index).generated;
  record.end = how;
  const bool answered = how == RequestEnd::kDone || how == RequestEnd::kTruncated;
  if (HasLoads() && answered) found_in_ram_ += LoadsOf(index).found_in_ram;
  ++finished_;
  const Request& request = list_.requests[At(index)];
  spare_slots_.push_back(slots_[At(index)]);
  slots_[At(index)] = -1;
  const int32_t follower = followers_.empty() ? -1 : followers_[At(index)];
  if (follower >= 0) {
    Arrive(follower, record.finish + list_.requests[At(follower)].delay);
  } else if (list_.initially_released > 0) {
    Release(record.finish + request.delay);
  }
}

// The first token of the prompts that this step read to the end.
void Replica::CompletePrompts() {
  for (const int32_t index : completed_prompts_) {
    Sequence& sequence = Live(index);
    RequestRecord& record = records_[At(index)];
    if (sequence.generated == 0) record.first_token = Delivered();
    ++sequence.generated;
    ++sequence.total;
    ++output_tokens_;
    const bool done = sequence.generated >= list_.requests[At(index)].output;
    const bool full = setup_.max_model_len > 0 && sequence.total >= setup_.max_model_len;
    if (HasHost()) {
      Store(index, sequence.computed);
      blocked_ = false;  // what waits may find more, or less
    }
    if (done || full) {
      GiveBack(index);
      End(index, done ? RequestEnd::kDone : RequestEnd::kTruncated);
    } else {
      StartDecoding(index);
    }
  }
  completed_prompts_.clear();
}

// ---- time -------------------------------------------------------------------------------------------------

// Of a step's decoding, how much of its time each token that is accepted takes.
double Replica::ForOneToken() const { return 1 / std::max(1.0, setup_.model.tokens_per_step()); }

// Seconds of a step in which all running sequences decode, as StepModel::Time has it; *growth: how much longer each next one
// takes.
double Replica::DecodeTime(double* growth) const {
  if (base_times_.size() <= At(decoding_)) base_times_.resize(At(decoding_) + 1, -1);
  double& base = base_times_[At(decoding_)];
  if (base < 0) {
    StepLoad load;
    load.decode_sequences = decoding_;
    base = setup_.model.Time(load).value();
  }
  double time = base;
  *growth = 0;
  for (int i = 0; i < setup_.model.span_count(); ++i) {
    const double rate = setup_.model.PerCachedToken(i).value();
    time += rate * cached_tokens_[At(i)];
    *growth += rate * static_cast<double>(growing_[At(i)]);
  }
  return time;
}

// Books `ticks` decode steps, the first of which took `first` seconds and the last `last`.
void Replica::PassTicks(int64_t ticks, double first, double last) {
  if (pause_ > 0) {
    inter_token_.AddRun(first + pause_, first + pause_, 1, decoding_);
    const double growth = ticks > 1 ? (last - first) / static_cast<double>(ticks - 1) : 0;
    if (ticks > 1) inter_token_.AddRun(first + growth, last, ticks - 1, decoding_);
    pause_ = 0;
  } else {
    inter_token_.AddRun(first, last, ticks, decoding_);
  }
  share_steps_ += ticks;
  tick_ += ticks;
  output_tokens_ += decoding_ * ticks;
  for (int i = 0; i < setup_.model.span_count(); ++i) {
    cached_tokens_[At(i)] += static_cast<double>(growing_[At(i)] * ticks);
  }
}

// True if it preempted somebody, or somebody was before.
bool Replica::ReadPrompts(int64_t budget, StepLoad* load, bool preempted) {
  chunks_.clear();
  ContinuePrompts(&budget, load, &preempted);
  blocked_ = false;
  const bool full = full_ && setup_.answers.share > 0;
  if (full) blocked_ = !waiting_.empty() && readers_.empty();
  const bool may_admit = readers_.empty() || budget > 0;
  if (!full && !preempted && may_admit && !IsHeldBack()) Admit(budget, load);
  return preempted;
}

// A step that loads each layer while it computes the one before: the longer of both, and a layer of the other. What the
// pool forgot for it goes the other way over the link meanwhile, what it read of prompts does when it is done.
double Replica::WithCopies(double duration, int64_t prompt_tokens, int64_t forgotten) {
  const HostTier& tier = setup_.host;
  if (tier.moves) step_load_ = std::max(step_load_, static_cast<double>(forgotten) * tier.load);
  const double written =
      static_cast<double>(prompt_tokens) / static_cast<double>(setup_.block_size) * tier.write;
  if (!(step_load_ > 0)) return duration + written;
  const double layers = static_cast<double>(std::max<int64_t>(1, tier.layers));
  const double both = std::max(duration, step_load_) + std::min(duration, step_load_) / layers;
  step_load_ = 0;
  return both + written;
}

void Replica::Step() {
  const int64_t preempted_before = preemptions_, forgotten_before = pool_.forgotten();
  PullArrivals();
  StepLoad load;
  bool decodes = true;
  if (setup_.prompts_alone) {
    ReadPrompts(setup_.max_num_batched_tokens, &load, false);
    decodes = load.prefill_tokens == 0;
    if (decodes && decoding_ > 0) AllocateDecoders();
  } else {
    const bool preempted = decoding_ > 0 && AllocateDecoders();
    ReadPrompts(setup_.max_num_batched_tokens - decoding_ * (1 + setup_.lookahead), &load, preempted);
  }
  if (decoding_ == 0 && load.prefill_tokens == 0) {
    // All that ran was preempted: the next step takes it in again, or ends it.
    if (UnblockLoaded()) return;
    if (preemptions_ == preempted_before || !HasNext()) WaitForArrival();
    return;
  }
  double growth = 0;
  const double whole_decode_time = decoding_ > 0 ? DecodeTime(&growth) : 0;
  const double decode_time = whole_decode_time * ForOneToken();
  double duration = decode_time;
  const auto with_copies = [&](double computing) {
    return WithCopies(computing, load.prefill_tokens, pool_.forgotten() - forgotten_before);
  };
  if (!decodes) {
    duration = with_copies(setup_.model.Time(load).value());
    if (decoding_ > 0) pause_ += duration;
  } else if (load.prefill_tokens > 0) {
    load.decode_sequences = decoding_;
    load.decode_kv_tokens = cached_tokens_;
    // Speculation shortens the decoding share of a step, not the prompts in it.
    duration = with_copies(setup_.model.Time(load).value() - whole_decode_time + decode_time);
  }
  Account(duration);
  last_start_ = now_;
  now_ += duration;
  delivery_ = setup_.delivery * decode_time;
  since_look_ = load.prefill_tokens > 0 ? setup_.poll : since_look_ + 1;
  ++steps_;
  if (decodes && decoding_ > 0) PassTicks(1, duration, duration);
  HandleEvents();
  CompletePrompts();
  Sample();
}

// Nothing runs and nothing can: the clock goes to the next arrival, or all is done.
void Replica::WaitForArrival() {
  share_from_ = setup_.answers.share;
  share_steps_ = 0;
  const double next = std::min(NextArrival(), NextLoaded());
  if (next == kNever) {
    done_ = !HasNext();
    return;
  }
  Account(std::max(0.0, next - now_));
  now_ = std::max(now_, next);
}

double Replica::NextArrival() {
  const int32_t timed = NextTimed();
  if (timed < 0 && arrivals_.empty()) return kNever;
  if (IsTimedNext(timed)) return Received(timed, list_.requests[At(timed)].arrival);
  return Received(arrivals_.front().second, arrivals_.front().first);
}

// How many of the next `most` decode steps find blocks; *blocks: how many they take.
int64_t Replica::TicksUntilPoolIsShort(int64_t most, int64_t* blocks) const {
  *blocks = 0;
  if (cycle_cost_ == 0) return most;
  const int64_t cycles = std::min(pool_.free() / cycle_cost_, most / setup_.block_size);
  int64_t ticks = cycles * setup_.block_size;
  int64_t left = pool_.free() - cycles * cycle_cost_;
  for (int64_t in_block = tick_ % setup_.block_size; ticks < most; ++ticks) {
    const int64_t cost = crossing_cost_[At(in_block)];
    if (cost > left) break;
    left -= cost;
    if (++in_block == setup_.block_size) in_block = 0;
  }
  *blocks = pool_.free() - left;
  return ticks;
}

// The looks for requests before `ticks` decode steps, the i-th of which begins `elapsed(i)` from now: the last one
// counts, for nothing that came could be admitted before.
template <typename Elapsed>
void Replica::PassLooks(int64_t ticks, const Elapsed& elapsed) {
  const int64_t first = std::max<int64_t>(0, setup_.poll - since_look_);  // the step before which one is due
  const double before = last_start_;
  const auto start = [&](int64_t i) { return i < 0 ? before : now_ + elapsed(i); };
  last_start_ = start(ticks - 1);
  if (first >= ticks) {
    since_look_ += ticks;
    return;
  }
  const int64_t last = first + (ticks - 1 - first) / setup_.poll * setup_.poll;
  look_ = start(setup_.ahead ? last - 1 : last);
  since_look_ = ticks - last;
}

// Decode steps up to the next event at once; false if there are none to skip.
bool Replica::SkipAhead() {
  if (decoding_ == 0 || decoding_ != running_ || (HasNext() && !blocked_)) return false;
  if (setup_.hold > 0 && !waiting_.empty()) return false;  // each step counts how long it is held back
  while (!events_.empty() && IsVoid(events_.front())) {
    std::pop_heap(events_.begin(), events_.end(), Later());
    events_.pop_back();
  }
  if (events_.empty()) return false;
  double growth = 0;
  const double first = DecodeTime(&growth) * ForOneToken();
  growth *= ForOneToken();
  int64_t ticks = events_.front().tick - tick_;
  const auto elapsed = [&](int64_t n) {
    const double count = static_cast<double>(n);
    return first * count + growth * (count * (count - 1) / 2);
  };
  // An arrival matters only if it could be admitted, or begins to be held back; the step after it sees it.
  // By priority it may go first, and what has been loaded does.
  if (running_ < setup_.max_num_seqs || setup_.hold > 0) {
    const double next = std::min(!HasNext() || setup_.by_priority ? NextArrival() : kNever, NextLoaded());
    if (next <= now_) return false;
    if (next != kNever && now_ + elapsed(ticks) >= next) {
      int64_t low = 1, high = ticks;
      while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (now_ + elapsed(middle) >= next) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      ticks = low;
    }
  }
  int64_t blocks = 0;
  ticks = TicksUntilPoolIsShort(ticks, &blocks);
  if (ticks < 1) return false;
  pool_.Take(blocks);
  const double duration = elapsed(ticks);
  Account(duration);
  PassLooks(ticks, elapsed);
  now_ += duration;
  const double last = first + growth * static_cast<double>(ticks - 1);
  delivery_ = setup_.delivery * last;
  steps_ += ticks;
  PassTicks(ticks, first, last);
  HandleEvents();
  Sample();
  return true;
}

bool Replica::Advance(int64_t events) {
  for (int64_t i = 0; i < events && !done_; ++i) {
    if (!SkipAhead()) Step();
    if (finished_ == static_cast<int64_t>(records_.size())) done_ = true;
  }
  return done_;
}

// ---- what is shown ----------------------------------------------------------------------------------------

void Replica::Account(double duration) {
  const double usage =
      pool_.total() > 0 ? static_cast<double>(pool_.used()) / static_cast<double>(pool_.total()) : 0;
  running_time_ += static_cast<double>(running_) * duration;
  waiting_time_ += static_cast<double>(QueueLength()) * duration;
  usage_time_ += usage * duration;
  peak_usage_ = std::max(peak_usage_, usage);
}

void Replica::Sample() {
  if (sample_count_++ % sample_stride_ != 0) return;
  if (samples_.size() >= kMostSamples) {
    for (size_t i = 0; i < samples_.size() / 2; ++i) samples_[i] = samples_[2 * i];
    samples_.resize(samples_.size() / 2);
    sample_stride_ *= 2;
  }
  samples_.push_back(
      TimelineSample{now_, running_, QueueLength(), pool_.used(), preemptions_, output_tokens_});
}

ReplicaTotals Replica::totals() const {
  ReplicaTotals totals;
  totals.now = now_;
  totals.steps = steps_;
  totals.preemptions = preemptions_;
  totals.output_tokens = output_tokens_;
  totals.found_in_ram = found_in_ram_;
  totals.loaded_tokens = loaded_tokens_;
  totals.copying = copying_;
  totals.running_time = running_time_;
  totals.waiting_time = waiting_time_;
  totals.usage_time = usage_time_;
  totals.peak_usage = peak_usage_;
  totals.peak_running = peak_running_;
  totals.peak_waiting = peak_waiting_;
  return totals;
}

}  // namespace plimsoll
