// How much load a configuration bears within limits on the first token and on each further one: the largest number of users
// who ask again and again, or the largest rate at which requests come at random, for which nine of ten requests keep them.
// Found by simulating ever nearer loads, so every answer is a simulation of exactly the configuration that is handed back.
//
// The search works in slices, so that a page can go on between frames.
#ifndef PLIMSOLL_CORE_SOLVE_OPERATING_RANGE_H_
#define PLIMSOLL_CORE_SOLVE_OPERATING_RANGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/scheduler.h"

namespace plimsoll {

enum class LoadKind : uint8_t { kUsers, kRate };

constexpr double kShareInLimits = 0.9;  // of the requests
constexpr int64_t kMostRangedUsers = 4096;
constexpr double kMostRangedRate = 4096;  // requests per second
constexpr double kRateStep = 1.02;        // how near the answer comes to the largest rate

struct OperatingRange {
  bool any = false;           // even the least load, one user or one request in ten seconds, keeps the limits
  double load = 0;            // users, or requests per second
  bool most = false;          // the search ended at its own end, not at the limits
  Config config;              // with that load
  SimulationSummary summary;  // of it
};

class OperatingRangeSearch {
 public:
  // An Error for a configuration that is not understood, that cannot run, or whose workload has no limit.
  static Result<OperatingRangeSearch> Start(LoadKind kind, const Config& config, const Catalog& catalog);

  // Goes on for at most so many events of a simulation; true when the answer is there.
  bool Advance(int64_t events);
  bool done() const { return done_; }
  const OperatingRange& answer() const { return answer_; }  // REQUIRES: done()

 private:
  OperatingRangeSearch(LoadKind kind, Config config, const Catalog& catalog)
      : kind_(kind), config_(std::move(config)), catalog_(&catalog) {}
  bool Try(double load);  // begins to simulate it; false: it cannot run
  void Decide(bool holds);
  double Middle() const;

  LoadKind kind_;
  Config config_;
  const Catalog* catalog_;
  double low_ = 0, high_ = 0;  // the largest load that holds, the least that does not; zero: none yet
  double load_ = 0;            // that is being simulated
  Config tried_;
  Objective objective_;
  std::optional<Simulation> simulation_;
  OperatingRange answer_;
  bool done_ = false;
};

Result<OperatingRange> FindOperatingRange(LoadKind kind, const Config& config, const Catalog& catalog);

// Whether the load of a configuration has a limit, without which there is no range.
bool HasLimits(const Resolved& resolved);
bool HasLimits(const Config& config, const Catalog& catalog);
// What the load itself counts: a rate where requests come at one, users else.
LoadKind LoadKindOf(const Resolved& resolved);

// The range as one figure of a table, of so many equal instances together.
struct RangeFigure {
  LoadKind kind = LoadKind::kUsers;
  bool any = false, most = false;
  double load = 0;
};
std::string_view RangeKey(LoadKind kind);          // of JSON: "users_in_limits", "requests_per_s_in_limits"
std::string_view RangeLabel(LoadKind kind);        // "Users within limits", "Requests/s within limits"
std::string RangeText(const RangeFigure& figure);  // "368", "at least 4,096", "1.25", "none"
RangeFigure OfReplicas(RangeFigure figure, int64_t replicas);
// Nothing where there is none: a configuration that cannot run, or a load without a limit.
std::optional<RangeFigure> FindRangeFigure(LoadKind kind, const Config& config, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_OPERATING_RANGE_H_
