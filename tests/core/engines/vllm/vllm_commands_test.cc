#include "core/engines/vllm/vllm_commands.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(VllmCommands, SpellingsAreOne) {
  for (const char* text :
       {"vllm serve Qwen/Qwen3-8B --max-model-len 8192", "vllm serve Qwen/Qwen3-8B --max_model_len=8192",
        "vllm serve Qwen/Qwen3-8B --max-model 8192",
        "vllm serve --model Qwen/Qwen3-8B --max-model-len = 8192"}) {
    EXPECT_EQ(ConfigIn(text), "m=qwen3-8b&e=vllm&ctx=8192") << text;
  }
}

TEST(VllmCommands, LengthsTakeSuffixes) {
  EXPECT_EQ(ConfigIn("vllm serve Qwen/Qwen3-8B --max-model-len 32k"), "m=qwen3-8b&e=vllm&ctx=32000");
  EXPECT_EQ(ConfigIn("vllm serve Qwen/Qwen3-8B --max-model-len 32K"), "m=qwen3-8b&e=vllm&ctx=32768");
  EXPECT_EQ(ConfigIn("vllm serve Qwen/Qwen3-8B --max-model-len auto"), "m=qwen3-8b&e=vllm&ctx=-1");
}

TEST(VllmCommands, KernelsByOptionAndVariable) {
  EXPECT_EQ(ConfigIn("vllm serve Qwen/Qwen3-8B --attention-backend FLASHINFER --moe-backend triton"),
            "m=qwen3-8b&e=vllm&abe=FLASHINFER&mbe=triton");
  const CheckResult old = Checked(
      "docker run -e VLLM_ATTENTION_BACKEND=FLASHINFER vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B");
  EXPECT_EQ(old.config.attention_backend, "FLASHINFER");
}

// LMCache's size is of a rank, vLLM's and the key's of a replica.
TEST(VllmCommands, WhoKeepsTheCacheInRam) {
  const std::string serve = "vllm serve Qwen/Qwen3-8B -tp 2 ";
  const std::string lmcache =
      R"(--kv-transfer-config '{"kv_connector":"LMCacheConnectorV1","kv_role":"kv_both")";
  EXPECT_EQ(ConfigIn(serve + lmcache + "}'"), "m=qwen3-8b&e=vllm&n=2&tp=2&kob=lmcache");
  const std::string ten = "m=qwen3-8b&e=vllm&n=2&tp=2&koff=20&kob=lmcache";
  const std::string set = R"(,"kv_connector_extra_config":{"lmcache.max_local_cpu_size":10}}')";
  EXPECT_EQ(ConfigIn(serve + lmcache + set), ten);
  EXPECT_EQ(ConfigIn("LMCACHE_LOCAL_CPU=True LMCACHE_MAX_LOCAL_CPU_SIZE=10 LMCACHE_CHUNK_SIZE=256 " + serve +
                     lmcache + "}'"),
            ten);
  EXPECT_EQ(ConfigIn("LMCACHE_MAX_LOCAL_CPU_SIZE=7 " + serve + lmcache + set), ten) << "the connector's wins";
  const std::string size = "--kv-offloading-size 20 --kv-offloading-backend ";
  EXPECT_EQ(ConfigIn("LMCACHE_LOCAL_CPU=False " + serve + lmcache + set), "m=qwen3-8b&e=vllm&n=2&tp=2");
  EXPECT_EQ(ConfigIn(serve + size + "native"), "m=qwen3-8b&e=vllm&n=2&tp=2&koff=20");
  EXPECT_EQ(
      ConfigIn(serve + R"(--kv-transfer-config '{"kv_connector":"OffloadingConnector","kv_role":"kv_both",)" +
               R"("kv_connector_extra_config":{"cpu_bytes_to_use":21474836480}}')"),
      "m=qwen3-8b&e=vllm&n=2&tp=2&koff=20");
}

CheckResult CheckedAt(const std::string& release, const std::string& options) {
  return Checked("docker run vllm/vllm-openai:v" + release + " --model Qwen/Qwen3-8B " + options);
}

