#include "core/base/mistaken_json.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace plimsoll {
namespace {

std::string WhatIs(const std::string& text) {
  const Result<Json> json = Json::Parse(text, "text");
  EXPECT_TRUE(json.ok()) << text;
  const std::optional<Mistaken> found = json.ok() ? MistakenJson(*json) : std::nullopt;
  return found ? found->what : "";
}

TEST(MistakenJson, NeighboursOfAConfigAreToldApart) {
  std::string vocabulary = "{\"a\":0";
  for (int i = 1; i < 100; ++i) vocabulary += ",\"w" + std::to_string(i) + "\":" + std::to_string(i);
  const std::pair<std::string, const char*> cases[] = {
      {R"({"bos_token_id":1,"eos_token_id":[2,3],"transformers_version":"4.51.0"})",
       "generation_config.json"},
      {R"({"do_sample":true,"temperature":0.6})", "generation_config.json"},
      {R"({"add_bos_token":false,"tokenizer_class":"Qwen2Tokenizer","processor_class":"X"})", "tokenizer"},
      {R"({"version":"1.0","added_tokens":[],"model":{"type":"BPE"}})", "tokenizer"},
      {R"({"bos_token":"<s>","eos_token":"</s>","unk_token":"<unk>"})", "special_tokens_map.json"},
      {R"({"image_processor_type":"Qwen2VLImageProcessor","patch_size":14})", "preprocessor"},
      {R"({"producer":{"name":"modelopt"},"quantization":{"quant_algo":"NVFP4"}})", "hf_quant_config.json"},
      {R"({"bits":4,"group_size":128,"desc_act":false})", "quantisation"},
      {R"({"schemaVersion":2,"layers":[]})", "manifest"},
      {R"({"log_history":[],"epoch":1})", "trainer_state.json"},
      {vocabulary + "}", "vocabulary"},
  };
  for (const auto& [text, what] : cases) EXPECT_NE(WhatIs(text).find(what), std::string::npos) << text;
}

// The same keys stand in configs, too: whoever names a model is one.
TEST(MistakenJson, AConfigIsNone) {
  for (const char* text :
       {R"({"architectures":["LlamaForCausalLM"],"bos_token_id":1,"transformers_version":"4.40"})",
        R"({"model_type":"qwen3","tokenizer_class":"x"})", R"({"n_embd":768,"do_sample":true})",
        R"({"dim":4096,"n_layers":32})", R"({"a":1,"b":2})", "[]", R"({"model":"qwen3-32b","tp":2})"}) {
    EXPECT_EQ(WhatIs(text), "") << text;
  }
}

}  // namespace
}  // namespace plimsoll
