#include "core/engines/vllm/vllm_activation.h"

#include <algorithm>

#include "core/engines/measured_constants.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

// Activations are 16 bits wide whatever the weights are.
constexpr int64_t kElement = 2;

Bytes Elements(int64_t tokens, int64_t per_token) {
  return Bytes(SaturatingMultiply(tokens, per_token)) * kElement;
}

// gate_up (2 x ff), their product (ff), and copies of the hidden states: input, residual, output.
Bytes DenseMlp(const Resolved& resolved, const VllmRules& rules, int64_t intermediate) {
  const int64_t width =
      3 * CeilDiv(intermediate, resolved.tp) + rules.residual_copies * resolved.architecture->hidden;
  return Elements(resolved.max_num_batched_tokens, width);
}

// vllm/model_executor/layers/fused_moe/fused_moe.py fused_experts_impl: intermediate_cache1 (w13 output),
// intermediate_cache2 (after the activation), intermediate_cache3 (w2 output); 1 and 3 share memory since
// 0.9.
Bytes Moe(const Resolved& resolved, const VllmRules& rules, const Mlp& mlp) {
  const int64_t tokens = resolved.max_num_batched_tokens;
  const int64_t chunk = rules.moe_chunk > 0 ? std::min(tokens, rules.moe_chunk) : tokens;
  const int64_t hidden = resolved.architecture->hidden;
  const int64_t width =
      resolved.expert_parallel ? mlp.expert_intermediate : CeilDiv(mlp.expert_intermediate, resolved.tp);
  const int64_t expert_hidden = mlp.expert_hidden > 0 ? mlp.expert_hidden : hidden;
  const int64_t first = (mlp.gated ? 2 : 1) * width;
  const int64_t buffers =
      rules.moe_shares_buffers ? std::max(first, expert_hidden) + width : first + width + expert_hidden;
  const int64_t shared = mlp.shared_intermediate > 0 ? hidden : 0;  // the shared experts' output waits
  return Elements(chunk, SaturatingMultiply(mlp.experts_per_token, buffers)) +
         Elements(tokens, (rules.residual_copies + 1) * hidden + shared) +
         Bytes(SaturatingMultiply(tokens, mlp.experts)) * 4;  // router logits in float32
}

// MLA expands the latents of a cached prefix into keys and values of every head before it attends to them.
Bytes LatentContext(const Resolved& resolved, const VllmRules& rules, const Attention& attention) {
  if (rules.latent_context_rows == 0 || !resolved.enable_chunked_prefill) return Bytes(0);
  const int64_t block = std::max<int64_t>(resolved.block_size, 16);
  const int64_t rows = std::min(std::max(SaturatingMultiply(8, resolved.max_model_len),
                                         SaturatingMultiply(4 * block, resolved.max_num_seqs)),
                                rules.latent_context_rows);
  const int64_t expanded = CeilDiv(attention.heads, resolved.tp) * (attention.nope_dim + attention.value_dim);
  const int64_t latent = rules.latent_workspace ? attention.kv_lora_rank + attention.rope_dim : 0;
  return Elements(rows, expanded + latent) +
         Elements(resolved.max_num_batched_tokens, rules.residual_copies * resolved.architecture->hidden);
}

// With speculation the profile run samples once more, for one draft token per sequence, while the first
// logits and their float32 copy are alive (gpu_model_runner.py _dummy_sampler_run).
constexpr double kHeldLogitsBytes = 6;

Bytes Sampler(const Resolved& resolved, const VllmRules& rules) {
  const Architecture& architecture = *resolved.architecture;
  const int64_t rows = std::min(resolved.max_num_seqs, resolved.max_num_batched_tokens);
  const double per_entry = rules.sampler_bytes + (resolved.speculative.num_tokens > 0 ? kHeldLogitsBytes : 0);
  // The vocabulary is whole on every rank: logits are gathered.
  return BytesFromDouble(per_entry * static_cast<double>(rows) * static_cast<double>(architecture.vocab)) +
         Elements(resolved.max_num_batched_tokens, architecture.hidden);
}

