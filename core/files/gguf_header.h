// The header of a GGUF file (version 2 or 3): metadata, exact tensors and types, and the architecture they
// describe. Only the header is read; a split file has one header per part. The input is hostile: every
// length, count and offset is checked before it is believed, arrays are skipped rather than kept, and time is
// linear in the bytes.
//
// Format: docs/gguf.md of ggml; limits that llama.cpp itself sets: gguf.cpp (GGML_MAX_NAME, GGML_MAX_DIMS).
#ifndef PLIMSOLL_CORE_FILES_GGUF_HEADER_H_
#define PLIMSOLL_CORE_FILES_GGUF_HEADER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/formats/format_object.h"
#include "core/formats/gguf_types.h"
#include "core/weights/weights.h"

namespace plimsoll {

// Tokenizers take up to some 30 MB; beyond this a header is refused.
constexpr int64_t kMaxGgufHeader = int64_t{128} << 20;

struct GgufFileTensor {
  std::string name;
  GgmlType type = GgmlType::kF32;
  int64_t ne[4] = {1, 1, 1, 1};
  int64_t offset = 0;  // into the data
  Bytes bytes;
};

struct GgufHeader {
  int64_t needed_bytes = 0;  // more than was given: read that many from the start and ask again; 0: complete
  int version = 0;
  int64_t alignment = 32;
  Json metadata;  // an object: scalars, texts up to 4096 bytes, arrays up to 1024 numbers; of longer arrays
                  // their length under the key with "#" behind it
  int64_t split_count = 1;  // parts of the model; this is part split_no, counted from 0
  int64_t split_no = 0;
  std::vector<GgufFileTensor> tensors;
  int64_t data_start = 0;
  Bytes data;  // all tensors, without padding
};

// The header from slices of any length, in order: what need not be kept is passed over as it comes, so a
// tokenizer of a hundred megabytes costs neither memory nor a second reading. A worker feeds it slice by
// slice and may stop between any two.
class GgufHeaderReader {
 public:
  explicit GgufHeaderReader(int64_t file_size);  // of the whole file; negative: unknown
  ~GgufHeaderReader();
  // The bytes from next() on, as many as there are at hand. An Error ends it.
  [[nodiscard]] std::optional<Error> Feed(std::string_view slice);
  bool complete() const;
  int64_t next() const;    // where in the file the next slice begins
  int64_t needed() const;  // how far the header reaches at the least
  GgufHeader Take();       // REQUIRES: complete()

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

// `first_bytes` from the file's start; `file_size` of the whole file, or negative if unknown.
Result<GgufHeader> ReadGgufHeader(std::string_view first_bytes, int64_t file_size);

// The parts of a split model as one header: metadata of the first, tensors of all. Refuses parts that do not
// belong together or are missing.
Result<GgufHeader> JoinGgufHeaders(const std::vector<GgufHeader>& parts);

// The file's format as ReadWeightFormat reads it: the id alone where every tensor has the type that
// llama-quantize's rules give it, else an object that lists the types of those that differ (dynamic
// mixtures), so that an estimate has the file's own bytes.
Json ExactFormatOfGguf(const GgufHeader& header, const Architecture& architecture);

// "gguf-q4_k_m" from general.file_type, or from the type that holds most bytes.
std::string FormatOfGguf(const GgufHeader& header);

std::vector<InventoryRow> ListFileTensors(const GgufHeader& header);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FILES_GGUF_HEADER_H_
