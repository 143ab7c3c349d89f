#include "core/solve/solver.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/variation.h"

namespace plimsoll {
namespace {

constexpr int64_t kLongestContext = 1000000000;  // that a Config takes

// The configuration, if it fits with room for as many sequences of full length at once as were asked for: those of the
// engine's limit where that was given, else the users.
std::optional<Trial> TryHolding(Config config, const Catalog& catalog, Inquiry* inquiry, const Start& start) {
  const int64_t asked = config.max_num_seqs ? *config.max_num_seqs : config.concurrency.value_or(1);
  std::optional<Trial> trial = Try(std::move(config), catalog, inquiry);
  if (!trial || start.traits().shares_context) return trial;  // its context is for all of them already
  const KvReport& kv = trial->report.kv;
  if (kv.per_token > Bytes(0) && kv.max_concurrency < static_cast<double>(asked)) return std::nullopt;
  return trial;
}

// The fewest cards in [low, high]. For each count tensor parallel first, then ever more pipeline stages.
std::optional<std::pair<int64_t, Trial>> FewestGpus(const Config& config, const Catalog& catalog,
                                                    Inquiry* inquiry, const Start& start, int64_t low,
                                                    int64_t high) {
  for (int64_t count = low; count <= high; ++count) {
    if (count > 8 && count % 8 != 0) continue;
    if (!start.has_degrees()) {
      if (auto trial = TryHolding(WithGpus(config, count), catalog, inquiry, start))
        return std::make_pair(count, std::move(*trial));
      continue;
    }
    for (int64_t pp = 1; pp <= count; ++pp) {
      if (count % pp != 0 || count / pp > 64) continue;
      if (auto trial = TryHolding(WithGpus(config, count, count / pp, pp), catalog, inquiry, start)) {
        return std::make_pair(count, std::move(*trial));
      }
    }
  }
  return std::nullopt;
}

// Every format that fits, most bits first; of equal sizes one that is published for this model.
std::optional<std::pair<std::string, Trial>> BestFormat(const Config& config, const Catalog& catalog,
                                                        Inquiry* inquiry, const Start& start) {
  std::vector<std::string_view> ids = start.engine->Formats();
  Config native = config;
  native.format = Json();
  std::optional<std::pair<std::string, Trial>> best;
  double best_bits = 0;
  auto consider = [&](Config candidate, std::string name, bool published) {
    const double bits = BitsStored(candidate, catalog, inquiry) + (published ? 0.5 : 0);
    if (bits <= best_bits) return;
    if (std::optional<Trial> trial = TryHolding(std::move(candidate), catalog, inquiry, start)) {
      best = std::make_pair(std::move(name), std::move(*trial));
      best_bits = bits;
    }
  };
  const Result<Resolved> own = Settle(native, catalog, inquiry);
  if (own.ok()) consider(WithFormat(config, own->format->id), own->format->id, true);
  for (std::string_view id : ids) {
    const bool published = IsPublished(start, id, catalog);
    if (published || !NeedsPublication(start, id))
      consider(WithFormat(config, id), std::string(id), published);
  }
  return best;
}

Solution MakeSolution(Trial trial, std::string label, int64_t number) {
  Solution solution;
  solution.config = std::move(trial.config);
  solution.report = std::move(trial.report);
  solution.label = std::move(label);
  solution.number = number;
  return solution;
}

Solution MakeSolution(Run run, std::string label) {
  Solution solution = MakeSolution(std::move(run.trial), std::move(label), run.most);
  solution.least = run.least;
  return solution;
}

std::optional<Solution> SolveLength(const Config& config, const Catalog& catalog, Inquiry* inquiry,
                                    const Start& start) {
  auto run = HighestRun(1, start.longest, start.engine->LengthBreaks(),
                        [&](int64_t tokens) { return Try(WithLength(config, tokens), catalog, inquiry); });
  if (!run) return std::nullopt;
  std::string label = CountText(run->most) + " tokens";
  return MakeSolution(std::move(*run), std::move(label));
}

std::optional<Solution> SolveSequences(const Config& config, const Catalog& catalog, Inquiry* inquiry,
                                       const Start& start) {
  auto run = HighestRun(1, kMostSolvedSequences, {}, [&](int64_t sequences) -> std::optional<Trial> {
    Config more = config;
    more.max_num_seqs = sequences;
    more.max_model_len = start.length;
    // Slots share a context, so it grows with them.
    if (start.traits().shares_context) more.max_model_len = start.length * sequences;
    if (*more.max_model_len > kLongestContext) return std::nullopt;
    std::optional<Trial> trial = Try(std::move(more), catalog, inquiry);
    if (!trial || start.traits().shares_context) return trial;
    if (trial->report.kv.max_concurrency < static_cast<double>(sequences)) return std::nullopt;
    return trial;
  });
  if (!run) return std::nullopt;
  std::string label =
      CountedText(run->most, "sequence", "sequences") + " of " + CountText(start.length) + " tokens";
  return MakeSolution(std::move(*run), std::move(label));
}

}  // namespace

std::string_view SolveForName(SolveFor goal) {
  switch (goal) {
    case SolveFor::kMaxModelLen:
      return "max-model-len";
    case SolveFor::kMaxNumSeqs:
      return "max-num-seqs";
    case SolveFor::kGpus:
      return "gpus";
    case SolveFor::kFormat:
      break;
  }
  return "format";
}

std::optional<SolveFor> ReadSolveFor(std::string_view name) {
  for (SolveFor goal : {SolveFor::kMaxModelLen, SolveFor::kMaxNumSeqs, SolveFor::kGpus, SolveFor::kFormat}) {
    if (SolveForName(goal) == name) return goal;
  }
  return std::nullopt;
}

Result<std::optional<Solution>> Solve(SolveFor goal, const Config& config, const Catalog& catalog) {
  Inquiry shared;
  Inquiry* const inquiry = &shared;
  const Result<Resolved> resolved = Settle(config, catalog, inquiry);
  if (!resolved.ok()) return resolved.error();
  const Start start = StartOf(*resolved, EstimateResolved(*resolved));
  std::optional<Solution> solution;
  switch (goal) {
    case SolveFor::kMaxModelLen:
      return SolveLength(config, catalog, inquiry, start);
    case SolveFor::kMaxNumSeqs:
      return SolveSequences(config, catalog, inquiry, start);
    case SolveFor::kGpus:
      if (auto fewest = FewestGpus(config, catalog, inquiry, start, 1, kMostSolvedGpus)) {
        const std::string label = GpusLabel(fewest->second.config, start);
        solution = MakeSolution(std::move(fewest->second), label, fewest->first);
      }
      return solution;
    case SolveFor::kFormat:
      if (auto best = BestFormat(config, catalog, inquiry, start)) {
        solution = MakeSolution(std::move(best->second), best->first, 0);
        solution->format = best->first;
      }
      return solution;
  }
  return solution;
}

}  // namespace plimsoll
