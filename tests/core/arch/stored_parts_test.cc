#include "core/arch/stored_parts.h"

#include <gtest/gtest.h>

#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

TEST(StoredParts, EachNameIsItsOwnPart) {
  const struct {
    const char* list;
    bool vision, mtp, embeddings, head;
  } cases[] = {{"[]", false, false, false, false},
               {R"(["vision"])", true, false, false, false},
               {R"(["mtp"])", false, true, false, false},
               {R"(["mtp_embeddings"])", false, false, true, false},
               {R"(["tied_lm_head"])", false, false, false, true},
               {R"(["tied_lm_head","mtp","unheard",3])", false, true, false, true}};
  for (const auto& c : cases) {
    const StoredParts parts = ReadStoredParts(JsonOfText(c.list));
    EXPECT_EQ(parts.vision, c.vision) << c.list;
    EXPECT_EQ(parts.mtp, c.mtp) << c.list;
    EXPECT_EQ(parts.mtp_embeddings, c.embeddings) << c.list;
    EXPECT_EQ(parts.tied_lm_head, c.head) << c.list;
  }
}

}  // namespace
}  // namespace plimsoll
