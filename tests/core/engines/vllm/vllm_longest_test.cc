#include "core/engines/vllm/vllm_longest.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// The length that is said to fit does fit, and one block more does not, or not at the first start.
TEST(VllmLongest, SuggestedLengthHolds) {
  for (const char* model : {"llama-3.1-8b", "gemma-3-4b", "qwen3-8b"}) {
    const std::string head =
        std::string(R"({"model":")") + model + R"(","gpu":"rtx-5090","engine_version":"0.19.0")";
    const EstimatedCase c = EstimateText(head + "}");
    const int64_t longest = c.report.kv.max_model_len_that_fits;
    ASSERT_GT(longest, 0);
    EXPECT_TRUE(EstimateText(head + R"(,"max_model_len":)" + std::to_string(longest) + "}").report.fits())
        << model;
    if (longest < c.resolved.architecture->max_positions) {
      const EstimatedCase more =
          EstimateText(head + R"(,"max_model_len":)" + std::to_string(longest + 1) + "}");
      EXPECT_TRUE(!more.report.fits() || more.report.Has(kFirstStartTooSmall)) << model;
    }
  }
}

// A length that the model does not know is refused; what would hold of those it knows is said all the same.
TEST(VllmLongest, BeyondTheModelIsAnsweredByWhatItKnows) {
  const auto longest = [](const char* gpu, const char* length) {
    return EstimateText(std::string(R"({"model":"qwen3-32b","format":"awq-int4","gpu":")") + gpu +
                        R"(","max_model_len":)" + length + "}")
        .report.kv.max_model_len_that_fits;
  };
  EXPECT_EQ(longest("h100-sxm", "131072"), 40960);
  const int64_t small = longest("rtx-4090", "131072");
  EXPECT_GT(small, 1024);
  EXPECT_EQ(small, longest("rtx-4090", "40960"));
}

TEST(VllmLongest, AutoLengthTakesWhatFits) {
  const EstimatedCase c = EstimateText(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","max_model_len":-1})");
  ASSERT_EQ(c.error, "");
  EXPECT_TRUE(c.report.fits());
  EXPECT_LT(c.resolved.max_model_len, 131072);
  EXPECT_GT(c.resolved.max_model_len, 10000);
}

}  // namespace
}  // namespace plimsoll
