#include "core/arch/rope_tables.h"

#include <gtest/gtest.h>

#include <string>

#include "core/arch/architecture_reader.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

// Llama with heads of 64, 1000 positions and the given keys beside.
Architecture Read(const std::string& keys) {
  const Json config = JsonOfText(
      R"({"architectures":["LlamaForCausalLM"],"hidden_size":128,"num_attention_heads":2,"num_hidden_layers":1,
          "vocab_size":10,"intermediate_size":16,"max_position_embeddings":1000)" +
      keys + "}");
  Result<Architecture> read = BuildArchitecture(config, "");
  EXPECT_TRUE(read.ok()) << keys;
  return read.ok() ? std::move(*read) : Architecture();
}

// vllm/model_executor/layers/rotary_embedding: rows by the kind of scaling.
TEST(RopeTables, RowsByTheKindOfScaling) {
  const struct {
    const char* keys;
    int64_t rows;
  } cases[] = {
      {"", 1000},
      {R"(,"rope_scaling":{"rope_type":"llama3","factor":8,"original_max_position_embeddings":100})", 1000},
      {R"(,"rope_scaling":{"type":"linear","factor":4})", 4000},
      {R"(,"rope_scaling":{"type":"dynamic","factor":2})", 2000},
      {R"(,"rope_scaling":{"type":"dynamic","factor":2,"alpha":1000})", 1000},
      {R"(,"rope_scaling":{"rope_type":"yarn","factor":40,"original_max_position_embeddings":100})", 4000},
      {R"(,"rope_scaling":{"rope_type":"longrope","factor":1},"original_max_position_embeddings":100)", 1100},
      {R"(,"rope_scaling":{"type":"su"},"original_max_position_embeddings":100)", 1100},
      {R"(,"rope_scaling":{"type":"mrope","mrope_section":[8,8,8]})", 4000},
  };
  for (const auto& c : cases) {
    const Architecture a = Read(c.keys);
    EXPECT_EQ(a.rotary_dim, 64) << c.keys;
    EXPECT_EQ(a.rope_table_elements, c.rows * 64) << c.keys;
    EXPECT_EQ(a.rope_tables_positions, c.rows) << c.keys;
  }
}

// What two servers make of a scaling: one multiplies yarn's original length, the other takes the stated length for
// scaled already where an original one is named.
TEST(RopeTables, LengthsAsTheyAreServed) {
  const struct {
    const char* keys;
    int64_t scaled, stretched;
  } cases[] = {
      {"", 1000, 1000},
      {R"(,"rope_scaling":{"rope_type":"llama3","factor":8,"original_max_position_embeddings":100})", 1000,
       1000},
      {R"(,"rope_scaling":{"type":"linear","factor":4})", 4000, 4000},
      {R"(,"rope_scaling":{"type":"yarn","factor":4})", 4000, 4000},
      {R"(,"rope_scaling":{"rope_type":"yarn","factor":40,"original_max_position_embeddings":100})", 4000,
       1000},
  };
  for (const auto& c : cases) {
    const Architecture a = Read(c.keys);
    EXPECT_EQ(a.scaled_positions, c.scaled) << c.keys;
    EXPECT_EQ(a.stretched_positions, c.stretched) << c.keys;
  }
}

