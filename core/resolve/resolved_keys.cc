#include "core/resolve/resolved_keys.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/config/config_value.h"

namespace plimsoll {
namespace {

struct ResolvedKey {
  std::string_view json;
  Json (*show)(const Resolved&);
  void (*take)(const Config&, Resolved*) = nullptr;  // nullptr: Resolve() looks it up
};

Json ToJson(bool value) { return Json(value); }
Json ToJson(int64_t value) { return Json(value); }
Json ToJson(double value) { return Json(value); }
Json ToJson(const KvTypes& types) { return KvTypesJson(types); }
Json ToJson(SplitMode mode) { return Json(SplitModeName(mode)); }
Json ToJson(const Lora& lora) { return lora.max_loras == 0 ? Json() : LoraJson(lora); }
Json ToJson(const Speculative& speculative) {
  return speculative.num_tokens == 0 ? Json() : SpeculativeJson(speculative);
}

template <auto kHeld>
Json Show(const Resolved& resolved) {
  return ToJson(resolved.*kHeld);
}
// Zero stands for nothing.
template <auto kHeld>
Json ShowCount(const Resolved& resolved) {
  return resolved.*kHeld == 0 ? Json() : Json(resolved.*kHeld);
}
template <auto kGiven, auto kHeld>
void Take(const Config& config, Resolved* resolved) {
  if (config.*kGiven) resolved->*kHeld = *(config.*kGiven);
}

template <auto kGiven, auto kHeld>
constexpr ResolvedKey Held(std::string_view json) {
  return {json, Show<kHeld>, Take<kGiven, kHeld>};
}
template <auto kGiven, auto kHeld>
constexpr ResolvedKey HeldCount(std::string_view json) {
  return {json, ShowCount<kHeld>, Take<kGiven, kHeld>};
}

// One value for all cards where they are alike, else one per card.
template <typename Of>
Json OfCards(const Resolved& resolved, Of of) {
  const std::vector<Card>& cards = resolved.cards;
  const bool alike = std::all_of(cards.begin(), cards.end(),
                                 [&](const Card& card) { return of(card) == of(cards.front()); });
  if (alike) return of(cards.front());
  Json list = Json::MakeArray();
  for (const Card& card : cards) list.Append(of(card));
  return list;
}

Json ShowModel(const Resolved& r) { return r.model ? Json(r.model->id) : r.config->inline_model; }
Json ShowFormat(const Resolved& r) {
  const Json& given = r.config->format;
  const bool repository = given.is_string() && r.checkpoint && !r.bound;
  return given.is_object() || repository ? given : Json(r.format->id);
}
Json ShowEngine(const Resolved& r) { return Json(r.engine->id); }
Json ShowVersion(const Resolved& r) { return r.version.text.empty() ? Json() : Json(r.version.text); }
Json ShowGpus(const Resolved& r) {
  return OfCards(r, [](const Card& card) { return Json(card.gpu->id); });
}
Json ShowCapacities(const Resolved& r) {
  return OfCards(r, [](const Card& card) { return Json(card.capacity.mib()); });
}
Json ShowCardCount(const Resolved& r) { return Json(r.ram_alone ? 0 : r.gpus); }
Json ShowPool(const Resolved& r) {
  return r.kv_cache_memory.count() == 0 ? Json() : Json(r.kv_cache_memory.count());
}
Json ShowNodeLink(const Resolved& r) {
  return r.node_link_gbit_per_s > 0 ? Json(r.node_link_gbit_per_s) : Json();
}
void TakeNodeLink(const Config& config, Resolved* r) {
  r->node_link_gbit_per_s = config.node_link_gbit_per_s.value_or(0);
}
void TakePool(const Config& config, Resolved* r) {
  if (config.kv_cache_memory_bytes) r->kv_cache_memory = Bytes(*config.kv_cache_memory_bytes);
}
Json ShowOffload(const Resolved& r) { return Json(r.cpu_offload.gib()); }
void TakeOffload(const Config& config, Resolved* r) {
  if (config.cpu_offload_gb) r->cpu_offload = GiBFromDouble(*config.cpu_offload_gb);  // its "GB" are GiB
}
void TakeLength(const Config& config, Resolved* r) {
  r->max_model_len_auto = config.max_model_len == -1;
  if (config.max_model_len) r->max_model_len = *config.max_model_len;
}
void TakeBlockSize(const Config& config, Resolved* r) {
  r->block_size_given = config.block_size.has_value();
  if (config.block_size) r->block_size = *config.block_size;
}

using C = Config;
using R = Resolved;
constexpr ResolvedKey kHeld[] = {
    {"model", ShowModel},
    {"format", ShowFormat},
    {"engine", ShowEngine},
    {"engine_version", ShowVersion},
    {"gpu", ShowGpus},
    {"gpu_memory_mib", ShowCapacities},
    {"gpus", ShowCardCount},
    {"nodes", Show<&R::nodes>},
    {"tp", Show<&R::tp>},
    {"pp", Show<&R::pp>},
    {"dp", Show<&R::dp>},
    Held<&C::expert_parallel, &R::expert_parallel>("expert_parallel"),
    {"max_model_len", Show<&R::max_model_len>, TakeLength},
    Held<&C::max_num_seqs, &R::max_num_seqs>("max_num_seqs"),
    HeldCount<&C::max_num_batched_tokens, &R::max_num_batched_tokens>("max_num_batched_tokens"),
    Held<&C::n_ubatch, &R::n_ubatch>("n_ubatch"),
    Held<&C::kv_cache_dtype, &R::kv_cache_dtype>("kv_cache_dtype"),
    Held<&C::gpu_memory_utilization, &R::gpu_memory_utilization>("gpu_memory_utilization"),
    {"kv_cache_memory_bytes", ShowPool, TakePool},
    Held<&C::enforce_eager, &R::enforce_eager>("enforce_eager"),
    Held<&C::allow_longer_context, &R::longer_context>("allow_longer_context"),
    {"block_size", ShowCount<&R::block_size>, TakeBlockSize},
    Held<&C::enable_prefix_caching, &R::enable_prefix_caching>("enable_prefix_caching"),
    Held<&C::enable_chunked_prefill, &R::enable_chunked_prefill>("enable_chunked_prefill"),
    {"speculative", Show<&R::speculative>},
    Held<&C::flash_attention, &R::flash_attention>("flash_attention"),
    Held<&C::n_gpu_layers, &R::n_gpu_layers>("n_gpu_layers"),
    Held<&C::n_cpu_moe, &R::n_cpu_moe>("n_cpu_moe"),
    Held<&C::split_mode, &R::split_mode>("split_mode"),
    Held<&C::kv_unified, &R::kv_unified>("kv_unified"),
    {"cpu_offload_gb", ShowOffload, TakeOffload},
    Held<&C::lora, &R::lora>("lora"),
    Held<&C::multimodal, &R::multimodal>("multimodal"),
    Held<&C::prompt_tokens, &R::prompt_tokens>("prompt_tokens"),
    Held<&C::output_tokens, &R::output_tokens>("output_tokens"),
    Held<&C::concurrency, &R::concurrency>("concurrency"),
    Held<&C::mem_fraction_static, &R::mem_fraction_static>("mem_fraction_static"),
    Held<&C::free_gpu_memory_fraction, &R::free_gpu_memory_fraction>("free_gpu_memory_fraction"),
    {"node_link_gbit_per_s", ShowNodeLink, TakeNodeLink},
    Held<&C::chunked_prefill_size, &R::chunked_prefill_size>("chunked_prefill_size"),
    HeldCount<&C::max_running_requests, &R::max_running_requests>("max_running_requests"),
    HeldCount<&C::max_total_tokens, &R::max_total_tokens>("max_total_tokens"),
    {"enable_dp_attention", Show<&R::dp_attention>},
    HeldCount<&C::max_mamba_cache_size, &R::max_mamba_cache_size>("max_mamba_cache_size"),
    Held<&C::mamba_full_memory_ratio, &R::mamba_full_memory_ratio>("mamba_full_memory_ratio"),
    Held<&C::swa_full_tokens_ratio, &R::swa_full_tokens_ratio>("swa_full_tokens_ratio"),
};

// The keys whose values are taken as they are given: looked up once, for every estimate passes here.
struct TakenKey {
  const ConfigKey* key;
  decltype(ResolvedKey::take) take;
};
const std::vector<TakenKey>& TakenKeys() {
  static const std::vector<TakenKey> keys = [] {
    std::vector<TakenKey> found;
    for (const ResolvedKey& held : kHeld) {
      if (held.take) found.push_back({FindConfigKey(held.json), held.take});
    }
    return found;
  }();
  return keys;
}

}  // namespace

void TakeGivenKeys(const Config& config, Resolved* resolved) {
  for (const TakenKey& taken : TakenKeys()) {
    if (Takes(*resolved->engine, *taken.key)) taken.take(config, resolved);
  }
}

Json ResolvedValue(const Resolved& resolved, const ConfigKey& key) {
  if (!Takes(*resolved.engine, key)) return Json();
  for (const ResolvedKey& held : kHeld) {
    if (held.json == key.json) return held.show(resolved);
  }
  return GetConfigValue(*resolved.config, key);
}

}  // namespace plimsoll
