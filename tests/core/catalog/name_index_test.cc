#include "core/catalog/name_index.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

std::string Best(std::string_view name) {
  const Catalog& catalog = ShippedCatalog();
  const Model* model = BestMatch(catalog.models(), catalog.Names(), SplitName(name));
  return model == nullptr ? "-" : model->id;
}

TEST(NameIndex, HasEveryNameOfEveryModel) {
  const Catalog& catalog = ShippedCatalog();
  const NameIndex& index = catalog.Names();
  ASSERT_EQ(index.models.size(), catalog.models().size());
  for (size_t i = 0; i < index.models.size(); ++i) {
    const Model& model = catalog.models()[i];
    ASSERT_EQ(index.models[i].size(), 3 + model.checkpoints().size()) << model.id;
    EXPECT_EQ(index.models[i][0].keys.whole, KeysOf(SplitTitle(model.id)).whole);
    EXPECT_EQ(index.models[i].front().at_most, kSameWhole);
    const NameMatch last = model.checkpoints().empty() ? kSameWhole : kSameButActive;
    EXPECT_EQ(index.models[i].back().at_most, last) << model.id;
  }
  EXPECT_EQ(&catalog.Names(), &index) << "made once";
}

TEST(NameIndex, TheClosestNameWins) {
  EXPECT_EQ(Best("Qwen3-30B-A3B"), "qwen3-30b-a3b") << "the whole name";
  EXPECT_EQ(Best("Llama-3.1-70B-Instruct"), "llama-3.1-70b") << "but for what changes no shape";
  EXPECT_EQ(Best("Qwen3-30B"), "qwen3-30b-a3b") << "but for the active size";
  EXPECT_EQ(Best("DeepSeek-V3-671B"), "deepseek-v3") << "but for the model's own size";
  EXPECT_EQ(Best("DeepSeek-V3-70B"), "-") << "another size";
  EXPECT_EQ(Best("Llama-3.1-70B-of-mine"), "-") << "a word that nobody has";
  EXPECT_EQ(Best("Instruct"), "-") << "what says nothing names nothing";
  EXPECT_EQ(Best(""), "-");
}

// Repositories that are listed with a relative: that one's own names go before.
TEST(NameIndex, AModelsOwnNameGoesBeforeAListedRepository) {
  const Catalog& catalog = ShippedCatalog();
  for (const Model& model : catalog.models()) {
    const Model* best = BestMatch(catalog.models(), catalog.Names(), SplitTitle(model.id));
    ASSERT_NE(best, nullptr) << model.id;
    EXPECT_EQ(KeysOf(SplitTitle(best->id)).plain, KeysOf(SplitTitle(model.id)).plain);
  }
}

}  // namespace
}  // namespace plimsoll
