#include "core/arch/families.h"

#include <gtest/gtest.h>

#include "core/arch/classic_families.h"
#include "core/arch/convolution_families.h"
#include "core/arch/dense_families.h"
#include "core/arch/encoder_families.h"
#include "core/arch/hybrid_families.h"
#include "core/arch/latent_families.h"
#include "core/arch/mamba_families.h"
#include "core/arch/moe_families.h"
#include "core/arch/ngram_families.h"
#include "core/arch/rwkv_families.h"
#include "core/arch/speech_families.h"
#include "core/arch/vision_language_families.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

int ListsThatKnow(std::string_view name) {
  return (FindClassicFamily(name) != nullptr ? 1 : 0) + (FindDenseFamily(name) != nullptr ? 1 : 0) +
         (FindHybridFamily(name) != nullptr ? 1 : 0) + (FindLatentFamily(name) != nullptr ? 1 : 0) +
         (FindMoeFamily(name) != nullptr ? 1 : 0) + (FindConvolutionFamily(name) != nullptr ? 1 : 0) +
         (FindEncoderFamily(name) != nullptr ? 1 : 0) + (FindMambaFamily(name) != nullptr ? 1 : 0) +
         (FindNgramFamily(name) != nullptr ? 1 : 0) + (FindRwkvFamily(name) != nullptr ? 1 : 0) +
         (FindSpeechFamily(name) != nullptr ? 1 : 0) + (FindVisionLanguageFamily(name) != nullptr ? 1 : 0);
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
