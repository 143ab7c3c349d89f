// What a scheduler runs with: the time of a step, the pool and its groups, and the limits. An engine fills it
// in (Engine::SetUpServer).
#ifndef PLIMSOLL_CORE_SCHEDULE_SCHEDULER_SETUP_H_
#define PLIMSOLL_CORE_SCHEDULE_SCHEDULER_SETUP_H_

#include <array>
#include <cstdint>

#include "core/schedule/metrics.h"
#include "core/speed/step_model.h"

namespace plimsoll {

// A KV cache group of layers that keep a window only: at most `most_blocks` blocks of a sequence.
struct WindowGroup {
  int64_t most_blocks = 0;
};
constexpr int kMaxWindowGroups = 16;

struct SchedulerSetup {
  StepModel model;
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
  bool reserve_prompt = true;            // the whole sequence must find room before it is admitted
  bool reserve_output = false;           // llama-server: a slot is sized for prompt and answer
  int64_t lookahead = 0;                 // speculative tokens
  const MetricNames* metrics = nullptr;  // the engine's names for what is to be watched; nullptr: none
};

// Blocks that a sequence with room for `tokens` takes, in all groups.
int64_t BlocksOf(const SchedulerSetup& setup, int64_t tokens);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_SCHEDULER_SETUP_H_
