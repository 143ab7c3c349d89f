// One scheduler with its pool and its queue: continuous batching as vLLM V1 does it, and llama-server's fixed slots.
// Which request runs in which step, what the KV cache holds, and how long everybody waits.
//
// Semantics of a step (vllm/v1/core/sched/scheduler.py):
//   1. Running sequences in order of admission: each that decodes needs one more token (and `lookahead` slots
//   for
//      speculation); the last admitted may still be reading its prompt and gets what the token budget leaves.
//      When the pool has no block for one, the last admitted sequence is preempted: it gives back all blocks,
//      goes to the front of the queue and will compute its tokens again. With `most_of_prompt` (vLLM's
//      --long-prefill-token-threshold) no prompt gets more than that in a step, so that several are read at once.
//   2. If nobody was preempted, waiting requests are admitted in order while there are slots, budget and
//   blocks; the
//      head of the queue blocks those behind it. With `reserve_prompt` its whole sequence must find room.
//   Which requests a step sees: those that have been received (one after the other with `received_in_turn`); with
//   `ahead` (vLLM's and SGLang's overlapped schedulers) those that were there when the
//   step before it began, for it was scheduled then; with `poll` (SGLang's --scheduler-recv-interval) those of the last
//   look; with `hold` (TensorRT-LLM's batch_wait_timeout_iters) none until enough of them wait, or one waits long.
//   With `prompts_alone` (SGLang without mixed chunks) a step that reads prompts lets the others pause. With `answers`
//   (its new_token_ratio) a request is admitted only if what the running ones may still answer has room by a share, and
//   once one was not, nobody is until something ends.
//   3. The step takes StepModel's time. Then every decoding sequence has one token more, and prompts that
//   were read to
//      the end have their first.
// Prefix caching finds the leading whole blocks of a session's earlier turns and of the beginning that requests share (the
// system prompt, or a whole prompt that is sent again), but never the last token of a prompt.
// With `by_priority` (vLLM's --scheduling-policy priority) the queue goes by priority and then by arrival, preempted ones
// included, and those that would come last in it give way, before any block of the step is handed out.
//
// With a tier in RAM (HostTier, host_cache.h) the whole blocks of a prompt are written there when it has been read, and all
// of a sequence's when it ends or gives way; writing delays nobody. A beginning that is found there, after what the pool
// still has of it, is loaded instead of computed, over a link that carries one load after the other. Where requests wait
// for it (vllm/v1/core/sched/scheduler.py, WAITING_FOR_REMOTE_KVS) they hold the blocks that it fills, others run
// meanwhile, and what has arrived is seen as arrivals are and goes before the queue; a request whose beginning another one
// loads waits with it. A running sequence that is left alone takes the blocks of those that are not admitted yet.
// HostTier says which engines write otherwise: in chunks, prompts alone, with the step waiting.
//
// With slots (SlotRules, slot_memory.h: llama-server) nothing is found in the pool; each admitted request is given a slot,
// with what that slot, or RAM, remembers of it, and its first step waits for what is copied. Cells of idle slots are
// wanted back when a request is admitted, not, as by the server, when a step finds none: what they hold is lost a little
// early.
//
// Three simplifications. Two are on the safe side: a window's layers keep one block more than they need at some
// lengths, and what a window or a recurrent state held is not found again by a later turn. And of several prompts
// that are read at once none keeps a sequence that decodes from its token, however early it was admitted.
//
// Between events (arrival, end, preemption, a sequence that outgrows a window, a pool that runs out) steps
// are alike but for the cached tokens they read, of which StepModel is an affine function; a run of them is
// summed in closed form. tests/core/schedule/scheduler_twin.h is the same without that.
#ifndef PLIMSOLL_CORE_SCHEDULE_REPLICA_H_
#define PLIMSOLL_CORE_SCHEDULE_REPLICA_H_

#include <array>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "core/config/workload.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/block_pool.h"
#include "core/schedule/host_cache.h"
#include "core/schedule/percentiles.h"
#include "core/schedule/scheduler_setup.h"
#include "core/schedule/slot_memory.h"

