// Published quantization_config objects, in the forms that repositories hold.
#include "core/formats/quantization_config.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/formats/weight_format.h"
#include "core/weights/format_binding.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

Json ParseJson(std::string_view text) {
  Result<Json> json = Json::Parse(text, "test");
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

WeightFormat ReadConfig(std::string_view text) {
  Result<WeightFormat> format = ReadQuantizationConfig(ParseJson(text), "quantization_config");
  EXPECT_TRUE(format.ok()) << (format.ok() ? "" : format.error().Message());
  return format.ok() ? *format : WeightFormat();
}

Architecture Model(std::string_view text) {
  Result<Architecture> model = ReadArchitecture(ParseJson(text), "model");
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().Message());
  return model.ok() ? *model : Architecture();
}

constexpr std::string_view kDense =
    R"({"architectures":["Qwen3ForCausalLM"],"model_type":"qwen3","hidden_size":4096,
  "intermediate_size":12288,"num_hidden_layers":8,"num_attention_heads":32,"num_key_value_heads":8,"head_dim":128,
  "vocab_size":151936,"max_position_embeddings":40960,"tie_word_embeddings":false})";

constexpr std::string_view kHybrid = R"({"architectures":["Qwen3_5MoeForConditionalGeneration"],
  "model_type":"qwen3_5_moe","text_config":{"model_type":"qwen3_5_moe_text","hidden_size":2048,"num_hidden_layers":8,
  "num_attention_heads":16,"num_key_value_heads":2,"head_dim":256,"full_attention_interval":4,
  "linear_conv_kernel_dim":4,"linear_key_head_dim":128,"linear_value_head_dim":128,"linear_num_key_heads":16,
  "linear_num_value_heads":32,"vocab_size":248320,"max_position_embeddings":262144,"num_experts":256,
  "num_experts_per_tok":8,"moe_intermediate_size":512,"shared_expert_intermediate_size":512},
  "tie_word_embeddings":false})";

// The scheme of the tensor with this part in its name; 0 is plain.
WeightScheme SchemeOf(const Architecture& model, const WeightFormat& format, std::string_view part) {
  const FormatBinding binding = BindFormat(model, format);
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    if (model.tensors[i].name.find(part) != std::string::npos) return binding.schemes.at(binding.scheme[i]);
  }
  ADD_FAILURE() << part;
  return {};
}

FormatFamily FamilyOf(const Architecture& model, const WeightFormat& format, std::string_view part) {
  return SchemeOf(model, format, part).family;
}

TEST(QuantizationConfig, HuggingFaceFp8) {
  const WeightFormat block = ReadConfig(
      R"({"activation_scheme":"dynamic","fmt":"e4m3","quant_method":"fp8","weight_block_size":[128,128],
          "modules_to_not_convert":["lm_head","model.layers.0.mlp.down_proj"]})");
  EXPECT_EQ(block.id, "fp8-block");
  const Architecture model = Model(kDense);
  EXPECT_EQ(FamilyOf(model, block, "q_proj"), FormatFamily::kFp8Block);
  EXPECT_EQ(FamilyOf(model, block, "lm_head"), FormatFamily::kPlain);
  EXPECT_EQ(BindFormat(model, block).exceptions.size(), 1U);
  const WeightFormat tensor =
      ReadConfig(R"({"quant_method":"fp8","activation_scheme":"static","ignored_layers":["lm_head"]})");
  EXPECT_EQ(tensor.id, "fp8");
  EXPECT_FALSE(tensor.schemes[0].per_channel);
  EXPECT_TRUE(tensor.schemes[0].static_activations);
  EXPECT_EQ(ReadConfig(R"({"quant_method":"fp8","weight_block_size":null})").id, "fp8");
}

TEST(QuantizationConfig, GptqModelDynamicRules) {
  // As Qwen publishes its Qwen3.5 models.
  const WeightFormat format = ReadConfig(
      R"({"quant_method":"gptq","bits":4,"group_size":128,"sym":true,"desc_act":false,"dynamic":{"lm_head":{},
          "model.language_model.embed_tokens":{},"-:.*attn.*":{},"-:.*shared_expert.*":{},"-:.*mtp.*":{},
          "-:.*visual.*":{}}})");
  EXPECT_EQ(format.id, "gptq-int4");
  const Architecture model = Model(kHybrid);
  EXPECT_EQ(FamilyOf(model, format, "experts.gate_up_proj"), FormatFamily::kGptq);
  EXPECT_EQ(FamilyOf(model, format, "self_attn.q_proj"), FormatFamily::kPlain);
  EXPECT_EQ(FamilyOf(model, format, "linear_attn.in_proj_qkv"), FormatFamily::kPlain);
  EXPECT_EQ(FamilyOf(model, format, "shared_expert.up_proj"), FormatFamily::kPlain);
  EXPECT_EQ(FamilyOf(model, format, "lm_head"), FormatFamily::kPlain);
}

