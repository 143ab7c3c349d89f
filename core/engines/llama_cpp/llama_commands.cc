#include "core/engines/llama_cpp/llama_commands.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/arch/rope_tables.h"
#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/llama_cpp/llama_python.h"
#include "core/engines/option_readers.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;
using V = OptionValue;

// common/arg.cpp from b3906 to summer 2026. What stands here without a key is known: it costs nothing, or what
// it does is not modelled.
constexpr char kFree[] = R"(
--adaptive-decay=@b7748- --adaptive-target=@b7748- -ag,--agent,-no-ag,LLAMA_ARG_AGENT@b9726-
--api-key,LLAMA_API_KEY* --api-key-file,LLAMA_ARG_API_KEY_FILE= --api-prefix,LLAMA_ARG_API_PREFIX=@b5844-
-bf,--binary-file=@-b4440 -cl,--cache-list@b6992- --chat-template,LLAMA_ARG_CHAT_TEMPLATE=
--chat-template-file,LLAMA_ARG_CHAT_TEMPLATE_FILE=@b4524-
--chat-template-kwargs,LLAMA_ARG_CHAT_TEMPLATE_KWARGS=@b5780- --check-tensors --completion-bash@b4708-
--context-shift,LLAMA_ARG_CONTEXT_SHIFT --control-vector= --control-vector-layer-range=
--control-vector-scaled= --cors-credentials,LLAMA_ARG_CORS_CREDENTIALS@b10010-
--cors-headers,LLAMA_ARG_CORS_HEADERS=@b10010- --cors-methods,LLAMA_ARG_CORS_METHODS=@b10010-
--cors-origins,LLAMA_ARG_CORS_ORIGINS=@b10010- -dt,--defrag-thold,LLAMA_ARG_DEFRAG_THOLD=
-dio,--direct-io,-ndio,LLAMA_ARG_DIO@b7668->--load-mode=dio --dry-allowed-length=@b3979-
--dry-base=@b3979- --dry-multiplier=@b3979- --dry-penalty-last-n=@b3979- --dry-sequence-breaker=@b3979-
-dkvc,--dump-kv-cache@-b5434 --dynatemp-exp= --dynatemp-range= -e,--escape -f,--file=@-b4440
--frequency-penalty= --grammar= --grammar-file= -gan,--grp-attn-n=@-b3911 -gaw,--grp-attn-w=@-b3911
-hft,--hf-token,HF_TOKEN= --host,LLAMA_ARG_HOST= --ignore-eos --jinja,LLAMA_ARG_JINJA@b4524-
-j,--json-schema= -jf,--json-schema-file=@b5232- --keep= --license@b7691-b9404 --list-devices@b4168-
--log-colors,LLAMA_ARG_LOG_COLORS= --log-disable --log-file,LLAMA_ARG_LOG_FILE=
--log-jsonl,LLAMA_ARG_LOG_JSONL@b10076- --log-prefix,LLAMA_ARG_LOG_PREFIX --log-prompts-dir=@b9577-
--log-timestamps,LLAMA_ARG_LOG_TIMESTAMPS -v,--verbose,--log-verbose
-lv,--verbosity,--log-verbosity,LLAMA_ARG_LOG_VERBOSITY= -ld,--logdir=@-b4103 -l,--logit-bias=
--lora-init-without-apply --mcp-servers-config,LLAMA_ARG_MCP_SERVERS_CONFIG=@b10076-
--mcp-servers-json,LLAMA_ARG_MCP_SERVERS_JSON=@b10076- --media-path=@b7243-
--metrics,LLAMA_ARG_ENDPOINT_METRICS --min-p= --mirostat= --mirostat-ent= --mirostat-lr=
--mlock,LLAMA_ARG_MLOCK>--load-mode -n,--predict,--n-predict,LLAMA_ARG_N_PREDICT=
--offline,LLAMA_ARG_OFFLINE@b5501- --path,LLAMA_ARG_STATIC_PATH= --penalize-nl@-b4334
--perf,LLAMA_ARG_PERF --port,LLAMA_ARG_PORT= --prefill-assistant,LLAMA_ARG_PREFILL_ASSISTANT@b5415-
--presence-penalty= -p,--prompt=@-b4440 --props,LLAMA_ARG_ENDPOINT_PROPS
-rea,--reasoning,LLAMA_ARG_REASONING=@b8287- --reasoning-budget,LLAMA_ARG_THINK_BUDGET=@b5488-
--reasoning-budget-message,LLAMA_ARG_THINK_BUDGET_MESSAGE=@b8287-
--reasoning-effort,LLAMA_ARG_REASONING_EFFORT=@b10076- --reasoning-format,LLAMA_ARG_THINK=@b4706-
--reasoning-preserve,LLAMA_ARG_REASONING_PRESERVE@b9837- --repeat-last-n= --repeat-penalty=
--reuse-port,LLAMA_ARG_REUSE_PORT@b8560- -r,--reverse-prompt=@b5957-
--rope-freq-base,LLAMA_ARG_ROPE_FREQ_BASE= --samplers=
--sampler-seq,--sampling-seq= -s,--seed= --skip-chat-parsing,LLAMA_ARG_SKIP_CHAT_PARSING@b8397-
--slots,LLAMA_ARG_ENDPOINT_SLOTS --spec-replace,--spec-draft-replace=@b6045-b9108 -sp,--special
--spm-infill --sse-ping-interval,LLAMA_ARG_SSE_PING_INTERVAL=@b9478-
--ssl-cert-file,LLAMA_ARG_SSL_CERT_FILE= --ssl-key-file,LLAMA_ARG_SSL_KEY_FILE=
-spf,--system-prompt-file=@-b3910 --tags,LLAMA_ARG_TAGS=@b8173- --temp,--temperature= --tfs=@-b3988
--threads-http,LLAMA_ARG_THREADS_HTTP= -to,--timeout,LLAMA_ARG_TIMEOUT= --tools,LLAMA_ARG_TOOLS=@b8553-
--tools-runtime,LLAMA_ARG_TOOLS_RUNTIME=@b10076- --top-k,LLAMA_ARG_TOP_K=
--top-nsigma,--top-n-sigma=@b6207- --top-p= --typical,--typical-p= -h,--help,--usage
--verbose-prompt@-b8554 --version --warmup@b4277- --ui,--webui,LLAMA_ARG_UI@b4298-
--ui-config,--webui-config,LLAMA_ARG_UI_CONFIG=@b7462-
--ui-config-file,--webui-config-file,LLAMA_ARG_UI_CONFIG_FILE=@b7462-
--ui-mcp-proxy,--webui-mcp-proxy,LLAMA_ARG_UI_MCP_PROXY@b8217- --xtc-probability=@b3921-
--xtc-threshold=@b3921- --yarn-attn-factor,LLAMA_ARG_YARN_ATTN_FACTOR=
--yarn-beta-fast,LLAMA_ARG_YARN_BETA_FAST= --yarn-beta-slow,LLAMA_ARG_YARN_BETA_SLOW=
--yarn-ext-factor,LLAMA_ARG_YARN_EXT_FACTOR= LLAMA_CACHE=
HF_TOKEN= HF_HOME= LLAMA_CACHE=)";
constexpr char kNotModelled[] = R"(
-bs,--backend-sampling,LLAMA_ARG_BACKEND_SAMPLING@b7627-
--cache-idle-slots,LLAMA_ARG_CACHE_IDLE_SLOTS@b8852- --cache-prompt,LLAMA_ARG_CACHE_PROMPT@b7716-
--cache-reuse,LLAMA_ARG_CACHE_REUSE=@b3915-
-cpent,--checkpoint-every-n-tokens=@b8218-b9309>--checkpoint-min-step
-cms,--checkpoint-min-step,LLAMA_ARG_CHECKPOINT_MIN_SPACING_NT=@b9310-
--clear-idle@b8658-b8851>--cache-idle-slots -cb,--cont-batching,-nocb,LLAMA_ARG_CONT_BATCHING
-C,--cpu-mask= -Cb,--cpu-mask-batch= --spec-draft-cpu-mask-batch,-Cbd,--cpu-mask-batch-draft=@b8955-
--spec-draft-cpu-mask,-Cd,--cpu-mask-draft=@b8955-
--spec-draft-cpu-moe,-cmoed,--cpu-moe-draft,LLAMA_ARG_SPEC_DRAFT_CPU_MOE@b6148- -Cr,--cpu-range=
-Crb,--cpu-range-batch= --spec-draft-cpu-range,-Crd,--cpu-range-draft=@b8955- --cpu-strict=
--cpu-strict-batch= --spec-draft-cpu-strict-batch,--cpu-strict-batch-draft=@b8955-
--spec-draft-cpu-strict,--cpu-strict-draft=@b8955- --spec-draft-device,-devd,--device-draft=@b4168-
--draft-min,--draft-n-min,LLAMA_ARG_DRAFT_MIN=@b4160-b8954>--spec-draft-n-min
--spec-draft-p-min,--draft-p-min,LLAMA_ARG_SPEC_DRAFT_P_MIN=@b4160-
--spec-draft-p-split,--draft-p-split,LLAMA_ARG_SPEC_DRAFT_P_SPLIT=@b8955-
--embd-bge-small-en-default@b4660-b6739 --embd-e5-small-en-default@b4660-b6739 --embd-gemma-default@b6740-
--embd-gte-small-default@b4660-b6739 --embd-normalize=@b9193-
--embedding,--embeddings,LLAMA_ARG_EMBEDDINGS --fim-qwen-1.5b-default@b4743- --fim-qwen-14b-spec@b4858-
--fim-qwen-30b-default@b6301- --fim-qwen-3b-default@b4743- --fim-qwen-7b-default@b4743-
--fim-qwen-7b-spec@b4858- -fitc,--fit-ctx,LLAMA_ARG_FIT_CTX=@b7407- --gpt-oss-120b-default@b6740-
--gpt-oss-20b-default@b6740- -hffv,--hf-file-v,LLAMA_ARG_HF_FILE_V=@b4357-
-hfv,-hfrv,--hf-repo-v,LLAMA_ARG_HF_REPO_V=@b4357- --image-max-tokens,LLAMA_ARG_IMAGE_MAX_TOKENS=@b6935-
--image-min-tokens,LLAMA_ARG_IMAGE_MIN_TOKENS=@b6935-
--kv-unified-per-slot,LLAMA_ARG_KV_UNIFIED_PER_SLOT=@b10076- -lzm,--lazy-mode,LLAMA_ARG_LAZY_MODE=@b10076-
-lcd,--lookup-cache-dynamic=@b7864- -lcs,--lookup-cache-static=@b7864-
-mmdev,--mmproj-device,MTMD_BACKEND_DEVICE=@b10076- --mmproj-offload,LLAMA_ARG_MMPROJ_OFFLOAD@b5178-
-mv,--model-vocoder=@b4357- --models-autoload,LLAMA_ARG_MODELS_AUTOLOAD@b7218-
--models-dir,LLAMA_ARG_MODELS_DIR=@b7218- --models-max,LLAMA_ARG_MODELS_MAX=@b7218-
--models-preset,LLAMA_ARG_MODELS_PRESET=@b7352- --moe-cache-mib,LLAMA_ARG_MOE_CACHE_MIB=@b10076-
--mtmd-batch-max-tokens,LLAMA_ARG_MTMD_BATCH_MAX_TOKENS=@b9617-
-ncffn,--n-cpu-ffn,LLAMA_ARG_N_CPU_FFN=@b10076-
--spec-draft-n-cpu-moe,--spec-draft-ncmoe,-ncmoed,--n-cpu-moe-draft,LLAMA_ARG_SPEC_DRAFT_N_CPU_MOE=@b6148-
--spec-draft-ngl,-ngld,--gpu-layers-draft,--n-gpu-layers-draft,LLAMA_ARG_N_GPU_LAYERS_DRAFT=@b4160-
--no-host,LLAMA_ARG_NO_HOST@b6700- --numa,LLAMA_ARG_NUMA= --op-offload@b5346- --override-kv=
--spec-draft-override-tensor,-otd,--override-tensor-draft=@b6148- --poll= --poll-batch=
--spec-draft-poll-batch,--poll-batch-draft=@b8955- --spec-draft-poll,--poll-draft=@b8955-
--pooling,LLAMA_ARG_POOLING= --prio= --prio-batch= --spec-draft-prio-batch,--prio-batch-draft=@b8955-
--spec-draft-prio,--prio-draft=@b8955- --repack,-nr,LLAMA_ARG_REPACK@b6049-
--rerank,--reranking,LLAMA_ARG_RERANKING --sleep-idle-seconds=@b7492-
-sps,--slot-prompt-similarity= --slot-save-path= --spec-default@b8874-
--spec-draft-backend-sampling,LLAMA_ARG_SPEC_DRAFT_BACKEND_SAMPLING@b9261-
-cd,--ctx-size-draft,--spec-draft-ctx-size=@b4160-b9108
--spec-draft-n-min,LLAMA_ARG_SPEC_DRAFT_N_MIN=@b8955-
--spec-draft-sampling,LLAMA_ARG_SPEC_DRAFT_SAMPLING=@b10076- --spec-ngram-check-rate=@b7864-b7977
--spec-ngram-map-k-min-hits=@b8955- --spec-ngram-map-k-size-m=@b8955- --spec-ngram-map-k-size-n=@b8955-
--spec-ngram-map-k4v-min-hits=@b8955- --spec-ngram-map-k4v-size-m=@b8955-
--spec-ngram-map-k4v-size-n=@b8955- --spec-ngram-min-hits=@b7864- --spec-ngram-mod-n-match=@b8955-
--spec-ngram-mod-n-max=@b8955- --spec-ngram-mod-n-min=@b8955- --spec-ngram-simple-min-hits=@b8955-
--spec-ngram-simple-size-m=@b8955- --spec-ngram-simple-size-n=@b8955- --spec-ngram-size-m=@b7864-
--spec-ngram-size-n=@b7864- --spec-synth-len,LLAMA_ARG_SPEC_SYNTH_LEN=@b10076-
--spec-synth-rates,LLAMA_ARG_SPEC_SYNTH_RATES=@b10076-
-ctxcp,--ctx-checkpoints,--swa-checkpoints,LLAMA_ARG_CTX_CHECKPOINTS=@b6160-
-t,--threads,LLAMA_ARG_THREADS= -tb,--threads-batch=
--spec-draft-threads-batch,-tbd,--threads-batch-draft=@b6150-
--spec-draft-threads,-td,--threads-draft=@b6150- --tts-use-guide-tokens@b4504-
--video-ffmpeg-dir,LLAMA_ARG_VIDEO_FFMPEG_DIR=@b10076- --video-fps,LLAMA_ARG_VIDEO_FPS=@b10076-
--video-timestamp-interval,LLAMA_ARG_VIDEO_TIMESTAMP_INTERVAL=@b10076- --vision-gemma-12b-default@b6740-
--vision-gemma-4b-default@b6740- GGML_CUDA_CUBLAS_COMPUTE_TYPE= GGML_CUDA_DEVICES=
GGML_CUDA_DISABLE_GRAPHS= GGML_CUDA_ENABLE_UNIFIED_MEMORY= GGML_CUDA_NO_PINNED= GGML_CUDA_P2P=
GGML_CUDA_REGISTER_HOST= GGML_OP_OFFLOAD_MIN_BATCH= GGML_VK_ALLOW_SYSMEM_FALLBACK= GGML_CUDA_FORCE_MMQ=
GGML_CUDA_FORCE_CUBLAS= GGML_VK_PREFER_HOST_MEMORY=)";
// ---- reading ---------------------------------------------------------------------------------------------

