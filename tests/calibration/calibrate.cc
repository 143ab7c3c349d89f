// Fits the table of measured speeds on published measurements, and reports its errors: fitted, and with each
// card left out in turn. Run by hand; the measured rows never reach the page.
//
//   plimsoll_calibrate report            errors of the table as it stands
//   plimsoll_calibrate rows [TEXT]       every row: predicted, measured, error
//   plimsoll_calibrate explain [TEXT]    where a row's decode step and prompt go
//   plimsoll_calibrate fit [ROUNDS]      fits all coefficients and prints them
//   plimsoll_calibrate loo [ROUNDS]      fits once for each card, without that card's rows, and scores them
//   plimsoll_calibrate folds [ROUNDS]    the same for tenths of the rows; `both`: one after the other
//   plimsoll_calibrate runs [ROUNDS]     the same for fifteenths of the runs
//   plimsoll_calibrate nested [ROUNDS]   the same for cards, pooled as strongly as is best without the card
//   plimsoll_calibrate write [ROUNDS]    fits and prints core/speed/measured_speeds_table.cc
//   plimsoll_calibrate errors [ROUNDS]   prints tests/data/speed/errors.json, after the table was built
//
// Serving runs are answered by the simulator; SIM=0 in the environment answers them by the closed form.
// ROWS=1 prints every row that was left out. The table in the repository was written with the defaults below
// and 25 rounds; the other names that Env() reads are for trying what the fit rests on. A row of vLLM whose script says
// FULL_DECODE_ONLY has max_cudagraph_capture_size 512, its most sequences: no step with a prompt is captured.
//
// Errors are reported on rows of the set "main"; the fit also sees "community" rows with 0.3 of their weight,
// and never "suspect" ones. The fit minimises the log errors of every measured metric (squares near zero,
// absolute values beyond), with each coefficient drawn towards its neighbour's value: an engine's own towards
// its starting value; a card class's factor towards the product of what its vendor, its kind of memory and
// its generation reach, and those towards one. A class has next to no coefficients of its own: what a card's
// rows teach that its kin do not share would not help the next card.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/config/config_codec.h"
#include "core/engines/registry.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/resolve/resolved.h"
#include "core/speed/measured_speeds.h"
#include "core/speed/measured_speeds_table.h"
#include "core/validate/batch_case.h"
#include "core/validate/serving_case.h"
#include "tests/calibration/starting_speeds.h"

