// vLLM's budget in words: the terms behind the fullest card's bytes, and the lines that the engine prints
// when it starts, or the error with which it stops. Built when somebody looks.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_EXPLAIN_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_EXPLAIN_H_

#include <string>
#include <vector>

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

std::vector<Term> ExplainVllm(const Resolved& resolved, const Report& report);
std::vector<std::string> ExpectedVllmLog(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_EXPLAIN_H_
