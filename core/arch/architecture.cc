#include "core/arch/architecture.h"

#include <algorithm>
#include <utility>

#include "core/arch/architecture_builder.h"
#include "core/base/units.h"
#include "core/formats/weight_format.h"

namespace plimsoll {

namespace {

const Family* FindFamily(std::string_view name) {
  if (const Family* family = FindDenseFamily(name)) return family;
  if (const Family* family = FindMoeFamily(name)) return family;
  if (const Family* family = FindLatentFamily(name)) return family;
  if (const Family* family = FindHybridFamily(name)) return family;
  return FindClassicFamily(name);
}

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

const Json* FindQuantization(const Draft& draft) {
  for (const std::string_view key : {"quantization_config", "compression_config"}) {
    if (const Json* found = draft.root.Find(key)) return found;
    if (const Json* found = draft.text.Find(key)) return found;
  }
  return nullptr;
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

int BytesPerElement(DType dtype) {
  switch (dtype) {
    case DType::kFp32:
      return 4;
    case DType::kBf16:
    case DType::kFp16:
      return 2;
    case DType::kFp8:
      return 1;
  }
  return 2;
}

std::string_view RoleName(TensorRole role) {
  switch (role) {
    case TensorRole::kEmbedding:
      return "embedding";
    case TensorRole::kHead:
      return "head";
    case TensorRole::kAttention:
      return "attention";
    case TensorRole::kRecurrent:
      return "recurrent";
    case TensorRole::kMlp:
      return "mlp";
    case TensorRole::kExpert:
      return "experts";
    case TensorRole::kSharedExpert:
      return "shared expert";
    case TensorRole::kRouter:
      return "router";
    case TensorRole::kNorm:
      return "norms";
    case TensorRole::kIndexer:
      return "indexer";
    case TensorRole::kVision:
      return "vision";
    case TensorRole::kProjector:
      return "projector";
    case TensorRole::kOther:
      return "other";
  }
  return "other";
}

int64_t Tensor::elements() const { return internal::SaturatingMultiply(rows, columns); }

Result<Architecture> ReadArchitecture(const Json& config, std::string_view where,
                                      const std::optional<StoredParts>& stored) {
  Result<std::string> name = ReadName(config, where);
  if (!name.ok()) return name.error();
  Draft draft(config, where);
  Architecture& a = draft.architecture;
  a.name = *std::move(name);
  a.model_type = std::string(draft.root.Text("model_type", ""));
  FindFamily(a.name)->read(draft);
  if (draft.failed()) return draft.error();

  StoredParts parts;
  if (stored.has_value()) {
    parts = *stored;
  } else {
    parts.vision = draft.root.Has("vision_config");
    parts.mtp = a.mtp_layers > 0;
    parts.mtp_embeddings = parts.mtp && draft.mtp_embeddings;
  }
  if (!parts.mtp) {
    a.mtp_layers = 0;
  } else if (a.mtp_layers == 0) {
    a.mtp_layers = 1;
  }
  a.has_vision = parts.vision && draft.root.Has("vision_config");
  if (parts.vision && !a.has_vision) {
    draft.Remark(
        "The repository holds a vision tower that the config does not describe; its weights are left out.");
  }
  ReadRope(draft);
  BuildTensors(draft, parts);
  if (a.has_vision) BuildVision(draft);
  if (draft.failed()) return draft.error();
  CountLayers(a);
  FindWidest(a);
  if (const Json* quantization = FindQuantization(draft)) a.quantization_config = *quantization;
  a.fp4_experts = draft.text.Text("expert_dtype", "") == "fp4";
  PrepareFormats(&a);
  return std::move(a);
}

StoredParts ReadStoredParts(const Json& list) {
  StoredParts parts;
  for (const Json& item : list.items()) {
    const std::string& name = item.AsString();
    parts.vision |= name == "vision";
    parts.mtp |= name == "mtp";
    parts.mtp_embeddings |= name == "mtp_embeddings";
    parts.tied_lm_head |= name == "tied_lm_head";
  }
  return parts;
}

ParameterCounts CountParameters(const Architecture& architecture) {
  ParameterCounts counts;
  for (const Tensor& tensor : architecture.tensors) {
    const int64_t elements = internal::SaturatingMultiply(tensor.elements(), tensor.times);
    counts.total = internal::SaturatingAdd(counts.total, elements);
    if (tensor.part != TensorPart::kText || tensor.duplicate) continue;
    counts.text = internal::SaturatingAdd(counts.text, elements);
    int64_t used = elements;
    if (tensor.role == TensorRole::kExpert && tensor.group >= 0 && tensor.copies > 0) {
      const Mlp& mlp = architecture.groups[static_cast<size_t>(tensor.group)].shape.mlp;
      used = internal::SaturatingMultiply(tensor.elements(), tensor.times / tensor.copies);
      used = internal::SaturatingMultiply(used, mlp.experts_per_token);
    }
    counts.active = internal::SaturatingAdd(counts.active, used);
  }
  return counts;
}

std::string RoleTitle(TensorRole role) {
  std::string title(RoleName(role));
  if (title == "mlp") return "MLP";
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

}  // namespace plimsoll
