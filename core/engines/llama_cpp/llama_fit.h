// llama.cpp's --fit with a context that somebody set: layers, and of models with experts single matrices, go
// to RAM until every card keeps its margin free.
//
// A dense model fills the cards from the last one backwards with whole layers. A model with experts is first
// laid out with all of them in RAM; if that leaves room, layers get their experts back from the first card
// on, and one more layer gets a part of its matrices. Source: common/fit.cpp common_params_fit_impl (steps 1,
// 3 and 4; step 2 shortens a context that nobody set, which is the engine's business).
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_FIT_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_FIT_H_

#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct LlamaFit {
  bool whole = true;        // nothing had to move
  int64_t overflowing = 0;  // layers on cards that keep matrices elsewhere
};

// Sets n_gpu_layers of `resolved`, tensor_split and overrides of its `data`. `cards` are those that take
// part, by their place in resolved->cards; the others get nothing. REQUIRES: a format that llama.cpp reads; data is
// the engine_data of resolved; at least one card.
LlamaFit FitLlama(const std::vector<size_t>& cards, Bytes margin, Resolved* resolved, LlamaData* data);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_FIT_H_
