// What ollama's engine keeps with a resolved configuration: llama.cpp's keys, and how the scheduler came to
// where it puts the model.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_DATA_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_DATA_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/ollama/ollama_graph.h"
#include "core/engines/ollama/ollama_layers.h"
#include "core/engines/ollama/ollama_model.h"
#include "core/engines/ollama/ollama_rules.h"

namespace plimsoll {

struct OllamaData final : LlamaData {
  OllamaEra era = OllamaEra::kServer;
  std::string_view family;
  bool own_engine = false;         // ollama's, not llama.cpp's
  OllamaModel model;               // what the scheduler reads of the file
  Bytes vram;                      // of all cards, by which the context goes
  std::vector<Bytes> free;         // of each card before loading
  std::vector<size_t> cards;       // that the model may use
  OllamaGraph graph;               // eras before 0.30
  OllamaLayers believed;           // eras before 0.30
  Bytes predicted, available;      // from 0.30: before a server is started
  std::string_view projector_off;  // why the vision tower stays in RAM; empty: it does not
  int64_t overflowing = 0;         // layers on cards that keep matrices in RAM
};

// REQUIRES: the configuration is ollama's and its defaults are taken.
const OllamaData& OllamaOf(const Resolved& resolved);

// The cards that one of its runners can use together: those of one kind of backend; of several kinds the one
// with most memory, and cards of their own before shared memory.
std::vector<size_t> CardsOfOneLibrary(const Resolved& resolved, const std::vector<Bytes>& free);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_DATA_H_
