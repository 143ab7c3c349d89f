// The lines of SGLang's logs that tell something, 0.4 to today. It prints "GB" and means GiB.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_LOG_READER_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_LOG_READER_H_

#include <vector>

#include "core/engines/log_reading.h"

namespace plimsoll {

std::vector<LogPattern> SglangLogPatterns();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_LOG_READER_H_
