#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/base/text.h"
#include "core/check/check.h"
#include "core/check/check_json.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"

namespace plimsoll {
namespace {

// Whether the one word is a file of weights, of which only the header may be read: the whole may be larger than memory.
bool IsWeights(const std::vector<std::string>& words, const CommandContext& context) {
  if (words.size() != 1 || !context.read_head || words[0] == "-") return false;
  constexpr int64_t kMark = 64;
  const std::optional<FileHead> head = context.read_head(words[0], kMark);
  const std::optional<FileKind> kind = head ? KindOfBytes(head->bytes) : std::nullopt;
  return kind == FileKind::kGguf || kind == FileKind::kSafetensors;
}

// FILE, "-" or the text itself; words that the shell has split already are put together again.
std::string GivenText(const std::vector<std::string>& words, const CommandContext& context) {
  if (words.size() == 1) {
    std::optional<std::string> text = context.read_file(words[0]);
    if (text) return std::move(*text);
  }
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

Result<CheckResult> CheckGiven(const std::vector<std::string>& words, const CommandContext& context) {
  if (!IsWeights(words, context)) return Check(GivenText(words, context), context.catalog);
  const Result<ModelFile> file = ReadModelFiles(words[0], "file", context);
  if (!file.ok()) return file.error();
  return CheckFile(*file, words[0], context.catalog);
}

// The changed lines, as `diff` marks them.
std::string MendedBlock(const MendedText& mended) {
  std::string text = "Mended (changed lines marked >):\n";
  size_t begin = 0;
  while (begin <= mended.text.size()) {
    const size_t end = std::min(mended.text.find('\n', begin), mended.text.size());
    bool changed = false;
    for (const MendedText::Mark& mark : mended.marks)
      changed = changed || (mark.begin <= end && mark.end > begin);
    text += (changed ? "  > " : "    ") + mended.text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

std::string OptionsBlock(const CheckResult& result) {
  Table table({"Read", "As", ""});
  std::string free;
  for (const ReadItem& item : result.understood) {
    if (item.effect == ReadEffect::kFree && item.note.empty()) {
      free += (free.empty() ? "" : ", ") + (item.option.empty() ? item.text : item.option);
      continue;
    }
    const std::string as = item.effect == ReadEffect::kKey ? item.key : "not modelled";
    table.Add({item.text, item.effect == ReadEffect::kFree ? "" : as, item.note});
  }
  std::string text = table.empty() ? "" : table.Print();
  if (!free.empty()) text += "No cost: " + free + ".\n";
  for (const std::string& unknown : result.not_understood) text += "Not understood: " + unknown + "\n";
  return text;
}

std::string ProblemsBlock(const CheckResult& result) {
  std::string text;
  for (const CheckProblem& problem : result.problems) {
    text += std::string(SeverityName(problem.severity)) + ": " +
            (problem.option.empty() ? "" : problem.option + ": ") + problem.message;
    if (!problem.fix.empty()) text += " " + problem.fix;
    text += "\n";
  }
  return text;
}

std::string FailureBlock(const CheckFailure& failure) {
  std::string text = failure.cause.empty() ? "" : failure.cause + "\n";
  if (failure.fixes.empty()) return text;
  text += "Least costly changes:\n";
  for (const CheckFix& fix : failure.fixes) {
    text += "  " + fix.cost + "\n    " + EncodeConfigUrl(fix.config) + "\n";
  }
  return text;
}

// Bytes and tokens are whole; two decimals of a million tell nobody anything.
std::string Figure(double value) {
  return std::fabs(value) >= 10000 ? CountText(static_cast<int64_t>(std::llround(value)))
                                   : DecimalText(value, 2);
}

std::string MetricsBlock(const CheckResult& result) {
  Table table({"Figure", "Measured>", "Ours>"});
  for (const auto& [name, value] : result.measured) {
    std::string ours;
    for (const auto& [other, predicted] : result.predicted) {
      if (other == name) ours = Figure(predicted);
    }
    table.Add({name, Figure(value), ours});
  }
  std::string text = table.empty() ? "" : table.Print();
  if (result.calibration) {
    Config calibrated = result.config;
    calibrated.cal = result.calibration;
    text += "This machine as a calibration: --cal '" + CalibrationJson(*result.calibration).Dump() + "'\n  " +
            EncodeConfigUrl(calibrated) + "\n";
  }
  return text;
}

std::string CheckText(const CheckResult& result, const CommandContext& context) {
  // "An SGLang log": two capitals are spelt.
  const bool spelt = result.what.size() > 1 && result.what[1] >= 'A' && result.what[1] <= 'Z';
  const bool vowel = result.what.find_first_of(spelt ? "AEFHILMNORSX" : "AEIOUaeiou") == 0;
  std::string text = (vowel ? "An " : "A ") + result.what + ".\n";
  if (result.answered) {
    const Result<Resolved> resolved = Settle(result.config, context.catalog);
    if (resolved.ok()) {
      const Report report = EstimateResolved(*resolved);
      text += HeadlineText(*resolved, report) + "\n" + DetailText(*resolved, report) + "\n";
    }
  }
  for (const std::string& block : {OptionsBlock(result), ProblemsBlock(result), MetricsBlock(result),
                                   result.failure ? FailureBlock(*result.failure) : std::string(),
                                   result.mended ? MendedBlock(*result.mended) : std::string()}) {
    if (!block.empty()) text += "\n" + block;
  }
  return text + "\n" + EncodeConfigUrl(result.config) + "\n";
}

}  // namespace

CommandResult RunCheck(const Arguments& arguments, const CommandContext& context) {
  std::vector<std::string> words = arguments;
  // Options stand before or behind the text; within it they are its own.
  const auto take = [&](std::string_view option) {
    if (!words.empty() && words.front() == option) return words.erase(words.begin()), true;
    if (!words.empty() && words.back() == option) return words.pop_back(), true;
    return false;
  };
  bool json = take("--json");
  const bool exit_code = take("--exit-code");
  json = take("--json") || json;
  if (words.empty()) return Refused({"text", "nothing", "a file, - for standard input, or the text itself"});
  const Result<CheckResult> result = CheckGiven(words, context);
  if (!result.ok()) return Refused(result.error());
  const int exit = exit_code && result->failure ? kExitDoesNotFit : 0;
  if (json) return {exit, CheckToJson(*result, context.catalog).Dump(2) + "\n", ""};
  return {exit, CheckText(*result, context), ""};
}

}  // namespace plimsoll
