// What came back of a text that somebody pasted: `check --json` as the Check tab draws it.
#ifndef PLIMSOLL_WEB_CHECK_ANSWER_H_
#define PLIMSOLL_WEB_CHECK_ANSWER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace plimsoll {

struct CheckAnswer {
  struct Option {
    std::string name, value, effect, key, note;
  };
  struct Problem {
    std::string severity, option, message, fix;
  };
  struct Figure {
    std::string metric;
    double measured = 0;
    std::optional<double> ours;
  };
  struct Fix {
    std::string label, url;
    int64_t max_model_len = 0;
    double sequences = 0, tokens_per_s = 0;
  };

  std::string kind, what;
  Json config;  // keys of the configuration, as far as the text tells them
  std::string url;
  bool has_model = false;
  std::string headline, verdict, detail;  // of the report; empty: the text does not say enough for one
  std::vector<Option> options;
  std::vector<std::string> not_understood;
  std::vector<Problem> problems;
  std::vector<Figure> figures;
  std::string stage, cause;  // of a failure; empty: none
  std::optional<int64_t> missing_bytes;
  std::vector<Fix> fixes;
  Json calibration;  // null: nothing to take
  std::string mended;
  std::vector<std::pair<size_t, size_t>> marks;  // bytes of `mended`
  std::vector<std::string> expected;             // lines of the log that this configuration would print
};

CheckAnswer ReadCheckAnswer(const Json& json);

// "Weights as loaded", "GiB" of a metric of `validate`; the metric itself and nothing where it is not known.
std::pair<std::string, std::string> MetricWords(std::string_view metric);
// "making the KV cache" of a stage.
std::string_view StageWords(std::string_view stage);
// "outside PyTorch +0.42 GiB, decode x 0.93"
std::string CalibrationWords(const Json& calibration);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_CHECK_ANSWER_H_
