// What a scheduler runs with: the time of a step, the pool and its groups, and the limits. An engine fills it
// in (Engine::SetUpServer).
#ifndef PLIMSOLL_CORE_SCHEDULE_SCHEDULER_SETUP_H_
#define PLIMSOLL_CORE_SCHEDULE_SCHEDULER_SETUP_H_

#include <array>
#include <cstdint>
#include <string>

#include "core/base/units.h"
#include "core/config/workload.h"
#include "core/schedule/metrics.h"
#include "core/speed/step_model.h"

namespace plimsoll {

// A KV cache group of layers that keep a window only: at most `most_blocks` blocks of a sequence.
struct WindowGroup {
  int64_t most_blocks = 0;
};
constexpr int kMaxWindowGroups = 16;

// RAM behind the pool (see host_cache.h), and how what lies there comes back.
struct HostTier {
  int64_t units = 0;  // blocks of tokens, in all full groups, that have room; 0: there is no such tier
  double load = 0;    // seconds from RAM to the cards, of one of them
  // A request waits for its load while others run (vLLM); otherwise the step that reads the rest of its prompt loads
  // each layer ahead of computing it (SGLang).
  bool waits = false;
  int64_t layers = 1;  // by which such a step loads and computes
  int64_t least = 0;   // tokens below which a load is not worth it
  // How blocks get there: beside the steps as soon as they are whole, and nobody waits, unless ...
  int64_t chunk = 1;          // so many are written and found together (LMCache)
  bool prompts_only = false;  // answers are not written (LMCache)
  double write = 0;           // the step that reads a prompt waits: seconds of one of its blocks (LMCache)
  bool moves = false;  // they go when the pool forgets them, and the step waits as for loads (TensorRT-LLM)
};

// llama-server's slots: each remembers the last prompt that it computed, and its answer (see slot_memory.h).
struct SlotRules {
  bool on = false;
  // A request goes to the idle slot that shares more than this of it, the most first, else to the one that has been idle
  // for longest.
  double similarity = 0.1;
  // Idle slots hold cells of one pool, and are emptied where it has no room otherwise.
  bool one_pool = false;
  // Tokens before a prompt's end where windows and recurrent states are kept to go back to; nothing between is. 0: any
  // token can be gone back to.
  int64_t checkpoint = 0;
  // Prompts in RAM: what a slot is about to lose is copied there, and what shares more with a request is copied back. Who
  // was copied first makes room.
  bool ram = false;
  Bytes limit;                // of all of them; 0: none
  int64_t limit_tokens = 0;   // of all of them, where there is no limit of bytes
  bool ram_for_idle = false;  // idle slots are copied whenever a request starts, and, of one pool, emptied
  Bytes token, window_token, sequence;  // of each token, of each of the last `window` ones, of each prompt
  int64_t window = 0;
  double seconds_per_byte = 0;  // of a copy, for which all wait
};
// What a prompt takes in RAM, with so many states that one can go back to.
Bytes PromptBytes(const SlotRules& rules, int64_t tokens, int64_t checkpoints);

struct SchedulerSetup {
  StepModel model;
  int64_t replicas = 1;     // data parallel: each has what stands below for itself
  int64_t blocks = 0;       // usable ones
  int64_t block_size = 16;  // tokens
  int64_t full_groups = 1;  // groups whose layers keep every token; each takes a block per block_size tokens
  std::array<WindowGroup, kMaxWindowGroups> windows{};
  int window_groups = 0;
  int64_t state_blocks = 0;  // per sequence, whatever its length (recurrent states)
  int64_t max_num_seqs = 256;
  int64_t max_num_batched_tokens = 2048;
  int64_t max_model_len = 0;
  bool chunked_prefill = true;
  bool prefix_caching = true;
  HostTier host;
  SlotRules slots;  // with reserve_output, chunked_prefill and a block_size of 1, without prefix_caching
  bool reserve_prompt = true;   // the whole sequence must find room before it is admitted
  bool reserve_output = false;  // llama-server: a slot is sized for prompt and answer
  int64_t lookahead = 0;        // speculative tokens
  int64_t most_of_prompt = 0;   // tokens of one prompt that a step reads; 0: as many as its budget leaves
  bool prompts_alone = false;   // a step reads prompts or decodes, never both; prompts go first
  // Admission leaves room for a share of what running sequences may still answer; a step of decoding lowers it. A
  // pool that runs out anyway raises it, and the sequences that have answered least give way, to the end of the queue.
  struct Answers {
    double share = 0;  // at the start and after a pause; 0: no room is left
    double least = 0, fall = 0;
    int64_t most = 0;  // tokens of one answer that count
  };
  Answers answers;
  // How requests come in. One event loop parses, checks and tokenizes them, one after the other: of those that come at
  // once the last waits for all (StepModel::request_overhead); otherwise each has a thread of its own.
  bool received_in_turn = false;
  // How the engine looks for what has arrived, and how its answers leave it.
  bool ahead = false;   // the step after the running one is scheduled already: arrivals join the next but one
  double delivery = 0;  // decode steps from the end of a step until its tokens have left the engine
  bool polls = false, holds = false;  // it has options for the next two
  int64_t poll = 1;                   // arrivals are looked for after so many decode steps, or after a prompt
  int64_t hold = 0;         // steps that the first of the waiting is held back for others to join it, ...
  int64_t hold_tokens = 0;  // ... unless so many prompt tokens wait
  bool by_priority =
      false;  // vLLM's --scheduling-policy priority: of those that wait, and of those that give way
  void TakeModel(const StepModel& step_model) {
    model = step_model;
    ahead = model.scheduled_ahead();
    delivery = model.delivery_steps();
  }
  const MetricNames* metrics = nullptr;  // the engine's names for what is to be watched; nullptr: none
};

// What a workload says of the server's admission. A sentence that names what the engine has no option for; empty: nothing.
std::string TakeAdmission(const Workload& workload, SchedulerSetup* setup);

// Blocks that a sequence with room for `tokens` takes, in all groups.
int64_t BlocksOf(const SchedulerSetup& setup, int64_t tokens);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_SCHEDULER_SETUP_H_
