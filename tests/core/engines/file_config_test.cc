#include "core/engines/file_config.h"

#include <gtest/gtest.h>

#include "core/engines/registry.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

TEST(FileConfig, AFileThatDoesNotTellItsModelIsNoConfiguration) {
  ModelFile file;
  EXPECT_FALSE(ConfigOfFile(file).has_value());
  file.model = Json("llama");
  EXPECT_FALSE(ConfigOfFile(file).has_value());
}

TEST(FileConfig, AGgufBringsItsFormatAndItsEngine) {
  ModelFile file;
  file.model = JsonOfText(R"({"architectures":["LlamaForCausalLM"]})");
  file.own_format = Json("gguf-q4_k_m");
  file.kind = FileKind::kGguf;
  const std::optional<Config> gguf = ConfigOfFile(file);
  ASSERT_TRUE(gguf.has_value());
  EXPECT_EQ(gguf->inline_model, file.model);
  EXPECT_EQ(gguf->format, Json("gguf-q4_k_m"));
  EXPECT_EQ(gguf->engine, GgufEngine().traits().id);
  for (const FileKind kind : {FileKind::kConfig, FileKind::kSafetensors, FileKind::kSafetensorsIndex}) {
    file.kind = kind;
    const std::optional<Config> other = ConfigOfFile(file);
    ASSERT_TRUE(other.has_value());
    EXPECT_TRUE(other->format.is_null()) << "the config itself says how it is quantised";
    EXPECT_TRUE(other->engine.empty());
  }
}

}  // namespace
}  // namespace plimsoll
