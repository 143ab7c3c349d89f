#include "core/engines/llama_cpp/llama_python.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/option_readers.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;
using V = OptionValue;

// filename="*Q4_K_M.gguf" finds a file of the repository.
MaybeError ReadPattern(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  for (const char c : use.value) reading->file += c == '*' ? "x-" : std::string(1, c);
  return std::nullopt;
}

// The server's model may be such a pattern, too.
MaybeError ReadPath(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  return use.value.find('*') == std::string_view::npos ? ReadModel(option, use, reading)
                                                       : ReadPattern(option, use, reading);
}

// n_gpu_layers: -1 is all; 0, the default, none.
MaybeError ReadLayers(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> layers = ReadSize(use.value, SizeRule::kPlain);
  if (!layers || *layers < -1) return NotTaken(use, "a number of layers, or -1 for all");
  reading->config.n_gpu_layers.reset();
  if (*layers >= 0) reading->config.n_gpu_layers = *layers;
  if (*layers < 0) reading->choices.emplace_back("layers=given");
  return std::nullopt;
}

// n_ctx: 0 is the model's own length.
MaybeError ReadContext(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> tokens = ReadSize(use.value, SizeRule::kPlain);
  if (!tokens || *tokens < 0) return NotTaken(use, "a number of tokens, or 0 for the model's own");
  reading->config.max_model_len.reset();
  if (*tokens > 0) reading->config.max_model_len = *tokens;
  if (*tokens == 0) reading->choices.emplace_back("context=own");
  return std::nullopt;
}

// ggml.h's enum ggml_type, as a number or by the package's name (GGML_TYPE_Q8_0).
std::optional<KvType> CacheType(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, KvType>, 8> kTypes = {{{"0", KvType::kFp32},
                                                                          {"1", KvType::kFp16},
                                                                          {"2", KvType::kQ4_0},
                                                                          {"3", KvType::kQ4_1},
                                                                          {"6", KvType::kQ5_0},
                                                                          {"7", KvType::kQ5_1},
                                                                          {"8", KvType::kQ8_0},
                                                                          {"30", KvType::kBf16}}};
  for (const auto& [number, type] : kTypes) {
    if (word == number) return type;
  }
  const size_t mark = word.find("GGML_TYPE_");
  const std::string name = Lower(mark == std::string_view::npos ? word : word.substr(mark + 10));
  return KvTypeNamed(name == "f16" ? "fp16" : name == "f32" ? "fp32" : name);
}
template <KvType KvTypes::*kHalf>
MaybeError ReadCache(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<KvType> type = CacheType(use.value);
  if (!type) return NotTaken(use, "a type's number in ggml, such as 8 for q8_0");
  if (!reading->config.kv_cache_dtype) reading->config.kv_cache_dtype = {KvType::kFp16, KvType::kFp16};
  (*reading->config.kv_cache_dtype).*kHalf = *type;
  return std::nullopt;
}

// A list of Python, a list of words, or numbers with commas between them.
MaybeError ReadShares(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  std::string shares;
  for (const char c : use.value) {
    const bool gap = c == ' ' || c == ',';
    if (c == '[' || c == ']' || c == '(' || c == ')') continue;
    if (gap && (shares.empty() || shares.back() == ',')) continue;
    shares += gap ? ',' : c;
  }
  if (shares.ends_with(',')) shares.pop_back();
  return SetConfigText(*FindConfigKey(option.key), shares, &reading->config);
}

MaybeError ReadSplit(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::string word = Lower(use.value);
  if (word == "0" || word.ends_with("none")) reading->config.split_mode = SplitMode::kNone;
  if (word == "1" || word.ends_with("layer")) reading->config.split_mode = SplitMode::kLayer;
  if (word == "2" || word.ends_with("row")) reading->config.split_mode = SplitMode::kRow;
  return reading->config.split_mode ? std::nullopt : MaybeError(NotTaken(use, "0, 1 or 2"));
}

MaybeError ReadAdapter(const EngineOption&, const OptionUse&, OptionReading* reading) {
  reading->lora = true;
  reading->max_loras = 1;
  return std::nullopt;
}

MaybeError ReadProjector(const EngineOption&, const OptionUse&, OptionReading* reading) {
  reading->config.multimodal = true;
  return std::nullopt;
}

// Looking up in the prompt is what the package's server can do.
MaybeError ReadDraft(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  if (Lower(use.value).find("lookup") == std::string::npos) return NotTaken(use, "prompt-lookup-decoding");
  reading->draft.method = "ngram";
  return std::nullopt;
}

