// Random valid configurations: catalog x engines x releases x layouts x every key of the table, from a seed.
// The same seed gives the same configurations in both builds and forever after as long as the catalog and the
// tables stand; new models, engines and keys join by themselves.
#ifndef PLIMSOLL_TESTS_SUPPORT_RANDOM_CONFIGS_H_
#define PLIMSOLL_TESTS_SUPPORT_RANDOM_CONFIGS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/config/config_keys.h"

namespace plimsoll {

// splitmix64: the same numbers everywhere, unlike the library's distributions.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  int64_t Below(int64_t count) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(count < 1 ? 1 : count));
  }
  bool OneIn(int64_t count) { return Below(count) == 0; }
  double Unit();  // [0, 1)
  // From `least` to `most`, every order of magnitude alike.
  int64_t Wide(int64_t least, int64_t most);
  template <typename List>
  const auto& Pick(const List& list) {
    return list[static_cast<size_t>(Below(static_cast<int64_t>(std::size(list))))];
  }

 private:
  uint64_t state_;
};

class RandomConfigs {
 public:
  RandomConfigs(uint64_t seed, const Catalog& catalog);
  Config Next();

 private:
  void TakeModel(Config* config);
  void TakeFormat(Config* config);
  void TakeLayout(Config* config);
  void TakeKey(const ConfigKey& key, Config* config);
  std::string TextFor(const ConfigKey& key, const Config& config);

  SplitMix random_;
  const Catalog& catalog_;
  std::vector<const Model*> models_;      // those that are not refused
  std::vector<std::string> model_types_;  // of inline models
};

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_RANDOM_CONFIGS_H_
