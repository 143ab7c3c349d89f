#include "core/check/claim_answer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/check/claim.h"
#include "core/check/stand_in.h"
#include "core/engines/engine.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"

namespace plimsoll {
namespace {

constexpr double kRight = 0.05;     // a number that is off by less is right, as people round
constexpr double kMistaken = 0.07;  // how near a mistake's number has to be

// ---- mistakes ---------------------------------------------------------------------------------------------

struct Mistake {
  double bytes;
  std::string code, sentence;
};

// A name's active parameters are rounded: A3B are 3.35.
bool Near(double said, const Mistake& mistake) {
  const double most = mistake.code == "active_parameters" ? 2 * kMistaken : kMistaken;
  return mistake.bytes > 0 && std::fabs(said / mistake.bytes - 1) <= most;
}

// The digit in a format's name: Q4_K_M, AWQ int4, fp8.
double BitsInName(const WeightFormat& format) {
  for (size_t i = 0; i + 1 < format.id.size(); ++i) {
    const char digit = format.id[i + 1];
    const bool named =
        std::string_view("qtpw").find(format.id[i]) != std::string_view::npos && digit >= '1' && digit <= '8';
    if (named) return digit == '1' ? 16 : digit - '0';
  }
  return 0;
}

// `plain`: no format was said; `round`: the size that was said instead of a model, 0: one was named.
std::vector<Mistake> WeightMistakes(const Resolved& resolved, const Report& report, bool plain,
                                    double round) {
  std::vector<Mistake> mistakes;
  const double total = round > 0 ? round : static_cast<double>(report.weights.total_params),
               active = static_cast<double>(report.weights.active_params);
  const double bits = report.weights.bits_per_weight;
  const double right = static_cast<double>(report.weights.checkpoint.count());
  const double named = BitsInName(*resolved.format);
  if (active > 0 && active < 0.9 * total) {
    const std::string text = "That is what the " + ParametersText(static_cast<int64_t>(active)) +
                             " active parameters take; all " + ParametersText(static_cast<int64_t>(total)) +
                             " have to be in memory.";
    mistakes.push_back({active * bits / 8, "active_parameters", text});
    if (named > 0) mistakes.push_back({active * named / 8, "active_parameters", text});
    if (plain) {  // no format was said: in 8 or 4 bits
      mistakes.push_back({active, "active_parameters", text});
      mistakes.push_back({active / 2, "active_parameters", text});
    }
  }
  mistakes.push_back(
      {right / 1.073741824, "gb_and_gib",
       "That is the number in GiB: " + SizeText(Bytes(static_cast<int64_t>(right)), SizeUnits::kDecimal) +
           " are " + SizeText(Bytes(static_cast<int64_t>(right))) + "."});
  mistakes.push_back({right * 1.073741824, "gb_and_gib",
                      "That takes the number in GB for GiB: " + SizeText(Bytes(static_cast<int64_t>(right))) +
                          " are " + SizeText(Bytes(static_cast<int64_t>(right)), SizeUnits::kDecimal) + "."});
  if (named > 0 && named < bits * 0.97) {
    mistakes.push_back({total * named / 8, "name_of_the_codebook",
                        "That takes " + resolved.format->id + " for " + DecimalText(named, 0) +
                            " bits per weight; with scales and what stays in more bits it is " +
                            DecimalText(bits, 2) + "."});
  }
  if (bits < 15) {
    mistakes.push_back({total * 2, "sixteen_bits",
                        "That is the size in 16 bits; in " + resolved.format->id + " a weight takes " +
                            DecimalText(bits, 2) + "."});
    if (bits < 6)
      mistakes.push_back({total * 2 / 8, "bits_for_bytes",
                          "That divides the size in 16 bits by eight; four bits are a quarter of it."});
  } else {
    mistakes.push_back({total, "bytes_of_a_weight",
                        "That takes a byte for each weight; in " + resolved.format->id + " each takes " +
                            DecimalText(bits / 8, 1) + "."});
    mistakes.push_back({total * 4, "bytes_of_a_weight",
                        "That takes four bytes for each weight; in " + resolved.format->id + " each takes " +
                            DecimalText(bits / 8, 1) + "."});
  }
  return mistakes;
}

// `right` is what a sequence keeps, or a token.
std::vector<Mistake> CacheMistakes(const Resolved& resolved, const Report& report, bool per_token) {
  std::vector<Mistake> mistakes;
  const double right =
      static_cast<double>((per_token ? report.kv.per_token : report.kv.per_sequence).count());
  const Architecture& architecture = *resolved.architecture;
  if (architecture.groups.empty()) return mistakes;
  const Attention& attention = architecture.groups.front().shape.attention;
  const double heads = static_cast<double>(attention.heads),
               kv_heads = static_cast<double>(attention.kv_heads);
  const double layers = static_cast<double>(architecture.layers);
  if (kv_heads > 0 && heads > kv_heads) {
    mistakes.push_back({right * heads / kv_heads, "heads_for_kv_heads",
                        "That counts all " + CountText(attention.heads) + " heads; keys and values have " +
                            CountText(attention.kv_heads) + "."});
  }
  if (layers > 1)
    mistakes.push_back({right / layers, "one_layer",
                        "That is the cache of one layer; there are " + CountText(architecture.layers) + "."});
  mistakes.push_back({right / 2, "keys_alone", "That is half: keys and values are both kept."});
  mistakes.push_back({right * 2, "twice", "That is twice what 16 bits take."});
  const double everywhere =
      static_cast<double>(report.kv.per_token.count()) * static_cast<double>(resolved.max_model_len);
  if (!per_token && everywhere > 0 && std::fabs(everywhere / right - 1) > 0.1) {
    mistakes.push_back(
        {everywhere, "windows", "That keeps every token in every layer; some have a window or no cache."});
  }
  mistakes.push_back({right / 1.073741824, "gb_and_gib", "That is the number in GiB."});
  return mistakes;
}

// ---- the answer -------------------------------------------------------------------------------------------

std::string In(Bytes bytes, bool binary) {
  return SizeText(bytes, binary ? SizeUnits::kBinary : SizeUnits::kDecimal);
}

// "Right", or "Yes" to a question.
std::string Verdict(const Claim& claim, bool right) {
  if (claim.question) return right ? "Yes" : "No";
  return right ? "Right" : "Wrong";
}

void JudgeNumber(const Claim& claim, const Resolved& resolved, const Report& report, CheckResult* result) {
  const bool per_token = claim.kind == ClaimKind::kCachePerToken;
  const bool cache = claim.kind == ClaimKind::kCache || per_token;
  Bytes ours = per_token ? report.kv.per_token : cache ? report.kv.per_sequence : report.weights.checkpoint;
  std::string what = per_token ? "a token keeps "
                     : cache   ? "one sequence of " + CountText(resolved.max_model_len) + " tokens keeps "
                               : "its weights take ";
  if (claim.kind == ClaimKind::kTotal) {
    ours = report.weights.checkpoint + report.kv.per_sequence;
    what = "weights and one sequence of " + CountText(resolved.max_model_len) + " tokens take ";
  }
  const double said = static_cast<double>(claim.said.count()), right = static_cast<double>(ours.count());
  if (claim.kind == ClaimKind::kWeights) {
    result->measured.push_back({"checkpoint_bytes", said});
    result->predicted.push_back({"checkpoint_bytes", right});
  }
  const std::string name = resolved.model ? resolved.model->name : claim.model_text;
  const std::string subject = name + " in " + resolved.format->id + ": " + what + In(ours, claim.binary) +
                              " (" + In(ours, !claim.binary) + ").";
  if (right > 0 && std::fabs(said / right - 1) <= kRight) {
    result->problems.push_back(
        {"claim_right", "", Verdict(claim, true) + ". " + subject, "", Severity::kInfo});
    return;
  }
  const Bytes off = claim.said > ours ? claim.said - ours : ours - claim.said;
  std::string message = Verdict(claim, false) + ": " + In(off, claim.binary) +
                        (claim.said > ours ? " too much. " : " too little. ") + subject;
  const double round = claim.stand_in ? ParametersIn(claim.model_text) * 1e9 : 0;
  const std::vector<Mistake> mistakes =
      cache ? CacheMistakes(resolved, report, per_token)
            : WeightMistakes(resolved, report, claim.config.format.is_null(), round);
  const Mistake* best = nullptr;
  for (const Mistake& mistake : mistakes) {
    if (!Near(said, mistake)) continue;
    if (best == nullptr || std::fabs(said / mistake.bytes - 1) < std::fabs(said / best->bytes - 1))
      best = &mistake;
  }
  result->problems.push_back({"claim_wrong", "", message, "", Severity::kError});
  if (best != nullptr) result->problems.push_back({best->code, "", best->sentence, "", Severity::kWarning});
}

// Fewer tokens are no use to anybody.
constexpr int64_t kLeastContext = 2048;

// "Runs on one card" says nothing of the context: it is true where some that is of use has room.
bool JudgeWithoutContext(const Claim& claim, const Resolved& resolved, const Report& report,
                         CheckResult* result) {
  const int64_t room = report.kv.max_model_len_that_fits;
  if (claim.config.max_model_len || report.fits() || room < kLeastContext || room >= resolved.max_model_len)
    return false;
  const std::string name = resolved.model ? resolved.model->name : claim.model_text;
  result->problems.push_back({claim.fits ? "claim_right" : "claim_wrong", "",
                              Verdict(claim, claim.question || claim.fits) + ": " + name + " in " +
                                  resolved.format->id + " fits with up to " + CountText(room) +
                                  " tokens of context; the model's own " + CountText(resolved.max_model_len) +
                                  " have no room.",
                              "Say the context, too: with it the answer is exact.",
                              claim.fits ? Severity::kInfo : Severity::kError});
  result->config.max_model_len = room;
  return true;
}

// The longest context that has room, where one of use has.
int64_t RoomOf(const Config& config, const Catalog& catalog) {
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return 0;
  const Report report = EstimateResolved(*resolved);
  return report.fits() ? resolved->max_model_len : report.kv.max_model_len_that_fits;
}

// Who reads GGUF files holds little beside the weights: "runs in 16 GB" is said of them. True: it does there.
bool JudgeByFiles(const Claim& claim, const Resolved& resolved, const Catalog& catalog, CheckResult* result) {
  if (claim.other_engine || !claim.config.format.is_null() || !claim.config.engine.empty()) return false;
  constexpr std::pair<std::string_view, std::string_view> kTwins[] = {
      {"mxfp4", "gguf-mxfp4_moe"}, {"bf16", "gguf-bf16"}, {"fp16", "gguf-f16"}};
  Config config = claim.config;
  for (const auto& [format, twin] : kTwins) {
    if (resolved.format->id == format) config.format = Json(twin);
  }
  if (config.format.is_null()) return false;
  config.engine = std::string(GgufEngine().traits().id);
  const int64_t room = RoomOf(config, catalog);
  if (room < std::max(kLeastContext, claim.config.max_model_len.value_or(0))) return false;
  result->problems.push_back({"claim_right", "",
                              Verdict(claim, true) + " with " + std::string(GgufEngine().traits().name) +
                                  ": " + (resolved.model ? resolved.model->name : claim.model_text) + " in " +
                                  config.format.AsString() + " has room for " + CountText(room) +
                                  " tokens; " + std::string(resolved.engine->name) +
                                  " keeps more beside the weights.",
                              "", Severity::kInfo});
  config.max_model_len = room;
  result->config = std::move(config);
  return true;
}

// "In gguf-q4_k_m it fits with 32,768 tokens of context.": the most bits that have room.
std::string InFewerBits(const Claim& claim, const Catalog& catalog) {
  if (!claim.config.format.is_null() && !claim.config.format.AsString().starts_with("gguf-")) return {};
  for (const char* format :
       {"gguf-q8_0", "gguf-q6_k", "gguf-q5_k_m", "gguf-q4_k_m", "gguf-q3_k_m", "gguf-q2_k"}) {
    Config config = claim.config;
    if (config.format.AsString() == format) continue;
    config.format = Json(format);
    config.engine = std::string(GgufEngine().traits().id);
    const int64_t room = RoomOf(config, catalog);
    if (room < std::max(kLeastContext, claim.config.max_model_len.value_or(0))) continue;
    return "In " + std::string(format) + " it fits with " + CountText(room) + " tokens of context.";
  }
  return {};
}

// "Needs 8": wrong where half of them have room, too.
bool NameFewer(const Claim& claim, const Resolved& resolved, const Catalog& catalog, CheckResult* result) {
  const int64_t said = claim.config.gpus.value_or(1);
  int64_t fewest = said;
  for (int64_t count = said / 2; count >= 1; count /= 2) {
    Config config = claim.config;
    config.gpus = count;
    if (RoomOf(config, catalog) < std::max(kLeastContext, claim.config.max_model_len.value_or(0))) break;
    fewest = count;
  }
  if (fewest == said) return false;
  const std::string name = resolved.model ? resolved.model->name : claim.model_text;
  result->problems.push_back({"claim_wrong", "",
                              Verdict(claim, false) + ": " + name + " in " + resolved.format->id +
                                  " has room on " +
                                  (fewest == 1 ? "one of them" : CountText(fewest) + " of them") + ", too.",
                              "", Severity::kError});
  result->config.gpus = fewest;
  return true;
}

// ---- what is said of a model itself -----------------------------------------------------------------------

double FactOf(ClaimFact fact, const Resolved& resolved, const Report& report) {
  const Architecture& a = *resolved.architecture;
  const Attention attention = a.groups.empty() ? Attention() : a.groups.front().shape.attention;
  switch (fact) {
    case ClaimFact::kParameters:
      return static_cast<double>(report.weights.total_params);
    case ClaimFact::kActiveParameters:
      return static_cast<double>(report.weights.active_params);
    case ClaimFact::kKvHeads:
      return static_cast<double>(attention.kv_heads);
    case ClaimFact::kHeads:
      return static_cast<double>(attention.heads);
    case ClaimFact::kLayers:
      return static_cast<double>(a.layers);
    case ClaimFact::kNone:
      break;
  }
  return 0;
}

std::string FactText(ClaimFact fact, double number) {
  const auto count = static_cast<int64_t>(number);
  switch (fact) {
    case ClaimFact::kParameters:
      return ParametersText(count) + " parameters";
    case ClaimFact::kActiveParameters:
      return ParametersText(count) + " active parameters";
    case ClaimFact::kKvHeads:
      return CountText(count) + " KV heads";
    case ClaimFact::kHeads:
      return CountText(count) + " heads";
    case ClaimFact::kLayers:
      return CountText(count) + " layers";
    case ClaimFact::kNone:
      break;
  }
  return {};
}

// "How much does … need?"
void AnswerAmount(const Claim& claim, const Resolved& resolved, const Report& report, const Catalog& catalog,
                  CheckResult* result) {
  std::string text = (resolved.model ? resolved.model->name : claim.model_text) + " in " +
                     resolved.format->id + ": its weights take " +
                     SizeText(report.weights.checkpoint, SizeUnits::kDecimal) + " (" +
                     SizeText(report.weights.checkpoint) + ")";
  Config small = claim.config;
  small.format = Json("gguf-q4_k_m");
  small.engine = std::string(GgufEngine().traits().id);
  const Result<Resolved> file = Settle(small, catalog);
  if (claim.config.format.is_null() && file.ok())
    text += ", in gguf-q4_k_m " + SizeText(EstimateResolved(*file).weights.checkpoint, SizeUnits::kDecimal);
  if (report.kv.per_sequence > Bytes(0))
    text += "; a sequence of " + CountText(resolved.max_model_len) + " tokens keeps " +
            SizeText(report.kv.per_sequence, SizeUnits::kDecimal) + " beside them";
  result->problems.push_back(
      {"amount", "", text + ".", "Name a card to see whether it fits.", Severity::kInfo});
}

void JudgeFact(const Claim& claim, const Resolved& resolved, const Report& report, CheckResult* result) {
  const double ours = FactOf(claim.fact, resolved, report);
  const bool counted = claim.fact != ClaimFact::kParameters && claim.fact != ClaimFact::kActiveParameters;
  const auto is = [&](double number) {
    return counted ? claim.number == number : number > 0 && std::fabs(claim.number / number - 1) <= kRight;
  };
  const std::string name = resolved.model ? resolved.model->name : claim.model_text;
  const bool right = is(ours);
  result->problems.push_back(
      {right ? "claim_right" : "claim_wrong", "",
       Verdict(claim, right) + (right ? ". " : ": ") + name + " has " + FactText(claim.fact, ours) + ".", "",
       right ? Severity::kInfo : Severity::kError});
  if (right) return;
  const auto mistake = [&](const char* code, std::string sentence) {
    result->problems.push_back({code, "", std::move(sentence), "", Severity::kWarning});
  };
  if (claim.fact == ClaimFact::kParameters && claim.product > 0 && is(claim.product * 1e9))
    mistake("name_multiplied", "The name does not multiply: the experts share attention and embeddings.");
  if (claim.fact == ClaimFact::kParameters && is(FactOf(ClaimFact::kActiveParameters, resolved, report)))
    mistake("active_parameters", "Those are its active parameters; all of them have to be in memory.");
  if (claim.fact == ClaimFact::kKvHeads && is(FactOf(ClaimFact::kHeads, resolved, report)))
    mistake("heads_for_kv_heads", "Those are its heads of queries; keys and values have fewer.");
}

void JudgeFit(const Claim& claim, const Resolved& resolved, const Report& report, const Catalog& catalog,
              CheckResult* result) {
  if (JudgeWithoutContext(claim, resolved, report, result)) return;
  if (claim.fits && !report.fits() && JudgeByFiles(claim, resolved, catalog, result)) return;
  const bool right = report.fits() == claim.fits;
  if (right && claim.needed && claim.fits && NameFewer(claim, resolved, catalog, result)) return;
  result->problems.push_back({right ? "claim_right" : "claim_wrong", "",
                              Verdict(claim, claim.question ? report.fits() : right) + ". " +
                                  HeadlineText(resolved, report) + " " + DetailText(resolved, report),
                              right || report.fits() ? "" : InFewerBits(claim, catalog),
                              right ? Severity::kInfo : Severity::kError});
  if (right || report.fits()) return;
  // "70B in 4 bits is 35 GB": the number that people had in mind.
  const double total = static_cast<double>(report.weights.total_params),
               active = static_cast<double>(report.weights.active_params);
  const double room = static_cast<double>(claim.said.count());
  const bool in_mind = active * report.weights.bits_per_weight / 8 < room ||
                       (claim.config.format.is_null() && active / 2 < room && room < active * 2);
  if (active < 0.9 * total && in_mind)
    result->problems.push_back({"active_parameters", "",
                                "Its " + ParametersText(static_cast<int64_t>(active)) +
                                    " active parameters would fit; all " +
                                    ParametersText(static_cast<int64_t>(total)) + " have to be in memory.",
                                "", Severity::kWarning});
}

void AnswerClaim(const Claim& claim, const Resolved& resolved, const Report& report, const Catalog& catalog,
                 CheckResult* result) {
  switch (claim.kind) {
    case ClaimKind::kAmount:
      return AnswerAmount(claim, resolved, report, catalog, result);
    case ClaimKind::kFact:
      return JudgeFact(claim, resolved, report, result);
    case ClaimKind::kFits:
      return JudgeFit(claim, resolved, report, catalog, result);
    case ClaimKind::kWeights:
    case ClaimKind::kCache:
    case ClaimKind::kCachePerToken:
    case ClaimKind::kTotal:
      return JudgeNumber(claim, resolved, report, result);
  }
}

}  // namespace

std::optional<Result<CheckResult>> ReadClaimText(std::string_view text, const Catalog& catalog) {
  const std::optional<Claim> claim = ReadClaim(text, catalog);
  if (!claim) return std::nullopt;
  CheckResult result;
  result.kind = CheckKind::kClaim;
  result.what = "claim";
  if (claim->training) {
    result.problems.push_back({"training", "",
                               "That is of training: what serving a model takes is answered here.", "",
                               Severity::kError});
    return Result<CheckResult>(std::move(result));
  }
  if (!claim->unknown_model.empty()) {
    result.not_understood.push_back(claim->unknown_model);
    result.problems.push_back(
        {"model_unknown", "", Quoted(claim->unknown_model) + " is no model that the catalog knows.",
         "Is " + NearModels(catalog, claim->unknown_model) + " meant?", Severity::kError});
    return Result<CheckResult>(std::move(result));
  }
  result.config = claim->config;
  const Result<Resolved> resolved = Settle(result.config, catalog);
  if (!resolved.ok()) return Result<CheckResult>(resolved.error());
  const Report report = EstimateResolved(*resolved);
  // A number of its own needs no card; whether it fits does.
  result.answered = !result.config.gpu.empty() || !result.config.gpu_memory_mib.empty();
  ReadItem item;
  item.text = claim->model_text;
  item.value = claim->config.model;
  item.key = "model";
  item.effect = ReadEffect::kKey;
  if (claim->stand_in) item.note = "No model is named: " + resolved->model->name + " stands for that size.";
  result.understood.push_back(std::move(item));
  AnswerClaim(*claim, *resolved, report, catalog, &result);
  return result;
}

}  // namespace plimsoll
