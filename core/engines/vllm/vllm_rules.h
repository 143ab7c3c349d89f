// What changed between vLLM's releases in how memory is divided, as one table of rules that apply from a
// release on. What only one place asks compares the number there: what a release refuses (vllm_gates.cc),
// prints (vllm_explain.cc) or takes as a default (vllm_engine.cc).
//
// Sources are vLLM's own files; each rule names its own in vllm_rules.cc.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_RULES_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_RULES_H_

#include <cstdint>
#include <string_view>

#include "core/config/config.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// What the line "GPU KV cache size: N tokens" counts.
enum class CacheTokens : uint8_t {
  kBlocks,          // blocks x block size
  kBlocksPerGroup,  // (blocks / groups) x block size
  kConcurrency,     // maximum concurrency x max_model_len
};

struct VllmRules {
  bool v1 = true;
  double default_utilization = 0.9;
  bool driver_inside = false;         // the CUDA context counts as non-torch memory
  bool communicators_inside = false;  // NCCL starts after the snapshot and so counts
  bool graphs_inside = false;         // an estimate of the CUDA graphs is kept free
  bool runner_v2 = false;             // the second model runner, default for dense models
  bool free_memory_checked = true;    // refuses to start when less is free than the share
  bool full_graphs = true;            // whole decode steps are captured too
  bool spread_graph_sizes = false;    // 2 x max_num_seqs up to 512, wider steps from 256
  bool large_graphs = false;          // up to 1024 on data-centre Blackwell
  bool flashinfer_workspace = false;  // FlashInfer's is allocated while they are captured
  bool lora_graphs = false;           // graphs with and without adapters
  bool hybrid_manager = true;         // windows and states have groups of their own
  bool concurrency_by_pages = true;
  CacheTokens tokens = CacheTokens::kConcurrency;
  int64_t batches_in_flight = 1;
  bool scheduled_ahead = false;           // the next step is scheduled while one runs
  bool state_per_sequence = false;        // refuses more sequences than blocks for recurrent states
  bool states_asserted = false;           // before: an assertion while graphs are captured
  bool align_recurrent = false;           // prefix caching keeps two states per sequence
  bool sampler_on_one_rank = false;       // V0 samples on the first tensor-parallel rank only
  double sampler_bytes = 0;               // per sequence and vocabulary row
  bool first_start = true;                // nothing is compiled yet; later starts find a cache and take less
  bool kernels_spill = false;             // on Blackwell's consumer cards
  bool compile_copies_embedding = false;  // a first start benchmarks the compiled kernels on a copy of it
  int64_t residual_copies = 4;            // copies of the hidden states alive beside the MLP
  int64_t moe_chunk = 0;                  // tokens per MoE chunk; 0: all
  bool moe_shares_buffers = true;         // first and third MoE buffer are one
  bool latent_attention = true;           // MLA; before it, DeepSeek ran as ordinary attention
  bool latent_padded = false;             // V0 pads 576 elements to 640
  bool latent_absorbed = false;           // 0.7 keeps whole products of the MLA projections
  int64_t latent_context_rows = 0;        // of a cached prefix that the profile run expands at once; 0: none
  bool latent_workspace = false;          // and their workspace is allocated then
  bool lora_vocabulary = false;           // adapters for embedding and head
  bool mxfp4_triton_on_hopper = false;    // before: Marlin with both sides padded
};

VllmRules RulesFor(const Resolved& resolved);

// Diagnostic: the report is that of a later start, because the first one fails.
inline constexpr std::string_view kFirstStartTooSmall = "first_start_too_small";

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_RULES_H_