namespace plimsoll {
namespace {

double Env(const char* name, double fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atof(text);
}
const double kBalance = Env("BAL", 0.5);
const double kSmooth = Env("SMOOTH", 0.2);  // errors below this weigh like squares
constexpr double kMostResidual = 3;

struct Target {
  std::string metric;
  std::string group;
  double measured = 0;
  double weight = 1;
};

struct Row {
  std::string id, set, source, gpu, engine, model, format;
  std::unique_ptr<Config> config;
  std::unique_ptr<Resolved> resolved;
  StepStyle style;
  StepWork work;
  Operation operation;
  std::string arrival;
  Json workload;
  Report report;
  double rate = 0;
  mutable double end_to_end = 0;  // of the last simulation
  mutable bool saturated = false;
  bool medians = false;  // its source published medians, not means
  bool batch = false;    // as many requests as run at once: they start and end together
  std::vector<Target> targets;
  // The simulator's answer over the closed form's, by target: held while the closed form is fitted.
  std::vector<double> correction;
  // Relative errors of a fit that did not see this card (or run), by target.
  std::vector<double> left_out;
  // What was measured over what such a fit predicts, by target; of times per token their reciprocal.
  std::vector<double> found;
};

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(2);
}

double Number(const Json* json, double fallback) {
  return json == nullptr ? fallback : json->AsDouble().value_or(fallback);
}

std::string GroupOfMetric(const std::string& metric, const std::string& engine) {
  const bool llama = engine == "llama.cpp";
  if (metric == "decode_tps_per_stream") return llama ? "decode llama.cpp" : "decode others";
  if (metric == "tpot_ms") return engine == "vllm" ? "tpot vllm" : "tpot others";
  if (metric == "prefill_tps") return llama ? "prefill llama.cpp" : "prefill others";
  if (metric == "ttft_ms") return engine == "vllm" ? "ttft vllm" : "ttft others";
  if (metric == "e2e_ms") return "e2e";
  return "total";
}

std::vector<Row> ReadRows(const Catalog& catalog) {
  std::ifstream file(PLIMSOLL_TEST_DATA "speed/measured.json");
  std::stringstream text;
  text << file.rdbuf();
  const Result<Json> json = Json::Parse(text.str(), "measured.json");
  if (!json.ok()) Fail(json.error().Message());
  std::vector<Row> rows;
  for (const Json& item : json->items()) {
    Row row;
    row.id = item.Find("id")->AsString();
    row.set = item.Find("set")->AsString();
    // What nobody vouches for weighs as little as an unverified submission.
    if (const Json* confidence = item.Find("confidence");
        confidence != nullptr && confidence->AsString() == "low")
      row.set = row.set == "main" ? "low" : row.set;
    row.source = item.Find("source")->AsString();
    Result<DecodedConfig> config = DecodeConfigJson(*item.Find("config"));
    if (!config.ok()) {
      std::fprintf(stderr, "%s: %s\n", row.id.c_str(), config.error().Message().c_str());
      continue;
    }
    row.config = std::make_unique<Config>(std::move(config->config));
    Result<Resolved> resolved = Settle(*row.config, catalog);
    if (!resolved.ok()) {
      std::fprintf(stderr, "%s: %s\n", row.id.c_str(), resolved.error().Message().c_str());
      continue;
    }
    row.resolved = std::make_unique<Resolved>(std::move(*resolved));
    row.gpu = row.resolved->cards.front().gpu->id;
    row.engine = row.resolved->engine->id;
    row.model = row.config->model;
    row.format = row.resolved->format->id;
    row.style = EngineOf(*row.resolved).StyleOf(*row.resolved);
    row.work = CountWork(*row.resolved, row.style);
    row.report = EstimateResolved(*row.resolved);
    row.operation = OperationOf(*row.resolved, row.report);
    if (const Json* detail = item.Find("detail")) {
      const Json* statistic = detail->Find("statistic");
      row.medians = statistic != nullptr && statistic->AsString() == "median";
    }
    if (const Json* load = item.Find("workload")) {
      row.workload = *load;
      row.arrival = load->Find("arrival")->AsString();
      row.rate = Number(load->Find("arrival_rate"), 0);
      const double prompts = Number(load->Find("num_prompts"), 0);
      if (!row.config->concurrency) row.operation.concurrency = row.rate > 0 ? 0 : std::max(1.0, prompts);
      // As serving_case.cc has it: a minute of arrivals where their number is not stated.
      row.operation.requests =
          static_cast<int64_t>(prompts > 0 || row.rate <= 0 ? prompts : std::max(64.0, row.rate * 60));
      if (const Json* pool = load->Find("kv_cache_tokens")) row.operation.capacity_tokens = *pool->AsInt();
      row.batch = (row.arrival == "burst" && prompts == 0) ||
                  (row.rate <= 0 && prompts > 0 && prompts <= row.operation.concurrency);
      row.operation.lockstep = row.batch && row.operation.concurrency > 1;
    }
    for (const auto& [metric, value] : item.Find("measured")->members()) {
      Target target;
      target.metric = metric;
      target.group = GroupOfMetric(metric, std::string(row.style.engine));
      target.measured = *value.AsDouble();
      if (metric == "output_tps_total") target.weight = row.rate > 0 ? 0.3 : 1;
      if (row.set == "community" || row.set == "low") target.weight *= Env("COMM", 0.6);
      row.targets.push_back(target);
    }
    rows.push_back(std::move(row));
  }
  // Rows of one card resemble each other: its weight grows with the root of their number, and is one row for
  // one where there are twelve.
  std::map<std::string, double> per_card;
  for (const Row& row : rows) per_card[row.gpu] += 1;
  for (Row& row : rows) {
    for (Target& target : row.targets) target.weight *= std::pow(per_card[row.gpu] / 12, -kBalance);
  }
  return rows;
}

double Predict(const Row& row, const Target& target, const SpeedReport& speed) {
  if (target.metric == "decode_tps_per_stream") return speed.decode_tokens_per_s;
  if (target.metric == "prefill_tps") return speed.prefill_tokens_per_s;
  if (target.metric == "ttft_ms") return speed.ttft_ms;
  if (target.metric == "tpot_ms") return speed.tpot_ms;
  if (target.metric == "e2e_ms") {
    return row.end_to_end > 0
               ? row.end_to_end
               : speed.ttft_ms + speed.tpot_ms * static_cast<double>(row.operation.output_tokens - 1);
  }
  return speed.decode_tokens_per_s_total;
}

bool g_simulate = Env("SIM", 1) > 0;  // answer serving runs by the simulator, as `plimsoll validate` does

bool IsSimulated(const Row& row) {
  return row.workload.is_object() && !IsBatchBenchmark(row.workload) && !row.targets.empty() &&
         row.targets.front().metric != "decode_tps_per_stream";
}

SpeedReport Answer(const Row& row, const MeasuredSpeeds& speeds) {
  const StepModel model = StepModel::Make(*row.resolved, row.style, row.work, speeds);
  row.end_to_end = 0;
  row.saturated = false;
  if (g_simulate && IsSimulated(row)) {
    const Result<ServingPrediction> serving =
        PredictServing(*row.resolved, row.report, row.workload, row.medians, &model);
    if (serving.ok()) {
      SpeedReport speed = SpeedAt(model, row.operation);
      speed.ttft_ms = serving->ttft_ms;
      speed.tpot_ms = serving->tpot_ms;
      row.end_to_end = serving->end_to_end_ms;
      row.saturated = serving->saturated;
      speed.decode_tokens_per_s_total = serving->output_tokens_per_s;
      return speed;
    }
    std::fprintf(stderr, "%s: %s\n", row.id.c_str(), serving.error().Message().c_str());
  }
  if (row.rate > 0) return SpeedAtRate(model, row.operation, row.rate);
  SpeedReport speed = SpeedAt(model, row.operation);
  if (IsBatchBenchmark(row.workload)) {
    const BatchPrediction batch = PredictBatch(*row.resolved, model);
    speed.decode_tokens_per_s = batch.decode_per_stream;
    speed.decode_tokens_per_s_total = batch.decode_total;
    speed.prefill_tokens_per_s = batch.prompt;
  }
  return speed;
}

// ---- coefficients to fit ----------------------------------------------------------------------------------

// Standard deviations of logarithms around what is expected, as multiples of those in Parameters(). Chosen
// for the errors with each card left out, so long as the fitted ones stay within their bounds; `nested` says
// what such a choice costs.
double g_ridge = Env("RIDGE", 0.25);
const double kStreamFreedom = Env("FS", 0.06), kComputeFreedom = Env("FC", 0.08),
             kLayerFreedom = Env("FL", 0.06), kCacheFreedom = Env("FK", 0.2),
             kAttentionFreedom = Env("FA", 0.25), kOwnFreedom = Env("OWN", 0.4);

const double kMakerFreedom = Env("MAKER", 2), kMemoryFreedom = Env("MEMORY", 1.5),
             kAgeFreedom = Env("AGE", 2), kGuess = Env("GUESS", 1.5);

struct Parameter {
  std::string name;
  Coefficient* at = nullptr;
  double centre = 0;                        // drawn to
  double freedom = 0;                       // standard deviation of its logarithm around the centre
  std::function<bool(const Row&)> touches;  // rows whose answer depends on it
};

// A class's factor is that of its vendor, times that of its kind of memory where memory is read, times the
// class's own deviation: so a class that nobody measured gets what its vendor and its memory get elsewhere.
enum Maker { kNvidia, kAmd, kApple, kOtherMaker, kMakers };
enum Memory { kGddr, kHbm, kLpddr, kMemories };
Maker MakerOf(CardClass card) {
  switch (card) {
    case CardClass::kCdna:
    case CardClass::kCdna3:
    case CardClass::kRdna:
    case CardClass::kRdna4:
    case CardClass::kStrix:
      return kAmd;
    case CardClass::kApple:
    case CardClass::kAppleEarly:
      return kApple;
    case CardClass::kIntel:
    case CardClass::kOther:
      return kOtherMaker;
    default:
      return kNvidia;
  }
}

Memory MemoryOf(CardClass card) {
  switch (card) {
    case CardClass::kVolta:
    case CardClass::kAmpereHbm:
    case CardClass::kHopper:
    case CardClass::kBlackwellHbm:
    case CardClass::kCdna:
    case CardClass::kCdna3:
      return kHbm;
    case CardClass::kGraceUnified:
    case CardClass::kStrix:
    case CardClass::kApple:
    case CardClass::kAppleEarly:
      return kLpddr;
    default:
      return kGddr;
  }
}

// NVIDIA's generations with tens of megabytes of L2 cache keep more reads in flight than those before.
enum Generation { kSmallCache, kLargeCache, kNoGeneration, kGenerations = kNoGeneration };
Generation GenerationOf(CardClass card) {
  if (MakerOf(card) != kNvidia) return kNoGeneration;
  switch (card) {
    case CardClass::kAda:
    case CardClass::kHopper:
    case CardClass::kBlackwell:
    case CardClass::kBlackwellHbm:
    case CardClass::kGraceUnified:
      return kLargeCache;
    default:
      return kSmallCache;
  }
}

struct Latent {
  // What SGLang and TensorRT-LLM reach more in matrix products than vLLM does, whatever the format.
  Coefficient compute[kMeasuredEngines];
  CardFactors maker[kKernelGroups][kMakers];
  CardFactors memory[kKernelGroups][kMemories];
  CardFactors generation[kKernelGroups][kGenerations + 1];  // the last stays one
  CardFactors deviation[kKernelGroups][kCardClasses];
};
Latent g_latent;

// Engines without rows of their own for a coefficient share vLLM's.
void Tie(MeasuredSpeeds* speeds) {
  for (size_t g = 0; g < kKernelGroups; ++g) {
    for (size_t c = 0; c < kCardClasses; ++c) {
      const CardFactors& maker = g_latent.maker[g][MakerOf(static_cast<CardClass>(c))];
      const CardFactors& memory = g_latent.memory[g][MemoryOf(static_cast<CardClass>(c))];
      const CardFactors& age = g_latent.generation[g][GenerationOf(static_cast<CardClass>(c))];
      const CardFactors& own = g_latent.deviation[g][c];
      CardFactors& card = speeds->cards[g][c];
      card.stream.value = maker.stream.value * memory.stream.value * age.stream.value * own.stream.value;
      card.compute.value = maker.compute.value * memory.compute.value * age.compute.value * own.compute.value;
      card.layer.value = maker.layer.value * memory.layer.value * age.layer.value * own.layer.value;
      card.cache.value = own.cache.value;
      card.attention.value = own.attention.value;
    }
  }
  for (EngineSpeeds& engine : speeds->engines) {  // without flash attention nothing reads faster
    engine.cache_stream_slow.value = std::min(engine.cache_stream_slow.value, engine.cache_stream.value);
  }
  const EngineSpeeds& base = speeds->engines[static_cast<size_t>(EngineKind::kVllm)];
  for (EngineKind kind : {EngineKind::kSglang, EngineKind::kTensorRtLlm}) {
    EngineSpeeds& engine = speeds->engines[static_cast<size_t>(kind)];
    const EngineSpeeds own = engine;
    engine = base;
    engine.engine = own.engine;
    engine.layer_us = own.layer_us;
    engine.step_us = own.step_us;
    engine.sequence_us = own.sequence_us;
    engine.prefill_step_us = own.prefill_step_us;
    engine.prefill_layer_us = own.prefill_layer_us;
    engine.delivery_steps = own.delivery_steps;
    engine.reduce = own.reduce;
    engine.moe_layer_us = own.moe_layer_us;
    engine.recurrent_layer_us = own.recurrent_layer_us;
    engine.expert_stream = own.expert_stream;
    engine.expert_compute = own.expert_compute;
    engine.expert_narrow = own.expert_narrow;
    engine.expert_width = own.expert_width;
    engine.request_ms = own.request_ms;
    engine.source = own.source;
    const double compute = g_latent.compute[static_cast<size_t>(kind)].value;
    for (Coefficient& of_format : engine.compute) of_format.value *= compute;
    engine.attention_compute.value *= compute;
  }
}

std::vector<Parameter> Parameters(const std::vector<Row>& rows, MeasuredSpeeds* speeds,
                                  const MeasuredSpeeds& start) {
  std::vector<Parameter> list;
  std::set<std::string> used;  // engine, engine/format, group/class
  std::map<std::string, int> counts;
  for (const Row& row : rows) {
    if (row.set == "suspect") continue;
    const int n = static_cast<int>(row.targets.size());
    const auto engine = static_cast<int>(KindOf(row.style));
    counts["e" + std::to_string(engine)] += n;
    for (int f = 0; f < kFormatClasses; ++f) {
      const auto at = static_cast<size_t>(f);
      if (row.work.dense_bytes[at] > row.work.dense_total * 0.3 || row.work.expert_bytes[at] > 0) {
        counts["e" + std::to_string(engine) + "f" + std::to_string(f)] += n;
      }
    }
    counts["g" + std::to_string(static_cast<int>(row.resolved->engine->kernels)) + "c" +
           std::to_string(static_cast<int>(ClassOf(*row.resolved->cards.front().gpu)))] += n;
  }
  static const Coefficient kOne = {1, 0, 0};
  for (Coefficient& compute : g_latent.compute) compute = kOne;
  std::function<bool(const Row&)> touches;
  auto add = [&](std::string name, Coefficient* at, const Coefficient* from, double freedom,
                 int rows_behind) {
    if (at->value <= 0) return;
    at->rows = rows_behind;
    list.push_back({std::move(name), at, from->value, freedom, touches});
  };
  for (size_t e = 0; e < static_cast<size_t>(kMeasuredEngines); ++e) {
    const int n = counts["e" + std::to_string(e)];
    if (n == 0) continue;
    EngineSpeeds& s = speeds->engines[e];
    const EngineSpeeds& from = start.engines[e];
    const auto kind = static_cast<EngineKind>(e);
    const std::string name = std::string(kEngineIds[e]);
    const bool tied = kind == EngineKind::kSglang || kind == EngineKind::kTensorRtLlm;
    const bool serving = kind == EngineKind::kVllm || tied;
    // SGLang and TensorRT-LLM share most of vLLM's coefficients.
    auto of_engine = [kind, shared = kind == EngineKind::kVllm](const Row& row) {
      const EngineKind engine = KindOf(row.style);
      return engine == kind ||
             (shared && (engine == EngineKind::kSglang || engine == EngineKind::kTensorRtLlm));
    };
    touches = of_engine;
    add(name + ".layer_us", &s.layer_us, &from.layer_us, 0.7, n);
    if (serving) {
      add(name + ".step_us", &s.step_us, &from.step_us, 0.7, n);
      add(name + ".sequence_us", &s.sequence_us, &from.sequence_us, 0.7, n);
      add(name + ".prefill_step_us", &s.prefill_step_us, &from.prefill_step_us, 0.7, n);
      add(name + ".prefill_layer_us", &s.prefill_layer_us, &from.prefill_layer_us, 1, n);
      if (!tied) add(name + ".prefill_moe_us", &s.prefill_moe_us, &from.prefill_moe_us, 1, n);
      if (!tied) add(name + ".prefill_graph_us", &s.prefill_graph_us, &from.prefill_graph_us, 1, n);
      if (!tied) add(name + ".prefill_latent_us", &s.prefill_latent_us, &from.prefill_latent_us, 1, n);
      if (!tied)
        add(name + ".prefill_recurrent_us", &s.prefill_recurrent_us, &from.prefill_recurrent_us, 1, n);
      add(name + ".delivery_steps", &s.delivery_steps, &from.delivery_steps, 1, n);
      add(name + ".request_ms", &s.request_ms, &from.request_ms, 0.2, n);
      add(name + ".reduce", &s.reduce, &from.reduce, 0.5, n);
      if (tied) {
        add(name + ".moe_layer_us", &s.moe_layer_us, &from.moe_layer_us, 0.7, n);
        add(name + ".recurrent_layer_us", &s.recurrent_layer_us, &from.recurrent_layer_us, 0.7, n);
        add(name + ".expert_stream", &s.expert_stream, &from.expert_stream, 0.3, n);
        add(name + ".expert_compute", &s.expert_compute, &from.expert_compute, 0.5, n);
        add(name + ".expert_narrow", &s.expert_narrow, &from.expert_narrow, 1, n);
        add(name + ".expert_width", &s.expert_width, &from.expert_width, 0.7, n);
      }
      if (tied) add(name + ".compute", &g_latent.compute[e], &kOne, kOwnFreedom, n);
      if (!tied) add(name + ".request_token_us", &s.request_token_us, &from.request_token_us, 0.7, n);
    }
    if (tied) continue;
    for (size_t f = 0; f < kFormatClasses; ++f) {
      const int m = counts["e" + std::to_string(e) + "f" + std::to_string(f)];
      if (m == 0) continue;
      touches = [of_engine, f](const Row& row) {
        return of_engine(row) &&
               (row.resolved->engine->kernels == KernelGroup::kTorch || row.work.dense_bytes[f] > 0 ||
                row.work.expert_bytes[f] > 0 || static_cast<size_t>(row.work.head_format) == f);
      };
      // Engines with a handful of rows start from a guess, not from kernels whose source was read.
      const double guess = serving || kind == EngineKind::kLlamaCpp ? 1 : kGuess;
      add(name + ".stream" + std::to_string(f), &s.stream[f], &from.stream[f], guess * 0.25, m);
      add(name + ".compute" + std::to_string(f), &s.compute[f], &from.compute[f], guess * 0.5, m);
      add(name + ".unpack" + std::to_string(f), &s.unpack[f], &from.unpack[f], 0.5, m);
    }
    touches = of_engine;
    if (kind != EngineKind::kVllm && kind != EngineKind::kLlamaCpp) continue;
    add(name + ".expert_stream", &s.expert_stream, &from.expert_stream, 0.3, n);
    add(name + ".expert_compute", &s.expert_compute, &from.expert_compute, 0.5, n);
    add(name + ".expert_narrow", &s.expert_narrow, &from.expert_narrow, 1, n);
    add(name + ".expert_width", &s.expert_width, &from.expert_width, 0.7, n);
    add(name + ".cache_stream", &s.cache_stream, &from.cache_stream, 0.4, n);
    if (kind == EngineKind::kLlamaCpp)
      add(name + ".cache_slow", &s.cache_stream_slow, &from.cache_stream_slow, 0.5, n);
    add(name + ".attention", &s.attention_compute, &from.attention_compute, 0.5, n);
    add(name + ".moe_layer_us", &s.moe_layer_us, &from.moe_layer_us, 0.7, n);
    add(name + ".recurrent_layer_us", &s.recurrent_layer_us, &from.recurrent_layer_us, 0.7, n);
    add(name + ".index_layer_us", &s.index_layer_us, &from.index_layer_us, 0.7, n);
    add(name + ".scan_us", &s.scan_us, &from.scan_us, 1, n);
    add(name + ".activation_bytes", &s.activation_bytes, &from.activation_bytes, 0.5, n);
    if (kind == EngineKind::kLlamaCpp) add(name + ".score_bytes", &s.score_bytes, &from.score_bytes, 0.5, n);
    add(name + ".tile", &s.tile, &from.tile, 0.7, n);
    add(name + ".expert_tile", &s.expert_tile, &from.expert_tile, 0.7, n);
    if (kind == EngineKind::kLlamaCpp) {
      add(name + ".step_us", &s.step_us, &from.step_us, 0.7, n);
      add(name + ".sequence_us", &s.sequence_us, &from.sequence_us, 0.7, n);
      add(name + ".prefill_step_us", &s.prefill_step_us, &from.prefill_step_us, 0.7, n);
    }
  }
  const CardFactors ones = {kOne, kOne, kOne, kOne, kOne};
  for (size_t g = 0; g < kKernelGroups; ++g) {
    for (CardFactors& card : g_latent.maker[g]) card = ones;
    for (CardFactors& card : g_latent.memory[g]) card = ones;
    for (CardFactors& card : g_latent.generation[g]) card = ones;
    for (CardFactors& card : g_latent.deviation[g]) card = ones;
    for (size_t c = 0; c < kCardClasses; ++c) {
      const int n = counts["g" + std::to_string(g) + "c" + std::to_string(c)];
      if (n == 0) continue;
      const std::string name =
          std::string(g == 0 ? "ggml/" : "torch/") + std::string(CardClassName(static_cast<CardClass>(c)));
      CardFactors& card = g_latent.deviation[g][c];
      touches = [g, c](const Row& row) {
        return static_cast<size_t>(row.resolved->engine->kernels) == g &&
               static_cast<size_t>(ClassOf(*row.resolved->cards.front().gpu)) == c;
      };
      add(name + ".stream", &card.stream, &kOne, kStreamFreedom, n);
      add(name + ".compute", &card.compute, &kOne, kComputeFreedom, n);
      add(name + ".layer", &card.layer, &kOne, kLayerFreedom, n);
      add(name + ".cache", &card.cache, &kOne, kCacheFreedom, n);
      add(name + ".attention", &card.attention, &kOne, kAttentionFreedom, n);
    }
    const std::string of_group = g == 0 ? "ggml/" : "torch/";
    auto add_kin = [&](const std::string& name, CardFactors* factors,
                       const std::function<bool(CardClass)>& is_kin, double stream, double compute,
                       double layer) {
      touches = [g, is_kin](const Row& row) {
        return static_cast<size_t>(row.resolved->engine->kernels) == g &&
               is_kin(ClassOf(*row.resolved->cards.front().gpu));
      };
      const auto n = static_cast<int>(std::count_if(rows.begin(), rows.end(), touches));
      if (n == 0) return;
      add(name + ".stream", &factors->stream, &kOne, stream, n);
      add(name + ".compute", &factors->compute, &kOne, compute, n);
      add(name + ".layer", &factors->layer, &kOne, layer, n);
    };
    for (int maker = 0; maker < kMakers; ++maker) {
      add_kin(
          of_group + "maker" + std::to_string(maker), &g_latent.maker[g][maker],
          [maker](CardClass card) { return MakerOf(card) == maker; }, kMakerFreedom * 0.2,
          kMakerFreedom * 0.5, kMakerFreedom * 0.4);
    }
    for (int age = 0; age < kGenerations; ++age) {
      add_kin(
          of_group + "generation" + std::to_string(age), &g_latent.generation[g][age],
          [age](CardClass card) { return GenerationOf(card) == age; }, kAgeFreedom * 0.15, kAgeFreedom * 0.15,
          kAgeFreedom * 0.15);
    }
    for (int memory = 0; memory < kMemories; ++memory) {
      add_kin(
          of_group + "memory" + std::to_string(memory), &g_latent.memory[g][memory],
          [memory](CardClass card) { return MemoryOf(card) == memory; }, kMemoryFreedom * 0.2,
          kMemoryFreedom * 0.2, kMemoryFreedom * 0.3);
    }
  }
  touches = [](const Row& row) { return KindOf(row.style) == EngineKind::kLlamaCpp; };
  add("ggml_old_layer", &speeds->ggml_old_layer, &start.ggml_old_layer, 0.4, 100);
  touches = [](const Row& row) {
    return KindOf(row.style) == EngineKind::kLlamaCpp &&
           row.resolved->cards.front().gpu->vendor == Vendor::kNvidia;
  };
  add("ggml_in_flight", &speeds->ggml_in_flight, &start.ggml_in_flight, 0.3, 40);
  touches = [](const Row& row) {
    return row.resolved->engine->kernels == KernelGroup::kTorch &&
           row.work.main_format == static_cast<int>(FormatClass::kInt4) &&
           row.resolved->cards.front().gpu->vendor == Vendor::kNvidia;
  };
  add("marlin_in_flight", &speeds->marlin_in_flight, &start.marlin_in_flight, 0.3, 20);
  touches = [](const Row& row) { return row.style.radeon != RadeonKernels::kUnsaid; };
  add("ggml_vulkan", &speeds->ggml_vulkan, &start.ggml_vulkan, 0.1, 50);
  touches = [](const Row& row) { return row.work.main_format == static_cast<int>(FormatClass::kMxfp4); };
  add("triton_experts", &speeds->triton_experts, &start.triton_experts, 0.7, 40);
  touches = [](const Row& row) { return row.work.expert_count > 0; };
  add("routing_skew", &speeds->routing_skew, &start.routing_skew, 0.3, 150);
  touches = [](const Row& row) {
    return row.work.expert_count > 0 && row.resolved->cards.front().gpu->vendor == Vendor::kAmd;
  };
  add("untuned_experts", &speeds->untuned_experts, &start.untuned_experts, 0.5, 50);
  touches = [](const Row& row) { return row.resolved->cards.front().gpu->vendor == Vendor::kApple; };
  add("no_dot_product", &speeds->no_dot_product, &start.no_dot_product, 0.4, 22);
  add("ggml_old_unpack", &speeds->ggml_old_unpack, &start.ggml_old_unpack, 0.4, 22);
  add("apple_m1_unpack", &speeds->apple_m1_unpack, &start.apple_m1_unpack, 0.4, 22);
  touches = [](const Row& row) { return row.resolved->cards.front().gpu->vendor == Vendor::kNvidia; };
  add("inline_ecc", &speeds->inline_ecc, &start.inline_ecc, 0.1, 30);
  touches = [](const Row& row) { return KindOf(row.style) == EngineKind::kLlamaCpp; };
  add("ggml_pipeline", &speeds->ggml_pipeline, &start.ggml_pipeline, 0.4, 20);
  return list;
}

// Every coefficient back to where the fit starts: a refit without some rows must not remember them.
void Forget(std::vector<Parameter>* parameters, MeasuredSpeeds* speeds) {
  for (Parameter& parameter : *parameters) parameter.at->value = parameter.centre;
  Tie(speeds);
}

struct Score {
  std::vector<double> errors;  // predicted / measured - 1
  std::vector<double> signs;
};

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// Logarithms of predicted / measured, one for each target.
void Residuals(const Row& row, const MeasuredSpeeds& speeds, double* into) {
  const SpeedReport speed = Answer(row, speeds);
  for (size_t t = 0; t < row.targets.size(); ++t) {
    const Target& target = row.targets[t];
    const double corrected = g_simulate || row.correction.empty() ? 1 : row.correction[t];
    const double predicted = corrected * Predict(row, target, speed);
    into[t] = predicted > 0 ? std::clamp(std::log(predicted / target.measured), -kMostResidual, kMostResidual)
                            : -kMostResidual;
  }
}

double Loss(double residual) { return std::sqrt(residual * residual + kSmooth * kSmooth); }

// Symmetric positive definite: Cholesky in place, then both triangles.
bool Solve(std::vector<double>* matrix, std::vector<double>* vector) {
  std::vector<double>& a = *matrix;
  std::vector<double>& b = *vector;
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      if (i == j) {
        if (!(sum > 0)) return false;
        a[i * n + i] = std::sqrt(sum);
      } else {
        a[i * n + j] = sum / a[j * n + j];
      }
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return true;
}

// Gauss-Newton on the logarithms of the coefficients. Absolute errors are minimised by weighting squares with
// the reciprocal of the last round's error, smoothed.
double Fit(const std::vector<const Row*>& rows, MeasuredSpeeds* speeds, std::vector<Parameter>* parameters,
           int rounds, bool talk) {
  Tie(speeds);
  const size_t n = parameters->size();
  std::vector<size_t> first(rows.size() + 1, 0);
  for (size_t i = 0; i < rows.size(); ++i) first[i + 1] = first[i] + rows[i]->targets.size();
  std::vector<double> residual(first.back()), trial(first.back()), theta(n);
  std::vector<std::vector<size_t>> touched(n);
  for (size_t p = 0; p < n; ++p) {
    for (size_t i = 0; i < rows.size(); ++i) {
      if ((*parameters)[p].touches(*rows[i])) touched[p].push_back(i);
    }
  }
  auto put = [&](const std::vector<double>& values) {
    for (size_t p = 0; p < n; ++p) {
      Parameter& parameter = (*parameters)[p];
      parameter.at->value = parameter.centre * std::exp(values[p]);
    }
    Tie(speeds);
  };
  auto evaluate = [&](std::vector<double>* into) {
    for (size_t i = 0; i < rows.size(); ++i) Residuals(*rows[i], *speeds, into->data() + first[i]);
  };
  auto total = [&](const std::vector<double>& at, const std::vector<double>& values) {
    double loss = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t t = 0; t < rows[i]->targets.size(); ++t)
        loss += rows[i]->targets[t].weight * Loss(at[first[i] + t]);
    }
    for (size_t p = 0; p < n; ++p) {
      const double z = values[p] / (*parameters)[p].freedom;
      loss += g_ridge * z * z;
    }
    return loss;
  };
  for (size_t p = 0; p < n; ++p) theta[p] = std::log((*parameters)[p].at->value / (*parameters)[p].centre);
  evaluate(&residual);
  double best = total(residual, theta);
  double damping = 1e-3;
  std::vector<double> slopes(n * first.back());
  for (int round = 0; round < rounds; ++round) {
    // No time goes with a power of a coefficient beyond this: what seems to is a jump, which leads nowhere.
    constexpr double kStep = 0.01, kSteepest = 3;
    std::fill(slopes.begin(), slopes.end(), 0);
    double buffer[8];
    for (size_t p = 0; p < n; ++p) {
      Parameter& parameter = (*parameters)[p];
      const double old = parameter.at->value;
      parameter.at->value = old * std::exp(kStep);
      Tie(speeds);
      for (const size_t i : touched[p]) {
        Residuals(*rows[i], *speeds, buffer);
        for (size_t t = 0; t < rows[i]->targets.size(); ++t)
          slopes[(first[i] + t) * n + p] =
              std::clamp((buffer[t] - residual[first[i] + t]) / kStep, -kSteepest, kSteepest);
      }
      parameter.at->value = old;
    }
    Tie(speeds);
    std::vector<double> normal(n * n), gradient(n);
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t t = 0; t < rows[i]->targets.size(); ++t) {
        const size_t at = first[i] + t;
        const double weight = rows[i]->targets[t].weight / Loss(residual[at]);
        std::vector<size_t> used;
        const double* slope = &slopes[at * n];
        for (size_t p = 0; p < n; ++p)
          if (slope[p] != 0) used.push_back(p);
        for (const size_t p : used) {
          gradient[p] -= weight * slope[p] * residual[at];
          for (const size_t q : used) normal[p * n + q] += weight * slope[p] * slope[q];
        }
      }
    }
    for (size_t p = 0; p < n; ++p) {
      const double prior = 2 * g_ridge / ((*parameters)[p].freedom * (*parameters)[p].freedom);
      normal[p * n + p] += prior;
      gradient[p] -= prior * theta[p];
    }
    bool moved = false;
    const double before = best;
    for (int attempt = 0; attempt < 8; ++attempt) {
      std::vector<double> matrix = normal, step = gradient;
      for (size_t p = 0; p < n; ++p) matrix[p * n + p] *= 1 + damping;
      if (!Solve(&matrix, &step)) {
        damping *= 10;
        continue;
      }
      std::vector<double> next = theta;
      for (size_t p = 0; p < n; ++p) next[p] += std::clamp(step[p], -0.5, 0.5);
      put(next);
      evaluate(&trial);
      const double loss = total(trial, next);
      if (loss < best) {
        best = loss;
        theta = next;
        residual = trial;
        damping = std::max(1e-4, damping / 5);
        moved = true;
        break;
      }
      damping *= 8;
    }
    put(theta);
    if (talk) std::fprintf(stderr, "round %d: %.3f\n", round, best);
    if (!moved || before - best < 0.01) break;
  }
  return best;
}

