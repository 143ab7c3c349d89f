#include "core/config/config_codec.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

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

std::string FlagError(const std::vector<std::string>& flags) {
  Result<Config> config = DecodeConfigFlags(flags);
  return config.ok() ? "(accepted)" : config.error().Message();
}

std::string JsonError(std::string_view text) {
  Result<DecodedConfig> decoded = DecodeConfigJsonText(text);
  return decoded.ok() ? "(accepted)" : decoded.error().Message();
}

// Links that stand in posts and bookmarks. They must decode to the same configuration forever: add lines,
// never change one.
struct GoldenUrl {
  const char* url;
  const char* json;
};
constexpr GoldenUrl kGoldenUrls[] = {
    {"m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384",
     R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","max_model_len":16384})"},
    {"m=qwen3-235b-a22b&q=awq-int4&ev=0.6.3&g=rtx-4090&ctx=4096&util=0.95",
     R"({"model":"qwen3-235b-a22b","format":"awq-int4","engine_version":"0.6.3","gpu":"rtx-4090","max_model_len":4096,"gpu_memory_utilization":0.95})"},
    {"m=qwen3.5-35b-a3b&q=gptq-int4&g=t4&n=4&tp=4&ctx=16384&util=0.85&spec=~"
     "eyJtZXRob2QiOiJkcmFmdCIsIm1vZGVsIjoicXdlbjIuNS03YiIsImZvcm1hdCI6ImdwdHEtaW50NCIsIm51bV90b2tlbnMiOjV9",
     R"({"model":"qwen3.5-35b-a3b","format":"gptq-int4","gpu":"t4","gpus":4,"tp":4,"max_model_len":16384,"gpu_memory_utilization":0.85,"speculative":{"method":"draft","model":"qwen2.5-7b","format":"gptq-int4","num_tokens":5}})"},
    {"m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384&seqs=4&kv=fp8&util=0.95&pc=1",
     R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","max_model_len":16384,"max_num_seqs":4,"kv_cache_dtype":"fp8","gpu_memory_utilization":0.95,"enable_prefix_caching":true})"},
    {"m=command-r-35b&q=gguf-q4_k_s&e=llama.cpp&ev=b2554&g=rtx-4070-ti,rtx-3090-ti&gm=11954,24110.5&ctx=4096&"
     "ub=512&fa=0&ngl=30&ncmoe=2&sm=row&kvu=0",
     R"({"model":"command-r-35b","format":"gguf-q4_k_s","engine":"llama.cpp","engine_version":"b2554","gpu":["rtx-4070-ti","rtx-3090-ti"],"gpu_memory_mib":[11954,24110.5],"max_model_len":4096,"n_ubatch":512,"flash_attention":false,"n_gpu_layers":30,"n_cpu_moe":2,"split_mode":"row","kv_unified":false})"},
    {"m=deepseek-r1&e=vllm&g=h200&n=8&nn=2&tp=8&pp=2&dp=1&ep=1&seqs=256&mbt=8192&kvb=6990059274&eager=1&bs="
     "64&cp=1&off=4.5&lora=~eyJtYXhfbG9yYXMiOjIsIm1heF9yYW5rIjozMn0&mm=0&in=2000&out=500&c=32",
     R"({"model":"deepseek-r1","engine":"vllm","gpu":"h200","gpus":8,"nodes":2,"tp":8,"pp":2,"dp":1,"expert_parallel":true,"max_num_seqs":256,"max_num_batched_tokens":8192,"kv_cache_memory_bytes":6990059274,"enforce_eager":true,"block_size":64,"enable_chunked_prefill":true,"cpu_offload_gb":4.5,"lora":{"max_loras":2,"max_rank":32},"multimodal":false,"prompt_tokens":2000,"output_tokens":500,"concurrency":32})"},
    {"m=~eyJhcmNoaXRlY3R1cmVzIjpbIkxsYW1hRm9yQ2F1c2FsTE0iXSwiaGlkZGVuX3NpemUiOjQwOTZ9&q=~"
     "eyJpZCI6ImdwdHEtaW50NCIsInVucXVhbnRpemVkIjpbImxtX2hlYWQiXX0&kv=~eyJrIjoicThfMCIsInYiOiJxNF8wIn0",
     R"({"model":{"architectures":["LlamaForCausalLM"],"hidden_size":4096},"format":{"id":"gptq-int4","unquantized":["lm_head"]},"kv_cache_dtype":{"k":"q8_0","v":"q4_0"}})"},
};

