// The inventory of every catalog model against published counts, closed formulas and itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/arch/architecture.h"
#include "core/arch/architecture_reader.h"
#include "core/base/units.h"
#include "core/catalog/catalog_data.h"
#include "core/weights/read_architecture.h"
#include "tests/core/arch/second_count.h"

namespace plimsoll {
namespace {

struct Counted {
  std::string id;
  Architecture architecture;
  ParameterCounts counts;
  Json entry;

  int64_t Published(std::string_view key) const {
    const Json* value = entry.Find("published_params")->Find(key);
    return value == nullptr ? 0 : value->AsInt().value_or(0);
  }
  bool exact() const { return entry.Find("published_params")->Find("basis")->AsString() == "exact"; }
  bool stores(std::string_view part) const {
    for (const Json& item : entry.Find("stores")->items()) {
      if (item.AsString() == part) return true;
    }
    return false;
  }
};

const std::vector<Counted>& Catalog() {
  static const std::vector<Counted> all = [] {
    std::vector<Counted> counted;
    const Result<Json> models = Json::Parse(EmbeddedCatalog().models, "models");
    for (const Json& entry : models->items()) {
      Counted one;
      one.entry = entry;
      one.id = entry.Find("id")->AsString();
      Result<Architecture> read =
          ReadArchitecture(*entry.Find("config"), one.id, ReadStoredParts(*entry.Find("stores")));
      EXPECT_TRUE(read.ok()) << one.id << ": " << read.error().Message();
      if (!read.ok()) continue;
      one.architecture = *std::move(read);
      one.counts = CountParameters(one.architecture);
      counted.push_back(std::move(one));
    }
    return counted;
  }();
  return all;
}

const Counted& Model(std::string_view id) {
  for (const Counted& one : Catalog()) {
    if (one.id == id) return one;
  }
  ADD_FAILURE() << "no model " << id;
  return Catalog()[0];
}

// Blocks of 128 x 128 in what DeepSeek's FP8 checkpoints quantise: the hub counts one float for each.
int64_t BlockScales(const Architecture& a) {
  int64_t scales = 0;
  for (const Tensor& tensor : a.tensors) {
    const bool kept = tensor.role == TensorRole::kHead || tensor.role == TensorRole::kRouter ||
                      tensor.role == TensorRole::kOther ||
                      tensor.name.find("weights_proj") != std::string::npos;
    if (tensor.linear && !kept)
      scales += CeilDiv(tensor.rows, 128) * CeilDiv(tensor.columns, 128) * tensor.times;
  }
  return scales;
}

// Published figures that count something else than the repository's own tensors, each as its note explains.
int64_t ExpectedTotal(const Counted& model) {
  if (model.id == "nemotron-3-nano-30b-a3b") return model.Published("total") + 23 * 128;
  if (model.id == "qwen3-next-80b-a3b") return model.Published("hub_total");
  return model.Published("total");
}

TEST(TensorInventory, TotalsEqualThePublishedOnesToTheInteger) {
  int exact = 0;
  for (const Counted& model : Catalog()) {
    if (!model.exact()) continue;
    ++exact;
    EXPECT_EQ(model.counts.total, ExpectedTotal(model)) << model.id;
    std::printf("%-32s %16lld\n", model.id.c_str(), static_cast<long long>(model.counts.total));
  }
  EXPECT_GE(exact, 60);
}

TEST(TensorInventory, HubTotalsWithBlockScales) {
  for (const char* id : {"deepseek-v3", "deepseek-r1", "deepseek-v3.2"}) {
    const Counted& model = Model(id);
    EXPECT_EQ(model.counts.total + BlockScales(model.architecture), model.Published("hub_total")) << id;
  }
  EXPECT_EQ(Model("deepseek-v3").counts.text, Model("deepseek-v3").Published("total"));
  const Counted& k2 = Model("kimi-k2");
  EXPECT_NEAR(static_cast<double>(k2.counts.total + BlockScales(k2.architecture)),
              static_cast<double>(k2.Published("hub_total")), 1e-8 * 1e12);
}

// Figures from memory or from rounded tables. One Falcon-H1 and one Granite figure are some thousand weights
// off and of unknown revision; a rounded one may leave out MTP layers or the vision tower.
TEST(TensorInventory, OtherPublishedTotals) {
  for (const Counted& model : Catalog()) {
    if (model.exact()) continue;
    const double total = static_cast<double>(model.counts.total);
    const double text = static_cast<double>(model.counts.text);
    if (const int64_t published = model.Published("total"); published > 0) {
      const double given = static_cast<double>(published);
      EXPECT_LT(std::min(std::abs(total - given), std::abs(text - given)), 2e-5 * given) << model.id;
    }
    if (const int64_t published = model.Published("approximate_total"); published > 0) {
      const double given = static_cast<double>(published);
      EXPECT_LT(std::min(std::abs(total - given), std::abs(text - given)), 0.007 * given) << model.id;
    }
    if (const int64_t published = model.Published("approximate_text_total"); published > 0) {
      EXPECT_NEAR(text, static_cast<double>(published), 0.001 * text) << model.id;
    }
  }
}

TEST(TensorInventory, ActiveParameters) {
  for (const Counted& model : Catalog()) {
    const int64_t published = model.Published("active");
    EXPECT_LE(model.counts.active, model.counts.text) << model.id;
    EXPECT_LE(model.counts.text, model.counts.total) << model.id;
    bool sparse = false;
    for (const LayerGroup& group : model.architecture.groups) sparse |= group.shape.mlp.kind == MlpKind::kMoe;
    if (!sparse) {
      EXPECT_EQ(model.counts.active, model.counts.text) << model.id;
      continue;
    }
    if (published == 0) continue;
    // Vendors round to a billion, and most leave the embedding table out, some the head as well.
    const int64_t tables = 2 * model.architecture.vocab * model.architecture.hidden;
    EXPECT_GT(static_cast<double>(model.counts.active), 0.94 * static_cast<double>(published)) << model.id;
    EXPECT_LT(static_cast<double>(model.counts.active - tables),
              1.05 * static_cast<double>(published) + 0.5e9)
        << model.id;
  }
  // 32 experts of which 4 act, each 2880 x (2 * 2880 + 2880) weights and 3 * 2880 biases, in 24 layers.
  const Counted& oss = Model("gpt-oss-20b");
  const int64_t expert = 3 * 2880 * 2880 + 3 * 2880;
  EXPECT_EQ(oss.counts.text - oss.counts.active, int64_t{24} * 28 * expert);
}

// A second count, layer by layer, from the shapes alone.
int64_t CountByShape(const Architecture& a) {
  const int64_t h = a.hidden;
  int64_t total = a.vocab * h * (a.tied_embeddings ? 1 : 2) + h * (a.groups[0].shape.norm_bias ? 2 : 1);
  for (const uint16_t group : a.layer_group) {
    const LayerShape& shape = a.groups[group].shape;
    const Attention& t = shape.attention;
    const Mlp& mlp = shape.mlp;
    total += shape.norms * h * (shape.norm_bias ? 2 : 1);
    if (t.kind == AttentionKind::kLatent) {
      const int64_t from = t.q_lora_rank > 0 ? t.q_lora_rank : h;
      if (t.q_lora_rank > 0) total += h * t.q_lora_rank + t.q_lora_rank;
      total += from * t.heads * (t.nope_dim + t.rope_dim);
      total += h * (t.kv_lora_rank + t.rope_dim) + t.kv_lora_rank;
      total += t.kv_lora_rank * t.heads * (t.nope_dim + t.value_dim) + t.heads * t.value_dim * h;
      if (t.index_heads > 0 && !t.index_shared) {
        total += t.q_lora_rank * t.index_heads * t.index_dim + h * t.index_dim + 2 * t.index_dim +
                 h * t.index_heads;
      }
    } else if (t.kind != AttentionKind::kNone) {
      const int64_t q = t.heads * t.key_dim;
      const int64_t k = t.kv_heads * t.key_dim;
      const int64_t v = t.kv_heads * t.value_dim;
      total += h * (q * (t.query_gate ? 2 : 1) + k + v) + t.heads * t.value_dim * h;
      if (t.qkv_bias) total += q + k + v;
      if (t.o_bias) total += h;
      if (t.sinks) total += t.heads;
      if (t.qk_norm == QkNorm::kPerHead) total += 2 * t.key_dim;
      if (t.qk_norm == QkNorm::kFullWidth) total += q + k;
    }
    if (mlp.kind == MlpKind::kDense) {
      total += h * mlp.intermediate * (mlp.gated ? 3 : 2);
      if (mlp.bias) total += mlp.intermediate * (mlp.gated ? 2 : 1) + h;
    }
    if (mlp.kind == MlpKind::kMoe) {
      const int64_t matrices = mlp.gated ? 3 : 2;
      total += mlp.experts * (h + (mlp.selection_bias ? 1 : 0) + (mlp.router_bias ? 1 : 0));
      total += mlp.experts * matrices * h * mlp.expert_intermediate + matrices * h * mlp.shared_intermediate;
      if (mlp.bias) total += mlp.experts * (2 * mlp.expert_intermediate + h);
      if (mlp.shared_gate) total += h;
    }
  }
  return total;
}

// Layers that hold more than their shapes say are counted from their config's keys; what neither counts are states,
// compressed and indexed attention, scalars, second embeddings, encoders and cross-attention.
TEST(TensorInventory, SecondCountAgrees) {
  int compared = 0, by_config = 0;
  for (const Counted& model : Catalog()) {
    bool plain = true;
    for (const LayerGroup& group : model.architecture.groups) {
      const LayerShape& shape = group.shape;
      plain &=
          shape.recurrent.kind == RecurrentKind::kNone && shape.attention.kind != AttentionKind::kCompressed;
      plain &= shape.attention.index_block == 0 && !shape.layer_scalar;
      plain &= shape.attention.kind != AttentionKind::kBidirectional && shape.cross.heads == 0 &&
               shape.per_layer_input == 0;
    }
    if (const int64_t by_keys = SecondCount(*model.entry.Find("config")).Text(); by_keys > 0) {
      ++by_config;
      EXPECT_EQ(model.counts.text, by_keys) << model.id;
      continue;
    }
    if (!plain) continue;
    ++compared;
    EXPECT_EQ(model.counts.text, CountByShape(model.architecture)) << model.id;
  }
  EXPECT_GT(compared, 80);
  EXPECT_GE(by_config, 11);
}

TEST(TensorInventory, TensorsAreWellFormed) {
  for (const Counted& model : Catalog()) {
    SCOPED_TRACE(model.id);
    const Architecture& a = model.architecture;
    std::set<std::pair<std::string, int32_t>> names;
    int embeddings = 0;
    for (const Tensor& tensor : a.tensors) {
      SCOPED_TRACE(tensor.name);
      EXPECT_TRUE(names.insert({tensor.name, tensor.group}).second) << "twice";
      EXPECT_GT(tensor.rows, 0);
      EXPECT_GT(tensor.columns, 0);
      EXPECT_GT(tensor.copies, 0);
      EXPECT_LT(tensor.group, static_cast<int32_t>(a.groups.size()));
      if (tensor.group >= 0) {
        EXPECT_EQ(tensor.times, tensor.copies * a.groups[static_cast<size_t>(tensor.group)].count);
        EXPECT_NE(tensor.name.find("{}"), std::string::npos);
      }
      if (tensor.sharding == Sharding::kKvRows) {
        ASSERT_GT(tensor.kv_heads, 0);
        EXPECT_LE(tensor.kv_rows, tensor.rows);
        EXPECT_EQ(tensor.kv_rows % tensor.kv_heads, 0);
      } else {
        EXPECT_EQ(tensor.kv_rows, 0);
      }
      if (tensor.sharding == Sharding::kExpert) {
        EXPECT_EQ(tensor.role, TensorRole::kExpert);
      }
      if (tensor.columns == 1 && tensor.rows > 1 && !tensor.linear) {
        EXPECT_NE(tensor.sharding, Sharding::kColumns);
      }
      if (tensor.ggml == "token_embd" && tensor.part == TensorPart::kText) ++embeddings;
    }
    EXPECT_EQ(embeddings, 1);
  }
}

TEST(TensorInventory, WhatARepositoryStoresTwice) {
  const Counted& small = Model("qwen3-0.6b");
  EXPECT_EQ(small.counts.total - small.counts.text, int64_t{151936} * 1024);
  EXPECT_EQ(small.counts.text, 596049920);
  EXPECT_EQ(Model("falcon-7b").counts.text, 6921720704);
  int duplicates = 0;
  for (const Tensor& tensor : Model("deepseek-v3").architecture.tensors)
    duplicates += tensor.duplicate ? 1 : 0;
  EXPECT_EQ(duplicates, 2) << "the MTP layer's embedding and head";
  // 1,575 tensors under mtp.0, 512 * 3 of them expert weights and scales: 39 others, 7 of which are scales of
  // e_proj, h_proj and attention, 3 of the shared expert.
  int64_t mtp = 0;
  for (const Tensor& tensor : Model("deepseek-v4-flash").architecture.tensors) {
    if (tensor.part == TensorPart::kMtp) mtp += tensor.times;
  }
  EXPECT_EQ(mtp, 3 * 256 + 39 - 10);
}

TEST(TensorInventory, FusedTensorsShardByTheirKvRows) {
  for (const Tensor& tensor : Model("phi-4").architecture.tensors) {
    if (tensor.ggml != "attn_qkv") continue;
    EXPECT_EQ(tensor.rows, (40 + 2 * 10) * 128);
    EXPECT_EQ(tensor.kv_rows, 2 * 10 * 128);
    EXPECT_EQ(tensor.kv_heads, 10);
    return;
  }
  FAIL() << "no attn_qkv";
}

// Families outside the catalog, with the totals that the hub shows.
TEST(TensorInventory, OtherFamilies) {
  const std::pair<const char*, int64_t> cases[] = {
      {R"({"architectures":["Qwen2_5_VLForConditionalGeneration"],"hidden_size":3584,"intermediate_size":18944,)"
       R"("num_hidden_layers":28,"num_attention_heads":28,"num_key_value_heads":4,"vocab_size":152064,)"
       R"("tie_word_embeddings":false,"vision_config":{"depth":32,"hidden_size":1280,"intermediate_size":3420,)"
       R"("num_heads":16,"in_chans":3,"out_hidden_size":3584,"patch_size":14}})",
       8292166656},
      {R"({"architectures":["Qwen2VLForConditionalGeneration"],"hidden_size":3584,"intermediate_size":18944,)"
       R"("num_hidden_layers":28,"num_attention_heads":28,"num_key_value_heads":4,"vocab_size":152064,)"
       R"("tie_word_embeddings":false,"vision_config":{"depth":32,"embed_dim":1280,"hidden_size":3584,)"
       R"("mlp_ratio":4,"num_heads":16,"in_channels":3,"patch_size":14}})",
       8291375616},
      {R"({"architectures":["OlmoeForCausalLM"],"hidden_size":2048,"intermediate_size":1024,"num_hidden_layers":16,)"
       R"("num_attention_heads":16,"num_key_value_heads":16,"vocab_size":50304,"num_experts":64,)"
       R"("num_experts_per_tok":8})",
       6919161856},
      {R"({"architectures":["GPTNeoXForCausalLM"],"hidden_size":4096,"intermediate_size":16384,)"
       R"("num_hidden_layers":32,"num_attention_heads":32,"vocab_size":50432,"rotary_pct":0.25,)"
       R"("tie_word_embeddings":false,"max_position_embeddings":2048})",
       6857302016},
      {R"({"architectures":["GPT2LMHeadModel"],"n_embd":768,"n_layer":12,"n_head":12,"n_positions":1024,)"
       R"("vocab_size":50257})",
       124439808},
      {R"({"architectures":["OPTForCausalLM"],"hidden_size":4096,"ffn_dim":16384,"num_hidden_layers":32,)"
       R"("num_attention_heads":32,"max_position_embeddings":2048,"vocab_size":50272,)"
       R"("word_embed_proj_dim":4096})",
       6658473984},
      {R"({"architectures":["BloomForCausalLM"],"n_embed":4096,"n_layer":30,"num_attention_heads":32,)"
       R"("vocab_size":250880,"seq_length":2048})",
       7069016064},
      {R"({"architectures":["PhiForCausalLM"],"hidden_size":2560,"intermediate_size":10240,)"
       R"("num_hidden_layers":32,"num_attention_heads":32,"vocab_size":51200,"partial_rotary_factor":0.4,)"
       R"("tie_word_embeddings":false})",
       2779683840},
      {R"({"architectures":["StableLmForCausalLM"],"hidden_size":2048,"intermediate_size":5632,)"
       R"("num_hidden_layers":24,"num_attention_heads":32,"num_key_value_heads":32,"vocab_size":100352,)"
       R"("use_qkv_bias":true,"tie_word_embeddings":false})",
       1644515328},
      {R"({"architectures":["InternLM2ForCausalLM"],"hidden_size":4096,"intermediate_size":14336,)"
       R"("num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":92544,)"
       R"("bias":false,"tie_word_embeddings":false})",
       7737708544},
      {R"({"architectures":["BaichuanForCausalLM"],"hidden_size":4096,"intermediate_size":11008,)"
       R"("num_hidden_layers":32,"num_attention_heads":32,"vocab_size":125696,"model_max_length":4096,)"
       R"("tie_word_embeddings":false})",
       7505973248},
      {R"({"architectures":["ExaoneForCausalLM"],"hidden_size":4096,"intermediate_size":14336,"num_layers":32,)"
       R"("num_attention_heads":32,"num_key_value_heads":8,"vocab_size":102400,"tie_word_embeddings":false})",
       7818448896},
      {R"({"architectures":["Exaone4ForCausalLM"],"hidden_size":5120,"intermediate_size":27392,)"
       R"("num_hidden_layers":64,"num_attention_heads":40,"num_key_value_heads":8,"vocab_size":102400,)"
       R"("head_dim":128,"sliding_window":4096,"tie_word_embeddings":false})",
       32003216384},
      {R"({"architectures":["PhiMoEForCausalLM"],"hidden_size":4096,"intermediate_size":6400,)"
       R"("num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":32064,)"
       R"("num_local_experts":16,"num_experts_per_tok":2,"attention_bias":true,"lm_head_bias":true,)"
       R"("tie_word_embeddings":false})",
       41873153344},
      {R"({"architectures":["Dots1ForCausalLM"],"hidden_size":4096,"intermediate_size":10944,)"
       R"("moe_intermediate_size":1408,"num_hidden_layers":62,"num_attention_heads":32,"num_key_value_heads":32,)"
       R"("head_dim":128,"n_routed_experts":128,"n_shared_experts":2,"num_experts_per_tok":6,)"
       R"("first_k_dense_replace":1,"vocab_size":152064,"tie_word_embeddings":false})",
       142774381696},
      {R"({"architectures":["NemotronForCausalLM"],"hidden_size":3072,"intermediate_size":9216,)"
       R"("num_hidden_layers":32,"num_attention_heads":24,"num_key_value_heads":8,"vocab_size":256000,)"
       R"("tie_word_embeddings":false})",
       4190509056},
      {R"({"architectures":["GPTBigCodeForCausalLM"],"n_embd":6144,"n_layer":40,"n_head":48,"n_inner":24576,)"
       R"("n_positions":8192,"vocab_size":49152,"multi_query":true})",
       15517456384},
      {R"({"architectures":["GPTJForCausalLM"],"n_embd":4096,"n_layer":28,"n_head":16,"n_inner":null,)"
       R"("n_positions":2048,"rotary_dim":64,"vocab_size":50400,"tie_word_embeddings":false})",
       6050882784},
      {R"({"architectures":["GlmForCausalLM"],"hidden_size":4096,"intermediate_size":13696,"head_dim":128,)"
       R"("num_hidden_layers":40,"num_attention_heads":32,"num_key_value_heads":2,"vocab_size":151552,)"
       R"("tie_word_embeddings":false})",
       9399951360},
      {R"({"architectures":["MiniCPMForCausalLM"],"hidden_size":2304,"intermediate_size":5760,)"
       R"("num_hidden_layers":40,"num_attention_heads":36,"num_key_value_heads":36,"vocab_size":122753})",
       2724880896},
  };
  for (const auto& [text, total] : cases) {
    const Result<Architecture> read = ReadArchitecture(*Json::Parse(text, "model"), "model");
    ASSERT_TRUE(read.ok()) << read.error().Message();
    EXPECT_EQ(CountParameters(*read).total, total) << read->name;
  }
}

// llama.cpp prints "4.46 B" and "6.87 B" for the text models, towers left out.
TEST(TensorInventory, Gemma3n) {
  const auto read = [](int layers, int width, int shared) {
    return ReadArchitecture(
        *Json::Parse(
            R"({"architectures":["Gemma3nForConditionalGeneration"],"model_type":"gemma3n","text_config":{)"
            R"("hidden_size":2048,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":256,)"
            R"("vocab_size":262400,"vocab_size_per_layer_input":262144,"hidden_size_per_layer_input":256,)"
            R"("laurel_rank":64,"altup_num_inputs":4,"sliding_window":512,"max_position_embeddings":32768,)"
            R"("num_hidden_layers":)" +
                std::to_string(layers) + R"(,"intermediate_size":)" + std::to_string(width) +
                R"(,"num_kv_shared_layers":)" + std::to_string(shared) + "}}",
            "model"),
        "model");
  };
  const Result<Architecture> e2b = read(30, 8192, 10);
  ASSERT_TRUE(e2b.ok()) << e2b.error().Message();
  EXPECT_NEAR(static_cast<double>(CountParameters(*e2b).total) / 1e9, 4.46, 0.006);
  ASSERT_EQ(e2b->remarks.size(), 1U);
  const Result<Architecture> e4b = read(35, 16384, 15);
  ASSERT_TRUE(e4b.ok());
  EXPECT_NEAR(static_cast<double>(CountParameters(*e4b).total) / 1e9, 6.87, 0.006);
  // A GGUF holds the same parameters.
  int64_t elements = 0;
  for (const GgufTensor& tensor : e4b->gguf) {
    const int64_t times = tensor.group < 0 ? 1 : e4b->groups[static_cast<size_t>(tensor.group)].count;
    elements += tensor.ne0 * tensor.ne1 * tensor.ne2 * times;
  }
  EXPECT_EQ(elements, CountParameters(*e4b).total);
}

TEST(TensorInventory, CountsSaturate) {
  Tensor tensor;
  tensor.rows = INT64_MAX / 2;
  tensor.columns = 1000;
  EXPECT_EQ(tensor.elements(), INT64_MAX);
}

}  // namespace
}  // namespace plimsoll
