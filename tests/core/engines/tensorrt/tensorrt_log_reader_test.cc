#include "core/engines/tensorrt/tensorrt_log_reader.h"

#include <gtest/gtest.h>

#include "core/check/startup_log.h"
#include "core/engines/engine.h"

namespace plimsoll {
namespace {

double Figure(const LogReading& reading, std::string_view metric) {
  for (const LogFigure& figure : reading.figures) {
    if (figure.metric == metric) return figure.value;
  }
  return 0;
}

TEST(TensorrtLogReader, ThePoolThatIsMadeLastHolds) {
  const StartupLog log = ReadStartupLog(
      "[TensorRT-LLM] TensorRT-LLM version: 1.2.0rc6\n"
      "[TensorRT-LLM][INFO] [MemUsageChange] Allocated 0.56 GiB for max tokens in paged KV cache (8224).\n"
      "[TensorRT-LLM][INFO] [MemUsageChange] Allocated 5.95 GiB for max tokens in paged KV cache (86720).\n"
      "[TRT-LLM] [I] max_seq_len=86720, max_num_requests=64, max_num_tokens=8192, max_batch_size=64\n");
  ASSERT_NE(log.engine, nullptr);
  EXPECT_EQ(log.engine->traits().id, "tensorrt-llm");
  EXPECT_EQ(log.reading.version, "1.2.0rc6");
  EXPECT_NEAR(Figure(log.reading, "kv_cache_gib_per_gpu"), 5.95, 1e-6);
  EXPECT_EQ(Figure(log.reading, "kv_cache_tokens"), 86720);
  EXPECT_EQ(log.reading.settings.Find("max_num_seqs")->AsInt(), 64);
  EXPECT_FALSE(log.reading.failure);
}

TEST(TensorrtLogReader, ACommandAloneIsNoLog) {
  EXPECT_EQ(ReadStartupLog("trtllm-serve Qwen/Qwen3-8B --tp_size 2\n").engine, nullptr);
}

TEST(TensorrtLogReader, MemoryRefusedIsToldByWhatCameBefore) {
  const StartupLog log = ReadStartupLog(
      "[TRT-LLM] [I] Memory used after loading model weights (inside torch) in memory usage profiling: 15.27 "
      "GiB\n"
      "[TRT-LLM] [E] Executor creation failed due to insufficient GPU memory.\n");
  ASSERT_TRUE(log.reading.failure);
  EXPECT_EQ(log.reading.failure->stage, FailureStage::kProfiling);
}

}  // namespace
}  // namespace plimsoll
