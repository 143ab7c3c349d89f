#include "core/solve/find.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/registry.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

FindAnswer Ask(const FindQuestion& question) {
  Result<FindAnswer> answer = Find(question, ShippedCatalog());
  EXPECT_TRUE(answer.ok());
  return answer.ok() ? std::move(*answer) : FindAnswer{};
}

FindQuestion Need(const char* model, int64_t users, int64_t length) {
  FindQuestion question;
  question.base.model = model;
  question.wishes.users = users;
  question.wishes.max_model_len = length;
  return question;
}

// Whatever is handed back is an answer of the estimator itself.
TEST(Find, EveryRowHoldsItsUsersAtThatLength) {
  FindQuestion question = Need("llama-3.1-70b", 24, 16384);
  question.gpus = {"rtx-4090", "h100-sxm", "a100-sxm-80gb"};
  const FindAnswer answer = Ask(question);
  ASSERT_GT(answer.rows.size(), 5U);
  for (const FindRow& row : answer.rows) {
    const Result<Report> report = Estimate(row.config, ShippedCatalog());
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->fits()) << EncodeConfigUrl(row.config);
    EXPECT_GE(row.users, 24);
    EXPECT_GE(report->kv.max_concurrency * static_cast<double>(row.replicas), 24)
        << EncodeConfigUrl(row.config);
    EXPECT_DOUBLE_EQ(report->speed.decode_tokens_per_s, row.decode_tokens_per_s);
    EXPECT_EQ(row.max_model_len, 16384);
  }
}

TEST(Find, CheapestFirst) {
  const FindAnswer answer = Ask(Need("qwen3-235b-a22b", 8, 32768));
  ASSERT_GT(answer.rows.size(), 10U);
  for (size_t i = 1; i < answer.rows.size(); ++i) {
    if (answer.rows[i].price_per_h > 0) {
      EXPECT_LE(answer.rows[i - 1].price_per_h, answer.rows[i].price_per_h);
    }
  }
}

TEST(Find, CardsFirstGivesEachModelOnceInTheMostBitsThatServe) {
  FindQuestion question;
  question.gpus = {"rtx-4090"};
  question.wishes.max_model_len = 32768;
  const FindAnswer answer = Ask(question);
  std::set<std::string> models;
  for (const FindRow& row : answer.rows) EXPECT_TRUE(models.insert(row.model).second) << row.model;
  EXPECT_TRUE(models.count("qwen3-8b") == 1);
  EXPECT_EQ(models.count("llama-3.1-405b"), 0U);
  for (const FindRow& row : answer.rows) {
    if (row.model != "qwen3-8b") continue;
    // 16 bits of it fill the card; the best that leaves 32,768 tokens is the answer, and the next better one fails.
    Config wider = row.config;
    wider.format = Json("bf16");
    const bool wide_fits = Estimate(wider, ShippedCatalog())->fits();
    EXPECT_EQ(wide_fits, row.bits_per_weight > 15.9);
  }
}

TEST(Find, ModelsAreFilteredAndWhatIsNotKnownIsNamed) {
  FindQuestion question;
  question.gpus = {"h100-sxm"};
  question.wishes.max_model_len = 4096;
  question.filter.task = Task::kImages;
  question.filter.license = kOpenLicense;
  const FindAnswer answer = Ask(question);
  ASSERT_GT(answer.rows.size(), 10U);
  for (const FindRow& row : answer.rows) {
    const Model& model = *ShippedCatalog().FindModel(row.model);
    EXPECT_TRUE(model.tasks.Has(Task::kImages)) << row.model;
    EXPECT_TRUE(model.license == "apache-2.0" || model.license == "mit") << row.model;
  }
  for (const std::string& id : answer.not_known)
    EXPECT_TRUE(ShippedCatalog().FindModel(id)->license.empty()) << id;
  EXPECT_FALSE(answer.not_known.empty());
  question.filter.most_params = 0.001;
  EXPECT_FALSE(Find(question, ShippedCatalog()).ok());
}

TEST(Find, EveryEngineIsAskedInFormatsThatItReads) {
  FindQuestion question;
  question.base.model = "qwen3-8b";
  question.gpus = {"rtx-4090"};
  question.counts = {1};
  question.wishes.max_model_len = 8192;
  question.engines = ModelledEngines();
  ASSERT_GE(question.engines.size(), 4U);
  std::set<std::string> engines;
  for (const FindRow& row : Ask(question).rows) {
    const Result<Report> report = Estimate(row.config, ShippedCatalog());
    ASSERT_TRUE(report.ok());
    EXPECT_DOUBLE_EQ(report->speed.decode_tokens_per_s, row.decode_tokens_per_s)
        << EncodeConfigUrl(row.config);
    engines.insert(row.config.engine);
    EXPECT_EQ(row.format.rfind("gguf-", 0) == 0, FindEngine(row.config.engine)->traits().reads_gguf)
        << EncodeConfigUrl(row.config);
  }
  EXPECT_EQ(engines.size(), question.engines.size());
  question.engines = {"vllm", "nothing"};
  EXPECT_FALSE(Find(question, ShippedCatalog()).ok());
}

