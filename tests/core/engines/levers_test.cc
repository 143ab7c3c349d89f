#include "core/engines/levers.h"

#include <gtest/gtest.h>

#include <set>

#include "core/engines/registry.h"

namespace plimsoll {
namespace {

// People give ground in this order: a switch, less room, other weights, more hardware, slower memory, another
// card, another engine.
TEST(Levers, TheOrderInWhichPeopleGiveGround) {
  const double order[] = {kDistanceStates, kDistanceRamCache,   kDistanceUtilization, kDistanceLength,
                          kDistanceFewer,  kDistanceNoDraft,    kDistanceKv,          kDistanceSequences,
                          kDistanceEager,  kDistanceSmallestKv, kDistanceLayout,      kDistanceFormat,
                          kDistanceGpus,   kDistanceHost,       kDistanceCard,        kDistanceEngine};
  for (size_t i = 1; i < std::size(order); ++i) EXPECT_LT(order[i - 1], order[i]) << i;
  EXPECT_GT(kDistanceTight, 0);
  EXPECT_LT(kDistanceTight, kDistanceStates)
      << "of two like ways the one with room comes first, and no other";
}

TEST(Levers, EveryLeverChangesTheConfigurationAndSaysSo) {
  Config config;
  LeverStart start;
  start.config = &config;
  start.kv = {KvType::kBf16, KvType::kBf16};
  start.wide_cache = true;
  start.utilization = 0.9;
  start.sequences = 1000;
  start.layers = 40;
  for (const bool experts : {false, true}) {
    start.has_experts = experts;
    for (const Engine* engine : Engines()) {
      std::set<std::string_view> labels;
      for (const Lever& lever : engine->Levers(start)) {
        Config pulled;
        lever.pull(&pulled);
        EXPECT_FALSE(pulled == Config()) << lever.label;
        EXPECT_TRUE(labels.insert(lever.label).second) << lever.label;
        EXPECT_GT(lever.distance, 0) << lever.label;
        EXPECT_LT(lever.distance, kDistanceFormat) << "a small thing: " << lever.label;
      }
      for (const HostLever& lever : engine->HostLevers(start)) {
        EXPECT_LE(lever.least, lever.most);
        EXPECT_GE(lever.distance, kDistanceHost);
        Config one, two;
        lever.pull(&one, lever.most, start.layers);
        lever.pull(&two, lever.most - 1, start.layers);
        EXPECT_FALSE(one == two) << lever.label(1, 40);
        EXPECT_NE(lever.label(lever.most, 40), lever.label(lever.most - 1, 40));
      }
    }
  }
}

}  // namespace
}  // namespace plimsoll
