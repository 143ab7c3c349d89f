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
  return Error{
      "text", Quoted(text),
      "a command that starts an engine, a manifest with one, a config.json, one of our links or what "
      "nvidia-smi prints"};
}

}  // namespace plimsoll
