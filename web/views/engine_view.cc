// The engine, its version and share, and the settings that people reach for first. The rest is folded away.
#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/engines/registry.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

void TypedSetting(Ui& ui, AppState& state, std::string_view label, std::string_view key,
                  const std::string& value, float width) {
  const auto typed =
      NumberField(ui, label, value, state.IsDefault(key), width, state.IsDefault(key) ? "" : value);
  if (typed) state.Dispatch({{std::string(key), TypedNumber(*typed)}});
}

// Text, shown as the engine's command line takes it.
void TextSetting(Ui& ui, AppState& state, std::string_view label, std::string_view key,
                 std::string_view fallback, float width) {
  const bool absent = state.IsDefault(key);
  const std::string value =
      absent ? std::string(fallback) : GetConfigText(state.config(), *FindConfigKey(key));
  if (const auto typed = NumberField(ui, label, value, absent, width, absent ? "" : value)) {
    state.Dispatch({{std::string(key), typed->empty() ? Json() : Json(*typed)}});
  }
}

void Switch(Ui& ui, AppState& state, std::string_view label, std::string_view key, bool on, float width) {
  if (Toggle(ui, label, on, "", width)) state.Dispatch({{std::string(key), Json(!on)}});
}

// Whether the engine that is chosen has this option.
bool TakesKey(const AppState& state, std::string_view key) {
  return Takes(*state.resolved().engine, *FindConfigKey(key));
}

void DrawVersionMenu(Ui& ui, AppState& state, float width) {
  // A version is text: "0.10.2" is no number.
  const std::string version(state.resolved().version.text);
  if (const auto typed =
          NumberField(ui, "Version", version, state.IsDefault("engine_version"), width, version)) {
    state.Dispatch({{"engine_version", typed->empty() ? Json() : Json(*typed)}});
  }
  if (!TakesKey(state, "gpu_memory_utilization")) return;
  TypedSetting(ui, state, "Share of the card", "gpu_memory_utilization",
               CompactNumber(state.resolved().gpu_memory_utilization), width);
}

}  // namespace

void DrawEnginePicker(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  std::string qualifier(resolved.version.text);
  if (TakesKey(state, "gpu_memory_utilization"))
    qualifier += ", share " + CompactNumber(resolved.gpu_memory_utilization);
  const bool opened = Field(ui, "Engine", std::string(resolved.engine->name), qualifier, width);
  const ImVec2 min = LastMin();
  const ImVec2 max = LastMax();
  if (!BeginMenu(ui, "engine-menu", opened, min, max, std::max(width, 300.0F))) return;
  const float inner = ImGui::GetContentRegionAvail().x;
  for (const Engine* engine : Engines()) {
    const EngineTraits& traits = engine->traits();
    const bool chosen = &traits == state.resolved().engine;
    if (!traits.budget_modelled && !chosen) continue;
    if (MenuRow(ui, traits.name, traits.reads_gguf ? "GGUF" : "safetensors", chosen) && !chosen)
      state.Dispatch({{"engine", Json(traits.id)}});
  }
  DrawVersionMenu(ui, state, inner);
  EndMenu();
}

void DrawEngineSettings(Ui& ui, AppState& state, float width) {
  if (TakesKey(state, "max_num_batched_tokens")) {
    TypedSetting(ui, state, "Batched tokens", "max_num_batched_tokens",
                 CountText(state.resolved().max_num_batched_tokens), width);
    const bool graphs = !state.resolved().enforce_eager;
    if (Toggle(ui, "CUDA graphs", graphs, "", width)) {
      state.Dispatch({{"enforce_eager", graphs ? Json(true) : Json()}});
    }
  }
  if (!TakesKey(state, "n_ubatch")) return;
  TypedSetting(ui, state, "Physical batch", "n_ubatch", CountText(state.resolved().n_ubatch), width);
  Switch(ui, state, "Flash attention", "flash_attention", state.resolved().flash_attention, width);
}

void DrawMoreOptions(Ui& ui, AppState& state, float width) {
  if (Disclosure(ui, "More options", state.view.more_options))
    state.view.more_options = !state.view.more_options;
  if (!state.view.more_options) return;
  const auto gib_of_card = [&state] {
    const Resolved& resolved = state.resolved();
    return resolved.cards.empty() ? std::string()
                                  : CountText(static_cast<int64_t>(resolved.cards.front().capacity.mib()));
  };
  TypedSetting(ui, state, "Card memory, MiB", "gpu_memory_mib", gib_of_card(), width);
  TypedSetting(
      ui, state, "Held by others, MiB", "reserved_mib",
      CountText(state.resolved().cards.empty() ? 0 : state.resolved().cards.front().others.count() >> 20),
      width);
  if (TakesKey(state, "block_size")) {
    const int64_t block = state.report().kv.block_size;
    TypedSetting(ui, state, "Block size", "block_size", CountText(block), width);
    Switch(ui, state, "Prefix caching", "enable_prefix_caching", state.resolved().enable_prefix_caching,
           width);
    Switch(ui, state, "Chunked prefill", "enable_chunked_prefill", state.resolved().enable_chunked_prefill,
           width);
    const Bytes pool = state.resolved().kv_cache_memory;
    TypedSetting(ui, state, "KV pool, bytes", "kv_cache_memory_bytes",
                 pool.count() > 0 ? CountText(pool.count()) : "by share", width);
    TypedSetting(ui, state, "Offload to RAM, GB", "cpu_offload_gb",
                 CompactNumber(state.resolved().cpu_offload.gib()), width);
    if (state.resolved().architecture != nullptr && state.resolved().architecture->has_vision) {
      Switch(ui, state, "Vision tower", "multimodal", state.resolved().multimodal, width);
    }
  }
  if (TakesKey(state, "n_gpu_layers")) {
    TypedSetting(ui, state, "Layers on the GPU", "n_gpu_layers", CountText(state.resolved().n_gpu_layers),
                 width);
    TypedSetting(ui, state, "Expert layers in RAM", "n_cpu_moe", CountText(state.resolved().n_cpu_moe),
                 width);
    TextSetting(ui, state, "Tensors elsewhere, -ot", "override_tensor", "none", width);
    if (state.resolved().cards.size() > 1) {
      TextSetting(ui, state, "Split of the cards, -ts", "tensor_split", "by free memory", width);
    }
    Switch(ui, state, "One KV cache for all", "kv_unified", state.resolved().kv_unified, width);
  }
  TypedSetting(ui, state, "Prompt tokens", "prompt_tokens", CountText(state.resolved().prompt_tokens), width);
  TypedSetting(ui, state, "Output tokens", "output_tokens", CountText(state.resolved().output_tokens), width);
  TypedSetting(ui, state, "Concurrent requests", "concurrency", CountText(state.resolved().concurrency),
               width);
}

}  // namespace plimsoll
