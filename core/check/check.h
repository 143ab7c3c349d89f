// One field takes anything: a command, a manifest, a log, a configuration, a link, what nvidia-smi prints.
// Which it is follows from the text, by the table of readers in check.cc. Every reader is total and bounded:
// any text gives a CheckResult or an Error, in time and memory that grow with its length alone.
#ifndef PLIMSOLL_CORE_CHECK_CHECK_H_
#define PLIMSOLL_CORE_CHECK_CHECK_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"
#include "core/files/model_file.h"

namespace plimsoll {

constexpr int64_t kMaxCheckBytes = int64_t{64} << 20;  // logs grow long

// A kind of text. `Read` gives nothing where the text is of another kind, and is then asked no more.
struct TextReader {
  std::string_view name;
  std::optional<Result<CheckResult>> (*read)(std::string_view text, const Catalog& catalog);
};

// The error's field is "text".
Result<CheckResult> Check(std::string_view text, const Catalog& catalog);

// A file of which the header was read, `name` by its path: the model that it describes.
Result<CheckResult> CheckFile(const ModelFile& file, std::string_view name, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CHECK_H_