// 0 and "-1" are the program's own choice.
// tools/rpc/rpc-server.cpp's default.
constexpr char kRpcPort[] = ":50052";

MaybeError ReadOwnChoice(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> value = ReadSize(use.value, SizeRule::kPlain);
  if (!value) return NotTaken(use, "a whole number without suffix");
  if (*value == 0 && option.key == "max_model_len") reading->choices.emplace_back("context=own");
  if (*value < 1) return std::nullopt;
  return SetConfigValue(*FindConfigKey(option.key), Json(*value), &reading->config);
}

// Of a repository without a type the program takes Q4_K_M (common/download.cpp).
MaybeError ReadRepository(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  reading->choices.emplace_back("repository");
  return ReadModel(option, use, reading);
}

MaybeError ReadLayers(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  reading->choices.emplace_back("layers=given");
  if (use.value == "all" || use.value == "-1") {
    reading->choices.emplace_back("layers=all");
    return std::nullopt;
  }
  if (use.value == "auto") {
    reading->choices.emplace_back("layers=auto");
    return std::nullopt;
  }
  const std::optional<int64_t> layers = ReadSize(use.value, SizeRule::kPlain);
  if (!layers || *layers < -1 || *layers > 1000000) return NotTaken(use, "a number of layers, auto or all");
  reading->config.n_gpu_layers = *layers;
  return std::nullopt;
}

