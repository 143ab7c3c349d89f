// What a case tells of how its server was started beside its configuration: the release by the day of the log, the
// backend, and the devices that the log names.
//
// Only what was given to the engine: what it divided or found out is what is predicted. What the configuration says
// itself stands, but for a list of modules that the notes call supposed.
#ifndef PLIMSOLL_CORE_VALIDATE_CASE_CIRCUMSTANCES_H_
#define PLIMSOLL_CORE_VALIDATE_CASE_CIRCUMSTANCES_H_

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

// Fills what the configuration leaves open from the case's "notes" ("2025-03; …", "0.5.17; …", "…, backend ROCm.") and
// "detail" ({"kv": {"RPC0": 656}}, {"backend": "ROCm"}, {"measured_on": "2026-03-29"}). Drops what left-alone modules the
// notes only suppose ("modules assumed", "exceptions unknown").
void TakeCircumstances(const Json& item, Config* config);

// Where the collector was not sure of the card ("283.6 GiB free before: MI355X or B300"), one that has no so much memory
// is none of them: the first that has it stands for it.
void TakePossibleCard(std::string_view inferred, const Catalog& catalog, Config* config);

// Why the case is not of the engine alone; empty: it is. Engines of safetensors hold no experts in RAM themselves: a
// case whose words say so ran them by ktransformers, which divides the model and the memory its own way.
std::string RanWithAnother(const Json& item, const Config& config);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_VALIDATE_CASE_CIRCUMSTANCES_H_
