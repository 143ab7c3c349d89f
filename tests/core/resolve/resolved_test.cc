#include "core/resolve/resolved.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "core/resolve/resolve.h"
#include "core/resolve/resolved_config.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  return decoded.ok() ? decoded->config : Config();
}

// The Config must outlive what is resolved from it.
struct Case {
  explicit Case(std::string_view url) : config(FromUrl(url)), result(Settle(config, ShippedCatalog())) {}
  const Resolved& operator*() const { return *result; }
  const Resolved* operator->() const { return &*result; }
  std::string error() const { return result.ok() ? "(accepted)" : result.error().Message(); }
  Config config;
  Result<Resolved> result;
};

bool HasDiagnostic(const Resolved& resolved, std::string_view code) {
  return std::any_of(resolved.diagnostics.begin(), resolved.diagnostics.end(),
                     [&](const Diagnostic& diagnostic) { return diagnostic.code == code; });
}

TEST(Resolved, OnlyTheModelIsNeeded) {
  const Case c("m=llama-3.1-8b");
  ASSERT_TRUE(c.result.ok()) << c.error();
  EXPECT_EQ(c->engine->id, "vllm");
  EXPECT_EQ(c->format->id, "bf16");
  ASSERT_EQ(c->cards.size(), 1u);
  EXPECT_EQ(c->cards[0].gpu->id, kDefaultGpu);
  EXPECT_EQ(c->max_model_len, 131072);
  EXPECT_NE(c->kv_cache_dtype.k, KvType::kAuto);
  const std::vector<std::string_view> defaulted = DefaultedKeys(*c);
  for (const char* key : {"format", "engine", "gpu", "max_model_len", "gpu_memory_utilization"}) {
    EXPECT_NE(std::find(defaulted.begin(), defaulted.end(), key), defaulted.end()) << key;
  }
  EXPECT_EQ(std::find(defaulted.begin(), defaulted.end(), "model"), defaulted.end());
  EXPECT_EQ(std::find(defaulted.begin(), defaulted.end(), "n_ubatch"), defaulted.end()) << "llama.cpp's";
}

TEST(Resolved, ErrorsNameTheFieldAndTheNearestId) {
  EXPECT_EQ(Case("").error().substr(0, 16), "model is missing");
  EXPECT_NE(Case("m=llama-3.1-71b").error().find("nearest: \"llama-3.1-70b\""), std::string::npos);
  EXPECT_NE(Case("m=llama-3.1-8b&g=rtx409").error().find("nearest: \"rtx-4090\""), std::string::npos);
  EXPECT_NE(Case("m=llama-3.1-8b&q=awq-int3").error().find("nearest: \"awq-int4\""), std::string::npos);
  EXPECT_EQ(Case("m=llama-3.1-8b&ev=banana").error().substr(0, 14), "engine_version");
  EXPECT_EQ(Case("m=llama-3.1-8b&g=t4,t4,t4&n=4").error().substr(0, 4), "gpu ");
  EXPECT_EQ(Case("m=llama-3.1-8b&gm=8000,9000,1&n=2").error().substr(0, 15), "gpu_memory_mib ");
  EXPECT_EQ(Case("m=llama-3.1-8b&n=4096&nn=4096").error().substr(0, 5), "gpus ");
  EXPECT_EQ(Case("m=llama-3.1-8b&tp=4096&pp=4096&dp=4096").error().substr(0, 3), "tp ");
}

TEST(Resolved, CardsAreLaidOutAsTheContractSays) {
  const Case four("m=llama-3.1-70b&g=h100-sxm&n=4");
  EXPECT_EQ(four->tp, 4);
  EXPECT_EQ(four->pp, 1);
  const Case staged("m=llama-3.1-70b&g=h100-sxm&n=4&pp=2");
  EXPECT_EQ(staged->tp, 2);
  const Case replicas("m=llama-3.1-8b&g=h100-sxm&n=4&dp=4");
  EXPECT_EQ(replicas->tp, 1);
  const Case nodes("m=deepseek-r1&g=h100-sxm&n=8&nn=2");
  EXPECT_EQ(nodes->tp, 8);
  EXPECT_EQ(nodes->pp, 2);
  EXPECT_EQ(nodes->cards.size(), 16u);
  const Case mixed("m=llama-3.1-8b&g=rtx-4090,rtx-3090");
  EXPECT_EQ(mixed->gpus, 2);
  EXPECT_EQ(mixed->cards[1].gpu->id, "rtx-3090");
  const Case degrees("m=llama-3.1-8b&g=t4&tp=2");
  EXPECT_EQ(degrees->gpus, 2) << "the degrees say how many cards there are";
  const Case measured("m=llama-3.1-8b&g=rtx-4090&gm=24000");
  EXPECT_EQ(measured->cards[0].capacity, MiB(24000));
}

