// llama.cpp's buffers held against published startup logs: medians and percentiles over all of them, and the
// figures of single logs that only one rule explains.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/estimate/estimate.h"
#include "core/validate/validation.h"
#include "tests/support/case_files.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

const CaseFile& Logs() {
  static const CaseFile* const file = new CaseFile(ReadCaseFile("llama_cpp_logs.json"));
  return *file;
}

double Mib(Bytes bytes) { return std::round(bytes.mib() * 100) / 100; }

EstimatedCase Ask(const std::string& keys) {
  EstimatedCase answer = EstimateText("{\"engine\":\"llama.cpp\"," + keys + "}");
  EXPECT_EQ(answer.error, "");
  return answer;
}

TEST(LlamaLogs, WithinTheBounds) {
  const ErrorBound bounds[] = {
      {"model_buffer_mib", 35, 0.001, 0.04},        {"kv_buffer_mib", 50, 0, 0},
      {"recurrent_buffer_mib", 8, 0.001, 0.001},    {"compute_buffer_mib", 40, 0.001, 0.02},
      {"host_compute_buffer_mib", 35, 0.001, 0.03}, {"outcome", 15, 0, 0},
  };
  ExpectWithin(Validate(Logs(), TestCatalog()), bounds);
}

// ollama 0.34 runs llama-server: Qwen1.5 4B with 32768 cells in q8_0. Attention's node has room for 160 MiB
// of keys and as much of values in 16 bits.
TEST(LlamaLogs, AQuantisedCacheIsWidenedInTheComputeBuffer) {
  const std::string model =
      R"("model":{"architectures":["Qwen2ForCausalLM"],"model_type":"qwen2","hidden_size":2560,)"
      R"("intermediate_size":6912,"num_hidden_layers":40,"num_attention_heads":20,"num_key_value_heads":20,)"
      R"("vocab_size":151936,"max_position_embeddings":32768,"tie_word_embeddings":false},)"
      R"("format":"gguf-q4_0","gpu":"rx-9070-xt","max_model_len":32768,"max_num_seqs":1,)";
  const EstimatedCase q8 = Ask(model + R"("engine_version":"b10700","kv_cache_dtype":"q8_0")");
  EXPECT_EQ(Mib(q8.report.per_gpu[0].compute_buffer), 372.09);
  EXPECT_EQ(Mib(q8.report.host.compute_buffer), 42.09);
  const EstimatedCase before = Ask(model + R"("engine_version":"b9488","kv_cache_dtype":"q8_0")");
  EXPECT_EQ(Mib(before.report.per_gpu[0].compute_buffer), 82.59);
  const EstimatedCase vulkan =
      Ask(model + R"("engine_version":"b10700","kv_cache_dtype":"q8_0","backend":"vulkan")");
  EXPECT_EQ(Mib(vulkan.report.per_gpu[0].compute_buffer), 82.59) << "its kernels read q8_0 as it is stored";
  const EstimatedCase fp16 = Ask(model + R"("engine_version":"b10700")");
  EXPECT_LT(fp16.report.per_gpu[0].compute_buffer, q8.report.per_gpu[0].compute_buffer);
}

// ollama 0.32.14 (b10434), Qwen3.8 27B Q8_0 over two MI355X: blk.64 is in the file and not loaded.
TEST(LlamaLogs, PredictionLayersAreLoadedWhereTheyDraft) {
  const std::string ask =
      R"("model":"qwen3.6-27b","format":"gguf-q8_0","gpu":"mi355x","max_model_len":262144,"max_num_seqs":1,)";
  const EstimatedCase plain = Ask(ask + R"("engine_version":"b10434")");
  EXPECT_NEAR(plain.report.per_gpu[0].weights.mib(), 25972.29, 0.02);
  const std::string mtp = R"(,"speculative":{"method":"mtp","num_tokens":3})";
  const EstimatedCase drafts = Ask(ask + R"("engine_version":"b10434")" + mtp);
  EXPECT_NEAR((drafts.report.per_gpu[0].weights - plain.report.per_gpu[0].weights).mib(), 430.41, 0.02);
  const EstimatedCase in_june = Ask(ask + R"("engine_version":"b9600")");
  EXPECT_EQ(in_june.report.per_gpu[0].weights, drafts.report.per_gpu[0].weights);
  const EstimatedCase in_march = Ask(ask + R"("engine_version":"b8300")");
  EXPECT_EQ(in_march.report.per_gpu[0].weights, plain.report.per_gpu[0].weights);
}