TEST(QuantizationConfig, GptqOverrides) {
  const WeightFormat format = ReadConfig(
      R"({"quant_method":"gptq","bits":4,"group_size":64,"sym":false,"desc_act":true,"lm_head":true,
          "dynamic":{"+:.*down_proj":{"bits":8,"group_size":-1},"-:.*layers\\.7\\..*":{}}})");
  const Architecture model = Model(kDense);
  EXPECT_EQ(SchemeOf(model, format, "up_proj").bits, 4);
  EXPECT_EQ(SchemeOf(model, format, "up_proj").group_size, 64);
  EXPECT_EQ(SchemeOf(model, format, "down_proj").bits, 8);
  EXPECT_EQ(SchemeOf(model, format, "down_proj").group_size, 0);
  EXPECT_EQ(FamilyOf(model, format, "lm_head"), FormatFamily::kGptq);
  // Layer 7 stays plain but for down_proj, whose own rule comes first.
  const FormatBinding binding = BindFormat(model, format);
  for (const FormatBinding::Exception& exception : binding.exceptions) {
    EXPECT_EQ(exception.layer, 7);
    EXPECT_EQ(exception.scheme, 0);
  }
  EXPECT_EQ(binding.exceptions.size(), 6U);  // q k v o gate up
}

TEST(QuantizationConfig, Awq) {
  const WeightFormat format = ReadConfig(
      R"({"quant_method":"awq","bits":4,"group_size":64,"zero_point":true,"version":"gemm",
          "modules_to_not_convert":["self_attn"]})");
  EXPECT_EQ(format.id, "awq-int4");
  EXPECT_EQ(format.schemes[0].group_size, 64);
  const Architecture model = Model(kDense);
  EXPECT_EQ(FamilyOf(model, format, "o_proj"), FormatFamily::kPlain);
  EXPECT_EQ(FamilyOf(model, format, "gate_proj"), FormatFamily::kAwq);
  EXPECT_TRUE(ReadConfig(R"({"quant_method":"awq","bits":4,"modules_to_not_convert":null})").rules.empty());
}

TEST(QuantizationConfig, CompressedTensorsByLinear) {
  const WeightFormat format = ReadConfig(
      R"({"quant_method":"compressed-tensors","format":"pack-quantized","ignore":["lm_head","re:.*mlp.gate$"],
          "config_groups":{"group_0":{"targets":["Linear"],"weights":{"num_bits":4,"type":"int","symmetric":true,
          "strategy":"group","group_size":128},"input_activations":null}}})");
  EXPECT_EQ(format.id, "w4a16");
  const Architecture model = Model(kHybrid);
  EXPECT_EQ(FamilyOf(model, format, "q_proj"), FormatFamily::kPacked);
  EXPECT_EQ(FamilyOf(model, format, "lm_head"), FormatFamily::kPlain);
  EXPECT_EQ(FamilyOf(model, format, "mlp.gate."), FormatFamily::kPlain);
  EXPECT_EQ(FamilyOf(model, format, "embed_tokens"), FormatFamily::kPlain);
  // What nothing ignores is quantised, gates of one row included.
  EXPECT_EQ(FamilyOf(model, format, "in_proj_a"), FormatFamily::kPacked);
}

TEST(QuantizationConfig, CompressedTensorsInSeveralGroups) {
  const WeightFormat format = ReadConfig(
      R"({"quant_method":"compressed-tensors","format":"mixed-precision","ignore":["lm_head"],"config_groups":{
          "group_0":{"targets":["re:.*self_attn.*"],"format":"float-quantized",
                     "weights":{"num_bits":8,"type":"float","strategy":"channel","symmetric":true},
                     "input_activations":{"num_bits":8,"type":"float","dynamic":true}},
          "group_1":{"targets":["re:.*mlp.*"],"format":"nvfp4-pack-quantized",
                     "weights":{"num_bits":4,"type":"float","strategy":"tensor_group","group_size":16},
                     "input_activations":{"num_bits":4,"type":"float","dynamic":"local"}}}})");
  const Architecture model = Model(kDense);
  EXPECT_EQ(FamilyOf(model, format, "q_proj"), FormatFamily::kFp8);
  EXPECT_TRUE(SchemeOf(model, format, "q_proj").per_channel);
  EXPECT_EQ(FamilyOf(model, format, "up_proj"), FormatFamily::kNvfp4);
  EXPECT_TRUE(SchemeOf(model, format, "up_proj").static_activations);
  EXPECT_EQ(FamilyOf(model, format, "lm_head"), FormatFamily::kPlain);
}

