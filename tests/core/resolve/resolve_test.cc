#include "core/resolve/resolve.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/registry.h"
#include "core/resolve/inquiry.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// Looked up alone: no engine has taken its defaults.
struct Looked {
  explicit Looked(std::string_view url) {
    Result<DecodedConfig> decoded = DecodeConfigUrl(url);
    EXPECT_TRUE(decoded.ok()) << url;
    config = decoded->config;
    const Engine& engine = *FindEngine(config.engine);
    Inquiry inquiry;
    Result<Resolved> found = Resolve(config, ShippedCatalog(), engine.traits(),
                                     *engine.ReadVersion(config.engine_version, ""), &inquiry);
    if (found.ok()) {
      resolved = std::move(*found);
    } else {
      error = found.error();
    }
  }
  bool Says(std::string_view code) const {
    for (const Diagnostic& diagnostic : resolved.diagnostics) {
      if (diagnostic.code == code) return true;
    }
    return false;
  }
  Config config;
  Resolved resolved;
  Error error;
};

TEST(Resolve, TakesNoDefaultOfAnEngine) {
  const Looked c("m=llama-3.1-8b");
  EXPECT_EQ(c.resolved.max_model_len, 0);
  EXPECT_EQ(c.resolved.max_num_seqs, 0);
  EXPECT_EQ(c.resolved.gpu_memory_utilization, 0);
  EXPECT_EQ(c.resolved.block_size, 0);
  EXPECT_EQ(c.resolved.kv_cache_dtype.k, KvType::kAuto);
  EXPECT_EQ(c.resolved.prompt_tokens, 1024);
  EXPECT_EQ(c.resolved.output_tokens, 256);
  EXPECT_EQ(c.resolved.concurrency, 1);
}

TEST(Resolve, HowManyCardsThereAre) {
  const struct {
    const char* url;
    int64_t gpus, nodes, tp, pp, dp;
  } cases[] = {
      {"g=h100-sxm", 1, 1, 1, 1, 1},
      {"g=h100-sxm&n=4", 4, 1, 4, 1, 1},
      {"g=h100-sxm&n=8&nn=2", 8, 2, 8, 2, 1},
      {"g=rtx-4090,rtx-3090", 2, 1, 2, 1, 1},              // as many as are named
      {"g=h100-sxm&gm=40000,40000,40000", 3, 1, 3, 1, 1},  // or as there are numbers of memory
      {"g=h100-sxm&tp=2&pp=3", 6, 1, 2, 3, 1},             // or as the degrees need
      {"g=h100-sxm&n=8&pp=2", 8, 1, 4, 2, 1},              // what the others leave
      {"g=h100-sxm&n=8&dp=2", 8, 1, 4, 1, 2},
  };
  for (const auto& c : cases) {
    const Looked looked(std::string("m=llama-3.1-8b&") + c.url);
    const Resolved& r = looked.resolved;
    EXPECT_EQ(r.gpus, c.gpus) << c.url;
    EXPECT_EQ(r.nodes, c.nodes) << c.url;
    EXPECT_EQ(r.tp, c.tp) << c.url;
    EXPECT_EQ(r.pp, c.pp) << c.url;
    EXPECT_EQ(r.dp, c.dp) << c.url;
    EXPECT_EQ(static_cast<int64_t>(r.cards.size()), c.gpus * c.nodes) << c.url;
  }
}

TEST(Resolve, ListsHaveToMatchTheCards) {
  const struct {
    const char* url;
    const char* field;
  } cases[] = {{"g=rtx-4090,rtx-3090&n=3", "gpu"},
               {"g=rtx-4090&n=3&gm=1000,2000", "gpu_memory_mib"},
               {"g=rtx-4090&n=3&rsv=1000,2000", "reserved_mib"},
               {"g=rtx-4090&n=4096&nn=2", "gpus"},
               {"g=rtx-4090&tp=3&nn=2", "nodes"},
               {"g=rtx-4090&e=llama.cpp&ts=1,1", "tensor_split"}};
  for (const auto& c : cases)
    EXPECT_EQ(Looked(std::string("m=llama-3.1-8b&") + c.url).error.field, c.field) << c.url;
}

