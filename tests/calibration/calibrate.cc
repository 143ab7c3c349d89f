// Fits the table of measured speeds on published measurements, and reports its errors: fitted, and with each
// card left out in turn. Run by hand; the measured rows never reach the page.
//
//   plimsoll_calibrate report            errors of the table as it stands
//   plimsoll_calibrate rows [TEXT]       every row: predicted, measured, error
//   plimsoll_calibrate fit [SWEEPS]      fits all coefficients and prints them
//   plimsoll_calibrate write [SWEEPS]    fits and prints core/measured_speeds_table.cc
//   plimsoll_calibrate loo [SWEEPS]      fits once for each card, without that card's rows, and scores them
//
//   plimsoll_calibrate folds [SWEEPS]    the same for tenths of the rows
// SIM=1 in the environment answers serving runs by the simulator instead of the closed form.
//
// The table in the repository was written with SIM=1 and the other defaults.
//
// Errors are reported on rows of the set "main"; the fit also sees "community" rows with 0.3 of their weight,
// and never "suspect" ones. The fit minimises absolute log errors of every measured metric, with each
// coefficient drawn towards its neighbour's value: an engine's own towards its starting value, a card class's
// factor towards one. So what few rows say little about stays where physics and kin put it.
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

#include "core/catalog.h"
#include "core/catalog_data.h"
#include "core/config_codec.h"
#include "core/estimate.h"
#include "core/measured_speeds.h"
#include "core/resolved.h"
#include "core/serving_case.h"
#include "core/throughput.h"
#include "tests/calibration/starting_speeds.h"

namespace plimsoll {
namespace {

double Env(const char* name, double fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atof(text);
}
const double kBalance = Env("BAL", 0.2);

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
  StepWork work;
  Operation operation;
  std::string arrival;
  Json workload;
  Report report;
  double rate = 0;
  bool batch = false;  // as many requests as run at once: they start and end together
  std::vector<Target> targets;
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
  if (metric == "ttft_ms") return "ttft";
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
    row.source = item.Find("source")->AsString();
    Result<DecodedConfig> config = DecodeConfigJson(*item.Find("config"));
    if (!config.ok()) {
      std::fprintf(stderr, "%s: %s\n", row.id.c_str(), config.error().Message().c_str());
      continue;
    }
    row.config = std::make_unique<Config>(std::move(config->config));
    Result<Resolved> resolved = Resolve(*row.config, catalog);
    if (!resolved.ok()) {
      std::fprintf(stderr, "%s: %s\n", row.id.c_str(), resolved.error().Message().c_str());
      continue;
    }
    row.resolved = std::make_unique<Resolved>(std::move(*resolved));
    row.gpu = row.resolved->cards.front().gpu->id;
    row.engine = EngineName(row.resolved->engine);
    row.model = row.config->model;
    row.format = row.resolved->format->id;
    row.work = CountWork(*row.resolved);
    row.report = EstimateResolved(*row.resolved);
    row.operation = OperationOf(*row.resolved, row.report);
    if (const Json* load = item.Find("workload")) {
      row.workload = *load;
      row.arrival = load->Find("arrival")->AsString();
      row.rate = Number(load->Find("arrival_rate"), 0);
      const double prompts = Number(load->Find("num_prompts"), 0);
      if (!row.config->concurrency) row.operation.concurrency = row.rate > 0 ? 0 : std::max(1.0, prompts);
      row.operation.requests = static_cast<int64_t>(prompts);
      if (const Json* pool = load->Find("kv_cache_tokens")) row.operation.capacity_tokens = *pool->AsInt();
      row.batch = (row.arrival == "burst" && prompts == 0) ||
                  (row.rate <= 0 && prompts > 0 && prompts <= row.operation.concurrency);
      row.operation.lockstep = row.batch && row.operation.concurrency > 1;
    }
    for (const auto& [metric, value] : item.Find("measured")->members()) {
      Target target;
      target.metric = metric;
      target.group = GroupOfMetric(metric, row.engine);
      target.measured = *value.AsDouble();
      if (metric == "output_tps_total") target.weight = row.rate > 0 ? 0.3 : 1;
      if (row.set == "community") target.weight *= 0.3;
      row.targets.push_back(target);
    }
    rows.push_back(std::move(row));
  }
  // Rows of one card resemble each other: its weight grows with the power 0.8 of their number, and is one row
  // for one where there are twelve.
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
  (void)row;
  return speed.decode_tokens_per_s_total;
}

