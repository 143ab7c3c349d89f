// The catalog that ships, parsed once for all tests.
#ifndef PLIMSOLL_TESTS_SUPPORT_SHIPPED_CATALOG_H_
#define PLIMSOLL_TESTS_SUPPORT_SHIPPED_CATALOG_H_

#include "core/catalog/catalog.h"

namespace plimsoll {

// Ends the test program with the reason when the catalog does not parse.
const Catalog& ShippedCatalog();

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_SHIPPED_CATALOG_H_