// The same server: norms stay on their layer's card when every layer is on one.
TEST(LlamaLogs, PipeliningCopiesTheStreamAndTheMask) {
  const EstimatedCase two =
      Ask(R"("model":"qwen3.6-27b","format":"gguf-q8_0","gpu":"mi355x","gpus":2,"max_model_len":262144,)"
          R"("max_num_seqs":1,"n_ubatch":2048,"engine_version":"b10434")");
  for (const GpuReport& gpu : two.report.per_gpu) EXPECT_EQ(Mib(gpu.compute_buffer), 4744.25);
  // 3072 wide, 65536 cells: four copies of the mask, one of the ready-made embeddings.
  const EstimatedCase host =
      Ask(R"("model":"llama-3.2-3b","format":"gguf-q4_k_m","gpu":"rtx-4090","gpus":2,"max_model_len":65536)");
  EXPECT_EQ(Mib(host.report.host.compute_buffer), 268.05);
  // ggml-org/llama.cpp#12369: five MI50 whose build copies nothing between cards.
  const EstimatedCase apart =
      Ask(R"("model":"qwen2.5-32b","format":"gguf-q4_k_m","gpu":"mi100","gpus":5,"gpu_memory_mib":16368,)"
          R"("max_model_len":32768,"max_num_seqs":1,"flash_attention":false,"engine_version":"b4880",)"
          R"("sched_max_copies":1)");
  for (const GpuReport& gpu : apart.report.per_gpu) EXPECT_EQ(Mib(gpu.compute_buffer), 2664.0);
  EXPECT_EQ(Mib(apart.report.host.compute_buffer), 74.01);
}

// Qwen2.5-VL 7B, 21 of 29 layers on a Radeon Pro VII: the mask is copied behind the first weights from RAM,
// so that the logits find room where both were.
TEST(LlamaLogs, InputsAreTakenWhereTheyAreFirstRead) {
  const EstimatedCase part =
      Ask(R"("model":"qwen2.5-7b","format":"gguf-q6_k","gpu":"mi100","max_model_len":65536,)"
          R"("kv_cache_dtype":"q8_0","n_gpu_layers":21,"engine_version":"b7972")");
  EXPECT_EQ(Mib(part.report.per_gpu[0].compute_buffer), 304.0);
  EXPECT_NEAR(part.report.host.compute_buffer.mib(), 142.02, 0.02);
}

// ggml-org/llama.cpp#22673, Qwen3.6 35B-A3B with every layer on the card: what is read through a view is not written
// over, the shared experts' gate reads the norm last, and the rows of states part the holes.
TEST(LlamaLogs, WhatIsReadThroughAViewKeepsItsPlace) {
  const EstimatedCase all =
      Ask(R"("model":"qwen3.6-35b-a3b","format":"gguf-q4_k_m","gpu":"rtx-5090","max_model_len":131072,)"
          R"("max_num_seqs":1,"engine_version":"b9100")");
  EXPECT_EQ(Mib(all.report.per_gpu[0].compute_buffer), 493.0);
}

// Qwen3.5 9B with 13 of 32 layers in RAM and batches of 2048: matrices are copied by their own sizes, caches whole, and
// the mask of the first attention lies between them. The log of a dynamic file says 498.
TEST(LlamaLogs, LayersInRamBringTheirCaches) {
  const EstimatedCase part = Ask(
      R"("model":"qwen3.5-9b","format":"gguf-q4_k_m","gpu":"rtx-3060-12gb","backend":"vulkan",)"
      R"("max_model_len":8192,"max_num_seqs":1,"n_ubatch":2048,"n_gpu_layers":20,"engine_version":"b10500")");
  EXPECT_NEAR(part.report.per_gpu[0].compute_buffer.mib(), 498, 0.04 * 498);
}

