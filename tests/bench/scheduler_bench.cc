// The scheduler at saturation: chat-like requests (200 tokens in, 200 out on average) on one card.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <utility>

#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/schedule/scheduler.h"

namespace plimsoll {
namespace {

SchedulerSetup Setup() {
  static const Result<Catalog>* catalog =
      new Result<Catalog>(Catalog::Parse(EmbeddedCatalog().models, EmbeddedCatalog().gpus));
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"h100-sxm"};
  config.max_model_len = 8192;
  const Result<Resolved> resolved = Settle(config, **catalog);
  if (!resolved.ok()) std::abort();
  return MakeSchedulerSetup(*resolved, EstimateResolved(*resolved));
}

void Saturated(benchmark::State& state) {
  const SchedulerSetup setup = Setup();
  Workload workload;
  workload.arrival = Arrival::kPoisson;
  workload.rate = 500;
  workload.requests = state.range(0);
  workload.prompt = {LengthShape::kLogNormal, 200, 210, 1, 4000};
  workload.output = {LengthShape::kLogNormal, 200, 210, 1, 4000};
  workload.turns = state.range(1);
  const Result<RequestList> list = GenerateRequests(workload);
  if (!list.ok()) std::abort();
  for (auto _ : state) {
    benchmark::DoNotOptimize(Simulate(setup, *list).now());
  }
  state.SetComplexityN(state.range(0));
}
// Ten thousand requests of a thousand prompts of 2,000 tokens, of which the pool holds a quarter and RAM all.
void WithATier(benchmark::State& state) {
  SchedulerSetup setup = Setup();
  setup.host.units = state.range(1);
  setup.host.load = 4e-5;
  setup.host.waits = state.range(0) != 0;
  setup.host.layers = 32;
  Workload workload;
  workload.arrival = Arrival::kPoisson;
  workload.rate = 100;
  workload.requests = 10000;
  workload.different_prompts = 1000;
  workload.prompt = {LengthShape::kLogNormal, 2000, 2000, 1, 8000};
  workload.output = {LengthShape::kLogNormal, 200, 210, 1, 150};
  const Result<RequestList> list = GenerateRequests(workload);
  if (!list.ok()) std::abort();
  for (auto _ : state) {
    benchmark::DoNotOptimize(Simulate(setup, *list).now());
  }
}
BENCHMARK(WithATier)->Unit(benchmark::kMillisecond)->Args({1, 0})->Args({1, 150000})->Args({0, 150000});

BENCHMARK(Saturated)
    ->Unit(benchmark::kMillisecond)
    ->Args({1000, 1})
    ->Args({10000, 1})
    ->Args({10000, 4})
    ->Args({100000, 1});

}  // namespace
}  // namespace plimsoll
