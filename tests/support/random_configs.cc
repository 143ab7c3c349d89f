#include "tests/support/random_configs.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/json.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"
#include "core/formats/format_ids.h"

namespace plimsoll {
namespace {

constexpr std::string_view kVllmVersions[] = {
    "0.2.0",  "0.5.4",  "0.6.3",  "0.6.6",  "0.7.1",  "0.7.3",  "0.8.3",  "0.8.5",  "0.9.0",  "0.9.1",
    "0.9.2",  "0.10.0", "0.10.2", "0.11.0", "0.11.1", "0.12.0", "0.13.0", "0.14.0", "0.15.0", "0.16.0",
    "0.17.0", "0.18.0", "0.19.0", "0.20.0", "0.21.0", "0.22.0", "0.23.0", "0.25.0", "0.26.0", "0.28.0"};
constexpr std::string_view kLlamaVersions[] = {
    "b1620", "b2554", "b3500", "b4000", "b4589",  "b5000",  "b5500", "b6000",   "b6500",  "b7000",
    "b7446", "b8000", "b8900", "b9272", "b10000", "b10800", "ik",    "2025-06", "2026-05"};
constexpr int64_t kDegrees[] = {1, 1, 1, 2, 2, 4, 8};
constexpr std::string_view kKvTexts[] = {"auto", "fp16", "bf16", "fp8",  "q8_0",
                                         "q5_1", "q5_0", "q4_1", "q4_0", R"({"k":"q8_0","v":"q4_0"})"};
constexpr std::string_view kOverrides[] = {"exps=CPU",
                                           "blk\\.[0-9]\\.ffn=CPU",
                                           "blk\\.1[0-9]\\..*_exps=CPU,attn=CUDA0",
                                           "\\.ffn_(up|down|gate)_exps\\.=CPU",
                                           "output=CPU",
                                           "token_embd=CUDA0"};
// What a person would give; beyond it answers are the same in kind.
constexpr int64_t kMostOfInteger = int64_t{1} << 21;

}  // namespace

uint64_t SplitMix::Next() {
  state_ += 0x9e3779b97f4a7c15U;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

double SplitMix::Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

int64_t SplitMix::Wide(int64_t least, int64_t most) {
  if (most <= least) return least;
  // Halves of the span until a coin falls: each of them is drawn from alike.
  const auto span = static_cast<uint64_t>(most - least);
  int bits = 0;
  while (bits < 63 && (span >> bits) > 0) ++bits;
  const int64_t limit = int64_t{1} << (1 + Below(bits));
  return least + Below(std::min(limit, static_cast<int64_t>(span) + 1));
}

RandomConfigs::RandomConfigs(uint64_t seed, const Catalog& catalog) : random_(seed), catalog_(catalog) {
  for (const Model& model : catalog.models()) {
    if (!model.refused()) models_.push_back(&model);
  }
}

void RandomConfigs::TakeModel(Config* config) {
  if (!random_.OneIn(20)) {
    config->model = random_.Pick(models_)->id;
    return;
  }
  // A plain model of any shape; odd counts of layers and heads are what layouts stumble over.
  const int64_t heads = int64_t{1} << random_.Below(7);
  Json model = Json::MakeObject();
  model.Set("architectures", Json::MakeArray().Append("LlamaForCausalLM"))
      .Set("model_type", "llama")
      .Set("hidden_size", heads * 64)
      .Set("intermediate_size", random_.Wide(64, 65536))
      .Set("num_attention_heads", heads)
      .Set("num_key_value_heads", std::max<int64_t>(1, heads >> random_.Below(4)))
      .Set("num_hidden_layers", random_.Wide(1, 200))
      .Set("vocab_size", random_.Wide(100, 300000))
      .Set("max_position_embeddings", random_.Wide(16, kMostOfInteger))
      .Set("torch_dtype", random_.OneIn(2) ? "bfloat16" : "float16");
  config->inline_model = std::move(model);
}

void RandomConfigs::TakeFormat(Config* config) {
  const Engine* engine = FindEngine(config->engine);
  const auto usual = engine->Formats();
  const int64_t kind = random_.Below(12);
  if (kind < 3) return;  // the model's own
  if (kind == 3) {
    config->format = Json(random_.Pick(FormatIds()));
  } else if (kind == 4 && !config->model.empty()) {
    const Model* model = catalog_.FindModel(config->model);
    if (!model->checkpoints().empty()) config->format = Json(random_.Pick(model->checkpoints()).repo);
  } else if (kind == 5) {
    Json format = Json::MakeObject();
    format.Set("id", random_.OneIn(2) ? "gptq-int4" : "fp8")
        .Set("unquantized", Json::MakeArray().Append("lm_head").Append("re:.*layers\\.[02468]\\..*"));
    config->format = std::move(format);
  } else if (!usual.empty()) {
    config->format = Json(random_.Pick(usual));
  }
}

void RandomConfigs::TakeLayout(Config* config) {
  config->gpu = {random_.Pick(catalog_.gpus()).id};
  if (random_.OneIn(3)) return;
  const int64_t tp = random_.Pick(kDegrees), pp = random_.Pick(kDegrees);
  const int64_t dp = random_.OneIn(4) ? random_.Pick(kDegrees) : 1;
  const int64_t cards = random_.OneIn(8) ? random_.Wide(1, 32) : tp * pp * dp;
  const int64_t nodes = cards > 1 && random_.OneIn(4) && cards % 2 == 0 ? 2 : 1;
  config->gpus = cards / nodes;
  if (nodes > 1) config->nodes = nodes;
  if (!random_.OneIn(3)) {
    config->tp = tp;
    config->pp = pp;
    if (dp > 1) config->dp = dp;
  }
  if (random_.OneIn(8)) {
    while (static_cast<int64_t>(config->gpu.size()) < cards) {
      config->gpu.push_back(random_.Pick(catalog_.gpus()).id);
    }
  }
}

std::string RandomConfigs::TextFor(const ConfigKey& key, const Config& config) {
  switch (key.type) {
    case KeyType::kInteger: {
      const auto least = static_cast<int64_t>(key.least);
      const auto most = static_cast<int64_t>(std::min(key.most, static_cast<double>(kMostOfInteger)));
      if (key.most > 1e12) return std::to_string(random_.Wide(least, int64_t{200} << 30));
      return std::to_string(random_.Wide(least, most));
    }
    case KeyType::kNumber:
      if (key.most <= 1) return FormatDouble(key.least + random_.Unit() * (key.most - key.least));
      return FormatDouble(static_cast<double>(random_.Wide(0, 2000)) / 10);
    case KeyType::kSwitch:
      return random_.OneIn(2) ? "true" : "false";
    case KeyType::kNumberList:
      return std::to_string(random_.Wide(1, 100000));
    case KeyType::kKvTypes:
      return std::string(random_.Pick(kKvTexts));
    case KeyType::kSplitMode:
      return random_.OneIn(2) ? "layer" : "row";
    case KeyType::kSpeculative: {
      Json spec = Json::MakeObject();
      const int64_t method = random_.Below(3);
      spec.Set("method", method == 0 ? "draft" : method == 1 ? "mtp" : "eagle");
      if (method == 0) spec.Set("model", random_.Pick(models_)->id);
      return spec.Set("num_tokens", random_.Wide(1, 16)).Dump();
    }
    case KeyType::kLora:
      return Json::MakeObject()
          .Set("max_loras", random_.Wide(1, 16))
          .Set("max_rank", random_.Wide(1, 256))
          .Dump();
    case KeyType::kText:
      if (key.json == "override_tensor") return std::string(random_.Pick(kOverrides));
      if (key.json == "engine_version") {
        if (config.engine == "vllm") return std::string(random_.Pick(kVllmVersions));
        if (config.engine == "llama.cpp") return std::string(random_.Pick(kLlamaVersions));
      }
      return "";
    default:
      return "";
  }
}

void RandomConfigs::TakeKey(const ConfigKey& key, Config* config) {
  const std::string text = TextFor(key, *config);
  if (text.empty()) return;
  Config with = *config;
  if (!SetConfigText(key, text, &with)) *config = std::move(with);
}

Config RandomConfigs::Next() {
  Config config;
  TakeModel(&config);
  const int64_t which = random_.Below(20);
  const std::string_view engine = which < 9    ? "vllm"
                                  : which < 17 ? "llama.cpp"
                                               : random_.Pick(Engines())->traits().id;
  config.engine = std::string(engine);
  TakeFormat(&config);
  TakeLayout(&config);
  if (!random_.OneIn(3)) TakeKey(*FindConfigKey("engine_version"), &config);
  if (!random_.OneIn(3)) config.max_model_len = random_.Wide(1, kMostOfInteger);
  constexpr std::string_view kPlaced[] = {
      "model", "format", "engine", "engine_version", "gpu", "gpus", "nodes", "tp", "pp", "dp"};
  // A few of the other keys, most often those that the engine knows.
  for (const ConfigKey& key : ConfigKeys()) {
    if (std::find(std::begin(kPlaced), std::end(kPlaced), key.json) != std::end(kPlaced)) continue;
    const bool own = Takes(FindEngine(engine)->traits(), key);
    if (random_.OneIn(own ? 8 : 200)) TakeKey(key, &config);
  }
  return config;
}

}  // namespace plimsoll
