#include "core/engines/vllm/vllm_commands.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/json.h"
#include "core/base/loose_json.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_value.h"
#include "core/engines/option_readers.h"
#include "core/engines/vllm/vllm_version.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;
using V = OptionValue;

// vllm/engine/arg_utils.py, vllm/entrypoints/openai/cli_args.py and vllm/envs.py of the releases from 0.6.0 to
// August 2026. What stands here without a key is known: it costs nothing, or what it does is not modelled.
constexpr char kFree[] = R"(
--additional-config=@0.7.3- --aggregate-engine-logging@0.11.1- --allow-credentials
--allow-deprecated-quantization@0.14.0- --allowed-headers= --allowed-local-media-path=@0.6.4-
--allowed-media-domains=@0.11.1- --allowed-methods= --allowed-origins= --api-key,VLLM_API_KEY*
--api-server-count,-asc=@0.9.1- --calculate-kv-scales@0.7.0-0.26.0 --chat-template=
--chat-template-content-format=@0.6.5- --chat-template-text-format=@0.6.4-0.6.4 --code-revision=
--cohere-format=@0.27.0- --cohere-is-reasoning-model@0.27.0- --collect-detailed-traces= --config=
--config-format=@0.6.1- --cpu-distributed-timeout-seconds=@0.22.0- --cudagraph-metrics@0.13.0-
--data-parallel-address,-dpa=@0.9.0- --data-parallel-backend,-dpb=@0.9.1-
--data-parallel-external-lb,-dpe@0.11.1- --data-parallel-hybrid-lb,-dph@0.10.0-
--data-parallel-multi-port-external-lb,-dpm@0.22.0- --data-parallel-rank,-dpn=@0.9.2-
--data-parallel-rpc-port,-dpp=@0.9.0- --data-parallel-start-rank,-dpr=@0.9.0-
--data-parallel-supervisor-port=@0.22.0- --default-chat-template-kwargs=@0.14.0- --device=@-0.9.2
--diffusion-config,-dc=@0.24.0- --disable-access-log-for-endpoints=@0.16.0- --disable-fastapi-docs@0.6.2-
--disable-frontend-multiprocessing@-0.18.0 --disable-log-requests@-0.16.0>--no-enable-log-requests
--disable-log-stats --disable-mm-preprocessor-cache@0.6.6-0.12.0>--mm-processor-cache-gb=0
--disable-uvicorn-access-log@0.8.2- --distributed-executor-backend= --distributed-timeout-seconds=@0.18.0-
--download-dir= --dp-supervisor-probe-failure-threshold=@0.22.0- --dp-supervisor-probe-interval-s=@0.22.0-
--dp-supervisor-probe-timeout-s=@0.22.0- --ec-manager-config=@0.28- --ec-transfer-config=@0.11.1-
--enable-auto-tool-choice --enable-elastic-ep@0.17.0- --enable-ep-weight-filter@0.19.0-
--enable-fault-tolerance@0.27.0- --enable-force-include-usage@0.9.2-
--enable-layerwise-nvtx-tracing@0.13.0- --enable-log-deltas@0.14.0- --enable-log-outputs@0.10.1-
--enable-log-requests@0.10.1- --enable-logging-iteration-details@0.14.0-
--enable-mamba-cache-stochastic-rounding@0.20.0- --enable-mfu-metrics@0.14.0- --enable-mm-embeds@0.11.1-
--enable-offline-docs@0.14.0- --enable-per-request-metrics@0.25.0- --enable-prompt-embeds@0.9.0-
--enable-prompt-tokens-details@0.6.4- --enable-reasoning@0.7.1-0.9.2 --enable-request-id-headers@0.6.6-
--enable-server-load-tracking@0.8.0- --enable-ssl-refresh@0.8.0- --enable-tokenizer-info-endpoint@0.10.0-
--engine-use-ray@-0.6.1>--distributed-executor-backend=ray
--eplb-log-balancedness@0.9.2-0.11.1>--eplb-config --eplb-step-interval=@0.9.2-0.11.1>--eplb-config
--eplb-window-size=@0.9.2-0.11.1>--eplb-config --exclude-tools-when-tool-choice-none@0.10.1-
--expand-tools-even-if-tool-choice-none@0.9.2-0.9.2 --fail-on-environ-validation@0.17.0-
--fault-tolerance-config=@0.27.0- --fingerprint-mode=@0.21.0- --fingerprint-value=@0.21.0-
--generation-config=@0.6.6- --grpc@0.18.0- --guided-decoding-backend=@-0.10.2>--structured-outputs-config
--guided-decoding-disable-additional-properties@0.9.0-0.10.2>--structured-outputs-config
--guided-decoding-disable-any-whitespace@0.9.0-0.10.2>--structured-outputs-config
--guided-decoding-disable-fallback@0.9.0-0.10.2>--structured-outputs-config
--h11-max-header-count=@0.10.2- --h11-max-incomplete-event-size=@0.10.2- --headless@0.9.0-
--hf-token=@0.8.4- --host= --ignore-patterns= --interleave-mm-strings@0.10.0-
--io-processor-plugin=@0.10.2- --jit-monitor-mode=@0.25.0- --jit-monitor-verbose@0.24.0-
--kv-cache-metrics@0.12.0- --kv-cache-metrics-sample=@0.12.0- --kv-events-config=@0.9.0-
--log-config-file=@0.9.1- --log-error-stack@0.10.2-
--logits-processor-pattern=@0.6.5-0.16.0>--structured-outputs-config --logits-processors*@0.10.1-
--logprobs-mode=@0.10.0- --lora-modules* --mamba-cache-philox-rounds=@0.20.0- --master-addr=@0.11.1-
--master-port=@0.11.1- --max-cpu-loras= --max-log-len= --max-logprobs= --max-parallel-loading-workers=
--media-io-kwargs=@0.9.2- --middleware* --mm-cache-preprocessor@0.6.5-0.6.5>--mm-processor-cache-gb=0
--mm-hasher-algorithm=@0.27.0- --mm-processor-cache-gb=@0.10.1- --mm-processor-cache-type=@0.11.0-
--mm-shm-cache-max-object-size-mb=@0.11.0- --model-class-overrides=@0.26.0- --model-impl=@0.7.2-
--model-loader-extra-config= --node-rank,-r=@0.11.1- --otlp-traces-endpoint=
--override-generation-config=@0.7.1- --override-neuron-config=@-0.10.1
--override-pooler-config=@0.6.4-0.11.1 --pooler-config=@0.11.0- --port= --prefix-caching-hash-algo=@0.8.3-
--prefix-match-unit=@0.26.0- --profiler-config=@0.13.0- --pt-load-map-location=@0.9.0-
--quantization-param-path=@-0.6.6 --ray-workers-use-nsight --reasoning-config=@0.19.0-
--reasoning-parser=@0.7.1- --reasoning-parser-plugin=@0.11.1- --renderer-num-workers=@0.19.0-
--response-role= --return-sampling-mask@0.28- --return-tokens-as-token-ids --revision= --root-path=
--rope-theta=@-0.11.0>--hf-overrides --safetensors-load-strategy=@0.10.2-
--safetensors-prefetch-block-size=@0.21.0- --safetensors-prefetch-num-threads=@0.21.0- --seed=
--show-hidden-metrics-for-version=@0.8.0- --shutdown-timeout=@0.18.0- --skip-tokenizer-init
--ssl-ca-certs= --ssl-cert-reqs= --ssl-certfile= --ssl-ciphers=@0.15.0- --ssl-keyfile=
--structured-outputs-config=@0.11.0- --swap-space=@-0.17.0 --task=@0.6.4-0.12.0>--runner --tokenizer=
--tokenizer-mode= --tokenizer-pool-extra-config=@-0.9.2 --tokenizer-pool-size=@-0.9.2
--tokenizer-pool-type=@-0.9.2 --tokenizer-revision= --tokens-only@0.11.1- --tool-call-parser=
--tool-parser-plugin=@0.6.3- --tool-server=@0.10.1- --trust-remote-code
--trust-request-chat-template@0.11.1- --uds=@0.10.1- --use-fp64-gumbel@0.22.0- --use-tqdm-on-load@0.8.0-
--use-v2-block-manager@-0.9.2 --uvicorn-log-level= --weight-transfer-config=@0.16.0- --worker-cls=@0.6.5-
--worker-extension-cls=@0.8.0- --worker-use-ray@-0.6.6>--distributed-executor-backend=ray HF_HOME=
VLLM_API_KEY= VLLM_ENABLE_V1_MULTIPROCESSING= VLLM_KV_CACHE_LAYOUT= VLLM_LOGGING_LEVEL= VLLM_PORT=
VLLM_TARGET_DEVICE= VLLM_USE_MODELSCOPE= VLLM_USE_RAY_V2_EXECUTOR_BACKEND= VLLM_WORKER_MULTIPROC_METHOD=
HF_HOME= HF_TOKEN= HUGGING_FACE_HUB_TOKEN= HF_HUB_OFFLINE= HF_HUB_ENABLE_HF_TRANSFER= HF_ENDPOINT=
TRANSFORMERS_OFFLINE= TOKENIZERS_PARALLELISM= PYTHONUNBUFFERED= OMP_NUM_THREADS= TZ= -h,--help)";
constexpr char kNotModelled[] = R"(
--all2all-backend=@0.11.1- --async-scheduling@0.10.0-
--attention-config,-ac=@0.13.0- --convert=@0.10.1- --cp-kv-cache-interleave-size=@0.12.0-
--cpu-offload-params=@0.17.0- --data-parallel-size-local,-dpl=@0.9.0-
--dbo-decode-token-threshold=@0.11.0- --dbo-prefill-token-threshold=@0.11.0- --dcp-comm-backend=@0.18.0-
--dcp-kv-cache-interleave-size=@0.11.1- --decode-context-parallel-size,-dcp=@0.10.2-
--default-mm-loras=@0.10.0- --disable-async-output-proc@-0.10.2 --disable-cascade-attn@0.8.2-
--disable-chunked-mm-input@0.8.4- --disable-custom-all-reduce
--disable-logprobs-during-spec-decoding@-0.8.2>--speculative-config
--disable-nccl-for-dp-synchronization@0.11.1- --disable-sliding-window --enable-bf16x3-router-gemm@0.26.0-
--enable-cumem-allocator@0.22.0- --enable-dbo@0.11.0- --enable-eplb@0.9.2-
--enable-flash-late-interaction@0.20.0- --enable-flashinfer-autotune@0.16.0-
--enable-lora-bias@0.6.4-0.11.0 --enable-mixed-moe-lora-format@0.22.0- --enable-moe-shared-loras@0.26.0-
--enable-multimodal-encoder-data-parallel@0.9.1-0.12.0>--mm-encoder-tp-mode=data
--enable-prompt-adapter@-0.10.1 --enable-return-routed-experts@0.14.0- --enable-sleep-mode@0.7.0-
--enable-tower-connector-lora@0.14.0- --eplb-config=@0.10.2- --expert-placement-strategy=@0.11.0-
--fully-sharded-loras --gdn-prefill-backend=@0.18.0- --hf-config-path=@0.8.0-
--ir-op-priority=@0.20.0- --kda-prefill-backend=@0.27.0- --kernel-config=@0.16.0-
--kv-cache-dtype-skip-layers=@0.19.0- --kv-sharing-fast-prefill@0.10.1-
--linear-backend=@0.22.0- --long-lora-scaling-factors=@-0.9.2
--lora-dtype= --lora-extra-vocab-size=@-0.11.1 --lora-target-modules*@0.19.0- --mamba-backend=@0.20.0-
--mamba-block-size=@0.11.1- --mamba-ssu-algorithm=@0.28- --max-context-len-to-capture=@-0.6.3
--max-long-partial-prefills=@0.7.3-0.26.0 --max-num-partial-prefills=@0.7.3-0.26.0
--max-num-scheduled-tokens=@0.26.0- --max-prompt-adapter-token=@-0.9.2 --max-prompt-adapters=@-0.9.2
--max-seq-len-to-capture=@-0.10.2 --mm-device-do-normalize@0.28- --mm-encoder-attn-backend=@0.11.1-
--mm-encoder-attn-dtype=@0.21.0- --mm-encoder-fp8-scale-path=@0.21.0-
--mm-encoder-fp8-scale-save-margin=@0.21.0- --mm-encoder-fp8-scale-save-path=@0.21.0-
--mm-encoder-only@0.15.0- --mm-encoder-tp-mode=@0.10.2- --mm-ipc-gpu-memory-gb=@0.25.0-
--mm-processor-device=@0.28- --mm-processor-kwargs=@0.6.2- --mm-tensor-ipc=@0.19.0- --model=
--multi-step-stream-outputs@0.6.2-0.10.0
--ngram-prompt-lookup-max=@-0.8.2>--speculative-config
--ngram-prompt-lookup-min=@-0.8.2>--speculative-config --num-gpu-blocks-override=
--num-lookahead-slots=@-0.11.1 --num-redundant-experts=@0.9.2-0.11.1>--eplb-config.num_redundant_experts
--num-scheduler-steps=@-0.10.0 --numa-bind@0.20.0- --numa-bind-cpus*@0.20.0- --numa-bind-nodes*@0.20.0-
--offload-backend=@0.17.0- --offload-group-size=@0.17.0- --offload-num-in-group=@0.17.0-
--offload-params=@0.17.0- --offload-prefetch-step=@0.17.0- --override-attention-dtype=@0.9.2-0.27.0
--performance-mode=@0.17.0- --preemption-mode=@-0.10.2 --prefill-context-parallel-size,-pcp=@0.12.0-
--prefill-schedule-interval=@0.24.0- --prefix-cache-retention-interval=@0.28- --prompt-adapters*@-0.9.2
--qlora-adapter-name-or-path=@-0.9.2 --quantization-config=@0.22.0- --replayssm-buffer-len=@0.27.0-
--runner=@0.10.1- --scheduler-cls=@0.7.3-
--scheduler-delay-factor=@-0.10.2 --scheduler-reserve-full-isl@0.19.0-
--skip-mm-profiling@0.10.1- --spec-decoding-acceptance-method=@-0.8.2>--speculative-config
--specialize-active-lora@0.16.0- --speculative-disable-by-batch-size=@-0.8.2>--speculative-config
--speculative-disable-mqa-scorer@0.6.3-0.8.2>--speculative-config
--speculative-draft-tensor-parallel-size,-spec-draft-tp=@-0.8.2>--speculative-config
--speculative-max-model-len=@-0.8.2>--speculative-config --stream-interval=@0.11.1-
--typical-acceptance-sampler-posterior-alpha=@-0.8.2>--speculative-config
--typical-acceptance-sampler-posterior-threshold=@-0.8.2>--speculative-config --ubatch-size=@0.13.0-
--use-gpu-for-pooling-score@0.17.0-0.17.0 --use-replayssm@0.27.0- --video-pruning-method=@0.27.0-
--video-pruning-rate=@0.11.0- --watermark=@0.24.0- NCCL_P2P_DISABLE= PYTORCH_CUDA_ALLOC_CONF=
VLLM_ALL2ALL_BACKEND=@0.9.0- VLLM_ALLOW_CHUNKED_LOCAL_ATTN_WITH_HYBRID_KV_CACHE=@0.10.1-
VLLM_ALLREDUCE_USE_SYMM_MEM=@0.10.2-
LMCACHE_CONFIG_FILE= VLLM_CPU_KVCACHE_SPACE= VLLM_DEEPEP_BUFFER_SIZE_MB=@0.11.0- VLLM_FLASHINFER_WORKSPACE_BUFFER_SIZE=@0.12.0-
VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS=@0.18.0- VLLM_MLA_DISABLE= VLLM_PP_LAYER_PARTITION=
VLLM_SPARSE_INDEXER_MAX_LOGITS_MB= VLLM_USE_DEEP_GEMM= VLLM_USE_FLASHINFER_SAMPLER=
VLLM_USE_NCCL_SYMM_MEM=@0.10.2- VLLM_USE_V1=@0.6.4-0.11.0 VLLM_USE_V2_MODEL_RUNNER=@0.12.0-
VLLM_WEIGHT_OFFLOADING_DISABLE_PIN_MEMORY=@0.16.0- NCCL_P2P_DISABLE= NCCL_IB_DISABLE= NCCL_DEBUG=
NCCL_SOCKET_IFNAME= GLOO_SOCKET_IFNAME= PYTORCH_CUDA_ALLOC_CONF,PYTORCH_ALLOC_CONF=)";
// ---- options with members --------------------------------------------------------------------------------

