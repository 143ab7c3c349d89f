#include "core/arch/families.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(Families, EveryListIsSearched) {
  for (const std::string_view name : {"GPT2LMHeadModel", "LlamaForCausalLM", "JambaForCausalLM",
                                      "DeepseekV3ForCausalLM", "MixtralForCausalLM"}) {
    const Family* family = FindFamily(name);
    ASSERT_NE(family, nullptr) << name;
    EXPECT_EQ(family->name, name);
    EXPECT_NE(family->read, nullptr);
  }
}

TEST(Families, NothingIsGuessed) {
  for (const std::string_view name :
       {"", "llamaforcausallm", "LlamaForCausalLM2", "LlamaForCausal", "Llama"}) {
    EXPECT_EQ(FindFamily(name), nullptr) << name;
  }
}

TEST(Families, ANameStandsInOneListOnce) {
  std::vector<std::string_view> names = FamilyNames();
  EXPECT_GE(names.size(), 150u);
  for (const std::string_view name : names) EXPECT_EQ(FindFamily(name)->name, name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  EXPECT_EQ(twice, names.end()) << *twice;
}

TEST(Families, EveryShippedModelIsRead) {
  for (const Model& model : ShippedCatalog().models()) EXPECT_FALSE(model.refused()) << model.id;
}

}  // namespace
}  // namespace plimsoll
