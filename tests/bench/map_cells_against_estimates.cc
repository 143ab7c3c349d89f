#include <cstdio>
#include <random>
#include "core/catalog/catalog_data.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/map.h"
#include "core/config/config_value.h"
#include "core/config/config_keys.h"
using namespace plimsoll;
int main() {
  const CatalogData data = EmbeddedCatalog();
  const Catalog catalog = std::move(Catalog::Parse(data.models, data.gpus)).value();
  int all = 0, bad = 0, seen = 0;
  for (const char* engine : {"vllm", "sglang"}) for (int cards : {1, 8}) {
    MapQuestion q; q.base.model = "llama-3.1-70b"; q.base.format = Json("awq-int4"); q.base.gpu = {"h100-sxm"};
    q.base.engine = engine; q.base.gpus = cards; q.base.max_model_len = 8192; q.base.concurrency = 8;
    q.x = "gpu"; q.y = "format"; q.z = "model";
    for (const char* f : {"bf16", "fp8", "gptq-int4", "awq-int4", "nvfp4", "mxfp4"}) q.ys.push_back(Json(f));
    for (const Gpu& g : catalog.gpus()) if (q.xs.size() < 20) q.xs.push_back(Json(g.id));
    for (const Model& m : catalog.models()) if (!m.refused && q.zs.size() < 60) q.zs.push_back(Json(m.id));
    auto maker = MapMaker::Start(q, catalog);
    while (!maker->Advance(1000)) {}
    const MapSheet& s = maker->sheet();
    std::mt19937 r(7);
    for (int i = 0; i < 1500; ++i) {
      size_t x = r() % s.question.xs.size(), y = r() % s.question.ys.size(), z = r() % s.question.zs.size();
      const MapCell& c = s.cell(x, y, z);
      if (!c.understood) continue;
      const Config config = s.ConfigOf(x, y, z, catalog);
      const auto rep = Estimate(config, catalog);
      ++all;
      if (!rep.ok() || rep->verdict != c.verdict || (c.fits() && static_cast<double>(rep->kv.max_model_len_that_fits) != c.figure)) ++bad;
      else if (c.fits()) ++seen;
    }
  }
  std::printf("cells %d, differ %d, of the equal ones fit %d\n", all, bad, seen);
}