// Compares the simulator with the closed form at the coefficients as they are. `share`: how far the
// correction moves to what is found.
void Correct(std::vector<Row>* rows, const MeasuredSpeeds& speeds, double share) {
  for (Row& row : *rows) {
    if (!IsSimulated(row)) continue;
    g_simulate = false;
    const SpeedReport closed = Answer(row, speeds);
    g_simulate = true;
    const SpeedReport simulated = Answer(row, speeds);
    g_simulate = false;
    row.correction.resize(row.targets.size(), 1);
    for (size_t t = 0; t < row.targets.size(); ++t) {
      const double ratio = Predict(row, row.targets[t], simulated) / Predict(row, row.targets[t], closed);
      if (!(ratio > 0.05 && ratio < 20)) continue;
      row.correction[t] *= std::pow(ratio / row.correction[t], share);
    }
  }
}

// What the fit minimises, with serving rows answered by the simulator.
double SimulatedLoss(const std::vector<const Row*>& rows, const MeasuredSpeeds& speeds) {
  g_simulate = true;
  double loss = 0;
  for (const Row* row : rows) {
    double residuals[8];
    Residuals(*row, speeds, residuals);
    for (size_t t = 0; t < row->targets.size(); ++t) loss += row->targets[t].weight * Loss(residuals[t]);
  }
  g_simulate = false;
  return loss;
}

