// A model that is asked of a hub by its name: what was asked for, how far it is, what came of it. The browser
// does the fetching (web/hub.mjs), and only after AskHub, which is what somebody pressed.
#ifndef PLIMSOLL_WEB_HUB_STATE_H_
#define PLIMSOLL_WEB_HUB_STATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace plimsoll {

struct HubState {
  enum class Stage : uint8_t { kNone, kAsking, kFailed, kTaken };

  Stage stage = Stage::kNone;
  std::string host = "huggingface.co";  // that is asked; a site may name another
  std::string name;                     // "Org/Repo", with ":TAG" or a file
  char revision[128] = {};              // empty: the newest
  char token[256] = {};  // of gated repositories; never part of a link, of JSON or of the semantics
  std::string text;      // how far it is, or what was wrong
  // Of the one that was taken.
  std::string repository, commit, gguf;
  std::vector<std::pair<std::string, int64_t>> ggufs;  // of the repository: path and size, or -1

  // What the browser has to know: {"name", "revision", "token"}.
  std::string RequestText() const;
  // What the form shows: {"stage", "host", "name", "text", "ggufs": [{"path", "size"}…], …}; no token.
  std::string ShownText() const;
  // Both from the form: members that are not there stay.
  void SetFrom(const Json& request);
};

// "Q4_K_M, 4.6 GiB" of a GGUF file of a repository.
std::string GgufLabel(const std::string& path, int64_t size);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_HUB_STATE_H_