TEST(QuantizationConfig, CompressedTensorsStrategies) {
  const auto group = [](std::string_view format, std::string_view weights, std::string_view inputs) {
    return ReadConfig(R"({"quant_method":"compressed-tensors","format":")" + std::string(format) +
                      R"(","ignore":[],"config_groups":{"group_0":{"targets":["Linear"],"weights":)" +
                      std::string(weights) + R"(,"input_activations":)" + std::string(inputs) + "}}}");
  };
  const WeightFormat int8 = group("int-quantized", R"({"num_bits":8,"type":"int","strategy":"channel"})",
                                  R"({"num_bits":8,"type":"int","dynamic":true})");
  EXPECT_EQ(int8.id, "int8");
  EXPECT_FALSE(int8.schemes[0].static_activations);
  const WeightFormat tensor = group("naive-quantized", R"({"num_bits":8,"type":"float","strategy":"tensor"})",
                                    R"({"num_bits":8,"type":"float","dynamic":false})");
  EXPECT_EQ(tensor.id, "fp8");
  EXPECT_FALSE(tensor.schemes[0].per_channel);
  EXPECT_TRUE(tensor.schemes[0].static_activations);
  const WeightFormat block =
      group("float-quantized",
            R"({"num_bits":8,"type":"float","strategy":"block","block_structure":[128,64]})", "null");
  EXPECT_EQ(block.id, "fp8-block");
  EXPECT_EQ(block.schemes[0].block_columns, 64);
  EXPECT_EQ(group("mxfp4-pack-quantized",
                  R"({"num_bits":4,"type":"float","strategy":"group","group_size":32})", "null")
                .id,
            "mxfp4");
  EXPECT_EQ(group("pack-quantized", R"({"num_bits":8,"type":"int","strategy":"channel"})", "null")
                .schemes[0]
                .family,
            FormatFamily::kPacked);
}

TEST(QuantizationConfig, ModelOpt) {
  // hf_quant_config.json
  const WeightFormat outer = ReadConfig(
      R"({"producer":{"name":"modelopt"},"quantization":{"quant_algo":"NVFP4","kv_cache_quant_algo":"FP8","group_size":16,
          "exclude_modules":["lm_head","model.layers.0*","model.layers.1.self_attn*"]}})");
  EXPECT_EQ(outer.id, "nvfp4");
  const Architecture model = Model(kDense);
  const FormatBinding binding = BindFormat(model, outer);
  std::set<std::pair<std::string, int>> plain;
  for (const FormatBinding::Exception& exception : binding.exceptions) {
    const std::string& name = model.tensors[static_cast<size_t>(exception.tensor)].name;
    plain.insert({name.substr(name.find("{}.") + 3), exception.layer});
  }
  EXPECT_EQ(plain.count({"mlp.up_proj.weight", 0}), 1U);
  EXPECT_EQ(plain.count({"mlp.up_proj.weight", 1}), 0U);
  EXPECT_EQ(plain.count({"self_attn.q_proj.weight", 1}), 1U);
  // Inside config.json
  const WeightFormat inner =
      ReadConfig(R"({"quant_method":"modelopt","quant_algo":"FP8","ignore":["lm_head"]})");
  EXPECT_EQ(inner.id, "fp8");
  EXPECT_FALSE(inner.schemes[0].per_channel);
}

TEST(QuantizationConfig, ModelOptMixedPrecision) {
  const WeightFormat format = ReadConfig(
      R"({"quantization":{"quant_algo":"MIXED_PRECISION","exclude_modules":["lm_head"],"quantized_layers":{
          "model.layers.0.self_attn.q_proj":{"quant_algo":"FP8"},
          "model.layers.1.self_attn.q_proj":{"quant_algo":"FP8"},
          "model.layers.*.mlp.*":{"quant_algo":"NVFP4","group_size":16},
          "model.layers.0.mlp.up_proj":{"quant_algo":"FP8"},
          "lm_head":{"quant_algo":"FP8"}}}})");
  const Architecture model = Model(kDense);
  EXPECT_EQ(FamilyOf(model, format, "up_proj"), FormatFamily::kNvfp4);
  EXPECT_EQ(FamilyOf(model, format, "q_proj"), FormatFamily::kPlain);  // of six layers; FP8 in two
  EXPECT_EQ(FamilyOf(model, format, "k_proj"), FormatFamily::kPlain);
  EXPECT_EQ(FamilyOf(model, format, "lm_head"), FormatFamily::kPlain);  // the exclusion comes first
  EXPECT_EQ(BindFormat(model, format).exceptions.size(), 2U);
}