// Median and mean of all rows' errors must come down together, so the closed form is fitted first (it is a
// hundred times faster), then again with the simulator's corrections where those are wanted. Such passes do not come nearer
// steadily, for rows near saturation jump: the best of them is kept, by the rows of the fit alone.
void FitOnce(std::vector<Row>* rows, const std::vector<const Row*>& used, MeasuredSpeeds* speeds,
             std::vector<Parameter>* parameters, int rounds, bool simulate, bool talk) {
  g_simulate = false;
  Fit(used, speeds, parameters, rounds, talk);
  if (!simulate) return;
  // Few of them: with more the rows of the fit come nearer (first tokens 14.3 to 12.6 % in the median), those of runs left
  // out further away (whole requests 5.9 to 6.8 %).
  constexpr int kPasses = 3, kRounds = 3;
  double least = 1e30;
  MeasuredSpeeds best;
  Latent latent;
  for (int pass = 0; pass < kPasses; ++pass) {
    Correct(rows, *speeds, 0.7);
    Fit(used, speeds, parameters, std::min(rounds, kRounds), talk);
    const double loss = SimulatedLoss(used, *speeds);
    if (talk) std::fprintf(stderr, "pass %d: %.3f\n", pass, loss);
    if (loss >= least) continue;
    least = loss;
    best = *speeds;
    latent = g_latent;
  }
  *speeds = best;
  g_latent = latent;
}

