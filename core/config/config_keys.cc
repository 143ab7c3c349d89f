#include "core/config/config_keys.h"

namespace plimsoll {
namespace {

constexpr int64_t kMostTokens = 1000000000;
constexpr int64_t kMostSequences = 1000000;

using G = KeyGroup;
using O = KeyOwner;
using T = KeyType;
using W = KeyWidget;

// Each finishes a row for one type of value.
constexpr ConfigKey Whole(ConfigKey key, int64_t least, int64_t most,
                          std::optional<int64_t> Config::*member) {
  key.type = T::kInteger;
  key.widget = W::kNumber;
  key.least = static_cast<double>(least);
  key.most = static_cast<double>(most);
  key.integer = member;
  return key;
}
constexpr ConfigKey Tokens(ConfigKey key, int64_t least, int64_t most,
                           std::optional<int64_t> Config::*member) {
  key.tokens = true;
  return Whole(key, least, most, member);
}
// -1 is a word of its own.
constexpr ConfigKey OrMinusOne(ConfigKey key, std::string_view means, std::string_view word) {
  key.minus_one = means;
  key.minus_word = word;
  return key;
}
constexpr ConfigKey Real(ConfigKey key, double least, double most, std::optional<double> Config::*member) {
  key.type = T::kNumber;
  key.widget = W::kNumber;
  key.least = least;
  key.most = most;
  key.number = member;
  return key;
}
constexpr ConfigKey Switch(ConfigKey key, std::optional<bool> Config::*member, bool inverted = false) {
  key.type = T::kSwitch;
  key.widget = W::kSwitch;
  key.flag = member;
  key.shown_inverted = inverted;
  return key;
}
constexpr ConfigKey List(ConfigKey key, std::string_view of_what, double least, double most,
                         std::vector<double> Config::*member, char also_split_by = 0) {
  key.type = T::kNumberList;
  key.accepted = of_what;
  key.least = least;
  key.most = most;
  key.numbers = member;
  key.also_split_by = also_split_by;
  return key;
}
constexpr ConfigKey Words(ConfigKey key, std::string_view accepted, int longest, std::string Config::*member,
                          bool joins_lists = false) {
  key.type = T::kText;
  key.accepted = accepted;
  key.most = longest;
  key.text = member;
  key.joins_lists = joins_lists;
  return key;
}
template <size_t N>
constexpr ConfigKey OneOf(ConfigKey key, T type, const std::array<KeyChoice, N>& choices) {
  key.type = type;
  key.widget = W::kChoice;
  key.choices = choices.data();
  key.choice_count = static_cast<int>(N);
  return key;
}
constexpr ConfigKey Object(ConfigKey key, T type, std::string_view accepted, W widget = W::kText) {
  key.type = type;
  key.accepted = accepted;
  key.widget = widget;
  return key;
}
constexpr ConfigKey Picked(ConfigKey key) {
  key.widget = W::kPicker;
  return key;
}
constexpr ConfigKey Else(ConfigKey key, std::string_view absent) {
  key.absent = absent;
  return key;
}

// The order is that of the contract and of every encoded link. Append only.
constexpr ConfigKey kKeys[] = {
    Object({"model", "m", O::kEveryEngine, G::kModel, "Model",
            "Which model: its id in the catalog, or an object with the keys of a Hugging Face config.json."},
           T::kModel, "a catalog id such as \"llama-3.1-70b\", or an object with config.json keys",
           W::kPicker),
    Object({"format", "q", O::kEveryEngine, G::kModel, "Weight format",
            "How the weights are stored; by default as the model was released."},
           T::kFormat, "a format id such as \"awq-int4\", or an object with an \"id\"", W::kPicker),
    Picked(Words({"engine", "e", O::kEveryEngine, G::kEngine, "Engine", "The serving engine."},
                 "an engine's id", 32, &Config::engine)),
    Words({"engine_version", "ev", O::kEveryEngine, G::kEngine, "Engine version",
           "The engine's release or build, such as 0.10.2 or b4589; by default the newest one known."},
          "a version such as \"0.10.2\" or \"b4589\"", 64, &Config::engine_version),
    Object({"gpu", "g", O::kEveryEngine, G::kHardware, "GPU",
            "The card's id in the catalog, or a list of ids where cards differ."},
           T::kGpuList, "", W::kPicker),
    List({"gpu_memory_mib", "gm", O::kEveryEngine, G::kMore, "Card memory, MiB",
          "What the driver gives of a card in MiB, instead of the catalog's figure; one number, or one per "
          "card."},
         "MiB", 1, 1e9, &Config::gpu_memory_mib),
    Whole({"gpus", "n", O::kEveryEngine, G::kHardware, "GPUs per node",
           "GPUs in one node; default 1; 0 where the engine runs in RAM alone."},
          0, kMaxCards, &Config::gpus),
    Whole({"nodes", "nn", O::kEveryEngine, G::kHardware, "Nodes", "Machines; default 1."}, 1, kMaxCards,
          &Config::nodes),
    Whole({"tp", "tp", O::kRanks, G::kHardware, "Tensor parallel",
           "GPUs that share every layer; by default all of a node unless pp or dp say otherwise."},
          1, kMaxCards, &Config::tp),
    Whole({"pp", "pp", O::kRanks, G::kHardware, "Pipeline parallel",
           "Stages that the layers are cut into; default 1."},
          1, kMaxCards, &Config::pp),
    Whole({"dp", "dp", O::kRanks, G::kHardware, "Data parallel",
           "Replicas that share the requests; default 1."},
          1, kMaxCards, &Config::dp),
    Switch({"expert_parallel", "ep", O::kRanks, G::kHardware, "Expert parallel",
            "Whole experts are spread over the tp x dp ranks."},
           &Config::expert_parallel),
    OrMinusOne(Tokens({"max_model_len", "ctx", O::kEveryEngine, G::kLoad, "Context, tokens",
                       "The longest sequence in tokens; -1: as long as fits; by default the model's own."},
                      1, kMostTokens, &Config::max_model_len),
               "as long as fits", "auto"),
    Whole({"max_num_seqs", "seqs", O::kEveryEngine, G::kLoad, "Sequences at most",
           "How many sequences run at once."},
          1, kMostSequences, &Config::max_num_seqs),
    Tokens({"max_num_batched_tokens", "mbt", O::kEveryEngine, G::kEngine, "Batched tokens",
            "How many tokens one step takes at most."},
           1, kMostTokens, &Config::max_num_batched_tokens),
    Tokens({"n_ubatch", "ub", O::kGgml, G::kEngine, "Physical batch",
            "Tokens that one pass over the graph computes; default 512."},
           1, 1 << 20, &Config::n_ubatch),
    OneOf({"kv_cache_dtype", "kv", O::kEveryEngine, G::kModel, "KV cache type",
           "The type of cached keys and values, for both or as {\"k\":…,\"v\":…}; auto follows the model."},
          T::kKvTypes, kKvTypeChoices),
    Real({"gpu_memory_utilization", "util", O::kCardShare, G::kEngine, "Share of the card",
          "The share of a card that the engine takes, from 0 to 1."},
         0.01, 1, &Config::gpu_memory_utilization),
    Else(Whole({"kv_cache_memory_bytes", "kvb", O::kPagedServer, G::kMore, "KV pool, bytes",
                "A fixed size of the KV pool on each GPU, instead of what the share leaves."},
               1, int64_t{1} << 50, &Config::kv_cache_memory_bytes),
         "by share"),
    Switch({"enforce_eager", "eager", O::kPagedServer, G::kEngine, "CUDA graphs",
            "Eager execution goes without CUDA graphs, their memory and their speed."},
           &Config::enforce_eager, true),
    Else(Tokens(
             {"block_size", "bs", O::kPagedServer, G::kMore, "Block size", "Tokens in a block of the cache."},
             1, 65536, &Config::block_size),
         "by model"),
    Switch({"enable_prefix_caching", "pc", O::kHostCache, G::kMore, "Prefix caching",
            "Sequences that begin alike share that part of the cache."},
           &Config::enable_prefix_caching),
    Switch({"enable_chunked_prefill", "cp", O::kPagedServer, G::kMore, "Chunked prefill",
            "Prompts are computed in chunks beside decoding."},
           &Config::enable_chunked_prefill),
    Else(Object({"speculative", "spec", O::kEveryEngine, G::kMore, "Speculative decoding",
                 "A draft that proposes tokens: "
                 "{\"method\":\"draft|mtp|eagle|eagle3|dflash|ngram\",\"model\":id,\"format\":id,\"num_"
                 "tokens\":k}."},
                T::kSpeculative,
                "{\"method\":\"draft|mtp|eagle|eagle3|dflash|ngram\",\"model\":id,\"format\":id,\"num_"
                "tokens\":k}"),
         "none"),
    Switch({"flash_attention", "fa", O::kGgml, G::kEngine, "Flash attention",
            "Attention never holds its whole matrix of scores; on by default."},
           &Config::flash_attention),
    OrMinusOne(Whole({"n_gpu_layers", "ngl", O::kGgml, G::kMore, "Layers on the GPU",
                      "How many layers the cards hold; -1 or absent: all."},
                     0, 100000, &Config::n_gpu_layers),
               "all", "all"),
    Whole({"n_cpu_moe", "ncmoe", O::kGgml, G::kMore, "Expert layers in RAM",
           "Layers whose experts stay in RAM; default 0."},
          0, 100000, &Config::n_cpu_moe),
    OneOf({"split_mode", "sm", O::kGgml, G::kHardware, "Split over cards",
           "Whether cards take whole layers (the default) or rows of each."},
          T::kSplitMode, kSplitModeChoices),
    Switch({"kv_unified", "kvu", O::kGgml, G::kMore, "One KV cache for all",
            "All sequences share one cache instead of a slot each."},
           &Config::kv_unified),
    Real({"cpu_offload_gb", "off", O::kPagedServer, G::kMore, "Offload to RAM, GB",
          "GiB of each GPU's weights that stay in RAM; default 0."},
         0, 100000, &Config::cpu_offload_gb),
    Else(Object({"lora", "lora", O::kBudgeted, G::kMore, "LoRA adapters",
                 "Room for adapters: {\"max_loras\":n,\"max_rank\":r}."},
                T::kLora, "{\"max_loras\":n,\"max_rank\":r}"),
         "none"),
    Switch({"multimodal", "mm", O::kEveryEngine, G::kMore, "Vision tower", "Load the vision tower too."},
           &Config::multimodal),
    Tokens({"prompt_tokens", "in", O::kEveryEngine, G::kMore, "Prompt tokens",
            "Tokens of a prompt, for speed; default 1,024."},
           1, kMostTokens, &Config::prompt_tokens),
    Tokens({"output_tokens", "out", O::kEveryEngine, G::kMore, "Output tokens",
            "Tokens of an answer, for speed; default 256."},
           1, kMostTokens, &Config::output_tokens),
    Whole({"concurrency", "c", O::kEveryEngine, G::kMore, "Users at once",
           "Requests that run side by side, for speed; default 1."},
          1, kMostSequences, &Config::concurrency),
    Object({"workload", "w", O::kEveryEngine, G::kLoad, "Workload",
            "How the requests of `schedule` come: {\"arrival\":\"poisson\",\"arrival_rate\":2,…}."},
           T::kWorkload,
           "{\"arrival\":\"poisson\",\"arrival_rate\":2,…}: how the requests of `schedule` come", W::kForm),
    Else(
        List({"reserved_mib", "rsv", O::kEveryEngine, G::kMore, "Held by others, MiB",
              "MiB of a card that a display or other programs hold; one number, or one per card; default 0."},
             "MiB", 0, 1e9, &Config::reserved_mib),
        "0"),
    Else(Words({"override_tensor", "ot", O::kGgml, G::kMore, "Tensors elsewhere, -ot",
                "Which tensors go where, PATTERN=BUFFER,… as -ot takes it: exps=CPU, blk\\.1.\\.ffn=CUDA1."},
               "PATTERN=BUFFER pairs such as \"exps=CPU\", up to 4,096 characters", 4096,
               &Config::override_tensor, true),
         "none"),
    Else(List({"tensor_split", "ts", O::kGgml, G::kMore, "Split of the cards, -ts",
               "Proportions of the cards, such as 3,1; by default by free memory."},
              "proportions", 0, 1e9, &Config::tensor_split, '/'),
         "by free memory"),
    Whole({"max_cudagraph_capture_size", "cgs", O::kPagedServer, G::kMore, "Largest captured batch",
           "The largest batch whose CUDA graph is captured."},
          1, 65536, &Config::max_cudagraph_capture_size),
    Whole({"limit_mm_per_prompt", "lmm", O::kCardShare, G::kMore, "Images in a prompt",
           "Images or videos in a prompt; 0: the language model only."},
          0, 65536, &Config::limit_mm_per_prompt),
    Words({"dtype", "dt", O::kPagedServer, G::kMore, "Type of plain weights",
           "The type of what is not quantised: auto, float16, bfloat16 or float32."},
          "auto, float16, bfloat16 or float32", 16, &Config::dtype),
    Words({"mamba_cache_mode", "mcm", O::kCardShare, G::kMore, "States kept for equal beginnings",
           "Which recurrent states are kept for equal beginnings: none, align or all."},
          "none, align or all", 16, &Config::mamba_cache_mode),
    Words({"mamba_cache_dtype", "mcd", O::kCardShare, G::kMore, "Type of recurrent memory",
           "The type of recurrent layers' convolutions and states: auto, float16, bfloat16 or float32."},
          "auto, float16, bfloat16 or float32", 16, &Config::mamba_cache_dtype),
    Words({"mamba_ssm_cache_dtype", "msd", O::kPagedServer, G::kMore, "Type of recurrent states",
           "The type of recurrent states alone: auto, float16, bfloat16 or float32."},
          "auto, float16, bfloat16 or float32", 16, &Config::mamba_ssm_cache_dtype),
    Real({"kv_offloading_gib", "koff", O::kHostCache, G::kMore, "Cache in RAM, GiB",
          "GiB of RAM for cached keys and values, over all ranks of a replica; default 0."},
         0, 1e6, &Config::kv_offloading_gib),
    Words({"kv_offloading_backend", "kob", O::kCardShare, G::kMore, "Keeper of the cache in RAM",
           "Who keeps cached keys and values in RAM: native or lmcache."},
          "native or lmcache", 16, &Config::kv_offloading_backend),
    Real({"ram_gib", "ram", O::kEveryEngine, G::kHardware, "RAM, GiB",
          "Memory of the machine; what lies in it is judged where this is given."},
         0.5, 1 << 20, &Config::ram_gib),
    Real({"ram_gb_per_s", "rbw", O::kEveryEngine, G::kHardware, "RAM bandwidth, GB/s",
          "The bandwidth of the machine's memory as its makers count it; by default by kind of machine."},
         1, 1e5, &Config::ram_gb_per_s),
    Words({"backend", "be", O::kGgml, G::kEngine, "Backend",
           "What computes: cuda, hip, vulkan, metal, sycl or cpu; by default by card."},
          "cuda, hip, vulkan, metal, sycl or cpu", 16, &Config::backend),
    Switch({"mmap", "mmap", O::kGgml, G::kMore, "Map the file",
            "Map the file instead of reading it; on by default."},
           &Config::mmap),
    Switch({"kv_offload", "kvo", O::kGgml, G::kMore, "Cache on the cards",
            "The cache is on the cards; on by default."},
           &Config::kv_offload),
    Switch({"swa_full", "swaf", O::kGgml, G::kMore, "Whole context in windows",
            "Layers with a sliding window keep the whole context."},
           &Config::swa_full),
    Switch({"fit", "fit", O::kGgml, G::kMore, "Fit to free memory",
            "What is not given is fitted to the free memory; on by default."},
           &Config::fit),
    Whole({"fit_target_mib", "fitt", O::kGgml, G::kMore, "Left free by fitting, MiB",
           "What fitting leaves free on each card; default 1024."},
          0, 1 << 20, &Config::fit_target_mib),
    Whole(
        {"main_gpu", "mg", O::kGgml, G::kMore, "Main GPU", "The card that split mode none uses; default 0."},
        0, kMaxCards - 1, &Config::main_gpu),
    OrMinusOne(Whole({"cache_ram_mib", "cram", O::kGgml, G::kMore, "Prompts kept in RAM, MiB",
                      "How much RAM keeps earlier prompts; -1: without a limit; default 8192."},
                     0, 1 << 24, &Config::cache_ram_mib),
               "no limit", "no limit"),
    Whole({"sched_max_copies", "smc", O::kGgml, G::kMore, "Copies for pipelining",
           "Copies of inputs for pipelining; builds without peer copies have 1; default 4."},
          1, 16, &Config::sched_max_copies),
    Words({"kv_cache_dtype_draft", "kvd", O::kGgml, G::kMore, "Cache type of the draft",
           "The cache type of the draft's context; default fp16."},
          "a cache type such as fp16 or q8_0", 16, &Config::kv_cache_dtype_draft),
    Real({"mem_fraction_static", "mfs", O::kFreeShare, G::kEngine, "Static share",
          "The share of what is free at start that weights and pools take, from 0 to 1."},
         0.01, 1, &Config::mem_fraction_static),
    OrMinusOne(Tokens({"chunked_prefill_size", "cps", O::kFreeShare, G::kEngine, "Prompt chunk, tokens",
                       "Tokens of a prompt that one step takes; -1: whole prompts; by default by card."},
                      1, kMostTokens, &Config::chunked_prefill_size),
               "whole prompts", "off"),
    Whole({"max_running_requests", "mrr", O::kFreeShare, G::kLoad, "Requests at once",
           "How many requests run at once; by default by the size of the pool."},
          1, kMostSequences, &Config::max_running_requests),
    Else(Tokens({"max_total_tokens", "mtt", O::kFreeShare, G::kMore, "Most tokens in the pool",
                 "The pool holds no more tokens than that."},
                1, int64_t{1} << 40, &Config::max_total_tokens),
         "by share"),
    Switch(
        {"enable_dp_attention", "dpa", O::kFreeShare, G::kHardware, "Data-parallel attention",
         "The replicas of dp divide attention among the ranks of tp; experts stay spread over all of them."},
        &Config::enable_dp_attention),
    Else(Whole({"max_mamba_cache_size", "mms", O::kFreeShare, G::kMore, "Recurrent states",
                "How many recurrent states the pool holds."},
               1, kMostSequences, &Config::max_mamba_cache_size),
         "by ratio"),
    Real({"mamba_full_memory_ratio", "mfr", O::kFreeShare, G::kMore, "States to cache",
          "Memory of recurrent states over that of keys and values; default 0.9."},
         0.001, 1000, &Config::mamba_full_memory_ratio),
    Real({"swa_full_tokens_ratio", "swr", O::kFreeShare, G::kMore, "Windows to whole layers",
          "Tokens in the pool of layers with a window over those in the pool of the others; default 0.8."},
         0.001, 1, &Config::swa_full_tokens_ratio),
    Real({"hicache_ratio", "hcr", O::kFreeShare, G::kMore, "Cache in RAM, of the pool",
          "RAM for cached keys and values over the pool of the cards, where no size is given; default 0: "
          "none."},
         0, 1000, &Config::hicache_ratio),
    Object({"cal", "cal", O::kEveryEngine, G::kMore, "Calibration",
            "How this machine differs from what is predicted, as read from its log or benchmark; the report "
            "has both "
            "numbers."},
           T::kCalibration, "{\"outside_gib\":x,\"activation\":x,\"decode\":x,\"prefill\":x}"),
    Whole({"iogpu_wired_limit_mb", "wired", O::kEveryEngine, G::kHardware, "GPU limit of macOS, MiB",
           "What sysctl iogpu.wired_limit_mb gives to the GPU of an Apple machine; by default by memory."},
          256, 1 << 20, &Config::iogpu_wired_limit_mb),
    Words({"rope_scaling", "rope", O::kEveryEngine, G::kMore, "RoPE scaling",
           "How the rotary embedding is stretched, in the place of the model's own: kind, factor and the "
           "length it "
           "starts from, as in yarn:4:32768."},
          "KIND:FACTOR or KIND:FACTOR:ORIGINAL, such as \"yarn:4:32768\"", 64, &Config::rope_scaling),
    Switch({"allow_longer_context", "alc", O::kPagedServer, G::kMore, "Longer than the model",
            "Lets max_model_len be longer than the model's own; by default the engine refuses it."},
           &Config::allow_longer_context),
    Real({"free_gpu_memory_fraction", "fgf", O::kPeakShare, G::kEngine, "Share for the cache",
          "The share of what weights, activations and graphs leave free that cached keys and values take; "
          "default 0.9."},
         0.01, 1, &Config::free_gpu_memory_fraction),
    Real({"node_link_gbit_per_s", "nlg", O::kEveryEngine, G::kHardware, "Network between nodes, Gbit/s",
          "What a node sends another per second; by default 1 where machines lend their cards, else 200 for "
          "each card."},
         0.001, 1e5, &Config::node_link_gbit_per_s),
    Words({"attention_backend", "abe", O::kPagedServer, G::kMore, "Attention kernels",
           "The kernels of attention, by the engine's name for them, such as FLASHINFER, TRITON_ATTN or fa3; "
           "by "
           "default by card and model."},
          "a name such as \"FLASH_ATTN\" or \"triton\"", 32, &Config::attention_backend),
    Words({"moe_backend", "mbe", O::kPagedServer, G::kMore, "Expert kernels",
           "The kernels of mixtures of experts, by the engine's name for them, such as marlin or triton; by "
           "default by "
           "card and format."},
          "a name such as \"marlin\" or \"triton\"", 32, &Config::moe_backend),
};

}  // namespace

std::span<const ConfigKey> ConfigKeys() { return kKeys; }

const ConfigKey* FindConfigKey(std::string_view json_name) {
  for (const ConfigKey& key : kKeys) {
    if (key.json == json_name) return &key;
  }
  return nullptr;
}

const ConfigKey* FindUrlKey(std::string_view url_name) {
  for (const ConfigKey& key : kKeys) {
    if (key.url == url_name) return &key;
  }
  return nullptr;
}

}  // namespace plimsoll
