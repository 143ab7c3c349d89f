// The model that is meant where people name less than one: "a 70B", "Llama 70B", "8x7B". Of those of that size the one
// that is published in most formats stands for it, of equals the nearest.
#ifndef PLIMSOLL_CORE_CHECK_STAND_IN_H_
#define PLIMSOLL_CORE_CHECK_STAND_IN_H_

#include <string>
#include <string_view>

#include "core/catalog/catalog.h"

namespace plimsoll {

// "70B": thousand millions; 0: it is no size. "8x7B" is none.
double ParametersIn(std::string_view word);

// "8x7B": the product that people take for its size; 0: it is no such name.
double ProductIn(std::string_view word);

// nullptr: no dense model is near.
const Model* StandInOfSize(const Catalog& catalog, double billions);

// "Llama" and "70B", "Mixtral" and "8x7B", or "8x7B" alone with `family` empty. nullptr: there is none.
const Model* StandInOfFamily(const Catalog& catalog, std::string_view family, std::string_view size);

// Models whose names are near to one that nobody has, nearest first: "Qwen3 32B, QwQ 32B or Qwen2.5 32B".
std::string NearModels(const Catalog& catalog, std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_STAND_IN_H_