namespace plimsoll {

enum class RequestEnd : uint8_t { kPending, kDone, kTruncated, kPromptTooLong, kOutgrewPool };

struct RequestRecord {
  double arrival = 0, received = 0, scheduled = 0, first_token = 0, finish = 0;
  int64_t prompt = 0, output = 0;  // output: tokens produced
  int64_t cached = 0;          // prompt tokens that were found in the cache, or in RAM, at first admission
  int64_t computed_again = 0;  // tokens computed a second time after preemptions
  int32_t preemptions = 0;
  int32_t session = 0, turn = 0;
  RequestEnd end = RequestEnd::kPending;
};

// The state between two steps.
struct TimelineSample {
  double time = 0;
  int64_t running = 0, waiting = 0, used_blocks = 0;
  int64_t preemptions = 0;    // so far
  int64_t output_tokens = 0;  // so far
};

// What has been counted so far.
struct ReplicaTotals {
  double now = 0;
  int64_t steps = 0, preemptions = 0, output_tokens = 0;
  int64_t found_in_ram = 0;                                   // of the prompt tokens that were found
  int64_t loaded_tokens = 0;                                  // from RAM, after preemptions too
  double running_time = 0, waiting_time = 0, usage_time = 0;  // sums of each over the seconds it stood
  double peak_usage = 0;
  double copying = 0;  // seconds for which all waited while prompts went between slots and RAM
  int64_t peak_running = 0, peak_waiting = 0;
};

class Replica {
 public:
  Replica(SchedulerSetup setup, RequestList requests);

  // Goes on for at most `events` steps or runs of steps; true when everything has ended.
  bool Advance(int64_t events);
  bool done() const { return done_; }
  double now() const { return now_; }
  int64_t finished() const { return finished_; }

  const std::vector<RequestRecord>& records() const { return records_; }
  // At most 4096, evenly thinned.
  const std::vector<TimelineSample>& samples() const { return samples_; }
  const DurationHistogram& inter_token() const { return inter_token_; }
  ReplicaTotals totals() const;
  const SchedulerSetup& setup() const { return setup_; }

