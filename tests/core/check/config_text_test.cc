#include "core/check/config_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(ConfigText, AFragmentIsALink) {
  for (const char* text : {"#m=qwen3-32b&ctx=8192", "m=qwen3-32b&ctx=8192", " #v=1&m=qwen3-32b&ctx=8192\n"}) {
    const auto result = ReadLinkText(text, ShippedCatalog());
    ASSERT_TRUE(result && result->ok()) << text;
    EXPECT_EQ((*result)->config.max_model_len, 8192) << text;
  }
}

TEST(ConfigText, MistralsParamsAreAModel) {
  const auto result = ReadConfigText(
      R"({"dim":4096,"n_layers":32,"head_dim":128,"hidden_dim":14336,"n_heads":32,"n_kv_heads":8,"vocab_size":32768})",
      ShippedCatalog());
  ASSERT_TRUE(result && result->ok());
  EXPECT_EQ((*result)->what, "params.json of a model");
  ASSERT_TRUE((*result)->config.inline_model.is_object());
  EXPECT_FALSE(ReadConfigText(R"({"dim":4096})", ShippedCatalog())) << "a word alone says nothing";
}

TEST(ConfigText, WhatALinkHasAndNobodyKnowsIsListed) {
  const auto result = ReadLinkText("#m=qwen3-32b&zzz=3", ShippedCatalog());
  ASSERT_TRUE(result && result->ok());
  ASSERT_EQ((*result)->not_understood.size(), 1U);
  EXPECT_EQ((*result)->not_understood[0], "zzz=3");
}

TEST(ConfigText, OtherTextIsNoLink) {
  for (const char* text :
       {"https://example.org/Qwen/Qwen3-32B", "vllm serve m=3", "m", "", "x=3", "and/or"}) {
    EXPECT_FALSE(ReadLinkText(text, ShippedCatalog())) << text;
  }
}

TEST(ConfigText, ARepositoryOfTheHubIsItsModel) {
  for (const char* text : {"https://huggingface.co/Qwen/Qwen3-32B-AWQ",
                           " hf.co/Qwen/Qwen3-32B-AWQ/tree/main\n", "Qwen/Qwen3-32B-AWQ"}) {
    const auto result = ReadLinkText(text, ShippedCatalog());
    ASSERT_TRUE(result && result->ok()) << text;
    EXPECT_EQ((*result)->config.model, "qwen3-32b") << text;
    EXPECT_EQ((*result)->config.format.AsString(), "awq-int4") << text;
  }
  const auto other = ReadLinkText("https://huggingface.co/Some-Org/Unheard-Of-9B", ShippedCatalog());
  ASSERT_TRUE(other && other->ok());
  EXPECT_TRUE((*other)->config.model.empty());
  ASSERT_EQ((*other)->problems.size(), 1U);
  EXPECT_EQ((*other)->problems[0].code, "model_not_in_catalog");
}

TEST(ConfigText, OurOwnJsonIsRead) {
  const auto result = ReadConfigText(R"({"model":"qwen3-32b","tp":2,"gpus":2})", ShippedCatalog());
  ASSERT_TRUE(result && result->ok());
  EXPECT_EQ((*result)->kind, CheckKind::kConfig);
  EXPECT_EQ((*result)->config.tp, 2);
  EXPECT_EQ((*result)->understood.size(), 3U);
}

TEST(ConfigText, WhatIsNoConfigIsNamed) {
  const std::string index = R"({"metadata":{"total_size":1},"weight_map":{)" + std::string(300000, ' ');
  const std::pair<std::string, const char*> cases[] = {
      {"<!DOCTYPE html>\n<html>", "HTML page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", "Git LFS pointer"},
      {R"({"eos_token_id":2,"transformers_version":"4.40.0"})", "generation_config.json"},
      {R"({"tokenizer_class":"LlamaTokenizer","model_max_length":4096})", "tokenizer's config"},
      {R"({"version":"1.0","added_tokens":[],"model":{"type":"BPE"}})", "tokenizer's config"},
      {index, "index of safetensors files"},
      {std::string("GGUF\x03\0\0\0", 8), "GGUF file"},
      {"{\"architectures\": [\"LlamaForCausalLM\"],\n \"hidden_size\": 4096",
       "line 2, column 21, where it ends"},
  };
  for (const auto& [text, what] : cases) {
    const auto result = ReadConfigText(text, ShippedCatalog());
    ASSERT_TRUE(result && !result->ok()) << what;
    EXPECT_EQ(result->error().field, "text");
    EXPECT_NE(result->error().given.find(what), std::string::npos) << result->error().Message();
  }
}

TEST(ConfigText, AModelsConfigBecomesAnInlineModel) {
  const auto result = ReadConfigText(
      R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":4096})", ShippedCatalog());
  ASSERT_TRUE(result && result->ok());
  EXPECT_TRUE((*result)->config.inline_model.is_object());
}

TEST(ConfigText, BrokenJsonAndOtherObjectsAreNotTaken) {
  for (const char* text : {"{", "{}", R"({"a":1})", "[1]", ""}) {
    EXPECT_FALSE(ReadConfigText(text, ShippedCatalog())) << text;
  }
}

}  // namespace
}  // namespace plimsoll
