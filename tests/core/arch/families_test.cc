#include "core/arch/families.h"

#include <gtest/gtest.h>

#include "core/arch/classic_families.h"
#include "core/arch/dense_families.h"
#include "core/arch/hybrid_families.h"
#include "core/arch/latent_families.h"
#include "core/arch/moe_families.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

int ListsThatKnow(std::string_view name) {
  return (FindClassicFamily(name) != nullptr ? 1 : 0) + (FindDenseFamily(name) != nullptr ? 1 : 0) +
         (FindHybridFamily(name) != nullptr ? 1 : 0) + (FindLatentFamily(name) != nullptr ? 1 : 0) +
         (FindMoeFamily(name) != nullptr ? 1 : 0);
}

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

TEST(Families, AModelsArchitectureStandsInOneList) {
  for (const Model& model : ShippedCatalog().models()) {
    if (model.refused) continue;
    EXPECT_EQ(ListsThatKnow(model.architecture.name), 1) << model.id;
  }
}

}  // namespace
}  // namespace plimsoll
