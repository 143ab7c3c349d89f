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

// A closed loop of users who always have a request running, spread evenly, as one of them sees the others. Steps are
// the clock: how many of them a request waits, reads and writes does not depend on how long they take.
struct Others {
  double decoding = 0;   // sequences that write beside one
  double prompt = 0;     // tokens
  double left = 0;       // of a step's tokens, for prompts: the budget is for those who decode first
  double reading = 1;    // steps that a prompt takes
  double queue = 0;      // steps that it waits for those in front of it
  double prompts = 0;    // that come into a step on average
  double plain = 0;      // seconds of a step without prompts
  double attention = 0;  // seconds of a prompt's own
  bool pause = false;    // while a prompt is read
};

// Steps in the queue of a server with room for `places` prompts in a step, or of one that reads each for `reading` steps,
// when `busy` of its room is taken: Sakasegawa's approximation (1977) for services of one length.
double QueueSteps(double places, double reading, double busy) {
  return reading * 0.5 * std::pow(busy, std::sqrt(2 * (places + 1)) - 1) / (places * (1 - busy));
}

// How the `others` of so many share the steps of a loop in which each writes for `writing` steps and waits for `idle`
// beside its reading and the queue.
void ShareSteps(double others, double writing, double idle, double budget, Others* o) {
  constexpr double kNoQueue = 0.2;
  const auto at = [&](double prompts) {
    o->prompts = prompts;
    o->decoding = std::min(others, prompts * writing);
    o->left = budget > 0 ? std::max(1.0, budget - (o->pause ? 0 : o->decoding)) : o->prompt;
    o->reading = std::max(1.0, o->prompt / o->left);
    const double busy = prompts * o->prompt / o->left;
    o->queue = busy < 1 ? QueueSteps(std::max(1.0, o->left / o->prompt), o->reading, busy) : 0;
    return busy;
  };
  const double most = others / (writing + idle + 1);
  if (at(most) < kNoQueue) return;
  // As many prompts as all requests in the loop account for (Little's law): more make the queue longer.
  double low = 0, high = most;
  for (int i = 0; i < 24; ++i) {
    const double middle = (low + high) / 2;
    const bool fewer = at(middle) < 1 && middle * (writing + idle + o->reading + o->queue) < others;
    (fewer ? low : high) = middle;
  }
  at(low);
}

// How much longer a step takes with so many tokens of so many prompts in it, their attention aside.
double AddedSeconds(const StepModel& model, const Others& o, double tokens, double prompts) {
  StepLoad with;
  if (!o.pause) with.decode_sequences = std::max<int64_t>(1, std::llround(o.decoding));
  with.prefill_tokens = std::max<int64_t>(1, std::llround(tokens));
  with.prefill_sequences = std::max<int64_t>(1, std::llround(prompts));
  // A batch large enough to be worth copying weights from RAM for can be quicker than decoding on the
  // processor. It saves nothing that could be handed on: the next step decodes alone again.
  return std::max(0.0, model.Time(with).value() - (o.pause ? 0 : o.plain));
}

// What one prompt adds to the steps that it is read in.
double OwnSeconds(const StepModel& model, const Others& o) {
  return AddedSeconds(model, o, std::min(o.left, o.prompt), 1) * o.reading + o.attention;
}

// What prompts add to a step on average. So many independent arrivals are Poisson's: a step has no prompt in it with
// exp(-n), and those that have any have n / (1 - exp(-n)).
double SharedSeconds(const StepModel& model, const Others& o, bool batched) {
  if (!(o.prompts > 0)) return 0;
  const double together = batched ? o.prompts / -std::expm1(-o.prompts) : 1;
  const double tokens = std::min(o.left, together * o.prompt);
  const double share = o.prompts * o.prompt / tokens;  // of the steps
  return share * AddedSeconds(model, o, tokens, tokens / o.prompt) + o.prompts * o.attention;
}

Others OthersOf(const StepModel& model, const Operation& operation, double running, double idle) {
  Others o;
  o.prompt = static_cast<double>(operation.prompt_tokens);
  o.pause = operation.prompts_alone;
  const double writing =
      static_cast<double>(std::max<int64_t>(1, operation.output_tokens)) / model.tokens_per_step();
  const auto budget = static_cast<double>(operation.chunk);
  if (operation.lockstep) {
    o.decoding = running - 1;
    o.left = budget > 0 ? std::max(1.0, budget - o.decoding) : o.prompt;
    o.reading = std::max(1.0, o.prompt / o.left);
  } else {
    ShareSteps(running - 1, writing, idle, budget, &o);
  }
  StepLoad plain;
  plain.decode_sequences = std::max<int64_t>(1, std::llround(o.decoding));
  o.plain = model.Time(plain).value();
  for (int i = 0; i < model.span_count(); ++i)
    o.attention += model.PerPrefillPair(i).value() * CausalPairs(0, operation.prompt_tokens, model.span(i));
  return o;
}

