#include "core/catalog/interconnect.h"

namespace plimsoll {

namespace {

// Latency of an all-reduce of a few KiB with two ranks, what each doubling of ranks adds, and the share of
// the link's bandwidth that large messages reach.
struct Path {
  double latency_us;
  double doubling_us;
  double share;
};

// Sources, in microseconds for 4 to 32 KiB:
//  NVLink: vLLM and SGLang custom all-reduce on H100, 4 to 12 for 2 to 8 ranks (sgl-project/sglang#2904);
//  NCCL on
//   8x H200 and 8x B200 40 to 48 (torch all_reduce_bench), which engines avoid for messages this small.
//  PCIe with peer access: 4x V100 behind one switch, NCCL in a CUDA graph 19 to 24
//  (haohervchb/sglang-V100#2). PCIe through the host: 2x RTX 4090 without peer access 11.5 for 64 bytes
//  (tinygrad/open-gpu-kernel-modules#17);
//   with payload and synchronisation 30 and more.
//  Shares: 0.75 of NVLink at 1 MiB and above (nccl-tests, 8x A100), about 0.7 of PCIe with and 0.35 without
//  peers.
constexpr Path Find(LinkKind kind) {
  switch (kind) {
    case LinkKind::kNone:
      return {0, 0, 1};
    case LinkKind::kNvlink:
      return {6, 2, 0.7};
    case LinkKind::kNvlinkPair:
      return {10, 6, 0.7};
    case LinkKind::kXgmi:
      return {15, 6, 0.6};
    case LinkKind::kPciePeer:
      return {22, 12, 0.6};
    case LinkKind::kPcieHost:
      return {30, 12, 0.35};
    case LinkKind::kNetwork:
      return {40, 10, 0.6};
  }
  return {0, 0, 1};
}

double Doublings(int64_t ranks) {
  double doublings = 0;
  for (; ranks > 2; ranks = (ranks + 1) / 2) doublings += 1;
  return doublings;
}

// "PCIe4 x16 (NVLink3 bridge 56)": what the bridge moves in one direction, in GB/s; 0: no bridge.
double BridgeGbs(std::string_view link) {
  constexpr std::string_view kWord = "bridge ";
  const size_t at = link.find(kWord);
  if (at == std::string_view::npos) return 0;
  double value = 0;
  for (size_t i = at + kWord.size(); i < link.size() && link[i] >= '0' && link[i] <= '9'; ++i) {
    value = value * 10 + (link[i] - '0');
  }
  return value;
}

// "PCIe4 x16": lanes times 0.25 GB/s in generation 1, twice that in each later one; 0: not such a text.
double PcieGbs(std::string_view link) {
  constexpr std::string_view kWord = "PCIe";
  if (link.substr(0, kWord.size()) != kWord || link.size() < kWord.size() + 4) return 0;
  const int generation = link[kWord.size()] - '0';
  double lanes = 0;
  for (size_t i = kWord.size() + 3; i < link.size() && link[i] >= '0' && link[i] <= '9'; ++i) {
    lanes = lanes * 10 + (link[i] - '0');
  }
  return generation < 1 || generation > 7 ? 0 : lanes * 0.125 * static_cast<double>(1 << generation);
}

// Boards whose link to other cards is not PCIe, in GB/s to the host: those beside a Grace by NVLink-C2C (450 for one GPU,
// shared by two in GB200 and GB300: NVIDIA's data sheets), the others by the PCIe of their generation, 16 lanes wide (data
// sheets of V100 SXM2, A100 SXM4, H100 and B200 SXM, MI210 to MI355X, Gaudi 2 and 3).
double BoardGbs(const Gpu& gpu) {
  constexpr double kPcie3 = 16, kPcie4 = 32, kPcie5 = 64;
  const std::string_view link = gpu.link;
  if (link.find("NVL72") != std::string_view::npos) return 225;
  if (link.find("C2C") != std::string_view::npos) return 450;
  if (link.rfind("NVLink2", 0) == 0) return kPcie3;
  if (link.rfind("NVLink3", 0) == 0) return kPcie4;
  if (link.rfind("NVLink", 0) == 0) return kPcie5;
  if (link.rfind("xGMI", 0) == 0) return gpu.arch == "CDNA2" ? kPcie4 : kPcie5;
  if (link.rfind("RoCE 21x100", 0) == 0) return kPcie4;
  if (link.rfind("RoCE", 0) == 0) return kPcie5;
  return 0;
}

}  // namespace

BytesPerSecond HostLink(const Gpu& gpu) {
  if (gpu.unified_memory && gpu.bandwidth.value() > 0) return gpu.bandwidth;
  const double pcie = PcieGbs(gpu.link);
  const double board = pcie > 0 ? pcie : BoardGbs(gpu);
  if (board > 0) return GbPerSecond(board);
  return gpu.link_bandwidth.value() > 0 ? gpu.link_bandwidth : GbPerSecond(16);
}

Link FindLink(const Gpu& gpu, int64_t ranks, bool across_nodes) {
  if (ranks <= 1) return {};
  // A 200 Gbit/s adapter per card is what such nodes have; the catalog does not know the network.
  if (across_nodes) return {LinkKind::kNetwork, GbPerSecond(25)};
  const std::string_view link = gpu.link;
  if (link.rfind("NVLink-C2C", 0) == 0 || link.rfind("RoCE", 0) == 0)
    return {LinkKind::kNetwork, gpu.link_bandwidth};
  if (link.rfind("NVLink", 0) == 0) return {LinkKind::kNvlink, gpu.link_bandwidth};
  if (link.rfind("xGMI", 0) == 0) return {LinkKind::kXgmi, gpu.link_bandwidth};
  // GeForce: no peer access over PCIe since Ampere. Pairs of cards with a bridge are rarely bridged in
  // consumer machines, so only data-centre boards are taken to have theirs.
  const bool geforce = gpu.fp16_fast.value() > gpu.fp16.value() * 1.5;
  const double bridge = BridgeGbs(link);
  if (bridge >= 100 && ranks == 2) return {LinkKind::kNvlinkPair, GbPerSecond(bridge)};
  const BytesPerSecond bandwidth = gpu.link_bandwidth.value() > 0 ? gpu.link_bandwidth : GbPerSecond(16);
  const bool peers = gpu.vendor == Vendor::kNvidia ? !geforce : false;
  return {peers ? LinkKind::kPciePeer : LinkKind::kPcieHost, bandwidth};
}

CollectiveCost AllReduce(const Link& link, int64_t ranks) {
  if (ranks <= 1 || link.kind == LinkKind::kNone) return {};
  const Path path = Find(link.kind);
  CollectiveCost cost;
  cost.latency = Microseconds(path.latency_us + path.doubling_us * Doublings(ranks));
  // A ring moves 2 (n-1)/n of the message through each card's link.
  const double n = static_cast<double>(ranks);
  const double rate = link.bandwidth.value() * path.share;
  cost.seconds_per_byte = rate > 0 ? 2 * (n - 1) / n / rate : 0;
  return cost;
}

CollectiveCost AllToAll(const Link& link, int64_t ranks) {
  if (ranks <= 1 || link.kind == LinkKind::kNone) return {};
  const Path path = Find(link.kind);
  CollectiveCost cost;
  cost.latency = Microseconds(path.latency_us + path.doubling_us * Doublings(ranks));
  const double n = static_cast<double>(ranks);
  const double rate = link.bandwidth.value() * path.share;
  cost.seconds_per_byte = rate > 0 ? (n - 1) / n / rate : 0;
  return cost;
}

}  // namespace plimsoll
