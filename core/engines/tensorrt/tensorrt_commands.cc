#include "core/engines/tensorrt/tensorrt_commands.h"

#include <algorithm>
#include <string>

#include "core/base/decimal.h"
#include "core/base/loose_json.h"
#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/option_readers.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;
using V = OptionValue;

// tensorrt_llm/commands/serve.py and llmapi/llm_args.py of 1.1 to 1.3. What stands here without a key is known:
// it costs nothing, or what it does is not modelled. A name without dashes is a key of the --config file.
constexpr char kFree[] = R"(
--tokenizer= --custom_tokenizer=@1.2- --host= --port= --custom_module_dirs=@1.2- --log_level=
--moe_cluster_parallel_size,--cluster_size= --num_postprocess_workers= --trust_remote_code
--hf_revision,--revision=@1.2- --reasoning_parser=@0.20- --tool_parser=@1.2-
--metadata_server_config_file= --server_role= --fail_fast_on_attention_window_too_large
--otlp_traces_endpoint= --disagg_cluster_uri= --media_io_kwargs=@1.2- --chat_template=@1.2- --grpc@1.3.0-
--served_model_name=@1.3.0- --extra_visual_gen_options=@1.3.0- --extra_encoder_options=
-c,--config,--config_file= -m,--metadata_server_config_file= -t,--server_start_timeout=
-r,--request_timeout= -l,--log_level= --metrics-log-interval= kv_cache_config.event_buffer_max_size=
kv_cache_config.onboard_blocks kv_cache_config.secondary_offload_min_priority= max_input_len= load_format=
print_iter_log,enable_iter_perf_stats,return_perf_metrics,num_postprocess_workers,garbage_collection_gen0_threshold,batch_wait_timeout_ms,guided_decoding_backend=
TRTLLM_SERVER_DISABLE_GC= TRTLLM_WORKER_DISABLE_GC= HF_TOKEN= HF_HOME=)";
constexpr char kNotModelled[] = R"(
--backend= --max_beam_width= --context_parallel_size,--cp_size=@1.1-
--config,--extra_llm_api_options= --enable_attention_dp@1.3.0- --video_pruning_rate=@1.3.0-
kv_cache_config.max_tokens= kv_cache_config.enable_partial_reuse kv_cache_config.max_attention_window=
kv_cache_config.sink_token_length= kv_cache_config.cross_kv_cache_fraction=
kv_cache_config.mamba_ssm_cache_dtype= kv_cache_config.mamba_state_cache_interval=@1.3.0-
kv_cache_config.use_kv_cache_manager_v2@1.3.0- kv_cache_config.use_uvm cuda_graph_config.enable_padding
enable_attention_dp enable_lm_head_tp_in_adp attention_dp_config= moe_config.backend=
moe_config.max_num_tokens= moe_config.load_balancer= context_parallel_size= sparse_attention_config=
scheduler_config.capacity_scheduler_policy= cache_transceiver_config.max_tokens_in_buffer=
torch_compile_config= attn_backend= sampler_type= disable_overlap_scheduler stream_interval=
allreduce_strategy= enable_autotuner mm_encoder_only TLLM_ALLOW_LONG_MAX_MODEL_LEN= TRTLLM_ENABLE_PDL=
--config,--extra_llm_api_options= serve)";
MaybeError ReadKv(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  OptionUse lower = use;
  const std::string word = Lower(use.value);
  lower.value = word;
  return ReadKvType(option, lower, reading);
}

MaybeError ReadHostBytes(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> bytes = ReadSize(use.value, SizeRule::kPlain);
  if (!bytes || *bytes < 0) return NotTaken(use, "bytes");
  reading->choices.push_back("host_bytes=" + std::string(use.value));
  return std::nullopt;
}

MaybeError ReadGraphs(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (use.value == "null" || use.value.empty()) reading->config.enforce_eager = true;
  return std::nullopt;
}
MaybeError ReadBatchSizes(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const std::optional<Json> sizes = ParseLooseJson(use.value);
  int64_t largest = 0;
  if (sizes) {
    for (const Json& size : sizes->items()) largest = std::max(largest, size.AsInt().value_or(0));
  }
  if (largest < 1) return NotTaken(use, "batch sizes");
  return SetConfigValue(*FindConfigKey(option.key), Json(largest), &reading->config);
}

struct AlgorithmWord {
  std::string_view word, format;
};
constexpr AlgorithmWord kAlgorithms[] = {{"FP8", "fp8"},         {"FP8_BLOCK_SCALES", "fp8_per_block"},
                                         {"NVFP4", "nvfp4"},     {"W4A16_AWQ", "awq"},
                                         {"W4A16_GPTQ", "gptq"}, {"W8A8_SQ_PER_CHANNEL", "w8a8_int8"},
                                         {"W8A16", "w8a8_int8"}};
MaybeError ReadAlgorithm(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  for (const AlgorithmWord& row : kAlgorithms) {
    if (row.word == use.value) reading->quantization = std::string(row.format);
  }
  return std::nullopt;
}

MaybeError ReadWhole(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> value = ReadSize(use.value, SizeRule::kPlain);
  if (!value) return NotTaken(use, "a whole number");
  if (*value < 1) return std::nullopt;
  return SetConfigValue(*FindConfigKey(option.key), Json(*value), &reading->config);
}

