// What was fetched from a hub at a pinned revision never changes, so it is kept in the user's cache folder.
#ifndef PLIMSOLL_CLI_HUB_CACHE_H_
#define PLIMSOLL_CLI_HUB_CACHE_H_

#include <cstdint>
#include <string>

#include "cli/command.h"
#include "core/engines/hub_visit.h"

namespace plimsoll {

// As `fetch`, but that files of a pinned revision are read from and written to `folder` (made when it is
// missing; empty: nothing is kept). Failures to keep something are silent: the next call fetches again.
HubReply FetchCached(const std::string& folder, const std::string& url, int64_t bytes,
                     const std::string& token, const FetchUrl& fetch);

// $XDG_CACHE_HOME/plimsoll/hub, else ~/.cache/plimsoll/hub; empty: there is no such folder.
std::string HubCacheFolder(const std::string& xdg_cache_home, const std::string& home);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_HUB_CACHE_H_
