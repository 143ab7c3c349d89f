// Many configurations as a map: two things vary along its sides, a third from one small map to the next, and each cell is
// the best legal layout of its number of cards, with the figure that is asked for.
//
// A map is made in slices, so that a page can go on between frames; a cell costs an estimate for each layout. Cells that
// differ in their cards only share what a model weighs on its ranks. In a link:
// map=x.gpu!y.format!z.gpus!c.max_model_len
#ifndef PLIMSOLL_CORE_SOLVE_MAP_H_
#define PLIMSOLL_CORE_SOLVE_MAP_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/catalog/rent_prices.h"
#include "core/config/config.h"
#include "core/engines/rank_weights.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/report.h"

namespace plimsoll {

// What may vary: keys of a configuration.
constexpr std::array<std::string_view, 7> kMapAxes = {"model",         "format",      "gpu",           "gpus",
                                                      "max_model_len", "concurrency", "kv_cache_dtype"};

enum class MapMeasure : uint8_t { kHeadroom, kLongest, kUsers, kRate, kFirstToken, kCost };
struct MapMeasureInfo {
  std::string_view key, label, unit;
  bool more_is_better;
};
constexpr std::array<MapMeasureInfo, 6> kMapMeasures = {
    {{"headroom", "Headroom", "GiB left on the fullest card", true},
     {"max_model_len", "Longest context", "tokens that one sequence may have", true},
     {"users", "Users", "sequences of that context at once", true},
     {"decode_tokens_per_s", "Speed", "tokens per second for each user", true},
     {"ttft_ms", "First token", "seconds until the first token", false},
     {"price_per_mtok", "Cost", "dollars per million tokens", false}}};

struct MapQuestion {
  Config base;
  std::string x = "gpu", y = "format", z;     // of kMapAxes; `z` may be empty
  MapMeasure measure = MapMeasure::kLongest;  // by which the best layout is chosen, too
  std::vector<Json> xs, ys, zs;               // values; empty: those that people choose among
  RentPrices rents;
};
constexpr size_t kMostMapCells = 100000;

struct MapCell {
  bool understood = false;  // else the combination makes no sense: a format that the engine does not load, …
  Verdict verdict = Verdict::kInvalid;
  double figure = 0;     // of the measure, in its unit; zero where it does not fit
  double short_gib = 0;  // by which the fullest card falls short, where it does not
  int32_t tp = 1, pp = 1;
  bool expert_parallel = false;
  bool fits() const { return verdict == Verdict::kFits || verdict == Verdict::kTight; }
};

// Values that people choose among along an axis, beginning at what `base` has where that matters.
Result<std::vector<Json>> MapValues(std::string_view axis, const Config& base, const Catalog& catalog);

// What a map is drawn from: its cells in rows, small map after small map.
struct MapSheet {
  MapQuestion question;  // with its values
  std::vector<MapCell> cells;

  const MapCell& cell(size_t x, size_t y, size_t z) const {
    return cells[(z * question.ys.size() + y) * question.xs.size() + x];
  }
  // The configuration of a cell in the layout that was chosen.
  Config ConfigOf(size_t x, size_t y, size_t z, const Catalog& catalog) const;
};

class MapMaker {
 public:
  // The error names the axis or value that is not understood.
  static Result<MapMaker> Start(MapQuestion question, const Catalog& catalog);

  // Finished as far as done().
  const MapSheet& sheet() const { return sheet_; }
  size_t total() const { return sheet_.cells.size(); }
  size_t done() const { return next_; }
  // Works on at most so many cells; true when all are there.
  bool Advance(size_t cells);

 private:
  MapMaker(MapQuestion question, const Catalog& catalog)
      : sheet_{std::move(question), {}}, catalog_(&catalog) {}
  MapCell Look(const Config& config);
  void Consider(const Config& config, MapCell* best);

  MapSheet sheet_;
  const Catalog* catalog_;
  std::unique_ptr<Inquiry> inquiry_ = std::make_unique<Inquiry>();
  std::unique_ptr<RankShelf> shelf_ = std::make_unique<RankShelf>();
  size_t next_ = 0;
};

std::string EncodeMapAxes(const MapQuestion& question);
std::optional<Error> DecodeMapAxes(std::string_view text, MapQuestion* question);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_MAP_H_
