// What a drafting method adds to a rank where no draft model of the catalog is named: EAGLE's heads and
// DFlash's layers are built like the target's own layers and share its embedding; n-grams are looked up on
// the host and add nothing. Follows vllm/model_executor/models/llama_eagle.py, llama_eagle3.py and
// qwen3_dflash.py.
#ifndef PLIMSOLL_CORE_ENGINES_DRAFT_HEAD_H_
#define PLIMSOLL_CORE_ENGINES_DRAFT_HEAD_H_

#include <cstdint>

#include "core/base/units.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct DraftHead {
  int64_t layers = 0;       // with a cache like the target's last attention layer
  int64_t joined = 0;       // hidden states of the target that are projected to one
  int64_t layer_input = 1;  // hidden states that a layer's attention reads side by side
  int64_t vocabulary = 0;   // rows of a head of its own; 0: the target's
};

DraftHead DraftHeadOf(SpeculativeMethod method);

// The shape of the attention whose cache the head's layers have; nullptr: the target has none.
const LayerShape* DraftedShape(const Architecture& target);

// In 16 bits on one rank.
Bytes DraftHeadBytes(const Architecture& target, SpeculativeMethod method, int64_t tp);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_DRAFT_HEAD_H_
