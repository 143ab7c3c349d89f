#include "core/engines/generic/generic_engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/arch/parallelism.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

struct Traits {
  EngineKind kind;
  std::string_view id;
  std::string_view name;
  int64_t sequences;       // that it runs at once by default; 0: as many as are asked for
  int64_t batched_tokens;  // of a step's prompt tokens by default; 0: a whole prompt
};

// SGLang: chunked_prefill_size 8192 and max_running_requests by memory (python/sglang/srt/server_args.py).
// TensorRT-LLM: max_batch_size 2048, max_num_tokens 8192 (tensorrt_llm/llmapi/llm_args.py).
// LMDeploy: max_batch_size 256 on data-centre cards, max_prefill_token_num 8192 (lmdeploy/messages.py).
constexpr std::array<Traits, 9> kTraits = {{
    {EngineKind::kSglang, "sglang", "SGLang", 512, 8192},
    {EngineKind::kTensorRtLlm, "tensorrt-llm", "TensorRT-LLM", 2048, 8192},
    {EngineKind::kMlx, "mlx", "MLX", 0, 2048},
    {EngineKind::kMlcLlm, "mlc-llm", "MLC LLM", 0, 2048},
    {EngineKind::kExllama, "exllama", "ExLlama", 0, 0},
    {EngineKind::kExllamaV2, "exllamav2", "ExLlamaV2", 0, 2048},
    {EngineKind::kAutoAwq, "autoawq", "AutoAWQ", 0, 0},
    {EngineKind::kLmdeploy, "lmdeploy", "LMDeploy", 256, 8192},
    {EngineKind::kTransformers, "transformers", "Transformers", 0, 0},
}};

struct Share {
  Bytes weights, kv_cache, recurrent_state;
  Bytes total() const { return weights + kv_cache + recurrent_state; }
};

int64_t AskedLength(const Resolved& r) {
  return std::max<int64_t>(1, std::min(r.max_model_len, r.prompt_tokens + r.output_tokens));
}

// Bytes of the cache on one rank for `sequences` of `length`: heads are divided, a latent is not.
Bytes KvOnRank(const Resolved& r, int64_t length, int64_t sequences) {
  Bytes total;
  for (const LayerGroup& group : r.architecture->groups) {
    const Attention& at = group.shape.attention;
    if (at.kind == AttentionKind::kNone) continue;
    const Bytes token =
        KvTypeBytes(r.kv_cache_dtype.k, KeyElements(at)) + KvTypeBytes(r.kv_cache_dtype.v, ValueElements(at));
    Bytes layer = token * CachedTokens(at, length);
    if (at.kind != AttentionKind::kLatent && at.kv_heads > 0) {
      layer = layer * KvHeadsPerRank(at.kv_heads, r.tp) / at.kv_heads;
    }
    total += layer * group.count;
  }
  return total / std::max<int64_t>(1, r.pp) * sequences;
}

Bytes StateOnRank(const Resolved& r, int64_t sequences) {
  Bytes total;
  for (const LayerGroup& group : r.architecture->groups) {
    const Recurrent& rec = group.shape.recurrent;
    if (rec.kind == RecurrentKind::kNone) continue;
    const Bytes state = Bytes(StateElements(rec)) * (rec.state_fp32 ? 4 : 2);
    total += (state + Bytes(ConvolutionElements(rec)) * 2) * group.count;
  }
  return total / std::max<int64_t>(1, r.tp * r.pp) * sequences;
}

Share OnRank(const Resolved& r) {
  const int64_t ranks = std::max<int64_t>(1, r.tp * r.pp);
  const int64_t sequences = CeilDiv(std::max<int64_t>(1, r.concurrency), std::max<int64_t>(1, r.dp));
  Share share;
  share.weights = r.stored.checkpoint / ranks;
  share.kv_cache = KvOnRank(r, AskedLength(r), sequences);
  share.recurrent_state = StateOnRank(r, sequences);
  return share;
}

class Generic final : public Engine {
 public:
  explicit Generic(const Traits& traits) : traits_(traits) {}

  EngineKind kind() const override { return traits_.kind; }
  std::string_view id() const override { return traits_.id; }
  std::string_view name() const override { return traits_.name; }

  void TakeDefaults(const Config& config, Resolved* resolved) const override {
    Resolved& r = *resolved;
    // TensorRT-LLM follows the checkpoint: ModelOpt's FP8 and NVFP4 ones ask for an FP8 cache
    // (tensorrt_llm/models/modeling_utils.py, kv_cache_quant_algo).
    // SGLang too, where the config says so (model_runner.py, kv_cache_quant_algo).
    const FormatFamily family = r.format->family;
    if (traits_.kind == EngineKind::kSglang && !config.kv_cache_dtype && r.format->fp8_cache) {
      r.kv_cache_dtype = {KvType::kFp8, KvType::kFp8};
    }
    if (traits_.kind == EngineKind::kTensorRtLlm && !config.kv_cache_dtype &&
        (family == FormatFamily::kFp8 || family == FormatFamily::kNvfp4)) {
      r.kv_cache_dtype = {KvType::kFp8, KvType::kFp8};
    }
    if (r.max_model_len <= 0) r.max_model_len = std::max<int64_t>(1, r.architecture->max_positions);
    if (r.max_num_seqs <= 0) {
      r.max_num_seqs = traits_.sequences > 0 ? traits_.sequences : std::max<int64_t>(1, r.concurrency);
    }
    if (r.max_num_batched_tokens <= 0) r.max_num_batched_tokens = traits_.batched_tokens;
    if (r.gpu_memory_utilization <= 0) r.gpu_memory_utilization = 1;
  }

