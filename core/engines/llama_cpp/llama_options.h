// llama-server's options beside the ones that every engine has, with its defaults for what is not given
// (common/arg.cpp, common/common.h).
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OPTIONS_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <vector>

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
  // --cache-ram: prompts kept in RAM; 0: none; -1: no limit; 8192 if unset.
  std::optional<int64_t> cache_ram_mib;
  std::vector<double> tensor_split;  // -ts: proportions of the cards; empty: by free memory
  bool mmproj_offload = true;        // --no-mmproj-offload: the vision tower stays in RAM
  // What no option of llama-server says; for engines that run llama.cpp in their own way.
  bool few_logits = false;        // rows of logits are reserved for what is sampled, whatever the build
  bool always_slides = false;     // sliding layers keep their window alone, whatever the build
  bool hides_idle_cards = false;  // a card that gets nothing is not even opened
  bool embedding_first = true;    // the file begins with token_embd, so what is mapped of it spans that too
  int64_t state_copies = 1;       // of recurrent states, to go back to
  int64_t window_cells = 0;       // of sliding layers for each slot; 0: their window
  KvTypes draft_cache = {KvType::kFp16, KvType::kFp16};  // -ctkd, -ctvd
};

// What this configuration asks for. The error names the key whose word is not understood.
Result<LlamaOptions> ReadLlamaOptions(const Config& config);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OPTIONS_H_
