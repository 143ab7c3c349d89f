#include "core/resolve/resolved.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/engines/engine.h"
#include "core/engines/loaded_dtype.h"
#include "core/formats/format_object.h"
#include "core/formats/quantization_config.h"
#include "core/resolve/report.h"
#include "core/weights/format_binding.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;

std::string Suggest(std::string accepted, const std::string& nearest) {
  return nearest.empty() ? accepted : accepted + "; nearest: \"" + nearest + "\"";
}

// ---- model and format
// --------------------------------------------------------------------------------------

MaybeError ResolveModel(const Config& config, const Catalog& catalog, Resolved* resolved) {
  if (!config.model.empty()) {
    const Model* model = catalog.FindModel(config.model);
    if (!model) {
      return Error{"model", Quoted(config.model),
                   Suggest("an id that `plimsoll list models` prints", catalog.NearestModel(config.model))};
    }
    if (model->refused) return model->refused;
    resolved->model = model;
    resolved->architecture = &model->architecture;
    resolved->parameters = model->parameters;
    return std::nullopt;
  }
  if (config.inline_model.is_null()) {
    return Error{"model", "nothing",
                 "a catalog id such as \"llama-3.1-70b\", or an object with config.json keys"};
  }
  Result<Architecture> architecture = ReadArchitecture(config.inline_model, "model");
  if (!architecture.ok()) return architecture.error();
  resolved->owned = std::make_unique<Resolved::Owned>();
  resolved->owned->architecture = std::move(*architecture);
  resolved->architecture = &resolved->owned->architecture;
  resolved->parameters = CountParameters(*resolved->architecture);
  return std::nullopt;
}

Error UnknownFormat(const Json& given, const Catalog& catalog, std::string_view where) {
  return Error{
      std::string(where), Quoted(given.AsString()),
      Suggest("a format id that `plimsoll list formats` prints", catalog.NearestFormat(given.AsString()))};
}

// The id in which a model stores its weights when nobody says otherwise.
std::string_view DTypeFormat(DType dtype) {
  switch (dtype) {
    case DType::kFp32:
      return "fp32";
    case DType::kFp16:
      return "fp16";
    case DType::kBf16:
    case DType::kFp8:
      break;
  }
  return "bf16";
}

// llama.cpp reads GGUF files only: the conversion that keeps the model's own precision.
std::string_view GgufOf(std::string_view native_format) {
  if (native_format == "fp16") return "gguf-f16";
  if (native_format == "fp32") return "gguf-f32";
  if (native_format == "mxfp4") return "gguf-mxfp4_moe";
  return "gguf-bf16";
}

void TakeBound(const BoundFormat& bound, Resolved* resolved) {
  resolved->architecture = bound.architecture;
  resolved->format = bound.format;
  resolved->binding = bound.binding;
  resolved->checkpoint = bound.checkpoint;
  resolved->bound = &bound;
  resolved->stored = bound.stored;
}

void TakeOwnFormat(WeightFormat format, Resolved* resolved) {
  if (!resolved->owned) resolved->owned = std::make_unique<Resolved::Owned>();
  Resolved::Owned& owned = *resolved->owned;
  owned.format = std::move(format);
  owned.binding = BindFormat(*resolved->architecture, owned.format);
  resolved->format = &owned.format;
  resolved->binding = &owned.binding;
  resolved->stored = StoreWeights(*resolved->architecture, owned.format, owned.binding);
}

// The engine casts at load: the file is as large as the type it is stored in says.
void KeepStoredType(const WeightFormat& stored_as, Resolved* resolved) {
  const Architecture& architecture = *resolved->architecture;
  const StoredWeights file = StoreWeights(architecture, stored_as, BindFormat(architecture, stored_as));
  resolved->stored.file = file.file;
  if (resolved->engine == EngineKind::kVllm) resolved->stored.checkpoint = file.checkpoint;
}

bool IsPublishedQuantization(const Json& format) {
  return format.is_object() && !format.Has("id") &&
         (format.Has("quant_method") || format.Has("quantization"));
}

