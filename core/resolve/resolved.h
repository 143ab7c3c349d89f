// A configuration with nothing left open: ids looked up, engine defaults taken, cards laid out. Engines,
// explanations, the solver and the speed model all start from here.
//
// Resolve() looks up, checks, lays out and copies every value that the configuration gives; the engine's
// TakeDefaults() then fills what is still open and belongs to it (lengths, batch, cache, share, multimodal,
// switches). kDefaultGpu stands in where no card is named.
#ifndef PLIMSOLL_CORE_RESOLVE_RESOLVED_H_
#define PLIMSOLL_CORE_RESOLVE_RESOLVED_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/arch/architecture.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/catalog/catalog.h"
#include "core/catalog/gpu.h"
#include "core/config/config.h"
#include "core/config/engine_version.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/formats/weight_format.h"
#include "core/weights/format_binding.h"
#include "core/weights/weights.h"

namespace plimsoll {

constexpr std::string_view kDefaultGpu = "rtx-4090";

// One card as this configuration sees it.
struct Card {
  const Gpu* gpu = nullptr;
  Bytes capacity;    // what the driver gives to the engine: gpu_memory_mib, or the catalog's figure
  Bytes reserved{};  // unified memory: installed less capacity
  Bytes others{};    // of `capacity`, what a display or other programs hold: reserved_mib
};

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
  EngineKind engine = EngineKind::kVllm;
  EngineVersion version;
  std::vector<Card> cards;  // gpus * nodes of them, node by node
  int64_t gpus = 1, nodes = 1, tp = 1, pp = 1, dp = 1;
  bool expert_parallel = false;
  bool max_model_len_auto = false;  // asked for "as long as fits"; max_model_len then holds the answer
  int64_t max_model_len = 0, max_num_seqs = 0, max_num_batched_tokens = 0, n_ubatch = 512;
  KvTypes kv_cache_dtype;  // never kAuto here
  double gpu_memory_utilization = 0;
  Bytes kv_cache_memory;  // zero: the share decides
  bool enforce_eager = false;
  int64_t block_size = 0;  // zero: the engine derives it from the model (hybrids)
  bool block_size_given = false;
  bool enable_prefix_caching = true, enable_chunked_prefill = true;
  const Model* draft = nullptr;  // speculative: the draft model, if it is another one
  const WeightFormat* draft_format = nullptr;
  const FormatBinding* draft_binding = nullptr;
  Speculative speculative;  // num_tokens 0: none
  bool flash_attention = true;
  int64_t n_gpu_layers = 0, n_cpu_moe = 0;
  SplitMode split_mode = SplitMode::kLayer;
  TensorOverrides overrides;
  bool kv_unified = true;
  Bytes cpu_offload;
  Lora lora;  // max_loras 0: none
  bool multimodal = false;
  int64_t prompt_tokens = 1024, output_tokens = 256, concurrency = 1;

  std::vector<std::string_view> defaulted;  // JSON keys that were absent and got a default
  std::vector<Diagnostic> diagnostics;      // remarks made while resolving

  // What does not live in the catalog (inline models, formats with exceptions). The pointers above may point
  // here, so a Resolved is moved, never copied.
  struct Owned {
    Architecture architecture;
    WeightFormat format;
    FormatBinding binding;
    WeightFormat draft_format;
    FormatBinding draft_binding;
  };
  std::unique_ptr<Owned> owned;
};

// Every key as resolved, in the contract's order, in the form that DecodeConfigJson reads; null: does not
// apply (another engine's key, or switched off).
Json ResolvedConfigJson(const Resolved& resolved);
// JSON keys that were absent and got a default, in the same order.
std::vector<std::string_view> DefaultedKeys(const Resolved& resolved);

// Looks everything up and takes defaults. An Error for what cannot be understood (unknown ids, numbers out of
// range); what can be understood but cannot run (tp that does not divide the heads) is a Diagnostic of
// severity kError. `config` must outlive the result.
Result<Resolved> Resolve(const Config& config, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_RESOLVED_H_
