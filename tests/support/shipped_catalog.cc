#include "tests/support/shipped_catalog.h"

#include <cstdio>
#include <cstdlib>

#include "core/catalog/catalog_data.h"

namespace plimsoll {
namespace {

Catalog ParseShipped() {
  const CatalogData data = EmbeddedCatalog();
  Result<Catalog> catalog = Catalog::Parse(data.models, data.gpus);
  if (!catalog.ok()) {
    std::fprintf(stderr, "the shipped catalog: %s\n", catalog.error().Message().c_str());
    std::abort();
  }
  return std::move(catalog).value();
}

}  // namespace

const Catalog& ShippedCatalog() {
  static const Catalog catalog = ParseShipped();
  return catalog;
}

}  // namespace plimsoll