TEST(Resolved, ALayoutThatCannotBeIsADiagnosticAndStillAReport) {
  const Case c("m=llama-3.1-8b&g=rtx-4090&n=2&tp=4");
  ASSERT_TRUE(c.result.ok()) << c.error();
  EXPECT_TRUE(HasDiagnostic(*c, "not_enough_gpus"));
  const Report report = EstimateResolved(*c);
  EXPECT_EQ(report.verdict, Verdict::kInvalid);
  EXPECT_EQ(report.per_gpu.size(), 2u);
  EXPECT_GT(report.weights.checkpoint, GiB(14));
  EXPECT_EQ(Explain(*c, report).headline, "Cannot run: tp 4 x pp 1 x dp 1 needs 4 GPUs; there are 2.");
  EXPECT_TRUE(HasDiagnostic(*Case("m=llama-3.1-8b&n=4&tp=2"), "gpus_unused"));
}

TEST(Resolved, LlamaCppTakesGgufAndNoDegrees) {
  const Case c("m=llama-3.1-8b&e=llama.cpp&g=rtx-4090&n=2&tp=2");
  ASSERT_TRUE(c.result.ok()) << c.error();
  EXPECT_EQ(c->format->id, "gguf-bf16");
  EXPECT_EQ(c->tp, 1);
  EXPECT_TRUE(HasDiagnostic(*c, "keys_ignored"));
  EXPECT_EQ(Case("m=gpt-oss-20b&e=llama.cpp")->format->id, "gguf-mxfp4_moe");
}

TEST(Resolved, TheModelsOwnFormatIsTheDefault) {
  EXPECT_EQ(Case("m=deepseek-r1&g=h200&n=8")->format->id, "fp8-block");
  EXPECT_EQ(Case("m=gpt-oss-120b&g=h100-sxm")->format->id, "mxfp4");
  EXPECT_NEAR(Case("m=deepseek-r1&g=h200&n=8")->stored.bits_per_weight, 8.05, 0.2);
}

constexpr std::string_view kInline =
    R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","torch_dtype":"float16","num_hidden_layers":2,)"
    R"("hidden_size":256,"intermediate_size":512,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":1000,)"
    R"("max_position_embeddings":2048,"tie_word_embeddings":false)";

Config Inline(std::string_view more) {
  Result<DecodedConfig> decoded =
      DecodeConfigJsonText("{\"model\":" + std::string(kInline) + std::string(more) + "}}");
  EXPECT_TRUE(decoded.ok()) << (decoded.ok() ? "" : decoded.error().Message());
  return decoded.ok() ? decoded->config : Config();
}

// A repository's name stands for what the catalog knows of it, as a format or inside one.
TEST(Resolved, RepositoriesAreFormats) {
  const Case plain("m=glm-5&q=nvfp4");
  const Case named("m=glm-5&q=nvidia/GLM-5.1-NVFP4");
  ASSERT_TRUE(named.result.ok()) << named.error();
  EXPECT_EQ(named->checkpoint->repo, "nvidia/GLM-5.1-NVFP4");
  EXPECT_EQ(named->format->id, "nvfp4");
  // The three dense layers stay whole too.
  EXPECT_GT(named->stored.checkpoint, plain->stored.checkpoint);
  EXPECT_EQ(ResolvedConfigJson(*named).Find("format")->AsString(), "nvidia/GLM-5.1-NVFP4");
  Config inside = FromUrl("m=glm-5");
  inside.format = *Json::Parse(R"({"repo":"nvidia/GLM-5.1-NVFP4"})", "format");
  const Result<Resolved> object = Settle(inside, ShippedCatalog());
  ASSERT_TRUE(object.ok()) << object.error().Message();
  EXPECT_EQ(object->stored.checkpoint, named->stored.checkpoint);
  EXPECT_FALSE(Case("m=glm-5&q=nvidia/Nothing-NVFP4").result.ok());
  // A repository that asks for an fp8 cache does so by its own name; "fp8" stands for others', too.
  const Case fp8("m=llama-3.1-70b&q=nvidia/Llama-3.1-70B-Instruct-FP8&e=sglang");
  ASSERT_TRUE(fp8.result.ok()) << fp8.error();
  EXPECT_EQ(fp8->kv_cache_dtype.k, KvType::kFp8);
  EXPECT_EQ(Case("m=llama-3.1-70b&q=fp8&e=sglang")->kv_cache_dtype.k, KvType::kBf16);
  // A published file's own size.
  const Case dynamic("m=qwen3.6-27b&q=gguf-ud-q8_k_xl&e=llama.cpp");
  ASSERT_TRUE(dynamic.result.ok()) << dynamic.error();
  EXPECT_TRUE(HasDiagnostic(*dynamic, "format_is_average"));
  EXPECT_NEAR(dynamic->stored.checkpoint.gib(), 33.31, 0.02);
}

