#include "core/engines/ollama/ollama_data.h"

namespace plimsoll {

const OllamaData& OllamaOf(const Resolved& resolved) {
  static const OllamaData none;
  const auto* data = static_cast<const OllamaData*>(resolved.engine_data.get());
  return data != nullptr ? *data : none;
}

std::vector<size_t> CardsOfOneLibrary(const Resolved& resolved, const std::vector<Bytes>& free) {
  const auto library = [&](size_t i) { return DefaultBackend(*resolved.cards[i].gpu); };
  std::vector<size_t> best;
  Bytes most;
  bool best_discrete = false;
  for (size_t first = 0; first < resolved.cards.size(); ++first) {
    std::vector<size_t> group;
    Bytes sum;
    bool discrete = false;
    for (size_t i = 0; i < resolved.cards.size(); ++i) {
      if (library(i) != library(first)) continue;
      group.push_back(i);
      sum += free[i];
      discrete = discrete || !resolved.cards[i].gpu->unified_memory;
    }
    const bool better = discrete != best_discrete ? discrete : sum > most;
    if (best.empty() || better) {
      best = std::move(group);
      most = sum;
      best_discrete = discrete;
    }
  }
  return best;
}

}  // namespace plimsoll
