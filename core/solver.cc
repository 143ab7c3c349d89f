#include "core/solver.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/estimate.h"
#include "core/resolved.h"
#include "core/text.h"

namespace plimsoll {
namespace {

// A context shorter than this is not offered as a way out.
constexpr int64_t kShortestOffered = 1024;

struct Trial {
  Config config;
  Report report;
};

// The configuration with one estimate behind it, if it fits.
std::optional<Trial> Try(Config config, const Catalog& catalog) {
  Result<Report> report = Estimate(config, catalog);
  if (!report.ok() || !report->fits()) return std::nullopt;
  return Trial{std::move(config), std::move(*report)};
}

// The largest value in [low, high] for which `attempt(value)` gives a trial, given that what fits at one
// value fits below it.
template <typename Attempt>
std::optional<std::pair<int64_t, Trial>> Largest(int64_t low, int64_t high, Attempt attempt) {
  if (high < low) return std::nullopt;
  if (std::optional<Trial> trial = attempt(high)) return std::make_pair(high, std::move(*trial));
  std::optional<Trial> best = attempt(low);
  if (!best) return std::nullopt;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (std::optional<Trial> trial = attempt(middle)) {
      best = std::move(trial);
      low = middle;
    } else {
      high = middle;
    }
  }
  return std::make_pair(low, std::move(*best));
}

// What the searches need to know of the configuration they start from.
struct Start {
  EngineKind engine = EngineKind::kVllm;
  int64_t length = 0;   // max_model_len as resolved
  int64_t longest = 0;  // the model's own
  int64_t sequences = 0;
  int64_t layers = 0;
  int64_t gpus = 1;
  bool has_experts = false;
  bool vllm() const { return engine == EngineKind::kVllm; }
  bool llama_cpp() const { return engine == EngineKind::kLlamaCpp; }
  double bits_per_weight = 0;
  double utilization = 0;
  bool eager = false;
  KvTypes kv;
  const Gpu* gpu = nullptr;
  const Model* model = nullptr;
};

Start StartOf(const Resolved& resolved) {
  Start start;
  start.engine = resolved.engine;
  start.length = resolved.max_model_len;
  start.longest = std::max(resolved.architecture->max_positions, resolved.max_model_len);
  start.sequences = resolved.max_num_seqs;
  start.layers = resolved.architecture->layers;
  start.gpus = resolved.gpus * resolved.nodes;
  start.has_experts =
      std::any_of(resolved.architecture->groups.begin(), resolved.architecture->groups.end(),
                  [](const LayerGroup& group) { return group.shape.mlp.kind == MlpKind::kMoe; });
  start.bits_per_weight = resolved.stored.bits_per_weight;
  start.utilization = resolved.gpu_memory_utilization;
  start.eager = resolved.enforce_eager;
  start.kv = resolved.kv_cache_dtype;
  start.gpu = resolved.cards.front().gpu;
  start.model = resolved.model;
  return start;
}

Config WithLength(Config config, int64_t tokens) {
  config.max_model_len = tokens;
  return config;
}

Config WithFormat(Config config, std::string_view id) {
  config.format = Json(id);
  return config;
}

// `count` cards like the first one named; more than eight as nodes of eight.
Config WithGpus(Config config, int64_t count, int64_t tp, int64_t pp) {
  if (config.gpu.size() > 1) config.gpu = {config.gpu.front()};
  if (config.gpu_memory_mib.size() > 1) config.gpu_memory_mib = {config.gpu_memory_mib.front()};
  const int64_t nodes = count > 8 ? count / 8 : 1;
  config.gpus = count / nodes;
  config.nodes.reset();
  if (nodes > 1) config.nodes = nodes;
  config.tp.reset();
  config.pp.reset();
  config.dp.reset();
  const bool by_default = tp == *config.gpus && pp == nodes;
  if (!by_default) {
    config.tp = tp;
    config.pp = pp;
  }
  return config;
}

std::optional<std::pair<int64_t, Trial>> LargestLength(const Config& config, const Catalog& catalog,
                                                       int64_t high) {
  return Largest(1, high, [&](int64_t tokens) { return Try(WithLength(config, tokens), catalog); });
}

// The fewest cards in [low, high]. For each count tensor parallel first, then ever more pipeline stages.
std::optional<std::pair<int64_t, Trial>> FewestGpus(const Config& config, const Catalog& catalog,
                                                    EngineKind engine, int64_t low, int64_t high) {
  for (int64_t count = low; count <= high; ++count) {
    if (count > 8 && count % 8 != 0) continue;
    if (engine == EngineKind::kLlamaCpp) {
      if (auto trial = Try(WithGpus(config, count, 1, 1), catalog))
        return std::make_pair(count, std::move(*trial));
      continue;
    }
    for (int64_t pp = 1; pp <= count; ++pp) {
      if (count % pp != 0 || count / pp > 64) continue;
      if (auto trial = Try(WithGpus(config, count, count / pp, pp), catalog)) {
        return std::make_pair(count, std::move(*trial));
      }
    }
  }
  return std::nullopt;
}

// Formats that people choose among, from many bits to few. Where two have about the same size the one with a
// kernel on more cards stands first.
constexpr std::string_view kVllmFormats[] = {"fp8-block", "fp8",   "int8",  "gptq-int8", "awq-int4",
                                             "gptq-int4", "w4a16", "nvfp4", "bnb-nf4"};
constexpr std::string_view kGgufFormats[] = {"gguf-q8_0",   "gguf-q6_k",   "gguf-q5_k_m",
                                             "gguf-q4_k_m", "gguf-iq4_xs", "gguf-q3_k_m",
                                             "gguf-q2_k",   "gguf-iq2_xs", "gguf-iq2_xxs"};

std::vector<std::string_view> FormatsOf(const Start& start) {
  if (start.llama_cpp()) return {std::begin(kGgufFormats), std::end(kGgufFormats)};
  return {std::begin(kVllmFormats), std::end(kVllmFormats)};
}

double BitsPerWeight(const Config& config, const Catalog& catalog) {
  const Result<Resolved> resolved = Resolve(config, catalog);
  return resolved.ok() ? resolved->stored.bits_per_weight : 0;
}

std::string_view KnownRepo(const Start& start, std::string_view format, const Catalog& catalog) {
  const BoundFormat* bound = start.model ? catalog.Bind(*start.model, format) : nullptr;
  return bound && bound->checkpoint ? std::string_view(bound->checkpoint->repo) : std::string_view();
}

// Every format that fits, most bits first; of equal sizes one that is published for this model.
std::optional<std::pair<std::string, Trial>> BestFormat(const Config& config, const Catalog& catalog,
                                                        const Start& start) {
  std::vector<std::string_view> ids = FormatsOf(start);
  Config native = config;
  native.format = Json();
  std::optional<std::pair<std::string, Trial>> best;
  double best_bits = 0;
  auto consider = [&](Config candidate, std::string name, bool published) {
    const double bits = BitsPerWeight(candidate, catalog) + (published ? 0.5 : 0);
    if (bits <= best_bits) return;
    if (std::optional<Trial> trial = Try(std::move(candidate), catalog)) {
      best = std::make_pair(std::move(name), std::move(*trial));
      best_bits = bits;
    }
  };
  const Result<Resolved> own = Resolve(native, catalog);
  if (own.ok()) consider(WithFormat(config, own->format->id), own->format->id, true);
  for (std::string_view id : ids)
    consider(WithFormat(config, id), std::string(id), !KnownRepo(start, id, catalog).empty());
  return best;
}

std::string GpusLabel(const Config& config, const Start& start) {
  const int64_t count = config.gpus.value_or(1) * config.nodes.value_or(1);
  std::string label = CountText(count) + " × " + start.gpu->name;
  if (config.tp) label += " (tp " + CountText(*config.tp) + " × pp " + CountText(config.pp.value_or(1)) + ")";
  return label;
}

// ---- ways out
// ------------------------------------------------------------------------------------------------

// How far a change leads from what was asked for. The order is the one in which people give ground: a switch,
// less room, other weights, more hardware, slower memory, another card.
constexpr double kDistanceUtilization = 0.8;
constexpr double kDistanceLength = 1.0;  // and half as much again for each halving
constexpr double kDistanceKv = 2.0;
constexpr double kDistanceSequences = 2.5;
constexpr double kDistanceEager = 3.0;
constexpr double kDistanceFormat = 4.0;  // and a quarter for each bit given up
constexpr double kDistanceGpus = 6.0;    // and one for each doubling
constexpr double kDistanceHost = 8.0;
constexpr double kDistanceCard = 9.0;
constexpr double kDistanceEngine = 10.0;

struct Change {
  Config config;
  std::string label;
  double distance = 0;
};

class WayFinder {
 public:
  WayFinder(const Config& config, const Catalog& catalog, const Start& start)
      : config_(config), catalog_(catalog), start_(start) {}

