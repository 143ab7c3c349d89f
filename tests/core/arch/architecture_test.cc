#include "core/arch/architecture.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/arch/architecture_reader.h"
#include "core/catalog/catalog_data.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

const Json& Models() {
  static const Json models = *Json::Parse(EmbeddedCatalog().models, "models");
  return models;
}

const Json& Entry(std::string_view id) {
  for (const Json& model : Models().items()) {
    if (model.Find("id")->AsString() == id) return model;
  }
  ADD_FAILURE() << "no model " << id;
  return Models().items()[0];
}

Architecture Read(std::string_view id) {
  const Json& model = Entry(id);
  Result<Architecture> read =
      ReadArchitecture(*model.Find("config"), "model", ReadStoredParts(*model.Find("stores")));
  EXPECT_TRUE(read.ok()) << id << ": " << read.error().Message();
  return read.ok() ? *std::move(read) : Architecture{};
}

Result<Architecture> ReadText(std::string_view text) {
  Result<Json> config = Json::Parse(text, "model");
  EXPECT_TRUE(config.ok()) << text;
  return ReadArchitecture(*config, "model");
}

constexpr std::string_view kSmallLlama =
    R"({"architectures":["LlamaForCausalLM"],"hidden_size":64,"intermediate_size":128,"num_hidden_layers":4,)"
    R"("num_attention_heads":4,"num_key_value_heads":2,"vocab_size":100})";

// kSmallLlama with one key set to a JSON value.
Result<Architecture> ReadWith(std::string_view key, std::string_view value) {
  Json config = *Json::Parse(kSmallLlama, "model");
  config.Set(key, *Json::Parse(value, "value"));
  return ReadArchitecture(config, "model");
}

std::string FieldOf(const Result<Architecture>& result) {
  return result.ok() ? "accepted" : result.error().field;
}

TEST(Architecture, LlamaByHand) {
  const Architecture a = Read("llama-3.1-8b");
  EXPECT_EQ(a.name, "LlamaForCausalLM");
  EXPECT_EQ(a.hidden, 4096);
  EXPECT_EQ(a.vocab, 128256);
  EXPECT_EQ(a.layers, 32);
  EXPECT_FALSE(a.tied_embeddings);
  EXPECT_EQ(a.max_intermediate, 14336);
  ASSERT_EQ(a.groups.size(), 1u);
  EXPECT_EQ(a.groups[0].count, 32);
  const Attention& attention = a.groups[0].shape.attention;
  EXPECT_EQ(attention.kind, AttentionKind::kFull);
  EXPECT_EQ(attention.heads, 32);
  EXPECT_EQ(attention.kv_heads, 8);
  EXPECT_EQ(attention.key_dim, 128);
  EXPECT_FALSE(attention.qkv_bias);
  // The rope table is 131072 rows of 128: 32 MiB in bfloat16.
  EXPECT_EQ(a.rope_table_elements, 131072 * 128);
  EXPECT_EQ(a.rope_tables_positions, 131072);
  EXPECT_TRUE(a.rope_factors);
}

TEST(Architecture, Qwen35ByHand) {
  const Architecture a = Read("qwen3.5-35b-a3b");
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(a.groups[0].count, 30);
  EXPECT_EQ(a.groups[1].count, 10);
  for (size_t i = 0; i < a.layer_group.size(); ++i) EXPECT_EQ(a.layer_group[i], i % 4 == 3 ? 1 : 0);
  const Recurrent& delta = a.groups[0].shape.recurrent;
  EXPECT_EQ(delta.kind, RecurrentKind::kGatedDeltaNet);
  EXPECT_EQ(delta.conv_channels, 2 * 16 * 128 + 32 * 128);
  EXPECT_EQ(delta.inner, 4096);
  EXPECT_TRUE(delta.state_fp32);
  EXPECT_EQ(a.groups[0].shape.attention.kind, AttentionKind::kNone);
  const Attention& attention = a.groups[1].shape.attention;
  EXPECT_TRUE(attention.query_gate);
  EXPECT_EQ(attention.kv_heads, 2);
  EXPECT_EQ(attention.key_dim, 256);
  EXPECT_EQ(attention.qk_norm, QkNorm::kPerHead);
  EXPECT_EQ(a.groups[1].shape.mlp.experts, 256);
  EXPECT_EQ(a.groups[1].shape.mlp.shared_intermediate, 512);
  EXPECT_TRUE(a.groups[1].shape.mlp.shared_gate);
  EXPECT_EQ(a.rotary_dim, 64);
  EXPECT_EQ(a.rope_tables_positions, 4 * 262144)
      << "vLLM makes a table of four times the positions for mrope";
  EXPECT_TRUE(a.has_vision);
  EXPECT_EQ(a.vision.layers, 27);
  EXPECT_EQ(a.vision.layers_used, 27);
  EXPECT_EQ(a.mtp_layers, 1);
}

