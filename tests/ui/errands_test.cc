// Questions for the worker: each is handed out once, the newest of a kind counts, an old answer is not taken.
#include "web/errands.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(Errands, AQuestionIsHandedOutOnceAndItsAnswerTakenOnce) {
  Errands errands;
  errands.Ask("find", "{}");
  EXPECT_TRUE(errands.open("find"));
  const std::vector<Errand> questions = errands.TakeQuestions();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_TRUE(errands.TakeQuestions().empty());
  EXPECT_FALSE(errands.TakeAnswer("find").has_value());
  errands.Progress(questions[0].id, 0.5);
  EXPECT_EQ(errands.share("find"), 0.5);
  EXPECT_TRUE(errands.wanted(questions[0].id));
  errands.Answer(questions[0].id, "yes");
  EXPECT_FALSE(errands.open("find"));
  EXPECT_EQ(errands.TakeAnswer("find"), "yes");
  EXPECT_FALSE(errands.TakeAnswer("find").has_value());
}

TEST(Errands, ANewerQuestionTakesThePlaceOfTheOlder) {
  Errands errands;
  errands.Ask("map", "1");
  const int64_t old = errands.TakeQuestions().at(0).id;
  errands.Ask("map", "2");
  EXPECT_FALSE(errands.wanted(old));
  errands.Answer(old, "late");
  errands.Progress(old, 0.9);
  EXPECT_TRUE(errands.open("map"));
  EXPECT_EQ(errands.share("map"), 0);
  const std::vector<Errand> questions = errands.TakeQuestions();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(questions[0].question, "2");
}

TEST(Errands, OneThatIsGivenUpIsSeenByWhoeverAnswers) {
  Errands errands;
  errands.Ask("map", "1");
  errands.Ask("find", "1");
  const int64_t asked = errands.asked();
  const int64_t map = errands.TakeQuestions().at(1).id;
  errands.GiveUp("map");
  EXPECT_GT(errands.asked(), asked);
  EXPECT_FALSE(errands.wanted(map));
  EXPECT_TRUE(errands.open("find"));
  errands.GiveUp("nothing");
}

}  // namespace
}  // namespace plimsoll