TEST(ConfigCodec, GoldenUrlsDecodeForever) {
  for (const GoldenUrl& golden : kGoldenUrls) {
    EXPECT_EQ(EncodeConfigJson(FromUrl(golden.url)).Dump(), golden.json) << golden.url;
    EXPECT_EQ(EncodeConfigUrl(FromUrl(golden.url)), golden.url);
  }
}

TEST(ConfigCodec, LinksAreReadInEveryForm) {
  const Config plain = FromUrl("m=llama-3.1-70b&g=rtx-4090");
  EXPECT_EQ(FromUrl("#m=llama-3.1-70b&g=rtx-4090"), plain);
  EXPECT_EQ(FromUrl("https://example.org/app/?theme=dark#v=1&m=llama-3.1-70b&g=rtx-4090"), plain);
  EXPECT_EQ(FromUrl("g=rtx-4090&m=llama-3.1-70b&"), plain);
  EXPECT_EQ(FromUrl("m=llama%2D3.1-70b&g=rtx-4090"), plain);
  EXPECT_EQ(FromUrl("https://example.org/app/"), Config());
  EXPECT_EQ(FromUrl(""), Config());
  EXPECT_EQ(FromUrl("eager=true"), FromUrl("eager=1"));
  EXPECT_EQ(FromUrl("kv=%7EeyJrIjoicThfMCIsInYiOiJxNF8wIn0%3D"),
            FromUrl("kv=~eyJrIjoicThfMCIsInYiOiJxNF8wIn0"));
}

TEST(ConfigCodec, UnknownKeysAreKeptAndReported) {
  Result<DecodedConfig> decoded = DecodeConfigUrl("m=llama-3.1-70b&future=a%20b&ctxx=5&v=1");
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->diagnostics.size(), 2u);
  EXPECT_EQ(decoded->diagnostics[0].code, "unknown_key");
  EXPECT_EQ(decoded->diagnostics[0].severity, Severity::kInfo);
  EXPECT_NE(decoded->diagnostics[1].fix.find("ctx"), std::string::npos);
  EXPECT_EQ(EncodeConfigUrl(*decoded), "m=llama-3.1-70b&future=a%20b&ctxx=5");

  decoded = DecodeConfigJsonText(R"({"model":"llama-3.1-70b","max_model_length":5})");
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->diagnostics.size(), 1u);
  EXPECT_NE(decoded->diagnostics[0].fix.find("max_model_len"), std::string::npos);
}

TEST(ConfigCodec, ALinkOfANewerVersionIsReadWithAWarning) {
  Result<DecodedConfig> decoded = DecodeConfigUrl("v=2&m=llama-3.1-70b");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->config.model, "llama-3.1-70b");
  ASSERT_EQ(decoded->diagnostics.size(), 1u);
  EXPECT_EQ(decoded->diagnostics[0].code, "newer_link");
}

TEST(ConfigCodec, AnAddressWithoutAFragmentIsEmptyButAValueMayLookLikeOne) {
  EXPECT_EQ(DecodeConfigUrl("https://example.org/app/")->config, Config());
  EXPECT_EQ(DecodeConfigUrl("https://example.org/app/?embed=1")->config, Config());
  EXPECT_EQ(DecodeConfigUrl("m=a://b&tp=2")->config.model, "a://b");
}

