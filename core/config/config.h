// A Config is everything that a person can set, as given: what is absent stays absent, and Resolve() fills it
// in with the engine's own default and remembers which. Its three spellings are in config_codec.h (JSON),
// config_url.h and config_flags.h, by the table in config_keys.h; names are those of the contract for good.
#ifndef PLIMSOLL_CORE_CONFIG_CONFIG_H_
#define PLIMSOLL_CORE_CONFIG_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/arch/kv_type.h"
#include "core/base/json.h"

namespace plimsoll {

enum class SpeculativeMethod : uint8_t { kDraft, kMtp, kEagle, kEagle3, kDflash, kNgram };

struct Speculative {
  SpeculativeMethod method = SpeculativeMethod::kDraft;
  std::string model;   // catalog id; empty for mtp
  std::string format;  // empty: the draft's own
  int64_t num_tokens = 0;
  friend bool operator==(const Speculative&, const Speculative&) = default;
};

// How a machine differs from what is predicted, as measured there: memory outside what the engine accounts
// for in GiB more (or less), the activation peak and the rates times a factor. Absent: as predicted.
struct Calibration {
  std::optional<double> outside_gib, activation, decode, prefill;
  friend bool operator==(const Calibration&, const Calibration&) = default;
};

struct Lora {
  int64_t max_loras = 1;
  int64_t max_rank = 16;
  friend bool operator==(const Lora&, const Lora&) = default;
};

enum class SplitMode : uint8_t { kLayer, kRow, kNone };

struct Config {
  std::string model;             // catalog id; empty when inline_model is an object
  Json inline_model;             // Hugging Face keys
  Json format;                   // null, an id, or an object with exceptions
  std::string engine;            // id; empty: the default one
  std::string engine_version;    // empty: the newest one known
  std::vector<std::string> gpu;  // one id for all cards, or one per card
  std::vector<double> gpu_memory_mib;
  std::vector<double> reserved_mib;  // what a desktop or other programs hold
  std::optional<int64_t> gpus, nodes, tp, pp, dp;
  std::optional<bool> expert_parallel;
  std::optional<int64_t> max_model_len, max_num_seqs, max_num_batched_tokens, n_ubatch;
  std::optional<KvTypes> kv_cache_dtype;
  std::optional<double> gpu_memory_utilization;
  std::optional<int64_t> kv_cache_memory_bytes;
  std::optional<bool> enforce_eager;
  std::optional<int64_t> block_size;
  std::optional<bool> enable_prefix_caching, enable_chunked_prefill;
  std::optional<Speculative> speculative;
  std::optional<bool> flash_attention;
  std::optional<int64_t> n_gpu_layers, n_cpu_moe;
  std::optional<SplitMode> split_mode;
  std::string rope_scaling;  // KIND:FACTOR:ORIGINAL, "yarn:4:32768", in the place of the model's own
  std::optional<bool> allow_longer_context;  // than the model's own
  std::string override_tensor;               // PATTERN=BUFFER,… as llama.cpp's -ot takes it
  std::vector<double> tensor_split;          // proportions, one per card
  std::optional<bool> kv_unified;
  std::optional<double> cpu_offload_gb;
  std::optional<Lora> lora;
  std::optional<bool> multimodal;
  std::optional<int64_t> max_cudagraph_capture_size;
  std::optional<int64_t> limit_mm_per_prompt;  // images or videos; 0: the language model only
  std::string dtype;                           // of what is not quantised: "float16", "bfloat16", "float32"
  std::string mamba_cache_mode;                // "none", "align", "all"
  std::string mamba_cache_dtype, mamba_ssm_cache_dtype;
  std::string attention_backend, moe_backend;  // kernels, by the engine's names for them
  std::optional<double> kv_offloading_gib;     // RAM for cached keys and values, over all ranks of a replica
  std::string kv_offloading_backend;           // who keeps them there: "native", "lmcache"
  std::optional<int64_t> prompt_tokens, output_tokens, concurrency;
  std::optional<double> ram_gib, ram_gb_per_s;  // of the machine around the cards
  std::optional<int64_t> iogpu_wired_limit_mb;  // what sysctl gives to the GPU of an Apple machine
  std::string backend;                          // llama.cpp: cuda, hip, vulkan, metal, sycl, cpu
  std::optional<bool> mmap, kv_offload, swa_full, fit;
  std::optional<int64_t> fit_target_mib, main_gpu, cache_ram_mib, sched_max_copies;
  std::string kv_cache_dtype_draft;                // one type for keys and values
  std::optional<double> node_link_gbit_per_s;      // what a node sends another
  std::optional<double> free_gpu_memory_fraction;  // of servers that share what is free at the peak
  // Of servers that share what is free at start.
  std::optional<double> mem_fraction_static;
  std::optional<int64_t> chunked_prefill_size, max_running_requests, max_total_tokens;
  std::optional<bool> enable_dp_attention;
  std::optional<int64_t> max_mamba_cache_size;
  std::optional<double> mamba_full_memory_ratio, swa_full_tokens_ratio, hicache_ratio;
  std::optional<Calibration> cal;
  Json workload;  // null, or the keys of WorkloadKeys() (core/config/workload.h): how the requests come

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_CONFIG_H_
