#include "core/engines/llama_cpp/llama_gates.h"

#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_rules.h"
#include "core/engines/llama_cpp/llama_server.h"
#include "core/engines/unserved.h"
#include "core/formats/gguf_types.h"

namespace plimsoll {

namespace {

struct ModelSupport {
  std::string_view model_type;
  int32_t build;
  int32_t date;
};

// The first build that reads a model type (pull requests "model : add ..." of ggml-org/llama.cpp).
constexpr ModelSupport kSupport[] = {
    {"gemma2", 3259, 20240628},      {"deepseek_v2", 3018, 20240528},
    {"deepseek_v3", 4419, 20250104}, {"gemma3", 4875, 20250312},
    {"gemma3_text", 4875, 20250312}, {"qwen3", 5092, 20250409},
    {"qwen3_moe", 5092, 20250409},   {"llama4", 5074, 20250407},
    {"glm4", 5130, 20250411},        {"falcon_h1", 5847, 20250709},
    {"smollm3", 5848, 20250708},     {"glm4_moe", 6085, 20250804},
    {"gpt_oss", 6096, 20250805},     {"nemotron_h", 6315, 20250828},
    {"seed_oss", 6255, 20250823},    {"granitemoehybrid", 5865, 20250710},
    {"olmo3", 6500, 20250916},       {"qwen3_next", 7186, 20251128},
    {"qwen3_5", 7990, 20260210},     {"qwen3_5_moe", 7990, 20260210},
    {"gemma4", 8640, 20260402},      {"phi3", 2717, 20240424},
    {"olmo2", 4122, 20241119},       {"nemotron-nas", 4400, 20241229},
    {"cohere2", 4418, 20250104},     {"hunyuan", 5849, 20250708},
    {"jamba", 5855, 20250709},       {"ernie4_5_moe", 5922, 20250717},
    {"minimax_m2", 6915, 20251031},  {"mistral3", 7212, 20251201},
    {"ministral3", 7212, 20251201},  {"mimo_v2_flash", 7519, 20251224},
};

void Remark(Resolved* resolved, std::string_view code, Severity severity, std::string message,
            std::string fix) {
  resolved->diagnostics.push_back({std::string(code), severity, std::move(message), std::move(fix)});
}

// Another engine runs llama.cpp inside: its users choose that engine's release, not a build.
bool IsWrapped(const Resolved& resolved) { return &BuildOf(resolved) != &resolved.version; }

std::string NewerText(const Resolved& resolved, int32_t build) {
  if (IsWrapped(resolved)) return "Use a newer release of " + std::string(resolved.engine->name) + ".";
  return "Set engine_version to b" + std::to_string(build) + " or later.";
}

void CheckFormat(Resolved* resolved) {
  const WeightFormat& format = *resolved->format;
  if (LlamaReads(format)) return;
  const std::string nearest(NearestGguf(format));
  Remark(resolved, "format_not_gguf", Severity::kError,
         "llama.cpp loads GGUF files; it cannot read " + format.id + ".",
         "Use " + nearest + ", the GGUF type nearest in size, or another gguf- format.");
}

bool Older(const EngineVersion& version, int32_t build, int32_t date) {
  return version.number > 0 ? version.number < build : version.date < date;
}

// Types of ggml that came after the first releases that we tell apart.
void CheckFormatRelease(Resolved* resolved) {
  const WeightFormat& format = *resolved->format;
  if (format.family != FormatFamily::kGguf || format.gguf_type < 0) return;
  const GgufFileTypeInfo& info = Info(static_cast<GgufFileType>(format.gguf_type));
  const EngineVersion& version = BuildOf(*resolved);
  if (info.since_build == 0 || IsIkFork(version) || !Older(version, info.since_build, info.since_date))
    return;
  Remark(resolved, "format_newer_than_engine", Severity::kError,
         "llama.cpp reads " + format.id + " since build b" + std::to_string(info.since_build) + "; " +
             version.text + " is older.",
         NewerText(*resolved, info.since_build));
}

void CheckCacheTypes(Resolved* resolved) {
  const KvTypes& types = resolved->kv_cache_dtype;
  const auto foreign = [](KvType type) {
    return IsFp8(type) || IsPerTokenHead(type) || type == KvType::kNvfp4;
  };
  if (foreign(types.k) || foreign(types.v)) {
    Remark(resolved, "kv_type_not_in_llama_cpp", Severity::kError, "llama.cpp has no fp8 KV cache.",
           "Set kv_cache_dtype to q8_0, which takes 8.5 bits per value.");
    return;
  }
  if (IsQuantized(types.v) && !resolved->flash_attention) {
    Remark(resolved, "quantized_v_needs_flash_attention", Severity::kError,
           "A quantised V cache needs flash attention; llama.cpp refuses to start without it.",
           "Set flash_attention to true, or keep V in fp16.");
  }
  if (!IsQuantized(types.k) && !IsQuantized(types.v)) return;
  for (const LayerGroup& group : resolved->architecture->groups) {
    const Attention& attention = group.shape.attention;
    if (attention.kind == AttentionKind::kNone || attention.kind == AttentionKind::kLatent) continue;
    const bool bad_k = IsQuantized(types.k) && attention.key_dim % 32 != 0;
    const bool bad_v = IsQuantized(types.v) && attention.value_dim % 32 != 0;
    if (!bad_k && !bad_v) continue;
    Remark(resolved, "kv_block_does_not_divide_head", Severity::kError,
           "Heads of " + CountText(bad_k ? attention.key_dim : attention.value_dim) +
               " values do not divide into the blocks of 32 that a quantised cache is made of.",
           "Set kv_cache_dtype to fp16.");
    return;
  }
}

// Options of a later build: what is asked is answered as if they were there.
void CheckOptions(const Config& config, Resolved* resolved) {
  const EngineVersion& version = BuildOf(*resolved);
  const struct {
    bool given;
    std::string_view option;
    int32_t build, date;
    std::string_view instead;
  } options[] = {
      {config.n_cpu_moe.value_or(0) > 0, "n_cpu_moe", 6088, 20250804,
       "Use override_tensor with exps=CPU, or a newer build."},
      {!config.override_tensor.empty(), "override_tensor", 5028, 20250402, "Use a newer build."},
      {config.kv_unified.has_value(), "kv_unified", 5913, 20250716, "Leave it out: the cache is shared."},
  };
  for (const auto& option : options) {
    const bool old = version.number > 0 ? version.number < option.build : version.date < option.date;
    if (!option.given || !old || IsIkFork(version)) continue;
    Remark(resolved, "option_newer_than_engine", Severity::kWarning,
           std::string(option.option) + " came with llama.cpp b" + std::to_string(option.build) + "; " +
               version.text + " does not know it.",
           std::string(option.instead));
  }
}

// src/llama-model-loader.cpp load_all_data: weights for a card are copied into its own buffer either way. Metal alone
// computes on the mapped file; without cards the processor does (llama_plan.cc).
void RemarkOnMap(const Config& config, Resolved* resolved) {
  if (!config.mmap || resolved->ram_alone || BackendOf(*resolved) == LlamaBackend::kMetal) return;
  Remark(resolved, "mmap_same_on_cards", Severity::kInfo,
         "mmap makes no difference to the cards, which get copies of their weights; it decides whether the "
         "rest is "
         "read into RAM at once or page by page.",
         "");
}

// Attention on the card needs a kernel for the pair of types; release builds hold those of equal types
// without q4_1, q5_0, q5_1 and iq4_nl (ggml/src/ggml-cuda/fattn.cu). Others run on the processor.
void CheckAttentionKernels(Resolved* resolved) {
  const LlamaBackend backend = BackendOf(*resolved);
  const bool cuda = backend == LlamaBackend::kCuda || backend == LlamaBackend::kHip;
  if (!cuda || !resolved->flash_attention) return;
  const KvTypes& types = resolved->kv_cache_dtype;
  const auto built = [](KvType type) {
    return !IsQuantized(type) || type == KvType::kQ8_0 || type == KvType::kQ4_0;
  };
  const bool pair = types.k == types.v || (types.k == KvType::kQ8_0 && types.v == KvType::kQ4_0);
  if (pair && built(types.k) && built(types.v)) return;
  Remark(resolved, "attention_needs_all_quants", Severity::kWarning,
         "Release builds have no attention kernel for this pair of cache types: it runs on the processor, "
         "many times slower.",
         "Use q8_0 or q4_0 for both, or build llama.cpp with GGML_CUDA_FA_ALL_QUANTS.");
}

void CheckModel(Resolved* resolved) {
  if (IsIkFork(BuildOf(*resolved))) {
    Remark(resolved, "ik_fork", Severity::kInfo,
           "ik_llama.cpp is a fork: answered as far as it is the same as llama.cpp of spring 2025 with a "
           "latent-only "
           "MLA cache.",
           "");
    return;
  }
  const Architecture& architecture = *resolved->architecture;
  if (!LlamaKnows(architecture)) {
    Remark(resolved, "model_not_in_llama_cpp", Severity::kError,
           "llama.cpp has no " + architecture.name + ".", IsUnserved(architecture) ? "" : "Use vLLM.");
    return;
  }
  if (IsWrapped(*resolved)) return;  // it may read models by itself
  for (const ModelSupport& support : kSupport) {
    if (support.model_type != architecture.model_type) continue;
    const EngineVersion& version = BuildOf(*resolved);
    if (!Older(version, support.build, support.date)) return;
    Remark(resolved, "engine_too_old_for_model", Severity::kWarning,
           "llama.cpp reads " + architecture.model_type + " models since build b" +
               std::to_string(support.build) + "; " + version.text + " is older.",
           NewerText(*resolved, support.build));
    return;
  }
}

void CheckContext(const Config& config, Resolved* resolved) {
  // Stretched, the model serves what the scaling says (common/arg.cpp --rope-scale).
  const int64_t own =
      config.rope_scaling.empty() ? resolved->architecture->max_positions : resolved->rope.scaled;
  if (!config.max_model_len || own <= 0 || *config.max_model_len <= own || IsWrapped(*resolved)) return;
  Remark(resolved, "context_beyond_model", Severity::kWarning,
         "The context of " + CountText(*config.max_model_len) + " tokens is longer than the " +
             CountText(own) + " that the model was trained for.",
         "Set max_model_len to " + CountText(own) + " or less, or set rope_scaling.");
}

// Cards that share the system's memory are given a part of it; what they are given stands as their capacity.
void CheckUnifiedMemory(Resolved* resolved) {
  for (const Card& card : resolved->cards) {
    if (!card.gpu->unified_memory) continue;
    const Bytes sold = GiBFromDouble(card.gpu->memory_gb);
    if (card.capacity >= sold) return;
    Remark(resolved, "unified_memory_limit", Severity::kInfo,
           card.gpu->name + " shares its memory with the system: of " + SizeText(sold, resolved->units) +
               " the driver gives " + SizeText(card.capacity, resolved->units) + " to one program.",
           card.gpu->vendor == Vendor::kApple
               ? "Raise the limit with sysctl iogpu.wired_limit_mb and set iogpu_wired_limit_mb."
               : "Set gpu_memory_mib to what the firmware or driver is configured for.");
    return;
  }
}

// Builds for Radeons are HIP's or Vulkan's, which differ in buffers and, since RDNA3, in speed.
void RemarkOnBackend(Resolved* resolved) {
  if (OptionsOf(*resolved).backend || resolved->ram_alone || resolved->cards.empty()) return;
  const Gpu& gpu = *resolved->cards.front().gpu;
  if (gpu.vendor != Vendor::kAmd || gpu.arch.rfind("RDNA", 0) != 0) return;
  const bool vulkan = BackendOf(*resolved) == LlamaBackend::kVulkan;
  const bool differ = gpu.arch != "RDNA1" && gpu.arch != "RDNA2";
  // ollama chooses itself.
  Remark(resolved, "backend_assumed", Severity::kInfo,
         std::string("The buffers are those of a build for ") + (vulkan ? "Vulkan" : "HIP") +
             (differ ? "; the speed lies between HIP's and Vulkan's." : "."),
         resolved->engine->id == "ollama" ? "" : "Set backend to hip or vulkan.");
}

}  // namespace

bool LlamaReads(const WeightFormat& format) {
  return format.family == FormatFamily::kGguf || format.family == FormatFamily::kPlain;
}

std::string_view NearestGguf(const WeightFormat& format) {
  switch (format.family) {
    case FormatFamily::kPlain:
      return "gguf-bf16";
    case FormatFamily::kFp8:
    case FormatFamily::kFp8Block:
    case FormatFamily::kInt8:
    case FormatFamily::kBnbInt8:
      return "gguf-q8_0";
    case FormatFamily::kMxfp4:
      return "gguf-mxfp4_moe";
    default:
      return format.main_scheme() != nullptr && format.main_scheme()->bits >= 8 ? "gguf-q8_0" : "gguf-q4_k_m";
  }
}

// Source: no entry in src/llama-arch.cpp (read in July 2026); Whisper has a project of its own.
bool LlamaKnows(const Architecture& architecture) {
  constexpr std::string_view kUnknown[] = {
      "Mllama",    "Whisper",        "Zamba2",      "Bamba",      "MiniMaxText01", "MiniMaxForCausalLM",
      "NewModel",  "NewForSequence", "Gte",         "Glm5Next",   "DeepseekV41",   "Step3VL",
      "Step3Text", "Ernie4_5_VL",    "OlmoHybrid",  "Ouro",       "IQuestLoop",    "Sarvam",
      "AXK1",      "Param2MoE",      "PanguProMoE", "PanguUltra", "Moondream3",    "NVEmbed"};
  for (const std::string_view name : kUnknown) {
    if (architecture.name.rfind(name, 0) == 0) return false;
  }
  return !IsUnserved(architecture);
}

void CheckLlamaConfiguration(const Config& config, Resolved* resolved) {
  CheckFormat(resolved);
  CheckFormatRelease(resolved);
  CheckCacheTypes(resolved);
  CheckModel(resolved);
  CheckContext(config, resolved);
  CheckOptions(config, resolved);
  RemarkOnMap(config, resolved);
  CheckUnifiedMemory(resolved);
  CheckAttentionKernels(resolved);
  RemarkOnBackend(resolved);
}

void RemarkOnRam(Resolved* resolved) {
  const Architecture& architecture = *resolved->architecture;
  const bool needed = resolved->ram_alone || resolved->n_cpu_moe > 0 ||
                      resolved->n_gpu_layers < architecture.layers || !OverridesOf(*resolved).empty();
  if (!needed || !resolved->ram.assumed) return;
  Remark(resolved, "ram_assumed", Severity::kInfo,
         "Speed from RAM is that of " + std::string(resolved->ram.machine) + ", " +
             DecimalText(resolved->ram.bandwidth.value() * 1e-9, 1) + " GB/s.",
         "Set ram_gb_per_s, and ram_gib to have its size judged.");
}

void RemarkOnNodes(Resolved* resolved) {
  if (resolved->nodes <= 1) return;
  if (IsWrapped(*resolved)) {
    Remark(resolved, "one_machine_only", Severity::kError,
           std::string(resolved->engine->name) + " runs a model on the cards of one machine.",
           "Set nodes to 1, or use llama.cpp, which takes other machines' cards by RPC.");
    return;
  }
  const bool given = resolved->node_link_gbit_per_s > 0;
  Remark(resolved, "rpc_nodes", Severity::kInfo,
         "Every node but the last is an RPC server (--rpc) with its cards: llama.cpp gives them the first "
         "layers, keeps no "
         "copies for pipelining, and sends hidden states over " +
             DecimalText(NodeLinkOf(*resolved), 1) + " Gbit/s" + (given ? "." : ", as gigabit Ethernet has."),
         given ? "" : "Set node_link_gbit_per_s.");
}

}  // namespace plimsoll
