// A file that somebody has at hand, told apart by its first bytes: a GGUF or safetensors file (of which only
// the header is read), a safetensors index, or a Hugging Face config.json. What it holds becomes an
// inventory, and, as far as the file tells it, a model and its format (a configuration:
// core/engines/file_config.h).
#ifndef PLIMSOLL_CORE_FILES_MODEL_FILE_H_
#define PLIMSOLL_CORE_FILES_MODEL_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/weights/weights.h"

namespace plimsoll {

struct GgufHeader;

// Enough of a file for most headers; needed_bytes asks for more.
constexpr int64_t kFirstRead = int64_t{1} << 20;

struct FilePart {
  std::string name;   // for errors
  std::string bytes;  // from the start
  int64_t size = -1;  // of the whole file; negative: unknown
  // Of a GGUF whose header was read slice by slice (GgufHeaderReader) this is the header, and `bytes` is not needed.
  std::shared_ptr<const GgufHeader> gguf = nullptr;
};

enum class FileKind : uint8_t { kGguf, kSafetensors, kSafetensorsIndex, kConfig };
std::string_view FileKindName(FileKind kind);

struct ModelFile {
  FileKind kind = FileKind::kGguf;
  int64_t needed_bytes =
      0;  // of the first part that was cut too short: read so many and ask again; 0: complete
  std::string needed_name;
  std::vector<InventoryRow> rows;  // exact; empty for an index or a config
  Bytes bytes;                     // of all tensors
  std::string format;              // the contract's id; empty: not told
  Json model;                      // config.json's keys, as far as the file tells them; null: not told
  Json own_format;                 // kGguf: what ReadWeightFormat reads for exactly this file; null: not told
  std::vector<std::string> remarks;
};

// Of a file's beginning, eight bytes and what follows; nothing: none of these.
std::optional<FileKind> KindOfBytes(std::string_view first_bytes);

// All parts of one model (shards of a safetensors repository, parts of a split GGUF), in any order.
Result<ModelFile> ReadModelFile(const std::vector<FilePart>& parts);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FILES_MODEL_FILE_H_