std::string NoteOf(const CheckResult& result, std::string_view option) {
  for (const ReadItem& item : result.understood) {
    if (item.option == option) return item.note;
  }
  return "not read";
}

// Up to 0.22 LMCache runs within vLLM; then a server has the RAM, whatever its environment says here.
TEST(VllmCommands, LmcacheByItsBackendIsAServerOfItsOwn) {
  const std::string lmcache =
      "--kv-offloading-size 20 --kv-offloading-backend lmcache --disable-hybrid-kv-cache-manager";
  const CheckResult within = CheckedAt("0.22.1", lmcache);
  EXPECT_EQ(within.config.kv_offloading_backend, "lmcache");
  EXPECT_EQ(NoteOf(within, "--kv-offloading-backend"), "");
  const CheckResult server = CheckedAt("0.23.0", lmcache);
  EXPECT_EQ(server.config.kv_offloading_backend, "");
  EXPECT_EQ(server.config.kv_offloading_gib, 20);
  EXPECT_NE(NoteOf(server, "--kv-offloading-backend").find("--l1-size-gb"), std::string::npos);
}

// "Connector OffloadingConnector does not support HMA but HMA is enabled" (ovg-project/kvcached#267, vLLM 0.16.0).
TEST(VllmCommands, OlderReleasesRefuseTheSizeBesideTheHybridManager) {
  const std::string size = "--kv-offloading-size 20", off = " --disable-hybrid-kv-cache-manager",
                    lmcache = " --kv-offloading-backend lmcache";
  const auto refused = [](const char* release, const std::string& options) {
    return HasProblem(CheckedAt(release, options), "option_missing");
  };
  EXPECT_TRUE(refused("0.20.0", size));
  EXPECT_FALSE(refused("0.20.0", size + off));
  EXPECT_FALSE(refused("0.21.0", size));
  EXPECT_TRUE(refused("0.22.1", size + lmcache));
  EXPECT_FALSE(refused("0.23.0", size + lmcache));
  EXPECT_FALSE(refused("0.20.0", off)) << "without a cache in RAM";
  EXPECT_FALSE(refused("0.20.0",
                       R"(--kv-transfer-config '{"kv_connector":"OffloadingConnector","kv_role":"kv_both",)"
                       R"("kv_connector_extra_config":{"cpu_bytes_to_use":21474836480}}')"))
      << "a connector that is named turns it off";
}

TEST(VllmCommands, WhatIsTakenOfAnOffloadingConnectorIsSaid) {
  const auto note = [](const char* release, const std::string& settings) {
    return NoteOf(CheckedAt(release, R"(--kv-transfer-config '{"kv_connector":"OffloadingConnector",)"
                                     R"("kv_role":"kv_both","kv_connector_extra_config":{)" +
                                         settings + "}}'"),
                  "--kv-transfer-config");
  };
  const std::string bytes = R"("cpu_bytes_to_use":21474836480)";
  EXPECT_EQ(note("0.20.0", bytes), "");
  EXPECT_NE(note("0.21.0", bytes).find("hybrid"), std::string::npos);
  EXPECT_EQ(note("0.23.0", bytes), "");
  EXPECT_NE(note("0.12.0", R"("num_cpu_blocks":1000)").find("cpu_bytes_to_use"), std::string::npos);
}

TEST(VllmCommands, WhatDoesNothingAloneIsSaid) {
  const CheckResult size = Checked("LMCACHE_MAX_LOCAL_CPU_SIZE=10 vllm serve Qwen/Qwen3-8B");
  EXPECT_TRUE(HasProblem(size, "option_idle", "LMCACHE_MAX_LOCAL_CPU_SIZE"));
  EXPECT_EQ(size.config.kv_offloading_gib, std::nullopt);
  const CheckResult keeper = Checked("vllm serve Qwen/Qwen3-8B --kv-offloading-backend=lmcache");
  EXPECT_TRUE(HasProblem(keeper, "option_idle", "--kv-offloading-backend"));
  EXPECT_EQ(keeper.config.kv_offloading_backend, "");
}

