#include "core/catalog/name_index.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/text.h"

namespace plimsoll {
namespace {

std::vector<OwnName> NamesOf(const Model& model) {
  std::vector<OwnName> names;
  names.reserve(3 + model.checkpoints().size());
  for (const std::string_view title :
       {std::string_view(model.id), std::string_view(model.name), LastPart(model.hf_repo)}) {
    names.push_back({KeysOf(SplitTitle(title)), kSameWhole});
  }
  for (const Checkpoint& checkpoint : model.checkpoints()) {
    names.push_back({KeysOf(SplitName(LastPart(checkpoint.repo))), kSameButActive});
  }
  return names;
}

NameMatch MatchOf(const NameKeys& asked, std::string_view asked_core, const NameKeys& own) {
  if (asked.whole == own.whole) return kSameWhole;
  if (asked.plain.empty()) return kNoMatch;
  if (asked.plain == own.plain) return kSamePlain;
  if (asked.plain == own.core) return kSameButActive;
  return asked_core == own.core ? kSameCore : kNoMatch;
}

}  // namespace

NameIndex IndexNames(const std::vector<Model>& models) {
  NameIndex index;
  index.models.reserve(models.size());
  for (const Model& model : models) {
    index.models.push_back(NamesOf(model));
    for (const Checkpoint& checkpoint : model.checkpoints()) {
      index.checkpoints.push_back({Lower(checkpoint.repo), &model, &checkpoint});
    }
  }
  return index;
}

const Model* BestMatch(const std::vector<Model>& models, const NameIndex& index, const NameParts& asked) {
  const NameKeys keys = KeysOf(asked);
  if (keys.whole.empty()) return nullptr;
  const Model* best = nullptr;
  NameMatch best_match = kNoMatch;
  for (size_t i = 0; i < models.size(); ++i) {
    // A size that the model's own name leaves out may stand; one that it has must be the same.
    const Model& model = models[i];
    std::string core = keys.core;
    if (keys.sized) {
      core = CoreWithout(model.published_total > 0 ? model.published_total : model.parameters().total, asked);
    }
    for (const OwnName& own : index.models[i]) {
      const NameMatch match = std::min(own.at_most, MatchOf(keys, core, own.keys));
      if (match <= best_match) continue;
      best = &model;
      best_match = match;
    }
  }
  return best;
}

}  // namespace plimsoll
