#include "core/check/judge.h"

#include <string>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/solve/ways_out.h"

namespace plimsoll {
namespace {

// The option that set a key, as it stands in the text; empty: none did.
std::string OptionOf(const CheckResult& result, std::string_view key) {
  for (const ReadItem& item : result.understood) {
    if (item.key == key && !item.option.empty()) return item.option;
  }
  return {};
}

bool IsWordChar(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// Whether `word` stands in `text` as a whole word.
bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWordChar(text[at - 1])) && (end == text.size() || !IsWordChar(text[end]))) return true;
  }
  return false;
}

// A diagnostic names keys ("Set gpus to 2, or lower tp"); the first that an option of the text set is meant.
std::string OptionInFix(const CheckResult& result, const Diagnostic& diagnostic) {
  for (const std::string_view said :
       {std::string_view(diagnostic.fix), std::string_view(diagnostic.message)}) {
    for (const ConfigKey& key : ConfigKeys()) {
      if (key.json == "model" || !HasWord(said, key.json)) continue;
      std::string option = OptionOf(result, key.json);
      if (!option.empty()) return option;
    }
  }
  return {};
}

void AddDiagnostics(const std::vector<Diagnostic>& diagnostics, CheckResult* result) {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == Severity::kInfo) continue;
    result->problems.push_back({diagnostic.code, OptionInFix(*result, diagnostic), diagnostic.message,
                                diagnostic.fix, diagnostic.severity});
  }
}

CheckFailure FailureOf(const Config& config, const Catalog& catalog, const Resolved& resolved,
                       const Report& report) {
  CheckFailure failure;
  failure.stage = report.failure;
  const GpuReport* fullest = FullestCard(report);
  if (fullest != nullptr && fullest->headroom < Bytes(0)) failure.missing = Bytes(0) - fullest->headroom;
  failure.cause = DetailText(resolved, report);
  Config even = config;
  even.tensor_split.clear();
  if (!even.gpus) even.gpus = resolved.gpus;
  const bool split = config.tensor_split.size() > 1 && resolved.cards.size() > 1;
  const Result<Resolved> whole = Settle(even, catalog);
  if (split && whole.ok() && EstimateResolved(*whole).fits()) {
    failure.cause = SplitCause(config, report);
    failure.knob = "tensor_split";
    const FixPrice price = PriceOf(even, catalog);
    const std::string label = "layers by the cards' free memory";
    failure.fixes.push_back(
        {ChangedKeys(config, even), even, label + ": " + PriceText(price) + ".", label, price});
  }
  for (WayOut& way : WaysOut(config, catalog, kMostFixes)) {
    const FixPrice price = PriceOf(way.config, catalog);
    std::string cost = way.label + ": " + PriceText(price) + ".";
    if (failure.fixes.size() >= kMostFixes) break;
    failure.fixes.push_back({ChangedKeys(config, way.config), std::move(way.config), std::move(cost),
                             std::move(way.label), price});
  }
  return failure;
}

}  // namespace

std::string SplitCause(const Config& config, const Report& report) {
  std::string shares;
  for (const double share : config.tensor_split)
    shares += (shares.empty() ? "" : ",") + GeneralDecimal(share, 6);
  std::string sentence = "tensor_split " + shares;
  const GpuReport* fullest = FullestCard(report);
  if (fullest != nullptr) {
    sentence += " puts " + SizeText(fullest->total) + " on a card of " + SizeText(fullest->capacity);
  }
  return sentence + ": without it all cards have room.";
}

FixPrice PriceOf(const Config& config, const Catalog& catalog) {
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return {};
  const Report report = EstimateResolved(*resolved);
  return {resolved->max_model_len, report.kv.max_concurrency, report.speed.decode_tokens_per_s};
}

std::string PriceText(const FixPrice& price) {
  if (price.max_model_len <= 0) return {};
  std::string text = CountText(price.max_model_len) + " tokens of context";
  if (price.sequences > 0) text += ", room for " + DecimalText(price.sequences, 1) + " such sequences";
  if (price.tokens_per_s > 0) text += ", " + DecimalText(price.tokens_per_s, 0) + " tokens/s";
  return text;
}

Json ChangedKeys(const Config& config, const Config& changed) {
  Json set = Json::MakeObject();
  for (const ConfigKey& key : ConfigKeys()) {
    Json value = GetConfigValue(changed, key);
    if (value != GetConfigValue(config, key)) set.AppendMember(std::string(key.json), std::move(value));
  }
  return set;
}

void Judge(const Catalog& catalog, CheckResult* result) {
  if (result->config.model.empty() && result->config.inline_model.is_null()) return;
  const Result<Resolved> resolved = Settle(result->config, catalog);
  if (!resolved.ok()) {
    const Error& error = resolved.error();
    result->problems.push_back(
        {"not_accepted", OptionOf(*result, error.field), error.Message(), "", Severity::kError});
    return;
  }
  result->answered = true;
  if (result->config.gpu.empty() && !resolved->ram_alone && result->kind == CheckKind::kCommand) {
    result->problems.push_back({"card_assumed", "", "No card is named: " + CardsText(*resolved) + " assumed.",
                                "Choose the card, or paste what nvidia-smi prints.", Severity::kInfo});
  }
  const Report report = EstimateResolved(*resolved);
  AddDiagnostics(report.diagnostics, result);
  if (report.fits() || result->failure) return;
  result->failure = FailureOf(result->config, catalog, *resolved, report);
  result->problems.push_back({"does_not_fit", "", HeadlineText(*resolved, report),
                              result->failure->fixes.empty() ? "" : result->failure->fixes[0].cost,
                              Severity::kError});
}

}  // namespace plimsoll
