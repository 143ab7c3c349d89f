#include "core/estimate/verdict.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// A configuration of real cards with a report that a test writes itself.
struct Written {
  explicit Written(const char* config) : c(EstimateText(config)) {
    EXPECT_EQ(c.error, "") << config;
    report.verdict = Verdict::kFits;
    for (size_t i = 0; i < c.resolved.cards.size(); ++i) {
      GpuReport gpu;
      gpu.gpu = c.resolved.cards[i].gpu->id;
      gpu.rank = static_cast<int32_t>(i);
      gpu.capacity = GiB(24);
      gpu.budget = GiB(22);
      gpu.weights = GiB(15);
      gpu.kv_cache = GiB(4);
      gpu.total = GiB(20);
      gpu.headroom = GiB(3);
      report.per_gpu.push_back(gpu);
    }
    report.kv.max_concurrency = 4.84;
    report.kv.capacity_tokens = 158656;
  }
  std::string Headline() const { return HeadlineText(c.resolved, report); }
  std::string Detail() const { return DetailText(c.resolved, report); }
  EstimatedCase c;
  Report report;
};

constexpr const char* kOne = R"({"model":"llama-3.1-8b","gpu":"rtx-4090","max_model_len":16384})";

TEST(Verdict, WhatIsMissingOrLeftLiesWithinTheError) {
  Written w(kOne);
  w.report.verdict = Verdict::kTight;
  w.report.per_gpu[0].headroom = MiB(100);
  EXPECT_EQ(
      w.Detail(),
      "The card holds weights 15.0 GiB and KV cache 4.0 GiB. What is left, 100 MiB, lies within the error of "
      "the estimate.");
  w.report.per_gpu[0].headroom = Bytes(0) - MiB(100);
  EXPECT_EQ(
      w.Detail(),
      "The card holds weights 15.0 GiB and KV cache 4.0 GiB. What is missing, 100 MiB, lies within the error "
      "of the estimate.");
  w.report.per_gpu[0].headroom = Bytes(0);
  EXPECT_NE(w.Detail().find("What is left, 0"), std::string::npos);
  w.report.verdict = Verdict::kFits;
  EXPECT_EQ(w.Detail(), "The card holds weights 15.0 GiB and KV cache 4.0 GiB.") << "nothing to add";
}

// vLLM takes its share and captures graphs beside it: the card may be full while the cache has room.
TEST(Verdict, TheCardItselfMayBeWhatIsTight) {
  Written w(kOne);
  w.report.verdict = Verdict::kTight;
  w.report.per_gpu[0].total = GiB(23);
  EXPECT_NE(w.Detail().find("What the card has left beside it, 1.0 GiB, lies within the error"),
            std::string::npos)
      << w.Detail();
  w.report.per_gpu[0].total = GiB(26);
  EXPECT_NE(w.Detail().find("That is 2.0 GiB more than the card has, which lies within the error"),
            std::string::npos)
      << w.Detail();
}

TEST(Verdict, FitsSaysTheRoom) {
  Written w(kOne);
  EXPECT_EQ(w.Headline(),
            "Fits: 15.0 GiB of weights on one RTX 4090, room for 4.8 sequences of 16,384 tokens.");
  w.report.verdict = Verdict::kTight;
  EXPECT_EQ(w.Headline().substr(0, 7), "Tight: ");
  w.report.kv.max_concurrency = 1;
  EXPECT_NE(w.Headline().find("room for 1.0 sequence of 16,384"), std::string::npos) << w.Headline();
  w.report.kv.max_concurrency = 123.4;
  EXPECT_NE(w.Headline().find("room for 123 sequences of"), std::string::npos) << w.Headline();
  w.report.kv.max_concurrency = 99.94;
  EXPECT_NE(w.Headline().find("room for 99.9 sequences of"), std::string::npos) << w.Headline();
  w.report.kv.max_concurrency = 0;
  EXPECT_NE(w.Headline().find(", one sequence of 16,384 tokens."), std::string::npos) << w.Headline();
  EXPECT_EQ(HeadlineText(w.c.resolved, w.report, SizeUnits::kDecimal).substr(0, 14), "Tight: 16.1 GB");
}

