// The models and cards that ship with Plimsoll, parsed once at start, looked up by stable id.
//
// Parsing costs under 5 ms natively. Everything that an estimate needs repeatedly is computed once: the
// inventory when the catalog is parsed, a model's tensors bound to a format or checkpoint when somebody
// first asks for the pair (Bind). So an estimate compares ids and touches no other strings. A model whose
// architecture is refused stays in the catalog with the Error, so that the refusal can be shown.
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
#include "core/formats/weight_format.h"
#include "core/weights/format_binding.h"
#include "core/weights/gguf_recipe.h"
#include "core/weights/weights.h"

namespace plimsoll {

// A published quantised checkpoint: the format with its exceptions.
struct Checkpoint {
  std::string repo;
  WeightFormat format;
  std::shared_ptr<const Architecture>
      architecture;  // where its shapes differ (padded widths); null: the model's
  std::string source;
};

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

struct Model {
  std::string id;
  std::string name;  // "Llama 3.1 70B"
  std::string family;
  std::string hf_repo;
  std::string release;
  Architecture architecture;
  std::optional<Error> refused;  // the architecture is not understood
  std::string native_format;     // format id in which the model's own repository stores it
  std::vector<Checkpoint> checkpoints;
  ParameterCounts parameters;
  int64_t published_total = 0;  // zero: unknown
  int64_t published_active = 0;
  bool published_exact = false;

  // The first checkpoint in this format, which a plain format id means; nullptr: none known.
  const Checkpoint* FindCheckpoint(std::string_view format_id) const;
};

class Catalog {
 public:
  // Parses the two JSON texts (see models/). The error names the file or entry that is wrong.
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
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_CATALOG_H_
