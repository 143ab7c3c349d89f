#include "core/catalog/model_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/catalog/name_index.h"
#include "core/catalog/name_parts.h"

namespace plimsoll {
namespace {

constexpr size_t kLongestName = 512;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<NamedModel> ByCatalog(const Catalog& catalog, std::string_view name) {
  const std::string lower = Lower(name);
  for (const Model& model : catalog.models()) {
    if (model.id == lower || Lower(model.hf_repo) == lower || Lower(model.name) == lower)
      return NamedModel{&model, "", nullptr, true};
  }
  for (const OwnCheckpoint& own : catalog.Names().checkpoints) {
    if (own.repository == lower)
      return NamedModel{own.model, own.checkpoint->format.id, own.checkpoint, true};
  }
  return std::nullopt;
}

// "…/models--Org--Name/snapshots/…" of a cache.
std::string CachedRepository(std::string_view name) {
  constexpr std::string_view kMark = "models--";
  const size_t at = name.find(kMark);
  if (at == std::string_view::npos) return {};
  std::string_view folder = name.substr(at + kMark.size());
  folder = folder.substr(0, folder.find('/'));
  const size_t gap = folder.find("--");
  if (gap == std::string_view::npos) return {};
  return std::string(folder.substr(0, gap)) + "/" + std::string(folder.substr(gap + 2));
}

bool IsNamePart(std::string_view part) {
  return !part.empty() && part.size() <= 96 && part != "." && part != ".." &&
         std::all_of(part.begin(), part.end(), [](char c) {
           return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
                  c == '.';
         });
}

// Behind the address of a hub; empty: there is none.
std::string_view BehindHub(std::string_view name) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (name.starts_with(scheme)) name.remove_prefix(scheme.size());
  }
  for (const std::string_view host : {"huggingface.co/", "www.huggingface.co/", "hf.co/", "hf-mirror.com/",
                                      "hf://", "modelscope.cn/models/", "www.modelscope.cn/models/"}) {
    if (name.starts_with(host)) return name.substr(host.size());
  }
  return {};
}

}  // namespace

std::string HubRepository(std::string_view name) {
  if (name.size() > kLongestName) return {};
  std::string cached = CachedRepository(name);
  if (!cached.empty()) return cached;
  const std::string_view behind = BehindHub(name);
  if (behind.empty() && name.find("://") != std::string_view::npos) return {};
  std::string_view path = behind.empty() ? name : behind;
  path = path.substr(0, path.find_first_of("?#:"));
  const std::vector<std::string_view> parts = SplitAt(path, '/');
  const bool long_enough = behind.empty() ? parts.size() == 2 : parts.size() >= 2;
  if (!long_enough || !IsNamePart(parts[0]) || !IsNamePart(parts[1])) return {};
  return std::string(parts[0]) + "/" + std::string(parts[1]);
}

std::string FormatInName(std::string_view name) {
  return name.size() > kLongestName ? std::string() : SplitName(LastPart(name)).format;
}

std::optional<NamedModel> FindModelNamed(const Catalog& catalog, std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return std::nullopt;
  std::string windows;
  if (name.find('\\') != std::string_view::npos) {
    windows = std::string(name);
    std::replace(windows.begin(), windows.end(), '\\', '/');
    name = windows;
  }
  while (name.size() > 1 && name.back() == '/') name.remove_suffix(1);
  if (std::optional<NamedModel> found = ByCatalog(catalog, name)) return found;
  const std::string repository = HubRepository(name);
  // A file or a tag behind a repository says the format.
  const std::string told = FormatInName(name);
  if (!repository.empty()) {
    if (std::optional<NamedModel> found = ByCatalog(catalog, repository)) {
      if (!told.empty() && told != found->format) {
        found->exact = found->checkpoint == nullptr ? found->exact : false;
        found->format = told;
        found->checkpoint = nullptr;
      }
      return found;
    }
  }
  // The file, and where it does not tell the model, its folders from the innermost out.
  std::vector<std::string_view> parts = SplitAt(name, '/');
  if (!repository.empty()) parts.insert(parts.begin(), LastPart(repository));
  std::string format;
  bool near_format = false;
  for (size_t i = parts.size(); i-- > 0;) {
    const NameParts split = SplitName(parts[i]);
    if (format.empty()) {
      format = split.format;
      near_format = split.near_format;
    }
    const Model* model = BestMatch(catalog.models(), catalog.Names(), split);
    if (model == nullptr && i > 0 && parts[i].find(':') != std::string_view::npos) {
      // "Org/Repo:TAG": the tag alone is a format.
      model = BestMatch(catalog.models(), catalog.Names(), SplitName(parts[i].substr(0, parts[i].find(':'))));
    }
    if (model != nullptr) return NamedModel{model, format, nullptr, false, near_format};
  }
  return std::nullopt;
}

Diagnostic ModelByWords(std::string_view name, const NamedModel& named) {
  std::string message =
      Quoted(name) + " is taken for " + named.model->name + " (" + named.model->hf_repo + ")";
  if (!named.format.empty()) message += " in " + named.format;
  message += ", by the words of its name.";
  // 22 of the 27 configurations of theirs that were read ask for one; which do cannot be told from a name.
  const bool may_ask =
      Lower(name).starts_with("nvidia/") && (named.format == "nvfp4" || named.format == "fp8");
  if (may_ask) {
    message +=
        " Whether it asks for an fp8 KV cache (kv_cache_quant_algo), as most of NVIDIA's do, is not known.";
  }
  return {"model_by_name", Severity::kInfo, std::move(message),
          may_ask
              ? "The repository's own config.json says it exactly; kv_cache_dtype fp8 is what most ask for."
              : "The repository's own config.json or GGUF header says it exactly."};
}

const WeightFormat* FindFormatNamed(const Catalog& catalog, std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return nullptr;
  const std::string lower = Lower(name);
  if (const WeightFormat* format = catalog.FindFormat(lower)) return format;
  if (const WeightFormat* format = catalog.FindFormat("gguf-" + lower)) return format;
  const NameParts parts = SplitName("x-" + lower);
  return parts.words.size() == 1 && !parts.near_format ? catalog.FindFormat(parts.format) : nullptr;
}

std::string RepositoryOf(const Model& model, std::string_view format_id) {
  if (format_id.empty() || format_id == model.native_format) return model.hf_repo;
  const Checkpoint* checkpoint = model.FindCheckpoint(format_id);
  return checkpoint != nullptr ? checkpoint->repo : std::string();
}

}  // namespace plimsoll
