#include "core/resolve/inquiry.h"

#include <utility>

namespace plimsoll {
namespace {

// An answer varies few of these: another format, another engine.
constexpr size_t kMostKept = 8;

void CopyModelAndFormat(const Resolved& from, Resolved* to) {
  to->model = from.model;
  to->architecture = from.architecture;
  to->format = from.format;
  to->binding = from.binding;
  to->checkpoint = from.checkpoint;
  to->bound = from.bound;
  to->stored = from.stored;
  to->parameters = from.parameters;
  to->diagnostics = from.diagnostics;
  to->owned = from.owned;
}

}  // namespace

bool Inquiry::FindOwned(const Config& config, Resolved* resolved) const {
  for (const Owned& kept : owned_) {
    if (kept.resolved.engine != resolved->engine || kept.asked.model != config.model ||
        kept.asked.format != config.format || kept.asked.dtype != config.dtype ||
        kept.asked.inline_model != config.inline_model) {
      continue;
    }
    CopyModelAndFormat(kept.resolved, resolved);
    return true;
  }
  return false;
}

void Inquiry::KeepOwned(const Config& config, const Resolved& resolved) {
  if (!resolved.owned || owned_.size() >= kMostKept) return;
  Owned kept;
  kept.asked.model = config.model;
  kept.asked.inline_model = config.inline_model;
  kept.asked.format = config.format;
  kept.asked.dtype = config.dtype;
  kept.resolved.engine = resolved.engine;
  CopyModelAndFormat(resolved, &kept.resolved);
  owned_.push_back(std::move(kept));
}

std::shared_ptr<const EngineData> Inquiry::FindData(const std::string& text, const Resolved& resolved) const {
  for (const Data& kept : data_) {
    if (kept.architecture == resolved.architecture && kept.cards == resolved.cards.size() &&
        kept.text == text) {
      return kept.data;
    }
  }
  return nullptr;
}

void Inquiry::KeepData(const std::string& text, const Resolved& resolved,
                       std::shared_ptr<const EngineData> data) {
  if (data_.size() >= kMostKept) data_.clear();
  data_.push_back({text, resolved.owned, resolved.architecture, resolved.cards.size(), std::move(data)});
}

}  // namespace plimsoll
