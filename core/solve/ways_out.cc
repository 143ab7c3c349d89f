#include "core/solve/ways_out.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/text.h"
#include "core/catalog/rent_prices.h"
#include "core/engines/levers.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/variation.h"

namespace plimsoll {
namespace {

// A context shorter than this is not offered as a way out.
constexpr int64_t kShortestOffered = 1024;

struct Change {
  Config config;
  std::string label;
  double distance = 0;
};

std::string Joined(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + ", " + b;
}

std::vector<Lever> LeversOf(const LeverStart& from, const Start& start) {
  std::vector<Lever> levers = start.engine->Levers(from);
  if (start.sequences > 16) {
    levers.push_back({[](Config* c) { c->max_num_seqs = 16; }, "16 sequences at once", kDistanceSequences});
  } else if (start.sequences > 1) {
    levers.push_back({[](Config* c) { c->max_num_seqs = 1; }, "one sequence at a time", kDistanceSequences});
  }
  return levers;
}

LeverStart LeverStartOf(const Config& config, const Start& start) {
  LeverStart from;
  from.config = &config;
  from.kv = start.kv;
  from.wide_cache = start.kv.k == KvType::kFp16 || start.kv.k == KvType::kBf16 || start.kv.k == KvType::kFp32;
  from.utilization = start.utilization;
  from.eager = start.eager;
  from.sequences = start.sequences;
  from.layers = start.layers;
  from.has_experts = start.has_experts;
  return from;
}

// Levers pulled together.
struct Pulled {
  std::vector<void (*)(Config*)> pulls;
  std::string label;
  double distance = 0;
};

// The least that is given up first; none comes first of all. Two at once are a suggestion, three would be a
// puzzle.
std::vector<Pulled> Squeezes(const std::vector<Lever>& levers) {
  std::vector<Pulled> squeezes(1);
  for (size_t i = 0; i < levers.size(); ++i) {
    Pulled one{{levers[i].pull}, levers[i].label, levers[i].distance};
    for (size_t j = i + 1; j < levers.size(); ++j) {
      squeezes.push_back({{levers[i].pull, levers[j].pull},
                          Joined(one.label, levers[j].label),
                          one.distance + levers[j].distance});
    }
    squeezes.push_back(std::move(one));
  }
  std::stable_sort(squeezes.begin(), squeezes.end(),
                   [](const Pulled& a, const Pulled& b) { return a.distance < b.distance; });
  return squeezes;
}

class WayFinder {
 public:
  WayFinder(const Config& config, const Catalog& catalog, Inquiry* inquiry, const Start& start)
      : config_(config),
        catalog_(catalog),
        inquiry_(*inquiry),
        start_(start),
        from_(LeverStartOf(config, start)),
        squeezes_(Squeezes(LeversOf(from_, start))) {}

  std::vector<WayOut> Find(int most) {
    TryFewerStates();
    Squeeze({config_, "", 0});
    TryWithoutDraft();
    TryLayouts();
    TryFormats();
    TryMoreGpus();
    for (const HostLever& lever : start_.engine->HostLevers(from_)) OfferHost({config_, "", 0}, lever);
    TryOtherCard();
    TryGguf();
    Rank();
    if (static_cast<int>(ways_.size()) > most) ways_.resize(static_cast<size_t>(most));
    return std::move(ways_);
  }

  WayOut WayOf(const Change& change, const Report& report) const {
    const double tight = report.verdict == Verdict::kTight ? kDistanceTight : 0;
    WayOut way;
    way.config = change.config;
    way.label = change.label;
    way.verdict = report.verdict;
    way.distance = change.distance + tight;
    way.tokens_per_s = report.speed.decode_tokens_per_s;
    way.usd_per_h = PriceOf(change.config);
    way.rank = way.distance;
    return way;
  }

 private:
  double PriceOf(const Config& config) const {
    const Gpu* gpu = config.gpu.empty() ? start_.gpu : catalog_.FindGpu(config.gpu.front());
    const int64_t ranks = config.tp.value_or(1) * config.pp.value_or(1) * config.dp.value_or(1);
    const int64_t named = std::max<int64_t>(1, static_cast<int64_t>(config.gpu.size()));
    const int64_t cards = std::max({config.gpus.value_or(1) * config.nodes.value_or(1), ranks, named});
    return gpu == nullptr ? 0 : RentOf(*gpu, {}) * static_cast<double>(cards);
  }

