// The questions asked backwards: the largest context or concurrency that fits, the fewest cards, the best
// format.
//
// Every answer is verified by a full estimate of exactly the configuration that is handed back, and the next
// larger value by one that fails. Searches are bisections between values that do and do not fit, or walks
// over short lists: a question costs at most a few thousand estimates. "Fits" includes tight here; the answer
// carries its verdict.
#ifndef PLIMSOLL_CORE_SOLVE_SOLVER_H_
#define PLIMSOLL_CORE_SOLVE_SOLVER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/report.h"

namespace plimsoll {

enum class SolveFor : uint8_t { kMaxModelLen, kMaxNumSeqs, kGpus, kFormat };
std::string_view SolveForName(SolveFor goal);  // "max-model-len"
std::optional<SolveFor> ReadSolveFor(std::string_view name);

// Limits of the searches.
constexpr int64_t kMostSolvedSequences = 65536;
constexpr int64_t kMostSolvedGpus = 256;  // more than 8 come as nodes of 8

struct Solution {
  Config config;  // the question's configuration with the answer put in
  Report report;
  std::string label;   // "24k context", "2 × RTX 4090", "awq-int4"
  int64_t number = 0;  // tokens, sequences (each of full length) or cards; 0 for a format
  // Of tokens and sequences: the least that fits as `number` does; smaller values do not. 1: all of them.
  int64_t least = 1;
  std::string format;  // SolveFor::kFormat
};

// Nothing when no value of that key makes it fit. An Error for a configuration that is not understood.
//   kMaxModelLen  tokens, up to the model's own longest sequence
//   kMaxNumSeqs   sequences of max_model_len each, all at once in the cache; llama.cpp's context grows with
//   them kGpus         the fewest of the first card named, in a layout that the engine accepts, tensor
//   parallel first kFormat       the most bits per weight among the formats that the engine loads and the
//   card computes
Result<std::optional<Solution>> Solve(SolveFor goal, const Config& config, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_SOLVER_H_
