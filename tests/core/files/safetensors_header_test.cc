#include "core/files/safetensors_header.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

namespace plimsoll {
namespace {

std::string File(std::string_view json) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(uint64_t{json.size()} >> (8 * i) & 0xff);
  return bytes.append(json);
}

constexpr std::string_view kAwq = R"({"__metadata__":{"format":"pt"},
  "model.embed_tokens.weight":{"dtype":"F16","shape":[1000,256],"data_offsets":[0,512000]},
  "model.layers.0.self_attn.q_proj.qweight":{"dtype":"I32","shape":[256,32],"data_offsets":[512000,544768]},
  "model.layers.0.self_attn.q_proj.qzeros":{"dtype":"I32","shape":[2,32],"data_offsets":[544768,545024]},
  "model.layers.0.self_attn.q_proj.scales":{"dtype":"F16","shape":[2,256],"data_offsets":[545024,546048]},
  "model.layers.1.self_attn.q_proj.qweight":{"dtype":"I32","shape":[256,32],"data_offsets":[546048,578816]},
  "model.layers.1.mlp.experts.0.up_proj.qweight":{"dtype":"I32","shape":[256,32],"data_offsets":[578816,611584]},
  "model.layers.1.mlp.experts.1.up_proj.qweight":{"dtype":"I32","shape":[256,32],"data_offsets":[611584,644352]},
  "model.norm.weight":{"dtype":"F16","shape":[256],"data_offsets":[644352,644864]}})";

TEST(SafetensorsHeader, ReadsTensors) {
  const std::string bytes = File(kAwq);
  const auto file_size = static_cast<int64_t>(bytes.size()) + 644864;
  const Result<SafetensorsHeader> header = ReadSafetensorsHeader(bytes, file_size);
  ASSERT_TRUE(header.ok()) << header.error().Message();
  EXPECT_EQ(header->needed_bytes, 0);
  ASSERT_EQ(header->tensors.size(), 8U);
  EXPECT_EQ(header->data, Bytes(644864));
  EXPECT_EQ(header->tensors[1].dtype, "I32");
  EXPECT_EQ(GuessFormat(header->tensors), "awq-int4");
}

TEST(SafetensorsHeader, RowsFoldLayersAndExperts) {
  const Result<SafetensorsHeader> header = ReadSafetensorsHeader(File(kAwq), -1);
  ASSERT_TRUE(header.ok());
  const std::vector<InventoryRow> rows = ListFileTensors(header->tensors);
  Bytes total;
  for (const InventoryRow& row : rows) total += row.bytes;
  EXPECT_EQ(total, header->data);
  EXPECT_EQ(rows[0].role, TensorRole::kEmbedding);
  EXPECT_EQ(rows[1].name, "model.layers.{}.self_attn.q_proj.qweight");
  EXPECT_EQ(rows[1].count, 2);
  EXPECT_EQ(rows[1].layers, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(rows[4].name, "model.layers.{}.mlp.experts.{e}.up_proj.qweight");
  EXPECT_EQ(rows[4].count, 2);
  EXPECT_EQ(rows[4].role, TensorRole::kExpert);
}

TEST(SafetensorsHeader, SaysHowMuchItNeeds) {
  const std::string bytes = File(kAwq);
  EXPECT_EQ(ReadSafetensorsHeader("", -1)->needed_bytes, 8);
  EXPECT_EQ(ReadSafetensorsHeader(bytes.substr(0, 7), -1)->needed_bytes, 8);
  EXPECT_EQ(ReadSafetensorsHeader(bytes.substr(0, 8), -1)->needed_bytes, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(ReadSafetensorsHeader(bytes.substr(0, bytes.size() - 1), -1)->needed_bytes,
            static_cast<int64_t>(bytes.size()));
}

TEST(SafetensorsHeader, RefusesWithReason) {
  const auto refused = [](const std::string& bytes, std::string_view field, int64_t size = -1) {
    const Result<SafetensorsHeader> header = ReadSafetensorsHeader(bytes, size);
    ASSERT_FALSE(header.ok()) << bytes;
    EXPECT_NE(header.error().field.find(field), std::string::npos) << header.error().Message();
  };
  refused(std::string(8, '\xff'), "length");
  refused(std::string(8, '\0'), "length");
  refused("12", "length", 2);
  refused(File("{}"), "length", 9);
  refused(File("[1,2]"), "header");
  refused(File("{\"a\":"), "safetensors");
  refused(File(R"({"a":1})"), "a");
  refused(File(R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})"), "dtype");
  refused(File(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})"), "shape");
  refused(File(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})"), "shape");
  refused(File(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})"), "data_offsets");
  refused(File(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})"), "data_offsets");
  refused(
      File(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}})"),
      "data_offsets");
  refused(
      File(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})"),
      "data_offsets");
  refused(File(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[100,104]}})"), "data_offsets", 100);
  refused(File(std::string(100000, '[')), "safetensors");
}

