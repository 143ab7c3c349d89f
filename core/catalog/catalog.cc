#include "core/catalog/catalog.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "core/base/kin_names.h"
#include "core/base/text.h"
#include "core/catalog/name_index.h"
#include "core/formats/format_ids.h"
#include "core/formats/format_object.h"
#include "core/formats/gguf_types.h"
#include "core/formats/quantization_config.h"
#include "core/weights/format_binding.h"

namespace plimsoll {
namespace {

template <typename T>
bool Index(const std::vector<T>& items, std::unordered_map<std::string_view, int32_t>* index) {
  index->reserve(items.size());
  for (const T& item : items) {
    if (!index->emplace(item.id, static_cast<int32_t>(&item - items.data())).second) return false;
  }
  return true;
}

template <typename T>
const T* Lookup(const std::vector<T>& items, const std::unordered_map<std::string_view, int32_t>& index,
                std::string_view id) {
  const auto found = index.find(id);
  return found == index.end() ? nullptr : items.data() + found->second;
}

template <typename T>
std::vector<std::string_view> IdsOf(const std::vector<T>& items) {
  std::vector<std::string_view> ids;
  ids.reserve(items.size());
  for (const T& item : items) ids.push_back(item.id);
  return ids;
}

// Short names of cards that documents and links use for the common board of the kind.
struct Alias {
  std::string_view name, id;
};
constexpr Alias kGpuAliases[] = {{"h100-80", "h100-sxm"},
                                 {"a100-80", "a100-sxm-80gb"},
                                 {"a100-40", "a100-sxm-40gb"},
                                 {"h100", "h100-sxm"}};

// A model whose own repository is quantised says in its config what stays unquantised.
std::optional<WeightFormat> OwnQuantization(const Model& model, std::string_view format_id) {
  const Json& config = model.architecture().quantization_config;
  if (format_id != model.native_format || !config.is_object()) return std::nullopt;
  Result<WeightFormat> format = ReadQuantizationConfig(config, model.id);
  if (!format.ok() || format->id != format_id) return std::nullopt;
  format->text_only = model.architecture().quantization_of_text;
  return std::move(*format);
}

// The elements of a JSON array as text, so that each model can be parsed and let go by itself: a page with thirty
// embeds holds the tree of one model at a time, not of two hundred. Empty for what is no array of objects.
std::vector<std::string_view> SplitArray(std::string_view text) {
  std::vector<std::string_view> elements;
  const size_t open = text.find_first_not_of(" \t\r\n");
  if (open == std::string_view::npos || text[open] != '[') return {};
  int depth = 0;
  bool in_string = false;
  size_t begin = 0;
  for (size_t i = open + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (depth++ == 0) begin = i;
    } else if (c == '}' || (c == ']' && depth > 0)) {
      if (--depth < 0) return {};
      if (depth == 0) elements.push_back(text.substr(begin, i + 1 - begin));
    } else if (c == ']') {
      return text.find_first_not_of(" \t\r\n", i + 1) == std::string_view::npos
                 ? elements
                 : std::vector<std::string_view>();
    } else if (depth == 0 && c != ',' && c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      return {};
    }
  }
  return {};
}

bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

// Whether the word is all that stands in the id before a version, size or variant.
bool Begins(std::string_view id, std::string_view word) {
  return id.starts_with(word) && id.size() > word.size() && !IsLetter(id[word.size()]);
}

// A word alone ("deepseek") asks for a family: the member of which the most checkpoints were made, the best measure of use
// that the catalog has, and of those the newest. nullptr: it is no such word, or none has any.
const Model* MostUsedOf(std::string_view word, const std::vector<Model>& models) {
  if (word.empty() || !std::all_of(word.begin(), word.end(), IsLetter)) return nullptr;
  const Model* best = nullptr;
  for (const Model& model : models) {
    if (!Begins(model.id, word) || model.checkpoints().empty()) continue;
    const auto use = [](const Model& m) {
      return std::pair(m.checkpoints().size(), std::string_view(m.release));
    };
    if (best == nullptr || use(model) > use(*best)) best = &model;
  }
  return best;
}

}  // namespace

