#include "core/engines/llama_cpp/llama_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/config/config.h"
#include "core/engines/llama_cpp/llama_gates.h"
#include "core/engines/llama_cpp/llama_plan.h"
#include "core/engines/measured_constants.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/resolve/resolved.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

const Catalog& TheCatalog() {
  static const Catalog* catalog = [] {
    const CatalogData data = EmbeddedCatalog();
    Result<Catalog> parsed = Catalog::Parse(data.models, data.gpus);
    return new Catalog(std::move(*parsed));
  }();
  return *catalog;
}

Config Ask(std::string model, std::string format, std::string gpu, int64_t context, std::string version) {
  Config config;
  config.model = std::move(model);
  config.format = Json(std::move(format));
  config.engine = "llama.cpp";
  config.engine_version = std::move(version);
  config.gpu = {std::move(gpu)};
  if (context > 0) config.max_model_len = context;
  return config;
}

Report Answer(const Config& config) {
  const Result<Report> report = Estimate(config, TheCatalog());
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().Message());
  return report.ok() ? *report : Report{};
}

double Mib(Bytes bytes) { return std::round(bytes.mib() * 100) / 100; }

bool Says(const Report& report, std::string_view code) {
  return std::any_of(report.diagnostics.begin(), report.diagnostics.end(),
                     [&](const Diagnostic& diagnostic) { return diagnostic.code == code; });
}

Bytes Parts(const GpuReport& gpu) {
  return gpu.weights + gpu.kv_cache + gpu.recurrent_state + gpu.activation + gpu.cuda_graph + gpu.non_torch +
         gpu.compute_buffer;
}

// A published log of DeepSeek-R1-Distill-Qwen-32B on one 24 GB card (ggml-org/llama.cpp#11861).
TEST(LlamaCppEngine, MatchesALogOfFebruary2025) {
  Config config = Ask("deepseek-r1-distill-qwen-32b", "gguf-q4_k_m", "rtx-3090", 16384, "b4700");
  config.flash_attention = true;
  const Report report = Answer(config);
  ASSERT_EQ(report.per_gpu.size(), 1u);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].weights), 18508.35);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].compute_buffer), 307.00);
  EXPECT_DOUBLE_EQ(Mib(report.host.compute_buffer), 42.01);
  EXPECT_DOUBLE_EQ(Mib(report.host.weights), 417.66);
}

// A published log of Qwen3-30B-A3B with experts in RAM (ikawrakow/ik_llama.cpp discussion 357) has the same
// shape at 235B: the staged expert tensor is most of the compute buffer.
TEST(LlamaCppEngine, StagesExpertsThatStayInRam) {
  Config config = Ask("qwen3-235b-a22b", "gguf-q8_0", "rtx-a6000", 32768, "b5192");
  config.flash_attention = true;
  config.n_cpu_moe = 81;
  const Report report = Answer(config);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].compute_buffer), 1024.00);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].kv_cache), 6016.00);
  EXPECT_NEAR(report.per_gpu[0].weights.mib(), 39273.87, 39273.87 * 0.005);
}

// GLM-4 holds gate and up in one matrix (ikawrakow/ik_llama.cpp#344, mainline b5192).
TEST(LlamaCppEngine, FusedGateAndUpTakesItsOwnRoom) {
  Config config = Ask("glm-4-32b-0414", "gguf-iq4_xs", "rtx-3090-ti", 32768, "b5192");
  config.flash_attention = true;
  const Report report = Answer(config);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].compute_buffer), 353.00);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].kv_cache), 1952.00);
}