MaybeError ReadFlash(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value == "auto" || use.value == "-1") return std::nullopt;
  const std::optional<bool> on = ReadTruth(use.value);
  if (!on) return NotTaken(use, "on, off or auto");
  reading->config.flash_attention = *on;
  return std::nullopt;
}

std::optional<KvType> CacheType(std::string_view word) {
  return KvTypeNamed(word == "f16" ? "fp16" : word == "f32" ? "fp32" : word);
}

MaybeError ReadCacheK(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<KvType> type = CacheType(use.value);
  if (!type) return NotTaken(use, "f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0 or iq4_nl");
  if (!reading->config.kv_cache_dtype) reading->config.kv_cache_dtype = {KvType::kFp16, KvType::kFp16};
  reading->config.kv_cache_dtype->k = *type;
  return std::nullopt;
}
MaybeError ReadCacheV(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const KvType k = reading->config.kv_cache_dtype ? reading->config.kv_cache_dtype->k : KvType::kFp16;
  MaybeError error = ReadCacheK(option, use, reading);
  if (error) return error;
  reading->config.kv_cache_dtype->v = reading->config.kv_cache_dtype->k;
  reading->config.kv_cache_dtype->k = k;
  return std::nullopt;
}
MaybeError ReadDraftCache(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<KvType> type = CacheType(use.value);
  if (!type) return NotTaken(use, "a cache type such as f16 or q8_0");
  reading->config.kv_cache_dtype_draft = std::string(KvTypeName(*type));
  return std::nullopt;
}

MaybeError ReadSplit(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value == "layer" || use.value == "1") reading->config.split_mode = SplitMode::kLayer;
  if (use.value == "row" || use.value == "2") reading->config.split_mode = SplitMode::kRow;
  if (use.value == "none" || use.value == "0") reading->config.split_mode = SplitMode::kNone;
  if (use.value == "tensor") reading->note = "tensor splitting is read as row, which is near";
  if (use.value == "tensor") reading->config.split_mode = SplitMode::kRow;
  return reading->config.split_mode ? std::nullopt : MaybeError(NotTaken(use, "none, layer or row"));
}

// The option may stand more than once: the first match wins.
MaybeError ReadTensors(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  std::string& all = reading->config.override_tensor;
  const std::string joined = all.empty() ? std::string(use.value) : all + "," + std::string(use.value);
  return SetConfigText(*FindConfigKey(option.key), joined, &reading->config);
}

MaybeError ReadMapped(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  reading->config.mmap = use.value == "mmap" || use.value == "mmap+mlock" || use.value == "auto";
  return std::nullopt;
}
MaybeError ReadNoMap(const EngineOption&, const OptionUse&, OptionReading* reading) {
  reading->config.mmap = false;
  return std::nullopt;
}

