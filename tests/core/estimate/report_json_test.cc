#include "core/estimate/report_json.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Json JsonOf(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  if (!decoded.ok()) return Json();
  Result<std::string> text = EstimateJson(decoded->config, ShippedCatalog(), 0);
  EXPECT_TRUE(text.ok()) << url;
  Result<Json> json = Json::Parse(text.ok() ? *text : "null", "report");
  EXPECT_TRUE(json.ok());
  return json.ok() ? *json : Json();
}

TEST(ReportJson, TheReportCarriesTheContractsKeys) {
  const Json json = JsonOf("m=llama-3.1-8b&g=rtx-4090&ctx=16384");
  for (const char* key : {"fits", "verdict", "headline", "config", "per_gpu", "host", "weights", "kv",
                          "speed", "diagnostics", "engine_log", "terms", "defaults"}) {
    EXPECT_TRUE(json.Has(key)) << key;
  }
  const Json& gpu = json.Find("per_gpu")->items()[0];
  for (const char* key : {"capacity_bytes", "budget_bytes", "weights_bytes", "kv_cache_bytes",
                          "recurrent_state_bytes", "activation_bytes", "cuda_graph_bytes", "non_torch_bytes",
                          "compute_buffer_bytes", "total_bytes", "headroom_bytes", "rank"}) {
    ASSERT_TRUE(gpu.Has(key)) << key;
    EXPECT_TRUE(gpu.Find(key)->is_int()) << key;
  }
  for (const char* key : {"bytes_per_token", "bytes_per_sequence", "available_bytes", "num_blocks",
                          "block_size", "capacity_tokens", "max_concurrency", "max_model_len_that_fits"}) {
    EXPECT_TRUE(json.Find("kv")->Has(key)) << key;
  }
  for (const ConfigKey& key : ConfigKeys()) EXPECT_TRUE(json.Find("config")->Has(key.json)) << key.json;
  EXPECT_FALSE(json.Find("engine_log")->items().empty());
  EXPECT_FALSE(json.Find("terms")->items().empty());
}

}  // namespace
}  // namespace plimsoll
