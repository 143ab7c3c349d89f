#include "core/resolve/memory_parts.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/base/json.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// Every part a size of its own, so that one taken twice or left out shows in any sum.
GpuReport PowersOfTwo() {
  GpuReport gpu;
  int64_t bytes = 1;
  for (const MemoryPart& part : kMemoryParts) {
    gpu.*part.bytes = Bytes(bytes);
    bytes *= 2;
  }
  return gpu;
}

TEST(MemoryParts, AllBytesOfACardStandInTheTable) {
  // What is no part: capacity, budget, total and headroom. Of the rest, the id and the rank are not bytes.
  constexpr size_t kNoParts = 4;
  constexpr size_t kNoBytes = sizeof(std::string_view) + sizeof(Bytes);  // rank is padded to eight
  EXPECT_EQ(sizeof(GpuReport), kNoBytes + sizeof(Bytes) * (kNoParts + kMemoryParts.size()));
  EXPECT_EQ(sizeof(HostReport), sizeof(Bytes) * kHostParts.size());
}

TEST(MemoryParts, NamesKeysAndGlyphsTellThemApart) {
  std::set<std::string_view> keys, names;
  std::set<char> glyphs;
  size_t drawn = 0;
  for (const MemoryPart& part : kMemoryParts) {
    keys.insert(part.key);
    names.insert(part.name);
    if (part.account == PartAccount::kBesideCard) continue;
    ++drawn;
    glyphs.insert(part.glyph);
    EXPECT_FALSE(part.label.empty()) << part.name;
    EXPECT_FALSE(part.color.empty()) << part.name;
    EXPECT_TRUE(part.glyph >= 'A' && part.glyph <= 'Z') << part.name << ": '.', '|' and '!' are taken";
  }
  EXPECT_EQ(keys.size(), kMemoryParts.size());
  EXPECT_EQ(names.size(), kMemoryParts.size());
  EXPECT_EQ(glyphs.size(), drawn);
}

TEST(MemoryParts, TheSumIsOfAllThatLiesOnTheCard) {
  const GpuReport gpu = PowersOfTwo();
  EXPECT_EQ(SumOfParts(gpu), Bytes((1 << kMemoryParts.size()) - 1) - gpu.reserved);
  EXPECT_EQ(SumInShare(gpu), SumOfParts(gpu) - gpu.driver - gpu.others);
  EXPECT_EQ(SumOfParts(HostReport{Bytes(1), Bytes(2), Bytes(4), Bytes(8)}), Bytes(15));
}

TEST(MemoryParts, ABarStacksEveryPartOnceAndOneColourTogether) {
  std::string glyphs;
  for (const MemoryPart* part : kStackedParts) glyphs += part->glyph;
  EXPECT_EQ(glyphs, "WKRACGNDO");
}

TEST(MemoryParts, SegmentsAddUpToTheCard) {
  const GpuReport gpu = PowersOfTwo();
  Bytes sum;
  std::set<std::string_view> labels;
  for (const MemorySegment& segment : SegmentsOf(gpu)) {
    sum += segment.bytes;
    EXPECT_TRUE(labels.insert(segment.part->label).second)
        << segment.part->label << " stands apart from itself";
    if (segment.part->label == "Runtime") {
      EXPECT_EQ(segment.part->name, "runtime");
      EXPECT_EQ(segment.bytes, gpu.non_torch + gpu.driver);
    }
  }
  EXPECT_EQ(sum, SumOfParts(gpu));
  EXPECT_EQ(SegmentsOf(GpuReport())[0].bytes, Bytes(0));
}

TEST(MemoryParts, CardsAreAlikeWhenEveryPartIs) {
  const GpuReport gpu = PowersOfTwo();
  GpuReport other = gpu;
  other.rank = 5;
  EXPECT_TRUE(SameLoad(gpu, other));
  for (const MemoryPart& part : kMemoryParts) {
    other = gpu;
    other.*part.bytes += Bytes(1);
    EXPECT_FALSE(SameLoad(gpu, other)) << part.name;
  }
  other = gpu;
  other.gpu = "t4";
  EXPECT_FALSE(SameLoad(gpu, other));
}

