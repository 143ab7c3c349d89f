#include "web/schedule_state.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "tests/support/shipped_catalog.h"
#include "web/worker/work.h"

namespace plimsoll {
namespace {

class ScheduleStateTest : public testing::Test {
 protected:
  void Follow(int64_t version, double seconds) { state.Follow(version, resolved, seconds, &errands); }
  void Answer() {
    for (const Errand& errand : errands.TakeQuestions())
      errands.Answer(errand.id, DoWork(errand.kind, errand.question, ShippedCatalog()));
  }

  Config config = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192&c=4&in=200&out=50")->config;
  Resolved resolved = *Settle(config, ShippedCatalog());
  ScheduleState state;
  Errands errands;
};

TEST_F(ScheduleStateTest, AsksOnceForEachVersionAndKeepsTheLastInView) {
  Follow(1, 0);
  EXPECT_EQ(state.shown(), nullptr);
  Answer();
  Follow(1, 0.1);
  ASSERT_NE(state.shown(), nullptr);
  EXPECT_EQ(state.shown()->summary.done, 32);
  EXPECT_EQ(state.workload().users, 4);
  const int64_t asked = errands.asked();
  Follow(1, 5);
  EXPECT_EQ(errands.asked(), asked);
  Follow(2, 5);
  EXPECT_GT(errands.asked(), asked);
  EXPECT_NE(state.shown(), nullptr);
}

TEST_F(ScheduleStateTest, AShortRunMayEndBeforeTheNextBeginsALongOneMayNot) {
  Follow(1, 0);
  const int64_t first = errands.asked();
  Follow(2, 0.2);
  EXPECT_EQ(errands.asked(), first) << "the slider moves, and something is to be seen";
  Follow(2, 0.3);
  EXPECT_GT(errands.asked(), first) << "nobody waits for what is out of date";
}

TEST_F(ScheduleStateTest, AChangeStartsAnewWhoeverStoppedWhatWasBefore) {
  Follow(1, 0);
  state.Stop(&errands);
  EXPECT_TRUE(state.stopped());
  Follow(1, 1);
  EXPECT_FALSE(errands.open("schedule"));
  Follow(2, 2);
  EXPECT_TRUE(errands.open("schedule"));
  EXPECT_FALSE(state.stopped());
}

TEST_F(ScheduleStateTest, ATraceTravelsToTheWorkerAndALongOneIsRefusedUnread) {
  ASSERT_EQ(state.SetTrace("arrival,prompt,output\n0,100,20\n1,50,30\n"), std::nullopt);
  Follow(1, 0);
  Answer();
  Follow(1, 0);
  ASSERT_NE(state.shown(), nullptr) << state.problem();
  EXPECT_EQ(state.shown()->summary.output_tokens, 50);
  std::string lines;
  for (int i = 0; i < 20002; ++i) lines += "not read\n";
  EXPECT_EQ(state.SetTrace(lines)->given, "20,002 lines");
  EXPECT_EQ(state.trace().size(), 2U) << "what was there stays";
}

TEST_F(ScheduleStateTest, AnAnswerThatIsNoneIsAProblem) {
  Follow(1, 0);
  for (const Errand& errand : errands.TakeQuestions()) errands.Answer(errand.id, R"({"error":"no worker"})");
  Follow(1, 0);
  EXPECT_EQ(state.problem(), "no worker");
  EXPECT_EQ(state.shown(), nullptr);
}

}  // namespace
}  // namespace plimsoll
