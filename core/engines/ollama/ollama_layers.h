// Which blocks ollama gives to which cards before 0.30, from what it believes them to take: the closed
// estimate of llm/memory.go, and the layout of llm/server.go that replaced it.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LAYERS_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LAYERS_H_

#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "core/config/engine_version.h"
#include "core/engines/ollama/ollama_graph.h"
#include "core/engines/ollama/ollama_model.h"

namespace plimsoll {

struct OllamaCard {
  Bytes free;
  bool metal = false;
  bool integrated = false;
};

// What a card must have beside everything else (ml/device.go MinimumMemory).
Bytes MinimumMemory(const OllamaCard& card);

struct OllamaLayers {
  std::vector<int64_t> per_card;  // of the cards as they were given; the output layer counts
  int64_t on_cards = 0;
  int64_t all = 0;   // blocks and the output layer
  Bytes size, vram;  // what the scheduler, and `ollama ps`, believe: everything, and what is on cards
  Bytes graph;       // on each card that has layers
  bool whole() const { return on_cards >= all; }
};

// The estimate (until 0.11; the llama.cpp compiled in until 0.12.10). `requested`: num_gpu; -1: as many as
// fit.
OllamaLayers EstimateLayers(const EngineVersion& release, const OllamaModel& model, const OllamaGraph& graph,
                            const std::vector<OllamaCard>& cards, int64_t requested);

// The layout (from 0.12 and 0.12.11 until 0.24). What a block takes, the output layer last, and each card's
// free memory with every reserve taken off.
struct OllamaBlocks {
  std::vector<Bytes> layers;
  std::vector<Bytes> room;
  std::vector<bool> integrated;
  int64_t requested = -1;
  int64_t least_cards = 1;  // that an earlier pass used already
};
// Layers of each card, in the order of the cards given; cards take them from the last block backwards.
std::vector<int64_t> AssignLayers(const OllamaBlocks& blocks);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LAYERS_H_
