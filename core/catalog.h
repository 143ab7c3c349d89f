// The models and cards that ship with Plimsoll, parsed once at start, looked up by stable id.
//
// Parsing costs under 5 ms natively. Everything that an estimate needs repeatedly (inventory, checkpoint
// masks) is computed here, so that an estimate touches no strings. A model whose architecture is refused
// stays in the catalog with the Error, so that the refusal can be shown.
#ifndef PLIMSOLL_CORE_CATALOG_H_
#define PLIMSOLL_CORE_CATALOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/architecture.h"
#include "core/gpu.h"
#include "core/result.h"
#include "core/weight_format.h"

namespace plimsoll {

// A published quantised checkpoint: the format with its exceptions, bound to the model's tensors.
struct Checkpoint {
  std::string repo;
  WeightFormat format;
  QuantizedMask mask;
  std::string source;
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
  std::vector<std::string> sources;

  // The first checkpoint in this format, which a plain format id means; nullptr: none known.
  const Checkpoint* FindCheckpoint(std::string_view format_id) const;
};

class Catalog {
 public:
  // Parses the two JSON texts (see models/). The error names the file or entry that is wrong.
  static Result<Catalog> Parse(std::string_view models_json, std::string_view gpus_json);

  const std::vector<Model>& models() const { return models_; }
  const std::vector<Gpu>& gpus() const { return gpus_; }
  const Model* FindModel(std::string_view id) const;
  const Gpu* FindGpu(std::string_view id) const;
  // The id nearest to a mistyped one, for error texts; empty if none is near.
  std::string NearestModel(std::string_view id) const;
  std::string NearestGpu(std::string_view id) const;

 private:
  std::vector<Model> models_;
  std::vector<Gpu> gpus_;
  std::unordered_map<std::string_view, int32_t>
      model_index_;  // views into models_, which never changes again
  std::unordered_map<std::string_view, int32_t> gpu_index_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_H_
