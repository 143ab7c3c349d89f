#include "core/engines/ollama/ollama_log.h"

#include <gtest/gtest.h>

#include "core/estimate/estimate.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

std::string LogOf(const std::string& config) {
  const EstimatedCase answer = EstimateText(config);
  EXPECT_EQ(answer.error, "");
  std::string text;
  for (const std::string& line : Explain(answer.resolved, answer.report).engine_log) text += line + "\n";
  return text;
}

TEST(OllamaLog, SizesAreCutAsOllamaPsCutsThem) {
  EXPECT_EQ(OllamaSizeText(Bytes(44969900000)), "44 GB");
  EXPECT_EQ(OllamaSizeText(Bytes(10000000000)), "10 GB");
  EXPECT_EQ(OllamaSizeText(Bytes(3420000000)), "3.4 GB");
  EXPECT_EQ(OllamaSizeText(Bytes(3000000000)), "3 GB");
  EXPECT_EQ(OllamaSizeText(Bytes(393900000)), "393 MB");
  EXPECT_EQ(OllamaSizeText(Bytes(1500)), "1.5 KB");
  EXPECT_EQ(OllamaSizeText(Bytes(12)), "12 B");
}

TEST(OllamaLog, Shares) {
  EXPECT_EQ(ProcessorText({GiB(10), GiB(10)}), "100% GPU");
  EXPECT_EQ(ProcessorText({GiB(10), Bytes(0)}), "100% CPU");
  EXPECT_EQ(ProcessorText({GiB(100), GiB(67)}), "33%/67% CPU/GPU");
}

TEST(OllamaLog, AServersLines) {
  const std::string log = LogOf(
      R"({"model":"qwen3.6-27b","format":"gguf-q8_0","engine":"ollama","engine_version":"0.32.14","gpu":"mi355x","gpu_memory_mib":76800})");
  EXPECT_NE(log.find("default_num_ctx=262144"), std::string::npos) << log;
  EXPECT_NE(log.find("-c 262144 -np 1 --flash-attn auto -b 512 -ub 512\""), std::string::npos) << log;
  EXPECT_NE(log.find("offloaded 66/66 layers to GPU"), std::string::npos) << log;
  EXPECT_NE(log.find("ollama ps: SIZE 44 GB, PROCESSOR 100% GPU, CONTEXT 262144"), std::string::npos) << log;
}

TEST(OllamaLog, AnEstimatesLine) {
  const std::string log = LogOf(
      R"({"model":"llama-3.3-70b","format":"gguf-q8_0","engine":"ollama","engine_version":"0.5.7","gpu":"rtx-3090","gpus":4,"gpu_memory_mib":22528,"max_model_len":64000})");
  EXPECT_NE(log.find("layers.model=81 layers.offload=44 layers.split=\"11,11,11,11\""), std::string::npos)
      << log;
  EXPECT_NE(log.find("memory.required.full=\"127.4 GiB\" memory.required.partial=\"87.1 GiB\" "
                     "memory.required.kv=\"19.5 GiB\""),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("memory.weights.repeating=\"87.3 GiB\""), std::string::npos)
      << "cache counted as weights";
}

TEST(OllamaLog, ALayoutsLines) {
  const std::string log = LogOf(
      R"({"model":"llama-3.2-3b","format":"gguf-q4_k_m","engine":"ollama","engine_version":"0.14.0","gpu":"arc-a750","backend":"vulkan","max_model_len":4096})");
  for (const char* line :
       {"msg=\"offloaded 29/29 layers to GPU\"", "msg=\"kv cache\" device=Vulkan0 size=\"448.0 MiB\"",
        "msg=\"compute graph\" device=Vulkan0 size=\"256.5 MiB\"", "msg=\"total memory\" size=\"2.6 GiB\"",
        "SIZE 2.8 GB, PROCESSOR 100% GPU"}) {
    EXPECT_NE(log.find(line), std::string::npos) << line << "\n" << log;
  }
}

TEST(OllamaLog, WhatIsMappedCountsOnce) {
  const EstimatedCase half = EstimateText(
      R"({"model":"llama-3.3-70b","format":"gguf-q4_k_m","engine":"ollama","gpu":"rtx-4090","max_model_len":8192})");
  const OllamaListing listing = ListedSize(half.resolved, half.report);
  const GpuReport& gpu = half.report.per_gpu[0];
  EXPECT_EQ(listing.vram, gpu.weights + gpu.kv_cache + gpu.compute_buffer);
  EXPECT_EQ(listing.size - listing.vram, half.resolved.stored.file - gpu.weights + half.report.host.kv_cache +
                                             half.report.host.compute_buffer)
      << "the file, no more";
}

}  // namespace
}  // namespace plimsoll