bool g_simulate = Env("SIM", 0) > 0;  // answer serving runs by the simulator, as `plimsoll validate` does

SpeedReport Answer(const Row& row, const MeasuredSpeeds& speeds) {
  const StepModel model = StepModel::Make(*row.resolved, row.work, speeds);
  if (g_simulate && row.workload.is_object() && !row.targets.empty() &&
      row.targets.front().metric != "decode_tps_per_stream") {
    const Result<ServingPrediction> serving =
        PredictServing(*row.resolved, row.report, row.workload, false, &model);
    if (serving.ok()) {
      SpeedReport speed = SpeedAt(model, row.operation);
      speed.ttft_ms = serving->ttft_ms;
      speed.tpot_ms = serving->tpot_ms;
      speed.decode_tokens_per_s_total = serving->output_tokens_per_s;
      return speed;
    }
    std::fprintf(stderr, "%s: %s\n", row.id.c_str(), serving.error().Message().c_str());
  }
  if (row.rate > 0) return SpeedAtRate(model, row.operation, row.rate);
  SpeedReport speed = SpeedAt(model, row.operation);
  if (row.arrival == "burst" && row.batch) {
    // Batch benchmarks time the two phases apart.
    const int64_t context = row.operation.prompt_tokens + row.operation.output_tokens / 2;
    StepLoad load;
    load.decode_sequences = static_cast<int64_t>(row.operation.concurrency);
    StepLoad prompts;
    prompts.prefill_sequences = load.decode_sequences;
    prompts.prefill_tokens = row.operation.prompt_tokens * load.decode_sequences;
    for (int i = 0; i < model.span_count(); ++i) {
      const auto s = static_cast<size_t>(i);
      load.decode_kv_tokens[s] =
          static_cast<double>(std::min(context, model.span(i)) * load.decode_sequences);
      prompts.prefill_kv_pairs[s] = CausalPairs(0, row.operation.prompt_tokens, model.span(i)) *
                                    static_cast<double>(load.decode_sequences);
    }
    const double step = model.Time(load).value();
    speed.decode_tokens_per_s = 1 / step;
    speed.decode_tokens_per_s_total = static_cast<double>(load.decode_sequences) / step;
    speed.prefill_tokens_per_s = static_cast<double>(prompts.prefill_tokens) / model.Time(prompts).value();
  }
  return speed;
}

// ---- coefficients to fit
// -------------------------------------------------------------------------------------------

// Chosen for the errors with each card left out, so long as the fitted ones stay within their bounds.
const double kRidge = Env("RIDGE", 0.4);
const double kStreamFreedom = Env("FS", 0.15), kComputeFreedom = Env("FC", 0.25),
             kLayerFreedom = Env("FL", 0.15);

struct Parameter {
  std::string name;
  Coefficient* at = nullptr;
  double centre = 0;                        // drawn to
  double freedom = 0;                       // standard deviation of its logarithm around the centre
  std::function<bool(const Row&)> touches;  // rows whose answer depends on it
};