TEST(Resolve, MemoryOfACard) {
  const Looked given("m=llama-3.1-8b&g=rtx-4090&n=2&gm=20000&rsv=500,0");
  EXPECT_EQ(given.resolved.cards[0].capacity, MiB(20000));
  EXPECT_EQ(given.resolved.cards[1].capacity, MiB(20000)) << "one number for all";
  EXPECT_EQ(given.resolved.cards[0].others, MiB(500));
  EXPECT_EQ(given.resolved.cards[1].others, Bytes(0));
  EXPECT_EQ(given.resolved.cards[0].reserved, Bytes(0));
  const Looked shared("m=llama-3.1-8b&g=apple-m2-ultra&gm=100000");
  EXPECT_EQ(shared.resolved.cards[0].reserved, GiB(192) - MiB(100000)) << "the rest is the system's";
  EXPECT_EQ(Looked("m=llama-3.1-8b&g=rtx-4090").resolved.cards[0].capacity, MiB(24111))
      << "the driver's figure";
}

TEST(Resolve, CardsAndDegreesThatDoNotMeet) {
  const Looked more("m=llama-3.1-8b&g=h100-sxm&n=2&tp=4");
  EXPECT_TRUE(more.Says("not_enough_gpus"));
  EXPECT_EQ(more.resolved.diagnostics[0].fix, "Set gpus to 4, or lower the degrees.");
  const Looked fewer("m=llama-3.1-8b&g=h100-sxm&n=4&tp=2");
  EXPECT_TRUE(fewer.Says("gpus_unused"));
  EXPECT_NE(fewer.resolved.diagnostics[0].message.find("2 of 4 GPUs stay unused"), std::string::npos);
  EXPECT_TRUE(Looked("m=llama-3.1-8b&g=h100-sxm&n=4&tp=4").resolved.diagnostics.empty());
  const Looked split("m=llama-3.1-8b&e=llama.cpp&g=h100-sxm&n=4&tp=4");
  EXPECT_EQ(split.resolved.tp, 1);
}

TEST(Resolve, AnAverageSaysHowFarFilesLieApart) {
  const Looked c("m=llama-3.1-8b&e=llama.cpp&q=gguf-ud-q4_k_xl&g=rtx-4090");
  ASSERT_TRUE(c.Says("format_is_average"));
  EXPECT_TRUE(c.resolved.stored.approximate);
  EXPECT_FALSE(Looked("m=llama-3.1-8b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090").Says("format_is_average"));
}

TEST(Resolve, EnginesThatReadGgufTakeTheModelsOwnPrecision) {
  EXPECT_EQ(Looked("m=llama-3.1-8b&e=llama.cpp").resolved.format->id, "gguf-bf16");
  EXPECT_EQ(Looked("m=gpt-oss-20b&e=llama.cpp").resolved.format->id, "gguf-mxfp4_moe");
  EXPECT_EQ(Looked("m=gpt-oss-20b").resolved.format->id, "mxfp4");
}

