#include "core/check/check.h"

#include <string>

#include "core/base/text.h"
#include "core/check/claim_answer.h"
#include "core/check/config_text.h"
#include "core/check/engine_command.h"
#include "core/check/judge.h"
#include "core/check/log_diagnosis.h"
#include "core/check/manifest.h"
#include "core/check/mend.h"
#include "core/check/modelfile.h"
#include "core/check/nvidia_smi.h"
#include "core/check/python_call.h"
#include "core/check/request.h"
#include "core/config/config_value.h"
#include "core/engines/file_config.h"

namespace plimsoll {
namespace {

// Asked in this order; the first that knows the text reads it.
constexpr TextReader kReaders[] = {
    {"link", ReadLinkText},
    {"request", ReadRequestText},
    {"config", ReadConfigText},
    {"hardware", ReadHardwareText},
    {"log", ReadLogText},
    {"dockerfile", ReadDockerfileText},
    {"modelfile", ReadModelfileText},
    {"compose", ReadComposeText},
    {"kubernetes", ReadKubernetesText},
    {"unit", ReadUnitText},
    {"python", ReadPythonText},
    {"command", ReadCommandText},
    {"sent", ReadSentText},
    {"options", ReadOptionFileText},
    {"claim", ReadClaimText},
};

}  // namespace

Result<CheckResult> Check(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCheckBytes) {
    return Error{"text", SizeText(Bytes(static_cast<int64_t>(text.size()))), "at most 64 MiB of text"};
  }
  for (const TextReader& reader : kReaders) {
    std::optional<Result<CheckResult>> result = reader.read(text, catalog);
    if (!result) continue;
    // A log says itself what became of it, and a claim is judged already.
    const bool judged =
        result->ok() && ((*result)->kind == CheckKind::kLog || (*result)->kind == CheckKind::kClaim);
    if (result->ok() && !judged) {
      Judge(catalog, &**result);
      Mend(text, catalog, &**result);
    }
    return std::move(*result);
  }
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    const Result<Json> json = Json::Parse(text, "text", kInlineLimits);
    if (!json.ok()) return json.error();
  }
  return Error{
      "text", Quoted(text),
      "a command that starts an engine, a manifest with one, a config.json, one of our links or what "
      "nvidia-smi prints"};
}

Result<CheckResult> CheckFile(const ModelFile& file, std::string_view name, const Catalog& catalog) {
  const std::optional<Config> config = ConfigOfFile(file);
  if (!config) {
    const std::string remark = file.remarks.empty() ? "" : ": " + file.remarks.front();
    return Error{std::string(name), std::string(FileKindName(file.kind)) + " that names no model" + remark,
                 "a GGUF file of a model that we know, or a config.json"};
  }
  CheckResult result;
  result.kind = CheckKind::kConfig;
  result.what = std::string(FileKindName(file.kind)) + " file of a model";
  result.config = *config;
  result.understood.push_back({std::string(name), "", "", "model", ReadEffect::kKey, ""});
  for (const std::string& remark : file.remarks)
    result.problems.push_back({"file_remark", "", remark, "", Severity::kInfo});
  Judge(catalog, &result);
  return result;
}

}  // namespace plimsoll
