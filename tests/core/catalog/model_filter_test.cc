#include "core/catalog/model_filter.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

const Model& Of(const char* id) { return *ShippedCatalog().FindModel(id); }

TEST(ModelFilter, LetsEverythingThroughThatAsksNothing) {
  for (const Model& model : ShippedCatalog().models())
    EXPECT_EQ(Passes(model, ModelFilter()), Filtered::kYes) << model.id;
}

TEST(ModelFilter, AsksForATaskAndALicence) {
  ModelFilter filter;
  filter.task = Task::kImages;
  EXPECT_EQ(Passes(Of("qwen3-vl-8b"), filter), Filtered::kYes);
  EXPECT_EQ(Passes(Of("qwen3-8b"), filter), Filtered::kNo);
  filter = {};
  filter.license = kOpenLicense;
  EXPECT_EQ(Passes(Of("qwen3-8b"), filter), Filtered::kYes);
  EXPECT_EQ(Passes(Of("llama-3.1-8b"), filter), Filtered::kNo);
  filter.license = kBusinessLicense;
  EXPECT_EQ(Passes(Of("llama-3.1-8b"), filter), Filtered::kYes);
  EXPECT_EQ(Passes(Of("command-r-35b"), filter), Filtered::kNo);
  filter.license = "llama3.1";
  EXPECT_EQ(Passes(Of("llama-3.1-8b"), filter), Filtered::kYes);
  EXPECT_EQ(Passes(Of("llama-3.2-3b"), filter), Filtered::kNo);
}

TEST(ModelFilter, AsksForSizeAndRelease) {
  ModelFilter filter;
  filter.most_params = 15;
  EXPECT_EQ(Passes(Of("qwen3-8b"), filter), Filtered::kYes);
  EXPECT_EQ(Passes(Of("qwen3-32b"), filter), Filtered::kNo);
  filter = {};
  filter.least_params = 15;
  EXPECT_EQ(Passes(Of("qwen3-8b"), filter), Filtered::kNo);
  filter = {};
  filter.since = 2025;
  EXPECT_EQ(Passes(Of("qwen3-8b"), filter), Filtered::kYes);
  EXPECT_EQ(Passes(Of("llama-3.1-8b"), filter), Filtered::kNo);
}

// What nobody wrote down is no miss; it is one where something that is known speaks against the model.
TEST(ModelFilter, TellsWhatIsNotKnownFromWhatIsNot) {
  Result<Model> model = ReadModel(R"({"id":"x","release":"2024-01","config":{}})", "models[0]");
  ASSERT_TRUE(model.ok());
  ModelFilter filter;
  filter.license = kOpenLicense;
  EXPECT_EQ(Passes(*model, filter), Filtered::kUnknown);
  filter.task = Task::kText;
  EXPECT_EQ(Passes(*model, filter), Filtered::kUnknown);
  filter.since = 2025;
  EXPECT_EQ(Passes(*model, filter), Filtered::kNo);
}

TEST(ModelFilter, WordsThatMeanNothingAreRefused) {
  ModelFilter filter;
  EXPECT_EQ(CheckedFilter(filter, "code")->task, Task::kCode);
  EXPECT_EQ(CheckedFilter(filter, "poetry").error().field, "task");
  filter.license = "gemma";
  EXPECT_TRUE(CheckedFilter(filter, "").ok());
  filter.license = "free";
  EXPECT_EQ(CheckedFilter(filter, "").error().field, "license");
}

}  // namespace
}  // namespace plimsoll
