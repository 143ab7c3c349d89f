#include "core/engines/vllm/vllm_weights.h"

#include <gtest/gtest.h>

#include "tests/core/engines/vllm/vllm_weights_twin.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

double LoadedGib(std::string_view config) {
  const EstimatedCase c = EstimateText(config);
  EXPECT_EQ(c.error, "");
  return c.report.per_gpu.empty() ? 0 : c.report.per_gpu[0].weights.gib();
}

// "Model loading took" of published logs.
TEST(VllmWeights, AgreesWithLogs) {
  EXPECT_NEAR(LoadedGib(R"({"model":"llama-3.1-8b","gpu":"l40s"})"), 14.9888, 0.0002);
  EXPECT_NEAR(LoadedGib(R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2,"engine_version":"0.10.2"})"),
              74.2812, 0.001);
  EXPECT_NEAR(LoadedGib(R"({"model":"qwen3-32b","gpu":"h100-sxm"})"), 61.03, 0.01);
  EXPECT_NEAR(LoadedGib(R"({"model":"qwen3-32b","gpu":"h100-sxm","gpus":2})"), 30.59, 0.01);
  EXPECT_NEAR(
      LoadedGib(
          R"({"model":"deepseek-r1-distill-qwen-14b","gpu":"rtx-4090","gpus":2,"engine_version":"0.7.2"})"),
      13.9476, 0.005);
  EXPECT_NEAR(LoadedGib(R"({"model":"qwen3-14b","format":"fp8","gpu":"rtx-5090","engine_version":"0.12.0"})"),
              15.3388, 0.02);
}

// A rounded block belongs to each stored tensor, not to values and scales together: the packed 12, 28 and 56
// MiB of an NVFP4 layer are whole, and so are the experts' 192 MiB in fp8. Logs of 0.13, 0.10.2, 0.14 and
// 0.19.
TEST(VllmWeights, EveryStoredTensorIsRoundedByItself) {
  EXPECT_NEAR(
      LoadedGib(R"({"model":"llama-3.1-8b","format":"nvfp4","gpu":"rtx-5070-ti","engine_version":"0.13.0"})"),
      5.6473, 0.003);
  EXPECT_NEAR(
      LoadedGib(
          R"({"model":"qwen3-30b-a3b","format":{"id":"fp8-block","unquantized":["lm_head","mlp.gate"]},
                      "gpu":"rtx-6000-ada","engine_version":"0.10.2"})"),
      29.09, 0.06);
  EXPECT_NEAR(LoadedGib(R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-pro-6000-blackwell-ws"})"),
              37.09, 0.06);
  EXPECT_NEAR(
      LoadedGib(R"({"model":"qwen2.5-14b","format":"awq-int4","gpu":"a10g","engine_version":"0.19.1"})"),
      9.38, 0.02);
}

// MXFP4 experts are padded to what the kernels take: 2880 x 2880 becomes 3072 x 2944 for Marlin, + 9.03 %.
TEST(VllmWeights, PadsMxfp4Experts) {
  const EstimatedCase marlin = EstimateText(R"({"model":"gpt-oss-20b","gpu":"rtx-4090"})");
  VllmWeightParts parts;
  VllmLoadedWeights(marlin.resolved, RulesFor(marlin.resolved), {0, 0}, &parts);
  const double experts = parts.by_role[static_cast<size_t>(TensorRole::kExpert)].gib();
  EXPECT_NEAR(parts.padding.gib() / experts, 3072.0 * 2944 / (2880.0 * 2880) - 1, 0.0015);
  EXPECT_NEAR(marlin.report.per_gpu[0].weights.gib(), 13.7194, 0.04);
  EXPECT_NEAR(LoadedGib(R"({"model":"gpt-oss-20b","gpu":"h100-sxm","engine_version":"0.11.0"})"), 13.47,
              0.045);
  EXPECT_NEAR(LoadedGib(R"({"model":"gpt-oss-120b","gpu":"h100-sxm","engine_version":"0.14.1"})"), 64.38,
              0.03);
  EXPECT_NEAR(LoadedGib(R"({"model":"gpt-oss-120b","gpu":"h100-sxm","engine_version":"0.10.1"})"), 65.9651,
              0.05);
}

