// The three worked examples and what every report must hold, whatever the configuration.
#include "core/estimate/estimate.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/report_json.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  return decoded.ok() ? decoded->config : Config();
}

Report ReportOf(std::string_view url) {
  Result<Report> report = Estimate(FromUrl(url), ShippedCatalog());
  EXPECT_TRUE(report.ok()) << url << ": " << (report.ok() ? "" : report.error().Message());
  return report.ok() ? *report : Report();
}

Json JsonOf(std::string_view url) {
  Result<std::string> text = EstimateJson(FromUrl(url), ShippedCatalog(), 0);
  EXPECT_TRUE(text.ok()) << url;
  Result<Json> json = Json::Parse(text.ok() ? *text : "null", "report");
  EXPECT_TRUE(json.ok());
  return json.ok() ? *json : Json();
}

// ---- A: Qwen3-235B-A22B, 4 bits, one RTX 4090 --------------------------------------------------------

TEST(WorkedExampleA, OneCardCannotHoldAllExperts) {
  const Report report = ReportOf("m=qwen3-235b-a22b&q=awq-int4&ev=0.6.3&g=rtx-4090&ctx=4096&util=0.95");
  EXPECT_FALSE(report.fits());
  EXPECT_EQ(report.failure, FailureStage::kLoading);
  EXPECT_EQ(report.weights.total_params, 235093634560);
  EXPECT_NEAR(report.weights.checkpoint.gib(), 115.5, 0.3);
  // 94 layers x 4 KV heads x 128 x 2 (keys and values) x 2 bytes
  EXPECT_EQ(report.kv.per_token, Bytes(94 * 4 * 128 * 2 * 2));
  EXPECT_EQ(report.kv.per_sequence, Bytes(192512) * 4096);
}

TEST(WorkedExampleA, WhatThePostSaysOfOtherCards) {
  EXPECT_FALSE(ReportOf("m=qwen3-235b-a22b&q=awq-int4&g=rtx-4090&n=4&ctx=4096").fits())
      << "four cannot hold the weights";
  EXPECT_EQ(ReportOf("m=qwen3-235b-a22b&q=awq-int4&g=rtx-4090&n=6&tp=6&ctx=4096").verdict, Verdict::kInvalid)
      << "64 heads do not divide by 6";
  const Report two = ReportOf("m=qwen3-235b-a22b&q=awq-int4&g=h100-sxm&n=2&ctx=4096");
  EXPECT_TRUE(two.fits());
  EXPECT_NEAR(two.per_gpu[0].weights.gib(), 57.8, 0.3);
  EXPECT_TRUE(ReportOf("m=qwen3-235b-a22b&q=awq-int4&g=a100-sxm-80gb&n=4&ctx=4096").fits());
  EXPECT_TRUE(ReportOf("m=qwen3-32b&q=awq-int4&g=rtx-4090&ctx=4096").fits());
  EXPECT_EQ(ReportOf("m=qwen2.5-72b&q=gptq-int8&g=rtx-4090&n=3").verdict, Verdict::kInvalid)
      << "64 heads do not divide by 3";
}

// ---- B: Qwen3.5-35B-A3B GPTQ-Int4, four T4 -----------------------------------------------------------

constexpr std::string_view kFourT4 = "m=qwen3.5-35b-a3b&q=gptq-int4&g=t4&n=4&tp=4&ctx=16384&util=0.85";

TEST(WorkedExampleB, FourT4HoldTheExperts) {
  const Report report = ReportOf(kFourT4);
  // Published: the experts alone are quantised, 20.2 GiB of text and 0.9 of vision; the MTP layer adds 1.6.
  // No 8 to 10 GB, and no 17.5.
  EXPECT_NEAR(report.weights.checkpoint.gib(), 22.7, 0.3);
  // 10 attention layers x 2 KV heads x 256 x 2 x 2 bytes: no 2 to 3 GB for 2048 tokens
  EXPECT_EQ(report.kv.per_token, Bytes(10 * 2 * 256 * 2 * 2));
  EXPECT_EQ(report.per_gpu.size(), 4u);
  EXPECT_LT(report.per_gpu[0].weights, GiB(8));
}

TEST(WorkedExampleB, ADraftWithAnotherVocabularyIsRefused) {
  Config config = FromUrl(kFourT4);
  config.speculative = Speculative{SpeculativeMethod::kDraft, "qwen2.5-7b", "gptq-int4", 5};
  const Result<Report> report = Estimate(config, ShippedCatalog());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict, Verdict::kInvalid);
}

