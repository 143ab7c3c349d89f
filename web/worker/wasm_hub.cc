// The C functions with which a model is fetched from a hub, in the worker's module: hub.mjs opens the connections, the core
// says what to ask for and what it comes to (core/engines/hub_visit.h).
//
// Strings come out as pointers that stay valid until the next call.
#include <emscripten/emscripten.h>

#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/engines/hub_visit.h"

namespace plimsoll {
namespace {

std::optional<HubVisit>& TheVisit() {
  static std::optional<HubVisit> visit;
  return visit;
}

const char* Kept(std::string text) {
  static std::string kept;
  kept = std::move(text);
  return kept.c_str();
}

}  // namespace
}  // namespace plimsoll

using namespace plimsoll;  // the exported functions are C

extern "C" {

EMSCRIPTEN_KEEPALIVE void plimsoll_hub_visit(const char* name, const char* revision) {
  TheVisit().emplace(name, revision);
}

// What comes next: {"path", "bytes"} is to be fetched and handed in, {"error"} is one line, anything else is the model as
// HubModelJson writes it.
EMSCRIPTEN_KEEPALIVE const char* plimsoll_hub_next() {
  std::optional<HubVisit>& visit = TheVisit();
  if (!visit) return Kept(Json::MakeObject().Set("error", "nothing was asked for").Dump());
  if (const std::optional<HubRequest> request = visit->Next())
    return Kept(Json::MakeObject().Set("path", request->path).Set("bytes", request->bytes).Dump());
  const Result<HubModel> result = visit->result();
  visit.reset();
  if (!result.ok()) return Kept(Json::MakeObject().Set("error", result.error().Message()).Dump());
  return Kept(HubModelJson(*result).Dump());
}

// What the hub answered; status 0: nothing, and `trouble` says why.
EMSCRIPTEN_KEEPALIVE void plimsoll_hub_take(int status, const char* bytes, int length, const char* trouble) {
  if (TheVisit()) TheVisit()->Take({status, std::string(bytes, static_cast<size_t>(length)), trouble});
}

}  // extern "C"
