#include "web/worker/map_work.h"

#include <algorithm>
#include <utility>

#include "core/solve/map.h"
#include "web/map_cells.h"
#include "web/page_question.h"

namespace plimsoll {
namespace {

constexpr size_t kCells = 16;  // of a slice

class MapWork : public Work {
 public:
  explicit MapWork(MapMaker maker) : maker_(std::move(maker)) {}
  bool Advance() override { return maker_.Advance(kCells); }
  double share() const override {
    return static_cast<double>(maker_.done()) / static_cast<double>(std::max<size_t>(1, maker_.total()));
  }
  Json Answer() override { return MapCellsToJson(maker_.sheet()); }

 private:
  MapMaker maker_;
};

}  // namespace

Result<std::unique_ptr<Work>> StartMapWork(const Json& question, const Catalog& catalog) {
  Result<PageQuestion> read = ReadPageQuestion(question);
  if (!read.ok()) return read.error();
  MapQuestion asked;
  if (auto error = DecodeMapAxes(read->ask, &asked)) return *error;
  asked.base = std::move(read->config);
  asked.rents = std::move(read->rents);
  Result<MapMaker> maker = MapMaker::Start(std::move(asked), catalog);
  if (!maker.ok()) return maker.error();
  return std::unique_ptr<Work>(std::make_unique<MapWork>(std::move(*maker)));
}

}  // namespace plimsoll