// ---- C: Llama 3.1 70B AWQ-INT4, one RTX 4090 ---------------------------------------------------------

constexpr std::string_view kOne4090 =
    "m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384&seqs=4&kv=fp8&util=0.95&pc=1";

TEST(WorkedExampleC, SeventyBillionParametersDoNotFit24Gigabytes) {
  const Report report = ReportOf(kOne4090);
  EXPECT_FALSE(report.fits());
  EXPECT_EQ(report.weights.total_params, 70553706496);
  EXPECT_NEAR(report.weights.checkpoint.gib(), 37.0, 0.1);
  EXPECT_EQ(report.kv.per_token, Bytes(163840)) << "fp8";
  EXPECT_EQ(ReportOf("m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384").kv.per_token, Bytes(327680));
  const Json json = JsonOf(kOne4090);
  EXPECT_EQ(json.Find("headline")->AsString().substr(0, 23), "Does not fit: short by ");
  EXPECT_NE(json.Find("headline")->AsString().find("on one RTX 4090"), std::string::npos);
}

TEST(WorkedExampleC, APoolOf5AndAHalfGibHolds36044Tokens) {
  // The post's arithmetic on a card that does hold the weights; whole blocks of 16.
  const auto tokens = [](const char* kv) {
    return ReportOf(std::string("m=llama-3.1-70b&q=awq-int4&g=h100-sxm&ctx=8192&kvb=5905580032&kv=") + kv)
        .kv.capacity_tokens;
  };
  EXPECT_EQ(tokens("fp8"), 36044 / 16 * 16);
  EXPECT_EQ(tokens("bf16"), 18022 / 16 * 16);
}

// ---- every report -------------------------------------------------------------------------------------

TEST(Estimate, EveryModelIsAnsweredOnBothEngines) {
  for (const Model& model : ShippedCatalog().models()) {
    for (const char* rest : {"&g=h100-sxm&n=8&ctx=8192", "&g=rtx-4090&e=llama.cpp&q=gguf-q4_k_m&ctx=8192"}) {
      const std::string url = "m=" + model.id + rest;
      const Report report = ReportOf(url);
      ASSERT_FALSE(report.per_gpu.empty()) << url;
      EXPECT_GE(report.weights.total_params, report.weights.active_params) << url;
      EXPECT_GE(report.kv.per_token, Bytes(0)) << url;
      EXPECT_GE(report.kv.per_sequence, report.kv.per_token * 8192) << url << ": windows come on top";
      for (const GpuReport& gpu : report.per_gpu) {
        for (const MemoryPart& part : kMemoryParts) {
          EXPECT_GE(gpu.*part.bytes, Bytes(0)) << url << ' ' << part.name;
          EXPECT_LT(gpu.*part.bytes, GiB(100000)) << url << ' ' << part.name;
        }
        EXPECT_GE(gpu.total, gpu.weights) << url;
      }
      if (report.fits()) {
        EXPECT_LE(report.per_gpu[0].total, report.per_gpu[0].capacity) << url;
        EXPECT_GE(report.per_gpu[0].headroom, Bytes(0)) << url;
      }
    }
  }
}

TEST(Estimate, TheTermsAddUpToTheFullestCard) {
  for (const char* url :
       {"m=llama-3.1-8b&g=rtx-4090&ctx=16384", "m=qwen3-235b-a22b&q=awq-int4&g=h100-sxm&n=2&ctx=16384",
        "m=qwen3-30b-a3b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ctx=8192",
        "m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384"}) {
    const Config config = FromUrl(url);
    const Result<Resolved> resolved = Settle(config, ShippedCatalog());
    ASSERT_TRUE(resolved.ok());
    const Report report = EstimateResolved(*resolved);
    Bytes sum;
    for (const Term& term : Explain(*resolved, report).terms) {
      if (term.depth == 0) sum += term.bytes;
      EXPECT_FALSE(term.name.empty());
      EXPECT_FALSE(term.source.empty()) << url << " " << term.name;
    }
    EXPECT_EQ(sum.count(), FullestCard(report)->total.count()) << url;
  }
}

