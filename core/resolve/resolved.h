// A configuration with nothing left open: ids looked up, engine defaults taken, cards laid out. Engines,
// explanations, the solver and the speed model all start from here. Resolve() (resolve.h) fills in what can
// be looked up and copied; Settle() (core/engines/settle.h) has the engine decide the rest.
#ifndef PLIMSOLL_CORE_RESOLVE_RESOLVED_H_
#define PLIMSOLL_CORE_RESOLVE_RESOLVED_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/arch/architecture.h"
#include "core/arch/rope_tables.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/catalog/catalog.h"
#include "core/catalog/gpu.h"
#include "core/config/config.h"
#include "core/config/engine_version.h"
#include "core/formats/weight_format.h"
#include "core/resolve/engine_traits.h"
#include "core/resolve/host_memory.h"
#include "core/weights/format_binding.h"
#include "core/weights/weights.h"

namespace plimsoll {

// One card as this configuration sees it.
struct Card {
  const Gpu* gpu = nullptr;
  Bytes capacity;    // what the driver gives to the engine: gpu_memory_mib, or the catalog's figure
  Bytes reserved{};  // unified memory: installed less capacity
  Bytes others{};    // of `capacity`, what a display or other programs hold: reserved_mib
};

// What an engine works out of its own keys and wants to find again.
struct EngineData {
  virtual ~EngineData() = default;
};

class Inquiry;

class RankShelf;

struct Resolved {
  const Config* config = nullptr;  // as given
  const Model* model = nullptr;    // nullptr for an inline model
  const Architecture* architecture = nullptr;
  const WeightFormat* format = nullptr;
  const FormatBinding* binding = nullptr;
  const Checkpoint* checkpoint =
      nullptr;  // whose exceptions apply; nullptr: the tool's defaults or the caller's
  const BoundFormat* bound =
      nullptr;                 // what the catalog remembers of model and format; its `format` may differ
  StoredWeights stored;        // the file(s)
  ParameterCounts parameters;  // of the architecture
  const EngineTraits* engine = nullptr;
  EngineVersion version;
  std::vector<Card> cards;  // gpus * nodes of them, node by node
  HostMemory ram;
  bool ram_alone = false;  // no card at all: the one in `cards` stands for the RAM
  int64_t gpus = 1, nodes = 1, tp = 1, pp = 1, dp = 1;
  RopeLengths rope;                 // the model's own, or as rope_scaling asks
  bool longer_context = false;      // than the model's own is let through
  double node_link_gbit_per_s = 0;  // what a node sends another; zero: not known
  bool expert_parallel = false;
  bool dp_attention = false;        // dp replicas of attention lie within tp
  bool max_model_len_auto = false;  // asked for "as long as fits"; max_model_len then holds the answer
  int64_t max_model_len = 0, max_num_seqs = 0, max_num_batched_tokens = 0, n_ubatch = 512;
  KvTypes kv_cache_dtype;  // never kAuto here
  double gpu_memory_utilization = 0;
  Bytes kv_cache_memory;  // zero: the share decides
  double mem_fraction_static = 0, free_gpu_memory_fraction = 0;
  int64_t chunked_prefill_size = 0;            // -1: whole prompts
  std::string attention_backend, moe_backend;  // the engine's names; empty: its own choice
  int64_t max_running_requests = 0, max_total_tokens = 0, max_mamba_cache_size = 0;  // zero: the engine's own
  double mamba_full_memory_ratio = 0, swa_full_tokens_ratio = 0;
  bool enforce_eager = false;
  int64_t max_cudagraph_capture_size = 0;  // zero: the engine's own
  int64_t block_size = 0;                  // zero: the engine derives it from the model (hybrids)
  bool block_size_given = false;
  bool enable_prefix_caching = true, enable_chunked_prefill = true;
  const Model* draft = nullptr;  // speculative: the draft model, if it is another one
  const WeightFormat* draft_format = nullptr;
  const FormatBinding* draft_binding = nullptr;
  double draft_bits = 0;    // per weight, as stored
  Speculative speculative;  // num_tokens 0: none
  bool flash_attention = true;
  int64_t n_gpu_layers = 0, n_cpu_moe = 0;
  SplitMode split_mode = SplitMode::kLayer;
  bool kv_unified = true;
  Bytes cpu_offload;
  Lora lora = {0, 0};  // max_loras 0: none
  bool multimodal = false;
  int64_t media_per_prompt = 0;  // images or videos, whichever are more; zero: no limit
  StateCacheMode state_mode = StateCacheMode::kAuto;
  int64_t convolution_element = 0, state_element = 0;  // bytes in a recurrent state; zero: the model's own
  Bytes kv_offloading;       // RAM for cached keys and values, over all ranks of a replica
  bool lmcache = false;      // LMCache keeps them there
  double hicache_ratio = 0;  // the same over the pool of the cards, where no size is given
  int64_t prompt_tokens = 1024, output_tokens = 256, concurrency = 1;

  std::shared_ptr<const EngineData> engine_data;  // nullptr: none

  std::vector<Diagnostic> diagnostics;   // remarks made while resolving
  SizeUnits units = SizeUnits::kBinary;  // in which remarks and explanations say sizes
  Inquiry* inquiry = nullptr;            // of which this is a part; while it is being settled only

  RankShelf* shelf = nullptr;  // core/engines/rank_weights.h: what many estimates share; nullptr: nothing

  // What does not live in the catalog (inline models, formats with exceptions). The pointers above may point
  // here, so copies share it; it is written while it is resolved only.
  struct Owned {
    Architecture architecture;
    WeightFormat format;
    FormatBinding binding;
  };
  std::shared_ptr<Owned> owned;
  std::shared_ptr<Gpu> ram_card;  // when there is no card
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_RESOLVED_H_
