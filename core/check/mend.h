// The text as it should be: options that a release refuses go or get their new name, and where the
// configuration does not fit the least costly change is made, by the engine's own options.
#ifndef PLIMSOLL_CORE_CHECK_MEND_H_
#define PLIMSOLL_CORE_CHECK_MEND_H_

#include <string_view>

#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

// Fills `mended` where something can be mended in the text itself; a change of cards cannot.
void Mend(std::string_view text, const Catalog& catalog, CheckResult* result);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_MEND_H_