  void Rank() {
    const double base = PriceOf(config_);
    double quickest = 0;
    for (const WayOut& way : ways_) quickest = std::max(quickest, way.tokens_per_s);
    for (WayOut& way : ways_) {
      way.rank = way.distance;
      if (base > 0 && way.usd_per_h > base) way.rank += 0.5 * std::log2(way.usd_per_h / base);
      if (way.tokens_per_s > 0) way.rank += 0.5 * std::log2(quickest / way.tokens_per_s);
    }
    std::stable_sort(ways_.begin(), ways_.end(),
                     [](const WayOut& a, const WayOut& b) { return a.rank < b.rank; });
  }

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

  // Nothing more is tried when the work of the whole answer is done: what was found stands.
  std::optional<Trial> Attempt(Config config) const {
    if (inquiry_.planned().over()) return std::nullopt;
    return Try(std::move(config), catalog_, &inquiry_);
  }

  void Add(const Change& change, const Report& report) { ways_.push_back(WayOf(change, report)); }

  bool Offer(const Change& change) {
    const std::optional<Trial> trial = Attempt(change.config);
    if (trial) Add(change, trial->report);
    return trial.has_value();
  }

  // The change with the largest cache in RAM that has room there, where nothing else is short. Not on top of another
  // change where it is what was asked for that is too large.
  std::optional<Change> WithLessInRam(const Change& change, const Report& report) const {
    const bool by_itself = start_.ram_short && change.distance > 0;
    if (by_itself || !report.Has("ram_short") || report.host.kv_cache <= Bytes(0)) return std::nullopt;
    const Result<Resolved> resolved = Settle(change.config, catalog_, &inquiry_);
    if (!resolved.ok()) return std::nullopt;
    const RamCacheOption option = start_.engine->CacheInRam(*resolved);
    if (option.name.empty() || !(option.gib > 0)) return std::nullopt;
    const auto asked = static_cast<int64_t>(report.host.kv_cache.gib() / option.gib);
    const auto most = Largest(0, asked, [&](int64_t number) {
      return Attempt(WithRamCache(change.config, option.gib * static_cast<double>(number)));
    });
    if (!most) return std::nullopt;
    const std::string size = most->first == 0
                                 ? "no cache in RAM"
                                 : "a cache in RAM of " + CountText(most->first) + " " +
                                       std::string(option.unit) + " (" + std::string(option.name) + ")";
    return Change{most->second.config, Joined(change.label, size), change.distance + kDistanceRamCache};
  }