TEST(Verdict, SaysHowManyOfTheUsersItHolds) {
  Written w(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","max_model_len":16384,"concurrency":8})");
  EXPECT_EQ(
      w.Headline(),
      "Fits: 15.0 GiB of weights on one RTX 4090, holds 4.8 of the 8 users asked for at 16,384 tokens each.");
  w.report.kv.max_concurrency = 7.99;
  EXPECT_NE(w.Headline().find("holds 7.9 of the 8 users"), std::string::npos) << "never all of them";
  w.report.kv.max_concurrency = 8;
  EXPECT_NE(w.Headline().find("room for 8.0 sequences of"), std::string::npos) << w.Headline();
}

TEST(Verdict, WhereTheFullestCardStands) {
  Written two(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","gpus":2,"max_model_len":16384})");
  EXPECT_NE(two.Headline().find("on each of 2 RTX 4090"), std::string::npos) << two.Headline();
  EXPECT_EQ(two.Detail().substr(0, 23), "The fullest card holds ");
  two.report.per_gpu[1].total = GiB(21);
  two.report.per_gpu[1].headroom = GiB(2);
  EXPECT_EQ(FullestCard(two.report), &two.report.per_gpu[1]);
  EXPECT_NE(two.Headline().find("on GPU 1 (RTX 4090), the fullest of 2"), std::string::npos)
      << two.Headline();
  Written mixed(R"({"model":"llama-3.1-8b","gpu":["rtx-4090","rtx-3090"],"max_model_len":16384})");
  EXPECT_NE(mixed.Headline().find("on GPU 0 (RTX 4090), the fullest of 2"), std::string::npos)
      << mixed.Headline();
  EXPECT_EQ(FullestCard(Report()), nullptr);
}

TEST(Verdict, ShortByHowMuch) {
  Written w(kOne);
  w.report.verdict = Verdict::kDoesNotFit;
  w.report.failure = FailureStage::kLoading;
  w.report.per_gpu[0].headroom = Bytes(0) - MiB(15770);
  EXPECT_EQ(w.Headline(), "Does not fit: short by 15.4 GiB on one RTX 4090.");
  w.report.per_gpu[0].headroom = Bytes(0) - MiB(512);
  EXPECT_EQ(w.Headline(), "Does not fit: short by 512 MiB on one RTX 4090.");
  EXPECT_EQ(w.Detail(), "The weights take 15.0 GiB of a card; vLLM may use 22.0 of 24.0 GiB.");
}

TEST(Verdict, WhatHasNoRoomWhereTheCacheIsNotShort) {
  Written w(kOne);
  w.report.verdict = Verdict::kDoesNotFit;
  w.report.kv.per_sequence = GiB(2);
  const struct {
    FailureStage stage;
    const char* sentence;
  } cases[] = {
      {FailureStage::kLoading, "Does not fit: the weights have no room on one RTX 4090."},
      {FailureStage::kProfiling, "Does not fit: no room for a step's activations on one RTX 4090."},
      {FailureStage::kGraphCapture, "Does not fit: no room to capture CUDA graphs on one RTX 4090."},
      {FailureStage::kCacheTooSmall,
       "Does not fit: one sequence of 16,384 tokens needs 2.0 GiB of cache on one RTX 4090."},
  };
  for (const auto& c : cases) {
    w.report.failure = c.stage;
    EXPECT_EQ(w.Headline(), c.sentence);
  }
  w.report.failure = FailureStage::kLoading;
  w.report.diagnostics = {{"ram_short", Severity::kError, "Much is to lie in RAM.", ""}};
  EXPECT_EQ(w.Headline(), "Does not fit: what is to lie in RAM has no room there.");
}

