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
    if (node.focused) entry.Set("focused", true);
    list.Append(std::move(entry));
  }
  return list.Dump();
}

std::string SemanticTree::TablesJson() const {
  const auto texts = [](const std::vector<std::string>& cells) {
    Json list = Json::MakeArray();
    for (const std::string& cell : cells) list.Append(Json(cell));
    return list;
  };
  Json list = Json::MakeArray();
  for (const ShownTable& shown : tables_) {
    Json rows = Json::MakeArray();
    for (const std::vector<std::string>& row : shown.table.rows()) rows.Append(texts(row));
    Json entry = Json::MakeObject();
    entry.Set("caption", Json(shown.caption))
        .Set("header", texts(shown.table.header()))
        .Set("rows", std::move(rows))
        .Set("markdown", Json(shown.table.Markdown()))
        .Set("csv", Json(shown.table.Csv()));
    list.Append(std::move(entry));
  }
  return list.Dump();
}

}  // namespace plimsoll