TEST(LlamaCppEngine, HybridKeepsStatesBesideItsCache) {
  Config config = Ask("qwen3.6-27b", "gguf-q4_k_m", "rtx-3090", 200192, "b8946");
  config.max_num_seqs = 1;
  config.kv_cache_dtype = KvTypes{KvType::kQ8_0, KvType::kQ8_0};
  const Report report = Answer(config);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].kv_cache), 6647.00);
  EXPECT_DOUBLE_EQ(Mib(report.per_gpu[0].recurrent_state), 149.63);
  EXPECT_NEAR(report.per_gpu[0].compute_buffer.mib(), 654.78, 0.5);
  EXPECT_NEAR(report.host.compute_buffer.mib(), 411.29, 0.5);
}

TEST(LlamaCppEngine, TotalsAreTheSumOfTheirParts) {
  for (const Model& model : TheCatalog().models()) {
    if (model.refused() || !LlamaKnows(model.architecture())) continue;
    Config config = Ask(model.id, "gguf-q4_k_m", "h100-80", 8192, "");
    if (TheCatalog().FindGpu("h100-80") == nullptr) config.gpu = {"rtx-4090"};
    config.gpus = 3;
    const Report report = Answer(config);
    Bytes held = report.host.weights;
    for (const GpuReport& gpu : report.per_gpu) {
      EXPECT_EQ(gpu.total, Parts(gpu)) << model.id;
      EXPECT_EQ(gpu.headroom, gpu.capacity - gpu.total) << model.id;
      EXPECT_GE(gpu.weights, Bytes(0));
      held += gpu.weights;
    }
    EXPECT_GT(held, Bytes(0)) << model.id;
    EXPECT_GE(report.kv.capacity_tokens, 8192) << model.id;
  }
}

// The rows of depth 0 are the fullest card and what the system keeps beside it, on shared memory too.
TEST(LlamaCppEngine, SharedMemoryAndOtherProgramsAreTerms) {
  for (const char* gpu : {"apple-m3-max", "apple-m2", "ryzen-ai-max-395", "rtx-4090"}) {
    Config config = Ask("llama-3.1-8b", "gguf-q4_k_m", gpu, 8192, "");
    config.reserved_mib = {1500};
    Result<Resolved> resolved = Settle(config, TheCatalog());
    ASSERT_TRUE(resolved.ok()) << gpu;
    const Report report = EstimateResolved(*resolved);
    const GpuReport& card = report.per_gpu[0];
    Bytes sum, kept, others;
    for (const Term& term : LlamaCppEngine().Explain(*resolved, report)) {
      if (term.depth == 0) sum += term.bytes;
      if (term.name == "Kept by the system") kept = term.bytes;
      if (term.name == "Display and other programs") others = term.bytes;
    }
    EXPECT_EQ(sum, card.total + card.reserved) << gpu;
    EXPECT_EQ(others, MiB(1500)) << gpu;
    const Gpu& gpu_facts = *resolved->cards[0].gpu;
    EXPECT_EQ(kept, gpu_facts.unified_memory ? GiBFromDouble(gpu_facts.memory_gb) - card.capacity : Bytes(0));
  }
}

// What copies and staging add stands beside the buffer they are part of.
TEST(LlamaCppEngine, StagingCopiesProjectorAndSlotsAreTerms) {
  const auto bytes_of = [](const Config& config, std::string_view name) {
    Result<Resolved> resolved = Settle(config, TheCatalog());
    const Report report = EstimateResolved(*resolved);
    for (const Term& term : LlamaCppEngine().Explain(*resolved, report)) {
      if (term.name == name) return term.bytes;
    }
    return Bytes(-1);
  };
  Config staged = Ask("qwen3-30b-a3b", "gguf-q4_k_m", "rtx-3090", 8192, "");
  staged.n_cpu_moe = 10;
  EXPECT_GT(bytes_of(staged, "Op-offload staging"), MiB(50));
  EXPECT_GE(bytes_of(staged, "Slots"), Bytes(0));
  Config two = Ask("llama-3.1-8b", "gguf-q4_k_m", "rtx-3090", 8192, "");
  two.gpus = 2;
  EXPECT_GT(bytes_of(two, "Pipeline copies"), MiB(1));
  two.override_tensor = "ffn_up=CUDA1";
  EXPECT_EQ(bytes_of(two, "Pipeline copies"), Bytes(-1)) << "overrides turn pipelining off";
  Config images = Ask("gemma-3-27b", "gguf-q4_k_m", "rtx-5090", 8192, "");
  images.multimodal = true;
  EXPECT_GT(bytes_of(images, "Vision projector"), MiB(500));
  Config fitted = Ask("llama-3.1-8b", "gguf-q8_0", "rtx-3060-12gb", 8192, "");
  fitted.max_model_len.reset();
  EXPECT_EQ(bytes_of(fitted, "Margin that --fit keeps free"), MiB(1024));
}