// The members of a JSON option or the one that a dotted name sets.
template <typename Take>
MaybeError ReadMembers(const OptionUse& use, std::string_view accepted, Take take) {
  if (!use.path.empty()) {
    const std::optional<Json> value = ParseLooseJson(use.value);
    take(use.path, value ? *value : Json(use.value));
    return std::nullopt;
  }
  const std::optional<Json> value = ParseLooseJson(use.value);
  if (!value || !value->is_object()) return NotTaken(use, accepted);
  for (const Json::Member& member : value->members()) take(member.first, member.second);
  return std::nullopt;
}

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : value.Dump(); }

// --speculative-config, vllm/config/speculative.py.
MaybeError ReadSpeculative(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  DraftReading& draft = reading->draft;
  MaybeError error = ReadMembers(use, "{\"method\":…,\"num_speculative_tokens\":k}",
                                 [&](std::string_view name, const Json& value) {
                                   if (name == "method") draft.method = TextOf(value);
                                   if (name == "model") draft.model = TextOf(value);
                                   if (name == "quantization" && value.is_string())
                                     draft.format = TextOf(value);
                                   if (name == "num_speculative_tokens") draft.tokens = value.AsInt();
                                 });
  if (draft.method == "draft_model") draft.method = "draft";
  return error;
}