  std::vector<WayOut> Find(int most) {
    const std::vector<Change> single = Singles();
    // A shorter context goes with anything that does not suffice alone.
    OfferLength({config_, "", 0});
    for (const Change& change : single) {
      if (!Offer(change)) OfferLength(change);
    }
    PairKvWithFormats();
    OfferFewestGpus();
    OfferHostMemory();
    OfferCard();
    OfferExpertsInRam();
    std::stable_sort(ways_.begin(), ways_.end(),
                     [](const WayOut& a, const WayOut& b) { return a.distance < b.distance; });
    if (static_cast<int>(ways_.size()) > most) ways_.resize(static_cast<size_t>(most));
    return std::move(ways_);
  }

 private:
  bool Offer(const Change& change) {
    const std::optional<Trial> trial = Try(change.config, catalog_);
    if (!trial) return false;
    ways_.push_back({change.config, change.label, trial->report.verdict, change.distance});
    return true;
  }

  static std::string Joined(const std::string& a, const std::string& b) {
    return a.empty() ? b : a + ", " + b;
  }

  // The longest context that fits after a change, in whole thousands of tokens where it is long enough.
  void OfferLength(const Change& change) {
    const int64_t asked = start_.length;
    if (asked <= kShortestOffered) return;
    const auto longest = LargestLength(change.config, catalog_, asked - 1);
    if (!longest || longest->first < kShortestOffered) return;
    const int64_t tokens = longest->first / 1024 * 1024;
    const double halvings = std::log2(static_cast<double>(asked) / static_cast<double>(tokens));
    Offer({WithLength(change.config, tokens), Joined(change.label, ContextText(tokens) + " context"),
           change.distance + kDistanceLength + 0.5 * halvings});
  }

