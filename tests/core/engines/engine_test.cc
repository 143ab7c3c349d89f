#include "core/engines/engine.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

// An engine that says no more than it must: what the interface says for it.
class Bare final : public Engine {
 public:
  const EngineTraits& traits() const override { return traits_; }
  Result<EngineVersion> ReadVersion(std::string_view, std::string_view) const override {
    return EngineVersion();
  }
  std::optional<Error> TakeDefaults(const Config&, Resolved*) const override { return std::nullopt; }
  void Plan(const Resolved&, Report*) const override {}
  std::vector<Term> Explain(const Resolved&, const Report&) const override { return {}; }
  std::vector<std::string> ExpectedLog(const Resolved&, const Report&) const override { return {}; }
  StepStyle StyleOf(const Resolved&) const override { return {}; }
  void SetUpServer(const Resolved&, const Report&, SchedulerSetup*) const override {}
  const MetricNames& metric_names() const override { return names_; }
  std::vector<std::string_view> Formats() const override { return {}; }

 private:
  EngineTraits traits_;
  MetricNames names_;
};

TEST(Engine, WhatIsTrueOfAnEngineThatSaysNothing) {
  const Bare engine;
  Resolved resolved;
  resolved.max_num_batched_tokens = 777;
  Report report;
  report.kv.capacity_tokens = 1000;
  GpuReport gpu;
  gpu.activation = MiB(5);
  gpu.cuda_graph = MiB(7);
  EXPECT_EQ(engine.LoggedActivation(resolved, gpu), MiB(5));
  EXPECT_EQ(engine.PromptChunk(resolved), 777);
  EXPECT_EQ(engine.CacheLimit(report), 0) << "no sequence waits for a cache";
  EXPECT_TRUE(engine.UsualFormat(nullptr).empty());
  EXPECT_TRUE(engine.Levers({}).empty());
  EXPECT_TRUE(engine.HostLevers({}).empty());
}

}  // namespace
}  // namespace plimsoll
