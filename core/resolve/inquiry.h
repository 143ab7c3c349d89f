// What the estimates of one answer share (an estimate with its ways out, a solved question, a map): the work
// they may do, and what they have worked out of models, formats and patterns that strangers wrote.
#ifndef PLIMSOLL_CORE_RESOLVE_INQUIRY_H_
#define PLIMSOLL_CORE_RESOLVE_INQUIRY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/steps.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

class Inquiry {
 public:
  // Steps of automata and comparisons, two to three nanoseconds each: with the cards below a link answers in
  // under 50 ms. Sixty-four patterns that look at digits over the largest model of the catalog stay within
  // it.
  static constexpr int64_t kMostPatternSteps = 8000000;
  // Cards that are planned in search of ways out, some 100 ns each; the longest search over eight cards takes
  // a tenth of it.
  static constexpr int64_t kMostPlanned = 200000;

  SizeUnits units = SizeUnits::kBinary;  // in which whoever asks wants sizes in words

  Steps& patterns() { return patterns_; }
  Steps& planned() { return planned_; }

  // A model and format that are not the catalog's, as they were read and bound before. Copied into
  // `resolved`: false when these have not been asked for yet.
  bool FindOwned(const Config& config, Resolved* resolved) const;
  void KeepOwned(const Config& config, const Resolved& resolved);

  // What an engine works out of a text of its own for an architecture and a number of cards.
  std::shared_ptr<const EngineData> FindData(const std::string& text, const Resolved& resolved) const;
  void KeepData(const std::string& text, const Resolved& resolved, std::shared_ptr<const EngineData> data);

 private:
  struct Owned {
    Config asked;  // of which model and format count
    Resolved resolved;
  };
  struct Data {
    std::string text;
    std::shared_ptr<Resolved::Owned> owned;  // keeps `architecture` alive
    const Architecture* architecture = nullptr;
    size_t cards = 0;
    std::shared_ptr<const EngineData> data;
  };

  Steps patterns_{kMostPatternSteps};
  Steps planned_{kMostPlanned};
  std::vector<Owned> owned_;
  std::vector<Data> data_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_INQUIRY_H_
