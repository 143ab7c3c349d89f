#include "web/worker/launch_work.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/config/config_codec.h"
#include "core/engines/registry.h"
#include "core/launch/launch_json.h"

namespace plimsoll {
namespace {

class LaunchWork final : public Work {
 public:
  LaunchWork(Config config, std::string form, const Catalog& catalog)
      : config_(std::move(config)), form_(std::move(form)), catalog_(catalog) {}
  bool Advance() override {
    answer_ = Written();
    return true;
  }
  Json Answer() override { return std::move(answer_); }

 private:
  Json Written() {
    const Engine* engine = config_.engine.empty() ? Engines().front() : FindEngine(config_.engine);
    if (engine == nullptr || engine->language() == nullptr)
      return Json::MakeObject().Set("error", "Of this engine no command is known.");
    const std::vector<std::string_view> forms = LaunchForms(*engine);
    // A form that another engine had is let go.
    if (std::find(forms.begin(), forms.end(), form_) == forms.end()) form_.clear();
    const Result<LaunchText> launch = Launch(config_, catalog_, form_);
    if (!launch.ok()) return Json::MakeObject().Set("error", launch.error().Message());
    const Result<Expectation> expected = Expect(config_, catalog_, launch->form);
    if (!expected.ok()) return Json::MakeObject().Set("error", expected.error().Message());
    Json json = LaunchToJson(*launch, *expected);
    Json names = Json::MakeArray();
    for (const std::string_view form : forms) names.Append(form);
    json.AppendMember("forms", std::move(names));
    return json;
  }

  Config config_;
  std::string form_;
  const Catalog& catalog_;
  Json answer_;
};

}  // namespace

Result<std::unique_ptr<Work>> StartLaunchWork(const Json& question, const Catalog& catalog) {
  const Json* config = question.Find("config");
  const Json* form = question.Find("form");
  if (config == nullptr) return Error{"config", "nothing", "a configuration"};
  Result<DecodedConfig> decoded = DecodeConfigJson(*config);
  if (!decoded.ok()) return decoded.error();
  return std::unique_ptr<Work>(std::make_unique<LaunchWork>(
      std::move(decoded->config), form == nullptr ? std::string() : std::string(form->AsString()), catalog));
}

}  // namespace plimsoll