// Ministral 3 8B on an M5 with the context fitted: Metal maps the whole file, token_embd with it, and its
// attention keeps partial results in the compute buffer.
TEST(LlamaLogs, MetalMapsTheFile) {
  const std::string ask =
      R"("model":{"architectures":["Ministral3ForCausalLM"],"model_type":"ministral3","hidden_size":4096,)"
      R"("intermediate_size":14336,"num_hidden_layers":34,"num_attention_heads":32,"num_key_value_heads":8,)"
      R"("head_dim":128,"vocab_size":131072,"max_position_embeddings":262144,"tie_word_embeddings":false},)"
      R"("format":"gguf-q8_0","engine_version":"b8193","gpu":"apple-m5","gpu_memory_mib":18186,)"
      R"("max_model_len":65536,"max_num_seqs":1)";
  const EstimatedCase mapped = Ask(ask);
  EXPECT_NEAR(mapped.report.per_gpu[0].weights.mib(), 8603, 1);
  EXPECT_NEAR(mapped.report.per_gpu[0].compute_buffer.mib(), 264, 1);
  const EstimatedCase read = Ask(ask + R"(,"mmap":false)");
  EXPECT_NEAR((mapped.report.per_gpu[0].weights - read.report.per_gpu[0].weights).mib(), 544, 0.1);
}

// MiniMax M2.1 in IQ4_NL over four RTX 3090, most experts in RAM by -ot (compute 1302, 202, 202 and 396 MiB): the first
// card multiplies those of all cards' layers.
TEST(LlamaLogs, TheFirstCardMultipliesAllExpertsInRam) {
  const std::string ask =
      R"("model":"minimax-m2","format":"gguf-iq4_nl","gpu":"rtx-3090","gpus":4,"engine_version":"b7750",)"
      R"("max_model_len":120000,"max_num_batched_tokens":512,"tensor_split":[1,1,1,1],"kv_unified":true,)"
      R"("max_num_seqs":4,"flash_attention":true,"override_tensor":"blk.(1|2|3|4|5|6|7|8|9|10))";
  const auto with = [&ask](const std::string& more) {
    return Ask(ask + more + R"(.ffn_.*_exps.weight=CPU")").report;
  };
  const Report all = with(
      ".ffn_.*_exps.weight=CPU,blk.(17|18|19|20|21|22|23|24|25).ffn_.*_exps.weight=CPU,"
      "blk.(33|34|35|36|37|38|39|40|41).ffn_.*_exps.weight=CPU,"
      "blk.(49|50|51|52|53|54|55|56|57)");
  ASSERT_EQ(all.per_gpu.size(), 4u);
  EXPECT_NEAR(all.per_gpu[0].compute_buffer.mib(), 1302, 0.5);
  EXPECT_NEAR(all.per_gpu[3].compute_buffer.mib(), 396.5, 0.5);
  EXPECT_LT(with("").per_gpu[0].compute_buffer.mib(), 1302 - 250)
      << "its own are there beside its mask, one at a time";
}

// ggml-org/llama.cpp#22673: Qwen3.6 35B-A3B in UD-Q4_K_XL on an RTX 2000 Ada, every expert in RAM (compute 493 MiB, as with
// all of them on the card). Stacks that differed between layers as those of Q4_K_M do would leave holes too small for
// the mask.
TEST(LlamaLogs, StacksOfADynamicMixtureAreAlike) {
  const std::string ask =
      R"("model":"qwen3.6-35b-a3b","gpu":"rtx-4060-laptop","engine_version":"b9100","max_model_len":131072,)"
      R"("max_num_seqs":1,"flash_attention":true,"override_tensor":"exps=CPU","format":)";
  EXPECT_NEAR(Ask(ask + R"("gguf-ud-q4_k_xl")").report.per_gpu[0].compute_buffer.mib(), 493, 493 * 0.01);
  EXPECT_GT(Ask(ask + R"("gguf-q4_k_m")").report.per_gpu[0].compute_buffer.mib(), 510);
}