// Whose cache in RAM: --kv-offloading-backend beside --kv-offloading-size, or --kv-transfer-config, in which LMCache's own
// settings may stand, too (vllm/config/vllm.py _post_init_kv_transfer_config). `Finish` counts ranks.
constexpr std::string_view kLmcache = "lmcache", kLmcacheOff = "lmcache=off",
                           kLmcacheGib = "lmcache_gib=", kBackendLmcache = "backend=lmcache",
                           kConnectorNamed = "connector=named", kHybridOff = "hybrid=off";
// vllm-project/vllm#41445: OffloadingConnector supports the hybrid cache manager, and starts beside it.
constexpr int64_t kNativeBesideHybrid = VllmNumber(0, 21);
// #42865, June 2026: --kv-offloading-backend lmcache is LMCacheMPConnector, which leaves the size to an LMCache server.
// #41847, late in May: a connector named by --kv-transfer-config no longer turns the hybrid manager off that it supports.
constexpr int64_t kLmcacheServer = VllmNumber(0, 23), kHybridBesideNamed = VllmNumber(0, 23);

MaybeError ReadOffloadingBackend(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value == kLmcache) {
    reading->choices.emplace_back(kBackendLmcache);
    if (reading->version->number >= kLmcacheServer) {
      reading->note =
          "an LMCache server of its own keeps it, in RAM of its --l1-size-gb: taken as vLLM's own cache of "
          "--kv-offloading-size";
    }
  } else if (use.value != "native") {
    reading->note = "only native and lmcache are modelled";
  }
  return std::nullopt;
}