// Several fits, each without another quarter of the rows; what is kept is the mean of their coefficients' logarithms. One fit of
// all rows ends in one of many minima that are as deep: which, hangs on trifles, and what few rows say (attention over long
// prompts) with it. Means of such fits are as near to the rows and nearer to cards that were left out (bagging, Breiman 1996).
// Without a quarter of the runs instead, what one run alone says would be lost to a quarter of the fits.
void FitAll(std::vector<Row>* rows, const std::vector<const Row*>& used, MeasuredSpeeds* speeds,
            std::vector<Parameter>* parameters, int rounds, bool simulate, bool talk) {
  static const int fits = std::max(1, static_cast<int>(Env("FITS", 4)));
  if (fits == 1) return FitOnce(rows, used, speeds, parameters, rounds, simulate, talk);
  std::vector<double> logarithms(parameters->size());
  for (int fit = 0; fit < fits; ++fit) {
    std::vector<const Row*> kept;
    for (size_t i = 0; i < used.size(); ++i) {
      if (static_cast<int>(i % static_cast<size_t>(fits)) != fit) kept.push_back(used[i]);
    }
    Forget(parameters, speeds);
    FitOnce(rows, kept, speeds, parameters, rounds, simulate, talk);
    for (size_t p = 0; p < logarithms.size(); ++p) logarithms[p] += std::log((*parameters)[p].at->value);
  }
  for (size_t p = 0; p < logarithms.size(); ++p)
    (*parameters)[p].at->value = std::exp(logarithms[p] / static_cast<double>(fits));
  Tie(speeds);
}

void Add(const Row& row, const MeasuredSpeeds& speeds, std::map<std::string, Score>* scores) {
  const SpeedReport speed = Answer(row, speeds);
  for (const Target& target : row.targets) {
    if (row.saturated && (target.metric == "ttft_ms" || target.metric == "e2e_ms")) continue;
    const double error = Predict(row, target, speed) / target.measured - 1;
    // The engines of a metric together, too.
    const std::string all = "all " + target.group.substr(0, target.group.find(' '));
    if (row.set != "main") {
      (*scores)[row.set + " " + target.group].errors.push_back(std::fabs(error));
      (*scores)[row.set + " " + target.group].signs.push_back(error);
      continue;
    }
    for (const std::string& group : {target.group, all}) {
      (*scores)[group].errors.push_back(std::fabs(error));
      (*scores)[group].signs.push_back(error);
    }
  }
}

void Print(const char* title, std::map<std::string, Score> scores) {
  std::printf("%-20s %5s %8s %8s %8s %8s\n", title, "n", "median%", "mean%", "p90%", "bias%");
  for (auto& [group, score] : scores) {
    std::vector<double> sorted = score.errors;
    std::sort(sorted.begin(), sorted.end());
    double mean = 0;
    for (double e : sorted) mean += e;
    mean /= static_cast<double>(sorted.size());
    const double p90 = sorted[static_cast<size_t>(0.9 * static_cast<double>(sorted.size() - 1))];
    std::printf("%-20s %5zu %8.1f %8.1f %8.1f %8.1f\n", group.c_str(), sorted.size(), 100 * Median(sorted),
                100 * mean, 100 * p90, 100 * Median(score.signs));
  }
}

void KeepErrors(const Row& of, const MeasuredSpeeds& speeds, std::vector<Row>* rows) {
  const SpeedReport speed = Answer(of, speeds);
  for (Row& row : *rows) {
    if (&row != &of) continue;
    row.left_out.clear();
    row.found.clear();
    for (const Target& target : row.targets) {
      const double ratio = Predict(row, target, speed) / target.measured;
      row.left_out.push_back(std::fabs(ratio - 1));
      row.found.push_back(target.metric == "tpot_ms" ? ratio : 1 / ratio);
    }
  }
}

// Which of an engine's bands a metric of a row belongs to (as Write() has them); -1: none.
int BandOf(const Row& row, const std::string& metric) {
  if (metric == "decode_tps_per_stream" && row.operation.concurrency <= 1) return 4;
  if (metric == "decode_tps_per_stream" || metric == "tpot_ms") return 0;
  if (metric == "prefill_tps") return 1;
  if (metric == "ttft_ms") return 2;
  return metric == "output_tps_total" ? 3 : -1;
}

