// What an estimate costs: every catalog model, in formats and on cards that people use. The number to hold is
// the median of each model in BM_EstimateEveryModel: at most 5 microseconds.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "core/catalog/catalog_data.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "core/solve/solver.h"
#include "core/solve/ways_out.h"

namespace plimsoll {
namespace {

const Catalog& TheCatalog() {
  static const Catalog catalog = [] {
    const CatalogData data = EmbeddedCatalog();
    return std::move(Catalog::Parse(data.models, data.gpus)).value();
  }();
  return catalog;
}

// On one card with the model's own context, or on eight with 16384 tokens.
std::vector<Config> EveryModel(bool vllm, int64_t gpus) {
  std::vector<Config> configs;
  for (const Model& model : TheCatalog().models()) {
    if (model.refused()) continue;
    for (const char* format :
         vllm ? std::array{"bf16", "fp8", "awq-int4"} : std::array{"gguf-f16", "gguf-q8_0", "gguf-q4_k_m"}) {
      Config config;
      config.model = model.id;
      config.format = Json(format);
      config.engine = vllm ? "vllm" : "llama.cpp";
      config.gpu = {gpus > 1 ? "h100-sxm" : "rtx-4090"};
      config.gpus = gpus;
      if (gpus > 1) config.max_model_len = 16384;
      configs.push_back(std::move(config));
    }
  }
  return configs;
}

// Processor time, so that a loaded machine measures the same.
double SpentNanoseconds() { return 1e9 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// The median of one configuration's runs.
double MedianNanoseconds(const Config& config) {
  constexpr int kRuns = 15, kTimes = 100;  // std::clock counts microseconds
  std::array<double, kRuns> runs;
  for (double& run : runs) {
    const double start = SpentNanoseconds();
    for (int i = 0; i < kTimes; ++i) benchmark::DoNotOptimize(Estimate(config, TheCatalog()));
    run = (SpentNanoseconds() - start) / kTimes;
  }
  std::nth_element(runs.begin(), runs.begin() + kRuns / 2, runs.end());
  return runs[kRuns / 2];
}

// Times each configuration by itself; the label names the one that costs most.
void BM_EstimateEveryModel(benchmark::State& state) {
  const std::vector<Config> configs = EveryModel(state.range(0) == 0, state.range(1));
  std::vector<std::pair<double, const Config*>> medians;
  for (const Config& config : configs)
    benchmark::DoNotOptimize(Estimate(config, TheCatalog()));  // binds formats
  for (auto _ : state) {
    medians.clear();
    for (const Config& config : configs) medians.emplace_back(MedianNanoseconds(config), &config);
  }
  std::sort(medians.begin(), medians.end());
  state.counters["median_ns"] = medians[medians.size() / 2].first;
  state.counters["p90_ns"] = medians[medians.size() * 9 / 10].first;
  state.counters["worst_ns"] = medians.back().first;
  state.SetLabel("worst: " + medians.back().second->model + " " + medians.back().second->format.AsString());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * configs.size()));
}
BENCHMARK(BM_EstimateEveryModel)
    ->ArgsProduct({{0, 1}, {1, 8}})
    ->ArgNames({"engine", "gpus"})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void BM_Resolve(benchmark::State& state) {
  Config config;
  config.model = "llama-3.1-70b";
  config.format = Json("awq-int4");
  config.gpu = {"rtx-4090"};
  for (auto _ : state) benchmark::DoNotOptimize(Settle(config, TheCatalog()));
}
BENCHMARK(BM_Resolve);

void BM_EstimateResolved(benchmark::State& state) {
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"rtx-4090"};
  config.max_model_len = 16384;
  const Result<Resolved> resolved = Settle(config, TheCatalog());
  for (auto _ : state) benchmark::DoNotOptimize(EstimateResolved(*resolved));
}
BENCHMARK(BM_EstimateResolved);

void BM_EstimateJson(benchmark::State& state) {
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"rtx-4090"};
  for (auto _ : state) benchmark::DoNotOptimize(EstimateJson(config, TheCatalog(), 0));
}
BENCHMARK(BM_EstimateJson)->Unit(benchmark::kMicrosecond);

void BM_WaysOut(benchmark::State& state) {
  Config config;
  config.model = "qwen3-235b-a22b";
  config.format = Json("awq-int4");
  config.gpu = {"rtx-4090"};
  for (auto _ : state) benchmark::DoNotOptimize(WaysOut(config, TheCatalog()));
}
BENCHMARK(BM_WaysOut)->Unit(benchmark::kMillisecond);

void BM_ParseCatalog(benchmark::State& state) {
  const CatalogData data = EmbeddedCatalog();
  for (auto _ : state) {
    auto catalog = std::make_unique<Result<Catalog>>(Catalog::Parse(data.models, data.gpus));
    benchmark::DoNotOptimize(catalog.get());
    state.PauseTiming();  // nobody waits for its end
    catalog.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_ParseCatalog)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plimsoll
