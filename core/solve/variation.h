// Where a search starts, the ways to vary a configuration, and the largest value that fits. Shared by the
// solver and the ways out.
#ifndef PLIMSOLL_CORE_SOLVE_VARIATION_H_
#define PLIMSOLL_CORE_SOLVE_VARIATION_H_

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

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_VARIATION_H_