std::optional<double> GibIn(std::string_view text) {
  size_t length = 0;
  const double gib = ReadDecimal(text, &length);
  const bool taken = length > 0 && length == text.size() && gib >= 0 && gib < 1e5;
  return taken ? std::optional<double>(gib) : std::nullopt;
}

// Before what the connector is told, which wins.
MaybeError ReadLmcacheSize(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (!GibIn(use.value)) return NotTaken(use, "GiB");
  reading->choices.insert(reading->choices.begin(), std::string(kLmcacheGib) + std::string(use.value));
  return std::nullopt;
}

MaybeError ReadLmcacheSwitch(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (ReadTruth(Lower(use.value)) == false) reading->choices.emplace_back(kLmcacheOff);
  return std::nullopt;
}

MaybeError ReadLmcacheChunk(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value != "256") reading->note = "only chunks of 256 tokens are modelled";
  return std::nullopt;
}

void TakeConnectorSetting(std::string_view name, const Json& value, OptionReading* reading) {
  OptionUse use;
  const std::string text = TextOf(value);
  use.value = text;
  if (name == "lmcache.max_local_cpu_size" && GibIn(text)) {
    reading->choices.push_back(std::string(kLmcacheGib) + text);
  }
  if (name == "lmcache.local_cpu") (void)ReadLmcacheSwitch({}, use, reading);
  if (name == "lmcache.chunk_size") (void)ReadLmcacheChunk({}, use, reading);
  const std::optional<double> bytes = name == "cpu_bytes_to_use" ? value.AsDouble() : std::nullopt;
  if (bytes && *bytes >= 0 && *bytes < 1e15) reading->config.kv_offloading_gib = *bytes / 1073741824;
}

// What else is worth saying of OffloadingConnector, named with all that it is told.
std::string_view NoteOnOffloading(const OptionReading& reading) {
  if (!reading.config.kv_offloading_gib) return "its size is read from cpu_bytes_to_use alone";
  const int64_t number = reading.version->number;
  return number >= kNativeBesideHybrid && number < kHybridBesideNamed
             ? "this release turns its hybrid cache manager off beside it: taken as --kv-offloading-size, "
               "which does not"
             : "";
}

MaybeError ReadTransfer(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  bool offloads = false;
  const auto read = [&](std::string_view name, const Json& value) {
    if (name == "kv_connector_extra_config") {
      for (const Json::Member& member : value.members())
        TakeConnectorSetting(member.first, member.second, reading);
    }
    if (name != "kv_connector") return;
    reading->choices.emplace_back(kConnectorNamed);
    const std::string connector = TextOf(value);
    offloads = connector == "OffloadingConnector";
    if (connector == "LMCacheConnectorV1") {
      reading->config.kv_offloading_backend = kLmcache;
    } else if (!offloads) {
      reading->note = "only what LMCacheConnectorV1 and OffloadingConnector keep in RAM is modelled";
    }
  };
  MaybeError error =
      ReadMembers(use, "{\"kv_connector\":\"LMCacheConnectorV1\",\"kv_role\":\"kv_both\"}", read);
  if (offloads && use.path.empty()) reading->note = NoteOnOffloading(*reading);
  return error;
}

MaybeError ReadHybridOff(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.negated) return std::nullopt;
  reading->choices.emplace_back(kHybridOff);
  reading->note = "modelled where it comes with a cache in RAM";
  return std::nullopt;
}

void TakeGraphs(std::string_view name, const Json& value, OptionReading* reading) {
  Config& config = reading->config;
  const std::string text = Lower(TextOf(value));
  if (name == "cudagraph_mode") {
    reading->choices.push_back(text == "none" || text == "0" ? "graphs=off" : "graphs=on");
  } else if (name == "mode" || name == "level") {
    reading->choices.push_back(text == "0" || text == "none" ? "mode=0" : "mode=on");
  } else if (name == "use_cudagraph") {
    if (text == "false") reading->choices.emplace_back("graphs=off");
  } else if (name == "max_cudagraph_capture_size") {
    if (value.AsInt()) config.max_cudagraph_capture_size = value.AsInt();
  } else if (name == "cudagraph_capture_sizes") {
    int64_t largest = 0;
    for (const Json& size : value.items()) largest = std::max(largest, size.AsInt().value_or(0));
    if (largest > 0 && largest <= 65536) config.max_cudagraph_capture_size = largest;
  }
}