// llama_cpp/llama.py and llama_cpp/server/settings.py, 0.3.16; the environment sets the server's, too.
constexpr EngineOption kOptions[] = {
    {.names = "--model_path --model", .variables = "MODEL", .key = "model", .read = ReadPath},
    {.names = "--repo_id --hf_model_repo_id",
     .variables = "HF_MODEL_REPO_ID",
     .key = "model",
     .read = ReadModel},
    {.names = "--filename", .key = "format", .read = ReadPattern},
    {.names = "--model_alias",
     .variables = "MODEL_ALIAS",
     .effect = OptionEffect::kFree,
     .read = ReadServedName},
    {.names = "--n_gpu_layers", .variables = "N_GPU_LAYERS", .key = "n_gpu_layers", .read = ReadLayers},
    {.names = "--n_ctx --context_window", .variables = "N_CTX", .key = "max_model_len", .read = ReadContext},
    {.names = "--n_batch", .variables = "N_BATCH", .key = "max_num_batched_tokens"},
    {.names = "--n_ubatch", .variables = "N_UBATCH", .key = "n_ubatch"},
    {.names = "--flash_attn",
     .variables = "FLASH_ATTN",
     .value = V::kOptional,
     .key = "flash_attention",
     .read = ReadSwitch},
    {.names = "--offload_kqv",
     .variables = "OFFLOAD_KQV",
     .value = V::kOptional,
     .key = "kv_offload",
     .read = ReadSwitch},
    {.names = "--use_mmap",
     .variables = "USE_MMAP",
     .value = V::kOptional,
     .key = "mmap",
     .read = ReadSwitch},
    {.names = "--swa_full", .value = V::kOptional, .key = "swa_full", .read = ReadSwitch},
    {.names = "--kv_unified", .value = V::kOptional, .key = "kv_unified", .read = ReadSwitch},
    {.names = "--type_k", .variables = "TYPE_K", .key = "kv_cache_dtype", .read = ReadCache<&KvTypes::k>},
    {.names = "--type_v", .variables = "TYPE_V", .key = "kv_cache_dtype", .read = ReadCache<&KvTypes::v>},
    {.names = "--split_mode", .variables = "SPLIT_MODE", .key = "split_mode", .read = ReadSplit},
    {.names = "--main_gpu", .variables = "MAIN_GPU", .key = "main_gpu"},
    {.names = "--tensor_split",
     .variables = "TENSOR_SPLIT",
     .value = V::kMany,
     .key = "tensor_split",
     .read = ReadShares},
    {.names = "--lora_path", .variables = "LORA_PATH", .key = "lora", .read = ReadAdapter},
    {.names = "--clip_model_path --mmproj",
     .variables = "CLIP_MODEL_PATH",
     .key = "multimodal",
     .read = ReadProjector},
    {.names = "--chat_handler", .key = "multimodal", .read = ReadProjector},
    {.names = "--draft_model", .variables = "DRAFT_MODEL", .key = "speculative", .read = ReadDraft},
    {.names = "--draft_model_num_pred_tokens",
     .variables = "DRAFT_MODEL_NUM_PRED_TOKENS",
     .key = "speculative",
     .read = ReadDraftTokens},
    {.variables = "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES", .key = "gpus", .read = ReadVisible},
};
constexpr char kFree[] =
    "--verbose? --seed= --n_threads= --n_threads_batch= --chat_format= --use_mlock? --vocab_only? "
    "--tokenizer= "
    "--last_n_tokens_size= --lora_base= --lora_scale= --mul_mat_q? --no_perf? --spm_infill? --cache? "
    "--cache_type= --rope_freq_base= --rope_freq_scale= --yarn_ext_factor= --yarn_attn_factor= "
    "--yarn_beta_fast= --yarn_beta_slow= --yarn_orig_ctx= --rope_scaling_type= --temperature= --max_tokens= "
    "--max_new_tokens= --top_p= --top_k= --min_p= --repeat_penalty= --stop* --streaming? --callbacks= "
    "--callback_manager= --generate_kwargs* --messages_to_prompt= --completion_to_prompt= --grammar= "
    "--grammar_path= --local_dir= --cache_dir= --echo? --logprobs= --suffix= --use_cache? --numa= "
    "--local_dir_use_symlinks?";
constexpr char kNotModelled[] =
    "--logits_all? --embedding? --rpc_servers= --kv_overrides* --cache_size= --pooling_type= --op_offload? "
    "--f16_kv? --additional_files*";
constexpr OptionTable kTable = {kOptions, kFree, kNotModelled};

constexpr char kServerFree[] =
    "--host,HOST= --port,PORT= --ssl_keyfile= --ssl_certfile= --api_key,API_KEY= --interrupt_requests? "
    "--disable_ping_events? --root_path= --hf_tokenizer_config_path= --hf_pretrained_model_name_or_path= "
    "CHAT_FORMAT= N_THREADS= N_THREADS_BATCH= VERBOSE= SEED= USE_MLOCK= CACHE= INTERRUPT_REQUESTS= "
    "ROOT_PATH=";
constexpr OptionTable kServerTable = {{}, kServerFree, "--config_file= LOGITS_ALL= EMBEDDING="};

// langchain_community.llms and .chat_models, llama_index.llms.llama_cpp: the keywords are handed on.
constexpr EngineClass kClasses[] = {
    {.name = "Llama",
     .module = "llama_cpp",
     .table = &kTable,
     .positional = "--model_path",
     .defaults = kPythonDefaults},
    {.name = "Llama",
     .module = "model_path",
     .table = &kTable,
     .positional = "--model_path",
     .defaults = kPythonDefaults},
    {.name = "Llama.from_pretrained",
     .module = "repo_id",
     .table = &kTable,
     .positional = "--repo_id",
     .defaults = kPythonDefaults},
    {.name = "LlamaCpp",
     .module = "model_path",
     .table = &kTable,
     .positional = "--model_path",
     .nested = "model_kwargs",
     .defaults = kPythonDefaults},
    {.name = "ChatLlamaCpp",
     .module = "model_path",
     .table = &kTable,
     .positional = "--model_path",
     .nested = "model_kwargs",
     .defaults = kPythonDefaults},
    {.name = "LlamaCPP",
     .module = "model_path",
     .table = &kTable,
     .positional = "--model_path",
     .nested = "model_kwargs",
     .defaults = kPythonDefaults},
};

}  // namespace

const OptionTable& LlamaPythonTable() { return kTable; }
const OptionTable& LlamaPythonServerTable() { return kServerTable; }
std::span<const EngineClass> LlamaPythonClasses() { return kClasses; }

}  // namespace plimsoll
