#include "core/measured_speeds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/catalog.h"
#include "core/catalog_data.h"
#include "core/gguf_types.h"
#include "core/throughput.h"
#include "core/validation.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

static_assert(kFormatClasses == kSpeedFormats);

TEST(MeasuredSpeeds, EveryCoefficientIsPhysical) {
  const MeasuredSpeeds& speeds = FittedSpeeds();
  for (const EngineSpeeds& engine : speeds.engines) {
    for (size_t f = 0; f < kFormatClasses; ++f) {
      EXPECT_GT(engine.stream[f].value, 0.05);
      EXPECT_LT(engine.stream[f].value, 1.3);
      EXPECT_GT(engine.compute[f].value, 0.01);
      EXPECT_LT(engine.compute[f].value, 1.5);
      EXPECT_GT(engine.stream[f].spread, 0);
      EXPECT_LE(engine.stream[f].spread, 0.6);
    }
    EXPECT_GT(engine.layer_us.value, 1);
    EXPECT_LT(engine.layer_us.value, 2000);
    EXPECT_FALSE(engine.source.empty());
  }
  for (const auto& group : speeds.cards) {
    for (const CardFactors& card : group) {
      EXPECT_GT(card.stream.value, 0.3);
      EXPECT_LT(card.stream.value, 1.6);
      EXPECT_GT(card.compute.value, 0.05);
      EXPECT_LT(card.compute.value, 4);
      EXPECT_GT(card.layer.value, 0.2);
      EXPECT_LT(card.layer.value, 5);
    }
  }
}

TEST(MeasuredSpeeds, EveryCardOfTheCatalogHasAClass) {
  const CatalogData data = EmbeddedCatalog();
  const Result<Catalog> catalog = Catalog::Parse(data.models, data.gpus);
  ASSERT_TRUE(catalog.ok());
  struct Expected {
    const char* gpu;
    CardClass card;
  };
  const Expected kCards[] = {
      {"p40", CardClass::kPascal},
      {"v100-32gb", CardClass::kVolta},
      {"t4", CardClass::kTuring},
      {"rtx-3090", CardClass::kAmpere},
      {"a100-sxm-80gb", CardClass::kAmpereHbm},
      {"l40s", CardClass::kAda},
      {"h200", CardClass::kHopper},
      {"b200", CardClass::kBlackwellHbm},
      {"rtx-5090", CardClass::kBlackwell},
      {"gb10-dgx-spark", CardClass::kGraceUnified},
      {"mi100", CardClass::kCdna},
      {"mi300x", CardClass::kCdna3},
      {"rx-7900-xtx", CardClass::kRdna},
      {"radeon-ai-pro-r9700", CardClass::kRdna4},
      {"ryzen-ai-max-395", CardClass::kStrix},
      {"apple-m2-ultra", CardClass::kApple},
      {"arc-b580", CardClass::kIntel},
  };
  for (const Expected& expected : kCards) {
    const Gpu* gpu = catalog->FindGpu(expected.gpu);
    ASSERT_NE(gpu, nullptr) << expected.gpu;
    EXPECT_EQ(ClassOf(*gpu), expected.card) << expected.gpu;
  }
  for (int c = 0; c < kCardClasses; ++c) EXPECT_FALSE(CardClassName(static_cast<CardClass>(c)).empty());
}

TEST(MeasuredSpeeds, FileTypesFallIntoTheirClasses) {
  EXPECT_EQ(ClassOfGguf(FindGgufFileType("q4_k_m")), FormatClass::kGgufK);
  EXPECT_EQ(ClassOfGguf(FindGgufFileType("q2_k")), FormatClass::kGgufK3);
  EXPECT_EQ(ClassOfGguf(FindGgufFileType("q8_0")), FormatClass::kGguf8);
  EXPECT_EQ(ClassOfGguf(FindGgufFileType("bf16")), FormatClass::kHalf);
  EXPECT_EQ(ClassOfGguf(FindGgufFileType("iq2_xs")), FormatClass::kGgufI);
  EXPECT_EQ(ClassOfGguf(FindGgufFileType("mxfp4_moe")), FormatClass::kMxfp4);
  EXPECT_EQ(ClassOfGguf(-1), FormatClass::kGgufK);
  EXPECT_EQ(ClassOfGguf(1000), FormatClass::kGgufK);
}

// The product's promise: how far predictions lie from published measurements (the set "main"), serving runs
// answered by the simulator. A regression of the model, the table or the scheduler shows here.
TEST(MeasuredSpeeds, PublishedMeasurementsStayWithinTheirBounds) {
  const Result<Json> json = Json::Parse(ReadTestFile("speed/measured.json"), "measured.json");
  ASSERT_TRUE(json.ok());
  const Result<CaseFile> file = ReadCases(*json);
  ASSERT_TRUE(file.ok());
  const Validation validation = Validate(*file, ShippedCatalog());
  struct BoundOfMetric {
    const char* metric;
    int64_t at_least;
    double median, mean;
  };
  const BoundOfMetric kBounds[] = {
      {"decode_tps_per_stream", 165, 0.09, 0.16},
      {"tpot_ms", 130, 0.15, 0.25},
      {"prefill_tps", 85, 0.25, 0.60},
      {"ttft_ms", 130, 0.25, 0.80},
      {"output_tps_total", 95, 0.20, 0.40},
  };
  for (const BoundOfMetric& bound : kBounds) {
    bool found = false;
    for (const MetricSummary& summary : validation.binding_summary) {
      if (summary.metric != bound.metric) continue;
      found = true;
      EXPECT_GE(summary.n, bound.at_least) << bound.metric;
      EXPECT_LE(summary.median_abs, bound.median) << bound.metric;
      EXPECT_LE(summary.mean_abs, bound.mean) << bound.metric;
    }
    EXPECT_TRUE(found) << bound.metric;
  }
}

}  // namespace
}  // namespace plimsoll
