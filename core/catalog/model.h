// A model that ships with Plimsoll: how it is called, what its publisher counted, and what is read of its entry in
// models/ when somebody first asks.
//
// A visitor looks at one model of some hundreds, and an embed never at more: reading all of them at start took most of
// its time and 2.5 MB in every frame. So the names are read at once and the architecture, the tensors and the checkpoints
// on the first question about them. Reading is safe from several threads and always gives the same.
#ifndef PLIMSOLL_CORE_CATALOG_MODEL_H_
#define PLIMSOLL_CORE_CATALOG_MODEL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/arch/architecture.h"
#include "core/base/result.h"
#include "core/catalog/task.h"
#include "core/formats/weight_format.h"

namespace plimsoll {

// A published quantised checkpoint: the format with its exceptions.
struct Checkpoint {
  std::string repo;
  WeightFormat format;
  std::shared_ptr<const Architecture>
      architecture;                         // where its shapes differ (padded widths); null: the model's
  CacheWish cache_wish = CacheWish::kNone;  // of the repository itself, once it is named
  std::string source;
};

struct ModelParts {
  Architecture architecture;
  std::optional<Error> refused;  // the architecture or a checkpoint is not understood; then the rest is empty
  ParameterCounts parameters;
  std::vector<Checkpoint> checkpoints;
};

// The text of a model's entry, read when it is first asked for. REQUIRES: the text outlives it.
class ModelEntry {
 public:
  ModelEntry() = default;
  explicit ModelEntry(std::string_view text) : text_(text) {}
  ModelEntry(ModelEntry&& other) noexcept;
  ModelEntry& operator=(ModelEntry&& other) noexcept;
  ~ModelEntry();

  const ModelParts& Read() const;

 private:
  std::string_view text_;
  mutable std::atomic<const ModelParts*> parts_ = nullptr;
};

struct Model {
  std::string id;
  std::string name;  // "Llama 3.1 70B"
  std::string family;
  std::string hf_repo;
  std::string release;
  Tasks tasks;
  std::string license;          // id, as hubs spell it; empty: not known
  std::string native_format;    // format id in which the model's own repository stores it
  int64_t published_total = 0;  // zero: unknown
  int64_t published_active = 0;
  bool published_exact = false;
  ModelEntry entry;

  const Architecture& architecture() const { return entry.Read().architecture; }
  const std::optional<Error>& refused() const { return entry.Read().refused; }
  const ParameterCounts& parameters() const { return entry.Read().parameters; }
  const std::vector<Checkpoint>& checkpoints() const { return entry.Read().checkpoints; }
  // The first checkpoint in this format, which a plain format id means; nullptr: none known.
  const Checkpoint* FindCheckpoint(std::string_view format_id) const;
};

// The names and counts of a model's entry; the rest waits in `entry`. The error says what the entry at `where` lacks.
// REQUIRES: `text` outlives the model.
Result<Model> ReadModel(std::string_view text, const std::string& where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_MODEL_H_
