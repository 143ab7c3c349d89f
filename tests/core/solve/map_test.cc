#include "core/solve/map.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

MapSheet Made(MapQuestion question) {
  Result<MapMaker> maker = MapMaker::Start(std::move(question), ShippedCatalog());
  EXPECT_TRUE(maker.ok()) << (maker.ok() ? "" : maker.error().Message());
  while (!maker->Advance(7)) {
  }
  return maker->sheet();
}

TEST(Map, ACellIsTheEstimateOfItsConfiguration) {
  MapQuestion question;
  question.base = DecodeConfigUrl("m=llama-3.1-70b&ctx=8192&c=2")->config;
  question.xs = {Json("rtx-4090"), Json("h100-sxm"), Json("b200")};
  question.ys = {Json("bf16"), Json("awq-int4")};
  const MapSheet map = Made(question);
  int fitting = 0;
  for (size_t y = 0; y < 2; ++y) {
    for (size_t x = 0; x < 3; ++x) {
      const MapCell& cell = map.cell(x, y, 0);
      const Config config = map.ConfigOf(x, y, 0, ShippedCatalog());
      EXPECT_EQ(config.gpu.front(), question.xs[x].AsString());
      const Report report = *Estimate(config, ShippedCatalog());
      EXPECT_EQ(cell.verdict, report.verdict);
      if (!cell.fits()) {
        EXPECT_GT(cell.short_gib, 0);
        continue;
      }
      ++fitting;
      EXPECT_EQ(cell.figure, static_cast<double>(report.kv.max_model_len_that_fits));
    }
  }
  EXPECT_GE(fitting, 2);
  EXPECT_LE(fitting, 5);
}

// Cells share what they can (MapMaker); an estimate by itself shares nothing. Cards of every padding and kernel, formats that
// are repacked, cut in groups or stored with scales, dense models and ones with experts, latent attention and MTP layers.
TEST(Map, CellsThatShareAreWhatEachWouldBeAlone) {
  for (const char* base : {"e=vllm", "e=vllm&n=2", "e=vllm&n=8&tp=4&pp=2", "e=sglang", "e=sglang&n=4&ep=1",
                           "e=vllm&n=8&tp=8&ep=1&sm=mtp&sn=1", "e=llama.cpp&n=2"}) {
    MapQuestion question;
    question.base = DecodeConfigUrl(std::string(base) + "&m=llama-3.1-8b&ctx=4096&c=2")->config;
    question.x = "gpu";
    question.y = "format";
    question.z = "model";
    for (const char* card : {"a100-sxm-80gb", "h100-sxm", "b200", "mi300x", "rtx-4090", "t4"})
      question.xs.push_back(Json(card));
    const bool gguf = std::string_view(base).find("llama.cpp") != std::string_view::npos;
    for (const char* format : {"bf16", "fp8", "gptq-int4", "awq-int4", "mxfp4", "gguf-q4_k_m", "gguf-q8_0"}) {
      if ((std::string_view(format).substr(0, 4) == "gguf") == gguf) question.ys.push_back(Json(format));
    }
    for (const char* model : {"llama-3.1-8b", "qwen3-30b-a3b", "gpt-oss-20b", "deepseek-v3",
                              "qwen3-next-80b-a3b", "qwen3-vl-8b"}) {
      question.zs.push_back(Json(model));
    }
    const MapSheet map = Made(question);
    int fitting = 0;
    for (size_t z = 0; z < question.zs.size(); ++z) {
      for (size_t y = 0; y < question.ys.size(); ++y) {
        for (size_t x = 0; x < question.xs.size(); ++x) {
          const MapCell& cell = map.cell(x, y, z);
          if (!cell.understood) continue;
          const Config config = map.ConfigOf(x, y, z, ShippedCatalog());
          const Report report = *Estimate(config, ShippedCatalog());
          EXPECT_EQ(cell.verdict, report.verdict) << EncodeConfigUrl(config);
          if (!cell.fits()) continue;
          ++fitting;
          EXPECT_EQ(cell.figure, static_cast<double>(report.kv.max_model_len_that_fits))
              << EncodeConfigUrl(config);
        }
      }
    }
    EXPECT_GE(fitting, 20) << base;
  }
}