// --compilation-config; -O before 0.12: a bare level, too.
MaybeError ReadCompilation(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.path.empty() && use.value.size() == 1 && use.value[0] >= '0' && use.value[0] <= '3') {
    TakeGraphs("level", Json(int64_t{use.value[0] - '0'}), reading);
    return std::nullopt;
  }
  return ReadMembers(use, "an object, or a level from 0 to 3",
                     [&](std::string_view name, const Json& value) { TakeGraphs(name, value, reading); });
}

// Since 0.12 -O is --optimization-level; 0 is eager.
MaybeError ReadOptimization(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const bool level = use.value.size() == 1 && use.value[0] >= '0' && use.value[0] <= '3';
  if (!level) {
    return option.names.find("-O") != std::string_view::npos ? ReadCompilation(option, use, reading)
                                                             : MaybeError(NotTaken(use, "0, 1, 2 or 3"));
  }
  if (use.value == "0") reading->config.enforce_eager = true;
  return std::nullopt;
}

MaybeError ReadCaptureSizes(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  std::string list(1, '[');
  list += use.value;
  list += ']';
  for (char& c : list) {
    if (c == ' ') c = ',';
  }
  const std::optional<Json> sizes =
      ParseLooseJson(use.value.starts_with('[') ? use.value : std::string_view(list));
  if (!sizes || !sizes->is_array()) return NotTaken(use, "batch sizes");
  TakeGraphs("cudagraph_capture_sizes", *sizes, reading);
  return std::nullopt;
}

// {"image":2,"video":0}; image=2,video=0 up to 0.8.4. The largest count is what a prompt may hold.
MaybeError ReadLimit(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  int64_t most = -1;
  const auto take = [&](const Json& value) {
    const Json* count = value.Find("count");
    const std::optional<int64_t> number = count != nullptr ? count->AsInt() : value.AsInt();
    if (number) most = std::max(most, *number);
  };
  if (use.value.find('{') == std::string_view::npos && use.path.empty()) {
    for (const std::string_view pair : SplitAt(use.value, ',')) {
      const size_t equals = pair.find('=');
      if (equals != std::string_view::npos) take(ScalarOf(pair.substr(equals + 1)));
    }
  } else if (MaybeError error = ReadMembers(use, "{\"image\":n}",
                                            [&](std::string_view, const Json& value) { take(value); })) {
    return error;
  }
  if (most < 0 || most > 65536) return NotTaken(use, "{\"image\":n}");
  reading->config.limit_mm_per_prompt = most;
  return std::nullopt;
}

MaybeError ReadLanguageOnly(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (!use.negated && ReadTruth(use.value).value_or(true)) reading->config.multimodal = false;
  return std::nullopt;
}

// Up to 0.10 "--load-format bitsandbytes" stood beside the quantisation of the same name.
MaybeError ReadLoadFormat(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value == "bitsandbytes" && reading->quantization.empty()) reading->quantization = "bitsandbytes";
  return std::nullopt;
}

// ---- writing ---------------------------------------------------------------------------------------------

std::string WriteDtype(const EngineOption&, const LaunchSubject& subject) {
  const Config& config = subject.config;
  if (!config.dtype.empty()) return config.dtype;
  const std::string& id = config.format.AsString();
  if (id == "fp16") return "float16";
  if (id == "bf16") return "bfloat16";
  return id == "fp32" ? "float32" : "";
}

// What the checkpoint does not say itself: FP8 and bitsandbytes are made at load time (docs/features/quantization).
std::string WriteQuantization(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<NamedModel> named = FindModelNamed(subject.catalog, subject.model);
  const std::string& id = subject.resolved.format->id;
  if (named && named->format == id) return {};
  if (id == "fp8" && named && named->format.empty() && named->model->native_format != id) return "fp8";
  return id == "bnb-nf4" && named && named->format.empty() ? "bitsandbytes" : std::string();
}

std::string_view MethodWord(SpeculativeMethod method) {
  switch (method) {
    case SpeculativeMethod::kDraft:
      return "draft_model";
    case SpeculativeMethod::kMtp:
      return "mtp";
    case SpeculativeMethod::kEagle:
      return "eagle";
    case SpeculativeMethod::kEagle3:
      return "eagle3";
    case SpeculativeMethod::kDflash:
      return "dflash";
    case SpeculativeMethod::kNgram:
      return "ngram";
  }
  return "";
}

std::string WriteSpeculative(const EngineOption&, const LaunchSubject& subject) {
  if (!subject.config.speculative) return {};
  const Speculative& speculative = *subject.config.speculative;
  Json json = Json::MakeObject();
  json.AppendMember("method", MethodWord(speculative.method));
  if (!subject.draft.empty()) json.AppendMember("model", subject.draft);
  json.AppendMember("num_speculative_tokens", speculative.num_tokens);
  return json.Dump();
}
std::string WriteOldDraft(const EngineOption&, const LaunchSubject& subject) {
  if (!subject.config.speculative) return {};
  return subject.config.speculative->method == SpeculativeMethod::kNgram ? "[ngram]" : subject.draft;
}
std::string WriteOldTokens(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.speculative ? std::to_string(subject.config.speculative->num_tokens) : "";
}

