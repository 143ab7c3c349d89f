// A table of text: as columns that line up in a terminal, as Markdown, as comma-separated values. Numbers to the
// right.
#ifndef PLIMSOLL_CORE_BASE_TABLE_H_
#define PLIMSOLL_CORE_BASE_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

namespace plimsoll {

// Columns that a terminal gives to UTF-8 text, counting code points (no wide characters occur here).
int TextWidth(std::string_view text);

class Table {
 public:
  // A header that ends in '>' aligns its column to the right; the mark is not printed.
  explicit Table(std::vector<std::string> header);
  void Add(std::vector<std::string> row);
  bool empty() const { return rows_.empty(); }
  const std::vector<std::string>& header() const { return header_; }
  bool right(size_t column) const { return right_[column]; }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  // Every line ends in a newline and carries no trailing spaces.
  std::string Print(std::string_view indent = "") const;
  // The same as a Markdown table, and as comma-separated values (RFC 4180).
  std::string Markdown() const;
  std::string Csv() const;

 private:
  std::vector<std::string> header_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_TABLE_H_
