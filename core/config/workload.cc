#include "core/config/workload.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/text.h"

namespace plimsoll {
namespace {

// Natural logarithm of a positive, finite number, in plain arithmetic so that both builds agree to the last
// bit.
double Ln(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // exact
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  // ln m = 2 artanh((m-1)/(m+1)); |z| <= 0.1716, so 12 terms reach double precision.
  const double z = (m - 1) / (m + 1);
  const double z2 = z * z;
  static constexpr double kOdd[] = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                                    1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};
  double sum = 0;
  for (const double share : kOdd) sum = sum * z2 + share;
  return 2 * z * sum + exponent * 0.69314718055994530942;
}

double Exp(double x) {
  if (x > 700) x = 700;
  if (x < -700) return 0;
  const double n = std::floor(x / 0.69314718055994530942 + 0.5);
  const double r = x - n * 0.69314718055994530942;
  // |r| <= 0.3466: the 14th term is below 3e-18.
  static constexpr double kShares[] = {1.0 / 14, 1.0 / 13, 1.0 / 12, 1.0 / 11, 1.0 / 10, 1.0 / 9, 1.0 / 8,
                                       1.0 / 7,  1.0 / 6,  1.0 / 5,  1.0 / 4,  1.0 / 3,  1.0 / 2, 1.0};
  double sum = 1;
  for (const double share : kShares) sum = 1 + sum * (r * share);
  return std::ldexp(sum, static_cast<int>(n));  // exact
}

Error OutOfRange(const char* field, const std::string& given, const char* accepted) {
  return Error{field, given, accepted};
}

bool Finite(double value, double least, double most) { return value >= least && value <= most; }

constexpr int64_t kLongest = int64_t{1} << 30;

}  // namespace

uint64_t Random::Next() {
  state_ += 0x9E3779B97F4A7C15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double Random::Uniform() { return (static_cast<double>(Next() >> 11) + 0.5) * (1.0 / 9007199254740992.0); }

// Marsaglia's polar method; the second value is thrown away to keep the stream simple.
double Random::Normal() {
  for (int tries = 0; tries < 64; ++tries) {
    const double u = 2 * Uniform() - 1;
    const double v = 2 * Uniform() - 1;
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2 * Ln(s) / s);
  }
  return 0;  // one chance in 10^42
}

double Random::Exponential(double rate) { return -Ln(Uniform()) / rate; }

int64_t Random::Length(const LengthSpec& spec) {
  double length = spec.mean;
  switch (spec.shape) {
    case LengthShape::kFixed:
      break;
    case LengthShape::kUniform:
      length = spec.mean + spec.deviation * (2 * Uniform() - 1);
      break;
    case LengthShape::kLogNormal: {
      // Mean m and deviation s of the length: sigma^2 = ln(1 + s^2/m^2), mu = ln m - sigma^2 / 2.
      LogNormal* known = &known_[0];  // of the two shapes that a workload has
      if (known->mean != spec.mean || known->deviation != spec.deviation) known = &known_[1];
      if (known->mean != spec.mean || known->deviation != spec.deviation) {
        std::swap(known_[0], known_[1]);
        known = &known_[0];
        const double ratio = spec.deviation / spec.mean;
        const double variance = Ln(1 + ratio * ratio);
        *known = {spec.mean, spec.deviation, Ln(spec.mean) - variance / 2, std::sqrt(variance)};
      }
      length = Exp(known->mu + known->sigma * Normal());
      break;
    }
  }
  const double rounded = std::floor(length + 0.5);
  const int64_t most = std::max(spec.least, std::min(spec.most, kLongest));
  if (!(rounded > static_cast<double>(spec.least))) return spec.least;
  if (rounded >= static_cast<double>(most)) return most;
  return static_cast<int64_t>(rounded);
}