// --rope-scaling, --rope-scale and --yarn-orig-ctx say one thing together.
RopeScaling ScalingOf(const OptionReading& reading) {
  return ReadRopeScaling(reading.config.rope_scaling).value_or(RopeScaling{"linear", 1, 0});
}
void TakeScaling(const RopeScaling& scaling, OptionReading* reading) {
  reading->config.rope_scaling = RopeScalingText(scaling);
}
MaybeError ReadRopeKind(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value != "none" && use.value != "linear" && use.value != "yarn") {
    return NotTaken(use, "none, linear or yarn");
  }
  RopeScaling scaling = ScalingOf(*reading);
  scaling.kind = use.value == "none" ? "default" : std::string(use.value);
  TakeScaling(scaling, reading);
  return std::nullopt;
}
// --rope-freq-scale is one over the factor.
template <bool kInverse>
MaybeError ReadRopeFactor(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  size_t length = 0;
  double factor = ReadDecimal(use.value, &length);
  if (length == 0 || length != use.value.size() || !(factor >= 0)) return NotTaken(use, "a factor");
  if (factor == 0) return std::nullopt;  // the model's own
  if (kInverse) factor = 1 / factor;
  RopeScaling scaling = ScalingOf(*reading);
  scaling.factor = factor;
  if (!ReadRopeScaling(RopeScalingText(scaling))) return NotTaken(use, "a factor");
  TakeScaling(scaling, reading);
  return std::nullopt;
}
MaybeError ReadRopeOriginal(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> tokens = ReadSize(use.value, SizeRule::kPlain);
  if (!tokens || *tokens < 0) return NotTaken(use, "a number of tokens");
  RopeScaling scaling = ScalingOf(*reading);
  scaling.original = std::min(*tokens, kMaxPositions);
  TakeScaling(scaling, reading);
  return std::nullopt;
}

MaybeError ReadProjector(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  reading->config.multimodal = !use.negated;
  return std::nullopt;
}

MaybeError ReadAdapter(const EngineOption&, const OptionUse&, OptionReading* reading) {
  reading->lora = true;
  reading->max_loras = reading->max_loras.value_or(0) + 1;
  return std::nullopt;
}

MaybeError ReadDevices(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value == "none") {
    reading->config.n_gpu_layers = 0;
    return std::nullopt;
  }
  reading->visible = static_cast<int64_t>(SplitAt(use.value, ',').size());
  const std::string name = Lower(use.value);
  for (const std::string_view backend : {"cuda", "vulkan", "sycl", "metal"}) {
    if (name.starts_with(backend)) reading->config.backend = std::string(backend);
  }
  if (name.starts_with("rocm") || name.starts_with("hip")) reading->config.backend = "hip";
  return std::nullopt;
}

// The machine of the command and a node for each server, taken to have as many cards as this one.
MaybeError ReadRpcServers(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const auto servers = static_cast<int64_t>(SplitAt(use.value, ',').size());
  if (use.value.empty() || servers >= kMaxCards) return NotTaken(use, "addresses such as 192.168.1.2:50052");
  reading->config.nodes = 1 + servers;
  return std::nullopt;
}

std::string WriteRpcServers(const EngineOption&, const LaunchSubject& subject) {
  std::string servers;
  for (int64_t node = 2; node <= subject.resolved.nodes; ++node) {
    servers += (node > 2 ? ",node" : "node") + std::to_string(node) + kRpcPort;
  }
  return servers;
}

// What the other machines run, whose cards the first one's server uses.
std::string RpcServerText() {
  return std::string("rpc-server --host 0.0.0.0 --port ") + (kRpcPort + 1) + "\n";
}

MaybeError ReadSpecType(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value != "none") reading->draft.method = std::string(use.value);
  return std::nullopt;
}

MaybeError ReadFitMargin(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  // One number, or one for each card: the largest is on the safe side.
  int64_t most = -1;
  for (const std::string_view part : SplitAt(use.value, ',')) {
    most = std::max(most, ReadSize(part, SizeRule::kPlain).value_or(-1));
  }
  if (most < 0) return NotTaken(use, "MiB");
  return SetConfigValue(*FindConfigKey(option.key), Json(most), &reading->config);
}

// llama-bench takes lists and measures each; the last value stands for all.
std::string_view LastOf(std::string_view list) {
  const std::vector<std::string_view> parts = SplitAt(list, ',');
  return parts.back();
}
template <ReadOption kRead>
MaybeError LastValue(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  OptionUse last = use;
  last.value = LastOf(use.value);
  if (last.value.size() < use.value.size()) reading->note = "several values: the last is read";
  return kRead(option, last, reading);
}
MaybeError ReadNoOffload(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  return ReadInverted(option, use, reading);
}

// koboldcpp: 0, 1 and 2 are f16, q8_0 and q4_0.
MaybeError ReadKoboldCache(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const KvType type = use.value == "1" ? KvType::kQ8_0 : use.value == "2" ? KvType::kQ4_0 : KvType::kFp16;
  reading->config.kv_cache_dtype = KvTypes{type, type};
  return std::nullopt;
}
template <const char* kName>
MaybeError ReadBackend(const EngineOption&, const OptionUse&, OptionReading* reading) {
  reading->config.backend = kName;
  return std::nullopt;
}
constexpr char kCuda[] = "cuda", kVulkan[] = "vulkan", kHip[] = "hip";

// lms load --gpu max|off|0.5.
MaybeError ReadOffloadShare(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value == "max") {
    reading->choices.emplace_back("layers=all");
  } else if (use.value == "off") {
    reading->config.n_gpu_layers = 0;
  } else {
    size_t length = 0;
    const double share = ReadDecimal(use.value, &length);
    if (length != use.value.size() || length == 0 || !(share >= 0 && share <= 1)) {
      return NotTaken(use, "off, max or a share from 0 to 1");
    }
    reading->choices.push_back("share=" + std::string(use.value));
  }
  return std::nullopt;
}

// ---- writing ---------------------------------------------------------------------------------------------

std::string_view CacheWord(KvType type) {
  if (type == KvType::kFp16) return "f16";
  return type == KvType::kFp32 ? "f32" : KvTypeName(type);
}
std::string WriteCacheK(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<KvTypes>& types = subject.config.kv_cache_dtype;
  return types && types->k != KvType::kAuto ? std::string(CacheWord(types->k)) : "";
}
std::string WriteCacheV(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<KvTypes>& types = subject.config.kv_cache_dtype;
  return types && types->v != KvType::kAuto ? std::string(CacheWord(types->v)) : "";
}
std::string WriteDraftCache(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<KvType> type = KvTypeNamed(subject.config.kv_cache_dtype_draft);
  return type && *type != KvType::kAuto ? std::string(CacheWord(*type)) : "";
}

std::string WriteFlash(const EngineOption&, const LaunchSubject& subject) {
  if (!subject.config.flash_attention) return {};
  return *subject.config.flash_attention ? "on" : "off";
}
// The flag of old: only on.
std::string WriteLayers(const EngineOption& option, const LaunchSubject& subject) {
  const std::string given = WriteKey(option, subject);
  if (!given.empty() && given != "-1") return given;
  // Builds before b6325 put nothing on the card unless they are told.
  const bool all = subject.resolved.version.number > 0 && subject.resolved.version.number < 6325;
  return all && !subject.resolved.ram_alone ? "999" : given.empty() ? "" : "999";
}