TEST(VllmWeights, PartsAddUp) {
  for (const char* config :
       {R"({"model":"deepseek-v3","gpu":"h200","gpus":8})",
        R"({"model":"gpt-oss-120b","gpu":"h100-sxm","gpus":2})",
        R"({"model":"llama-3.2-3b","gpu":"l40s","lora":{"max_loras":2,"max_rank":32}})",
        R"({"model":"qwen3.5-27b","format":"fp8","gpu":"h100-sxm"})",
        R"({"model":"deepseek-v3","gpu":"h200","gpus":8,"speculative":{"method":"mtp","num_tokens":1}})"}) {
    const EstimatedCase c = EstimateText(config);
    ASSERT_EQ(c.error, "");
    VllmWeightParts parts;
    const Bytes total = VllmLoadedWeights(c.resolved, RulesFor(c.resolved), {0, 0}, &parts);
    Bytes sum = parts.rope_tables + parts.absorbed + parts.padding + parts.lora + parts.draft +
                parts.deepstack + parts.slack;
    for (Bytes role : parts.by_role) sum += role;
    EXPECT_EQ(sum, total) << config;
    EXPECT_EQ(c.report.per_gpu[0].weights, total) << config;
  }
}

// Sharding never loses a byte: ranks together hold at least what one card would.
TEST(VllmWeights, RanksHoldTheWholeModel) {
  for (const char* model :
       {"llama-3.1-70b", "qwen3-235b-a22b", "deepseek-v3", "gemma-3-27b", "qwen3.5-27b"}) {
    const auto loaded = [&](int tp, int pp) {
      const EstimatedCase c = EstimateText(
          std::string(R"({"model":")") + model + R"(","gpu":"b200","gpus":)" + std::to_string(tp * pp) +
          R"(,"tp":)" + std::to_string(tp) + R"(,"pp":)" + std::to_string(pp) + "}");
      Bytes sum;
      for (const GpuReport& gpu : c.report.per_gpu) sum += gpu.weights;
      return sum.gib();
    };
    const double whole = loaded(1, 1);
    EXPECT_GE(loaded(2, 1) * 1.0000001, whole) << model;
    EXPECT_GE(loaded(1, 3) * 1.001, whole) << model;
    EXPECT_LE(loaded(1, 2), whole * 1.12) << model;  // tied embeddings and tables are held twice
    EXPECT_LE(loaded(4, 1), whole * 1.35) << model;
  }
}

TEST(VllmWeights, ExpertParallelismDealsWholeExperts) {
  const EstimatedCase cut = EstimateText(R"({"model":"qwen3-235b-a22b","gpu":"h200","gpus":8})");
  const EstimatedCase dealt =
      EstimateText(R"({"model":"qwen3-235b-a22b","gpu":"h200","gpus":8,"expert_parallel":true})");
  EXPECT_NEAR(cut.report.per_gpu[0].weights.gib(), dealt.report.per_gpu[0].weights.gib(), 0.3);
  // Six ranks over 128 experts: two of them hold 22, the others 21.
  const EstimatedCase uneven = EstimateText(
      R"({"model":"qwen3-235b-a22b","gpu":"h200","gpus":6,"tp":1,"dp":6,"expert_parallel":true,"max_model_len":4096})");
  ASSERT_EQ(uneven.report.per_gpu.size(), 6u);
  EXPECT_GT(uneven.report.per_gpu[0].weights, uneven.report.per_gpu[5].weights);
  EXPECT_TRUE(uneven.Has("experts_uneven"));
}

TEST(VllmWeights, OffloadedWeightsAreInRam) {
  const EstimatedCase all = EstimateText(R"({"model":"llama-3.1-8b","gpu":"rtx-4090"})");
  const EstimatedCase part = EstimateText(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","cpu_offload_gb":4})");
  EXPECT_EQ(all.report.per_gpu[0].weights - part.report.per_gpu[0].weights, GiB(4));
  EXPECT_EQ(part.report.host.weights, GiB(4));
}

// Every model, every format, every tp that vLLM takes, to the byte: the tensors of a rank against the dumb
// twin. Stages, dealt experts, vision towers and MTP layers come in turn.
TEST(VllmWeights, AgreesWithTheDumbTwinForEveryModelFormatAndTp) {
  const Catalog& catalog = TestCatalog();
  int64_t compared = 0, cut = 0, dealt = 0, staged = 0, drafted = 0;
  for (const Model& model : catalog.models()) {
    if (model.refused()) continue;
    for (const WeightFormat& format : catalog.formats()) {
      if (format.family == FormatFamily::kGguf) continue;
      const BoundFormat* bound = catalog.Bind(model, format.id);
      const VllmWeightsTwin twin(*bound->architecture, *bound->binding);
      for (int64_t variant = 0; variant < 7; ++variant) {
        const bool ep = variant == 4, mtp = variant == 5, pp = variant == 6;
        if (mtp && model.architecture().mtp_layers == 0) continue;
        const int64_t tp = variant < 4 ? int64_t{1} << variant : 2;
        const EstimatedCase c = EstimateText(
            R"({"model":")" + model.id + R"(","format":")" + format.id + R"(","gpu":"b200","gpus":)" +
            std::to_string(pp ? 3 * tp : tp) + R"(,"tp":)" + std::to_string(tp) + (pp ? R"(,"pp":3)" : "") +
            (ep ? R"(,"expert_parallel":true)" : "") +
            (mtp ? R"(,"speculative":{"method":"mtp","num_tokens":1})" : "") + R"(,"max_model_len":1024})");
        ASSERT_EQ(c.error, "") << model.id << " " << format.id;
        const bool divides = !c.Has("tp_does_not_divide_heads") && !c.Has("tp_does_not_divide_width");
        if (c.report.verdict == Verdict::kInvalid || !divides) continue;
        VllmWeightsTwin::Setting setting;
        setting.tp = tp;
        setting.pp = pp ? 3 : 1;
        setting.ep = ep ? tp : 0;
        setting.mtp = mtp;
        setting.vision = c.resolved.multimodal;
        setting.pad_width = setting.pad_hidden = 256;
        for (int64_t part = 0; part < (ep ? tp : setting.pp); ++part) {
          setting.stage = pp ? part : 0;
          setting.ep_rank = ep ? part : 0;
          VllmWeightParts parts;
          VllmLoadedWeights(c.resolved, RulesFor(c.resolved), {setting.stage, setting.ep_rank}, &parts);
          Bytes tensors = parts.padding + parts.draft;
          for (const Bytes role : parts.by_role) tensors += role;
          EXPECT_EQ(tensors.count(), twin.Count(setting))
              << model.id << " " << format.id << " tp " << tp << " variant " << variant << " part " << part;
          ++compared;
        }
        cut += tp == 8 ? 1 : 0;
        dealt += ep ? 1 : 0;
        staged += pp ? 1 : 0;
        drafted += mtp ? 1 : 0;
      }
    }
  }
  EXPECT_GT(compared, 5000);
  EXPECT_GT(cut, 500);
  EXPECT_GT(dealt, 300);
  EXPECT_GT(staged, 500);
  EXPECT_GT(drafted, 100);
}

// bitsandbytes' double quantisation is multiplied out at load since 0.9: 4.5 bits per weight, not 4.127.
TEST(VllmWeights, DoubleQuantisationIsExpanded) {
  const auto gib = [](const char* version) {
    const EstimatedCase c = EstimateText(
        std::string(R"({"model":"qwen3-8b","format":"bnb-nf4","gpu":"l40s","engine_version":")") + version +
        "\"}");
    VllmWeightParts parts;
    VllmLoadedWeights(c.resolved, RulesFor(c.resolved), {0, 0}, &parts);
    Bytes tensors;
    for (const Bytes role : parts.by_role) tensors += role;
    return tensors.gib();
  };
  // 36 layers of 192,937,984 weights in linear layers.
  EXPECT_NEAR(gib("0.11.0") - gib("0.8.5"), 36 * 192937984.0 * 0.373 / 8 / (1 << 30), 0.001);
}

// 0.7 kept absorbed products of MLA projections; later releases two small copies. DeepSeek-R1 on 8 ranks.
TEST(VllmWeights, AbsorbedProjectionsByRelease) {
  EXPECT_NEAR(LoadedGib(R"({"model":"deepseek-r1","gpu":"h200","gpus":8,"engine_version":"0.7.3"})"), 83.88,
              0.9);
  const EstimatedCase now = EstimateText(R"({"model":"deepseek-r1","gpu":"h200","gpus":8})");
  VllmWeightParts parts;
  VllmLoadedWeights(now.resolved, RulesFor(now.resolved), {0, 0}, &parts);
  EXPECT_EQ(parts.absorbed, MiB(244));
}

}  // namespace
}  // namespace plimsoll
