// A measured case that says in words what was run: {"tool_version": "ollama 0.21.0", "gpu": "2 x RTX 3090",
// "model": "qwen2.5:72b Q4_K_M", "config": {"num_ctx": 4096}, "measured": {"layers": "29/81", …}}. Names are
// the tool's own, as are the figures: each is one of our metrics, perhaps in another unit.
//
// Nothing near is taken: a model or a release that is not named is an error that says so. A card of which
// only the memory is told stands for any of that memory (`stand_in`), for layouts go by memory alone.
#ifndef PLIMSOLL_CORE_VALIDATE_WORDED_CASE_H_
#define PLIMSOLL_CORE_VALIDATE_WORDED_CASE_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

// Whether the case names its tool in words.
bool IsWorded(const Json& item);

struct WordedConfig {
  Config config;
  bool stand_in = false;  // the card is one of the memory that was told
};
Result<WordedConfig> ReadWordedConfig(const Json& item, const Catalog& catalog);

// What a tool calls one of our metrics, and how a figure of it becomes ours.
struct WordedMetric {
  std::string_view name, metric;
  double scale = 1;      // ours = theirs x scale
  bool largest = false;  // of a list, one figure per card: the largest, not the sum
};
const WordedMetric* FindWordedMetric(std::string_view name);

struct WordedFigure {
  double value = 0;
  double step = 0;  // it was cut to a multiple of this; 0: it was not
};
// A number, a list of numbers, "29/81" (its first part), or a size in decimal units as a list of loaded
// models prints it ("44 GB, 100% GPU": gigabytes).
std::optional<WordedFigure> ReadWordedFigure(const WordedMetric& metric, const Json& value);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_VALIDATE_WORDED_CASE_H_