TEST(Verdict, WhatCannotRunSaysWhy) {
  Written w(kOne);
  w.report.verdict = Verdict::kInvalid;
  w.report.diagnostics = {{"a", Severity::kWarning, "A warning.", ""},
                          {"b", Severity::kError, "An error.", ""}};
  EXPECT_EQ(w.Headline(), "Cannot run: An error.");
  EXPECT_EQ(w.Detail(), "");
  w.report.diagnostics.clear();
  EXPECT_EQ(w.Headline(), "Cannot run: this configuration cannot start.");
}

TEST(Verdict, PartsFromFiftyMebibytesOn) {
  Written w(kOne);
  GpuReport& gpu = w.report.per_gpu[0];
  gpu.kv_cache = Bytes(0);
  gpu.activation = MiB(50);
  gpu.cuda_graph = MiB(50) - Bytes(1);
  gpu.non_torch = MiB(30);
  gpu.driver = MiB(30);
  gpu.others = MiB(600);
  gpu.recurrent_state = MiB(100);
  gpu.compute_buffer = MiB(300);
  EXPECT_EQ(w.Detail(),
            "The card holds weights 15.0 GiB, recurrent state 0.1 GiB, activations 0.0 GiB, compute buffers "
            "0.3 GiB, "
            "runtime 0.1 GiB and other programs 0.6 GiB.");
}

TEST(Verdict, SlotsShareOrDivideTheContext) {
  const char* start =
      R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-4090","max_model_len":16384)";
  const struct {
    const char* rest;
    const char* headline;
    const char* cache;
  } cases[] = {
      {R"(,"max_num_seqs":1})",
       "Fits: 20.0 of 24.0 GiB on one RTX 4090 for 1 sequence in 16,384 tokens of context.",
       "158,656 tokens, 4.84 sequences of 16,384"},
      {R"(,"max_num_seqs":8,"kv_unified":true})",
       "Fits: 20.0 of 24.0 GiB on one RTX 4090 for 8 sequences sharing 16,384 tokens of context.",
       "158,656 tokens, shared by 8 slots"},
      {R"(,"max_num_seqs":8,"kv_unified":false})",
       "Fits: 20.0 of 24.0 GiB on one RTX 4090 for 8 sequences dividing 16,384 tokens of context.",
       "158,656 tokens, 19,832 for each of 8 slots"},
  };
  for (const auto& c : cases) {
    const Written w((std::string(start) + c.rest).c_str());
    EXPECT_EQ(w.Headline(), c.headline);
    EXPECT_EQ(CacheText(w.c.resolved, w.report), c.cache);
  }
  const Written w(kOne);
  EXPECT_EQ(CacheText(w.c.resolved, w.report), "158,656 tokens, 4.84 sequences of 16,384");
}

TEST(Verdict, CardsInWords) {
  const auto cards = [](const char* config) { return CardsText(EstimateText(config).resolved); };
  EXPECT_EQ(cards(R"({"model":"llama-3.1-8b","gpu":"rtx-4090"})"), "one RTX 4090");
  EXPECT_EQ(cards(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","gpus":2})"), "2 H100 SXM5 80GB");
  EXPECT_EQ(cards(R"({"model":"llama-3.1-8b","gpu":["rtx-4090","rtx-3090"]})"), "RTX 4090 and RTX 3090");
  EXPECT_EQ(cards(R"({"model":"llama-3.1-8b","gpu":["rtx-4090","rtx-3090","t4","l4"]})"),
            "RTX 4090, RTX 3090, T4 and L4");
  EXPECT_EQ(cards(R"({"model":"llama-3.1-8b","gpu":["rtx-4090","rtx-3090","t4","l4","a40"]})"),
            "5 mixed cards");
}

}  // namespace
}  // namespace plimsoll
