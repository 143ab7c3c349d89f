// A serving engine: everything that is known of it stands behind this interface, one folder per engine. What
// changed between its releases is a table of dated rules in there. registry.h lists them.
#ifndef PLIMSOLL_CORE_ENGINES_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_ENGINE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/config/engine_version.h"
#include "core/engines/engine_options.h"
#include "core/engines/levers.h"
#include "core/engines/log_reading.h"
#include "core/resolve/engine_traits.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/metrics.h"
#include "core/schedule/scheduler.h"
#include "core/speed/step_style.h"

namespace plimsoll {

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const EngineTraits& traits() const = 0;

  // Which release a text names; empty: the newest one known. The error's field is `where`.
  virtual Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const = 0;

  // Fills what the configuration left open with this engine's own defaults, for its version and these cards,
  // and reads its own keys. What Resolve() looked up (model, format, cards, version) is already there.
  [[nodiscard]] virtual std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const = 0;

  // Everything in bytes: per card, host, pool, verdict, diagnostics. Touches no text but literals of
  // diagnostics.
  virtual void Plan(const Resolved& resolved, Report* report) const = 0;

  // The terms behind the fullest card's bytes; their depth-0 rows add up to its total and
  // to what the system keeps beside it (`reserved`).
  virtual std::vector<Term> Explain(const Resolved& resolved, const Report& report) const = 0;

  // The lines that the engine is expected to print at start.
  virtual std::vector<std::string> ExpectedLog(const Resolved& resolved, const Report& report) const = 0;

  // The lines of its log that tell something (core/engines/log_reading.h); none: its logs are not read.
  virtual std::vector<LogPattern> LogPatterns() const { return {}; }

  // What its log calls the peak of activations, for a card's report.
  virtual Bytes LoggedActivation(const Resolved& resolved, const GpuReport& gpu) const {
    (void)resolved;
    return gpu.activation;
  }

  // What its log calls the maximum concurrency, whatever has room in truth.
  virtual double LoggedConcurrency(const Resolved& resolved, const Report& report) const {
    (void)resolved;
    return report.kv.max_concurrency;
  }

  // Its programs, options and images; nullptr: not known to us.
  virtual const EngineLanguage* language() const { return nullptr; }

  // How it drives a step, for the speed model.
  virtual StepStyle StyleOf(const Resolved& resolved) const = 0;
  // Prompt tokens of one step beside decoding; 0: a whole prompt.
  virtual int64_t PromptChunk(const Resolved& resolved) const { return resolved.max_num_batched_tokens; }
  // Whether a step reads prompts or decodes, never both; prompts then go first.
  virtual bool ReadsPromptsAlone() const { return false; }
  // Tokens that its cache holds in all, where running sequences are limited by it; 0: they are not.
  virtual int64_t CacheLimit(const Report& report) const {
    (void)report;
    return 0;
  }

  // Its scheduler and its cache, for the simulator. The step model and the limits of Config are already
  // there.
  virtual void SetUpServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) const = 0;
  // What it calls the metrics to watch.
  virtual const MetricNames& metric_names() const = 0;

  // Lengths beyond which one of its defaults changes, so that more may fit than at the length itself.
  virtual std::vector<int64_t> LengthBreaks() const { return {}; }

  // Formats that people choose among for it, from many bits to few. Where two have about the same size the
  // one with a kernel on more cards stands first.
  virtual std::vector<std::string_view> Formats() const = 0;
  // From which release it reads a format: "b6325 and later"; empty: every one that we know, or none.
  virtual std::string FormatSince(const WeightFormat& format) const {
    (void)format;
    return {};
  }
  // The format to try a model in when nobody names one and room is short; empty: none.
  virtual std::string_view UsualFormat(const Model* model) const {
    (void)model;
    return {};
  }
  // What can be given up a little, nearest first; see levers.h.
  virtual std::vector<Lever> Levers(const LeverStart& start) const {
    (void)start;
    return {};
  }
  // How weights can be kept in RAM, nearest first.
  virtual std::vector<HostLever> HostLevers(const LeverStart& start) const {
    (void)start;
    return {};
  }
  // How the size of its cache in RAM is given.
  virtual RamCacheOption CacheInRam(const Resolved& resolved) const {
    (void)resolved;
    return {};
  }
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_ENGINE_H_
