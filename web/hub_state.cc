#include "web/hub_state.h"

#include <algorithm>
#include <cstring>

#include "core/base/text.h"
#include "core/base/units.h"

namespace plimsoll {
namespace {

template <size_t kSize>
void Copy(std::string_view text, char (&to)[kSize]) {
  const size_t length = std::min(text.size(), kSize - 1);
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

std::string_view StageName(HubState::Stage stage) {
  switch (stage) {
    case HubState::Stage::kNone:
      return "none";
    case HubState::Stage::kAsking:
      return "asking";
    case HubState::Stage::kFailed:
      return "failed";
    case HubState::Stage::kTaken:
      return "taken";
  }
  return "";
}

}  // namespace

std::string HubState::RequestText() const {
  return Json::MakeObject().Set("name", name).Set("revision", revision).Set("token", token).Dump();
}

std::string HubState::ShownText() const {
  Json json = Json::MakeObject();
  json.Set("stage", StageName(stage)).Set("host", host).Set("name", name).Set("text", text);
  json.Set("revision", revision).Set("repository", repository).Set("commit", commit).Set("gguf", gguf);
  Json files = Json::MakeArray();
  for (const auto& [path, size] : ggufs)
    files.Append(Json::MakeObject().Set("path", path).Set("label", GgufLabel(path, size)));
  return json.Set("ggufs", std::move(files)).Dump();
}

void HubState::SetFrom(const Json& request) {
  if (const Json* given = request.Find("name")) name = given->AsString();
  if (const Json* given = request.Find("revision")) Copy(given->AsString(), revision);
  if (const Json* given = request.Find("token")) Copy(given->AsString(), token);
}

std::string GgufLabel(const std::string& path, int64_t size) {
  std::string text = path.substr(path.find_last_of('/') + 1);
  if (size >= 0) text += ", " + SizeText(Bytes(size), SizeUnits::kDecimal);
  return text;
}

}  // namespace plimsoll
