// What PyTorch prints when the driver refuses memory, and where a traceback begins: for every engine that
// runs on it.
#ifndef PLIMSOLL_CORE_ENGINES_TORCH_LOG_READER_H_
#define PLIMSOLL_CORE_ENGINES_TORCH_LOG_READER_H_

#include <optional>
#include <span>
#include <vector>

#include "core/engines/log_reading.h"

namespace plimsoll {

std::vector<LogPattern> WithTorchLogPatterns(std::span<const LogPattern> own);

// A failure told by this line; kNone: by what came before it.
LogFailure FailureAt(FailureStage stage, const LogLine& line);

void TakeTotal(std::optional<Bytes> total, int card, LogReading* reading);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_TORCH_LOG_READER_H_
