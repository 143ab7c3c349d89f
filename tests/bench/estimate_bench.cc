// What an estimate costs: every catalog model, in formats and on cards that people use. The number to hold is
// the median of BM_EstimateEveryModel: at most 5 microseconds.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "core/catalog_data.h"
#include "core/estimate.h"
#include "core/solver.h"

namespace plimsoll {
namespace {

const Catalog& TheCatalog() {
  static const Catalog catalog = [] {
    const CatalogData data = EmbeddedCatalog();
    return std::move(Catalog::Parse(data.models, data.gpus)).value();
  }();
  return catalog;
}

std::vector<Config> EveryModel(EngineKind engine) {
  const bool vllm = engine == EngineKind::kVllm;
  std::vector<Config> configs;
  for (const Model& model : TheCatalog().models()) {
    if (model.refused) continue;
    for (const char* format :
         vllm ? std::array{"bf16", "fp8", "awq-int4"} : std::array{"gguf-f16", "gguf-q8_0", "gguf-q4_k_m"}) {
      Config config;
      config.model = model.id;
      config.format = Json(format);
      config.engine = engine;
      config.gpu = {"h100-sxm"};
      config.gpus = 8;
      config.max_model_len = 16384;
      configs.push_back(std::move(config));
    }
  }
  return configs;
}

// Times each configuration by itself, many times over, and reports the median over configurations.
void BM_EstimateEveryModel(benchmark::State& state) {
  const std::vector<Config> configs = EveryModel(static_cast<EngineKind>(state.range(0)));
  using Clock = std::chrono::steady_clock;
  std::vector<double> nanoseconds;
  for (const Config& config : configs)
    benchmark::DoNotOptimize(Estimate(config, TheCatalog()));  // binds formats
  for (auto _ : state) {
    nanoseconds.clear();
    for (const Config& config : configs) {
      constexpr int kTimes = 20;
      double best = 1e18;
      for (int repeat = 0; repeat < 3; ++repeat) {
        const auto start = Clock::now();
        for (int i = 0; i < kTimes; ++i) benchmark::DoNotOptimize(Estimate(config, TheCatalog()));
        const double spent = std::chrono::duration<double, std::nano>(Clock::now() - start).count() / kTimes;
        best = std::min(best, spent);
      }
      nanoseconds.push_back(best);
    }
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  state.counters["median_ns"] = nanoseconds[nanoseconds.size() / 2];
  state.counters["p90_ns"] = nanoseconds[nanoseconds.size() * 9 / 10];
  state.counters["worst_ns"] = nanoseconds.back();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * configs.size()));
}
BENCHMARK(BM_EstimateEveryModel)
    ->Arg(static_cast<int>(EngineKind::kVllm))
    ->Arg(static_cast<int>(EngineKind::kLlamaCpp))
    ->ArgName("engine")
    ->Unit(benchmark::kMillisecond);

void BM_Resolve(benchmark::State& state) {
  Config config;
  config.model = "llama-3.1-70b";
  config.format = Json("awq-int4");
  config.gpu = {"rtx-4090"};
  for (auto _ : state) benchmark::DoNotOptimize(Resolve(config, TheCatalog()));
}
BENCHMARK(BM_Resolve);

void BM_EstimateResolved(benchmark::State& state) {
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"rtx-4090"};
  config.max_model_len = 16384;
  const Result<Resolved> resolved = Resolve(config, TheCatalog());
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
  for (auto _ : state) benchmark::DoNotOptimize(Catalog::Parse(data.models, data.gpus));
}
BENCHMARK(BM_ParseCatalog)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plimsoll
