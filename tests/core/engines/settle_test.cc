#include "core/engines/settle.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(Settle, AnUnknownEngineIsNamedWithThoseThatAreKnown) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&e=abacus")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(
      resolved.error().Message(),
      "engine: given \"abacus\"; accepted: vllm, llama.cpp, ollama, sglang, tensorrt-llm, mlx, mlc-llm, "
      "exllama, exllamav2, autoawq, lmdeploy or transformers");
}

TEST(Settle, AnAliasIsItsEngine) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&e=ollama")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  EXPECT_EQ(resolved->engine->id, "llama.cpp");
}

TEST(Settle, AsLongAsFitsIsTheLengthThatThePlanHasRoomFor) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&g=rtx-4090&ctx=-1")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  EXPECT_LT(resolved->max_model_len, 131072);
  EXPECT_GT(resolved->max_model_len, 16384);
}

}  // namespace
}  // namespace plimsoll