// Since transformers 5 all that a config says of rotary embeddings stands in rope_parameters.
bool HasLmcache(const LaunchSubject& subject) { return subject.config.kv_offloading_backend == kLmcache; }
std::string WriteOffloadingSize(const EngineOption& option, const LaunchSubject& subject) {
  return HasLmcache(subject) ? "" : WriteKey(option, subject);
}
// Without it these releases refuse the connector that they make of --kv-offloading-size (see CheckHybridManager).
std::string WriteHybridOff(const EngineOption&, const LaunchSubject& subject) {
  const bool native = subject.config.kv_offloading_gib.value_or(0) > 0 && !HasLmcache(subject);
  return native && subject.resolved.version.number < kNativeBesideHybrid ? "true" : "";
}
// As vLLM itself makes of --kv-offloading-backend lmcache; newer releases make another connector of that.
std::string WriteTransfer(const EngineOption&, const LaunchSubject& subject) {
  if (!HasLmcache(subject)) return {};
  Json transfer = Json::MakeObject();
  transfer.Set("kv_connector", Json("LMCacheConnectorV1"));
  transfer.Set("kv_role", Json("kv_both"));
  if (subject.config.kv_offloading_gib) {
    const int64_t ranks = std::max<int64_t>(1, subject.resolved.tp * subject.resolved.pp);
    Json settings = Json::MakeObject();
    settings.Set("lmcache.local_cpu", Json(true));
    settings.Set("lmcache.max_local_cpu_size",
                 Json(*subject.config.kv_offloading_gib / static_cast<double>(ranks)));
    transfer.Set("kv_connector_extra_config", std::move(settings));
  }
  return transfer.Dump();
}

std::string WriteOverrides(const EngineOption& option, const LaunchSubject& subject) {
  if (subject.resolved.version.number <= VllmNumber(0, 11, 0)) return {};
  const std::string object = WriteRopeObject(option, subject);
  return object.empty() ? object : "{\"rope_parameters\":" + object + "}";
}

std::string WriteLimit(const EngineOption&, const LaunchSubject& subject) {
  if (!subject.config.limit_mm_per_prompt) return {};
  Json json = Json::MakeObject();
  json.AppendMember("image", *subject.config.limit_mm_per_prompt);
  return json.Dump();
}
std::string WriteOldLimit(const EngineOption& option, const LaunchSubject& subject) {
  const std::string count = WriteKey(option, subject);
  return count.empty() ? count : "image=" + count;
}

std::string WriteNoTower(const EngineOption& option, const LaunchSubject& subject) {
  return WriteKey(option, subject) == "false" ? "true" : "";
}

// One type for keys and values is all that there is.
std::string WriteKvType(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<KvTypes>& types = subject.config.kv_cache_dtype;
  if (!types || types->k != types->v || types->k == KvType::kAuto) return {};
  const std::string_view name = KvTypeName(types->k);
  if (name == "fp16") return "float16";
  return name == "bf16" ? "bfloat16" : std::string(name);
}

std::string WriteLength(const EngineOption& option, const LaunchSubject& subject) {
  const std::string value = WriteKey(option, subject);
  return value == "-1" ? "auto" : value;
}

// Before 0.13, which brought the option; the variable is compared letter by letter.
std::string WriteAttentionVariable(const EngineOption&, const LaunchSubject& subject) {
  if (subject.resolved.version.number >= VllmNumber(0, 13)) return {};
  return subject.resolved.attention_backend;
}

