// Where ollama puts a model: how many slots it opens, which cards it takes, which layers go to them, and from
// 0.30 how large a batch it asks llama-server for.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_PLACEMENT_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_PLACEMENT_H_

#include "core/config/config.h"
#include "core/engines/ollama/ollama_data.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Sets slots, batch, layers and split of `resolved` and of its engine data, `data`. REQUIRES: a format that
// llama.cpp reads; context, cache types and flash attention are settled; at least one card.
void PlaceOllamaModel(const Config& config, Resolved* resolved, OllamaData* data);

// What a model takes by the rule that comes before any server is started: its file, and a cache of 16 bits in
// every block (llm/llama_server.go PredictServerVRAM).
Bytes PredictedMemory(const OllamaModel& model, int64_t context);

// server/sched.go automaticGenerationBatch; `small_cuda`: a CUDA card of 8 GiB or less is among the cards.
struct BatchSituation {
  int64_t context = 0;  // of all slots
  Bytes predicted, available;
  bool flash_attention = true;
  bool cuda = false, small_cuda = false;
};
int64_t AutomaticBatch(const BatchSituation& situation);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_PLACEMENT_H_
