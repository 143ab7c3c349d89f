// The lines of llama.cpp's logs that tell something: builds of 2023 to today, its server and its benchmark.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LOG_READER_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LOG_READER_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/engines/log_reading.h"

namespace plimsoll {

// `own`: whether the lines say that the log is llama.cpp's own; programs that run it print them, too.
std::vector<LogPattern> LlamaLogPatterns(bool own);

// The format id of what llama.cpp calls a file's type: "Q4_K - Medium" is "gguf-q4_k_m"; empty: none.
std::string FormatOfFileType(std::string_view type);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LOG_READER_H_
