#include "core/formats/weight_format.h"

namespace plimsoll {

using internal::SaturatingMultiply;

Bytes EncodedBytes(const WeightScheme& scheme, bool fp32, int64_t rows, int64_t columns) {
  const Bytes elements(SaturatingMultiply(rows, columns));
  const int64_t groups = scheme.group_size > 0 ? CeilDiv(columns, scheme.group_size) : 1;
  // `count` values of `bits` bits in int32 words.
  const auto words = [](int64_t count, int32_t bits) {
    return Bytes(4) * CeilDiv(SaturatingMultiply(count, bits), 32);
  };
  switch (scheme.family) {
    case FormatFamily::kGguf:
    case FormatFamily::kPlain:
      return elements * (fp32 ? 4 : BytesPerElement(scheme.dtype));
    case FormatFamily::kFp8: {  // vllm/model_executor/layers/quantization/fp8.py: weight_scale, input_scale
      const Bytes scales(SaturatingMultiply(scheme.per_channel ? rows : 1, scheme.scale_bytes));
      return elements + scales + Bytes(scheme.static_activations ? scheme.scale_bytes : 0);
    }
    case FormatFamily::kFp8Block: {  // the same file: weight_scale_inv
      const int64_t blocks =
          SaturatingMultiply(CeilDiv(rows, scheme.block_rows), CeilDiv(columns, scheme.block_columns));
      return elements + Bytes(scheme.scale_bytes) * blocks;
    }
    case FormatFamily::kInt8:
      return elements + Bytes(scheme.scale_bytes) * SaturatingMultiply(rows, groups) +
             Bytes(scheme.static_activations ? scheme.scale_bytes : 0);
    case FormatFamily::kGptq:  // vllm/.../gptq.py, auto_gptq.py: qweight, scales, qzeros, g_idx
      return words(columns, scheme.bits) * rows + Bytes(2) * rows * groups +
             words(rows, scheme.bits) * groups + Bytes(4) * columns;
    case FormatFamily::kAwq:  // awq/modules/linear/gemm.py: qweight, scales, qzeros
      return words(rows, scheme.bits) * columns + Bytes(2) * rows * groups +
             words(rows, scheme.bits) * groups;
    case FormatFamily::kPacked: {  // compressed-tensors: weight_packed, weight_scale, weight_shape, zero
                                   // point, g_idx
      const Bytes zeros = scheme.symmetric ? Bytes(0) : words(rows, scheme.bits) * groups;
      const Bytes order(scheme.desc_act ? SaturatingMultiply(columns, 4) : 0);
      return words(columns, scheme.bits) * rows + Bytes(2) * rows * groups + Bytes(16) + zeros + order;
    }
    case FormatFamily::kNvfp4:  // vllm/.../modelopt.py: weight, weight_scale, weight_scale_2, input_scale
      return Bytes(CeilDiv(elements.count(), 2)) + Bytes(rows) * CeilDiv(columns, 16) + Bytes(4) +
             Bytes(scheme.static_activations ? 4 : 0);
    case FormatFamily::kMxfp4:  // vllm/.../mxfp4.py: blocks, scales (e8m0 per 32)
      return Bytes(CeilDiv(elements.count(), 2)) + Bytes(rows) * CeilDiv(columns, 32);
    case FormatFamily::kBnbNf4: {  // bitsandbytes/functional.py, quantize_4bit: blocks of 64, code of 16
                                   // floats
      const int64_t blocks = CeilDiv(elements.count(), 64);
      const Bytes code(64);
      if (!scheme.double_quant) return Bytes(CeilDiv(elements.count(), 2)) + Bytes(4) * blocks + code;
      // absmax in 8 bits, itself in blocks of 256 floats, with its own code of 256 floats.
      return Bytes(CeilDiv(elements.count(), 2)) + Bytes(blocks) + Bytes(4) * CeilDiv(blocks, 256) +
             Bytes(1024) + code;
    }
    case FormatFamily::kScaled: {
      const double bits = static_cast<double>(elements.count()) * scheme.value_bits;
      return Bytes(static_cast<int64_t>((bits + 7) / 8)) +
             Bytes(scheme.group_bytes) * SaturatingMultiply(rows, groups) + Bytes(scheme.row_bytes) * rows +
             Bytes(scheme.column_bytes) * columns + Bytes(scheme.tensor_bytes);
    }
    case FormatFamily::kBnbInt8:  // SCB: a float per output channel
      return elements + Bytes(4) * rows;
  }
  return Bytes(0);
}

}  // namespace plimsoll
