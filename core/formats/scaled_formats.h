// Quantisation configs of tools whose files are "values of some bits, and scales beside them": MLX, HQQ,
// torchao, AQLM, EXL2, EXL3, BitNet.
#ifndef PLIMSOLL_CORE_FORMATS_SCALED_FORMATS_H_
#define PLIMSOLL_CORE_FORMATS_SCALED_FORMATS_H_

#include <optional>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/formats/weight_format.h"

namespace plimsoll {

// Nothing when the config is none of theirs.
std::optional<Result<WeightFormat>> ReadScaledFormat(const Json& config, std::string_view where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_SCALED_FORMATS_H_
