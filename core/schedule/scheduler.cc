#include "core/schedule/scheduler.h"

#include <algorithm>
#include <utility>

namespace plimsoll {
namespace {

constexpr size_t kMostSamples = 4096;
constexpr int64_t kMostReplicas = 4096;

template <typename T>
size_t At(T index) {
  return static_cast<size_t>(index);
}

bool Ended(const RequestRecord& record) {
  return record.end == RequestEnd::kDone || record.end == RequestEnd::kTruncated;
}

// Sessions in turn; the users of a closed loop, too, each with the requests that are released to them.
std::vector<RequestList> DealOut(const RequestList& list, int64_t replicas,
                                 std::vector<std::vector<int32_t>>* dealt) {
  std::vector<RequestList> shares(At(replicas));
  dealt->assign(At(replicas), {});
  std::vector<int32_t> place(list.requests.size(), -1);
  for (size_t i = 0; i < list.requests.size(); ++i) {
    Request request = list.requests[i];
    const size_t replica = At(request.session) % shares.size();
    if (request.after >= 0) request.after = place[At(request.after)];
    place[i] = static_cast<int32_t>(shares[replica].requests.size());
    // Streams of remembered blocks are counted by requests: a replica's sessions are numbered anew.
    request.session /= static_cast<int32_t>(replicas);
    shares[replica].requests.push_back(request);
    (*dealt)[replica].push_back(static_cast<int32_t>(i));
  }
  for (size_t r = 0; r < shares.size(); ++r) {
    shares[r].system_prompt = list.system_prompt;
    shares[r].beginnings = list.beginnings;
    const int64_t more = static_cast<int64_t>(r) < list.initially_released % replicas ? 1 : 0;
    shares[r].initially_released = list.initially_released / replicas + more;
  }
  return shares;
}

// The state of all replicas whenever that of one is known anew.
std::vector<TimelineSample> Together(const std::vector<Replica>& replicas) {
  std::vector<std::pair<double, std::pair<size_t, size_t>>> order;  // time; replica, sample
  for (size_t r = 0; r < replicas.size(); ++r) {
    for (size_t i = 0; i < replicas[r].samples().size(); ++i)
      order.push_back({replicas[r].samples()[i].time, {r, i}});
  }
  std::sort(order.begin(), order.end());
  std::vector<TimelineSample> latest(replicas.size()), samples;
  TimelineSample sum;
  const size_t stride = order.size() / kMostSamples + 1;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto [r, at] = order[i].second;
    const TimelineSample& next = replicas[r].samples()[at];
    TimelineSample& last = latest[r];
    sum.time = next.time;
    sum.running += next.running - last.running;
    sum.waiting += next.waiting - last.waiting;
    sum.used_blocks += next.used_blocks - last.used_blocks;
    sum.preemptions += next.preemptions - last.preemptions;
    sum.output_tokens += next.output_tokens - last.output_tokens;
    last = next;
    if (i % stride == 0 || i + 1 == order.size()) samples.push_back(sum);
  }
  return samples;
}

}  // namespace

Simulation::Simulation(SchedulerSetup setup, RequestList requests)
    : setup_(std::move(setup)), closed_loop_(requests.initially_released > 0) {
  const int64_t replicas = std::clamp<int64_t>(setup_.replicas, 1, kMostReplicas);
  if (replicas == 1) {
    replicas_.emplace_back(setup_, std::move(requests));
    setup_ = replicas_.front().setup();
  } else {
    records_.reserve(requests.requests.size());
    for (RequestList& share : DealOut(requests, replicas, &dealt_))
      replicas_.emplace_back(setup_, std::move(share));
    setup_ = replicas_.front().setup();
    setup_.blocks = internal::SaturatingMultiply(setup_.blocks, replicas);
    setup_.max_num_seqs = internal::SaturatingMultiply(setup_.max_num_seqs, replicas);
  }
  done_ = std::all_of(replicas_.begin(), replicas_.end(), [](const Replica& r) { return r.done(); });
  if (done_) Gather();
}

bool Simulation::Advance(int64_t events) {
  if (done_) return true;
  bool all = true;
  const int64_t each = events / static_cast<int64_t>(replicas_.size()) + 1;
  for (Replica& replica : replicas_) all = replica.Advance(each) && all;
  done_ = all;
  if (done_) Gather();
  return done_;
}

double Simulation::now() const {
  double now = 0;
  for (const Replica& replica : replicas_) now = std::max(now, replica.now());
  return now;
}

int64_t Simulation::finished() const {
  int64_t finished = 0;
  for (const Replica& replica : replicas_) finished += replica.finished();
  return finished;
}

const std::vector<RequestRecord>& Simulation::records() const {
  return replicas_.size() == 1 ? replicas_.front().records() : records_;
}

const std::vector<TimelineSample>& Simulation::samples() const {
  return replicas_.size() == 1 ? replicas_.front().samples() : samples_;
}

// What the replicas have noted, in the list's order.
void Simulation::Gather() {
  if (replicas_.size() == 1) return;
  size_t count = 0;
  for (const std::vector<int32_t>& share : dealt_) count += share.size();
  records_.assign(count, {});
  for (size_t r = 0; r < replicas_.size(); ++r) {
    for (size_t i = 0; i < dealt_[r].size(); ++i) {
      RequestRecord record = replicas_[r].records()[i];
      record.session = record.session * static_cast<int32_t>(replicas_.size()) + static_cast<int32_t>(r);
      records_[At(dealt_[r][i])] = record;
    }
  }
  samples_ = Together(replicas_);
}

