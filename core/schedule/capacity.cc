#include "core/schedule/capacity.h"

#include <algorithm>

#include "core/base/text.h"

namespace plimsoll {

int64_t Capacity::Blocks(int64_t tokens) const { return BlocksOf(setup_, tokens); }

int64_t Capacity::SequencesOf(int64_t tokens) const {
  const int64_t each = Blocks(std::max<int64_t>(tokens, 1));
  return each > 0 ? blocks_ / each : 0;
}

double CacheRoom(const Report& report) {
  double least = 0;
  for (const GpuReport& gpu : report.per_gpu) {
    if (gpu.kv_cache <= Bytes(0)) continue;
    const double kept = static_cast<double>(gpu.kv_cache.count());
    const double room = std::max(0.0, (kept + static_cast<double>(gpu.headroom.count())) / kept);
    if (least <= 0 || room < least) least = room;
  }
  return least > 0 ? least : 1;
}

Capacity::Capacity(const SchedulerSetup& setup, double room)
    : setup_(setup), blocks_(BytesFromDouble(static_cast<double>(setup.blocks) * room).count()) {}

int64_t Capacity::TokensEach(int64_t sequences) const {
  const int64_t each = blocks_ / std::max<int64_t>(sequences, 1);
  if (Blocks(1) > each) return 0;
  // Blocks() grows with the length; past every window it may stop growing, so the search has an end of its
  // own.
  int64_t low = 1, high = int64_t{1} << 40;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (Blocks(middle) <= each) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

double Capacity::Share(int64_t sequences, int64_t tokens) const {
  if (blocks_ <= 0) return 2;
  return static_cast<double>(Blocks(tokens)) * static_cast<double>(sequences) / static_cast<double>(blocks_);
}

std::vector<OperatingPoint> OperatingPoints(const Capacity& capacity, int64_t longest) {
  struct Template {
    const char* name;
    int64_t context, output;
    const char* meaning;
  };
  static constexpr Template kTemplates[] = {
      {"Long documents", 0, 1024, "the model's whole context, for as many as fit"},
      {"Agents and code", 32768, 1024, "long sessions with tool output"},
      {"Conversation", 16384, 512, "many turns before the oldest must go"},
      {"Retrieval", 8192, 512, "a question with its passages"},
      {"Short answers", 4096, 128, "classification, extraction, autocomplete"},
  };
  std::vector<OperatingPoint> points;
  const auto add = [&points](const char* name, int64_t sequences, int64_t context, int64_t output,
                             const char* meaning) {
    const int64_t answer = std::clamp<int64_t>(output, 1, std::max<int64_t>(context / 2, 1));
    points.push_back({name, sequences, context, std::max<int64_t>(context - answer, 1), answer, meaning});
  };
  for (const Template& wanted : kTemplates) {
    const int64_t context = wanted.context == 0 ? longest : std::min(wanted.context, longest);
    if (!points.empty() && context >= points.front().context) continue;
    const int64_t sequences = capacity.SequencesOf(context);
    if (sequences < 1) {
      const int64_t fits = capacity.TokensEach(1);
      if (wanted.context != 0 || fits < 1) continue;
      add("One at a time", 1, std::min(fits, longest), wanted.output,
          "the longest sequence that fits at all");
      continue;
    }
    add(wanted.name, sequences, context, wanted.output, wanted.meaning);
  }
  return points;
}

SpeedReport SpeedOf(const OperatingPoint& point, const StepModel& model, Operation operation) {
  operation.prompt_tokens = point.prompt;
  operation.output_tokens = point.output;
  operation.concurrency = static_cast<double>(point.sequences);
  operation.max_sequences = point.sequences;
  return SpeedAt(model, operation);
}

}  // namespace plimsoll