namespace {

std::optional<Error> CheckLength(const LengthSpec& spec, const char* field) {
  if (!Finite(spec.mean, 1, static_cast<double>(kLongest))) {
    return OutOfRange(field, FormatDouble(spec.mean), "a mean length from 1 to 2^30 tokens");
  }
  if (!Finite(spec.deviation, 0, static_cast<double>(kLongest))) {
    return OutOfRange(field, FormatDouble(spec.deviation), "a deviation from 0 to 2^30 tokens");
  }
  if (spec.least < 1) return OutOfRange(field, std::to_string(spec.least), "at least 1 token");
  return std::nullopt;
}

std::optional<Error> Check(const Workload& workload) {
  if (workload.requests < 1 || workload.requests > kMostRequests) {
    return OutOfRange("requests", std::to_string(workload.requests), "a whole number from 1 to 1000000");
  }
  const bool rated = workload.arrival == Arrival::kPoisson || workload.arrival == Arrival::kConstant;
  if (rated && !Finite(workload.rate, 1e-6, 1e6)) {
    return OutOfRange("arrival_rate", FormatDouble(workload.rate),
                      "requests per second from 0.000001 to 1000000");
  }
  if (workload.arrival == Arrival::kClosedLoop && (workload.users < 1 || workload.users > kMostRequests)) {
    return OutOfRange("users", std::to_string(workload.users), "a whole number from 1 to 1000000");
  }
  if (workload.turns < 1 || workload.turns > 10000) {
    return OutOfRange("turns", std::to_string(workload.turns), "a whole number from 1 to 10000");
  }
  if (workload.different_prompts < 0 || workload.different_prompts > kMostRequests) {
    return OutOfRange("different_prompts", std::to_string(workload.different_prompts),
                      "a whole number from 0 to 1000000");
  }
  if (!Finite(workload.think_time, 0, 1e6)) {
    return OutOfRange("think_time", FormatDouble(workload.think_time), "seconds from 0 to 1000000");
  }
  if (workload.system_prompt < 0 || workload.system_prompt > kLongest) {
    return OutOfRange("system_prompt", std::to_string(workload.system_prompt), "tokens from 0 to 2^30");
  }
  if (auto error = CheckLength(workload.prompt, "prompt_tokens")) return error;
  return CheckLength(workload.output, "output_tokens");
}

RequestList FromTrace(const Workload& workload) {
  RequestList list;
  list.system_prompt = workload.system_prompt;
  list.requests.reserve(workload.trace.size());
  for (const TraceRow& row : workload.trace) {
    Request request;
    request.arrival = row.arrival;
    request.prompt = row.prompt;
    request.output = row.output;
    request.priority = row.priority;
    request.session = static_cast<int32_t>(list.requests.size());
    list.requests.push_back(request);
  }
  const auto earlier = [](const Request& a, const Request& b) { return a.arrival < b.arrival; };
  // Most traces are in order, and sorting a million rows that are takes as long as reading them does.
  if (!std::is_sorted(list.requests.begin(), list.requests.end(), earlier)) {
    std::stable_sort(list.requests.begin(), list.requests.end(), earlier);
  }
  return list;
}

}  // namespace

Result<RequestList> GenerateRequests(const Workload& workload) {
  if (!workload.trace.empty()) return FromTrace(workload);
  if (auto error = Check(workload)) return *error;
  Random random(static_cast<uint64_t>(workload.seed));
  RequestList list;
  list.system_prompt = workload.system_prompt;
  list.requests.reserve(static_cast<size_t>(workload.requests));
  double clock = 0;
  int32_t session = 0;
  const bool repeats = workload.different_prompts > 0;
  while (static_cast<int64_t>(list.requests.size()) < workload.requests) {
    int64_t history = workload.system_prompt;
    for (int64_t turn = 0; turn < workload.turns; ++turn) {
      if (static_cast<int64_t>(list.requests.size()) >= workload.requests) break;
      Request request;
      request.session = session;
      request.turn = static_cast<int32_t>(turn);
      const bool again = repeats && turn == 0 && session >= workload.different_prompts;
      const size_t known = repeats ? static_cast<size_t>(session % workload.different_prompts) : 0;
      // The last token of a prompt is computed anyway.
      const int64_t fresh = again ? list.beginnings[known] + 1 : random.Length(workload.prompt);
      // A single request's prompt contains the system prompt; a later turn adds to what was said before.
      request.prompt = turn == 0 ? std::max(fresh, history + 1) : history + fresh;
      if (repeats && turn == 0 && !again) list.beginnings.push_back(request.prompt - 1);
      request.beginning = static_cast<int32_t>(known);
      request.output = random.Length(workload.output);
      history = request.prompt + request.output;
      if (turn > 0) {
        request.after = static_cast<int32_t>(list.requests.size()) - 1;
        request.delay = workload.think_time;
      } else if (workload.arrival == Arrival::kClosedLoop) {
        request.released = true;
        request.delay = workload.think_time;
      } else if (workload.arrival == Arrival::kPoisson) {
        clock += random.Exponential(workload.rate);
        request.arrival = clock;
      } else if (workload.arrival == Arrival::kConstant) {
        request.arrival = static_cast<double>(session) / workload.rate;
      }
      list.requests.push_back(request);
      if (history > kLongest) break;
    }
    ++session;
  }
  list.initially_released = workload.arrival == Arrival::kClosedLoop ? workload.users : 0;
  return list;
}

