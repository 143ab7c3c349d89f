#include "web/worker/find_work.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/engines/settle.h"
#include "web/found.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

class FindWork : public Work {
 public:
  FindWork(Finder finder, FindAsk ask) : finder_(std::move(finder)), ask_(ask) {}
  bool Advance() override { return finder_.Advance(1); }
  double share() const override {
    return static_cast<double>(finder_.done()) / static_cast<double>(std::max<int64_t>(1, finder_.total()));
  }
  Json Answer() override {
    if (finder_.stopped()) return Json::MakeObject().Set("error", finder_.stopped()->Message());
    return FoundToJson(ShownOf(finder_.Take(), ask_));
  }

 private:
  Finder finder_;
  FindAsk ask_;
};

}  // namespace

Result<FindQuestion> FindQuestionOf(const FindAsk& ask, const Config& config, const RentPrices& rents,
                                    const Catalog& catalog) {
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return resolved.error();
  FindQuestion question;
  question.base = config;
  question.wishes = WishesOf(*resolved, ask);
  question.rents = rents;
  Config& base = question.base;
  base.max_model_len.reset();
  base.max_num_seqs.reset();
  base.gpu_memory_mib.clear();
  if (base.gpu.size() > 1) base.gpu.resize(1);
  if (!ask.this_format) base.format = Json();
  if (!ask.engine.empty()) {
    question.engines = ask.engine == kAnyEngine ? ModelledEngines() : std::vector<std::string>{ask.engine};
  }
  if (ask.door == FindDoor::kNeed) {
    base.gpus.reset();
    base.nodes.reset();
    if (!ask.this_card) base.gpu.clear();
    return question;
  }
  base.model.clear();
  base.inline_model = Json();
  base.format = Json();
  const auto cards = static_cast<int64_t>(resolved->cards.size());
  base.gpu = {cards > 0 ? resolved->cards.front().gpu->id : ""};
  question.counts = {std::max<int64_t>(1, cards)};
  question.best_format = true;
  question.filter = ask.models;
  return question;
}

Result<std::unique_ptr<Work>> StartFindWork(const Json& question, const Catalog& catalog) {
  const Result<PageQuestion> read = ReadPageQuestion(question);
  if (!read.ok()) return read.error();
  const Result<FindAsk> ask = DecodeFindAsk(read->ask);
  if (!ask.ok()) return ask.error();
  const Result<FindQuestion> asked = FindQuestionOf(*ask, read->config, read->rents, catalog);
  if (!asked.ok()) return asked.error();
  Result<Finder> finder = Finder::Start(*asked, catalog);
  if (!finder.ok()) return finder.error();
  return std::unique_ptr<Work>(std::make_unique<FindWork>(std::move(*finder), *ask));
}

}  // namespace plimsoll
