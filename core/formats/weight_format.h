// How weights are stored: the contract's format ids, published quantisation configs, what each tool leaves
// unquantised, and the bytes of one tensor.
//
// A format is a list of schemes and of rules that say which module gets which. Binding it to an architecture
// resolves the rules once: each tensor gets a scheme, single layers may differ. Byte formulas are those of
// the tools that write the files (AutoAWQ, GPTQModel, compressed-tensors, ModelOpt, bitsandbytes, llama.cpp)
// and stand beside the code with their source.
#ifndef PLIMSOLL_CORE_FORMATS_WEIGHT_FORMAT_H_
#define PLIMSOLL_CORE_FORMATS_WEIGHT_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "core/formats/dtype.h"

namespace plimsoll {

enum class FormatFamily : uint8_t {
  kPlain,     // fp32 bf16 fp16
  kFp8,       // a scale per tensor or per output channel
  kFp8Block,  // a scale per 128 x 128 block
  kInt8,      // W8A8, a scale per output channel
  kGptq,      // 2 to 8 bits, groups along the input
  kAwq,
  kPacked,  // compressed-tensors pack-quantized (w4a16)
  kNvfp4,
  kMxfp4,
  kBnbNf4,
  kBnbInt8,
  kGguf,
  kScaled,  // values of some bits with scales beside them, by the rules of MLX, HQQ, torchao, AQLM, EXL3 …
};
constexpr int kFormatFamilies = 13;

// The KV cache that a checkpoint asks for, and in whose words: engines heed them since different releases.
enum class CacheWish : uint8_t { kNone, kModelOptFp8, kCompressedTensorsFp8 };

// How one tensor is stored.
struct WeightScheme {
  FormatFamily family = FormatFamily::kPlain;
  DType dtype = DType::kBf16;  // kPlain
  int32_t bits = 16;
  int64_t group_size = 0;       // elements along the input that share a scale; 0: the whole row
  int64_t block_rows = 128;     // kFp8Block
  int64_t block_columns = 128;  // kFp8Block
  int32_t scale_bytes = 0;      // one scale in the file; 0: what the model's publisher uses, until bound
  bool per_channel = false;     // kFp8
  bool symmetric = true;
  bool desc_act = false;            // kGptq, kPacked: a group index per input
  bool double_quant = true;         // kBnbNf4
  bool static_activations = false;  // an input scale stands beside each weight
  // kScaled: bits of a value, and bytes beside the values per group of inputs, per output, per input and
  // once.
  double value_bits = 0;
  int64_t group_bytes = 0, row_bytes = 0, column_bytes = 0, tensor_bytes = 0;
  friend bool operator==(const WeightScheme&, const WeightScheme&) = default;
};

// Modules that differ. See module_pattern.h for how a pattern is written.
struct FormatRule {
  std::string pattern;
  uint8_t scheme = 0;         // 0: stays plain; else an index into WeightFormat::schemes, plus one
  bool if_quantized = false;  // changes the scheme of what is quantised anyway (GPTQModel "+:" rules)
};

// An average over published files with the extremes among them; factor 0: no average, exact by rules.
struct Average {
  double factor = 0, low = 0, high = 0;
};

// One tensor of a GGUF: "ffn_down_exps" (any "blk.N.ffn_down_exps.weight"), "token_embd", with its type from
// layer `from` on until the next entry of the same tensor.
struct GgufTensorType {
  std::string tensor;
  int32_t from = 0;
  int32_t type = 0;  // a GgmlType
};

struct WeightFormat {
  std::string id;                              // of the contract: "awq-int4", "gguf-q4_k_m"
  FormatFamily family = FormatFamily::kPlain;  // of most of the weights
  DType dtype = DType::kBf16;  // kPlain: of everything; else of what stays unquantised (always 2 bytes)
  std::vector<WeightScheme> schemes;  // empty for kPlain and kGguf; [0] is what a tensor gets by default
  std::vector<FormatRule> rules;      // the first that matches decides
  bool rules_only = false;            // what no rule matches is plain (targets instead of exceptions)
  bool every_linear =
      false;  // what no rule matches is quantised if it is linear at all, without a tool's habits
  bool rules_given = false;       // rules came from the caller or a checkpoint, not from the tool's habits
  bool stores_tied_head = false;  // the files hold the head although it is tied to the embedding
  bool text_only = false;         // the config stands beside the text model's keys: towers stay plain
  bool embeddings = false;        // the embedding is quantised like a linear layer (MLX)
  CacheWish cache_wish = CacheWish::kNone;
  bool importance_matrix = false;  // kGguf: quantised with an imatrix
  int gguf_type = -1;              // kGguf: a GgufFileType of gguf_types.h
  // kGguf: files that depart from llama-quantize's rules.
  bool wide_ends = false;  // embedding and head in Q8_0
  Average average;         // bytes over those of the rules' mixture, from published files
  double given_bits = 0;   // bits per weight as the file's publisher states them; 0: not given
  std::vector<GgufTensorType> tensor_types;  // as read from a file's header, or llama-quantize --tensor-type

  // Whether its bytes are an average, or a figure rounded by a publisher, rather than rules.
  bool approximate() const { return average.factor > 0 || given_bits > 0; }
  const WeightScheme* main_scheme() const { return schemes.empty() ? nullptr : schemes.data(); }
};

// Bytes of one safetensors tensor of rows x columns in this scheme as the file stores it, scales and zero
// points included. The caller passes sharded dimensions to get a rank's share. Not for kGguf.
Bytes EncodedBytes(const WeightScheme& scheme, bool fp32, int64_t rows, int64_t columns);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_WEIGHT_FORMAT_H_
