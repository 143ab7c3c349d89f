#include "core/weights/read_architecture.h"

#include <gtest/gtest.h>

#include "core/arch/architecture_reader.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

constexpr const char* kTiny =
    R"({"architectures":["LlamaForCausalLM"],"hidden_size":64,"num_attention_heads":2,"num_hidden_layers":2,
        "vocab_size":100,"intermediate_size":128})";

TEST(ReadArchitecture, AddsWhatFormatsNeedToWhatTheReaderBuilds) {
  const Json config = JsonOfText(kTiny);
  const Result<Architecture> built = BuildArchitecture(config, "model");
  const Result<Architecture> read = ReadArchitecture(config, "model");
  ASSERT_TRUE(built.ok() && read.ok());
  EXPECT_TRUE(built->gguf.empty());
  // Embedding, head, norm, and nine tensors of a layer.
  EXPECT_EQ(read->gguf.size(), 3u + 9u);
  ASSERT_EQ(built->tensors.size(), read->tensors.size());
  int quantised = 0;
  for (size_t i = 0; i < read->tensors.size(); ++i) {
    EXPECT_EQ(built->tensors[i].name, read->tensors[i].name);
    EXPECT_EQ(built->tensors[i].quantized_by, 0);
    quantised += read->tensors[i].quantized_by != 0 ? 1 : 0;
  }
  EXPECT_EQ(quantised, 7) << "q, k, v, o, gate, up and down";
}

TEST(ReadArchitecture, ErrorsComeThrough) {
  Json config = JsonOfText(kTiny);
  config.Set("vocab_size", -3);
  const Result<Architecture> read = ReadArchitecture(config, "file");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "file.vocab_size");
}

}  // namespace
}  // namespace plimsoll