// vllm/v1/worker profile_run: encoder items worth max(T, largest item) tokens go through the tower at once. A
// tower whose input size is free is profiled at the largest image its processor makes (16384 tokens for the
// Qwen-VL family).
constexpr int64_t kLargestFreeImageTokens = 16384;

struct VisionLoad {
  int64_t patches = 0;
  int64_t tokens = 0;
};

VisionLoad LargestVisionLoad(const Resolved& resolved) {
  const VisionTower& tower = resolved.architecture->vision;
  const int64_t merge = std::max<int64_t>(1, tower.merge) * std::max<int64_t>(1, tower.merge);
  int64_t item_patches = 0;
  if (tower.image_size > 0 && tower.patch_size > 0) {
    const int64_t side = tower.image_size / tower.patch_size;
    item_patches = side * side;
  }
  int64_t item_tokens = tower.tokens_per_image;
  if (item_tokens <= 0)
    item_tokens = item_patches > 0 ? CeilDiv(item_patches, merge) : kLargestFreeImageTokens;
  if (item_patches <= 0) item_patches = item_tokens * merge;
  const int64_t budget = std::max(resolved.max_num_batched_tokens, item_tokens);
  int64_t items = std::max<int64_t>(1, budget / std::max<int64_t>(1, item_tokens));
  // vllm/multimodal/encoder_budget.py: no more than the sequences of a batch may bring.
  if (resolved.media_per_prompt > 0) {
    items = std::min(items, SaturatingMultiply(resolved.max_num_seqs, resolved.media_per_prompt));
  }
  return {SaturatingMultiply(items, item_patches), SaturatingMultiply(items, item_tokens)};
}

// Per patch: the MLP's two widths and four hidden states: input, residual, norm and output. (65536 patches of
// the Qwen3.5 towers take 1.47 to 1.84 GiB in logs of 0.26 to 0.28.)
Bytes VisionForward(const Resolved& resolved, int64_t patches) {
  const VisionTower& tower = resolved.architecture->vision;
  return Elements(patches, 2 * CeilDiv(tower.intermediate, resolved.tp) + 4 * tower.hidden);
}

Bytes CompileCopy(const Resolved& resolved) {
  const Architecture& architecture = *resolved.architecture;
  return Elements(CeilDiv(architecture.vocab, resolved.tp), architecture.hidden);
}

}  // namespace

VllmActivation VllmActivationPeak(const Resolved& resolved, const VllmRules& rules, const VllmRole& role) {
  const Architecture& architecture = *resolved.architecture;
  VllmActivation result;
  int64_t intermediate = architecture.max_intermediate;
  for (const LayerGroup& group : architecture.groups) {
    const Mlp& mlp = group.shape.mlp;
    const Attention& attention = group.shape.attention;
    if (attention.kind == AttentionKind::kLatent && rules.latent_attention) {
      result.context = std::max(result.context, LatentContext(resolved, rules, attention));
    }
    if (mlp.kind == MlpKind::kMoe) result.moe = std::max(result.moe, Moe(resolved, rules, mlp));
    if (mlp.kind == MlpKind::kDense) intermediate = std::max(intermediate, mlp.intermediate);
  }
  result.mlp = DenseMlp(resolved, rules, intermediate);
  if (role.samples) result.sampler = Sampler(resolved, rules);
  if (role.embeds && rules.first_start && rules.compile_copies_embedding) {
    result.compile = CompileCopy(resolved);
  }
  if (resolved.multimodal && architecture.vision.layers > 0) {
    const VisionLoad load = LargestVisionLoad(resolved);
    result.vision = VisionForward(resolved, load.patches);
    result.encoder_output =
        Elements(load.tokens, architecture.hidden * (1 + architecture.vision.deepstack_layers));
  }
  result.peak =
      std::max({std::max({result.mlp, result.moe, result.context, result.sampler}) + result.encoder_output,
                result.vision, result.compile});
  return result;
}

}  // namespace plimsoll
