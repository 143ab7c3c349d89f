#include "core/speed/serving_speed.h"

#include <algorithm>
#include <cmath>

namespace plimsoll {
namespace {

// A decode step of a fractional number of sequences, each with `context` cached tokens, and `prompt` prompt
// tokens beside them.
double StepSeconds(const StepModel& model, double sequences, int64_t context) {
  auto at = [&](int64_t count) {
    StepLoad load;
    load.decode_sequences = count;
    for (int i = 0; i < model.span_count(); ++i) {
      load.decode_kv_tokens[static_cast<size_t>(i)] =
          static_cast<double>(std::min(context, model.span(i))) * static_cast<double>(count);
    }
    return model.Time(load).value();
  };
  const double below = std::floor(sequences);
  const auto count = std::max<int64_t>(1, static_cast<int64_t>(below));
  const double lower = at(count);
  if (sequences <= static_cast<double>(count)) return lower;
  return lower + (sequences - below) * (at(count + 1) - lower);
}

// How much longer the steps take that carry one prompt, when `sequences` are decoding beside it.
double IntrusionSeconds(const StepModel& model, int64_t sequences, int64_t prompt, int64_t chunk) {
  if (prompt <= 0) return 0;
  // The budget of a step is for those who decode first; a prompt takes what they leave, and no more than it needs.
  const int64_t left = chunk > 0 ? std::max<int64_t>(1, chunk - sequences) : prompt;
  StepLoad without, with;
  without.decode_sequences = with.decode_sequences = sequences;
  with.prefill_tokens = std::min(left, prompt);
  with.prefill_sequences = 1;
  const double steps = static_cast<double>(prompt) / static_cast<double>(with.prefill_tokens);
  double seconds = (model.Time(with) - model.Time(without)).value() * std::max(1.0, steps);
  for (int i = 0; i < model.span_count(); ++i) {
    seconds += model.PerPrefillPair(i).value() * CausalPairs(0, prompt, model.span(i));
  }
  // A batch large enough to be worth copying weights from RAM for can be quicker than decoding on the
  // processor. It saves nothing that could be handed on: the next step decodes alone again.
  return std::max(0.0, seconds);
}

}  // namespace

SpeedReport SpeedAt(const StepModel& model, const Operation& o) {
  SpeedReport speed;
  const double prompt = static_cast<double>(std::max<int64_t>(0, o.prompt_tokens));
  const double output = static_cast<double>(std::max<int64_t>(1, o.output_tokens));
  const double replicas = static_cast<double>(std::max<int64_t>(1, o.replicas));
  const double asked = std::max(1.0, o.concurrency / replicas);
  double running = asked;
  if (o.max_sequences > 0) running = std::min(running, static_cast<double>(o.max_sequences));
  if (o.capacity_tokens > 0) {
    // Sequences of all ages share the cache: each holds its prompt and half its output.
    const double each = prompt + output / 2;
    running = std::min(running, std::max(1.0, static_cast<double>(o.capacity_tokens) / std::max(1.0, each)));
  }
  const int64_t context = o.prompt_tokens + o.output_tokens / 2;
  const double decode = StepSeconds(model, running, context) / model.tokens_per_step();
  if (!(decode > 0)) return speed;
  const double alone = PrefillTime(model, o.prompt_tokens, o.chunk).value();
  const auto beside = static_cast<int64_t>(running) - 1;
  const double intrusion = beside > 0 ? IntrusionSeconds(model, beside, o.prompt_tokens, o.chunk) : 0;
  const double overhead = model.request_overhead(o.prompt_tokens).value();

  double tpot = decode, ttft = overhead + alone, cycle = 0;
  if (o.lockstep) {
    // All prompts first, then all outputs: the mean prompt waits for half of the others.
    ttft += 0.5 * (running - 1) * intrusion;
    tpot += 0.5 * (running - 1) * intrusion / output;
    cycle = overhead + alone + (running - 1) * intrusion + decode * std::max(0.0, output - 1);
  } else {
    // While a sequence writes its output, each of the others ends once and the prompt of its successor is
    // read.
    tpot += (running - 1) * intrusion / output;
    const double ahead = model.bunching() * 0.5 * (running - 1);
    // The rest of the running step, the one that is scheduled already, its own, and the way out.
    const double steps = 1.5 + (model.scheduled_ahead() ? 1 : 0) + model.delivery_steps();
    if (beside > 0) ttft = overhead + steps * decode + (1 + ahead) * intrusion;
    cycle = ttft + tpot * std::max(0.0, output - 1);
    if (asked > running) {  // the rest of the cycle they wait
      cycle -= overhead;
      ttft += cycle * (asked - running) / running;
    }
  }
  speed.decode_tokens_per_s = 1 / tpot;
  speed.decode_tokens_per_s_total = running * replicas * output / cycle;
  speed.prefill_tokens_per_s = alone > 0 ? prompt / alone : 0;
  speed.ttft_ms = ttft * 1e3;
  speed.tpot_ms = tpot * 1e3;
  const Band& band = model.decode_band(o.concurrency / replicas);
  speed.low = speed.decode_tokens_per_s * (1 - band.below);
  speed.high = speed.decode_tokens_per_s * (1 + band.above);
  return speed;
}

SpeedReport SpeedAtRate(const StepModel& model, Operation o, double rate) {
  constexpr double kMost = 16384;
  const double output = static_cast<double>(std::max<int64_t>(1, o.output_tokens));
  const double cap = o.concurrency > 0 ? o.concurrency : kMost;
  auto finished = [&](double concurrency) {  // requests per second
    o.concurrency = concurrency;
    return SpeedAt(model, o).decode_tokens_per_s_total / output;
  };
  double low = 1, high = 1;
  while (high < cap && finished(high) < rate) {
    low = high;
    high = std::min(cap, high * 2);
  }
  const double served = finished(high);
  if (served < rate) {
    // Beyond what the server can do: it works at its limit, and the queue grows as long as requests come.
    if (o.max_sequences > 0) high = std::min(high, static_cast<double>(o.max_sequences));
    if (o.capacity_tokens > 0 && cap >= kMost) {
      const double each = static_cast<double>(o.prompt_tokens) + output / 2;
      high = std::min(high, std::max(1.0, static_cast<double>(o.capacity_tokens) / std::max(1.0, each)));
    }
    o.concurrency = high;
    SpeedReport speed = SpeedAt(model, o);
    if (o.requests > 0 && cap >= kMost) {
      const double wait = 0.5 * static_cast<double>(o.requests) * (1 / served - 1 / rate);
      speed.ttft_ms += 1e3 * std::max(0.0, wait);
    }
    return speed;
  }
  for (int i = 0; i < 12; ++i) {
    const double middle = (low + high) / 2;
    (finished(middle) < rate ? low : high) = middle;
  }
  o.concurrency = high;
  SpeedReport speed = SpeedAt(model, o);
  // Independent arrivals are not bunched.
  const double running = std::min(high, o.max_sequences > 0 ? static_cast<double>(o.max_sequences) : high);
  if (running > 1) {
    const double intrusion = IntrusionSeconds(model, static_cast<int64_t>(running), o.prompt_tokens, o.chunk);
    speed.ttft_ms -= 1e3 * model.bunching() * 0.5 * (running - 1) * intrusion;
  }
  double arriving = rate * output;
  if (o.requests > 0) {  // the last ones are answered after the last has come
    const double span = static_cast<double>(o.requests) / rate;
    const double tail = 1e-3 * (speed.ttft_ms + output * speed.tpot_ms);
    arriving *= span / (span + tail);
  }
  speed.decode_tokens_per_s_total = arriving;
  return speed;
}

SpeedReport EstimateSpeed(const Resolved& r, const StepModel& model, const Operation& operation) {
  SpeedReport speed = SpeedAt(model, operation);
  StepLoad decode, prompt;
  decode.decode_sequences =
      std::max<int64_t>(1, CeilDiv(std::max<int64_t>(1, r.concurrency), operation.replicas));
  prompt.prefill_sequences = 1;
  prompt.prefill_tokens = operation.chunk > 0 ? std::min(operation.chunk, r.prompt_tokens) : r.prompt_tokens;
  for (int i = 0; i < model.span_count(); ++i) {
    const auto span = static_cast<size_t>(i);
    const int64_t context = std::min(r.prompt_tokens + r.output_tokens / 2, model.span(i));
    decode.decode_kv_tokens[span] =
        static_cast<double>(context) * static_cast<double>(decode.decode_sequences);
    prompt.prefill_kv_pairs[span] = CausalPairs(0, prompt.prefill_tokens, model.span(i));
  }
  speed.decode_bound = BottleneckName(model.Explain(decode).bottleneck);
  speed.prefill_bound = BottleneckName(model.Explain(prompt).bottleneck);
  return speed;
}

}  // namespace plimsoll
