#include "core/catalog/catalog.h"

#include <gtest/gtest.h>

#include "core/catalog/catalog_data.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(Catalog, ShipsEveryModelAndCard) {
  const Catalog& catalog = ShippedCatalog();
  EXPECT_GE(catalog.models().size(), 126u);
  EXPECT_GE(catalog.gpus().size(), 117u);
  for (const Model& model : catalog.models()) {
    EXPECT_FALSE(model.refused()) << model.id << ": " << (model.refused() ? model.refused()->Message() : "");
    EXPECT_EQ(catalog.FindModel(model.id), &model);
    EXPECT_GT(model.parameters().total, 0) << model.id;
    EXPECT_NE(catalog.FindFormat(model.native_format), nullptr) << model.id;
  }
  for (const Gpu& gpu : catalog.gpus()) {
    EXPECT_EQ(catalog.FindGpu(gpu.id), &gpu);
    EXPECT_GT(gpu.usable, GiB(1)) << gpu.id;
    EXPECT_LE(gpu.usable.gib(), gpu.memory_gb * 1.0001) << gpu.id;
  }
}

// The word alone means those that people use, not the one with the shortest name.
TEST(Catalog, OfAFamilyTheMostUsedIsNearest) {
  const Catalog& catalog = ShippedCatalog();
  EXPECT_EQ(catalog.NearestModel("DeepSeek"), "deepseek-r1");
  EXPECT_EQ(catalog.NearestModel("llama"), "llama-3.1-70b");
  EXPECT_EQ(catalog.NearestModel("kimi"), "kimi-k2");
  EXPECT_EQ(catalog.NearestModel("deepseek-v"), "deepseek-v2") << "no word alone: by kin";
  EXPECT_EQ(catalog.NearestModel("phi"), "phi-4") << "no checkpoint is known of any";
}

TEST(Catalog, FindsByIdAndSuggestsTheNearest) {
  const Catalog& catalog = ShippedCatalog();
  EXPECT_EQ(catalog.FindModel("llama-3.1-7b"), nullptr);
  EXPECT_EQ(catalog.NearestModel("llama-3.1-71b"), "llama-3.1-70b");
  EXPECT_EQ(catalog.NearestModel("Qwen3.8"), "qwen3.8-27b");
  EXPECT_EQ(catalog.NearestGpu("rtx4090"), "rtx-4090");
  EXPECT_EQ(catalog.NearestGpu("RTX4090"), "rtx-4090");
  EXPECT_EQ(catalog.NearestFormat("FP8block"), "fp8-block");
  EXPECT_EQ(catalog.NearestFormat("awq-int5"), "awq-int4");
  EXPECT_EQ(catalog.NearestModel("zzzzzzzzzz"), "");
  EXPECT_EQ(catalog.NearestModel(""), "");
  ASSERT_NE(catalog.FindGpu("h100-80"), nullptr);
  EXPECT_EQ(catalog.FindGpu("h100-80")->id, "h100-sxm");
}

TEST(Catalog, APlainFormatIdMeansTheKnownCheckpoint) {
  const Catalog& catalog = ShippedCatalog();
  const Model& model = *catalog.FindModel("llama-3.1-70b");
  const BoundFormat* awq = catalog.Bind(model, "awq-int4");
  ASSERT_NE(awq, nullptr);
  ASSERT_NE(awq->checkpoint, nullptr);
  EXPECT_EQ(awq->checkpoint->repo, "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4");
  EXPECT_EQ(catalog.Bind(model, "awq-int4"), awq) << "bound once";
  EXPECT_NEAR(awq->stored.checkpoint.gib(), 37.0, 0.2);
  EXPECT_EQ(catalog.Bind(model, "gguf-q4_k_m")->checkpoint, nullptr);
  EXPECT_EQ(catalog.Bind(model, "no-such-format"), nullptr);
}

// Both repositories are NVIDIA's and ask for an fp8 cache; "fp8" stands for many others' as well.
TEST(Catalog, APlainFp8AsksForNoCacheType) {
  const Catalog& catalog = ShippedCatalog();
  const auto wish = [&catalog](const char* model, const char* format) {
    return catalog.Bind(*catalog.FindModel(model), format)->format->cache_wish;
  };
  EXPECT_EQ(wish("llama-3.1-70b", "fp8"), CacheWish::kNone);
  EXPECT_EQ(wish("gemma-4-31b", "nvfp4"), CacheWish::kModelOptFp8);
}

// nvidia/Qwen3.6-27B-NVFP4: 17.4 billion parameters of MLPs and 1.27 of the head at 4.5 bits; 7.3 billion of
// attention and linear attention at 8; embedding, vision and the MTP layer at 16.
TEST(Catalog, AMixtureIsBoundModuleByModule) {
  const Catalog& catalog = ShippedCatalog();
  const BoundFormat* bound = catalog.Bind(*catalog.FindModel("qwen3.6-27b"), "nvfp4");
  ASSERT_NE(bound, nullptr);
  EXPECT_EQ(bound->format->family, FormatFamily::kNvfp4);
  EXPECT_EQ(bound->format->cache_wish, CacheWish::kModelOptFp8);
  const double expected = (17.11e9 + 1.271e9) * 0.5625 + 7.21e9 + (1.271e9 + 0.461e9 + 0.425e9) * 2;
  EXPECT_NEAR(static_cast<double>(bound->stored.checkpoint.count()) / expected, 1, 0.01);
}

TEST(Catalog, ModelsPublishedQuantisedKeepTheirOwnExceptions) {
  const Catalog& catalog = ShippedCatalog();
  const BoundFormat* own = catalog.Bind(*catalog.FindModel("deepseek-r1"), "fp8-block");
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->checkpoint, nullptr);
  // 688,586,727,753 bytes of safetensors on the hub, headers included.
  EXPECT_NEAR(own->stored.checkpoint.gb(), 688.6, 0.7);
}

TEST(Catalog, EveryModelBindsToEveryFormat) {
  const Catalog& catalog = ShippedCatalog();
  for (const Model& model : catalog.models()) {
    for (const WeightFormat& format : catalog.formats()) {
      const BoundFormat* bound = catalog.Bind(model, format.id);
      ASSERT_NE(bound, nullptr) << model.id << " " << format.id;
      EXPECT_EQ(bound->format->id, format.id);
      EXPECT_GT(bound->stored.checkpoint, Bytes(0)) << model.id << " " << format.id;
      EXPECT_GT(bound->stored.bits_per_weight, 1) << model.id << " " << format.id;
      EXPECT_LT(bound->stored.bits_per_weight, 33) << model.id << " " << format.id;
    }
  }
}

TEST(Catalog, RefusesBrokenDataByName) {
  const auto error = [](std::string_view models, std::string_view gpus) {
    Result<Catalog> catalog = Catalog::Parse(models, gpus);
    return catalog.ok() ? std::string("(accepted)") : catalog.error().field;
  };
  EXPECT_EQ(error("{", "[]"), "models");
  EXPECT_EQ(error("[]", "{}"), "gpus");
  EXPECT_EQ(error("[{}]", "[]"), "models[0].id");
  EXPECT_EQ(error(R"([{"id":"a"}])", "[]"), "models[0].config");
  EXPECT_EQ(error("[]", R"([{"id":"a","name":"a","memory_gb":8},{"id":"a","name":"b","memory_gb":8}])"),
            "gpus");
  EXPECT_EQ(error("[]", "[]"), "(accepted)");
}

}  // namespace
}  // namespace plimsoll
