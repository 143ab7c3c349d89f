// What many configurations cost: the map of 120 models in 10 formats on 20 cards, each in its best layout (60 ms to hold), a
// change from input to verdict with its ways out (50 ms), and eight compared columns (8 ms a frame; they are computed once).
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "core/catalog/catalog_data.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/comparison.h"
#include "core/solve/map.h"
#include "core/solve/ways_out.h"
#include "tests/bench/large_map.h"

namespace plimsoll {
namespace {

const Catalog& ManyCatalog() {
  static const Catalog catalog = [] {
    const CatalogData data = EmbeddedCatalog();
    return std::move(Catalog::Parse(data.models, data.gpus)).value();
  }();
  return catalog;
}

Config Start() {
  Config config;
  config.model = "llama-3.1-70b";
  config.format = Json("awq-int4");
  config.gpu = {"h100-sxm"};
  config.max_model_len = 8192;
  config.concurrency = 8;
  return config;
}

void BM_LargeMap(benchmark::State& state) {
  const MapQuestion question = LargeMap(Start(), ManyCatalog());
  for (auto _ : state) {
    Result<MapMaker> maker = MapMaker::Start(question, ManyCatalog());
    if (!maker.ok()) return state.SkipWithError(maker.error().Message().c_str());
    while (!maker->Advance(1000)) {
    }
    benchmark::DoNotOptimize(maker->sheet().cells.data());
    state.counters["cells"] = static_cast<double>(maker->total());
  }
}
BENCHMARK(BM_LargeMap)->Unit(benchmark::kMillisecond);

void BM_InputToVerdict(benchmark::State& state) {
  Config config = Start();
  config.gpu = {"rtx-4090"};  // does not fit: the ways out are looked for, too
  for (auto _ : state) {
    Inquiry inquiry;
    const Result<Resolved> resolved = Settle(config, ManyCatalog(), &inquiry);
    const Report report = EstimateResolved(*resolved);
    benchmark::DoNotOptimize(Explain(*resolved, report));
    benchmark::DoNotOptimize(WaysOut(config, ManyCatalog(), 4, &inquiry));
  }
}
BENCHMARK(BM_InputToVerdict)->Unit(benchmark::kMillisecond);

void BM_CompareEight(benchmark::State& state) {
  const std::vector<Config> columns = *Vary(Start(), {"format", "gpus"}, ManyCatalog());
  for (auto _ : state) benchmark::DoNotOptimize(Compare(columns, ManyCatalog(), SizeUnits::kBinary));
  state.counters["columns"] = static_cast<double>(columns.size());
}
BENCHMARK(BM_CompareEight)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plimsoll
