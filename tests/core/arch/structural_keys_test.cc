// Every family is fed with every other family's structural keys: each is read (and then matters) or refused
// by name, never passed over.
#include "core/arch/structural_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "core/arch/kv_cache.h"
#include "core/weights/read_architecture.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

const Json& Cases(const char* file) {
  static std::map<std::string, Json>* const files = new std::map<std::string, Json>;
  if (!files->count(file)) (*files)[file] = *Json::Parse(ReadTestFile(file), file);
  return *(*files)[file].Find("cases");
}

constexpr std::string_view kExpertCounts[] = {"num_experts", "num_local_experts", "n_routed_experts",
                                              "moe_num_experts", "num_moe_experts"};

// Where a config says that there are no experts, what else it says of them is moot: the word is taken out.
Json WithoutMootCounts(const Json& object) {
  Json kept = Json::MakeObject();
  for (const Json::Member& member : object.members()) {
    const bool count = std::find(std::begin(kExpertCounts), std::end(kExpertCounts), member.first) !=
                       std::end(kExpertCounts);
    if (count && member.second.AsInt().value_or(0) <= 1) continue;
    kept.Set(member.first, member.first == "text_config" ? WithoutMootCounts(member.second) : member.second);
  }
  return kept;
}

// One config of each architecture that the reader knows.
std::map<std::string, Json> OneOfEach() {
  std::map<std::string, Json> configs;
  for (const char* file : {"configs.json", "architecture_totals.json"}) {
    for (const Json& item : Cases(file).items()) {
      const Json* config = item.Find("config");
      const Json model = WithoutMootCounts(config->Has("model") ? *config->Find("model") : *config);
      const Result<Architecture> read = ReadArchitecture(model, "model");
      if (read.ok()) configs.emplace(read->name, model);
    }
  }
  return configs;
}

// Where a config nests the text model's keys.
const char* NestOf(const Json& config) {
  for (const char* name : {"thinker_config", "text_config", "language_config", "llm_config", "decoder"}) {
    const Json* nested = config.Find(name);
    if (nested != nullptr && nested->is_object()) return name;
  }
  return nullptr;
}

Json With(const Json& config, std::string_view key, const Json& value) {
  Json changed = config;
  const char* nest = NestOf(config);
  changed.Set(nest == nullptr ? key : nest, nest == nullptr ? value : With(*config.Find(nest), key, value));
  return changed;
}

const Json& TextOf(const Json& config) {
  const char* nest = NestOf(config);
  return nest == nullptr ? config : TextOf(*config.Find(nest));
}

// A value that no config has by chance.
Json Probe(std::string_view key, int64_t layers) {
  const std::string name(key);
  const auto has = [&name](const char* part) { return name.find(part) != std::string::npos; };
  if (name == "layer_types" || name == "layers_block_type") {
    Json list = Json::MakeArray();
    for (int64_t i = 0; i < layers; ++i) list.Append(Json("linear_attention"));
    return list;
  }
  if (has("config") || has("setting") || name == "moe") return Json::MakeObject().Set("probe", Json(7));
  if (has("bias") || has("gate") || has("norm") || has("use_") || has("enable") || name == "multi_query" ||
      has("k_eq_v") || has("decoder_architecture"))
    return Json(true);
  return Json(int64_t{7});
}

bool Same(const Architecture& a, const Architecture& b) {
  if (a.layer_group != b.layer_group || a.groups.size() != b.groups.size()) return false;
  for (size_t i = 0; i < a.groups.size(); ++i) {
    if (!(a.groups[i].shape == b.groups[i].shape)) return false;
  }
  return CountParameters(a).total == CountParameters(b).total && a.mtp_layers == b.mtp_layers &&
         a.hidden == b.hidden && KvBytesPerToken(a, {}) == KvBytesPerToken(b, {});
}

bool Tells(const Json& config, std::string_view key) {
  const Json* value = TextOf(config).Find(key);
  return value != nullptr && !value->is_null() && *value != Json(false) && *value != Json(0) &&
         *value != Json::MakeArray();
}

