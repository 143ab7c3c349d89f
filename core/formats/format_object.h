// A format as somebody writes it: an id, or an object with exceptions {"id", "group_size", "unquantized", …},
// or a published quantization_config under that key.
#ifndef PLIMSOLL_CORE_FORMATS_FORMAT_OBJECT_H_
#define PLIMSOLL_CORE_FORMATS_FORMAT_OBJECT_H_

#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/formats/weight_format.h"

namespace plimsoll {

// The error lists what is accepted.
Result<WeightFormat> ReadWeightFormat(const Json& value, std::string_view where);

// Whether an object of ReadWeightFormat may have this key.
bool IsFormatKey(std::string_view key);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_FORMAT_OBJECT_H_