// Slots share the context or divide it; they do not multiply it.
TEST(LlamaCppEngine, SlotsDoNotMultiplyTheContext) {
  for (const bool unified : {true, false}) {
    Config config = Ask("llama-3.1-8b", "gguf-q4_k_m", "rtx-4090", 32768, "");
    config.max_num_seqs = 8;
    config.kv_unified = unified;
    Result<Resolved> resolved = Settle(config, TheCatalog());
    ASSERT_TRUE(resolved.ok());
    const Report report = EstimateResolved(*resolved);
    EXPECT_EQ(report.kv.max_concurrency, 1);
    EXPECT_EQ(CacheText(*resolved, report),
              unified ? "32,768 tokens, shared by 8 slots" : "32,768 tokens, 4,096 for each of 8 slots");
  }
}

// The rows of depth 0 are the fullest card, nothing left out.
TEST(LlamaCppEngine, TermsAddUpToTheFullestCard) {
  for (const char* id : {"llama-3.1-8b", "gpt-oss-20b", "deepseek-v3", "qwen3-next-80b-a3b", "gemma-3-27b"}) {
    Config config = Ask(id, "gguf-q4_k_m", "rtx-4090", 16384, "");
    config.gpus = 4;
    Result<Resolved> resolved = Settle(config, TheCatalog());
    ASSERT_TRUE(resolved.ok()) << id;
    const Report report = EstimateResolved(*resolved);
    Bytes sum;
    for (const Term& term : LlamaCppEngine().Explain(*resolved, report)) {
      EXPECT_FALSE(term.formula.empty());
      EXPECT_FALSE(term.source.empty());
      if (term.depth == 0) sum += term.bytes;
    }
    const auto fullest =
        std::min_element(report.per_gpu.begin(), report.per_gpu.end(),
                         [](const GpuReport& a, const GpuReport& b) { return a.headroom < b.headroom; });
    EXPECT_EQ(sum, fullest->total) << id;
  }
}

TEST(LlamaCppEngine, ALongerContextNeverTakesLess) {
  for (const char* id : {"llama-3.1-8b", "gemma-3-27b", "deepseek-v3", "qwen3.6-27b"}) {
    Bytes before;
    for (int64_t context = 1024; context <= 131072; context *= 2) {
      const Report report = Answer(Ask(id, "gguf-q4_k_m", "rtx-4090", context, ""));
      EXPECT_GE(report.per_gpu[0].kv_cache, before) << id << " at " << context;
      before = report.per_gpu[0].kv_cache;
    }
  }
}

// What is said to fit must fit when asked for, by the rule of the verdict, and a little more must not.
TEST(LlamaCppEngine, TheLongestContextIsTheLongest) {
  for (const char* version : {"b4700", "b8946", ""}) {
    for (const char* id : {"llama-3.1-8b", "qwen3-14b", "gpt-oss-20b", "gemma-3-12b"}) {
      Config config = Ask(id, "gguf-q8_0", "rtx-4090", 4096, version);
      config.flash_attention = true;
      config.max_num_seqs = 1;
      const Report report = Answer(config);
      const int64_t longest = report.kv.max_model_len_that_fits;
      ASSERT_GT(longest, 0) << id << " " << version;
      config.max_model_len = longest;
      EXPECT_TRUE(Answer(config).fits()) << id << " " << version;
      if (longest >= TheCatalog().FindModel(id)->architecture().max_positions) continue;
      config.max_model_len = longest + 512;
      EXPECT_FALSE(Answer(config).fits()) << id << " " << version;
    }
  }
}

