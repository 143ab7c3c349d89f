#include "core/engines/engine_flags.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

Result<Config> Read(const std::vector<std::string>& flags) {
  return DecodeEngineFlags(flags, "", TestCatalog());
}

TEST(EngineFlags, OurOwnNamesAreReadAsEver) {
  const Result<Config> config =
      Read({"--model", "llama-3.1-8b", "--max-model-len=8192", "--enforce-eager", "--gpus", "2"});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->model, "llama-3.1-8b");
  EXPECT_EQ(config->max_model_len, 8192);
  EXPECT_EQ(config->enforce_eager, true);
  EXPECT_EQ(config->gpus, 2);
}

TEST(EngineFlags, AnEnginesOwnSpelling) {
  const Result<Config> llama = Read({"--engine", "llama.cpp", "--model", "llama-3.1-8b", "-c", "8192", "-ngl",
                                     "20", "-ctk", "q8_0", "-ctv", "q8_0", "-np", "2", "-ub", "1024"});
  ASSERT_TRUE(llama.ok()) << llama.error().Message();
  EXPECT_EQ(llama->max_model_len, 8192);
  EXPECT_EQ(llama->n_gpu_layers, 20);
  EXPECT_EQ(llama->kv_cache_dtype, (KvTypes{KvType::kQ8_0, KvType::kQ8_0}));
  EXPECT_EQ(llama->max_num_seqs, 2);
  EXPECT_EQ(llama->n_ubatch, 1024);
  const Result<Config> vllm = Read({"--model", "llama-3.1-70b", "--tensor-parallel-size", "4"});
  ASSERT_TRUE(vllm.ok()) << vllm.error().Message();
  EXPECT_EQ(vllm->tp, 4);
  EXPECT_EQ(Read({"--model", "llama-3.1-70b", "--gpus", "8", "-tp", "4"})->gpus, 8) << "ours wins";
}

// What several options say together: a cache of 20 GB for each of two ranks.
TEST(EngineFlags, ACacheInRamIsOfItsSwitchAndItsRanks) {
  const auto sglang = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"--engine", "sglang", "--model", "llama-3.1-8b"});
    return Read(more);
  };
  const Result<Config> sized = sglang({"--tp", "2", "--enable-hierarchical-cache", "--hicache-size", "20"});
  ASSERT_TRUE(sized.ok()) << sized.error().Message();
  EXPECT_NEAR(sized->kv_offloading_gib.value_or(0), 40e9 / 1073741824, 1e-6);
  EXPECT_EQ(sized->hicache_ratio, std::nullopt);
  EXPECT_EQ(sglang({"--enable-hierarchical-cache"})->hicache_ratio, 2);
  EXPECT_EQ(sglang({"--enable-hierarchical-cache", "--hicache-ratio", "3"})->hicache_ratio, 3);
  const Result<Config> alone = sglang({"--hicache_size=20"});
  ASSERT_FALSE(alone.ok());
  EXPECT_NE(alone.error().Message().find("--enable-hierarchical-cache"), std::string::npos)
      << alone.error().Message();
  const Result<Config> lmcache = Read(
      {"--model", "llama-3.1-8b", "--kv-transfer-config",
       R"({"kv_connector":"LMCacheConnectorV1","kv_connector_extra_config":{"lmcache.max_local_cpu_size":10}})"});
  ASSERT_TRUE(lmcache.ok()) << lmcache.error().Message();
  EXPECT_EQ(lmcache->kv_offloading_gib, 10);
  EXPECT_EQ(lmcache->kv_offloading_backend, "lmcache");
}

TEST(EngineFlags, WordsThatEverybodyUses) {
  EXPECT_EQ(Read({"--context", "8192"})->max_model_len, 8192);
  EXPECT_EQ(Read({"--engine", "ollama", "--context=32k"})->max_model_len, 32768);
  EXPECT_EQ(Read({"--engine", "llama.cpp", "--ctx-size", "8192"})->max_model_len, 8192);
}

TEST(EngineFlags, AnotherEnginesWordIsAnsweredWithOurs) {
  const Result<Config> refused = Read({"--model", "llama-3.1-8b", "--engine", "vllm", "-ngl", "20"});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().Message().find("--n-gpu-layers"), std::string::npos) << refused.error().Message();
  EXPECT_NE(refused.error().Message().find("-ngl"), std::string::npos);
  EXPECT_NE(Read({"--engine", "mlx", "--tensor-parallel-size", "2"}).error().Message().find("--tp"),
            std::string::npos);
  EXPECT_NE(Read({"--max-modl-len", "8192"}).error().Message().find("--max-model-len"), std::string::npos);
  EXPECT_FALSE(Read({"stray"}).ok());
}

}  // namespace
}  // namespace plimsoll