TEST(Architecture, DeepseekByHand) {
  const Architecture a = Read("deepseek-v3");
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(a.groups[0].count, 3);
  EXPECT_EQ(a.groups[1].count, 58);
  EXPECT_EQ(a.groups[0].shape.mlp.kind, MlpKind::kDense);
  EXPECT_EQ(a.groups[0].shape.mlp.intermediate, 18432);
  const LayerShape& sparse = a.groups[1].shape;
  EXPECT_EQ(sparse.mlp.experts, 256);
  EXPECT_EQ(sparse.mlp.experts_per_token, 8);
  EXPECT_TRUE(sparse.mlp.selection_bias);
  EXPECT_EQ(sparse.attention.kind, AttentionKind::kLatent);
  EXPECT_EQ(sparse.attention.kv_lora_rank, 512);
  EXPECT_EQ(sparse.attention.rope_dim, 64);
  EXPECT_EQ(sparse.attention.key_dim, 192);
  EXPECT_EQ(sparse.attention.value_dim, 128);
  EXPECT_EQ(sparse.attention.index_heads, 0);
  // YaRN: 4096 positions * 40, kept in float32.
  EXPECT_EQ(a.rope_tables_positions, 163840);
  EXPECT_EQ(a.rotary_dim, 64);
  EXPECT_TRUE(a.rope_table_fp32);
  EXPECT_EQ(a.mtp_layers, 1);
  EXPECT_EQ(a.mtp_shape.mlp.kind, MlpKind::kMoe);
  // A pipeline of four: layers 15 to 29 are all sparse, the first stage holds the dense ones.
  EXPECT_EQ(a.LayersBefore(0, 15), 3);
  EXPECT_EQ(a.LayersBefore(1, 15), 12);
  EXPECT_EQ(a.LayersBefore(1, 30) - a.LayersBefore(1, 15), 15);
  EXPECT_EQ(a.LayersBefore(1, 61), 58);
}

TEST(Architecture, SlidingPatterns) {
  const Architecture oss = Read("gpt-oss-20b");
  EXPECT_EQ(oss.groups[oss.layer_group[0]].shape.attention.kind, AttentionKind::kSliding);
  EXPECT_EQ(oss.groups[oss.layer_group[0]].shape.attention.window, 128);
  EXPECT_EQ(oss.groups[oss.layer_group[1]].shape.attention.kind, AttentionKind::kFull);
  EXPECT_TRUE(oss.groups[0].shape.attention.sinks);

  const Architecture gemma = Read("gemma-3-27b");
  ASSERT_EQ(gemma.groups.size(), 2u);
  EXPECT_EQ(gemma.groups[0].count, 52);
  EXPECT_EQ(gemma.groups[1].count, 10);
  EXPECT_EQ(gemma.layer_group[5], 1);
  // Linear scaling makes 8 * 131072 rows for the full layers, sliding layers have a table of their own.
  EXPECT_EQ(gemma.rope_tables_positions, 9 * 131072);

  const Architecture gemma2 = Read("gemma-2-9b");
  EXPECT_EQ(gemma2.groups[gemma2.layer_group[0]].shape.attention.kind, AttentionKind::kSliding);
  EXPECT_EQ(gemma2.groups[gemma2.layer_group[1]].shape.attention.kind, AttentionKind::kFull);

  const Architecture scout = Read("llama-4-scout");
  EXPECT_EQ(scout.groups[scout.layer_group[0]].shape.attention.kind, AttentionKind::kChunked);
  EXPECT_EQ(scout.groups[scout.layer_group[3]].shape.attention.kind, AttentionKind::kFull);
  EXPECT_FALSE(scout.groups[scout.layer_group[3]].shape.attention.rope);

  // Phi-3.5's window of 262144 is wider than its 131072 positions: nothing slides.
  EXPECT_EQ(Read("phi-3.5-mini").groups[0].shape.attention.kind, AttentionKind::kFull);
  EXPECT_EQ(Read("phi-3-mini").groups[0].shape.attention.window, 2047);
}

