// What the catalog knows of a repository beside its config.json.
#ifndef PLIMSOLL_CORE_ARCH_STORED_PARTS_H_
#define PLIMSOLL_CORE_ARCH_STORED_PARTS_H_

#include "core/base/json.h"

namespace plimsoll {

// What a repository stores beside what its config tells. The catalog knows it; for other configs the default
// is: the vision tower and MTP layers that the config describes, nothing twice.
struct StoredParts {
  bool vision = false;
  bool mtp = false;
  bool mtp_embeddings = false;  // MTP layers carry their own copies of embedding and head
  bool tied_lm_head = false;    // the head is stored although it is tied
  bool no_lm_head = false;      // the head is left out although it is not tied (embedding models)
};

// What a catalog entry lists: "vision", "mtp", "mtp_embeddings", "tied_lm_head", "no_lm_head".
StoredParts ReadStoredParts(const Json& list);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_STORED_PARTS_H_
