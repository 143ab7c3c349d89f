#include "web/map_state.h"

#include <chrono>
#include <utility>

namespace plimsoll {
namespace {

constexpr double kSlice = 0.006;  // seconds of a frame
constexpr size_t kCells = 16;     // between two looks at the clock

double Clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

double MapState::share() const {
  return next_ ? static_cast<double>(next_->done()) / static_cast<double>(next_->total()) : 1;
}

bool MapState::Follow(int64_t version, const Config& config, const Catalog& catalog,
                      const RentPrices& rents) {
  const std::string asked = EncodeMapAxes(ask);
  if (version != version_ || asked != asked_) {
    version_ = version;
    asked_ = asked;
    problem_.clear();
    next_.reset();
    MapQuestion question = ask;
    question.base = config;
    question.rents = rents;
    Result<MapMaker> maker = MapMaker::Start(std::move(question), catalog);
    if (maker.ok()) {
      next_.emplace(std::move(*maker));
    } else {
      problem_ = maker.error().Message();
      shown_.reset();
    }
  }
  if (!next_) return false;
  const double begun = Clock();
  bool done = false;
  while (!done && Clock() - begun < kSlice) done = next_->Advance(kCells);
  if (done) {
    shown_ = std::move(next_);
    next_.reset();
  }
  return true;
}

}  // namespace plimsoll
