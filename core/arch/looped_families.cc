// Sources: vllm/model_executor/models/ouro.py and iquest_loopcoder.py.
#include "core/arch/looped_families.h"

#include <string>

#include "core/arch/tensor_list.h"

namespace plimsoll {

namespace {

// Llama's layers, `passes` times: the later passes hold no weights but a cache each.
void ReadLoops(ArchitectureBuilder& builder, std::string_view key, int64_t fallback) {
  ConfigReader& text = builder.text;
  const int64_t layers = text.Required("num_hidden_layers", 1, kMaxLayers);
  const int64_t passes = text.Int(key, fallback, 1, 64);
  if (layers * passes > kMaxLayers) return text.Refuse(key, "a number that leaves fewer layers in all");
  builder.architecture.layers = layers * passes;
  builder.ReadCommon(false);
  builder.base.mlp.intermediate = text.Required("intermediate_size", 1, kMaxMlpWidth);
  builder.Remark("The layers run " + std::to_string(passes) + " times (" + std::string(key) +
                 ") on the same weights; each pass keeps its own cache. Speed counts the weights once.");
}

LayerShape WithoutWeights(LayerShape shape) {
  shape.attention.listed_apart = true;
  shape.mlp.listed_apart = true;
  shape.norms = 0;
  return shape;
}

void AppendPasses(ArchitectureBuilder& builder, const LayerShape& later, int64_t layers) {
  const int32_t first = builder.GroupOf(builder.base);
  for (int64_t i = 0; i < layers; ++i) builder.Append(first);
  const int32_t again = builder.GroupOf(later);
  for (int64_t i = layers; i < builder.architecture.layers; ++i) builder.Append(again);
}

// Ouro: four norms, and a gate that can end the passes early.
void AddExitGate(ArchitectureBuilder& builder, TensorList* list) {
  list->Linear({"", "early_exit_gate", ""}, TensorRole::kOther, Sharding::kColumns, 1,
               builder.architecture.hidden, true);
}

void ReadOuro(ArchitectureBuilder& builder) {
  ReadLoops(builder, "total_ut_steps", 4);
  if (builder.failed()) return;
  builder.base.norms = 4;
  TensorNames& names = builder.names;
  names.norms[1] = "input_layernorm_2";
  names.norms[2] = "post_attention_layernorm";
  names.norms[3] = "post_attention_layernorm_2";
  builder.model_extras = AddExitGate;
  AppendPasses(builder, WithoutWeights(builder.base),
               builder.text.Required("num_hidden_layers", 1, kMaxLayers));
}

// IQuest Coder's looped model: later passes read the first one's cache and keep a short window of their own;
// a gate per layer and head weighs the two.
void AddLoopGates(ArchitectureBuilder& builder, TensorList* list) {
  const Attention& attention = builder.base.attention;
  list->Enter(TensorPart::kText, -1, builder.text.Required("num_hidden_layers", 1, kMaxLayers),
              "model.gate_projections.{}.");
  list->Linear({"", "gate_proj", ""}, TensorRole::kAttention, Sharding::kRows, attention.heads,
               attention.key_dim, true);
}

void ReadLoopCoder(ArchitectureBuilder& builder) {
  ReadLoops(builder, "loop_num", 2);
  if (builder.failed()) return;
  LayerShape later = WithoutWeights(builder.base);
  later.attention.kind = AttentionKind::kSliding;
  later.attention.window = builder.text.Int("loop_window_size", 64, 1, kMaxPositions);
  builder.model_extras = AddLoopGates;
  AppendPasses(builder, later, builder.text.Required("num_hidden_layers", 1, kMaxLayers));
}

constexpr Family kFamilies[] = {
    {"OuroForCausalLM", ReadOuro},
    {"IQuestLoopCoderForCausalLM", ReadLoopCoder},
};

}  // namespace

std::span<const Family> LoopedFamilies() { return kFamilies; }

}  // namespace plimsoll
