// Published quantisation configs: the key `quantization_config` of a Hugging Face config.json and ModelOpt's
// hf_quant_config.json, by the tool that wrote them.
#ifndef PLIMSOLL_CORE_FORMATS_QUANTIZATION_CONFIG_H_
#define PLIMSOLL_CORE_FORMATS_QUANTIZATION_CONFIG_H_

#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/formats/weight_format.h"

namespace plimsoll {

// Its id is the contract's id for the scheme of most weights.
Result<WeightFormat> ReadQuantizationConfig(const Json& config, std::string_view where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_QUANTIZATION_CONFIG_H_
