#include "tests/support/speed_setup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "core/config/config_codec.h"
#include "core/engines/registry.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "tests/support/estimates.h"

namespace plimsoll {

std::unique_ptr<SpeedSetup> Make(const char* json) {
  auto setup = std::make_unique<SpeedSetup>();
  Result<DecodedConfig> decoded = DecodeConfigJsonText(json);
  EXPECT_TRUE(decoded.ok()) << json;
  setup->config = std::move(decoded->config);
  Result<Resolved> resolved = Settle(setup->config, TestCatalog());
  EXPECT_TRUE(resolved.ok()) << json;
  setup->resolved = std::move(*resolved);
  setup->work = CountWork(setup->resolved, EngineOf(setup->resolved).StyleOf(setup->resolved));
  setup->model = MakeStepModel(setup->resolved);
  return setup;
}

StepLoad Decode(const StepModel& model, int64_t sequences, int64_t context) {
  StepLoad load;
  load.decode_sequences = sequences;
  for (int i = 0; i < model.span_count(); ++i) {
    load.decode_kv_tokens[static_cast<size_t>(i)] =
        static_cast<double>(std::min(context, model.span(i)) * sequences);
  }
  return load;
}

SpeedReport SpeedOf(const char* json) {
  const auto s = Make(json);
  return EstimateSpeed(s->resolved, EstimateResolved(s->resolved));
}

double DecodeRate(const char* json) { return SpeedOf(json).decode_tokens_per_s; }

}  // namespace plimsoll
