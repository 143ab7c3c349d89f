#include "core/solve/variation.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"

namespace plimsoll {

Start StartOf(const Resolved& resolved, const Report& report) {
  Start start;
  start.invalid = report.verdict == Verdict::kInvalid;
  start.ram_short = report.Has("ram_short");
  start.tp = resolved.tp;
  start.pp = resolved.pp;
  start.engine = &EngineOf(resolved);
  start.length = resolved.max_model_len;
  start.longest = std::max(resolved.architecture->max_positions, resolved.max_model_len);
  start.sequences = resolved.max_num_seqs;
  if (report.Has("more_sequences_than_states")) start.most_states = report.kv.num_blocks;
  start.layers = resolved.architecture->layers;
  start.gpus = resolved.gpus * resolved.nodes;
  start.has_experts = HasExperts(*resolved.architecture);
  start.bits_per_weight = resolved.stored.bits_per_weight;
  start.utilization = resolved.gpu_memory_utilization;
  start.eager = resolved.enforce_eager;
  start.kv = resolved.kv_cache_dtype;
  start.gpu = resolved.cards.front().gpu;
  start.model = resolved.model;
  return start;
}

Config WithLength(Config config, int64_t tokens) {
  config.max_model_len = tokens;
  return config;
}

Config WithFormat(Config config, std::string_view id) {
  config.format = Json(id);
  return config;
}

Config WithRamCache(Config config, double gib) {
  config.hicache_ratio.reset();
  config.kv_offloading_gib.reset();
  if (gib > 0) config.kv_offloading_gib = gib;
  if (gib <= 0) config.kv_offloading_backend.clear();
  return config;
}

Config WithEngine(Config config, std::string_view id) {
  config.engine = id;
  config.engine_version.clear();
  config.kv_cache_dtype.reset();
  const Engine* engine = FindEngine(id);
  const bool gguf = config.format.AsString().rfind("gguf-", 0) == 0;
  if (engine != nullptr && engine->traits().reads_gguf != gguf) {
    config.format = engine->traits().reads_gguf ? Json(engine->UsualFormat(nullptr)) : Json();
  }
  return config;
}

Config WithGpus(Config config, int64_t count) {
  if (config.gpu.size() > 1) config.gpu = {config.gpu.front()};
  if (config.gpu_memory_mib.size() > 1) config.gpu_memory_mib = {config.gpu_memory_mib.front()};
  const int64_t nodes = count > 8 ? count / 8 : 1;
  config.gpus = count / nodes;
  config.nodes.reset();
  if (nodes > 1) config.nodes = nodes;
  config.tp.reset();
  config.pp.reset();
  config.dp.reset();
  return config;
}

Config WithGpus(Config config, int64_t count, int64_t tp, int64_t pp) {
  config = WithGpus(std::move(config), count);
  const bool by_default = tp == *config.gpus && pp == config.nodes.value_or(1);
  if (!by_default) {
    config.tp = tp;
    config.pp = pp;
  }
  return config;
}

std::vector<Config> LegalLayouts(const Config& base, int64_t count, const Engine& engine, bool experts) {
  constexpr int64_t kNodeCards = 8;
  std::vector<Config> layouts;
  if (engine.traits().layout == CardLayout::kSplit) {
    layouts.push_back(WithGpus(base, count, 1, 1));
    return layouts;
  }
  for (int64_t tp = std::min(count, kNodeCards); tp >= 1; --tp) {
    if (count % tp != 0) continue;
    layouts.push_back(WithGpus(base, count, tp, count / tp));
    if (!experts || tp == 1) continue;
    layouts.push_back(layouts.back());
    layouts.back().expert_parallel = true;
  }
  return layouts;
}

bool HasExperts(const Architecture& architecture) {
  return std::any_of(architecture.groups.begin(), architecture.groups.end(),
                     [](const LayerGroup& group) { return group.shape.mlp.kind == MlpKind::kMoe; });
}

std::string GpusLabel(const Config& config, const Start& start) {
  const int64_t count = config.gpus.value_or(1) * config.nodes.value_or(1);
  std::string label = CountText(count) + " × " + start.gpu->name;
  if (config.tp) label += " (tp " + CountText(*config.tp) + " × pp " + CountText(config.pp.value_or(1)) + ")";
  return label;
}

bool NeedsPublication(const Start& start, std::string_view format) {
  if (format == "bnb-nf4") {
    const std::string_view native =
        start.model != nullptr ? std::string_view(start.model->native_format) : "";
    return !native.empty() && native != "bf16" && native != "fp16" && native != "fp32";
  }
  return format == "fp8-block" || format == "w4a16" || format == "nvfp4" || format == "mxfp4";
}

double BitsStored(const Config& config, const Catalog& catalog, Inquiry* inquiry) {
  const Result<Resolved> resolved = Settle(config, catalog, inquiry);
  return resolved.ok() ? resolved->stored.bits_per_weight : 0;
}

bool IsPublished(const Start& start, std::string_view format, const Catalog& catalog) {
  if (!start.model) return false;
  if (start.model->native_format == format) return true;
  const BoundFormat* bound = catalog.Bind(*start.model, format);
  return bound && bound->checkpoint;
}

std::optional<Trial> Try(Config config, const Catalog& catalog, Inquiry* inquiry) {
  Result<Report> report = Estimate(config, catalog, inquiry);
  if (!report.ok() || !report->fits()) return std::nullopt;
  return Trial{std::move(config), std::move(*report)};
}

}  // namespace plimsoll
