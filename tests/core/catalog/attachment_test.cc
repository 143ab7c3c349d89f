#include "core/catalog/attachment.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

struct Counted final : Attachment::Value {
  explicit Counted(int* count) : alive(count) { ++*alive; }
  ~Counted() override { --*alive; }
  int* alive;
};

TEST(Attachment, TheFirstOneIsKeptAndTheOthersGo) {
  int alive = 0;
  {
    const Attachment attachment;
    EXPECT_EQ(attachment.Find(), nullptr);
    const Attachment::Value* first = attachment.Keep(std::make_unique<Counted>(&alive));
    EXPECT_EQ(attachment.Find(), first);
    EXPECT_EQ(attachment.Keep(std::make_unique<Counted>(&alive)), first);
    EXPECT_EQ(attachment.Find(), first);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace plimsoll
