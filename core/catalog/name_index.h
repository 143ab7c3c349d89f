// Every name that a catalog's models go by, taken to pieces once, so that asking for one compares keys alone: a claim or
// a log asks for every run of its words, a search for every letter typed.
#ifndef PLIMSOLL_CORE_CATALOG_NAME_INDEX_H_
#define PLIMSOLL_CORE_CATALOG_NAME_INDEX_H_

#include <string>
#include <vector>

#include "core/catalog/model.h"
#include "core/catalog/name_parts.h"

namespace plimsoll {

// How well two names agree: higher is better.
enum NameMatch { kNoMatch, kSameCore, kSameButActive, kSamePlain, kSameWhole };

struct OwnName {
  NameKeys keys;
  NameMatch at_most =
      kSameWhole;  // some checkpoints are listed with a close relative: its own names go before
};

struct OwnCheckpoint {
  std::string repository;  // in lower case
  const Model* model = nullptr;
  const Checkpoint* checkpoint = nullptr;
};

struct NameIndex {
  std::vector<std::vector<OwnName>> models;  // of each, in the catalog's order
  std::vector<OwnCheckpoint> checkpoints;    // of all
};

// Pointers into `models`. Reads every model's entry.
NameIndex IndexNames(const std::vector<Model>& models);

// The model whose name agrees best with what was asked, the first of equals; nullptr: none agrees.
const Model* BestMatch(const std::vector<Model>& models, const NameIndex& index, const NameParts& asked);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_NAME_INDEX_H_
