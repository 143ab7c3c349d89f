#include "core/engines/llama_cpp/llama_log_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/read_log.h"

namespace plimsoll {
namespace {

TEST(LlamaLogReader, FileTypes) {
  EXPECT_EQ(FormatOfFileType("Q4_K - Medium"), "gguf-q4_k_m");
  EXPECT_EQ(FormatOfFileType(" IQ4_XS - 4.25 bpw"), "gguf-iq4_xs");
  EXPECT_EQ(FormatOfFileType("Q2_K - Medium"), "gguf-q2_k");
  EXPECT_EQ(FormatOfFileType("Q5_K - Small (guessed)"), "gguf-q5_k_s");
  EXPECT_EQ(FormatOfFileType("MXFP4 MoE"), "gguf-mxfp4_moe");
  EXPECT_EQ(FormatOfFileType("F16"), "gguf-f16");
  EXPECT_EQ(FormatOfFileType("something"), "");
}

TEST(LlamaLogReader, BuffersOfTheFirstModelByDevice) {
  const LogReading r =
      ReadBy(LlamaLogPatterns(true),
             "loaded meta data with 30 key-value pairs and 707 tensors from /m/Qwen3-32B-Q4_K_M.gguf "
             "(version GGUF V3)\n"
             "load_tensors:   CPU_Mapped model buffer size =   417.30 MiB\n"
             "load_tensors:        CUDA0 model buffer size = 18423.24 MiB\n"
             "load_tensors: offloaded 40/65 layers to GPU\n"
             "llama_context: n_ctx         = 8192\nllama_context: n_ctx_per_seq = 2048\n"
             "llama_kv_cache:      CUDA0 KV buffer size =  2048.00 MiB\n"
             "llama_kv_cache: size = 2048.00 MiB (  8192 cells,  64 layers,  1/1 seqs), K (q8_0): 1024.00 "
             "MiB, V (q8_0): 1024.00 MiB\n"
             "llama_context:  CUDA_Host compute buffer size =    26.01 MiB\n"
             "loaded meta data with 30 key-value pairs and 300 tensors from /m/draft.gguf (version GGUF V3)\n"
             "load_tensors:        CUDA0 model buffer size =   500.00 MiB\n");
  EXPECT_EQ(r.model, "/m/Qwen3-32B-Q4_K_M.gguf");
  EXPECT_EQ(FigureOf(r, "model_buffer_mib"), 18423.24);
  EXPECT_EQ(FigureOf(r, "kv_buffer_mib"), 2048);
  EXPECT_EQ(FigureOf(r, "host_compute_buffer_mib"), 26.01);
  EXPECT_EQ(FigureOf(r, "compute_buffer_mib"), -1);
  EXPECT_EQ(r.settings.Find("max_model_len")->AsInt(), 8192);
  EXPECT_EQ(r.settings.Find("n_gpu_layers")->AsInt(), 40);
  EXPECT_EQ(r.settings.Find("kv_cache_dtype")->AsString(), "q8_0");
  size_t models = 0;
  for (const LogFigure& figure : r.figures) models += figure.metric == "model_buffer_mib" ? 1 : 0;
  EXPECT_EQ(models, 1u) << "a draft is not mixed in";
}

TEST(LlamaLogReader, DevicesOfEveryBackend) {
  const LogReading cuda = ReadBy(LlamaLogPatterns(true),
                                 "llama_model_load_from_file_impl: using device CUDA1 (NVIDIA GeForce RTX "
                                 "4090) (0000:01:00.0) - 23306 MiB free");
  ASSERT_EQ(cuda.cards.size(), 1u);
  EXPECT_EQ(cuda.cards[0].index, 1);
  EXPECT_EQ(cuda.cards[0].name, "NVIDIA GeForce RTX 4090");
  const LogReading vulkan =
      ReadBy(LlamaLogPatterns(true),
             "ggml_vulkan: 0 = AMD Radeon RX 7900 XTX (RADV NAVI31) (radv) | uma: 0 | fp16: 1");
  EXPECT_EQ(vulkan.cards[0].name, "AMD Radeon RX 7900 XTX");
  EXPECT_EQ(vulkan.settings.Find("backend")->AsString(), "vulkan");
  const LogReading metal = ReadBy(LlamaLogPatterns(true), "ggml_metal_init: found device: Apple M2 Max");
  EXPECT_EQ(metal.cards[0].name, "Apple M2 Max");
}

}  // namespace
}  // namespace plimsoll
