// How weights are stored: the contract's format ids, what each tool leaves unquantised, and the bytes of one
// tensor.
//
// Byte formulas are those of the tools that write the files (AutoAWQ, GPTQModel, compressed-tensors,
// ModelOpt, bitsandbytes, llama.cpp) and stand beside the code with their source.
#ifndef PLIMSOLL_CORE_WEIGHT_FORMAT_H_
#define PLIMSOLL_CORE_WEIGHT_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/architecture.h"
#include "core/json.h"
#include "core/result.h"
#include "core/units.h"

namespace plimsoll {

enum class FormatFamily : uint8_t {
  kPlain,     // fp32 bf16 fp16
  kFp8,       // per tensor or per channel scale
  kFp8Block,  // 128 x 128 blocks
  kInt8,      // W8A8, a scale per output channel
  kGptq,      // 4 or 8 bits, groups along the input
  kAwq,
  kPacked,  // compressed-tensors pack-quantized (w4a16)
  kNvfp4,
  kMxfp4,
  kBnbNf4,
  kBnbInt8,
  kGguf,
};

struct WeightFormat {
  std::string id;  // of the contract: "awq-int4", "gguf-q4_k_m"
  FormatFamily family = FormatFamily::kPlain;
  DType dtype = DType::kBf16;  // of kPlain, and of what stays unquantised elsewhere
  int bits = 16;
  int64_t group_size = 0;
  bool symmetric = true;
  bool desc_act = false;
  bool per_channel = false;        // kFp8
  int scale_bytes = 4;             // kFp8Block, kFp8 per channel: bytes of one scale in the file
  bool double_quant = true;        // kBnbNf4
  bool importance_matrix = false;  // kGguf: quantised with an imatrix
  int gguf_type = -1;              // kGguf: index into the file types of gguf_types.h
  bool exceptions_given =
      false;  // `unquantized` came from the caller or a checkpoint, not from the tool's defaults
  std::vector<std::string> unquantized;  // substrings or globs of module names, or "re:" + an expression
};

// A format id, or an object {"id", "group_size", "unquantized", ...} (contract.md). The error lists what is
// accepted.
Result<WeightFormat> ReadWeightFormat(const Json& value, std::string_view where);

// A published `quantization_config` (Hugging Face) or hf_quant_config (ModelOpt).
Result<WeightFormat> ReadQuantizationConfig(const Json& config, std::string_view where);

// Every id of the contract, for `plimsoll list formats` and error texts.
const std::vector<std::string_view>& FormatIds();

// For each tensor of the architecture whether this format quantises it (1) or keeps it in the plain dtype
// (0). Matching names costs microseconds: the catalog binds its checkpoints once, when it is loaded.
using QuantizedMask = std::vector<uint8_t>;
QuantizedMask BindFormat(const Architecture& architecture, const WeightFormat& format);

// Bytes of one safetensors tensor of rows x columns in this format as the file stores it, scales and zero
// points included. Not for kGguf (see gguf_types.h). The caller passes sharded dimensions to get a rank's
// share.
Bytes EncodedBytes(const WeightFormat& format, bool quantized, bool fp32, int64_t rows, int64_t columns);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHT_FORMAT_H_
