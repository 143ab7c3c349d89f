#include "core/resolve/resolved_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

struct Settled {
  explicit Settled(std::string_view url) {
    Result<DecodedConfig> decoded = DecodeConfigUrl(url);
    EXPECT_TRUE(decoded.ok()) << url;
    config = decoded->config;
    Result<Resolved> found = Settle(config, ShippedCatalog());
    EXPECT_TRUE(found.ok()) << url;
    resolved = std::move(*found);
    json = ResolvedConfigJson(resolved);
  }
  Config config;
  Resolved resolved;
  Json json;
};

TEST(ResolvedConfig, EveryKeyInTheContractsOrder) {
  for (const char* engine : {"vllm", "llama.cpp", "sglang"}) {
    const Settled c(std::string("m=llama-3.1-8b&g=h100-sxm&e=") + engine);
    ASSERT_EQ(c.json.members().size(), ConfigKeys().size());
    for (size_t i = 0; i < ConfigKeys().size(); ++i)
      EXPECT_EQ(c.json.members()[i].first, ConfigKeys()[i].json);
  }
}

TEST(ResolvedConfig, AnotherEnginesKeysAreNull) {
  for (const char* engine : {"vllm", "llama.cpp", "sglang"}) {
    const Settled c(std::string("m=llama-3.1-8b&g=h100-sxm&e=") + engine);
    for (const ConfigKey& key : ConfigKeys()) {
      if (!Takes(*c.resolved.engine, key)) {
        EXPECT_TRUE(c.json.Find(key.json)->is_null()) << engine << " " << key.json;
      }
    }
  }
  EXPECT_EQ(*Settled("m=llama-3.1-8b&g=h100-sxm").json.Find("gpu_memory_utilization")->AsDouble(), 0.92);
  EXPECT_EQ(*Settled("m=llama-3.1-8b&g=h100-sxm&e=llama.cpp").json.Find("n_gpu_layers")->AsInt(), 33);
}

TEST(ResolvedConfig, ListsCollapseWhereCardsAreAlike) {
  const Settled alike("m=llama-3.1-8b&g=rtx-4090,rtx-4090");
  EXPECT_EQ(alike.json.Find("gpu")->AsString(), "rtx-4090");
  EXPECT_EQ(*alike.json.Find("gpu_memory_mib")->AsDouble(), 24111);
  const Settled mixed("m=llama-3.1-8b&g=rtx-4090,rtx-3090");
  EXPECT_EQ(mixed.json.Find("gpu")->Dump(), R"(["rtx-4090","rtx-3090"])");
  EXPECT_EQ(mixed.json.Find("gpu_memory_mib")->items().size(), 2u);
}

TEST(ResolvedConfig, DefaultsAreTheKeysThatNobodyGave) {
  const Settled c("m=llama-3.1-8b&g=h100-sxm&ctx=8192&rsv=100");
  const std::vector<std::string_view> keys = DefaultedKeys(c.resolved);
  const auto has = [&keys](std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  for (const char* key : {"model", "gpu", "max_model_len", "reserved_mib"}) EXPECT_FALSE(has(key)) << key;
  for (const char* key : {"format", "engine", "tp", "max_num_seqs", "gpus"}) EXPECT_TRUE(has(key)) << key;
  EXPECT_FALSE(has("n_gpu_layers")) << "not this engine's";
  EXPECT_EQ(*c.json.Find("reserved_mib")->AsDouble(), 100);
  EXPECT_TRUE(c.json.Find("kv_cache_memory_bytes")->is_null()) << "zero means: not given";
  EXPECT_TRUE(c.json.Find("speculative")->is_null());
  EXPECT_TRUE(c.json.Find("lora")->is_null());
}

// What is printed asks for the same again.
TEST(ResolvedConfig, ReadsBackAsItself) {
  for (const char* url :
       {"m=llama-3.1-8b&g=h100-sxm", "m=qwen3-30b-a3b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ot=exps=CPU",
        "m=llama-3.1-70b&q=awq-int4&g=rtx-4090&n=2&kv=fp8&ctx=4096", "m=llama-3.1-8b&e=sglang&g=h100-sxm"}) {
    const Settled first(url);
    Result<DecodedConfig> decoded = DecodeConfigJson(first.json);
    ASSERT_TRUE(decoded.ok()) << url << decoded.error().Message();
    Result<Resolved> again = Settle(decoded->config, ShippedCatalog());
    ASSERT_TRUE(again.ok()) << url;
    EXPECT_EQ(ResolvedConfigJson(*again).Dump(), first.json.Dump()) << url;
    EXPECT_LT(DefaultedKeys(*again).size(), DefaultedKeys(first.resolved).size()) << url;
  }
}

}  // namespace
}  // namespace plimsoll