// A request on its way to the scheduler.
struct Reception {
  double wait = 0;  // for those that are received before it, in seconds
  double rest = 0;  // of the step that runs when it is there, in seconds
};

// Steps of a loop: plain ones, and longer ones that have prompts in them.
struct StepMix {
  double plain = 0, longer = 0;  // seconds
  double share = 0;              // of the longer ones
  double Mean() const { return plain + share * (longer - plain); }
};

// What is left of the step that runs `after` a step has ended. Steps that follow one another are of either length by
// chance, so that few steps later it is any time of a step (the mean residual life of renewals: half the mean square over
// the mean).
double RestOf(const StepMix& steps, double after, int depth = 0) {
  constexpr int kRemembered = 6;
  if (depth == kRemembered) {
    const double square =
        (1 - steps.share) * steps.plain * steps.plain + steps.share * steps.longer * steps.longer;
    return square / (2 * steps.Mean());
  }
  const auto within = [&](double length) {
    return after <= length ? length - after : RestOf(steps, after - length, depth + 1);
  };
  const double plain = steps.share < 1 ? (1 - steps.share) * within(steps.plain) : 0;
  return plain + (steps.share > 0 ? steps.share * within(steps.longer) : 0);
}

// Users of a closed loop whose answers end in the same step learn it together, `delivery` after its end, and ask again
// together; each takes `work` to receive. They are there at a phase of the steps, then, not at any time.
Reception ReceptionOf(double prompts, double delivery, double work, const StepMix& steps, bool in_turn) {
  constexpr int kMostTogether = 256;
  if (!in_turn || !(prompts > 0)) return {0, RestOf(steps, delivery + work)};
  // So many come into a step on average. One of them is at a place of its group as often as groups are larger than that.
  Reception reception;
  double more = -std::expm1(-prompts), chance = std::exp(-prompts), all = 0;
  for (int place = 0; place < kMostTogether && (place == 0 || more > 1e-6); ++place) {
    all += more;
    reception.wait += more * place * work;
    reception.rest += more * RestOf(steps, delivery + (place + 1) * work);
    chance *= prompts / (place + 1);
    more -= chance;
  }
  reception.wait /= all;
  reception.rest /= all;
  // And for those of the steps before, where receiving them takes longer than a step.
  constexpr double kMostBusy = 0.95;
  const double step = steps.Mean();
  const double busy = std::min(kMostBusy, prompts * work / step);
  reception.wait += step * QueueSteps(std::max(1.0, step / work), 1, busy);
  return reception;
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
  const double alone = PrefillTime(model, o.prompt_tokens, o.chunk).value();
  const double overhead = model.request_overhead(o.prompt_tokens).value();
  // The step that is scheduled already, if one is, and that of those who write, if it is read beside them; the rest of the
  // running step comes to them.
  const double whole = (model.scheduled_ahead() ? 1 : 0) + (o.prompts_alone ? 0 : 1);
  const bool alone_here = running < 2 || o.prompt_tokens <= 0;
  const Others others = alone_here ? Others() : OthersOf(model, o, running, whole + 0.5);
  const double intrusion = alone_here ? 0 : OwnSeconds(model, others);

  const double writing = alone_here || o.lockstep ? running : others.decoding + 1;
  const double decode = StepSeconds(model, writing, context);
  if (!(decode > 0)) return speed;
  double tpot = decode / model.tokens_per_step(), ttft = overhead + alone, cycle = 0;
  if (o.lockstep) {
    // All prompts first, then all outputs: the mean prompt waits for half of the others.
    cycle = overhead + alone + (running - 1) * intrusion + tpot * std::max(0.0, output - 1);
    ttft += 0.5 * (running - 1) * intrusion;
    tpot += 0.5 * (running - 1) * intrusion / output;
  } else {
    if (!alone_here) {
      const double shared = SharedSeconds(model, others, o.chunk > 0);
      const double step = decode + shared;
      tpot = step / model.tokens_per_step();
      // Its own prompt is read, and its token leaves a part of a step later.
      const double delivery = model.delivery_steps() * decode;
      const double share = -std::expm1(-others.prompts);
      const StepMix steps = {decode, share > 0 ? decode + shared / share : decode, share};
      const Reception reception = ReceptionOf(others.prompts, delivery, overhead, steps, o.received_in_turn);
      const double rest = o.any_time ? 0.5 * step : reception.rest;
      ttft = overhead + reception.wait + (whole + others.queue) * step + rest + intrusion + delivery;
    }
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
  o.any_time = true;
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
