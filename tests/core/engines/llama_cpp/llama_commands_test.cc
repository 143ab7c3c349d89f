#include "core/engines/llama_cpp/llama_commands.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(LlamaCommands, ShortAndLongNames) {
  EXPECT_EQ(
      ConfigIn("llama-server -m Qwen3-8B-Q4_K_M.gguf -c 8192 -np 2 -ub 1024 -b 4096 -ctk q8_0 -ctv q8_0"),
      ConfigIn("llama-server --model Qwen3-8B-Q4_K_M.gguf --ctx-size 8192 --parallel 2 --ubatch-size 1024 "
               "--batch-size 4096 --cache-type-k q8_0 --cache-type-v q8_0"));
}

TEST(LlamaCommands, KeysAndValuesHaveTheirOwnTypes) {
  const CheckResult result = Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf -ctv q4_0");
  ASSERT_TRUE(result.config.kv_cache_dtype);
  EXPECT_EQ(result.config.kv_cache_dtype->k, KvType::kFp16);
  EXPECT_EQ(result.config.kv_cache_dtype->v, KvType::kQ4_0);
}

TEST(LlamaCommands, LayersBeyondTheLastAreAll) {
  EXPECT_FALSE(Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf -ngl 99").config.n_gpu_layers);
  EXPECT_EQ(Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf -ngl 20").config.n_gpu_layers, 20);
  EXPECT_EQ(Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf -ngl 0").config.n_gpu_layers, 0);
}

TEST(LlamaCommands, RpcServersAreNodes) {
  const Config two =
      Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf --rpc 10.0.0.2:50052,10.0.0.3:50052").config;
  EXPECT_EQ(two.nodes, 3);
  EXPECT_FALSE(two.gpus);
  const Config shares = Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf --rpc box:50052 -ts 2,2,3,3").config;
  EXPECT_EQ(shares.nodes, 2);
  EXPECT_EQ(shares.gpus, 2);
}

TEST(LlamaCommands, OldBuildsPutNothingOnTheCardUnasked) {
  const std::string image = "docker run ghcr.io/ggml-org/llama.cpp:server-cuda-b4589 -m Qwen3-8B-Q4_K_M.gguf";
  EXPECT_EQ(Checked(image).config.n_gpu_layers, 0);
  EXPECT_FALSE(Checked(image + " -ngl 99").config.n_gpu_layers);
}

TEST(LlamaCommands, TheFlashSwitchIsAFlagUpToB6324) {
  const std::string run = "docker run ghcr.io/ggml-org/llama.cpp:server-cuda-";
  EXPECT_FALSE(HasProblem(Checked(run + "b4589 -m Qwen3-8B-Q4_K_M.gguf -fa -ngl 99"), "value_missing"));
  EXPECT_TRUE(
      HasProblem(Checked(run + "b4589 -m Qwen3-8B-Q4_K_M.gguf -fa on -ngl 99"), "value_too_new", "-fa"));
  EXPECT_TRUE(HasProblem(Checked(run + "b7000 -m Qwen3-8B-Q4_K_M.gguf -fa -ngl 99"), "value_missing", "-fa"));
}

TEST(LlamaCommands, SizesHaveNoSuffix) {
  EXPECT_TRUE(HasProblem(Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf -c 32k"), "value_not_taken", "-c"));
}

TEST(LlamaCommands, KeptPromptsMayHaveNoLimit) {
  EXPECT_EQ(Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf --cache-ram -1").config.cache_ram_mib, -1);
  EXPECT_EQ(Checked("LLAMA_ARG_CACHE_RAM=0 llama-server -m Qwen3-8B-Q4_K_M.gguf").config.cache_ram_mib, 0);
  EXPECT_TRUE(
      HasProblem(Checked("llama-server -m Qwen3-8B-Q4_K_M.gguf -cram -2"), "value_not_taken", "-cram"));
}

TEST(LlamaCommands, VariablesAreTheOptions) {
  EXPECT_EQ(ConfigIn("LLAMA_ARG_CTX_SIZE=0 LLAMA_ARG_N_PARALLEL=1 llama-server -hf "
                     "ggml-org/gemma-3-12b-it-GGUF --no-mmproj"),
            "m=gemma-3-12b&q=gguf-q4_k_m&e=llama.cpp&ctx=131072&seqs=1&mm=0");
  EXPECT_EQ(Checked("LLAMA_ARG_NO_MMAP=1 llama-server -m Qwen3-8B-Q4_K_M.gguf").config.mmap, false);
}

TEST(LlamaCommands, ExpertsStayInRam) {
  EXPECT_EQ(Checked("llama-server -m Qwen3-30B-A3B-Q4_K_M.gguf -cmoe").config.n_cpu_moe, 48);
  EXPECT_EQ(Checked("llama-server -m Qwen3-30B-A3B-Q4_K_M.gguf -ot exps=CPU -ot 'blk\\.1\\.=CUDA0'")
                .config.override_tensor,
            "exps=CPU,blk\\.1\\.=CUDA0");
}

TEST(LlamaCommands, RelativesHaveTheirOwnOptions) {
  EXPECT_EQ(ConfigIn("llama-bench -m Qwen3-8B-Q4_K_M.gguf -p 512,2048 -n 128 -fa 1 -ctk q8_0 -ctv q8_0"),
            "m=qwen3-8b&q=gguf-q4_k_m&e=llama.cpp&kv=q8_0&fa=1&in=2048&out=128");
  EXPECT_EQ(
      ConfigIn(
          "koboldcpp --model Qwen3-8B-Q4_K_M.gguf --contextsize 8192 --gpulayers 20 --usecublas --quantkv 1"),
      "m=qwen3-8b&q=gguf-q4_k_m&e=llama.cpp&ctx=8192&kv=q8_0&ngl=20&be=cuda");
  EXPECT_EQ(ConfigIn("lms load qwen3-8b --gpu 0.5 --context-length 4096"),
            "m=qwen3-8b&e=llama.cpp&ctx=4096&ngl=19");
}

TEST(LlamaCommands, FilesAreNamedByRepositoryAndType) {
  EXPECT_EQ(GgufFileName(ShippedCatalog(), "qwen3-8b", "gguf-q4_k_m"), "Qwen3-8B-Q4_K_M");
}

}  // namespace
}  // namespace plimsoll
