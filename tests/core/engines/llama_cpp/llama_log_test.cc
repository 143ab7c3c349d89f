#include "core/engines/llama_cpp/llama_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase Ask(const std::string& rest, const std::string& gpu = "rtx-3090") {
  EstimatedCase c =
      EstimateText(R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":")" + gpu +
                   R"(","max_model_len":8192,"flash_attention":true)" + rest + "}");
  EXPECT_EQ(c.error, "") << rest;
  return c;
}

bool Prints(const EstimatedCase& c, const std::string& line) {
  const std::vector<std::string> lines = LlamaLog(c.resolved, c.report);
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

const Term* Find(const std::vector<Term>& terms, std::string_view name) {
  for (const Term& term : terms) {
    if (term.name == name) return &term;
  }
  return nullptr;
}

// 32 layers x 8192 cells x 8 heads x 128 x 2 x 2 bytes are 1024 MiB.
TEST(LlamaLog, LinesByTheFunctionThatPrintsThem) {
  const struct {
    const char* version;
    const char* load;
    const char* cache;
  } cases[] = {
      {"b4419", "llm_load_tensors", "llama_kv_cache_init"},
      {"b4420", "load_tensors", "llama_kv_cache_init"},
      {"b5429", "load_tensors", "llama_kv_cache_init"},
      {"b5430", "load_tensors", "llama_kv_cache_unified"},
      {"b6599", "load_tensors", "llama_kv_cache_unified"},
      {"b6600", "load_tensors", "llama_kv_cache"},
  };
  for (const auto& c : cases) {
    const EstimatedCase answer =
        Ask(std::string(R"(,"max_num_seqs":1,"engine_version":")") + c.version + "\"");
    EXPECT_TRUE(Prints(answer, std::string(c.load) + ": offloaded 33/33 layers to GPU")) << c.version;
    EXPECT_TRUE(Prints(answer, std::string(c.cache) + ":      CUDA0 KV buffer size =  1024.00 MiB"))
        << c.version;
    EXPECT_TRUE(Prints(answer, std::string(c.cache) + ": size = 1024.00 MiB (  8192 cells, 1/1 seqs)"))
        << c.version;
  }
}

TEST(LlamaLog, DevicesByTheirBackend) {
  const struct {
    const char* gpu;
    const char* device;
  } cases[] = {{"rtx-3090", "CUDA0"}, {"rx-7900-xtx", "ROCm0"}, {"apple-m2-ultra", "MTL0"}};
  for (const auto& c : cases) {
    const EstimatedCase answer = Ask(R"(,"max_num_seqs":1)", c.gpu);
    bool found = false;
    for (const std::string& line : LlamaLog(answer.resolved, answer.report)) {
      found |= line.find(c.device + std::string(" model buffer size = ")) != std::string::npos;
    }
    EXPECT_TRUE(found) << c.gpu;
  }
}

// Cards of RPC servers come before the machine's own, by the server's address and the card's number there.
TEST(LlamaLog, CardsOfOtherMachinesByTheirServers) {
  const auto devices = [](const char* version, int nodes) {
    const EstimatedCase answer = Ask(R"(,"max_num_seqs":1,"gpus":2,"nodes":)" + std::to_string(nodes) +
                                     R"(,"engine_version":")" + version + "\"");
    std::string found;
    for (const std::string& line : LlamaLog(answer.resolved, answer.report)) {
      const size_t end = line.find(" model buffer size");
      if (end == std::string::npos || line.find("CPU") != std::string::npos) continue;
      const size_t begin = line.rfind(' ', end - 1) + 1;
      found += (found.empty() ? "" : " ") + line.substr(begin, end - begin);
    }
    return found;
  };
  EXPECT_EQ(devices("b9000", 1), "CUDA0 CUDA1");
  EXPECT_EQ(devices("b9000", 2), "RPC0[node2:50052] RPC1[node2:50052] CUDA0 CUDA1");
  EXPECT_EQ(devices("b9000", 3),
            "RPC0[node2:50052] RPC1[node2:50052] RPC0[node3:50052] RPC1[node3:50052] CUDA0 CUDA1");
  EXPECT_EQ(devices("b6600", 2), "RPC[node2:50052] RPC[node2:50052] CUDA0 CUDA1");
}

TEST(LlamaLog, LayersInRamAreCounted) {
  const EstimatedCase c = Ask(R"(,"max_num_seqs":1,"n_gpu_layers":10)");
  EXPECT_TRUE(Prints(c, "load_tensors: offloaded 10/33 layers to GPU"));
  // 23 layers' cells stay in RAM with their layers: 736 MiB, or 22 where the output counts as one of the ten.
  bool host = false;
  for (const std::string& line : LlamaLog(c.resolved, c.report)) {
    host |= line.find("CPU KV buffer size =   736.00 MiB") != std::string::npos;
  }
  EXPECT_TRUE(host);
}

TEST(LlamaLog, TermsSayWhereTheirNumbersComeFrom) {
  const EstimatedCase c = Ask(R"(,"max_num_seqs":1)");
  const std::vector<Term> terms = ExplainLlama(c.resolved, c.report);
  EXPECT_EQ(Find(terms, "Weights")->substituted, "32 of 32 layers and the output, gguf-q4_k_m");
  EXPECT_EQ(Find(terms, "Weights")->bytes, c.report.per_gpu[0].weights);
  EXPECT_EQ(Find(terms, "KV cache")->substituted, "1 x 8,192 cells");
  EXPECT_EQ(Find(terms, "KV cache")->bytes, MiB(1024));
  const Term* whole = Find(terms, "Layers with the whole context");
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(whole->substituted, "32 x 8,192 x 4,096 B");
  EXPECT_EQ(whole->bytes, MiB(1024));
  EXPECT_EQ(whole->depth, 1);
  EXPECT_EQ(Find(terms, "Compute buffer")->substituted, "512 tokens per batch, with flash attention");
  EXPECT_EQ(Find(terms, "Output matrix")->substituted, "output.weight");
  EXPECT_EQ(Find(terms, "Slots"), nullptr) << "one";
  const EstimatedCase slots = Ask(R"(,"max_num_seqs":4,"kv_unified":false)");
  const std::vector<Term> divided = ExplainLlama(slots.resolved, slots.report);
  EXPECT_EQ(Find(divided, "Slots")->substituted, "4 slots, 4 x 2,048 cells");
  EXPECT_EQ(Find(divided, "Slots")->formula, "slots x cells of each");
}

TEST(LlamaLog, WhatStaysInRamIsNoSummand) {
  const EstimatedCase c = Ask(R"(,"max_num_seqs":1,"n_gpu_layers":10)");
  const std::vector<Term> terms = ExplainLlama(c.resolved, c.report);
  const Term* ram = Find(terms, "Weights in RAM");
  ASSERT_NE(ram, nullptr);
  EXPECT_EQ(ram->depth, 2);
  EXPECT_EQ(ram->bytes, c.report.host.weights);
  Bytes sum;
  for (const Term& term : terms) {
    if (term.depth == 0) sum += term.bytes;
  }
  EXPECT_EQ(sum, c.report.per_gpu[0].total);
}

}  // namespace
}  // namespace plimsoll