  void Plan(const Resolved& r, Report* report) const override {
    const Share share = OnRank(r);
    bool fits = true;
    for (size_t i = 0; i < r.cards.size(); ++i) {
      const Card& card = r.cards[i];
      GpuReport gpu;
      gpu.gpu = card.gpu->id;
      gpu.rank = static_cast<int32_t>(i);
      gpu.capacity = card.capacity;
      gpu.budget = card.capacity;
      gpu.weights = share.weights;
      gpu.kv_cache = share.kv_cache;
      gpu.recurrent_state = share.recurrent_state;
      gpu.total = share.total();
      gpu.headroom = card.capacity - gpu.total;
      if (gpu.headroom < Bytes(0)) fits = false;
      report->per_gpu.push_back(gpu);
    }
    FillCache(r, share, report);
    report->verdict = fits ? Verdict::kFits : Verdict::kDoesNotFit;
    if (!fits) report->failure = FailureStage::kLoading;
    report->diagnostics.push_back(
        {"engine_budget_not_modelled", Severity::kInfo,
         "Counted are the weights and the cache of the sequences asked for; what this engine reserves beside "
         "them is not modelled.",
         "Leave room, or ask for vllm or llama.cpp, whose budgets are modelled in full."});
  }

  std::vector<Term> Explain(const Resolved& r, const Report& report) const override {
    (void)report;
    const Share share = OnRank(r);
    const std::string ranks = CountText(std::max<int64_t>(1, r.tp * r.pp));
    const std::string sequences =
        CountText(CeilDiv(std::max<int64_t>(1, r.concurrency), std::max<int64_t>(1, r.dp)));
    const std::string length = CountText(AskedLength(r));
    std::vector<Term> terms;
    terms.push_back({"Weights", "checkpoint / (tp * pp)",
                     CountText(r.stored.checkpoint.count()) + " / " + ranks, share.weights,
                     "bytes of the checkpoint's tensors", 0});
    terms.push_back({"KV cache", "sequences * bytes per sequence on a rank",
                     sequences + " sequences of " + length + " tokens", share.kv_cache,
                     "layer shapes of the model", 0});
    if (share.recurrent_state > Bytes(0)) {
      terms.push_back({"Recurrent state", "sequences * state on a rank", sequences + " sequences",
                       share.recurrent_state, "layer shapes of the model", 0});
    }
    return terms;
  }

  std::vector<std::string> ExpectedLog(const Resolved& r, const Report& report) const override {
    (void)r;
    (void)report;
    return {};
  }

 private:
  // How many tokens the room beside the weights would hold.
  static void FillCache(const Resolved& r, const Share& share, Report* report) {
    Bytes room;
    for (size_t i = 0; i < r.cards.size(); ++i) {
      const Bytes left = r.cards[i].capacity - share.weights - share.recurrent_state;
      if (i == 0 || left < room) room = left;
    }
    if (room < Bytes(0)) room = Bytes(0);
    KvReport& kv = report->kv;
    kv.available = room;
    kv.per_token = KvBytesPerToken(*r.architecture, r.kv_cache_dtype);
    kv.per_sequence = KvBytesPerSequence(*r.architecture, r.kv_cache_dtype, r.max_model_len);
    kv.block_size = 1;
    const Bytes sequence = KvOnRank(r, r.max_model_len, 1);
    if (sequence <= Bytes(0)) return;
    kv.max_concurrency = static_cast<double>(room.count()) / static_cast<double>(sequence.count());
    const double tokens = kv.max_concurrency * static_cast<double>(r.max_model_len);
    kv.capacity_tokens = static_cast<int64_t>(std::min(tokens, 9e15));
    kv.num_blocks = kv.capacity_tokens;
    kv.max_model_len_that_fits =
        std::min(kv.capacity_tokens, std::max<int64_t>(1, r.architecture->max_positions));
  }

  Traits traits_;
};

}  // namespace

const Engine& GenericEngine(EngineKind kind) {
  static const std::array<Generic, 9> kEngines = {
      Generic(kTraits[0]), Generic(kTraits[1]), Generic(kTraits[2]), Generic(kTraits[3]), Generic(kTraits[4]),
      Generic(kTraits[5]), Generic(kTraits[6]), Generic(kTraits[7]), Generic(kTraits[8])};
  for (const Generic& engine : kEngines) {
    if (engine.kind() == kind) return engine;
  }
  return kEngines[0];
}

}  // namespace plimsoll