TEST(ConfigCodec, ErrorsNameTheKeyTheValueAndWhatIsAccepted) {
  EXPECT_EQ(
      UrlError("m=x&ctx=many"),
      "max_model_len (ctx=): given \"many\"; accepted: -1 (as long as fits) or a whole number from 1 to "
      "1,000,000,000");
  EXPECT_EQ(FlagError({"--tp", "three"}), "--tp: given \"three\"; accepted: a whole number from 1 to 4,096");
  EXPECT_EQ(FlagError({"--tp=0"}), "--tp: given \"0\"; accepted: a whole number from 1 to 4,096");
  EXPECT_EQ(JsonError(R"({"tp":2.5})"), "tp: given 2.5; accepted: a whole number from 1 to 4,096");
  EXPECT_EQ(JsonError("[]"),
            "config: given a list of 0; accepted: an object with the keys of a configuration");
  EXPECT_EQ(FlagError({"--max-model-length", "5"}),
            "flag: given \"--max-model-length\"; accepted: --max-model-len; --help lists all flags");
  EXPECT_EQ(FlagError({"llama"}), "flag: given \"llama\"; accepted: the flags that --help lists");
  EXPECT_EQ(FlagError({"--model"}).substr(0, 26), "--model: given nothing; ac");
  EXPECT_EQ(FlagError({"--kv-cache-dtype", R"({"k":"q9"})"}).substr(0, 30),
            "--kv-cache-dtype.k: given \"q9\"");
}