// Qwen3.5 9B in Q4_K_M, 13 of 32 layers in RAM, batches of 2048: a replay of ggml's scheduler and allocator with this
// recipe's types gives 487.38 MiB, and 498.09 with the last matrices of all layers in Q6_K (a log of a dynamic file: 498.0).
TEST(LlamaLogs, LayersInRamAreStagedByTheirTypes) {
  const std::string ask =
      R"("model":"qwen3.5-9b","gpu":"rtx-3060-12gb","engine_version":"b10500","max_model_len":8192,)"
      R"("max_num_seqs":1,"n_ubatch":2048,"flash_attention":true,"n_gpu_layers":20,"format":)";
  EXPECT_NEAR(Ask(ask + R"("gguf-q4_k_m")").report.per_gpu[0].compute_buffer.mib(), 487.38, 0.1);
}

// Qwen3 Coder 30B-A3B over an RTX 5060 Ti and an RTX 2060, September 2026: 808.35 MiB of compute buffer with pipelining
// found no room, 408.09 without did ("retrying without pipeline parallelism").
TEST(LlamaLogs, WithoutRoomForCopiesNothingIsPipelined) {
  const std::string ask =
      R"("model":"qwen3-coder-30b-a3b","format":"gguf-q4_k_m","gpu":["rtx-5060-ti-16gb","rtx-2060"],"n_gpu_layers":99,)"
      R"("max_model_len":131072,"kv_cache_dtype":"q4_0","tensor_split":[3,1],"max_num_seqs":1,"flash_attention":true,)";
  const auto with = [&ask](std::string_view build, int64_t first, int64_t second) {
    return Ask(ask + R"("engine_version":")" + std::string(build) + R"(","gpu_memory_mib":[)" +
               std::to_string(first) + "," + std::to_string(second) + "]");
  };
  const EstimatedCase roomy = with("b10300", 40000, 40000);
  EXPECT_NEAR(roomy.report.per_gpu[0].compute_buffer.mib(), 808.35, 0.01);
  EXPECT_NEAR(roomy.report.per_gpu[1].compute_buffer.mib(), 808.35, 0.01);
  EXPECT_FALSE(roomy.Has("pipelining_dropped"));
  // One card is 100 MiB short.
  const auto first = static_cast<int64_t>(roomy.report.per_gpu[0].total.mib());
  const auto second = static_cast<int64_t>(roomy.report.per_gpu[1].total.mib());
  const EstimatedCase narrow = with("b10300", first + 300, second - 100);
  EXPECT_NEAR(narrow.report.per_gpu[0].compute_buffer.mib(), 408.09, 0.01);
  EXPECT_NEAR(narrow.report.per_gpu[1].compute_buffer.mib(), 408.09, 0.01);
  EXPECT_TRUE(narrow.report.fits());
  EXPECT_TRUE(narrow.Has("pipelining_dropped"));
  EXPECT_LT(narrow.report.host.compute_buffer, roomy.report.host.compute_buffer);
  // Before, loading ended there. Where not even the cache finds room, it still does.
  const EstimatedCase older = with("b6800", first + 300, second - 400);
  EXPECT_FALSE(older.report.fits());
  EXPECT_FALSE(older.Has("pipelining_dropped"));
  EXPECT_FALSE(with("b10300", first + 300, second - 1200).Has("pipelining_dropped"));
  // What the longest context is asked for finds the same room.
  const EstimatedCase barely = with("b10300", first + 50, second + 50);
  EXPECT_FALSE(barely.Has("pipelining_dropped"));
  EXPECT_GT(barely.report.kv.max_model_len_that_fits, 131072 + 2048);
}

// Where recurrent layers leave the stream repeats late in builds with 32-bit masks, and inputs that are copied for
// pipelining are not written over: an offline replay of ggml's scheduler and allocator over the whole graph gives these.
std::vector<double> Buffers(std::string_view model, int cards, int64_t context, std::string_view build,
                            std::string_view more = "") {
  const EstimatedCase answer = Ask(
      R"("model":")" + std::string(model) + R"(","gpu":"rtx-3090","gpu_memory_mib":240000,)" +
      R"("max_num_seqs":1,"flash_attention":true,"gpus":)" + std::to_string(cards) + R"(,"max_model_len":)" +
      std::to_string(context) + R"(,"engine_version":")" + std::string(build) + "\"" + std::string(more));
  std::vector<double> mib;
  for (const GpuReport& gpu : answer.report.per_gpu) mib.push_back(Mib(gpu.compute_buffer));
  return mib;
}