TEST(Resolved, InlineModelsBringTheirOwnFormat) {
  const Config plain = Inline("");
  const Result<Resolved> fp16 = Settle(plain, ShippedCatalog());
  ASSERT_TRUE(fp16.ok()) << fp16.error().Message();
  EXPECT_EQ(fp16->format->id, "fp16");
  EXPECT_EQ(fp16->model, nullptr);
  // 2 x 1000 x 256 embeddings and head; a layer: 256 x (256 + 128 + 128 + 256) attention, 3 x 256 x 512 MLP,
  // 2 norms; a final norm.
  const int64_t parameters = 2 * 1000 * 256 + 2 * (256 * 768 + 3 * 256 * 512 + 2 * 256) + 256;
  EXPECT_EQ(fp16->parameters.total, parameters);
  EXPECT_EQ(fp16->stored.checkpoint, Bytes(2 * parameters));

  const Config quantised =
      Inline(R"(,"quantization_config":{"quant_method":"gptq","bits":4,"group_size":128})");
  const Result<Resolved> gptq = Settle(quantised, ShippedCatalog());
  ASSERT_TRUE(gptq.ok()) << gptq.error().Message();
  EXPECT_EQ(gptq->format->id, "gptq-int4");
  EXPECT_LT(gptq->stored.checkpoint, fp16->stored.checkpoint);

  Config other = quantised;
  other.format = Json("bf16");
  EXPECT_EQ(Settle(other, ShippedCatalog())->format->id, "bf16");
}

TEST(Resolved, HostileInlineModelsAreRefusedOrAnswered) {
  for (const char* model :
       {"{}", R"({"architectures":[]})", R"({"architectures":["X"],"model_type":"x"})",
        R"({"architectures":["LlamaForCausalLM"],"num_hidden_layers":999999999})",
        R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","num_hidden_layers":-1,)"
        R"("hidden_size":1e300,"num_attention_heads":0,"vocab_size":9223372036854775807})"}) {
    Config config;
    Result<Json> json = Json::Parse(model, "test");
    ASSERT_TRUE(json.ok());
    config.inline_model = *json;
    const Result<Report> report = Estimate(config, ShippedCatalog());
    EXPECT_TRUE(report.ok() || report.error().field.starts_with("model")) << model;
  }
}

TEST(Resolved, AsLongAsFitsIsSettled) {
  const Case c("m=llama-3.1-8b&g=rtx-4090&ctx=-1");
  ASSERT_TRUE(c.result.ok()) << c.error();
  EXPECT_TRUE(c->max_model_len_auto);
  EXPECT_GT(c->max_model_len, 1024);
  EXPECT_LE(c->max_model_len, 131072);
  EXPECT_TRUE(EstimateResolved(*c).fits());
}

TEST(Resolved, TheConfigOfAReportAsksForTheSameReport) {
  for (const char* url : {"m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384",
                          "m=qwen3-235b-a22b&q=awq-int4&g=h100-sxm&n=2", "m=deepseek-r1&g=h200&n=8",
                          "m=llama-3.1-8b&g=rtx-4090,rtx-3090", "m=gpt-oss-20b&e=llama.cpp&ctx=8192",
                          "m=qwen3-30b-a3b&e=llama.cpp&q=gguf-q4_k_m&ncmoe=10&g=rtx-4060&ctx=4096"}) {
    const Case first(url);
    ASSERT_TRUE(first.result.ok()) << url << first.error();
    Result<DecodedConfig> again = DecodeConfigJson(ResolvedConfigJson(*first));
    ASSERT_TRUE(again.ok()) << url << ": " << again.error().Message();
    const Result<Resolved> second = Settle(again->config, ShippedCatalog());
    ASSERT_TRUE(second.ok()) << url << ": " << second.error().Message();
    EXPECT_EQ(ResolvedConfigJson(*second).Dump(), ResolvedConfigJson(*first).Dump()) << url;
    const Json here = ReportToJson(*first, EstimateResolved(*first)),
               there = ReportToJson(*second, EstimateResolved(*second));
    EXPECT_EQ(here.Find("per_gpu")->Dump(), there.Find("per_gpu")->Dump()) << url;
    EXPECT_EQ(here.Find("kv")->Dump(), there.Find("kv")->Dump()) << url;
  }
}

}  // namespace
}  // namespace plimsoll
