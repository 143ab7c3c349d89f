#include "web/worker/file_digest.h"

#include <string>
#include <utility>

#include "core/files/model_file_json.h"

namespace plimsoll {

Json DigestFiles(const std::vector<FilePart>& parts) {
  Json digest = Json::MakeObject();
  Result<ModelFile> file = ReadModelFile(parts);
  if (!file.ok()) return digest.Set("error", file.error().Message());
  if (file->needed_bytes > 0) return digest.Set("needed", file->needed_bytes).Set("name", file->needed_name);
  std::string name = parts[0].name;
  if (parts.size() > 1) name += " and " + std::to_string(parts.size() - 1) + " more";
  return digest.Set("file", ReadFileToJson(CountFile(std::move(*file))).Set("name", std::move(name)));
}

}  // namespace plimsoll
