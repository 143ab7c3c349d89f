// The ids of weight formats, and what each stands for before anything is said about exceptions. The one list
// of formats: their names, their tools' defaults.
#ifndef PLIMSOLL_CORE_FORMATS_FORMAT_IDS_H_
#define PLIMSOLL_CORE_FORMATS_FORMAT_IDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/formats/weight_format.h"

namespace plimsoll {

// Every id, for `plimsoll list formats` and error texts.
const std::vector<std::string_view>& FormatIds();

// How a page calls it: "AWQ int4"; empty for GGUF types, which are called by their ids, and for what is no id.
std::string_view NameOfFormat(std::string_view id);

// "one of fp32, bf16, …": for error texts.
std::string AcceptedFormatIds();

// Reads an id in upper or lower case; the error's field is `where`.
Result<WeightFormat> FormatOfId(std::string_view text, std::string_view where);

// A format of this family as its usual tool writes it, and the id nearest to it.
WeightFormat MakeFormat(FormatFamily family, int32_t bits);
std::string_view IdOf(FormatFamily family, int32_t bits);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_FORMAT_IDS_H_
