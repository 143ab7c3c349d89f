// Times without a benchmark library, so that the same program runs natively and in node: the catalog, the large map, and
// the scheduler with 10,000 chat-like requests (200 tokens in, 200 out on average) at saturation on one card, and 100,000
// of them to show that cost grows with their number. Prints the shortest of several runs, which a busy machine disturbs
// least.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/schedule/scheduler.h"
#include "tests/bench/large_map.h"

namespace plimsoll {
namespace {

using Clock = std::chrono::steady_clock;

template <typename Work>
double BestMilliseconds(int runs, Work work) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const Clock::time_point start = Clock::now();
    work();
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return best;
}

int Run() {
  const CatalogData data = EmbeddedCatalog();
  const Result<Catalog> catalog = Catalog::Parse(data.models, data.gpus);
  if (!catalog.ok()) return 1;
  std::printf("reading the catalog: %.1f ms\n",
              BestMilliseconds(25, [&] { (void)Catalog::Parse(data.models, data.gpus); }));
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"h100-sxm"};
  config.max_model_len = 8192;
  const MapQuestion map = LargeMap(config, *catalog);
  std::printf("a map of %zu cells: %.1f ms\n", map.xs.size() * map.ys.size() * map.zs.size(),
              BestMilliseconds(7, [&] {
                Result<MapMaker> maker = MapMaker::Start(map, *catalog);
                while (maker.ok() && !maker->Advance(1000)) {
                }
              }));
  const Result<Resolved> resolved = Settle(config, *catalog);
  if (!resolved.ok()) return 1;
  const SchedulerSetup setup = MakeSchedulerSetup(*resolved, EstimateResolved(*resolved));
  for (const int64_t requests : {10000, 100000}) {
    Workload workload;
    workload.arrival = Arrival::kPoisson;
    workload.rate = 500;
    workload.requests = requests;
    workload.prompt = {LengthShape::kLogNormal, 200, 210, 1, 4000};
    workload.output = {LengthShape::kLogNormal, 200, 210, 1, 4000};
    const Result<RequestList> list = GenerateRequests(workload);
    if (!list.ok()) return 1;
    double simulated = 0;
    const double ms = BestMilliseconds(15, [&] { simulated = Simulate(setup, *list).now(); });
    std::printf("%lld requests, %.0f s simulated: %.1f ms\n", static_cast<long long>(requests), simulated,
                ms);
  }
  return 0;
}

}  // namespace
}  // namespace plimsoll

int main() { return plimsoll::Run(); }