// Share of measurements that the table's bands hold when their run is left out, by metric and engine.
std::map<std::string, std::pair<double, double>> Coverage(const std::vector<Row>& rows) {
  std::map<std::string, std::pair<double, double>> shares;  // inside, all
  for (const Row& row : rows) {
    if (row.found.empty()) continue;
    const StepModel model = StepModel::Make(*row.resolved, row.style, row.work, FittedSpeeds());
    const Band bands[] = {model.decode_band(2), model.prompt_band(), model.first_token_band(),
                          model.total_band(), model.decode_band(1)};
    for (size_t t = 0; t < row.targets.size(); ++t) {
      const int band = BandOf(row, row.targets[t].metric);
      if (band < 0 || (band == 2 && row.saturated)) continue;
      const Band& of = bands[band];
      auto& [inside, all] = shares[row.targets[t].group];
      all += 1;
      inside += row.found[t] >= 1 - of.below && row.found[t] <= 1 + of.above ? 1 : 0;
    }
  }
  return shares;
}

// tests/data/speed/errors.json: what README reports and measured_speeds_test.cc holds to its bounds.
void PrintErrors(std::map<std::string, Score> fitted, std::map<std::string, Score> tenths,
                 std::map<std::string, Score> cards,
                 const std::map<std::string, std::pair<double, double>>& coverage) {
  std::printf("{\n  \"band_coverage\": {");
  const char* separator = "";
  for (const auto& [group, share] : coverage) {
    std::printf("%s\"%s\": %.3f", separator, group.c_str(), share.first / share.second);
    separator = ", ";
  }
  std::printf("},\n  \"errors\": [");
  separator = "\n";
  for (auto& [group, score] : fitted) {
    std::printf("%s    {\"of\": \"%s\", \"rows\": %zu", separator, group.c_str(), score.errors.size());
    separator = ",\n";
    const std::pair<const char*, Score*> kColumns[] = {
        {"fitted", &score}, {"run_left_out", &tenths[group]}, {"card_left_out", &cards[group]}};
    for (const auto& [name, column] : kColumns) {
      std::printf(", \"%s\": {\"median\": %.4f, \"mean\": %.4f}", name, Median(column->errors),
                  Mean(column->errors));
    }
    std::printf("}");
  }
  std::printf("\n  ]\n}\n");
}

std::vector<const Row*> MainRows(const std::vector<Row>& rows, const std::string& without = "") {
  std::vector<const Row*> list;
  for (const Row& row : rows) {
    if (row.set != "suspect" && row.gpu != without) list.push_back(&row);
  }
  return list;
}

// What the fit sees: unverified submissions too, with little weight.
std::vector<const Row*> FitRows(const std::vector<Row>& rows, const std::string& without = "") {
  std::vector<const Row*> list;
  for (const Row& row : rows) {
    if (row.set != "suspect" && row.gpu != without) list.push_back(&row);
  }
  return list;
}

void PrintRow(const Row& row, const MeasuredSpeeds& speeds, const std::string& filter) {
  const SpeedReport speed = Answer(row, speeds);
  for (const Target& target : row.targets) {
    const double predicted = Predict(row, target, speed);
    char line[640];
    std::snprintf(line, sizeof line,
                  "%-90.90s %-9s %-18s %-12s %-26s x%d tp%d %-24s %-14s p%d o%d c%.0f r%.2g %s %.5g -> %.5g "
                  "%+.0f%%  %s",
                  row.id.c_str(), row.set.c_str(), target.group.c_str(), row.engine.c_str(), row.gpu.c_str(),
                  static_cast<int>(row.resolved->cards.size()), static_cast<int>(row.resolved->tp),
                  row.model.c_str(), row.format.c_str(), static_cast<int>(row.operation.prompt_tokens),
                  static_cast<int>(row.operation.output_tokens), row.operation.concurrency, row.rate,
                  row.resolved->version.text.c_str(), target.measured, predicted,
                  100 * (predicted / target.measured - 1), row.arrival.c_str());
    if (filter.empty() || std::strstr(line, filter.c_str()) != nullptr) std::printf("%s\n", line);
  }
}

void PrintRows(const std::vector<Row>& rows, const MeasuredSpeeds& speeds, const std::string& filter) {
  for (const Row& row : rows) PrintRow(row, speeds, filter);
}

void PrintParameters(const std::vector<Parameter>& parameters) {
  for (const Parameter& p : parameters) {
    std::printf("%-40s %10.4g  (from %.4g, %d rows)\n", p.name.c_str(), p.at->value, p.centre, p.at->rows);
  }
}

// ---- the table as source ----------------------------------------------------------------------------------

// Half-width that 68 % of the rows stay within when their card is left out: what a reader with another card
// can expect. Few rows are drawn to all of their engine group; where there are none, the band is wider than
// that.
double Spread(const std::vector<Row>& rows, KernelGroup group,
              const std::function<bool(const Row&, const Target&)>& wanted, bool decode) {
  std::vector<double> errors, all;
  for (const Row& row : rows) {
    if (row.left_out.empty() || row.resolved->engine->kernels != group) continue;
    for (size_t t = 0; t < row.targets.size(); ++t) {
      const bool is_decode =
          row.targets[t].metric == "decode_tps_per_stream" || row.targets[t].metric == "tpot_ms";
      const bool is_prompt = row.targets[t].metric == "prefill_tps" || row.targets[t].metric == "ttft_ms";
      if (decode ? !is_decode : !is_prompt) continue;
      all.push_back(row.left_out[t]);
      if (wanted(row, row.targets[t])) errors.push_back(row.left_out[t]);
    }
  }
  const double kin = Quantile(all, 0.68);
  if (errors.empty()) return std::clamp(1.5 * kin, 0.05, 0.6);
  constexpr double kKinRows = 6;
  const double n = static_cast<double>(errors.size());
  return std::clamp((n * Quantile(errors, 0.68) + kKinRows * kin) / (n + kKinRows), 0.05, 0.6);
}

// The quantile that so large a share of rows to come is expected below: of n values the k-th holds k / (n + 1) of them.
double QuantileToCome(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  const double at = share < 0.5 ? std::floor(share * (n + 1)) : std::ceil(share * (n + 1));
  return values[static_cast<size_t>(std::clamp(at, 1.0, n)) - 1];
}

// The quantiles between which eight tenths of what was found lie when the row's run was left out. An engine with rows
// enough has its own; those with few share theirs: what is known of one is as little as of the other, and an engine with
// hundreds says nothing of it.
Band BandAround(const std::vector<Row>& rows, int band, EngineKind engine) {
  constexpr size_t kEnough = 30, kFew = 9;  // with fewer nothing can be said of a tenth
  std::map<EngineKind, std::vector<double>> found;
  for (const Row& row : rows) {
    if (row.found.empty() || row.set == "suspect") continue;
    for (size_t t = 0; t < row.targets.size(); ++t) {
      if (BandOf(row, row.targets[t].metric) != band || (band == 2 && row.saturated)) continue;
      found[KindOf(row.style)].push_back(row.found[t]);
    }
  }
  std::vector<double> of = found[engine];
  const auto own = static_cast<int32_t>(of.size());
  if (of.size() < kEnough) {
    of.clear();
    for (const auto& [kind, values] : found) {
      if (values.size() < kEnough) of.insert(of.end(), values.begin(), values.end());
    }
  }
  if (of.size() < kFew) {  // then all engines' rows
    of.clear();
    for (const auto& [kind, values] : found) of.insert(of.end(), values.begin(), values.end());
  }
  if (of.empty()) return {0.5, 0.5, 0};
  const double wider = own > 0 ? 1 : 1.5;
  return {std::clamp(wider * (1 - QuantileToCome(of, 0.1)), 0.03, 0.9),
          std::clamp(wider * (QuantileToCome(of, 0.9) - 1), 0.03, 3.0), own};
}

std::string Text(const Band& band) {
  char text[64];
  std::snprintf(text, sizeof text, "{%.3g, %.3g, %d}", band.below, band.above, band.rows);
  return text;
}

std::string Text(const Coefficient& c) {
  char text[64];
  std::snprintf(text, sizeof text, "{%.4g, %.2g, %d}", c.value, c.spread, c.rows);
  return text;
}

