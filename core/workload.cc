#include "core/workload.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

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
  double sum = 0;
  for (int k = 23; k >= 1; k -= 2) sum = sum * z2 + 1.0 / k;
  return 2 * z * sum + exponent * 0.69314718055994530942;
}

double Exp(double x) {
  if (x > 700) x = 700;
  if (x < -700) return 0;
  const double n = std::floor(x / 0.69314718055994530942 + 0.5);
  const double r = x - n * 0.69314718055994530942;
  double sum = 1;
  for (int k = 18; k >= 1; --k) sum = 1 + sum * r / k;
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
      const double ratio = spec.deviation / spec.mean;
      const double variance = Ln(1 + ratio * ratio);
      length = Exp(Ln(spec.mean) - variance / 2 + std::sqrt(variance) * Normal());
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
    request.session = static_cast<int32_t>(list.requests.size());
    list.requests.push_back(request);
  }
  std::stable_sort(list.requests.begin(), list.requests.end(),
                   [](const Request& a, const Request& b) { return a.arrival < b.arrival; });
  return list;
}

}  // namespace

Result<RequestList> GenerateRequests(const Workload& workload) {
  if (!workload.trace.empty()) return FromTrace(workload);
  if (auto error = Check(workload)) return *error;
  Random random(workload.seed);
  RequestList list;
  list.system_prompt = workload.system_prompt;
  list.requests.reserve(static_cast<size_t>(workload.requests));
  double clock = 0;
  int32_t session = 0;
  while (static_cast<int64_t>(list.requests.size()) < workload.requests) {
    int64_t history = workload.system_prompt;
    for (int64_t turn = 0; turn < workload.turns; ++turn) {
      if (static_cast<int64_t>(list.requests.size()) >= workload.requests) break;
      Request request;
      request.session = session;
      request.turn = static_cast<int32_t>(turn);
      const int64_t fresh = random.Length(workload.prompt);
      // A single request's prompt contains the system prompt; a later turn adds to what was said before.
      request.prompt = turn == 0 ? std::max(fresh, history + 1) : history + fresh;
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

Result<std::vector<TraceRow>> ReadTrace(std::string_view csv, std::string_view where) {
  const std::string accepted = "lines of arrival seconds, prompt tokens, output tokens";
  std::vector<TraceRow> rows;
  int64_t line_number = 0;
  while (!csv.empty()) {
    const size_t end = csv.find('\n');
    std::string line(csv.substr(0, std::min(end, size_t{256})));
    csv = end == std::string_view::npos ? std::string_view() : csv.substr(end + 1);
    ++line_number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    double values[3] = {0, 0, 0};
    const char* cursor = line.c_str();
    bool good = true;
    for (int i = 0; i < 3 && good; ++i) {
      char* stop = nullptr;
      values[i] = std::strtod(cursor, &stop);
      good = stop != cursor;
      while (*stop == ' ' || *stop == '\t') ++stop;
      if (i < 2) {
        good = good && (*stop == ',' || *stop == ';');
        if (good) ++stop;
      }
      cursor = stop;
    }
    const bool header = !good && rows.empty() && line_number == 1;
    if (header) continue;
    good = good && Finite(values[0], 0, 1e9) && Finite(values[1], 1, static_cast<double>(kLongest)) &&
           Finite(values[2], 1, static_cast<double>(kLongest));
    if (!good)
      return Error{std::string(where) + " line " + std::to_string(line_number), Quoted(line), accepted};
    if (static_cast<int64_t>(rows.size()) >= kMostRequests) {
      return Error{std::string(where), "more than 1000000 rows", accepted + ", at most 1000000 of them"};
    }
    rows.push_back(TraceRow{values[0], static_cast<int64_t>(values[1]), static_cast<int64_t>(values[2])});
  }
  if (rows.empty()) return Error{std::string(where), "no rows", accepted};
  return rows;
}

namespace {

void ReadLength(const Json* value, LengthSpec* spec) {
  if (!value) return;
  if (const auto plain = value->AsDouble()) {
    spec->mean = *plain;
    return;
  }
  const auto number = [&](const char* key, double fallback) {
    const Json* field = value->Find(key);
    return field ? field->AsDouble().value_or(fallback) : fallback;
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

Result<Workload> ReadWorkload(const Json& value, const Workload& defaults, std::string_view where) {
  if (!value.is_object()) return Error{std::string(where), value.Dump().substr(0, 60), "an object"};
  Workload workload = defaults;
  if (const Json* arrival = value.Find("arrival")) {
    const std::string& name = arrival->AsString();
    if (name == "closed_loop") {
      workload.arrival = Arrival::kClosedLoop;
    } else if (name == "poisson") {
      workload.arrival = Arrival::kPoisson;
    } else if (name == "burst") {
      workload.arrival = Arrival::kBurst;
    } else if (name == "constant") {
      workload.arrival = Arrival::kConstant;
    } else {
      return Error{std::string(where) + ".arrival", Quoted(name), "closed_loop, poisson, constant or burst"};
    }
  }
  const auto whole = [&](const char* key, int64_t* target) {
    const Json* field = value.Find(key);
    if (field && field->AsInt()) *target = *field->AsInt();
  };
  const auto real = [&](const char* key, double* target) {
    const Json* field = value.Find(key);
    if (field && field->AsDouble()) *target = *field->AsDouble();
  };
  real("arrival_rate", &workload.rate);
  whole("concurrency", &workload.users);
  whole("users", &workload.users);
  // A burst of `concurrency` prompts, unless a number of prompts is given.
  if (workload.arrival == Arrival::kBurst) workload.requests = workload.users;
  whole("num_prompts", &workload.requests);
  whole("requests", &workload.requests);
  whole("system_prompt", &workload.system_prompt);
  whole("turns", &workload.turns);
  real("think_time", &workload.think_time);
  int64_t seed = static_cast<int64_t>(workload.seed & 0x7fffffff);
  whole("seed", &seed);
  workload.seed = static_cast<uint64_t>(seed);
  ReadLength(value.Find("input_len"), &workload.prompt);
  ReadLength(value.Find("output_len"), &workload.output);
  return workload;
}

}  // namespace plimsoll