// More memory, fewer tokens, fewer bits: never worse.
TEST(Estimate, IsMonotone) {
  for (const char* model :
       {"llama-3.1-8b", "qwen3-30b-a3b", "gemma-3-27b", "deepseek-v2-lite", "qwen3-next-80b-a3b"}) {
    for (const char* engine : {"vllm", "llama.cpp"}) {
      const std::string base = std::string("m=") + model + "&e=" + engine + "&g=h100-sxm&n=1" +
                               (std::string(engine) == "llama.cpp" ? "&q=gguf-q4_k_m" : "");
      Bytes before;
      for (int tokens : {1024, 4096, 16384, 32768}) {
        const Report report = ReportOf(base + "&ctx=" + std::to_string(tokens));
        EXPECT_GE(report.kv.per_sequence, before) << base;
        before = report.kv.per_sequence;
      }
      Bytes headroom = GiB(-100000);
      for (int mib : {20000, 40000, 80000, 160000}) {
        const Report report = ReportOf(base + "&ctx=8192&gm=" + std::to_string(mib));
        EXPECT_GT(report.per_gpu[0].headroom, headroom) << base << " " << mib;
        headroom = report.per_gpu[0].headroom;
      }
    }
  }
}

TEST(Estimate, HugeNumbersSaturateInsteadOfOverflowing) {
  for (const char* rest : {"&ctx=1000000000", "&seqs=1000000&ctx=1000000000", "&mbt=1000000000", "&n=4096",
                           "&gm=1", "&gm=1000000000", "&c=1000000&in=1000000000&out=1000000000", "&util=0.01",
                           "&kvb=1125899906842624", "&off=100000", "&bs=65536"}) {
    for (const char* engine : {"&e=vllm", "&e=llama.cpp"}) {
      const Report report = ReportOf(std::string("m=llama-3.1-8b&g=rtx-4090") + rest + engine);
      EXPECT_GE(report.kv.per_sequence, Bytes(0)) << rest;
      const std::string json = JsonOf(std::string("m=llama-3.1-8b&g=rtx-4090") + rest + engine).Dump();
      EXPECT_EQ(json.find("null,\"low\""), std::string::npos) << "no NaN: " << rest << engine;
    }
  }
}

// What a machine's own figures change, and what they leave beside them.
TEST(Estimate, ACalibrationCorrectsMemoryAndSpeedAndHidesNothing) {
  for (const char* engine : {"vllm", "llama.cpp"}) {
    Config config;
    config.model = "llama-3.1-8b";
    config.engine = engine;
    config.gpu = {"h100-sxm"};
    config.max_model_len = 8192;
    if (std::string(engine) == "llama.cpp") config.format = Json("gguf-q4_k_m");
    const Config as_predicted = config;
    const Result<Resolved> plain = Settle(as_predicted, ShippedCatalog());
    const Report before = EstimateResolved(*plain);
    config.cal = Calibration{1.0, 2.0, 0.5, 0.25};
    const Result<Resolved> resolved = Settle(config, ShippedCatalog());
    const Report after = EstimateResolved(*resolved);
    EXPECT_EQ(after.per_gpu[0].non_torch, before.per_gpu[0].non_torch + GiB(1)) << engine;
    EXPECT_EQ(after.per_gpu[0].activation, before.per_gpu[0].activation * 2) << engine;
    EXPECT_NEAR(after.speed.decode_tokens_per_s, before.speed.decode_tokens_per_s / 2,
                1e-6 * before.speed.decode_tokens_per_s)
        << engine;
    EXPECT_LT(after.speed.prefill_tokens_per_s, before.speed.prefill_tokens_per_s / 2) << engine;
    ASSERT_TRUE(after.uncalibrated) << engine;
    EXPECT_EQ(after.uncalibrated->per_gpu[0].total, before.per_gpu[0].total) << engine;
    EXPECT_EQ(after.uncalibrated->speed.tpot_ms, before.speed.tpot_ms) << engine;
    EXPECT_TRUE(after.Has("calibrated"));
    EXPECT_TRUE(ReportToJson(*resolved, after).Has("uncalibrated"));
    EXPECT_FALSE(ReportToJson(*plain, before).Has("uncalibrated"));
  }
  // Memory that is held elsewhere is taken from the pool.
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"rtx-4090"};
  config.max_model_len = 8192;
  const Config as_predicted = config;
  const Result<Resolved> plain = Settle(as_predicted, ShippedCatalog());
  const Report before = EstimateResolved(*plain);
  config.cal = Calibration{0.5, {}, {}, {}};
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  const Report after = EstimateResolved(*resolved);
  EXPECT_NEAR((before.kv.available - after.kv.available).gib(), 0.5, 1e-6);
}

}  // namespace
}  // namespace plimsoll
