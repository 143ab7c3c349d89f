#include "core/engines/llama_cpp/llama_rules.h"

#include <array>
#include <cstddef>

namespace plimsoll {

namespace {

constexpr auto kCountOfChanges = static_cast<size_t>(LlamaChange::kCount);

// In the order of the enum. Dates are those of the merge; builds are the first release that has it.
constexpr std::array<LlamaChangeRow, kCountOfChanges> kRows = {{
    {LlamaChange::kMlaLatentCache, 5139, 20250415, "ggml-org/llama.cpp#12801"},
    {LlamaChange::kSlidingWindowCache, 5431, 20250520, "ggml-org/llama.cpp#13194"},
    {LlamaChange::kGluOperator, 5775, 20250629, "ggml-org/llama.cpp#14158"},
    {LlamaChange::kRowIndices, 6064, 20250802, "ggml-org/llama.cpp#14285, default since #14959"},
    {LlamaChange::kStreams, 5913, 20250716, "ggml-org/llama.cpp#14363"},
    {LlamaChange::kFlashAttentionAuto, 6325, 20250830, "ggml-org/llama.cpp#15434"},
    {LlamaChange::kSplitBuffers, 6560, 20250924, "ggml-org/llama.cpp#15815"},
    {LlamaChange::kMetalScratch, 6720, 20251009, "ggml-org/llama.cpp#15966, #16372, #16148"},
    {LlamaChange::kDropsCopies, 6850, 20251027, "ggml-org/llama.cpp#16748"},
    {LlamaChange::kAutomaticSlots, 6920, 20251102, "ggml-org/llama.cpp#16736"},
    {LlamaChange::kContextPadded256, 6970, 20251107, "ggml-org/llama.cpp#17046"},
    {LlamaChange::kFit, 7405, 20251215, "ggml-org/llama.cpp#16653"},
    {LlamaChange::kOutputFirst, 7460, 20251218, "ggml-org/llama.cpp#18148"},
    {LlamaChange::kEmbeddingInput, 7700, 20260110, "ggml-org/llama.cpp#18550"},
    {LlamaChange::kMlaWithoutV, 7830, 20260125, "ggml-org/llama.cpp#19067"},
    {LlamaChange::kFusedDeltaNet, 8240, 20260308, "ggml-org/llama.cpp#19504"},
    {LlamaChange::kCacheRotation, 8610, 20260401, "ggml-org/llama.cpp#21038"},
    {LlamaChange::kStateSnapshots, 9100, 20260510, "src/llama-memory-recurrent.cpp, n_rs_seq"},
    {LlamaChange::kLoadsMtp, 9180, 20260516, "ggml-org/llama.cpp#22673"},
    {LlamaChange::kHalfMask, 9390, 20260528, "ggml-org/llama.cpp#23764"},
    {LlamaChange::kFewLogits, 9440, 20260531, "ggml-org/llama.cpp#23861"},
    {LlamaChange::kWideCacheCuda, 9489, 20260603, "ggml-org/llama.cpp#23907"},
    {LlamaChange::kHipSharesMemory, 10040, 20260716, "ggml-org/llama.cpp#24233, dated by #27506"},
    {LlamaChange::kLoadsUsedMtp, 10210, 20260731, "ggml-org/llama.cpp#26296"},
    {LlamaChange::kWideCacheMetal, 10530, 20260820, "ggml-org/llama.cpp#27390"},
    {LlamaChange::kPromptsInRam, 6730, 20251009, "ggml-org/llama.cpp#16391"},
    {LlamaChange::kIdleSlotsToRam, 8660, 20260403, "ggml-org/llama.cpp#20993"},
    {LlamaChange::kAllIdleToRam, 9580, 20260609, "ggml-org/llama.cpp#24190"},
}};

// The fork left mainline in 2024 and followed it in parts: what its logs show of the changes above.
constexpr bool IkForkHas(LlamaChange change) {
  return change == LlamaChange::kMlaLatentCache || change == LlamaChange::kMlaWithoutV;
}

}  // namespace

const LlamaChangeRow& Row(LlamaChange change) { return kRows[static_cast<size_t>(change)]; }

bool IsIkFork(const EngineVersion& version) { return version.text.size() == 2 && version.text == "ik"; }

bool Has(const EngineVersion& version, LlamaChange change) {
  if (IsIkFork(version)) return IkForkHas(change);
  const LlamaChangeRow& row = Row(change);
  return version.number > 0 ? version.number >= row.build : version.date >= row.date;
}

}  // namespace plimsoll