std::string WriteExpertRanks(const EngineOption&, const LaunchSubject& subject) {
  const bool spread = subject.config.expert_parallel.value_or(false);
  return spread && subject.resolved.tp > 1 ? std::to_string(subject.resolved.tp) : "";
}
std::string WriteKv(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<KvTypes>& types = subject.config.kv_cache_dtype;
  if (!types || types->k != types->v) return {};
  return types->k == KvType::kFp8 || types->k == KvType::kNvfp4 ? std::string(KvTypeName(types->k)) : "";
}

// The names that a --config file has stand beside those of the command line.
constexpr EngineOption kOptions[] = {
    {.names = "--max_batch_size max_batch_size", .key = "max_num_seqs", .read = ReadWhole, .write = WriteKey},
    {.names = "--max_num_tokens max_num_tokens",
     .key = "max_num_batched_tokens",
     .read = ReadWhole,
     .write = WriteKey},
    {.names = "--max_seq_len max_seq_len", .key = "max_model_len", .read = ReadWhole, .write = WriteKey},
    {.names = "--tp_size --tensor_parallel_size tensor_parallel_size", .key = "tp", .write = WriteTp},
    {.names = "--pp_size --pipeline_parallel_size pipeline_parallel_size", .key = "pp", .write = WritePp},
    {.names = "--ep_size --moe_expert_parallel_size moe_expert_parallel_size",
     .key = "expert_parallel",
     .read = ReadExpertRanks,
     .write = WriteExpertRanks},
    {.names = "--gpus_per_node gpus_per_node", .key = "gpus", .read = ReadWhole},
    {.names = "--kv_cache_free_gpu_memory_fraction --free_gpu_memory_fraction "
              "kv_cache_config.free_gpu_memory_fraction",
     .key = "free_gpu_memory_fraction",
     .write = WriteKey},
    {.names = "--kv_cache_dtype kv_cache_config.dtype",
     .key = "kv_cache_dtype",
     .read = ReadKv,
     .write = WriteKv},
    {.names = "quant_config.kv_cache_quant_algo", .key = "kv_cache_dtype", .read = ReadKv},
    {.names = "--enable_chunked_prefill enable_chunked_prefill",
     .value = V::kNone,
     .key = "enable_chunked_prefill",
     .write = WriteTrue},
    {.names = "kv_cache_config.max_gpu_total_bytes", .key = "kv_cache_memory_bytes", .read = ReadWhole},
    {.names = "batch_wait_timeout_iters", .key = "workload", .read = ReadWorkloadMember},
    {.names = "batch_wait_max_tokens_ratio", .key = "workload", .read = ReadWorkloadMember},
    {.names = "kv_cache_config.tokens_per_block", .key = "block_size"},
    {.names = "kv_cache_config.enable_block_reuse", .key = "enable_prefix_caching", .read = ReadSwitch},
    {.names = "kv_cache_config.host_cache_size", .key = "kv_offloading_gib", .read = ReadHostBytes},
    {.names = "cuda_graph_config", .key = "enforce_eager", .read = ReadGraphs},
    {.names = "cuda_graph_config.max_batch_size", .key = "max_cudagraph_capture_size", .read = ReadWhole},
    {.names = "cuda_graph_config.batch_sizes", .key = "max_cudagraph_capture_size", .read = ReadBatchSizes},
    {.names = "dtype", .key = "dtype", .read = ReadDtype},
    {.names = "quant_config.quant_algo", .key = "format", .read = ReadAlgorithm},
    {.names = "speculative_config.decoding_type", .key = "speculative", .read = ReadDraftMethod},
    {.names = "speculative_config.num_nextn_predict_layers", .key = "speculative", .read = ReadDraftTokens},
    {.names = "speculative_config.max_draft_len", .key = "speculative", .read = ReadDraftTokens},
    {.names = "speculative_config.speculative_model_dir speculative_config.speculative_model",
     .key = "speculative",
     .read = ReadDraftModel},
    {.names = "enable_lora", .value = V::kNone, .key = "lora", .read = ReadLora},
    {.names = "lora_config.max_loras", .key = "lora", .read = ReadMaxLoras},
    {.names = "lora_config.max_lora_rank", .key = "lora", .read = ReadLoraRank},
    {.variables = "CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES", .key = "gpus", .read = ReadVisible},
};
constexpr OptionTable kTable = {kOptions, kFree, kNotModelled};

constexpr EngineProgram kPrograms[] = {
    {.words = "trtllm-serve", .table = &kTable, .takes_model = true},
    {.words = "trtllm-serve serve", .table = &kTable, .takes_model = true},
};
constexpr EngineImage kImages[] = {{.repository = "nvidia/tensorrt-llm/release"}};

void Finish(OptionReading* reading) {
  Config& config = reading->config;
  for (const std::string& choice : reading->choices) {
    if (!choice.starts_with("host_bytes=")) continue;
    const std::optional<int64_t> bytes = ReadSize(std::string_view(choice).substr(11), SizeRule::kPlain);
    const int64_t ranks = config.tp.value_or(1) * config.pp.value_or(1);
    if (bytes) config.kv_offloading_gib = Bytes(*bytes).gib() * static_cast<double>(ranks);
  }
  CountRanks(reading);
}

}  // namespace

const EngineLanguage& TensorrtLanguage() {
  static const EngineLanguage language = {
      .form = "trtllm",
      .syntax = {.equals = true},
      .programs = kPrograms,
      .images = kImages,
      .finish = Finish,
      .image = "nvcr.io/nvidia/tensorrt-llm/release:",
      .port = 8000,
  };
  return language;
}

}  // namespace plimsoll