TEST(Architecture, Qwen2SlidesOnlyWhenAskedAndFromMaxWindowLayersOn) {
  const std::string base =
      R"({"architectures":["Qwen2ForCausalLM"],"hidden_size":64,"intermediate_size":128,"num_hidden_layers":6,)"
      R"("num_attention_heads":4,"num_key_value_heads":2,"vocab_size":100,"max_position_embeddings":32768,)"
      R"("sliding_window":4096,"max_window_layers":4,"use_sliding_window":)";
  const Result<Architecture> off = ReadText(base + "false}");
  ASSERT_TRUE(off.ok());
  EXPECT_EQ(off->groups.size(), 1u);
  const Result<Architecture> on = ReadText(base + "true}");
  ASSERT_TRUE(on.ok());
  ASSERT_EQ(on->groups.size(), 2u);
  EXPECT_EQ(on->groups[0].shape.attention.kind, AttentionKind::kFull);
  EXPECT_EQ(on->groups[0].count, 4);
  EXPECT_EQ(on->groups[1].shape.attention.window, 4096);
  EXPECT_EQ(on->groups[1].count, 2);
}

TEST(Architecture, IrregularAndShared) {
  const Architecture nas = Read("llama-3.3-nemotron-super-49b");
  int64_t without = 0;
  for (const LayerGroup& group : nas.groups) {
    if (group.shape.attention.kind == AttentionKind::kNone) without += group.count;
  }
  EXPECT_EQ(without, 31);

  const Architecture mimo = Read("mimo-v2-flash");
  const Attention& sliding = mimo.groups[mimo.layer_group[1]].shape.attention;
  EXPECT_EQ(sliding.kv_heads, 8);
  EXPECT_EQ(sliding.key_dim, 192);
  EXPECT_EQ(sliding.value_dim, 128);
  EXPECT_TRUE(sliding.sinks);
  EXPECT_EQ(mimo.groups[0].shape.attention.kv_heads, 4);
  EXPECT_EQ(mimo.rotary_dim, 64);

  const Architecture gemma4 = Read("gemma-4-26b-a4b");
  const Attention& global = gemma4.groups[gemma4.layer_group[5]].shape.attention;
  EXPECT_TRUE(global.key_is_value);
  EXPECT_EQ(global.key_dim, 512);
  EXPECT_EQ(global.kv_heads, 2);
  EXPECT_TRUE(gemma4.groups[0].shape.mlp.dense_beside);

  const Architecture v4 = Read("deepseek-v4-flash");
  EXPECT_EQ(v4.groups[v4.layer_group[0]].shape.attention.compress_ratio, 0);
  EXPECT_TRUE(v4.groups[v4.layer_group[0]].shape.mlp.hashed_router);
  EXPECT_EQ(v4.groups[v4.layer_group[2]].shape.attention.compress_ratio, 4);
  EXPECT_EQ(v4.groups[v4.layer_group[2]].shape.attention.index_heads, 64);
  EXPECT_EQ(v4.groups[v4.layer_group[3]].shape.attention.compress_ratio, 128);
  EXPECT_EQ(v4.groups[v4.layer_group[3]].shape.attention.index_heads, 0);

  const Architecture glm = Read("glm-5.2");
  EXPECT_FALSE(glm.groups[glm.layer_group[0]].shape.attention.index_shared);
  EXPECT_TRUE(glm.groups[glm.layer_group[3]].shape.attention.index_shared);

  const Architecture k3 = Read("kimi-k3");
  EXPECT_EQ(k3.groups[k3.layer_group[0]].shape.recurrent.kind, RecurrentKind::kKimiDelta);
  EXPECT_EQ(k3.groups[k3.layer_group[3]].shape.attention.kind, AttentionKind::kLatent);
  EXPECT_EQ(k3.groups[k3.layer_group[3]].shape.mlp.expert_hidden, 3584);
  EXPECT_EQ(k3.rotary_dim, 0);
}

