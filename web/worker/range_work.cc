#include "web/worker/range_work.h"

#include <utility>

#include "core/config/config_codec.h"
#include "core/solve/operating_range.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

constexpr int64_t kEvents = 256;  // of a slice

class RangeWork : public Work {
 public:
  explicit RangeWork(OperatingRangeSearch search) : search_(std::move(search)) {}
  bool Advance() override { return search_.Advance(kEvents); }
  Json Answer() override {
    const OperatingRange& range = search_.answer();
    return Json::MakeObject()
        .Set("any", range.any)
        .Set("most", range.most)
        .Set("load", range.load)
        .Set("output_tokens_per_s", range.summary.output_tokens_per_s)
        .Set("config", EncodeConfigJson(range.config));
  }

 private:
  OperatingRangeSearch search_;
};

}  // namespace

Result<std::unique_ptr<Work>> StartRangeWork(const Json& question, const Catalog& catalog) {
  const Result<PageQuestion> read = ReadPageQuestion(question);
  if (!read.ok()) return read.error();
  const LoadKind kind = read->ask == "rate" ? LoadKind::kRate : LoadKind::kUsers;
  Result<OperatingRangeSearch> search = OperatingRangeSearch::Start(kind, read->config, catalog);
  if (!search.ok()) return search.error();
  return std::unique_ptr<Work>(std::make_unique<RangeWork>(std::move(*search)));
}

}  // namespace plimsoll
