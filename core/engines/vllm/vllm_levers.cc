#include "core/engines/vllm/vllm_levers.h"

#include <iterator>
#include <string>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr std::string_view kVllmFormats[] = {"bf16",  "fp16",      "fp8-block", "fp8",
                                             "int8",  "gptq-int8", "awq-int4",  "gptq-int4",
                                             "w4a16", "nvfp4",     "mxfp4",     "bnb-nf4"};
}  // namespace

std::vector<std::string_view> VllmFormats() { return {std::begin(kVllmFormats), std::end(kVllmFormats)}; }

std::vector<Lever> VllmLevers(const LeverStart& start) {
  std::vector<Lever> levers;
  if (start.utilization > 0 && start.utilization < 0.95 && !start.config->kv_cache_memory_bytes) {
    levers.push_back(
        {[](Config* c) { c->gpu_memory_utilization = 0.95; }, "95 % of the card", kDistanceUtilization});
  }
  if (start.wide_cache) {
    levers.push_back({[](Config* c) {
                        c->kv_cache_dtype = KvTypes{KvType::kFp8, KvType::kFp8};
                      },
                      "fp8 KV cache", kDistanceKv});
  }
  if (!start.eager) {
    levers.push_back({[](Config* c) { c->enforce_eager = true; }, "no CUDA graphs", kDistanceEager});
  }
  // The sampler's scratch of a thousand sequences is often what a large card lacks.
  if (start.sequences > 256) {
    levers.push_back({[](Config* c) { c->max_num_seqs = 256; }, "256 sequences at once", kDistanceFewer});
  }
  return levers;
}

std::vector<HostLever> VllmHostLevers() {
  HostLever offload;
  offload.most = 512;
  offload.pull = [](Config* c, int64_t number, int64_t) { c->cpu_offload_gb = static_cast<double>(number); };
  offload.label = [](int64_t number, int64_t) {
    return CountText(number) + " GiB of weights in RAM per GPU";
  };
  offload.per_doubling = 0.3;
  return {offload};
}

}  // namespace plimsoll
