// llama-server's options beside the ones that every engine has, with its defaults for what is not given
// (common/arg.cpp, common/common.h).
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OPTIONS_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OPTIONS_H_

#include <cstdint>
#include <optional>

#include "core/arch/kv_type.h"
#include "core/base/result.h"
#include "core/config/config.h"
#include "core/engines/llama_cpp/llama_backend.h"

namespace plimsoll {

struct LlamaOptions {
  std::optional<LlamaBackend> backend;  // nothing: the card's own
  bool mmap = true;                     // --no-mmap
  bool kv_offload = true;               // -nkvo: the cache stays in RAM
  bool swa_full = false;                // --swa-full: windows keep the whole context
  bool fit = true;                      // --fit off
  int64_t fit_target_mib = 1024;        // --fit-target: what --fit leaves free on each card
  int64_t main_gpu = 0;                 // -mg: the card that -sm none uses
  int64_t sched_max_copies = 4;         // of inputs, for pipelining; builds without peer copies have 1
  int64_t cache_ram_mib = 8192;         // --cache-ram: prompts kept in RAM; 0: none
  KvTypes draft_cache = {KvType::kFp16, KvType::kFp16};  // -ctkd, -ctvd
};

// What this configuration asks for. The error names the key whose word is not understood.
Result<LlamaOptions> ReadLlamaOptions(const Config& config);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OPTIONS_H_
