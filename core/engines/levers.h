// What somebody who lacks room may give up, as the engines offer it to the solver: settings to turn down, and
// weights to keep in RAM.
#ifndef PLIMSOLL_CORE_ENGINES_LEVERS_H_
#define PLIMSOLL_CORE_ENGINES_LEVERS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/catalog/gpu.h"
#include "core/config/config.h"

namespace plimsoll {

// How far a change leads from what was asked for. The order is the one in which people give ground: a switch,
// less room, other weights, more hardware, slower memory, another card, another engine.
constexpr double kDistanceStates = 0.5;
constexpr double kDistanceRamCache = 0.6;
constexpr double kDistanceUtilization = 0.8;
constexpr double kDistanceLength = 1.0;  // and half as much again for each halving
constexpr double kDistanceFewer = 1.4;
constexpr double kDistanceNoDraft = 1.5;
constexpr double kDistanceKv = 2.0;
constexpr double kDistanceSmallestKv = 3.2;
constexpr double kDistanceSequences = 2.5;
constexpr double kDistanceEager = 3.0;
constexpr double kDistanceLayout = 3.5;
constexpr double kDistanceFormat = 4.0;  // and a quarter for each bit given up
constexpr double kDistanceGpus = 6.0;    // and one for each doubling
constexpr double kDistanceHost = 8.0;
constexpr double kDistanceCard = 9.0;
constexpr double kDistanceEngine = 10.0;
constexpr double kDistanceTight = 0.3;

// What an engine is told of the configuration that does not fit.
struct LeverStart {
  const Config* config = nullptr;
  KvTypes kv;
  bool wide_cache = false;  // of 16 bits or more
  double utilization = 0;
  bool eager = false;
  int64_t sequences = 0;
  int64_t layers = 0;
  bool has_experts = false;
};

// A small thing to give up, put on top of any larger change.
struct Lever {
  void (*pull)(Config*) = nullptr;
  const char* label = "";
  double distance = 0;
};

// A number of things to keep in RAM: the solver looks for the smallest from `least` to `most` that suffices.
struct HostLever {
  int64_t least = 1, most = 0;
  void (*pull)(Config*, int64_t number, int64_t layers) = nullptr;
  // Another division of the rest over several cards, so that none is left empty, of `ways` that may be tried on top;
  // nullptr: there is none. False: that one would be the division that stands.
  bool (*divide)(Config*, int64_t number, int64_t layers, int way) = nullptr;
  int ways = 0;
  std::string (*label)(int64_t number, int64_t layers) = nullptr;
  double distance = kDistanceHost;
  double per_doubling = 0;  // more of it for each doubling of number + 1
};

// The option that says how large a cache in RAM is, for a machine whose RAM it is too large for: the solver looks for the
// largest whole number of it that has room.
struct RamCacheOption {
  std::string_view name = {};  // empty: there is none
  std::string_view unit = {};  // of the number: "GiB"
  double gib = 0;              // of kv_offloading_gib that one more is
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LEVERS_H_
