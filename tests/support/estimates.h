// Configurations as JSON text against the embedded catalog, for tests that read like the contract.
#ifndef PLIMSOLL_TESTS_SUPPORT_ESTIMATES_H_
#define PLIMSOLL_TESTS_SUPPORT_ESTIMATES_H_

#include <memory>
#include <string>
#include <string_view>

#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

const Catalog& TestCatalog();

// A configuration with its answer. The Config lives as long as the case; moving it keeps pointers valid.
struct EstimatedCase {
  std::unique_ptr<Config> config;
  Resolved resolved;
  Report report;
  std::string error;  // one line when the configuration was refused

  bool Has(std::string_view diagnostic_code) const;
};

EstimatedCase EstimateText(std::string_view config_json);

// Fails the test, and gives an empty configuration, where the link is not understood.
Config ConfigOfLink(std::string_view link);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_ESTIMATES_H_
