#include "core/engines/option_readers.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(OptionReaders, SizesByTheEnginesRule) {
  EXPECT_EQ(ReadSize("32768", SizeRule::kPlain), 32768);
  EXPECT_EQ(ReadSize("32k", SizeRule::kPlain), std::nullopt);
  // vLLM: lower case is decimal, upper case binary.
  EXPECT_EQ(ReadSize("128k", SizeRule::kCased), 128000);
  EXPECT_EQ(ReadSize("128K", SizeRule::kCased), 131072);
  EXPECT_EQ(ReadSize("1M", SizeRule::kCased), 1048576);
  EXPECT_EQ(ReadSize("25.6k", SizeRule::kCased), 25600);
  EXPECT_EQ(ReadSize("25.6K", SizeRule::kCased), std::nullopt);
  EXPECT_EQ(ReadSize("10G", SizeRule::kCased), int64_t{10} << 30);
  // SGLang: the i is binary.
  EXPECT_EQ(ReadSize("1M", SizeRule::kBinary), 1000000);
  EXPECT_EQ(ReadSize("256Ki", SizeRule::kBinary), 262144);
  for (const char* text : {"", "k", "1x", "1kk", "nan", "1e400", "99999999999999999999T"}) {
    EXPECT_EQ(ReadSize(text, SizeRule::kCased), std::nullopt) << text;
  }
}

TEST(OptionReaders, SwitchesHaveManyWords) {
  EXPECT_EQ(ReadTruth("True"), true);
  EXPECT_EQ(ReadTruth(""), true);
  EXPECT_EQ(ReadTruth("off"), false);
  EXPECT_EQ(ReadTruth("perhaps"), std::nullopt);
}

OptionReading Reading(std::string model) {
  OptionReading reading;
  reading.catalog = &ShippedCatalog();
  reading.model = std::move(model);
  return reading;
}

TEST(OptionReaders, TheRepositoryDecidesWhatAWordForAFormatLeavesOpen) {
  OptionReading block = Reading("Qwen/Qwen3-32B-FP8");
  block.quantization = "fp8";
  ASSERT_TRUE(ResolveNames(&block));
  EXPECT_EQ(block.config.format.AsString(), "fp8-block");
  OptionReading online = Reading("Qwen/Qwen3-32B");
  online.quantization = "fp8";
  ASSERT_TRUE(ResolveNames(&online));
  EXPECT_EQ(online.config.format.AsString(), "fp8");
  OptionReading int8 = Reading("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8");
  int8.quantization = "gptq_marlin";
  ASSERT_TRUE(ResolveNames(&int8));
  EXPECT_EQ(int8.config.format.AsString(), "gptq-int8");
}

TEST(OptionReaders, PlainTypesAreFormatsOfPlainCheckpointsOnly) {
  OptionReading plain = Reading("Qwen/Qwen3-8B");
  plain.dtype = "half";
  ASSERT_TRUE(ResolveNames(&plain));
  EXPECT_EQ(plain.config.format.AsString(), "fp16");
  OptionReading quantised = Reading("Qwen/Qwen3-8B-AWQ");
  quantised.dtype = "half";
  ASSERT_TRUE(ResolveNames(&quantised));
  EXPECT_EQ(quantised.config.format.AsString(), "awq-int4");
  EXPECT_EQ(quantised.config.dtype, "float16");
}

TEST(OptionReaders, ADraftComesOfSeveralOptions) {
  OptionReading reading = Reading("Qwen/Qwen3-32B");
  reading.draft.model = "Qwen/Qwen3-0.6B";
  reading.draft.tokens = 5;
  ASSERT_TRUE(ResolveNames(&reading));
  ASSERT_TRUE(reading.config.speculative);
  EXPECT_EQ(reading.config.speculative->model, "qwen3-0.6b");
  EXPECT_EQ(reading.config.speculative->num_tokens, 5);
}

TEST(OptionReaders, AnUnknownModelIsSaid) {
  OptionReading reading = Reading("Org/Nobody-Knows-9B");
  EXPECT_FALSE(ResolveNames(&reading));
  OptionReading served = Reading("/mnt/weights");
  served.served_name = "Qwen/Qwen3-8B";
  EXPECT_TRUE(ResolveNames(&served));
  EXPECT_EQ(served.config.model, "qwen3-8b");
}

TEST(OptionReaders, AbsentDegreesAreOne) {
  OptionReading reading = Reading("");
  reading.config.tp = 4;
  reading.config.pp = 2;
  reading.config.nodes = 2;
  CountRanks(&reading);
  EXPECT_EQ(reading.config.gpus, 4);
  OptionReading idle = Reading("");
  idle.visible = 8;
  CountRanks(&idle);
  EXPECT_EQ(idle.config.gpus, 8);
  EXPECT_EQ(idle.config.tp, 1);
  OptionReading one = Reading("");
  CountRanks(&one);
  EXPECT_FALSE(one.config.gpus || one.config.tp);
}

}  // namespace
}  // namespace plimsoll