namespace {

// 2048, or "2k".
std::optional<double> LengthIn(const Json& value) {
  if (!value.is_string()) return value.AsDouble();
  const std::optional<int64_t> tokens = ReadTokens(value.AsString());
  return tokens ? std::optional(static_cast<double>(*tokens)) : std::nullopt;
}

void ReadLength(const Json* value, LengthSpec* spec) {
  if (!value) return;
  if (const auto plain = LengthIn(*value)) {
    spec->mean = *plain;
    return;
  }
  const auto number = [&](const char* key, double fallback) {
    const Json* field = value->Find(key);
    return field ? LengthIn(*field).value_or(fallback) : fallback;
  };
  spec->mean = number("mean", spec->mean);
  const Json* dist = value->Find("dist");
  const std::string shape = dist ? dist->AsString() : std::string();
  if (shape == "fixed") {
    spec->shape = LengthShape::kFixed;
  } else if (shape == "uniform") {
    spec->shape = LengthShape::kUniform;
    const double least = number("min", spec->mean), most = number("max", spec->mean);
    spec->deviation = number("deviation", std::max(spec->mean - least, most - spec->mean));
  } else if (shape == "lognormal" || shape == "sharegpt" || shape == "chat") {
    spec->shape = LengthShape::kLogNormal;
    spec->deviation = number("std", spec->mean * kChatDeviation);
  }
  spec->least = static_cast<int64_t>(std::clamp(number("min", 1), 1.0, 1073741824.0));
  // vLLM's ShareGPT sampler drops prompts over 1024 tokens and pairs over 2048 (vllm/benchmarks/datasets.py).
  const double most = shape == "sharegpt" ? 1024.0 : 1073741824.0;
  spec->most = static_cast<int64_t>(std::clamp(number("max", most), 1.0, 1073741824.0));
}

}  // namespace

const std::array<WorkloadKey, kWorkloadKeyCount>& WorkloadKeys() {
  constexpr double kTokens = static_cast<double>(kLongest), kCount = static_cast<double>(kMostRequests);
  static constexpr std::array<WorkloadKey, kWorkloadKeyCount> kKeys = {{
      {"arrival_rate", 1e-6, 1e6, &Workload::rate},
      {"requests", 1, kCount, nullptr, &Workload::requests},
      {"users", 1, kCount, nullptr, &Workload::users},
      {"turns", 1, 10000, nullptr, &Workload::turns},
      {"different_prompts", 0, kCount, nullptr, &Workload::different_prompts},
      {"think_time", 0, 1e6, &Workload::think_time},
      {"system_prompt", 0, kTokens, nullptr, &Workload::system_prompt, nullptr, true},
      {"seed", 0, 9007199254740992.0, nullptr, &Workload::seed},
      {"scheduler_recv_interval", 1, kCount, nullptr, &Workload::poll},
      {"batch_wait_timeout_iters", 0, kCount, nullptr, &Workload::hold},
      {"batch_wait_max_tokens_ratio", 0, 1, &Workload::hold_share},
      {"long_prefill_token_threshold", 0, kTokens, nullptr, &Workload::most_of_prompt, nullptr, true},
      {"ttft_ms", 0, 1e9, nullptr, nullptr, &Objective::ttft_ms},
      {"tpot_ms", 0, 1e9, nullptr, nullptr, &Objective::tpot_ms},
  }};
  return kKeys;
}

std::string AcceptedBy(const WorkloadKey& key) {
  return std::string(key.whole != nullptr ? "a whole number from " : "a number from ") +
         FormatDouble(key.least) + " to " + FormatDouble(key.most) +
         (key.tokens ? ", or one such as 2k" : "");
}

void SetShape(std::string_view name, double spread, LengthSpec* spec) {
  spec->shape = name == "fixed"     ? LengthShape::kFixed
                : name == "uniform" ? LengthShape::kUniform
                                    : LengthShape::kLogNormal;
  const double own = name == "uniform" ? 0.5 : kChatDeviation;
  spec->deviation = name == "fixed" ? 0 : spec->mean * (spread > 0 && name != "chat" ? spread : own);
}

