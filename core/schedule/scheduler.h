// A server under a load: one scheduler, or, with data parallelism, as many as there are replicas, each with a pool and a
// queue of its own. Sessions and users are dealt out to the replicas in turn and stay where they are: SGLang's default
// (--load-balance-method round_robin), and near what vLLM's balancer comes to, which sends a request where the fewest
// wait and run (vllm/v1/engine/core_client.py). Replicas do not wait for each other's steps.
#ifndef PLIMSOLL_CORE_SCHEDULE_SCHEDULER_H_
#define PLIMSOLL_CORE_SCHEDULE_SCHEDULER_H_

#include <cstdint>
#include <vector>

#include "core/schedule/replica.h"

namespace plimsoll {

struct SimulationSummary {
  int64_t requests = 0, done = 0, refused = 0, preemptions = 0, steps = 0;
  double duration = 0;
  int64_t prompt_tokens = 0, output_tokens = 0, cached_tokens = 0, computed_again = 0;
  int64_t found_in_ram = 0;   // of cached_tokens; the others were on the cards
  int64_t loaded_tokens = 0;  // from RAM, after preemptions too
  double copying = 0;         // seconds: llama-server's, between slots and RAM, while nobody computed
  double output_tokens_per_s = 0, total_tokens_per_s = 0, requests_per_s = 0;
  double goodput_requests_per_s = 0;  // requests per second that met the objective
  Percentiles ttft_ms, tpot_ms, inter_token_ms, end_to_end_ms, queue_ms;
  double mean_running = 0, mean_waiting = 0, mean_kv_usage = 0, peak_kv_usage = 0;
  int64_t peak_running = 0, peak_waiting = 0;
  bool saturated = false;  // requests came faster than they could be served
};

class Simulation {
 public:
  // `setup` is that of one replica.
  Simulation(SchedulerSetup setup, RequestList requests);

  // Goes on for at most about `events` steps or runs of steps; true when everything has ended.
  bool Advance(int64_t events);
  bool done() const { return done_; }
  double now() const;
  int64_t finished() const;

  // In the order of the list. Of several replicas there are records and samples once everything has ended.
  const std::vector<RequestRecord>& records() const;
  // Of all replicas together. At most 4096, evenly thinned.
  const std::vector<TimelineSample>& samples() const;
  SimulationSummary Summarize(const Objective& objective) const;
  // Blocks and seats are those of all replicas.
  const SchedulerSetup& setup() const { return setup_; }
  // Requests come as others are answered: however many wait, the server is not overrun.
  bool closed_loop() const { return closed_loop_; }

 private:
  ReplicaTotals Totals() const;
  void Gather();
  bool IsSaturated(const ReplicaTotals& totals, double last_arrival, double last_received) const;

  SchedulerSetup setup_;
  std::vector<Replica> replicas_;
  std::vector<std::vector<int32_t>> dealt_;  // by replica: which of the list's requests it has
  std::vector<RequestRecord> records_;       // of several replicas
  std::vector<TimelineSample> samples_;
  bool closed_loop_ = false;
  bool done_ = false;
};

// Runs everything at once.
Simulation Simulate(const SchedulerSetup& setup, RequestList requests);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_SCHEDULER_H_
