#include "core/schedule/scheduler_setup.h"

#include <algorithm>

namespace plimsoll {

void TakeAdmission(const Workload& workload, SchedulerSetup* setup) {
  setup->poll = std::max(setup->poll, workload.poll);
  setup->hold = workload.hold;
  if (!setup->prompts_alone && !setup->reserve_output) setup->most_of_prompt = workload.most_of_prompt;
  setup->by_priority = workload.by_priority && !setup->prompts_alone && !setup->reserve_output;
  setup->hold_tokens =
      static_cast<int64_t>(workload.hold_share * static_cast<double>(setup->max_num_batched_tokens));
}

Bytes PromptBytes(const SlotRules& rules, int64_t tokens, int64_t checkpoints) {
  const Bytes state = rules.sequence + rules.window_token * std::min(tokens, rules.window);
  return rules.token * tokens + state * (1 + checkpoints);
}

int64_t BlocksOf(const SchedulerSetup& setup, int64_t tokens) {
  if (tokens <= 0) return 0;
  const int64_t units = CeilDiv(tokens, setup.block_size);
  int64_t blocks = units * setup.full_groups + setup.state_blocks;
  for (int i = 0; i < setup.window_groups; ++i)
    blocks += std::min(units, setup.windows[static_cast<size_t>(i)].most_blocks);
  return blocks;
}

}  // namespace plimsoll