std::string WriteRepository(const EngineOption&, const LaunchSubject& subject) {
  return subject.model.find(".gguf") == std::string::npos ? subject.model : "";
}
std::string WriteFile(const EngineOption&, const LaunchSubject& subject) {
  return subject.model.find(".gguf") == std::string::npos ? "" : subject.model;
}
std::string WriteDraftFile(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.speculative ? subject.draft : "";
}
std::string WriteDraftTokens(const EngineOption&, const LaunchSubject& subject) {
  // Heads of EAGLE's first kind are none of its own.
  const std::optional<Speculative>& draft = subject.config.speculative;
  return draft && draft->method != SpeculativeMethod::kEagle ? std::to_string(draft->num_tokens) : "";
}
std::string WriteSpecType(const EngineOption&, const LaunchSubject& subject) {
  if (!subject.config.speculative) return {};
  switch (subject.config.speculative->method) {
    case SpeculativeMethod::kDraft:
      return "draft-simple";
    case SpeculativeMethod::kMtp:
      return "draft-mtp";
    case SpeculativeMethod::kEagle3:
      return "draft-eagle3";
    case SpeculativeMethod::kDflash:
      return "draft-dflash";
    case SpeculativeMethod::kNgram:
      return "ngram-simple";
    case SpeculativeMethod::kEagle:
      return {};
  }
  return {};
}
std::string WriteSwitchWord(const EngineOption& option, const LaunchSubject& subject) {
  const std::string value = WriteKey(option, subject);
  return value == "true" ? "on" : value == "false" ? "off" : "";
}
std::string WriteLoadMode(const EngineOption& option, const LaunchSubject& subject) {
  const std::string value = WriteKey(option, subject);
  return value == "true" ? "mmap" : value == "false" ? "none" : "";
}
// Warns since 2026-07, when --load-mode came.
std::string WriteOldMap(const EngineOption& option, const LaunchSubject& subject) {
  const int64_t build = subject.resolved.version.number;
  return build == 0 || build > 10076 ? "" : WriteKey(option, subject);
}
std::string WriteNoProjector(const EngineOption& option, const LaunchSubject& subject) {
  return WriteKey(option, subject) == "false" ? "false" : "";
}

std::string WriteRopeKind(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<RopeScaling> scaling = ReadRopeScaling(subject.config.rope_scaling);
  if (!scaling) return {};
  return scaling->kind == "default"                             ? "none"
         : scaling->kind == "linear" || scaling->kind == "yarn" ? scaling->kind
                                                                : "";
}
std::string WriteRopeFactor(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<RopeScaling> scaling = ReadRopeScaling(subject.config.rope_scaling);
  return scaling && scaling->factor != 1 ? GeneralDecimal(scaling->factor, 12) : "";
}
std::string WriteRopeOriginal(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<RopeScaling> scaling = ReadRopeScaling(subject.config.rope_scaling);
  return scaling && scaling->original > 0 ? std::to_string(scaling->original) : "";
}