// A scaling that is asked for does what the same one does that a model brings.
TEST(RopeTables, AskedForAsBroughtAlong) {
  const struct {
    const char *text, *keys;
  } cases[] = {
      {"linear:4", R"(,"rope_scaling":{"type":"linear","factor":4})"},
      {"yarn:4", R"(,"rope_scaling":{"type":"yarn","factor":4})"},
      {"yarn:40:100",
       R"(,"rope_scaling":{"rope_type":"yarn","factor":40,"original_max_position_embeddings":100})"},
      {"yarn:2.5:800",
       R"(,"rope_scaling":{"rope_type":"yarn","factor":2.5,"original_max_position_embeddings":800})"},
      {"llama3:8:100",
       R"(,"rope_scaling":{"rope_type":"llama3","factor":8,"original_max_position_embeddings":100})"},
      {"default", ""},
  };
  const Architecture plain = Read("");
  for (const auto& c : cases) {
    const std::optional<RopeScaling> scaling = ReadRopeScaling(c.text);
    ASSERT_TRUE(scaling) << c.text;
    EXPECT_EQ(RopeScalingText(*scaling), c.text);
    const RopeLengths asked = LengthsUnder(plain, *scaling), brought = LengthsOf(Read(c.keys));
    EXPECT_EQ(asked.scaled, brought.scaled) << c.text;
    EXPECT_EQ(asked.stretched, brought.stretched) << c.text;
    EXPECT_EQ(asked.table_elements, brought.table_elements) << c.text;
  }
  // Another length alone is one to start from that is not stretched.
  EXPECT_EQ(LengthsUnder(plain, *ReadRopeScaling("default:1:5000")).scaled, 5000);
  EXPECT_EQ(LengthsUnder(plain, *ReadRopeScaling("default:1:5000")).stretched, 5000);
}

TEST(RopeTables, WhatIsNoScalingIsRefused) {
  for (const char* text : {"", ":4", "yarn:", "yarn:x", "yarn:0", "yarn:-1", "yarn:1e9",
                           "yarn:4:", "yarn:4:-1", "yarn:4:32768:1", "other:4", "yarn:nan", "YARN:4"}) {
    EXPECT_FALSE(ReadRopeScaling(text)) << text;
  }
  EXPECT_EQ(ReadRopeScaling("yarn:4:32k")->original, 32768);
}

TEST(RopeTables, APartOfTheHeadTurns) {
  const Architecture half = Read(R"(,"partial_rotary_factor":0.5)");
  EXPECT_EQ(half.rotary_dim, 32);
  EXPECT_EQ(half.rope_table_elements, 1000 * 32);
  EXPECT_EQ(Read(R"(,"rotary_dim":16)").rotary_dim, 16);
}

// llama.cpp stores factors for llama3 and longrope; YaRN needs none.
TEST(RopeTables, WhichScalingsStoreFactors) {
  EXPECT_TRUE(Read(R"(,"rope_scaling":{"rope_type":"llama3","factor":8})").rope_factors);
  EXPECT_TRUE(Read(R"(,"rope_scaling":{"rope_type":"longrope"})").rope_factors);
  EXPECT_FALSE(Read(R"(,"rope_scaling":{"rope_type":"yarn","factor":4})").rope_factors);
  EXPECT_FALSE(Read("").rope_factors);
}

TEST(RopeTables, DeepseeksYarnStaysWide) {
  const char* start =
      R"({"architectures":["DeepseekV2ForCausalLM"],"hidden_size":8,"num_attention_heads":2,"num_hidden_layers":1,
          "vocab_size":10,"intermediate_size":16,"first_k_dense_replace":1,"moe_intermediate_size":4,
          "n_routed_experts":4,"num_experts_per_tok":2,"kv_lora_rank":6,"qk_nope_head_dim":4,
          "qk_rope_head_dim":2,"v_head_dim":4,"max_position_embeddings":4000)";
  const Result<Architecture> yarn = BuildArchitecture(
      JsonOfText(std::string(start) +
                 R"(,"rope_scaling":{"type":"yarn","factor":40,"original_max_position_embeddings":100}})"),
      "");
  ASSERT_TRUE(yarn.ok());
  EXPECT_EQ(yarn->rotary_dim, 2) << "the rotary part of a head alone";
  EXPECT_EQ(yarn->rope_table_elements, 4000 * 2);
  EXPECT_TRUE(yarn->rope_table_fp32);
  const Result<Architecture> plain = BuildArchitecture(JsonOfText(std::string(start) + "}"), "");
  EXPECT_FALSE(plain->rope_table_fp32);
  EXPECT_FALSE(Read(R"(,"rope_scaling":{"rope_type":"yarn","factor":4})").rope_table_fp32);
}

}  // namespace
}  // namespace plimsoll