ReplicaTotals Simulation::Totals() const {
  if (replicas_.size() == 1) return replicas_.front().totals();
  ReplicaTotals totals;
  for (const Replica& replica : replicas_) {
    const ReplicaTotals own = replica.totals();
    totals.now = std::max(totals.now, own.now);
    totals.steps += own.steps;
    totals.preemptions += own.preemptions;
    totals.output_tokens += own.output_tokens;
    totals.found_in_ram += own.found_in_ram;
    totals.loaded_tokens += own.loaded_tokens;
    totals.running_time += own.running_time;
    totals.waiting_time += own.waiting_time;
    totals.copying += own.copying / static_cast<double>(replicas_.size());
    totals.usage_time += own.usage_time / static_cast<double>(replicas_.size());
    totals.peak_usage = std::max(totals.peak_usage, own.peak_usage);  // the fullest pool
  }
  for (const TimelineSample& sample : samples_) {
    totals.peak_running = std::max(totals.peak_running, sample.running);
    totals.peak_waiting = std::max(totals.peak_waiting, sample.waiting);
  }
  return totals;
}

SimulationSummary Simulation::Summarize(const Objective& objective) const {
  SimulationSummary summary;
  const ReplicaTotals totals = Totals();
  const double now = totals.now;
  summary.requests = static_cast<int64_t>(records().size());
  summary.preemptions = totals.preemptions;
  summary.steps = totals.steps;
  summary.found_in_ram = totals.found_in_ram;
  summary.loaded_tokens = totals.loaded_tokens;
  summary.copying = totals.copying;
  summary.duration = now;
  int64_t good = 0;
  // Where requests are received in turn, the replica has counted that.
  const auto received = [this](const RequestRecord& record) {
    return setup_.received_in_turn ? 0 : setup_.model.request_overhead(record.prompt).value();
  };
  const auto first_token = [&received](const RequestRecord& record) {
    return (record.first_token - record.arrival + received(record)) * 1e3;
  };
  const auto per_token = [](const RequestRecord& record) {
    if (record.output <= 1) return 0.0;
    return (record.finish - record.first_token) * 1e3 / static_cast<double>(record.output - 1);
  };
  // Two lists by two in the same rooms: there may be a million records, and reading them takes longer than the sums.
  std::vector<double> ones, others;
  ones.reserve(records().size());
  others.reserve(records().size());
  double last_arrival = 0, last_received = 0;  // of those that came by themselves
  for (const RequestRecord& record : records()) {
    if (record.turn == 0) {
      last_arrival = std::max(last_arrival, record.arrival);
      last_received = std::max(last_received, record.received);
    }
    if (record.end == RequestEnd::kPromptTooLong) ++summary.refused;
    if (!Ended(record)) continue;
    ++summary.done;
    summary.prompt_tokens += record.prompt;
    summary.cached_tokens += record.cached;
    summary.computed_again += record.computed_again;
    ones.push_back(first_token(record));
    const double each = per_token(record);
    if (record.output > 1) others.push_back(each);
    const bool met = (objective.ttft_ms <= 0 || ones.back() <= objective.ttft_ms) &&
                     (objective.tpot_ms <= 0 || each <= objective.tpot_ms);
    good += met ? 1 : 0;
  }
  summary.ttft_ms = PercentilesOf(&ones);
  summary.tpot_ms = PercentilesOf(&others);
  ones.clear();
  others.clear();
  for (const RequestRecord& record : records()) {
    if (!Ended(record)) continue;
    ones.push_back((record.finish - record.arrival + received(record)) * 1e3);
    others.push_back((record.scheduled - record.received) * 1e3);
  }
  summary.end_to_end_ms = PercentilesOf(&ones);
  summary.queue_ms = PercentilesOf(&others);
  DurationHistogram between = replicas_.front().inter_token();
  for (size_t r = 1; r < replicas_.size(); ++r) between.Add(replicas_[r].inter_token());
  summary.inter_token_ms = between.Summarize();
  summary.output_tokens = totals.output_tokens;
  summary.peak_kv_usage = totals.peak_usage;
  summary.peak_running = totals.peak_running;
  summary.peak_waiting = totals.peak_waiting;
  if (!(now > 0)) return summary;
  summary.output_tokens_per_s = static_cast<double>(totals.output_tokens) / now;
  summary.total_tokens_per_s = static_cast<double>(totals.output_tokens + summary.prompt_tokens) / now;
  summary.requests_per_s = static_cast<double>(summary.done) / now;
  summary.goodput_requests_per_s = static_cast<double>(good) / now;
  summary.mean_running = totals.running_time / now;
  summary.mean_waiting = totals.waiting_time / now;
  summary.mean_kv_usage = totals.usage_time / now;
  summary.saturated = IsSaturated(totals, last_arrival, last_received);
  return summary;
}

// Requests came at a rate that was not kept up with: when the last one arrived by itself (later turns come
// when earlier ones have been answered), a fair share of those before it was still waiting, and more than a
// quarter of what runs at once.
bool Simulation::IsSaturated(const ReplicaTotals& totals, double last_arrival, double last_received) const {
  if (last_arrival <= 0) return false;
  int64_t waiting = 0, arrived = 0;
  for (const RequestRecord& record : records()) {
    arrived += record.received <= last_received ? 1 : 0;
    waiting += record.arrival < last_arrival && record.scheduled > last_received ? 1 : 0;
  }
  return waiting > std::min(setup_.max_num_seqs, totals.peak_running) / 4 && waiting * 20 > arrived;
}

Simulation Simulate(const SchedulerSetup& setup, RequestList requests) {
  Simulation simulation(setup, std::move(requests));
  while (!simulation.Advance(1 << 20)) {
  }
  return simulation;
}

}  // namespace plimsoll
