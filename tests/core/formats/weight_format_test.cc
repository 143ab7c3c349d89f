#include "core/formats/weight_format.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/formats/format_ids.h"
#include "core/formats/format_object.h"
#include "core/weights/format_binding.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

Json ParseJson(std::string_view text) {
  Result<Json> json = Json::Parse(text, "test");
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

WeightFormat Format(const Json& value) {
  Result<WeightFormat> format = ReadWeightFormat(value, "format");
  EXPECT_TRUE(format.ok()) << (format.ok() ? "" : format.error().Message());
  return format.ok() ? *format : WeightFormat();
}

// The scheme that `id` quantises with, scales as most publishers store them.
WeightScheme Scheme(std::string_view id) {
  WeightScheme scheme = Format(Json(id)).schemes.at(0);
  if (scheme.scale_bytes == 0) scheme.scale_bytes = scheme.family == FormatFamily::kFp8Block ? 4 : 2;
  return scheme;
}

TEST(WeightFormat, EveryIdOfTheContractIsRead) {
  std::set<std::string_view> seen;
  for (const std::string_view id : FormatIds()) {
    EXPECT_TRUE(seen.insert(id).second) << id;
    EXPECT_EQ(Format(Json(id)).id, id);
  }
  for (const char* id :
       {"fp32",           "bf16",        "fp16",        "fp8",         "fp8-block",   "int8",
        "gptq-int8",      "gptq-int4",   "awq-int4",    "w4a16",       "nvfp4",       "mxfp4",
        "bnb-nf4",        "bnb-int8",    "gguf-iq1_s",  "gguf-iq4_xs", "gguf-tq1_0",  "gguf-tq2_0",
        "gguf-mxfp4_moe", "gguf-q2_k_s", "gguf-q3_k_s", "gguf-q3_k_m", "gguf-q3_k_l", "gguf-bf16",
        "gguf-f16",       "gguf-f32",    "gguf-q8_0"}) {
    EXPECT_TRUE(seen.count(id) == 1) << id;
  }
  EXPECT_EQ(Format(Json("GGUF-Q4_K_M")).id, "gguf-q4_k_m");
}

TEST(WeightFormat, ErrorsNameFieldGivenAndAccepted) {
  const Result<WeightFormat> unknown = ReadWeightFormat(Json("int5"), "format");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().field, "format");
  EXPECT_NE(unknown.error().given.find("int5"), std::string::npos);
  EXPECT_NE(unknown.error().accepted.find("awq-int4"), std::string::npos);
  EXPECT_NE(unknown.error().accepted.find("iq4_xs"), std::string::npos);
  struct Case {
    const char* text;
    const char* field;
  };
  for (const Case& bad :
       {Case{R"({"id":"awq-int4","group_size":"x"})", "format.group_size"},
        Case{R"({"id":"awq-int4","group_size":-7})", "format.group_size"},
        Case{R"({"id":"awq-int4","groupsize":64})", "groupsize"}, Case{R"({"group_size":64})", "format.id"},
        Case{R"({"id":"fp8-block","block_size":[128]})", "format.block_size"},
        Case{R"({"id":"gptq-int4","desc_act":1})", "format.desc_act"},
        Case{R"({"id":"gptq-int4","unquantized":"lm_head"})", "format.unquantized"},
        Case{R"({"id":"gptq-int4","unquantized":["re:("]})", "format.unquantized"},
        Case{R"({"id":"gguf-q4_0","imatrix":"yes"})", "format.imatrix"},
        Case{R"({"id":"gguf-q9_z"})", "format.id"}, Case{"[]", "format"}, Case{"7", "format"},
        Case{"null", "format"}}) {
    const Result<WeightFormat> format = ReadWeightFormat(ParseJson(bad.text), "format");
    ASSERT_FALSE(format.ok()) << bad.text;
    EXPECT_NE(format.error().field.find(bad.field), std::string::npos) << format.error().Message();
    EXPECT_FALSE(format.error().accepted.empty());
  }
}

TEST(WeightFormat, ObjectsCarryExceptions) {
  const WeightFormat format = Format(ParseJson(
      R"({"id":"gptq-int4","group_size":32,"symmetric":false,"desc_act":true,"unquantized":["lm_head","attn"]})"));
  EXPECT_EQ(format.schemes[0].group_size, 32);
  EXPECT_FALSE(format.schemes[0].symmetric);
  EXPECT_TRUE(format.schemes[0].desc_act);
  EXPECT_TRUE(format.rules_given);
  ASSERT_EQ(format.rules.size(), 2U);
  EXPECT_TRUE(Format(ParseJson(R"({"id":"gguf-iq4_xs","imatrix":true})")).importance_matrix);
}

// Hand-worked: 4096 outputs, 14336 inputs. Formulas: EncodedBytes' sources.
TEST(WeightFormat, BytesOfOneTensor) {
  const int64_t n = 4096, k = 14336, p = n * k;
  const auto bytes = [&](std::string_view id) { return EncodedBytes(Scheme(id), false, n, k).count(); };
  EXPECT_EQ(bytes("fp8"), p + 2 * n);
  EXPECT_EQ(bytes("fp8-block"), p + 4 * 32 * 112);
  EXPECT_EQ(bytes("int8"), p + 2 * n);
  EXPECT_EQ(bytes("gptq-int4"), p / 2 + 2 * n * 112 + 112 * n / 2 + 4 * k);
  EXPECT_EQ(bytes("gptq-int8"), p + 2 * n * 112 + 112 * n + 4 * k);
  EXPECT_EQ(bytes("awq-int4"), p / 2 + 2 * n * 112 + 112 * n / 2);
  EXPECT_EQ(bytes("w4a16"), p / 2 + 2 * n * 112 + 16);
  EXPECT_EQ(bytes("nvfp4"), p / 2 + p / 16 + 8);
  EXPECT_EQ(bytes("mxfp4"), p / 2 + p / 32);
  EXPECT_EQ(bytes("bnb-nf4"), p / 2 + p / 64 + 4 * (p / 64 / 256) + 1024 + 64);
  EXPECT_EQ(bytes("bnb-int8"), p + 4 * n);
  // AWQ at g128 takes 4.15625 bits per weight (memory of AutoAWQ's own files).
  EXPECT_DOUBLE_EQ(8.0 * static_cast<double>(bytes("awq-int4")) / static_cast<double>(p), 4.15625);
}

TEST(WeightFormat, Variants) {
  WeightScheme scheme = Scheme("w4a16");
  scheme.symmetric = false;
  EXPECT_EQ(EncodedBytes(scheme, false, 4096, 4096), Bytes(4096 * 2048 + 2 * 4096 * 32 + 16 + 32 * 4096 / 2));
  scheme = Scheme("gptq-int4");
  scheme.group_size = 0;  // one group per row
  EXPECT_EQ(EncodedBytes(scheme, false, 64, 64), Bytes(64 * 32 + 2 * 64 + 32 + 4 * 64));
  scheme.bits = 3;  // 64 values of 3 bits fill six words
  EXPECT_EQ(EncodedBytes(scheme, false, 64, 64), Bytes(64 * 24 + 2 * 64 + 24 + 4 * 64));
  scheme = Scheme("fp8");
  scheme.per_channel = false;
  scheme.static_activations = true;
  EXPECT_EQ(EncodedBytes(scheme, false, 10, 10), Bytes(100 + 2 + 2));
  // Edges that no block divides: MLA's kv_a of DeepSeek has 576 rows.
  EXPECT_EQ(EncodedBytes(Scheme("fp8-block"), false, 576, 7168), Bytes(576 * 7168 + 4 * 5 * 56));
  WeightScheme plain;
  EXPECT_EQ(EncodedBytes(plain, false, 3, 5), Bytes(30));
  EXPECT_EQ(EncodedBytes(plain, true, 3, 5), Bytes(60));
}

TEST(WeightFormat, HugeShapesSaturate) {
  for (const std::string_view id : FormatIds()) {
    const WeightFormat format = Format(Json(id));
    for (const WeightScheme& scheme : format.schemes) {
      const Bytes bytes = EncodedBytes(scheme, false, int64_t{1} << 60, int64_t{1} << 60);
      EXPECT_GT(bytes, GB(1)) << id;
    }
  }
}

// ---- binding ----------------------------------------------------------------------------------------------

constexpr std::string_view kMoe = R"({"architectures":["Qwen3MoeForCausalLM"],"model_type":"qwen3_moe",
  "hidden_size":2048,"intermediate_size":6144,"moe_intermediate_size":768,"num_experts":128,
  "num_experts_per_tok":8,"num_hidden_layers":12,"num_attention_heads":32,"num_key_value_heads":4,"head_dim":128,
  "vocab_size":151936,"max_position_embeddings":40960,"tie_word_embeddings":false})";