constexpr EngineOption kOptions[] = {
    {.names = "--model", .key = "model", .read = ReadModel},
    {.names = "--served-model-name",
     .value = V::kMany,
     .effect = OptionEffect::kFree,
     .read = ReadServedName},
    {.names = "--dtype", .key = "dtype", .read = ReadDtype, .write = WriteDtype},
    {.names = "--quantization -q", .key = "format", .read = ReadQuantization, .write = WriteQuantization},
    {.names = "--load-format", .effect = OptionEffect::kFree, .read = ReadLoadFormat},
    {.names = "--tensor-parallel-size -tp", .key = "tp", .write = WriteTp},
    {.names = "--pipeline-parallel-size -pp", .key = "pp", .write = WritePp},
    {.names = "--data-parallel-size -dp", .key = "dp", .write = WriteDp, .since = "0.8.3"},
    {.names = "--nnodes -n", .key = "nodes", .since = "0.11.1"},
    {.names = "--device-ids", .key = "gpus", .read = ReadVisible, .since = "0.24.0"},
    {.names = "--enable-expert-parallel -ep",
     .value = V::kNone,
     .key = "expert_parallel",
     .write = WriteTrue,
     .since = "0.8.0"},
    {.names = "--max-model-len", .key = "max_model_len", .read = ReadCasedSize, .write = WriteLength},
    {.names = "--rope-scaling",
     .key = "rope_scaling",
     .read = ReadRopeObject,
     .write = WriteRopeObject,
     .until = "0.11.0",
     .instead = "--hf-overrides"},
    {.names = "--hf-overrides",
     .key = "rope_scaling",
     .read = ReadModelOverrides,
     .write = WriteOverrides,
     .since = "0.6.4"},
    {.names = "VLLM_ALLOW_LONG_MAX_MODEL_LEN",
     .variables = "VLLM_ALLOW_LONG_MAX_MODEL_LEN",
     .key = "allow_longer_context",
     .read = ReadSwitch,
     .write = WriteOne},
    {.names = "--max-num-seqs", .key = "max_num_seqs", .write = WriteKey},
    {.names = "--max-num-batched-tokens",
     .key = "max_num_batched_tokens",
     .read = ReadCasedSize,
     .write = WriteKey},
    {.names = "--scheduling-policy",
     .key = "workload",
     .read = ReadWorkloadMember,
     .write = WriteWorkloadMember,
     .since = "0.6.3"},
    {.names = "--long-prefill-token-threshold",
     .key = "workload",
     .read = ReadWorkloadMember,
     .write = WriteWorkloadMember,
     .since = "0.7.3"},
    {.names = "--kv-cache-dtype", .key = "kv_cache_dtype", .read = ReadKvType, .write = WriteKvType},
    {.names = "--gpu-memory-utilization", .key = "gpu_memory_utilization", .write = WriteKey},
    {.names = "--kv-cache-memory-bytes",
     .key = "kv_cache_memory_bytes",
     .read = ReadCasedSize,
     .write = WriteKey,
     .since = "0.10.2"},
    {.names = "--enforce-eager", .value = V::kNone, .key = "enforce_eager", .write = WriteTrue},
    {.names = "--block-size", .key = "block_size", .write = WriteKey},
    {.names = "--enable-prefix-caching",
     .value = V::kNone,
     .key = "enable_prefix_caching",
     .write = WriteKey},
    {.names = "--enable-chunked-prefill",
     .value = V::kNone,
     .key = "enable_chunked_prefill",
     .write = WriteKey},
    {.names = "--speculative-config -sc",
     .key = "speculative",
     .read = ReadSpeculative,
     .write = WriteSpeculative,
     .since = "0.8.0"},
    {.names = "--speculative-model",
     .key = "speculative",
     .read = ReadDraftModel,
     .write = WriteOldDraft,
     .until = "0.7.99",
     .instead = "--speculative-config.model"},
    {.names = "--num-speculative-tokens",
     .key = "speculative",
     .read = ReadDraftTokens,
     .write = WriteOldTokens,
     .until = "0.7.99",
     .instead = "--speculative-config.num_speculative_tokens"},
    {.names = "--speculative-model-quantization",
     .key = "speculative",
     .read = ReadDraftFormat,
     .until = "0.8.2",
     .instead = "--speculative-config.quantization"},
    {.names = "--spec-method", .key = "speculative", .read = ReadDraftMethod, .since = "0.22.0"},
    {.names = "--spec-model", .key = "speculative", .read = ReadDraftModel, .since = "0.22.0"},
    {.names = "--spec-tokens", .key = "speculative", .read = ReadDraftTokens, .since = "0.22.0"},
    {.names = "--cpu-offload-gb", .key = "cpu_offload_gb", .write = WriteKey},
    {.names = "--kv-offloading-size",
     .key = "kv_offloading_gib",
     .write = WriteOffloadingSize,
     .since = "0.11.1"},
    {.names = "--kv-offloading-backend",
     .key = "kv_offloading_backend",
     .read = ReadOffloadingBackend,
     .since = "0.11.1"},
    {.names = "--disable-hybrid-kv-cache-manager",
     .value = V::kNone,
     .read = ReadHybridOff,
     .write = WriteHybridOff,
     .since = "0.9.1"},
    {.names = "--kv-transfer-config",
     .key = "kv_offloading_backend",
     .read = ReadTransfer,
     .write = WriteTransfer,
     .since = "0.6.5"},
    {.names = "LMCACHE_MAX_LOCAL_CPU_SIZE",
     .variables = "LMCACHE_MAX_LOCAL_CPU_SIZE",
     .key = "kv_offloading_gib",
     .read = ReadLmcacheSize},
    {.names = "LMCACHE_LOCAL_CPU",
     .variables = "LMCACHE_LOCAL_CPU",
     .key = "kv_offloading_backend",
     .read = ReadLmcacheSwitch},
    {.names = "LMCACHE_CHUNK_SIZE",
     .variables = "LMCACHE_CHUNK_SIZE",
     .key = "kv_offloading_backend",
     .read = ReadLmcacheChunk},
    {.names = "--enable-lora", .value = V::kNone, .key = "lora", .read = ReadLora, .write = WriteLora},
    {.names = "--max-loras", .key = "lora", .read = ReadMaxLoras, .write = WriteMaxLoras},
    {.names = "--max-lora-rank", .key = "lora", .read = ReadLoraRank, .write = WriteLoraRank},
    {.names = "--language-model-only",
     .value = V::kNone,
     .key = "multimodal",
     .read = ReadLanguageOnly,
     .write = WriteNoTower,
     .since = "0.17.0"},
    {.names = "--limit-mm-per-prompt",
     .key = "limit_mm_per_prompt",
     .read = ReadLimit,
     .write = WriteLimit,
     .since = "0.8.5"},
    {.names = "--limit-mm-per-prompt",
     .key = "limit_mm_per_prompt",
     .read = ReadLimit,
     .write = WriteOldLimit,
     .until = "0.8.4"},
    {.names = "--compilation-config -cc", .key = "max_cudagraph_capture_size", .read = ReadCompilation},
    {.names = "--optimization-level -O", .key = "enforce_eager", .read = ReadOptimization},
    {.names = "--max-cudagraph-capture-size",
     .key = "max_cudagraph_capture_size",
     .write = WriteKey,
     .since = "0.11.1"},
    {.names = "--cudagraph-capture-sizes",
     .value = V::kMany,
     .key = "max_cudagraph_capture_size",
     .read = ReadCaptureSizes,
     .since = "0.11.1"},
    {.names = "--cuda-graph-sizes",
     .value = V::kMany,
     .key = "max_cudagraph_capture_size",
     .read = ReadCaptureSizes,
     .write = WriteKey,
     .since = "0.9.0",
     .until = "0.11.0",
     .instead = "--cudagraph-capture-sizes"},
    {.names = "--attention-backend", .key = "attention_backend", .write = WriteKey, .since = "0.13.0"},
    {.names = "VLLM_ATTENTION_BACKEND",
     .variables = "VLLM_ATTENTION_BACKEND",
     .key = "attention_backend",
     .write = WriteAttentionVariable,
     .until = "0.14.0",
     .instead = "--attention-backend"},
    {.names = "--moe-backend", .key = "moe_backend", .write = WriteKey, .since = "0.17.0"},
    {.names = "--mamba-cache-mode", .key = "mamba_cache_mode", .write = WriteKey},
    {.names = "--mamba-cache-dtype", .key = "mamba_cache_dtype", .write = WriteKey},
    {.names = "--mamba-ssm-cache-dtype", .key = "mamba_ssm_cache_dtype", .write = WriteKey},
    {.variables = "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES",
     .key = "gpus",
     .read = ReadVisible},
};
constexpr OptionTable kTable = {kOptions, kFree, kNotModelled};

