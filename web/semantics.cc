#include "web/semantics.h"

#include <cmath>

#include "core/base/json.h"

namespace plimsoll {

const SemanticNode* SemanticTree::Find(std::string_view label, std::string_view role) const {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (node->label == label && (role.empty() || node->role == role)) return &*node;
  }
  return nullptr;
}

std::string SemanticTree::ToJson() const {
  const auto rounded = [](float pixels) { return std::round(static_cast<double>(pixels) * 100) / 100; };
  Json list = Json::MakeArray();
  for (const SemanticNode& node : nodes_) {
    Json entry = Json::MakeObject();
    entry.Set("role", node.role);
    entry.Set("label", node.label);
    entry.Set("value", node.value);
    entry.Set("x", rounded(node.x));
    entry.Set("y", rounded(node.y));
    entry.Set("width", rounded(node.width));
    entry.Set("height", rounded(node.height));
    list.Append(std::move(entry));
  }
  return list.Dump();
}

}  // namespace plimsoll