// An inline model: a published quantization_config inside it decides, unless another format is asked for.
MaybeError ResolveInlineFormat(const Config& config, const Catalog& catalog, Resolved* resolved) {
  const bool llama_cpp = resolved->engine == EngineKind::kLlamaCpp;
  const Json& published = resolved->architecture->quantization_config;
  if (published.is_object() && !(llama_cpp && config.format.is_null())) {
    Result<WeightFormat> format = ReadQuantizationConfig(published, "model.quantization_config");
    if (config.format.is_null() && !format.ok()) return format.error();
    if (format.ok()) format->text_only = resolved->architecture->quantization_of_text;
    if (format.ok() && (config.format.is_null() || format->id == config.format.AsString())) {
      TakeOwnFormat(std::move(*format), resolved);
      return std::nullopt;
    }
  }
  const DType stored = resolved->architecture->dtype;
  const DType loaded = LoadedDType(resolved->engine, stored);
  const std::string_view own = DTypeFormat(loaded);
  const std::string_view id = !config.format.is_null() ? std::string_view(config.format.AsString())
                              : llama_cpp              ? GgufOf(own)
                                                       : own;
  const WeightFormat* format = catalog.FindFormat(id);
  if (!format) return UnknownFormat(config.format, catalog, "format");
  TakeOwnFormat(*format, resolved);
  if (config.format.is_null() && loaded != stored)
    KeepStoredType(*catalog.FindFormat(DTypeFormat(stored)), resolved);
  return std::nullopt;
}

// A published repository by its name, as a format or inside one ({"repo": "RedHatAI/…"}): what the catalog
// knows of it. Nothing when the name is not a repository of this model.
const Checkpoint* FindRepository(const Config& config, const Model& model) {
  const Json* given = config.format.is_object() && config.format.Find("quantization_config") == nullptr
                          ? config.format.Find("repo")
                          : &config.format;
  if (given == nullptr || given->AsString().find('/') == std::string::npos) return nullptr;
  for (const Checkpoint& checkpoint : model.checkpoints) {
    if (checkpoint.repo == given->AsString()) return &checkpoint;
  }
  return nullptr;
}

void TakeCheckpoint(const Checkpoint& checkpoint, Resolved* resolved) {
  resolved->checkpoint = &checkpoint;
  if (checkpoint.architecture) resolved->architecture = checkpoint.architecture.get();
  TakeOwnFormat(checkpoint.format, resolved);
}

MaybeError ResolveFormat(const Config& config, const Catalog& catalog, Resolved* resolved) {
  if (resolved->model) {
    if (const Checkpoint* checkpoint = FindRepository(config, *resolved->model)) {
      TakeCheckpoint(*checkpoint, resolved);
      return std::nullopt;
    }
  }
  if (config.format.is_object()) {
    Result<WeightFormat> format = IsPublishedQuantization(config.format)
                                      ? ReadQuantizationConfig(config.format, "format")
                                      : ReadWeightFormat(config.format, "format");
    if (!format.ok()) return format.error();
    TakeOwnFormat(std::move(*format), resolved);
    return std::nullopt;
  }
  if (!resolved->model) return ResolveInlineFormat(config, catalog, resolved);
  std::string_view id = config.format.AsString();
  if (config.format.is_null()) {
    id = resolved->model->native_format;
    if (resolved->engine == EngineKind::kLlamaCpp) id = GgufOf(id);
  }
  const BoundFormat* bound = catalog.Bind(*resolved->model, id);
  if (!bound) return UnknownFormat(config.format, catalog, "format");
  TakeBound(*bound, resolved);
  return std::nullopt;
}

