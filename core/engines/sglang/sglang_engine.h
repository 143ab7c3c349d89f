// SGLang: weights and pools take a share of what is free at start; what lies outside it is never measured.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_ENGINE_H_

#include "core/engines/engine.h"

namespace plimsoll {

const Engine& SglangEngine();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_ENGINE_H_