TEST(LlamaCppEngine, DefaultsFollowTheBuild) {
  Config config = Ask("llama-3.1-8b", "gguf-q4_k_m", "rtx-4090", 0, "b4700");
  Result<Resolved> old = Settle(config, TheCatalog());
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(old->max_num_seqs, 1);
  EXPECT_EQ(old->max_model_len, 4096);
  EXPECT_FALSE(old->flash_attention);
  config.engine_version = "";
  Result<Resolved> now = Settle(config, TheCatalog());
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->max_num_seqs, 4);
  EXPECT_TRUE(now->kv_unified);
  EXPECT_TRUE(now->flash_attention);
  EXPECT_GT(now->max_model_len, 32768) << "as much of the model's own length as leaves 1 GiB";
  EXPECT_EQ(now->n_gpu_layers, 33);
  config.max_num_seqs = 6;
  Result<Resolved> slots = Settle(config, TheCatalog());
  ASSERT_TRUE(slots.ok());
  EXPECT_FALSE(slots->kv_unified) << "an explicit number of slots divides the context";
}

TEST(LlamaCppEngine, RefusesWhatItCannotReadAndNamesTheWayOut) {
  Config config = Ask("llama-3.1-8b", "awq-int4", "rtx-4090", 8192, "");
  const Report report = Answer(config);
  EXPECT_EQ(report.verdict, Verdict::kInvalid);
  ASSERT_TRUE(Says(report, "format_not_gguf"));
  EXPECT_NE(report.diagnostics[0].fix.find("gguf-q4_k_m"), std::string::npos);

  config = Ask("llama-3.1-8b", "gguf-q4_k_m", "rtx-4090", 8192, "");
  config.kv_cache_dtype = KvTypes{KvType::kQ8_0, KvType::kQ8_0};
  config.flash_attention = false;
  EXPECT_TRUE(Says(Answer(config), "quantized_v_needs_flash_attention"));
  config.kv_cache_dtype = KvTypes{KvType::kFp8, KvType::kFp8};
  EXPECT_TRUE(Says(Answer(config), "kv_type_not_in_llama_cpp"));

  EXPECT_TRUE(Says(Answer(Ask("gpt-oss-20b", "gguf-mxfp4_moe", "rtx-4090", 8192, "b5000")),
                   "engine_too_old_for_model"));
}

TEST(LlamaCppEngine, PlainTypesMeanTheirConversion) {
  const Report plain = Answer(Ask("llama-3.1-8b", "bf16", "rtx-4090", 8192, ""));
  const Report gguf = Answer(Ask("llama-3.1-8b", "gguf-bf16", "rtx-4090", 8192, ""));
  EXPECT_EQ(plain.per_gpu[0].weights, gguf.per_gpu[0].weights);
}

TEST(LlamaCppEngine, SaysWhereLoadingEnds) {
  Config config = Ask("llama-3.1-70b", "gguf-q4_k_m", "rtx-4090", 4096, "");
  Report report = Answer(config);
  EXPECT_EQ(report.verdict, Verdict::kDoesNotFit);
  EXPECT_EQ(report.failure, FailureStage::kLoading);
  EXPECT_TRUE(Says(report, "fit_would_adjust"));
  config = Ask("llama-3.1-8b", "gguf-q4_k_m", "rtx-4090", 1000000, "");
  report = Answer(config);
  EXPECT_EQ(report.failure, FailureStage::kCacheTooSmall);
  EXPECT_TRUE(Says(report, "context_beyond_model"));
  config.max_model_len = 8192;
  EXPECT_EQ(Answer(config).verdict, Verdict::kFits);
}

