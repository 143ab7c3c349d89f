// What llama.cpp prints at start, and where each of its numbers comes from: the lines and the terms of a
// configuration, built when somebody looks.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LOG_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LOG_H_

#include <string>
#include <vector>

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

std::vector<std::string> LlamaLog(const Resolved& resolved, const Report& report);

// The fullest card's buffers; the rows of depth 0 add up to its total.
std::vector<Term> ExplainLlama(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_LOG_H_
