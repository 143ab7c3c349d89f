// The catalog's text as the build embeds it: models/*.json as one JSON array sorted by file name, and
// models/gpus.json. Both builds carry the same bytes (cmake/embed_catalog.mjs writes the definition). Static
// storage: the views never dangle.
#ifndef PLIMSOLL_CORE_CATALOG_CATALOG_DATA_H_
#define PLIMSOLL_CORE_CATALOG_CATALOG_DATA_H_

#include <string_view>

namespace plimsoll {

struct CatalogData {
  std::string_view models;  // "[{model},{model},…]"
  std::string_view gpus;    // models/gpus.json as it is, without white space
};

CatalogData EmbeddedCatalog();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_CATALOG_DATA_H_
