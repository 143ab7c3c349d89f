#include "core/estimate/verdict.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

bool AllAlike(const std::vector<Card>& cards) {
  return std::all_of(cards.begin(), cards.end(),
                     [&](const Card& card) { return card.gpu == cards.front().gpu; });
}

// Where the fullest card stands: "on one RTX 4090", "on each of 2 RTX 4090", "on GPU 1 (RTX 3090)".
std::string WhereText(const Resolved& resolved, const Report& report, const GpuReport& fullest) {
  const std::vector<Card>& cards = resolved.cards;
  const std::string count = std::to_string(cards.size());
  if (cards.size() == 1) return "on one " + cards.front().gpu->name;
  const bool same_load = std::all_of(report.per_gpu.begin(), report.per_gpu.end(),
                                     [&](const GpuReport& gpu) { return gpu.total == fullest.total; });
  if (AllAlike(cards) && same_load) return "on each of " + count + " " + cards.front().gpu->name;
  const size_t index = static_cast<size_t>(&fullest - report.per_gpu.data());
  const std::string name = index < cards.size() ? cards[index].gpu->name : std::string(fullest.gpu);
  return "on GPU " + std::to_string(index) + " (" + name + "), the fullest of " + count;
}

// "57.8 of 79.2 GiB".
std::string ShareText(Bytes part, Bytes whole, SizeUnits units) {
  const std::string text = GibText(part, units);
  return text.substr(0, text.find(' ')) + " of " + GibText(whole, units);
}

std::string FirstError(const Report& report) {
  for (const Diagnostic& diagnostic : report.diagnostics) {
    if (diagnostic.severity == Severity::kError) return diagnostic.message;
  }
  return "this configuration cannot start.";
}

bool SharesContext(const Resolved& resolved) {
  return resolved.engine->shares_context && resolved.max_num_seqs > 1;
}

// "room for 12.3 sequences of 16,384 tokens"; where that are fewer than the users asked for, "holds 1.5 of the 8 users
// asked for at 16,384 tokens each".
std::string RoomText(const Resolved& resolved, const Report& report) {
  const double sequences = report.kv.max_concurrency;
  const std::string length = CountText(resolved.max_model_len) + " tokens";
  if (sequences < 0.05) return "one sequence of " + length;
  const auto users = static_cast<double>(resolved.concurrency);
  if (users > 1 && sequences < users) {
    const double held = sequences < 99.95 ? std::floor(sequences * 10) / 10 : std::floor(sequences);
    return "holds " + DecimalText(held, held < 99.95 ? 1 : 0) + " of the " + CountText(resolved.concurrency) +
           " users asked for at " + length + " each";
  }
  const std::string count = DecimalText(sequences, sequences < 99.95 ? 1 : 0);
  return "room for " + count + (count == "1.0" ? " sequence of " : " sequences of ") + length;
}

// Empty unless some layers stay in RAM.
std::string LayersText(const Resolved& resolved, const Report& report) {
  if (report.layers == 0 || report.layers_on_cards >= report.layers || resolved.ram_alone) return "";
  return ", " + CountText(report.layers - report.layers_on_cards) + " of " + CountText(report.layers) +
         " layers in RAM";
}

std::string FitsText(const Resolved& resolved, const Report& report, const GpuReport& fullest,
                     SizeUnits units) {
  const std::string where = WhereText(resolved, report, fullest);
  if (resolved.engine->fills_share) {
    // The total would say nothing.
    return GibText(fullest.weights, units) + " of weights " + where + ", " + RoomText(resolved, report) + ".";
  }
  return ShareText(fullest.total, fullest.capacity, units) + " " + where + " for " +
         CountedText(std::max<int64_t>(1, resolved.max_num_seqs), "sequence", "sequences") +
         (SharesContext(resolved) ? resolved.kv_unified ? " sharing " : " dividing " : " in ") +
         CountText(resolved.max_model_len) + " tokens of context" + LayersText(resolved, report) + ".";
}

std::string DoesNotFitText(const Resolved& resolved, const Report& report, const GpuReport& fullest,
                           SizeUnits units) {
  const std::string where = WhereText(resolved, report, fullest);
  if (fullest.headroom.count() < 0) {
    const Bytes shortage = Bytes(0) - fullest.headroom;
    return "short by " + (shortage < GiB(1) ? SizeText(shortage, units) : GibText(shortage, units)) + " " +
           where + ".";
  }
  switch (report.failure) {
    case FailureStage::kProfiling:
      return "no room for a step's activations " + where + ".";
    case FailureStage::kGraphCapture:
      return "no room to capture CUDA graphs " + where + ".";
    case FailureStage::kSamplerWarmUp:
      return "no room to warm the sampler up " + where + ".";
    case FailureStage::kRunTime:
      return "no room for a step under load " + where + ".";
    case FailureStage::kLoading:
      if (report.Has("ram_short")) return "what is to lie in RAM has no room there.";
      return "the weights have no room " + where + ".";
    case FailureStage::kCacheTooSmall:
    case FailureStage::kNone:
    case FailureStage::kInvalid:
      break;
  }
  return "one sequence of " + CountText(resolved.max_model_len) + " tokens needs " +
         GibText(report.kv.per_sequence, units) + " of cache " + where + ".";
}

