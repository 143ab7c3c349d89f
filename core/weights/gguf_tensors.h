// Which tensors a GGUF file of an architecture holds: ggml names, shapes, and the category by which
// llama-quantize chooses a type. The converter drops, splits, merges and stacks what the safetensors hold:
// experts become one tensor, MLA's kv_b splits in two, vision goes to another file.
//
// Sources: convert_hf_to_gguf.py, gguf-py/gguf/tensor_mapping.py, src/llama-quant.cpp (tensor_get_category,
// tensor_allows_quantization).
#ifndef PLIMSOLL_CORE_WEIGHTS_GGUF_TENSORS_H_
#define PLIMSOLL_CORE_WEIGHTS_GGUF_TENSORS_H_

#include <vector>

#include "core/arch/architecture.h"
#include "core/formats/gguf_tensor.h"

namespace plimsoll {

// In the order in which llama-quantize walks: tensors outside layers first, then by name within a layer.
std::vector<GgufTensor> ListGgufTensors(const Architecture& architecture);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHTS_GGUF_TENSORS_H_
