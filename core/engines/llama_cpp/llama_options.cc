#include "core/engines/llama_cpp/llama_options.h"

#include <string_view>

#include "core/base/text.h"
#include "core/config/config_value.h"

namespace plimsoll {

namespace {

struct NamedBackend {
  std::string_view name;
  LlamaBackend backend;
};
constexpr NamedBackend kBackends[] = {
    {"cuda", LlamaBackend::kCuda},   {"hip", LlamaBackend::kHip},   {"vulkan", LlamaBackend::kVulkan},
    {"metal", LlamaBackend::kMetal}, {"sycl", LlamaBackend::kSycl}, {"cpu", LlamaBackend::kCpu},
};

}  // namespace

Result<LlamaOptions> ReadLlamaOptions(const Config& config) {
  LlamaOptions options;
  for (const NamedBackend& row : kBackends) {
    if (row.name == config.backend) options.backend = row.backend;
  }
  if (!config.backend.empty() && !options.backend) {
    return Error{"backend", Quoted(config.backend), AcceptedValues(*FindConfigKey("backend"))};
  }
  if (!config.kv_cache_dtype_draft.empty()) {
    const std::optional<KvType> type = KvTypeNamed(config.kv_cache_dtype_draft);
    if (!type) {
      return Error{"kv_cache_dtype_draft", Quoted(config.kv_cache_dtype_draft),
                   AcceptedValues(*FindConfigKey("kv_cache_dtype_draft"))};
    }
    if (*type != KvType::kAuto) options.draft_cache = {*type, *type};
  }
  options.tensor_split = config.tensor_split;
  options.mmap = config.mmap.value_or(options.mmap);
  options.kv_offload = config.kv_offload.value_or(options.kv_offload);
  options.swa_full = config.swa_full.value_or(options.swa_full);
  options.fit = config.fit.value_or(options.fit);
  options.fit_target_mib = config.fit_target_mib.value_or(options.fit_target_mib);
  options.main_gpu = config.main_gpu.value_or(options.main_gpu);
  options.cache_ram_mib = config.cache_ram_mib;
  options.sched_max_copies = config.sched_max_copies.value_or(options.sched_max_copies);
  return options;
}

}  // namespace plimsoll
