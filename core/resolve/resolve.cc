#include "core/resolve/resolve.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/formats/format_object.h"
#include "core/formats/quantization_config.h"
#include "core/resolve/host_memory.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/resolved_keys.h"
#include "core/weights/format_binding.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;

std::string Suggest(std::string accepted, const std::string& nearest) {
  return nearest.empty() ? accepted : accepted + "; nearest: \"" + nearest + "\"";
}

// ---- model and format -------------------------------------------------------------------------------------

// `named` gets what a name that is no id tells.
MaybeError ResolveModel(const Config& config, const Catalog& catalog, Resolved* resolved,
                        std::optional<NamedModel>* named) {
  if (!config.model.empty()) {
    const Model* model = catalog.FindModel(config.model);
    if (!model) {
      *named = FindModelNamed(catalog, config.model);
      if (!*named) {
        return Error{"model", Quoted(config.model),
                     Suggest("an id that `plimsoll list models` prints, or the name of its repository",
                             catalog.NearestModel(config.model))};
      }
      model = (*named)->model;
      if (!(*named)->exact) resolved->diagnostics.push_back(ModelByWords(config.model, **named));
    }
    if (model->refused()) return model->refused();
    resolved->model = model;
    resolved->architecture = &model->architecture();
    resolved->parameters = model->parameters();
    return std::nullopt;
  }
  if (config.inline_model.is_null()) {
    return Error{"model", "nothing",
                 "a catalog id such as \"llama-3.1-70b\", or an object with config.json keys"};
  }
  Result<Architecture> architecture = ReadArchitecture(config.inline_model, "model");
  if (!architecture.ok()) return architecture.error();
  resolved->owned = std::make_shared<Resolved::Owned>();
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

// The plain format of a dtype, by its own or by the format's name; empty: it has none.
std::string_view FormatOfDtype(std::string_view name) {
  if (name == "float16" || name == "half" || name == "fp16") return "fp16";
  if (name == "bfloat16" || name == "bf16") return "bf16";
  if (name == "float32" || name == "float" || name == "fp32") return "fp32";
  return "";
}

// The format that a model stored in `native` is loaded in: plain weights as `dtype` says, else as the engine
// makes of them. What is quantised stays so, and its other tensors have 16 bits either way.
Result<std::string_view> LoadedFormat(const Config& config, const EngineTraits& engine,
                                      std::string_view native) {
  std::string_view asked;
  if (engine.keys == KeyOwner::kPagedServer && !config.dtype.empty() && config.dtype != "auto") {
    asked = FormatOfDtype(config.dtype);
    if (asked.empty()) return Error{"dtype", Quoted(config.dtype), "auto, float16, bfloat16 or float32"};
  }
  if (FormatOfDtype(native).empty()) return native;
  if (!asked.empty()) return asked;
  return native == "fp32" && !engine.casts_fp32_to.empty() ? engine.casts_fp32_to : native;
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
  if (!resolved->owned) resolved->owned = std::make_shared<Resolved::Owned>();
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

void Remark(std::string code, Severity severity, std::string message, std::string fix, Resolved* resolved) {
  resolved->diagnostics.push_back({std::move(code), severity, std::move(message), std::move(fix)});
}

// The engine casts at load: the file is as large as the type says that it is stored in.
void KeepStoredType(const WeightFormat& stored_as, Resolved* resolved) {
  const Architecture& architecture = *resolved->architecture;
  const StoredWeights file = StoreWeights(architecture, stored_as, BindFormat(architecture, stored_as));
  resolved->stored.checkpoint = resolved->stored.low = resolved->stored.high = file.checkpoint;
  resolved->stored.file = file.file;
  Remark("weights_cast", Severity::kInfo,
         "The weights are stored as " + stored_as.id + " and held as " + resolved->format->id + ".", "",
         resolved);
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
    if (format.ok()) format->text_only = resolved->architecture->quantization_of_text;
    if (format.ok() && (config.format.is_null() || format->id == config.format.AsString())) {
      return TakeOwnFormat(std::move(*format), resolved);
    }
  }
  std::string_view id = config.format.AsString();
  const std::string_view native = DTypeFormat(resolved->architecture->dtype);
  if (config.format.is_null()) {
    const Result<std::string_view> loaded = LoadedFormat(config, *resolved->engine, native);
    if (!loaded.ok()) return loaded.error();
    id = gguf ? GgufOf(*loaded) : *loaded;
  }
  const WeightFormat* format = catalog.FindFormat(id);
  if (!format) return UnknownFormat(config.format, catalog, "format");
  if (MaybeError error = TakeOwnFormat(*format, resolved)) return error;
  if (config.format.is_null() && !gguf && id != native) KeepStoredType(*catalog.FindFormat(native), resolved);
  return std::nullopt;
}

// A published repository by its name, as a format or inside one ({"repo": "RedHatAI/…"}): what the catalog
// knows of it. Nothing when the name is not a repository of this model.
const Checkpoint* FindRepository(const Config& config, const Model& model) {
  const Json* given = config.format.is_object() && config.format.Find("quantization_config") == nullptr
                          ? config.format.Find("repo")
                          : &config.format;
  if (given == nullptr || given->AsString().find('/') == std::string::npos) return nullptr;
  for (const Checkpoint& checkpoint : model.checkpoints()) {
    if (checkpoint.repo == given->AsString()) return &checkpoint;
  }
  return nullptr;
}

MaybeError TakeCheckpoint(const Checkpoint& checkpoint, Resolved* resolved) {
  resolved->checkpoint = &checkpoint;
  if (checkpoint.architecture) resolved->architecture = checkpoint.architecture.get();
  WeightFormat format = checkpoint.format;
  format.cache_wish = checkpoint.cache_wish;
  return TakeOwnFormat(std::move(format), resolved);
}

MaybeError ResolveFormat(const Config& config, const Catalog& catalog, const std::optional<NamedModel>& named,
                         Resolved* resolved) {
  if (named && named->checkpoint != nullptr && config.format.is_null()) {
    return TakeCheckpoint(*named->checkpoint, resolved);
  }
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
  const bool gguf = resolved->engine->reads_gguf;
  std::string_view id = config.format.AsString();
  const bool own = config.format.is_null() && !(named && !named->format.empty());
  if (config.format.is_null() && !own) id = named->format;
  if (own) {
    const Result<std::string_view> loaded =
        LoadedFormat(config, *resolved->engine, resolved->model->native_format);
    if (!loaded.ok()) return loaded.error();
    id = gguf ? GgufOf(*loaded) : *loaded;
  }
  const BoundFormat* bound = catalog.Bind(*resolved->model, id);
  if (!bound) {
    const WeightFormat* format = FindFormatNamed(catalog, id);
    if (!format) return UnknownFormat(config.format, catalog, "format");
    bound = catalog.Bind(*resolved->model, format->id);
  }
  TakeBound(*bound, resolved);
  const WeightFormat* native = catalog.FindFormat(resolved->model->native_format);
  if (own && !gguf && native != nullptr && id != native->id) KeepStoredType(*native, resolved);
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
  if (resolved->draft->refused()) return resolved->draft->refused();
  std::string_view id = speculative.format;
  if (id.empty()) {
    id = resolved->draft->native_format;
    if (resolved->engine->reads_gguf) id = GgufOf(id);
  }
  const BoundFormat* bound = catalog.Bind(*resolved->draft, id);
  if (!bound) return UnknownFormat(Json(id), catalog, "speculative.format");
  resolved->draft_format = bound->format;
  resolved->draft_bits = bound->stored.bits_per_weight;
  resolved->draft_binding = bound->binding;
  return std::nullopt;
}

// ---- cards and layout -------------------------------------------------------------------------------------

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
    const bool inside = resolved->engine->replicas_share_ranks && config.enable_dp_attention.value_or(false);
    const int64_t degrees =
        config.tp.value_or(1) * config.pp.value_or(1) * (inside ? 1 : config.dp.value_or(1));
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
  const bool too_many = static_cast<int64_t>(config.tensor_split.size()) > total;
  if (too_many && Takes(*resolved->engine, *FindConfigKey("tensor_split"))) {
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

void TakeGivenMemory(const Config& config, Resolved* resolved) {
  HostMemory& ram = resolved->ram;
  if (config.ram_gib) ram.size = GiBFromDouble(*config.ram_gib);
  if (!config.ram_gb_per_s) return;
  ram.bandwidth = GbPerSecond(*config.ram_gb_per_s);
  ram.assumed = false;
}

// No card: the processor computes in RAM, and the RAM stands where a card would.
void ResolveRam(const Config& config, Resolved* resolved) {
  constexpr double kUsualGib = 64;
  resolved->ram_card = std::make_shared<Gpu>();
  Gpu& ram = *resolved->ram_card;
  ram.id = "ram";
  ram.name = "system memory";
  ram.memory_gb = resolved->ram.size > Bytes(0) ? resolved->ram.size.gib() : kUsualGib;
  ram.usable = GiBFromDouble(ram.memory_gb);
  ram.bandwidth = resolved->ram.bandwidth;
  // Some sixteen cores with AVX2; batches are what it decides, single streams are bound by the memory.
  ram.fp32 = ram.fp16 = ram.bf16 = FlopsPerSecond(1e12);
  resolved->ram_alone = true;
  resolved->nodes = resolved->gpus = 1;
  resolved->cards.resize(1);
  resolved->cards[0].gpu = &ram;
  resolved->cards[0].capacity = ram.usable;
  if (!config.reserved_mib.empty()) resolved->cards[0].others = MiBFromDouble(config.reserved_mib[0]);
}

// Where CPU and GPU share memory, CUDA's total counts what the operating system has in use. Free when engines start:
// 114.54 of 121.69 GiB, 112.9 of 121.63, 112.71 of 119.7 on machines that do nothing else; down to 109.5 where file
// caches and services are (vLLM's "Free memory on device" on nine DGX Spark).
constexpr Bytes kHeldBySystem = MiB(7320);

Bytes HeldByOthers(const Config& config, const Gpu& gpu, size_t card) {
  if (!config.reserved_mib.empty()) return MiBFromDouble(AtCard(config.reserved_mib, card));
  const bool shared = gpu.unified_memory && gpu.vendor == Vendor::kNvidia;
  return shared && config.gpu_memory_mib.empty() ? kHeldBySystem : Bytes(0);
}

MaybeError ResolveCards(const Config& config, const Catalog& catalog, Resolved* resolved) {
  // A build for the processor alone leaves the cards be.
  const bool processor = config.backend == "cpu" && resolved->engine->runs_without_card;
  if (config.gpus == 0 || processor) {
    if (!resolved->engine->runs_without_card) {
      return Error{"gpus", "0", "at least 1: " + std::string(resolved->engine->name) + " needs a card"};
    }
    resolved->ram = UsualHostMemory(Gpu());
    TakeGivenMemory(config, resolved);
    ResolveRam(config, resolved);
    return std::nullopt;
  }
  if (MaybeError error = CountCards(config, resolved)) return error;
  const size_t total = static_cast<size_t>(resolved->gpus * resolved->nodes);
  resolved->cards.resize(total);
  const Gpu* gpu = nullptr;
  for (size_t i = 0; i < total; ++i) {
    Card& card = resolved->cards[i];
    if (i == 0 || i < config.gpu.size()) {
      const std::string_view id = config.gpu.empty() ? kDefaultGpu : std::string_view(config.gpu[i]);
      gpu = catalog.FindGpu(id);
      if (!gpu) gpu = FindGpuNamed(catalog, id);
      if (!gpu) {
        return Error{"gpu", Quoted(id),
                     Suggest("an id that `plimsoll list gpus` prints", catalog.NearestGpu(id))};
      }
    }
    card.gpu = gpu;
    const bool sized = gpu->unified_memory && config.ram_gib.has_value();
    const double installed = sized ? *config.ram_gib : gpu->memory_gb;
    card.capacity = sized ? UsableOf(*gpu, installed) : gpu->usable;
    if (gpu->vendor == Vendor::kApple && config.iogpu_wired_limit_mb) {
      card.capacity = MiB(*config.iogpu_wired_limit_mb);
    }
    if (!config.gpu_memory_mib.empty()) {
      card.capacity = MiBFromDouble(AtCard(config.gpu_memory_mib, i));
    }
    if (gpu->unified_memory) {
      card.reserved = std::max(Bytes(0), GiBFromDouble(installed) - card.capacity);
    }
    card.others = HeldByOthers(config, *card.gpu, i);
  }
  if (config.gpu.empty()) {
    Remark("gpu_assumed", Severity::kInfo, "No card is named: " + gpu->name + " is assumed.",
           "Set gpu to an id that `plimsoll list gpus` prints.", resolved);
  }
  resolved->ram = UsualHostMemory(*resolved->cards[0].gpu);
  TakeGivenMemory(config, resolved);
  return std::nullopt;
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
                DecimalText(stored.bits_per_weight * high, 2) + " bits per weight, " +
                SizeText(stored.low, resolved->units) + " to " + SizeText(stored.high, resolved->units) + ".",
      "For the exact size read the file's header: plimsoll inventory --file, or drop the file on the page.",
      resolved);
}

// Whether replicas divide the attention of the ranks that there are: as asked for, or where the cards allow for
// nothing else.
bool DividesAttention(const Config& config, const Resolved& resolved) {
  if (!resolved.engine->replicas_share_ranks || resolved.dp <= 1) return false;
  if (config.enable_dp_attention) return *config.enable_dp_attention;
  const int64_t ranks = resolved.tp * resolved.pp;
  return config.tp && ranks * resolved.dp > resolved.gpus * resolved.nodes && resolved.tp % resolved.dp == 0;
}

void LayOut(const Config& config, Resolved* resolved) {
  resolved->tp = resolved->pp = resolved->dp = 1;
  if (resolved->engine->layout == CardLayout::kSplit)
    return;  // by layer or row over whatever cards there are
  const int64_t total = resolved->gpus * resolved->nodes;
  resolved->pp = config.pp.value_or(1);
  resolved->dp = config.dp.value_or(1);
  if (config.tp) {
    resolved->tp = *config.tp;
  } else if (!config.pp && !config.dp) {
    resolved->tp = resolved->gpus;
    resolved->pp = resolved->nodes;
  } else {
    const bool inside = resolved->engine->replicas_share_ranks && config.enable_dp_attention.value_or(false);
    resolved->tp = std::max<int64_t>(1, total / (resolved->pp * (inside ? 1 : resolved->dp)));
  }
  resolved->dp_attention = DividesAttention(config, *resolved);
  // Degrees are at most kMaxCards each, so the product cannot overflow.
  const int64_t ranks = resolved->tp * resolved->pp * (resolved->dp_attention ? 1 : resolved->dp);
  if (ranks > total) {
    Remark("not_enough_gpus", Severity::kError,
           "tp " + CountText(resolved->tp) + " x pp " + CountText(resolved->pp) + " x dp " +
               CountText(resolved->dp) + " needs " + CountedText(ranks, "GPU", "GPUs") +
               (total == 1 ? "; there is " : "; there are ") + CountText(total) + ".",
           "Set gpus to " + CountText(CeilDiv(ranks, resolved->nodes)) + ", or lower the degrees.", resolved);
  } else if (ranks < total) {
    Remark("gpus_unused", Severity::kWarning,
           CountText(total - ranks) + " of " + CountText(total) +
               (total - ranks == 1 ? " GPUs stays unused: tp " : " GPUs stay unused: tp ") +
               CountText(resolved->tp) + " x pp " + CountText(resolved->pp) + " x dp " +
               CountText(resolved->dp) + " needs " + CountText(ranks) + ".",
           "Raise tp, pp or dp, or lower gpus.", resolved);
  }
}

MaybeError ResolveRope(const Config& config, Resolved* resolved) {
  resolved->rope = LengthsOf(*resolved->architecture);
  if (config.rope_scaling.empty()) return std::nullopt;
  const std::optional<RopeScaling> scaling = ReadRopeScaling(config.rope_scaling);
  if (!scaling) {
    const ConfigKey& key = *FindConfigKey("rope_scaling");
    return Error{"rope_scaling", Quoted(config.rope_scaling), std::string(key.accepted)};
  }
  resolved->rope = LengthsUnder(*resolved->architecture, *scaling);
  return std::nullopt;
}

}  // namespace

Result<Resolved> Resolve(const Config& config, const Catalog& catalog, const EngineTraits& engine,
                         EngineVersion version, Inquiry* inquiry) {
  Resolved resolved;
  resolved.config = &config;
  resolved.engine = &engine;
  resolved.version = std::move(version);
  resolved.inquiry = inquiry;
  std::optional<NamedModel> named;
  if (!inquiry->FindOwned(config, &resolved)) {
    if (MaybeError error = ResolveModel(config, catalog, &resolved, &named)) return *error;
    if (MaybeError error = ResolveFormat(config, catalog, named, &resolved)) return *error;
    inquiry->KeepOwned(config, resolved);
  }
  resolved.units = inquiry->units;
  if (MaybeError error = ResolveRope(config, &resolved)) return *error;
  if (MaybeError error = ResolveCards(config, catalog, &resolved)) return *error;
  if (MaybeError error = ResolveDraft(config, catalog, &resolved)) return *error;
  LayOut(config, &resolved);
  TakeGivenKeys(config, &resolved);
  RemarkOnModel(&resolved);
  RemarkOnAverage(&resolved);
  return resolved;
}

}  // namespace plimsoll