// MiniLM is stored in float32: 22,713,216 parameters, 90,852,864 bytes to download.
TEST(Resolve, Float32IsHeldAsTheEngineCastsIt) {
  const struct {
    const char* keys;
    const char* format;
    int64_t held;
  } cases[] = {
      {"", "bf16", 45426432},
      {"&e=sglang", "fp16", 45426432},
      {"&e=transformers", "fp32", 90852864},
      {"&e=llama.cpp", "gguf-f32", 0},
      {"&dt=float32", "fp32", 90852864},
      {"&dt=float16", "fp16", 45426432},
      {"&q=fp32", "fp32", 90852864},
  };
  for (const auto& c : cases) {
    const Looked looked(std::string("m=all-minilm-l6-v2") + c.keys);
    ASSERT_EQ(looked.error.field, "") << c.keys;
    EXPECT_EQ(looked.resolved.format->id, c.format) << c.keys;
    if (c.held == 0) continue;
    EXPECT_EQ(looked.resolved.stored.held.count(), c.held) << c.keys;
    EXPECT_EQ(looked.resolved.stored.checkpoint.count(), 90852864) << c.keys;
    EXPECT_EQ(looked.Says("weights_cast"), c.held != 90852864) << c.keys;
  }
}

// A pasted config follows the same rule, and `dtype` means it too. Two layers of phi's kind.
TEST(Resolve, PastedFloat32IsCastToo) {
  for (const std::string dtype : {"", "float32", "float8"}) {
    Config config;
    Result<Json> model = Json::Parse(
        R"({"architectures":["LlamaForCausalLM"],"torch_dtype":"float32","hidden_size":64,"vocab_size":100,
            "num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":128})",
        "model");
    ASSERT_TRUE(model.ok());
    config.inline_model = *model;
    config.dtype = dtype;
    const Engine& engine = *FindEngine("vllm");
    Inquiry inquiry;
    const Result<Resolved> found =
        Resolve(config, ShippedCatalog(), engine.traits(), *engine.ReadVersion("", ""), &inquiry);
    if (dtype == "float8") {
      ASSERT_FALSE(found.ok());
      EXPECT_EQ(found.error().field, "dtype");
      continue;
    }
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->format->id, dtype.empty() ? "bf16" : "fp32");
    EXPECT_EQ(found->stored.held.count() * (dtype.empty() ? 2 : 1), found->stored.checkpoint.count());
  }
}

TEST(Resolve, DraftsAreLookedUp) {
  const auto draft = [](const char* json) {
    Config config;
    config.model = "llama-3.1-70b";
    config.engine = "vllm";
    Result<DecodedConfig> decoded = DecodeConfigJsonText(json);
    config.speculative = decoded->config.speculative;
    const Engine& engine = *FindEngine("vllm");
    Inquiry inquiry;
    Result<Resolved> found =
        Resolve(config, ShippedCatalog(), engine.traits(), *engine.ReadVersion("", ""), &inquiry);
    return found.ok()
               ? (found->draft == nullptr ? "none" : found->draft->id + " in " + found->draft_format->id)
               : found.error().field;
  };
  EXPECT_EQ(draft(R"({"speculative":{"method":"draft","model":"llama-3.2-1b","num_tokens":3}})"),
            "llama-3.2-1b in bf16");
  EXPECT_EQ(
      draft(R"({"speculative":{"method":"draft","model":"llama-3.2-1b","format":"fp8","num_tokens":3}})"),
      "llama-3.2-1b in fp8");
  EXPECT_EQ(draft(R"({"speculative":{"method":"mtp","num_tokens":1}})"), "none");
  EXPECT_EQ(draft(R"({"speculative":{"method":"draft","num_tokens":1}})"), "speculative.model");
  EXPECT_EQ(draft(R"({"speculative":{"method":"draft","model":"llama-3.2-7b","num_tokens":1}})"),
            "speculative.model");
}

TEST(Resolve, OneCardLessIsSaidToo) {
  const Looked one("m=llama-3.1-8b&g=h100-sxm&n=2&tp=1");
  ASSERT_TRUE(one.Says("gpus_unused"));
  EXPECT_NE(one.resolved.diagnostics[0].message.find("1 of 2 GPUs stays unused"), std::string::npos);
  EXPECT_EQ(Looked("m=llama-3.1-8b&g=h100-sxm&tp=5&nn=3").error.field, "nodes") << "5 cards over 3 nodes";
}

}  // namespace
}  // namespace plimsoll
