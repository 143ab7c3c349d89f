#include "core/arch/architecture_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/arch/architecture_builder.h"
#include "core/arch/families.h"
#include "core/arch/rope_tables.h"
#include "core/arch/structural_keys.h"
#include "core/arch/tensor_inventory.h"
#include "core/arch/vision_tower.h"

namespace plimsoll {
namespace {

// The first entry of "architectures" that we know; the first one otherwise.
Result<std::string> ReadName(const Json& config, std::string_view where) {
  const std::string field = where.empty() ? "architectures" : std::string(where) + ".architectures";
  const char* accepted =
      "an architecture of the catalog, such as LlamaForCausalLM, Qwen3MoeForCausalLM, DeepseekV3ForCausalLM";
  if (!config.is_object())
    return Error{std::string(where), Quoted(config.Dump()), "a Hugging Face config object"};
  const Json* list = config.Find("architectures");
  if (list == nullptr || list->items().empty()) {
    return Error{field, list == nullptr ? "nothing" : Quoted(list->Dump()), accepted};
  }
  for (const Json& item : list->items()) {
    if (FindFamily(item.AsString()) != nullptr) return item.AsString();
  }
  const Json& first = list->items()[0];
  return Error{field, Quoted(first.is_string() ? first.AsString() : first.Dump()), accepted};
}

// MLX writes "quantization".
void TakeQuantization(const ArchitectureBuilder& builder, Architecture* a) {
  for (const std::string_view key : {"quantization_config", "compression_config", "quantization"}) {
    const Json* found = builder.root.Find(key);
    a->quantization_of_text = found == nullptr;
    if (found == nullptr) found = builder.text.Find(key);
    if (found == nullptr) continue;
    a->quantization_config = *found;
    return;
  }
  a->quantization_of_text = false;
}

void CountLayers(Architecture& a) {
  const size_t width = a.groups.size();
  a.layers_before.assign((a.layer_group.size() + 1) * width, 0);
  for (size_t layer = 0; layer < a.layer_group.size(); ++layer) {
    for (size_t group = 0; group < width; ++group) {
      a.layers_before[(layer + 1) * width + group] = a.layers_before[layer * width + group];
    }
    ++a.layers_before[(layer + 1) * width + a.layer_group[layer]];
  }
}

void FindWidest(Architecture& a) {
  for (const LayerGroup& group : a.groups) {
    const Mlp& mlp = group.shape.mlp;
    if (mlp.kind == MlpKind::kDense || mlp.dense_beside) {
      a.max_intermediate = std::max(a.max_intermediate, mlp.intermediate);
    }
  }
}

}  // namespace

Result<Architecture> BuildArchitecture(const Json& config, std::string_view where,
                                       const std::optional<StoredParts>& stored) {
  Result<std::string> name = ReadName(config, where);
  if (!name.ok()) return name.error();
  ArchitectureBuilder builder(config, where);
  Architecture& a = builder.architecture;
  a.name = *std::move(name);
  a.model_type = std::string(builder.root.Text("model_type", ""));
  FindFamily(a.name)->read(builder);
  if (!builder.failed()) RefuseUnreadStructure(builder);
  if (builder.failed()) return builder.error();

  StoredParts parts;
  if (stored.has_value()) {
    parts = *stored;
  } else {
    parts.vision = builder.root.Has("vision_config");
    parts.mtp = a.mtp_layers > 0;
    parts.mtp_embeddings = parts.mtp && builder.mtp_embeddings;
  }
  if (!parts.mtp) {
    a.mtp_layers = 0;
  } else if (a.mtp_layers == 0) {
    a.mtp_layers = 1;
  }
  a.has_vision = parts.vision && builder.root.Has("vision_config");
  if (parts.vision && !a.has_vision) {
    builder.Remark(
        "The repository holds a vision tower that the config does not describe; its weights are left out.");
  }
  ReadRope(builder);
  BuildTensors(builder, parts);
  if (a.has_vision) BuildVision(builder);
  if (builder.failed()) return builder.error();
  CountLayers(a);
  FindWidest(a);
  TakeQuantization(builder, &a);
  // vLLM takes fp4 where DeepSeek-V4's config does not say (vllm/models/deepseek_v4, expert_dtype).
  const bool v4 = a.name.substr(0, 10) == "DeepseekV4";
  a.fp4_experts = builder.text.Text("expert_dtype", v4 ? "fp4" : "") == "fp4";
  return std::move(a);
}

}  // namespace plimsoll
