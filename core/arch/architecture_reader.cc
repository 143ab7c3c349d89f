#include "core/arch/architecture_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/arch/architecture_builder.h"
#include "core/arch/class_names.h"
#include "core/arch/config_forms.h"
#include "core/arch/families.h"
#include "core/arch/rope_tables.h"
#include "core/arch/structural_keys.h"
#include "core/arch/tensor_inventory.h"
#include "core/arch/vision_tower.h"
#include "core/base/mistaken_json.h"

namespace plimsoll {
namespace {

std::string SpeltLikeIt(const std::vector<std::string>& nearest) {
  std::string text = "; spelt most like it:";
  for (const std::string& name : nearest) text += (&name == &nearest.front() ? " " : ", ") + name;
  return text;
}

// A config without "architectures" whose model_type says nothing to us.
std::string AcceptedType(std::string_view given) {
  const std::vector<std::string> nearest = NearestModelTypes(given);
  return "a model_type that we know" + (nearest.empty() ? "" : SpeltLikeIt(nearest)) +
         "; or name the class under \"architectures\": `plimsoll list architectures` prints those that we "
         "know";
}

// What to do about a name that we do not know.
std::string Accepted(std::string_view given) {
  std::string text = "an architecture that we know";
  const std::vector<std::string> nearest = NearestClasses(given);
  if (!nearest.empty()) {
    text += SpeltLikeIt(nearest);
  } else {
    text += ", such as LlamaForCausalLM, Qwen3MoeForCausalLM or DeepseekV3ForCausalLM";
  }
  return text +
         ". `plimsoll list architectures` prints them all; of a model with towers the text part alone can be "
         "given, with its own architecture";
}

// The first entry of "architectures" that we know; without the list, what the model_type stands for.
Result<std::string> ReadName(const Json& config, std::string_view where, std::vector<std::string>* remarks) {
  const std::string field = where.empty() ? "architectures" : std::string(where) + ".architectures";
  if (!config.is_object())
    return Error{std::string(where), Quoted(config.Dump()), "a Hugging Face config object"};
  const Json* list = config.Find("architectures");
  if (list == nullptr || list->items().empty()) {
    const Json* type = config.Find("model_type");
    const std::string_view name = type == nullptr ? "" : ClassOfModelType(type->AsString());
    if (name.empty()) {
      if (const std::optional<Mistaken> other = MistakenJson(config))
        return Error{where.empty() ? "config" : std::string(where), other->what, other->instead};
    }
    if (name.empty() && list == nullptr && type != nullptr && type->is_string()) {
      return Error{where.empty() ? "model_type" : std::string(where) + ".model_type",
                   Quoted(type->AsString()), AcceptedType(type->AsString())};
    }
    if (name.empty()) return Error{field, list == nullptr ? "nothing" : Quoted(list->Dump()), Accepted("")};
    remarks->push_back("The config names no architecture; its model_type stands for " + std::string(name) +
                       ".");
    return std::string(name);
  }
  for (const Json& item : list->items()) {
    if (FindClass(item.AsString()).family != nullptr) return item.AsString();
  }
  const Json& first = list->items()[0];
  const std::string given = first.is_string() ? first.AsString() : first.Dump();
  return Error{field, Quoted(given), Accepted(given)};
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

// A decoder without its head, or with a classifier in the head's place: one row per label, two by default
// (transformers configuration_utils.py num_labels).
void TakeHead(HeadKind head, const std::string& name, ArchitectureBuilder& builder) {
  if (head == HeadKind::kLanguage) return;
  builder.headless = true;
  std::string what = "without its language-model head";
  if (head == HeadKind::kClassifier) {
    const Json* labels = builder.root.Find("id2label");
    const int64_t named = labels == nullptr ? 2 : static_cast<int64_t>(labels->members().size());
    builder.labels = builder.root.Int("num_labels", std::max<int64_t>(named, 1), 1, kMaxWidth);
    what = "with a classifier of " + std::to_string(builder.labels) + " rows in the head's place";
  }
  builder.Remark(name + " is read as " + builder.architecture.name + " " + what + ".");
}

void (*FindReader(std::string_view name))(ArchitectureBuilder& builder) {
  const Family* family = FindFamily(name);
  return family == nullptr ? nullptr : family->read;
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

Result<Architecture> BuildArchitecture(const Json& given, std::string_view where,
                                       const std::optional<StoredParts>& stored) {
  std::vector<std::string> remarks;
  const std::optional<Json> completed = CompleteConfig(given, &remarks);
  const Json& config = completed ? *completed : given;
  Result<std::string> name = ReadName(config, where, &remarks);
  if (!name.ok()) return name.error();
  ArchitectureBuilder builder(config, where);
  Architecture& a = builder.architecture;
  const KnownClass known = FindClass(*name);
  a.name = std::string(known.family->name);
  a.remarks = std::move(remarks);
  a.model_type = std::string(builder.root.Text("model_type", ""));
  builder.find_reader = FindReader;
  a.traits = TraitsOf(a.name, a.model_type);
  known.family->read(builder);
  TakeHead(known.head, *name, builder);
  if (!builder.failed()) RefuseUnreadStructure(builder);
  if (builder.failed()) return builder.error();

  StoredParts parts;
  if (stored.has_value()) {
    parts = *stored;
  } else {
    parts.vision = builder.root.Has("vision_config") || builder.towers != nullptr;
    parts.mtp = a.mtp_layers > 0;
    parts.mtp_embeddings = parts.mtp && builder.mtp_embeddings;
  }
  if (!parts.mtp) {
    a.mtp_layers = 0;
  } else if (a.mtp_layers == 0) {
    a.mtp_layers = 1;
  }
  a.has_vision = parts.vision && (builder.root.Has("vision_config") || builder.towers != nullptr);
  if (parts.no_lm_head) a.tied_embeddings = true;
  if (parts.vision && !a.has_vision) {
    builder.Remark(
        "The repository holds a vision tower that the config does not describe; its weights are left out.");
  }
  ReadRope(builder);
  BuildTensors(builder, parts);
  if (a.has_vision) {
    if (builder.towers != nullptr) {
      builder.towers(builder);
    } else {
      BuildVision(builder);
    }
  }
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