TEST(Find, AnEngineThatDoesNotReadTheFormatIsLeftOut) {
  FindQuestion question;
  question.base.model = "qwen3-8b";
  question.gpus = {"rtx-4090"};
  question.counts = {1};
  question.formats = {"gguf-q4_k_m"};
  question.base.engine = "llama.cpp";
  question.engines = ModelledEngines();
  const FindAnswer answer = Ask(question);
  const auto readers = std::count_if(question.engines.begin(), question.engines.end(),
                                     [](const auto& id) { return FindEngine(id)->traits().reads_gguf; });
  ASSERT_LT(readers, static_cast<int64_t>(question.engines.size()));
  EXPECT_EQ(answer.candidates, readers);
  EXPECT_EQ(static_cast<int64_t>(answer.rows.size()), readers);
}

TEST(Find, LimitsAreKeptAndTheBindingOneIsNamed) {
  FindQuestion question = Need("gpt-oss-120b", 64, 8192);
  question.gpus = {"h100-sxm"};
  question.counts = {4};
  const FindAnswer free = Ask(question);
  ASSERT_EQ(free.rows.size() > 0, true);
  question.wishes.tokens_per_s = free.rows[0].decode_tokens_per_s * 1.5;
  question.wishes.ttft_ms = 5000;
  const FindAnswer limited = Ask(question);
  for (const FindRow& row : limited.rows) {
    EXPECT_GE(row.decode_tokens_per_s, *question.wishes.tokens_per_s);
  }
  question.wishes.price_per_h = 0.01;
  const FindAnswer none = Ask(question);
  EXPECT_TRUE(none.rows.empty());
  ASSERT_TRUE(none.binding.has_value());
  EXPECT_EQ(WishName(*none.binding), "price_per_h");
  EXPECT_GT(none.cheapest_without, 0.01);
}

TEST(Find, ReplicasAreWrittenOut) {
  FindRow row;
  row.gpu = "rtx-4090";
  row.cards = 8;
  row.replicas = 5;
  row.config.gpus = 8;
  EXPECT_EQ(LayoutText(row, ShippedCatalog()), "40 × RTX 4090 = 5 replicas of tp 8");
}

TEST(Find, InSlicesTheAnswerIsTheSame) {
  FindQuestion question = Need("qwen3-32b", 4, 16384);
  question.gpus = {"rtx-4090", "l40s"};
  const FindAnswer whole = Ask(question);
  Result<Finder> finder = Finder::Start(question, ShippedCatalog());
  ASSERT_TRUE(finder.ok());
  while (!finder->Advance(1)) {
  }
  const FindAnswer sliced = finder->Take();
  ASSERT_EQ(sliced.rows.size(), whole.rows.size());
  for (size_t i = 0; i < whole.rows.size(); ++i) EXPECT_EQ(sliced.rows[i].config, whole.rows[i].config);
}

TEST(Find, RefusesWhatNamesNothing) {
  EXPECT_FALSE(Find(FindQuestion(), ShippedCatalog()).ok());
  FindQuestion question = Need("qwen3-32b", 0, 16384);
  EXPECT_EQ(Find(question, ShippedCatalog()).error().field, "users");
  question = Need("qwen3-33b", 1, 16384);
  EXPECT_NE(Find(question, ShippedCatalog()).error().Message().find("qwen3-32b"), std::string::npos);
}

TEST(Find, TheEnginesOwnLimitOnSequencesStaysWhereItLeavesRoom) {
  FindQuestion question;
  question.base = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&n=1")->config;
  question.wishes.users = 8;
  const Result<FindAnswer> found = Find(question, ShippedCatalog());
  ASSERT_TRUE(found.ok());
  ASSERT_FALSE(found->rows.empty());
  for (const FindRow& row : found->rows) {
    EXPECT_FALSE(row.config.max_num_seqs.has_value()) << row.format;
    EXPECT_GE(Estimate(row.config, ShippedCatalog())->kv.max_concurrency, 8) << row.format;
  }
  question.wishes.users = 2000;  // more than its limit
  question.wishes.max_model_len = 128;
  const Result<FindAnswer> many = Find(question, ShippedCatalog());
  ASSERT_TRUE(many.ok());
  ASSERT_FALSE(many->rows.empty());
  EXPECT_EQ(many->rows.front().config.max_num_seqs, CeilDiv(2000, many->rows.front().replicas));
}

}  // namespace
}  // namespace plimsoll