constexpr EngineOption kOptions[] = {
    {.names = "--hf-repo -hf -hfr",
     .variables = "LLAMA_ARG_HF_REPO",
     .key = "model",
     .read = ReadRepository,
     .write = WriteRepository},
    {.names = "--model -m",
     .variables = "LLAMA_ARG_MODEL",
     .key = "model",
     .read = ReadModel,
     .write = WriteFile},
    {.names = "--model-url -mu", .variables = "LLAMA_ARG_MODEL_URL", .key = "model", .read = ReadModel},
    {.names = "--docker-repo -dr",
     .variables = "LLAMA_ARG_DOCKER_REPO",
     .key = "model",
     .read = ReadModel,
     .since = "b6457"},
    {.names = "--hf-file -hff", .variables = "LLAMA_ARG_HF_FILE", .key = "format", .read = ReadModelFile},
    {.names = "--alias -a",
     .variables = "LLAMA_ARG_ALIAS",
     .effect = OptionEffect::kFree,
     .read = ReadServedName},
    {.names = "--ctx-size -c",
     .variables = "LLAMA_ARG_CTX_SIZE",
     .key = "max_model_len",
     .read = ReadOwnChoice,
     .write = WriteKey},
    {.names = "--rope-scaling",
     .variables = "LLAMA_ARG_ROPE_SCALING_TYPE",
     .key = "rope_scaling",
     .read = ReadRopeKind,
     .write = WriteRopeKind},
    {.names = "--rope-scale",
     .variables = "LLAMA_ARG_ROPE_SCALE",
     .key = "rope_scaling",
     .read = ReadRopeFactor<false>,
     .write = WriteRopeFactor},
    {.names = "--rope-freq-scale",
     .variables = "LLAMA_ARG_ROPE_FREQ_SCALE",
     .key = "rope_scaling",
     .read = ReadRopeFactor<true>},
    {.names = "--yarn-orig-ctx",
     .variables = "LLAMA_ARG_YARN_ORIG_CTX",
     .key = "rope_scaling",
     .read = ReadRopeOriginal,
     .write = WriteRopeOriginal},
    {.names = "--parallel -np",
     .variables = "LLAMA_ARG_N_PARALLEL",
     .key = "max_num_seqs",
     .read = ReadOwnChoice,
     .write = WriteKey},
    {.names = "--batch-size -b",
     .variables = "LLAMA_ARG_BATCH",
     .key = "max_num_batched_tokens",
     .write = WriteKey},
    {.names = "--ubatch-size -ub", .variables = "LLAMA_ARG_UBATCH", .key = "n_ubatch", .write = WriteKey},
    {.names = "--n-gpu-layers -ngl --gpu-layers",
     .variables = "LLAMA_ARG_N_GPU_LAYERS",
     .key = "n_gpu_layers",
     .read = ReadLayers,
     .write = WriteLayers},
    {.names = "--flash-attn -fa",
     .variables = "LLAMA_ARG_FLASH_ATTN",
     .value = V::kOptional,
     .key = "flash_attention",
     .read = ReadFlash,
     .write = WriteFlash,
     .since = "b6325"},
    {.names = "--flash-attn -fa",
     .value = V::kNone,
     .key = "flash_attention",
     .read = ReadFlash,
     .write = WriteTrue,
     .until = "b6324"},
    {.names = "--cache-type-k -ctk",
     .variables = "LLAMA_ARG_CACHE_TYPE_K",
     .key = "kv_cache_dtype",
     .read = ReadCacheK,
     .write = WriteCacheK},
    {.names = "--cache-type-v -ctv",
     .variables = "LLAMA_ARG_CACHE_TYPE_V",
     .key = "kv_cache_dtype",
     .read = ReadCacheV,
     .write = WriteCacheV},
    {.names = "--rpc",
     .variables = "LLAMA_ARG_RPC",
     .key = "nodes",
     .read = ReadRpcServers,
     .write = WriteRpcServers},
    {.names = "--split-mode -sm",
     .variables = "LLAMA_ARG_SPLIT_MODE",
     .key = "split_mode",
     .read = ReadSplit,
     .write = WriteKey},
    {.names = "--tensor-split -ts",
     .variables = "LLAMA_ARG_TENSOR_SPLIT",
     .key = "tensor_split",
     .write = WriteKey},
    {.names = "--main-gpu -mg", .variables = "LLAMA_ARG_MAIN_GPU", .key = "main_gpu", .write = WriteKey},
    {.names = "--override-tensor -ot",
     .variables = "LLAMA_ARG_OVERRIDE_TENSOR",
     .key = "override_tensor",
     .read = ReadTensors,
     .write = WriteKey},
    {.names = "--n-cpu-moe -ncmoe",
     .variables = "LLAMA_ARG_N_CPU_MOE",
     .key = "n_cpu_moe",
     .write = WriteKey},
    {.names = "--cpu-moe -cmoe",
     .variables = "LLAMA_ARG_CPU_MOE",
     .value = V::kNone,
     .key = "n_cpu_moe",
     .read = ReadChoice},
    {.names = "--kv-unified -kvu",
     .negated = "--no-kv-unified -no-kvu",
     .variables = "LLAMA_ARG_KV_UNIFIED",
     .value = V::kNone,
     .key = "kv_unified",
     .write = WriteKey},
    {.names = "--kv-offload -kvo",
     .negated = "--no-kv-offload -nkvo",
     .variables = "LLAMA_ARG_KV_OFFLOAD",
     .value = V::kNone,
     .key = "kv_offload",
     .write = WriteKey},
    {.names = "--swa-full",
     .variables = "LLAMA_ARG_SWA_FULL",
     .value = V::kNone,
     .key = "swa_full",
     .write = WriteTrue},
    {.names = "--fit -fit",
     .variables = "LLAMA_ARG_FIT",
     .key = "fit",
     .read = ReadSwitch,
     .write = WriteSwitchWord,
     .since = "b7407"},
    {.names = "--fit-target -fitt",
     .variables = "LLAMA_ARG_FIT_TARGET",
     .key = "fit_target_mib",
     .read = ReadFitMargin,
     .write = WriteKey,
     .since = "b7407"},
    {.names = "--cache-ram -cram",
     .variables = "LLAMA_ARG_CACHE_RAM",
     .key = "cache_ram_mib",
     .write = WriteKey,
     .since = "b6723"},
    {.names = "--load-mode -lm",
     .variables = "LLAMA_ARG_LOAD_MODE",
     .key = "mmap",
     .read = ReadMapped,
     .write = WriteLoadMode,
     .since = "b10077"},
    {.names = "--mmap",
     .negated = "--no-mmap",
     .variables = "LLAMA_ARG_MMAP",
     .value = V::kNone,
     .key = "mmap",
     .write = WriteOldMap},
    {.variables = "LLAMA_ARG_NO_MMAP", .key = "mmap", .read = ReadNoMap},
    {.names = "--mmproj -mm", .variables = "LLAMA_ARG_MMPROJ", .key = "multimodal", .read = ReadProjector},
    {.names = "--mmproj-url -mmu",
     .variables = "LLAMA_ARG_MMPROJ_URL",
     .key = "multimodal",
     .read = ReadProjector},
    {.names = "--mmproj-auto",
     .negated = "--no-mmproj --no-mmproj-auto",
     .variables = "LLAMA_ARG_MMPROJ_AUTO",
     .value = V::kNone,
     .key = "multimodal",
     .read = ReadProjector,
     .write = WriteNoProjector},
    {.names = "--lora", .key = "lora", .read = ReadAdapter},
    {.names = "--lora-scaled", .key = "lora", .read = ReadAdapter},
    {.names = "--device -dev", .variables = "LLAMA_ARG_DEVICE", .key = "gpus", .read = ReadDevices},
    {.names = "--spec-type",
     .variables = "LLAMA_ARG_SPEC_TYPE",
     .key = "speculative",
     .read = ReadSpecType,
     .write = WriteSpecType,
     .since = "b7864"},
    {.names = "--model-draft -md --spec-draft-model",
     .variables = "LLAMA_ARG_SPEC_DRAFT_MODEL",
     .key = "speculative",
     .read = ReadDraftModel,
     .write = WriteDraftFile},
    {.names = "--hf-repo-draft -hfd -hfrd --spec-draft-hf",
     .variables = "LLAMA_ARG_SPEC_DRAFT_HF_REPO",
     .key = "speculative",
     .read = ReadDraftModel},
    {.names = "--spec-draft-n-max",
     .variables = "LLAMA_ARG_SPEC_DRAFT_N_MAX",
     .key = "speculative",
     .read = ReadDraftTokens,
     .write = WriteDraftTokens,
     .since = "b8955"},
    {.names = "--draft-max --draft --draft-n",
     .variables = "LLAMA_ARG_DRAFT_MAX",
     .key = "speculative",
     .read = ReadDraftTokens,
     .write = WriteDraftTokens,
     .until = "b8954",
     .instead = "--spec-draft-n-max"},
    {.names = "--cache-type-k-draft -ctkd --spec-draft-type-k",
     .variables = "LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_K",
     .key = "kv_cache_dtype_draft",
     .read = ReadDraftCache,
     .write = WriteDraftCache},
    {.names = "--cache-type-v-draft -ctvd --spec-draft-type-v",
     .variables = "LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_V",
     .key = "kv_cache_dtype_draft",
     .read = ReadDraftCache,
     .write = WriteDraftCache},
    {.variables = "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES GGML_VK_VISIBLE_DEVICES "
                  "NVIDIA_VISIBLE_DEVICES",
     .key = "gpus",
     .read = ReadVisible},
    {.variables = "GGML_SCHED_MAX_COPIES", .key = "sched_max_copies"},
};
constexpr OptionTable kTable = {kOptions, kFree, kNotModelled};

// examples/main and tools/cli: what a server has not.
constexpr char kCliFree[] =
    "--server -p,--prompt= -f,--file= -i,--interactive -if,--interactive-first -cnv,--conversation "
    "-no-cnv,--no-conversation -st,--single-turn -r,--reverse-prompt= --in-prefix= --in-suffix= -e,--escape "
    "--color? -co --multiline-input -mli --image= --audio= --simple-io --no-display-prompt --prompt-cache= "
    "--prompt-cache-all --prompt-cache-ro --ignore-eos -sys,--system-prompt= -sysf,--system-prompt-file= "
    "--show-timings --instruct -ins --log-disable -n,--predict,--n-predict= --numa= -s,--seed= --temp= "
    "--top-k= --top-p= --min-p= --repeat-penalty= --ppl-stride= --chunks= --hellaswag -pps -npp= -ntg= -npl= "
    "--verbose -v --no-warmup --jinja --reasoning-format= --reasoning-budget= --chat-template=";
// ik_llama.cpp's own (its common/common.cpp).
constexpr char kForkNotModelled[] =
    "-mla,--mla-use= -amb,--attention-max-batch= -fmoe,--fused-moe -nfmoe -rtr,--run-time-repack -ser= "
    "-smgs,--split-mode-graph-scheduling -gr,--graph-reuse -mqkv,--merge-qkv -khad -thp -cuda,--cuda-params= "
    "-no-fmoe -fdn= -mea= -grt= --max-gpu= -ncmoe-draft=";
