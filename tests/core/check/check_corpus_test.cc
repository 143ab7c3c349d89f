// Commands, manifests and scripts in many shapes (tests/data/commands/), each with the configuration that it means;
// and the same texts cut, doubled and spoilt.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/check/check.h"
#include "core/config/config_url.h"
#include "tests/support/check_text.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

struct Case {
  std::string text, config;
  int64_t not_understood = 0;
};

std::vector<Case> Corpus() {
  std::vector<Case> cases;
  for (const char* file :
       {"vllm", "vllm_releases", "llama_cpp", "sglang", "tensorrt_llm", "ollama", "manifests", "mistakes"}) {
    const Result<Json> json = Json::Parse(ReadTestFile(std::string("commands/") + file + ".json"), file);
    EXPECT_TRUE(json.ok()) << file;
    if (!json.ok()) continue;
    for (const Json& row : json->Find("cases")->items()) {
      const Json* unknown = row.Find("not_understood");
      cases.push_back({row.Find("text")->AsString(), row.Find("config")->AsString(),
                       unknown != nullptr ? unknown->AsInt().value_or(0) : 0});
    }
  }
  return cases;
}

TEST(CheckCorpus, EveryCommandMeansItsConfiguration) {
  const std::vector<Case> cases = Corpus();
  EXPECT_GE(cases.size(), 150U);
  size_t understood = 0, all = 0;
  for (const Case& one : cases) {
    const Result<DecodedConfig> wanted = DecodeConfigUrl(one.config);
    ASSERT_TRUE(wanted.ok()) << one.config << "\n" << wanted.error().Message();
    const CheckResult read = Checked(one.text);
    EXPECT_EQ(EncodeConfigUrl(read.config), EncodeConfigUrl(wanted->config)) << one.text;
    EXPECT_EQ(read.not_understood.size(), static_cast<size_t>(one.not_understood)) << one.text;
    understood += read.understood.size();
    all += read.understood.size() + read.not_understood.size();
  }
  EXPECT_GE(static_cast<double>(understood), 0.98 * static_cast<double>(all));
}

TEST(CheckCorpus, SpoiltTextsAreReadOrRefusedAndEnd) {
  std::mt19937 random(1);
  const std::vector<Case> cases = Corpus();
  const auto below = [&](size_t most) { return most == 0 ? 0 : random() % most; };
  constexpr std::string_view kSpice = "'\"\\\n-=${}[]:|>#`&;, \t*";
  for (int round = 0; round < 150; ++round) {
    std::string text = cases[below(cases.size())].text;
    for (size_t i = 0; i < 1 + below(6); ++i) {
      const size_t at = below(text.size() + 1);
      switch (below(5)) {
        case 0:
          text.resize(at);
          break;
        case 1:
          text.insert(at, 1, kSpice[below(kSpice.size())]);
          break;
        case 2:
          text.insert(at, text.substr(below(text.size() + 1), below(200)));
          break;
        case 3:
          if (at < text.size()) text[at] = static_cast<char>(random() & 0xff);
          break;
        default:
          text += "\n" + cases[below(cases.size())].text.substr(0, below(300));
      }
    }
    const Result<CheckResult> result = Check(text, ShippedCatalog());
    EXPECT_TRUE(result.ok() || !result.error().field.empty());
  }
}

TEST(CheckCorpus, LongTextsEnd) {
  for (const std::string& piece :
       {std::string("vllm serve a --b c "), std::string("a: b\n"), std::string("- "), std::string("LLM("),
        std::string("$A${B"), std::string("FROM x\n"), std::string("services:\n a:\n"),
        std::string("docker run "), std::string("MiB / ")}) {
    std::string text;
    while (text.size() < 50000) text += piece;
    (void)Check(text, ShippedCatalog());
  }
}

}  // namespace
}  // namespace plimsoll