// Classes of one family (vendor and kind of memory) are drawn to each other: a class factor is the family's
// times the class's own deviation, so a class that nobody measured gets its family's.
enum Family { kNvidiaGddr, kNvidiaHbm, kAmd, kAppleFamily, kOthers, kFamilies };
Family FamilyOf(CardClass card) {
  switch (card) {
    case CardClass::kPascal:
    case CardClass::kTuring:
    case CardClass::kAmpere:
    case CardClass::kAda:
    case CardClass::kBlackwell:
    case CardClass::kGraceUnified:
      return kNvidiaGddr;
    case CardClass::kVolta:
    case CardClass::kAmpereHbm:
    case CardClass::kHopper:
    case CardClass::kBlackwellHbm:
      return kNvidiaHbm;
    case CardClass::kCdna:
    case CardClass::kCdna3:
    case CardClass::kRdna:
    case CardClass::kRdna4:
    case CardClass::kStrix:
      return kAmd;
    case CardClass::kApple:
      return kAppleFamily;
    default:
      return kOthers;
  }
}

struct Latent {
  CardFactors family[kEngineGroups][kFamilies];
  CardFactors deviation[kEngineGroups][kCardClasses];
};
Latent g_latent;

// Engines without rows of their own for a coefficient share vLLM's.
void Tie(MeasuredSpeeds* speeds) {
  for (size_t g = 0; g < kEngineGroups; ++g) {
    for (size_t c = 0; c < kCardClasses; ++c) {
      const CardFactors& family = g_latent.family[g][FamilyOf(static_cast<CardClass>(c))];
      const CardFactors& own = g_latent.deviation[g][c];
      CardFactors& card = speeds->cards[g][c];
      card.stream.value = family.stream.value * own.stream.value;
      card.compute.value = family.compute.value * own.compute.value;
      card.layer.value = family.layer.value * own.layer.value;
    }
  }
  const EngineSpeeds& base = speeds->engines[static_cast<size_t>(EngineKind::kVllm)];
  for (EngineKind kind : {EngineKind::kSglang, EngineKind::kTensorRtLlm}) {
    EngineSpeeds& engine = speeds->engines[static_cast<size_t>(kind)];
    const EngineSpeeds own = engine;
    engine = base;
    engine.layer_us = own.layer_us;
    engine.step_us = own.step_us;
    engine.sequence_us = own.sequence_us;
    engine.prefill_step_us = own.prefill_step_us;
    engine.request_ms = own.request_ms;
    engine.source = own.source;
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
    const auto engine = static_cast<int>(row.resolved->engine);
    counts["e" + std::to_string(engine)] += n;
    for (int f = 0; f < kFormatClasses; ++f) {
      const auto at = static_cast<size_t>(f);
      if (row.work.dense_bytes[at] > row.work.dense_total * 0.3 || row.work.expert_bytes[at] > 0) {
        counts["e" + std::to_string(engine) + "f" + std::to_string(f)] += n;
      }
    }
    counts["g" + std::to_string(static_cast<int>(GroupOf(row.resolved->engine))) + "c" +
           std::to_string(static_cast<int>(ClassOf(*row.resolved->cards.front().gpu)))] += n;
  }
  std::function<bool(const Row&)> touches;
  auto add = [&](std::string name, Coefficient* at, const Coefficient* from, double freedom,
                 int rows_behind) {
    if (at->value <= 0) return;
    at->rows = rows_behind;
    list.push_back({std::move(name), at, from->value, freedom, touches});
  };
  for (size_t e = 0; e < static_cast<size_t>(kEngineKinds); ++e) {
    const int n = counts["e" + std::to_string(e)];
    if (n == 0) continue;
    EngineSpeeds& s = speeds->engines[e];
    const EngineSpeeds& from = start.engines[e];
    const auto kind = static_cast<EngineKind>(e);
    const std::string name = std::string(EngineName(kind));
    const bool tied = kind == EngineKind::kSglang || kind == EngineKind::kTensorRtLlm;
    const bool serving = kind == EngineKind::kVllm || tied;
    // SGLang and TensorRT-LLM share most of vLLM's coefficients.
    auto of_engine = [kind, shared = kind == EngineKind::kVllm](const Row& row) {
      const EngineKind engine = row.resolved->engine;
      return engine == kind ||
             (shared && (engine == EngineKind::kSglang || engine == EngineKind::kTensorRtLlm));
    };
    touches = of_engine;
    add(name + ".layer_us", &s.layer_us, &from.layer_us, 0.7, n);
    if (serving) {
      add(name + ".step_us", &s.step_us, &from.step_us, 0.7, n);
      add(name + ".sequence_us", &s.sequence_us, &from.sequence_us, 0.7, n);
      add(name + ".prefill_step_us", &s.prefill_step_us, &from.prefill_step_us, 0.7, n);
      add(name + ".request_ms", &s.request_ms, &from.request_ms, 0.7, n);
    }
    if (tied) continue;
    for (size_t f = 0; f < kFormatClasses; ++f) {
      const int m = counts["e" + std::to_string(e) + "f" + std::to_string(f)];
      if (m == 0) continue;
      touches = [of_engine, f](const Row& row) {
        return of_engine(row) && (row.work.dense_bytes[f] > 0 || row.work.expert_bytes[f] > 0 ||
                                  static_cast<size_t>(row.work.head_format) == f);
      };
      add(name + ".stream" + std::to_string(f), &s.stream[f], &from.stream[f], 0.25, m);
      add(name + ".compute" + std::to_string(f), &s.compute[f], &from.compute[f], 0.5, m);
    }
    touches = of_engine;
    if (kind != EngineKind::kVllm && kind != EngineKind::kLlamaCpp) continue;
    add(name + ".expert_stream", &s.expert_stream, &from.expert_stream, 0.3, n);
    add(name + ".expert_compute", &s.expert_compute, &from.expert_compute, 0.5, n);
    add(name + ".cache_stream", &s.cache_stream, &from.cache_stream, 0.4, n);
    if (kind == EngineKind::kLlamaCpp)
      add(name + ".cache_slow", &s.cache_stream_slow, &from.cache_stream_slow, 0.5, n);
    add(name + ".attention", &s.attention_compute, &from.attention_compute, 0.5, n);
    add(name + ".moe_layer_us", &s.moe_layer_us, &from.moe_layer_us, 0.7, n);
    add(name + ".recurrent_layer_us", &s.recurrent_layer_us, &from.recurrent_layer_us, 0.7, n);
    add(name + ".tile", &s.tile, &from.tile, 0.7, n);
    add(name + ".expert_tile", &s.expert_tile, &from.expert_tile, 0.7, n);
    if (kind == EngineKind::kLlamaCpp) {
      add(name + ".step_us", &s.step_us, &from.step_us, 0.7, n);
      add(name + ".sequence_us", &s.sequence_us, &from.sequence_us, 0.7, n);
      add(name + ".prefill_step_us", &s.prefill_step_us, &from.prefill_step_us, 0.7, n);
    }
  }
  static const Coefficient kOne = {1, 0, 0};
  const CardFactors ones = {kOne, kOne, kOne};
  for (size_t g = 0; g < kEngineGroups; ++g) {
    std::map<int, int> members, rows_of;
    for (CardFactors& card : g_latent.family[g]) card = ones;
    for (CardFactors& card : g_latent.deviation[g]) card = ones;
    for (size_t c = 0; c < kCardClasses; ++c) {
      const int n = counts["g" + std::to_string(g) + "c" + std::to_string(c)];
      if (n == 0) continue;
      members[FamilyOf(static_cast<CardClass>(c))] += 1;
      rows_of[FamilyOf(static_cast<CardClass>(c))] += n;
      const std::string name =
          std::string(g == 0 ? "ggml/" : "torch/") + std::string(CardClassName(static_cast<CardClass>(c)));
      CardFactors& card = g_latent.deviation[g][c];
      touches = [g, c](const Row& row) {
        return static_cast<size_t>(GroupOf(row.resolved->engine)) == g &&
               static_cast<size_t>(ClassOf(*row.resolved->cards.front().gpu)) == c;
      };
      add(name + ".stream", &card.stream, &kOne, kStreamFreedom, n);
      add(name + ".compute", &card.compute, &kOne, kComputeFreedom, n);
      add(name + ".layer", &card.layer, &kOne, kLayerFreedom, n);
    }
    for (const auto& [family, n] : members) {
      if (n == 0) continue;
      const std::string name = std::string(g == 0 ? "ggml/" : "torch/") + "family" + std::to_string(family);
      CardFactors& card = g_latent.family[g][family];
      touches = [g, family = family](const Row& row) {
        return static_cast<size_t>(GroupOf(row.resolved->engine)) == g &&
               FamilyOf(ClassOf(*row.resolved->cards.front().gpu)) == family;
      };
      add(name + ".stream", &card.stream, &kOne, 0.25, rows_of[family]);
      add(name + ".compute", &card.compute, &kOne, 0.6, rows_of[family]);
      add(name + ".layer", &card.layer, &kOne, 0.5, rows_of[family]);
    }
  }
  touches = [](const Row& row) { return row.resolved->engine == EngineKind::kLlamaCpp; };
  add("ggml_old_layer", &speeds->ggml_old_layer, &start.ggml_old_layer, 0.4, 100);
  {
    touches = [](const Row& row) { return row.workload.is_object(); };
    add("bunching", &speeds->bunching, &start.bunching, 0.7, 60);
    touches = [](const Row& row) { return row.resolved->engine == EngineKind::kLlamaCpp; };
  }
  touches = [](const Row& row) { return FamilyOf(ClassOf(*row.resolved->cards.front().gpu)) == kNvidiaGddr; };
  add("inline_ecc", &speeds->inline_ecc, &start.inline_ecc, 0.1, 30);
  touches = [](const Row& row) { return row.resolved->engine == EngineKind::kLlamaCpp; };
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

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double RowLoss(const Row& row, const MeasuredSpeeds& speeds) {
  const SpeedReport speed = Answer(row, speeds);
  double loss = 0;
  for (const Target& target : row.targets) {
    const double predicted = Predict(row, target, speed);
    const double r = predicted > 0 ? std::log(predicted / target.measured) : 10;
    loss += target.weight * std::min(3.0, std::sqrt(r * r + 0.0025));
  }
  return loss;
}

double Prior(const Parameter& p) {
  const double z = std::log(p.at->value / p.centre) / p.freedom;
  return kRidge * z * z;
}

// Pattern search, one coefficient after the other; only the rows that depend on it are answered again.
double Fit(const std::vector<const Row*>& rows, MeasuredSpeeds* speeds, std::vector<Parameter>* parameters,
           int sweeps, bool talk) {
  std::vector<double> step(parameters->size(), sweeps > 6 ? 0.15 : 0.06);
  Tie(speeds);
  std::vector<double> losses(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) losses[i] = RowLoss(*rows[i], *speeds);
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    double gained = 0;
    for (size_t p = 0; p < parameters->size(); ++p) {
      Parameter& parameter = (*parameters)[p];
      std::vector<size_t> touched;
      double best = Prior(parameter);
      for (size_t i = 0; i < rows.size(); ++i) {
        if (!parameter.touches(*rows[i])) continue;
        touched.push_back(i);
        best += losses[i];
      }
      std::vector<double> trial(touched.size());
      auto try_value = [&](double value) {
        const double old = parameter.at->value;
        parameter.at->value = value;
        Tie(speeds);
        double loss = Prior(parameter);
        for (size_t k = 0; k < touched.size() && loss < best; ++k) {
          trial[k] = RowLoss(*rows[touched[k]], *speeds);
          loss += trial[k];
        }
        if (loss < best - 1e-6) {
          for (size_t k = 0; k < touched.size(); ++k) losses[touched[k]] = trial[k];
          gained += best - loss;
          best = loss;
          return true;
        }
        parameter.at->value = old;
        Tie(speeds);
        return false;
      };
      bool moved = false;
      for (const double direction : {1.0, -1.0}) {
        for (int repeat = 0; repeat < 8 && try_value(parameter.at->value * std::exp(direction * step[p]));
             ++repeat) {
          moved = true;
        }
        if (moved) break;
      }
      step[p] *= moved ? 1.1 : 0.5;
    }
    if (talk) {
      double total = 0;
      for (double loss : losses) total += loss;
      std::fprintf(stderr, "sweep %d: %.3f\n", sweep, total);
    }
    if (gained < 0.02) break;
  }
  return 0;
}

