#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/load_line.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/engine.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"
#include "core/solve/solver.h"
#include "core/solve/ways_out.h"

namespace plimsoll {
namespace {

constexpr int kBarWidth = 60;

// "Llama 3.1 70B, awq-int4, vLLM 0.28.0, one RTX 4090, 16,384 tokens of context".
std::string SubjectText(const Resolved& resolved) {
  const std::string model = resolved.model ? resolved.model->name : resolved.architecture->name;
  std::string engine(resolved.engine->name);
  if (!resolved.version.text.empty()) engine += " " + resolved.version.text;
  return model + ", " + resolved.format->id + ", " + engine + ", " + CardsText(resolved) + ", " +
         CountText(resolved.max_model_len) + " tokens of context";
}

std::string CardsBlock(const Resolved& resolved, const Report& report, SizeUnits units) {
  std::string text;
  for (const GpuReport& gpu : report.per_gpu) {
    const size_t index = static_cast<size_t>(&gpu - report.per_gpu.data());
    // Cards that hold the same are told once.
    if (index > 0 && SameLoad(gpu, report.per_gpu[index - 1])) continue;
    size_t last = index;
    while (last + 1 < report.per_gpu.size() && SameLoad(gpu, report.per_gpu[last + 1])) ++last;
    const std::string name =
        index < resolved.cards.size() ? resolved.cards[index].gpu->name : std::string(gpu.gpu);
    text += "GPU " + std::to_string(index) + (last > index ? " to " + std::to_string(last) + ", each" : "") +
            "  " + name + "  " + GibText(gpu.total, units) + " of " + GibText(gpu.capacity, units);
    if (gpu.budget.count() > 0 && gpu.budget < gpu.capacity) text += ", budget " + GibText(gpu.budget, units);
    text += gpu.headroom.count() < 0 ? ", short by " + SizeText(Bytes(0) - gpu.headroom, units)
            : resolved.engine->fills_share
                ? ", one sequence leaves " + SizeText(gpu.headroom, units) + " of it free"
                : ", " + SizeText(gpu.headroom, units) + " to spare";
    text += "\n  " + LoadLineText(gpu, kBarWidth) + "\n  " + LoadLegendText(gpu, units) + "\n";
  }
  return text;
}

std::string HostBlock(const HostReport& host, SizeUnits units) {
  std::string parts;
  for (const HostPart& part : kHostParts) {
    if (host.*part.bytes <= Bytes(0)) continue;
    parts.append(parts.empty() ? ": " : ", ").append(part.name).append(" ");
    parts += SizeText(host.*part.bytes, units);
  }
  return parts.empty() ? "" : "Host RAM  " + SizeText(SumOfParts(host), units) + parts + "\n";
}

// ", 15.4 to 18.5 GiB by publisher" where a format is an average of files.
std::string BandText(const StoredWeights& stored, SizeUnits units) {
  if (!stored.approximate) return "";
  return ", " + SizeText(stored.low, units) + " to " + SizeText(stored.high, units) + " by publisher";
}

std::string NumbersBlock(const Resolved& resolved, const Report& report, SizeUnits units) {
  Table table({"", ""});
  table.Add({"Parameters", ParametersText(report.weights.total_params) + " in all, " +
                               ParametersText(report.weights.active_params) + " per token; " +
                               DecimalText(report.weights.bits_per_weight, 2) + " bits per weight, " +
                               SizeText(report.weights.checkpoint, units) + " to download" +
                               BandText(resolved.stored, units)});
  if (report.kv.per_token.count() > 0 || report.kv.per_sequence.count() > 0) {
    table.Add({"KV cache", SizeText(report.kv.per_token, units) + " per token, " +
                               SizeText(report.kv.per_sequence, units) + " for " +
                               CountText(resolved.max_model_len) + " tokens"});
  }
  if (report.kv.capacity_tokens > 0) {
    table.Add({"Room", CacheText(resolved, report) + "; longest sequence that fits " +
                           CountText(report.kv.max_model_len_that_fits)});
  }
  const SpeedReport& speed = report.speed;
  if (speed.decode_tokens_per_s > 0) {
    table.Add(
        {report.fits() ? "Speed" : "Speed if it did fit",
         DecimalText(speed.decode_tokens_per_s, 1) + " tokens/s (" + DecimalText(speed.low, 1) + " to " +
             DecimalText(speed.high, 1) + "), prefill " + DecimalText(speed.prefill_tokens_per_s, 0) +
             " tokens/s, first token after " + DurationText(Seconds(speed.ttft_ms / 1e3)) +
             (resolved.concurrency > 1 ? "; " + CountText(resolved.concurrency) + " users, spread evenly"
                                       : "")});
  }
  return table.Print();
}

std::string DiagnosticsBlock(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    text += std::string(SeverityName(diagnostic.severity)) + ": " + diagnostic.message;
    if (!diagnostic.fix.empty()) text += " " + diagnostic.fix;
    text += "\n";
  }
  return text;
}

std::string TermsBlock(const std::vector<Term>& terms, SizeUnits units) {
  Table table({"Term", "Size>", "Formula", "With values", "Source"});
  for (const Term& term : terms) {
    const std::string indent(static_cast<size_t>(term.depth) * 2, ' ');
    table.Add({indent + term.name, SizeText(term.bytes, units), term.formula, term.substituted, term.source});
  }
  return table.empty() ? "" : table.Print();
}

std::string WaysOutBlock(const Config& config, const Catalog& catalog, Inquiry* inquiry) {
  std::string text;
  for (const WayOut& way : WaysOut(config, catalog, 8, inquiry)) {
    text += "  " + way.label + (way.verdict == Verdict::kTight ? " (tight)" : "") + "  " +
            WayOutFigures(way) + "\n    " + EncodeConfigUrl(way.config) + "\n";
  }
  return text.empty() ? "" : "What would fit:\n" + text;
}

std::string Paragraph(const std::string& text) { return text.empty() ? "" : "\n" + text; }

std::string EstimateText(const DecodedConfig& decoded, const Resolved& resolved, const Report& report,
                         const CommandContext& context, const Options& options, Inquiry* inquiry) {
  const SizeUnits units = options.units();
  const Explanation explanation = Explain(resolved, report);
  std::string text = SubjectText(resolved) + "\n" + HeadlineText(resolved, report, units) + "\n";
  const std::string detail = DetailText(resolved, report, units);
  if (!detail.empty()) text += detail + "\n";
  text += Paragraph(CardsBlock(resolved, report, units) + HostBlock(report.host, units));
  text += Paragraph(NumbersBlock(resolved, report, units));
  text += Paragraph(DiagnosticsBlock(report.diagnostics));
  if (options.Has("--terms")) text += Paragraph(TermsBlock(explanation.terms, units));
  if (!report.fits()) text += Paragraph(WaysOutBlock(decoded.config, context.catalog, inquiry));
  return text;
}

}  // namespace

CommandResult RunEstimate(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options =
      Options::Take(arguments, {{"--json", "--gb", "--terms", "--exit-code"}, {"--url", "--config"}});
  if (!options.ok()) return Refused(options.error());
  Result<DecodedConfig> decoded = ReadConfig(*options, context);
  if (!decoded.ok()) return Refused(decoded.error());
  Inquiry inquiry;
  if (!options->Has("--json")) inquiry.units = options->units();
  Result<Resolved> resolved = Settle(decoded->config, context.catalog, &inquiry);
  if (!resolved.ok()) return Refused(resolved.error());
  for (Diagnostic& diagnostic : decoded->diagnostics) resolved->diagnostics.push_back(std::move(diagnostic));
  const Report report = EstimateResolved(*resolved);
  const int exit = options->Has("--exit-code") && !report.fits() ? kExitDoesNotFit : 0;
  if (options->Has("--json")) return {exit, ReportToJson(*resolved, report).Dump(2) + "\n", ""};
  return {exit, EstimateText(*decoded, *resolved, report, context, *options, &inquiry), ""};
}

}  // namespace plimsoll