  // What a larger change needs on top, if anything: the least that makes it fit at the length asked for, and
  // the least that makes it fit at a shorter one where that gives up less. False when nothing does.
  bool Squeeze(const Change& base) {
    std::optional<Change> whole, shorter;
    for (const Pulled& squeeze : squeezes_) {
      if (whole && (shorter || whole->distance <= base.distance + squeeze.distance + kDistanceLength)) break;
      Change change{base.config, Joined(base.label, squeeze.label), base.distance + squeeze.distance};
      for (void (*pull)(Config*) : squeeze.pulls) pull(&change.config);
      if (inquiry_.planned().over()) break;
      const Result<Report> report = Estimate(change.config, catalog_, &inquiry_);
      if (!report.ok() || report->verdict == Verdict::kInvalid) continue;
      if (!report->fits()) {
        if (!whole) whole = WithLessInRam(change, *report);
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
    if (!Attempt(shorter.config)) return std::nullopt;
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
    if (!start_.has_degrees() || !start_.traits().budget_modelled || start_.gpus == 1) return;
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
    for (std::string_view id : start_.engine->Formats()) {
      if (offered == kMostFormats) return;
      const bool published = IsPublished(start_, id, catalog_);
      if (NeedsPublication(start_, id) && !published) continue;
      Config config = WithFormat(config_, id);
      const double saved = start_.bits_per_weight - BitsStored(config, catalog_, &inquiry_);
      // A format has to save bits, unless the configuration is invalid: then fp16 instead of bf16 can be the
      // way out on a card without bf16, although it saves none.
      if (saved < (start_.invalid ? -0.01 : 0.2)) continue;
      const double distance = kDistanceFormat + 0.25 * saved - (published ? 0.3 : 0);
      if (Squeeze({std::move(config), std::string(id) + " weights", distance})) ++offered;
    }
  }

  // More cards of the kind: the fewest on which something fits, and the fewest on which all of it does with
  // plain tensor parallelism.
  void TryMoreGpus() {
    if (!start_.traits().budget_modelled) return;
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

  // `count` cards as pipeline stages, where they cannot all work on one layer.
  bool TryStages(int64_t count, double distance) {
    if (!start_.has_degrees()) return false;
    for (int64_t pp = 2; pp <= count; ++pp) {
      if (count % pp != 0 || count / pp > 8) continue;
      const Config config = WithGpus(config_, count, count / pp, pp);
      if (Offer({config, GpusLabel(config, start_), distance})) return true;
    }
    return false;
  }

  // Whether so much of it in RAM is more than RAM has, where the cards have room.
  bool IsRamShort(const Change& base, const HostLever& lever, int64_t number) const {
    if (inquiry_.planned().over()) return false;
    Config config = base.config;
    lever.pull(&config, number, start_.layers);
    const Result<Report> report = Estimate(config, catalog_, &inquiry_);
    return report.ok() && report->Has("ram_short");
  }

  // The least of it in RAM that suffices, on top of `base`.
  bool OfferHost(const Change& base, const HostLever& lever) {
    const auto attempt = [&](int64_t negative) {
      Config config = base.config;
      lever.pull(&config, -negative, start_.layers);
      // As evenly on the cards as it goes: what one has no room for, another may have.
      for (int way = 0; lever.divide != nullptr && way < lever.ways; ++way) {
        Config divided = config;
        if (!lever.divide(&divided, -negative, start_.layers, way)) break;
        if (auto trial = Attempt(std::move(divided))) return trial;
      }
      return Attempt(std::move(config));
    };
    auto least = Largest(-lever.most, -lever.least, attempt);
    // All of it may be more than RAM has: then up to what is not.
    if (!least && IsRamShort(base, lever, lever.most)) {
      int64_t has = lever.least - 1, short_of = lever.most;
      while (short_of - has > 1) {
        const int64_t middle = has + (short_of - has) / 2;
        (IsRamShort(base, lever, middle) ? short_of : has) = middle;
      }
      least = Largest(-has, -lever.least, attempt);
    }
    if (!least) return false;
    const int64_t number = -least->first;
    const double distance = base.distance > 0 ? base.distance : lever.distance;
    Add({least->second.config, Joined(base.label, lever.label(number, start_.layers)),
         distance + lever.per_doubling * std::log2(static_cast<double>(1 + number))},
        least->second.report);
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

  // What an engine that wants everything on the cards cannot hold, one that reads GGUF may: a 4-bit file,
  // with experts or layers in RAM where it must be.
  void TryGguf() {
    const Engine& other = GgufEngine();
    if (!start_.traits().budget_modelled || start_.engine == &other) return;
    Config config;
    config.model = config_.model;
    config.inline_model = config_.inline_model;
    config.gpu = config_.gpu;
    config.gpus = start_.gpus > 1 ? std::optional<int64_t>(start_.gpus) : config_.gpus;
    config.gpu_memory_mib = config_.gpu_memory_mib;
    config.prompt_tokens = config_.prompt_tokens;
    config.output_tokens = config_.output_tokens;
    config.engine = other.traits().id;
    config.rope_scaling = config_.rope_scaling;
    config.max_model_len = start_.length;
    config.max_num_seqs = 1;
    const std::string format(other.UsualFormat(start_.model));
    config.format = Json(format);
    LeverStart from = from_;
    const Change base{std::move(config), std::string(other.traits().name) + ", " + format, kDistanceEngine};
    from.config = &base.config;
    if (Offer(base)) return;
    const std::vector<HostLever> levers = other.HostLevers(from);
    if (start_.has_experts && !levers.empty() && OfferHost(base, levers.front())) return;
    if (!levers.empty()) OfferHost(base, levers.back());
  }

  const Config& config_;
  const Catalog& catalog_;
  Inquiry& inquiry_;
  const Start& start_;
  const LeverStart from_;
  const std::vector<Pulled> squeezes_;
  std::vector<WayOut> ways_;
};

}  // namespace

std::string WayOutFigures(const WayOut& way) {
  std::string text;
  if (way.tokens_per_s > 0) text = DecimalText(way.tokens_per_s, way.tokens_per_s < 9.95 ? 1 : 0) + " tok/s";
  if (way.usd_per_h > 0) text += (text.empty() ? "$" : ", $") + DecimalText(way.usd_per_h, 2) + "/h";
  return text;
}

namespace {

// A change that has to be made before anything else is asked: alone where it fits, else with what else it takes.
std::vector<WayOut> WaysAfter(const Change& change, const Catalog& catalog, int most, Inquiry* inquiry) {
  const Result<Resolved> resolved = Settle(change.config, catalog, inquiry);
  if (!resolved.ok()) return {};
  const Report report = EstimateResolved(*resolved);
  if (report.Has("context_beyond_model")) return {};
  const Start start = StartOf(*resolved, report);
  WayFinder finder(change.config, catalog, inquiry, start);
  if (report.fits()) return {finder.WayOf(change, report)};
  std::vector<WayOut> ways = finder.Find(most);
  for (WayOut& way : ways) {
    // A length that is cut further is said once.
    const bool cut = way.config.max_model_len != change.config.max_model_len;
    if (!cut || !way.config.rope_scaling.empty()) way.label = Joined(change.label, way.label);
    way.distance += change.distance;
    way.rank += change.distance;
  }
  return ways;
}

// For a context that the model does not know: its own length, or its positions stretched by a power of two where nothing
// stretches them already.
std::vector<WayOut> WaysForLength(const Config& config, const Resolved& resolved, const Catalog& catalog,
                                  int most, Inquiry* inquiry) {
  constexpr double kDistanceStretched = 0.7;
  const int64_t own = resolved.rope.scaled;
  const double halvings = std::log2(static_cast<double>(resolved.max_model_len) / static_cast<double>(own));
  const Change shorter = {WithLength(config, own), ContextText(own) + " context, the model's own",
                          kDistanceLength + 0.5 * halvings};
  std::vector<WayOut> ways = WaysAfter(shorter, catalog, most, inquiry);
  const Architecture& architecture = *resolved.architecture;
  const bool stretched =
      !config.rope_scaling.empty() || own != architecture.max_positions || architecture.rope_factors;
  if (!stretched && architecture.rope_table_elements > 0) {
    const auto factor = static_cast<int64_t>(std::exp2(std::ceil(halvings - 1e-9)));
    Change longer = {config, "YaRN × " + CountText(factor), kDistanceStretched};
    longer.config.rope_scaling = "yarn:" + std::to_string(factor);
    for (WayOut& way : WaysAfter(longer, catalog, most, inquiry)) {
      if (way.config.max_model_len.value_or(0) > own) ways.push_back(std::move(way));
    }
  }
  std::stable_sort(ways.begin(), ways.end(),
                   [](const WayOut& a, const WayOut& b) { return a.rank < b.rank; });
  if (static_cast<int>(ways.size()) > most) ways.resize(static_cast<size_t>(most));
  return ways;
}

}  // namespace

std::vector<WayOut> WaysOut(const Config& config, const Catalog& catalog, int most, Inquiry* inquiry) {
  Inquiry own;
  if (inquiry == nullptr) inquiry = &own;
  const Result<Resolved> resolved = Settle(config, catalog, inquiry);
  if (!resolved.ok() || most <= 0) return {};
  const Report report = EstimateResolved(*resolved);
  if (report.fits()) return {};
  if (report.verdict == Verdict::kInvalid && report.Has("context_beyond_model") && resolved->rope.scaled > 0)
    return WaysForLength(config, *resolved, catalog, most, inquiry);
  const Start start = StartOf(*resolved, report);
  return WayFinder(config, catalog, inquiry, start).Find(most);
}

}  // namespace plimsoll
