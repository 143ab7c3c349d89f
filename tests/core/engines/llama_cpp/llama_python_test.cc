#include "core/engines/llama_cpp/llama_python.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(LlamaPython, DefaultsAreThePackagesOwn) {
  // No layer on the card, 2,048 tokens, no flash attention: what the engine's own server would not take.
  const CheckResult read = Checked("python -m llama_cpp.server --model qwen3-8b-q4_k_m.gguf");
  EXPECT_EQ(read.config.n_gpu_layers, 0);
  EXPECT_EQ(read.config.max_model_len, 2048);
  EXPECT_EQ(read.config.flash_attention, false);
  EXPECT_TRUE(HasProblem(read, "program_defaults"));
  EXPECT_EQ(ConfigIn("from llama_cpp import Llama\nLlama('qwen3-8b-q4_k_m.gguf')"),
            "m=qwen3-8b&q=gguf-q4_k_m&e=llama.cpp&ctx=512&seqs=1&mbt=512&ub=512&fa=0&ngl=0");
}

TEST(LlamaPython, MinusOneIsAllAndNoContextTheModelsOwn) {
  const CheckResult read = Checked(
      "Llama(model_path='qwen3-8b-q4_k_m.gguf', n_gpu_layers=-1, n_ctx=0, flash_attn=True, type_k=8, "
      "type_v=8)");
  EXPECT_FALSE(read.config.n_gpu_layers);
  EXPECT_EQ(read.config.max_model_len, 40960);
  EXPECT_EQ(read.config.flash_attention, true);
  ASSERT_TRUE(read.config.kv_cache_dtype);
  EXPECT_EQ(read.config.kv_cache_dtype->k, KvType::kQ8_0);
}

TEST(LlamaPython, FilesAreFoundByPattern) {
  EXPECT_EQ(
      Checked("Llama.from_pretrained(repo_id='Qwen/Qwen3-8B-GGUF', filename='*q8_0.gguf')").config.format,
      Json("gguf-q8_0"));
}

TEST(LlamaPython, SharesMayBeAListOfEitherKind) {
  for (const char* text : {"python -m llama_cpp.server --model qwen3-8b-q4_k_m.gguf --tensor_split 3 1",
                           "Llama(model_path='qwen3-8b-q4_k_m.gguf', tensor_split=[3, 1])"}) {
    const CheckResult read = Checked(text);
    EXPECT_EQ(read.config.tensor_split, (std::vector<double>{3, 1})) << text;
    EXPECT_EQ(read.config.gpus, 2) << text;
  }
}

}  // namespace
}  // namespace plimsoll
