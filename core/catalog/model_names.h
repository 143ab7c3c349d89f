// Models by the names that people have for them: catalog ids, repositories of the hub and of checkpoints,
// links to them, files and folders, and names with a tag such as "qwen3:8b".
//
// A name that the catalog holds is exact. Any other is taken to pieces: what says a format ("AWQ", "Q4_K_M")
// is split off, what changes no shape ("Instruct", "2507") is passed over, and what remains must be a model's
// whole name. Nothing near is ever taken.
#ifndef PLIMSOLL_CORE_CATALOG_MODEL_NAMES_H_
#define PLIMSOLL_CORE_CATALOG_MODEL_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"

namespace plimsoll {

struct NamedModel {
  const Model* model = nullptr;
  std::string format;                      // id that the name tells; empty: it tells none
  const Checkpoint* checkpoint = nullptr;  // whose repository it is; nullptr: the model's own, or none known
  bool exact = false;                      // the catalog has this very name
  bool near_format = false;  // the format is the nearest we know to the one named (Q4_K_XL as Q4_K_M)
};

std::optional<NamedModel> FindModelNamed(const Catalog& catalog, std::string_view name);
// What is said of a name that is not exact.
Diagnostic ModelByWords(std::string_view name, const NamedModel& named);

// "AWQ", "Q4_K_M", "FP8", "GPTQ Int4"; nullptr: no such format.
const WeightFormat* FindFormatNamed(const Catalog& catalog, std::string_view name);

// The format that a file, repository or tag names, whatever its model: "…-Q4_K_M.gguf", "Org/Repo-AWQ".
// Empty: none.
std::string FormatInName(std::string_view name);

// "Org/Repo" of a hub's URL or a cache folder, the text itself where it is that already; empty: neither.
std::string HubRepository(std::string_view name);

// The repository to load a model in a format from: its own, or a checkpoint's. Empty: none is known.
std::string RepositoryOf(const Model& model, std::string_view format_id);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_MODEL_NAMES_H_
