#include "core/check/log_diagnosis.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/check/judge.h"
#include "core/check/startup_log.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/engine.h"
#include "core/engines/log_reading.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/solve/ways_out.h"
#include "core/validate/validation.h"

namespace plimsoll {
namespace {

std::optional<double> Find(const std::vector<CheckMetric>& metrics, std::string_view name) {
  for (const CheckMetric& metric : metrics) {
    if (metric.first == name) return metric.second;
  }
  return std::nullopt;
}

struct Answer {
  Result<Resolved> resolved;
  Report report;
};

std::optional<Answer> Ask(const Config& config, const Catalog& catalog) {
  Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return std::nullopt;
  Report report = EstimateResolved(*resolved);
  return Answer{std::move(resolved), std::move(report)};
}

std::string_view StageText(FailureStage stage) {
  switch (stage) {
    case FailureStage::kLoading:
      return "loading the weights";
    case FailureStage::kProfiling:
      return "making room for a step";
    case FailureStage::kCacheTooSmall:
      return "making the KV cache";
    case FailureStage::kGraphCapture:
      return "capturing CUDA graphs";
    case FailureStage::kSamplerWarmUp:
      return "warming the sampler up";
    case FailureStage::kRunTime:
      return "serving";
    case FailureStage::kNone:
    case FailureStage::kInvalid:
      break;
  }
  return "starting";
}

// ---- figures beside ours ----------------------------------------------------------------------------------

constexpr std::string_view kTokensGivenPool = "kv_cache_tokens_given_pool";

void Predict(const Answer& answer, const Catalog& catalog, bool card_known, CheckResult* result) {
  for (const CheckMetric& measured : result->measured) {
    // What the share of an unknown card leaves cannot be said.
    if (!card_known && FollowsFromBudget(measured.first)) continue;
    // Where no share is filled, our pool is what is asked of it, and the log's is all that there is.
    const EngineTraits& engine = *answer.resolved->engine;
    const bool asked_only = !engine.fills_share && engine.layout == CardLayout::kDegrees;
    if (asked_only && measured.first == "kv_cache_gib_per_gpu") continue;
    const std::optional<double> ours = PredictedMetric(measured.first, *answer.resolved, answer.report);
    if (ours && std::isfinite(*ours) && *ours != 0) result->predicted.push_back({measured.first, *ours});
  }
  const std::optional<double> pool = Find(result->measured, "kv_cache_gib_per_gpu");
  const std::optional<double> tokens = Find(result->measured, "kv_cache_tokens");
  const bool given = result->config.kv_cache_memory_bytes.has_value();
  if (!pool || !tokens || given || *pool <= 0) return;
  Config with_pool = result->config;
  with_pool.kv_cache_memory_bytes = GiBFromDouble(*pool).count();
  const std::optional<Answer> same = Ask(with_pool, catalog);
  if (!same || same->report.kv.capacity_tokens <= 0 || same->report.Has("keys_ignored")) return;
  result->measured.push_back({std::string(kTokensGivenPool), *tokens});
  result->predicted.push_back(
      {std::string(kTokensGivenPool), static_cast<double>(same->report.kv.capacity_tokens)});
}

// ---- which setting caused it ------------------------------------------------------------------------------

// A setting turned down a step. False: it cannot be.
struct Knob {
  std::string_view key;
  bool (*turn)(const Resolved& resolved, Config* config);
};

bool HalveLength(const Resolved& r, Config* c) {
  if (r.max_model_len < 1024) return false;
  c->max_model_len = r.max_model_len / 2;
  return true;
}
bool HalveSequences(const Resolved& r, Config* c) {
  if (r.max_num_seqs < 2) return false;
  c->max_num_seqs = r.max_num_seqs / 2;
  return true;
}
bool HalveBatch(const Resolved& r, Config* c) {
  if (r.max_num_batched_tokens < 1024) return false;
  c->max_num_batched_tokens = r.max_num_batched_tokens / 2;
  return true;
}
bool HalvePhysicalBatch(const Resolved& r, Config* c) {
  if (r.n_ubatch < 64) return false;
  c->n_ubatch = r.n_ubatch / 2;
  return true;
}
bool NoPictures(const Resolved& r, Config* c) {
  if (c->multimodal == false || c->limit_mm_per_prompt == 0 || r.config->multimodal == false) return false;
  c->limit_mm_per_prompt = 0;
  return true;
}
bool FlashAttention(const Resolved& r, Config* c) {
  if (r.flash_attention) return false;
  c->flash_attention = true;
  return true;
}
bool LowerShare(const Resolved& r, Config* c) {
  if (r.gpu_memory_utilization < 0.5) return false;
  c->gpu_memory_utilization = std::round((r.gpu_memory_utilization - 0.03) * 100) / 100;
  return true;
}
bool LowerStaticShare(const Resolved& r, Config* c) {
  if (r.mem_fraction_static < 0.5) return false;
  c->mem_fraction_static = std::round((r.mem_fraction_static - 0.03) * 100) / 100;
  return true;
}
bool Eager(const Resolved& r, Config* c) {
  if (r.enforce_eager) return false;
  c->enforce_eager = true;
  return true;
}
bool SmallerCache(const Resolved& r, Config* c) {
  if (c->kv_cache_dtype) return false;
  const KvType type = r.engine->keys == KeyOwner::kGgml ? KvType::kQ8_0 : KvType::kFp8;
  c->kv_cache_dtype = KvTypes{type, type};
  return true;
}
bool EvenSplit(const Resolved& r, Config* c) {
  if (r.cards.size() < 2 || c->tensor_split.size() < 2) return false;
  c->tensor_split.clear();
  if (!c->gpus) c->gpus = r.gpus;
  return true;
}
constexpr Knob kKnobs[] = {
    {"tensor_split", EvenSplit},
    {"max_model_len", HalveLength},
    {"max_num_seqs", HalveSequences},
    {"max_num_batched_tokens", HalveBatch},
    {"n_ubatch", HalvePhysicalBatch},
    {"limit_mm_per_prompt", NoPictures},
    {"flash_attention", FlashAttention},
    {"gpu_memory_utilization", LowerShare},
    {"mem_fraction_static", LowerStaticShare},
    {"enforce_eager", Eager},
    {"kv_cache_dtype", SmallerCache},
};

// What is too large at a stage, of the first card: smaller is better.
Bytes Demand(FailureStage stage, const Report& report) {
  const GpuReport* gpu = FullestCard(report);
  if (gpu == nullptr) return Bytes(0);
  switch (stage) {
    case FailureStage::kProfiling:
      return gpu->activation + gpu->compute_buffer;
    case FailureStage::kGraphCapture:
      return gpu->total - gpu->activation;
    case FailureStage::kSamplerWarmUp:
    case FailureStage::kRunTime:
      return gpu->total;
    case FailureStage::kLoading:
      return gpu->weights;
    case FailureStage::kCacheTooSmall:
    case FailureStage::kNone:
    case FailureStage::kInvalid:
      break;
  }
  return Bytes(0) - gpu->headroom;
}

bool Applies(FailureStage stage, std::string_view key) {
  // A larger or smaller share does not change what a step takes, nor what a sequence needs.
  if (key == "gpu_memory_utilization" || key == "mem_fraction_static")
    return stage == FailureStage::kGraphCapture || stage == FailureStage::kSamplerWarmUp ||
           stage == FailureStage::kRunTime;
  if (key == "enforce_eager") return stage == FailureStage::kGraphCapture;
  if (stage == FailureStage::kSamplerWarmUp) return key == "max_num_seqs";
  if (stage == FailureStage::kProfiling) return key != "kv_cache_dtype";
  return true;
}

struct Cause {
  std::string key;
  std::string sentence;
};

std::string ValueText(std::string_view key, const Resolved& resolved) {
  const ConfigKey* row = FindConfigKey(key);
  if (key == "max_model_len") return CountText(resolved.max_model_len);
  if (key == "max_num_seqs") return CountText(resolved.max_num_seqs);
  if (key == "max_num_batched_tokens") return CountText(resolved.max_num_batched_tokens);
  if (key == "n_ubatch") return CountText(resolved.n_ubatch);
  if (key == "gpu_memory_utilization") return DecimalText(resolved.gpu_memory_utilization, 2);
  return row == nullptr ? "" : GetConfigText(*resolved.config, *row);
}

std::string SharesAtStart(double share, Bytes asked, Bytes free) {
  return "gpu_memory_utilization " + DecimalText(share, 2) + " asks for " +
         GibText(asked, SizeUnits::kBinary, 2) + " at start, and " + GibText(free, SizeUnits::kBinary, 2) +
         " are free: others hold the rest.";
}

// A share of the card that somebody set higher than the engine takes by itself leaves too little beside it.
std::optional<Cause> HighShare(FailureStage stage, const Config& config, const Answer& answer,
                               const Catalog& catalog) {
  if (stage != FailureStage::kGraphCapture && stage != FailureStage::kRunTime) return std::nullopt;
  constexpr std::pair<std::string_view, double Resolved::*> kShares[] = {
      {"gpu_memory_utilization", &Resolved::gpu_memory_utilization},
      {"mem_fraction_static", &Resolved::mem_fraction_static}};
  for (const auto& [name, share] : kShares) {
    const ConfigKey* key = FindConfigKey(name);
    if (key == nullptr || !IsConfigValueGiven(config, *key) || !Takes(*answer.resolved->engine, *key))
      continue;
    Config without = config;
    if (SetConfigValue(*key, Json(), &without)) continue;
    const std::optional<Answer> plain = Ask(without, catalog);
    const double given = (*answer.resolved).*share, own = plain ? (*plain->resolved).*share : 0;
    if (!(own > 0) || given < own + 0.02) continue;
    return Cause{std::string(name), std::string(name) + " " + DecimalText(given, 2) + " is more than the " +
                                        DecimalText(own, 2) +
                                        " that the engine takes by itself, and leaves too little beside it."};
  }
  return std::nullopt;
}

// The setting that frees most when it is turned down, where that is what is lacking; else the weights.
Cause FindCause(FailureStage stage, const LogFailure& failure, const Config& config, const Answer& answer,
                const Catalog& catalog) {
  const Resolved& resolved = *answer.resolved;
  const GpuReport* gpu = FullestCard(answer.report);
  if (failure.host) return {"ram_gib", "The machine's RAM is too small for what stays in it."};
  if (stage == FailureStage::kLoading && failure.free && failure.asked && gpu != nullptr &&
      resolved.engine->fills_share && *failure.asked > gpu->weights) {
    return {"gpu_memory_utilization",
            SharesAtStart(resolved.gpu_memory_utilization, *failure.asked, *failure.free)};
  }
  if (stage == FailureStage::kLoading && failure.free && gpu != nullptr && *failure.free < gpu->weights &&
      gpu->weights < gpu->capacity) {
    return {"reserved_mib", "The weights take " + SizeText(gpu->weights) + " and " + SizeText(*failure.free) +
                                " of the card's " + SizeText(gpu->capacity) +
                                " are free: others hold the rest."};
  }
  // Cards that could hold it between them, and one that is told to hold too much.
  if (stage == FailureStage::kLoading) {
    Config even = config;
    const std::optional<Answer> after =
        EvenSplit(resolved, &even) ? Ask(even, catalog) : std::optional<Answer>();
    if (after && after->report.fits()) return {"tensor_split", SplitCause(config, answer.report)};
  }
  if (stage == FailureStage::kLoading) {
    const std::string weights =
        gpu == nullptr ? "" : ": " + SizeText(gpu->weights) + " on a card of " + SizeText(gpu->capacity);
    return {"format", "The weights in " + resolved.format->id + " do not go onto the card" + weights + "."};
  }
  if (!failure.knob.empty() && stage != FailureStage::kLoading) {
    std::string sentence = std::string(failure.knob) + " " + ValueText(failure.knob, resolved);
    sentence += failure.limit && *failure.limit > 0
                    ? " is more than there is room for: " + CountText(*failure.limit) + " at most."
                    : ": what it takes has no room.";
    return {std::string(failure.knob), std::move(sentence)};
  }
  // Weights that leave nothing are not mended by a shorter context.
  const bool nothing_left =
      stage == FailureStage::kCacheTooSmall && resolved.engine->fills_share &&
      (failure.available ? *failure.available <= Bytes(0) : answer.report.kv.available <= Bytes(0));
  if (nothing_left && gpu != nullptr) {
    return {"format", "Weights in " + resolved.format->id + " (" + SizeText(gpu->weights) +
                          ") with activations and runtime leave nothing of the " + SizeText(gpu->budget) +
                          " that gpu_memory_utilization gives."};
  }
  if (failure.asked) {
    if (std::optional<Cause> share = HighShare(stage, config, answer, catalog)) return *std::move(share);
  }
  if (stage == FailureStage::kGraphCapture && answer.report.Has("more_sequences_than_states"))
    return {"max_num_seqs", "max_num_seqs " + CountText(resolved.max_num_seqs) +
                                " is more than the cache has blocks for recurrent states."};
  const Bytes before = Demand(stage, answer.report);
  const Knob* best = nullptr;
  Bytes most;
  for (const Knob& knob : kKnobs) {
    const ConfigKey* key = FindConfigKey(knob.key);
    if (key == nullptr || !Takes(*resolved.engine, *key) || !Applies(stage, knob.key)) continue;
    Config turned = config;
    if (!knob.turn(resolved, &turned)) continue;
    const std::optional<Answer> after = Ask(turned, catalog);
    if (!after || after->report.per_gpu.empty()) continue;
    const Bytes relief = before - Demand(stage, after->report);
    if (best != nullptr && relief <= most) continue;
    most = relief;
    best = &knob;
  }
  if (best == nullptr || most <= Bytes(0)) {
    return {"format", "What the engine holds beside the weights leaves too little of the card."};
  }
  const std::string value = ValueText(best->key, resolved);
  return {std::string(best->key), std::string(best->key) + (value.empty() ? "" : " " + value) +
                                      ": a step down frees " + SizeText(most) + "."};
}

// ---- how much is missing ----------------------------------------------------------------------------------

// `answer`: nullptr where there is none, or where its card is a guess.
std::optional<Bytes> MissingOf(const LogFailure& failure, const CheckResult& result, const Answer* answer) {
  if (failure.needed && failure.available && *failure.needed > *failure.available)
    return *failure.needed - *failure.available;
  if (failure.asked && failure.free) return std::max(Bytes(0), *failure.asked - *failure.free);
  const std::optional<double> pool = Find(result.measured, "kv_cache_gib_per_gpu");
  const std::optional<double> tokens = Find(result.measured, "kv_cache_tokens");
  const std::optional<int64_t> length = result.config.max_model_len;
  if (failure.stage == FailureStage::kCacheTooSmall) {
    if (pool && *pool > 0 && tokens && *tokens > 0 && length && static_cast<double>(*length) > *tokens)
      return GiBFromDouble(*pool * (static_cast<double>(*length) / *tokens - 1));
    const GpuReport* gpu = answer == nullptr ? nullptr : FullestCard(answer->report);
    // One sequence has to have room, beside what is missing already.
    if (pool && *pool <= 0 && gpu != nullptr)
      return GiBFromDouble(-*pool) + std::max(Bytes(0), answer->report.kv.available - gpu->headroom);
  }
  const GpuReport* gpu = answer == nullptr ? nullptr : FullestCard(answer->report);
  if (gpu != nullptr && gpu->headroom < Bytes(0)) return Bytes(0) - gpu->headroom;
  return std::nullopt;
}

// ---- what would mend it -----------------------------------------------------------------------------------

// A configuration of ours that fails as the log did: this machine's residuals, and where those do not do,
// what is missing held by nobody we know.
Config AsFailed(Config config, const std::optional<Calibration>& calibration, std::optional<Bytes> missing,
                const Catalog& catalog) {
  if (calibration) config.cal = *calibration;
  const std::optional<Answer> answer = Ask(config, catalog);
  if (!answer || !answer->report.fits()) return config;
  const GpuReport* gpu = FullestCard(answer->report);
  if (gpu == nullptr) return config;
  Calibration harder = config.cal.value_or(Calibration());
  const Bytes more = std::max(Bytes(0), gpu->headroom) + missing.value_or(GiBFromDouble(0.25));
  harder.outside_gib = harder.outside_gib.value_or(0) + std::ceil(more.gib() * 100) / 100 + 0.01;
  config.cal = harder;
  return config;
}

void AddFix(const Config& before, Config after, std::string label, const Catalog& catalog,
            CheckFailure* failure) {
  // What is set is the change, not the calibration that it was found with.
  after.cal = before.cal;
  Json set = ChangedKeys(before, after);
  if (set.members().empty()) return;
  for (const CheckFix& other : failure->fixes) {
    if (other.set == set) return;
  }
  const FixPrice price = PriceOf(after, catalog);
  const std::string words = PriceText(price);
  std::string cost = label + (words.empty() ? "" : ": " + words) + ".";
  failure->fixes.push_back({std::move(set), std::move(after), std::move(cost), std::move(label), price});
}

bool RaisesShare(const Config& before, const Config& after, const Resolved& resolved) {
  return after.gpu_memory_utilization &&
         *after.gpu_memory_utilization >
             before.gpu_memory_utilization.value_or(resolved.gpu_memory_utilization);
}

// A setting turned down step by step until that frees what is missing.
void AddKnob(std::string_view name, FailureStage stage, Bytes missing, const Config& config,
             const Catalog& catalog, CheckFailure* failure) {
  const auto knob =
      std::find_if(std::begin(kKnobs), std::end(kKnobs), [&](const Knob& row) { return row.key == name; });
  const ConfigKey* key = FindConfigKey(name);
  const std::optional<Answer> before = Ask(config, catalog);
  if (knob == std::end(kKnobs) || key == nullptr || !before || !Takes(*before->resolved->engine, *key))
    return;
  Config turned = config;
  for (int step = 0; step < 6; ++step) {
    const std::optional<Answer> now = Ask(turned, catalog);
    if (!now || !knob->turn(*now->resolved, &turned)) return;
    const std::optional<Answer> after = Ask(turned, catalog);
    if (!after || after->report.per_gpu.empty()) return;
    const Bytes relief = Demand(stage, before->report) - Demand(stage, after->report);
    if (relief < missing || relief <= Bytes(0)) continue;
    if (after->report.failure == FailureStage::kCacheTooSmall &&
        before->report.failure != FailureStage::kCacheTooSmall)
      return;
    const std::string value = GetConfigText(turned, *key);
    AddFix(config, turned, value.empty() ? "without " + std::string(name) : std::string(name) + " " + value,
           catalog, failure);
    return;
  }
}

// What to turn down where the card itself is full, nearest first.
std::vector<std::string_view> KnobsFor(FailureStage stage) {
  switch (stage) {
    case FailureStage::kProfiling:
      return {"flash_attention", "max_num_batched_tokens", "max_num_seqs", "limit_mm_per_prompt",
              "n_ubatch",        "max_model_len"};
    case FailureStage::kSamplerWarmUp:
      return {"max_num_seqs", "gpu_memory_utilization"};
    case FailureStage::kGraphCapture:
    case FailureStage::kCacheTooSmall:
      return {"gpu_memory_utilization", "mem_fraction_static", "enforce_eager", "max_num_seqs"};
    case FailureStage::kRunTime:
      return {"gpu_memory_utilization", "mem_fraction_static", "max_num_batched_tokens", "max_num_seqs",
              "max_model_len"};
    case FailureStage::kLoading:
    case FailureStage::kNone:
    case FailureStage::kInvalid:
      break;
  }
  return {};
}

void AddFixes(const LogFailure& log, const Config& config, const Config& as_failed, const Answer& answer,
              const Catalog& catalog, CheckFailure* failure) {
  const Resolved& resolved = *answer.resolved;
  // What the log says itself.
  if (log.limit && *log.limit > 0 && !log.knob.empty()) {
    Config set = config;
    const ConfigKey* key = FindConfigKey(log.knob);
    if (key != nullptr && !SetConfigValue(*key, Json(*log.limit), &set))
      AddFix(config, std::move(set),
             std::string(log.knob) + " " + CountText(*log.limit) + ", as the log says", catalog, failure);
  }
  const bool share = resolved.engine->fills_share;
  const bool not_free = share && log.stage == FailureStage::kLoading && log.free && log.asked &&
                        log.knob == "gpu_memory_utilization";
  const GpuReport* gpu = FullestCard(answer.report);
  if (not_free && gpu != nullptr && gpu->capacity > Bytes(0)) {
    Config set = config;
    const double part = static_cast<double>(log.free->count()) / static_cast<double>(gpu->capacity.count());
    set.gpu_memory_utilization = std::floor(part * 100) / 100;
    if (*set.gpu_memory_utilization > 0.05)
      AddFix(config, set,
             "gpu_memory_utilization " + DecimalText(*set.gpu_memory_utilization, 2) +
                 " or ending what holds the rest",
             catalog, failure);
  }
  // The card is full, not the share: more of it would make things worse.
  // An engine that fills no share has a full card where a step has no room.
  const bool full = !log.needed && !log.host && log.stage != FailureStage::kLoading &&
                    (share ? log.asked || log.stage == FailureStage::kSamplerWarmUp
                           : log.asked && log.stage == FailureStage::kProfiling);
  if (full) {
    for (const std::string_view name : KnobsFor(log.stage)) {
      if (static_cast<int>(failure->fixes.size()) >= kMostFixes) return;
      AddKnob(name, log.stage, failure->missing.value_or(Bytes(0)), config, catalog, failure);
    }
  }
  for (WayOut& way : WaysOut(as_failed, catalog, 2 * kMostFixes)) {
    if (static_cast<int>(failure->fixes.size()) >= kMostFixes) return;
    if ((full || not_free) && RaisesShare(config, way.config, resolved)) continue;
    AddFix(config, std::move(way.config), std::move(way.label), catalog, failure);
  }
  // Nothing of the solver's helps, or our answer is that it fits: the setting itself, turned down.
  if (failure->fixes.empty()) AddKnob(failure->knob, log.stage, Bytes(1), config, catalog, failure);
}

// Without what a collector and a logger wrote before the error.
std::string SaidIn(const std::string& line) {
  const std::string_view quoted = Between(line, "error=\"", "\"");
  if (!quoted.empty()) return std::string(quoted);
  const size_t error = line.find("Error: ");
  if (error == std::string::npos) return line;
  const size_t blank = line.find_last_of(" \"", error);
  return blank == std::string::npos ? line : line.substr(blank + 1);
}

// "Turn max_num_seqs or gpu_memory_utilization down."
std::string TurnText(const LogFailure& failure, const EngineTraits& engine) {
  if (failure.host) return {};
  if (failure.stage == FailureStage::kLoading) return "Take a smaller format, or more cards.";
  const bool share = engine.fills_share && failure.stage == FailureStage::kCacheTooSmall;
  if (share) return "Give the cache more of the card, or take a shorter context or a smaller format.";
  std::vector<std::string_view> keys;
  for (const std::string_view name : KnobsFor(failure.stage)) {
    const ConfigKey* key = FindConfigKey(name);
    if (key != nullptr && Takes(engine, *key) && keys.size() < 3) keys.push_back(name);
  }
  return keys.empty() ? "" : "Turn " + ListText(keys, "or") + " down.";
}

// What the log says by itself, where the model is not known.
void DiagnoseByItself(const LogFailure& failure, const Catalog& catalog, const Config& config,
                      CheckFailure* told) {
  told->cause = SaidIn(failure.line);
  told->knob = std::string(failure.knob);
  Config set = config;
  const ConfigKey* key = FindConfigKey(failure.knob);
  if (key != nullptr && failure.limit && *failure.limit > 0 &&
      !SetConfigValue(*key, Json(*failure.limit), &set)) {
    const std::string most = CountText(*failure.limit);
    told->cause = told->knob + " " + CountText(config.max_model_len.value_or(0)) +
                  " is more than there is room for: " + most + " at most.";
    if (key->json != "max_model_len" || !config.max_model_len) told->cause = SaidIn(failure.line);
    AddFix(config, std::move(set), told->knob + " " + most + ", as the log says", catalog, told);
  }
  if (failure.knob == "gpu_memory_utilization" && failure.asked && failure.free &&
      config.gpu_memory_utilization) {
    const double share = *config.gpu_memory_utilization;
    told->cause = SharesAtStart(share, *failure.asked, *failure.free);
    set.gpu_memory_utilization = std::floor(failure.free->gib() / failure.asked->gib() * share * 100) / 100;
    if (*set.gpu_memory_utilization > 0.05)
      AddFix(config, set,
             "gpu_memory_utilization " + DecimalText(*set.gpu_memory_utilization, 2) +
                 " or ending what holds the rest",
             catalog, told);
  }
}

void DiagnoseFailure(const LogFailure& failure, const EngineTraits& engine, const Catalog& catalog,
                     bool card_known, CheckResult* result) {
  CheckFailure told;
  told.stage = failure.stage;
  const std::optional<Answer> answer = Ask(result->config, catalog);
  told.missing = MissingOf(failure, *result, answer && card_known ? &*answer : nullptr);
  if (answer && !answer->report.per_gpu.empty()) {
    const Cause found = FindCause(failure.stage, failure, result->config, *answer, catalog);
    told.cause = found.sentence;
    told.knob = found.key;
    const Config as_failed = AsFailed(result->config, result->calibration, told.missing, catalog);
    AddFixes(failure, result->config, as_failed, *answer, catalog, &told);
  }
  if (told.cause.empty()) DiagnoseByItself(failure, catalog, result->config, &told);
  const std::string missing =
      told.missing && *told.missing > Bytes(0) ? ", " + SizeText(*told.missing) + " missing" : "";
  result->problems.push_back(
      {"failed_at_start", "",
       "It failed while " + std::string(StageText(failure.stage)) + missing + ". " + told.cause,
       told.fixes.empty() ? TurnText(failure, engine) : told.fixes[0].cost, Severity::kError});
  result->failure = std::move(told);
}

}  // namespace

std::optional<Calibration> CalibrationOf(const Config& config, const std::vector<CheckMetric>& measured,
                                         const Catalog& catalog) {
  Config plain = config;
  plain.cal.reset();
  const std::optional<Answer> answer = Ask(plain, catalog);
  if (!answer || answer->report.per_gpu.empty()) return std::nullopt;
  Calibration calibration;
  bool any = false;
  const auto ours = [&](std::string_view metric) {
    return PredictedMetric(metric, *answer->resolved, answer->report).value_or(0);
  };
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  const std::optional<double> activation = Find(measured, "activation_peak_gib");
  const double our_activation = ours("activation_peak_gib");
  if (activation && *activation > 0.05 && our_activation > 0.05) {
    calibration.activation = rounded(std::clamp(*activation / our_activation, 0.1, 10.0));
    any = true;
  }
  const std::optional<double> outside = Find(measured, "non_torch_gib");
  const std::optional<double> pool = Find(measured, "kv_cache_gib_per_gpu");
  if (outside) {
    calibration.outside_gib = rounded(std::clamp(*outside - ours("non_torch_gib"), -100.0, 100.0));
    any = true;
  } else if (pool && !plain.kv_cache_memory_bytes && answer->resolved->engine->fills_share) {
    // What the pool lacks and the other figures do not explain.
    double residual = ours("kv_cache_gib_per_gpu") - *pool;
    if (const std::optional<double> weights = Find(measured, "weights_gib_per_gpu"))
      residual -= *weights - ours("weights_gib_per_gpu");
    if (activation) residual -= *activation - our_activation;
    if (ours("kv_cache_gib_per_gpu") > 0) {
      calibration.outside_gib = rounded(std::clamp(residual, -100.0, 100.0));
      any = true;
    }
  }
  const auto factor = [&](std::string_view metric) -> std::optional<double> {
    const std::optional<double> rate = Find(measured, metric);
    const double predicted = ours(metric);
    if (!rate || !(*rate > 0) || !(predicted > 0)) return std::nullopt;
    any = true;
    return rounded(std::clamp(*rate / predicted, 0.05, 20.0));
  };
  calibration.decode = factor("decode_tps_per_stream");
  if (!calibration.decode) calibration.decode = factor("output_tps_total");
  if (!calibration.decode) {
    const std::optional<double> each = factor("tpot_ms");  // longer is slower
    if (each) calibration.decode = rounded(std::clamp(1 / *each, 0.05, 20.0));
  }
  calibration.prefill = factor("prefill_tps");
  return any ? std::optional(calibration) : std::nullopt;
}

void Diagnose(const StartupLog& log, const Catalog& catalog, CheckResult* result) {
  const std::optional<Answer> answer = Ask(result->config, catalog);
  const bool named = !result->config.model.empty();
  const bool guessed = std::any_of(result->problems.begin(), result->problems.end(),
                                   [](const CheckProblem& problem) { return problem.code == kCardByBudget; });
  const bool card_known = !result->config.gpu.empty() && !guessed;
  if (!answer && named) {
    const Result<Resolved> refused = Settle(result->config, catalog);
    if (!refused.ok())
      result->problems.push_back({"not_accepted", "", refused.error().Message(), "", Severity::kError});
  }
  if (answer) {
    result->answered = !result->config.gpu.empty();
    Predict(*answer, catalog, card_known, result);
    if (card_known) result->calibration = CalibrationOf(result->config, result->measured, catalog);
  }
  if (log.reading.failure) {
    DiagnoseFailure(*log.reading.failure, log.engine->traits(), catalog, card_known, result);
    return;
  }
  const bool started = log.reading.phase >= LogPhase::kGraphs;
  if (answer && card_known && started && !answer->report.fits()) {
    result->problems.push_back(
        {"started_all_the_same", "",
         "It started, and our answer is: " + HeadlineText(*answer->resolved, answer->report),
         "The figures show where we are off; take the calibration to correct it.", Severity::kInfo});
  }
}

std::optional<Result<CheckResult>> ReadLogText(std::string_view text, const Catalog& catalog) {
  const StartupLog log = ReadStartupLog(text);
  if (log.engine == nullptr) return std::nullopt;
  CheckResult result;
  result.kind = CheckKind::kLog;
  result.what = std::string(log.engine->traits().name) + " log";
  result.config = ConfigOfLog(log, catalog, &result);
  for (auto& [metric, value] : MeasuredFigures(log.reading)) result.measured.push_back({metric, value});
  TakeThroughput(log.reading, &result);
  Diagnose(log, catalog, &result);
  // A line or two that look like a log's, in a text that tells none of a log's figures: something else.
  const bool tells = !log.reading.version.empty() || !result.config.gpu.empty();
  if (result.measured.empty() && !result.failure && result.config.model.empty() &&
      !(tells && log.reading.votes >= 3))
    return std::nullopt;
  return result;
}

}  // namespace plimsoll