// Against every layout that can be written by hand.
TEST(Map, ACellTakesTheBestLayoutOfItsCards) {
  for (const MapMeasure measure : {MapMeasure::kLongest, MapMeasure::kRate, MapMeasure::kFirstToken}) {
    MapQuestion question;
    question.base = DecodeConfigUrl("m=qwen3-30b-a3b&g=rtx-4090&ctx=8192")->config;
    question.x = "gpus";
    question.y = "format";
    question.xs = {Json(1), Json(2), Json(4), Json(8)};
    question.ys = {Json("bf16"), Json("fp8")};
    question.measure = measure;
    const MapSheet map = Made(question);
    for (size_t y = 0; y < 2; ++y) {
      for (size_t x = 0; x < 4; ++x) {
        const int64_t count = *question.xs[x].AsInt();
        double best = 0;
        for (int64_t tp = 1; tp <= count; tp *= 2) {
          for (const bool whole : {false, true}) {
            if (whole && tp == 1) continue;
            Config config = question.base;
            config.format = question.ys[y];
            config.gpus = count;
            config.tp = tp;
            config.pp = count / tp;
            if (whole) config.expert_parallel = true;
            const Report report = *Estimate(config, ShippedCatalog());
            if (!report.fits()) continue;
            const double figure = measure == MapMeasure::kLongest
                                      ? static_cast<double>(report.kv.max_model_len_that_fits)
                                  : measure == MapMeasure::kRate ? report.speed.decode_tokens_per_s
                                                                 : -report.speed.ttft_ms / 1e3;
            best = best == 0 ? figure : std::max(best, figure);
          }
        }
        const MapCell& cell = map.cell(x, y, 0);
        EXPECT_EQ(cell.fits(), best != 0) << count << " " << y;
        EXPECT_DOUBLE_EQ(cell.fits() ? cell.figure : 0, std::abs(best)) << count << " " << y;
        EXPECT_EQ(int64_t{cell.tp} * cell.pp, count);
      }
    }
  }
}

TEST(Map, EveryAxisHasValuesAndMakesAMap) {
  for (const std::string_view axis : kMapAxes) {
    MapQuestion question;
    question.base = DecodeConfigUrl("m=llama-3.1-8b&g=rtx-4090&ctx=8192")->config;
    question.x = axis;
    question.y = axis == "gpu" ? "format" : "gpu";
    const MapSheet map = Made(question);
    EXPECT_GE(map.question.xs.size(), 2U) << axis;
    int understood = 0;
    for (size_t x = 0; x < map.question.xs.size(); ++x) understood += map.cell(x, 0, 0).understood;
    EXPECT_GE(understood, 2) << axis;
  }
}

TEST(Map, AxesTravelInALink) {
  MapQuestion question;
  EXPECT_EQ(EncodeMapAxes(question), "");
  question.x = "gpus";
  question.z = "gpu";
  question.measure = MapMeasure::kCost;
  MapQuestion read;
  EXPECT_FALSE(DecodeMapAxes(EncodeMapAxes(question), &read));
  EXPECT_EQ(read.x, "gpus");
  EXPECT_EQ(read.y, "format");
  EXPECT_EQ(read.z, "gpu");
  EXPECT_EQ(read.measure, MapMeasure::kCost);
  for (const char* text : {"x.colour", "w.gpu", "x.format", "c.beauty", "!"}) {
    MapQuestion before = read;
    EXPECT_TRUE(DecodeMapAxes(text, &read)) << text;
    EXPECT_EQ(read.x, before.x) << "a refused text changes nothing";
  }
}

TEST(Map, NonsenseIsRefused) {
  MapQuestion question;
  question.base = DecodeConfigUrl("m=llama-3.1-8b&g=rtx-4090")->config;
  question.y = question.x;
  EXPECT_FALSE(MapMaker::Start(question, ShippedCatalog()).ok());
  question.y = "format";
  question.xs.assign(1000, Json("rtx-4090"));
  question.ys.assign(1000, Json("bf16"));
  EXPECT_FALSE(MapMaker::Start(question, ShippedCatalog()).ok());
}

}  // namespace
}  // namespace plimsoll