constexpr OptionTable kCliTable = {{}, kCliFree, kForkNotModelled};

constexpr EngineOption kBenchOptions[] = {
    {.names = "--model -m", .key = "model", .read = LastValue<ReadModel>},
    {.names = "--hf-repo -hf -hfr", .key = "model", .read = LastValue<ReadModel>},
    {.names = "--n-prompt -p", .key = "prompt_tokens", .read = LastValue<ReadOwnChoice>},
    {.names = "--n-gen -n", .key = "output_tokens", .read = LastValue<ReadOwnChoice>},
    {.names = "--batch-size -b", .key = "max_num_batched_tokens", .read = LastValue<ReadOwnChoice>},
    {.names = "--ubatch-size -ub", .key = "n_ubatch", .read = LastValue<ReadOwnChoice>},
    {.names = "--cache-type-k -ctk", .key = "kv_cache_dtype", .read = LastValue<ReadCacheK>},
    {.names = "--cache-type-v -ctv", .key = "kv_cache_dtype", .read = LastValue<ReadCacheV>},
    {.names = "--n-gpu-layers -ngl", .key = "n_gpu_layers", .read = LastValue<ReadLayers>},
    {.names = "--n-cpu-moe -ncmoe", .key = "n_cpu_moe", .read = LastValue<ReadOwnChoice>},
    {.names = "--split-mode -sm", .key = "split_mode", .read = LastValue<ReadSplit>},
    {.names = "--main-gpu -mg", .key = "main_gpu", .read = LastValue<ReadOwnChoice>},
    {.names = "--no-kv-offload -nkvo", .key = "kv_offload", .read = LastValue<ReadNoOffload>},
    {.names = "--flash-attn -fa", .key = "flash_attention", .read = LastValue<ReadFlash>},
    {.names = "--mmap -mmp", .key = "mmap", .read = LastValue<ReadSwitch>},
    {.names = "--tensor-split -ts", .key = "tensor_split"},
    {.names = "--override-tensor -ot", .key = "override_tensor", .read = ReadTensors},
    {.names = "--fit-target -fitt", .key = "fit_target_mib", .read = LastValue<ReadFitMargin>},
    {.names = "--device -dev", .key = "gpus", .read = ReadDevices},
    {.names = "--rpc -rpc", .key = "nodes", .read = ReadRpcServers},
    {.variables = "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES", .key = "gpus", .read = ReadVisible},
};
// tools/llama-bench/llama-bench.cpp.
constexpr char kBenchFree[] =
    "-r,--repetitions= -o,--output= -oe,--output-err= --list-devices -v,--verbose --progress --delay= "
    "--prio= "
    "--poll= -t,--threads= -C,--cpu-mask= --cpu-strict= --numa= -h,--help -embd,--embeddings= "
    "--no-warmup -hff,--hf-file= -hft,--hf-token= -pg=";
constexpr char kBenchNotModelled[] =
    "-d,--n-depth= -nopo,--no-op-offload= -dio,--direct-io= --no-host= -fitc,--fit-ctx= "
    "-mla= -fmoe= -rtr= -amb= -ser=";
constexpr OptionTable kBenchTable = {kBenchOptions, kBenchFree, kBenchNotModelled};

// koboldcpp.py, argparse.
constexpr EngineOption kKoboldOptions[] = {
    {.names = "--model -m", .key = "model", .read = ReadModel},
    {.names = "--contextsize", .key = "max_model_len", .read = ReadOwnChoice},
    {.names = "--gpulayers", .key = "n_gpu_layers", .read = ReadLayers},
    {.names = "--quantkv", .key = "kv_cache_dtype", .read = ReadKoboldCache},
    {.names = "--flashattention", .value = V::kNone, .key = "flash_attention", .read = ReadFlash},
    {.names = "--noflashattention", .value = V::kNone, .key = "flash_attention", .read = ReadInverted},
    {.names = "--blasbatchsize --batchsize", .key = "n_ubatch", .read = ReadOwnChoice},
    {.names = "--tensor_split", .value = V::kMany, .effect = OptionEffect::kNotModelled},
    {.names = "--moecpu", .key = "n_cpu_moe", .read = ReadOwnChoice},
    {.names = "--overridetensors", .key = "override_tensor", .read = ReadTensors},
    {.names = "--usemmap", .value = V::kNone, .key = "mmap"},
    {.names = "--nommap", .value = V::kNone, .key = "mmap", .read = ReadInverted},
    {.names = "--lowvram", .value = V::kNone, .key = "kv_offload", .read = ReadInverted},
    {.names = "--maingpu", .key = "main_gpu", .read = ReadOwnChoice},
    {.names = "--draftmodel", .key = "speculative", .read = ReadDraftModel},
    {.names = "--draftamount", .key = "speculative", .read = ReadDraftTokens},
    {.names = "--mmproj", .key = "multimodal", .read = ReadProjector},
    {.names = "--usecublas --usecuda", .value = V::kMany, .key = "backend", .read = ReadBackend<kCuda>},
    {.names = "--usehipblas", .value = V::kMany, .key = "backend", .read = ReadBackend<kHip>},
    {.names = "--usevulkan", .value = V::kMany, .key = "backend", .read = ReadBackend<kVulkan>},
    {.variables = "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES", .key = "gpus", .read = ReadVisible},
};
constexpr char kKoboldFree[] =
    "--port= --host= --launch --threads= --blasthreads= --highpriority --skiplauncher --quiet --debugmode? "
    "--multiuser= --remotetunnel --websearch --ssl* --onready= --benchmark? --prompt= --promptlimit= "
    "--password= --chatcompletionsadapter= --admin --admindir= --hordemodelname= --config= --ignoremissing "
    "--nomodel --showgui --nocertify --foreground --defaultgenamt= --nobostoken --jinja --noavx2 --failsafe "
    "--unpack= --preloadstory= --savedatafile= --exportconfig= --maxrequestsize=";
constexpr char kKoboldNotModelled[] =
    "--ropeconfig* --contextshift --noshift --nofastforward --useswa --usemlock --usecpu --useclblast* "
    "--smartcontext --smartcache? --lora* --sdmodel= --whispermodel= --ttsmodel= --embeddingsmodel= "
    "--draftgpulayers= --draftgpusplit* --mmprojcpu --visionmaxres= --autofit --enableguidance "
    "--forceversion=";
constexpr OptionTable kKoboldTable = {kKoboldOptions, kKoboldFree, kKoboldNotModelled};

// LM Studio's command line (lmstudio.ai/docs/cli/load).
constexpr EngineOption kStudioOptions[] = {
    {.names = "--gpu", .key = "n_gpu_layers", .read = ReadOffloadShare},
    {.names = "--context-length -c", .key = "max_model_len", .read = ReadOwnChoice},
    {.names = "--parallel", .key = "max_num_seqs", .read = ReadOwnChoice},
    {.names = "--identifier", .effect = OptionEffect::kFree},
};
constexpr OptionTable kStudioTable = {kStudioOptions,
                                      "--ttl= -y,--yes --exact --local --host= --port= --estimate-only", ""};

