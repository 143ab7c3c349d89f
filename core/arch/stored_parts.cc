#include "core/arch/stored_parts.h"

#include <string>

namespace plimsoll {

StoredParts ReadStoredParts(const Json& list) {
  StoredParts parts;
  for (const Json& item : list.items()) {
    const std::string& name = item.AsString();
    parts.vision |= name == "vision";
    parts.mtp |= name == "mtp";
    parts.mtp_embeddings |= name == "mtp_embeddings";
    parts.tied_lm_head |= name == "tied_lm_head";
    parts.no_lm_head |= name == "no_lm_head";
  }
  return parts;
}

}  // namespace plimsoll
