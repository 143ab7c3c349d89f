// Which scheme each tensor of an architecture has in a format.
#ifndef PLIMSOLL_CORE_WEIGHTS_TENSOR_SCHEMES_H_
#define PLIMSOLL_CORE_WEIGHTS_TENSOR_SCHEMES_H_

#include <cstdint>
#include <vector>

#include "core/formats/weight_format.h"

namespace plimsoll {

struct TensorSchemes {
  std::vector<WeightScheme> schemes;  // [0] is plain; scale sizes are filled in
  std::vector<uint8_t> scheme;        // for each of Architecture::tensors an index into schemes
  // Layers in which a tensor has another scheme than `scheme` says, ordered by tensor, then layer. Layers
  // count from 0 within the tensor's own stack (text; MTP; vision).
  struct Exception {
    int32_t tensor;
    int32_t layer;
    uint8_t scheme;
  };
  std::vector<Exception> exceptions;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHTS_TENSOR_SCHEMES_H_
