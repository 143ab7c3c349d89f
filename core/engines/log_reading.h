// What a log of an engine's start tells. Which lines mean something is each engine's own knowledge: a table
// of phrases (LogPattern), each with what is taken from the line that it stands in. core/check/startup_log.h
// goes through the text. Figures carry the names of `validate`'s metrics.
#ifndef PLIMSOLL_CORE_ENGINES_LOG_READING_H_
#define PLIMSOLL_CORE_ENGINES_LOG_READING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/units.h"
#include "core/resolve/report.h"

namespace plimsoll {

struct LogCard {
  int index = 0;
  std::string name;     // as the log has it; empty: not named
  double mib = 0;       // in all; 0: not told
  double free_mib = 0;  // at start; 0: not told
};

struct LogFigure {
  std::string_view metric;  // of `validate`
  std::string device;       // "CUDA0", "TP1"; empty: not told
  double value = 0;
};

// Something that did not fit.
struct LogFailure {
  FailureStage stage = FailureStage::kNone;
  std::optional<Bytes> asked, free;        // of an allocation that was refused
  std::optional<Bytes> needed, available;  // of a pool that is too small
  bool host = false;                       // RAM, not a card
  bool certain = false;                    // the stage is named, not told from what came before
  std::string_view knob = {};              // the key of Config that the log itself names
  std::optional<int64_t> limit;            // the most of it that would do, as the log says
  std::string line;                        // as the log has it, shortened
};

// How far the start has come by the lines seen so far.
enum class LogPhase : uint8_t { kStart, kWeights, kProfile, kPool, kGraphs, kWarmUp, kServing };

// A window of a server's throughput lines.
struct LogThroughput {
  double tokens_per_s = 0;
  int64_t running = 0;
};

struct LogReading {
  int votes = 0;  // lines that are this engine's
  std::string version;
  std::string model;   // as the log has it: "Qwen/Qwen3-32B", "/models/x.gguf"
  std::string format;  // a format id, where the log tells one
  // Options by the engine's own names, in the order of the log; later ones win.
  std::vector<std::pair<std::string, std::string>> options;
  Json settings = Json::MakeObject();  // keys of Config
  std::vector<LogCard> cards;
  std::vector<LogFigure> figures;
  std::optional<LogThroughput> throughput;
  int loads = 0;  // models loaded before this one, whose figures are not mixed with theirs
  LogPhase phase = LogPhase::kStart;
  // Stages named by the frames of the traceback that is being read, as bits of FailureStage.
  uint32_t frames = 0;
  std::optional<LogFailure> failure;
};

// The line that a phrase stands in, without colours.
struct LogLine {
  std::string_view text;
  std::string_view before;  // the phrase
  std::string_view rest;    // after the phrase
};

struct LogPattern {
  std::string_view phrase;  // at least three characters
  void (*take)(const LogLine& line, LogReading* reading);
  bool own = true;  // says which engine's log it is
};

// ---- for those that take ----

// The number that the text begins with after blanks and one of "=:([\"'": "1,234.5". Nothing: none.
std::optional<double> LeadingNumber(std::string_view text, std::string_view* rest = nullptr);
// A number with its unit as bytes: "1.74 GiB", "446.00 MiB", "12.5GB" (both mean binary units in these logs).
std::optional<Bytes> LeadingBytes(std::string_view text, std::string_view* rest = nullptr);
// The number or bytes after `phrase` further on in the text.
std::optional<double> NumberAfter(std::string_view text, std::string_view phrase);
std::optional<Bytes> BytesAfter(std::string_view text, std::string_view phrase);
// The text between `begin` and `end`; empty: they are not there.
std::string_view Between(std::string_view text, std::string_view begin, std::string_view end);
std::string_view Trimmed(std::string_view text);

// Which rank wrote the line: "TP1", "PP0_TP1", "RANK 3"; empty: it does not say.
std::string RankOf(std::string_view before);

// A figure, unless it is the hundredth from that device; nothing where the value is not finite.
void AddFigure(std::string_view metric, std::string device, double value, LogReading* reading);
// The stage to tell from `frames`, else from `phase`. The first failure of a log is the cause, so that later
// ones only add what is not known yet.
void AddFailure(LogFailure failure, LogReading* reading);
// The card with this number, made when it is new; nullptr past the hundredth.
LogCard* CardAt(int index, LogReading* reading);

// Pairs out of "name=value, name='value', …" and of "{'name': value, …}": names without quotes, values with
// theirs taken off. Brackets and quotes nest; at most 400 pairs.
std::vector<std::pair<std::string, std::string>> ReadPairs(std::string_view text);

// An option of these names sets a key of Config by the kind of its value.
enum class LogValue : uint8_t { kWhole, kReal, kSwitch, kText };
struct LogOption {
  std::string_view name, key;
  LogValue kind = LogValue::kWhole;
};
void TakeOption(const LogOption* table, size_t count, std::string_view name, std::string_view value,
                LogReading* reading);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LOG_READING_H_