TEST(Architecture, SharedCacheOfTheLastLayers) {
  const Result<Architecture> read = ReadText(
      R"({"architectures":["Gemma4ForConditionalGeneration"],"text_config":{"hidden_size":64,"intermediate_size":128,)"
      R"("num_hidden_layers":12,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"global_head_dim":32,)"
      R"("vocab_size":100,"num_kv_shared_layers":4,"hidden_size_per_layer_input":8,"use_double_wide_mlp":true}})");
  ASSERT_TRUE(read.ok()) << read.error().Message();
  int64_t sharing = 0;
  for (const LayerGroup& group : read->groups) {
    if (!group.shape.attention.shares_kv) continue;
    sharing += group.count;
    EXPECT_EQ(group.shape.mlp.intermediate, 256);
  }
  EXPECT_EQ(sharing, 4);
  EXPECT_EQ(read->groups[0].shape.per_layer_input, 8);
}

TEST(Architecture, CatalogIsConsistent) {
  ASSERT_GT(Models().items().size(), 120u);
  for (const Json& model : Models().items()) {
    const std::string& id = model.Find("id")->AsString();
    SCOPED_TRACE(id);
    const Architecture a = Read(id);
    ASSERT_EQ(static_cast<int64_t>(a.layer_group.size()), a.layers);
    EXPECT_LE(a.groups.size(), 16u);
    int64_t layers = 0;
    for (size_t group = 0; group < a.groups.size(); ++group) {
      EXPECT_GT(a.groups[group].count, 0);
      layers += a.groups[group].count;
      const int32_t index = static_cast<int32_t>(group);
      EXPECT_EQ(a.LayersBefore(index, 0), 0);
      EXPECT_EQ(a.LayersBefore(index, static_cast<int32_t>(a.layers)), a.groups[group].count);
      for (size_t other = 0; other < group; ++other)
        EXPECT_FALSE(a.groups[other].shape == a.groups[group].shape);
    }
    EXPECT_EQ(layers, a.layers);
    const int64_t nested = a.rotary_dim > 0 ? a.rope_tables_positions * a.rotary_dim : a.rope_table_elements;
    EXPECT_GE(nested, a.rope_table_elements);
  }
}

TEST(Architecture, RefusesWithTheFieldsName) {
  EXPECT_EQ(FieldOf(ReadText(R"({"architectures":["GptNeoXForCausalLM"]})")), "model.architectures");
  EXPECT_EQ(ReadText(R"({"architectures":["GptNeoXForCausalLM"]})").error().given, "\"GptNeoXForCausalLM\"");
  EXPECT_EQ(FieldOf(ReadText(R"({})")), "model.architectures");
  EXPECT_EQ(FieldOf(ReadText(R"([1])")), "model");
  EXPECT_EQ(FieldOf(ReadText(R"({"architectures":["LlamaForCausalLM"]})")), "model.hidden_size");
  EXPECT_EQ(FieldOf(ReadText(R"({"architectures":["Qwen3_5ForConditionalGeneration"],"text_config":{}})")),
            "model.text_config.hidden_size");
  ASSERT_TRUE(ReadText(kSmallLlama).ok());
  const std::pair<const char*, const char*> bad[] = {
      {"hidden_size", "-1"},
      {"hidden_size", "1e300"},
      {"hidden_size", "\"64\""},
      {"num_hidden_layers", "1e9"},
      {"num_hidden_layers", "0"},
      {"num_hidden_layers", "10001"},
      {"num_hidden_layers", "2.5"},
      {"num_attention_heads", "1000000"},
      {"num_key_value_heads", "3"},
      {"vocab_size", "0"},
      {"intermediate_size", "[]"},
      {"head_dim", "0"},
      {"tie_word_embeddings", "7"},
      {"torch_dtype", "\"int3\""},
      {"max_position_embeddings", "-5"},
      {"layer_types", "[\"full_attention\"]"},
      {"layer_types", "[\"a\",\"a\",\"a\",\"a\"]"},
  };
  for (const auto& [key, value] : bad) {
    EXPECT_EQ(FieldOf(ReadWith(key, value)), std::string("model.") + key) << value;
  }
  EXPECT_EQ(FieldOf(ReadWith("rope_scaling", R"({"type":"yarn","factor":-3})")), "model.rope_scaling.factor");
}

