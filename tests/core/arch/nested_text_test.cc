#include "core/arch/nested_text.h"

#include <gtest/gtest.h>

#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

// The class that the nested config names goes before its model_type, and one of the two has to be known.
TEST(NestedText, ByClassOrByType) {
  EXPECT_EQ(ReadCase("ovis2-1b").groups[0].shape.attention.qkv_bias, true);
  const char* text =
      R"({"model_type": "%", "hidden_size": 64, "num_hidden_layers": 1, "intermediate_size": 128,
          "num_attention_heads": 4, "vocab_size": 128})";
  std::string known(text), unknown(text);
  known.replace(known.find('%'), 1, "granite");
  unknown.replace(unknown.find('%'), 1, "nobodys");
  EXPECT_TRUE(ReadCaseWith("openvla-7b", "text_config", known).ok());
  const Result<Architecture> refused = ReadCaseWith("openvla-7b", "text_config", unknown);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().field, "model.text_config.model_type");
  EXPECT_NE(refused.error().accepted.find("llama"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
