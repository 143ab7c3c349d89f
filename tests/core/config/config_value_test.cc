#include "core/config/config_value.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url << ": " << (decoded.ok() ? "" : decoded.error().Message());
  return decoded.ok() ? decoded->config : Config();
}

std::string UrlError(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  return decoded.ok() ? "(accepted)" : decoded.error().Message();
}

std::string JsonError(std::string_view text) {
  Result<DecodedConfig> decoded = DecodeConfigJsonText(text);
  return decoded.ok() ? "(accepted)" : decoded.error().Message();
}

TEST(ConfigValue, NumbersAreStrict) {
  for (const char* bad : {"", "1e999", "0x10", " 1", "1 ", "1.5", "16q", "+5", "--5", "5-", "1e3", "٣", "1,2",
                          "999999999999999999999999", "-2", "0", "nan", "inf"}) {
    EXPECT_NE(UrlError(std::string("ctx=") + bad), "(accepted)") << bad;
  }
  for (const char* bad : {"", "1e999", "-1", "nan", "0", "1.01", ".5", "5e", "0x1p-1"}) {
    EXPECT_NE(UrlError(std::string("util=") + bad), "(accepted)") << bad;
  }
  for (const char* bad : {"", "yes", "2", "True", "on"}) {
    EXPECT_NE(UrlError(std::string("eager=") + bad), "(accepted)") << bad;
  }
  EXPECT_EQ(FromUrl("util=9e-1").gpu_memory_utilization, 0.9);
  EXPECT_EQ(FromUrl("ctx=-1").max_model_len, -1);
  EXPECT_EQ(FromUrl("ctx=auto").max_model_len, -1);
  EXPECT_NE(JsonError(R"({"ctx":1,"gpu_memory_mib":[]})"), "(accepted)");
  EXPECT_NE(JsonError(R"({"gpu":["a",3]})"), "(accepted)");
  EXPECT_NE(JsonError(R"({"tp":"2"})"), "(accepted)");
  EXPECT_EQ(JsonError(R"({"max_model_len":16384.0,"tp":null})"), "(accepted)");
}

// Whatever counts tokens is given as people write them, in links, flags and files.
TEST(ConfigValue, EveryKeyThatCountsTokensTakesThemAsPeopleWriteThem) {
  int keys = 0;
  for (const ConfigKey& key : ConfigKeys()) {
    const std::string help = std::string(key.label) + " " + std::string(key.help);
    const bool counts = help.find("okens") != std::string::npos;
    if (key.type == KeyType::kInteger) {
      EXPECT_EQ(key.tokens, counts || key.json == "max_model_len") << key.json;
    }
    if (!key.tokens) continue;
    ++keys;
    for (const auto& [text, tokens] : {std::pair<const char*, int64_t>{"2k", 2048},
                                       {"2K tokens", 2048},
                                       {"2,048", 2048},
                                       {"2048", 2048},
                                       {"0.0625M", 65536}}) {
      Config in_flag, in_file;
      EXPECT_FALSE(SetConfigText(key, text, &in_flag)) << key.json << " " << text;
      EXPECT_EQ(in_flag.*key.integer, tokens) << key.json << " " << text;
      EXPECT_FALSE(SetConfigValue(key, Json(text), &in_file)) << key.json << " " << text;
      EXPECT_EQ(in_file.*key.integer, tokens) << key.json << " " << text;
    }
    for (const char* bad : {"2q", "k", "", "two", "2 2"}) {
      Config config;
      EXPECT_TRUE(SetConfigValue(key, Json(bad), &config)) << key.json << " " << bad;
    }
  }
  EXPECT_GE(keys, 8);
}

TEST(ConfigValue, SettingNullClears) {
  Config config = FromUrl(
      "m=deepseek-r1&e=vllm&g=h200&gm=1,2&n=8&tp=8&ep=1&kv=fp8&util=0.9&spec=~"
      "eyJtZXRob2QiOiJtdHAiLCJudW1fdG9rZW5zIjoxfQ&sm=row&lora=~eyJtYXhfbG9yYXMiOjIsIm1heF9yYW5rIjozMn0&w=~"
      "eyJhcnJpdmFsIjoiYnVyc3QifQ&ot=exps%3DCPU");
  for (const ConfigKey& key : ConfigKeys()) ASSERT_FALSE(SetConfigValue(key, Json(), &config));
  EXPECT_EQ(config, Config());
}

