#include "core/engines/settle.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(Settle, AnUnknownEngineIsNamedWithThoseThatAreKnown) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&e=abacus")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(
      resolved.error().Message(),
      "engine: given \"abacus\"; accepted: vllm, llama.cpp, ollama, sglang, tensorrt-llm, mlx, mlc-llm, "
      "exllama, exllamav2, autoawq, lmdeploy or transformers");
}

TEST(Settle, AnAliasIsItsEngine) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&e=ollama")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  EXPECT_EQ(resolved->engine->id, "llama.cpp");
}

std::string Ignored(const char* url) {
  const Config config = DecodeConfigUrl(url)->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  EXPECT_TRUE(resolved.ok()) << url;
  if (!resolved.ok()) return "refused";
  std::string said;
  for (const Diagnostic& diagnostic : resolved->diagnostics) {
    if (diagnostic.code != "keys_ignored") continue;
    EXPECT_EQ(said, "") << "once";
    EXPECT_EQ(diagnostic.severity, Severity::kInfo);
    said = diagnostic.message;
  }
  return said;
}

TEST(Settle, KeysOfAnotherEngineAreLeftOutAndSaid) {
  EXPECT_EQ(Ignored("m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&util=0.9&eager=1"),
            "llama.cpp has no gpu_memory_utilization or enforce_eager: left out.");
  EXPECT_EQ(Ignored("m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&n=2&tp=2"), "llama.cpp has no tp: left out.");
  EXPECT_EQ(Ignored("m=llama-3.1-8b&ngl=20&fa=0&ts=3,1"),
            "vLLM has no flash_attention, n_gpu_layers or tensor_split: left out.");
  EXPECT_EQ(Ignored("m=llama-3.1-8b&e=lmdeploy&g=h200&off=4&tp=1"),
            "LMDeploy has no cpu_offload_gb: left out.");
  // What more than one kind of engine takes.
  EXPECT_EQ(Ignored("m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&mbt=1024&lora=~eyJtYXhfcmFuayI6OH0"), "");
  EXPECT_EQ(Ignored("m=llama-3.1-8b&tp=1&util=0.8&mbt=4096"), "");
  EXPECT_EQ(Ignored("m=qwen3-30b-a3b&e=lmdeploy&g=h200&ep=1&mbt=4096"), "");
}

// Left out means that the answer is the same without them.
TEST(Settle, WhatIsLeftOutChangesNothing) {
  const struct {
    const char *with, *without;
  } pairs[] = {
      {"m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090&ctx=8192&util=0.5&kvb=1000000&eager=1&bs=64&pc=0&"
       "cp=0&off=3",
       "m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090&ctx=8192"},
      {"m=llama-3.1-8b&g=rtx-4090&ctx=8192&ub=64&fa=0&ngl=3&ncmoe=2&sm=row&kvu=0&ot=exps%3DCPU&ts=3",
       "m=llama-3.1-8b&g=rtx-4090&ctx=8192"},
      {"m=llama-3.1-8b&e=lmdeploy&g=rtx-4090&off=4&util=0.5&eager=1&bs=64&fa=0&ngl=3&lora=~"
       "eyJtYXhfcmFuayI6OH0",
       "m=llama-3.1-8b&e=lmdeploy&g=rtx-4090"},
  };
  for (const auto& pair : pairs) {
    const Config with = DecodeConfigUrl(pair.with)->config;
    const Config without = DecodeConfigUrl(pair.without)->config;
    EXPECT_NE(Ignored(pair.with), "");
    const Result<Resolved> a = Settle(with, ShippedCatalog()), b = Settle(without, ShippedCatalog());
    ASSERT_TRUE(a.ok() && b.ok());
    const Json here = ReportToJson(*a, EstimateResolved(*a)), there = ReportToJson(*b, EstimateResolved(*b));
    for (const char* member :
         {"verdict", "config", "per_gpu", "host", "kv", "speed", "terms", "engine_log"}) {
      ASSERT_TRUE(here.Has(member) && there.Has(member)) << member;
      EXPECT_EQ(here.Find(member)->Dump(), there.Find(member)->Dump()) << pair.with << ' ' << member;
    }
  }
}

TEST(Settle, AsLongAsFitsIsTheLengthThatThePlanHasRoomFor) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&g=rtx-4090&ctx=-1")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  EXPECT_LT(resolved->max_model_len, 131072);
  EXPECT_GT(resolved->max_model_len, 16384);
}

}  // namespace
}  // namespace plimsoll
