#include "web/errands.h"

#include <utility>

namespace plimsoll {

void Errands::Ask(std::string_view kind, std::string question) {
  Entry& entry = entries_[std::string(kind)];
  entry = {{++asked_, std::string(kind), std::move(question)}, false, 0, std::nullopt};
}

void Errands::GiveUp(std::string_view kind) {
  const auto found = entries_.find(kind);
  if (found == entries_.end()) return;
  entries_.erase(found);
  ++asked_;
}

bool Errands::open(std::string_view kind) const {
  const auto found = entries_.find(kind);
  return found != entries_.end() && !found->second.answer;
}

double Errands::share(std::string_view kind) const {
  const auto found = entries_.find(kind);
  return found != entries_.end() ? found->second.share : 0;
}

std::optional<std::string> Errands::TakeAnswer(std::string_view kind) {
  const auto found = entries_.find(kind);
  if (found == entries_.end() || !found->second.answer) return std::nullopt;
  std::optional<std::string> answer = std::move(found->second.answer);
  entries_.erase(found);
  return answer;
}

std::vector<Errand> Errands::TakeQuestions() {
  std::vector<Errand> questions;
  for (auto& [kind, entry] : entries_) {
    if (!std::exchange(entry.handed_out, true)) questions.push_back(entry.errand);
  }
  return questions;
}

Errands::Entry* Errands::EntryOf(int64_t id) {
  for (auto& [kind, entry] : entries_) {
    if (entry.errand.id == id) return &entry;
  }
  return nullptr;
}

bool Errands::wanted(int64_t id) const {
  for (const auto& [kind, entry] : entries_) {
    if (entry.errand.id == id) return !entry.answer;
  }
  return false;
}

void Errands::Progress(int64_t id, double share) {
  if (Entry* entry = EntryOf(id)) entry->share = share;
}

void Errands::Answer(int64_t id, std::string text) {
  if (Entry* entry = EntryOf(id)) entry->answer = std::move(text);
}

}  // namespace plimsoll
