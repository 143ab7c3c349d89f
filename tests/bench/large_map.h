// The map that benchmarks make: 120 models in ten formats on twenty cards.
#ifndef PLIMSOLL_TESTS_BENCH_LARGE_MAP_H_
#define PLIMSOLL_TESTS_BENCH_LARGE_MAP_H_

#include "core/catalog/catalog.h"
#include "core/solve/map.h"

namespace plimsoll {

inline MapQuestion LargeMap(Config base, const Catalog& catalog) {
  MapQuestion question;
  question.base = std::move(base);
  question.x = "gpu";
  question.y = "format";
  question.z = "model";
  for (const char* format :
       {"bf16", "fp16", "fp8", "fp8-block", "int8", "gptq-int8", "gptq-int4", "awq-int4", "w4a16", "nvfp4"})
    question.ys.push_back(Json(format));
  for (const Gpu& gpu : catalog.gpus()) {
    if (question.xs.size() < 20) question.xs.push_back(Json(gpu.id));
  }
  for (const Model& model : catalog.models()) {
    if (!model.refused() && question.zs.size() < 120) question.zs.push_back(Json(model.id));
  }
  return question;
}

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_BENCH_LARGE_MAP_H_
