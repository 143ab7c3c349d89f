// What files are as one model, as the page takes it: {"file": ReadFileToJson, with the name that is shown as "name"}, {"error": one
// line}, or {"needed": bytes, "name"}: of that file so many bytes from its start.
#ifndef PLIMSOLL_WEB_WORKER_FILE_DIGEST_H_
#define PLIMSOLL_WEB_WORKER_FILE_DIGEST_H_

#include <vector>

#include "core/base/json.h"
#include "core/files/model_file.h"

namespace plimsoll {

Json DigestFiles(const std::vector<FilePart>& parts);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WORKER_FILE_DIGEST_H_
