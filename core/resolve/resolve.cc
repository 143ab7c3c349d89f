#include "core/resolve/resolve.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/formats/format_object.h"
#include "core/formats/quantization_config.h"
#include "core/resolve/inquiry.h"
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

// For engines that read GGUF files only: the conversion that keeps the model's own precision.
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

MaybeError TakeOwnFormat(WeightFormat format, Resolved* resolved) {
  if (!resolved->owned) resolved->owned = std::make_unique<Resolved::Owned>();
  Resolved::Owned& owned = *resolved->owned;
  owned.format = std::move(format);
  Result<FormatBinding> binding =
      BindFormat(*resolved->architecture, owned.format, "format", &resolved->inquiry->patterns());
  if (!binding.ok()) return binding.error();
  owned.binding = std::move(*binding);
  resolved->format = &owned.format;
  resolved->binding = &owned.binding;
  resolved->stored = StoreWeights(*resolved->architecture, owned.format, owned.binding);
  return std::nullopt;
}

bool IsPublishedQuantization(const Json& format) {
  return format.is_object() && !format.Has("id") &&
         (format.Has("quant_method") || format.Has("quantization"));
}

// An inline model: a published quantization_config inside it decides, unless another format is asked for.
MaybeError ResolveInlineFormat(const Config& config, const Catalog& catalog, Resolved* resolved) {
  const bool gguf = resolved->engine->reads_gguf;
  const Json& published = resolved->architecture->quantization_config;
  if (published.is_object() && !(gguf && config.format.is_null())) {
    Result<WeightFormat> format = ReadQuantizationConfig(published, "model.quantization_config");
    if (config.format.is_null() && !format.ok()) return format.error();
    if (format.ok() && (config.format.is_null() || format->id == config.format.AsString())) {
      return TakeOwnFormat(std::move(*format), resolved);
    }
  }
  const std::string_view own = DTypeFormat(resolved->architecture->dtype);
  const std::string_view id = !config.format.is_null() ? std::string_view(config.format.AsString())
                              : gguf                   ? GgufOf(own)
                                                       : own;
  const WeightFormat* format = catalog.FindFormat(id);
  if (!format) return UnknownFormat(config.format, catalog, "format");
  return TakeOwnFormat(*format, resolved);
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

MaybeError TakeCheckpoint(const Checkpoint& checkpoint, Resolved* resolved) {
  resolved->checkpoint = &checkpoint;
  if (checkpoint.architecture) resolved->architecture = checkpoint.architecture.get();
  return TakeOwnFormat(checkpoint.format, resolved);
}

MaybeError ResolveFormat(const Config& config, const Catalog& catalog, Resolved* resolved) {
  if (resolved->model) {
    if (const Checkpoint* checkpoint = FindRepository(config, *resolved->model)) {
      return TakeCheckpoint(*checkpoint, resolved);
    }
  }
  if (config.format.is_object()) {
    Result<WeightFormat> format = IsPublishedQuantization(config.format)
                                      ? ReadQuantizationConfig(config.format, "format")
                                      : ReadWeightFormat(config.format, "format");
    if (!format.ok()) return format.error();
    return TakeOwnFormat(std::move(*format), resolved);
  }
  if (!resolved->model) return ResolveInlineFormat(config, catalog, resolved);
  std::string_view id = config.format.AsString();
  if (config.format.is_null()) {
    id = resolved->model->native_format;
    if (resolved->engine->reads_gguf) id = GgufOf(id);
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
    if (resolved->engine->reads_gguf) id = GgufOf(id);
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

// By layer or row over whatever cards there are (split_mode).
void LayOutSplit(const Config& config, Resolved* resolved) {
  resolved->tp = resolved->pp = resolved->dp = 1;
  if (config.tp.value_or(1) * config.pp.value_or(1) * config.dp.value_or(1) == 1) return;
  Remark(
      "parallel_degrees_ignored", Severity::kInfo,
      std::string(resolved->engine->name) + " has no tp, pp or dp: it spreads layers or rows over all cards.",
      "Use split_mode instead.", resolved);
}

void LayOut(const Config& config, Resolved* resolved) {
  if (resolved->engine->layout == CardLayout::kSplit) return LayOutSplit(config, resolved);
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

}  // namespace

Result<Resolved> Resolve(const Config& config, const Catalog& catalog, const EngineTraits& engine,
                         EngineVersion version, Inquiry* inquiry) {
  Resolved resolved;
  resolved.config = &config;
  resolved.engine = &engine;
  resolved.version = std::move(version);
  resolved.inquiry = inquiry;
  if (!inquiry->FindOwned(config, &resolved)) {
    if (MaybeError error = ResolveModel(config, catalog, &resolved)) return *error;
    if (MaybeError error = ResolveFormat(config, catalog, &resolved)) return *error;
    inquiry->KeepOwned(config, resolved);
  }
  if (MaybeError error = ResolveCards(config, catalog, &resolved)) return *error;
  if (MaybeError error = ResolveDraft(config, catalog, &resolved)) return *error;
  LayOut(config, &resolved);
  CopyGiven(config, &resolved);
  RemarkOnAverage(&resolved);
  return resolved;
}

}  // namespace plimsoll
