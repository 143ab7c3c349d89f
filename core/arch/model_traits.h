// What files and engines do differently for some models and no key of a config tells: told by the
// architecture's name, in one table (model_traits.cc), so that nobody else compares names.
#ifndef PLIMSOLL_CORE_ARCH_MODEL_TRAITS_H_
#define PLIMSOLL_CORE_ARCH_MODEL_TRAITS_H_

#include <cstdint>
#include <string_view>

namespace plimsoll {

struct ModelTraits {
  bool four_positions = false;      // multimodal rotary embeddings: four positions per token
  bool norms_after_only = false;    // a block's output is normalised, not what it takes
  bool gguf_fuses_gate_up = false;  // GGUF files hold gate and up as one matrix
  bool gguf_splits_qkv = false;     // the converter takes a fused q, k, v apart
  bool gguf_keeps_mtp = false;      // the converter keeps the next-token-prediction layers
  bool gguf_one_kv_count = false;   // GGUF metadata has one number of KV heads for all layers, hybrids too
  bool gguf_long_rope_factors = false;  // RoPE factors are stored for short and long contexts
  bool seventy_b = false;               // llama.cpp calls 80 layers of it LLM_TYPE_70B
  bool seventy_b_if_grouped = false;    // the same where query heads share KV heads
  bool falcon_recipe = false;           // llama-quantize has rules of its own for it
  bool short_tokenizer = false;         // SentencePiece without merges although the vocabulary is large
  int32_t fp8_scale_bytes = 4;  // one block scale of a published FP8 file, where its config does not say
};

// By an entry of "architectures" and by model_type.
ModelTraits TraitsOf(std::string_view name, std::string_view model_type);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_MODEL_TRAITS_H_
