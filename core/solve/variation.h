// Where a search starts, the ways to vary a configuration, and the largest value that fits. Shared by the
// solver and the ways out.
#ifndef PLIMSOLL_CORE_SOLVE_VARIATION_H_
#define PLIMSOLL_CORE_SOLVE_VARIATION_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/engines/registry.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// What the searches need to know of the configuration they start from.
struct Start {
  const Engine* engine = nullptr;
  int64_t length = 0;   // max_model_len as resolved
  int64_t longest = 0;  // the model's own
  int64_t sequences = 0;
  int64_t most_states = 0;  // what its recurrent states leave room for, where that is why it fails
  int64_t layers = 0;
  int64_t gpus = 1, tp = 1, pp = 1;
  bool invalid = false;  // it cannot start whatever the memory
  bool has_experts = false;
  bool ram_short = false;  // the cards have room, and RAM has none for what is asked to lie there
  const EngineTraits& traits() const { return engine->traits(); }
  bool has_degrees() const { return traits().layout == CardLayout::kDegrees; }
  double bits_per_weight = 0;
  double utilization = 0;
  bool eager = false;
  KvTypes kv;
  const Gpu* gpu = nullptr;
  const Model* model = nullptr;
};

Start StartOf(const Resolved& resolved, const Report& report);

Config WithLength(Config config, int64_t tokens);
Config WithFormat(Config config, std::string_view id);
// A cache of so many GiB in RAM, whatever said its size; 0: none.
Config WithRamCache(Config config, double gib);
// Another engine, without what only means something to the one before: its release, its cache type, a format it cannot read.
Config WithEngine(Config config, std::string_view id);
// `count` cards like the first one named; more than eight as nodes of eight.
Config WithGpus(Config config, int64_t count);
// The same, cut by degrees; what the engine does by itself is left out.
Config WithGpus(Config config, int64_t count, int64_t tp, int64_t pp);
// The ways to divide a model over `count` cards of nodes of eight: tensor parallel within a node first, then with ever more
// stages; experts whole on ranks, too, where there are some.
std::vector<Config> LegalLayouts(const Config& base, int64_t count, const Engine& engine, bool experts);
bool HasExperts(const Architecture& architecture);
// "2 × RTX 4090".
std::string GpusLabel(const Config& config, const Start& start);

// Whether a format is only suggested where a checkpoint in it is known, because making one takes calibration
// or hours. bitsandbytes needs none, as it quantises while it loads, provided that the model is stored in 16
// or 32 bits.
bool NeedsPublication(const Start& start, std::string_view format);
// Whether this model is known to be published in the format.
bool IsPublished(const Start& start, std::string_view format, const Catalog& catalog);
// 0 where the configuration is not understood.
double BitsStored(const Config& config, const Catalog& catalog, Inquiry* inquiry);

struct Trial {
  Config config;
  Report report;
};

// The configuration with one estimate behind it, if it fits.
std::optional<Trial> Try(Config config, const Catalog& catalog, Inquiry* inquiry);

// The largest value in [low, high] for which `attempt(value)` gives a trial, given that what fits at one
// value fits below it.
template <typename Attempt>
std::optional<std::pair<int64_t, Trial>> Largest(int64_t low, int64_t high, Attempt attempt) {
  if (high < low) return std::nullopt;
  if (std::optional<Trial> trial = attempt(high)) return std::make_pair(high, std::move(*trial));
  std::optional<Trial> best = attempt(low);
  if (!best) return std::nullopt;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (std::optional<Trial> trial = attempt(middle)) {
      best = std::move(trial);
      low = middle;
    } else {
      high = middle;
    }
  }
  return std::make_pair(low, std::move(*best));
}

// Values that fit without a gap, as far as a search can tell: from `least` to `most`, which has a trial.
struct Run {
  int64_t least = 0, most = 0;
  Trial trial;
};

// The highest run in [low, high] that a walk down by steps of a third finds: `most` fits and most + 1 does
// not, nor does least - 1, unless they lie outside. Fit need not be monotone: a short context leaves so much
// to the cache that nothing is left for CUDA graphs. No step passes over one of `breaks`.
template <typename Attempt>
std::optional<Run> HighestRun(int64_t low, int64_t high, const std::vector<int64_t>& breaks,
                              Attempt attempt) {
  // Between a value that fits and one that does not: the last one that fits.
  const auto boundary = [&attempt](int64_t fits, int64_t fails, Trial* trial) {
    while (fits - fails > 1 || fails - fits > 1) {
      const int64_t middle = fits + (fails - fits) / 2;
      std::optional<Trial> found = attempt(middle);
      if (found && trial != nullptr) *trial = std::move(*found);
      (found ? fits : fails) = middle;
    }
    return fits;
  };
  const auto below = [low, &breaks](int64_t value) {
    int64_t next = std::max(low, std::min(value - 1, value / 3 * 2));
    for (const int64_t at : breaks) {
      if (at > next && at < value) next = at;
    }
    return next;
  };
  if (high < low) return std::nullopt;
  int64_t value = high, fails = high + 1;
  std::optional<Trial> trial = attempt(value);
  while (!trial) {
    if (value == low) return std::nullopt;
    fails = value;
    value = below(value);
    trial = attempt(value);
  }
  Run run{value, value, std::move(*trial)};
  run.most = boundary(value, fails, &run.trial);
  while (run.least > low) {
    const int64_t next = below(run.least);
    if (attempt(next)) {
      run.least = next;
      continue;
    }
    run.least = boundary(run.least, next, nullptr);
    break;
  }
  return run;
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_VARIATION_H_
