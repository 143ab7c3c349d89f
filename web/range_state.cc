#include "web/range_state.h"

#include <chrono>
#include <utility>

namespace plimsoll {
namespace {

constexpr double kSlice = 0.006;  // seconds of a frame
constexpr int64_t kEvents = 32;   // between two looks at the clock

double Clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

bool RangeState::Start(LoadKind kind) {
  Result<OperatingRangeSearch> search = OperatingRangeSearch::Start(kind, config_, *catalog_);
  if (!search.ok()) {
    problem_ = search.error().Message();
    search_.reset();
    return false;
  }
  search_.emplace(std::move(*search));
  return true;
}

bool RangeState::Follow(int64_t version, const Config& config, const Catalog& catalog, bool settled) {
  if (version != version_) {
    if (!settled) return true;
    version_ = version;
    config_ = config;
    catalog_ = &catalog;
    problem_.clear();
    found_ = {};
    kind_ = 0;
    Start(LoadKind::kUsers);
  }
  if (!search_) return false;
  const double begun = Clock();
  bool done = false;
  while (!done && Clock() - begun < kSlice) done = search_->Advance(kEvents);
  if (!done) return true;
  found_[kind_] = search_->answer();
  search_.reset();
  return ++kind_ < found_.size() && Start(static_cast<LoadKind>(kind_));
}

}  // namespace plimsoll
