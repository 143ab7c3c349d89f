#include "core/arch/config_forms.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

Result<Architecture> Read(const char* text) { return ReadArchitecture(*Json::Parse(text, "test"), "model"); }

// Mistral-Large-3 as its params.json describes it: DeepSeek-V3's decoder without a selection bias.
TEST(ConfigForms, MistralsParams) {
  const Result<Architecture> large = Read(
      R"({"dim":7168,"n_layers":61,"head_dim":128,"hidden_dim":16384,"n_heads":128,"n_kv_heads":128,"rope_theta":10000,
          "vocab_size":131072,"q_lora_rank":1536,"qk_rope_head_dim":64,"qk_nope_head_dim":128,"kv_lora_rank":512,
          "v_head_dim":128,"moe":{"num_experts":128,"num_experts_per_tok":4,"num_shared_experts":1,
          "expert_hidden_dim":4096,"first_k_dense_replace":3,"route_every_n":1}})");
  ASSERT_TRUE(large.ok()) << large.error().Message();
  EXPECT_EQ(CountParameters(*large).total, 673421089792);
  EXPECT_FALSE(large->remarks.empty());
}

TEST(ConfigForms, MetasParams) {
  const Result<Architecture> llama = Read(
      R"({"dim":4096,"n_layers":32,"n_heads":32,"vocab_size":32000,"multiple_of":256,"norm_eps":1e-06})");
  ASSERT_TRUE(llama.ok()) << llama.error().Message();
  EXPECT_EQ(CountParameters(*llama).total, 6738415616) << "Llama-2-7B";
  EXPECT_FALSE(Read(R"({"dim":4096,"n_layers":32,"n_heads":32,"vocab_size":32000,"num_experts":8})").ok());
}

// llava-hf/llava-1.5-7b-hf leaves out whatever its class has as a default.
TEST(ConfigForms, DefaultsOfNestedConfigs) {
  const Result<Architecture> llava = Read(
      R"({"architectures":["LlavaForConditionalGeneration"],"model_type":"llava","text_config":{"model_type":"llama",
          "vocab_size":32064,"torch_dtype":"float16","max_position_embeddings":4096},"vision_config":{"hidden_size":1024,
          "image_size":336,"intermediate_size":4096,"model_type":"clip_vision_model","num_attention_heads":16,
          "num_hidden_layers":24,"patch_size":14},"vision_feature_layer":-2})");
  ASSERT_TRUE(llava.ok()) << llava.error().Message();
  EXPECT_EQ(CountParameters(*llava).total, 7063427072);
  EXPECT_EQ(KvBytesPerToken(*llava, {}).count(), 524288);
}

TEST(ConfigForms, AModelTypeAlone) {
  const Result<Architecture> llama = Read(R"({"model_type":"llama"})");
  ASSERT_TRUE(llama.ok()) << llama.error().Message();
  EXPECT_EQ(llama->name, "LlamaForCausalLM");
  EXPECT_EQ(CountParameters(*llama).total, 6738415616);
  EXPECT_EQ(llama->remarks.size(), 2u) << "that the class was inferred, and which values are its defaults";
  EXPECT_FALSE(Read(R"({"model_type":"sorcerer"})").ok());
}

TEST(ConfigForms, AGenerationConfigIsToldApart) {
  const Result<Architecture> read = Read(
      R"({"_from_model_config":true,"bos_token_id":1,"eos_token_id":2,"transformers_version":"4.40.0"})");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "model");
  EXPECT_NE(read.error().given.find("generation_config.json"), std::string::npos);
}

TEST(ConfigForms, OtherFilesOfARepositoryAreToldApart) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"metadata":{"total_size":1},"weight_map":{"a":"b"}})", "index of safetensors"},
      {R"({"model_max_length":4096,"tokenizer_class":"LlamaTokenizer"})", "tokenizer"},
      {R"({"peft_type":"LORA","r":16})", "adapter"},
      {R"({"image_mean":[0.5]})", "preprocessor"},
      {R"({"_class_name":"FluxPipeline"})", "diffusion"},
      {R"({"error":"Repository not found"})", "hub's error"},
  };
  for (const auto& [text, found] : cases) {
    const Result<Architecture> read = Read(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_NE(read.error().given.find(found), std::string::npos) << read.error().given;
  }
}

TEST(ConfigForms, ACompleteConfigStays) {
  std::vector<std::string> remarks;
  EXPECT_FALSE(CompleteConfig(*Json::Parse(R"({"hidden_size":8,"model_type":"llama"})", "test"), &remarks));
  EXPECT_FALSE(CompleteConfig(Json(3), &remarks));
  EXPECT_TRUE(remarks.empty());
}

}  // namespace
}  // namespace plimsoll
