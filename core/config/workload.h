// What arrives at a server: requests with their lengths, when they come, and what they share.
//
// A Workload describes them in a few numbers (or is a trace); GenerateRequests() turns it into a list that
// depends on the seed alone, in both builds: the pseudo-random numbers, the logarithm and the exponential are
// our own, because the two C libraries differ in their last bit.
//
// Lengths are in tokens, times in seconds, rates in requests per second.
#ifndef PLIMSOLL_CORE_CONFIG_WORKLOAD_H_
#define PLIMSOLL_CORE_CONFIG_WORKLOAD_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace plimsoll {

enum class Arrival : uint8_t {
  kBurst,       // all at once
  kPoisson,     // at `rate`, exponential gaps
  kConstant,    // at `rate`, equal gaps
  kClosedLoop,  // `users` of them; a request comes when another has finished
};

enum class LengthShape : uint8_t { kFixed, kUniform, kLogNormal };

struct LengthSpec {
  LengthShape shape = LengthShape::kFixed;
  double mean = 0;
  double deviation = 0;  // kLogNormal: standard deviation of the length; kUniform: half of the width
  int64_t least = 1;
  int64_t most = int64_t{1} << 30;
};

// What a request must meet to count as good.
struct Objective {
  double ttft_ms = 0, tpot_ms = 0;  // zero: not asked for
};

// One line of a trace.
struct TraceRow {
  double arrival = 0;
  int32_t prompt = 0, output = 0, priority = 0;  // a trace has up to a million of them
};

struct Workload {
  Arrival arrival = Arrival::kClosedLoop;
  double rate = 0;
  int64_t users = 1;
  int64_t requests = 100;  // in total, turns of sessions included
  LengthSpec prompt, output;
  int64_t system_prompt =
      0;  // tokens at the start of every prompt that all requests share; counted in `prompt`
  // So many different prompts, which later requests send again word for word (benchmarks with fewer prompts than
  // requests); 0: each is its own. A repeated one contains the system prompt.
  int64_t different_prompts = 0;
  int64_t turns = 1;            // more: sessions whose next prompt is everything so far plus a new `prompt`
  double think_time = 0;        // between an answer and the session's (or user's) next request
  std::vector<TraceRow> trace;  // when not empty: instead of arrival, rate, requests and lengths
  int64_t seed = 1;
  // What the server was started with that decides when it looks for requests; see SchedulerSetup.
  int64_t poll = 1;  // SGLang's --scheduler-recv-interval
  int64_t hold = 0;  // TensorRT-LLM's batch_wait_timeout_iters, ...
  double hold_share =
      0.9;  // ... unless prompts of this share of a step's tokens wait: batch_wait_max_tokens_ratio
  // vLLM's --long-prefill-token-threshold: tokens of one prompt that a step reads; 0: as many as fit.
  int64_t most_of_prompt = 0;
  bool by_priority = false;  // "scheduling_policy": "priority"; requests of a trace say theirs
  Objective objective;
};

constexpr int64_t kMostRequests = 1000000;

// Lengths of public chat logs spread about as wide as their mean (ShareGPT as vLLM's benchmark filters it:
// mean 220 in, 200 out, deviations near 1.1 and 1.0 of the mean).
constexpr double kChatDeviation = 1.05;

// One request as the scheduler sees it. Requests that come when another finishes have no arrival of their
// own.
struct Request {
  double arrival = 0;     // earliest; meaningless if `after` or `released`
  int32_t after = -1;     // index of the request whose end (plus `delay`) brings this one; -1: none
  bool released = false;  // comes when any request of the closed loop ends (plus `delay`)
  double delay = 0;
  int64_t prompt = 0;  // all tokens, history of the session and system prompt included
  int64_t output = 0;
  int32_t session = 0;  // requests of one session share the beginning of their tokens
  int32_t turn = 0;
  int32_t beginning = 0;  // requests with the same one share its tokens, whatever their session
  int32_t priority = 0;   // lower ones go first, where the server schedules by priority
};

struct RequestList {
  std::vector<Request> requests;
  int64_t initially_released = 0;  // how many of the `released` ones come at time 0
  int64_t system_prompt = 0;
  std::vector<int64_t> beginnings;  // their tokens; empty: one, the system prompt
  int64_t BeginningTokens(const Request& request) const {
    return beginnings.empty() ? system_prompt : beginnings[static_cast<size_t>(request.beginning)];
  }
};

// The error names the field that is out of range.
Result<RequestList> GenerateRequests(const Workload& workload);

// The numbers that a `workload` object may give, with their ranges; each is also an option of `schedule`,
// with `-` for `_`.
struct WorkloadKey {
  std::string_view name;  // "arrival_rate"
  double least, most;
  double Workload::*real = nullptr;
  int64_t Workload::*whole = nullptr;
  double Objective::*limit = nullptr;
  bool tokens = false;  // counts tokens, which people write as 32k
};
// "a whole number from 1 to 10000".
std::string AcceptedBy(const WorkloadKey& key);
constexpr int kWorkloadKeyCount = 14;
const std::array<WorkloadKey, kWorkloadKeyCount>& WorkloadKeys();

// Names of the enumerated ones, in the order of their types.
constexpr std::array<std::string_view, 4> kArrivalNames = {"burst", "poisson", "constant", "closed_loop"};
constexpr std::array<std::string_view, 2> kPolicyNames = {"fcfs", "priority"};
constexpr std::array<std::string_view, 4> kShapeNames = {"fixed", "uniform", "lognormal", "chat"};
// "chat" is a log-normal with kChatDeviation. `spread`: deviation (uniform: half of the width) as a share of
// the mean; zero: the shape's own.
void SetShape(std::string_view name, double spread, LengthSpec* spec);

// The `workload` of a configuration or of a measured case: WorkloadKeys(), "arrival", "prompt_shape",
// "output_shape", "spread", "scheduling_policy"; and as cases write it "concurrency", "num_prompts",
// "input_len":{"mean","dist",…}, "output_len". What is absent comes from the defaults. A case may carry more.
// The error names the member.
Result<Workload> ReadWorkload(const Json& value, const Workload& defaults, std::string_view where);

// The engine-independent random numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  double Uniform();  // in (0, 1)
  double Normal();
  double Exponential(double rate);
  int64_t Length(const LengthSpec& spec);

 private:
  struct LogNormal {
    double mean = -1, deviation = 0, mu = 0, sigma = 0;
  };
  uint64_t state_;
  LogNormal known_[2];
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_WORKLOAD_H_