TEST(ConfigCodec, NumbersAreStrict) {
  for (const char* bad : {"", "1e999", "0x10", " 1", "1 ", "1.5", "16k", "+5", "--5", "5-", "1e3", "٣", "1,2",
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

TEST(ConfigCodec, SwitchesAreReadAsPeopleWriteThem) {
  Result<Config> config = DecodeConfigFlags({"--enforce-eager", "--model", "m", "--no-flash-attention",
                                             "--enable-prefix-caching=false", "--expert-parallel", "true"});
  ASSERT_TRUE(config.ok()) << config.error().Message();
  EXPECT_EQ(config->enforce_eager, true);
  EXPECT_EQ(config->flash_attention, false);
  EXPECT_EQ(config->enable_prefix_caching, false);
  EXPECT_EQ(config->expert_parallel, true);
  EXPECT_NE(FlagError({"--no-model"}), "(accepted)");
  EXPECT_NE(FlagError({"--no-enforce-eager=true"}), "(accepted)");
}

TEST(ConfigCodec, GarbageIsRefusedAtOnce) {
  const std::string garbage(10 << 20, '~');
  EXPECT_EQ(UrlError("m=" + garbage),
            "url: given 10,485,762 bytes; accepted: a link of at most 65,536 bytes");
  EXPECT_NE(UrlError("m=%"), "(accepted)");
  EXPECT_NE(UrlError("m=%zz"), "(accepted)");
  EXPECT_NE(UrlError("m=~!!!"), "(accepted)");
  EXPECT_NE(UrlError("m=~"), "(accepted)");
  EXPECT_NE(UrlError("m=~eyJh"), "(accepted)") << "truncated JSON";
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "k" + std::to_string(i) + "&";
  EXPECT_NE(UrlError(many), "(accepted)");
  EXPECT_NE(UrlError("m=~" + EncodeBase64Url(std::string(40000, '['))), "(accepted)") << "nesting";
  for (const char* bad : {"m=%00%0A%1B", "g=,", "g=a,,b", "gm=1,x"}) {
    EXPECT_EQ(UrlError(bad).find('\n'), std::string::npos) << bad;
  }
  EXPECT_NE(UrlError("g=,"), "(accepted)");
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
  const Result<Config> flags = DecodeConfigFlags(EncodeConfigFlags(listed->config));
  ASSERT_TRUE(flags.ok());
  EXPECT_EQ(*flags, listed->config);
}

TEST(ConfigCodec, TheTableIsConsistent) {
  std::set<std::string_view> json, url;
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_TRUE(json.insert(key.json).second) << key.json;
    EXPECT_TRUE(url.insert(key.url).second) << key.url;
    EXPECT_NE(key.url, "v") << "taken by the version";
    EXPECT_EQ(FindConfigKey(key.json), &key);
    EXPECT_FALSE(AcceptedValues(key).empty());
    const int members = (key.integer != nullptr) + (key.number != nullptr) + (key.flag != nullptr) +
                        (key.numbers != nullptr) + (key.text != nullptr);
    const bool simple = key.type == KeyType::kInteger || key.type == KeyType::kNumber ||
                        key.type == KeyType::kSwitch || key.type == KeyType::kNumberList ||
                        key.type == KeyType::kText;
    EXPECT_EQ(members, simple ? 1 : 0) << key.json;
  }
  EXPECT_EQ(FlagName(*FindConfigKey("max_num_batched_tokens")), "--max-num-batched-tokens");
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
        const int64_t value =
            static_cast<int64_t>(key.least) + Below(static_cast<int64_t>(key.most - key.least) + 1);
        return Json(value == 0 && key.integer == &Config::max_model_len ? 1 : value);
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

TEST(ConfigCodec, FlagsReadBackAsTheyWere) {
  for (const GoldenUrl& golden : kGoldenUrls) {
    const Config config = FromUrl(golden.url);
    Result<Config> again = DecodeConfigFlags(EncodeConfigFlags(config));
    ASSERT_TRUE(again.ok()) << golden.url << ": " << again.error().Message();
    EXPECT_EQ(*again, config) << golden.url;
  }
}

TEST(ConfigCodec, Base64UrlMatchesRfc4648) {
  EXPECT_EQ(EncodeBase64Url(""), "");
  EXPECT_EQ(EncodeBase64Url("f"), "Zg");
  EXPECT_EQ(EncodeBase64Url("fo"), "Zm8");
  EXPECT_EQ(EncodeBase64Url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(EncodeBase64Url("\xff\xfe\xfd"), "__79");
  EXPECT_EQ(DecodeBase64Url("__79"), "\xff\xfe\xfd");
  EXPECT_EQ(DecodeBase64Url("//79"), "\xff\xfe\xfd");
  EXPECT_EQ(DecodeBase64Url("Zm9vYg=="), "foob");
  EXPECT_EQ(DecodeBase64Url("Z"), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("Zm 8"), std::nullopt);
}

TEST(ConfigCodec, SettingNullClears) {
  Config config = FromUrl(kGoldenUrls[5].url);
  for (const ConfigKey& key : ConfigKeys()) ASSERT_FALSE(SetConfigValue(key, Json(), &config));
  EXPECT_EQ(config, Config());
}

TEST(ConfigCodec, ASecondHashDiscardsNothing) {
  EXPECT_EQ(FromUrl("https://host/app/#m=llama-3.1-8b&g=h200").model, "llama-3.1-8b");
  EXPECT_EQ(FromUrl("https://host/app/?x=1#m=llama-3.1-8b").model, "llama-3.1-8b");
  EXPECT_EQ(FromUrl("app#m=llama-3.1-8b").model, "llama-3.1-8b");
  const Config config = FromUrl("m=llama-3.1-8b&tp=2&g=h200#tp=4");
  EXPECT_EQ(config.model, "llama-3.1-8b");
  EXPECT_EQ(config.tp, 2);
  EXPECT_EQ(config.gpu,
            std::vector<std::string>{"h200#tp=4"});  // which no card is called: the estimate says so
  EXPECT_EQ(FromUrl("#m=llama-3.1-8b&q=org/name#x").format.AsString(), "org/name#x");
}

TEST(ConfigCodec, TextIsUtf8) {
  EXPECT_NE(UrlError("m=llama-3.1-8b&ot=%ff=CPU").find("UTF-8"), std::string::npos);
  EXPECT_NE(FlagError({"--model", "\xc3"}).find("UTF-8"), std::string::npos);
  EXPECT_EQ(Json("a\xff"
                 "b")
                .Dump(),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(Json("\xed\xa0\x80").Dump(), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // a surrogate
  EXPECT_EQ(Json("größer 模型 🚢").Dump(), "\"größer 模型 🚢\"");
}

}  // namespace
}  // namespace plimsoll