TEST(LlamaLogs, HybridsAreWalkedAsTheyAreReserved) {
  EXPECT_EQ(Buffers("qwen3.5-27b", 1, 4096, "b9100"), std::vector<double>{505.00});
  EXPECT_EQ(Buffers("qwen3.5-9b", 1, 32768, "b9100"), std::vector<double>{501.00});
  EXPECT_EQ(Buffers("qwen3.5-9b", 2, 32768, "b9100"), (std::vector<double>{424.06, 653.07}));
  EXPECT_EQ(Buffers("qwen3.5-35b-a3b", 2, 8192, "b9100"), (std::vector<double>{156.06, 541.07}));
  EXPECT_EQ(Buffers("qwen3.5-35b-a3b", 2, 8192, "b10400"), (std::vector<double>{116.06, 116.06}));
}

// Biases of experts in RAM are weights that are copied, too. They come between the stacks and part the holes that these
// leave (the same replay).
TEST(LlamaLogs, BiasesOfExpertsInRamAreCopied) {
  const auto oss = [](int cards, int64_t context, std::string_view build, int layers) {
    return Buffers("gpt-oss-20b", cards, context, build,
                   R"(,"format":"gguf-mxfp4_moe","n_cpu_moe":)" + std::to_string(layers));
  };
  EXPECT_EQ(oss(1, 8192, "b10400", 12), std::vector<double>{207.48});
  EXPECT_EQ(oss(1, 131072, "b10400", 24), std::vector<double>{327.48});
  EXPECT_EQ(oss(1, 131072, "b9100", 12), std::vector<double>{456.98});
  EXPECT_EQ(oss(2, 8192, "b10400", 18), (std::vector<double>{274.58, 95.52}));
  EXPECT_EQ(oss(3, 8192, "b9100", 18), (std::vector<double>{208.98, 36.02, 398.38}));
}

// A published log of the same (ikawrakow/ik_llama.cpp#822, llama.cpp b6699 with --n-cpu-moe 99 on an RTX 3070): biases are
// in RAM, for the pattern looks for "exps" anywhere in a tensor's name, "blk.0.ffn_gate_exps.bias" too
// (llama-model-loader.cpp, create_tensor). A pattern that ends in "weight" leaves them on their layers' cards: 24 layers
// of 32 experts' 3 biases of 2,880 numbers.
TEST(LlamaLogs, BiasesOfExpertsGoWithTheirStacks) {
  const auto oss = [](const std::string& rest) {
    return Ask(R"("model":"gpt-oss-20b","format":"gguf-mxfp4_moe","engine_version":"b6699","max_num_seqs":1,)" +
               (R"("max_model_len":131072,"gpu":"rtx-3070",)" + rest))
        .report;
  };
  for (const char* where : {R"("n_cpu_moe":24)", R"("override_tensor":"exps=CPU")"}) {
    const Report one = oss(where);
    EXPECT_NEAR(one.per_gpu[0].weights.mib(), 1242.03, 0.05) << where;
    EXPECT_NEAR(one.per_gpu[0].kv_cache.mib(), 3072 + 18, 0.01) << where;
    EXPECT_NEAR(one.per_gpu[0].compute_buffer.mib(), 456.98, 0.01) << where;
    EXPECT_NEAR(one.host.compute_buffer.mib(), 263.15, 0.01) << where;
    const Report two = oss(std::string(where) + R"(,"gpus":2)");
    EXPECT_EQ(two.per_gpu[0].weights + two.per_gpu[1].weights, one.per_gpu[0].weights) << where;
  }
  const double biases = 24 * 32 * 3 * 2880 * 4 / 1048576.0;
  EXPECT_NEAR(oss(R"("override_tensor":"_exps.weight=CPU")").per_gpu[0].weights.mib(), 1242.03 + biases,
              0.05);
}

// gpt-oss 20B on an M5, experts of 12 layers in RAM: what is added to their products is added there.
TEST(LlamaLogs, BiasesOfExpertsInRamAreAddedThere) {
  const std::string ask =
      R"("model":"gpt-oss-20b","format":"gguf-mxfp4_moe","gpu":"apple-m5","max_model_len":32768,)"
      R"("max_num_seqs":1,"engine_version":"b8110")";
  const Report experts = Ask(ask + R"(,"n_cpu_moe":12)").report;
  EXPECT_NEAR(experts.host.compute_buffer.mib(), 116, 0.5);
  EXPECT_NEAR(experts.per_gpu[0].weights.mib(), 6095, 1);
  EXPECT_LT(Ask(ask).report.host.compute_buffer, experts.host.compute_buffer);
}

