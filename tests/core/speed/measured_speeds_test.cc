#include "core/speed/measured_speeds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/engines/server.h"
#include "core/formats/gguf_types.h"
#include "core/speed/measured_speeds_table.h"
#include "core/validate/validation.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

static_assert(kFormatClasses == kFormatClasses);

TEST(MeasuredSpeeds, EveryCoefficientIsPhysical) {
  const MeasuredSpeeds& speeds = FittedSpeeds();
  for (const EngineSpeeds& engine : speeds.engines) {
    for (size_t f = 0; f < kFormatClasses; ++f) {
      EXPECT_GT(engine.stream[f].value, 0.05);
      EXPECT_LT(engine.stream[f].value, 1.3);
      EXPECT_GT(engine.compute[f].value, 0.01);
      EXPECT_LT(engine.compute[f].value, 1.5);
      EXPECT_GE(engine.unpack[f].value, 0);
      EXPECT_LT(engine.unpack[f].value, 60);  // instructions for one weight
      EXPECT_GT(engine.stream[f].spread, 0);
      EXPECT_LE(engine.stream[f].spread, 0.6);
    }
    EXPECT_GE(engine.unpack_tokens, 0);
    EXPECT_LE(engine.unpack_tokens, 256);  // rows of a tile
    EXPECT_GT(engine.layer_us.value, 1);
    EXPECT_LT(engine.layer_us.value, 2000);
    EXPECT_FALSE(engine.source.empty());
  }
  EXPECT_GT(speeds.ggml_in_flight.value, 3);
  EXPECT_LT(speeds.ggml_in_flight.value, 20);
  EXPECT_GT(speeds.marlin_in_flight.value, speeds.ggml_in_flight.value);  // several stages of copies ahead
  EXPECT_LT(speeds.marlin_in_flight.value, 40);
  EXPECT_GT(speeds.ggml_vulkan.value, 1);
  EXPECT_LT(speeds.ggml_vulkan.value, 1.3);
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
      {"mi50-32gb", CardClass::kCdna},
      {"mi100", CardClass::kCdna},
      {"mi300x", CardClass::kCdna3},
      {"rx-7900-xtx", CardClass::kRdna},
      {"rx-5700-xt", CardClass::kRdna},
      {"radeon-ai-pro-r9700", CardClass::kRdna4},
      {"ryzen-ai-max-395", CardClass::kStrix},
      {"apple-m1", CardClass::kAppleEarly},
      {"apple-m2-ultra", CardClass::kAppleEarly},
      {"apple-m3-max", CardClass::kApple},
      {"apple-m5-max", CardClass::kApple},
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
      {"decode_tps_per_stream", 165, 0.08, 0.13},
      {"tpot_ms", 242, 0.10, 0.14},
      {"e2e_ms", 44, 0.08, 0.1},
      {"prefill_tps", 85, 0.13, 0.22},
      {"ttft_ms", 130, 0.22, 0.30},
      {"output_tps_total", 95, 0.10, 0.14},
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

// What runs and cards nobody measured can expect: the errors of fits that did not see them, as `plimsoll_calibrate
// errors` wrote them, beside those of the fit that saw all.
TEST(MeasuredSpeeds, WhatWasLeftOutIsPredictedNearlyAsWellAsWhatWasSeen) {
  const Result<Json> json = Json::Parse(ReadTestFile("speed/errors.json"), "errors.json");
  ASSERT_TRUE(json.ok());
  const std::string kMetrics[] = {"all decode",  "all e2e",   "all tpot",
                                  "all prefill", "all total", "all ttft"};
  size_t found = 0;
  for (const Json& item : json->Find("errors")->items()) {
    const std::string of = item.Find("of")->AsString();
    if (std::find(std::begin(kMetrics), std::end(kMetrics), of) == std::end(kMetrics)) continue;
    ++found;
    for (const char* statistic : {"median", "mean"}) {
      const double fitted = *item.Find("fitted")->Find(statistic)->AsDouble();
      EXPECT_GT(fitted, 0);
      EXPECT_LE(*item.Find("run_left_out")->Find(statistic)->AsDouble(), 1.5 * fitted)
          << of << " " << statistic;
      EXPECT_LE(*item.Find("card_left_out")->Find(statistic)->AsDouble(), 1.5 * fitted)
          << of << " " << statistic;
    }
  }
  EXPECT_EQ(found, std::size(kMetrics));
}

// The bands hold eight tenths of the rows that a fit did not see, where there are enough of them to say so.
TEST(MeasuredSpeeds, BandsHoldEightTenths) {
  const Result<Json> json = Json::Parse(ReadTestFile("speed/errors.json"), "errors.json");
  ASSERT_TRUE(json.ok());
  for (const char* of : {"decode llama.cpp", "decode others", "prefill llama.cpp", "prefill others",
                         "tpot vllm", "tpot others", "ttft vllm", "ttft others", "total"}) {
    const Json* share = json->Find("band_coverage")->Find(of);
    ASSERT_NE(share, nullptr) << of;
    EXPECT_GT(*share->AsDouble(), 0.75) << of;
    // Nine rows: the band is from the least to the most of what was found, and has none outside when it is theirs alone.
    const double most = std::string_view(of) == "prefill others" ? 1 : 0.9;
    EXPECT_LE(*share->AsDouble(), most) << of;
  }
}

// The report belongs to this table and this model: its errors are those found here.
TEST(MeasuredSpeeds, TheReportOfErrorsIsNotStale) {
  const Result<Json> cases = Json::Parse(ReadTestFile("speed/measured.json"), "measured.json");
  const Result<Json> errors = Json::Parse(ReadTestFile("speed/errors.json"), "errors.json");
  ASSERT_TRUE(cases.ok() && errors.ok());
  const Result<CaseFile> file = ReadCases(*cases);
  ASSERT_TRUE(file.ok());
  const Validation validation = Validate(*file, ShippedCatalog());
  const std::pair<const char*, const char*> kNames[] = {
      {"all decode", "decode_tps_per_stream"}, {"all tpot", "tpot_ms"}, {"all prefill", "prefill_tps"},
      {"all total", "output_tps_total"},       {"all ttft", "ttft_ms"}, {"all e2e", "e2e_ms"}};
  for (const auto& [of, metric] : kNames) {
    for (const Json& item : errors->Find("errors")->items()) {
      if (item.Find("of")->AsString() != of) continue;
      for (const MetricSummary& summary : validation.binding_summary) {
        if (summary.metric != metric) continue;
        EXPECT_NEAR(summary.median_abs, *item.Find("fitted")->Find("median")->AsDouble(), 0.015) << of;
        EXPECT_NEAR(summary.mean_abs, *item.Find("fitted")->Find("mean")->AsDouble(), 0.03) << of;
      }
    }
  }
}

// A class without rows answers with what its vendor and memory reach, and says that it knows less.
TEST(MeasuredSpeeds, ACardNobodyMeasuredGetsItsKinsSpeedAndAWiderBand) {
  const MeasuredSpeeds& speeds = FittedSpeeds();
  const auto& ggml = speeds.cards[static_cast<size_t>(KernelGroup::kGgml)];
  const CardFactors& seen = ggml[static_cast<size_t>(CardClass::kAmpere)];
  const CardFactors& unseen = ggml[static_cast<size_t>(CardClass::kTuring)];
  EXPECT_GT(seen.stream.rows, 20);
  EXPECT_EQ(unseen.stream.rows, 0);
  EXPECT_NEAR(unseen.stream.value / seen.stream.value, 1, 0.1);
  EXPECT_NEAR(unseen.layer.value / seen.layer.value, 1, 0.1);
  EXPECT_GT(unseen.stream.spread, 1.3 * seen.stream.spread);
}

}  // namespace
}  // namespace plimsoll
