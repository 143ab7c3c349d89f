#include "core/catalog/model_names.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// "model format", "-" where the name is nobody's.
std::string Named(std::string_view name) {
  const std::optional<NamedModel> named = FindModelNamed(ShippedCatalog(), name);
  if (!named) return "-";
  return named->model->id + (named->format.empty() ? "" : " " + named->format);
}

TEST(ModelNames, EveryRepositoryOfTheCatalogIsFound) {
  for (const Model& model : ShippedCatalog().models()) {
    const std::optional<NamedModel> own = FindModelNamed(ShippedCatalog(), model.hf_repo);
    ASSERT_TRUE(own) << model.hf_repo;
    EXPECT_TRUE(own->exact) << model.hf_repo;
    EXPECT_EQ(own->model->hf_repo, model.hf_repo);
    EXPECT_EQ(Named(model.id), model.id);
    for (const Checkpoint& checkpoint : model.checkpoints()) {
      const std::optional<NamedModel> named = FindModelNamed(ShippedCatalog(), checkpoint.repo);
      ASSERT_TRUE(named) << checkpoint.repo;
      EXPECT_TRUE(named->exact) << checkpoint.repo;
    }
  }
}

TEST(ModelNames, EveryDisplayedNameIsFound) {
  for (const Model& model : ShippedCatalog().models()) {
    const std::optional<NamedModel> named = FindModelNamed(ShippedCatalog(), model.name);
    ASSERT_TRUE(named) << model.name;
    EXPECT_EQ(named->model->id, model.id) << model.name;
  }
}

TEST(ModelNames, CheckpointsTellTheirFormat) {
  EXPECT_EQ(Named("Qwen/Qwen3-32B-AWQ"), "qwen3-32b awq-int4");
  EXPECT_EQ(Named("qwen/qwen3-32b-fp8"), "qwen3-32b fp8-block");
  EXPECT_EQ(Named("Somebody/Qwen3-32B-GPTQ-Int4"), "qwen3-32b gptq-int4");
  EXPECT_EQ(Named("RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16"), "llama-3.3-70b w4a16");
  EXPECT_EQ(Named("unsloth/Llama-3.3-70B-Instruct-bnb-4bit"), "llama-3.3-70b bnb-nf4");
  EXPECT_EQ(Named("nvidia/Llama-3.3-70B-Instruct-NVFP4"), "llama-3.3-70b nvfp4");
}

// Most of NVIDIA's quantised repositories ask for an fp8 cache; one that is not listed may.
TEST(ModelNames, AnUnlistedRepositoryMayAskForACache) {
  const auto said = [](std::string_view name) {
    return ModelByWords(name, *FindModelNamed(ShippedCatalog(), name)).message.find("kv_cache_quant_algo");
  };
  EXPECT_NE(said("nvidia/Llama-3.3-70B-Instruct-NVFP4"), std::string::npos);
  EXPECT_EQ(said("RedHatAI/Llama-3.3-70B-Instruct-NVFP4"), std::string::npos);
}

TEST(ModelNames, FilesTellModelAndType) {
  EXPECT_EQ(Named("/models/Qwen3-32B-Q4_K_M.gguf"), "qwen3-32b gguf-q4_k_m");
  EXPECT_EQ(Named("gpt-oss-120b-mxfp4-00001-of-00003.gguf"), "gpt-oss-120b gguf-mxfp4_moe");
  EXPECT_EQ(Named("unsloth/Qwen3-30B-A3B-GGUF:Q4_K_XL"), "qwen3-30b-a3b gguf-q4_k_m");
  EXPECT_EQ(Named("unsloth/Qwen3-30B-A3B-GGUF:UD-Q4_K_XL"), "qwen3-30b-a3b gguf-ud-q4_k_xl");
  EXPECT_EQ(Named("bartowski/Llama-3.3-70B-Instruct-GGUF:IQ3_XXS"), "llama-3.3-70b gguf-iq3_xxs");
  EXPECT_EQ(Named("Meta-Llama-3.1-8B-Instruct-Q8_0.gguf"), "llama-3.1-8b gguf-q8_0");
  EXPECT_EQ(Named("gemma-3-27b-it-F16.gguf"), "gemma-3-27b gguf-f16");
  EXPECT_EQ(Named("llama-2-13b.Q4_0.gguf"), "llama-2-13b gguf-q4_0");
  EXPECT_EQ(Named("D:\\gguf files\\Qwen3-32B-Q4_K_M.gguf"), "qwen3-32b gguf-q4_k_m");
  EXPECT_EQ(Named(".\\gemma-3-27b-it-Q4_K_M.gguf"), "gemma-3-27b gguf-q4_k_m");
}

