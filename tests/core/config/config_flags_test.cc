#include "core/config/config_flags.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

std::string FlagError(const std::vector<std::string>& flags) {
  Result<Config> config = DecodeConfigFlags(flags);
  return config.ok() ? "(accepted)" : config.error().Message();
}

TEST(ConfigFlags, ErrorsNameTheFlagTheValueAndWhatIsAccepted) {
  EXPECT_EQ(FlagError({"--tp", "three"}), "--tp cannot be \"three\"; give a whole number from 1 to 4,096");
  EXPECT_EQ(FlagError({"--tp=0"}), "--tp cannot be \"0\"; give a whole number from 1 to 4,096");
  EXPECT_EQ(FlagError({"--max-model-length", "5"}),
            "flag cannot be \"--max-model-length\"; give --max-model-len; --help lists all flags");
  EXPECT_EQ(FlagError({"llama"}), "flag cannot be \"llama\"; give one of the flags that --help lists");
  EXPECT_EQ(FlagError({"--model"}).substr(0, 24), "--model is missing; give");
  EXPECT_EQ(FlagError({"--kv-cache-dtype", R"({"k":"q9"})"}).substr(0, 33),
            "--kv-cache-dtype.k cannot be \"q9\"");
}

TEST(ConfigFlags, SwitchesAreReadAsPeopleWriteThem) {
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

TEST(ConfigFlags, EveryKeyHasItsFlag) {
  EXPECT_EQ(FlagName(*FindConfigKey("max_num_batched_tokens")), "--max-num-batched-tokens");
  // What a file says, said by flags: every key but those that are objects, which the command reads as JSON.
  const Result<DecodedConfig> file = DecodeConfigJsonText(
      R"({"model":"m","format":"f","engine":"vllm","engine_version":"1","gpu":["a","b"],)"
      R"("gpu_memory_mib":[1,2.5],"tp":2,"max_model_len":-1,"kv_cache_dtype":{"k":"q8_0","v":"q4_0"},)"
      R"("enforce_eager":true,"flash_attention":false,"split_mode":"row","lora":{"max_loras":2,"max_rank":8},)"
      R"("override_tensor":"exps=CPU,blk=CUDA1","tensor_split":[3,1],"workload":{"arrival":"burst"}})");
  ASSERT_TRUE(file.ok()) << file.error().Message();
  std::vector<std::string> flags;
  for (const ConfigKey& key : ConfigKeys()) {
    if (!IsConfigValueGiven(file->config, key)) continue;
    flags.push_back(FlagName(key) + "=" + GetConfigText(file->config, key));
  }
  const Result<Config> read = DecodeConfigFlags(flags);
  ASSERT_TRUE(read.ok()) << read.error().Message();
  EXPECT_EQ(*read, file->config);
}

}  // namespace
}  // namespace plimsoll
