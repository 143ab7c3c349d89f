// Fetches an address by the system's `curl`, started with a vector of arguments and no shell. A token goes in
// through its standard input, so that no list of processes shows it.
#ifndef PLIMSOLL_CLI_CURL_H_
#define PLIMSOLL_CLI_CURL_H_

#include <cstdint>
#include <string>

#include "core/engines/hub_visit.h"

namespace plimsoll {

// `bytes`: the first so many; 0: all. An empty `token` sends none.
HubReply FetchByCurl(const std::string& url, int64_t bytes, const std::string& token);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_CURL_H_
