#include "core/engines/vllm/vllm_cuda_graphs.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/measured_constants.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

struct Asked {
  explicit Asked(const std::string& rest, const std::string& gpu = "h100-sxm")
      : c(EstimateText(R"({"model":"llama-3.1-8b","max_model_len":8192,"gpu":")" + gpu + "\"" + rest + "}")) {
    EXPECT_EQ(c.error, "") << rest;
  }
  VllmGraphs Graphs(const VllmRules& rules) const {
    return VllmCudaGraphs(c.resolved, rules, 32, *c.resolved.cards[0].gpu);
  }
  VllmGraphs Graphs() const { return Graphs(RulesFor(c.resolved)); }
  EstimatedCase c;
};

// vllm/config: 1, 2, 4, then every eighth up to 512; since 0.12 every sixteenth from 256 on.
TEST(VllmCudaGraphs, CapturedSizesByHand) {
  VllmRules old;
  old.spread_graph_sizes = false;
  EXPECT_EQ(Asked(R"(,"max_num_seqs":256)").Graphs(old).piecewise, 3 + 64);
  EXPECT_EQ(Asked(R"(,"max_num_seqs":256)").Graphs(old).full, 3 + 32);
  EXPECT_EQ(Asked(R"(,"max_num_seqs":5)").Graphs(old).full, 3);
  EXPECT_EQ(Asked(R"(,"max_num_seqs":3)").Graphs(old).full, 2);
  EXPECT_EQ(Asked(R"(,"max_num_seqs":1)").Graphs(old).full, 1);
  VllmRules spread;
  spread.spread_graph_sizes = true;
  EXPECT_EQ(Asked(R"(,"max_num_seqs":256)").Graphs(spread).piecewise, 3 + 31 + 17) << "256, 272, … 512";
  EXPECT_EQ(Asked(R"(,"max_num_seqs":256)").Graphs(spread).full, 3 + 31 + 1);
  EXPECT_EQ(Asked(R"(,"max_num_seqs":100)").Graphs(spread).piecewise, 3 + 25) << "up to twice the sequences";
  EXPECT_EQ(Asked(R"(,"max_num_seqs":100)").Graphs(spread).full, 3 + 12);
  EXPECT_EQ(Asked(R"(,"max_num_seqs":64,"max_num_batched_tokens":64)").Graphs(spread).piecewise, 3 + 8)
      << "no step is larger";
  EXPECT_EQ(Asked(R"(,"max_num_seqs":1000)", "b200").Graphs(spread).piecewise, 3 + 31 + 17);
  spread.large_graphs = true;
  EXPECT_EQ(Asked(R"(,"max_num_seqs":1000)").Graphs(spread).piecewise, 3 + 31 + 17);
  EXPECT_EQ(Asked(R"(,"max_num_seqs":1000)", "b200").Graphs(spread).piecewise, 3 + 31 + 49)
      << "up to 1024 on data-centre Blackwell";
  spread.full_graphs = false;
  EXPECT_EQ(Asked(R"(,"max_num_seqs":256)").Graphs(spread).full, 0);
}

// vllm/model_executor/models/config.py: gpt-oss captures up to 1024 tokens for any number of sequences, unless a size
// was asked for.
TEST(VllmCudaGraphs, GptOssCapturesMore) {
  const auto graphs = [](const std::string& rest) {
    const EstimatedCase c =
        EstimateText(R"({"model":"gpt-oss-20b","gpu":"h100-sxm","max_num_seqs":8)" + rest + "}");
    return VllmCudaGraphs(c.resolved, RulesFor(c.resolved), 24, *c.resolved.cards[0].gpu);
  };
  EXPECT_EQ(graphs("").tokens, 1024);
  EXPECT_EQ(graphs(R"(,"max_num_batched_tokens":512)").tokens, 512);
  EXPECT_EQ(graphs(R"(,"max_cudagraph_capture_size":64)").tokens, 64);
  EXPECT_EQ(graphs(R"(,"enforce_eager":true)").tokens, 0);
}

TEST(VllmCudaGraphs, DraftedTokensMakeStepsWider) {
  VllmRules rules;
  rules.spread_graph_sizes = true;
  const Asked drafted(R"(,"max_num_seqs":20,"speculative":{"method":"eagle","num_tokens":3})");
  EXPECT_EQ(drafted.Graphs(rules).piecewise, 3 + 20) << "2 x 20 sequences x 4 tokens";
  EXPECT_EQ(drafted.Graphs(rules).full, 3 + 10);
}

TEST(VllmCudaGraphs, BytesBySizesAndLayers) {
  const double mib = 32 * (51 + 35) * Value(Measure::kVllmGraphStep);
  VllmRules rules;
  rules.spread_graph_sizes = true;
  const Asked plain(R"(,"max_num_seqs":256)");
  EXPECT_EQ(plain.Graphs(rules).bytes, MiBFromDouble(mib));
  rules.lora_graphs = true;
  EXPECT_EQ(plain.Graphs(rules).bytes, MiBFromDouble(mib)) << "no adapters";
  const Asked lora(R"(,"max_num_seqs":256,"lora":{"max_loras":1,"max_rank":16})");
  EXPECT_EQ(lora.Graphs(rules).bytes, MiBFromDouble(2 * mib)) << "with and without them";
  rules.lora_graphs = false;
  EXPECT_EQ(lora.Graphs(rules).bytes, MiBFromDouble(mib));
  const Asked bnb(R"(,"max_num_seqs":256,"format":"bnb-nf4")");
  EXPECT_EQ(bnb.Graphs(rules).bytes, MiBFromDouble(mib * Value(Measure::kVllmGraphBnb)));
  EXPECT_EQ(Asked(R"(,"enforce_eager":true)").Graphs(rules).bytes, Bytes(0));
  rules.full_graphs = false;
  EXPECT_EQ(plain.Graphs(rules).bytes, MiBFromDouble(32 * 51 * Value(Measure::kVllmGraphPiecewise)));
}