// Whatever the engine, a card's total is the sum of the table, which the JSON spells out.
TEST(MemoryParts, EveryReportAddsUp) {
  for (const char* url :
       {"m=llama-3.1-8b&g=rtx-4090&ctx=16384&rsv=2000", "m=qwen3.5-9b&g=rtx-4090,rtx-3090&ctx=8192&rsv=500",
        "m=llama-3.1-8b&g=a100-sxm-80gb&ev=0.6.3&ctx=8192&rsv=2000",
        "m=qwen3-30b-a3b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ctx=8192&rsv=3000",
        "m=qwen3.5-9b&e=llama.cpp&q=gguf-q4_k_m&g=apple-m4-max&ctx=8192", "m=qwen3-8b&e=sglang&g=h100-sxm"}) {
    const Result<DecodedConfig> decoded = DecodeConfigUrl(url);
    ASSERT_TRUE(decoded.ok()) << url;
    const Result<Resolved> resolved = Settle(decoded->config, ShippedCatalog());
    ASSERT_TRUE(resolved.ok()) << url << ": " << resolved.error().Message();
    const Report report = EstimateResolved(*resolved);
    const Json json = ReportToJson(*resolved, report);
    for (const GpuReport& gpu : report.per_gpu) {
      EXPECT_GT(gpu.total, Bytes(0)) << url;
      EXPECT_EQ(gpu.total, SumOfParts(gpu)) << url;
      const Json& printed = json.Find("per_gpu")->items()[static_cast<size_t>(gpu.rank)];
      for (const MemoryPart& part : kMemoryParts) {
        ASSERT_TRUE(printed.Has(part.key)) << part.key;
        EXPECT_EQ(printed.Find(part.key)->AsInt(), (gpu.*part.bytes).count()) << url << ' ' << part.key;
      }
    }
    for (const HostPart& part : kHostParts) {
      EXPECT_EQ(json.Find("host")->Find(part.key)->AsInt(), (report.host.*part.bytes).count()) << part.key;
    }
  }
}

TEST(BarPieces, WhatStandsBesideTheShareIsAtTheCardsEnd) {
  GpuReport gpu;
  gpu.capacity = GiB(24);
  gpu.budget = GiB(20);
  gpu.weights = GiB(12);
  gpu.driver = GiB(1);
  gpu.others = GiB(2);
  gpu.total = SumOfParts(gpu);
  std::vector<BarPiece> pieces = BarPiecesOf(gpu);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].to, GiB(12));
  EXPECT_EQ(pieces[1].from, GiB(21)) << "beyond the share";
  EXPECT_EQ(pieces[2].to, GiB(24));
  EXPECT_EQ(BarEnd(gpu), GiB(24));
  gpu.headroom = Bytes(0) - GiB(6);
  pieces = BarPiecesOf(gpu);
  ASSERT_EQ(pieces.size(), 4U);
  EXPECT_EQ(pieces[1].part, nullptr);
  EXPECT_EQ(pieces[1].from, GiB(12));
  EXPECT_EQ(pieces[1].to, GiB(26)) << "six beyond the share";
  EXPECT_EQ(BarEnd(gpu), GiB(29)) << "what stands beside it goes on behind";
}

// A pool that fills the share, and graphs that are captured beyond it.
TEST(BarPieces, GraphsOutsideTheShareStandBesideIt) {
  GpuReport gpu;
  gpu.capacity = GiB(24);
  gpu.budget = GiB(20);
  gpu.weights = GiB(12);
  gpu.kv_cache = GiB(8);
  gpu.cuda_graph = GiB(2);
  gpu.total = SumOfParts(gpu);
  EXPECT_EQ(BarPiecesOf(gpu).back().from, GiB(22));
  gpu.kv_cache = GiB(6);  // they count against it
  EXPECT_EQ(BarPiecesOf(gpu).back().to, GiB(20));
}

}  // namespace
}  // namespace plimsoll