TEST(VllmCommands, SpeculationHasManySpellings) {
  const std::string mtp = ConfigIn(
      "vllm serve deepseek-ai/DeepSeek-V3.1 -sc '{\"method\":\"mtp\",\"num_speculative_tokens\":1}'");
  EXPECT_EQ(ConfigIn("vllm serve deepseek-ai/DeepSeek-V3.1 --speculative-config.method=mtp "
                     "--speculative-config.num_speculative_tokens 1"),
            mtp);
  EXPECT_EQ(ConfigIn("vllm serve deepseek-ai/DeepSeek-V3.1 --spec-method mtp --spec-tokens 1"), mtp);
  const CheckResult old = Checked(
      "python -m vllm.entrypoints.openai.api_server --model Qwen/Qwen2.5-72B-Instruct "
      "--speculative-model Qwen/Qwen2.5-0.5B-Instruct --num-speculative-tokens 5");
  ASSERT_TRUE(old.config.speculative);
  EXPECT_EQ(old.config.speculative->model, "qwen2.5-0.5b");
  EXPECT_EQ(old.config.speculative->num_tokens, 5);
}

TEST(VllmCommands, WhatDecidesAdmissionIsPartOfTheWorkload) {
  const CheckResult read =
      Checked("vllm serve Qwen/Qwen3-8B --scheduling-policy priority --long-prefill-token-threshold 1024");
  EXPECT_EQ(read.config.workload.Find("scheduling_policy")->AsString(), "priority");
  EXPECT_EQ(read.config.workload.Find("long_prefill_token_threshold")->AsInt(), 1024);
  for (const char* wrong : {"--scheduling-policy lifo", "--long-prefill-token-threshold many"}) {
    const CheckResult refused = Checked(std::string("vllm serve Qwen/Qwen3-8B ") + wrong);
    EXPECT_TRUE(refused.config.workload.is_null()) << wrong;
  }
}

TEST(VllmCommands, EagerHasManySpellings) {
  for (const char* option : {"--enforce-eager", "-O0", "--optimization-level 0", "-cc.cudagraph_mode=NONE",
                             "--compilation-config '{\"cudagraph_mode\":\"NONE\",\"mode\":0}'"}) {
    EXPECT_EQ(ConfigIn(std::string("vllm serve Qwen/Qwen3-8B ") + option), "m=qwen3-8b&e=vllm&eager=1")
        << option;
  }
  EXPECT_EQ(ConfigIn("vllm serve Qwen/Qwen3-8B -O3"), "m=qwen3-8b&e=vllm");
}

TEST(VllmCommands, LimitsOfImagesInBothSpellings) {
  EXPECT_EQ(Checked("vllm serve google/gemma-3-27b-it --limit-mm-per-prompt image=2,video=0")
                .config.limit_mm_per_prompt,
            2);
  EXPECT_EQ(Checked("vllm serve google/gemma-3-27b-it --limit-mm-per-prompt '{\"image\":0}'")
                .config.limit_mm_per_prompt,
            0);
  EXPECT_EQ(
      Checked("vllm serve google/gemma-3-27b-it --limit-mm-per-prompt.image 3").config.limit_mm_per_prompt,
      3);
}

TEST(VllmCommands, OldSwitchesTakeAWord) {
  EXPECT_EQ(Checked("vllm serve Qwen/Qwen3-8B --enable-chunked-prefill False").config.enable_chunked_prefill,
            false);
  EXPECT_EQ(Checked("vllm serve Qwen/Qwen3-8B --no-enable-prefix-caching").config.enable_prefix_caching,
            false);
}

TEST(VllmCommands, RanksWithoutCardsAreCards) {
  EXPECT_EQ(ConfigIn("vllm serve Qwen/Qwen3-32B -tp 4 -pp 2 --nnodes 2"),
            "m=qwen3-32b&e=vllm&n=4&nn=2&tp=4&pp=2");
  // Eight cards are visible, and one is used.
  EXPECT_TRUE(
      HasProblem(Checked("CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7 vllm serve Qwen/Qwen3-8B"), "gpus_unused"));
}

}  // namespace
}  // namespace plimsoll