constexpr EngineProgram kPrograms[] = {
    {.words = "vllm serve", .table = &kTable, .takes_model = true},
    {.words = "-m vllm.entrypoints.openai.api_server", .table = &kTable},
    {.words = "-m vllm.entrypoints.api_server", .table = &kTable},
    {.words = "-m vllm.entrypoints.cli.main serve", .table = &kTable, .takes_model = true},
    {.words = "vllm bench latency", .table = &kTable},
    {.words = "vllm bench throughput", .table = &kTable},
    {.words = "api_server.py", .table = &kTable},
};

// Up to v0.11.0 the entry point is the api_server module, then "vllm serve": both take --model.
constexpr EngineImage kImages[] = {
    {.repository = "vllm/vllm-openai", .program = "vllm serve"},
    {.repository = "vllm/vllm-openai-rocm", .program = "vllm serve"},
    {.repository = "vllm-cpu-release-repo", .program = "vllm serve"},
    {.repository = "rocm/vllm"},
    {.repository = "rocm/vllm-dev"},
    {.repository = "nvidia/vllm", .versioned = false},
};

constexpr EngineClass kClasses[] = {
    {.name = "LLM",
     .module = "vllm",
     .table = &kTable,
     .positional = "--model",
     .import = "from vllm import LLM",
     .call = "LLM",
     .usual = true},
    {.name = "AsyncEngineArgs", .module = "vllm", .table = &kTable, .positional = "--model", .usual = true},
    {.name = "EngineArgs", .module = "vllm", .table = &kTable, .positional = "--model"},
};

// Since 0.11.1 the nodes find each other without Ray (vllm/engine/arg_utils.py, --nnodes).
std::vector<std::vector<std::string>> NodeWords(const LaunchSubject& subject, int64_t rank,
                                                std::string_view head_address) {
  if (CompareReleases(subject.resolved.version.text, "0.11.1") < 0) {
    return {{"--distributed-executor-backend", "ray"}};
  }
  std::vector<std::vector<std::string>> words = {{"--nnodes", std::to_string(subject.resolved.nodes)},
                                                 {"--node-rank", std::to_string(rank)},
                                                 {"--master-addr", std::string(head_address)}};
  if (rank > 0) words.push_back({"--headless"});
  return words;
}

// vllm/config/vllm.py turned the hybrid manager off beside a connector that was named, and only then made one of
// --kv-offloading-size, which KVConnectorFactory refuses beside the manager ("does not support HMA but HMA is enabled").
void CheckHybridManager(OptionReading* reading) {
  const bool lmcache = HasChoice(*reading, kBackendLmcache);
  const bool refused = reading->version->number < (lmcache ? kLmcacheServer : kNativeBesideHybrid);
  if (!refused || !reading->config.kv_offloading_gib || HasChoice(*reading, kConnectorNamed) ||
      HasChoice(*reading, kHybridOff)) {
    return;
  }
  reading->remarks.push_back({"option_missing", Severity::kError,
                              std::string("With --kv-offloading-size vLLM before ") +
                                  (lmcache ? "0.23.0" : "0.21.0") +
                                  " does not start beside its hybrid cache manager.",
                              "Add --disable-hybrid-kv-cache-manager."});
}

// LMCache's sizes are of a rank, the key's is of all ranks of a replica.
void TakeHostCache(OptionReading* reading) {
  Config& config = reading->config;
  CheckHybridManager(reading);
  if (HasChoice(*reading, kBackendLmcache)) {
    if (!config.kv_offloading_gib) {
      reading->idle.push_back({"--kv-offloading-backend", "--kv-offloading-size"});
    } else if (reading->version->number < kLmcacheServer) {
      config.kv_offloading_backend = kLmcache;
      return;
    }
  }
  if (config.kv_offloading_backend.empty()) {
    constexpr std::string_view kConnector = "LMCacheConnectorV1 in --kv-transfer-config";
    for (const std::string_view name :
         {"LMCACHE_MAX_LOCAL_CPU_SIZE", "LMCACHE_LOCAL_CPU", "LMCACHE_CHUNK_SIZE"}) {
      reading->idle.push_back({name, kConnector});
    }
    return;
  }
  const double ranks = static_cast<double>(config.tp.value_or(1) * config.pp.value_or(1));
  for (const std::string& choice : reading->choices) {
    if (!choice.starts_with(kLmcacheGib)) continue;
    const std::optional<double> gib = GibIn(std::string_view(choice).substr(kLmcacheGib.size()));
    if (gib) config.kv_offloading_gib = *gib * ranks;
  }
  // Without it only what else it is told to use keeps anything, behind RAM.
  if (!HasChoice(*reading, kLmcacheOff)) return;
  config.kv_offloading_backend.clear();
  config.kv_offloading_gib.reset();
}

void Finish(OptionReading* reading) {
  Config& config = reading->config;
  TakeHostCache(reading);
  // Without graphs and without compilation it is eager (vllm/config/vllm.py); either alone is not.
  if (HasChoice(*reading, "graphs=off") ||
      (HasChoice(*reading, "mode=0") && !HasChoice(*reading, "graphs=on"))) {
    config.enforce_eager = true;
  }
  // That the catalog's models with windows for both keep one type for all cards is the engine's affair.
  CountRanks(reading);
}

}  // namespace

const EngineLanguage& VllmLanguage() {
  static const EngineLanguage language = {
      .form = "vllm-serve",
      .syntax = {.equals = true,
                 .underscores = true,
                 .prefixes = true,
                 .negates = true,
                 .dotted = true,
                 .bundles = true},
      .programs = kPrograms,
      .images = kImages,
      .classes = kClasses,
      .finish = Finish,
      .node_words = NodeWords,
      .image = "vllm/vllm-openai:v",
      .rocm_image = "vllm/vllm-openai-rocm:v",  // docs.vllm.ai: Using Docker, AMD ROCm
      .metrics_path = "/metrics",
      .port = 8000,
  };
  return language;
}

}  // namespace plimsoll
