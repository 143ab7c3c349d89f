// What llama.cpp's users may give up, and what its files come in.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LEVERS_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LEVERS_H_

#include <string_view>
#include <vector>

#include "core/engines/levers.h"

namespace plimsoll {

std::vector<std::string_view> LlamaFormats();
std::vector<Lever> LlamaLevers(const LeverStart& start);
// Experts of the first layers, MLPs of the first layers (-ot; attention and cache stay on the card), whole
// layers.
std::vector<HostLever> LlamaHostLevers(const LeverStart& start);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LEVERS_H_