  std::vector<Change> Singles() const {
    std::vector<Change> changes;
    AddUtilization(&changes);
    AddKv(&changes);
    AddSequences(&changes);
    AddEager(&changes);
    AddFormats(&changes);
    return changes;
  }

  void AddUtilization(std::vector<Change>* changes) const {
    if (!start_.vllm() || start_.utilization <= 0 || start_.utilization >= 0.95 ||
        config_.kv_cache_memory_bytes)
      return;
    Config config = config_;
    config.gpu_memory_utilization = 0.95;
    changes->push_back({std::move(config), "95 % of the card", kDistanceUtilization});
  }

  void AddKv(std::vector<Change>* changes) const {
    for (const KvTypes& types : SmallerKv()) {
      Config config = config_;
      config.kv_cache_dtype = types;
      const bool quarter = types.k == KvType::kQ4_0;
      const char* label = types.k == KvType::kFp8 ? "fp8 KV cache"
                          : quarter               ? "q4_0 KV cache"
                                                  : "q8_0 KV cache";
      changes->push_back({std::move(config), label, kDistanceKv + (quarter ? 1.2 : 0)});
    }
  }

  std::vector<KvTypes> SmallerKv() const {
    const bool wide =
        start_.kv.k == KvType::kFp16 || start_.kv.k == KvType::kBf16 || start_.kv.k == KvType::kFp32;
    if (start_.vllm() && wide) return {{KvType::kFp8, KvType::kFp8}};
    if (start_.llama_cpp() && wide) return {{KvType::kQ8_0, KvType::kQ8_0}, {KvType::kQ4_0, KvType::kQ4_0}};
    if (start_.llama_cpp() && start_.kv.k == KvType::kQ8_0) return {{KvType::kQ4_0, KvType::kQ4_0}};
    return {};
  }

  // The largest number of sequences below what was asked that fits; halves until then.
  void AddSequences(std::vector<Change>* changes) const {
    for (int64_t sequences = start_.sequences / 2; sequences >= 1; sequences /= 4) {
      Config config = config_;
      config.max_num_seqs = sequences;
      if (sequences > 3 && !Try(config, catalog_)) continue;
      const double halvings =
          std::log2(static_cast<double>(start_.sequences) / static_cast<double>(sequences));
      changes->push_back({std::move(config), CountedText(sequences, "sequence", "sequences") + " at once",
                          kDistanceSequences + 0.1 * halvings});
      return;
    }
  }

  void AddEager(std::vector<Change>* changes) const {
    if (!start_.vllm() || start_.eager) return;
    Config config = config_;
    config.enforce_eager = true;
    changes->push_back({std::move(config), "no CUDA graphs", kDistanceEager});
  }