TEST(LlamaLogs, AMacHasTheMemoryThatIsSaid) {
  const std::string ask = R"("model":"llama-3.1-8b","format":"gguf-q4_k_m","gpu":"apple-m5")";
  EXPECT_EQ(Ask(ask + R"(,"ram_gib":24)").report.per_gpu[0].capacity, Bytes(19069654794));  // 74 %
  EXPECT_EQ(Ask(ask + R"(,"ram_gib":24)").report.per_gpu[0].reserved, GiB(24) - Bytes(19069654794));
}

// ggml-org/llama.cpp#15009: Strix Halo with RADV, which gives 4 GiB at once.
TEST(LlamaLogs, VulkanGivesSoMuchAtOnce) {
  const std::string ask = R"("model":"qwen3-30b-a3b","format":"gguf-q8_0","gpu":"ryzen-ai-max-395",)"
                          R"("max_num_seqs":1,"flash_attention":false,)";
  const EstimatedCase whole = Ask(ask + R"("engine_version":"b6050","max_model_len":70000)");
  EXPECT_EQ(Mib(whole.report.per_gpu[0].compute_buffer), 4536.75);
  EXPECT_EQ(whole.report.verdict, Verdict::kDoesNotFit);
  EXPECT_TRUE(whole.Has("allocation_too_large"));
  EXPECT_TRUE(Ask(ask + R"("engine_version":"b6050","max_model_len":70000,"n_ubatch":256)").report.fits());
  // In pieces since September 2025: only one tensor larger than that fails.
  EXPECT_FALSE(Ask(ask + R"("engine_version":"b6050","max_model_len":65536)").report.fits());
  const EstimatedCase pieces = Ask(ask + R"("engine_version":"b6600","max_model_len":65536)");
  EXPECT_TRUE(pieces.report.fits());
  EXPECT_FALSE(Ask(ask + R"("engine_version":"b6050","max_model_len":70000,"backend":"hip")")
                   .Has("allocation_too_large"));
}

// CPU_Mapped 1918.35 + CPU_REPACK 1299.38 (ollama's llama_server_test.go); 1623.67 + 921.38 of Gemma 2.
TEST(LlamaLogs, RamAlone) {
  const EstimatedCase llama =
      Ask(R"("model":"llama-3.2-3b","format":"gguf-q4_k_m","gpus":0,"max_model_len":1024,"max_num_seqs":1,)"
          R"("engine_version":"b9800")");
  ASSERT_EQ(llama.report.per_gpu.size(), 1u);
  EXPECT_NEAR(llama.report.per_gpu[0].weights.mib(), 1918.35 + 1299.38, 0.05);
  EXPECT_EQ(Mib(llama.report.per_gpu[0].kv_cache), 112.0);
  EXPECT_EQ(llama.report.host.weights, Bytes(0));
  EXPECT_TRUE(llama.Has("ram_assumed"));
  const EstimatedCase gemma =
      Ask(R"("model":"gemma-2-2b","format":"gguf-q4_k_m","gpus":0,"max_model_len":8192,)"
          R"("engine_version":"b7000")");
  EXPECT_NEAR(gemma.report.per_gpu[0].weights.mib(), 1623.67 + 921.38, 0.05);
  const EstimatedCase read =
      Ask(R"("model":"gemma-2-2b","format":"gguf-q4_k_m","gpus":0,"max_model_len":8192,"mmap":false)");
  EXPECT_NEAR(read.report.per_gpu[0].weights.mib(), 1623.67, 0.05);
  EXPECT_NE(EstimateText(R"({"model":"llama-3.2-3b","gpus":0})").error, "") << "vLLM needs a card";
}

