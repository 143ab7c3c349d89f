// The header of a .safetensors file, and the index of a sharded repository: which tensors, in which type and
// shape, how many bytes. Only the header is read. The input is hostile: lengths, counts, offsets and nesting
// are checked before they are believed, and memory stays within a small multiple of the header.
//
// Format: eight bytes little-endian N, then N bytes of JSON, then the data (safetensors' README; its own
// limit for N is 100 MB, ours is smaller).
#ifndef PLIMSOLL_CORE_FILES_SAFETENSORS_HEADER_H_
#define PLIMSOLL_CORE_FILES_SAFETENSORS_HEADER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/weights/weights.h"

namespace plimsoll {

constexpr int64_t kMaxSafetensorsHeader = int64_t{32} << 20;

struct SafetensorsTensor {
  std::string name;
  std::string dtype;  // as written: "BF16", "F8_E4M3", "I32"
  std::vector<int64_t> shape;
  Bytes bytes;
};

struct SafetensorsHeader {
  int64_t needed_bytes = 0;  // more than was given: read that many from the start and ask again; 0: complete
  std::vector<SafetensorsTensor> tensors;  // in the file's order
  Bytes data;                              // all tensors
};

// `first_bytes` from the file's start; `file_size` of the whole file, or negative if unknown.
Result<SafetensorsHeader> ReadSafetensorsHeader(std::string_view first_bytes, int64_t file_size);

// model.safetensors.index.json: no types or shapes, but every name, the files and the total.
struct SafetensorsIndex {
  Bytes total;  // zero if the index does not say
  std::vector<std::string> names;
  std::vector<std::string> files;  // each once, in order of appearance
};
Result<SafetensorsIndex> ReadSafetensorsIndex(std::string_view text);

// One row for tensors that differ only in layer and expert. Headers of several shards are concatenated first.
std::vector<InventoryRow> ListFileTensors(const std::vector<SafetensorsTensor>& tensors);

// The contract's format id that the tensors show ("awq-int4", "fp8-block", "bf16").
std::string GuessFormat(const std::vector<SafetensorsTensor>& tensors);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FILES_SAFETENSORS_HEADER_H_
