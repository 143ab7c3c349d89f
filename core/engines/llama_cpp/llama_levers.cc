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

// The first layers, whose experts are in RAM, take little of a card: the first card gets them on top of its share of the
// others. They have caches all the same, so it may have to take some layers less.
bool DivideExperts(Config* config, int64_t number, int64_t layers, int way) {
  const int64_t cards = config->gpus.value_or(static_cast<int64_t>(config->gpu.size()));
  if (cards < 2 || cards > 16 || !config->tensor_split.empty()) return false;
  const int64_t items = layers + 1;  // and the output
  const int64_t first = number + (items - number + cards - 1) / cards - way;
  if (first < 1 || first > items - (cards - 1)) return false;
  config->tensor_split.assign(1, static_cast<double>(first));
  for (int64_t card = 1, left = items - first; card < cards; ++card) {
    const int64_t own = left / (cards - card);
    config->tensor_split.push_back(static_cast<double>(own));
    left -= own;
  }
  return true;
}
constexpr int kDivisions = 4;

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
    experts.divide = DivideExperts;
    experts.ways = kDivisions;
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