MaybeError ResolveDraft(const Config& config, const Catalog& catalog, Resolved* resolved) {
  if (!config.speculative) return std::nullopt;
  resolved->speculative = *config.speculative;
  const Speculative& speculative = *config.speculative;
  if (speculative.method == SpeculativeMethod::kMtp || speculative.model.empty()) {
    if (speculative.method != SpeculativeMethod::kDraft) return std::nullopt;
    return Error{"speculative.model", "nothing", "the draft model's catalog id"};
  }
  resolved->draft = catalog.FindModel(speculative.model);
  if (!resolved->draft) {
    return Error{
        "speculative.model", Quoted(speculative.model),
        Suggest("an id that `plimsoll list models` prints", catalog.NearestModel(speculative.model))};
  }
  if (resolved->draft->refused) return resolved->draft->refused;
  std::string_view id = speculative.format;
  if (id.empty()) {
    id = resolved->draft->native_format;
    if (resolved->engine == EngineKind::kLlamaCpp) id = GgufOf(id);
  }
  const BoundFormat* bound = catalog.Bind(*resolved->draft, id);
  if (!bound) return UnknownFormat(Json(id), catalog, "speculative.format");
  resolved->draft_format = bound->format;
  resolved->draft_binding = bound->binding;
  return std::nullopt;
}

// ---- cards and layout
// --------------------------------------------------------------------------------------

// How many cards a node has: as given; else as many as the list of cards names, or the degrees of parallelism
// need; else one.
MaybeError CountCards(const Config& config, Resolved* resolved) {
  resolved->nodes = config.nodes.value_or(1);
  const int64_t named = static_cast<int64_t>(config.gpu.size());
  const int64_t memories =
      static_cast<int64_t>(std::max(config.gpu_memory_mib.size(), config.reserved_mib.size()));
  int64_t total = 1;
  if (config.gpus) {
    total = *config.gpus * resolved->nodes;
  } else if (named > 1) {
    total = named;
  } else if (memories > 1) {
    total = memories;
  } else {
    const int64_t degrees = config.tp.value_or(1) * config.pp.value_or(1) * config.dp.value_or(1);
    total = std::max(degrees, resolved->nodes);
  }
  if (total > kMaxCards) {
    return Error{config.gpus ? "gpus" : "tp", CountText(total) + " cards in all",
                 "at most " + CountText(kMaxCards)};
  }
  if (total % resolved->nodes != 0) {
    return Error{"nodes", CountText(resolved->nodes), "a divisor of the " + CountText(total) + " cards"};
  }
  if (named > 1 && named != total) {
    return Error{"gpu", "a list of " + CountText(named),
                 "one id, or one for each of the " + CountText(total) + " cards"};
  }
  if (memories > 1 && memories != total) {
    return Error{config.gpu_memory_mib.size() > 1 ? "gpu_memory_mib" : "reserved_mib",
                 "a list of " + CountText(memories),
                 "one number, or one for each of the " + CountText(total) + " cards"};
  }
  if (static_cast<int64_t>(config.tensor_split.size()) > total) {
    return Error{"tensor_split", "a list of " + CountText(static_cast<int64_t>(config.tensor_split.size())),
                 "at most one proportion for each of the " + CountText(total) + " cards"};
  }
  resolved->gpus = total / resolved->nodes;
  return std::nullopt;
}

// Of a list that holds one number for all cards, or one for each; nothing beyond a shorter list's end.
double AtCard(const std::vector<double>& list, size_t card) {
  return list.size() == 1 ? list[0] : card < list.size() ? list[card] : 0;
}

MaybeError ResolveCards(const Config& config, const Catalog& catalog, Resolved* resolved) {
  if (MaybeError error = CountCards(config, resolved)) return error;
  const size_t total = static_cast<size_t>(resolved->gpus * resolved->nodes);
  resolved->cards.resize(total);
  const Gpu* gpu = nullptr;
  for (size_t i = 0; i < total; ++i) {
    Card& card = resolved->cards[i];
    if (i == 0 || i < config.gpu.size()) {
      const std::string_view id = config.gpu.empty() ? kDefaultGpu : std::string_view(config.gpu[i]);
      gpu = catalog.FindGpu(id);
      if (!gpu) {
        return Error{"gpu", Quoted(id),
                     Suggest("an id that `plimsoll list gpus` prints", catalog.NearestGpu(id))};
      }
    }
    card.gpu = gpu;
    card.capacity = gpu->usable;
    if (!config.gpu_memory_mib.empty()) {
      card.capacity = MiBFromDouble(AtCard(config.gpu_memory_mib, i));
    }
    if (gpu->unified_memory) {
      card.reserved = std::max(Bytes(0), GiBFromDouble(gpu->memory_gb) - card.capacity);
    }
    if (!config.reserved_mib.empty()) card.others = MiBFromDouble(AtCard(config.reserved_mib, i));
  }
  return std::nullopt;
}

