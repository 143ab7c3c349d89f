// The command for the configuration, in the form that was chosen, and what to expect of it. A worker writes it
// (web/errands.h) and follows the configuration.
#ifndef PLIMSOLL_WEB_LAUNCH_STATE_H_
#define PLIMSOLL_WEB_LAUNCH_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "core/config/config.h"
#include "web/errands.h"

namespace plimsoll {

struct LaunchSheet {
  struct Metric {
    std::string name, threshold, meaning;
  };
  std::string form, text;
  std::vector<std::string> forms, nodes, notes, expect;
  Bytes download;
  std::vector<Metric> metrics;
  std::string alerts, when_killed;
};

class LaunchState {
 public:
  std::string form;  // empty: the engine's own

  void Follow(int64_t version, const Config& config, Errands* errands);

  const LaunchSheet* sheet() const { return sheet_ ? &*sheet_ : nullptr; }  // the last one that came
  bool working() const { return working_; }
  const std::string& problem() const { return problem_; }

 private:
  void Take(const std::string& text);

  std::optional<LaunchSheet> sheet_;
  std::string problem_, asked_form_;
  int64_t version_ = -1;
  bool working_ = false;
};

// What people call a form: "docker" as "Docker".
std::string FormWords(std::string_view form);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_LAUNCH_STATE_H_
