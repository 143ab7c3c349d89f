#include "core/engines/ollama/ollama_log_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/read_log.h"

namespace plimsoll {
namespace {

TEST(OllamaLogReader, WhatItsOwnLinesTell) {
  const LogReading r =
      ReadBy(OllamaLogPatterns(),
             "time=x level=INFO source=routes.go:1511 msg=\"Listening on 127.0.0.1:11434 (version 0.12.3)\"\n"
             "msg=\"inference compute\" id=GPU-1 library=CUDA compute=8.9 name=CUDA0 description=\"NVIDIA "
             "GeForce RTX 4090\" total=\"24.0 GiB\" available=\"22.9 GiB\"\n"
             "msg=load request=\"{Operation:fit LoraPath:[] Parallel:2 BatchSize:512 FlashAttention:true "
             "KvSize:16384 KvCacheType:}\"\n"
             "msg=\"model weights\" device=CUDA0 size=\"8.0 GiB\"\nmsg=\"model weights\" device=CUDA0 "
             "size=\"8.4 GiB\"\n"
             "msg=\"model weights\" device=CPU size=\"1.0 GiB\"\n"
             "msg=\"kv cache\" device=CUDA0 size=\"2.0 GiB\"\nmsg=\"compute graph\" device=CUDA0 "
             "size=\"512.0 MiB\"\n");
  EXPECT_EQ(r.version, "0.12.3");
  ASSERT_EQ(r.cards.size(), 1u);
  EXPECT_EQ(r.cards[0].name, "NVIDIA GeForce RTX 4090");
  EXPECT_EQ(r.settings.Find("max_model_len")->AsInt(), 8192) << "of each slot";
  EXPECT_EQ(r.settings.Find("max_num_seqs")->AsInt(), 2);
  EXPECT_NEAR(FigureOf(r, "model_buffer_mib"), 8.4 * 1024, 1e-3) << "the last pass holds";
  EXPECT_NEAR(FigureOf(r, "kv_buffer_mib"), 2048, 1e-6);
  EXPECT_NEAR(FigureOf(r, "compute_buffer_mib"), 512, 1e-6);
}

TEST(OllamaLogReader, RamThatIsTooSmall) {
  const LogReading r =
      ReadBy(OllamaLogPatterns(),
             "Error: model requires more system memory (20.5 GiB) than is available (11.0 GiB)");
  ASSERT_TRUE(r.failure);
  EXPECT_TRUE(r.failure->host);
  EXPECT_EQ(r.failure->stage, FailureStage::kLoading);
  EXPECT_EQ(*r.failure->needed - *r.failure->available, GiBFromDouble(9.5));
}

}  // namespace
}  // namespace plimsoll