std::string PartsText(const GpuReport& gpu, SizeUnits units) {
  std::vector<std::string> texts;
  for (const MemorySegment& segment : SegmentsOf(gpu)) {
    if (segment.bytes < MiB(50)) continue;
    texts.push_back(std::string(segment.part->name) + " " + GibText(segment.bytes, units));
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return ListText(views);
}

}  // namespace

std::string CacheText(const Resolved& resolved, const Report& report) {
  const KvReport& kv = report.kv;
  const std::string tokens = CountText(kv.capacity_tokens) + " tokens";
  if (!SharesContext(resolved)) {
    return tokens + ", " + DecimalText(kv.max_concurrency, 2) + " sequences of " +
           CountText(resolved.max_model_len);
  }
  const std::string slots = CountText(resolved.max_num_seqs) + " slots";
  if (resolved.kv_unified) return tokens + ", shared by " + slots;
  return tokens + ", " + CountText(kv.capacity_tokens / resolved.max_num_seqs) + " for each of " + slots;
}

const GpuReport* FullestCard(const Report& report) {
  const auto fullest =
      std::min_element(report.per_gpu.begin(), report.per_gpu.end(),
                       [](const GpuReport& a, const GpuReport& b) { return a.headroom < b.headroom; });
  return fullest == report.per_gpu.end() ? nullptr : &*fullest;
}

std::string CardsText(const Resolved& resolved) {
  const std::vector<Card>& cards = resolved.cards;
  if (cards.size() == 1) return "one " + cards.front().gpu->name;
  if (AllAlike(cards)) return std::to_string(cards.size()) + " " + cards.front().gpu->name;
  std::vector<std::string_view> names;
  for (const Card& card : cards) names.push_back(card.gpu->name);
  return names.size() <= 4 ? ListText(names) : std::to_string(names.size()) + " mixed cards";
}

std::string HeadlineText(const Resolved& resolved, const Report& report, SizeUnits units) {
  const GpuReport* fullest = FullestCard(report);
  if (report.verdict == Verdict::kInvalid || !fullest) return "Cannot run: " + FirstError(report);
  switch (report.verdict) {
    case Verdict::kFits:
      return "Fits: " + FitsText(resolved, report, *fullest, units);
    case Verdict::kTight:
      return "Tight: " + FitsText(resolved, report, *fullest, units);
    case Verdict::kDoesNotFit:
    case Verdict::kInvalid:
      break;
  }
  return "Does not fit: " + DoesNotFitText(resolved, report, *fullest, units);
}

namespace {

// What is so little that the error of the estimate decides: room for the cache or, where an engine has taken its share
// and captures graphs beside it, what the card itself has left.
std::string TightText(const Resolved& resolved, const GpuReport& gpu, SizeUnits units) {
  const Bytes beside = gpu.capacity - gpu.total;
  if (gpu.headroom < Bytes(0))
    return "What is missing, " + SizeText(Bytes(0) - gpu.headroom, units) +
           ", lies within the error of the estimate.";
  if (!resolved.engine->fills_share || beside >= gpu.headroom)
    return "What is left, " + SizeText(gpu.headroom, units) + ", lies within the error of the estimate.";
  if (beside < Bytes(0))
    return "That is " + SizeText(Bytes(0) - beside, units) +
           " more than the card has, which lies within the error of the estimate.";
  return "What the card has left beside it, " + SizeText(beside, units) +
         ", lies within the error of the estimate.";
}

}  // namespace

std::string DetailText(const Resolved& resolved, const Report& report, SizeUnits units) {
  const GpuReport* fullest = FullestCard(report);
  if (!fullest || report.verdict == Verdict::kInvalid) return "";
  const std::string engine(resolved.engine->name);
  if (report.verdict == Verdict::kDoesNotFit) {
    return "The weights take " + GibText(fullest->weights, units) + " of a card; " + engine + " may use " +
           ShareText(fullest->budget, fullest->capacity, units) + ".";
  }
  std::string text = "The fullest card holds " + PartsText(*fullest, units) + ".";
  if (resolved.cards.size() == 1) text = "The card holds " + PartsText(*fullest, units) + ".";
  if (!resolved.engine->fills_share && resolved.max_num_seqs > 0 &&
      resolved.concurrency > resolved.max_num_seqs) {
    text += " " + CountText(resolved.max_num_seqs) + " of the " + CountText(resolved.concurrency) +
            " users asked for run at once, the others wait.";
  }
  if (report.verdict == Verdict::kTight) text += " " + TightText(resolved, *fullest, units);
  return text;
}

}  // namespace plimsoll
