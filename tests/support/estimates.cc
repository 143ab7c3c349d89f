#include "tests/support/estimates.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/catalog/catalog_data.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"

namespace plimsoll {

const Catalog& TestCatalog() {
  static const Catalog* const catalog = [] {
    Result<Catalog> parsed = Catalog::Parse(EmbeddedCatalog().models, EmbeddedCatalog().gpus);
    if (!parsed.ok()) {
      std::fprintf(stderr, "%s\n", parsed.error().Message().c_str());
      std::abort();
    }
    return new Catalog(std::move(*parsed));
  }();
  return *catalog;
}

bool EstimatedCase::Has(std::string_view diagnostic_code) const {
  for (const Diagnostic& diagnostic : report.diagnostics) {
    if (diagnostic.code == diagnostic_code) return true;
  }
  return false;
}

EstimatedCase EstimateText(std::string_view config_json) {
  EstimatedCase result;
  Result<DecodedConfig> decoded = DecodeConfigJsonText(config_json);
  if (!decoded.ok()) {
    result.error = decoded.error().Message();
    return result;
  }
  result.config = std::make_unique<Config>(std::move(decoded->config));
  Result<Resolved> resolved = Settle(*result.config, TestCatalog());
  if (!resolved.ok()) {
    result.error = resolved.error().Message();
    return result;
  }
  result.resolved = std::move(*resolved);
  result.report = EstimateResolved(result.resolved);
  return result;
}

Config ConfigOfLink(std::string_view link) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(link);
  EXPECT_TRUE(decoded.ok()) << link;
  return decoded.ok() ? std::move(decoded->config) : Config();
}

}  // namespace plimsoll