TEST(LlamaCppEngine, LayersInRamLeaveTheCard) {
  Config config = Ask("llama-3.1-70b", "gguf-q4_k_m", "rtx-4090", 4096, "");
  config.n_gpu_layers = 40;
  const Report report = Answer(config);
  EXPECT_NE(report.verdict, Verdict::kDoesNotFit);
  EXPECT_GT(report.host.weights, GiB(18));
  EXPECT_GT(report.host.kv_cache, Bytes(0));
  EXPECT_EQ(report.host.kv_cache + report.per_gpu[0].kv_cache, MiB(1280));
}

TEST(LlamaCppEngine, PrintsTheLinesThatTheBuildPrints) {
  Config config = Ask("llama-3.1-8b", "gguf-q4_k_m", "rtx-4090", 4096, "2026-05");
  config.max_num_seqs = 1;
  Result<Resolved> resolved = Settle(config, TheCatalog());
  ASSERT_TRUE(resolved.ok());
  const std::vector<std::string> lines = LlamaCppEngine().ExpectedLog(*resolved, EstimateResolved(*resolved));
  const auto has = [&](std::string_view line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  EXPECT_TRUE(has("load_tensors: offloaded 33/33 layers to GPU"));
  EXPECT_TRUE(has("load_tensors:        CUDA0 model buffer size =  4403.49 MiB"));
  EXPECT_TRUE(has("llama_kv_cache:      CUDA0 KV buffer size =   512.00 MiB"));
  EXPECT_TRUE(has("sched_reserve:      CUDA0 compute buffer size =   258.50 MiB"));
  EXPECT_TRUE(has("sched_reserve:  CUDA_Host compute buffer size =    24.01 MiB"));
}

TEST(LlamaCppEngine, DraftsHaveAContextOfTheirOwn) {
  Config config = Ask("qwen3.6-27b", "gguf-q4_k_m", "rtx-5090", 32768, "b10700");
  config.max_num_seqs = 1;
  const Report without = Answer(config);
  config.speculative = Speculative{SpeculativeMethod::kMtp, "", "", 3};
  const Report with = Answer(config);
  EXPECT_EQ(without.per_gpu[0].activation, Bytes(0));
  EXPECT_EQ(with.per_gpu[0].recurrent_state, without.per_gpu[0].recurrent_state * 4);
  EXPECT_GE(with.per_gpu[0].activation, MiB(128)) << "one layer of KV for the draft";
  EXPECT_EQ(with.per_gpu[0].kv_cache, without.per_gpu[0].kv_cache);
}

// Eight adapters of rank 16 on Llama 3.1 8B: A and B of seven matrices in each of 32 layers, 16 bits.
TEST(LlamaCppEngine, AdaptersLieBesideTheirMatrices) {
  Config config = Ask("llama-3.1-8b", "gguf-q4_k_m", "rtx-4090", 8192, "");
  const Bytes without = Answer(config).per_gpu[0].total;
  config.lora = Lora{8, 16};
  const Report with = Answer(config);
  const int64_t widths = (4096 + 4096) * 2 + (4096 + 1024) * 2 + (4096 + 14336) * 3;
  EXPECT_EQ((with.per_gpu[0].total - without).count(), 2 * 8 * 16 * widths * 32);
}

// mmproj-F16.gguf of Qwen3.5 397B is listed with 918 MB: vectors and the position table stay in 32 bits.
TEST(LlamaCppEngine, ProjectorFilesHoldVectorsIn32Bits) {
  Config config = Ask("qwen3.5-397b-a17b", "gguf-q4_k_m", "b200", 4096, "");
  config.gpus = 4;
  config.multimodal = false;
  const Bytes without = Answer(config).per_gpu[0].activation;
  config.multimodal = true;
  const Bytes with = Answer(config).per_gpu[0].activation;
  const double buffer = Value(Measure::kLlamaVisionBuffer) * 1024 * 1024;
  EXPECT_NEAR((static_cast<double>((with - without).count()) - buffer) / 1e6, 918.15, 0.05);
}

// The error of an average widens the band in which a card counts as tight, and the report says so.
TEST(LlamaCppEngine, AveragesMakeItTight) {
  Config config = Ask("qwen3-32b", "gguf-ud-q4_k_xl", "rtx-4090", 12288, "");
  config.max_num_seqs = 1;
  const Report report = Answer(config);
  EXPECT_EQ(report.verdict, Verdict::kTight);
  EXPECT_TRUE(Says(report, "format_is_average"));
  config.format = Json("gguf-q4_k_m");
  EXPECT_EQ(Answer(config).verdict, Verdict::kFits);
}

// A type of ggml that came later than the build.
TEST(LlamaCppEngine, FormatsSayFromWhichBuildTheyAreRead) {
  const auto refused = [](const char* format, const char* build) {
    return Says(Answer(Ask("llama-3.1-8b", format, "rtx-4090", 4096, build)), "format_newer_than_engine");
  };
  EXPECT_TRUE(refused("gguf-mxfp4_moe", "b6000"));
  EXPECT_FALSE(refused("gguf-mxfp4_moe", "b6096"));
  EXPECT_TRUE(refused("gguf-nvfp4", "b7000"));
  EXPECT_TRUE(refused("gguf-tq2_0", "2024-06"));
  EXPECT_FALSE(refused("gguf-q4_k_m", "b4000"));
}

TEST(LlamaCppEngine, ModelsThatItDoesNotHave) {
  const EstimatedCase whisper = EstimateText(
      R"({"engine":"llama.cpp","format":"gguf-f16","gpu":"rtx-4090","model":{
          "architectures":["WhisperForConditionalGeneration"],"d_model":768,"encoder_layers":12,"decoder_layers":12,
          "decoder_attention_heads":12,"encoder_ffn_dim":3072,"decoder_ffn_dim":3072,"vocab_size":51865}})");
  ASSERT_EQ(whisper.error, "");
  EXPECT_TRUE(whisper.Has("model_not_in_llama_cpp"));
  EXPECT_EQ(whisper.report.verdict, Verdict::kInvalid);
}