Result<Catalog> Catalog::Parse(std::string_view models_json, std::string_view gpus_json) {
  const std::vector<std::string_view> models = SplitArray(models_json);
  if (models.empty()) {
    // Whatever it is, it is small or broken; the reader of JSON says which.
    Result<Json> whole = Json::Parse(models_json, "models");
    if (!whole.ok()) return whole.error();
    if (!whole->is_array()) return Error{"models", "something else", "a list of models"};
  }
  Result<Json> gpus = Json::Parse(gpus_json, "gpus");
  if (!gpus.ok()) return gpus.error();
  if (!gpus->is_array()) return Error{"gpus", "something else", "a list of GPUs"};

  Catalog catalog;
  catalog.models_.reserve(models.size());
  for (const std::string_view text : models) {
    const std::string where = "models[" + std::to_string(catalog.models_.size()) + "]";
    Result<Model> model = ReadModel(text, where);
    if (!model.ok()) return model.error();
    catalog.models_.push_back(std::move(*model));
  }
  catalog.gpus_.reserve(gpus->items().size());
  for (const Json& item : gpus->items()) {
    Result<Gpu> gpu = ReadGpu(item, "gpus[" + std::to_string(catalog.gpus_.size()) + "]");
    if (!gpu.ok()) return gpu.error();
    catalog.gpus_.push_back(std::move(*gpu));
  }
  for (std::string_view id : FormatIds()) {
    Result<WeightFormat> format = ReadWeightFormat(Json(id), "format");
    if (!format.ok()) return format.error();
    catalog.formats_.push_back(std::move(*format));
  }
  if (!Index(catalog.models_, &catalog.model_index_)) return Error{"models", "an id twice", "unique ids"};
  if (!Index(catalog.gpus_, &catalog.gpu_index_)) return Error{"gpus", "an id twice", "unique ids"};
  if (!Index(catalog.formats_, &catalog.format_index_)) return Error{"formats", "an id twice", "unique ids"};
  catalog.bound_ = std::make_unique<Slot[]>(catalog.models_.size() * catalog.formats_.size());
  catalog.names_ = std::make_unique<std::atomic<const NameIndex*>>(nullptr);
  return catalog;
}

Catalog::~Catalog() {
  if (!bound_) return;
  for (size_t i = 0; i < models_.size() * formats_.size(); ++i) delete bound_[i].load();
  delete names_->load();
}

const Model* Catalog::FindModel(std::string_view id) const { return Lookup(models_, model_index_, id); }

const Gpu* Catalog::FindGpu(std::string_view id) const {
  if (const Gpu* gpu = Lookup(gpus_, gpu_index_, id)) return gpu;
  for (const Alias& alias : kGpuAliases) {
    if (alias.name == id) return Lookup(gpus_, gpu_index_, alias.id);
  }
  return nullptr;
}

const WeightFormat* Catalog::FindFormat(std::string_view id) const {
  return Lookup(formats_, format_index_, id);
}

std::string Catalog::NearestModel(std::string_view id) const {
  const std::string name = Lower(id);
  const Model* used = MostUsedOf(name, models_);
  return used != nullptr ? used->id : std::string(NearestKin(name, IdsOf(models_)));
}
std::string Catalog::NearestGpu(std::string_view id) const {
  return std::string(NearestKin(Lower(id), IdsOf(gpus_)));
}
std::string Catalog::NearestFormat(std::string_view id) const {
  return std::string(Nearest(Lower(id), IdsOf(formats_)));
}

const NameIndex& Catalog::Names() const {
  if (const NameIndex* known = names_->load(std::memory_order_acquire)) return *known;
  auto names = std::make_unique<const NameIndex>(IndexNames(models_));
  const NameIndex* expected = nullptr;
  if (!names_->compare_exchange_strong(expected, names.get(), std::memory_order_acq_rel)) return *expected;
  return *names.release();
}

Catalog::Slot* Catalog::FindSlot(const Model& model, const WeightFormat& format) const {
  const auto row = static_cast<size_t>(&model - models_.data());
  const auto column = static_cast<size_t>(&format - formats_.data());
  return &bound_[row * formats_.size() + column];
}

const BoundFormat* Catalog::Bind(const Model& model, std::string_view format_id) const {
  const WeightFormat* plain = FindFormat(format_id);
  if (!plain) return nullptr;
  Slot* slot = FindSlot(model, *plain);
  if (const BoundFormat* known = slot->load(std::memory_order_acquire)) return known;

  auto bound = std::make_unique<BoundFormat>();
  bound->architecture = &model.architecture();
  const Checkpoint* checkpoint = model.FindCheckpoint(format_id);
  if (std::optional<WeightFormat> own = OwnQuantization(model, format_id)) {
    bound->own_format = std::move(*own);
    bound->format = &bound->own_format;
  } else if (checkpoint) {
    bound->checkpoint = checkpoint;
    bound->format = &checkpoint->format;
    if (checkpoint->architecture) bound->architecture = checkpoint->architecture.get();
  } else if (plain->family == FormatFamily::kGguf &&
             UsuallyWithImatrix(static_cast<GgufFileType>(plain->gguf_type))) {
    // For a known model a plain id means the files that people download.
    bound->own_format = *plain;
    bound->own_format.importance_matrix = true;
    bound->format = &bound->own_format;
  } else {
    bound->format = plain;
  }
  bound->own_binding = BindFormat(*bound->architecture, *bound->format);
  bound->binding = &bound->own_binding;
  bound->stored = StoreWeights(*bound->architecture, *bound->format, *bound->binding);
  if (bound->format->family == FormatFamily::kGguf) {
    bound->gguf = LayOutGguf(*bound->architecture, *bound->format);
  }

  const BoundFormat* expected = nullptr;
  if (!slot->compare_exchange_strong(expected, bound.get(), std::memory_order_acq_rel)) return expected;
  return bound.release();
}

}  // namespace plimsoll