  void AddFormats(std::vector<Change>* changes) const {
    if (!start_.vllm() && !start_.llama_cpp()) return;
    const std::vector<std::string_view> ids = FormatsOf(start_);
    for (std::string_view id : ids) {
      Config config = WithFormat(config_, id);
      const double bits = BitsPerWeight(config, catalog_);
      const double saved = start_.bits_per_weight - bits;
      if (bits <= 0 || saved < 0.2) continue;
      // Of the sizes that suffice only the first two are of interest: less would give up bits for nothing.
      changes->push_back(
          {std::move(config), std::string(id) + " weights",
           kDistanceFormat + 0.25 * saved - (KnownRepo(start_, id, catalog_).empty() ? 0 : 0.3)});
    }
    KeepFewFormats(changes);
  }

  void KeepFewFormats(std::vector<Change>* changes) const {
    constexpr int kMost = 2;
    int kept = 0;
    std::vector<Change> few;
    for (Change& change : *changes) {
      const bool format = change.distance >= kDistanceFormat - 0.3;
      if (format && kept >= kMost) continue;
      if (format && Try(change.config, catalog_)) ++kept;
      few.push_back(std::move(change));
    }
    *changes = std::move(few);
  }

  void PairKvWithFormats() {
    std::vector<Change> kv, formats;
    AddKv(&kv);
    AddFormats(&formats);
    for (const Change& type : kv) {
      for (const Change& format : formats) {
        if (Try(format.config, catalog_)) continue;  // stands alone already
        Change both = format;
        both.config.kv_cache_dtype = type.config.kv_cache_dtype;
        both.label = Joined(format.label, type.label);
        both.distance += type.distance;
        if (Offer(both)) break;
      }
    }
  }

  void OfferFewestGpus() {
    if (start_.engine != EngineKind::kVllm && start_.engine != EngineKind::kLlamaCpp) return;
    const auto fewest = FewestGpus(config_, catalog_, start_.engine, start_.gpus + 1, 64);
    if (!fewest) return;
    const double ratio = static_cast<double>(fewest->first) / static_cast<double>(start_.gpus);
    const Change change{fewest->second.config, GpusLabel(fewest->second.config, start_),
                        kDistanceGpus + std::log2(ratio)};
    Offer(change);
    OfferFewerGpusAndLess(fewest->first);
  }

  // Fewer additional cards with less context, or with an fp8 cache: often what people have.
  void OfferFewerGpusAndLess(int64_t enough) {
    for (int64_t count = start_.gpus + 1; count < enough; ++count) {
      if (count > 8 && count % 8 != 0) continue;
      const int64_t tp = start_.llama_cpp() ? 1 : count > 8 ? 8 : count;
      const Config config = WithGpus(config_, count, tp, start_.llama_cpp() ? 1 : count / tp);
      const double ratio = static_cast<double>(count) / static_cast<double>(start_.gpus);
      const size_t before = ways_.size();
      OfferLength({config, GpusLabel(config, start_), kDistanceGpus + std::log2(ratio)});
      if (ways_.size() > before) return;
    }
  }

  void OfferHostMemory() {
    if (start_.llama_cpp()) {
      if (start_.has_experts) OfferExperts(config_, "", kDistanceHost);
      const auto layers = Largest(1, start_.layers, [&](int64_t count) {
        Config config = config_;
        config.n_gpu_layers = count;
        return Try(std::move(config), catalog_);
      });
      if (!layers) return;
      Offer({layers->second.config,
             CountText(layers->first) + " of " + CountText(start_.layers) + " layers on the GPU",
             kDistanceHost + 0.5});
      return;
    }
    if (!start_.vllm()) return;
    // Whole GiB of weights in RAM, the least that suffices.
    const auto most = Largest(-4096, -1, [&](int64_t negative) {
      Config config = config_;
      config.cpu_offload_gb = static_cast<double>(-negative);
      return Try(std::move(config), catalog_);
    });
    if (!most || -most->first > 512) return;
    Offer({most->second.config, CountText(-most->first) + " GiB of weights in RAM per GPU",
           kDistanceHost + std::log2(static_cast<double>(-most->first) + 1) * 0.3});
  }

  // The fewest layers whose experts must stay in RAM.
  void OfferExperts(const Config& base, const std::string& label, double distance) {
    const auto fewest = Largest(-start_.layers, -1, [&](int64_t negative) {
      Config config = base;
      config.n_cpu_moe = -negative;
      return Try(std::move(config), catalog_);
    });
    if (!fewest) return;
    Offer({fewest->second.config,
           Joined(label, "experts of " + CountText(-fewest->first) + " of " + CountText(start_.layers) +
                             " layers in RAM"),
           distance});
  }

