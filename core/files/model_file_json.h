// What was read of a model file, as JSON: how a worker that reads files hands it to the page. Exact both ways but for
// the number of rows, which is bounded: a hostile file may have a hundred thousand kinds of tensor.
#ifndef PLIMSOLL_CORE_FILES_MODEL_FILE_JSON_H_
#define PLIMSOLL_CORE_FILES_MODEL_FILE_JSON_H_

#include <cstdint>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/files/model_file.h"

namespace plimsoll {

constexpr size_t kMostFileRows =
    2000;  // usual files have twenty; of more, the first are kept and a remark says so

// Tensors and parameters are counted over all rows, whatever number is kept.
struct ReadFile {
  ModelFile file;
  int64_t tensors = 0;
  int64_t parameters = 0;  // packed integers counted as they are stored
};

ReadFile CountFile(ModelFile file);
Json ReadFileToJson(const ReadFile& read);
Result<ReadFile> ReadFileFromJson(const Json& json);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FILES_MODEL_FILE_JSON_H_
