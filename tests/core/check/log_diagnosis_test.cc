#include "core/check/log_diagnosis.h"

#include <gtest/gtest.h>

#include <string>

#include "core/check/check.h"
#include "core/check/startup_log.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

CheckResult Checked(const std::string& text) {
  const Result<CheckResult> result = Check(text, ShippedCatalog());
  EXPECT_TRUE(result.ok());
  return result.ok() ? *result : CheckResult();
}

constexpr const char* kStart =
    "GPU 0: NVIDIA GeForce RTX 4090\n"
    "INFO [core.py:77] Initializing a V1 LLM engine (v0.10.2) with config: "
    "model='meta-llama/Llama-3.1-8B-Instruct', "
    "dtype=torch.bfloat16, max_seq_len=131072, tensor_parallel_size=1, enforce_eager=False, "
    "kv_cache_dtype=auto\n"
    "INFO [gpu_model_runner.py:2338] Model loading took 14.9889 GiB and 12.3 seconds\n";

TEST(LogDiagnosis, APoolThatIsTooSmallIsMendedByTheLengthWithItsPrice) {
  const CheckResult result =
      Checked(std::string(kStart) +
              "INFO [gpu_worker.py:298] Available KV cache memory: 4.11 GiB\n"
              "ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB "
              "KV cache is "
              "needed, which is larger than the available KV cache memory (4.11 GiB).\n");
  EXPECT_EQ(result.config.gpu, std::vector<std::string>{"rtx-4090"});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->stage, FailureStage::kCacheTooSmall);
  EXPECT_NEAR(result.failure->missing->gib(), 11.89, 0.001);
  EXPECT_EQ(result.failure->knob, "max_model_len");
  ASSERT_FALSE(result.failure->fixes.empty());
  EXPECT_LE(result.failure->fixes.size(), 3u);
  bool shorter = false;
  for (const CheckFix& fix : result.failure->fixes) {
    EXPECT_FALSE(fix.set.members().empty());
    EXPECT_NE(fix.cost.find("tokens of context"), std::string::npos) << fix.cost;
    EXPECT_FALSE(fix.set.Has("cal")) << "the change is told, not how it was found";
    const Json* length = fix.set.Find("max_model_len");
    shorter = shorter || (length && length->AsInt() < 131072);
    const Result<Resolved> mended = Settle(fix.config, ShippedCatalog());
    ASSERT_TRUE(mended.ok());
    EXPECT_TRUE(EstimateResolved(*mended).fits()) << fix.cost;
  }
  EXPECT_TRUE(shorter);
}

TEST(LogDiagnosis, AShareThatIsNotFreeIsNamed) {
  const CheckResult result = Checked(
      std::string("GPU 0: NVIDIA GeForce RTX 4090\nINFO vLLM API server version 0.10.2\n"
                  "INFO non-default args: {'model': 'Qwen/Qwen3-8B', 'max_model_len': 8192}\n") +
      "ValueError: Free memory on device (19.44/23.52 GiB) on startup is less than desired GPU memory "
      "utilization "
      "(0.9, 21.17 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.\n");
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->stage, FailureStage::kLoading);
  EXPECT_EQ(result.failure->knob, "gpu_memory_utilization");
  EXPECT_NEAR(result.failure->missing->gib(), 21.17 - 19.44, 0.011);
  EXPECT_FALSE(result.failure->fixes.empty());
}

TEST(LogDiagnosis, TheSamplersWarmUpIsTheNumberOfSequences) {
  const CheckResult result = Checked(ReadTestFile("logs/vllm-fail-16-sampler_warm_up.log"));
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->stage, FailureStage::kSamplerWarmUp);
  EXPECT_EQ(result.failure->knob, "max_num_seqs");
}

// The residual of a log, put back as a calibration, gives the log's own figures; ours stay beside them.
TEST(LogDiagnosis, TheResidualIsACalibration) {
  CheckResult result = Checked(
      std::string(kStart).replace(std::string(kStart).find("131072"), 6, "16384") +
      "INFO Memory profiling takes 4 seconds. Total non KV cache memory: 17.5GiB; torch peak memory "
      "increase: 1.60GiB; "
      "non-torch forward increase memory: 0.51GiB; weights memory: 14.99GiB.\n"
      "INFO [gpu_worker.py:298] Available KV cache memory: 4.06 GiB\nINFO GPU KV cache size: 33,248 tokens\n"
      "INFO:     Application startup complete.\n"
      "INFO Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 40.0 tokens/s, Running: 1 "
      "reqs\n");
  EXPECT_FALSE(result.failure);
  ASSERT_TRUE(result.calibration);
  const Config plain = result.config;
  Config calibrated = plain;
  calibrated.cal = result.calibration;
  const Result<Resolved> resolved = Settle(calibrated, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  const Report report = EstimateResolved(*resolved);
  EXPECT_NEAR(report.per_gpu[0].activation.gib(), 1.60, 0.01);
  EXPECT_NEAR(report.per_gpu[0].non_torch.gib(), 0.51, 0.01);
  EXPECT_NEAR(report.speed.decode_tokens_per_s, 40.0, 0.2);
  const Result<Resolved> without = Settle(plain, ShippedCatalog());
  const Report ours = EstimateResolved(*without);
  ASSERT_TRUE(report.uncalibrated);
  EXPECT_EQ(report.uncalibrated->per_gpu[0].activation, ours.per_gpu[0].activation);
  EXPECT_EQ(report.uncalibrated->speed.decode_tokens_per_s, ours.speed.decode_tokens_per_s);
  EXPECT_EQ(ours.uncalibrated, nullptr);
}

TEST(LogDiagnosis, AFigureThatIsAsPredictedCalibratesNothingAway) {
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"rtx-4090"};
  config.max_model_len = 8192;
  EXPECT_FALSE(CalibrationOf(config, {}, ShippedCatalog()));
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  const Report report = EstimateResolved(*resolved);
  const std::optional<Calibration> same =
      CalibrationOf(config, {{"decode_tps_per_stream", report.speed.decode_tokens_per_s}}, ShippedCatalog());
  ASSERT_TRUE(same);
  EXPECT_EQ(same->decode, 1);
  EXPECT_FALSE(same->outside_gib);
}

}  // namespace
}  // namespace plimsoll
