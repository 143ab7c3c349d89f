#include "core/solve/together.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Together Ask(const std::vector<std::string>& urls) {
  std::vector<Config> configs;
  for (const std::string& url : urls) {
    const Result<DecodedConfig> decoded = DecodeConfigUrl(url);
    EXPECT_TRUE(decoded.ok()) << url;
    if (decoded.ok()) configs.push_back(decoded->config);
  }
  Result<Together> together = FitTogether(configs, ShippedCatalog(), SizeUnits::kBinary);
  EXPECT_TRUE(together.ok()) << (together.ok() ? "" : together.error().Message());
  return together.ok() ? *together : Together();
}

TEST(Together, TwoSmallModelsShareACard) {
  const Together together =
      Ask({"m=llama-3.1-8b&g=h100-sxm&ctx=16384&c=4", "m=qwen3-8b&g=rtx-4090&ctx=8192&c=4"});
  EXPECT_TRUE(together.fits) << together.sentence;
  EXPECT_EQ(together.sentence.find("Fit together: 2 models on one H100"), 0U) << together.sentence;
  ASSERT_EQ(together.tenants.size(), 2U);
  Bytes given;
  for (const Tenant& tenant : together.tenants) {
    EXPECT_EQ(tenant.config.gpu, std::vector<std::string>({"h100-sxm"})) << "on the cards of the first";
    ASSERT_TRUE(tenant.share);
    EXPECT_GE(tenant.users, 4) << tenant.name;
    EXPECT_GE(tenant.given, tenant.least);
    EXPECT_TRUE(Estimate(tenant.config, ShippedCatalog())->fits()) << tenant.name;
    given += tenant.given;
  }
  EXPECT_LE(given.gib(), together.capacity.gib() + 0.001) << "nobody gets what another has";
  EXPECT_LT(*together.tenants[0].share + *together.tenants[1].share, 1);
}

TEST(Together, GraphsAndContextsBesideTheSharesHaveRoom) {
  const Together together = Ask({"m=llama-3.1-70b&q=awq-int4&g=h100-sxm&n=2&ctx=16384&c=8",
                                 "m=qwen3-8b&g=h100-sxm&ctx=8192&c=4", "m=qwen3-4b&g=h100-sxm&ctx=8192"});
  EXPECT_TRUE(together.fits) << together.sentence;
  for (const Tenant& tenant : together.tenants) EXPECT_TRUE(tenant.fits) << tenant.name;
}

// An encoder has no cache that could take what rounding leaves.
TEST(Together, AnEncoderStartsBesideModelsThatFillTheirShares) {
  for (const char* card : {"h100-sxm", "rtx-4090", "l40s"}) {
    const std::string on = std::string("&g=") + card;
    const Together together =
        Ask({"m=qwen3-8b&q=fp8&ctx=8192&c=2" + on, "m=qwen3-embedding-0.6b&ctx=2048" + on, "m=bge-m3" + on});
    EXPECT_TRUE(together.fits) << card << ": " << together.sentence;
    double shares = 0;
    for (const Tenant& tenant : together.tenants) shares += tenant.share.value_or(1);
    EXPECT_LT(shares, 1) << card;
  }
}

TEST(Together, WhoCannotStartAloneIsNamed) {
  const Together together = Ask({"m=qwen3-8b&g=h100-sxm&ctx=16384", "m=bge-m3&g=h100-sxm&ctx=16384"});
  EXPECT_FALSE(together.fits);
  EXPECT_NE(together.sentence.find("BGE M3 cannot start on one H100 SXM5 80GB, not even alone."),
            std::string::npos)
      << together.sentence;
}

TEST(Together, WhatIsMissingIsSaid) {
  const Together together = Ask({"m=qwen3-32b&g=h100-sxm&ctx=8192", "m=qwen3-32b&g=h100-sxm&ctx=8192"});
  EXPECT_FALSE(together.fits);
  EXPECT_LT(together.free, Bytes(0));
  EXPECT_NE(together.sentence.find("short by"), std::string::npos) << together.sentence;
  const Together alone = Ask({"m=qwen3-32b&g=h100-sxm&ctx=8192"});
  EXPECT_TRUE(alone.fits) << alone.sentence;
  EXPECT_EQ((alone.free - together.free).gib(), together.tenants[1].least.gib());
}

TEST(Together, BuffersOfOtherEnginesCountAsTheyAre) {
  const Together together = Ask({"m=llama-3.1-8b&g=rtx-4090&q=awq-int4&ctx=8192",
                                 "m=qwen3-8b&g=rtx-4090&e=llama.cpp&q=gguf-q4_k_m&ctx=8192"});
  EXPECT_TRUE(together.fits) << together.sentence;
  EXPECT_FALSE(together.tenants[1].share) << "it takes what it needs";
  const Result<DecodedConfig> one =
      DecodeConfigUrl("m=qwen3-8b&g=rtx-4090&e=llama.cpp&q=gguf-q4_k_m&ctx=8192");
  EXPECT_EQ(together.tenants[1].least, Estimate(one->config, ShippedCatalog())->per_gpu[0].total);
}

TEST(Together, AnUnknownModelIsNamedByItsPlace) {
  Config good, bad;
  good.model = "llama-3.1-8b";
  good.gpu = {"h100-sxm"};
  bad.model = "no-such-model";
  const Result<Together> together = FitTogether({good, bad}, ShippedCatalog(), SizeUnits::kBinary);
  ASSERT_FALSE(together.ok());
  EXPECT_EQ(together.error().field, "2: model");
}

}  // namespace
}  // namespace plimsoll
