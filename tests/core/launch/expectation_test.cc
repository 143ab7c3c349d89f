#include "core/launch/expectation.h"

#include <gtest/gtest.h>

#include "core/base/yaml_text.h"
#include "core/config/config_url.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Expectation Of(std::string_view url) {
  const Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok());
  Result<Expectation> expected = Expect(decoded->config, ShippedCatalog());
  EXPECT_TRUE(expected.ok());
  return expected.ok() ? std::move(*expected) : Expectation();
}

TEST(Expectation, DownloadLogCardAndMetricsAreSaid) {
  const Expectation expected = Of("m=qwen3-8b&g=rtx-4090&ctx=8192");
  std::string all;
  for (const std::string& line : expected.lines) all += line + "\n";
  for (const char* part :
       {"Download: 16.4 GB; 2 min 11 s at 1 Gbit/s", "nvidia-smi: about ", "Log: ", "Watch: "}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << "\n" << all;
  }
  EXPECT_NE(expected.when_killed.find("137"), std::string::npos);
}

TEST(Expectation, EachMakersMonitorAndWordsForFullMemory) {
  const auto said = [](std::string_view url, std::string_view part) {
    const Expectation expected = Of(url);
    std::string all = expected.when_killed;
    for (const std::string& line : expected.lines) all += "\n" + line;
    return all.find(part) != std::string::npos;
  };
  EXPECT_TRUE(said("m=qwen3-8b&g=mi300x&ctx=8192", "amd-smi: about "));
  EXPECT_TRUE(said("m=qwen3-8b&g=mi300x&ctx=8192", "HIP out of memory"));
  EXPECT_FALSE(said("m=qwen3-8b&e=llama.cpp&q=gguf-q8_0&g=apple-m4-max&ctx=8192", "nvidia-smi"));
  EXPECT_FALSE(said("m=qwen3-8b&e=llama.cpp&q=gguf-q8_0&g=apple-m4-max&ctx=8192", "CUDA"));
}

TEST(Expectation, AlertsAreYamlWithARuleForEachMetric) {
  const Expectation expected = Of("m=qwen3-8b&g=rtx-4090&ctx=8192");
  const std::vector<YamlNode> documents = ParseYaml(expected.alerts);
  ASSERT_EQ(documents.size(), 1U);
  const YamlNode* groups = documents[0].Find("groups");
  ASSERT_NE(groups, nullptr);
  const YamlNode* rules = groups->items[0].Find("rules");
  ASSERT_NE(rules, nullptr);
  ASSERT_EQ(rules->items.size(), expected.metrics.size());
  for (const YamlNode& rule : rules->items) {
    EXPECT_NE(rule.Find("alert"), nullptr);
    EXPECT_NE(rule.Find("expr"), nullptr);
  }
}

TEST(Expectation, OnlyWhatAServerTellsIsWatched) {
  for (const char* url :
       {"m=qwen3-8b&e=tensorrt-llm&g=h100-sxm", "m=qwen3-8b&e=ollama&q=gguf-q4_k_m&g=rtx-4090"}) {
    const Expectation none = Of(url);
    EXPECT_TRUE(none.metrics.empty()) << url;
    EXPECT_EQ(none.alerts, "") << url;
  }
  std::string all;
  for (const std::string& line : Of("m=qwen3-8b&e=sglang&g=mi300x").lines) all += line + "\n";
  EXPECT_NE(all.find("told with --enable-metrics"), std::string::npos) << all;
  EXPECT_NE(all.find("amd-smi: about"), std::string::npos) << all;
}

TEST(Expectation, ThresholdsAreThisConfigurations) {
  EXPECT_NE(Of("m=qwen3-8b&g=rtx-4090&ctx=8192&seqs=8").alerts,
            Of("m=qwen3-8b&g=rtx-4090&ctx=8192&seqs=64").alerts);
}

}  // namespace
}  // namespace plimsoll
