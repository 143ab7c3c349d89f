#include "core/engines/sglang/sglang_levers.h"

#include <iterator>
#include <string>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr std::string_view kSglangFormats[] = {"bf16",  "fp16",      "fp8-block", "fp8",
                                               "int8",  "gptq-int8", "awq-int4",  "gptq-int4",
                                               "w4a16", "nvfp4",     "mxfp4",     "bnb-nf4"};

}  // namespace

std::vector<std::string_view> SglangFormats() {
  return {std::begin(kSglangFormats), std::end(kSglangFormats)};
}

std::vector<Lever> SglangLevers(const LeverStart& start) {
  std::vector<Lever> levers;
  if (!start.config->mem_fraction_static || *start.config->mem_fraction_static < 0.9) {
    levers.push_back({[](Config* c) { c->mem_fraction_static = 0.9; },
                      "90 % of what is free for weights and cache", kDistanceUtilization});
  }
  // Weights that fill the card: SemiAnalysisAI/InferenceX serves DeepSeek R1 in FP8 on four B200 so
  // (benchmarks/single_node/fixed_seq_len/dsr1_fp8_b200.sh).
  if (!start.config->mem_fraction_static || *start.config->mem_fraction_static < 0.95) {
    levers.push_back({[](Config* c) {
                        c->mem_fraction_static = 0.95;
                        c->chunked_prefill_size = 8192;
                        c->max_running_requests = 32;
                        c->max_cudagraph_capture_size = 32;
                      },
                      "95 % of what is free, up to 32 requests, prompts in chunks of 8,192", kDistanceFewer});
  }
  // Where the share leaves too little beside it the move is the opposite one.
  levers.push_back({[](Config* c) {
                      c->mem_fraction_static = 0.8;
                      c->chunked_prefill_size = 2048;
                    },
                    "80 % of what is free, prompts in chunks of 2,048", kDistanceFewer});
  if (start.wide_cache) {
    levers.push_back({[](Config* c) {
                        c->kv_cache_dtype = KvTypes{KvType::kFp8E4m3, KvType::kFp8E4m3};
                      },
                      "fp8 KV cache", kDistanceKv});
  }
  if (!start.eager) {
    levers.push_back({[](Config* c) { c->max_cudagraph_capture_size = 8; },
                      "CUDA graphs of up to 8 sequences", kDistanceSequences});
    levers.push_back({[](Config* c) { c->enforce_eager = true; }, "no CUDA graphs", kDistanceEager});
  }
  return levers;
}

std::vector<HostLever> SglangHostLevers() {
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
