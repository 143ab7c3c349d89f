// SGLang's command line, images and Python class.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_COMMANDS_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_COMMANDS_H_

#include "core/engines/engine_options.h"

namespace plimsoll {

const EngineLanguage& SglangLanguage();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_COMMANDS_H_
