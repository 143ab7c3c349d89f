#include "tests/support/architecture_totals.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/arch/kv_cache.h"
#include "core/weights/read_architecture.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

constexpr KvTypes k16{KvType::kBf16, KvType::kBf16};

const Json* CaseOf(std::string_view id) {
  for (const Json& item : ArchitectureTotals().items()) {
    if (item.Find("id")->AsString() == id) return &item;
  }
  ADD_FAILURE() << "no case " << id;
  return nullptr;
}

}  // namespace

const Json& ArchitectureTotals() {
  static const Json file = *Json::Parse(ReadTestFile("architecture_totals.json"), "architecture_totals.json");
  return *file.Find("cases");
}

int ExpectPublishedTotals(std::string_view group) {
  int count = 0;
  for (const Json& item : ArchitectureTotals().items()) {
    if (item.Find("group")->AsString() != group) continue;
    ++count;
    const std::string& id = item.Find("id")->AsString();
    const Result<Architecture> read = ReadArchitecture(*item.Find("config"), "model");
    EXPECT_TRUE(read.ok()) << id << ": " << read.error().Message();
    if (!read.ok()) continue;
    EXPECT_EQ(CountParameters(*read).total, item.Find("total_params")->AsInt()) << id;
    if (const Json* cache = item.Find("kv_bytes_per_token")) {
      EXPECT_EQ(KvBytesPerToken(*read, k16).count(), cache->AsInt()) << id;
    }
  }
  return count;
}

const Json* CaseConfig(std::string_view id) {
  const Json* item = CaseOf(id);
  return item == nullptr ? nullptr : item->Find("config");
}

Architecture ReadCase(std::string_view id) {
  const Json* item = CaseOf(id);
  if (item == nullptr) return {};
  Result<Architecture> read = ReadArchitecture(*item->Find("config"), "model");
  EXPECT_TRUE(read.ok()) << id << ": " << read.error().Message();
  return read.ok() ? *std::move(read) : Architecture{};
}

Result<Architecture> ReadCaseWith(std::string_view id, std::string_view key, std::string_view value) {
  const Json* item = CaseOf(id);
  if (item == nullptr) return Error{"id", std::string(id), "a case"};
  Json config = *item->Find("config");
  config.Set(key, *Json::Parse(value, "value"));
  return ReadArchitecture(config, "model");
}

bool Remarks(const Architecture& architecture, std::string_view words) {
  return std::any_of(architecture.remarks.begin(), architecture.remarks.end(),
                     [words](const std::string& remark) { return remark.find(words) != std::string::npos; });
}

}  // namespace plimsoll
