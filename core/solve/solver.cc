#include "core/solve/solver.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/estimate/estimate.h"
#include "core/resolve/resolved.h"

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
  int64_t most_states = 0;  // what its recurrent states leave room for, where that is why it fails
  int64_t layers = 0;
  int64_t gpus = 1, tp = 1, pp = 1;
  bool invalid = false;  // it cannot start whatever the memory
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

Start StartOf(const Resolved& resolved, const Report& report) {
  Start start;
  start.invalid = report.verdict == Verdict::kInvalid;
  start.tp = resolved.tp;
  start.pp = resolved.pp;
  start.engine = resolved.engine;
  start.length = resolved.max_model_len;
  start.longest = std::max(resolved.architecture->max_positions, resolved.max_model_len);
  start.sequences = resolved.max_num_seqs;
  if (report.Has("more_sequences_than_states")) start.most_states = report.kv.num_blocks;
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
constexpr std::string_view kVllmFormats[] = {"bf16",  "fp16",      "fp8-block", "fp8",
                                             "int8",  "gptq-int8", "awq-int4",  "gptq-int4",
                                             "w4a16", "nvfp4",     "mxfp4",     "bnb-nf4"};
constexpr std::string_view kGgufFormats[] = {"gguf-q8_0",   "gguf-q6_k",   "gguf-q5_k_m",
                                             "gguf-q4_k_m", "gguf-iq4_xs", "gguf-q3_k_m",
                                             "gguf-q2_k",   "gguf-iq2_xs", "gguf-iq2_xxs"};

// Nobody makes these for oneself in passing: offered where a checkpoint is known. bitsandbytes quantises
// while it loads, but only what is stored in full.
bool NeedsPublication(const Start& start, std::string_view format) {
  if (format == "bnb-nf4") {
    const std::string_view native =
        start.model != nullptr ? std::string_view(start.model->native_format) : "";
    return !native.empty() && native != "bf16" && native != "fp16" && native != "fp32";
  }
  return format == "fp8-block" || format == "w4a16" || format == "nvfp4" || format == "mxfp4";
}

std::vector<std::string_view> FormatsOf(const Start& start) {
  if (start.llama_cpp()) return {std::begin(kGgufFormats), std::end(kGgufFormats)};
  return {std::begin(kVllmFormats), std::end(kVllmFormats)};
}

double BitsPerWeight(const Config& config, const Catalog& catalog) {
  const Result<Resolved> resolved = Resolve(config, catalog);
  return resolved.ok() ? resolved->stored.bits_per_weight : 0;
}

// Whether this model is known to be published in the format.
bool IsPublished(const Start& start, std::string_view format, const Catalog& catalog) {
  if (!start.model) return false;
  if (start.model->native_format == format) return true;
  const BoundFormat* bound = catalog.Bind(*start.model, format);
  return bound && bound->checkpoint;
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
  for (std::string_view id : ids) {
    const bool published = IsPublished(start, id, catalog);
    if (published || !NeedsPublication(start, id))
      consider(WithFormat(config, id), std::string(id), published);
  }
  return best;
}

std::string GpusLabel(const Config& config, const Start& start) {
  const int64_t count = config.gpus.value_or(1) * config.nodes.value_or(1);
  std::string label = CountText(count) + " × " + start.gpu->name;
  if (config.tp) label += " (tp " + CountText(*config.tp) + " × pp " + CountText(config.pp.value_or(1)) + ")";
  return label;
}

// ---- ways out ----------------------------------------------------------------------------------------

// How far a change leads from what was asked for. The order is the one in which people give ground: a switch,
// less room, other weights, more hardware, slower memory, another card, another engine.
constexpr double kDistanceStates = 0.5;
constexpr double kDistanceUtilization = 0.8;
constexpr double kDistanceLength = 1.0;  // and half as much again for each halving
constexpr double kDistanceFewer = 1.4;
constexpr double kDistanceNoDraft = 1.5;
constexpr double kDistanceKv = 2.0;
constexpr double kDistanceSmallestKv = 3.2;
constexpr double kDistanceSequences = 2.5;
constexpr double kDistanceEager = 3.0;
constexpr double kDistanceLayout = 3.5;
constexpr double kDistanceFormat = 4.0;  // and a quarter for each bit given up
constexpr double kDistanceGpus = 6.0;    // and one for each doubling
constexpr double kDistanceHost = 8.0;
constexpr double kDistanceCard = 9.0;
constexpr double kDistanceEngine = 10.0;
constexpr double kDistanceTight = 0.3;

struct Change {
  Config config;
  std::string label;
  double distance = 0;
};

std::string Joined(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + ", " + b;
}

// A small thing to give up, put on top of any larger change.
struct Lever {
  void (*pull)(Config*) = nullptr;
  const char* label = "";
  double distance = 0;
};

std::vector<Lever> VllmLevers(const Config& config, const Start& start, bool wide) {
  std::vector<Lever> levers;
  if (start.utilization > 0 && start.utilization < 0.95 && !config.kv_cache_memory_bytes) {
    levers.push_back(
        {[](Config* c) { c->gpu_memory_utilization = 0.95; }, "95 % of the card", kDistanceUtilization});
  }
  if (wide) {
    levers.push_back({[](Config* c) {
                        c->kv_cache_dtype = KvTypes{KvType::kFp8, KvType::kFp8};
                      },
                      "fp8 KV cache", kDistanceKv});
  }
  if (!start.eager) {
    levers.push_back({[](Config* c) { c->enforce_eager = true; }, "no CUDA graphs", kDistanceEager});
  }
  return levers;
}

std::vector<Lever> LlamaCppLevers(const Start& start, bool wide) {
  std::vector<Lever> levers;
  if (wide) {
    levers.push_back({[](Config* c) {
                        c->kv_cache_dtype = KvTypes{KvType::kQ8_0, KvType::kQ8_0};
                      },
                      "q8_0 KV cache", kDistanceKv});
  }
  if (wide || start.kv.k == KvType::kQ8_0) {
    levers.push_back({[](Config* c) {
                        c->kv_cache_dtype = KvTypes{KvType::kQ4_0, KvType::kQ4_0};
                      },
                      "q4_0 KV cache", kDistanceSmallestKv});
  }
  return levers;
}

std::vector<Lever> LeversOf(const Config& config, const Start& start) {
  const KvType k = start.kv.k;
  const bool wide = k == KvType::kFp16 || k == KvType::kBf16 || k == KvType::kFp32;
  std::vector<Lever> levers;
  if (start.vllm()) levers = VllmLevers(config, start, wide);
  if (start.llama_cpp()) levers = LlamaCppLevers(start, wide);
  // The sampler's scratch of a thousand sequences is often what a large card lacks.
  if (start.vllm() && start.sequences > 256) {
    levers.push_back({[](Config* c) { c->max_num_seqs = 256; }, "256 sequences at once", kDistanceFewer});
  }
  if (start.sequences > 16) {
    levers.push_back({[](Config* c) { c->max_num_seqs = 16; }, "16 sequences at once", kDistanceSequences});
  } else if (start.sequences > 1) {
    levers.push_back({[](Config* c) { c->max_num_seqs = 1; }, "one sequence at a time", kDistanceSequences});
  }
  return levers;
}

// Levers pulled together, the least that is given up first; none comes first of all. Two at once are a
// suggestion, three would be a puzzle.
std::vector<Change> Squeezes(const std::vector<Lever>& levers) {
  std::vector<Change> squeezes(1);
  for (size_t i = 0; i < levers.size(); ++i) {
    Change one{{}, levers[i].label, levers[i].distance};
    levers[i].pull(&one.config);
    for (size_t j = i + 1; j < levers.size(); ++j) {
      Change two{one.config, Joined(one.label, levers[j].label), one.distance + levers[j].distance};
      levers[j].pull(&two.config);
      squeezes.push_back(std::move(two));
    }
    squeezes.push_back(std::move(one));
  }
  std::stable_sort(squeezes.begin(), squeezes.end(),
                   [](const Change& a, const Change& b) { return a.distance < b.distance; });
  return squeezes;
}

void TakeLevers(const Config& levers, Config* config) {
  if (levers.gpu_memory_utilization) config->gpu_memory_utilization = levers.gpu_memory_utilization;
  if (levers.kv_cache_dtype) config->kv_cache_dtype = levers.kv_cache_dtype;
  if (levers.enforce_eager) config->enforce_eager = levers.enforce_eager;
  if (levers.max_num_seqs) config->max_num_seqs = levers.max_num_seqs;
}

// A pattern for the numbers below `end`: 23 gives "[0-9]|1[0-9]|2[0-2]".
std::string NumbersBelow(int64_t end) {
  std::string pattern;
  for (int64_t ten = 0; ten * 10 < end; ++ten) {
    const int64_t last = std::min<int64_t>(end - ten * 10, 10) - 1;
    if (ten > 0) pattern += "|" + std::to_string(ten);
    pattern += last == 0 ? std::string("0") : "[0-" + std::to_string(last) + "]";
  }
  return pattern;
}

class WayFinder {
 public:
  WayFinder(const Config& config, const Catalog& catalog, const Start& start)
      : config_(config), catalog_(catalog), start_(start), squeezes_(Squeezes(LeversOf(config, start))) {}

  std::vector<WayOut> Find(int most) {
    TryFewerStates();
    Squeeze({config_, "", 0});
    TryWithoutDraft();
    TryLayouts();
    TryFormats();
    TryMoreGpus();
    TryHostMemory();
    TryOtherCard();
    TryLlamaCpp();
    std::stable_sort(ways_.begin(), ways_.end(),
                     [](const WayOut& a, const WayOut& b) { return a.distance < b.distance; });
    if (static_cast<int>(ways_.size()) > most) ways_.resize(static_cast<size_t>(most));
    return std::move(ways_);
  }

 private:
  // Nothing but the number of sequences stands in the way. A little below the limit, which rests on an
  // estimate.
  void TryFewerStates() {
    if (start_.most_states <= 0) return;
    int64_t sequences = start_.most_states;
    if (sequences > 16) sequences = sequences / 8 * 8 - 8;
    Config config = config_;
    config.max_num_seqs = std::max<int64_t>(sequences, 1);
    Offer({std::move(config), CountedText(sequences, "sequence", "sequences") + " at once", kDistanceStates});
  }

  void Add(const Change& change, const Report& report) {
    const double tight = report.verdict == Verdict::kTight ? kDistanceTight : 0;
    ways_.push_back({change.config, change.label, report.verdict, change.distance + tight});
  }

  bool Offer(const Change& change) {
    const std::optional<Trial> trial = Try(change.config, catalog_);
    if (trial) Add(change, trial->report);
    return trial.has_value();
  }

  // What a larger change needs on top, if anything: the least that makes it fit at the length asked for, and
  // the least that makes it fit at a shorter one where that gives up less. False when nothing does.
  bool Squeeze(const Change& base) {
    std::optional<Change> whole, shorter;
    for (const Change& squeeze : squeezes_) {
      if (whole && (shorter || whole->distance <= base.distance + squeeze.distance + kDistanceLength)) break;
      Change change{base.config, Joined(base.label, squeeze.label), base.distance + squeeze.distance};
      TakeLevers(squeeze.config, &change.config);
      const Result<Report> report = Estimate(change.config, catalog_);
      if (!report.ok() || report->verdict == Verdict::kInvalid) continue;
      if (!report->fits()) {
        if (!shorter) shorter = Shortened(change, report->kv.max_model_len_that_fits);
      } else if (!whole) {
        whole = std::move(change);
      }
    }
    if (shorter && whole && shorter->distance >= whole->distance) shorter.reset();
    if (shorter) Offer(*shorter);
    if (whole) Offer(*whole);
    return whole || shorter;
  }

  // The change with as much context as the estimate says has room, in whole thousands of tokens, if that is
  // worth having and holds.
  std::optional<Change> Shortened(const Change& change, int64_t longest) const {
    const int64_t tokens = std::min(longest, start_.length - 1) / 1024 * 1024;
    if (tokens < kShortestOffered) return std::nullopt;
    const double halvings = std::log2(static_cast<double>(start_.length) / static_cast<double>(tokens));
    Change shorter{WithLength(change.config, tokens), Joined(change.label, ContextText(tokens) + " context"),
                   change.distance + kDistanceLength + 0.5 * halvings};
    if (!Try(shorter.config, catalog_)) return std::nullopt;
    return shorter;
  }

  void TryWithoutDraft() {
    if (!config_.speculative) return;
    Config config = config_;
    config.speculative.reset();
    Squeeze({std::move(config), "no speculative decoding", kDistanceNoDraft});
  }

  // The same cards cut another way.
  void TryLayouts() {
    if (!start_.vllm() || start_.gpus == 1) return;
    for (int64_t pp = 1; pp <= start_.gpus; ++pp) {
      if (start_.gpus % pp != 0) continue;
      const int64_t tp = start_.gpus / pp;
      if (tp == start_.tp && pp == start_.pp) continue;
      Config config = config_;
      config.tp = tp;
      config.pp = pp;
      config.dp.reset();
      const std::string label = "tp " + CountText(tp) + " × pp " + CountText(pp);
      if (Squeeze({std::move(config), label, kDistanceLayout})) return;
    }
  }

  void TryFormats() {
    constexpr int kMostFormats = 2;
    int offered = 0;
    for (std::string_view id : FormatsOf(start_)) {
      if (offered == kMostFormats) return;
      const bool published = IsPublished(start_, id, catalog_);
      if (NeedsPublication(start_, id) && !published) continue;
      Config config = WithFormat(config_, id);
      const double saved = start_.bits_per_weight - BitsPerWeight(config, catalog_);
      // Sixteen bits of the other kind help a card that lacks one of them.
      if (saved < (start_.invalid ? -0.01 : 0.2)) continue;
      const double distance = kDistanceFormat + 0.25 * saved - (published ? 0.3 : 0);
      if (Squeeze({std::move(config), std::string(id) + " weights", distance})) ++offered;
    }
  }

  // More cards of the kind: the fewest on which something fits, and the fewest on which all of it does with
  // plain tensor parallelism.
  void TryMoreGpus() {
    if (!start_.vllm() && !start_.llama_cpp()) return;
    bool any = false;
    for (int64_t count = start_.gpus + 1; count <= 64; ++count) {
      if (count > 8 && count % 8 != 0) continue;
      const double ratio = static_cast<double>(count) / static_cast<double>(start_.gpus);
      const double distance = kDistanceGpus + std::log2(ratio);
      const int64_t per_node = std::min<int64_t>(count, 8);
      const Config plain = WithGpus(config_, count, per_node, count / per_node);
      if (Offer({plain, GpusLabel(plain, start_), distance})) return;
      if (any) continue;
      any = TryStages(count, distance) || Squeeze({plain, GpusLabel(plain, start_), distance});
    }
  }

  // vLLM: `count` cards as pipeline stages, where they cannot all work on one layer.
  bool TryStages(int64_t count, double distance) {
    if (!start_.vllm()) return false;
    for (int64_t pp = 2; pp <= count; ++pp) {
      if (count % pp != 0 || count / pp > 8) continue;
      const Config config = WithGpus(config_, count, count / pp, pp);
      if (Offer({config, GpusLabel(config, start_), distance})) return true;
    }
    return false;
  }

  void TryHostMemory() {
    if (start_.llama_cpp()) {
      OfferExpertsInRam({config_, "", kDistanceHost});
      OfferMatricesInRam({config_, "", kDistanceHost + 0.3});
      OfferLayersInRam({config_, "", kDistanceHost + 0.5});
    }
    if (!start_.vllm()) return;
    // Whole GiB of weights in RAM, the least that suffices.
    const auto least = Largest(-512, -1, [&](int64_t negative) {
      Config config = config_;
      config.cpu_offload_gb = static_cast<double>(-negative);
      return Try(std::move(config), catalog_);
    });
    if (!least) return;
    Add({least->second.config, CountText(-least->first) + " GiB of weights in RAM per GPU",
         kDistanceHost + 0.3 * std::log2(static_cast<double>(1 - least->first))},
        least->second.report);
  }

  // llama.cpp: the fewest layers whose experts must stay in RAM.
  bool OfferExpertsInRam(const Change& base) {
    if (!start_.has_experts) return false;
    const auto fewest = Largest(-start_.layers, -1, [&](int64_t negative) {
      Config config = base.config;
      config.n_cpu_moe = -negative;
      return Try(std::move(config), catalog_);
    });
    if (!fewest) return false;
    const std::string layers = CountText(-fewest->first) + " of " + CountText(start_.layers);
    Add({fewest->second.config, Joined(base.label, "experts of " + layers + " layers in RAM"), base.distance},
        fewest->second.report);
    return true;
  }

  // llama.cpp: the MLPs of the fewest first layers in RAM (-ot); attention and cache stay on the card.
  bool OfferMatricesInRam(const Change& base) {
    if (start_.has_experts || !base.config.override_tensor.empty()) return false;
    const auto fewest = Largest(-start_.layers, -1, [&](int64_t negative) {
      Config config = base.config;
      config.override_tensor = "blk\\.(" + NumbersBelow(-negative) + ")\\.ffn_(up|gate|down)\\.=CPU";
      return Try(std::move(config), catalog_);
    });
    if (!fewest) return false;
    const std::string layers = CountText(-fewest->first) + " of " + CountText(start_.layers);
    Add({fewest->second.config, Joined(base.label, "MLPs of " + layers + " layers in RAM"), base.distance},
        fewest->second.report);
    return true;
  }

  // llama.cpp: as many layers on the GPU as fit.
  bool OfferLayersInRam(const Change& base) {
    const auto most = Largest(1, start_.layers, [&](int64_t layers) {
      Config config = base.config;
      config.n_gpu_layers = layers;
      return Try(std::move(config), catalog_);
    });
    if (!most) return false;
    const std::string layers = CountText(most->first) + " of " + CountText(start_.layers);
    Add({most->second.config, Joined(base.label, layers + " layers on the GPU"), base.distance},
        most->second.report);
    return true;
  }

  // The smallest board of the same maker on which it fits as it is.
  void TryOtherCard() {
    std::vector<const Gpu*> cards;
    for (const Gpu& gpu : catalog_.gpus()) {
      const bool larger = gpu.usable > start_.gpu->usable || start_.invalid;
      const bool laptop = gpu.name.find("Laptop") != std::string::npos;
      if (gpu.vendor == start_.gpu->vendor && larger && !laptop && &gpu != start_.gpu &&
          gpu.unified_memory == start_.gpu->unified_memory) {
        cards.push_back(&gpu);
      }
    }
    std::stable_sort(cards.begin(), cards.end(),
                     [](const Gpu* a, const Gpu* b) { return a->memory_gb < b->memory_gb; });
    for (const Gpu* gpu : cards) {
      Config config = config_;
      config.gpu = {gpu->id};
      config.gpu_memory_mib.clear();
      if (start_.gpus > 1 && !config.gpus) config.gpus = start_.gpus;
      const std::string count = start_.gpus == 1 ? "one " : CountText(start_.gpus) + " × ";
      if (Offer({std::move(config), count + gpu->name, kDistanceCard})) return;
    }
  }

  // What vLLM cannot hold llama.cpp may: a 4-bit file, with experts or layers in RAM where it must be.
  void TryLlamaCpp() {
    if (!start_.vllm()) return;
    Config config;
    config.model = config_.model;
    config.inline_model = config_.inline_model;
    config.gpu = config_.gpu;
    config.gpus = config_.gpus;
    config.gpu_memory_mib = config_.gpu_memory_mib;
    config.prompt_tokens = config_.prompt_tokens;
    config.output_tokens = config_.output_tokens;
    config.engine = EngineKind::kLlamaCpp;
    config.max_model_len = start_.length;
    config.max_num_seqs = 1;
    const bool mxfp4 = start_.model != nullptr && start_.model->native_format == "mxfp4";
    const std::string format = mxfp4 ? "gguf-mxfp4_moe" : "gguf-q4_k_m";
    config.format = Json(format);
    const Change base{std::move(config), "llama.cpp, " + format, kDistanceEngine};
    if (Offer(base) || OfferExpertsInRam(base)) return;
    OfferLayersInRam(base);
  }

  const Config& config_;
  const Catalog& catalog_;
  const Start& start_;
  const std::vector<Change> squeezes_;
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
  const Start start = StartOf(*resolved, EstimateResolved(*resolved));
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
  if (!resolved.ok() || most <= 0) return {};
  const Report report = EstimateResolved(*resolved);
  if (report.fits()) return {};
  const Start start = StartOf(*resolved, report);
  return WayFinder(config, catalog, start).Find(most);
}

}  // namespace plimsoll
