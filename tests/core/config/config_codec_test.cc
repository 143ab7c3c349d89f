#include "core/config/config_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url << ": " << (decoded.ok() ? "" : decoded.error().Message());
  return decoded.ok() ? decoded->config : Config();
}

std::string JsonError(std::string_view text) {
  Result<DecodedConfig> decoded = DecodeConfigJsonText(text);
  return decoded.ok() ? "(accepted)" : decoded.error().Message();
}

TEST(ConfigCodec, ErrorsNameTheKeyTheValueAndWhatIsAccepted) {
  EXPECT_EQ(JsonError(R"({"tp":2.5})"), "tp cannot be 2.5; give a whole number from 1 to 4,096");
  EXPECT_EQ(JsonError("[]"), "config cannot be a list of 0; give an object with the keys of a configuration");
}

TEST(ConfigCodec, UnknownKeysAreReportedWithTheNearestKnownOne) {
  const Result<DecodedConfig> decoded =
      DecodeConfigJsonText(R"({"model":"llama-3.1-70b","max_model_length":5})");
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->diagnostics.size(), 1u);
  EXPECT_NE(decoded->diagnostics[0].fix.find("max_model_len"), std::string::npos);
}

// Every way in which people write -ts and -ot.
TEST(ConfigCodec, SplitsAndOverridesAsLlamaCppTakesThem) {
  const std::vector<double> split = {3, 1};
  for (const char* json :
       {R"({"tensor_split":[3,1]})", R"({"tensor_split":"3,1"})", R"({"tensor_split":"3/1"})"}) {
    const Result<DecodedConfig> decoded = DecodeConfigJsonText(json);
    ASSERT_TRUE(decoded.ok()) << json;
    EXPECT_EQ(decoded->config.tensor_split, split) << json;
  }
  EXPECT_EQ(FromUrl("m=x&ts=3,1").tensor_split, split);
  EXPECT_FALSE(DecodeConfigJsonText(R"({"tensor_split":"3;1"})").ok());
  EXPECT_FALSE(DecodeConfigJsonText(R"({"tensor_split":-1})").ok());

  const std::string pattern = R"(blk\\.(1[0-9]|2[0-9])\\.ffn.*=CPU)";  // as JSON escapes it
  const Result<DecodedConfig> listed =
      DecodeConfigJsonText(R"({"model":"x","override_tensor":[")" + pattern + R"(","exps=CUDA1"]})");
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->config.override_tensor, R"(blk\.(1[0-9]|2[0-9])\.ffn.*=CPU,exps=CUDA1)");
  // Through a link and back, with its commas, brackets and backslashes.
  const Config again = FromUrl(EncodeConfigUrl(listed->config));
  EXPECT_EQ(again, listed->config) << EncodeConfigUrl(listed->config);
}

// A configuration with each key present by chance.
class RandomConfig {
 public:
  explicit RandomConfig(uint32_t seed) : random_(seed) {}

  Config Make() {
    Config config;
    for (const ConfigKey& key : ConfigKeys()) {
      if (Below(3) != 0) continue;
      const Json value = Value(key);
      const std::optional<Error> error = SetConfigValue(key, value, &config);
      EXPECT_FALSE(error) << (error ? error->Message() : "");
      EXPECT_TRUE(IsConfigValueGiven(config, key)) << key.json;
    }
    return config;
  }

 private:
  int64_t Below(int64_t limit) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(limit)); }

  std::string Word() {
    static constexpr std::string_view kLetters = "abz09-._~,{\"&=# %+/:";
    std::string word;
    for (int64_t i = Below(12) + 1; i > 0; --i)
      word += kLetters[static_cast<size_t>(Below(static_cast<int64_t>(kLetters.size())))];
    return Below(4) == 0 ? word + "é" : word;
  }

  Json Number(const ConfigKey& key) {
    return Json(key.least + (key.most - key.least) * static_cast<double>(Below(1000001)) / 1e6);
  }

  Json Value(const ConfigKey& key) {
    Json object = Json::MakeObject();
    switch (key.type) {
      case KeyType::kText:
        return Json("b" + std::to_string(Below(9999)));
      case KeyType::kInteger: {
        if (!key.minus_one.empty() && Below(4) == 0) return Json(-1);
        return Json(static_cast<int64_t>(key.least) + Below(static_cast<int64_t>(key.most - key.least) + 1));
      }
      case KeyType::kNumber:
        return Number(key);
      case KeyType::kSwitch:
        return Json(Below(2) == 0);
      case KeyType::kModel:
      case KeyType::kFormat:
        if (Below(2) == 0) return Json(Word());
        return object.Set("id", Word()).Set(Word() + "x", static_cast<double>(Below(1000)) / 7);
      case KeyType::kGpuList:
      case KeyType::kNumberList: {
        const bool ids = key.type == KeyType::kGpuList;
        if (Below(2) == 0) return ids ? Json(Word()) : Number(key);
        Json list = Json::MakeArray();
        for (int64_t i = Below(4) + 1; i > 0; --i) list.Append(ids ? Json(Word()) : Number(key));
        return list;
      }
      case KeyType::kKvTypes:
        if (Below(2) == 0) return Json("q8_0");
        return object.Set("k", "q8_0").Set("v", Below(2) == 0 ? "q4_0" : "q8_0");
      case KeyType::kSpeculative:
        return object.Set("method", "draft").Set("model", Word()).Set("num_tokens", 3);
      case KeyType::kSplitMode:
        return Json(Below(2) == 0 ? "layer" : "row");
      case KeyType::kWorkload:
        object.Set("arrival", "poisson").Set("arrival_rate", static_cast<double>(Below(1000) + 1) / 7);
        return object.Set("turns", Below(9) + 1).Set("prompt_shape", "chat");
      case KeyType::kLora:
        return object.Set("max_rank", Below(64) + 1);
      case KeyType::kCalibration:
        return object.Set("outside_gib", static_cast<double>(Below(200)) / 64)
            .Set("decode", static_cast<double>(Below(98) + 2) / 64);
    }
    return Json();
  }

  std::mt19937 random_;
};

TEST(ConfigCodec, EverySpellingReadsBackAsItWas) {
  RandomConfig random(20261120);
  for (int i = 0; i < 3000; ++i) {
    const Config config = random.Make();
    const std::string json = EncodeConfigJson(config).Dump();

    const std::string url = EncodeConfigUrl(config);
    Result<DecodedConfig> from_url = DecodeConfigUrl(url);
    ASSERT_TRUE(from_url.ok()) << url << "\n" << json << "\n" << from_url.error().Message();
    ASSERT_EQ(EncodeConfigJson(from_url->config).Dump(), json) << url;
    ASSERT_EQ(from_url->config, config) << url;
    ASSERT_EQ(EncodeConfigUrl(from_url->config), url);

    Result<DecodedConfig> from_json = DecodeConfigJsonText(json);
    ASSERT_TRUE(from_json.ok()) << json;
    ASSERT_EQ(from_json->config, config) << json;
  }
}

}  // namespace
}  // namespace plimsoll
