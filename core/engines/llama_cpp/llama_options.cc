#include "core/engines/llama_cpp/llama_options.h"

#include "core/engines/llama_cpp/llama_overrides.h"

namespace plimsoll {

LlamaOptions ReadLlamaOptions(const Config& config) {
  LlamaOptions options;
  (void)config;
  return options;
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
