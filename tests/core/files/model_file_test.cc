#include "core/files/model_file.h"

#include <cstdint>
#include <string>
#include <utility>

#include "core/config/config_codec.h"
#include "gtest/gtest.h"

namespace plimsoll {
namespace {

std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string Safetensors(const std::string& header) { return LittleEndian(header.size(), 8) + header; }

const char kTwoTensors[] =
    R"({"model.layers.0.mlp.up_proj.weight":{"dtype":"BF16","shape":[4,8],"data_offsets":[0,64]},)"
    R"("model.layers.1.mlp.up_proj.weight":{"dtype":"BF16","shape":[4,8],"data_offsets":[64,128]}})";

TEST(ModelFile, ReadsASafetensorsHeader) {
  const std::string bytes = Safetensors(kTwoTensors);
  const Result<ModelFile> file =
      ReadModelFile({{"a.safetensors", bytes, static_cast<int64_t>(bytes.size()) + 128}});
  ASSERT_TRUE(file.ok()) << file.error().Message();
  EXPECT_EQ(file->kind, FileKind::kSafetensors);
  EXPECT_EQ(file->bytes.count(), 128);
  EXPECT_EQ(file->format, "bf16");
  ASSERT_EQ(file->rows.size(), 1u);  // the two layers are alike
  EXPECT_EQ(file->rows[0].count, 2);
}

TEST(ModelFile, AsksForMoreWhenTheHeaderIsCut) {
  const std::string bytes = Safetensors(kTwoTensors);
  const Result<ModelFile> file =
      ReadModelFile({{"a.safetensors", bytes.substr(0, 40), static_cast<int64_t>(bytes.size()) + 128}});
  ASSERT_TRUE(file.ok()) << file.error().Message();
  EXPECT_EQ(file->needed_bytes, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(file->needed_name, "a.safetensors");
}

TEST(ModelFile, TakesAConfigurationFromAConfigJson) {
  const std::string text =
      R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":4096,"intermediate_size":14336,)"
      R"("num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":128256,)"
      R"("max_position_embeddings":131072,"tie_word_embeddings":false,"torch_dtype":"bfloat16"})";
  const Result<ModelFile> file = ReadModelFile({{"config.json", text, static_cast<int64_t>(text.size())}});
  ASSERT_TRUE(file.ok()) << file.error().Message();
  EXPECT_EQ(file->kind, FileKind::kConfig);
  ASSERT_TRUE(file->model.is_object());
}

TEST(ModelFile, RefusesWhatItDoesNotKnowAndNamesIt) {
  for (const std::string& bytes : {std::string(), std::string("MZ\x90"), std::string(100, '\xff'),
                                   std::string("GGUF"), std::string("{\"a\":"), Safetensors("[1,2]")}) {
    const Result<ModelFile> file = ReadModelFile({{"x.bin", bytes, static_cast<int64_t>(bytes.size())}});
    if (file.ok()) {
      EXPECT_GT(file->needed_bytes, static_cast<int64_t>(bytes.size())) << Quoted(bytes);
      continue;
    }
    EXPECT_FALSE(file.error().Message().empty());
    EXPECT_EQ(file.error().field.rfind("x.bin", 0), 0u) << file.error().Message();
  }
  EXPECT_EQ(ReadModelFile({}).error().field, "file");
  EXPECT_FALSE(ReadModelFile({{"a", "{}", 2}, {"b", "{}", 2}}).ok());
}

// What people drop instead of a model's file is named, and so is what to drop.
TEST(ModelFile, WhatStandsInAFilesPlaceIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"<!doctype html><html>", "HTML page"},
      {"version https://git-lfs.github.com/spec/v1\nsize 17\n", "Git LFS pointer"},
      {"PK\x03\x04rest", "ZIP archive"},
      {R"({"do_sample":true})", "generation_config.json"},
      {R"({"tokenizer_class":"LlamaTokenizer"})", "tokenizer's config"},
  };
  for (const auto& [bytes, what] : cases) {
    const Result<ModelFile> file = ReadModelFile({{"x", bytes, -1}});
    ASSERT_FALSE(file.ok()) << bytes;
    EXPECT_EQ(file.error().field, "x");
    EXPECT_NE(file.error().given.find(what), std::string::npos) << file.error().Message();
  }
}

TEST(ModelFile, KindsAreToldByTheFirstBytes) {
  EXPECT_EQ(KindOfBytes("GGUF...."), FileKind::kGguf);
  EXPECT_EQ(KindOfBytes(" {\"a\":1}"), FileKind::kConfig);
  EXPECT_EQ(KindOfBytes(Safetensors(kTwoTensors)), FileKind::kSafetensors);
  EXPECT_EQ(KindOfBytes("services{"), std::nullopt);
  EXPECT_EQ(KindOfBytes(""), std::nullopt);
}

TEST(ModelFile, ReadsAnIndex) {
  const std::string text = R"({"metadata":{"total_size":128},"weight_map":{"a.weight":"1.safetensors"}})";
  const Result<ModelFile> file = ReadModelFile({{"i.json", text, static_cast<int64_t>(text.size())}});
  ASSERT_TRUE(file.ok()) << file.error().Message();
  EXPECT_EQ(file->kind, FileKind::kSafetensorsIndex);
  EXPECT_EQ(file->bytes.count(), 128);
}

TEST(ModelFile, OnePartOfASplitFileSaysSo) {
  const auto text = [](const std::string& value) { return LittleEndian(value.size(), 8) + value; };
  const auto part = [&](int count) {
    std::string bytes = "GGUF" + LittleEndian(3, 4) + LittleEndian(0, 8) + LittleEndian(3, 8);
    bytes += text("general.architecture") + LittleEndian(8, 4) + text("llama");
    bytes += text("split.no") + LittleEndian(2, 4) + LittleEndian(0, 2);
    bytes += text("split.count") + LittleEndian(2, 4) + LittleEndian(static_cast<uint64_t>(count), 2);
    const Result<ModelFile> file = ReadModelFile({{"m.gguf", bytes, static_cast<int64_t>(bytes.size())}});
    return file.ok() && !file->remarks.empty() ? file->remarks[0] : std::string();
  };
  EXPECT_EQ(part(2), "This is part 1 of 2; the other parts hold the other tensors.");
  EXPECT_EQ(part(1).find("This is part"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
