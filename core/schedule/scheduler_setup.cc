#include "core/schedule/scheduler_setup.h"

#include <algorithm>
#include <string_view>

namespace plimsoll {

std::string TakeAdmission(const Workload& workload, SchedulerSetup* setup) {
  std::string unknown;
  const auto takes = [&unknown](bool asked, bool has, std::string_view key) {
    if (asked && !has) unknown.append(unknown.empty() ? "" : ", ").append(key);
    return asked && has;
  };
  const bool mixes = !setup->prompts_alone && !setup->reserve_output;
  if (takes(workload.poll > 1, setup->polls, "scheduler_recv_interval")) setup->poll = workload.poll;
  if (takes(workload.hold > 0, setup->holds, "batch_wait_timeout_iters")) setup->hold = workload.hold;
  if (takes(workload.most_of_prompt > 0, mixes, "long_prefill_token_threshold"))
    setup->most_of_prompt = workload.most_of_prompt;
  setup->by_priority = takes(workload.by_priority, mixes, "scheduling_policy");
  setup->hold_tokens =
      static_cast<int64_t>(workload.hold_share * static_cast<double>(setup->max_num_batched_tokens));
  return unknown.empty() ? "" : "The engine has no " + unknown + ": passed over.";
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