 private:
  struct Sequence {
    int64_t total = 0;     // prompt and what was generated so far; while decoding as of `joined`
    int64_t computed = 0;  // of which keys and values are in the cache, until it decodes
    int64_t generated = 0;
    int64_t reserved = 0;  // tokens that a slot is sized for; 0: blocks come as they are needed
    int64_t joined = 0;    // tick at which decoding began
    int64_t joined_total = 0;
    int64_t serial = 0;                // order of admission
    int32_t previous = -1, next = -1;  // in the list of running ones
    int32_t epoch = 0;                 // events of an earlier run are void
    uint32_t windows = 0;              // window groups that it still takes blocks in, as bits
    uint8_t growing = 0;               // spans that it still grows in, as bits
    bool decoding = false;
    bool holds_shared = false;
    bool holds_loaded = false;     // it waits with the blocks that are, or will be, loaded for it
    bool loads_beginning = false;  // others wait for what is being loaded
  };
  // What a sequence has to do with RAM or slots; only where there are such, for there may be a million of them.
  struct Loads {
    int32_t slot = -1;
    int64_t from_ram = 0;      // tokens that were, or are being, loaded for its next admission
    int64_t found_in_ram = 0;  // the same at its first
    int64_t given_up = 0;      // tokens whose keys and values it lost when it gave way
  };
  // What need not be computed of a sequence, in leading units: first of its beginning, then its own, then what RAM has; or
  // what a slot has.
  struct Found {
    int64_t shared = 0, own = 0, loaded = 0;
    int64_t in_slot = 0;
    bool loads_beginning = false;  // a part of it is the beginning's
    int64_t units() const { return shared + own + loaded + in_slot; }
  };
  struct Chunk {
    int32_t index = -1;
    int64_t from = 0, count = 0;
  };
  enum class EventKind : uint8_t { kFinish, kSpan, kWindow };
  struct Event {
    int64_t tick, serial;
    int32_t sequence, epoch;
    EventKind kind;
    uint8_t index;
  };
  // Events of one tick come in the order of the list of running ones.
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.tick != b.tick ? a.tick > b.tick : a.serial > b.serial;
    }
  };

  Sequence& Live(int32_t index) {
    return sequences_[static_cast<size_t>(slots_[static_cast<size_t>(index)])];
  }
  const Sequence& Live(int32_t index) const {
    return sequences_[static_cast<size_t>(slots_[static_cast<size_t>(index)])];
  }
  Loads& LoadsOf(int32_t index) { return loads_[static_cast<size_t>(slots_[static_cast<size_t>(index)])]; }
  void TakeSlot(int32_t index);
  bool IsVoid(const Event& event) const;
  // Sizes.
  int64_t Held(int64_t tokens) const;  // blocks of a sequence with room for so many tokens
  int64_t TotalOf(const Sequence& sequence) const;
  int64_t AllocatedTokens(const Sequence& sequence) const;
  int64_t BeginningUnits(const Request& request) const;
  int64_t SharedUnits(const Request& request) const;
  int64_t& HoldersOf(const Request& request) {
    return shared_holders_[static_cast<size_t>(request.beginning)];
  }
  bool IsShared(const Request& request) const {
    return shared_holders_[static_cast<size_t>(request.beginning)] > 0;
  }
  int32_t SharedStream(const Request& request) const { return first_shared_stream_ + request.beginning; }
  int64_t TokensToReserve(int32_t index) const;
  int64_t InUse(int32_t index, const Found& found) const;
  Found Find(int32_t index) const;
  // Arrivals.
  void Arrive(int32_t index, double at);
  void Release(double at);
  int32_t NextTimed();
  bool IsTimedNext(int32_t timed) const;
  double NextArrival();
  double Received(int32_t index, double at) const;
  void Look();
  void PullArrivals();
  bool IsHeldBack();
  void WaitForArrival();
  // The queue: what was loaded goes before what waits.
  bool HasNext() const { return !loaded_.empty() || !waiting_.empty(); }
  int32_t Next() const { return loaded_.empty() ? waiting_.front() : loaded_.front(); }
  void PopNext() { (loaded_.empty() ? waiting_ : loaded_).pop_front(); }
  int64_t QueueLength() const;
  // Loads.
  bool HasHost() const { return host_.total() > 0; }
  bool HasLoads() const { return HasHost() || setup_.slots.on; }
  double LoadTime(const Found& found) const;
  void NoteLoad(int32_t index, const Found& found);
  bool WaitsWithAnother(int32_t index);
  bool StartLoad(int32_t index, const Found& found);
  void TakeLoaded();
  double NextLoaded() const;
  void GiveUpLoad(int32_t index, bool arrived);
  bool GiveUpLastLoad();
  bool TakesFromLoads();
  bool UnblockLoaded();
  void Store(int32_t index, int64_t read);
  // Slots.
  SlotMemory::Prompt PromptOf(int32_t index) const;
  Found StartInSlot(int32_t index);
  // Prompts.
  bool Refuse(int32_t index);
  void TakeFirstBlocks(int32_t index, const Found& found, int64_t allocated);
  void Enqueue(int32_t index);
  bool IsBefore(int32_t one, int32_t other) const;
  void Wait(int32_t index);
  int32_t LastByPriority() const;
  void Admit(int64_t budget, StepLoad* load);
  bool FindRoomFor(int32_t reader, int64_t blocks, int64_t* budget, StepLoad* load);
  bool ContinuePrompt(int32_t index, int64_t* budget, StepLoad* load, bool* preempted);
  void ContinuePrompts(int64_t* budget, StepLoad* load, bool* preempted);
  int64_t ChunkOf(int64_t rest, int64_t budget) const;
  bool ReadPrompts(int64_t budget, StepLoad* load, bool preempted);
  void AddChunk(int32_t index, int64_t from, int64_t count, StepLoad* load);
  void TakeBackChunk(int32_t index, int64_t* budget, StepLoad* load);
  void CompletePrompts();
  // Decoding.
  void StartDecoding(int32_t index);
  void StopDecoding(int32_t index);
  void AddCrossing(const Sequence& sequence, int64_t blocks);
  bool AllocateDecoders();
  bool RetractForDecoders();
  void MakeRoomByPriority();
  int64_t Promised() const;
  double Share() const;
  void Schedule(int64_t tick, int32_t index, EventKind kind, uint8_t which);
  void HandleEvents();
  // Ends.
  void ReturnBlocks(int32_t index, int64_t room, int64_t read);
  int64_t GiveBack(int32_t index);
  void Preempt(int32_t index);
  void End(int32_t index, RequestEnd how);
  // Time.
  double ForOneToken() const;
  double DecodeTime(double* growth) const;
  double WithCopies(double duration, int64_t prompt_tokens, int64_t forgotten);
  void PassTicks(int64_t ticks, double first, double last);
  void Step();
  template <typename Elapsed>
  void PassLooks(int64_t ticks, const Elapsed& elapsed);
  bool SkipAhead();
  int64_t TicksUntilPoolIsShort(int64_t most, int64_t* blocks) const;
  void Account(double duration);
  double Delivered() const { return now_ + delivery_; }
  void Sample();

  SchedulerSetup setup_;
  RequestList list_;
  std::vector<RequestRecord> records_;
  std::vector<Sequence> sequences_;   // of requests between arrival and end
  std::vector<Loads> loads_;          // of the same, with a tier in RAM
  std::vector<int32_t> slots_;        // by request: its place in there; -1: it has none
  std::vector<int32_t> spare_slots_;  // places that are free
  BlockPool pool_;
  HostCache host_;
  SlotMemory slot_memory_;
  std::vector<Event> events_;  // a heap
  std::deque<int32_t> waiting_;
  std::deque<int32_t> loaded_;                       // what they waited for has arrived
  std::vector<std::pair<double, int32_t>> loading_;  // when that will be
  std::vector<double> arriving_;  // by beginning: when it will have been loaded; 0: nobody loads it
  double link_free_ = 0;          // when the last load will have ended
  double step_load_ = 0;          // what this step loads layer by layer
  std::vector<std::pair<double, int32_t>> arrivals_;  // a heap: earliest first
  std::vector<int32_t> followers_;                    // by request: the one that comes after it; -1: none
  int64_t next_timed_ = 0;  // next request of the list that has an arrival of its own
  int64_t next_released_ = 0;

  int32_t first_running_ = -1, last_running_ = -1;
  std::vector<int32_t>
      readers_;  // sequences whose prompts are read over several steps, in order of admission
  std::vector<int32_t> completed_prompts_;
  std::vector<Chunk> chunks_;  // of prompts, in this step
  int64_t running_ = 0, decoding_ = 0;
  double last_start_ = 0;               // of the last step
  double look_ = 0;                     // what has come until then has been seen
  double receiving_until_ = 0;          // the last request that was received
  int64_t since_look_ = 0;              // decode steps since arrivals were looked for
  int64_t held_ = 0;                    // steps that the head of the queue has been held back
  double share_from_ = 0;               // SchedulerSetup::Answers: the share at first, ...
  int64_t share_steps_ = 0;             // ... and steps of decoding since then
  double pause_ = 0;                    // since the last token of those that decode, for prompts
  double delivery_ = 0;                 // from now until the last step's tokens have left the engine
  int64_t tick_ = 0;                    // steps in which sequences decoded
  std::vector<int64_t> crossing_cost_;  // by tick modulo block size: blocks that decoding sequences need
  int64_t cycle_cost_ = 0;              // sum of the above
  int64_t next_serial_ = 0;
  std::array<double, kMaxSpans> cached_tokens_{};
  std::array<int64_t, kMaxSpans> growing_{};
  std::vector<int64_t> shared_holders_;  // by beginning: running sequences that use its blocks
  int32_t first_shared_stream_ = 0;
  bool full_ = false;     // with answers: nobody is admitted until something ends or gives way
  bool blocked_ = false;  // the head of the queue cannot be admitted until something ends

  double now_ = 0;
  bool done_ = false;
  int64_t finished_ = 0, steps_ = 0, preemptions_ = 0, output_tokens_ = 0;
  int64_t found_in_ram_ = 0, loaded_tokens_ = 0;
  double copying_ = 0;
  mutable std::vector<double>
      base_times_;  // memo: by decoding sequences, a step's time without cached tokens; -1: unknown
  DurationHistogram inter_token_;
  std::vector<TimelineSample> samples_;
  int64_t sample_stride_ = 1, sample_count_ = 0;
  double running_time_ = 0, waiting_time_ = 0, usage_time_ = 0, peak_usage_ = 0;
  int64_t peak_running_ = 0, peak_waiting_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_REPLICA_H_
