// What changed in llama.cpp between builds, as far as it changes memory: one row per change, each with the
// build, the date and the pull request that brought it.
//
// A version given as a build number is compared by build, one given as a date by date. Builds are numbered by
// commits, so a date between two rows is exact enough for both.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_RULES_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_RULES_H_

#include <cstdint>
#include <string_view>

#include "core/config/engine_version.h"

namespace plimsoll {

enum class LlamaChange : uint8_t {
  kMlaLatentCache,      // MLA keeps the latent (K) and a copy of it (V) instead of full heads
  kSlidingWindowCache,  // sliding-window layers keep a window of cells instead of the whole context
  kGluOperator,         // gate and up meet in one operator with its own output
  kRowIndices,          // K and V rows are written through index inputs
  kStreams,             // one KV stream per sequence unless unified
  kFlashAttentionAuto,  // flash attention is on where the card supports it
  kSplitBuffers,        // a compute buffer is allocated in pieces of what the driver gives at once
  kMetalScratch,        // Metal's attention takes its scratch memory from the compute buffer
  kDropsCopies,         // where compute buffers find no room, they are reserved again without pipelining
  kAutomaticSlots,      // llama-server opens four slots over one shared cache
  kContextPadded256,    // the context is padded to 256 cells per stream
  kFit,                 // unset options are fitted to the free memory, leaving a margin
  kOutputFirst,         // -ngl counts the output layer first
  kEmbeddingInput,      // the graph holds an input for ready-made embeddings beside the tokens
  kMlaWithoutV,         // MLA keeps the latent only
  kFusedDeltaNet,       // Gated DeltaNet is one operator
  kCacheRotation,       // quantised K and V are rotated before they are stored
  kStateSnapshots,      // recurrent states are kept for every drafted token
  kLoadsMtp,            // prediction layers of Qwen3.5 files are read, whether or not they draft
  kHalfMask,            // the attention mask is stored in 16 bits with flash attention
  kFewLogits,           // logits are reserved for the rows that are sampled, not for the whole batch
  kWideCacheCuda,       // CUDA and HIP reserve room for a layer's quantised cache in 16 bits
  kHipSharesMemory,     // HIP reads inputs in RAM where card and processor share it
  kLoadsUsedMtp,        // prediction layers are loaded only when they draft
  kWideCacheMetal,      // the same on Metal
  kPromptsInRam,        // llama-server keeps prompts that slots have lost in RAM (--cache-ram)
  kIdleSlotsToRam,      // with one cache for all slots idle ones go there when a request starts
  kAllIdleToRam,        // with a cache for each slot they are copied there, too
  kCount,
};

struct LlamaChangeRow {
  LlamaChange change;
  int32_t build;
  int32_t date;  // yyyymmdd
  std::string_view source;
};
const LlamaChangeRow& Row(LlamaChange change);

// Whether this release has the change. The "ik" fork is a release of April 2025 with a latent-only MLA cache
// and few of the later changes.
bool Has(const EngineVersion& version, LlamaChange change);
bool IsIkFork(const EngineVersion& version);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_RULES_H_