constexpr OptionSyntax kPythonSyntax = {.equals = true, .underscores = true, .prefixes = true};  // argparse

const EngineProgram kPrograms[] = {
    {.words = "llama-server", .table = &kTable, .also = &kCliTable},
    {.words = "llama serve", .table = &kTable, .also = &kCliTable},
    {.words = "llama-cli", .table = &kCliTable, .also = &kTable},
    {.words = "llama-mtmd-cli", .table = &kCliTable, .also = &kTable},
    {.words = "llama-run", .table = &kTable, .takes_model = true, .also = &kCliTable},
    {.words = "llama-perplexity", .table = &kCliTable, .also = &kTable},
    {.words = "llama-batched-bench", .table = &kCliTable, .also = &kTable},
    {.words = "llama-speculative", .table = &kCliTable, .also = &kTable},
    {.words = "llamafile", .table = &kTable, .also = &kCliTable},
    {.words = "server", .table = &kTable, .also = &kCliTable},
    {.words = "main", .table = &kCliTable, .also = &kTable},
    {.words = "llama-bench", .table = &kBenchTable},
    {.words = "koboldcpp", .table = &kKoboldTable, .takes_model = true},
    {.words = "koboldcpp.py", .table = &kKoboldTable, .takes_model = true},
    {.words = "koboldcpp-linux-x64", .table = &kKoboldTable, .takes_model = true},
    {.words = "lms load", .table = &kStudioTable, .takes_model = true},
    {.words = "-m llama_cpp.server",
     .table = &LlamaPythonServerTable(),
     .also = &LlamaPythonTable(),
     .defaults = kPythonServerDefaults,
     .syntax = &kPythonSyntax},
    {.words = "-m llama_cpp", .table = &LlamaPythonTable(), .defaults = kPythonDefaults},
};

constexpr EngineImage kImages[] = {
    {.repository = "abetlen/llama-cpp-python", .program = "-m llama_cpp.server", .versioned = false},
    {.repository = "ggml-org/llama.cpp", .program = "llama-server", .tag = "server"},
    {.repository = "ggml-org/llama.cpp", .program = "llama-cli", .tag = "light"},
    {.repository = "ggml-org/llama.cpp", .program = "llama-server", .tag = "full"},
    {.repository = "ggerganov/llama.cpp", .program = "llama-server", .tag = "server"},
    {.repository = "ggerganov/llama.cpp", .program = "llama-cli", .tag = "light"},
    {.repository = "ggerganov/llama.cpp", .program = "llama-server", .tag = "full"},
};

int64_t LayersOf(const OptionReading& reading) {
  const Model* model = reading.catalog->FindModel(reading.config.model);
  if (model == nullptr) return 0;
  int64_t layers = 0;
  for (const LayerGroup& group : model->architecture().groups) layers += group.count;
  return layers;
}

void Finish(OptionReading* reading) {
  Config& config = reading->config;
  const int64_t layers = LayersOf(*reading);
  const Model* model = reading->catalog->FindModel(config.model);
  if (model != nullptr && config.format.is_null() && HasChoice(*reading, "repository")) {
    const std::string_view usual = model->native_format == "mxfp4" ? "gguf-mxfp4_moe" : "gguf-q4_k_m";
    config.format = Json(usual);
    reading->remarks.push_back({"format_assumed", Severity::kInfo,
                                "The repository is named without a type: " + std::string(usual) +
                                    " is what the program takes first.",
                                ""});
  }
  if (model != nullptr && HasChoice(*reading, "context=own") && !config.max_model_len) {
    config.max_model_len = std::max<int64_t>(1, model->architecture().max_positions);
  }
  if (HasChoice(*reading, "--cpu-moe") && layers > 0) config.n_cpu_moe = layers;
  for (const std::string& choice : reading->choices) {
    if (!choice.starts_with("share=") || layers == 0) continue;
    size_t length = 0;
    const double share = ReadDecimal(std::string_view(choice).substr(6), &length);
    config.n_gpu_layers = static_cast<int64_t>(std::lround(share * static_cast<double>(layers + 1)));
  }
  // 99, 999: people write more than there are and mean all.
  if (config.n_gpu_layers && layers > 0 && *config.n_gpu_layers > layers) config.n_gpu_layers.reset();
  const int64_t build = reading->version->number;
  // Builds before b6325 put nothing on the card unless they are told.
  const bool told = HasChoice(*reading, "layers=given") || !config.backend.empty();
  if (!told && build > 0 && build < 6325 && !config.engine_version.empty()) config.n_gpu_layers = 0;
  const int64_t nodes = config.nodes.value_or(1);
  const auto shares = static_cast<int64_t>(config.tensor_split.size());
  if (shares > 1 && shares % nodes == 0) config.gpus = shares / nodes;
  if (reading->visible && *reading->visible > 0) config.gpus = *reading->visible;
  if (reading->visible && *reading->visible == 0) config.n_gpu_layers = 0;
}

std::string NameModel(const LaunchSubject& subject, std::string_view model, std::string_view format) {
  const Model* found = subject.catalog.FindModel(model);
  if (found == nullptr) return "model.gguf";
  const Checkpoint* checkpoint = found->FindCheckpoint(format);
  const std::string file = GgufFileName(subject.catalog, model, format);
  if (checkpoint != nullptr && format.starts_with("gguf-")) {
    std::string type(format.substr(5));
    for (char& c : type) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return checkpoint->repo + ":" + type;
  }
  return file + ".gguf";
}

}  // namespace

std::string GgufFileName(const Catalog& catalog, std::string_view model, std::string_view format) {
  const Model* found = catalog.FindModel(model);
  std::string name(found != nullptr ? std::string_view(found->hf_repo) : model);
  name = name.substr(name.find_last_of('/') + 1);
  std::string type(format.starts_with("gguf-") ? format.substr(5) : format);
  for (char& c : type) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return type.empty() ? name : name + "-" + type;
}

const EngineLanguage& LlamaCppLanguage() {
  static const EngineLanguage language = {
      .form = "llama-server",
      // common/arg.cpp takes "_" for "-" in long names
      .syntax = {.underscores = true, .negates = true},
      .programs = kPrograms,
      .images = kImages,
      .classes = LlamaPythonClasses(),
      .finish = Finish,
      .name_model = NameModel,
      .node_text = RpcServerText,
      .image = "ghcr.io/ggml-org/llama.cpp:server-cuda-",
      .rocm_image = "ghcr.io/ggml-org/llama.cpp:server-rocm-",  // docs/docker.md
      .metrics_path = "/metrics",
      .metrics_option = "--metrics",
      .port = 8080,
  };
  return language;
}

}  // namespace plimsoll
