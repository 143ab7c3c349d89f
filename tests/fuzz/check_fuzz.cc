// Whatever is pasted is answered: a libFuzzer target over the readers of core/check and what they answer with. By
// hand, with clang:
//   cmake --preset asan -DPLIMSOLL_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++ && cmake --build --preset asan --target
//   plimsoll_check_fuzz && build/asan/plimsoll_check_fuzz tests/data/logs
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/catalog/catalog_data.h"
#include "core/check/check.h"
#include "core/check/check_json.h"

namespace {

const plimsoll::Catalog& TheCatalog() {
  static const plimsoll::Catalog catalog = [] {
    const plimsoll::CatalogData data = plimsoll::EmbeddedCatalog();
    return std::move(plimsoll::Catalog::Parse(data.models, data.gpus)).value();
  }();
  return catalog;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const plimsoll::Result<plimsoll::CheckResult> result = plimsoll::Check(text, TheCatalog());
  if (result.ok()) plimsoll::CheckToJson(*result, TheCatalog());
  return 0;
}
