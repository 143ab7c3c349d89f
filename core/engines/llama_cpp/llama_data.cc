#include "core/engines/llama_cpp/llama_data.h"

namespace plimsoll {

const TensorOverrides& OverridesOf(const Resolved& resolved) {
  static const TensorOverrides none;
  const auto* data = static_cast<const LlamaData*>(resolved.engine_data.get());
  return data != nullptr && data->overrides != nullptr ? *data->overrides : none;
}

const LlamaOptions& OptionsOf(const Resolved& resolved) {
  static const LlamaOptions defaults;
  const auto* data = static_cast<const LlamaData*>(resolved.engine_data.get());
  return data != nullptr ? data->options : defaults;
}

LlamaBackend BackendOf(const Resolved& resolved) {
  const LlamaOptions& options = OptionsOf(resolved);
  if (resolved.ram_alone) return LlamaBackend::kCpu;
  if (options.backend) return *options.backend;
  return resolved.cards.empty() ? LlamaBackend::kCpu : DefaultBackend(*resolved.cards[0].gpu);
}

}  // namespace plimsoll
