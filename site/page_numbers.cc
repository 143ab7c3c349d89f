#include "site/page_numbers.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/engines/settle.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

using Printer = std::string (*)(const Answer&);

std::string Gib(Bytes bytes, int decimals = 1) { return DecimalText(bytes.gib(), decimals); }

const GpuReport& Fullest(const Answer& answer) { return *FullestCard(answer.report); }

// "weights_gib", "cuda_graph_gib": any part of the fullest card's memory, by its key in a report.
std::optional<std::string> PartOf(const Answer& answer, std::string_view name) {
  for (const MemoryPart& part : kMemoryParts) {
    const std::string_view stem = part.key.substr(0, part.key.rfind("_bytes"));
    if (name == std::string(stem) + "_gib") return Gib(Fullest(answer).*part.bytes);
  }
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, Printer>, 22> kNumbers = {{
    {"headline", TitleOf},
    {"detail", [](const Answer& a) { return a.explanation.detail; }},
    {"verdict", [](const Answer& a) { return std::string(VerdictName(a.report.verdict)); }},
    {"fragment", [](const Answer& a) { return a.fragment; }},
    {"total_gib", [](const Answer& a) { return Gib(Fullest(a).total); }},
    {"capacity_gib", [](const Answer& a) { return Gib(Fullest(a).capacity); }},
    {"budget_gib", [](const Answer& a) { return Gib(Fullest(a).budget); }},
    {"short_gib", [](const Answer& a) { return Gib(Bytes(0) - Fullest(a).headroom); }},
    {"checkpoint_gib", [](const Answer& a) { return Gib(a.report.weights.checkpoint); }},
    {"checkpoint_gb", [](const Answer& a) { return DecimalText(a.report.weights.checkpoint.gb(), 1); }},
    {"bits", [](const Answer& a) { return DecimalText(a.report.weights.bits_per_weight, 2); }},
    {"total_params", [](const Answer& a) { return CountText(a.report.weights.total_params); }},
    {"active_params", [](const Answer& a) { return ParametersText(a.report.weights.active_params); }},
    {"kv_token_bytes", [](const Answer& a) { return CountText(a.report.kv.per_token.count()); }},
    {"kv_token_kib",
     [](const Answer& a) {
       return DecimalText(static_cast<double>(a.report.kv.per_token.count()) / 1024, 0);
     }},
    {"kv_sequence_gib", [](const Answer& a) { return Gib(a.report.kv.per_sequence, 2); }},
    {"kv_sequence_mib", [](const Answer& a) { return DecimalText(a.report.kv.per_sequence.mib(), 0); }},
    {"capacity_tokens", [](const Answer& a) { return CountText(a.report.kv.capacity_tokens); }},
    {"longest", [](const Answer& a) { return CountText(a.report.kv.max_model_len_that_fits); }},
    {"concurrency", [](const Answer& a) { return DecimalText(a.report.kv.max_concurrency, 2); }},
    {"decode", [](const Answer& a) { return DecimalText(a.report.speed.decode_tokens_per_s, 0); }},
    {"context", [](const Answer& a) { return CountText(a.resolved->max_model_len); }},
}};

[[noreturn]] void Stop(std::string_view fragment, const Error& error) {
  std::fprintf(stderr, "generate_pages: %.*s: %s\n", static_cast<int>(fragment.size()), fragment.data(),
               error.Message().c_str());
  std::exit(1);
}

}  // namespace

const Answer& Ask(const Catalog& catalog, std::string_view fragment) {
  static std::map<std::string, std::unique_ptr<Answer>, std::less<>>
      answers;  // a generator asks again and again
  if (const auto known = answers.find(fragment); known != answers.end()) return *known->second;
  Result<DecodedConfig> decoded = DecodeConfigUrl(fragment);
  if (!decoded.ok()) Stop(fragment, decoded.error());
  auto answer = std::make_unique<Answer>();
  answer->config = std::move(decoded->config);
  answer->fragment = EncodeConfigUrl(answer->config);
  Result<Resolved> resolved = Settle(answer->config, catalog);
  if (!resolved.ok()) Stop(fragment, resolved.error());
  answer->resolved.emplace(std::move(resolved).value());
  answer->report = EstimateResolved(*answer->resolved);
  answer->explanation = Explain(*answer->resolved, answer->report);
  return *answers.emplace(std::string(fragment), std::move(answer)).first->second;
}

std::string TitleOf(const Answer& answer) {
  std::string title = answer.explanation.headline;
  if (!title.empty() && title.back() == '.') title.pop_back();
  return title;
}

std::optional<std::string> NumberOf(const Answer& answer, std::string_view name) {
  for (const auto& [known, print] : kNumbers) {
    if (known == name) return print(answer);
  }
  return PartOf(answer, name);
}

}  // namespace plimsoll
