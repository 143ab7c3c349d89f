#include "web/worker/check_work.h"

#include <string>
#include <utility>

#include "core/check/check.h"
#include "core/check/check_json.h"

namespace plimsoll {
namespace {

class CheckWork final : public Work {
 public:
  CheckWork(std::string text, const Catalog& catalog) : text_(std::move(text)), catalog_(catalog) {}
  bool Advance() override {
    answer_ = CheckAnswerTo(text_, catalog_);
    return true;
  }
  Json Answer() override { return std::move(answer_); }

 private:
  std::string text_;
  const Catalog& catalog_;
  Json answer_;
};

}  // namespace

Result<std::unique_ptr<Work>> StartCheckWork(const Json& question, const Catalog& catalog) {
  const Json* text = question.Find("text");
  if (text == nullptr || !text->is_string()) return Error{"text", "nothing", "the text to be checked"};
  return std::unique_ptr<Work>(std::make_unique<CheckWork>(text->AsString(), catalog));
}

Json CheckAnswerTo(std::string_view text, const Catalog& catalog) {
  const Result<CheckResult> result = Check(text, catalog);
  if (!result.ok()) return Json::MakeObject().Set("error", result.error().Message());
  return CheckToJson(*result, catalog);
}

}  // namespace plimsoll