TEST(LlamaPrograms, HaveTheirOwnDefaults) {
  const auto of = [](const std::string& engine, const std::string& keys = "") {
    return EstimateText(R"({"model":"gemma-3-27b","format":"gguf-q4_k_m","gpu":"rtx-3090","engine":")" +
                        engine + "\"" + keys + "}");
  };
  const EstimatedCase studio = of("lm-studio");
  EXPECT_EQ(studio.resolved.engine->name, "LM Studio");
  EXPECT_EQ(studio.resolved.max_model_len, 4096);
  EXPECT_EQ(studio.resolved.max_num_seqs, 4);
  EXPECT_TRUE(studio.Has("program_defaults")) << "a closed program: what is taken is said";
  EXPECT_FALSE(of("lm-studio", R"(,"max_model_len":8192)").Has("program_defaults"));
  const EstimatedCase kobold = of("koboldcpp");
  EXPECT_EQ(kobold.resolved.max_model_len, 8192);
  EXPECT_EQ(kobold.report.kv.capacity_tokens, 8448) << "8192 and 128 against fragmentation, by 256";
  const EstimatedCase server = of("llama.cpp", R"(,"max_model_len":8192,"max_num_seqs":1)");
  EXPECT_GT(kobold.report.per_gpu[0].kv_cache, server.report.per_gpu[0].kv_cache * 2)
      << "no windows by default";
  EXPECT_EQ(
      of("kobold", R"(,"swa_full":false)").report.per_gpu[0].kv_cache < kobold.report.per_gpu[0].kv_cache,
      true);
  EXPECT_GT(studio.report.speed.decode_tokens_per_s, 10) << "llama.cpp's own speeds";
}

}  // namespace
}  // namespace plimsoll
