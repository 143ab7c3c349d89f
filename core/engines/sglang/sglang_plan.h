// A start of SGLang in bytes: what is free before the weights, what the static share leaves beside them, the
// pools, and what has to find room outside the share: the table of requests, workspaces, CUDA graphs, and the
// activations that it never measures.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_PLAN_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_PLAN_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "core/engines/sglang/sglang_pool.h"
#include "core/engines/sglang/sglang_weights.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// What lies outside the static share on a rank.
struct SglangBeside {
  Bytes table;         // of requests
  Bytes workspace;     // of the attention kernels
  Bytes rounding;      // of the pools' tensors
  Bytes draft_cache;   // the draft's keys and values (inside the share from 0.5.14 on)
  Bytes draft_states;  // states between drafted tokens (inside the share from 0.5.9 on)
  Bytes sum() const { return table + workspace + rounding + draft_cache + draft_states; }
};

struct SglangRankPlan {
  SglangWeights weights;
  SglangCell cell;
  SglangPools pools;
  SglangBeside beside;
  Bytes free;  // before the weights
  Bytes rest;  // what the share leaves beside the weights
  GpuReport gpu;
};

// Diagnostic: it starts, but not for sequences as long as was asked for.
inline constexpr std::string_view kPoolBelowContext = "pool_below_context";

struct SglangPlan {
  std::vector<SglangRankPlan> ranks;
  Bytes least_free;  // of all ranks, before the weights
  Bytes slack;       // of it, outside the share
  int64_t tokens = 0, window_tokens = 0, running = 0;
  int64_t decode_graphs = 0;  // sizes that are captured
  int64_t context = 0;        // that it was planned for
};
SglangPlan PlanSglang(const Resolved& resolved);

// Tokens of one sequence for which both pools have room.
int64_t TokensForOne(const SglangPlan& plan);

// The whole answer: cards, pool, verdict and its reasons.
void ReportSglang(const Resolved& resolved, Report* report);

// What HiCache keeps in the RAM of all ranks. REQUIRES: the report's cards have their pools.
Bytes SglangHostCache(const Resolved& resolved, const Report& report);

// What NCCL or RCCL has taken on a card of several before the weights.
Bytes SglangCommunicators(const Resolved& resolved, const Gpu& gpu);

// The engine's own layers are the ranks of a pipeline stage; which one a rank belongs to.
int64_t StageOfRank(const Resolved& resolved, int64_t rank);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_PLAN_H_
