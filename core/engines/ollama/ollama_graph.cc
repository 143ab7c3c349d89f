#include "core/engines/ollama/ollama_graph.h"

#include <algorithm>
#include <cstddef>

namespace plimsoll {
namespace {

// kvCacheBytesPerElement: the blocks' scales are left out.
double ElementBytes(KvType type) {
  switch (type) {
    case KvType::kQ8_0:
      return 1;
    case KvType::kQ4_0:
      return 0.5;
    default:
      return 2;
  }
}

struct Sizes {
  double full = 0, partial = 0;
};

// A quantised matrix that is copied to a card, on average: 105/128 and 9/16 bytes per element.
constexpr double kVocabularyByte = 105.0 / 128;
constexpr double kMatrixByte = 9.0 / 16;

// The names are the source's: b batch, c context of all slots, e embedding, h heads, kv KV heads, k key
// length, d embedding per head, v vocabulary.
struct Terms {
  double b, c, e, h, kv, k, d, v, ff;
};

Sizes LlamaSizes(const OllamaModel& model, const Terms& t) {
  Sizes s;
  s.full = std::max(4 * t.b * (1 + 4 * t.e + t.c * (1 + t.h)), 4 * t.b * (t.e + t.v));
  s.partial = 4 * t.b * t.e + std::max(4 * t.b * (1 + t.e + std::max(t.c, t.e)) + t.e * t.e * kMatrixByte +
                                           4 * t.c * (t.b * t.h + t.d * t.kv),
                                       4 * t.b * (t.e + t.v) + t.e * t.v * kVocabularyByte);
  if (model.first_experts > Bytes(0)) {  // Mixtral, its experts stacked
    s.partial = std::max(3 * static_cast<double>(model.first_experts.count()) +
                             4 * t.b * (2 * t.ff + t.kv + t.e + t.c + t.d * t.kv),
                         4 * (t.c * t.b * t.h + t.c * t.d * t.kv + t.b * 1024 + t.d * t.kv * t.b));
  }
  return s;
}

Sizes GemmaSizes(const OllamaModel& model, const Terms& t) {
  Sizes s;
  s.full = std::max(4 * t.b * (t.e + t.v), 4 * t.b * (2 + t.c + t.c * t.h + 2 * t.e + 2 * t.k * t.h));
  s.partial = std::max(4 * t.e * t.b + t.e * t.v * kVocabularyByte + 4 * t.v * t.b,
                       4 * t.b * (2 * t.e + 1 + 2 * t.k * t.h + t.c + t.c * t.h) + 4 * t.k * t.c * 8 +
                           t.e * t.k * t.h * kMatrixByte);
  if (model.family == "gemma3n") {
    s.full *= 4;
    s.partial *= 4;
  }
  return s;
}

Sizes DeepseekSizes(const Terms& t) {
  Sizes s;
  s.full = std::max(4 * t.b * (3 * t.e + t.v), 4 * t.b * (3 * t.e + 2 + t.c * (1 + t.kv) + 2 * t.k * t.kv));
  s.partial = std::max(4 * t.b * (3 * t.e + t.v) + t.e * t.v * kVocabularyByte,
                       4 * t.b * (2 * t.e + 1 + 2 * t.k * t.kv + t.c + t.c * t.kv) + 4 * t.k * t.c * t.kv +
                           t.e * t.k * t.kv * kMatrixByte);
  return s;
}

Sizes MllamaSizes(const Terms& t) {
  Sizes s;
  s.full = std::max(4 * t.b * (2 + 3 * t.e + t.k * t.h + t.c * (1 + t.h)), 4 * t.b * (t.e + t.v));
  s.partial = std::max(4 * (t.b * (2 * t.e + 1 + t.c * (1 + t.h) + t.k * t.h) + t.k * t.c * t.kv),
                       4 * t.b * (t.e + t.v) + t.e * t.v * kVocabularyByte);
  return s;
}

Sizes FamilySizes(const OllamaModel& model, const Terms& t) {
  const std::string_view family = model.family;
  Sizes s;
  if (family == "llama" || family == "llama4") return LlamaSizes(model, t);
  if (family.starts_with("gemma") && family != "gemma4") return GemmaSizes(model, t);
  if (family == "deepseek2") return DeepseekSizes(t);
  if (family == "mllama") return MllamaSizes(t);
  if (family == "command-r") {
    s.full = std::max(4 * t.b * (t.e + t.v), 4 * t.b * (2 + 4 * t.e + t.c * (1 + t.h)));
    s.partial = std::max(4 * t.b * (t.e + t.v) + t.e * t.v * kVocabularyByte,
                         4 * t.b * (1 + 2 * t.e + t.c * (1 + t.h)) + 4 * t.e * t.c + t.e * t.e * kMatrixByte);
  } else if (family == "qwen2") {
    s.full = std::max(4 * t.b * (t.e + t.v), 4 * t.b * (1 + 2 * t.e + t.c + t.c * t.h));
    s.partial = std::max(4 * t.b * (t.e + t.v) + t.e * t.v * kVocabularyByte,
                         4 * (t.b * (1 + 2 * t.e + t.c * (1 + t.h)) + t.e * (1 + t.c)));
  } else if (family == "phi2") {
    s.full = std::max(4 * t.b * (t.e + t.v), 4 * t.b * (1 + 4 * t.e + t.c + t.c * t.h));
    s.partial = std::max(4 * t.b * (2 * t.e + t.v) + t.e * t.v * kVocabularyByte,
                         4 * t.b * (2 + 3 * t.e + t.c + t.c * t.h));
  } else if (family == "stablelm") {
    s.full = 4 * t.b * (t.c * (1 + t.h) + 3 * t.e + 2);
    s.partial = std::max(4 * t.b * (t.v + 2 * t.e), s.full);
  }
  return s;
}

// Tokens that a block's cache holds.
int64_t CachedTokensOf(const OllamaModel& model, const OllamaBatch& batch, size_t layer) {
  constexpr size_t kGemma3Period = 6;
  constexpr int64_t kGptossWindow = 4096;
  if (model.family == "gemma3" && (layer + 1) % kGemma3Period != 0) {
    return batch.slots * model.window + batch.batch;
  }
  if (model.family == "gptoss" && layer % 2 == 0) return batch.slots * kGptossWindow + batch.batch;
  return batch.context;
}

void FillCache(const OllamaModel& model, const OllamaBatch& batch, OllamaGraph* graph) {
  for (size_t i = 0; i < model.layers.size(); ++i) {
    Bytes bytes;
    if (batch.recurrent_apart && model.layer_kv_heads[i] == 0) {
      bytes = model.states[i];
    } else {
      const int64_t heads = batch.recurrent_apart ? model.layer_kv_heads[i] : model.kv_heads;
      const double token = static_cast<double>((model.key_length + model.value_length) * heads);
      bytes = BytesFromDouble(token * static_cast<double>(CachedTokensOf(model, batch, i)) *
                              ElementBytes(batch.type));
    }
    graph->cache.push_back(bytes);
    graph->cache_total += bytes;
  }
}

}  // namespace

OllamaGraph EstimateGraph(const OllamaModel& model, const OllamaBatch& batch) {
  OllamaGraph graph;
  FillCache(model, batch, &graph);
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  Terms terms = {real(batch.batch),
                 real(batch.context),
                 real(model.embedding),
                 real(model.heads),
                 real(model.kv_heads),
                 real(model.key_length),
                 real(model.heads > 0 ? model.embedding / model.heads : 0),
                 real(model.vocab),
                 real(model.feed_forward)};
  const Sizes sizes = FamilySizes(model, terms);
  graph.full = BytesFromDouble(sizes.full);
  graph.partial = BytesFromDouble(sizes.partial);
  if (graph.partial == Bytes(0)) {
    // Families without a formula: the cache times the query heads that share one of its heads, by six.
    graph.partial = graph.cache_total * (model.heads / std::max<int64_t>(model.fewest_kv_heads, 1)) / 6;
    if (model.family == "gptoss") {
      // Of a cache that every block holds for the whole context.
      OllamaModel plain = model;
      plain.family = "";
      OllamaGraph whole;
      FillCache(plain, batch, &whole);
      graph.partial = whole.cache_total * (4 * model.heads / std::max<int64_t>(model.fewest_kv_heads, 1)) / 6;
      if (batch.flash_attention) {
        graph.partial = MiB(4 * batch.slots + batch.context / 1024 + 110);
      }
    }
  }
  if (graph.full == Bytes(0)) graph.full = graph.partial;
  return graph;
}

}  // namespace plimsoll
