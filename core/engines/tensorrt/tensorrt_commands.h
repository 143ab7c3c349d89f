// TensorRT-LLM's command line, images and Python class.
#ifndef PLIMSOLL_CORE_ENGINES_TENSORRT_TENSORRT_COMMANDS_H_
#define PLIMSOLL_CORE_ENGINES_TENSORRT_TENSORRT_COMMANDS_H_

#include "core/engines/engine_options.h"

namespace plimsoll {

const EngineLanguage& TensorrtLanguage();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_TENSORRT_TENSORRT_COMMANDS_H_
