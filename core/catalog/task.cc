#include "core/catalog/task.h"

#include <algorithm>

namespace plimsoll {

std::optional<Task> TaskNamed(std::string_view id) {
  const auto found = std::find(kTaskIds.begin(), kTaskIds.end(), id);
  if (found == kTaskIds.end()) return std::nullopt;
  return static_cast<Task>(found - kTaskIds.begin());
}

std::string TasksText(const Tasks& tasks) {
  std::string text;
  for (size_t i = 0; i < kTaskIds.size(); ++i) {
    if (!tasks.Has(static_cast<Task>(i))) continue;
    if (!text.empty()) text += ", ";
    text += kTaskIds[i];
  }
  return text.empty() ? "not known" : text;
}

}  // namespace plimsoll