Architecture Model(std::string_view text) {
  Result<Architecture> model = ReadArchitecture(ParseJson(text), "model");
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().Message());
  return model.ok() ? *model : Architecture();
}

// "plain", or the family's number and group: what the tensor whose name ends with `suffix` got.
int SchemeOf(const Architecture& model, const FormatBinding& binding, std::string_view part) {
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    if (model.tensors[i].name.find(part) != std::string::npos) return binding.scheme[i];
  }
  ADD_FAILURE() << part;
  return -1;
}

std::set<int> LayersWith(const Architecture& model, const FormatBinding& binding, std::string_view part,
                         int scheme) {
  std::set<int> layers;
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    if (model.tensors[i].name.find(part) == std::string::npos) continue;
    if (binding.scheme[i] == scheme) {
      for (int layer = 0; layer < model.layers; ++layer) layers.insert(layer);
    }
    for (const FormatBinding::Exception& exception : binding.exceptions) {
      if (exception.tensor != static_cast<int>(i)) continue;
      if (exception.scheme == scheme) {
        layers.insert(exception.layer);
      } else {
        layers.erase(exception.layer);
      }
    }
    break;
  }
  return layers;
}

TEST(WeightFormat, ToolsKeepWhatTheyKeep) {
  const Architecture model = Model(kMoe);
  for (const char* id : {"fp8", "fp8-block", "int8", "gptq-int4", "awq-int4", "w4a16", "nvfp4", "bnb-nf4"}) {
    const FormatBinding binding = BindFormat(model, Format(Json(id)));
    EXPECT_EQ(SchemeOf(model, binding, "q_proj.weight"), 1) << id;
    EXPECT_EQ(SchemeOf(model, binding, "down_proj"), 1) << id;
    EXPECT_EQ(SchemeOf(model, binding, "lm_head"), 0) << id;
    EXPECT_EQ(SchemeOf(model, binding, "embed_tokens"), 0) << id;
    EXPECT_EQ(SchemeOf(model, binding, "mlp.gate."), 0) << id;
    EXPECT_EQ(SchemeOf(model, binding, "q_norm"), 0) << id;
    EXPECT_TRUE(binding.exceptions.empty());
  }
  const FormatBinding mxfp4 = BindFormat(model, Format(Json("mxfp4")));
  EXPECT_EQ(SchemeOf(model, mxfp4, "q_proj"), 0);
  EXPECT_EQ(SchemeOf(model, mxfp4, "experts.{e}.up_proj"), 1);
}

