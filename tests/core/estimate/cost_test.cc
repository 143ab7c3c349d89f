#include "core/estimate/cost.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// Two cards of 350 W for 0.5 dollars an hour or 700 dollars each, which write 100 tokens a second.
struct Pair {
  Gpu gpu;
  Resolved resolved;
  SpeedReport speed;
  CostInputs inputs;
  Pair() {
    gpu.tdp_w = 350;
    gpu.link_bandwidth = GbPerSecond(32);
    resolved.cards = {{&gpu, GiB(24)}, {&gpu, GiB(24)}};
    resolved.stored.checkpoint = GB(40);
    resolved.stored.file = GB(40);
    speed.decode_tokens_per_s_total = 100;
    gpu.price_per_hour_usd = 0.5;
    inputs.usd_per_card = 700;
    inputs.usd_per_kwh = 0.3;
  }
};

TEST(Cost, EnergyAndMoneyPerToken) {
  const Pair pair;
  const CostReport cost = EstimateCost(pair.resolved, pair.speed, pair.inputs);
  EXPECT_DOUBLE_EQ(cost.watts, 700);
  EXPECT_DOUBLE_EQ(cost.joules_per_token, 7);
  EXPECT_DOUBLE_EQ(cost.tokens_per_joule, 1.0 / 7);
  EXPECT_DOUBLE_EQ(cost.usd_per_hour, 1);
  // 360,000 tokens an hour.
  EXPECT_NEAR(cost.usd_per_million_tokens, 1 / 0.36, 1e-9);
  // 7 MJ are 1.944 kWh.
  EXPECT_NEAR(cost.usd_power_per_million_tokens, 7 / 3.6 * 0.3, 1e-9);
  EXPECT_DOUBLE_EQ(cost.usd_to_buy, 1400);
  EXPECT_NEAR(cost.hours_to_break_even, 1400 / (1 - 0.21), 1e-9);
  EXPECT_NEAR(cost.days_to_break_even, 1400 / (1 - 0.21) / 24, 1e-9);
  // 26,298 hours write 9467.28 million tokens.
  EXPECT_NEAR(cost.usd_owned_per_million_tokens, 1400 / 9467.28 + 7 / 3.6 * 0.3, 1e-9);
}

TEST(Cost, FewerHoursADayMakeOwningDearer) {
  Pair pair;
  pair.inputs.hours_per_day = 8;
  pair.inputs.years = 1;
  const CostReport cost = EstimateCost(pair.resolved, pair.speed, pair.inputs);
  EXPECT_NEAR(cost.days_to_break_even, 1400 / (1 - 0.21) / 8, 1e-9);
  EXPECT_NEAR(cost.usd_owned_per_million_tokens, 1400 / (2922 * 0.36) + 7 / 3.6 * 0.3, 1e-9);
  pair.inputs.hours_per_day = 0;
  const CostReport never = EstimateCost(pair.resolved, pair.speed, pair.inputs);
  EXPECT_EQ(never.days_to_break_even, 0);
  EXPECT_EQ(never.usd_owned_per_million_tokens, 0);
}

TEST(Cost, WhatIsUnknownStaysUnknown) {
  Pair pair;
  pair.inputs = {};
  pair.gpu.price_per_hour_usd = 0;
  const CostReport cost = EstimateCost(pair.resolved, pair.speed, pair.inputs);
  EXPECT_EQ(cost.usd_per_hour, 0);
  EXPECT_EQ(cost.usd_per_million_tokens, 0);
  EXPECT_EQ(cost.hours_to_break_even, 0);
  EXPECT_TRUE(CostToJson(cost).Find("usd_per_hour")->is_null());
  Gpu nameless;
  pair.resolved.cards[1].gpu = &nameless;
  EXPECT_EQ(EstimateCost(pair.resolved, pair.speed, {}).watts, 0);
}

TEST(Cost, PowerDearerThanRentNeverBreaksEven) {
  Pair pair;
  pair.inputs.usd_per_kwh = 10;
  EXPECT_EQ(EstimateCost(pair.resolved, pair.speed, pair.inputs).hours_to_break_even, 0);
}

TEST(Cost, DownloadAndLoadFollowTheSlowestPart) {
  const Pair pair;
  // 40 GB at 1 Gbit/s: 320 s for the bits, 6 % more with what protocols add.
  EXPECT_NEAR(DownloadTime(GB(40), 1e9).value(), 320 / 0.94, 1e-9);
  EXPECT_NEAR(LoadTime(pair.resolved, GB(40), 2.5e9).value(), 16, 1e-9);
  // A disk faster than both links: 40 GB through 2 x 32 GB/s x 0.85.
  EXPECT_NEAR(LoadTime(pair.resolved, GB(40), 1e12).value(), 40 / 54.4, 1e-9);
  EXPECT_EQ(DownloadTime(GB(40), 0).value(), 0);
  EXPECT_EQ(LoadTime(pair.resolved, GB(40), -1).value(), 0);
}

TEST(Cost, ThePostThatDownloaded118GigabytesIn47Minutes) {
  // The claim implies 0.36 Gbit/s of payload.
  const double rate = 118e9 * 8 / (47 * 60) / 0.94;
  EXPECT_NEAR(DownloadTime(GB(118), rate).value() / 60, 47, 0.01);
  EXPECT_NEAR(rate / 1e9, 0.356, 0.001);
}

TEST(Cost, TheReadersRentStandsBeforeTheCatalogs) {
  Pair pair;
  pair.gpu.id = "some-card";
  pair.inputs.rents = {{"some-card", 2}};
  EXPECT_DOUBLE_EQ(EstimateCost(pair.resolved, pair.speed, pair.inputs).usd_per_hour, 4);
}

TEST(Cost, HostileInputsStayFinite) {
  Pair pair;
  pair.inputs = {{{"", 1e300}}, 1e300, 1e300, 1e-300, 1e-300};
  pair.speed.decode_tokens_per_s_total = 1e-300;
  const Json json = CostToJson(EstimateCost(pair.resolved, pair.speed, pair.inputs));
  EXPECT_EQ(json.Dump().find("nan"), std::string::npos);
  pair.speed = {};
  EXPECT_EQ(EstimateCost(pair.resolved, pair.speed, {}).joules_per_token, 0);
}

// A card takes what its PCIe 5 link of 64 GB/s carries, however fast the cards' own link is.
TEST(Cost, LoadingIsBoundByTheHostLink) {
  Gpu gpu;
  gpu.link = "NVLink4";
  gpu.link_bandwidth = GbPerSecond(450);
  Resolved resolved;
  Card card;
  card.gpu = &gpu;
  resolved.cards = {card};
  EXPECT_NEAR(LoadTime(resolved, GB(64), 1e15).value(), 1 / 0.85, 1e-9);
  resolved.cards = {card, card};
  EXPECT_NEAR(LoadTime(resolved, GB(64), 1e15).value(), 0.5 / 0.85, 1e-9);
  gpu.link = "PCIe4 x16";
  gpu.link_bandwidth = GbPerSecond(32);
  EXPECT_NEAR(LoadTime(resolved, GB(64), 1e15).value(), 1 / 0.85, 1e-9);
}

}  // namespace
}  // namespace plimsoll
