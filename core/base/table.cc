#include "core/base/table.h"

#include <algorithm>
#include <utility>

namespace plimsoll {

int TextWidth(std::string_view text) {
  int width = 0;
  for (char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return width;
}

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {
  for (std::string& name : header_) {
    right_.push_back(name.ends_with('>'));
    if (right_.back()) name.pop_back();
  }
}

void Table::Add(std::vector<std::string> row) {
  row.resize(header_.size());
  rows_.push_back(std::move(row));
}

std::string Table::Print(std::string_view indent) const {
  std::vector<int> widths;
  for (size_t column = 0; column < header_.size(); ++column) {
    int width = TextWidth(header_[column]);
    for (const auto& row : rows_) width = std::max(width, TextWidth(row[column]));
    widths.push_back(width);
  }
  std::string text;
  auto print = [&](const std::vector<std::string>& row) {
    std::string line(indent);
    for (size_t column = 0; column < row.size(); ++column) {
      const std::string pad(static_cast<size_t>(widths[column] - TextWidth(row[column])), ' ');
      if (column > 0) line += "  ";
      line += right_[column] ? pad + row[column] : row[column] + pad;
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  };
  const bool named =
      std::any_of(header_.begin(), header_.end(), [](const std::string& name) { return !name.empty(); });
  if (named) print(header_);
  for (const auto& row : rows_) print(row);
  return text;
}

std::string Table::Markdown() const {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) {
      text += ' ';
      for (const char c : cell) text += c == '|' ? std::string("\\|") : std::string(1, c);
      text += " |";
    }
    return text + "\n";
  };
  std::string text = line(header_) + "|";
  for (const bool right : right_) text += right ? "---:|" : "---|";
  text += '\n';
  for (const std::vector<std::string>& row : rows_) text += line(row);
  return text;
}

std::string Table::Csv() const {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text;
    for (const std::string& cell : cells) {
      if (&cell != &cells.front()) text += ',';
      if (cell.find_first_of(",\"\n") == std::string::npos) {
        text += cell;
        continue;
      }
      text += '"';
      for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
      text += '"';
    }
    return text + "\n";
  };
  std::string text = line(header_);
  for (const std::vector<std::string>& row : rows_) text += line(row);
  return text;
}

}  // namespace plimsoll