TEST(QuantizationConfig, Others) {
  EXPECT_EQ(ReadConfig(
                R"({"quant_method":"mxfp4","modules_to_not_convert":["model.layers.*.self_attn","lm_head"]})")
                .id,
            "mxfp4");
  const WeightFormat nf4 = ReadConfig(
      R"({"quant_method":"bitsandbytes","load_in_4bit":true,"bnb_4bit_quant_type":"nf4","bnb_4bit_use_double_quant":true,
          "llm_int8_skip_modules":["lm_head","multi_modal_projector"]})");
  EXPECT_EQ(nf4.id, "bnb-nf4");
  EXPECT_TRUE(nf4.schemes[0].double_quant);
  EXPECT_EQ(ReadConfig(R"({"quant_method":"bitsandbytes","load_in_8bit":true})").id, "bnb-int8");
  const WeightFormat quark = ReadConfig(
      R"({"quant_method":"quark","global_quant_config":{"weight":{"dtype":"fp4","group_size":32,"qscheme":"per_group"}},
          "exclude":["lm_head","re:.*self_attn.*"],"layer_quant_config":{}})");
  EXPECT_EQ(quark.id, "mxfp4");
  EXPECT_EQ(FamilyOf(Model(kDense), quark, "q_proj"), FormatFamily::kPlain);
  const WeightFormat rounded = ReadConfig(
      R"({"quant_method":"auto-round","bits":4,"group_size":128,"sym":true,"packing_format":"auto_round:auto_gptq",
          "extra_config":{"model.layers.0.mlp.up_proj":{"bits":16}}})");
  EXPECT_EQ(rounded.id, "gptq-int4");
  EXPECT_EQ(BindFormat(Model(kDense), rounded).exceptions.size(), 1U);
}

TEST(QuantizationConfig, RefusesWithReason) {
  struct Case {
    const char* text;
    const char* field;
  };
  for (const Case& bad :
       {Case{"[]", "quantization_config"}, Case{"{}", "quant_method"},
        Case{R"({"quant_method":"vptq"})", "quant_method"},
        Case{R"({"quant_method":"gptq","bits":"four"})", "bits"},
        Case{R"({"quant_method":"gptq","bits":99})", "bits"},
        Case{R"({"quant_method":"gptq","dynamic":{"-:(":{}}})", "dynamic"},
        Case{R"({"quant_method":"fp8","weight_block_size":[0,128]})", "weight_block_size"},
        Case{R"({"quant_method":"compressed-tensors"})", "config_groups"},
        Case{R"({"quant_method":"compressed-tensors","config_groups":{"g":{"targets":["Linear"]}}})",
             "weights"},
        Case{R"({"quant_method":"compressed-tensors","config_groups":{}})", "config_groups"},
        Case{R"({"quant_method":"modelopt","quant_algo":"FP3"})", "quant_algo"},
        Case{R"({"quantization":{"quant_algo":"MIXED_PRECISION"}})", "quantized_layers"},
        Case{R"({"quant_method":"bitsandbytes"})", "load_in_4bit"},
        Case{R"({"quant_method":"quark"})", "global_quant_config"}}) {
    const Result<WeightFormat> format = ReadQuantizationConfig(ParseJson(bad.text), "quantization_config");
    ASSERT_FALSE(format.ok()) << bad.text;
    EXPECT_NE(format.error().field.find(bad.field), std::string::npos) << format.error().Message();
  }
}

TEST(QuantizationConfig, TheCacheThatACheckpointAsksFor) {
  const auto wish = [](const char* text) {
    const Result<WeightFormat> format = ReadQuantizationConfig(*Json::Parse(text, "test"), "test");
    EXPECT_TRUE(format.ok()) << text;
    return format.ok() ? format->cache_wish : CacheWish::kNone;
  };
  EXPECT_EQ(
      wish(
          R"({"quant_method":"modelopt","quant_algo":"NVFP4","kv_cache_scheme":{"num_bits":8,"type":"float"}})"),
      CacheWish::kModelOptFp8);
  EXPECT_EQ(wish(R"({"quantization":{"quant_algo":"FP8","kv_cache_quant_algo":"FP8"}})"),
            CacheWish::kModelOptFp8);
  EXPECT_EQ(wish(R"({"quant_method":"modelopt","quant_algo":"NVFP4","kv_cache_quant_algo":null})"),
            CacheWish::kNone);
  EXPECT_EQ(wish(R"({"quant_method":"fp8","kv_cache_quant_algo":"FP8"})"), CacheWish::kNone)
      << "ModelOpt's key only";
  EXPECT_EQ(
      wish(R"({"quant_method":"compressed-tensors","format":"float-quantized","config_groups":{"group_0":{
      "weights":{"num_bits":8,"type":"float","strategy":"tensor"},"targets":["Linear"]}},
      "kv_cache_scheme":{"num_bits":8,"type":"float","strategy":"tensor"}})"),
      CacheWish::kCompressedTensorsFp8);
}

}  // namespace
}  // namespace plimsoll