// Every number and list of every family's config replaced by something hostile: an answer or an error, never
// a crash, a hang or an absurd size.
void Mutate(const Json& whole, const Json& object, std::vector<std::string>& path) {
  static const Json values[] = {Json(int64_t{-1}), Json(int64_t{0}),  Json(1e300), Json(int64_t{1000000000}),
                                Json("x"),         Json::MakeArray(), Json(2.5),   Json(INT64_MAX)};
  const auto replace = [](const auto& self, const Json& at, const std::vector<std::string>& keys,
                          size_t depth, const Json& value) -> Json {
    Json copy = at;
    if (depth + 1 == keys.size()) {
      copy.Set(keys[depth], value);
    } else {
      copy.Set(keys[depth], self(self, *at.Find(keys[depth]), keys, depth + 1, value));
    }
    return copy;
  };
  for (const Json::Member& member : object.members()) {
    if (member.first == "quantization_config" || member.first == "architectures") continue;
    path.push_back(member.first);
    if (member.second.is_object()) {
      Mutate(whole, member.second, path);
    } else {
      for (const Json& value : values) {
        const Result<Architecture> read = ReadArchitecture(replace(replace, whole, path, 0, value), "model");
        if (!read.ok()) {
          EXPECT_EQ(read.error().field.substr(0, 5), "model");
          EXPECT_LT(read.error().given.size(), 200u);
          EXPECT_FALSE(read.error().accepted.empty());
        } else {
          EXPECT_LE(read->layers, 10000);
          EXPECT_LE(read->tensors.size(), 256u * 40u);
          EXPECT_GE(CountParameters(*read).total, 0);
        }
      }
    }
    path.pop_back();
  }
}

TEST(Architecture, SurvivesHostileConfigs) {
  std::set<std::string> seen;
  for (const Json& model : Models().items()) {
    const Json& config = *model.Find("config");
    if (!seen.insert(config.Find("architectures")->items()[0].AsString()).second) continue;
    std::vector<std::string> path;
    Mutate(config, config, path);
  }
  EXPECT_GT(seen.size(), 40u);
}

TEST(Architecture, ReadsConfigsWithoutOptionalKeys) {
  for (
      const std::string_view text : {
          R"({"architectures":["Qwen3_5MoeForConditionalGeneration"],"text_config":{"hidden_size":2048,)"
          R"("num_hidden_layers":40,"num_attention_heads":16,"num_key_value_heads":2,"head_dim":256,)"
          R"("linear_key_head_dim":128,"linear_value_head_dim":128,"linear_num_key_heads":16,)"
          R"("linear_num_value_heads":32,"vocab_size":248320,"num_experts":256,"num_experts_per_tok":8,)"
          R"("moe_intermediate_size":512,"shared_expert_intermediate_size":512}})",
          R"({"architectures":["Gemma3ForCausalLM"],"hidden_size":5376,"intermediate_size":21504,)"
          R"("num_hidden_layers":62,"num_attention_heads":32,"num_key_value_heads":16,"head_dim":128,)"
          R"("vocab_size":262208})",
          R"({"architectures":["GptOssForCausalLM"],"hidden_size":2880,"intermediate_size":2880,)"
          R"("num_hidden_layers":24,"num_attention_heads":64,"num_key_value_heads":8,"vocab_size":201088,)"
          R"("num_local_experts":32,"experts_per_token":4})",
          R"({"architectures":["FalconForCausalLM"],"hidden_size":64,"num_hidden_layers":2,)"
          R"("num_attention_heads":4,"vocab_size":100})",
          R"({"architectures":["NemotronHForCausalLM"],"hidden_size":64,"vocab_size":100,"num_attention_heads":4,)"
          R"("hybrid_override_pattern":"M-M*","intermediate_size":128,"mamba_num_heads":8,"mamba_head_dim":16})",
      }) {
    const Result<Architecture> read = ReadText(text);
    EXPECT_TRUE(read.ok()) << read.error().Message();
  }
}

}  // namespace
}  // namespace plimsoll
