#include "core/check/check_json.h"

#include <string>
#include <utility>
#include <vector>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"

namespace plimsoll {
namespace {

Json Understood(const CheckResult& result) {
  Json list = Json::MakeArray();
  for (const ReadItem& item : result.understood) list.Append(item.text);
  return list;
}

Json Options(const CheckResult& result) {
  Json list = Json::MakeArray();
  for (const ReadItem& item : result.understood) {
    Json row = Json::MakeObject();
    row.AppendMember("option", item.option.empty() ? item.text : item.option);
    row.AppendMember("value", item.value);
    row.AppendMember("effect", ReadEffectName(item.effect));
    row.AppendMember("key", item.key.empty() ? Json() : Json(item.key));
    if (!item.note.empty()) row.AppendMember("note", item.note);
    list.Append(std::move(row));
  }
  return list;
}

Json Problems(const CheckResult& result) {
  Json list = Json::MakeArray();
  for (const CheckProblem& problem : result.problems) {
    Json row = Json::MakeObject();
    row.AppendMember("code", problem.code);
    row.AppendMember("severity", SeverityName(problem.severity));
    row.AppendMember("option", problem.option);
    row.AppendMember("message", problem.message);
    row.AppendMember("fix", problem.fix);
    list.Append(std::move(row));
  }
  return list;
}

Json Metrics(const std::vector<CheckMetric>& metrics) {
  Json object = Json::MakeObject();
  for (const auto& [name, value] : metrics) object.AppendMember(name, value);
  return object;
}

Json Failure(const CheckFailure& failure) {
  Json object = Json::MakeObject();
  object.AppendMember("stage", FailureStageName(failure.stage));
  object.AppendMember("missing_bytes", failure.missing ? Json(failure.missing->count()) : Json());
  object.AppendMember("cause", failure.cause);
  if (!failure.knob.empty()) object.AppendMember("knob", failure.knob);
  Json fixes = Json::MakeArray();
  for (const CheckFix& fix : failure.fixes) {
    Json row = Json::MakeObject();
    row.AppendMember("set", fix.set);
    row.AppendMember("cost", fix.cost);
    row.AppendMember("label", fix.label);
    row.AppendMember("max_model_len", fix.price.max_model_len);
    row.AppendMember("sequences", fix.price.sequences);
    row.AppendMember("decode_tokens_per_s", fix.price.tokens_per_s);
    row.AppendMember("url", EncodeConfigUrl(fix.config));
    fixes.Append(std::move(row));
  }
  object.AppendMember("fixes", std::move(fixes));
  return object;
}

Json Mended(const MendedText& mended) {
  Json object = Json::MakeObject();
  object.AppendMember("text", mended.text);
  Json marks = Json::MakeArray();
  for (const MendedText::Mark& mark : mended.marks) {
    Json pair = Json::MakeArray();
    pair.Append(static_cast<int64_t>(mark.begin));
    pair.Append(static_cast<int64_t>(mark.end));
    marks.Append(std::move(pair));
  }
  object.AppendMember("marks", std::move(marks));
  return object;
}

Json ReportOf(const CheckResult& result, const Catalog& catalog) {
  if (!result.answered) return {};
  const Result<Resolved> resolved = Settle(result.config, catalog);
  return resolved.ok() ? ReportToJson(*resolved, EstimateResolved(*resolved)) : Json();
}

}  // namespace

std::string_view ReadEffectName(ReadEffect effect) {
  switch (effect) {
    case ReadEffect::kKey:
      return "key";
    case ReadEffect::kFree:
      return "free";
    case ReadEffect::kNotModelled:
      return "not_modelled";
  }
  return "";
}

Json CheckToJson(const CheckResult& result, const Catalog& catalog) {
  Json json = Json::MakeObject();
  json.AppendMember("kind", CheckKindName(result.kind));
  json.AppendMember("what", result.what);
  json.AppendMember("config", EncodeConfigJson(result.config));
  json.AppendMember("url", EncodeConfigUrl(result.config));
  json.AppendMember("understood", Understood(result));
  json.AppendMember("not_understood", TextsJson(result.not_understood));
  json.AppendMember("options", Options(result));
  json.AppendMember("problems", Problems(result));
  json.AppendMember("measured", Metrics(result.measured));
  json.AppendMember("predicted", Metrics(result.predicted));
  json.AppendMember("failure", result.failure ? Failure(*result.failure) : Json());
  if (result.calibration) {
    Config calibrated = result.config;
    calibrated.cal = result.calibration;
    json.AppendMember("calibration", CalibrationJson(*result.calibration));
    json.AppendMember("calibrated_url", EncodeConfigUrl(calibrated));
  }
  if (result.mended) json.AppendMember("mended", Mended(*result.mended));
  json.AppendMember("report", ReportOf(result, catalog));
  return json;
}

}  // namespace plimsoll