  // The smallest board on which it fits, of the same maker.
  void OfferCard() {
    std::vector<const Gpu*> cards;
    for (const Gpu& gpu : catalog_.gpus()) {
      if (gpu.vendor == start_.gpu->vendor && gpu.usable > start_.gpu->usable && !gpu.unified_memory) {
        cards.push_back(&gpu);
      }
    }
    std::stable_sort(cards.begin(), cards.end(),
                     [](const Gpu* a, const Gpu* b) { return a->memory_gb < b->memory_gb; });
    for (const Gpu* gpu : cards) {
      if (gpu->name.find("Laptop") != std::string::npos) continue;
      Config config = config_;
      config.gpu = {gpu->id};
      config.gpu_memory_mib.clear();
      const std::string count = start_.gpus == 1 ? "one " : CountText(start_.gpus) + " × ";
      if (start_.gpus > 1 && !config.gpus) config.gpus = start_.gpus;
      if (Offer({std::move(config), count + gpu->name, kDistanceCard})) return;
    }
  }

  // A mixture of experts on a card that cannot hold it: llama.cpp keeps the experts in RAM.
  void OfferExpertsInRam() {
    if (!start_.vllm() || !start_.has_experts) return;
    Config config;
    config.model = config_.model;
    config.inline_model = config_.inline_model;
    config.gpu = config_.gpu;
    config.gpus = config_.gpus;
    config.gpu_memory_mib = config_.gpu_memory_mib;
    config.engine = EngineKind::kLlamaCpp;
    config.max_model_len = start_.length;
    config.max_num_seqs = 1;
    config.format = Json("gguf-q4_k_m");
    OfferExperts(config, "llama.cpp with gguf-q4_k_m", kDistanceEngine);
  }

  const Config& config_;
  const Catalog& catalog_;
  const Start& start_;
  std::vector<WayOut> ways_;
};

Solution MakeSolution(Trial trial, std::string label, int64_t number) {
  return {std::move(trial.config), std::move(trial.report), std::move(label), number, ""};
}

std::optional<Solution> SolveLength(const Config& config, const Catalog& catalog, const Start& start) {
  auto longest = LargestLength(config, catalog, start.longest);
  if (!longest) return std::nullopt;
  return MakeSolution(std::move(longest->second), CountText(longest->first) + " tokens", longest->first);
}

std::optional<Solution> SolveSequences(const Config& config, const Catalog& catalog, const Start& start) {
  auto most = Largest(1, kMostSolvedSequences, [&](int64_t sequences) -> std::optional<Trial> {
    Config more = config;
    more.max_num_seqs = sequences;
    more.max_model_len = start.length;
    // Slots of llama.cpp share its context, so it grows with them.
    if (start.llama_cpp()) more.max_model_len = start.length * sequences;
    std::optional<Trial> trial = Try(std::move(more), catalog);
    if (!trial || start.llama_cpp()) return trial;
    if (trial->report.kv.max_concurrency < static_cast<double>(sequences)) return std::nullopt;
    return trial;
  });
  if (!most) return std::nullopt;
  std::string label =
      CountedText(most->first, "sequence", "sequences") + " of " + CountText(start.length) + " tokens";
  return MakeSolution(std::move(most->second), std::move(label), most->first);
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
  const Result<Resolved> resolved = Resolve(config, catalog);
  if (!resolved.ok()) return resolved.error();
  const Start start = StartOf(*resolved);
  std::optional<Solution> solution;
  switch (goal) {
    case SolveFor::kMaxModelLen:
      return SolveLength(config, catalog, start);
    case SolveFor::kMaxNumSeqs:
      return SolveSequences(config, catalog, start);
    case SolveFor::kGpus:
      if (auto fewest = FewestGpus(config, catalog, start.engine, 1, kMostSolvedGpus)) {
        const std::string label = GpusLabel(fewest->second.config, start);
        solution = MakeSolution(std::move(fewest->second), label, fewest->first);
      }
      return solution;
    case SolveFor::kFormat:
      if (auto best = BestFormat(config, catalog, start)) {
        solution = MakeSolution(std::move(best->second), best->first, 0);
        solution->format = best->first;
      }
      return solution;
  }
  return solution;
}

std::vector<WayOut> WaysOut(const Config& config, const Catalog& catalog, int most) {
  const Result<Resolved> resolved = Resolve(config, catalog);
  if (!resolved.ok() || most <= 0 || EstimateResolved(*resolved).fits()) return {};
  const Start start = StartOf(*resolved);
  return WayFinder(config, catalog, start).Find(most);
}

}  // namespace plimsoll
