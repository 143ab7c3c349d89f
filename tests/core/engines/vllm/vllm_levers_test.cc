#include "core/engines/vllm/vllm_levers.h"

#include <gtest/gtest.h>

#include <string>

#include "core/formats/format_ids.h"

namespace plimsoll {
namespace {

std::string Labels(const LeverStart& start) {
  std::string labels;
  for (const Lever& lever : VllmLevers(start))
    labels += std::string(labels.empty() ? "" : "; ") + lever.label;
  return labels;
}

TEST(VllmLevers, OnlyWhatIsNotPulledYet) {
  Config config;
  LeverStart start;
  start.config = &config;
  start.utilization = 0.9;
  start.wide_cache = true;
  start.sequences = 1000;
  EXPECT_EQ(Labels(start), "95 % of the card; fp8 KV cache; no CUDA graphs; 256 sequences at once");
  start.utilization = 0.95;
  start.wide_cache = false;
  start.eager = true;
  start.sequences = 256;
  EXPECT_EQ(Labels(start), "");
  start.utilization = 0.5;
  config.kv_cache_memory_bytes = 1;
  EXPECT_EQ(Labels(start), "") << "the share does not count then";
}

TEST(VllmLevers, WhatTheyPull) {
  Config config;
  LeverStart start;
  start.config = &config;
  start.utilization = 0.5;
  start.wide_cache = true;
  start.sequences = 1000;
  Config pulled;
  for (const Lever& lever : VllmLevers(start)) lever.pull(&pulled);
  EXPECT_EQ(pulled.gpu_memory_utilization, 0.95);
  EXPECT_EQ(pulled.kv_cache_dtype, (KvTypes{KvType::kFp8, KvType::kFp8}));
  EXPECT_EQ(pulled.enforce_eager, true);
  EXPECT_EQ(pulled.max_num_seqs, 256);
}

TEST(VllmLevers, GibibytesOfWeightsInRam) {
  const std::vector<HostLever> levers = VllmHostLevers();
  ASSERT_EQ(levers.size(), 1u);
  Config config;
  levers[0].pull(&config, 12, 40);
  EXPECT_EQ(config.cpu_offload_gb, 12.0);
  EXPECT_EQ(levers[0].label(12, 40), "12 GiB of weights in RAM per GPU");
  EXPECT_EQ(levers[0].least, 1);
  EXPECT_GT(levers[0].per_doubling, 0) << "more of it is slower";
}

TEST(VllmLevers, FormatsFromManyBitsToFew) {
  double before = 100;
  for (const std::string_view id : VllmFormats()) {
    const Result<WeightFormat> format = FormatOfId(id, "");
    ASSERT_TRUE(format.ok()) << id;
    EXPECT_NE(format->family, FormatFamily::kGguf);
    const double bits = format->schemes.empty() ? 16 : format->schemes[0].bits;
    EXPECT_LE(bits, before) << id;
    before = bits;
  }
}

}  // namespace
}  // namespace plimsoll
