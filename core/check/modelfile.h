// A Modelfile: FROM, PARAMETER name value, ADAPTER and what costs nothing.
#ifndef PLIMSOLL_CORE_CHECK_MODELFILE_H_
#define PLIMSOLL_CORE_CHECK_MODELFILE_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

std::optional<Result<CheckResult>> ReadModelfileText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_MODELFILE_H_