// Without a card nothing can be kept off it: what is said of layers, experts and the cache changes nothing.
TEST(LlamaLogs, RamAloneHoldsEverything) {
  for (const char* engine : {"llama.cpp", "ollama"}) {
    const std::string ask = R"("model":"qwen3-30b-a3b","format":"gguf-q4_k_m","gpus":0,"max_model_len":4096,)"
                            R"("engine":")" +
                            std::string(engine) + "\"";
    const EstimatedCase plain = EstimateText("{" + ask + "}");
    ASSERT_EQ(plain.error, "");
    for (const char* more : {R"(,"n_gpu_layers":0)", R"(,"n_gpu_layers":12)", R"(,"n_cpu_moe":99)",
                             R"(,"kv_offload":false)", R"(,"override_tensor":"exps=CPU")"}) {
      const EstimatedCase answer = EstimateText("{" + ask + more + "}");
      ASSERT_EQ(answer.error, "") << engine << more;
      EXPECT_EQ(answer.report.per_gpu[0].total, plain.report.per_gpu[0].total) << engine << more;
      EXPECT_EQ(answer.report.speed.decode_tokens_per_s, plain.report.speed.decode_tokens_per_s)
          << engine << more;
    }
  }
}

TEST(LlamaLogs, WhatLiesInRamIsJudged) {
  const std::string ask =
      R"("model":"qwen3-235b-a22b","format":"gguf-q4_k_m","gpu":"rtx-4090","n_cpu_moe":94,"max_model_len":8192)";
  EXPECT_TRUE(Ask(ask).report.fits()) << "its size is not known";
  const EstimatedCase small = Ask(ask + R"(,"ram_gib":64)");
  EXPECT_EQ(small.report.verdict, Verdict::kDoesNotFit);
  EXPECT_TRUE(small.Has("ram_short"));
  EXPECT_TRUE(Ask(ask + R"(,"ram_gib":192)").report.fits());
  const EstimatedCase slow = Ask(ask + R"(,"ram_gb_per_s":51.2)");
  const EstimatedCase fast = Ask(ask + R"(,"ram_gb_per_s":102.4)");
  EXPECT_LT(slow.report.speed.decode_tokens_per_s, fast.report.speed.decode_tokens_per_s);
  EXPECT_FALSE(slow.Has("ram_assumed"));
}

// RPC servers: no copies for pipelining, hidden states over the network twice for each server, an all-in-one program
// without them.
TEST(LlamaLogs, CardsOfOtherMachines) {
  const std::string ask =
      R"("model":"llama-3.1-70b","format":"gguf-q4_k_m","gpu":"rtx-3090","max_model_len":8192,"max_num_seqs":1)";
  const EstimatedCase one = Ask(ask + R"(,"gpus":2)");
  const EstimatedCase two = Ask(ask + R"(,"gpus":1,"nodes":2)");
  EXPECT_LT(two.report.per_gpu[0].compute_buffer, one.report.per_gpu[0].compute_buffer);
  EXPECT_TRUE(two.Has("rpc_nodes"));
  EXPECT_FALSE(one.Has("rpc_nodes"));
  const EstimatedCase fast = Ask(ask + R"(,"gpus":1,"nodes":2,"node_link_gbit_per_s":100)");
  const auto seconds = [](const EstimatedCase& c) { return 1 / c.report.speed.decode_tokens_per_s; };
  EXPECT_LT(seconds(one), seconds(fast));
  EXPECT_GT(one.report.speed.prefill_tokens_per_s, two.report.speed.prefill_tokens_per_s * 1.05);
  // Two transfers of 8,192 x 4 bytes at 1 and at 100 Gbit/s.
  EXPECT_NEAR(seconds(two) - seconds(fast), 2 * 8192 * 4 * 8 / 1e9 * 0.99, 2e-6);
  const EstimatedCase ollama = EstimateText(R"({"engine":"ollama",)" + ask + R"(,"gpus":1,"nodes":2})");
  EXPECT_EQ(ollama.report.verdict, Verdict::kInvalid);
  EXPECT_TRUE(ollama.Has("one_machine_only"));
}

