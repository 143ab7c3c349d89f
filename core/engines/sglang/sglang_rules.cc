#include "core/engines/sglang/sglang_rules.h"

#include <algorithm>
#include <cmath>

#include "core/engines/sglang/sglang_version.h"

namespace plimsoll {
namespace {

constexpr double kGib = 1024;  // MiB

// Sizes in steps, each up to and with its end.
struct Steps {
  int64_t first, last, step;
};

template <size_t N>
int64_t CountSteps(const Steps (&steps)[N], int64_t largest) {
  int64_t count = 0;
  for (const Steps& run : steps) {
    const int64_t last = std::min(run.last, largest);
    if (last >= run.first) count += (last - run.first) / run.step + 1;
  }
  return count;
}

constexpr int64_t kNoEnd = 1 << 20;

// The parallel degree alone decided up to 0.4.5: "in case of multi-GPU, memory for NCCL and activations".
double FractionByDegree(int64_t degree) {
  if (degree >= 16) return 0.79;
  if (degree >= 8) return 0.81;
  if (degree >= 4) return 0.85;
  if (degree >= 2) return 0.87;
  return 0.88;
}

double Rounded(double share) { return std::round(share * 1000) / 1000; }

// 0.4.6 to 0.4.7: large cards keep a fixed reserve instead.
double FractionOf046(const SglangFractionInput& in) {
  const double gpu = in.gpu_mib;
  if (in.number < SglangNumber(0, 4, 6, 2)) {
    return gpu > 80 * kGib ? (gpu - 13 * kGib) / gpu : FractionByDegree(in.tp);
  }
  const bool is047 = in.number >= SglangNumber(0, 4, 7);
  if (is047 && gpu > 180000) return 0.79;
  const double start = gpu <= 80 * kGib ? FractionByDegree(in.tp * in.pp) : 0.88;
  if (gpu > 96 * kGib) {
    const double reserve = is047 && in.drafts ? 20 * kGib : 18 * kGib;
    return std::min(start + 48 * kGib * (1 - start) / gpu, (gpu - reserve) / gpu);
  }
  return is047 && in.drafts ? start * 0.95 : start;
}

// 0.4.7.post1 to 0.5.2: a reserve by the size of the card.
double ReserveByCard(const SglangFractionInput& in) {
  const double gpu = in.gpu_mib;
  const double degree = static_cast<double>(in.tp * in.pp);
  double gib = 32;
  if (gpu < 35 * kGib) {
    gib = 2.8 + degree / 10;
  } else if (gpu < 90 * kGib) {
    gib = 9.5 + degree / 2;
  } else if (gpu < 160 * kGib) {
    gib = 12 + degree / 2;
  }
  if (in.drafts) {
    const bool whole_model = in.method == SpeculativeMethod::kDraft && in.number >= SglangNumber(0, 5, 2);
    const bool looks_up = in.method == SpeculativeMethod::kNgram && in.number >= SglangNumber(0, 5, 2);
    gib += whole_model ? 6 : looks_up ? 0 : 2;
  }
  if (in.dp_attention) gib += 4;
  return gib * kGib;
}

double PrefillGraphReserve(const SglangFractionInput& in) {
  // From 0.5.10 on: on by default, 8 MiB a size; MLA has a reserve of its own, at last instead of that.
  if (in.number < SglangNumber(0, 5, 10) || in.prefill_graphs <= 0) return 0;
  const double sizes = 8 * static_cast<double>(in.prefill_graphs);
  if (!in.latent) return sizes;
  return 1.5 * kGib + (in.number < SglangNumber(0, 5, 18) ? sizes : 0);
}

double DraftReserve(const SglangFractionInput& in) {
  // From 0.5.14 on the pools account for the draft.
  if (!in.drafts || in.method == SpeculativeMethod::kNgram || in.number >= SglangNumber(0, 5, 14)) return 0;
  if (in.method == SpeculativeMethod::kDraft) return 6 * kGib;
  return (in.number >= SglangNumber(0, 5, 10) ? 4 : 2) * kGib;
}

// From 0.5.3 on (_handle_gpu_memory_settings): metadata, activations by the chunk, graphs by the batch,
// communication by the degree.
double ReserveByLoad(const SglangFractionInput& in) {
  constexpr int64_t kMaxPrefillTokens = 16384;
  const int64_t chunk = in.chunk > 0 ? in.chunk : kMaxPrefillTokens;
  const double batch = static_cast<double>(in.graph_batch), dp = static_cast<double>(in.dp);
  double mib = 512 + 1.5 * static_cast<double>(std::max<int64_t>(chunk, 2048));
  mib += 2 * batch;
  mib += static_cast<double>(in.tp * in.pp) * kGib / 8;
  if (in.dp_attention) {
    mib += 3 * batch * dp;
    if (batch > 300) mib += 1.5 * batch * dp;
  }
  mib += PrefillGraphReserve(in);
  if (in.gpu_mib > 60 * kGib) mib = std::max(mib, 10 * kGib);
  return mib + DraftReserve(in);
}

}  // namespace

SglangCardDefaults DefaultsByCard(int64_t number, double gpu, int64_t tp, int64_t dp) {
  const bool many = tp >= 4;
  if (gpu <= 0) return {4096, 160};
  if (number < SglangNumber(0, 4, 7, 1)) {
    if (gpu < 25000) return {2048, many && number >= SglangNumber(0, 4, 1) ? 80 : 8};
    if (number >= SglangNumber(0, 4, 7)) {
      if (gpu > 180000) return {16384, 512};
      return {8192, gpu > 96 * kGib ? 256 : 160};
    }
    const bool wide = number >= SglangNumber(0, 4, 6) && gpu > 80 * kGib && dp == 1;
    return {8192, wide ? 256 : 160};
  }
  if (number < SglangNumber(0, 5, 3)) {
    if (gpu < 35 * kGib) return {2048, many ? 80 : 8};
    const int64_t batch = gpu > 160000 ? 512 : gpu > 90 * kGib ? 256 : 160;
    return {gpu < 160 * kGib ? 8192 : 16384, batch};
  }
  if (gpu < 20 * kGib) return {2048, 8};
  if (gpu < 35 * kGib) return {2048, many ? 80 : number < SglangNumber(0, 5, 5) ? 16 : 24};
  if (gpu < 60 * kGib) return {4096, many ? 160 : 32};
  if (gpu < 160 * kGib) return {8192, many ? 512 : 256};
  return {16384, 512};
}

double DefaultFraction(const SglangFractionInput& in) {
  if (in.gpu_mib <= 0) return 0.88;
  if (in.number < SglangNumber(0, 4, 6)) return FractionByDegree(in.tp);
  if (in.number < SglangNumber(0, 4, 7, 1)) return FractionOf046(in);
  const double reserve = in.number < SglangNumber(0, 5, 3) ? ReserveByCard(in) : ReserveByLoad(in);
  return Rounded((in.gpu_mib - reserve) / in.gpu_mib);
}

double VisionFactor(int64_t number, const Architecture& architecture, bool given) {
  if (number < SglangNumber(0, 4, 5)) return 0.95;
  if (number < SglangNumber(0, 4, 9)) return 0.9;
  if (number < SglangNumber(0, 4, 10) || given) return 1;
  // adjust_mem_fraction_for_vlm: how large the tower is against one of 24 layers of 1024, by two keys of the
  // top level's vision_config. Qwen's towers say "depth" where it looks for num_hidden_layers, and then count as
  // 24 layers; the Omni models keep theirs in thinker_config and go without.
  const std::string& name = architecture.name;
  if (name.find("Omni") != std::string::npos) return 1;
  const VisionTower& tower = architecture.vision;
  const bool deep = name.compare(0, 4, "Qwen") == 0 || name.compare(0, 5, "Glm4v") == 0;
  const double layers = tower.layers > 0 && !deep ? static_cast<double>(tower.layers) : 24;
  const double width = tower.hidden > 0 ? static_cast<double>(tower.hidden) : 1024;
  const double size = layers * width * width / (24.0 * 1024 * 1024);
  return 0.95 * std::clamp(1 - 0.1 * (size - 1), 0.8, 1.05);
}

int64_t CountDecodeGraphs(int64_t number, int64_t largest, bool drafts) {
  if (largest <= 0) return 0;
  if (number < SglangNumber(0, 5, 3)) {
    constexpr Steps kPlain[] = {{1, 1, 1},    {2, 2, 1},     {4, 4, 1},     {8, 8, 1},
                                {16, 160, 8}, {168, 256, 8}, {272, 512, 16}};
    constexpr Steps kDrafts[] = {{1, 8, 1}, {10, 32, 2}, {40, 160, 16}};
    return drafts ? CountSteps(kDrafts, largest) : CountSteps(kPlain, largest);
  }
  constexpr Steps kPlain[] = {{1, 1, 1},   {2, 2, 1},    {4, 4, 1},      {8, 8, 1},
                              {12, 12, 1}, {16, 256, 8}, {272, 496, 16}, {512, kNoEnd, 32}};
  constexpr Steps kDrafts[] = {{1, 8, 1}, {10, 32, 2}, {40, 64, 4}, {72, 256, 8}, {272, kNoEnd, 16}};
  return drafts ? CountSteps(kDrafts, largest) : CountSteps(kPlain, largest);
}

int64_t CountPrefillGraphs(int64_t largest) {
  constexpr Steps kSizes[] = {{4, 32, 4},      {48, 256, 16},     {288, 512, 32},
                              {576, 1024, 64}, {1280, 4096, 256}, {4608, kNoEnd, 512}};
  return CountSteps(kSizes, largest);
}

int64_t DefaultRunning(int64_t number, int64_t tokens, int64_t context, bool drafts) {
  if (drafts && number >= SglangNumber(0, 4, 1)) return 48;
  // model_runner.py init_memory_pool: by how many whole contexts the pool has room for.
  const double contexts = static_cast<double>(tokens) / static_cast<double>(std::max<int64_t>(1, context));
  const int64_t by_room = static_cast<int64_t>(std::min(contexts * 512, 1e9));
  const int64_t running = std::clamp<int64_t>(by_room, 2048, 4096);
  return running + (number < SglangNumber(0, 4, 7) ? 1 : 0);
}

}  // namespace plimsoll
