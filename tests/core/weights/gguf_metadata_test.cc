// Beside gguf_recipe_test.cc: the bytes of a GGUF file that are no tensors.
#include <gtest/gtest.h>

#include "core/weights/gguf_recipe.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// Published files: Llama 3's tokenizer 7.8 MB of 128256 entries, gpt-oss's 13 MB of 201088, Qwen's 5.9 MB of
// 151936, SentencePiece's 0.7 MB of 32000; and a name, shape, type and offset for each tensor.
TEST(GgufMetadata, BytesOfTheTokenizerByItsKind) {
  const auto bytes = [](int64_t vocab, const char* name, int64_t tensors) {
    Architecture architecture;
    architecture.name = name;
    architecture.traits = TraitsOf(name, "");
    architecture.vocab = vocab;
    return GgufMetadataBytes(architecture, tensors).count();
  };
  EXPECT_EQ(bytes(128256, "LlamaForCausalLM", 0), 128256 * 61);
  EXPECT_EQ(bytes(201088, "GptOssForCausalLM", 0), 201088 * 61);
  EXPECT_EQ(bytes(151936, "Qwen3ForCausalLM", 0), 151936 * 39);
  EXPECT_EQ(bytes(32000, "LlamaForCausalLM", 0), 32000 * 22);
  EXPECT_EQ(bytes(65536, "LlamaForCausalLM", 0), 65536 * 22);
  EXPECT_EQ(bytes(65537, "LlamaForCausalLM", 0), 65537 * 39);
  EXPECT_EQ(bytes(262144, "Gemma3ForCausalLM", 0), 262144 * 22);
  EXPECT_EQ(bytes(151936, "Qwen3ForCausalLM", 400) - bytes(151936, "Qwen3ForCausalLM", 399), 64);
}

TEST(GgufMetadata, AFileIsItsTensorsAndThese) {
  const Model& model = *ShippedCatalog().FindModel("llama-3.1-8b");
  const BoundFormat& bound = *ShippedCatalog().Bind(model, "gguf-q4_k_m");
  EXPECT_EQ(bound.stored.file, bound.gguf.tensors + bound.gguf.padding +
                                   GgufMetadataBytes(model.architecture(), bound.gguf.tensor_count));
  EXPECT_EQ(bound.gguf.tensor_count, 4 + 32 * 9);
  // bartowski/Meta-Llama-3.1-8B-Instruct-GGUF, Q4_K_M: 4,920,739,232 bytes.
  EXPECT_NEAR(static_cast<double>(bound.stored.file.count()), 4920739232, 1e6);
}

}  // namespace
}  // namespace plimsoll
