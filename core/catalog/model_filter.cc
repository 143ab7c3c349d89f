#include "core/catalog/model_filter.h"

#include <vector>

#include "core/base/text.h"
#include "core/catalog/license.h"

namespace plimsoll {
namespace {

Filtered PassesLicense(const Model& model, std::string_view wanted) {
  if (wanted.empty()) return Filtered::kYes;
  if (model.license.empty()) return Filtered::kUnknown;
  const LicenseKind kind = LicenseKindOf(model.license);
  if (wanted == kOpenLicense) return kind == LicenseKind::kOpen ? Filtered::kYes : Filtered::kNo;
  if (wanted == kBusinessLicense)
    return kind == LicenseKind::kOpen || kind == LicenseKind::kTerms ? Filtered::kYes : Filtered::kNo;
  return model.license == wanted ? Filtered::kYes : Filtered::kNo;
}

Filtered PassesTask(const Model& model, const std::optional<Task>& wanted) {
  if (!wanted) return Filtered::kYes;
  if (model.tasks.empty()) return Filtered::kUnknown;
  return model.tasks.Has(*wanted) ? Filtered::kYes : Filtered::kNo;
}

Filtered PassesRelease(const Model& model, int64_t since) {
  if (since == 0) return Filtered::kYes;
  if (model.release.empty()) return Filtered::kUnknown;
  return model.release.substr(0, 4) >= std::to_string(since) ? Filtered::kYes : Filtered::kNo;
}

Filtered PassesSize(const Model& model, const ModelFilter& filter) {
  if (filter.least_params <= 0 && filter.most_params <= 0) return Filtered::kYes;
  const double billions = static_cast<double>(model.parameters().total) / 1e9;
  if (billions <= 0) return Filtered::kUnknown;
  if (filter.most_params > 0 && billions > filter.most_params) return Filtered::kNo;
  return billions >= filter.least_params ? Filtered::kYes : Filtered::kNo;
}

}  // namespace

Filtered Passes(const Model& model, const ModelFilter& filter) {
  // Size comes last: for it the model's entry is read.
  Filtered passes = Filtered::kYes;
  const auto ask = [&passes](Filtered one) {
    if (one != Filtered::kYes) passes = one;
    return one != Filtered::kNo;
  };
  if (ask(PassesTask(model, filter.task)) && ask(PassesLicense(model, filter.license)) &&
      ask(PassesRelease(model, filter.since)))
    (void)ask(PassesSize(model, filter));
  return passes;
}

Result<ModelFilter> CheckedFilter(ModelFilter filter, std::string_view task) {
  if (!task.empty()) {
    filter.task = TaskNamed(task);
    const std::vector<std::string_view> ids(kTaskIds.begin(), kTaskIds.end());
    if (!filter.task) return Error{"task", Quoted(task), ListText(ids, "or")};
  }
  const std::string& license = filter.license;
  const bool known = license.empty() || license == kOpenLicense || license == kBusinessLicense ||
                     LicenseKindOf(license) != LicenseKind::kUnknown;
  if (!known)
    return Error{"license", Quoted(license), "open (for any use), business, or an id such as apache-2.0"};
  return filter;
}

}  // namespace plimsoll