TEST(WeightFormat, SingleLayersMayDiffer) {
  const Architecture model = Model(kMoe);
  const FormatBinding binding = BindFormat(
      model,
      Format(ParseJson(
          R"({"id":"nvfp4","unquantized":["model.layers.3.self_attn","re:.*layers\\.(1|10)\\..*q_proj"]})")));
  EXPECT_EQ(LayersWith(model, binding, "q_proj", 0), (std::set<int>{1, 3, 10}));
  EXPECT_EQ(LayersWith(model, binding, "k_proj", 0), (std::set<int>{3}));
  EXPECT_EQ(LayersWith(model, binding, "up_proj", 0), std::set<int>{});
  // When most layers differ the majority becomes the rule.
  const FormatBinding most = BindFormat(
      model,
      Format(ParseJson(R"({"id":"nvfp4","unquantized":["re:.*layers\\.[1-9][0-9]?\\..*self_attn.*"]})")));
  EXPECT_EQ(SchemeOf(model, most, "q_proj"), 0);
  EXPECT_EQ(LayersWith(model, most, "q_proj", 1), (std::set<int>{0}));
}

TEST(WeightFormat, NamesThatAreNoComponentsMeanSubstrings) {
  const Architecture model = Model(kMoe);
  const FormatBinding binding =
      BindFormat(model, Format(ParseJson(R"({"id":"awq-int4","unquantized":["attn"]})")));
  EXPECT_EQ(SchemeOf(model, binding, "q_proj"), 0);
  EXPECT_EQ(SchemeOf(model, binding, "up_proj"), 1);
  // "gate" is the router, not gate_proj.
  const FormatBinding gate =
      BindFormat(model, Format(ParseJson(R"({"id":"awq-int4","unquantized":["gate"]})")));
  EXPECT_EQ(SchemeOf(model, gate, "gate_proj"), 1);
}

TEST(WeightFormat, LongListsBindQuickly) {
  Json list = Json::MakeArray();
  for (int layer = 0; layer < 12; ++layer) {
    for (const char* module : {"self_attn.q_proj", "self_attn.k_proj", "mlp.gate"}) {
      list.Append(Json("model.layers." + std::to_string(layer) + "." + module));
    }
  }
  for (int i = 0; i < 5000; ++i)
    list.Append(Json("model.layers.999.mlp.experts." + std::to_string(i) + ".up_proj"));
  Json format = Json::MakeObject();
  format.Set("id", Json("nvfp4"));
  format.Set("unquantized", list);
  const Architecture model = Model(kMoe);
  const FormatBinding binding = BindFormat(model, Format(format));
  EXPECT_EQ(SchemeOf(model, binding, "q_proj"), 0);
  EXPECT_EQ(SchemeOf(model, binding, "v_proj"), 1);
  EXPECT_TRUE(binding.exceptions.empty());
}

TEST(WeightFormat, ScalesAreAsTheirPublishersStoreThem) {
  EXPECT_EQ(BindFormat(Model(kMoe), Format(Json("fp8-block"))).schemes.at(1).scale_bytes,
            2);  // Qwen: bfloat16
}

}  // namespace
}  // namespace plimsoll
