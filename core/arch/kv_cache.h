// What a model must remember of a sequence, by layer kind: keys and values per token, a latent, a compressed
// cache, or a recurrent state of fixed size. Engine-independent: no blocks, no padding, no sharding; those
// are the engines' business. Counts are elements, sizes are bytes.
#ifndef PLIMSOLL_CORE_ARCH_KV_CACHE_H_
#define PLIMSOLL_CORE_ARCH_KV_CACHE_H_

#include <cstdint>

#include "core/arch/architecture.h"
#include "core/arch/kv_type.h"
#include "core/base/units.h"

namespace plimsoll {

// Elements that one layer keeps per cached token, all heads together. A latent counts as key; a shared cache
// as nothing.
int64_t KeyElements(const Attention& attention);
int64_t ValueElements(const Attention& attention);

// Tokens of a sequence of `length` that the layer still needs: the window for sliding layers, the chunk for
// chunked ones. For kCompressed the uncompressed window only.
int64_t CachedTokens(const Attention& attention, int64_t length);

// Elements of the keys that a layer keeps per token of the encoder; of the values as many.
int64_t CrossElements(const CrossAttention& cross);

// Elements of a layer's recurrent state, per sequence.
int64_t ConvolutionElements(const Recurrent& recurrent);
int64_t StateElements(const Recurrent& recurrent);

// Bytes of `elements` in a cache type; the llama.cpp block types hold 32 elements each (ggml-common.h).
// kAuto counts as 16 bits.
Bytes KvTypeBytes(KvType type, int64_t elements);

// One token's key or value of one head of `width` elements, with the scales that a type keeps for each
// (vllm/v1/kv_cache_interface.py real_page_size_bytes, triton_attn.py: float32 for a token and head;
// vllm/utils/torch_utils.py nvfp4_kv_cache_full_dim: a byte for 16 values).
int64_t KvHeadBytes(KvType type, int64_t width);

// Bytes per token that an indexer keeps in vLLM: one fp8 value per element and an fp32 scale per 128
// (vllm/model_executor/models/deepseek_v2.py DeepseekV32IndexerCache); of pooled keys, 16 bits per element
// shared by index_pool tokens. 0 without an indexer.
int64_t IndexerBytesPerToken(const Attention& attention);

// What one more token of text adds to the whole model's cache past every window.
Bytes KvBytesPerToken(const Architecture& architecture, const KvTypes& types);

// The whole model's cache for one sequence of `length`, windows applied, recurrent state left out; what it
// keeps of an encoder's output included.
Bytes KvBytesPerSequence(const Architecture& architecture, const KvTypes& types, int64_t length);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_KV_CACHE_H_