TEST(ConfigValue, EveryKeySaysWhatItAccepts) {
  for (const ConfigKey& key : ConfigKeys()) {
    const std::string accepted = AcceptedValues(key);
    EXPECT_FALSE(accepted.empty()) << key.json;
    EXPECT_EQ(accepted.find("  "), std::string::npos) << accepted;
    Config config;
    const std::optional<Error> error = SetConfigValue(key, Json::MakeArray(), &config);
    ASSERT_TRUE(error.has_value()) << key.json;
    EXPECT_EQ(error->field, key.json);
    EXPECT_EQ(error->accepted, accepted) << key.json;
    EXPECT_EQ(config, Config()) << "a refusal changes nothing";
  }
  EXPECT_EQ(AcceptedValues(*FindConfigKey("n_gpu_layers")), "-1 (all) or a whole number from 0 to 100,000");
  EXPECT_EQ(AcceptedValues(*FindConfigKey("tensor_split")),
            "proportions from 0 to 1,000,000,000, or a list of up to 4,096");
  EXPECT_EQ(AcceptedValues(*FindConfigKey("lora")), "an object {\"max_loras\":n,\"max_rank\":r}");
}

TEST(ConfigValue, ACalibrationIsSomeOfItsMembers) {
  const ConfigKey& key = *FindConfigKey("cal");
  Config config;
  ASSERT_FALSE(SetConfigText(key, R"({"outside_gib":0.41,"decode":0.93})", &config));
  ASSERT_TRUE(config.cal);
  EXPECT_EQ(config.cal->outside_gib, 0.41);
  EXPECT_EQ(config.cal->decode, 0.93);
  EXPECT_FALSE(config.cal->activation);
  Config again;
  ASSERT_FALSE(SetConfigText(key, GetConfigText(config, key), &again));
  EXPECT_EQ(again, config);
  ASSERT_FALSE(SetConfigText(key, "{}", &config));
  EXPECT_FALSE(config.cal) << "nothing is no calibration";
  for (const char* bad : {R"({"decode":0})", R"({"activation":"much"})", R"({"outside_gib":1e99})", "3", "x"})
    EXPECT_TRUE(SetConfigText(key, bad, &config).has_value()) << bad;
}

TEST(ConfigValue, WordsStandForMinusOne) {
  Config config;
  ASSERT_FALSE(SetConfigText(*FindConfigKey("n_gpu_layers"), "all", &config));
  EXPECT_EQ(config.n_gpu_layers, -1);
  EXPECT_TRUE(SetConfigText(*FindConfigKey("n_gpu_layers"), "auto", &config).has_value());
  EXPECT_TRUE(SetConfigText(*FindConfigKey("n_gpu_layers"), "-2", &config).has_value());
  EXPECT_TRUE(SetConfigText(*FindConfigKey("n_cpu_moe"), "-1", &config).has_value());
  EXPECT_TRUE(SetConfigText(*FindConfigKey("n_cpu_moe"), "all", &config).has_value());
}

TEST(ConfigValue, EnumeratorsAndTheirNamesStandInOneOrder) {
  EXPECT_EQ(KvTypeName(KvType::kAuto), "auto");
  EXPECT_EQ(KvTypeName(KvType::kFp8), "fp8");
  EXPECT_EQ(KvTypeName(KvType::kQ5_1), "q5_1");
  EXPECT_EQ(KvTypeName(KvType::kQ4_0), "q4_0");
  EXPECT_EQ(KvTypeName(KvType::kFp32), "fp32");
  EXPECT_EQ(SplitModeName(SplitMode::kRow), "row");
  EXPECT_EQ(SpeculativeMethodName(SpeculativeMethod::kEagle), "eagle");
}

}  // namespace
}  // namespace plimsoll
