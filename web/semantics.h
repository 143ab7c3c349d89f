// What the current frame shows, as a list of labelled things: what a screen reader would be told, where the
// tests click, and what `plimsoll.semantics()` returns. Widgets enter themselves as they are drawn; positions
// are CSS pixels of the canvas.
#ifndef PLIMSOLL_WEB_SEMANTICS_H_
#define PLIMSOLL_WEB_SEMANTICS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/table.h"
#include "core/resolve/report.h"

namespace plimsoll {

struct SemanticNode {
  std::string role;   // ARIA names: "button", "slider", "combobox", "option", "tab", "row", "heading", "img"
  std::string label;  // what it is: "Context"
  std::string value;  // what it says: "16,384"
  float x = 0, y = 0, width = 0, height = 0;
  bool focused = false;  // the keyboard's cursor is on it
};

// A table that the frame shows, for reading aloud, copying and saving: the cells as they are written.
struct ShownTable {
  std::string caption;
  Table table;
  // Cards drawn as bars, where a picture of the table has them: in a row (0: the header) and a column.
  struct Bar {
    size_t row, column;
    GpuReport gpu;
    double full_gib;
  };
  std::vector<Bar> bars;
};

class SemanticTree {
 public:
  void Clear() {
    nodes_.clear();
    tables_.clear();
  }
  void AddTable(ShownTable table) { tables_.push_back(std::move(table)); }
  const std::vector<ShownTable>& tables() const { return tables_; }
  // [{"caption", "header": [text…], "rows": [[text…]…], "markdown", "csv"}…]
  std::string TablesJson() const;
  void Add(SemanticNode node) { nodes_.push_back(std::move(node)); }
  void FocusLast() { nodes_.back().focused = true; }  // REQUIRES: one has been added
  const std::vector<SemanticNode>& nodes() const { return nodes_; }
  // The last one drawn under that label: what lies in front. nullptr: none.
  const SemanticNode* Find(std::string_view label, std::string_view role = {}) const;
  std::string ToJson() const;

 private:
  std::vector<SemanticNode> nodes_;
  std::vector<ShownTable> tables_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_SEMANTICS_H_