namespace {

// A member that is there and not null.
const Json* Given(const Json& value, std::string_view name) {
  const Json* member = value.Find(name);
  return member != nullptr && !member->is_null() ? member : nullptr;
}

Error Wrong(std::string_view where, std::string_view name, const Json& given, std::string accepted) {
  return Error{std::string(where) + "." + std::string(name), given.Dump().substr(0, 60), std::move(accepted)};
}

// The index in `names` of the text of member `name`: `fallback` when there is no such member, -1 when its
// text is not among `names`.
int Choice(const Json& value, std::string_view name, const std::array<std::string_view, 4>& names,
           int fallback) {
  const Json* given = Given(value, name);
  if (given == nullptr) return fallback;
  const auto found = std::find(names.begin(), names.end(), given->AsString());
  return given->is_string() && found != names.end() ? static_cast<int>(found - names.begin()) : -1;
}

std::string OneOf(const std::array<std::string_view, 4>& names) {
  return ListText({names.begin(), names.end()}, "or");
}

std::optional<Error> ReadNumber(const WorkloadKey& key, const Json& value, std::string_view where,
                                Workload* workload) {
  const Json* given = Given(value, key.name);
  if (given == nullptr) return std::nullopt;
  // What is no number lies outside every range.
  double number = std::numeric_limits<double>::infinity();
  if (given->is_number()) number = given->AsDouble().value_or(number);
  std::optional<int64_t> whole = given->AsInt();
  // Tokens stand in files as people write them, too.
  if (key.tokens && given->is_string()) whole = ReadTokens(given->AsString());
  if (key.whole != nullptr)
    number = whole ? static_cast<double>(*whole) : std::numeric_limits<double>::infinity();
  if (!Finite(number, key.least, key.most)) return Wrong(where, key.name, *given, AcceptedBy(key));
  if (key.whole != nullptr) {
    workload->*key.whole = *whole;
  } else if (key.real != nullptr) {
    workload->*key.real = number;
  } else {
    workload->objective.*key.limit = number;
  }
  return std::nullopt;
}

}  // namespace

Result<Workload> ReadWorkload(const Json& value, const Workload& defaults, std::string_view where) {
  if (!value.is_object()) return Error{std::string(where), value.Dump().substr(0, 60), "an object"};
  Workload workload = defaults;
  const int arrival = Choice(value, "arrival", kArrivalNames, static_cast<int>(workload.arrival));
  if (arrival < 0) return Wrong(where, "arrival", *value.Find("arrival"), OneOf(kArrivalNames));
  workload.arrival = static_cast<Arrival>(arrival);
  // As measured cases spell them.
  const auto whole = [&](const char* key, int64_t* target) {
    const Json* field = value.Find(key);
    if (field && field->AsInt()) *target = *field->AsInt();
  };
  whole("concurrency", &workload.users);
  whole("users", &workload.users);
  // A burst of `users` prompts, unless a number of prompts is given.
  if (workload.arrival == Arrival::kBurst) workload.requests = workload.users;
  whole("num_prompts", &workload.requests);
  for (const WorkloadKey& key : WorkloadKeys()) {
    if (auto error = ReadNumber(key, value, where, &workload)) return *error;
  }
  ReadLength(value.Find("input_len"), &workload.prompt);
  ReadLength(value.Find("output_len"), &workload.output);
  const Json* policy = Given(value, "scheduling_policy");
  if (policy != nullptr) {
    const std::string name = policy->is_string() ? policy->AsString() : std::string();
    if (name != kPolicyNames[0] && name != kPolicyNames[1])
      return Wrong(where, "scheduling_policy", *policy, "fcfs or priority");
    workload.by_priority = name == kPolicyNames[1];
  }
  const Json* spread = Given(value, "spread");
  const double share = spread != nullptr ? spread->AsDouble().value_or(-1) : 0;
  if (!Finite(share, 0, 100)) return Wrong(where, "spread", *spread, "a number from 0 to 100");
  for (const auto& [name, spec] :
       {std::pair{"prompt_shape", &workload.prompt}, {"output_shape", &workload.output}}) {
    const int shape = Choice(value, name, kShapeNames, 4);
    if (shape < 0) return Wrong(where, name, *value.Find(name), OneOf(kShapeNames));
    if (shape < 4) SetShape(kShapeNames[static_cast<size_t>(shape)], share, spec);
  }
  return workload;
}

}  // namespace plimsoll
