// A CheckResult as JSON, under the contract's names.
#ifndef PLIMSOLL_CORE_CHECK_CHECK_JSON_H_
#define PLIMSOLL_CORE_CHECK_CHECK_JSON_H_

#include <string_view>

#include "core/base/json.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

Json CheckToJson(const CheckResult& result, const Catalog& catalog);

std::string_view ReadEffectName(ReadEffect effect);  // "key", "free", "not_modelled"

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CHECK_JSON_H_
