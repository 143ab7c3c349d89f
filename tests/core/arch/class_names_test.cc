#include "core/arch/class_names.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

// A decoder without its head, or under another name, by what its publisher counts.
TEST(ClassNames, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("names"), 6); }

TEST(ClassNames, OtherNamesAndHeads) {
  const struct {
    const char* name;
    const char* family;
    HeadKind head;
  } known[] = {{"LlamaForCausalLM", "LlamaForCausalLM", HeadKind::kLanguage},
               {"AquilaModel", "LlamaForCausalLM", HeadKind::kLanguage},
               {"RWForCausalLM", "FalconForCausalLM", HeadKind::kLanguage},
               {"Qwen2Model", "Qwen2ForCausalLM", HeadKind::kNone},
               {"Qwen2ForRewardModel", "Qwen2ForCausalLM", HeadKind::kClassifier},
               {"LlamaForSequenceClassification", "LlamaForCausalLM", HeadKind::kClassifier}};
  for (const auto& row : known) {
    const KnownClass found = FindClass(row.name);
    ASSERT_NE(found.family, nullptr) << row.name;
    EXPECT_EQ(found.family->name, row.family);
    EXPECT_EQ(found.head, row.head) << row.name;
  }
  for (const char* name :
       {"", "Model", "ForCausalLM", "NoSuchModel", "MiniMaxM3ForCausalLM", "Step3p7FlashForCausalLM"})
    EXPECT_EQ(FindClass(name).family, nullptr) << name;
}

TEST(ClassNames, EveryModelTypeAndNameIsKnown) {
  for (const std::string_view name : ClassNames()) EXPECT_NE(FindClass(name).family, nullptr) << name;
  EXPECT_EQ(ClassOfModelType("llama"), "LlamaForCausalLM");
  EXPECT_EQ(ClassOfModelType("sorcerer"), "");
  for (const char* type : {"qwen3_moe", "deepseek_v3", "gemma3_text", "chatglm", "mpt", "longcat_flash"})
    EXPECT_NE(FindClass(ClassOfModelType(type)).family, nullptr) << type;
}

// A config without "architectures" can be read, whatever it is of.
TEST(ClassNames, EveryTypeOfThePublishedTotalsStandsForAClass) {
  for (const Json& known : ArchitectureTotals().items()) {
    const Json* type = known.Find("config")->Find("model_type");
    if (type == nullptr) continue;
    EXPECT_NE(FindClass(ClassOfModelType(type->AsString())).family, nullptr) << type->AsString();
  }
}

TEST(ClassNames, TheNearest) {
  const std::vector<std::string> nearest = NearestClasses("LlamaForCasualLM");
  ASSERT_FALSE(nearest.empty());
  EXPECT_EQ(nearest.front(), "LlamaForCausalLM");
  const std::vector<std::string> types = NearestModelTypes("qwen3-moe");
  ASSERT_FALSE(types.empty());
  EXPECT_EQ(types.front(), "qwen3_moe");
}

// A list that people read names nothing twice.
TEST(ClassNames, NoNameTwice) {
  std::vector<std::string_view> names = ClassNames();
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace plimsoll