void Write(const std::vector<Row>& rows, MeasuredSpeeds* s) {
  for (size_t e = 0; e < static_cast<size_t>(kMeasuredEngines); ++e) {
    const KernelGroup group =
        static_cast<EngineKind>(e) == EngineKind::kLlamaCpp ? KernelGroup::kGgml : KernelGroup::kTorch;
    for (size_t f = 0; f < static_cast<size_t>(kFormatClasses); ++f) {
      auto uses = [&](const Row& row, const Target&) {
        return static_cast<size_t>(KindOf(row.style)) == e && static_cast<size_t>(row.work.main_format) == f;
      };
      s->engines[e].stream[f].spread = Spread(rows, group, uses, true);
      s->engines[e].compute[f].spread = Spread(rows, group, uses, false);
    }
    EngineSpeeds& engine = s->engines[e];
    Band* const bands[] = {&engine.decode, &engine.prompt, &engine.first_token, &engine.total, &engine.alone};
    for (int band = 0; band < 5; ++band) *bands[band] = BandAround(rows, band, static_cast<EngineKind>(e));
  }
  for (size_t g = 0; g < kKernelGroups; ++g) {
    for (size_t c = 0; c < static_cast<size_t>(kCardClasses); ++c) {
      auto uses = [&](const Row& row, const Target&) {
        return static_cast<size_t>(ClassOf(*row.resolved->cards.front().gpu)) == c;
      };
      CardFactors& card = s->cards[g][c];
      const CardFactors& own = g_latent.deviation[g][c];
      card.stream.rows = own.stream.rows;
      card.compute.rows = own.compute.rows;
      card.layer.rows = own.layer.rows;
      card.cache.rows = own.cache.rows;
      card.attention.rows = own.attention.rows;
      card.stream.spread = card.layer.spread = card.cache.spread =
          Spread(rows, static_cast<KernelGroup>(g), uses, true);
      card.compute.spread = card.attention.spread = Spread(rows, static_cast<KernelGroup>(g), uses, false);
    }
  }
  std::printf(
      "// Written by `plimsoll_calibrate write`; see measured_speeds.h for what each column means and "
      "tests/calibration\n"
      "// for how it is fitted. A coefficient is {value, relative spread, measured rows behind it}.\n"
      "#include \"core/speed/measured_speeds_table.h\"\n\nnamespace plimsoll {\n\nnamespace {\n\nconstexpr "
      "MeasuredSpeeds kTable = {\n"
      "    .engines = {{\n");
  for (size_t e = 0; e < static_cast<size_t>(kMeasuredEngines); ++e) {
    const EngineSpeeds& x = s->engines[e];
    std::printf("        {\n            .engine = \"%s\",\n", std::string(x.engine).c_str());
    auto list = [&](const char* name, const std::array<Coefficient, kFormatClasses>& values) {
      std::printf("            .%s = {{", name);
      for (size_t f = 0; f < values.size(); ++f)
        std::printf("%s%s", f == 0 ? "" : ", ", Text(values[f]).c_str());
      std::printf("}},\n");
    };
    auto one = [&](const char* name, const Coefficient& value) {
      std::printf("            .%s = %s,\n", name, Text(value).c_str());
    };
    list("stream", x.stream);
    list("compute", x.compute);
    list("unpack", x.unpack);
    if (x.unpack_tokens > 0) std::printf("            .unpack_tokens = %g,\n", x.unpack_tokens);
    one("expert_stream", x.expert_stream);
    one("expert_compute", x.expert_compute);
    one("expert_narrow", x.expert_narrow);
    one("expert_width", x.expert_width);
    one("cache_stream", x.cache_stream);
    one("cache_stream_slow", x.cache_stream_slow);
    one("attention_compute", x.attention_compute);
    one("layer_us", x.layer_us);
    one("moe_layer_us", x.moe_layer_us);
    one("recurrent_layer_us", x.recurrent_layer_us);
    one("index_layer_us", x.index_layer_us);
    one("step_us", x.step_us);
    one("sequence_us", x.sequence_us);
    one("prefill_step_us", x.prefill_step_us);
    one("prefill_layer_us", x.prefill_layer_us);
    one("prefill_moe_us", x.prefill_moe_us);
    one("prefill_graph_us", x.prefill_graph_us);
    one("prefill_latent_us", x.prefill_latent_us);
    one("prefill_recurrent_us", x.prefill_recurrent_us);
    one("scan_us", x.scan_us);
    one("request_ms", x.request_ms);
    one("request_token_us", x.request_token_us);
    one("delivery_steps", x.delivery_steps);
    one("reduce", x.reduce);
    one("activation_bytes", x.activation_bytes);
    one("score_bytes", x.score_bytes);
    one("tile", x.tile);
    one("expert_tile", x.expert_tile);
    const std::pair<const char*, const Band*> kBands[] = {{"alone", &x.alone},
                                                          {"decode", &x.decode},
                                                          {"prompt", &x.prompt},
                                                          {"first_token", &x.first_token},
                                                          {"total", &x.total}};
    for (const auto& [name, band] : kBands) std::printf("            .%s = %s,\n", name, Text(*band).c_str());
    std::printf("            .source = \"%s\",\n        },\n", std::string(x.source).c_str());
  }
  std::printf("    }},\n    .cards = {{\n");
  for (size_t g = 0; g < kKernelGroups; ++g) {
    std::printf("        // %s: stream, compute, layer, cache, attention\n        {{\n",
                g == 0 ? "llama.cpp" : "other engines");
    for (size_t c = 0; c < static_cast<size_t>(kCardClasses); ++c) {
      const CardFactors& card = s->cards[g][c];
      std::printf("            {%s, %s, %s, %s, %s},  // %s\n", Text(card.stream).c_str(),
                  Text(card.compute).c_str(), Text(card.layer).c_str(), Text(card.cache).c_str(),
                  Text(card.attention).c_str(),
                  std::string(CardClassName(static_cast<CardClass>(c))).c_str());
    }
    std::printf("        }},\n");
  }
  std::printf("    }},\n");
  auto one = [&](const char* name, const Coefficient& value) {
    std::printf("    .%s = %s,\n", name, Text(value).c_str());
  };
  one("ggml_old_layer", s->ggml_old_layer);
  one("ggml_old_unpack", s->ggml_old_unpack);
  one("ggml_in_flight", s->ggml_in_flight);
  one("marlin_in_flight", s->marlin_in_flight);
  one("ggml_vulkan", s->ggml_vulkan);
  one("ggml_pipeline", s->ggml_pipeline);
  one("eager_layer", s->eager_layer);
  one("no_dot_product", s->no_dot_product);
  one("apple_m1_unpack", s->apple_m1_unpack);
  one("halved_relief", s->halved_relief);
  one("plain_units", s->plain_units);
  one("fused_experts", s->fused_experts);
  one("triton_experts", s->triton_experts);
  one("operations_per_joule_gddr", s->operations_per_joule_gddr);
  one("operations_per_joule_hbm", s->operations_per_joule_hbm);
  one("operations_per_joule_blackwell", s->operations_per_joule_blackwell);
  one("inline_ecc", s->inline_ecc);
  one("routing_skew", s->routing_skew);
  one("untuned_experts", s->untuned_experts);
  one("host_memory", s->host_memory);
  one("link_share", s->link_share);
  one("accept_draft", s->accept_draft);
  one("accept_eagle", s->accept_eagle);
  one("accept_mtp", s->accept_mtp);
  std::printf(
      "};\n\n}  // namespace\n\nconst MeasuredSpeeds& FittedSpeeds() { return kTable; }\n\n}  // namespace "
      "plimsoll\n");
}