TEST(ModelNames, LinksFoldersAndCachesTellTheRepository) {
  EXPECT_EQ(Named("https://huggingface.co/Qwen/Qwen3-8B"), "qwen3-8b");
  EXPECT_EQ(Named("https://huggingface.co/unsloth/Qwen3-8B-GGUF/resolve/main/Qwen3-8B-Q6_K.gguf"),
            "qwen3-8b gguf-q6_k");
  EXPECT_EQ(Named("/root/.cache/huggingface/hub/models--Qwen--Qwen3-8B/snapshots/abc"), "qwen3-8b");
  EXPECT_EQ(Named("/data/models/Qwen3-8B/"), "qwen3-8b");
  EXPECT_EQ(HubRepository("https://huggingface.co/Qwen/Qwen3-8B/tree/main?x=1"), "Qwen/Qwen3-8B");
  EXPECT_EQ(HubRepository("Org/Repo:Q4_K_M"), "Org/Repo");
  for (const char* text : {"", "Repo", "a/b/c", "https://example.org/a/b", "../x", "a /b"}) {
    EXPECT_EQ(HubRepository(text), "") << text;
  }
}

TEST(ModelNames, TagsBehindAColonAreSizesAndTypes) {
  EXPECT_EQ(Named("qwen3:8b"), "qwen3-8b");
  EXPECT_EQ(Named("qwen3:30b"), "qwen3-30b-a3b");
  EXPECT_EQ(Named("llama3.3:70b-instruct-q8_0"), "llama-3.3-70b gguf-q8_0");
  EXPECT_EQ(Named("gemma3:27b-it-q4_K_M"), "gemma-3-27b gguf-q4_k_m");
  EXPECT_EQ(Named("deepseek-r1:671b"), "deepseek-r1");
  EXPECT_EQ(Named("gpt-oss:20b"), "gpt-oss-20b");
  EXPECT_EQ(Named("hf.co/unsloth/Qwen3-8B-GGUF:Q5_K_M"), "qwen3-8b gguf-q5_k_m");
}

TEST(ModelNames, NothingNearIsTaken) {
  for (const char* name : {"", "qwen", "Org/Something-New-13B", "deepseek-r1:14b", "Qwen2.5-Coder-Nothing-7B",
                           "llama", "Q4_K_M", "/", "////", ":", "gguf"}) {
    EXPECT_EQ(Named(name), "-") << name;
  }
  EXPECT_EQ(Named(std::string(100000, 'q')), "-");
}

TEST(ModelNames, ARepositoryIsFoundForAFormat) {
  const Model* model = ShippedCatalog().FindModel("qwen3-32b");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(RepositoryOf(*model, ""), "Qwen/Qwen3-32B");
  EXPECT_EQ(RepositoryOf(*model, "bf16"), "Qwen/Qwen3-32B");
  EXPECT_EQ(RepositoryOf(*model, "awq-int4"), "Qwen/Qwen3-32B-AWQ");
  EXPECT_EQ(RepositoryOf(*model, "gptq-int8"), "");
}

TEST(ModelNames, FormatsStandAlone) {
  EXPECT_EQ(FormatInName("x-Q5_K_S.gguf"), "gguf-q5_k_s");
  EXPECT_EQ(FormatInName("Org/Repo-AWQ"), "awq-int4");
  EXPECT_EQ(FormatInName("Org/Repo"), "");
}

}  // namespace
}  // namespace plimsoll
