// For what does not fit: the nearest configurations that do.
#ifndef PLIMSOLL_CORE_SOLVE_WAYS_OUT_H_
#define PLIMSOLL_CORE_SOLVE_WAYS_OUT_H_

#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/report.h"

namespace plimsoll {

// A configuration near to one that does not fit, and that does.
struct WayOut {
  Config config;
  std::string label;  // "2 × RTX 4090, 24k context"
  Verdict verdict = Verdict::kFits;
  double distance = 0;  // how much it changes
  double tokens_per_s = 0,
         usd_per_h = 0;  // for each user; of all cards at the catalog's prices, 0: not known
  // The distance, and a half for each doubling of the price against what was asked for and for each halving of the speed
  // against the quickest of the ways: the list is ordered by it.
  double rank = 0;
};
// "110 tok/s, $0.88/h"
std::string WayOutFigures(const WayOut& way);

// At most `most` ways, the best first: shorter context, KV type, fewer sequences, eager, another format, more
// GPUs in a legal layout, layers or experts in RAM, another card, and pairs of these. Empty when `config`
// fits already, is not understood, or nothing helps. An `inquiry` is that of the estimate before.
std::vector<WayOut> WaysOut(const Config& config, const Catalog& catalog, int most = 8,
                            Inquiry* inquiry = nullptr);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_WAYS_OUT_H_
