// vLLM's command line, its Python class, its images and variables, from release 0.6.0 on.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_COMMANDS_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_COMMANDS_H_

#include "core/engines/engine_options.h"

namespace plimsoll {

const EngineLanguage& VllmLanguage();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_COMMANDS_H_
