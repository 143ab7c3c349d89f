#include "core/catalog/task.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(Task, EveryIdNamesItsTask) {
  for (size_t i = 0; i < kTaskIds.size(); ++i) EXPECT_EQ(TaskNamed(kTaskIds[i]), static_cast<Task>(i));
  EXPECT_FALSE(TaskNamed("Text").has_value());
  EXPECT_FALSE(TaskNamed("").has_value());
}

TEST(Task, SeveralStandBesideEachOther) {
  Tasks tasks;
  EXPECT_TRUE(tasks.empty());
  EXPECT_EQ(TasksText(tasks), "not known");
  tasks.Add(Task::kImages);
  tasks.Add(Task::kText);
  EXPECT_TRUE(tasks.Has(Task::kText));
  EXPECT_TRUE(tasks.Has(Task::kImages));
  EXPECT_FALSE(tasks.Has(Task::kAudio));
  EXPECT_EQ(TasksText(tasks), "text, images");
}

}  // namespace
}  // namespace plimsoll
