// ollama's closed formulas for what a model takes beside its weights: the cache of each block, and the buffer
// that computing needs. They are what its scheduler believed before it measured, not what is used in the end:
// the score matrix is charged even where flash attention never forms it.
//
// Source: fs/ggml/ggml.go GraphSize (llm/ggml.go before 0.6), v0.5.0 to v0.24.0.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_GRAPH_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_GRAPH_H_

#include <cstdint>
#include <vector>

#include "core/arch/kv_type.h"
#include "core/base/units.h"
#include "core/engines/ollama/ollama_model.h"

namespace plimsoll {

struct OllamaGraph {
  std::vector<Bytes> cache;  // of each block
  Bytes cache_total;
  Bytes full, partial;  // the graph when every layer is on cards, and when some are not
};

struct OllamaBatch {
  int64_t context = 0;  // of all slots
  int64_t batch = 512;
  int64_t slots = 1;
  KvType type = KvType::kFp16;
  bool flash_attention = false;
  bool recurrent_apart = true;  // blocks without attention count as states (from 0.12.11)
};

OllamaGraph EstimateGraph(const OllamaModel& model, const OllamaBatch& batch);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_GRAPH_H_