void Remark(std::string code, Severity severity, std::string message, std::string fix, Resolved* resolved) {
  resolved->diagnostics.push_back({std::move(code), severity, std::move(message), std::move(fix)});
}

// What the reader left out of the model, or took for granted.
void RemarkOnModel(Resolved* resolved) {
  for (const std::string& remark : resolved->architecture->remarks)
    Remark("model_remark", Severity::kInfo, remark, "", resolved);
}

// The types of a hand-made file are not known: say that its size is an average, and how far files lie apart.
void RemarkOnAverage(Resolved* resolved) {
  const StoredWeights& stored = resolved->stored;
  if (!stored.approximate) return;
  const double low = static_cast<double>(stored.low.count()) / static_cast<double>(stored.checkpoint.count());
  const double high =
      static_cast<double>(stored.high.count()) / static_cast<double>(stored.checkpoint.count());
  Remark(
      "format_is_average", Severity::kInfo,
      resolved->format->given_bits > 0
          ? "The weights take the " + DecimalText(resolved->format->given_bits, 2) + " bits each that " +
                (resolved->checkpoint ? resolved->checkpoint->repo : std::string("the format")) +
                " states, spread as by " + resolved->format->id + "."
          : "Publishers choose the types of " + resolved->format->id +
                " tensor by tensor: its size is an average of published files, " +
                DecimalText(stored.bits_per_weight * low, 2) + " to " +
                DecimalText(stored.bits_per_weight * high, 2) + " bits per weight, " + SizeText(stored.low) +
                " to " + SizeText(stored.high) + ".",
      "For the exact size read the file's header: plimsoll inventory --file, or drop the file on the page.",
      resolved);
}

// llama.cpp splits by layer or row over whatever cards there are (split_mode); the degrees are vLLM's.
void LayOutLlamaCpp(const Config& config, Resolved* resolved) {
  resolved->tp = resolved->pp = resolved->dp = 1;
  if (config.tp.value_or(1) * config.pp.value_or(1) * config.dp.value_or(1) == 1) return;
  Remark("parallel_degrees_ignored", Severity::kInfo,
         "llama.cpp has no tp, pp or dp: it spreads layers or rows over all cards.",
         "Use split_mode instead.", resolved);
}

void LayOut(const Config& config, Resolved* resolved) {
  if (resolved->engine == EngineKind::kLlamaCpp) return LayOutLlamaCpp(config, resolved);
  const int64_t total = resolved->gpus * resolved->nodes;
  resolved->pp = config.pp.value_or(1);
  resolved->dp = config.dp.value_or(1);
  if (config.tp) {
    resolved->tp = *config.tp;
  } else if (!config.pp && !config.dp) {
    resolved->tp = resolved->gpus;
    resolved->pp = resolved->nodes;
  } else {
    resolved->tp = std::max<int64_t>(1, total / (resolved->pp * resolved->dp));
  }
  // Degrees are at most kMaxCards each, so the product cannot overflow.
  const int64_t ranks = resolved->tp * resolved->pp * resolved->dp;
  if (ranks > total) {
    Remark("not_enough_gpus", Severity::kError,
           "tp " + CountText(resolved->tp) + " x pp " + CountText(resolved->pp) + " x dp " +
               CountText(resolved->dp) + " needs " + CountText(ranks) + " GPUs; there are " +
               CountText(total) + ".",
           "Set gpus to " + CountText(CeilDiv(ranks, resolved->nodes)) + ", or lower the degrees.", resolved);
  } else if (ranks < total) {
    Remark("gpus_unused", Severity::kWarning,
           CountText(total - ranks) + " of " + CountText(total) + " GPUs stay unused: tp " +
               CountText(resolved->tp) + " x pp " + CountText(resolved->pp) + " x dp " +
               CountText(resolved->dp) + " needs " + CountText(ranks) + ".",
           "Raise tp, pp or dp, or lower gpus.", resolved);
  }
}