TEST(SafetensorsHeader, FormatsByTheirNames) {
  const auto guess = [](const char* name, const char* dtype) {
    SafetensorsTensor tensor;
    tensor.name = name;
    tensor.dtype = dtype;
    tensor.shape = {16, 16};
    tensor.bytes = Bytes(256);
    return GuessFormat({tensor});
  };
  EXPECT_EQ(guess("model.layers.0.q_proj.weight", "BF16"), "bf16");
  EXPECT_EQ(guess("model.layers.0.q_proj.weight", "F16"), "fp16");
  EXPECT_EQ(guess("model.layers.0.q_proj.weight", "F8_E4M3"), "fp8");
  EXPECT_EQ(guess("model.layers.0.q_proj.weight_scale_inv", "F32"), "fp8-block");
  EXPECT_EQ(guess("model.layers.0.q_proj.g_idx", "I32"), "gptq-int4");
  EXPECT_EQ(guess("model.layers.0.q_proj.weight_packed", "I32"), "w4a16");
  EXPECT_EQ(guess("model.layers.0.q_proj.weight_scale_2", "F32"), "nvfp4");
  EXPECT_EQ(guess("model.layers.0.mlp.experts.gate_up_proj_blocks", "U8"), "mxfp4");
  EXPECT_EQ(guess("model.layers.0.q_proj.weight.absmax", "U8"), "bnb-nf4");
}

TEST(SafetensorsHeader, Index) {
  const Result<SafetensorsIndex> index = ReadSafetensorsIndex(
      R"({"metadata":{"total_size":123},"weight_map":{"a":"1.safetensors","b":"2.safetensors","c":"1.safetensors"}})");
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->total, Bytes(123));
  EXPECT_EQ(index->names.size(), 3U);
  EXPECT_EQ(index->files.size(), 2U);
  EXPECT_FALSE(ReadSafetensorsIndex("{}").ok());
  EXPECT_FALSE(ReadSafetensorsIndex(R"({"weight_map":{"a":7}})").ok());
}

TEST(SafetensorsHeader, DamagedHeadersNeverHang) {
  const std::string whole = File(kAwq);
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = whole;
    for (int i = 0, n = 1 + static_cast<int>(random() % 4); i < n; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const Result<SafetensorsHeader> header = ReadSafetensorsHeader(bytes, 1 << 20);
    if (header.ok() && header->needed_bytes == 0) ListFileTensors(header->tensors);
  }
}

TEST(SafetensorsHeader, TensorsThatOverlapByPartsAreRefused) {
  const std::string header = R"({"a":{"dtype":"U8","shape":[64],"data_offsets":[0,64]},)"
                             R"("b":{"dtype":"U8","shape":[64],"data_offsets":[32,96]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  EXPECT_FALSE(ReadSafetensorsHeader(bytes + header, -1).ok());
}

}  // namespace
}  // namespace plimsoll