// A build for the processor leaves a card be.
TEST(LlamaLogs, TheProcessorsBuildUsesRam) {
  const std::string ask = R"("model":"llama-3.1-8b","format":"gguf-q4_k_m","max_model_len":8192,)";
  const EstimatedCase cpu = Ask(ask + R"("gpu":"rtx-4090","backend":"cpu")");
  const EstimatedCase none = Ask(ask + R"("gpus":0)");
  EXPECT_TRUE(cpu.resolved.ram_alone);
  EXPECT_EQ(cpu.report.per_gpu[0].total, none.report.per_gpu[0].total);
  EXPECT_EQ(cpu.report.speed.decode_tokens_per_s, none.report.speed.decode_tokens_per_s);
}

TEST(LlamaLogs, OptionsMoveTheCacheAndTheLayers) {
  const std::string ask =
      R"("model":"gemma-3-27b","format":"gguf-q4_0","gpu":"rtx-3090","max_model_len":32768,"max_num_seqs":1)";
  const Report windows = Ask(ask).report;
  EXPECT_EQ(Mib(windows.per_gpu[0].kv_cache), 3184.0);
  EXPECT_EQ(Mib(Ask(ask + R"(,"swa_full":true)").report.per_gpu[0].kv_cache), 62 * 256.0);
  const Report in_ram = Ask(ask + R"(,"kv_offload":false)").report;
  EXPECT_EQ(in_ram.per_gpu[0].kv_cache, Bytes(0));
  EXPECT_EQ(in_ram.host.kv_cache, windows.per_gpu[0].kv_cache);
  const Report second = Ask(ask + R"(,"gpus":2,"split_mode":"none","main_gpu":1)").report;
  EXPECT_EQ(second.per_gpu[0].weights, Bytes(0));
  EXPECT_EQ(second.per_gpu[1].weights, windows.per_gpu[0].weights);
  EXPECT_EQ(second.per_gpu[1].compute_buffer, windows.per_gpu[0].compute_buffer) << "no pipelining";
  const Report small = Ask(ask + R"(,"kv_cache_dtype":"iq4_nl")").report;
  EXPECT_EQ(small.per_gpu[0].kv_cache.count() * 32 * 2, windows.per_gpu[0].kv_cache.count() * 18);
}

TEST(LlamaLogs, FittingHasATarget) {
  const std::string ask = R"("model":"llama-3.1-8b","format":"gguf-q4_k_m","gpu":"rtx-4060")";
  const int64_t usual = Ask(ask).resolved.max_model_len;
  EXPECT_GT(Ask(ask + R"(,"fit_target_mib":512)").resolved.max_model_len, usual);
  EXPECT_LT(Ask(ask + R"(,"fit_target_mib":2048)").resolved.max_model_len, usual);
  EXPECT_EQ(Ask(ask + R"(,"fit":false)").resolved.max_model_len, 131072);
}

TEST(LlamaLogs, PairsOfCacheTypesWithoutAKernelAreSaid) {
  const std::string ask =
      R"("model":"llama-3.1-8b","format":"gguf-q4_k_m","gpu":"rtx-4090","max_model_len":8192,)";
  EXPECT_FALSE(Ask(ask + R"("kv_cache_dtype":"q8_0")").Has("attention_needs_all_quants"));
  EXPECT_FALSE(Ask(ask + R"("kv_cache_dtype":{"k":"q8_0","v":"q4_0"})").Has("attention_needs_all_quants"));
  EXPECT_TRUE(Ask(ask + R"("kv_cache_dtype":{"k":"q8_0","v":"fp16"})").Has("attention_needs_all_quants"));
  EXPECT_TRUE(Ask(ask + R"("kv_cache_dtype":"q5_1")").Has("attention_needs_all_quants"));
  EXPECT_FALSE(Ask(ask + R"("kv_cache_dtype":"q5_1","backend":"vulkan")").Has("attention_needs_all_quants"));
}

TEST(LlamaLogs, WordsThatAreNoneAreRefused) {
  const std::string ask = R"({"engine":"llama.cpp","model":"llama-3.1-8b","gpu":"rtx-4090",)";
  EXPECT_NE(EstimateText(ask + R"("backend":"opengl"})").error.find("backend"), std::string::npos);
  EXPECT_NE(EstimateText(ask + R"("kv_cache_dtype_draft":"q9"})").error.find("kv_cache_dtype_draft"),
            std::string::npos);
}

}  // namespace
}  // namespace plimsoll
