#include "core/engines/llama_cpp/llama_data.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/resolve/inquiry.h"

namespace plimsoll {
namespace {

const LlamaData& DataOf(const Resolved& resolved) {
  static const LlamaData none;
  const auto* data = static_cast<const LlamaData*>(resolved.engine_data.get());
  return data != nullptr ? *data : none;
}

}  // namespace

const TensorOverrides& OverridesOf(const Resolved& resolved) {
  static const TensorOverrides none;
  const LlamaData& data = DataOf(resolved);
  return data.overrides != nullptr ? *data.overrides : none;
}

const LlamaOptions& OptionsOf(const Resolved& resolved) { return DataOf(resolved).options; }

const EngineVersion& BuildOf(const Resolved& resolved) {
  const LlamaData& data = DataOf(resolved);
  return data.build.text.empty() ? resolved.version : data.build;
}

bool LengthIsPerSlot(const Resolved& resolved) { return DataOf(resolved).length_is_per_slot; }

int64_t ContextOf(const Resolved& resolved) {
  const int64_t slots = LengthIsPerSlot(resolved) ? std::max<int64_t>(resolved.max_num_seqs, 1) : 1;
  return internal::SaturatingAdd(internal::SaturatingMultiply(resolved.max_model_len, slots),
                                 DataOf(resolved).extra_context);
}

LlamaBackend BackendOf(const Resolved& resolved) {
  const LlamaOptions& options = OptionsOf(resolved);
  if (resolved.ram_alone) return LlamaBackend::kCpu;
  if (options.backend) return *options.backend;
  return resolved.cards.empty() ? LlamaBackend::kCpu : DefaultBackend(*resolved.cards[0].gpu);
}

std::optional<Error> ReadLlamaKeys(const Config& config, Resolved* resolved, LlamaData* data) {
  const Result<LlamaOptions> options = ReadLlamaOptions(config);
  if (!options.ok()) return options.error();
  data->options = *options;
  if (resolved->ram_alone) {  // everything is there, whatever is said of cards
    data->options.kv_offload = true;
    resolved->n_cpu_moe = 0;
    return std::nullopt;
  }
  if (config.override_tensor.empty()) return std::nullopt;
  Inquiry& inquiry = *resolved->inquiry;
  data->overrides =
      std::static_pointer_cast<const TensorOverrides>(inquiry.FindData(config.override_tensor, *resolved));
  if (data->overrides == nullptr) {
    Result<TensorOverrides> overrides =
        ReadTensorOverrides(config.override_tensor, *resolved->architecture,
                            static_cast<int64_t>(resolved->cards.size()), &inquiry.patterns());
    if (!overrides.ok()) return overrides.error();
    data->overrides = std::make_shared<const TensorOverrides>(std::move(*overrides));
    inquiry.KeepData(config.override_tensor, *resolved, data->overrides);
  }
  std::string patterns;
  for (const std::string& pattern : data->overrides->unmatched) {
    patterns += (patterns.empty() ? "" : ", ") + Quoted(pattern);
  }
  if (patterns.empty()) return std::nullopt;
  resolved->diagnostics.push_back(
      {"override_matches_nothing", Severity::kWarning,
       "override_tensor: no tensor of this model has " + patterns +
           " in its name, so nothing is moved by it.",
       "Names are such as blk.0.ffn_up_exps.weight; plimsoll inventory lists them."});
  return std::nullopt;
}

}  // namespace plimsoll
