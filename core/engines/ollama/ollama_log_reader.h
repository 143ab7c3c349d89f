// The lines of ollama's logs that tell something, beside those of the llama.cpp that it runs.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LOG_READER_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LOG_READER_H_

#include <vector>

#include "core/engines/log_reading.h"

namespace plimsoll {

std::vector<LogPattern> OllamaLogPatterns();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LOG_READER_H_
