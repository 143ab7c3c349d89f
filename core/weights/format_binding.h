// A format resolved against the tensors of one architecture: which scheme each gets, by the habits of the
// tools and by rules over module names.
#ifndef PLIMSOLL_CORE_WEIGHTS_FORMAT_BINDING_H_
#define PLIMSOLL_CORE_WEIGHTS_FORMAT_BINDING_H_

#include <string_view>

#include "core/arch/architecture.h"
#include "core/base/result.h"
#include "core/base/steps.h"
#include "core/formats/weight_format.h"
#include "core/weights/bound_tensors.h"
#include "core/weights/tensor_schemes.h"

namespace plimsoll {

struct FormatBinding : TensorSchemes {
  BoundTensors tensors;  // for what is added up again and again
};

// Matching names costs microseconds: the catalog binds its checkpoints once, when it is loaded. A format
// without rules of its own is bound without touching a string.
FormatBinding BindFormat(const Architecture& architecture, const WeightFormat& format);
// The same for rules that strangers wrote, within a limit; an Error names the pattern at which it was passed.
Result<FormatBinding> BindFormat(const Architecture& architecture, const WeightFormat& format,
                                 std::string_view where, Steps* steps);

// What binding and laying out need of an architecture, computed once: Tensor::quantized_by and
// Architecture::gguf. The last step of ReadArchitecture (read_architecture.h).
void PrepareFormats(Architecture* architecture);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHTS_FORMAT_BINDING_H_
