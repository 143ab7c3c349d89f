#include "core/resolve/resolved_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/settle.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// Given values that no default equals, of both kinds of engines.
constexpr const char* kUrls[] = {
    "m=llama-3.1-8b&q=fp8&e=vllm&ev=0.9.2&g=h100-sxm&gm=70000&n=4&tp=2&pp=2&dp=1&ctx=4096&seqs=17&mbt=3000&"
    "kv=fp8&util=0.7&kvb=5000000000&eager=1&bs=32&pc=0&cp=1&spec=~"
    "eyJtZXRob2QiOiJkcmFmdCIsIm1vZGVsIjoibGxhbWEtMy4yLTFiIiwibnVtX3Rva2VucyI6M30&off=1&mm=0&in=111&out=22&c="
    "3&rsv=500",
    "m=qwen3-30b-a3b&q=gguf-q4_k_m&e=llama.cpp&ev=b6300&g=rtx-4090,rtx-3090&ctx=4096&seqs=3&ub=256&kv=q8_0&"
    "fa=1&ngl=20&ncmoe=4&sm=row&kvu=0&ot=attn%3DCPU&ts=3,1",
};

// What the engine takes comes out as it went in.
TEST(ResolvedKeys, GivenValuesAreHeldAndShown) {
  for (const char* url : kUrls) {
    const Config config = DecodeConfigUrl(url)->config;
    const Result<Resolved> resolved = Settle(config, ShippedCatalog());
    ASSERT_TRUE(resolved.ok()) << url << resolved.error().Message();
    int given = 0;
    for (const ConfigKey& key : ConfigKeys()) {
      if (!IsConfigValueGiven(config, key) || key.json == "engine_version") continue;
      ++given;
      EXPECT_EQ(ResolvedValue(*resolved, key), GetConfigValue(config, key)) << key.json;
    }
    const std::string_view text = url;
    EXPECT_EQ(given, std::count(text.begin(), text.end(), '&')) << "all but the version";
  }
}

TEST(ResolvedKeys, WhatTheEngineDoesNotTakeIsNull) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&fa=1&ub=64&ts=1")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  for (const char* key : {"flash_attention", "n_ubatch", "tensor_split", "kv_unified"}) {
    EXPECT_TRUE(ResolvedValue(*resolved, *FindConfigKey(key)).is_null()) << key;
  }
  EXPECT_FALSE(ResolvedValue(*resolved, *FindConfigKey("gpu_memory_utilization")).is_null());
}

}  // namespace
}  // namespace plimsoll
