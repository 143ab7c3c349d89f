// What the page calls things.
#include <gtest/gtest.h>

#include "web/views/views.h"

namespace plimsoll {
namespace {

TEST(Names, KeysInSentencesBecomeThePagesLabels) {
  EXPECT_EQ(PageWords("max_model_len 131,072 is beyond the model's own 40,960. Lower max_model_len, set "
                      "rope_scaling, or set "
                      "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1."),
            "Context 131,072 is beyond the model's own 40,960. Lower context, set RoPE scaling, or set "
            "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1.");
  EXPECT_EQ(PageWords("Use no_such_key, tp 2 or the model."), "Use no_such_key, tp 2 or the model.");
  EXPECT_EQ(PageWords("vLLM has no option \"max_num_seqs\", nor --max_num_seqs."),
            "vLLM has no option \"max_num_seqs\", nor --max_num_seqs.");
  EXPECT_EQ(PageWords(""), "");
}

TEST(Names, ALabelWithinASentenceIsSmallUnlessItIsAShortForm) {
  EXPECT_EQ(InSentence("Longest context"), "longest context");
  EXPECT_EQ(InSentence("GPU count"), "GPU count");
  EXPECT_EQ(InSentence("RoPE scaling"), "RoPE scaling");
}

TEST(Names, RoundedNumbersHaveThreeDigits) {
  EXPECT_EQ(RoundedNumber(29.994), "30");
  EXPECT_EQ(RoundedNumber(1.2345), "1.23");
  EXPECT_EQ(RoundedNumber(0.8), "0.8");
  EXPECT_EQ(RoundedNumber(1234.4), "1,234");
  EXPECT_EQ(RoundedNumber(0), "0");
}

}  // namespace
}  // namespace plimsoll