void Add(const Row& row, const MeasuredSpeeds& speeds, std::map<std::string, Score>* scores) {
  const SpeedReport speed = Answer(row, speeds);
  for (const Target& target : row.targets) {
    const double error = Predict(row, target, speed) / target.measured - 1;
    // The engines of a metric together, too.
    const std::string all = "all " + target.group.substr(0, target.group.find(' '));
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

std::vector<const Row*> MainRows(const std::vector<Row>& rows, const std::string& without = "") {
  std::vector<const Row*> list;
  for (const Row& row : rows) {
    if (row.set == "main" && row.gpu != without) list.push_back(&row);
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

void PrintRows(const std::vector<Row>& rows, const MeasuredSpeeds& speeds, const std::string& filter) {
  for (const Row& row : rows) {
    const SpeedReport speed = Answer(row, speeds);
    for (const Target& target : row.targets) {
      const double predicted = Predict(row, target, speed);
      char line[512];
      std::snprintf(
          line, sizeof line,
          "%-9s %-18s %-12s %-26s x%d tp%d %-24s %-14s p%d o%d c%.0f r%.2g %s %.5g -> %.5g %+.0f%%  %s",
          row.set.c_str(), target.group.c_str(), row.engine.c_str(), row.gpu.c_str(),
          static_cast<int>(row.resolved->cards.size()), static_cast<int>(row.resolved->tp), row.model.c_str(),
          row.format.c_str(), static_cast<int>(row.operation.prompt_tokens),
          static_cast<int>(row.operation.output_tokens), row.operation.concurrency, row.rate,
          row.resolved->version.text.c_str(), target.measured, predicted,
          100 * (predicted / target.measured - 1), row.arrival.c_str());
      if (filter.empty() || std::strstr(line, filter.c_str()) != nullptr) std::printf("%s\n", line);
    }
  }
}

void PrintParameters(const std::vector<Parameter>& parameters) {
  for (const Parameter& p : parameters) {
    std::printf("%-40s %10.4g  (from %.4g, %d rows)\n", p.name.c_str(), p.at->value, p.centre, p.at->rows);
  }
}

// ---- the table as source
// -------------------------------------------------------------------------------------------

// Relative spread of the rows that a coefficient rests on: 1.48 times the median absolute error.
double Spread(const std::vector<Row>& rows, const MeasuredSpeeds& speeds,
              const std::function<bool(const Row&, const Target&)>& wanted) {
  std::vector<double> errors;
  for (const Row& row : rows) {
    if (row.set != "main") continue;
    const SpeedReport speed = Answer(row, speeds);
    for (const Target& target : row.targets) {
      if (wanted(row, target)) errors.push_back(std::fabs(Predict(row, target, speed) / target.measured - 1));
    }
  }
  if (errors.size() < 3) return 0.3;
  return std::clamp(1.48 * Median(errors), 0.05, 0.6);
}

bool IsDecode(const Target& target) {
  return target.metric == "decode_tps_per_stream" || target.metric == "tpot_ms" ||
         target.metric == "output_tps_total";
}

std::string Text(const Coefficient& c) {
  char text[64];
  std::snprintf(text, sizeof text, "{%.4g, %.2g, %d}", c.value, c.spread, c.rows);
  return text;
}

void Write(const std::vector<Row>& rows, MeasuredSpeeds* s) {
  for (size_t e = 0; e < static_cast<size_t>(kEngineKinds); ++e) {
    for (size_t f = 0; f < static_cast<size_t>(kFormatClasses); ++f) {
      auto uses = [&](const Row& row) {
        return static_cast<size_t>(row.resolved->engine) == e &&
               static_cast<size_t>(row.work.main_format) == f;
      };
      s->engines[e].stream[f].spread =
          Spread(rows, *s, [&](const Row& row, const Target& t) { return uses(row) && IsDecode(t); });
      s->engines[e].compute[f].spread =
          Spread(rows, *s, [&](const Row& row, const Target& t) { return uses(row) && !IsDecode(t); });
    }
  }
  for (size_t g = 0; g < kEngineGroups; ++g) {
    for (size_t c = 0; c < static_cast<size_t>(kCardClasses); ++c) {
      auto uses = [&](const Row& row) {
        return static_cast<size_t>(GroupOf(row.resolved->engine)) == g &&
               static_cast<size_t>(ClassOf(*row.resolved->cards.front().gpu)) == c;
      };
      CardFactors& card = s->cards[g][c];
      const CardFactors& own = g_latent.deviation[g][c];
      card.stream.rows = own.stream.rows;
      card.compute.rows = own.compute.rows;
      card.layer.rows = own.layer.rows;
      card.stream.spread =
          Spread(rows, *s, [&](const Row& row, const Target& t) { return uses(row) && IsDecode(t); });
      card.layer.spread = card.stream.spread;
      card.compute.spread =
          Spread(rows, *s, [&](const Row& row, const Target& t) { return uses(row) && !IsDecode(t); });
    }
  }
  std::printf(
      "// Written by `plimsoll_calibrate write`; see measured_speeds.h for what each column means and "
      "tests/calibration\n"
      "// for how it is fitted. A coefficient is {value, relative spread, measured rows behind it}.\n"
      "#include \"core/measured_speeds.h\"\n\nnamespace plimsoll {\n\nnamespace {\n\nconstexpr "
      "MeasuredSpeeds kTable = {\n"
      "    .engines = {{\n");
  for (size_t e = 0; e < static_cast<size_t>(kEngineKinds); ++e) {
    const EngineSpeeds& x = s->engines[e];
    std::printf("        // %s\n        {\n", std::string(EngineName(static_cast<EngineKind>(e))).c_str());
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
    one("expert_stream", x.expert_stream);
    one("expert_compute", x.expert_compute);
    one("cache_stream", x.cache_stream);
    one("cache_stream_slow", x.cache_stream_slow);
    one("attention_compute", x.attention_compute);
    one("layer_us", x.layer_us);
    one("moe_layer_us", x.moe_layer_us);
    one("recurrent_layer_us", x.recurrent_layer_us);
    one("step_us", x.step_us);
    one("sequence_us", x.sequence_us);
    one("prefill_step_us", x.prefill_step_us);
    one("request_ms", x.request_ms);
    one("tile", x.tile);
    one("expert_tile", x.expert_tile);
    std::printf("            .source = \"%s\",\n        },\n", std::string(x.source).c_str());
  }
  std::printf("    }},\n    .cards = {{\n");
  for (size_t g = 0; g < kEngineGroups; ++g) {
    std::printf("        // %s: stream, compute, layer\n        {{\n",
                g == 0 ? "llama.cpp" : "other engines");
    for (size_t c = 0; c < static_cast<size_t>(kCardClasses); ++c) {
      const CardFactors& card = s->cards[g][c];
      std::printf("            {%s, %s, %s},  // %s\n", Text(card.stream).c_str(), Text(card.compute).c_str(),
                  Text(card.layer).c_str(), std::string(CardClassName(static_cast<CardClass>(c))).c_str());
    }
    std::printf("        }},\n");
  }
  std::printf("    }},\n");
  auto one = [&](const char* name, const Coefficient& value) {
    std::printf("    .%s = %s,\n", name, Text(value).c_str());
  };
  one("ggml_old_layer", s->ggml_old_layer);
  one("ggml_pipeline", s->ggml_pipeline);
  one("eager_layer", s->eager_layer);
  one("inline_ecc", s->inline_ecc);
  one("bunching", s->bunching);
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
  const std::vector<Row> rows = ReadRows(*catalog);
  const std::string what = argc > 1 ? argv[1] : "report";
  const int sweeps = argc > 2 ? std::atoi(argv[2]) : 20;
  const bool fitting = what == "fit" || what == "loo" || what == "folds" || what == "write";
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
      const StepModel model = StepModel::Make(*row.resolved, row.work, *speeds);
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
      std::printf("%s overhead %.2f ms\n", row.id.c_str(), 1e3 * model.request_overhead().value());
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
  g_simulate = false;  // the closed form first: it is a hundred times faster
  Fit(FitRows(rows), speeds.get(), &parameters, sweeps, what == "fit");
  g_simulate = simulate;
  if (simulate) Fit(FitRows(rows), speeds.get(), &parameters, 5, true);
  if (what == "write") {
    Write(rows, speeds.get());
    return 0;
  }
  report("fitted");
  if (what == "fit") {
    PrintParameters(parameters);
    if (argc > 3) PrintRows(rows, *speeds, "main");
  }
  if (what == "loo") {
    const MeasuredSpeeds fitted = *speeds;
    std::set<std::string> gpus;
    for (const Row* row : MainRows(rows)) gpus.insert(row->gpu);
    std::map<std::string, Score> scores;
    for (const std::string& gpu : gpus) {
      *speeds = fitted;
      const Latent latent = g_latent;
      g_simulate = false;
      Forget(&parameters, speeds.get());
      Fit(FitRows(rows, gpu), speeds.get(), &parameters, sweeps, false);
      g_simulate = simulate;
      std::map<std::string, Score> own;
      for (const Row* row : MainRows(rows)) {
        if (row->gpu == gpu) {
          Add(*row, *speeds, &scores);
          Add(*row, *speeds, &own);
        }
      }
      for (auto& [group, score] : own) {
        std::printf("  %-30s %-18s %4zu median %5.1f%% bias %+6.1f%%\n", gpu.c_str(), group.c_str(),
                    score.errors.size(), 100 * Median(score.errors), 100 * Median(score.signs));
      }
      g_latent = latent;
    }
    Print("card left out", scores);
  }
  if (what == "folds") {  // tenths of the rows left out in turn, as a choice of RIDGE wants it
    const MeasuredSpeeds fitted = *speeds;
    const Latent latent = g_latent;
    std::map<std::string, Score> scores;
    for (size_t fold = 0; fold < 10; ++fold) {
      *speeds = fitted;
      g_latent = latent;
      std::vector<const Row*> kept, left;
      for (size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].set == "suspect") continue;
        (i * 7 % 10 == fold ? left : kept).push_back(&rows[i]);
      }
      g_simulate = false;
      Forget(&parameters, speeds.get());
      Fit(kept, speeds.get(), &parameters, sweeps, false);
      g_simulate = simulate;
      for (const Row* row : left) {
        if (row->set == "main") Add(*row, *speeds, &scores);
      }
    }
    Print("a tenth left out", scores);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  std::fprintf(stderr, "%.1f s\n", std::chrono::duration<double>(took).count());
  return 0;
}

}  // namespace
}  // namespace plimsoll

int main(int argc, char** argv) { return plimsoll::Run(argc, argv); }