// vllm/distributed/device_communicators/custom_all_reduce.py: its own kernels over NVLink or between two cards that
// write to each other's memory; otherwise every captured step holds two of NCCL's per layer.
TEST(VllmCudaGraphs, CapturedCollectives) {
  VllmRules rules;
  rules.spread_graph_sizes = true;
  const double steps = 32 * (51 + 35);
  const double alone = steps * Value(Measure::kVllmGraphStep);
  const double more = steps * 2 * Value(Measure::kVllmGraphCollective);
  const auto mib = [&rules](const char* gpus, const char* gpu) {
    return Asked(std::string(R"(,"max_num_seqs":256,"gpus":)") + gpus, gpu).Graphs(rules).bytes.mib();
  };
  EXPECT_NEAR(mib("2", "h100-sxm"), alone, 1e-4);
  EXPECT_NEAR(mib("8", "h100-sxm"), alone, 1e-4);
  EXPECT_NEAR(mib("2", "l40s"), alone, 1e-4) << "peers over PCIe";
  EXPECT_NEAR(mib("4", "l40s"), alone + more, 1e-4) << "more than two are not";
  EXPECT_NEAR(mib("2", "rtx-4090"), alone + more, 1e-4) << "no peer access";
  EXPECT_NEAR(mib("2", "mi300x"), alone, 1e-4);
  rules.v1 = rules.full_graphs = false;
  const double old = 32 * 35 * Value(Measure::kVllmGraphPiecewise);
  EXPECT_NEAR(mib("2", "rtx-4090"), old * Value(Measure::kVllmGraphTensorParallelV0), 1e-4);
}

// Qwen3.5 9B on L40S: 24 of 32 layers carry a state; 0.65 GiB on 0.19 with 51 and 35 sizes. With an fp8 cache
// FlashInfer attends: its workspace and a wrapper per whole step, 1.38 GiB on 0.17.
TEST(VllmCudaGraphs, MeasuredOfAHybrid) {
  const auto gib = [](const char* rest) {
    const EstimatedCase c =
        EstimateText(std::string(R"({"model":"qwen3.5-9b","gpu":"l40s","max_model_len":32768)") + rest + "}");
    EXPECT_EQ(c.error, "");
    return c.report.per_gpu[0].cuda_graph.gib();
  };
  EXPECT_NEAR(gib(R"(,"engine_version":"0.19.0")"), 0.65, 0.05);
  EXPECT_NEAR(gib(R"(,"engine_version":"0.17.0","kv_cache_dtype":"fp8")"), 1.38, 0.1);
}

// Qwen2.5 72B on four L40S: 2.62 GiB on 0.19 (51 and 35 sizes, 80 layers, NCCL).
TEST(VllmCudaGraphs, MeasuredOfRanksWithoutPeers) {
  const EstimatedCase c = EstimateText(
      R"({"model":"qwen2.5-72b","gpu":"l40s","gpus":4,"max_model_len":8192,"engine_version":"0.19.0"})");
  EXPECT_NEAR(c.report.per_gpu[0].cuda_graph.gib(), 2.62, 0.1);
}

// What is asked for decides, not what the card would choose: Hopper takes FlashAttention, Ada with an fp8 cache
// FlashInfer.
TEST(VllmCudaGraphs, KernelsThatAreAskedFor) {
  const auto bytes = [](const std::string& rest, const char* gpu) {
    return Asked(R"(,"max_num_seqs":256,"engine_version":"0.19.0")" + rest, gpu).Graphs().bytes;
  };
  const Bytes flashinfer = MiB(394) + MiB(8) * 35;
  EXPECT_EQ(bytes(R"(,"attention_backend":"flashinfer")", "h100-sxm") - bytes("", "h100-sxm"), flashinfer);
  EXPECT_EQ(bytes(R"(,"kv_cache_dtype":"fp8")", "l40s") -
                bytes(R"(,"kv_cache_dtype":"fp8","attention_backend":"TRITON_ATTN")", "l40s"),
            flashinfer);
}

// GLM-5.2: an indexer's scores of 512 tokens over a million positions, in float32.
TEST(VllmCudaGraphs, ScoresOfAnIndexer) {
  const auto bytes = [](const char* length) {
    return EstimateText(std::string(R"({"model":"glm-5.2","format":"nvfp4","gpu":"b200","gpus":4,)"
                                    R"("engine_version":"0.26.0","max_model_len":)") +
                        length + "}")
        .report.per_gpu[0]
        .cuda_graph;
  };
  EXPECT_EQ(bytes("1048576") - bytes("524288"), GiB(1));
}

// vllm/worker/model_runner.py of V0: decode batches up to max_num_seqs, rounded up to eight.
TEST(VllmCudaGraphs, V0CapturesDecodeBatchesOnly) {
  const Asked old(R"(,"max_num_seqs":100,"engine_version":"0.6.3")");
  const VllmGraphs graphs = old.Graphs();
  EXPECT_EQ(graphs.piecewise, 3 + 13) << "up to 104";
  EXPECT_EQ(graphs.full, 0);
}

}  // namespace
}  // namespace plimsoll
