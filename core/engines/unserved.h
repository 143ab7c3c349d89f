// Models that none of the engines here serves: Hugging Face's transformers runs them by itself. What their weights take is
// answered all the same, and a remark says that no engine loads them.
#ifndef PLIMSOLL_CORE_ENGINES_UNSERVED_H_
#define PLIMSOLL_CORE_ENGINES_UNSERVED_H_

#include "core/arch/architecture.h"

namespace plimsoll {

// In no registry of vLLM (since 0.11, when BART and its kin went), SGLang or llama.cpp.
bool IsUnserved(const Architecture& architecture);

// T5 and its kin, of which only llama.cpp has a graph (LLM_ARCH_T5, LLM_ARCH_T5ENCODER).
bool IsT5(const Architecture& architecture);

// BART and MBart, which vLLM had up to 0.10.2.
bool IsBart(const Architecture& architecture);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_UNSERVED_H_
