#include "core/files/model_file_json.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/files/gguf_header.h"

namespace plimsoll {
namespace {

ModelFile AFile(size_t rows) {
  ModelFile file;
  file.kind = FileKind::kSafetensors;
  file.bytes = Bytes(int64_t{1} << 41);
  file.format = "bf16";
  file.model = Json::MakeObject().Set("model_type", "llama").Set("hidden_size", 64);
  file.own_format = Json("gguf-q4_k_m");
  file.remarks = {"One.", "Zwei."};
  for (size_t i = 0; i < rows; ++i) {
    InventoryRow row;
    row.name = "blk.*.ffn_up." + std::to_string(i);
    row.role = TensorRole::kExpert;
    row.part = TensorPart::kMtp;
    row.type = "Q4_K";
    row.rows = 4096;
    row.columns = 14336;
    row.count = 3;
    row.bytes = Bytes(99);
    row.layers = {0, 2, 31};
    file.rows.push_back(std::move(row));
  }
  return file;
}

TEST(ModelFileJson, SaysTheSameBothWays) {
  const ReadFile read = CountFile(AFile(2));
  EXPECT_EQ(read.tensors, 6);
  EXPECT_EQ(read.parameters, int64_t{6} * 4096 * 14336);
  const Result<Json> text = Json::Parse(ReadFileToJson(read).Dump(), "file");
  ASSERT_TRUE(text.ok());
  const Result<ReadFile> again = ReadFileFromJson(*text);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(ReadFileToJson(*again).Dump(), ReadFileToJson(read).Dump());
  EXPECT_EQ(again->file.bytes, read.file.bytes);
  ASSERT_EQ(again->file.rows.size(), 2U);
  EXPECT_EQ(again->file.rows[1].role, TensorRole::kExpert);
  EXPECT_EQ(again->file.rows[1].part, TensorPart::kMtp);
  EXPECT_EQ(again->file.rows[1].layers, read.file.rows[1].layers);
  EXPECT_EQ(again->file.model, read.file.model);
}

TEST(ModelFileJson, OfManyRowsTheFirstAreKeptAndAllAreCounted) {
  const ReadFile read = CountFile(AFile(5000));
  const Result<ReadFile> again = ReadFileFromJson(ReadFileToJson(read));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->file.rows.size(), kMostFileRows);
  EXPECT_EQ(again->tensors, 15000);
  EXPECT_EQ(again->file.remarks.back(), "Of 5,000 kinds of tensor the first 2,000 are listed.");
}

TEST(ModelFileJson, WhatIsNoFileIsRefused) {
  EXPECT_FALSE(ReadFileFromJson(Json()).ok());
  EXPECT_FALSE(ReadFileFromJson(Json::MakeObject().Set("kind", "a poem")).ok());
  EXPECT_TRUE(ReadFileFromJson(Json::MakeObject().Set("kind", "GGUF").Set("rows", 7)).ok());
}

// A header that came in slices is read like one that came at once.
TEST(ModelFileJson, SlicedHeadersAreFiles) {
  FilePart part;
  part.name = "a.gguf";
  GgufHeader header;
  header.metadata = Json::MakeObject().Set("general.architecture", "llama");
  part.gguf = std::make_shared<const GgufHeader>(std::move(header));
  const Result<ModelFile> file = ReadModelFile({part});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->kind, FileKind::kGguf);
  EXPECT_FALSE(file->remarks.empty()) << "it has no shapes";
}

}  // namespace
}  // namespace plimsoll
