// What was found in a text that somebody pasted: which kind of text it is, the configuration that it
// describes, what of it was understood, what is wrong with it and how to mend it. Readers
// (core/check/check.cc lists them) fill one in; check_json.h writes it under the contract's names.
#ifndef PLIMSOLL_CORE_CHECK_CHECK_RESULT_H_
#define PLIMSOLL_CORE_CHECK_CHECK_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/config/config.h"
#include "core/resolve/report.h"

namespace plimsoll {

constexpr int64_t kMaxCommandBytes = 256 * 1024;  // of everything but logs

enum class CheckKind : uint8_t { kCommand, kLog, kConfig, kLink, kHardware, kClaim };
std::string_view CheckKindName(CheckKind kind);  // "command", "log", …

// What becomes of something that was read.
enum class ReadEffect : uint8_t {
  kKey,          // it sets a key of the configuration
  kFree,         // known to cost neither memory nor speed
  kNotModelled,  // known to matter, and what it does is not modelled: said so
};

// An option, variable or figure that was read.
struct ReadItem {
  std::string text;    // as it stands there: "--max-model-len 32K"
  std::string option;  // by its first name: "--max-model-len"
  std::string value;   // "32K"; secrets are left out
  std::string key;     // of Config; empty: none
  ReadEffect effect = ReadEffect::kFree;
  std::string note;  // what is worth saying of it; empty: nothing
};

// What is wrong, named with the option it comes from.
struct CheckProblem {
  std::string code;    // stable, snake_case: "option_removed"
  std::string option;  // as it stands in the text; empty: none in particular
  std::string message;
  std::string fix;  // empty: nothing helps
  Severity severity = Severity::kWarning;
};

// A change that mends a failure, and what it costs.
struct FixPrice {
  int64_t max_model_len = 0;  // 0 of any: not known
  double sequences = 0;       // of that length that have room
  double tokens_per_s = 0;
};

struct CheckFix {
  Json set;           // {key: value}: what differs from the configuration; null: back to the default
  Config config;      // with the change
  std::string cost;   // a sentence: context, users, speed
  std::string label;  // the change, in words
  FixPrice price;
};

struct CheckFailure {
  FailureStage stage = FailureStage::kNone;
  std::optional<Bytes> missing;
  std::string cause;
  std::string knob = {};  // the key of Config that caused it; empty: none alone
  std::vector<CheckFix> fixes;
};

// The text as it should be, and where it was changed.
struct MendedText {
  struct Mark {
    size_t begin = 0, end = 0;  // bytes of `text`
  };
  std::string text;
  std::vector<Mark> marks;
};

// Where an option stands in the text.
struct OptionPlace {
  std::string option, key;  // by its first name
  size_t begin = 0, end = 0, value_begin = 0;
};

using CheckMetric = std::pair<std::string, double>;  // a metric of `validate`, and its value

struct CheckResult {
  CheckKind kind = CheckKind::kCommand;
  std::string what;       // "vLLM command in a Docker Compose file"
  bool answered = false;  // `config` says enough for a report
  Config config;
  std::vector<ReadItem> understood;
  std::vector<std::string> not_understood;  // as they stand in the text
  std::vector<CheckProblem> problems;
  std::vector<CheckMetric> measured, predicted;
  std::optional<CheckFailure> failure;
  std::optional<Calibration> calibration;  // of this machine, to be taken
  std::optional<MendedText> mended;
  std::vector<OptionPlace> places;  // for mending: where to change, and where to add
  size_t insert_at = 0;
  std::string_view insert_within;  // the member of a JSON object that additions have to stand in
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CHECK_RESULT_H_
