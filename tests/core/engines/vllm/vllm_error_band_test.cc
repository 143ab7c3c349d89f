// Beside vllm_engine_test.cc: where "fits" begins to be called tight.
#include <gtest/gtest.h>

#include <string>

#include "core/engines/measured_constants.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// A pool of a given size leaves exactly what lies beyond one sequence: 512 blocks of 2 MiB.
EstimatedCase WithPool(const char* version, Bytes pool) {
  return EstimateText(
      std::string(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"engine_version":")") +
      version + R"(","kv_cache_memory_bytes":)" + std::to_string(pool.count()) + "}");
}

// Three tenths of activations and runtime, half of the graphs where they count, and a tenth of a GiB.
TEST(VllmErrorBand, IsThirtyPercentOfWhatIsMeasuredHalfTheGraphsAndATenth) {
  EXPECT_EQ(Value(Measure::kVllmTightActivation), 0.3);
  EXPECT_EQ(Value(Measure::kVllmTightGraphs), 0.5);
  EXPECT_EQ(Value(Measure::kVllmTightBase), 0.1);
  for (const char* version : {"0.24.0", "0.12.0"}) {
    const EstimatedCase roomy = WithPool(version, GiB(30));
    ASSERT_EQ(roomy.report.verdict, Verdict::kFits) << version;
    const GpuReport& gpu = roomy.report.per_gpu[0];
    ASSERT_EQ(gpu.headroom, GiB(29)) << version;
    const bool graphs_count = version[2] == '2';
    const double measured = static_cast<double>((gpu.activation + gpu.non_torch).count());
    const double graphs = graphs_count ? static_cast<double>(gpu.cuda_graph.count()) : 0;
    ASSERT_GT(gpu.cuda_graph, MiB(100));
    const Bytes band = BytesFromDouble(0.3 * measured + 0.5 * graphs) + GiBFromDouble(0.1);
    EXPECT_EQ(WithPool(version, GiB(1) + band + Bytes(1)).report.verdict, Verdict::kFits) << version;
    EXPECT_EQ(WithPool(version, GiB(1) + band - Bytes(2)).report.verdict, Verdict::kTight) << version;
    EXPECT_EQ(WithPool(version, GiB(1)).report.verdict, Verdict::kTight) << version;
    EXPECT_EQ(WithPool(version, GiB(1) - Bytes(1)).report.verdict, Verdict::kDoesNotFit) << version;
  }
}

}  // namespace
}  // namespace plimsoll
