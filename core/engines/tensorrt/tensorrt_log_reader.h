// The lines of a TensorRT-LLM log that tell something.
#ifndef PLIMSOLL_CORE_ENGINES_TENSORRT_TENSORRT_LOG_READER_H_
#define PLIMSOLL_CORE_ENGINES_TENSORRT_TENSORRT_LOG_READER_H_

#include <vector>

#include "core/engines/log_reading.h"

namespace plimsoll {

std::vector<LogPattern> TensorrtLogPatterns();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_TENSORRT_TENSORRT_LOG_READER_H_
