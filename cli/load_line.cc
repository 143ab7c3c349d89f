#include "cli/load_line.h"

#include <algorithm>
#include <array>

namespace plimsoll {
namespace {

struct Load {
  char letter;
  const char* name;
  Bytes bytes;
};

std::array<Load, 8> LoadsOf(const GpuReport& gpu) {
  return {{{'W', "weights", gpu.weights},
           {'K', "KV cache", gpu.kv_cache},
           {'R', "recurrent state", gpu.recurrent_state},
           {'A', "activations", gpu.activation},
           {'C', "compute buffers", gpu.compute_buffer},
           {'G', "CUDA graphs", gpu.cuda_graph},
           {'N', "runtime", gpu.non_torch},
           {'D', "driver context", gpu.driver}}};
}

}  // namespace

std::string LoadLineText(const GpuReport& gpu, int width) {
  width = std::clamp(width, 10, 400);
  double used = 0;
  for (const Load& load : LoadsOf(gpu)) used += std::max(0.0, static_cast<double>(load.bytes.count()));
  const double capacity = static_cast<double>(gpu.capacity.count());
  const double scale = std::max({used, capacity, 1.0});
  const auto column = [&](double bytes) {
    return static_cast<size_t>(std::clamp(bytes / scale * width + 0.5, 0.0, static_cast<double>(width)));
  };
  std::string bar(static_cast<size_t>(width), '.');
  double at = 0;
  for (const Load& load : LoadsOf(gpu)) {
    const double end = at + std::max(0.0, static_cast<double>(load.bytes.count()));
    std::fill(bar.begin() + static_cast<std::ptrdiff_t>(column(at)),
              bar.begin() + static_cast<std::ptrdiff_t>(column(end)), load.letter);
    at = end;
  }
  const size_t last = bar.size() - 1;
  if (gpu.budget.count() > 0 && gpu.budget < gpu.capacity) {
    bar[std::min(last, column(static_cast<double>(gpu.budget.count())))] = '|';
  }
  if (used > capacity && capacity > 0) bar[std::min(last, column(capacity))] = '!';
  return "[" + bar + "]";
}

std::string LoadLegendText(const GpuReport& gpu, SizeUnits units) {
  std::string text;
  for (const Load& load : LoadsOf(gpu)) {
    if (load.bytes.count() <= 0) continue;
    if (!text.empty()) text += "  ";
    text += std::string(1, load.letter) + " " + load.name + " " + SizeText(load.bytes, units);
  }
  return text;
}

}  // namespace plimsoll