// ---- the rest
// ----------------------------------------------------------------------------------------------

void CopyGiven(const Config& config, Resolved* resolved) {
  resolved->expert_parallel = config.expert_parallel.value_or(false);
  resolved->max_model_len_auto = config.max_model_len == -1;
  resolved->max_model_len = config.max_model_len.value_or(0);
  resolved->max_num_seqs = config.max_num_seqs.value_or(0);
  resolved->max_num_batched_tokens = config.max_num_batched_tokens.value_or(0);
  resolved->n_ubatch = config.n_ubatch.value_or(512);
  resolved->kv_cache_dtype = config.kv_cache_dtype.value_or(KvTypes{});
  resolved->gpu_memory_utilization = config.gpu_memory_utilization.value_or(0);
  resolved->kv_cache_memory = Bytes(config.kv_cache_memory_bytes.value_or(0));
  resolved->enforce_eager = config.enforce_eager.value_or(false);
  resolved->block_size = config.block_size.value_or(0);
  resolved->block_size_given = config.block_size.has_value();
  resolved->enable_prefix_caching = config.enable_prefix_caching.value_or(true);
  resolved->enable_chunked_prefill = config.enable_chunked_prefill.value_or(true);
  resolved->flash_attention = config.flash_attention.value_or(true);
  resolved->n_gpu_layers = config.n_gpu_layers.value_or(0);
  resolved->n_cpu_moe = config.n_cpu_moe.value_or(0);
  resolved->split_mode = config.split_mode.value_or(SplitMode::kLayer);
  resolved->kv_unified = config.kv_unified.value_or(true);
  resolved->cpu_offload = GiBFromDouble(config.cpu_offload_gb.value_or(0));  // vLLM reads "GB" as GiB
  resolved->lora = config.lora.value_or(Lora{0, 0});
  resolved->multimodal = config.multimodal.value_or(false);
  resolved->prompt_tokens = config.prompt_tokens.value_or(1024);
  resolved->output_tokens = config.output_tokens.value_or(256);
  resolved->concurrency = config.concurrency.value_or(1);
}

// "auto" and an absent KV type mean the model's own 16-bit type where the engine has not said otherwise.
void SettleKvTypes(Resolved* resolved) {
  const KvType own =
      resolved->engine == EngineKind::kLlamaCpp || resolved->architecture->dtype == DType::kFp16
          ? KvType::kFp16
          : KvType::kBf16;
  KvTypes& types = resolved->kv_cache_dtype;
  if (types.k == KvType::kAuto) types.k = own;
  if (types.v == KvType::kAuto) types.v = own;
}

MaybeError ResolveOverrides(const Config& config, Resolved* resolved) {
  if (config.override_tensor.empty() || resolved->engine != EngineKind::kLlamaCpp) return std::nullopt;
  Result<TensorOverrides> overrides = ReadTensorOverrides(config.override_tensor, *resolved->architecture,
                                                          static_cast<int64_t>(resolved->cards.size()));
  if (!overrides.ok()) return overrides.error();
  resolved->overrides = std::move(*overrides);
  if (resolved->overrides.unmatched.empty()) return std::nullopt;
  std::string patterns;
  for (const std::string& pattern : resolved->overrides.unmatched) {
    patterns += (patterns.empty() ? "" : ", ") + Quoted(pattern);
  }
  Remark(
      "override_matches_nothing", Severity::kWarning,
      "override_tensor: no tensor of this model has " + patterns + " in its name, so nothing is moved by it.",
      "Names are such as blk.0.ffn_up_exps.weight; plimsoll inventory lists them.", resolved);
  return std::nullopt;
}

