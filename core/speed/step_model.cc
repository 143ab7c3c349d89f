#include "core/speed/step_model.h"

#include <algorithm>
#include <cmath>

#include "core/catalog/interconnect.h"
#include "core/speed/card_rates.h"
#include "core/speed/measured_speeds_table.h"

namespace plimsoll {
namespace {

// 32 tokens: below that llama.cpp computes host-resident weights on the CPU, above it sends them to the card
// (ggml-cuda.cu, ggml_backend_cuda_device_offload_op: min_batch_size).
constexpr int64_t kStreamThreshold = 32;

double Positive(double value, double fallback) { return value > 0 ? value : fallback; }

// base^exponent with the same roundings everywhere (libm's pow differs between platforms).
double IntegerPower(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

// Routed experts of `count` that `tokens` tokens touch, each choosing `chosen`. Routers have favourites: half
// of the experts are chosen (1 + skew) times as often as the average, the others (1 - skew) times.
double DistinctExperts(int64_t count, int64_t chosen, int64_t tokens, double skew) {
  if (count <= 0 || tokens <= 0) return 0;
  const double share = std::min(1.0, static_cast<double>(chosen) / static_cast<double>(count));
  const double most = std::min(skew, 1 / share - 1);
  const double missed =
      IntegerPower(1 - share * (1 + most), tokens) + IntegerPower(1 - share * (1 - most), tokens);
  return static_cast<double>(count) * (1 - missed / 2);
}

// The fullest of `ranks` that share `things` at random, over the mean: with m each it has about m + sqrt(2 m ln R)
// (balls into bins, Raab and Steger 1998), and never more than there are.
double Fullest(double things, int64_t ranks, double most_each) {
  if (ranks <= 1 || things <= 0) return 1;
  double doublings = 0;
  for (int64_t r = ranks; r > 1; r = (r + 1) / 2) doublings += 1;
  const double mean = things / static_cast<double>(ranks);
  const double fullest = mean + std::sqrt(2 * mean * doublings * 0.6931471805599453);
  return std::max(1.0, std::min(fullest, most_each) / mean);
}

// Reading weights and computing with them overlap, but not perfectly where they balance: a norm of order 4.
double Overlap(double memory, double compute) {
  const double m = memory * memory;
  const double c = compute * compute;
  return std::sqrt(std::sqrt(m * m + c * c));
}

// Rows that a matrix product computes for n: kernels for a few rows waste little, large tiles half of one.
double Padded(double n, double tile) { return n + n * tile / (n + tile); }

// The card that decides: with tensor parallelism the slowest; with a layer split each works in turn.
const Gpu& SlowestCard(const Resolved& r) {
  const Gpu* slowest = r.cards.front().gpu;
  for (const Card& card : r.cards) {
    if (card.gpu != nullptr && card.gpu->bandwidth < slowest->bandwidth) slowest = card.gpu;
  }
  return *slowest;
}

double AcceptProbability(const Resolved& r, const MeasuredSpeeds& speeds) {
  switch (r.speculative.method) {
    case SpeculativeMethod::kDraft:
    case SpeculativeMethod::kNgram:  // depends on the text; unmeasured
      return speeds.accept_draft.value;
    case SpeculativeMethod::kMtp:
      return speeds.accept_mtp.value;
    case SpeculativeMethod::kEagle:
    case SpeculativeMethod::kEagle3:
    case SpeculativeMethod::kDflash:
      return speeds.accept_eagle.value;
  }
  return speeds.accept_draft.value;
}

double Seconds0(double amount, double rate) { return rate > 0 ? amount / rate : 0; }

// The path between `ranks` cards, over the network that was told where they are on several nodes.
Link LinkBetween(const Resolved& r, const Gpu& gpu, int64_t ranks) {
  const bool across = r.nodes > 1 && ranks > std::max<int64_t>(1, r.gpus);
  Link link = FindLink(gpu, ranks, across);
  if (across && r.node_link_gbit_per_s > 0) link.bandwidth = GbPerSecond(r.node_link_gbit_per_s / 8);
  return link;
}

// With experts spread over data-parallel replicas a token's hidden state travels to the ranks of its experts
// before the products and back after them, 16 bits an element, in each layer that has experts (DeepEP's
// dispatch and combine: vllm/model_executor/layers/fused_moe/deepep_ht_prepare_finalize.py). Within one
// tensor-parallel group every rank has every token: nothing travels but the sum that is counted already.
void AddExpertTraffic(const Resolved& r, const StepWork& w, const Gpu& gpu, StepCoefficients* c) {
  if (!r.expert_parallel || r.dp_attention || r.dp <= 1 || w.moe_layers <= 0) return;
  const int64_t ranks = std::max<int64_t>(1, r.tp) * r.dp;
  const Link link = LinkBetween(r, gpu, ranks);
  const CollectiveCost exchange = AllToAll(link, ranks);
  const double times = 2 * w.moe_layers;
  const auto copies = static_cast<double>(std::min(w.experts_per_token, ranks));
  c->reduce_latency += exchange.latency.value() * times;
  c->reduce_per_token += exchange.seconds_per_byte * 2 * w.hidden * copies * times;
}

}  // namespace

std::string_view BottleneckName(Bottleneck bound) {
  switch (bound) {
    case Bottleneck::kMemory:
      return "memory";
    case Bottleneck::kCompute:
      return "compute";
    case Bottleneck::kLatency:
      return "latency";
    case Bottleneck::kCommunication:
      return "communication";
    case Bottleneck::kHostMemory:
      return "host_memory";
    case Bottleneck::kHostLink:
      return "host_link";
  }
  return "";
}

StepModel StepModel::Make(const Resolved& resolved, const StepStyle& style) {
  return Make(resolved, style, CountWork(resolved, style), FittedSpeeds());
}

StepModel StepModel::Make(const Resolved& r, const StepStyle& style, const StepWork& w,
                          const MeasuredSpeeds& speeds) {
  StepModel model;
  if (r.cards.empty() || w.layers <= 0) return model;
  const EngineSpeeds& engine = speeds.OfEngine(style.engine);
  const int64_t ranks = style.ranks;
  const Gpu& gpu = SlowestCard(r);
  const CardRates rates = FindRates(r, style, speeds, gpu, static_cast<FormatClass>(w.main_format));
  StepCoefficients& c = model.coefficients_;

  // With a layer split of unlike cards each takes its share in turn: the mean of the reciprocal bandwidths.
  double in_turn = 1;
  if (style.layer_split && r.cards.size() > 1) {
    double sum = 0;
    const double slowest = Positive(gpu.bandwidth.value(), 1e11);
    for (const Card& card : r.cards) sum += slowest / Positive(card.gpu->bandwidth.value(), slowest);
    in_turn = sum / static_cast<double>(r.cards.size());
  }
  for (size_t f = 0; f < kFormatClasses; ++f) {
    if (w.dense_bytes[f] > 0 || w.dense_flops[f] > 0) {
      const double idle = f == static_cast<size_t>(FormatClass::kFp8)     ? w.fp8_idle
                          : f == static_cast<size_t>(FormatClass::kNvfp4) ? w.nvfp4_idle
                                                                          : 1;
      const double read = Seconds0(w.dense_bytes[f], rates.stream[f]) * idle;
      c.weights += Overlap(read, w.dense_flops[f] / 2 * rates.unpack[f]) * in_turn * (1 - w.host_dense);
      const double again =
          engine.unpack_tokens > 0 ? w.dense_flops[f] / 2 * rates.unpack[f] / engine.unpack_tokens : 0;
      c.compute_per_token += Overlap(Seconds0(w.dense_flops[f], rates.compute[f]), again);
    }
    if (w.expert_bytes[f] > 0 || w.expert_flops[f] > 0) {
      const double read = Seconds0(w.expert_bytes[f], rates.stream[f]);
      const double weights = w.expert_flops[f] / 2 * static_cast<double>(w.expert_count);
      c.experts +=
          Overlap(read, weights * rates.unpack[f]) / rates.expert_stream * in_turn * (1 - w.host_experts);
      c.expert_per_pair += Seconds0(w.expert_flops[f], rates.compute[f] * rates.expert_compute);
    }
  }
  // A narrow slice of an expert keeps its units busy for a few rounds only.
  if (w.expert_width > 0) {
    c.experts *= 1 + rates.expert_narrow / w.expert_width;
    c.expert_per_pair *= 1 + engine.expert_width.value / w.expert_width;
  }
  c.tile = engine.tile.value;
  c.expert_tile = engine.expert_tile.value;
  c.expert_count = w.expert_count;
  if (r.expert_parallel) c.expert_ranks = std::max<int64_t>(1, ranks) * std::max<int64_t>(1, r.dp);
  c.experts_per_token = w.experts_per_token;
  c.skew = speeds.routing_skew.value;
  const auto head = static_cast<size_t>(w.head_format);
  c.head = Overlap(Seconds0(w.head_bytes, rates.stream[head]), w.head_flops / 2 * rates.unpack[head]);
  c.token = w.activations * rates.activation;
  c.head_per_sequence = Seconds0(w.head_flops, rates.compute[head]);
  // `layer` is that of two sublayers, as most layers have.
  c.launch = w.sublayers / 2 * rates.layer + w.moe_layers * rates.moe_layer +
             w.recurrent_layers * rates.recurrent_layer + w.index_layers * rates.index_layer;
  c.state_per_sequence = Seconds0(2 * w.state_bytes, rates.cache);
  c.recurrent_per_token = Seconds0(w.state_flops, rates.attention) + w.recurrent_layers * rates.scan;
  model.span_count_ = w.span_count;
  for (size_t i = 0; i < kMaxSpans; ++i) {
    model.spans_[i] = w.span[i];
    const double read = rates.each_head_reads ? w.query_bytes[i] : w.cached_bytes[i];
    c.cached_token[i] = std::max(Seconds0(read, rates.cache), Seconds0(w.cached_flops[i], rates.attention));
    c.prefill_pair[i] = Seconds0(w.pair_flops[i], rates.attention) + w.pair_scores[i] * rates.score;
  }

  c.step = engine.step_us.value * 1e-6;
  c.sequence = engine.sequence_us.value * 1e-6;
  c.prefill_step = engine.prefill_step_us.value * 1e-6;
  c.prefill_host = w.sublayers / 2 * rates.prefill_layer + w.moe_layers * rates.prefill_moe +
                   w.latent_layers * rates.prefill_latent + w.recurrent_layers * rates.prefill_recurrent;
  c.prefill_graph = w.sublayers / 2 * rates.prefill_graph;
  c.graph_tokens = r.enforce_eager ? 0 : style.graph_tokens;
  model.scheduled_ahead_ = style.scheduled_ahead;
  model.delivery_steps_ = style.scheduled_ahead ? engine.delivery_steps.value : 0;
  model.request_overhead_ = Seconds(engine.request_ms.value * 1e-3);
  model.request_token_ = Seconds(engine.request_token_us.value * 1e-6);

  if (ranks > 1) {
    const Link link = LinkBetween(r, gpu, ranks);
    const CollectiveCost reduce = AllReduce(link, ranks);
    const double times = w.sublayers + 1;  // after attention, after the MLP; the logits once
    c.reduce_latency = reduce.latency.value() * engine.reduce.value * times;
    c.reduce_per_token = reduce.seconds_per_byte * 2 * w.hidden * times;
  }
  AddExpertTraffic(r, w, gpu, &c);
  if (style.node_transfers > 0) {
    const auto transfers = static_cast<double>(style.node_transfers);
    c.reduce_latency += style.node_latency.value() * transfers;
    c.reduce_per_token += Seconds0(4.0 * w.hidden * transfers, style.node_link.value());
  }

  const double link_rate = HostLink(gpu).value() * speeds.link_share.value;
  c.host_weights = Seconds0(w.dense_total * w.host_dense,
                            Positive(style.host_dense_rate.value(), speeds.host_memory.value));
  c.host_experts = Seconds0(w.expert_total * w.host_experts,
                            Positive(style.host_expert_rate.value(), speeds.host_memory.value));
  c.streamed_weights = Seconds0(w.dense_total * w.host_dense + w.expert_total * w.host_experts, link_rate);
  c.stream_threshold = kStreamThreshold;
  if (style.sent_weights.count() > 0) {
    const double offloaded =
        std::min(static_cast<double>(style.sent_weights.count()), w.dense_total + w.expert_total);
    c.streamed_always = Seconds0(offloaded, link_rate);
  }

  c.chunk = style.chunk;
  c.stages = style.stages;
  if (style.layer_split) {
    c.split_cards = static_cast<int64_t>(r.cards.size());
    c.split_share = speeds.ggml_pipeline.value;
  }

  if (r.speculative.num_tokens > 0) {
    const int64_t k = std::min<int64_t>(r.speculative.num_tokens, 64);
    const double p = AcceptProbability(r, speeds);
    c.tokens_per_sequence = 1 + k;
    c.accepted = (1 - IntegerPower(p, k + 1)) / (1 - p);
    double draft_bytes = 0;
    if (r.draft != nullptr && r.draft_format != nullptr) {
      draft_bytes =
          static_cast<double>(r.draft->parameters().active) * r.draft_bits / 8 / static_cast<double>(ranks);
    } else {  // a layer of the model itself, with its share of the head
      draft_bytes = (w.dense_total + w.expert_total) / w.layers + w.head_bytes;
    }
    c.draft = static_cast<double>(k) * (Seconds0(draft_bytes, rates.stream[0]) + rates.layer * 2);
  }

  const CardFactors& card =
      speeds.cards[static_cast<size_t>(style.kernels)][static_cast<size_t>(ClassOf(gpu))];
  // Nobody measured this class of cards: half as wide again.
  const double widened = card.stream.rows > 0 ? 1 : 1.5;
  model.bands_ = {engine.decode, engine.prompt, engine.first_token, engine.total, engine.alone};
  for (Band& band : model.bands_) {
    band.below = std::min(0.9, band.below * widened);
    band.above = std::min(3.0, band.above * widened);
  }
  return model;
}

StepTime StepModel::Predict(const StepLoad& load) const {
  const StepCoefficients& c = coefficients_;
  StepTime t;
  const double stages = static_cast<double>(c.stages);
  // Stages of a pipeline work on different sequences: a pass carries its part of the step's sequences.
  const int64_t decoding = load.decode_sequences > 0 ? CeilDiv(load.decode_sequences, c.stages) : 0;
  const int64_t prompt = load.prefill_tokens > 0 ? CeilDiv(load.prefill_tokens, c.stages) : 0;
  const int64_t verified = decoding * c.tokens_per_sequence;
  const int64_t tokens = verified + prompt;
  if (tokens <= 0) return t;
  const int64_t passes = c.chunk > 0 ? CeilDiv(tokens, c.chunk) : 1;
  const int64_t pass_tokens = CeilDiv(tokens, passes);
  const double n = static_cast<double>(pass_tokens);
  const double times = static_cast<double>(passes);
  // Passes over one prompt overlap on the cards of a layer split.
  double overlap = 1;
  if (c.split_cards > 1 && passes > 1) {
    const double cards = static_cast<double>(c.split_cards);
    const double ideal = cards * times / (times + cards - 1);
    overlap = 1 / (1 + (ideal - 1) * c.split_share);
  }
  const double scale = times * overlap;

  const double moved = c.token * n;
  double memory = c.weights;
  double compute = c.compute_per_token * Padded(n, c.tile);
  double gemm = Overlap(memory, compute);
  double host = 0, streamed = c.streamed_always;
  if (c.expert_count > 0) {
    const double distinct = DistinctExperts(c.expert_count, c.experts_per_token, pass_tokens, c.skew);
    const double share = distinct / static_cast<double>(c.expert_count);
    const double each = static_cast<double>(c.expert_count) / static_cast<double>(c.expert_ranks);
    const double uneven = Fullest(distinct, c.expert_ranks, each);
    const double expert_memory = c.experts * share * uneven;
    const double pairs = n * static_cast<double>(c.experts_per_token);
    const double expert_compute =
        c.expert_per_pair * distinct * Padded(pairs / distinct, c.expert_tile) * uneven;
    gemm += Overlap(expert_memory, expert_compute);
    memory += expert_memory;
    compute += expert_compute;
    host = c.host_experts * share;
  }
  host += c.host_weights;
  if (c.streamed_weights > 0 && pass_tokens >= c.stream_threshold) {
    streamed += std::min(c.streamed_weights, host * n);
    host = 0;
  }
  const double sampled = static_cast<double>(verified + load.prefill_sequences);
  const double head = sampled > 0 ? Overlap(c.head, c.head_per_sequence * sampled) : 0;

  t.weights = Seconds(std::min(memory, gemm) * scale);
  t.compute = Seconds((gemm - std::min(memory, gemm) + moved) * scale);
  t.head = Seconds(head);
  t.offload = Seconds((host + streamed) * times);
  t.launch = Seconds(c.launch * scale + c.step + c.sequence * static_cast<double>(load.decode_sequences) +
                     (prompt > 0 ? c.prefill_step * scale : 0) + (decoding > 0 ? c.draft : 0));
  t.all_reduce = Seconds((c.reduce_latency + c.reduce_per_token * n) * times);
  t.recurrent_state = Seconds(c.state_per_sequence * static_cast<double>(decoding + load.prefill_sequences) +
                              c.recurrent_per_token * static_cast<double>(prompt) * overlap);
  double cached = 0, pairs = 0;
  for (size_t i = 0; i < kMaxSpans; ++i) {
    cached += c.cached_token[i] * load.decode_kv_tokens[i];
    pairs += c.prefill_pair[i] * load.prefill_kv_pairs[i];
  }
  t.kv_read = Seconds(cached);
  t.attention = Seconds(pairs / stages * overlap);
  const double launched = tokens <= c.graph_tokens ? c.prefill_graph : c.prefill_host;
  if (prompt > 0 && launched > 0) {
    // The host launches such a step kernel by kernel, ahead of the card: what the card does is hidden where the host is
    // the slower one. Cached tokens stay out of it, so that the step stays affine in them.
    const double card =
        (t.weights + t.compute + t.head + t.all_reduce + t.recurrent_state).value() + c.launch * scale;
    t.launch = t.launch + Seconds(Overlap(card, launched * scale) - card);
  }
  t.total = t.weights + t.compute + t.head + t.offload + t.launch + t.all_reduce + t.recurrent_state +
            t.kv_read + t.attention;

  struct Candidate {
    double seconds;
    Bottleneck bottleneck;
  };
  const bool computes = compute > memory;
  const double work = t.weights.value() + t.compute.value() + t.head.value();
  const Candidate candidates[] = {
      {(computes ? 0 : work) + t.kv_read.value() + t.recurrent_state.value(), Bottleneck::kMemory},
      {(computes ? work : 0) + t.attention.value(), Bottleneck::kCompute},
      {t.launch.value(), Bottleneck::kLatency},
      {t.all_reduce.value(), Bottleneck::kCommunication},
      {host * times, Bottleneck::kHostMemory},
      {streamed * times, Bottleneck::kHostLink},
  };
  double longest = -1;
  for (const Candidate& candidate : candidates) {
    if (candidate.seconds > longest) {
      longest = candidate.seconds;
      t.bottleneck = candidate.bottleneck;
    }
  }
  return t;
}

StepTime StepModel::Explain(const StepLoad& load) const {
  StepTime t = Predict(load);
  if (slow_decode_ == 1 && slow_prefill_ == 1) return t;
  double cached = 0, pairs = 0;
  for (size_t i = 0; i < static_cast<size_t>(span_count_); ++i) {
    cached += coefficients_.cached_token[i] * load.decode_kv_tokens[i];
    pairs += coefficients_.prefill_pair[i] * load.prefill_kv_pairs[i];
  }
  // What is affine stays so: cached tokens at the rate of decoding, pairs at that of prompts, in any step.
  const double slow = load.prefill_tokens > 0 ? slow_prefill_ : slow_decode_;
  t.total =
      Seconds(slow * (t.total.value() - cached - pairs) + slow_decode_ * cached + slow_prefill_ * pairs);
  for (Seconds* part :
       {&t.weights, &t.compute, &t.recurrent_state, &t.all_reduce, &t.launch, &t.offload, &t.head})
    *part = *part * slow;
  t.kv_read = t.kv_read * slow_decode_;
  t.attention = t.attention * slow_prefill_;
  return t;
}

Seconds StepModel::Time(const StepLoad& load) const { return Explain(load).total; }

Seconds PrefillTime(const StepModel& model, int64_t prompt_tokens, int64_t chunk) {
  if (prompt_tokens <= 0) return {};
  if (chunk <= 0 || chunk > prompt_tokens) chunk = prompt_tokens;
  StepLoad load;
  load.prefill_sequences = 1;
  load.prefill_tokens = chunk;
  const int64_t whole = prompt_tokens / chunk;
  Seconds total = model.Time(load) * static_cast<double>(whole);
  const int64_t rest = prompt_tokens - whole * chunk;
  // Attention is affine in the pairs: all of them are added once, with the last (or only) chunk.
  StepLoad pairs = load;
  pairs.prefill_tokens = rest > 0 ? rest : chunk;
  const Seconds last = model.Time(pairs);
  for (int i = 0; i < model.span_count(); ++i) {
    pairs.prefill_kv_pairs[static_cast<size_t>(i)] = CausalPairs(0, prompt_tokens, model.span(i));
  }
  const Seconds with_pairs = model.Time(pairs);
  return total + (rest > 0 ? with_pairs : with_pairs - last);
}

}  // namespace plimsoll