// What a family may pass over, because the value says what is so anyhow or another key has said it.
bool MayPassOver(const Architecture& plain, const Json& config, std::string_view key) {
  if (Tells(config, key)) return true;  // it is read: the config at hand proves it
  const Attention* attention = nullptr;
  bool biases = false, norms = false;
  for (const LayerGroup& group : plain.groups) {
    attention = &group.shape.attention;
    biases = biases || attention->qkv_bias;
    norms = norms || attention->qk_norm != QkNorm::kNone;
  }
  const struct {
    std::string_view name, key;  // an empty name: every family
    bool holds;
  } reasons[] = {
      {"", "attention_bias", biases},
      {"", "qkv_bias", biases},
      {"", "use_qkv_bias", biases},
      {"", "add_qkv_bias", biases},
      {"", "use_qk_norm", norms},
      {"", "qk_layernorm", norms},
      {"", "sliding_window_pattern", Tells(config, "layer_types")},
      {"GlmMoeDsaForCausalLM", "first_k_dense_replace", Tells(config, "mlp_layer_types")},
      {"GlmMoeDsaForCausalLM", "moe_layer_freq", Tells(config, "mlp_layer_types")},
      {"MiMoV2FlashForCausalLM", "attention_chunk_size", true},  // of FlashAttention
      {"MiniMaxM3SparseForConditionalGeneration", "first_k_dense_replace", Tells(config, "moe_layer_freq")},
      {"NemotronHForCausalLM", "layers_block_type", Tells(config, "hybrid_override_pattern")},
      {"Qwen4ExpForConditionalGeneration", "attn_output_gate", true},  // its attention is always gated
      {"NemotronHForCausalLM", "mlp_bias", true},  // of layers "-", of which the one at hand has none
  };
  for (const auto& reason : reasons) {
    if ((reason.name.empty() || reason.name == plain.name) && reason.key == key && reason.holds) return true;
  }
  return false;
}

TEST(StructuralKeys, NoFamilyPassesOverAnothersKeys) {
  const std::map<std::string, Json> configs = OneOfEach();
  EXPECT_GE(configs.size(), 100u);
  int refused = 0;
  for (const auto& [name, config] : configs) {
    const Result<Architecture> plain = ReadArchitecture(config, "model");
    ASSERT_TRUE(plain.ok()) << name;
    for (const std::string_view key : StructuralKeys()) {
      if (MayPassOver(*plain, config, key)) continue;
      const Json probed = With(config, key, Probe(key, plain->layers));
      const Result<Architecture> read = ReadArchitecture(probed, "model");
      if (!read.ok()) {
        ++refused;
        continue;
      }
      EXPECT_FALSE(Same(*plain, *read)) << name << " passes over " << key;
    }
  }
  EXPECT_GE(refused, 3000);
}

TEST(StructuralKeys, TheErrorNamesTheKey) {
  const Json llama = *Json::Parse(
      R"({"architectures":["LlamaForCausalLM"],"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,
          "num_attention_heads":32,"num_key_value_heads":8,"vocab_size":128256})",
      "llama");
  EXPECT_TRUE(ReadArchitecture(llama, "model").ok());
  for (const char* key : {"num_experts", "kv_lora_rank"}) {
    const Result<Architecture> read = ReadArchitecture(With(llama, key, Json(8)), "model");
    ASSERT_FALSE(read.ok()) << key;
    EXPECT_EQ(read.error().field, std::string("model.") + key);
    EXPECT_NE(read.error().accepted.find("LlamaForCausalLM"), std::string::npos);
  }
  const Json layers = *Json::Parse("[3, 8, 13]", "layers");
  EXPECT_EQ(ReadArchitecture(With(llama, "cross_attention_layers", layers), "model").error().field,
            "model.cross_attention_layers");
}

TEST(StructuralKeys, WhatSaysNothingIsTaken) {
  for (const Json& item : Cases("configs.json").items()) {
    const Json& model = *item.Find("config")->Find("model");
    if (!ReadArchitecture(model, "model").ok()) continue;
    for (const std::string_view key : {"num_experts", "kv_lora_rank", "use_mla", "moe_layers"}) {
      if (Tells(model, key)) continue;
      EXPECT_TRUE(ReadArchitecture(With(model, key, Json()), "model").ok()) << item.Find("id")->AsString();
    }
  }
}

}  // namespace
}  // namespace plimsoll
