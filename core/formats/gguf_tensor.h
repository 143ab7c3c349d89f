// A tensor as a GGUF file holds it, before it has a type: its ggml name and shape, and the category by which
// llama-quantize chooses a type. Source: src/llama-quant.cpp (tensor_get_category).
#ifndef PLIMSOLL_CORE_FORMATS_GGUF_TENSOR_H_
#define PLIMSOLL_CORE_FORMATS_GGUF_TENSOR_H_

#include <cstdint>
#include <string>

namespace plimsoll {

enum class GgufCategory : uint8_t {
  kOther,
  kTokenEmbedding,
  kOutput,
  kAttentionQ,
  kAttentionK,
  kAttentionV,  // attn_v, attn_qkv and attn_kv_b share rules and one counter
  kAttentionOutput,
  kFfnUp,
  kFfnGate,
  kFfnDown,
};

struct GgufTensor {
  std::string name;     // "blk.{}.attn_q.weight", "token_embd.weight"
  int32_t source = -1;  // index into Architecture::tensors; -1: the converter makes it (rope_freqs)
  int32_t group = -1;   // index into Architecture::groups; -1: once in the file
  int64_t ne0 = 0;      // input features
  int64_t ne1 = 1;      // output features
  int64_t ne2 = 1;      // experts; heads of MLA's split kv_b
  GgufCategory category = GgufCategory::kOther;
  bool quantizable = false;  // llama-quantize changes its type; else it stays F32 (or 16 bit if `half`)
  bool half = false;         // not quantizable but stored in 16 bits
  bool expert = false;       // routed experts: what --n-cpu-moe keeps in RAM
  bool mtp = false;          // of the next-token-prediction layers, which follow the others
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_GGUF_TENSOR_H_
