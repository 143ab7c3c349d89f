#include "web/worker/work.h"

#include <array>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "web/worker/check_work.h"
#include "web/worker/find_work.h"
#include "web/worker/launch_work.h"
#include "web/worker/map_work.h"
#include "web/worker/range_work.h"
#include "web/worker/schedule_work.h"

namespace plimsoll {
namespace {

struct Kind {
  std::string_view name;
  Result<std::unique_ptr<Work>> (*start)(const Json& question, const Catalog& catalog);
};

// The only list of kinds.
constexpr std::array<Kind, 8> kKinds = {{{"check", StartCheckWork},
                                         {"find", StartFindWork},
                                         {"launch", StartLaunchWork},
                                         {"map", StartMapWork},
                                         {"range-users", StartRangeWork},
                                         {"range-rate", StartRangeWork},
                                         {"range-row", StartRangeWork},
                                         {"schedule", StartScheduleWork}}};

}  // namespace

Result<std::unique_ptr<Work>> StartWork(std::string_view kind, std::string_view question,
                                        const Catalog& catalog) {
  std::vector<std::string> names;
  for (const Kind& known : kKinds) {
    names.emplace_back(known.name);
    if (known.name != kind) continue;
    const Result<Json> read = Json::Parse(question, kind);
    if (!read.ok()) return read.error();
    return known.start(*read, catalog);
  }
  return Error{"kind", Quoted(kind), ListText({names.begin(), names.end()}, "or")};
}

std::string DoWork(std::string_view kind, std::string_view question, const Catalog& catalog) {
  const Result<std::unique_ptr<Work>> work = StartWork(kind, question, catalog);
  if (!work.ok()) return ErrorAnswer(work.error());
  while (!(*work)->Advance()) {
  }
  return (*work)->Answer().Dump();
}

std::string ErrorAnswer(const Error& error) {
  return Json::MakeObject().Set("error", error.Message()).Dump();
}

}  // namespace plimsoll
