#include "core/engines/llama_cpp/llama_levers.h"

#include <algorithm>
#include <iterator>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr std::string_view kGgufFormats[] = {"gguf-q8_0",   "gguf-q6_k",   "gguf-q5_k_m",
                                             "gguf-q4_k_m", "gguf-iq4_xs", "gguf-q3_k_m",
                                             "gguf-q2_k",   "gguf-iq2_xs", "gguf-iq2_xxs"};

// A pattern for the numbers below `end`: 23 gives "[0-9]|1[0-9]|2[0-2]".
std::string NumbersBelow(int64_t end) {
  std::string pattern;
  for (int64_t ten = 0; ten * 10 < end; ++ten) {
    const int64_t last = std::min<int64_t>(end - ten * 10, 10) - 1;
    if (ten > 0) pattern += "|" + std::to_string(ten);
    pattern += last == 0 ? std::string("0") : "[0-" + std::to_string(last) + "]";
  }
  return pattern;
}

std::string OfLayers(int64_t number, int64_t layers) {
  return CountText(number) + " of " + CountText(layers);
}

}  // namespace

std::vector<std::string_view> LlamaFormats() { return {std::begin(kGgufFormats), std::end(kGgufFormats)}; }

std::vector<Lever> LlamaLevers(const LeverStart& start) {
  std::vector<Lever> levers;
  if (start.wide_cache) {
    levers.push_back({[](Config* c) {
                        c->kv_cache_dtype = KvTypes{KvType::kQ8_0, KvType::kQ8_0};
                      },
                      "q8_0 KV cache", kDistanceKv});
  }
  if (start.wide_cache || start.kv.k == KvType::kQ8_0) {
    levers.push_back({[](Config* c) {
                        c->kv_cache_dtype = KvTypes{KvType::kQ4_0, KvType::kQ4_0};
                      },
                      "q4_0 KV cache", kDistanceSmallestKv});
  }
  return levers;
}

std::vector<HostLever> LlamaHostLevers(const LeverStart& start) {
  std::vector<HostLever> levers;
  if (start.has_experts) {
    HostLever experts;
    experts.most = start.layers;
    experts.pull = [](Config* c, int64_t number, int64_t) { c->n_cpu_moe = number; };
    experts.label = [](int64_t number, int64_t layers) {
      return "experts of " + OfLayers(number, layers) + " layers in RAM";
    };
    levers.push_back(experts);
  } else if (start.config->override_tensor.empty()) {
    HostLever matrices;
    matrices.most = start.layers;
    matrices.pull = [](Config* c, int64_t number, int64_t) {
      c->override_tensor = "blk\\.(" + NumbersBelow(number) + ")\\.ffn_(up|gate|down)\\.=CPU";
    };
    matrices.label = [](int64_t number, int64_t layers) {
      return "MLPs of " + OfLayers(number, layers) + " layers in RAM";
    };
    matrices.distance = kDistanceHost + 0.3;
    levers.push_back(matrices);
  }
  HostLever whole;
  whole.least = 0;
  whole.most = start.layers - 1;
  whole.pull = [](Config* c, int64_t number, int64_t layers) { c->n_gpu_layers = layers - number; };
  whole.label = [](int64_t number, int64_t layers) {
    return OfLayers(layers - number, layers) + " layers on the GPU";
  };
  whole.distance = kDistanceHost + 0.5;
  levers.push_back(whole);
  return levers;
}

}  // namespace plimsoll
