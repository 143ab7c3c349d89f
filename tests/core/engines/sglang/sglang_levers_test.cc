#include "core/engines/sglang/sglang_levers.h"

#include <gtest/gtest.h>

#include <string>

#include "core/config/config_codec.h"
#include "core/solve/ways_out.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(SglangLevers, BothWaysOfTheShare) {
  Config config;
  LeverStart start;
  start.config = &config;
  start.wide_cache = true;
  bool raises = false, lowers = false;
  for (const Lever& lever : SglangLevers(start)) {
    Config changed;
    lever.pull(&changed);
    EXPECT_NE(changed, Config()) << lever.label;
    raises = raises || changed.mem_fraction_static == 0.9;
    lowers = lowers || changed.mem_fraction_static == 0.8;
  }
  EXPECT_TRUE(raises);
  EXPECT_TRUE(lowers);
}

// DeepSeek R1 in FP8 on four B200: the default share leaves the pool nothing, nine tenths of what is free do.
TEST(SglangLevers, AreWaysOut) {
  const Result<DecodedConfig> config = DecodeConfigJsonText(
      R"({"model":"deepseek-r1","engine":"sglang","gpu":"b200","gpus":4,"max_model_len":9472})");
  ASSERT_TRUE(config.ok());
  bool raised = false;
  for (const WayOut& way : WaysOut(config->config, ShippedCatalog())) {
    raised = raised || way.config.mem_fraction_static == 0.9;
  }
  EXPECT_TRUE(raised);
}

TEST(SglangLevers, NothingThatIsPulledAlready) {
  Config config;
  config.mem_fraction_static = 0.95;
  LeverStart start;
  start.config = &config;
  start.eager = true;
  const std::vector<Lever> levers = SglangLevers(start);
  ASSERT_EQ(levers.size(), 1u);
  Config changed;
  levers[0].pull(&changed);
  EXPECT_EQ(changed.mem_fraction_static, 0.8);
  EXPECT_EQ(changed.chunked_prefill_size, 2048);
}

TEST(SglangLevers, WeightsInRam) {
  Config config;
  SglangHostLevers().front().pull(&config, 6, 0);
  EXPECT_EQ(config.cpu_offload_gb, 6);
  EXPECT_EQ(SglangHostLevers().front().label(6, 0), "6 GiB of weights in RAM per GPU");
}

TEST(SglangLevers, FormatsAreKnown) {
  for (const std::string_view id : SglangFormats()) EXPECT_NE(ShippedCatalog().FindFormat(id), nullptr) << id;
}

}  // namespace
}  // namespace plimsoll
