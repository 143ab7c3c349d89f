#include "core/solve/find.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/catalog/model_names.h"
#include "core/config/config_codec.h"
#include "core/config/config_keys.h"
#include "core/engines/registry.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/variation.h"

namespace plimsoll {
namespace {

constexpr int64_t kNodeCards = 8;
constexpr int64_t kMostReplicas = 4096;
constexpr int64_t kDefaultCounts[] = {1, 2, 4, 8, 16};

// One instance: a configuration with its estimate, as somebody would start it.
struct Instance {
  Config config;
  int64_t users = 0;      // that it holds at once at the length wished for
  int64_t sequences = 0;  // that the engine runs at once at most
  SpeedReport speed;      // with them
  double bits_per_weight = 0;
  int64_t longest = 0;
  double room = 0;
  Bytes weights;
  Verdict verdict = Verdict::kFits;
};

// The configuration as it is, if it starts and has room for `users` sequences of its length at once.
std::optional<Instance> Hold(Config config, int64_t users, const Catalog& catalog, Inquiry* inquiry) {
  const Result<Resolved> resolved = Settle(config, catalog, inquiry);
  if (!resolved.ok()) return std::nullopt;
  const Report report = EstimateResolved(*resolved);
  if (!report.fits()) return std::nullopt;
  // An engine that moves layers to RAM by itself runs on any card; that is not what is looked for.
  const bool spilled = report.layers_on_cards < report.layers && !config.n_gpu_layers && !resolved->ram_alone;
  if (spilled) return std::nullopt;
  const bool slots = resolved->engine->shares_context;
  if (!slots && report.kv.per_token > Bytes(0) && report.kv.max_concurrency < static_cast<double>(users)) {
    return std::nullopt;
  }
  Instance instance;
  instance.config = std::move(config);
  instance.users = users;
  instance.sequences = resolved->max_num_seqs;
  instance.speed = report.speed;
  instance.bits_per_weight = resolved->stored.bits_per_weight;
  instance.weights = resolved->stored.checkpoint;
  instance.longest = report.kv.max_model_len_that_fits;
  const bool pool = !slots && report.kv.per_token > Bytes(0);
  instance.room = pool ? report.kv.max_concurrency : static_cast<double>(users);
  instance.verdict = report.verdict;
  return instance;
}

// The configuration for `users` sequences of `length` at once, if it has room for them. The engine's own limit on sequences
// stays where it leaves room, so that more users than were asked for are served, too.
std::optional<Instance> Serve(Config config, int64_t length, int64_t users, const Catalog& catalog,
                              Inquiry* inquiry) {
  const Engine* engine = FindEngine(config.engine);
  if (engine == nullptr) return std::nullopt;
  const bool slots = engine->traits().shares_context;
  config.max_model_len = slots ? length * users : length;
  config.concurrency = users;
  // A request that fills what is wished for: a quarter of it is the answer, as far as nothing else is said.
  if (!config.prompt_tokens && !config.output_tokens && length < 1280) {
    config.output_tokens = std::max<int64_t>(1, length / 4);
    config.prompt_tokens = std::max<int64_t>(1, length - *config.output_tokens);
  }
  if (!slots && config.max_num_seqs.value_or(0) <= 0) {
    std::optional<Instance> instance = Hold(config, users, catalog, inquiry);
    if (users <= 1 || (instance && instance->sequences >= users)) return instance;
  }
  config.max_num_seqs = std::max(users, slots ? 1 : config.max_num_seqs.value_or(1));
  return Hold(std::move(config), users, catalog, inquiry);
}

// The largest number in [low, high] for which `holds`, given that it holds below whatever it holds at.
template <typename Holds>
int64_t LargestThatHolds(int64_t low, int64_t high, Holds holds) {
  if (high < low || !holds(low)) return low - 1;
  if (holds(high)) return high;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

bool IsGguf(std::string_view format) { return format.rfind("gguf-", 0) == 0; }

bool FastEnough(const Instance& instance, const Wishes& wishes, Wish* failed) {
  if (wishes.ttft_ms && instance.speed.ttft_ms > *wishes.ttft_ms) {
    *failed = Wish::kFirstToken;
    return false;
  }
  if (wishes.tokens_per_s && instance.speed.decode_tokens_per_s < *wishes.tokens_per_s) {
    *failed = Wish::kTokensPerSecond;
    return false;
  }
  return true;
}

// What one layout serves: the most users of one instance, at most all of them, within the limits on speed.
std::optional<Instance> ServeMost(const Config& config, int64_t length, const Wishes& wishes,
                                  const Catalog& catalog, Inquiry* inquiry, Wish* failed) {
  *failed = Wish::kMemory;
  std::optional<Instance> best;
  const int64_t roomy = LargestThatHolds(1, wishes.users, [&](int64_t users) {
    std::optional<Instance> instance = Serve(config, length, users, catalog, inquiry);
    if (!instance) return false;
    best = std::move(instance);
    return true;
  });
  if (roomy < 1) return std::nullopt;
  if (best->users != roomy) best = Serve(config, length, roomy, catalog, inquiry);
  if (best && FastEnough(*best, wishes, failed)) return best;
  const int64_t quick = LargestThatHolds(1, roomy, [&](int64_t users) {
    std::optional<Instance> instance = Serve(config, length, users, catalog, inquiry);
    if (!instance || !FastEnough(*instance, wishes, failed)) return false;
    best = std::move(instance);
    return true;
  });
  if (quick < 1) return std::nullopt;
  if (!best || best->users != quick) best = Serve(config, length, quick, catalog, inquiry);
  return best;
}

bool Before(const FindRow& a, const FindRow& b) {
  const bool a_priced = a.price_per_h > 0, b_priced = b.price_per_h > 0;
  if (a_priced != b_priced) return a_priced;
  if (a.price_per_h != b.price_per_h) return a.price_per_h < b.price_per_h;
  if (a.total_params != b.total_params) return a.total_params > b.total_params;
  if (a.bits_per_weight != b.bits_per_weight) return a.bits_per_weight > b.bits_per_weight;
  return a.decode_tokens_per_s > b.decode_tokens_per_s;
}

// Fewer cards in all first; of equal numbers the one that is faster for each user.
bool ServesBetter(const FindRow& a, const FindRow& b) {
  const int64_t cards_a = a.cards * a.replicas, cards_b = b.cards * b.replicas;
  if (cards_a != cards_b) return cards_a < cards_b;
  if (a.verdict != b.verdict) return a.verdict == Verdict::kFits;
  return a.decode_tokens_per_s > b.decode_tokens_per_s;
}

}  // namespace

std::string_view WishName(Wish wish) {
  switch (wish) {
    case Wish::kMemory:
      return "memory";
    case Wish::kFirstToken:
      return "ttft_ms";
    case Wish::kTokensPerSecond:
      return "tokens_per_s";
    case Wish::kPrice:
      return "price_per_h";
    case Wish::kPower:
      return "watts";
  }
  return "";
}

Result<Finder> Finder::Start(const FindQuestion& question, const Catalog& catalog) {
  Finder finder(question, catalog);
  FindQuestion& q = finder.question_;
  const bool named_model = !q.models.empty() || !q.base.model.empty() || q.base.inline_model.is_object();
  const bool named_gpu = !q.gpus.empty() || !q.base.gpu.empty();
  if (!named_model && !named_gpu) {
    return Error{"find", "neither a model nor a card", "a model (--model), cards (--gpu), or both"};
  }
  if (q.engines.empty()) q.engines = {q.base.engine};
  for (const std::string& id : q.engines) {
    if (FindEngine(id) == nullptr) return Error{"engine", Quoted(id), EngineIds()};
  }
  if (q.wishes.users < 1 || q.wishes.users > 1000000)
    return Error{"users", CountText(q.wishes.users), "a whole number from 1 to 1,000,000"};

  if (q.models.empty() && !q.base.model.empty()) q.models = {q.base.model};
  if (q.gpus.empty()) q.gpus = q.base.gpu;
  for (std::string& id : q.models) {
    const std::optional<NamedModel> named = FindModelNamed(catalog, id);
    if (named) id = named->model->id;
    if (!named) {
      const std::string near = catalog.NearestModel(id);
      return Error{
          "model", Quoted(id),
          "an id that `plimsoll list models` prints" + (near.empty() ? "" : "; nearest: \"" + near + "\"")};
    }
  }
  for (std::string& id : q.gpus) {
    const Gpu* gpu = FindGpuNamed(catalog, id);
    if (gpu == nullptr) {
      const std::string near = catalog.NearestGpu(id);
      return Error{
          "gpu", Quoted(id),
          "an id that `plimsoll list gpus` prints" + (near.empty() ? "" : "; nearest: \"" + near + "\"")};
    }
    id = gpu->id;
  }
  finder.best_format_ = q.best_format || !named_model;
  if (!named_model) {
    for (const Model& model : catalog.models()) q.models.push_back(model.id);
  }
  if (!q.models.empty()) {
    q.models = finder.Filter(q.models, !named_model);
    if (q.models.empty())
      return Error{"filter", "nothing that all of it holds for", "what the catalog has a model of"};
  }
  if (!named_gpu) {
    for (const Gpu& gpu : catalog.gpus()) {
      if (RentOf(gpu, q.rents) > 0) q.gpus.push_back(gpu.id);
    }
  }
  if (q.counts.empty()) {
    if (q.base.gpus) {
      q.counts = {*q.base.gpus * q.base.nodes.value_or(1)};
    } else if (named_gpu && !named_model) {
      q.counts = {1};
    } else {
      q.counts.assign(std::begin(kDefaultCounts), std::end(kDefaultCounts));
    }
  }
  for (const int64_t count : q.counts) {
    if (count < 1 || count > kMaxCards)
      return Error{"gpus", CountText(count), "from 1 to " + CountText(kMaxCards)};
  }
  q.base.nodes.reset();
  q.base.tp.reset();
  q.base.pp.reset();
  q.base.dp.reset();

  const Engine* own = FindEngine(q.base.engine);
  std::vector<std::string> asked = q.formats;
  if (asked.empty() && !q.base.format.is_null()) asked = {q.base.format.AsString()};
  for (const std::string& id : q.engines) {
    const Engine* engine = FindEngine(id);
    const bool reads = asked.empty() || std::any_of(asked.begin(), asked.end(), [engine](const auto& format) {
                         return IsGguf(format) == engine->traits().reads_gguf;
                       });
    if (engine == own) {
      finder.bases_.push_back(q.base);
    } else if (reads) {
      finder.bases_.push_back(WithEngine(q.base, engine->traits().id));
    }
  }
  if (finder.bases_.empty()) return Error{"format", "one that none of these engines reads", "one of theirs"};

  const bool inline_model = q.models.empty();
  const std::vector<std::string> models = inline_model ? std::vector<std::string>{""} : q.models;
  for (const std::string& model : models) {
    for (size_t i = 0; i < finder.bases_.size(); ++i) {
      if (std::optional<Error> error = finder.AddCandidates(model, i)) return *error;
    }
  }
  return finder;
}

std::vector<std::string> Finder::Filter(const std::vector<std::string>& models, bool skip_refused) {
  std::vector<std::string> kept;
  for (const std::string& id : models) {
    const Model& model = *catalog_->FindModel(id);
    const Filtered passes = Passes(model, question_.filter);
    if (passes == Filtered::kUnknown) answer_.not_known.push_back(id);
    if (passes == Filtered::kYes && !(skip_refused && model.refused())) kept.push_back(id);
  }
  return kept;
}

// An Error only where a model and its one engine are asked for that do not go together.
std::optional<Error> Finder::AddCandidates(const std::string& model, size_t engine) {
  const FindQuestion& q = question_;
  std::vector<std::string> formats = q.formats;
  if (formats.empty() && q.base.format.is_null()) {
    Config probe = bases_[engine];
    probe.format = Json();
    if (!model.empty()) probe.model = model;
    probe.gpu = {q.gpus.front()};
    const Result<Resolved> resolved = Settle(probe, *catalog_, inquiry_.get());
    if (!resolved.ok()) {
      if (best_format_ || bases_.size() > 1) return std::nullopt;
      return resolved.error();
    }
    const struct Start start = StartOf(*resolved, EstimateResolved(*resolved));
    formats.emplace_back();  // as released
    for (const std::string_view id : EngineOf(*resolved).Formats()) {
      if (id == resolved->format->id) continue;
      if (IsPublished(start, id, *catalog_) || !NeedsPublication(start, id)) formats.emplace_back(id);
    }
  } else if (formats.empty()) {
    formats.emplace_back();
  }
  for (const std::string& gpu : q.gpus) {
    for (const int64_t count : q.counts) {
      if (count > kNodeCards && count % kNodeCards != 0) continue;
      if (best_format_) {
        candidates_.push_back({model, gpu, count, engine, formats});
        continue;
      }
      for (const std::string& format : formats) candidates_.push_back({model, gpu, count, engine, {format}});
    }
  }
  return std::nullopt;
}

void Finder::Look(const Candidate& candidate) {
  const Wishes& wishes = question_.wishes;
  const Gpu& gpu = *catalog_->FindGpu(candidate.gpu);
  Wish failed = Wish::kMemory;
  for (const std::string& format : candidate.formats) {
    Config config = bases_[candidate.engine];
    if (!candidate.model.empty()) {
      config.model = candidate.model;
      config.inline_model = Json();
    }
    config.gpu = {candidate.gpu};
    config.gpu_memory_mib.clear();
    if (!format.empty()) config.format = Json(format);
    if (format.empty() && question_.base.format.is_null()) config.format = Json();
    const Result<Resolved> resolved = Settle(config, *catalog_, inquiry_.get());
    if (!resolved.ok() && inquiry_->patterns().over()) {
      stopped_ = resolved.error();
      next_ = total();
      return;
    }
    if (!resolved.ok()) continue;
    const int64_t own = std::max<int64_t>(1, resolved->architecture->max_positions);
    const int64_t length = std::min(
        own, wishes.max_model_len.value_or(question_.base.max_model_len.value_or(kUsualWishedLength)));
    if (wishes.max_model_len && *wishes.max_model_len > own) continue;
    const Engine& engine = EngineOf(*resolved);
    std::optional<FindRow> best;
    for (const Config& layout :
         LegalLayouts(config, candidate.cards, engine, HasExperts(*resolved->architecture))) {
      std::optional<Instance> instance =
          ServeMost(layout, length, wishes, *catalog_, inquiry_.get(), &failed);
      if (!instance) continue;
      FindRow row;
      row.cards = candidate.cards;
      row.replicas = CeilDiv(wishes.users, instance->users);
      if (row.replicas > kMostReplicas) continue;
      // Replicas share the users evenly; with fewer each they are a little faster.
      const int64_t each = CeilDiv(wishes.users, row.replicas);
      if (each != instance->users) {
        if (auto even = Serve(layout, length, each, *catalog_, inquiry_.get())) instance = std::move(even);
      }
      row.config = std::move(instance->config);
      row.model = candidate.model;
      row.gpu = candidate.gpu;
      row.format = format.empty() ? resolved->format->id : format;
      row.users = instance->users * row.replicas;
      row.max_model_len = length;
      row.decode_tokens_per_s = instance->speed.decode_tokens_per_s;
      row.decode_low = instance->speed.low;
      row.decode_high = instance->speed.high;
      row.ttft_ms = instance->speed.ttft_ms;
      const auto replicas = static_cast<double>(row.replicas);
      row.longest = instance->longest;
      row.room = instance->room * replicas;
      const auto cards = static_cast<double>(row.cards) * replicas;
      row.tokens_per_s_total = instance->speed.decode_tokens_per_s_total * replicas;
      row.price_per_h = RentOf(gpu, question_.rents) * cards;
      row.price_to_buy = gpu.price_usd * cards;
      row.watts = gpu.tdp_w * cards;
      if (row.tokens_per_s_total > 0)
        row.price_per_mtok = row.price_per_h / (row.tokens_per_s_total * 3600) * 1e6;
      row.bits_per_weight = instance->bits_per_weight;
      row.total_params = resolved->parameters.total;
      row.weights = instance->weights;
      row.verdict = instance->verdict;
      if (!best || ServesBetter(row, *best)) best = std::move(row);
    }
    if (!best) continue;
    if (wishes.price_per_h && (best->price_per_h <= 0 || best->price_per_h > *wishes.price_per_h)) {
      failed = Wish::kPrice;
      prices_without_[static_cast<size_t>(failed)].push_back(best->price_per_h);
      continue;
    }
    if (wishes.watts && best->watts > *wishes.watts) {
      failed = Wish::kPower;
      prices_without_[static_cast<size_t>(failed)].push_back(best->price_per_h);
      continue;
    }
    answer_.rows.push_back(std::move(*best));
    return;
  }
  if (failed == Wish::kFirstToken || failed == Wish::kTokensPerSecond) {
    prices_without_[static_cast<size_t>(failed)].push_back(RentOf(gpu, question_.rents) *
                                                           static_cast<double>(candidate.cards));
  }
  ++answer_.excluded[static_cast<size_t>(failed)];
}

bool Finder::Advance(int64_t candidates) {
  for (int64_t i = 0; i < candidates && next_ < total(); ++i) Look(candidates_[static_cast<size_t>(next_++)]);
  return next_ >= total();
}

FindAnswer Finder::Take() {
  answer_.candidates = total();
  std::stable_sort(answer_.rows.begin(), answer_.rows.end(), Before);
  const auto most = std::max_element(answer_.excluded.begin(), answer_.excluded.end());
  if (*most > 0) {
    answer_.binding = static_cast<Wish>(most - answer_.excluded.begin());
    const std::vector<double>& without = prices_without_[static_cast<size_t>(*answer_.binding)];
    answer_.more_without = static_cast<int64_t>(without.size());
    for (const double price : without) {
      if (price > 0 && (answer_.cheapest_without <= 0 || price < answer_.cheapest_without))
        answer_.cheapest_without = price;
    }
  }
  return std::move(answer_);
}

Result<FindAnswer> Find(const FindQuestion& question, const Catalog& catalog) {
  Result<Finder> finder = Finder::Start(question, catalog);
  if (!finder.ok()) return finder.error();
  finder->Advance(finder->total());
  if (finder->stopped()) return *finder->stopped();
  return finder->Take();
}

std::vector<std::string> ModelledEngines() {
  std::vector<std::string> ids;
  for (const Engine* engine : Engines()) {
    if (engine->traits().budget_modelled) ids.emplace_back(engine->traits().id);
  }
  return ids;
}

std::string LayoutText(const FindRow& row, const Catalog& catalog) {
  const Gpu* gpu = catalog.FindGpu(row.gpu);
  const std::string name = gpu != nullptr ? gpu->name : row.gpu;
  std::string text = CountText(row.cards * row.replicas) + " × " + name;
  std::string layout;
  const int64_t pp = row.config.pp.value_or(row.config.nodes.value_or(1));
  const int64_t tp = row.config.tp.value_or(row.config.gpus.value_or(1));
  const Engine* engine = FindEngine(row.config.engine);
  if (engine != nullptr && engine->traits().layout == CardLayout::kDegrees && row.cards > 1) {
    layout = "tp " + CountText(tp);
    if (pp > 1) layout += " × pp " + CountText(pp);
    if (row.config.expert_parallel.value_or(false)) layout += ", experts whole";
  }
  if (row.replicas > 1) {
    return text + " = " + CountText(row.replicas) + " replicas of " +
           (layout.empty() ? (row.cards > 1 ? CountText(row.cards) + " cards" : "one card") : layout);
  }
  return layout.empty() ? text : text + ", " + layout;
}

}  // namespace plimsoll
