// Operating ranges of the rows and columns that Find and Compare show (core/solve/operating_range.h). A worker searches for
// one after the other (web/errands.h), what is in view first; until one is there its figure is "…". What was found is
// kept, so that sorting, folding and going back ask nothing anew.
#ifndef PLIMSOLL_WEB_ROW_RANGES_H_
#define PLIMSOLL_WEB_ROW_RANGES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/solve/operating_range.h"
#include "web/errands.h"

namespace plimsoll {

class RowRanges {
 public:
  // One configuration in one kind of load. `url` is what EncodeConfigUrl writes.
  struct Row {
    LoadKind kind = LoadKind::kUsers;
    std::string url;
  };
  struct Known {
    std::optional<RangeFigure> figure;  // nothing: it has none
  };
  // nullptr: not known yet.
  const Known* Find(const Row& row) const;

  // Takes what has come back, and asks for the first of `wanted` that is not known. Once a frame for a view, with the rows
  // in the order in which they are wanted; what is asked is kept on while it is among them.
  void Follow(const std::vector<Row>& wanted, Errands* errands);

 private:
  static std::string KeyOf(const Row& row);
  void Take(const std::string& text);

  std::map<std::string, Known> known_;
  std::optional<Row> asked_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_ROW_RANGES_H_
