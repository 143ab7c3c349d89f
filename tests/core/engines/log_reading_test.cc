#include "core/engines/log_reading.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(LogReading, NumbersAndSizes) {
  EXPECT_EQ(LeadingNumber("1,234,567 tokens"), 1234567);
  EXPECT_EQ(LeadingNumber("(131072), "), 131072);
  EXPECT_EQ(LeadingNumber("= 0.90."), 0.9);
  EXPECT_EQ(LeadingNumber("-2.14 GiB"), -2.14);
  EXPECT_EQ(LeadingNumber("12, 13"), 12);
  EXPECT_FALSE(LeadingNumber("x"));
  EXPECT_FALSE(LeadingNumber(""));
  EXPECT_EQ(LeadingBytes("1.5 GiB"), GiBFromDouble(1.5));
  EXPECT_EQ(LeadingBytes("446.00 MiB"), MiB(446));
  EXPECT_EQ(LeadingBytes("2GB"), GiB(2)) << "these logs write GB and mean GiB";
  EXPECT_EQ(LeadingBytes("4757131264"), Bytes(4757131264));
  EXPECT_EQ(BytesAfter("a of which 1.00 MiB is free", " of which "), MiB(1));
  EXPECT_EQ(NumberAfter("x=3", "y="), std::nullopt);
  EXPECT_EQ(Between("a(b)c", "(", ")"), "b");
  EXPECT_EQ(Between("a(b", "(", ")"), "");
}

TEST(LogReading, Ranks) {
  EXPECT_EQ(RankOf("(Worker_TP1 pid=9) INFO "), "TP1");
  EXPECT_EQ(RankOf("[2025-10-02 10:00:00 TP0] "), "TP0");
  EXPECT_EQ(RankOf("(Worker_PP1_TP3 pid=9) "), "PP1_TP3");
  EXPECT_EQ(RankOf("(VllmWorker rank=2 pid=9) "), "rank2");
  EXPECT_EQ(RankOf("INFO HTTP1 "), "");
}

TEST(LogReading, PairsOfPythonObjects) {
  const auto pairs =
      ReadPairs("model='Org/M', a=[1, 2], b={'c': 3, 'd': 'x, y'}, e=None, dtype=torch.bfloat16)tail=1");
  ASSERT_EQ(pairs.size(), 5u);
  EXPECT_EQ(pairs[0], (std::pair<std::string, std::string>("model", "Org/M")));
  EXPECT_EQ(pairs[1].second, "[1, 2]");
  EXPECT_EQ(pairs[2].second, "{'c': 3, 'd': 'x, y'}");
  EXPECT_EQ(pairs[4].second, "torch.bfloat16");
  const auto json = ReadPairs("{'tensor_parallel_size': 2, \"model\": \"a\"}");
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0], (std::pair<std::string, std::string>("tensor_parallel_size", "2")));
  EXPECT_LE(ReadPairs(std::string(1 << 20, '=')).size(), 400u);
}

TEST(LogReading, TheFirstFailureIsTheCauseAndALaterOneNamesItsStage) {
  LogReading reading;
  reading.phase = LogPhase::kWeights;
  LogFailure guess;
  guess.line = "CUDA out of memory";
  guess.asked = MiB(5);
  AddFailure(guess, &reading);
  ASSERT_TRUE(reading.failure);
  EXPECT_EQ(reading.failure->stage, FailureStage::kProfiling) << "by what came before";
  LogFailure named;
  named.stage = FailureStage::kSamplerWarmUp;
  named.free = MiB(1);
  AddFailure(named, &reading);
  EXPECT_EQ(reading.failure->stage, FailureStage::kSamplerWarmUp);
  EXPECT_EQ(reading.failure->asked, MiB(5));
  EXPECT_EQ(reading.failure->free, MiB(1));
  LogFailure other;
  other.stage = FailureStage::kLoading;
  AddFailure(other, &reading);
  EXPECT_EQ(reading.failure->stage, FailureStage::kSamplerWarmUp);
}

TEST(LogReading, FramesTellTheStage) {
  LogReading reading;
  reading.frames =
      1u << static_cast<int>(FailureStage::kProfiling) | 1u << static_cast<int>(FailureStage::kGraphCapture);
  AddFailure({}, &reading);
  EXPECT_EQ(reading.failure->stage, FailureStage::kGraphCapture) << "a capture runs the model, too";
}

}  // namespace
}  // namespace plimsoll
