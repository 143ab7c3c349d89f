// The lines of vLLM's logs that tell something: 0.5 to today, V0 and V1, starts, tracebacks, serving and its
// benchmark. Each names where it is printed.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_LOG_READER_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_LOG_READER_H_

#include <vector>

#include "core/engines/log_reading.h"

namespace plimsoll {

std::vector<LogPattern> VllmLogPatterns();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_LOG_READER_H_