// "As long as fits": the engine plans for the model's own length and says how much of it has room.
void SettleLength(const Engine& engine, Resolved* resolved) {
  if (!resolved->max_model_len_auto) return;
  const Architecture& architecture = *resolved->architecture;
  const bool vllm = resolved->engine == EngineKind::kVllm;
  resolved->max_model_len =
      std::max<int64_t>(1, vllm ? architecture.scaled_positions : architecture.max_positions);
  Report report;
  engine.Plan(*resolved, &report);
  const int64_t longest = report.kv.max_model_len_that_fits;
  if (longest > 0 && longest < resolved->max_model_len) resolved->max_model_len = longest;
}

bool AppliesTo(const ConfigKey& key, EngineKind engine) {
  switch (key.scope) {
    case KeyScope::kVllmOnly:
      return engine == EngineKind::kVllm;
    case KeyScope::kLlamaCppOnly:
      return engine == EngineKind::kLlamaCpp;
    case KeyScope::kAnyEngine:
      break;
  }
  return true;
}

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

Result<Resolved> Resolve(const Config& config, const Catalog& catalog) {
  Resolved resolved;
  resolved.config = &config;
  resolved.engine = config.engine.value_or(EngineKind::kVllm);
  Result<EngineVersion> version = ReadEngineVersion(resolved.engine, config.engine_version, "engine_version");
  if (!version.ok()) return version.error();
  resolved.version = std::move(*version);
  if (MaybeError error = ResolveModel(config, catalog, &resolved)) return *error;
  if (MaybeError error = ResolveFormat(config, catalog, &resolved)) return *error;
  if (MaybeError error = ResolveCards(config, catalog, &resolved)) return *error;
  if (MaybeError error = ResolveDraft(config, catalog, &resolved)) return *error;
  LayOut(config, &resolved);
  CopyGiven(config, &resolved);
  RemarkOnModel(&resolved);
  RemarkOnAverage(&resolved);
  if (MaybeError error = ResolveOverrides(config, &resolved)) return *error;
  resolved.defaulted.reserve(static_cast<size_t>(kConfigKeyCount));
  const Engine& engine = FindEngine(resolved.engine);
  engine.TakeDefaults(config, &resolved);
  SettleKvTypes(&resolved);
  SettleLength(engine, &resolved);
  return resolved;
}

std::vector<std::string_view> DefaultedKeys(const Resolved& resolved) {
  std::vector<std::string_view> keys;
  for (const ConfigKey& key : ConfigKeys()) {
    if (AppliesTo(key, resolved.engine) && !IsConfigValueGiven(*resolved.config, key))
      keys.push_back(key.json);
  }
  return keys;
}

Json ResolvedConfigJson(const Resolved& resolved) {
  const Config& config = *resolved.config;
  Json json = Json::MakeObject();
  for (const ConfigKey& key : ConfigKeys()) json.Set(key.json, Json());
  auto set = [&](std::string_view name, Json value) {
    if (AppliesTo(*FindConfigKey(name), resolved.engine)) json.Set(name, std::move(value));
  };
  set("model", resolved.model ? Json(resolved.model->id) : config.inline_model);
  const bool repository = config.format.is_string() && resolved.checkpoint && !resolved.bound;
  set("format", config.format.is_object() || repository ? config.format : Json(resolved.format->id));
  set("engine", EngineName(resolved.engine));
  set("engine_version", resolved.version.text);
  set("gpu", GpusJson(resolved));
  set("gpu_memory_mib", CapacitiesJson(resolved));
  set("gpus", resolved.gpus);
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
  for (const std::string_view key : {"reserved_mib", "override_tensor", "tensor_split"}) {
    set(key, GetConfigValue(config, *FindConfigKey(key)));
  }
  return json;
}

}  // namespace plimsoll
