#include "core/engines/option_writer.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

std::string Least(std::string_view url) {
  const Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  return EncodeConfigUrl(WithoutDefaults(decoded->config, ShippedCatalog()));
}

TEST(OptionWriter, WhatTheEngineTakesAnywayGoes) {
  EXPECT_EQ(Least("m=qwen3-8b&q=bf16&g=rtx-4090&n=1&tp=1&eager=0&ctx=8192"),
            "m=qwen3-8b&g=rtx-4090&ctx=8192");
  EXPECT_EQ(Least("m=qwen3-8b&g=rtx-4090&seqs=256"), "m=qwen3-8b&g=rtx-4090");
  // The same number is no default on a card with 1,024.
  EXPECT_EQ(Least("m=qwen3-8b&g=h100-sxm&seqs=256"), "m=qwen3-8b&g=h100-sxm&seqs=256");
}

}  // namespace
}  // namespace plimsoll
