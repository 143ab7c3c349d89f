#include "core/resolve/resolved_config.h"

#include <algorithm>
#include <utility>

#include "core/config/config_codec.h"

namespace plimsoll {
namespace {

Json CapacitiesJson(const Resolved& resolved) {
  const std::vector<Card>& cards = resolved.cards;
  const bool alike = std::all_of(cards.begin(), cards.end(),
                                 [&](const Card& card) { return card.capacity == cards.front().capacity; });
  if (alike) return Json(cards.front().capacity.mib());
  Json list = Json::MakeArray();
  for (const Card& card : cards) list.Append(Json(card.capacity.mib()));
  return list;
}

Json GpusJson(const Resolved& resolved) {
  const std::vector<Card>& cards = resolved.cards;
  const bool alike = std::all_of(cards.begin(), cards.end(),
                                 [&](const Card& card) { return card.gpu == cards.front().gpu; });
  if (alike) return Json(cards.front().gpu->id);
  Json list = Json::MakeArray();
  for (const Card& card : cards) list.Append(Json(card.gpu->id));
  return list;
}

Json CountJson(int64_t count) { return count == 0 ? Json() : Json(count); }

}  // namespace

std::vector<std::string_view> DefaultedKeys(const Resolved& resolved) {
  std::vector<std::string_view> keys;
  for (const ConfigKey& key : ConfigKeys()) {
    if (Takes(*resolved.engine, key) && !IsConfigValueGiven(*resolved.config, key)) keys.push_back(key.json);
  }
  return keys;
}

Json ResolvedConfigJson(const Resolved& resolved) {
  const Config& config = *resolved.config;
  Json json = Json::MakeObject();
  for (const ConfigKey& key : ConfigKeys()) json.Set(key.json, Json());
  auto set = [&](std::string_view name, Json value) {
    if (Takes(*resolved.engine, *FindConfigKey(name))) json.Set(name, std::move(value));
  };
  set("model", resolved.model ? Json(resolved.model->id) : config.inline_model);
  const bool repository = config.format.is_string() && resolved.checkpoint && !resolved.bound;
  set("format", config.format.is_object() || repository ? config.format : Json(resolved.format->id));
  set("engine", resolved.engine->id);
  set("engine_version", resolved.version.text);
  set("gpu", GpusJson(resolved));
  set("gpu_memory_mib", CapacitiesJson(resolved));
  set("gpus", resolved.ram_alone ? 0 : resolved.gpus);
  set("nodes", resolved.nodes);
  set("tp", resolved.tp);
  set("pp", resolved.pp);
  set("dp", resolved.dp);
  set("expert_parallel", resolved.expert_parallel);
  set("max_model_len", resolved.max_model_len);
  set("max_num_seqs", resolved.max_num_seqs);
  set("max_num_batched_tokens", CountJson(resolved.max_num_batched_tokens));
  set("n_ubatch", resolved.n_ubatch);
  set("kv_cache_dtype", KvTypesJson(resolved.kv_cache_dtype));
  set("gpu_memory_utilization", resolved.gpu_memory_utilization);
  set("kv_cache_memory_bytes", CountJson(resolved.kv_cache_memory.count()));
  set("enforce_eager", resolved.enforce_eager);
  set("block_size", CountJson(resolved.block_size));
  set("enable_prefix_caching", resolved.enable_prefix_caching);
  set("enable_chunked_prefill", resolved.enable_chunked_prefill);
  set("speculative", resolved.speculative.num_tokens == 0 ? Json() : SpeculativeJson(resolved.speculative));
  set("flash_attention", resolved.flash_attention);
  set("n_gpu_layers", resolved.n_gpu_layers);
  set("n_cpu_moe", resolved.n_cpu_moe);
  set("split_mode", SplitModeName(resolved.split_mode));
  set("kv_unified", resolved.kv_unified);
  set("cpu_offload_gb", resolved.cpu_offload.gib());
  set("lora", resolved.lora.max_loras == 0 ? Json() : LoraJson(resolved.lora));
  set("multimodal", resolved.multimodal);
  set("prompt_tokens", resolved.prompt_tokens);
  set("output_tokens", resolved.output_tokens);
  set("concurrency", resolved.concurrency);
  set("workload", config.workload);
  for (const std::string_view key :
       {"reserved_mib", "override_tensor", "tensor_split", "ram_gib", "ram_gb_per_s", "backend", "mmap",
        "kv_offload", "swa_full", "fit", "fit_target_mib", "main_gpu", "cache_ram_mib", "sched_max_copies",
        "kv_cache_dtype_draft"}) {
    set(key, GetConfigValue(config, *FindConfigKey(key)));
  }
  return json;
}

}  // namespace plimsoll