int Run(int argc, char** argv) {
  const CatalogData data = EmbeddedCatalog();
  Result<Catalog> catalog = Catalog::Parse(data.models, data.gpus);
  if (!catalog.ok()) Fail(catalog.error().Message());
  std::vector<Row> rows = ReadRows(*catalog);
  const std::string what = argc > 1 ? argv[1] : "report";
  const int sweeps = argc > 2 ? std::atoi(argv[2]) : 20;
  const bool fitting = what == "fit" || what == "loo" || what == "runs" || what == "folds" ||
                       what == "both" || what == "nested" || what == "errors" || what == "write";
  const MeasuredSpeeds start = StartingSpeeds();
  auto speeds = std::make_unique<MeasuredSpeeds>(fitting ? start : FittedSpeeds());
  std::vector<Parameter> parameters;
  if (fitting) parameters = Parameters(rows, speeds.get(), start);
  if (fitting) Tie(speeds.get());
  auto report = [&](const char* title) {
    std::map<std::string, Score> scores;
    for (const Row* row : MainRows(rows)) Add(*row, *speeds, &scores);
    Print(title, scores);
  };
  if (what == "rows") {
    PrintRows(rows, *speeds, argc > 2 ? argv[2] : "");
    return 0;
  }
  if (what == "explain") {  // where a row's decode step and prompt go
    for (const Row& row : rows) {
      if (argc < 3 || row.id.find(argv[2]) == std::string::npos) continue;
      const StepModel model = StepModel::Make(*row.resolved, row.style, row.work, *speeds);
      StepLoad load;
      load.decode_sequences = std::max<int64_t>(1, static_cast<int64_t>(row.operation.concurrency));
      StepLoad prompt;
      prompt.prefill_sequences = 1;
      prompt.prefill_tokens = row.operation.prompt_tokens;
      for (int i = 0; i < model.span_count(); ++i) {
        const auto s = static_cast<size_t>(i);
        const int64_t context = row.operation.prompt_tokens + row.operation.output_tokens / 2;
        load.decode_kv_tokens[s] =
            static_cast<double>(std::min(context, model.span(i)) * load.decode_sequences);
        prompt.prefill_kv_pairs[s] = CausalPairs(0, row.operation.prompt_tokens, model.span(i));
      }
      std::printf("%s overhead %.2f ms\n", row.id.c_str(),
                  1e3 * model.request_overhead(row.operation.prompt_tokens).value());
      for (const StepLoad& l : {load, prompt}) {
        const StepTime t = model.Explain(l);
        std::printf(
            "  %8.3f ms: weights %.3f compute %.3f head %.3f kv %.3f state %.3f attention %.3f reduce %.3f "
            "launch %.3f\n",
            1e3 * t.total.value(), 1e3 * t.weights.value(), 1e3 * t.compute.value(), 1e3 * t.head.value(),
            1e3 * t.kv_read.value(), 1e3 * t.recurrent_state.value(), 1e3 * t.attention.value(),
            1e3 * t.all_reduce.value(), 1e3 * t.launch.value());
      }
    }
    return 0;
  }
  if (what == "report") {
    report("as it stands");
    return 0;
  }
  const auto began = std::chrono::steady_clock::now();
  const bool simulate = g_simulate;
  FitAll(&rows, FitRows(rows), speeds.get(), &parameters, sweeps, simulate, what == "fit" || what == "write");
  g_simulate = simulate;
  if (what != "write" && what != "errors") report("fitted");
  std::map<std::string, Score> fitted_scores;
  for (const Row* row : MainRows(rows)) Add(*row, *speeds, &fitted_scores);
  if (what == "fit") {
    PrintParameters(parameters);
    if (argc > 3) PrintRows(rows, *speeds, argv[3]);
  }
  std::function<void(const std::vector<const Row*>&)> choose_strength;
  bool keep_errors = false;
  auto leave_out = [&](const char* title, const std::map<std::string, std::vector<const Row*>>& parts) {
    const MeasuredSpeeds fitted = *speeds;
    const Latent latent = g_latent;
    std::map<std::string, Score> scores;
    for (const auto& [name, left] : parts) {
      std::vector<const Row*> kept;
      for (const Row* row : FitRows(rows)) {
        if (std::find(left.begin(), left.end(), row) == left.end()) kept.push_back(row);
      }
      if (choose_strength) choose_strength(kept);
      Forget(&parameters, speeds.get());
      // Corrections matter to what the simulator answers alone.
      const bool corrected =
          simulate && std::any_of(left.begin(), left.end(), [](const Row* row) { return IsSimulated(*row); });
      FitAll(&rows, kept, speeds.get(), &parameters, sweeps, corrected, false);
      g_simulate = simulate;
      std::map<std::string, Score> own;
      for (const Row* row : left) {
        if (std::getenv("ROWS") != nullptr) PrintRow(*row, *speeds, "");
        if (keep_errors && row->set != "main") KeepErrors(*row, *speeds, &rows);
        if (row->set != "main") continue;
        Add(*row, *speeds, &scores);
        Add(*row, *speeds, &own);
        if (keep_errors) KeepErrors(*row, *speeds, &rows);
      }
      for (auto& [group, score] : own) {
        if (group.rfind("all ", 0) == 0 || what != "loo") continue;
        std::fprintf(stderr, "  %-30s %-18s %4zu median %5.1f%% bias %+6.1f%%\n", name.c_str(), group.c_str(),
                     score.errors.size(), 100 * Median(score.errors), 100 * Median(score.signs));
      }
      *speeds = fitted;
      g_latent = latent;
    }
    if (what == "write" || what == "errors") return scores;
    Print(title, scores);
    std::printf("%-20s", "over fitted");
    for (auto& [group, score] : scores) {
      if (group.rfind("all ", 0) == 0)
        std::printf("  %s %.2f/%.2f", group.c_str() + 4,
                    Median(score.errors) / Median(fitted_scores[group].errors),
                    Mean(score.errors) / Mean(fitted_scores[group].errors));
    }
    std::printf("\n");
    return scores;
  };
  // Runs of one source on one card with one model: what its neighbours in the table say of it.
  auto runs_to_leave = [&] {
    std::map<std::string, std::vector<const Row*>> runs;
    for (const Row* row : FitRows(rows)) {
      const std::string source = row->source.substr(0, row->source.find_first_of(" #"));
      runs[source + " " + row->gpu + " " + row->model].push_back(row);
    }
    std::map<std::string, std::vector<const Row*>> parts;  // a fifteenth of them at a time
    int next = 0;
    for (const auto& [name, list] : runs) {
      std::vector<const Row*>& part = parts[std::to_string(next++ * 7 % 15)];
      part.insert(part.end(), list.begin(), list.end());
    }
    return parts;
  };
  if (what == "runs" || what == "both") leave_out("run left out", runs_to_leave());
  auto cards_to_leave = [&] {
    std::map<std::string, std::vector<const Row*>> cards;
    for (const Row* row : FitRows(rows)) cards[row->gpu].push_back(row);
    for (auto it = cards.begin(); it != cards.end();) {
      const bool scored = std::any_of(it->second.begin(), it->second.end(),
                                      [](const Row* row) { return row->set == "main"; });
      it = scored ? std::next(it) : cards.erase(it);
    }
    return cards;
  };
  if (what == "loo" || what == "both") leave_out("card left out", cards_to_leave());
  auto tenths_to_leave = [&] {
    std::map<std::string, std::vector<const Row*>> tenths;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].set != "suspect") tenths[std::to_string(i * 7 % 10)].push_back(&rows[i]);
    }
    return tenths;
  };
  if (what == "folds") leave_out("a tenth left out", tenths_to_leave());
  if (what == "write") {
    keep_errors = true;
    leave_out("", runs_to_leave());
    Write(rows, speeds.get());
    return 0;
  }
  if (what == "errors") {
    // The table as it stands, not the fit before its digits were rounded.
    const std::map<std::string, Score> cards = leave_out("", cards_to_leave());
    keep_errors = true;
    const std::map<std::string, Score> runs = leave_out("", runs_to_leave());
    std::map<std::string, Score> fitted;
    g_simulate = simulate;
    for (const Row* row : MainRows(rows)) Add(*row, FittedSpeeds(), &fitted);
    PrintErrors(fitted, runs, cards, Coverage(rows));
  }
  if (what == "nested") {
    // The strength of pooling is chosen without the card that is then predicted: by the errors on fifths of
    // the other cards.
    constexpr double kStrengths[] = {0.2, 0.4, 0.8, 1.6};
    std::map<std::string, int> group_of;
    for (const Row* row : FitRows(rows)) group_of.emplace(row->gpu, 0);
    int next = 0;
    for (auto& [gpu, group] : group_of) group = next++ % 5;
    std::map<double, int> chosen;
    choose_strength = [&](const std::vector<const Row*>& kept) {
      double least = 1e30, best = kStrengths[0];
      for (const double strength : kStrengths) {
        g_ridge = strength;
        double sum = 0;
        for (int group = 0; group < 5; ++group) {
          std::vector<const Row*> in, out;
          for (const Row* row : kept) (group_of[row->gpu] == group ? out : in).push_back(row);
          Forget(&parameters, speeds.get());
          g_simulate = false;
          Fit(in, speeds.get(), &parameters, sweeps, false);
          for (const Row* row : out) {
            double residuals[8];
            Residuals(*row, *speeds, residuals);
            for (size_t t = 0; t < row->targets.size() && row->set == "main"; ++t)
              sum += std::min(1.0, std::fabs(residuals[t]));
          }
        }
        if (sum < least) {
          least = sum;
          best = strength;
        }
      }
      chosen[best] += 1;
      g_ridge = best;
    };
    leave_out("nested", cards_to_leave());
    for (const auto& [strength, count] : chosen)
      std::printf("strength %.1f chosen for %d cards\n", strength, count);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  std::fprintf(stderr, "%.1f s\n", std::chrono::duration<double>(took).count());
  return 0;
}

}  // namespace
}  // namespace plimsoll

int main(int argc, char** argv) { return plimsoll::Run(argc, argv); }
