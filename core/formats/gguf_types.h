// The block types of ggml (how many bytes a row of numbers takes) and llama.cpp's file types (which mixture
// of block types a file is quantised to).
//
// Sources: ggml/src/ggml-common.h (block sizes, static_asserts), ggml/include/ggml.h (ids), include/llama.h
// and src/llama-quant.cpp (file types and their default tensor type).
#ifndef PLIMSOLL_CORE_FORMATS_GGUF_TYPES_H_
#define PLIMSOLL_CORE_FORMATS_GGUF_TYPES_H_

#include <cstdint>
#include <string_view>

#include "core/base/units.h"

namespace plimsoll {

enum class GgmlType : uint8_t {
  kF32,
  kF16,
  kBf16,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ2K,
  kQ3K,
  kQ4K,
  kQ5K,
  kQ6K,
  kIq1S,
  kIq1M,
  kIq2Xxs,
  kIq2Xs,
  kIq2S,
  kIq3Xxs,
  kIq3S,
  kIq4Nl,
  kIq4Xs,
  kTq1_0,
  kTq2_0,
  kMxfp4,
  kNvfp4,
  kQ1_0,
  kQ8_1,
  kQ8K,
  kI8,
  kI16,
  kI32,
  kI64,
  kF64,
};
constexpr int kGgmlTypes = 34;

struct GgmlTypeInfo {
  std::string_view name;  // as llama.cpp prints it: "q4_K"
  int ggml_id;            // value of ggml_type in a file
  int block;              // elements per block
  int bytes;              // bytes per block
};
const GgmlTypeInfo& Info(GgmlType type);

// The type with this id in a file; false: unknown to us.
bool FindGgmlType(uint32_t ggml_id, GgmlType* type);

// The type of this name, in lower case ("q6_k"); false: none.
bool FindGgmlTypeName(std::string_view name, GgmlType* type);

// Bytes of `rows` rows of `ne0` elements. REQUIRES for exactness: ne0 is a multiple of the block.
Bytes GgmlBytes(GgmlType type, int64_t ne0, int64_t rows);

enum class GgufFileType : uint8_t {
  kF32,
  kF16,
  kBf16,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ2K,
  kQ2KS,
  kQ3KS,
  kQ3KM,
  kQ3KL,
  kQ4KS,
  kQ4KM,
  kQ5KS,
  kQ5KM,
  kQ6K,
  kIq1S,
  kIq1M,
  kIq2Xxs,
  kIq2Xs,
  kIq2S,
  kIq2M,
  kIq3Xxs,
  kIq3Xs,
  kIq3S,
  kIq3M,
  kIq4Nl,
  kIq4Xs,
  kTq1_0,
  kTq2_0,
  kMxfp4Moe,
  kNvfp4,
  kQ1_0,
};
constexpr int kGgufFileTypes = 35;

struct GgufFileTypeInfo {
  std::string_view id;      // "q4_k_m": the contract's format id without "gguf-"
  int llama_ftype;          // general.file_type in the file's metadata
  GgmlType default_type;    // what a tensor gets when no rule says otherwise
  bool needs_imatrix;       // llama-quantize refuses to write it without an importance matrix
  int32_t since_build = 0;  // the first build that reads it and its date (yyyymmdd); 0: older than the
  int32_t since_date = 0;   // releases that we tell apart
};
const GgufFileTypeInfo& Info(GgufFileType type);

// Whether published files of this type are made with an importance matrix as a rule: all of the IQ types.
bool UsuallyWithImatrix(GgufFileType type);

// Files that people publish beside llama-quantize's own mixtures: one of its mixtures (`base`) with other
// types for some tensors. Where it is known which, the file is exact; where each tensor of each model was
// chosen by hand, an average over published files stands for it: their bytes relative to the base mixture of
// the same model. (A plain average of bits per weight would spread twice as wide: the share of the embedding
// differs between models, and the base knows it.)
struct GgufMixture {
  std::string_view id;  // "ud-q4_k_xl": the contract's format id without "gguf-"
  GgufFileType base;
  bool wide_ends;  // --token-embedding-type q8_0 --output-tensor-type q8_0
  double factor;   // bytes / bytes of the base mixture; 1 with wide_ends: exact
  double low, high;
};
constexpr int kGgufMixtures = 18;
const GgufMixture& Mixture(int index);
// -1: no such mixture.
int FindGgufMixture(std::string_view id);

// Index for WeightFormat::gguf_type; -1: no such file type. `id` without "gguf-", in lower case; common other
// spellings ("q4_k", "q3_k", "q5_k") mean the medium mixture, as in llama-quantize.
int FindGgufFileType(std::string_view id);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_GGUF_TYPES_H_
