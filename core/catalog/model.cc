#include "core/catalog/model.h"

#include <algorithm>
#include <utility>

#include "core/arch/architecture_reader.h"
#include "core/base/json.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/formats/format_object.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

// The part of a checkpoint's entry that ReadWeightFormat understands.
Json FormatOf(const Json& checkpoint) {
  Json format = Json::MakeObject();
  format.Set("id", TextIn(checkpoint, "format"));
  for (const Json::Member& member : checkpoint.members()) {
    if (IsFormatKey(member.first) && member.first != "format") format.Set(member.first, member.second);
  }
  return format;
}

// The architecture with the config keys in which a checkpoint differs.
Result<Architecture> ReadVariant(const Json& config, const Json& changes,
                                 const std::optional<StoredParts>& parts, const std::string& where) {
  Json changed = config;
  for (const Json::Member& member : changes.members()) changed.Set(member.first, member.second);
  return ReadArchitecture(changed, where, parts);
}

Result<Checkpoint> ReadCheckpoint(const Json& value, const Json& config,
                                  const std::optional<StoredParts>& parts, const std::string& where) {
  Result<WeightFormat> format = ReadWeightFormat(FormatOf(value), where);
  if (!format.ok()) return format.error();
  Checkpoint checkpoint;
  checkpoint.repo = TextIn(value, "repo");
  checkpoint.format = std::move(*format);
  if (const Json* changes = value.Find("config")) {
    Result<Architecture> variant = ReadVariant(config, *changes, parts, where + ".config");
    if (!variant.ok()) return variant.error();
    checkpoint.architecture = std::make_shared<const Architecture>(std::move(*variant));
  }
  // The repositories that ask for one are ModelOpt's (kv_cache_quant_algo). NVFP4 weights come from there, so the plain
  // id asks, too; a plain "fp8" stands for checkpoints of many makers and for conversion at load, most of which ask for
  // nothing, so there only the repository's own name does.
  if (TextIn(value, "kv_cache_dtype") == "fp8") checkpoint.cache_wish = CacheWish::kModelOptFp8;
  const bool one_maker = checkpoint.format.family == FormatFamily::kNvfp4;
  checkpoint.format.cache_wish = one_maker ? checkpoint.cache_wish : CacheWish::kNone;
  checkpoint.source = TextIn(value, "source");
  return checkpoint;
}

void ReadPublished(const Json& value, Model* model) {
  const Json* published = value.Find("published_params");
  if (!published) return;
  model->published_total = std::max<int64_t>(0, CountIn(*published, "total"));
  model->published_active = std::max<int64_t>(0, CountIn(*published, "active"));
  model->published_exact = TextIn(*published, "basis") == "exact";
}

Result<ModelParts> ReadParts(const Json& value) {
  const std::string& id = TextIn(value, "id");
  const Json* config = value.Find("config");
  if (!config) return Error{id + ".config", "nothing", "the keys of its Hugging Face config.json"};
  const Json* stores = value.Find("stores");
  const std::optional<StoredParts> stored = stores ? std::optional(ReadStoredParts(*stores)) : std::nullopt;
  Result<Architecture> architecture = ReadArchitecture(*config, id, stored);
  if (!architecture.ok()) return architecture.error();
  ModelParts parts;
  parts.architecture = std::move(*architecture);
  parts.parameters = CountParameters(parts.architecture);
  const Json* checkpoints = value.Find("checkpoints");
  if (!checkpoints) return parts;
  for (const Json& item : checkpoints->items()) {
    Result<Checkpoint> checkpoint = ReadCheckpoint(item, *config, stored, id + ".checkpoints");
    if (!checkpoint.ok()) return checkpoint.error();
    parts.checkpoints.push_back(std::move(*checkpoint));
  }
  return parts;
}

ModelParts PartsOrRefusal(std::string_view text) {
  const Result<Json> value = Json::Parse(text, "model");
  Result<ModelParts> parts = value.ok() ? ReadParts(*value) : Result<ModelParts>(value.error());
  if (parts.ok()) return std::move(*parts);
  ModelParts refusal;
  refusal.refused = parts.error();
  return refusal;
}

}  // namespace

ModelEntry::ModelEntry(ModelEntry&& other) noexcept
    : text_(other.text_), parts_(other.parts_.exchange(nullptr)) {}

ModelEntry& ModelEntry::operator=(ModelEntry&& other) noexcept {
  text_ = other.text_;
  delete parts_.exchange(other.parts_.exchange(nullptr));
  return *this;
}

ModelEntry::~ModelEntry() { delete parts_.load(); }

const ModelParts& ModelEntry::Read() const {
  if (const ModelParts* known = parts_.load(std::memory_order_acquire)) return *known;
  auto parts = std::make_unique<const ModelParts>(PartsOrRefusal(text_));
  const ModelParts* expected = nullptr;
  // Whoever comes second throws its own away: references to the first have been handed out.
  if (!parts_.compare_exchange_strong(expected, parts.get(), std::memory_order_acq_rel)) return *expected;
  return *parts.release();
}

const Checkpoint* Model::FindCheckpoint(std::string_view format_id) const {
  for (const Checkpoint& checkpoint : checkpoints()) {
    if (checkpoint.format.id == format_id) return &checkpoint;
  }
  return nullptr;
}

Result<Model> ReadModel(std::string_view text, const std::string& where) {
  const Result<Json> value = Json::Parse(text, where);
  if (!value.ok()) return value.error();
  Model model;
  model.id = TextIn(*value, "id");
  if (model.id.empty()) return Error{where + ".id", "nothing", "the model's id"};
  model.name = TextIn(*value, "name");
  model.family = TextIn(*value, "family");
  model.hf_repo = TextIn(*value, "hf_repo");
  model.release = TextIn(*value, "release");
  model.native_format = TextIn(*value, "native_format");
  if (const Json* license = value->Find("license")) model.license = TextIn(*license, "id");
  if (const Json* tasks = value->Find("tasks")) {
    for (const Json& item : tasks->items()) {
      const std::optional<Task> task = TaskNamed(item.AsString());
      if (!task) return Error{where + ".tasks", Quoted(item.AsString()), "a task that is known"};
      model.tasks.Add(*task);
    }
  }
  ReadPublished(*value, &model);
  if (!value->Find("config"))
    return Error{where + ".config", "nothing", "the keys of its Hugging Face config.json"};
  model.entry = ModelEntry(text);
  return model;
}

}  // namespace plimsoll
