#include "core/engines/vllm/vllm_log_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/read_log.h"

namespace plimsoll {
namespace {

TEST(VllmLogReader, OptionsOfAStart) {
  const LogReading r = ReadBy(VllmLogPatterns(),
                              "INFO [utils.py:328] non-default args: {'model': 'Qwen/Qwen3-32B-AWQ', "
                              "'max_model_len': 32768, 'gpu_memory_utilization': 0.95}\n"
                              "INFO [core.py:77] Initializing a V1 LLM engine (v0.10.2) with config: "
                              "model='Qwen/Qwen3-32B-AWQ', dtype=torch.float16, "
                              "max_seq_len=32768, tensor_parallel_size=2, quantization=awq_marlin, "
                              "enforce_eager=True, kv_cache_dtype=fp8\n");
  EXPECT_EQ(r.version, "0.10.2");
  EXPECT_EQ(r.model, "Qwen/Qwen3-32B-AWQ");
  EXPECT_EQ(r.format, "awq-int4");
  EXPECT_EQ(r.settings.Find("tp")->AsInt(), 2);
  EXPECT_EQ(r.settings.Find("max_model_len")->AsInt(), 32768);
  EXPECT_EQ(r.settings.Find("gpu_memory_utilization")->AsDouble(), 0.95);
  EXPECT_EQ(r.settings.Find("enforce_eager")->AsBool(), true);
  EXPECT_EQ(r.settings.Find("kv_cache_dtype")->AsString(), "fp8");
}

TEST(VllmLogReader, TheProfileOfEachGeneration) {
  const LogReading old = ReadBy(
      VllmLogPatterns(),
      "INFO worker.py:232] Loading model weights took 2.6419 GB\n"
      "INFO worker.py:232] Memory profiling results: total_gpu_memory=7.92GiB initial_memory_usage=3.09GiB "
      "peak_torch_memory=3.12GiB memory_usage_post_profile=3.12GiB non_torch_memory=0.47GiB "
      "kv_cache_size=3.54GiB "
      "gpu_memory_utilization=0.90\n# GPU blocks: 1207, # CPU blocks: 1365");
  EXPECT_NEAR(FigureOf(old, "activation_peak_gib"), 3.12 - 2.6419, 1e-6);
  EXPECT_NEAR(FigureOf(old, "non_torch_gib"), 0.47, 1e-6);
  EXPECT_EQ(FigureOf(old, "kv_cache_tokens"), 1207 * 16);
  const LogReading recent =
      ReadBy(VllmLogPatterns(),
             "Estimated CUDA graph memory: 0.94 GiB total\nAvailable KV cache memory: -3.32 GiB\nThe current "
             "--gpu-memory-utilization=0.7200 is equivalent to --gpu-memory-utilization=0.6026 without CUDA "
             "graph memory "
             "profiling. To maintain the same effective KV cache size as before, increase "
             "--gpu-memory-utilization to 0.8374.");
  EXPECT_NEAR(FigureOf(recent, "kv_cache_gib_per_gpu"), -3.32, 1e-6);
  EXPECT_EQ(recent.settings.Find("gpu_memory_utilization")->AsDouble(), 0.72);
}

TEST(VllmLogReader, ThroughputIsTheBestWindowOfDecoding) {
  const LogReading r = ReadBy(
      VllmLogPatterns(),
      "Avg prompt throughput: 900.0 tokens/s, Avg generation throughput: 80.0 tokens/s, Running: 2 reqs\n"
      "Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 61.5 tokens/s, Running: 1 reqs\n"
      "Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 12.0 tokens/s, Running: 1 reqs\n");
  ASSERT_TRUE(r.throughput);
  EXPECT_EQ(r.throughput->running, 1);
  EXPECT_EQ(r.throughput->tokens_per_s, 61.5);
}

}  // namespace
}  // namespace plimsoll
