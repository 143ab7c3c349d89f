#include "core/check/stand_in.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr double kNear = 0.05;
// A name's own size is rounded: Qwen3 14B has 14.8.
constexpr double kNearByName = 0.12;

bool HasWord(std::string_view name, std::string_view word) {
  for (const std::string_view each : SplitAt(name, ' ')) {
    if (Lower(each) == word) return true;
  }
  return false;
}

// "llama" of "Llama 3.1 70B", "qwen" of "Qwen3 32B".
std::string FamilyWord(const Model& model) {
  const std::string lower = Lower(model.name);
  const std::string_view first = SplitAt(lower, ' ').front();
  return std::string(first.substr(0, first.find_first_of("0123456789-.")));
}

bool IsDense(const Model& model) { return model.parameters().active == model.parameters().total; }

double OffBy(const Model& model, double billions) {
  return std::fabs(static_cast<double>(model.parameters().total) / 1e9 / billions - 1);
}

// Of two that fit: its name has the size, published in more formats, nearer to it.
using Standing = std::tuple<bool, size_t, double>;
Standing StandingOf(const Model& model, double billions, bool named) {
  return {named, model.checkpoints().size(), -OffBy(model, billions)};
}

}  // namespace

double ParametersIn(std::string_view word) {
  size_t length = 0;
  const double number = ReadDecimal(word, &length);
  return length > 0 && Lower(word.substr(length)) == "b" && number > 0 ? number : 0;
}

double ProductIn(std::string_view word) {
  size_t length = 0;
  const double experts = ReadDecimal(word, &length);
  if (length == 0 || experts < 2 || experts > 1024 || length + 1 >= word.size()) return 0;
  if (word[length] != 'x' && word[length] != 'X') return 0;
  return experts * ParametersIn(word.substr(length + 1));
}

const Model* StandInOfSize(const Catalog& catalog, double billions) {
  const Model* best = nullptr;
  const std::string word = GeneralDecimal(billions, 6) + "b";
  for (const Model& model : catalog.models()) {
    if (model.refused() || !IsDense(model)) continue;
    const bool named = HasWord(model.name, word);
    if (OffBy(model, billions) > (named ? kNearByName : kNear)) continue;
    if (best == nullptr ||
        StandingOf(model, billions, named) > StandingOf(*best, billions, HasWord(best->name, word)))
      best = &model;
  }
  return best;
}

const Model* StandInOfFamily(const Catalog& catalog, std::string_view family, std::string_view size) {
  const std::string asked = Lower(family), word = Lower(size);
  const double billions = ParametersIn(size);
  if (billions == 0 && ProductIn(size) == 0) return nullptr;
  const Model* best = nullptr;
  for (const Model& model : catalog.models()) {
    if (!asked.empty() && FamilyWord(model) != asked) continue;
    const bool named = HasWord(model.name, word);
    if (!named && billions == 0) continue;
    if (model.refused() || (billions > 0 && (!IsDense(model) || OffBy(model, billions) > kNearByName)))
      continue;
    // In a family the newest is meant.
    if (best != nullptr &&
        std::tuple(named, model.release, -static_cast<int>(model.id.size())) <=
            std::tuple(HasWord(best->name, word), best->release, -static_cast<int>(best->id.size())))
      continue;
    best = &model;
  }
  return best;
}

std::string NearModels(const Catalog& catalog, std::string_view name) {
  const std::string asked = Lower(name);
  std::vector<std::pair<int, const Model*>> near;
  for (const Model& model : catalog.models()) {
    if (!model.refused()) near.emplace_back(EditDistance(asked, Lower(model.name)), &model);
  }
  constexpr size_t kMostNear = 3;
  const size_t count = std::min(kMostNear, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first < b.first : a.second->name < b.second->name;
                    });
  std::vector<std::string_view> names;
  for (size_t i = 0; i < count; ++i) names.push_back(near[i].second->name);
  return ListText(names, "or");
}

}  // namespace plimsoll
