#include "core/engines/torch_log_reader.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace plimsoll {
namespace {

// "Tried to allocate 1.74 GiB. GPU 3 has a total capacity of 94.97 GiB of which 1.69 GiB is free.", and
// before torch 2.2 "(GPU 0; 79.15 GiB total capacity; 77.00 GiB already allocated; 100.00 MiB free; …)".
void TakeTorchError(const LogLine& line, LogReading* reading) {
  LogFailure failure = FailureAt(FailureStage::kNone, line);
  failure.asked = BytesAfter(line.text, "Tried to allocate ");
  std::optional<Bytes> total = BytesAfter(line.text, "total capacity of ");
  failure.free = BytesAfter(line.text, " of which ");
  std::string_view rest;
  const size_t card = line.text.find("(GPU ");
  if (!total && card != std::string_view::npos && LeadingNumber(line.text.substr(card + 5), &rest)) {
    if (rest.starts_with(';')) total = LeadingBytes(rest.substr(1));
    const std::string_view before_free = Between(line.text, "already allocated; ", " free");
    if (!before_free.empty()) failure.free = LeadingBytes(before_free);
  }
  const std::optional<double> gpu = NumberAfter(line.text, "GPU ");
  if (total && gpu) TakeTotal(total, static_cast<int>(std::min(99.0, std::max(0.0, *gpu))), reading);
  if (line.text.find("warming up sampler") != std::string_view::npos) {
    failure.stage = FailureStage::kSamplerWarmUp;
    failure.knob = "max_num_seqs";
  }
  AddFailure(std::move(failure), reading);
}

constexpr LogPattern kTorchPatterns[] = {
    {"CUDA out of memory", TakeTorchError, false},
    {"HIP out of memory", TakeTorchError, false},
    {"CUDA error: out of memory", TakeTorchError, false},
    {"Traceback (most recent call last)", [](const LogLine&, LogReading* r) { r->frames = 0; }, false},
};

}  // namespace

LogFailure FailureAt(FailureStage stage, const LogLine& line) {
  LogFailure failure;
  failure.stage = stage;
  failure.line = std::string(line.text.substr(0, 1000));
  return failure;
}

void TakeTotal(std::optional<Bytes> total, int card, LogReading* reading) {
  LogCard* at = total ? CardAt(card, reading) : nullptr;
  if (at != nullptr) at->mib = total->mib();
}

std::vector<LogPattern> WithTorchLogPatterns(std::span<const LogPattern> own) {
  std::vector<LogPattern> patterns(own.begin(), own.end());
  patterns.insert(patterns.end(), std::begin(kTorchPatterns), std::end(kTorchPatterns));
  return patterns;
}

}  // namespace plimsoll
