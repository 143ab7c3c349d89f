#include "core/catalog/interconnect.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

Gpu Card(Vendor vendor, const char* link, double gbs) {
  Gpu gpu;
  gpu.vendor = vendor;
  gpu.link = link;
  gpu.link_bandwidth = GbPerSecond(gbs);
  gpu.fp16 = TeraFlops(100);
  return gpu;
}

TEST(Interconnect, NamesThePathBetweenCards) {
  const Gpu hopper = Card(Vendor::kNvidia, "NVLink4", 450);
  EXPECT_EQ(FindLink(hopper, 1, false).kind, LinkKind::kNone);
  EXPECT_EQ(FindLink(hopper, 8, false).kind, LinkKind::kNvlink);
  EXPECT_EQ(FindLink(hopper, 16, true).kind, LinkKind::kNetwork);

  const Gpu workstation = Card(Vendor::kNvidia, "PCIe4 x16", 32);
  EXPECT_EQ(FindLink(workstation, 2, false).kind, LinkKind::kPciePeer);
  Gpu geforce = workstation;
  geforce.fp16_fast = TeraFlops(200);  // GeForce: twice the rate with 16-bit accumulation, no peer access
  EXPECT_EQ(FindLink(geforce, 2, false).kind, LinkKind::kPcieHost);
  EXPECT_EQ(FindLink(Card(Vendor::kAmd, "PCIe5 x16", 64), 2, false).kind, LinkKind::kPcieHost);
  EXPECT_EQ(FindLink(Card(Vendor::kAmd, "xGMI", 448), 8, false).kind, LinkKind::kXgmi);
}

TEST(Interconnect, TakesABridgeForAPairOnly) {
  const Gpu a100 = Card(Vendor::kNvidia, "PCIe4 x16 (NVLink3 bridge 300)", 32);
  const Link pair = FindLink(a100, 2, false);
  EXPECT_EQ(pair.kind, LinkKind::kNvlinkPair);
  EXPECT_DOUBLE_EQ(pair.bandwidth.value(), 300e9);
  EXPECT_EQ(FindLink(a100, 4, false).kind, LinkKind::kPciePeer);
}

// NVLink and its kin connect cards; what comes from the machine's memory has another way.
TEST(Interconnect, TheHostIsBehindAnotherLink) {
  const auto host = [](const char* link, double gbs) {
    return HostLink(Card(Vendor::kNvidia, link, gbs)).value() / 1e9;
  };
  EXPECT_DOUBLE_EQ(host("PCIe4 x16", 32), 32);
  EXPECT_DOUBLE_EQ(host("PCIe4 x8", 16), 16);
  EXPECT_DOUBLE_EQ(host("PCIe1 x4", 1), 1);
  EXPECT_DOUBLE_EQ(host("PCIe5 x16 (NVLink4 bridge 300)", 300), 64) << "the bridge goes to the other card";
  EXPECT_DOUBLE_EQ(host("NVLink2", 150), 16);
  EXPECT_DOUBLE_EQ(host("NVLink3", 300), 32);
  EXPECT_DOUBLE_EQ(host("NVLink4", 450), 64);
  EXPECT_DOUBLE_EQ(host("NVLink4 (cut)", 200), 64);
  EXPECT_DOUBLE_EQ(host("NVLink4 / C2C 450", 450), 450);
  EXPECT_DOUBLE_EQ(host("NVLink5 NVL72", 900), 225);
  EXPECT_DOUBLE_EQ(host("", 0), 16) << "nothing is known";
  EXPECT_DOUBLE_EQ(host("", 8), 8);
  Gpu old = Card(Vendor::kAmd, "xGMI", 400);
  EXPECT_DOUBLE_EQ(HostLink(old).value(), 64e9);
  old.arch = "CDNA2";
  EXPECT_DOUBLE_EQ(HostLink(old).value(), 32e9);
  Gpu apple = Card(Vendor::kOther, "unified", 400);
  apple.unified_memory = true;
  apple.bandwidth = GbPerSecond(409);
  EXPECT_DOUBLE_EQ(HostLink(apple).value(), 409e9);
}

TEST(Interconnect, OneCardCostsNothing) {
  EXPECT_EQ(AllReduce({}, 1).Time(1e6).value(), 0);
  EXPECT_EQ(AllReduce({LinkKind::kNvlink, GbPerSecond(450)}, 1).Time(1e6).value(), 0);
  EXPECT_EQ(AllToAll({}, 1).Time(1e6).value(), 0);
}

TEST(Interconnect, SmallMessagesCostLatencyLargeOnesBandwidth) {
  const Link nvlink = {LinkKind::kNvlink, GbPerSecond(450)};
  // Measured: custom all-reduce on H100, 4 to 12 microseconds for 4 to 32 KiB on 2 to 8 ranks.
  EXPECT_GT(AllReduce(nvlink, 2).Time(4096).value(), 3e-6);
  EXPECT_LT(AllReduce(nvlink, 8).Time(32768).value(), 13e-6);
  // A gigabyte: the ring's 2 * 7/8 of it at no more than the link's rate.
  const double large = AllReduce(nvlink, 8).Time(1e9).value();
  EXPECT_GT(large, 1.75e9 / 450e9);
  EXPECT_LT(large, 2.5 * 1.75e9 / 450e9);
}

TEST(Interconnect, GrowsWithRanksAndIsSlowerOverTheHost) {
  const Link nvlink = {LinkKind::kNvlink, GbPerSecond(450)};
  const Link host = {LinkKind::kPcieHost, GbPerSecond(32)};
  const Link peer = {LinkKind::kPciePeer, GbPerSecond(32)};
  for (const double bytes : {0.0, 1e4, 1e6, 1e8}) {
    EXPECT_LT(AllReduce(nvlink, 2).Time(bytes), AllReduce(nvlink, 8).Time(bytes));
    EXPECT_LT(AllReduce(nvlink, 4).Time(bytes), AllReduce(peer, 4).Time(bytes));
    EXPECT_LT(AllReduce(peer, 4).Time(bytes), AllReduce(host, 4).Time(bytes));
    EXPECT_LE(AllToAll(peer, 4).Time(bytes), AllReduce(peer, 4).Time(bytes));
  }
}

// A message of nothing costs the way's latency, and one step more for each doubling of the ranks beyond two;
// of a ring each rank sends 2 (n - 1) / n, of an exchange half as much.
TEST(Interconnect, CostsByHand) {
  const Link nvlink = {LinkKind::kNvlink, GbPerSecond(450)};
  const struct {
    int64_t ranks;
    double microseconds;
  } cases[] = {{2, 6}, {3, 8}, {4, 8}, {5, 10}, {8, 10}, {16, 12}};
  for (const auto& c : cases) {
    EXPECT_DOUBLE_EQ(AllReduce(nvlink, c.ranks).latency.value(), c.microseconds * 1e-6) << c.ranks;
    EXPECT_DOUBLE_EQ(AllToAll(nvlink, c.ranks).latency.value(), c.microseconds * 1e-6) << c.ranks;
  }
  EXPECT_DOUBLE_EQ(AllReduce(nvlink, 8).seconds_per_byte, 2 * 7.0 / 8 / (450e9 * 0.7));
  EXPECT_DOUBLE_EQ(AllToAll(nvlink, 8).seconds_per_byte, 7.0 / 8 / (450e9 * 0.7));
}

}  // namespace
}  // namespace plimsoll
