// Which models of the catalog somebody wants to look at: by task, licence, size and release.
#ifndef PLIMSOLL_CORE_CATALOG_MODEL_FILTER_H_
#define PLIMSOLL_CORE_CATALOG_MODEL_FILTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/model.h"
#include "core/catalog/task.h"

namespace plimsoll {

// Words for a licence that are not the id of one.
constexpr std::string_view kOpenLicense = "open";          // for any use
constexpr std::string_view kBusinessLicense = "business";  // that, or business use under terms

struct ModelFilter {
  std::optional<Task> task;
  std::string license;                       // kOpenLicense, kBusinessLicense or an id; empty: any
  double least_params = 0, most_params = 0;  // billions, all of them; zero: any
  int64_t since = 0;                         // year of release; zero: any
  friend bool operator==(const ModelFilter&, const ModelFilter&) = default;
};

// Whether a filter lets a model through. kUnknown: what it asks for is not known of this model, and nothing known speaks
// against it; whoever leaves such a model out says so.
enum class Filtered : uint8_t { kYes, kNo, kUnknown };
Filtered Passes(const Model& model, const ModelFilter& filter);

// An Error names the word of a task or a licence that means nothing.
Result<ModelFilter> CheckedFilter(ModelFilter filter, std::string_view task);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_MODEL_FILTER_H_
