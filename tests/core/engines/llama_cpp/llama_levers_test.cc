#include "core/engines/llama_cpp/llama_levers.h"

#include <gtest/gtest.h>

#include <string>

#include "core/formats/format_ids.h"
#include "core/formats/gguf_types.h"

namespace plimsoll {
namespace {

TEST(LlamaLevers, CachesThatAreNotSmallYet) {
  Config config;
  LeverStart start;
  start.config = &config;
  start.kv = {KvType::kFp16, KvType::kFp16};
  start.wide_cache = true;
  std::vector<Lever> levers = LlamaLevers(start);
  ASSERT_EQ(levers.size(), 2u);
  Config pulled;
  levers[0].pull(&pulled);
  EXPECT_EQ(pulled.kv_cache_dtype, (KvTypes{KvType::kQ8_0, KvType::kQ8_0}));
  levers[1].pull(&pulled);
  EXPECT_EQ(pulled.kv_cache_dtype, (KvTypes{KvType::kQ4_0, KvType::kQ4_0}));
  start.wide_cache = false;
  start.kv = {KvType::kQ8_0, KvType::kQ8_0};
  levers = LlamaLevers(start);
  ASSERT_EQ(levers.size(), 1u);
  EXPECT_STREQ(levers[0].label, "q4_0 KV cache");
  start.kv = {KvType::kQ4_0, KvType::kQ4_0};
  EXPECT_TRUE(LlamaLevers(start).empty());
}

TEST(LlamaLevers, MlpsOfTheFirstLayersByAPattern) {
  Config config;
  LeverStart start;
  start.config = &config;
  start.layers = 40;
  const std::vector<HostLever> levers = LlamaHostLevers(start);
  ASSERT_EQ(levers.size(), 2u);
  const struct {
    int64_t layers;
    const char* numbers;
  } cases[] = {{1, "0"},
               {2, "[0-1]"},
               {10, "[0-9]"},
               {11, "[0-9]|10"},
               {20, "[0-9]|1[0-9]"},
               {23, "[0-9]|1[0-9]|2[0-2]"},
               {31, "[0-9]|1[0-9]|2[0-9]|30"}};
  for (const auto& c : cases) {
    Config pulled;
    levers[0].pull(&pulled, c.layers, 40);
    EXPECT_EQ(pulled.override_tensor, "blk\\.(" + std::string(c.numbers) + ")\\.ffn_(up|gate|down)\\.=CPU");
  }
  EXPECT_EQ(levers[0].most, 40);
  EXPECT_EQ(levers[0].label(3, 40), "MLPs of 3 of 40 layers in RAM");
}

TEST(LlamaLevers, WholeLayersAndExperts) {
  Config config;
  LeverStart start;
  start.config = &config;
  start.layers = 40;
  start.has_experts = true;
  std::vector<HostLever> levers = LlamaHostLevers(start);
  ASSERT_EQ(levers.size(), 2u);
  Config pulled;
  levers[0].pull(&pulled, 7, 40);
  EXPECT_EQ(pulled.n_cpu_moe, 7);
  EXPECT_EQ(levers[0].label(7, 40), "experts of 7 of 40 layers in RAM");
  levers[1].pull(&pulled, 7, 40);
  EXPECT_EQ(pulled.n_gpu_layers, 33) << "those that stay on the card";
  EXPECT_EQ(levers[1].label(7, 40), "33 of 40 layers on the GPU");
  EXPECT_EQ(levers[1].least, 0) << "without the output layer alone";
  EXPECT_EQ(levers[1].most, 39);
  EXPECT_GT(levers[1].distance, levers[0].distance);
  start.has_experts = false;
  config.override_tensor = "x=CPU";
  EXPECT_EQ(LlamaHostLevers(start).size(), 1u) << "a pattern that somebody gave is left alone";
}

TEST(LlamaLevers, FormatsFromManyBitsToFew) {
  double before = 100;
  for (const std::string_view id : LlamaFormats()) {
    const Result<WeightFormat> format = FormatOfId(id, "");
    ASSERT_TRUE(format.ok()) << id;
    ASSERT_EQ(format->family, FormatFamily::kGguf) << id;
    const GgmlTypeInfo& type = Info(Info(static_cast<GgufFileType>(format->gguf_type)).default_type);
    const double bits = 8.0 * type.bytes / type.block;
    EXPECT_LE(bits, before) << id;
    before = bits;
  }
}

}  // namespace
}  // namespace plimsoll
