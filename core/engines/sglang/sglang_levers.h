// What SGLang's users may give up, and the formats they choose among.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_LEVERS_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_LEVERS_H_

#include <string_view>
#include <vector>

#include "core/engines/levers.h"

namespace plimsoll {

std::vector<std::string_view> SglangFormats();
std::vector<Lever> SglangLevers(const LeverStart& start);
// Whole GiB of weights in RAM, per GPU.
std::vector<HostLever> SglangHostLevers();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_LEVERS_H_
