// The models and cards that ship with Plimsoll, parsed once at start, looked up by stable id.
//
// Everything that an estimate needs repeatedly is computed once, when somebody first asks: a model's inventory
// (core/catalog/model), its tensors bound to a format or checkpoint (Bind). So an estimate compares ids and touches no
// other strings. A model whose architecture is refused stays in the catalog with the Error, so that the refusal can be
// shown.
#ifndef PLIMSOLL_CORE_CATALOG_CATALOG_H_
#define PLIMSOLL_CORE_CATALOG_CATALOG_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/arch/architecture.h"
#include "core/base/result.h"
#include "core/catalog/attachment.h"
#include "core/catalog/gpu.h"
#include "core/catalog/model.h"
#include "core/formats/weight_format.h"
#include "core/weights/format_binding.h"
#include "core/weights/gguf_recipe.h"
#include "core/weights/weights.h"

namespace plimsoll {

struct NameIndex;

// A model in a format: what a plain format id means for it, and the bytes of its file.
struct BoundFormat {
  const Architecture* architecture = nullptr;  // the model's, or the checkpoint's own
  const WeightFormat* format = nullptr;
  const FormatBinding* binding = nullptr;
  const Checkpoint* checkpoint = nullptr;  // whose exceptions apply; nullptr: the tool's defaults
  StoredWeights stored;
  GgufLayout gguf;          // kGguf: the bytes of each layer; else empty
  WeightFormat own_format;  // where `format` points to, unless a checkpoint or the catalog has it
  FormatBinding own_binding;
  Attachment attachment;  // what an engine derives from the pair and wants to find again
};

class Catalog {
 public:
  // Parses the two JSON texts (see models/). The error names the file or entry that is wrong.
  // REQUIRES: `models_json` outlives the catalog, which reads a model's entry when it is first asked about.
  static Result<Catalog> Parse(std::string_view models_json, std::string_view gpus_json);

  Catalog(Catalog&& other) = default;
  Catalog& operator=(Catalog&& other) = delete;
  ~Catalog();

  const std::vector<Model>& models() const { return models_; }
  const std::vector<Gpu>& gpus() const { return gpus_; }
  const std::vector<WeightFormat>& formats() const { return formats_; }  // every id of the contract
  const Model* FindModel(std::string_view id) const;
  const Gpu* FindGpu(std::string_view id) const;
  const WeightFormat* FindFormat(std::string_view id) const;
  // The id nearest to a mistyped one, for error texts; empty if none is near.
  std::string NearestModel(std::string_view id) const;
  std::string NearestGpu(std::string_view id) const;
  std::string NearestFormat(std::string_view id) const;

  // What a format id means for a model of this catalog: its own quantised weights when the id is its native
  // format, its first known checkpoint in that format, or the tool's defaults. nullptr: no such format.
  // Computed on the first call for a pair and remembered; safe to call from several threads.
  const BoundFormat* Bind(const Model& model, std::string_view format_id) const;
  // Every name of its models, taken to pieces (core/catalog/name_index.h): on the first call, which reads every entry, and
  // remembered; safe to call from several threads.
  const NameIndex& Names() const;

 private:
  using Slot = std::atomic<const BoundFormat*>;

  Catalog() = default;
  Slot* FindSlot(const Model& model, const WeightFormat& format) const;

  std::vector<Model> models_;
  std::vector<Gpu> gpus_;
  std::vector<WeightFormat> formats_;
  // Views into the vectors above, which never change again.
  std::unordered_map<std::string_view, int32_t> model_index_, gpu_index_, format_index_;
  std::unique_ptr<Slot[]> bound_;  // models x formats
  std::unique_ptr<std::atomic<const NameIndex*>> names_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_CATALOG_H_
