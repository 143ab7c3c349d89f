// llama.cpp's -ot (--override-tensor): which tensors go where, against the layers' own places.
//
//   PATTERN=BUFFER,PATTERN=BUFFER    exps=CPU    blk\.(1[0-9]|2[0-9])\.ffn.*=CPU    ffn_up_exps=CUDA1
//
// A pattern is a regular expression that may match anywhere in a tensor's name (blk.3.ffn_up_exps.weight);
// the first pattern that does decides. Commas end a pair, so a pattern holds none. BUFFER is CPU or a card:
// CUDA0, ROCm1, Vulkan0, SYCL0, Metal. Matching is linear in the name and bounded
// (core/base/module_pattern.h).
//
// Source: common/arg.cpp parse_tensor_buffer_overrides, src/llama-model.cpp load_tensors.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OVERRIDES_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OVERRIDES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/arch/architecture.h"
#include "core/base/result.h"
#include "core/base/steps.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct TensorOverrides final : EngineData {
  struct Move {
    int32_t tensor = 0;  // index into Architecture::gguf
    int32_t layer = -1;  // of the file's layers; -1: outside them
    int32_t card = -1;   // -1: RAM
  };
  std::vector<Move> moves;                  // tensor by tensor, layers ascending
  std::vector<std::string> unmatched;       // patterns that match no tensor of this model
  double host_experts = 0, host_dense = 0;  // shares of the layers' weights that RAM gets
  bool empty() const { return moves.empty(); }
};

// The error's field is "override_tensor" and names the pair that is not understood, or the pattern at which
// the limit was passed.
Result<TensorOverrides> ReadTensorOverrides(std::string_view text, const Architecture& architecture,
                                            int64_t cards, Steps* steps);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_OVERRIDES_H_
